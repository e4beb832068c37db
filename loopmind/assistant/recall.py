"""What "it" and "again" mean when a talk goes on later: the memory, made of the last edits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from loopmind.assistant.values import Memory
from loopmind.assistant.world import World
from loopmind.music.draft import Draft
from loopmind.music.edit import AddSection, Edit
from loopmind.music.loop import Crate


def recall(edits: Sequence[Edit], turn: int, draft: Draft, crate: Crate) -> Memory:
    """The memory after `edits`, the last step in a song's history; `turn`: steps so far."""
    world = World(draft, crate, Memory())
    tracks: list[str] = []
    sections: list[str] = []
    for edit in edits:
        for track in _names(edit, ("track", "tracks", "only", "add", "remove")):
            if world.track(track) is not None and track not in tracks:
                tracks.append(track)
        for section in _names(edit, ("section", "sections")):
            if world.section(section) is not None and section not in sections:
                sections.append(section)
        if isinstance(edit, AddSection):
            sections.append(_newest(edit, world))
    return Memory(tuple(tracks), tuple(sections), tuple(edits), turn=turn)


def _newest(edit: AddSection, world: World) -> str:
    """The name of a section that was added, whether the draft holds it yet or not."""
    names = [s.name for s in world.sections]
    place = names.index(edit.after) + 1 if edit.after in names else 0
    here = world.sections[place] if place < len(names) else None
    behind = here is not None and here.kind == edit.kind
    return here.name if behind and here is not None else world.fresh_name(edit.kind)


def _names(edit: Edit, fields: Iterable[str]) -> list[str]:
    found: list[str] = []
    for name in fields:
        value = getattr(edit, name, ())
        found += [value] if isinstance(value, str) else list(value)
    return [name for name in found if name]
