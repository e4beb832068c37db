"""Applying edits to a draft: which function does which edit, and replaying many of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from loopmind.compose.editing import (
    adding,
    asking,
    drawing,
    effects,
    fills,
    form,
    genre,
    layers,
    pitch,
    regenerate,
    section_tempo,
    sounds,
    splitting,
    strips,
    swing,
    tone,
    wide,
)
from loopmind.compose.editing.recordings import with_lost_told
from loopmind.music import edit as edits
from loopmind.music.brief import Brief
from loopmind.music.draft import Draft
from loopmind.music.edit import Edit
from loopmind.music.loop import Crate
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song

Application = Callable[[Any, Draft, Crate], Draft]
APPLIED_BY: dict[type[Any], Application] = {
    edits.SwapSound: sounds.swap_sound,
    edits.RegenerateSection: regenerate.regenerate_section,
    edits.AddSection: form.add_section,
    edits.RemoveSection: form.remove_section,
    edits.MoveSection: form.move_section,
    edits.ResizeSection: form.resize_section,
    edits.DuplicateSection: form.duplicate_section,
    edits.SplitSection: splitting.split_section,
    edits.SetEnergy: layers.set_energy,
    edits.SetLayers: layers.set_layers,
    edits.SetFill: fills.set_fill,
    edits.RemoveTrack: layers.remove_track,
    edits.AddTrack: adding.add_track,
    edits.Transpose: pitch.transpose,
    edits.SetTempo: section_tempo.set_tempo,
    edits.SetSwing: swing.set_swing,
    edits.SetKey: pitch.set_key,
    edits.SetGenre: genre.set_genre,
    edits.ShiftMood: tone.shift_mood,
    edits.SetAutomation: drawing.set_automation,
    edits.SetFade: drawing.set_fade,
    edits.PutClip: drawing.put_clip,
    edits.RemoveClip: drawing.remove_clip,
    edits.MuteTrack: strips.mute,
    edits.SoloTracks: strips.solo,
    edits.ChangeStrip: strips.change_strip,
    edits.ChangeEq: strips.change_eq,
    edits.SetCompressor: strips.set_compressor,
    edits.SetSidechain: strips.set_sidechain,
    edits.SetEffect: effects.set_effect,
    edits.ChangeMaster: strips.change_master,
    edits.ChangeReverb: strips.change_reverb,
    edits.SetMixStyle: wide.set_mix_style,
    edits.SetLock: wide.set_lock,
    edits.Reseed: regenerate.reseed,
    edits.SetMacro: wide.set_macro,
}
NAMING = (edits.RemoveTrack, edits.PutClip, edits.RemoveClip)
"""Edits that name what they take away, be it a recording."""


def start(brief: Brief, palette: Palette, song: Song, mix: Mix) -> Draft:
    """The draft from which edits go on: a song as it was generated."""
    return Draft.start(brief, palette, song, mix)


def apply(edit: Edit, draft: Draft, crate: Crate) -> Draft:
    """`draft` with one edit done, and told in one entry. Same arguments, same result.

    Raises EditError naming the part that stands in the way, and the remedy.
    """
    asking.refuse_no_numbers(edit)
    after = APPLIED_BY[type(edit)](edit, draft, crate)
    return after if isinstance(edit, NAMING) else with_lost_told(draft, after)


def apply_or_leave(edit: Edit, draft: Draft, crate: Crate) -> Draft:
    """`draft` with an edit done; where that cannot be, as it was, with a word on why."""
    try:
        return apply(edit, draft, crate)
    except asking.EditError as error:
        what = edits.edit_name(edit).replace("_", " ")
        return asking.told(draft, f"left out, as it has no place here: {what} ({error})")


def apply_all(wanted: Iterable[Edit], draft: Draft, crate: Crate) -> Draft:
    """All edits in order: apply_all([a, b]) is apply(b) after apply(a)."""
    for edit in wanted:
        draft = apply(edit, draft, crate)
    return draft
