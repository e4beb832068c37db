"""Sections with a tempo of their own; everything in them keeps its beats."""

from __future__ import annotations

from dataclasses import replace

from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.tempo import (
    FASTEST_BPM,
    SLOWEST_BPM,
    refuse_spoilt,
    set_tempo_of_song,
)
from loopmind.compose.wording import listed
from loopmind.music.draft import Draft
from loopmind.music.edit import SetTempo
from loopmind.music.loop import Crate


def set_tempo(edit: SetTempo, draft: Draft, crate: Crate) -> Draft:
    """The song or some of its sections at another tempo, if the loops can follow."""
    if not edit.sections:
        return set_tempo_of_song(edit, draft, crate)
    song, said = draft.song, []
    for held in asking.sections(draft, edit.sections):
        asking.refuse_locked_section(draft, held.name)
        old = held.bpm or song.bpm
        wanted = round(old * edit.by if edit.bpm is None else edit.bpm, 2)
        if not SLOWEST_BPM <= wanted <= FASTEST_BPM:
            raise EditError(
                f"{wanted:g} bpm is no tempo for {held.name}; "
                f"stay within {SLOWEST_BPM:g} to {FASTEST_BPM:g}"
            )
        if wanted == old:
            continue
        refuse_spoilt(song, crate, held, wanted)
        own = None if wanted == draft.song.bpm else wanted
        sections = tuple(replace(s, bpm=own) if s == held else s for s in song.sections)
        song = replace(song, sections=sections)
        said.append(f"{held.name} runs at {wanted:g} bpm in place of {old:g}")
    if not said:
        raise EditError(f"{listed(edit.sections)} have that tempo already; name another")
    return asking.told(replace(draft, song=song), "; ".join(said))
