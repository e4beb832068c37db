"""Edits of the song's form: sections added, taken out, moved, resized and repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.blocks import Block, put_together, taken_apart
from loopmind.compose.editing.curves import CurveKey
from loopmind.compose.editing.settling import settle
from loopmind.compose.slots import section_of
from loopmind.music.draft import Draft, Lock
from loopmind.music.edit import RemoveSection
from loopmind.music.loop import Crate


def rests(draft: Draft) -> Mapping[CurveKey, float]:
    """The value that each parameter has where nothing is drawn: of a send, what the strip sends."""
    return {
        (s.track, "reverb_send_db"): s.reverb_send_db
        for s in draft.mix.strips if s.reverb_send_db is not None
    }  # fmt: skip


def rebuilt(draft: Draft, crate: Crate, blocks: Sequence[Block]) -> Draft:
    """The draft with its song made of `blocks`, its fades at its new ends."""
    _, fades = taken_apart(draft.song)
    song = put_together(draft.song, blocks, fades, rests(draft))
    names = {s.name for s in song.sections}
    choices = tuple(c for c in draft.palette.choices if (section_of(c.slot) or "") in names | {""})
    locks = tuple(k for k in draft.locks if k.kind != "section" or k.name in names)
    palette = draft.palette
    if choices != palette.choices:
        palette = replace(palette, choices=choices)
    return settle(replace(draft, song=song, palette=palette, locks=locks), crate)


def remove_section(edit: RemoveSection, draft: Draft, crate: Crate) -> Draft:
    """A section taken out; what follows moves up."""
    gone = asking.section(draft, edit.section)
    asking.refuse_locked_section(draft, gone.name)
    if len(draft.song.sections) == 1:
        raise EditError(f"{gone.name} is the only section; add another before you take it out")
    blocks, _ = taken_apart(draft.song)
    draft = rebuilt(draft, crate, [b for b in blocks if b.section.name != gone.name])
    draft = replace(draft, locks=tuple(k for k in draft.locks if k != Lock("section", gone.name)))
    return asking.told(
        draft, f"{gone.name} ({asking.count(gone.bars, 'bar')}) was taken out, the rest moved up"
    )
