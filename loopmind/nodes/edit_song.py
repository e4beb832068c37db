"""The node that replays a list of edits over a song."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, NamedTuple

from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.graph.values import digest
from loopmind.music.brief import Brief
from loopmind.music.draft import Draft
from loopmind.music.edit import Edit, edit_to_plain
from loopmind.music.loop import Crate
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song


class Edited(NamedTuple):
    """The edited song, whole and in its parts."""

    draft: Draft
    brief: Brief
    palette: Palette
    song: Song
    mix: Mix


@node(id="loopmind.edit_song", category="Compose")
def edit_song(
    brief: Brief,
    palette: Palette,
    song: Song,
    mix: Mix,
    crate: Crate,
    context: Context,
    draft: Draft | None = None,
    edits: Annotated[tuple[Edit, ...], "Changes, made one after the other."] = (),
    forgiven: Annotated[
        int, Range(0, 1_000_000), "How many of the first are left out where they have no place."
    ] = 0,
) -> Edited:
    """Replay edits over a song: each changes the part it names and leaves all else as it was.

    Edits are remembered from the first on, so that one more costs one edit. With `draft`, it is
    what the edits go on from, in place of the four values. One that is forgiven and cannot be done
    is left out, and that is told. Errors: any other that cannot be done, with the remedy.
    """
    now = draft if draft is not None else Draft.start(brief, palette, song, mix)
    if edits:
        name = digest((now, _fingerprint(crate)))
        for number, edit in enumerate(edits, start=1):
            context.step(number - 1, len(edits), f"edit {number}")
            step = json.dumps([edit_to_plain(edit), number <= forgiven], sort_keys=True)
            name = hashlib.blake2b(f"{name}\n{step}".encode(), digest_size=16).hexdigest()
            now = context.remember(name, "draft", _one(edit, now, crate, number <= forgiven))
    return Edited(now, now.brief, now.palette, now.song, now.mix)


def _one(edit: Edit, draft: Draft, crate: Crate, forgiven: bool) -> Callable[[], Draft]:
    def apply() -> Draft:
        from loopmind.compose import editing  # most songs have no edits

        done = editing.apply_or_leave if forgiven else editing.apply
        return done(edit, draft, crate)

    return apply


def _fingerprint(crate: Crate) -> str:
    """The state of all that was heard of the sounds; long crates are not written out for it."""
    state = hashlib.blake2b(digest_size=16)
    for loop in crate.loops:
        heard = (loop.path, loop.digest, loop.kind, loop.tempo, loop.key, loop.instrument,
                 loop.role, loop.tags, loop.evidence, loop.downbeat_s)  # fmt: skip
        state.update(repr(heard).encode("utf-8", "surrogatepass"))
    return state.hexdigest()
