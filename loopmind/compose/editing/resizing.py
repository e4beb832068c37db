"""A section made longer or shorter, clip by clip.

What is cut is its end, what is added goes on as it began; what leads into the next section (swells,
fills, breaks of the drums, sweeps) stays at the end, wherever that comes to lie.
"""

from __future__ import annotations

from dataclasses import replace

from loopmind.compose.editing import curves
from loopmind.compose.editing.blocks import Block, shortened
from loopmind.compose.editing.curves import Piece
from loopmind.compose.transitions import RISER
from loopmind.compose.variation import tidy_silences
from loopmind.music.draft import Draft
from loopmind.music.song import Clip, Song, with_free_id

_FILL, _CRASH = "fill", "crash"
_NEAR = 0.01


def resized(draft: Draft, song: Song, block: Block, bars: int) -> Block:
    """`block` made `bars` long. song: the one it was cut from, without fades."""
    bar = float(song.beats_per_bar)
    start = block.section.start_bar * bar
    old, new = start + block.section.bars * bar, start + bars * bar
    leading = [
        c for c in block.clips if _leads_on(c, old, bar) and c.start_beat + new - old >= start
    ]
    body = [c for c in block.clips if c not in leading]
    rests = {c.track: _last_rest(c, old, bar) for c in body if _reaches(c, old)}
    made = [_cut(c, new, old) for c in body if c.start_beat < new or c.track == _FILL]
    if new > old:
        made += _again(body, start, old, new, {c.id for c in block.clips})
    made = _with_rests(made, rests, new)
    moved = [replace(c, start_beat=c.start_beat + new - old) for c in leading]
    made = [_before(c, moved) for c in made] + moved
    pieces = {
        (a.track, a.parameter): _stretched(curves.cut_clean(a.points, start, old), bars * bar)
        for a in song.automation
    }
    section = replace(block.section, bars=bars)
    return Block(section, tuple(c for c in made if c.beats > 0), pieces)


def _reaches(clip: Clip, end: float) -> bool:
    return abs(clip.start_beat + clip.beats - end) < _NEAR


def _leads_on(clip: Clip, end: float, bar: float) -> bool:
    """Whether the clip belongs to the section's end: a swell, a stutter, a tape stop."""
    return clip.treatment != "plain" and _reaches(clip, end) and clip.beats <= 2 * bar + _NEAR


def _last_rest(clip: Clip, end: float, bar: float) -> float:
    """For how many beats the clip is silent before the section ends, up to a bar."""
    for start, length in clip.silences:
        if abs(clip.start_beat + start + length - end) < _NEAR and length <= bar:
            return length
    return 0.0


def _cut(clip: Clip, end: float, old: float) -> Clip:
    """The clip within the new end; a fill keeps its distance from it."""
    if clip.track == _FILL and clip.hits and _reaches(clip, old):
        beats = end - clip.start_beat
        hits = tuple(replace(h, beat=h.beat + end - old) for h in clip.hits)
        return replace(clip, beats=beats, hits=tuple(h for h in hits if 0.0 <= h.beat < beats))
    over = clip.start_beat + clip.beats - end
    return clip if over <= 0.0 else shortened(clip, clip.beats - over)


def _again(body: list[Clip], start: float, old: float, new: float, taken: set[str]) -> list[Clip]:
    """The section's own beginning, over and over, from its old end to the new one."""
    span = old - start
    made: list[Clip] = []
    turn = 1
    while start + turn * span < new:
        for clip in body:
            at = clip.start_beat + turn * span
            if at >= new or clip.track in (_FILL, _CRASH, RISER.id):
                continue
            copy = replace(clip, start_beat=at, fade_in_beats=0.0)
            copy = with_free_id(copy, taken)
            taken.add(copy.id)
            made.append(_cut(copy, new, old))
        turn += 1
    return made


def _with_rests(clips: list[Clip], rests: dict[str, float], end: float) -> list[Clip]:
    """The breaks before the old end put before the new one."""
    made = []
    for clip in clips:
        rest = rests.get(clip.track, 0.0)
        if rest and _reaches(clip, end) and not clip.hits and clip.beats > rest:
            silent = (clip.beats - rest, rest)
            clip = replace(clip, silences=tidy_silences((*clip.silences, silent), clip.beats))
        made.append(clip)
    return made


def _before(clip: Clip, moved: list[Clip]) -> Clip:
    """The clip up to where a moved one of its track begins."""
    for other in moved:
        over = clip.start_beat + clip.beats - other.start_beat
        if other.track == clip.track and clip.start_beat < other.start_beat and over > 0.0:
            return shortened(clip, clip.beats - over)
        if other.track == clip.track and clip.start_beat >= other.start_beat:
            return replace(clip, beats=0.0)
    return clip


def _stretched(piece: Piece, beats: float) -> Piece:
    """A stretch of a curve for another length: what leads up to its end stays at the end."""
    points = piece.points
    first = len(points) - 1
    while first > 0 and points[first - 1][1] != points[first][1]:
        first -= 1
    glide = tuple((beat + beats - piece.beats, value) for beat, value in points[first:])
    if first == 0 or len(glide) == 1 or glide[0][0] < 0.0:
        kept = curves.cut(points, 0.0, beats) if beats < piece.beats else piece
        return Piece(beats, (*kept.points, (beats, kept.points[-1][1])))
    body = [point for point in points[:first] if point[0] < glide[0][0]]
    body = body or [(0.0, points[0][1])]
    level = body[-1][1]
    held = [*body, (max(glide[0][0] - curves.STEP_BEATS, body[-1][0]), level)]
    return Piece(beats, (*held, *glide))
