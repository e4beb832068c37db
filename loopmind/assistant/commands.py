"""Plain commands become edits: each is read by the frames alone, which know their wording."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from loopmind.assistant.finishing import finish
from loopmind.assistant.halves import Read
from loopmind.assistant.together import together
from loopmind.assistant.values import Action, Memory, Question, Reading
from loopmind.assistant.world import World
from loopmind.music.edit import AddSection, Edit, SoloTracks, edit_to_plain

NOTHING, CANNOT, ASK = "nothing", "cannot", "ask"
WISHLESS = frozenset({NOTHING, CANNOT, ASK})
"""Commands that ask for nothing that could be done."""


@dataclass(frozen=True)
class Carried:
    """What commands come to. whole: whether each of them was understood without a question."""

    reading: Reading
    whole: bool


def carried_out(commands: Sequence[str], world: World, read: Read) -> Carried:
    """The reading of commands in their order; "it" is what the command before was about.

    read: reads one command by the frames alone.
    """
    before = world.memory
    edits: list[Edit] = []
    actions: list[Action] = []
    notes: list[str] = []
    question: Question | None = None
    tracks: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    whole = True
    memory = before
    for command in commands:
        got = _one(command, World(world.draft, world.crate, memory), read)
        edits += [e for e in got.edits if e not in edits]
        actions += [a for a in got.actions if a not in actions]
        notes += got.notes
        question = question or got.question
        understood = bool(got.edits or got.actions or got.notes)
        whole = whole and understood and got.question is None and not got.ignored
        if got.memory.tracks or got.memory.sections:
            tracks, sections = got.memory.tracks, got.memory.sections
            memory = replace(memory, tracks=tracks, sections=sections)
    reading = finish(
        replace(before, bpm=world.draft.song.bpm if edits else before.bpm),
        together(edits), actions, question, notes, [], tracks, sections,
    )  # fmt: skip
    return Carried(reading, whole)


_PLAYED = re.compile(
    r"(?P<new>add .+?) (?P<how>with only|with|without) (?P<parts>.+?)"
    r"(?P<place> (?:after|before|at) .+)?"
)  # fmt: skip


def _one(command: str, world: World, read: Read) -> Reading:
    """The reading of one command; "add bridge with only pad after hook 2" in two steps."""
    said = _PLAYED.fullmatch(command)
    if said is None:
        return _each(command, world, read)
    memory = world.memory
    got = read(f"{said['new']}{said['place'] or ''}", world)
    parts = read(f"solo {said['parts']}", World(world.draft, world.crate, memory)).edits
    named = [t for e in parts if isinstance(e, SoloTracks) for t in e.tracks]
    roles = {t.role for t in world.tracks if t.id in named}
    if said["how"] == "without":
        roles = {t.role for t in world.tracks} - roles
    if not named or not roles or not all(isinstance(e, AddSection) for e in got.edits):
        return read(command, World(world.draft, world.crate, memory))
    ordered = tuple(dict.fromkeys(t.role for t in world.tracks if t.role in roles))
    edits = tuple(replace(e, plays=ordered) for e in got.edits if isinstance(e, AddSection))
    return replace(got, edits=edits)


_SEVERAL = re.compile(r"(?P<before>.*?)(?P<things>\S+(?: and \S+)+)(?P<behind>.*)")


def _each(command: str, world: World, read: Read) -> Reading:
    """The reading of a command; "kick and bass louder in hooks" one by one where need be."""
    memory = world.memory
    got = read(command, world)
    several = _SEVERAL.fullmatch(command)
    if several is None or (got.question is None and not got.ignored):
        return got
    apart = [
        read(f"{several['before']}{thing}{several['behind']}",
             World(world.draft, world.crate, memory))
        for thing in several["things"].split(" and ")
    ]  # fmt: skip
    if not all(r.edits and r.question is None and not r.ignored for r in apart):
        return got
    return replace(apart[-1], edits=tuple(e for r in apart for e in r.edits))


def told_nothing(commands: Sequence[str]) -> bool:
    """Whether the sentence asks for nothing that could be done."""
    return WISHLESS.issuperset(commands)


def same_wish(a: Reading, b: Reading) -> bool:
    """Whether two readings come to the same edits and actions; seeds do not count."""
    return (
        _plain(a.edits) == _plain(b.edits)
        and a.actions == b.actions
        and (a.question is None) == (b.question is None)
    )


def _plain(edits: Sequence[Edit]) -> set[str]:
    return {repr(sorted({**edit_to_plain(e), "seed": 0}.items())) for e in edits}


def fresh_memory(memory: Memory) -> bool:
    """Whether nothing was said before."""
    return not (memory.edits or memory.tracks or memory.sections or memory.turn)
