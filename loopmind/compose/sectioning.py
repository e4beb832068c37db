"""What lies within one section of a song: its clips, and its part of the automation."""

from __future__ import annotations

import math

from loopmind.compose.transitions import FLOOR_HZ, OPEN_HZ
from loopmind.music.song import Automation, Clip, Section, Song

RESTING = {"gain_db": 0.0, "lowpass_hz": OPEN_HZ, "highpass_hz": FLOOR_HZ}
"""Values of automation that change nothing, by parameter."""
SILENT_SEND_DB = -120.0
"""Of a send that is not there."""

Point = tuple[float, float]


def section_clips(song: Song, section: Section, track: str) -> list[Clip]:
    """The clips of a track that begin in a section, in order."""
    start = section.start_bar * song.beats_per_bar
    end = start + section.bars * song.beats_per_bar
    found = [c for c in song.clips if c.track == track and start <= c.start_beat < end]
    return sorted(found, key=lambda clip: (clip.start_beat, clip.id))


def curve_at(curve: Automation | None, beat: float, rest: float) -> float:
    """The value of a curve at a beat, as the renderer reads it; `rest` where there is no curve."""
    if curve is None:
        return rest
    earlier = [p for p in curve.points if p[0] <= beat]
    later = [p for p in curve.points if p[0] > beat]
    if not earlier or not later:
        return (earlier[-1] if earlier else later[0])[1]
    (x, y), (u, v) = earlier[-1], later[0]
    share = (beat - x) / (u - x)
    if curve.parameter.endswith("_hz"):
        y, v = max(y, 1.0), max(v, 1.0)
        return math.exp(math.log(y) + (math.log(v) - math.log(y)) * share)
    return y + (v - y) * share


def curve_within(
    curve: Automation | None, start: float, span: float, rest: float
) -> tuple[Point, ...]:
    """The curve's points in a stretch, told from its start, with its values at both ends."""
    points = () if curve is None else curve.points
    inside = ((b - start, v) for b, v in points if start < b < start + span)
    first, last = (curve_at(curve, beat, rest) for beat in (start, start + span))
    return ((0.0, first), *inside, (span, last))


def is_same_curve(a: tuple[Point, ...], b: tuple[Point, ...], near: float = 1e-6) -> bool:
    """Do two stretches of automation sound the same? A flat one may have any number of points."""
    if len({round(v, 6) for _, v in (*a, *b)}) == 1:
        return True
    return len(a) == len(b) and all(
        abs(p[0] - q[0]) <= near and abs(p[1] - q[1]) <= near for p, q in zip(a, b, strict=True)
    )
