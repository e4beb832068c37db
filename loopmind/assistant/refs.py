"""References in a clause: which tracks and sections its noun phrases point at, and how.

A reference keeps its preposition ("after"), its determiner ("another") and the qualities before
it; resolving them needs the song (world.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from loopmind.assistant.lexicon import PARTICLE_VERBS, SECTION_WORDS_PLURAL
from loopmind.assistant.senses import Token
from loopmind.assistant.world import Pointed, World


@dataclass(frozen=True)
class TrackRef:
    """One mention of a track. `at` is the place of its noun among the clause's tokens."""

    word: str
    text: str
    pointed: Pointed
    prep: str
    det: str
    at: int
    start: int
    qualities: tuple[Token, ...] = ()
    more_words: tuple[str, ...] = ()
    joined: bool = False

    @property
    def ids(self) -> tuple[str, ...]:
        return self.pointed.ids

    @property
    def new(self) -> bool:
        return self.det in ("other", "indef")


@dataclass(frozen=True)
class SectionRef:
    """One mention of sections. open: one is meant, but not which of `names`."""

    kind: str
    text: str
    names: tuple[str, ...]
    prep: str
    det: str
    at: int
    start: int
    open: bool = False
    missing: bool = False
    number: str = ""
    qualities: tuple[Token, ...] = ()

    @property
    def positional(self) -> bool:
        return self.prep in ("after", "before", "between")


_INSIDE = {
    "det",
    "ord",
    "num",
    "mood",
    "quant",
    "degree",
    "other",
    "folderish",
    "genre",
    "energy",
    "only",
    "fat",
    "tonadj",
    "level",
    "size",
    "width",
    "style",
    "dist",
    "too",
    "tempo",
    "moodnoun",
    "amount",
    "height",
    "tone",
    "filler",
    "unknown",
}
_QUALITY = {
    "mood",
    "energy",
    "fat",
    "tonadj",
    "level",
    "size",
    "width",
    "style",
    "dist",
    "genre",
    "folderish",
    "unknown",
    "moodnoun",
    "tempo",
    "tone",
}


def _inside(token: Token) -> bool:
    return token.kind in _INSIDE


def _start(tokens: list[Token], at: int) -> int:
    """Where the noun phrase that ends at `at` begins."""
    first = at
    while first > 0 and _inside(tokens[first - 1]):
        first -= 1
        if tokens[first].kind == "det":
            # "the" opens a phrase; only "all the" may stand before it.
            while first > 0 and tokens[first - 1].kind in ("ord", "only", "quant"):
                first -= 1
            break
    return first


def _determiner(tokens: list[Token]) -> str:
    kinds = [t for t in tokens if t.kind in ("det", "other", "ord")]
    if any(t.kind == "other" for t in kinds):
        return "other"
    return next((t.value for t in kinds if t.kind == "det"), "")


def _preposition(tokens: list[Token], start: int) -> str:
    at = start - 1
    while at >= 0 and tokens[at].kind in ("filler", "only", "degree", "too"):
        at -= 1
    if at < 0:
        return ""
    token = tokens[at]
    if token.kind == "neg":
        return "instead" if at > 0 and any(t.kind == "track" for t in tokens[:at]) else ""
    if token.kind == "prep":
        before = tokens[at - 1] if at else None
        if token.text == "in" and before is not None and before.kind == "verb":
            opens = start < len(tokens) and tokens[start].kind in ("det", "other", "quant")
            thrown = (before.value, "in") in PARTICLE_VERBS and opens
            if thrown and tokens[start].value in ("indef", "other", "more"):
                return ""  # "throw in a breakdown"
        if token.value == "to" and at > 0 and tokens[at - 1].kind == "prep":
            return "to"
        if at > 0 and tokens[at - 1].kind == "prep" and tokens[at - 1].value in ("after", "before"):
            return tokens[at - 1].value
        return token.value
    if (
        token.kind == "pron"
        and token.text in ("that", "this", "those", "these")
        and at > 0
        and tokens[at - 1].kind == "prep"
    ):
        return tokens[at - 1].value
    return ""


def track_refs(tokens: list[Token], world: World) -> list[TrackRef]:
    """All mentions of tracks, in order; compound nouns ("guitar melody") are one."""
    found: list[TrackRef] = []
    at = 0
    while at < len(tokens):
        if tokens[at].kind != "track":
            at += 1
            continue
        first = at
        words = [tokens[at].value]
        while at + 1 < len(tokens) and tokens[at + 1].kind == "track":
            at += 1
            words.append(tokens[at].value)
        found.append(_track(tokens, first, at, words, world, found))
        at += 1
    return found


def _track(
    tokens: list[Token],
    first: int,
    at: int,
    words: list[str],
    world: World,
    before: list[TrackRef],
) -> TrackRef:
    start = _start(tokens, first)
    pointed = _joined_words(words, world)
    text = " ".join(t.text for t in tokens[first : at + 1])
    if pointed.ids and len(words) == 1 and not world.is_name(text, pointed.single):
        pointed = replace(pointed, loosely=True)
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if following is not None and following.kind == "num":
        numbered = f"{pointed.role} {following.value}"
        if world.track(numbered) is not None:
            pointed = Pointed((numbered,), numbered, pointed.role, pointed.instrument)
    inside = tokens[start:first]
    ordinal = next((t.value for t in inside if t.kind == "ord"), "")
    prep, joined = _preposition(tokens, start), False
    det = _determiner(inside)
    if not prep and before and _joins(tokens, before[-1].at + 1, start):
        prep, joined = before[-1].prep, True
        if not det and before[-1].det in ("other", "indef"):
            det = before[-1].det
    if ordinal in ("2", "3") and (det == "indef" or (not det and len(pointed.ids) < 2)):
        det = "other"  # "a second pad"
    qualities = tuple(t for t in inside if t.kind in _QUALITY)
    return TrackRef(
        words[-1], text, pointed, prep, det, at, start, qualities, tuple(words[:-1]), joined
    )


def _joined_words(words: list[str], world: World) -> Pointed:
    """ "guitar melody" is the melody if a guitar plays it; "synth pad" is a pad."""
    points = [world.point(word) for word in words]
    last = points[-1]
    if len(points) == 1:
        return last
    shared = [i for i in last.ids if all(i in p.ids for p in points[:-1])]
    instrument = next((p.instrument for p in points if p.instrument), last.instrument)
    if words[-1] in ("melody", "chords", "drums", "percussion") and points[0].ids:
        return points[0] if words[0] != "synth" else last
    if shared:
        return Pointed(tuple(shared), shared[0], last.role, instrument)
    return Pointed(last.ids, last.single, last.role, instrument)


def _joins(tokens: list[Token], begin: int, end: int) -> bool:
    between = tokens[begin:end]
    return bool(between) and all(
        (t.kind == "sep" and t.value in ("and", ",")) or t.kind == "filler" or t.kind == "source"
        for t in between
    )


def section_refs(tokens: list[Token], world: World) -> list[SectionRef]:
    """All mentions of sections, in order; "verse 1 and 2" is one."""
    found: list[SectionRef] = []
    for at, token in enumerate(tokens):
        if token.kind != "section":
            continue
        if _is_of(tokens, at):
            continue
        start = _start(tokens, at)
        inside = tokens[start:at]
        numbers = _numbers(tokens, at, inside)
        prep = _preposition(tokens, start)
        new = any(t.kind == "other" or (t.kind == "det" and t.value == "indef") for t in inside)
        if not prep and not new and found and _joins(tokens, _end(tokens, found[-1].at), start):
            prep = found[-1].prep
        found.append(_section(token, inside, numbers, prep, at, start, world))
    return _without_excepted(found)


def _without_excepted(refs: list[SectionRef]) -> list[SectionRef]:
    """ "the hooks except the first": two of them are meant, whatever is wished for them."""
    away = {n for r in refs if r.prep == "except" for n in r.names}
    kept = []
    for ref in refs:
        left = tuple(n for n in ref.names if n not in away)
        if ref.prep != "except" and 0 < len(left) < len(ref.names):
            away -= set(ref.names)
            ref = replace(ref, names=left, open=False)
        kept.append(ref)
    return [r for r in kept if r.prep != "except" or set(r.names) & away]


def _is_of(tokens: list[Token], at: int) -> bool:
    """ "the start of verse 1": the verse is meant."""
    if tokens[at].value not in ("start", "end") or at + 1 >= len(tokens):
        return False
    of = tokens[at + 1]
    noun = next((t for t in tokens[at + 2 :] if t.kind not in ("det", "ord", "filler")), None)
    return of.text == "of" and noun is not None and noun.kind == "section"


def _end(tokens: list[Token], at: int) -> int:
    at += 1
    while at < len(tokens) and (
        tokens[at].kind == "num" or (tokens[at].kind == "filler" and tokens[at].text == "number")
    ):
        at += 1
    return at


def _numbers(tokens: list[Token], at: int, inside: list[Token]) -> list[str]:
    """Which ones are meant: "hook 2", "verses 1 and 3", "the first and last hook"."""
    found = [t.value for t in inside if t.kind == "ord" and t.value not in ("all", "both", "oneof")]
    # "the second and third hook": an ordinal across the "and"
    begin = at - len(inside)
    if found and begin >= 2 and tokens[begin - 1].kind == "sep" and tokens[begin - 2].kind == "ord":
        found.insert(0, tokens[begin - 2].value)
    place = at + 1
    while place < len(tokens):
        token = tokens[place]
        if token.kind == "num" and token.number == int(token.number or 0):
            after = tokens[place + 1] if place + 1 < len(tokens) else None
            if found and after is not None and after.kind in ("section", "amount"):
                break
            found.append(token.value)
        elif token.kind == "unknown" and token.text in ("number", "no", "nr", "#"):
            pass
        elif not (
            token.kind == "sep"
            and token.value in ("and", ",")
            and found
            and place + 1 < len(tokens)
            and tokens[place + 1].kind == "num"
            and not (place + 2 < len(tokens) and tokens[place + 2].kind in ("section", "amount"))
        ):
            break
        place += 1
    return found


def _section(
    token: Token,
    inside: list[Token],
    numbers: list[str],
    prep: str,
    at: int,
    start: int,
    world: World,
) -> SectionRef:
    kind, text = token.value, token.text
    there = world.of_kind(kind)
    everyone = any(t.kind == "ord" and t.value in ("all", "both") for t in inside)
    det = _determiner(inside)
    qualities = tuple(t for t in inside if t.kind in _QUALITY)
    count = next((int(t.number) for t in inside if t.kind == "num"), 0)
    shown = " ".join(t.text for t in inside if t.kind in ("ord", "num")) + f" {text}"
    if numbers:
        names, missing = [], False
        for number in dict.fromkeys(numbers):
            name = _numbered(there, number, kind, count, world)
            names += [n for n in name if n not in names]
            missing |= not name
            shown = f"{text} {number}" if number.isdigit() else shown
        return SectionRef(
            kind,
            shown.strip(),
            tuple(names),
            prep,
            det,
            at,
            start,
            False,
            missing,
            numbers[-1],
            qualities,
        )
    plural = text in SECTION_WORDS_PLURAL or everyone
    one_of = any(t.kind == "ord" and t.value == "oneof" for t in inside) and len(there) > 1
    several = len(there) > 1 and not plural
    if count > 1 and len(there) != count:
        several = True
    return SectionRef(
        kind, text, there, prep, det, at, start, several or one_of, not there, "", qualities
    )


def _numbered(
    there: tuple[str, ...], number: str, kind: str, count: int, world: World
) -> tuple[str, ...]:
    if number == "last":
        return there[-max(count, 1) :]
    wanted = int(float(number))
    if count > 1 and wanted == 1:
        return there[:count]
    named = f"{kind} {wanted}"
    if world.section(named) is not None:
        return (named,)
    if 1 <= wanted <= len(there):
        return (there[wanted - 1],)
    return ()
