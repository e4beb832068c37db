"""The swing of a song moved: loops follow it when they are fitted, struck notes are moved here."""

from __future__ import annotations

from dataclasses import replace

from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.music.draft import Draft
from loopmind.music.edit import SetSwing
from loopmind.music.loop import Crate
from loopmind.music.song import Clip, swung

STRAIGHT, MOST_SWING = 0.5, 0.75
LEAST_STEP = 1e-3


def set_swing(edit: SetSwing, draft: Draft, crate: Crate) -> Draft:
    """The song straighter or more swung; loops that are heard to swing are moved with it."""
    old = draft.song.swing
    wanted = old + edit.by if edit.swing is None else edit.swing
    if edit.swing is not None and not STRAIGHT <= wanted <= MOST_SWING:
        raise EditError(
            f"a swing of {wanted:g} cannot be played; say {STRAIGHT:g} (straight) to {MOST_SWING:g}"
        )
    swing = round(min(max(wanted, STRAIGHT), MOST_SWING), 4)
    if abs(swing - old) < LEAST_STEP:
        how = "straight" if old <= STRAIGHT else f"swung by {old:.0%}"
        raise EditError(f"the song is {how} already; ask for more or for less swing")
    clips = tuple(_swung(clip, old, swing) for clip in draft.song.clips)
    song = replace(draft.song, swing=swing, clips=clips)
    palette = replace(draft.palette, swing=swing)
    said = f"the song's eighths swing {swing:.0%} in place of {old:.0%} (50 % is straight)"
    return asking.told(replace(draft, song=song, palette=palette), said)


def _swung(clip: Clip, old: float, new: float) -> Clip:
    if not clip.hits:
        return clip
    moved = tuple(replace(h, beat=swung_beat(h.beat, old, new)) for h in clip.hits)
    return replace(clip, hits=moved)


def swung_beat(beat: float, old: float, new: float) -> float:
    """Where a note goes that lies on `beat` of a grid swung by `old`, if it is swung by `new`.

    Beats stay; between them time is stretched on both sides of the second eighth.

    >>> swung_beat(2.6, 0.6, 0.5), swung_beat(2.0, 0.6, 0.5), swung_beat(0.25, 0.5, 0.6)
    (2.5, 2.0, 0.3)
    """
    return round(swung(beat, old, new), 6)
