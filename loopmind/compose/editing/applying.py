"""Applying edits to a draft: which function does which edit, and replaying many of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from loopmind.compose.editing import form, regenerate, sounds, strips, wide
from loopmind.compose.editing.asking import EditError
from loopmind.music import edit as edits
from loopmind.music.brief import Brief
from loopmind.music.draft import Draft
from loopmind.music.edit import Edit, edit_name
from loopmind.music.loop import Crate
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song

Application = Callable[[Any, Draft, Crate], Draft]
APPLIED_BY: dict[type[Any], Application] = {
    edits.SwapSound: sounds.swap_sound,
    edits.RegenerateSection: regenerate.regenerate_section,
    edits.RemoveSection: form.remove_section,
    edits.MuteTrack: strips.mute,
    edits.SoloTracks: strips.solo,
    edits.ChangeStrip: strips.change_strip,
    edits.ChangeEq: strips.change_eq,
    edits.SetCompressor: strips.set_compressor,
    edits.SetSidechain: strips.set_sidechain,
    edits.ChangeMaster: strips.change_master,
    edits.ChangeReverb: strips.change_reverb,
    edits.SetMixStyle: wide.set_mix_style,
    edits.SetLock: wide.set_lock,
    edits.Reseed: regenerate.reseed,
}


def start(brief: Brief, palette: Palette, song: Song, mix: Mix) -> Draft:
    """The draft from which edits go on: a song as it was generated."""
    muted = tuple(strip.track for strip in mix.strips if strip.muted)
    return Draft(brief, palette, song, mix, muted=muted)


def apply(edit: Edit, draft: Draft, crate: Crate) -> Draft:
    """`draft` with one edit done, and told in one entry. Same arguments, same result.

    Raises EditError naming the part that stands in the way, and the remedy.
    """
    function = APPLIED_BY.get(type(edit))
    if function is None:
        raise EditError(f"{edit_name(edit)} is no edit that can be done here")
    return function(edit, draft, crate)


def apply_all(wanted: Iterable[Edit], draft: Draft, crate: Crate) -> Draft:
    """All edits in order: apply_all([a, b]) is apply(b) after apply(a)."""
    for edit in wanted:
        draft = apply(edit, draft, crate)
    return draft
