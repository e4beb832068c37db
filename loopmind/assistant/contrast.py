"""What a wish is not for: "the bass but not the drums", "the hooks, not the last one".

Where it is none of what the wish names it only makes sure, and is left out; where it is a part of
that, it is excepted.
"""

from __future__ import annotations

from collections.abc import Sequence

from loopmind.assistant.pointing import place
from loopmind.assistant.refs import SectionRef, TrackRef, section_refs, track_refs
from loopmind.assistant.senses import Token
from loopmind.assistant.world import World

# "Use a synth, not a guitar": the one in place of the other.
_INSTEAD = frozenset({"use", "want", "take", "try", "have", "give", "play", "hear", "like", "be"})
_LIGHT = frozenset({"filler", "sep", "det", "ord", "prep", "only"})


def with_contrast(tokens: Sequence[Token], world: World) -> list[Token]:
    """The tokens with a last "not ..." left out or read as an exception."""
    plain = [
        t for n, t in enumerate(tokens)
        if not (t.kind == "neg" and n and tokens[n - 1].value == "except")
    ]  # fmt: skip
    named: list[TrackRef | SectionRef] = [*track_refs(plain, world), *section_refs(plain, world)]
    refs = sorted(named, key=lambda r: r.at)
    if not refs:
        return plain
    last, before = refs[-1], refs[:-1]
    start = _opening(plain, last)
    if start is None or any(t.kind not in _LIGHT | {"num"} for t in plain[last.at + 1 :]):
        return plain
    alike = [r for r in before if isinstance(r, SectionRef) == isinstance(last, SectionRef)]
    if any(t.kind == "rest" for t in plain[:start]) or not _names(last):
        return plain
    if isinstance(last, SectionRef):
        return _elsewhere(plain, start, last, alike[-1] if alike else None, world)
    if not alike or any(t.kind == "verb" and t.value in _INSTEAD for t in plain[:start]):
        return plain
    shared = set(_names(last)) & {n for r in alike for n in _names(r)}
    if not shared:
        return plain[:start]
    if set(_names(last)) >= {n for r in alike for n in _names(r)}:
        return plain
    return [*plain[:start], Token("prep", "except", "except"), *plain[last.start :]]


def _elsewhere(
    tokens: list[Token],
    start: int,
    last: SectionRef,
    named: TrackRef | SectionRef | None,
    world: World,
) -> list[Token]:
    """The wish in all other sections that it names, or that there are."""
    if any(t.kind == "neg" for t in tokens[:start]):
        return tokens  # "not in the verse, not in the hook": both are meant
    every = _names(named) if named is not None else tuple(s.name for s in world.sections)
    left = tuple(n for n in every if n not in last.names)
    if not left or (named is not None and len(left) == len(every)):
        return tokens[:start] if left else tokens
    where = _together(place(left, world))
    if named is None:
        return [*tokens[:start], *where]
    end = named.at + 1
    while end < start and tokens[end].kind == "num":
        end += 1
    return [*tokens[: named.start], *where[1:], *tokens[end:start]]


def _together(where: list[Token]) -> list[Token]:
    """ "hook 1 and 2" for "hook 1 and hook 2"."""
    kinds = {t.value for t in where if t.kind == "section"}
    if len(kinds) > 1 or where[-1].kind != "num":
        return where
    first = next(n for n, t in enumerate(where) if t.kind == "section")
    return [t for n, t in enumerate(where) if t.kind != "section" or n == first]


def _opening(tokens: Sequence[Token], ref: TrackRef | SectionRef) -> int | None:
    """Where "but not" or ", not" begins before a reference; None where nothing such does."""
    at = ref.start
    while at and tokens[at - 1].kind in ("det", "ord", "prep", "filler"):
        if tokens[at - 1].value == "except":
            break
        at -= 1
    if not at:
        return None
    opener = tokens[at - 1]
    if not (opener.kind == "neg" and opener.text == "not") and opener.text != "but not":
        return None
    at -= 1
    while at and tokens[at - 1].kind in ("sep", "filler", "only"):
        at -= 1
    wished = any(t.kind not in _LIGHT for t in tokens[:at])
    return at if wished else None


def _names(ref: TrackRef | SectionRef) -> tuple[str, ...]:
    return ref.names if isinstance(ref, SectionRef) else ref.ids
