"""Places that a clause only points at: "there", "behind it", those of the complaint before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loopmind.assistant.clauses import Clause
from loopmind.assistant.senses import Token
from loopmind.assistant.world import World
from loopmind.music.edit import AddSection

_BESIDE = frozenset({"after", "before"})
# What may still stand behind a place: "and no chords there either".
_BEHIND = frozenset(
    {"instead", "too", "either", "as well", "also", "please", "then", "now", "again"}
)
_INSIDE = frozenset({"of", "out of", "from", "in", "to", "into", "inside", "on", "off"})
_WHERE = frozenset({"there", "in there", "in that section", "in that part", "at that point"})


def pointed(clause: Clause, before: Clause | None, settled: bool) -> Clause:
    """The clause with the section put in that it points at, if one was spoken of.

    before: the clause before it in the same request. settled: whether that one was done already.
    """
    if clause.sections:
        return clause
    known = tuple(n for n in clause.world.memory.sections if clause.world.section(n))
    if _of_the_new(clause, before) and known:
        return _with(clause, [*clause.tokens, *place(known, clause.world)])
    beside = _beside(clause, known)
    if beside is not None:
        return beside
    inside = _inside(clause, known)
    if inside is not None:
        return inside
    there = [i for i, t in enumerate(clause.tokens) if t.text in _WHERE]
    if there and known and all(t.text in _BEHIND for t in clause.tokens[there[-1] + 1 :]):
        kept = list(clause.tokens[: there[-1]])
        while kept and kept[-1].kind in ("prep", "part") and kept[-1].text in ("in", "over", "out"):
            if kept[-1].text == "out":
                break
            kept.pop()
        return _with(clause, [*kept, *_figure(before), *place(known, clause.world)])
    if there and not known and clause.amount("hz") is None and _figure(before):
        return _with(clause, [*clause.tokens[: there[-1]], *_figure(before)])
    if before is not None and _mended_there(clause, before):
        names = tuple(dict.fromkeys(n for r in before.sections for n in r.names))
        return _with(clause, [*clause.tokens, *place(names, clause.world)])
    scoped = (
        before is not None
        and not settled
        and clause.has("pron")
        and not clause.tracks
        and not clause.has("song")
        and bool(before.tracks)
        and len(before.sections) > 0
        and not any(r.positional or r.missing for r in before.sections)
    )
    if scoped and before is not None:
        names = tuple(dict.fromkeys(n for r in before.sections for n in r.names))
        if names and not clause.has("side"):
            return _with(clause, [*clause.tokens, *place(names, clause.world)])
    return clause


_MENDS = frozenset({"remove", "mute", "add", "unmute"})


def _mended_there(clause: Clause, before: Clause) -> bool:
    """ "verse 2 is too busy, take out the pad": there, and nowhere else."""
    if not before.complaint or before.tracks or not before.sections or not clause.tracks:
        return False
    if any(r.positional or r.missing or r.open for r in before.sections) or before.has("size"):
        return False
    acts = bool(clause.does & _MENDS) or bool(clause.lemmas & {"put", "bring", "lose"})
    return acts and not clause.has("song") and not clause.has("effect")


def _of_the_new(clause: Clause, before: Clause | None) -> bool:
    """ "without drums" of the section that was just added, not of the song."""
    last = clause.world.memory.edits
    added = bool(last) and all(isinstance(e, AddSection) for e in last)
    kinds = {t.kind for t in clause.tokens} <= _BARE and clause.has("track")
    says = clause.has("quant", "no") or clause.has("only") or clause.has("prep", "with")
    return before is None and added and kinds and says


_BARE = frozenset({"filler", "quant", "only", "prep", "track", "sep", "det", "pron"})


def _with(clause: Clause, tokens: list[Token]) -> Clause:
    made = replace(clause, tokens=tokens)
    made.follows, made.question = clause.follows, clause.question
    return made


def _figure(before: Clause | None) -> list[Token]:
    """ "piercing at 3k, dip it there": the frequency is part of the place."""
    hz = before.amount("hz") if before is not None else None
    return [Token("prep", "at", "at"), hz] if hz is not None else []


def _inside(clause: Clause, known: Sequence[str]) -> Clause | None:
    """ "and take the vocals out of it": out of the section that was spoken of last."""
    tokens = clause.tokens
    if not known or clause.world.memory.tracks or not clause.tracks or len(tokens) < 3:
        return None
    if tokens[-1].kind != "pron" or tokens[-2].text not in _INSIDE:
        return None
    kept = tokens[:-2]
    return _with(clause, [*kept, *place(known, clause.world)])


def _beside(clause: Clause, known: Sequence[str]) -> Clause | None:
    """ "stick a drop behind it": after the section spoken of."""
    if len(known) != 1:
        return None
    tokens = clause.tokens
    for at in range(len(tokens) - 1):
        if (
            tokens[at].kind == "prep"
            and tokens[at].value in _BESIDE
            and tokens[at + 1].kind == "pron"
        ):
            named = place(known, clause.world)[1:]
            return _with(clause, [*tokens[: at + 1], *named, *tokens[at + 2 :]])
    return None


def place(names: Sequence[str], world: World) -> list[Token]:
    """Tokens that name sections: "in hook 1 and verse 2"."""
    found = [Token("prep", "in", "in")]
    for name in names:
        section = world.section(name)
        if section is None:
            continue
        number = name.rsplit(" ", 1)[-1]
        if len(found) > 1:
            found.append(Token("sep", "and", "and"))
        found.append(Token("section", section.kind, section.kind))
        if number.isdigit():
            found.append(Token("num", number, number, number=float(number)))
    return found
