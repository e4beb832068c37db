"""Automation cut, moved and drawn: one curve a track and parameter, its points kept as they are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from loopmind.music.mix import EFFECT_KINDS
from loopmind.music.song import Automation, Section, Song

# From one value to another within a sixteenth of a beat, as a jump would click.
STEP_BEATS = 1.0 / 16.0
# Soon enough for nothing of a stroke to slip through, and no click yet.
QUICK_BEATS = 1.0 / 128.0
REST: dict[str, float] = {
    "gain_db": 0.0, "lowpass_hz": 20000.0, "highpass_hz": 20.0, "reverb_send_db": -90.0,
    **dict.fromkeys(EFFECT_KINDS, 0.0),
}  # fmt: skip
Points = tuple[tuple[float, float], ...]
CurveKey = tuple[str, str]


@dataclass(frozen=True)
class Piece:
    """A stretch of a curve: points from its start, its first and last value among them."""

    beats: float
    points: Points


def value_at(points: Points, beat: float) -> float:
    """The value that a curve has at `beat` (after a jump on it)."""
    place = bisect_right(points, beat, key=lambda point: point[0])
    if place == 0:
        return points[0][1]
    if place == len(points):
        return points[-1][1]
    (b0, v0), (b1, v1) = points[place - 1], points[place]
    return v0 + (v1 - v0) * (beat - b0) / (b1 - b0)


def cut(points: Points, start: float, end: float) -> Piece:
    """The stretch from `start` to `end`, moved to 0."""
    inside = [(beat - start, value) for beat, value in points if start <= beat <= end]
    if not inside or inside[0][0] > 0.0:
        inside.insert(0, (0.0, value_at(points, start)))
    if inside[-1][0] < end - start:
        inside.append((end - start, value_at(points, end)))
    return Piece(end - start, tuple(inside))


def cut_clean(points: Points, start: float, end: float) -> Piece:
    """The same without the steps that lead out of what was before and into what comes after.

    A glide that ends with the stretch before this one leaves a step just behind `start`, one that
    begins with the next leaves a step just before `end`.
    """
    beats = end - start
    inside = list(cut(points, start, end).points)
    while len(inside) > 1 and inside[1][0] <= STEP_BEATS and start > 0.0:
        inside = [(0.0, inside[1][1]), *inside[2:]]
    while len(inside) > 1 and inside[-2][0] >= beats - STEP_BEATS > 0.0:
        inside = [*inside[:-2], (beats, inside[-2][1])]
    if inside[-1][0] < beats:
        inside.append((beats, inside[-1][1]))
    return Piece(beats, tuple(inside))


def join(pieces: Sequence[tuple[float, Piece]], step: float = STEP_BEATS) -> Points:
    """Pieces (each at its beat, in order of time) as one curve.

    Where one does not begin as the one before it ends, it begins `step` later.
    """
    made: list[tuple[float, float]] = []
    for at, piece in pieces:
        own = [(at + beat, value) for beat, value in piece.points]
        if made and own:
            last = made[-1]
            if abs(last[1] - own[0][1]) < 1e-9:
                # An end that is drawn already needs no second point.
                own = own[1:] if own[0][0] <= last[0] else own
            else:
                late = last[0] + step
                start = value_at(tuple(own), late)
                own = [(late, start), *((b, v) for b, v in own if b > late)]
        made += own
    return tuple(_without_idle(made))


def _without_idle(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points without those in the middle of a level stretch."""
    kept: list[tuple[float, float]] = []
    for i, (beat, value) in enumerate(points):
        idle = (
            0 < i < len(points) - 1
            and kept[-1][1] == value == points[i + 1][1]
        )  # fmt: skip
        if not idle:
            kept.append((beat, value))
    # After its last point a curve stays level anyway.
    return kept[:-1] if len(kept) > 1 and kept[-1][1] == kept[-2][1] else kept


def of(song: Song, track: str, parameter: str) -> Automation | None:
    """The song's curve for a parameter, if one is drawn."""
    for curve in song.automation:
        if (curve.track, curve.parameter) == (track, parameter):
            return curve
    return None


def with_curve(song: Song, key: CurveKey, points: Points | None) -> Song:
    """`song` with the curve in place of the one it had; None takes it out."""
    others = [a for a in song.automation if (a.track, a.parameter) != key]
    if points is None:
        return replace(song, automation=tuple(others))
    made = Automation(key[0], key[1], points)
    place = next(
        (i for i, a in enumerate(song.automation) if (a.track, a.parameter) == key), len(others)
    )
    return replace(song, automation=(*others[:place], made, *others[place:]))


def drawn_in(
    song: Song, track: str, parameter: str, section: Section, change: Callable[[float], float],
    rest: float,
) -> Song:  # fmt: skip
    """`song` with a curve changed in one section only; outside it keeps its values.

    The steps there and back lie within the section, so that what follows is what it was; where its
    neighbour is drawn in too, one leads into the other. rest: the value of a parameter for which
    nothing is drawn yet.
    """
    bar = song.beats_per_bar
    start, end = float(section.start_bar * bar), float((section.start_bar + section.bars) * bar)
    held = of(song, track, parameter)
    points = held.points if held is not None else ((0.0, rest),)
    whole = song.beats + song.tail_beats
    inside = cut(points, start, end)
    changed = Piece(inside.beats, tuple((b, change(v)) for b, v in inside.points))
    if changed == inside:
        return song
    # A level that comes late lets the first stroke through.
    step = QUICK_BEATS if parameter == "gain_db" else STEP_BEATS
    pieces = [(start, changed)]
    if start > 0.0:
        pieces.insert(0, (0.0, _held(cut(points, 0.0, start))))
    if end < whole:
        after = cut(points, end, max(whole, points[-1][0]))
        back = after.points[0][1]
        opens = len(after.points) > 1 and 0.0 < after.points[1][0] <= STEP_BEATS
        if opens and after.points[1][1] != back:
            # The next section steps away from where this one was: it does so from where it is now.
            after = Piece(after.beats, ((0.0, changed.points[-1][1]), *after.points[1:]))
        elif abs(changed.points[-1][1] - back) > 1e-9:
            closed = cut(changed.points, 0.0, changed.beats - step).points
            pieces[-1] = (start, Piece(changed.beats, (*closed, (changed.beats, back))))
        pieces.append((end, after))
    return with_curve(song, (track, parameter), join(pieces, step))


def _held(piece: Piece) -> Piece:
    """A stretch without the step back at its very end."""
    points = piece.points
    steps = len(points) > 1 and points[-1][0] - points[-2][0] <= STEP_BEATS
    if not steps or points[-1][0] < piece.beats:
        return piece
    return Piece(piece.beats, (*points[:-1], (piece.beats, points[-2][1])))
