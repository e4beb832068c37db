"""How a song that does not fade ends: its rhythm stops and a last sound falls away.

When another section comes last, that end goes with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loopmind.compose.editing.blocks import Block
from loopmind.compose.transitions import RISER
from loopmind.compose.variation import tidy_silences
from loopmind.music.draft import Draft
from loopmind.music.song import Clip

_RHYTHM = frozenset({"drums", "percussion", "bass"})
_LEADING = frozenset({"riser", "reverse"})


def ended(draft: Draft, blocks: Sequence[Block]) -> Sequence[Block]:
    """`blocks`, the last of which ends as the song did, if it fell away at its end."""
    song = draft.song
    bar = float(song.beats_per_bar)
    old = song.sections[-1]
    last = blocks[-1]
    if last.section.name == old.name or draft.is_locked("section", last.section.name):
        return blocks
    if _fall(last, bar) is not None or last.section.bars < 2:
        return blocks
    source = Block(old, tuple(c for c in song.clips if c.track == RISER.id))
    fall = _fall(source, bar)
    if fall is None:
        return blocks
    end = (last.section.start_bar + last.section.bars) * bar
    roles = {t.id: t.role for t in song.tracks}
    clips = []
    for clip in last.clips:
        finish = clip.start_beat + clip.beats
        if clip.track == RISER.id and clip.treatment in _LEADING and finish >= end - 0.01:
            continue
        free = not draft.is_locked("track", clip.track)
        if roles.get(clip.track) in _RHYTHM and finish > end - bar + 1.0 and free:
            clip = _stopped(clip, end - bar + 1.0)
        clips.append(clip)
    taken = {c.id for c in clips}
    number = 0
    while f"{last.section.name}/{RISER.id}/{number}" in taken:
        number += 1
    name = f"{last.section.name}/{RISER.id}/{number}"
    clips.append(replace(fall, id=name, start_beat=end - fall.beats))
    return [*blocks[:-1], replace(last, clips=tuple(clips))]


def _fall(block: Block, bar: float) -> Clip | None:
    end = (block.section.start_bar + block.section.bars) * bar
    for clip in block.clips:
        if clip.treatment == "fall" and abs(clip.start_beat + clip.beats - end) < 0.01:
            return clip
    return None


def _stopped(clip: Clip, beat: float) -> Clip:
    """The clip silent from `beat` of the song on."""
    at = max(beat - clip.start_beat, 0.0)
    if clip.hits:
        return replace(clip, hits=tuple(hit for hit in clip.hits if hit.beat < at))
    rest = (at, clip.beats - at)
    return replace(clip, silences=tidy_silences((*clip.silences, rest), clip.beats))
