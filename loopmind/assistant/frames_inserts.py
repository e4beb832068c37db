"""Frame of the effects in a track's strip: echo, chorus, flanger, phaser, tremolo, bit crusher."""

from __future__ import annotations

from typing import cast

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_levels import SEND_DB, level, strips
from loopmind.assistant.outcome import Outcome, Targets, ask, done, note, several
from loopmind.assistant.senses import Token
from loopmind.assistant.world import World
from loopmind.music.edit import Edit, SetEffect
from loopmind.music.mix import EFFECT_KINDS, EffectKind

BY = (0.08, 0.15, 0.3)
A_BIT, MUCH = 0.15, 0.7
THERE_ARE = "echo (delay), chorus, flanger, phaser, tremolo and bit crusher"
SLAPBACK_BEATS = 0.25
EFFECT_BY = BY[1]
_FAINT = frozenset({"subtle", "light", "gentle", "faint", "slight"})
_STRONG = frozenset({"heavy", "strong", "huge", "massive"})
_PUTS = frozenset({"add", "put", "give", "want", "need", "throw", "apply", "use", "have", "stick",
                   "slap", "try", "make", "let", "set", "get", "run", "dip", "like", "take", "go",
                   "turn", "bring", "dial", "leave", "be", "push", "back", "ease", "crank",
                   "lose", "strip", "cut", "drop", "kill", "hear", "pull"})  # fmt: skip
_MOST_OFFERED = 4


def inserts(clause: Clause) -> Outcome | None:
    """An effect put on a track, more or less of it, or none."""
    found = [t for t in clause.tokens if t.kind == "effect" and t.value in EFFECT_KINDS]
    if not found or clause.has("wh") or clause.has("effect", "none"):
        return None
    if clause.has("effect", "reverb", "compression", "sidechain") or clause.has("fill"):
        return note("say that as two wishes, one after the other")
    kinds = tuple(dict.fromkeys(cast(EffectKind, t.value) for t in found))
    if _as_verb(clause, found[0]) and kinds == ("echo",):
        return _meant(clause, kinds[0])
    if "swap" in clause.does:
        return _exchanged(clause, kinds)
    if clause.lemmas - _PUTS and not clause.does & {"add", "remove", "mute", "raise", "lower"}:
        return None
    if "hear" in clause.lemmas and not clause.lemmas & {"want", "let", "like", "need"}:
        return None  # "I hear an echo on the vocals"
    way = _way(clause)
    if way is None:
        return None
    targets = Targets(clause)
    if targets.trouble is not None:
        return targets.trouble
    beats = _beats(clause, found[0])
    tracks = targets.tracks if not (clause.has("song") and not clause.tracks) else ()
    if not tracks:
        return _which(clause, kinds, way, beats, targets.sections)
    if way < 0 and kinds == ("echo",) and not set(tracks) & set(having(clause.world, "echo")):
        # Where no echo is, it is the room that is heard.
        return strips(targets, "reverb_send_db", by=-level(clause, SEND_DB))
    pairs = _pairs(clause, found, tracks)
    if pairs is None:
        return note("say that as two wishes, one for each effect")
    edits = [
        edit
        for names, effects in pairs
        for edit in _edits(clause, names, effects, way, beats, targets.sections)
    ]
    return done(edits, tracks=tracks, sections=targets.sections)


def _as_verb(clause: Clause, token: Token) -> bool:
    """ "delay the vocals": an echo, or later?"""
    at = clause.where(token)
    if at and any(t.kind not in ("filler", "sep") for t in clause.tokens[:at]):
        return False
    after = next((t for t in clause.tokens[at + 1 :] if t.kind not in ("filler", "det")), None)
    return after is not None and after.kind in ("track", "section", "pron")


def _meant(clause: Clause, kind: EffectKind) -> Outcome | None:
    targets = Targets(clause)
    if targets.trouble is not None or not targets.tracks:
        return targets.trouble
    edits = [SetEffect(t, kind, sections=targets.sections) for t in targets.tracks]
    return ask(f"Shall {several(targets.tracks)} have an {kind}?", [("yes", edits)])


def _exchanged(clause: Clause, kinds: tuple[EffectKind, ...]) -> Outcome | None:
    """ "swap the echo on the lead for a phaser"."""
    targets = Targets(clause)
    if len(kinds) != 2 or targets.trouble is not None:
        return targets.trouble
    tracks = targets.tracks or having(clause.world, kinds[0])
    if not tracks:
        return note(f"no track has {kinds[0]}")
    if not targets.tracks and len(tracks) > 1:
        return None
    edits: list[Edit] = []
    for track in tracks:
        edits.append(SetEffect(track, kinds[0], 0.0, sections=targets.sections))
        edits.append(SetEffect(track, kinds[1], sections=targets.sections))
    return done(edits, tracks=tracks, sections=targets.sections)


_Pairs = list[tuple[tuple[str, ...], tuple[EffectKind, ...]]]


def _pairs(clause: Clause, found: list[Token], tracks: tuple[str, ...]) -> _Pairs | None:
    """Which effects are for which tracks: "echo on the lead and a phaser on the pad".

    None where the order of words does not tell.
    """
    kinds = tuple(dict.fromkeys(cast(EffectKind, t.value) for t in found))
    at = [clause.where(t) for t in found]
    refs = [r for r in clause.tracks if r.ids]
    mixed = refs and min(at) < refs[-1].at and max(at) > refs[0].at
    if len(kinds) < 2 or not mixed:
        return [(tracks, kinds)]
    follows = [
        tuple(i for r in refs if begin < r.at < end for i in r.ids)
        for begin, end in zip(at, [*at[1:], len(clause.tokens)], strict=True)
    ]
    if refs[0].at < at[0] or not all(follows) or clause.sections:
        return None
    return [(ids, (cast(EffectKind, t.value),)) for ids, t in zip(follows, found, strict=True)]


def _way(clause: Clause) -> int | None:
    """1 puts it on or moves it up, -1 moves it down, 0 takes it off; None: no wish is told."""
    quant = clause.first("quant")
    negated = any(t.kind == "neg" for t in clause.tokens) and not clause.has("enough")
    off = bool(clause.does & {"remove", "mute"}) or clause.word("off") or (
        quant is not None and quant.value == "no"
    ) or bool(clause.lemmas & {"lose"})  # fmt: skip
    if negated:
        wants = bool(clause.lemmas & {"want", "need", "like"}) and quant is None
        return 0 if wants and not off else None
    if off:
        return 0
    if quant is not None and quant.value in ("more", "less"):
        return 1 if quant.value == "more" else -1
    if "lower" in clause.does or clause.has("part", "down") or clause.has("level", "down"):
        return -1
    if _excessive(clause):
        return -1
    if clause.copular and not clause.wished and not clause.has("enough"):
        return None  # "the echo on the lead is nice"
    return 1


def _excessive(clause: Clause) -> bool:
    """Whether it is too much; "some echo on her too" is another one."""
    said = [t for t in clause.tokens if t.kind not in ("filler", "sep")]
    return any(t.kind == "too" and t.value != "also" for t in said[:-1])


def _edits(
    clause: Clause,
    tracks: tuple[str, ...],
    kinds: tuple[EffectKind, ...],
    way: int,
    beats: float,
    sections: tuple[str, ...],
) -> list[Edit]:
    amount, by = _amount(clause, way)
    return [
        SetEffect(track, kind, amount, by, beats if kind in ("echo", "tremolo") else 0.0, sections)
        for track in tracks
        for kind in kinds
    ]


def _amount(clause: Clause, way: int) -> tuple[float | None, float]:
    """The amount that is said, or the way to move it."""
    if way == 0:
        return 0.0, 0.0
    percent = clause.amount("percent")
    moves = way < 0 or clause.has("quant", "more") or "raise" in clause.does
    moves = moves or clause.has("part", "up") or clause.has("level") or clause.has("enough")
    if percent is not None:
        at = clause.where(percent)
        before = clause.tokens[at - 1].text if at else ""
        share = percent.number / 100.0
        relative = before == "by" or (moves and before not in ("to", "at"))
        return (None, round(way * share, 3)) if relative else (round(share, 3), 0.0)
    if moves:
        return None, way * BY[clause.degree + 1]
    words = {t.text for t in clause.tokens}
    if clause.degree < 0 or words & _FAINT:
        return A_BIT, 0.0
    if clause.degree > 0 or words & _STRONG:
        return MUCH, 0.0
    return None, 0.0


def _beats(clause: Clause, effect: Token) -> float:
    note_length = clause.first("notelen")
    if note_length is not None:
        dotted = 1.5 if clause.word("dotted") else 1.0
        return float(note_length.value) * dotted
    beats = clause.amount("beats")
    if beats is not None:
        return beats.number
    return SLAPBACK_BEATS if effect.text.startswith("slap") else 0.0


def having(world: World, kind: str) -> tuple[str, ...]:
    """The tracks on which an effect is heard, in the whole song or in some sections."""
    drawn = {a.track for a in world.draft.song.automation if a.parameter == kind}
    strips = {s.track for s in world.draft.mix.strips if any(e.kind == kind for e in s.effects)}
    return tuple(t.id for t in world.tracks if t.id in drawn | strips)


def _which(
    clause: Clause,
    kinds: tuple[EffectKind, ...],
    way: int,
    beats: float,
    sections: tuple[str, ...],
) -> Outcome | None:
    """No track is named: those that have the effect, or a question."""
    world = clause.world
    have = tuple(dict.fromkeys(t for kind in kinds for t in having(world, kind)))
    adds = way > 0 and not clause.has("quant", "more")
    if not adds and have:
        spoken = tuple(t for t in have if t in world.memory.tracks)
        every = way == 0 and (clause.has("quant", "no") or clause.has("ord", "all"))
        chosen = have if every or len(have) == 1 else spoken
        if chosen:
            edits = _edits(clause, chosen, kinds, way, beats, sections)
            return done(edits, tracks=chosen, sections=sections)
        offered = have
    elif way <= 0:
        return note(f"no track has {several(kinds)}")
    else:
        roles = ("vocal", "lead", "chords", "pad", "percussion", "drums")
        offered = tuple(t for role in roles for t in world.of_role(role)[:1])[:_MOST_OFFERED]
    return ask(
        f"On which track{'s' * (way == 0)}?" if way >= 0 else f"Less {kinds[0]} on which track?",
        [(t, _edits(clause, (t,), kinds, way, beats, sections)) for t in offered],
    )
