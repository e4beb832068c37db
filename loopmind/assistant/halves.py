"""Wishes for a part of a section: "no drums in the second half of verse 1", "for its last 4 bars".

The section is split, and the wish read against the song with the two sections that come of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from loopmind.assistant.contents import touched_by
from loopmind.assistant.lexer import lex
from loopmind.assistant.refs import section_refs
from loopmind.assistant.senses import Token
from loopmind.assistant.telling import tell
from loopmind.assistant.values import Choice, Question, Reading
from loopmind.assistant.world import World
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.splitting import split_section
from loopmind.music.edit import SetLayers, SplitSection

Read = Callable[[str, World], Reading]
_FIRST = frozenset({"first", "1st", "opening"})
_SECOND = frozenset({"second", "2nd", "last", "latter", "back", "final", "other"})
_DURING = frozenset(
    {"in", "for", "during", "over", "throughout", "of", "out of", "out", "from", "from the",
     "within"}
)  # fmt: skip
_SECTION_NEAR = 4


@dataclass(frozen=True)
class _Part:
    """A part of sections that is named at tokens[start:end]; bars 0: a half.

    second: whether it is the later one; None: nobody said.
    """

    start: int
    end: int
    names: tuple[str, ...]
    second: bool | None
    bars: int = 0


def in_part(text: str, world: World, read: Read) -> Reading | None:
    """The reading of a wish for a part of one section; None where it names no such part."""
    tokens = lex(text, world.names, world.sound_words()).tokens
    part = _part(tokens, world)
    if part is None or any(t.text.startswith("fad") for t in tokens):
        return None
    ways = (False, True) if part.second is None else (part.second,)
    found = [
        (name, second, got)
        for name in part.names
        for second in ways
        if (got := _read(tokens, part, name, second, world, read)) is not None
    ]
    if len(found) != len(part.names) * len(ways):
        return None
    if len(found) == 1:
        return found[0][2]
    half = {False: "the first half of ", True: "the second half of "}
    choices = [Choice(f"{half[s] if len(ways) > 1 else ''}{n}", got.edits) for n, s, got in found]
    question = Question("Which part?" if len(ways) > 1 else "Which one?", tuple(choices))
    memory = replace(world.memory, question=question, turn=world.memory.turn + 1)
    return Reading(question=question, memory=memory)


def _part(tokens: list[Token], world: World) -> _Part | None:
    """The part that the tokens name, if they name one."""
    for at, token in enumerate(tokens):
        half = token.text in ("half of", "half")
        single = token.text in ("bar", "measure")
        first_bars = single or (token.kind == "amount" and token.value == "bars")
        if not (half or first_bars) or at == 0:
            continue
        before = tokens[at - 1].text
        second = None if before not in _FIRST | _SECOND else before in _SECOND
        start = at if second is None else at - 1
        if start and tokens[start - 1].kind == "det":
            start -= 1
        opens = start == 0 or tokens[start - 1].kind == "sep"
        during = tokens[start - 1].text in _DURING if not opens else second is not None
        if (first_bars or second is None) and not during:
            continue  # "cut half of verse 1": how long it is
        if first_bars and (second is None or before == "other"):
            continue
        rest = at + 1
        while rest < len(tokens) and tokens[rest].text in ("of", "the") and rest < at + 3:
            rest += 1
        refs = [r for r in section_refs(tokens, world) if at < r.at <= rest + _SECTION_NEAR]
        ref = next((r for r in refs if at < r.start <= rest), None)
        if ref is None or ref.missing or not ref.names or len(section_refs(tokens, world)) > 1:
            return None
        end = ref.at + 1
        while end < len(tokens) and tokens[end].kind == "num" and ref.number:
            end += 1
        count = 1.0 if single else token.number if first_bars else 0.0
        bars = round(count)
        if first_bars and (bars != count or bars < 1):
            return None
        return _Part(start, end, ref.names, second, bars)
    return None


def _read(
    tokens: list[Token], part: _Part, name: str, second: bool, world: World, read: Read
) -> Reading | None:
    """The wish for the part of one section, with the cut before it."""
    bars = part.bars
    if bars and second:
        bars = world.bars_of(name) - bars
    if part.bars and not 0 < bars < world.bars_of(name):
        return None
    cut = SplitSection(name, bars)
    try:
        after = split_section(cut, world.draft, world.crate)
    except EditError:  # a section of one bar, or a locked one: then the wish is read as it stands
        return None
    there = {s.name for s in world.draft.song.sections}
    new = next(s.name for s in after.song.sections if s.name not in there)
    named = new if second else name
    then = World(after, world.crate, world.memory)
    said = [t.text for t in tokens[: part.start]] + [named] + [t.text for t in tokens[part.end :]]
    got = read(" ".join(said), then)
    rest = [t.text for t in tokens[part.end :]]
    if part.start == 0 and not second and not got.edits and rest[:1] == ["without"]:
        # "The first half without the pad", where it does not play yet: from then on it does.
        enters = read(" ".join(("add", *rest[1:], "in", new)), then)
        if all(isinstance(edit, SetLayers) for edit in enters.edits):
            named, got = new, enters
    if not got.edits or got.question is not None or got.actions:
        return None
    if any(named not in touched_by([edit]) for edit in got.edits):
        return None
    edits = (cut, *got.edits)
    return replace(
        got, edits=edits, understood=(tell(cut), *got.understood),
        memory=replace(got.memory, edits=edits),
    )  # fmt: skip
