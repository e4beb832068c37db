"""Edits of what plays a track: another sound, a further track, a track less."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from loopmind.compose import explain
from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.playing import with_sound
from loopmind.compose.editing.scene import in_section
from loopmind.compose.editing.settling import settle
from loopmind.compose.slots import base_slot, section_of
from loopmind.music.draft import Draft
from loopmind.music.edit import SwapSound
from loopmind.music.loop import Crate, Loop
from loopmind.music.palette import Candidate, Choice
from loopmind.music.song import Clip, Section


def swap_sound(edit: SwapSound, draft: Draft, crate: Crate) -> Draft:
    """Another sound plays a track, in the whole song or in some sections."""
    asking.track(draft, edit.track)
    asking.refuse_locked_track(draft, edit.track)
    choice = choice_of(draft, edit.track)
    index = edit.runner_up - 1
    if not 0 <= index < len(choice.runners_up):
        raise EditError("x")
    new = choice.runners_up[index]
    old = choice.picked
    loops = crate.by_digest()
    song = draft.song
    clips = tuple(
        with_sound(c, loops[old.digest], old, loops[new.digest], new, song.bpm)
        if c.track == edit.track and old.digest in asking.sounds(c)
        else c
        for c in song.clips
    )
    swapped = replace(
        choice,
        picked=new,
        runners_up=(*choice.runners_up[:index], old, *choice.runners_up[index + 1 :]),
    )
    choices = tuple(swapped if c == choice else c for c in draft.palette.choices)
    draft = replace(
        draft, song=replace(song, clips=clips), palette=replace(draft.palette, choices=choices)
    )
    draft = settle(draft, crate, remixed=[edit.track])
    return asking.told(
        draft,
        f"{edit.track}: {explain.file_name(loops[old.digest])} made way for {explain.file_name(loops[new.digest])}",
    )


def choice_of(draft: Draft, track: str) -> Choice:
    """The choice behind a track's main sound. Raises EditError where nothing was chosen for it."""
    for choice in draft.palette.choices:
        if base_slot(choice.slot) == track and section_of(choice.slot) is None:
            return choice
    raise EditError(f"{track} is made of the song's other sounds; swap one of those instead")
