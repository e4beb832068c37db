"""A section made into two at a bar, so that each half can be changed by itself."""

from __future__ import annotations

from dataclasses import replace

from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.blocks import Block, new_name, renamed, shortened, taken_apart
from loopmind.compose.editing.form import (
    MOST_SECTIONS,
    rebuilt,
    with_copied_choices,
)
from loopmind.compose.editing.recordings import rest_of
from loopmind.music.draft import Draft
from loopmind.music.edit import SplitSection
from loopmind.music.loop import Crate
from loopmind.music.song import Clip


def split_section(edit: SplitSection, draft: Draft, crate: Crate) -> Draft:
    """A section as two that follow each other; only the edges of clips at the cut are new."""
    held = asking.section(draft, edit.section)
    asking.refuse_locked_section(draft, held.name)
    if held.bars < 2:
        raise EditError(f"{held.name} is one bar long and cannot be split; choose a longer section")
    at = edit.bars or held.bars // 2
    if not 1 <= at < held.bars:
        raise EditError(
            f"{held.name} has {held.bars} bars, so it is split after 1 to {held.bars - 1} of them, "
            f"not {edit.bars}"
        )
    if len(draft.song.sections) >= MOST_SECTIONS:
        raise EditError(f"{MOST_SECTIONS} sections are the most; take one out first")
    name = new_name(draft.song.sections, held.kind)
    if name == held.kind:  # "intro" alone would be taken for the first of two
        name = f"{held.kind} 2"
    blocks, _, _ = taken_apart(draft.song)
    made: list[Block] = []
    for block in blocks:
        made += _halves(block, at, draft.song.beats_per_bar, name, draft) if (
            block.section.name == held.name
        ) else [block]  # fmt: skip
    palette = with_copied_choices(draft.palette, held.name, name)
    draft = rebuilt(replace(draft, palette=palette), crate, made)
    bars = asking.count(at, "bar"), asking.count(held.bars - at, "bar")
    return asking.told(
        draft,
        f"{held.name} is two sections now, {held.name} ({bars[0]}) and {name} ({bars[1]}), which "
        "sound as before",
    )


def _halves(block: Block, bars: int, bar: int, name: str, draft: Draft) -> list[Block]:
    """The block cut in two `bars` bars after its start."""
    section = block.section
    cut = float((section.start_bar + bars) * bar)
    before: list[Clip] = []
    after: list[Clip] = []
    for clip in block.clips:
        if clip.start_beat >= cut:
            after.append(clip)
        elif clip.start_beat + clip.beats <= cut or clip.treatment != "plain":
            before.append(clip)  # what is treated as a whole rings on over the cut
        else:
            room = cut - clip.start_beat
            before.append(replace(shortened(clip, room), fade_out_beats=0.0))
            after.append(rest_of(clip, room))
    kept = [c for c in after if _sounds(c)]
    second = Block(
        replace(section, start_bar=section.start_bar + bars, bars=section.bars - bars), tuple(kept)
    )
    first = Block(replace(section, bars=bars), tuple(c for c in before if _sounds(c)))
    return [first, renamed(second, name, [c.id for c in draft.song.clips])]


def _sounds(clip: Clip) -> bool:
    silent = sum(length for _, length in clip.silences)
    return bool(clip.hits or clip.digest) and silent < clip.beats - 1e-6
