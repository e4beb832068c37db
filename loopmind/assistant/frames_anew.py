"""Frames of what is arranged anew, and of wishes that say too little."""

from __future__ import annotations

import re

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_swap import seed_of
from loopmind.assistant.outcome import Outcome, Targets, ask, done, several
from loopmind.music.edit import (
    MuteTrack,
    RegenerateSection,
    Reseed,
    SwapSound,
)

_NEW = frozenset(
    {
        "new",
        "different",
        "other",
        "fresh",
        "alternative",
        "alternate",
        "a new one",
        "something new",
        "something different",
        "a different one",
        "new one",
    }
)


def regenerate(clause: Clause) -> Outcome | None:
    """Sections, or tracks in them, arranged anew; or the whole song."""
    targets = Targets(clause)
    does = clause.does
    other = (
        clause.has("other")
        and clause.has("source")
        and clause.word("version", "take", "variation", "arrangement")
    )
    new = [t for t in clause.tokens if t.kind == "other" and t.text in _NEW]
    fresh = (
        bool(new)
        and not clause.tracks
        and not any(
            clause.has(kind) for kind in ("size", "energy", "mood", "amount", "level", "tempo")
        )
        and bool(clause.sections)
        and not (clause.does & {"add", "repeat", "move", "remove", "lock"})
        and not any(r.positional for r in clause.sections)
    )
    spoken = clause.world.memory.sections
    if (
        clause.has("other")
        and not (clause.tracks or clause.sections or clause.world.memory.tracks)
        and len(spoken) == 1
        and clause.lemmas & {"give", "make", "want", "need", "try", "get", "do"}
        and clause.word("one", "a different one", "another one", "a new one", "something different",
                        "something else", "something new", "different", "another")
        and not clause.unknown
    ):  # fmt: skip
        return done([RegenerateSection(spoken[0], seed_of(clause))], sections=spoken)
    if "reseed" in does and clause.word("random") and clause.has("det", "indef"):
        if targets.trouble is not None:
            return targets.trouble
        return done(
            (SwapSound(t, targets.sections, seed=seed_of(clause)) for t in targets.singles()),
            tracks=targets.tracks,
        )
    if "reseed" in does or (other and clause.has("song")):
        return (
            done([Reseed(seed_of(clause))])
            if not clause.sections and not clause.tracks
            else (_regenerated(clause, targets))
        )
    changed = (
        "swap" in does
        and clause.sections
        and not clause.tracks
        and not any(r.positional for r in clause.sections)
        and len(clause.sections) == 1
        and not clause.word("places", "around", "round")
    )
    other |= clause.word("variation", "variations") and bool(clause.sections or clause.tracks)
    retried = (
        clause.has("again")
        and bool(clause.sections or clause.tracks)
        and bool(clause.lemmas & {"try", "do"} or clause.word("do"))
    )
    if (
        "swap" in does
        and clause.has("song")
        and not (clause.sections or clause.tracks)
        and len([t for t in clause.tokens if t.kind not in ("filler", "verb", "song", "sep")]) == 0
    ):
        return ask("Arrange the whole song anew?", [("yes", [Reseed(seed_of(clause))])])
    if "regenerate" not in does and not other and not fresh and not changed and not retried:
        return None
    if changed and (clause.has("mood") or clause.has("key") or clause.amount("bars")):
        return None
    if targets.trouble is not None:
        return targets.trouble
    if clause.has("song") and not clause.sections and not clause.tracks:
        return done([Reseed(seed_of(clause))])
    if other and not (clause.sections or clause.tracks or targets.by_pronoun):
        return done([Reseed(seed_of(clause))])
    return _regenerated(clause, targets)


def _regenerated(clause: Clause, targets: Targets) -> Outcome | None:
    world, seed = clause.world, seed_of(clause)
    if targets.trouble is not None:
        return targets.trouble
    sections, tracks = targets.sections, targets.tracks
    if any(r.det == "indef" and r.open for r in clause.sections) or any(
        r.open and clause.word("one") for r in clause.sections
    ):
        return ask("Which one?", [(s, [RegenerateSection(s, seed)]) for s in sections])
    if not sections and not tracks:
        sections = world.memory.sections if not clause.unknown else ()
        if not sections:
            return None
    if not sections:
        edits = [
            RegenerateSection(s.name, seed, tuple(t for t in tracks if s.name in world.plays_in(t)))
            for s in world.sections
            if any(s.name in world.plays_in(t) for t in tracks)
        ]
        return done(edits, tracks=tracks)
    return done(
        (RegenerateSection(s, seed, tracks) for s in sections), tracks=tracks, sections=sections
    )


def unclear(clause: Clause) -> Outcome | None:
    """A track, and nothing that says what should happen to it: ask."""
    targets = Targets(clause)
    vague = bool(
        clause.lemmas & {"fix", "adjust", "tweak", "modify", "alter", "shape", "improve", "do"}
    )
    bigger = clause.first("energy")
    vague = vague or (
        clause.word("do", "something") and clause.word("about", "with") and clause.word("do")
    )
    if clause.tracks and bigger is not None and targets.trouble is None and not targets.sections:
        from loopmind.music.edit import ChangeStrip, ShiftMood

        ids = targets.tracks
        way = clause.sign(bigger) * (1 if bigger.value == "up" else -1)
        if way > 0:
            return ask(
                f"How should the {several(ids)} get bigger?",
                [
                    ("louder", [ChangeStrip(t, "gain_db", None, 2.0) for t in ids]),
                    ("punchier", [ShiftMood(("punchy",), track=t) for t in ids]),
                    ("wider", [ChangeStrip(t, "width", None, 0.3) for t in ids]),
                ],
            )
        return ask(
            f"How should the {several(ids)} get smaller?",
            [
                ("quieter", [ChangeStrip(t, "gain_db", None, -2.0) for t in ids]),
                ("calmer", [ShiftMood(("calm",), track=t) for t in ids]),
                ("narrower", [ChangeStrip(t, "width", None, -0.3) for t in ids]),
            ],
        )
    named = bool(targets.tracks or targets.sections)
    if vague and named and targets.trouble is None:
        return _what_with(clause, targets)
    if targets.trouble is None and _VAGUE.search(" ".join(t.text for t in clause.tokens)):
        return _what_with(clause, targets) if named else _what_with_song(clause)
    return None


_NICER = (
    r"(?:better|nicer|cooler|best|fire|sick|dope|lit|perfect|amazing|great|good|special|unique|"
    r"interesting|different|right|work|pop|slap|sing|magic(?:al)?|iconic|catchy|catchier|fresh)"
)
_LACKS = (
    r"(?:something(?: else| more| extra| special| different)?|feelings?|feel|vibes?|emotions?|"
    r"magic|flavou?r|spice|sauce|swag|character|personality|life in it|interest|love|attention|"
    r"improvement|refinement|improving|fixing|work|help|x factor|zing|pizz?azz|charm|style|taste)"
)
# Wishes that any change might meet.
_VAGUE = re.compile(
    rf"\b(?:make|get|have|let) (?:[\w ]+? )?(?:sound |feel |be |look )?(?:[\w ]+? )?{_NICER}$|"
    rf"\b(?:needs?|lacks?|lacking|misses|missing|could use|wants?|deserves?|give (?:it|this))"
    rf"(?: to have| to get)?(?: (?:some|a|more|a bit|of|a little|bit|much|lot|touch))* {_LACKS}$|"
    rf"\bsomething (?:is |feels |sounds )?(?:still |just )?(?:missing|off|wrong|not right|lacking)|"
    rf"^(?:[\w ]+ )?(?:fix|improve|do something(?: about| with| to)?|help) (?:it|this|that)$"
)


def _what_with_song(clause: Clause) -> Outcome:
    from loopmind.music.edit import SetEnergy, ShiftMood

    return ask(
        "What should change?",
        [
            ("more energy", [SetEnergy(by=0.15)]),
            ("calmer", [ShiftMood(("calm",))]),
            ("darker", [ShiftMood(("dark",))]),
            ("brighter", [ShiftMood(("bright",))]),
            ("arrange it anew", [Reseed(seed_of(clause))]),
        ],
    )


def _what_with(clause: Clause, targets: Targets) -> Outcome:
    from loopmind.music.edit import ChangeStrip, SetEnergy

    if targets.tracks:
        ids = targets.tracks
        return ask(
            f"What should happen to the {several(ids)}?",
            [
                (
                    "another sound",
                    [SwapSound(t, seed=seed_of(clause)) for t in targets.singles() or ids],
                ),
                ("louder", [ChangeStrip(t, "gain_db", None, 2.0) for t in ids]),
                ("quieter", [ChangeStrip(t, "gain_db", None, -2.0) for t in ids]),
                ("mute", [MuteTrack(t) for t in ids]),
            ],
        )
    return ask(
        f"What should happen to {several(targets.sections)}?",
        [
            ("more energy", [SetEnergy(by=0.15, sections=targets.sections)]),
            ("less energy", [SetEnergy(by=-0.15, sections=targets.sections)]),
            ("arrange it anew", [RegenerateSection(s, seed_of(clause)) for s in targets.sections]),
        ],
    )
