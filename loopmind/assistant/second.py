"""The second reader: what a sentence most likely wishes for, said again in plain words of our own.

The frames read word by word and know no wording that they have not been told. The second reader
weighs the whole sentence (likely.py), takes the parts, figures and degrees that it names, and
makes the edits of the kinds of wishes that it finds. It proposes; agreed.py decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_key_tempo import genre, key, tempo
from loopmind.assistant.frames_length import fade, resize
from loopmind.assistant.frames_moving import move_section, repeat_section
from loopmind.assistant.frames_sections import add_section, remove_section
from loopmind.assistant.outcome import Outcome, done
from loopmind.assistant.refs import TrackRef
from loopmind.assistant.second_sound import SOUND
from loopmind.assistant.second_wish import Wish
from loopmind.assistant.senses import Token
from loopmind.music.edit import RemoveSection

Frame = Callable[[Clause], Outcome | None]
SURE = 0.5


def _removed(clause: Clause) -> Outcome | None:
    """Sections taken out; "everything after hook 2" are all of those."""
    names = [s.name for s in clause.world.sections]
    ref = next((r for r in clause.sections if r.prep in ("after", "before") and r.names), None)
    if ref is not None and clause.has("song") and len(clause.sections) == 1 and not ref.open:
        at = names.index(ref.names[0])
        gone = names[at + 1 :] if ref.prep == "after" else names[:at]
        return done(RemoveSection(n) for n in gone) if 0 < len(gone) < len(names) else None
    return remove_section(clause)


# What a plain sentence of each kind starts with, and the frame that reads it.
_HEADS: dict[str, tuple[tuple[Token, ...], Frame]] = {
    "section_add": ((Token("verb", "add", "add"),), add_section),
    "section_remove": ((Token("verb", "remove", "remove"),), _removed),
    "section_move": ((Token("verb", "move", "move"),), move_section),
    "section_repeat": ((Token("verb", "repeat", "repeat"),), repeat_section),
    "longer": ((Token("verb", "lengthen", "lengthen"),), resize),
    "shorter": ((Token("verb", "shorten", "shorten"),), resize),
    "resize": ((Token("verb", "make", "make"),), resize),
    "fade_in": ((Token("noun", "fadein", "fade-in"),), fade),
    "fade_out": ((Token("noun", "fadeout", "fade-out"),), fade),
    "genre": ((Token("verb", "turn", "turn"), Token("prep", "into", "into")), genre),
    "key": ((Token("verb", "make", "make"),), key),
    "transpose_up": ((Token("verb", "transpose", "transpose"), Token("part", "up", "up")), key),
    "transpose_down": (
        (Token("verb", "transpose", "transpose"), Token("part", "down", "down")), key
    ),
    "tempo_up": ((Token("verb", "speed", "speed"), Token("part", "up", "up")), tempo),
    "tempo_down": ((Token("verb", "slow", "slow"), Token("part", "down", "down")), tempo),
    "tempo_set": ((Token("noun", "tempo", "tempo"), Token("prep", "to", "to")), tempo),
}  # fmt: skip
_KEPT = frozenset(
    {"track", "section", "prep", "det", "ord", "num", "amount", "sep", "key", "mode", "genre",
     "ratio", "interval", "degree", "timefeel", "only", "rest", "song"}
)  # fmt: skip


@dataclass(frozen=True)
class Proposal:
    """What the second reader would do, and how sure it is of the kinds of wishes."""

    outcome: Outcome
    kinds: frozenset[str]
    sure: float


def kinds_in(chances: Mapping[str, float], least: float = SURE) -> frozenset[str]:
    """The kinds of wishes that are likelier than `least`."""
    return frozenset(kind for kind, chance in chances.items() if chance >= least)


def proposed(clause: Clause, chances: Mapping[str, float]) -> Proposal | None:
    """What one wish of a sentence comes to; None where it is unsure or a part is missing."""
    kinds = kinds_in(chances)
    wishes = {k for k in kinds if not k.startswith("mood_")}
    moods = tuple(sorted((k[5:] for k in kinds if k.startswith("mood_")),
                         key=lambda m: -chances[f"mood_{m}"]))  # fmt: skip
    if len(wishes) != 1:
        return None
    kind = next(iter(wishes))
    sure = chances[kind]
    tokens, world = clause.tokens, clause.world
    if kind in _HEADS:
        head, frame = _HEADS[kind]
        kept = [t for t in tokens if t.kind in _KEPT]
        kept = (
            [t for t in kept if not (t.kind == "track" and kind.startswith("section_"))]
            if (kind != "section_add")
            else kept
        )
        while kept and kept[-1].kind in ("sep", "prep", "det"):
            kept.pop()
        outcome = frame(
            Clause(
                [*head, *kept], world, clause.scope, None, clause.subject, clause.subject_sections
            )
        )
    elif kind in SOUND:
        aimed = _aimed(clause, kind)
        if aimed is None:
            return None
        outcome = SOUND[kind](Wish(clause, aimed, moods, kind))
    else:
        return None
    if outcome is None or not (outcome.edits or outcome.question or outcome.notes):
        return None
    return Proposal(outcome, kinds, sure)


_UNDER = frozenset({"under", "by", "than", "over", "from", "behind", "after", "to", "with", "into"})


def _aimed(clause: Clause, kind: str) -> tuple[TrackRef, ...] | None:
    """The tracks that a wish is about, without those that are only compared with.

    None where it cannot be told which.
    """
    refs = [
        r for r in clause.tracks or clause.subject if r.prep not in ("than", "instead", "except")
    ]
    if len(refs) < 2:
        return tuple(refs)
    groups: list[list[TrackRef]] = []
    for ref in refs:
        between = clause.tokens[groups[-1][-1].at + 1 : ref.start] if groups else []
        joined = all(t.kind in ("sep", "det", "filler", "only") for t in between)
        if groups and joined and between and ref.prep in ("", groups[-1][0].prep):
            groups[-1].append(ref)
        else:
            groups.append([ref])
    if len(groups) == 1:
        return tuple(groups[0])
    beside = [g for g in groups if g[0].prep in _UNDER]
    main = [g for g in groups if g not in beside]
    if len(main) == 1:
        return tuple(main[0])
    if kind == "gain_down" and len(main) == 2:
        return tuple(main[0])
    if kind in ("swap", "sidechain", "add_track"):
        return tuple(main[0])
    return None
