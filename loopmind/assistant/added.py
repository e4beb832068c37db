"""What the wishes before it in the same request will have added, for a wish that speaks of it.

"Strings in the bridge, very quietly": the strings are in no draft yet when their level is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loopmind.assistant.clauses import Clause
from loopmind.assistant.refs import track_refs
from loopmind.assistant.senses import Token
from loopmind.assistant.world import World
from loopmind.compose.editing.adding import free_name
from loopmind.compose.editing.asking import EditError
from loopmind.music.edit import AddTrack, Edit
from loopmind.music.song import Track

# Qualities that are told of a track without its name: "panned left", "with lots of reverb".
_TOLD = frozenset(
    {"level", "side", "dist", "effect", "width", "mood", "tone", "tonadj", "fat", "moodnoun"}
)


def of_added(clause: Clause, world: World, edits: Sequence[Edit], before: Clause | None) -> Clause:
    """The clause as it reads once the tracks that `edits` add are there.

    Puts the new tracks into `world`, which all clauses of a request share.
    """
    new = [e for e in edits if isinstance(e, AddTrack)]
    if not new or (clause.tracks and all(r.ids for r in clause.tracks)) or clause.has("song"):
        return clause
    names = [_put_in(edit, world) for edit in new]
    if not all(names):
        return clause
    if clause.sections and not clause.has("pron") and not clause.tracks:
        return replace(clause, subject=[])  # "strings in hook 3 and more energy there"
    tokens = list(clause.tokens)
    follows = not clause.tracks and bool(clause.subject) and edits[-1] == new[-1]
    if follows and not clause.has("pron") and any(t.kind in _TOLD for t in tokens):
        tokens.append(Token("pron", "it", "it"))
    if any(t.kind == "pron" for t in tokens) and not clause.tracks:
        world.memory = replace(world.memory, tracks=tuple(names[-1:]), sections=())
        return replace(clause, tokens=tokens, subject=[])
    subject = track_refs(before.tokens, world) if clause.subject and before else []
    return replace(clause, tokens=tokens, subject=subject)


def _put_in(edit: AddTrack, world: World) -> str:
    """The name that a track will have; it is put into the world, without a sound."""
    if edit in world.to_come:
        return world.to_come[edit].id
    try:
        name = free_name(world.draft, edit)
    except EditError:  # there are too many of its kind: whoever does the edit says so
        return ""
    track = Track(name, name.capitalize(), edit.role, edit.instrument)
    song = replace(world.draft.song, tracks=(*world.draft.song.tracks, track))
    world.draft = replace(world.draft, song=song)
    world.tracks = song.tracks
    world.to_come[edit] = track
    return name
