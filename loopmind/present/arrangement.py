"""The arrangement as a picture: sections on top, tracks by bars, the loudness below.

All places across are percentages of the song's length, so one drawing serves every width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loopmind.music.loop import STEPS_PER_BAR, Crate
from loopmind.music.measured import Measured
from loopmind.music.song import Clip, Song
from loopmind.present.style import (
    BACKGROUND,
    LINE,
    MUTED,
    ORANGE,
    PURPLE,
    SECTION_COLOURS,
    TEXT,
    clock,
    file_name,
    number,
    role_colour,
    safe,
)

SECTION_HEIGHT = 38
LANE_HEIGHT = 34
CURVE_HEIGHT = 72
AXIS_HEIGHT = 20
LABEL_WIDTH = 118
QUIETEST_LUFS = -40.0
LOUDEST_LUFS = -6.0
TREATMENT_SIGNS = {
    "reverse": "\u25c0", "riser": "\u2197", "fall": "\u2198", "stutter": "\u2261",
    "tape_stop": "\u23fc",
}  # fmt: skip


def arrangement_svg(
    song: Song, crate: Crate | None = None, measured: Measured | None = None, *, width: int = 1200
) -> str:
    """The arrangement as a standalone SVG document `width` pixels wide, track names included.

    With a crate the clips show the rhythm of their loops, with measurements the loudness.
    """
    height = canvas_height(song, measured)
    inner = canvas(song, crate, measured)
    labels = "".join(
        f'<text x="{LABEL_WIDTH - 12}" y="{y + 4:.0f}" text-anchor="end" fill="{colour}" '
        f'font-size="12">{safe(_shortened(name, 15))}</text>'
        for name, y, colour in label_places(song, measured)
    )
    key = f" \u00b7 {song.key.written}" if song.key else ""
    heading = f"{number(song.bpm, 2)} bpm{key} \u00b7 {song.bars} bars"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height + 64}" '
        f'font-family="system-ui, sans-serif" role="img">'
        f"<title>{safe(song.title)}</title>"
        f'<rect width="100%" height="100%" fill="{BACKGROUND}"/>'
        f'<text x="20" y="32" fill="{TEXT}" font-size="18" font-weight="700">'
        f"{safe(_shortened(song.title, 60))}</text>"
        f'<text x="{width - 20}" y="32" text-anchor="end" fill="{MUTED}" font-size="13">'
        f"{safe(heading)}</text>"
        f'<g transform="translate(0 48)">{labels}</g>'
        f'<svg x="{LABEL_WIDTH}" y="48" width="{width - LABEL_WIDTH - 20}" height="{height}">'
        f"{inner}</svg></svg>\n"
    )


def canvas_height(song: Song, measured: Measured | None) -> int:
    """Height in pixels of what `canvas` draws."""
    curve = CURVE_HEIGHT if measured and measured.curve_lufs else 0
    return SECTION_HEIGHT + LANE_HEIGHT * len(song.tracks) + curve + AXIS_HEIGHT


def label_places(song: Song, measured: Measured | None) -> list[tuple[str, float, str]]:
    """(label, middle of its row in pixels, colour) for every row of the canvas."""
    rows = [("Sections", SECTION_HEIGHT / 2, MUTED)]
    for row, track in enumerate(song.tracks):
        middle = SECTION_HEIGHT + (row + 0.5) * LANE_HEIGHT
        rows.append((track.name, middle, role_colour(track.role)))
    if measured and measured.curve_lufs:
        top = SECTION_HEIGHT + len(song.tracks) * LANE_HEIGHT
        rows.append(("Loudness", top + CURVE_HEIGHT / 2, MUTED))
    return rows


def canvas(song: Song, crate: Crate | None, measured: Measured | None) -> str:
    """The drawing itself, to be put in an <svg> of any width and `canvas_height` height."""
    total = song_seconds(song, measured)
    loops = crate.by_digest() if crate else {}
    rhythms = {digest: loop.rhythm for digest, loop in loops.items()}
    names = {digest: file_name(loop.path) for digest, loop in loops.items()}
    parts = [_definitions(song), _grid(song, total), _sections(song, total)]
    for row, track in enumerate(song.tracks):
        top = SECTION_HEIGHT + row * LANE_HEIGHT
        clips = [clip for clip in song.clips if clip.track == track.id]
        colour = role_colour(track.role)
        parts += [_clip(song, c, top, total, colour, rhythms, names) for c in clips]
        parts.append(_automation(song, track.id, top, total))
    bottom = SECTION_HEIGHT + LANE_HEIGHT * len(song.tracks)
    if measured and measured.curve_lufs:
        parts.append(_curve(measured, bottom, total))
        bottom += CURVE_HEIGHT
    parts.append(_axis(song, bottom, total))
    return "".join(parts)


def song_seconds(song: Song, measured: Measured | None) -> float:
    """Length shown: of the audio where it was measured, else of song and tail."""
    planned = song.tempo.seconds(song.beats + song.tail_beats)
    return max(measured.duration_s if measured else planned, 1e-3)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "\u2026"


def _share(song: Song, beat: float, total: float) -> float:
    return 100.0 * song.tempo.seconds(beat) / total


def _definitions(song: Song) -> str:
    roles = sorted({track.role for track in song.tracks})
    gradients = "".join(
        f'<linearGradient id="role-{role}" x1="0" y1="0" x2="0" y2="1">'
        f'<stop offset="0" stop-color="{role_colour(role)}" stop-opacity=".46"/>'
        f'<stop offset="1" stop-color="{role_colour(role)}" stop-opacity=".2"/></linearGradient>'
        for role in roles
    )
    return (
        f"<defs>{gradients}"
        f'<linearGradient id="loud" x1="0" y1="0" x2="0" y2="1">'
        f'<stop offset="0" stop-color="{ORANGE}" stop-opacity=".85"/>'
        f'<stop offset="1" stop-color="{PURPLE}" stop-opacity=".12"/></linearGradient>'
        f'<linearGradient id="rise"><stop offset="0" stop-color="{BACKGROUND}" '
        f'stop-opacity=".85"/><stop offset="1" stop-color="{BACKGROUND}" stop-opacity="0"/>'
        f'</linearGradient><linearGradient id="sink"><stop offset="0" stop-color="{BACKGROUND}" '
        f'stop-opacity="0"/><stop offset="1" stop-color="{BACKGROUND}" stop-opacity=".85"/>'
        f"</linearGradient></defs>"
    )


def _grid(song: Song, total: float) -> str:
    """Lane backgrounds and a line for every fourth bar."""
    lanes = "".join(
        f'<rect x="0" y="{SECTION_HEIGHT + row * LANE_HEIGHT}" width="100%" '
        f'height="{LANE_HEIGHT}" fill="#fff" fill-opacity="{0.03 if row % 2 else 0.012}"/>'
        for row in range(len(song.tracks))
    )
    bottom = SECTION_HEIGHT + LANE_HEIGHT * len(song.tracks)
    lines = []
    for bar in range(0, song.bars + 1, 4):
        x = _share(song, bar * song.beats_per_bar, total)
        lines.append(
            f'<line x1="{x:.3f}%" x2="{x:.3f}%" y1="{SECTION_HEIGHT}" y2="{bottom}" '
            f'stroke="{LINE}"/>'
        )
    return lanes + "".join(lines)


def _sections(song: Song, total: float) -> str:
    parts = []
    for section in song.sections:
        x = _share(song, section.start_bar * song.beats_per_bar, total)
        width = _share(song, section.bars * song.beats_per_bar, total)
        colour = SECTION_COLOURS.get(section.kind, MUTED)
        inside = SECTION_HEIGHT - 4
        level = max(3.0, inside * min(1.0, max(0.0, section.energy)))
        about = f"{section.name}: {section.bars} bars, energy {round(section.energy * 100)} %"
        parts.append(
            f'<svg class="section" x="{x:.3f}%" y="0" width="{width:.3f}%" height="{inside}">'
            f"<title>{safe(about)}</title>"
            f'<rect width="100%" height="100%" rx="5" fill="{colour}" fill-opacity=".3"/>'
            f'<rect y="{inside - level:.1f}" width="100%" height="{level:.1f}" rx="5" '
            f'fill="{colour}" fill-opacity=".48"/>'
            f'<rect width="3" height="100%" fill="{colour}"/>'
            f'<text x="9" y="14" fill="{TEXT}" font-size="11.5" font-weight="600">'
            f"{safe(section.name)}</text>"
            f'<text x="9" y="28" fill="{TEXT}" fill-opacity=".8" font-size="10">'
            f"{section.bars}</text></svg>"
        )
    return "".join(parts)


def _clip(
    song: Song,
    clip: Clip,
    top: float,
    total: float,
    colour: str,
    rhythms: Mapping[str, Sequence[float]],
    names: Mapping[str, str],
) -> str:
    x, width = _share(song, clip.start_beat, total), _share(song, clip.beats, total)
    height = LANE_HEIGHT - 5
    role = next((t.role for t in song.tracks if t.id == clip.track), "")
    what = names.get(clip.digest, "loop") if clip.digest else f"pattern of {len(clip.hits)} hits"
    treated = "" if clip.treatment == "plain" else f", {clip.treatment.replace('_', ' ')}"
    bar = clip.start_beat / song.beats_per_bar + 1
    about = f"{what}{treated}, from bar {number(bar, 2)}, {number(clip.beats, 2)} beats"
    shapes = [
        f'<rect x=".5" y=".5" width="100%" height="{height}" rx="4" fill="url(#role-{role})"/>',
        _steps(song, clip, rhythms, height, colour),
    ]
    for start, length in clip.silences:
        shapes.append(
            f'<rect x="{100 * start / clip.beats:.2f}%" width="{100 * length / clip.beats:.2f}%" '
            f'height="100%" fill="{BACKGROUND}" fill-opacity=".86"/>'
        )
    if clip.fade_in_beats > 0:
        share = 100 * clip.fade_in_beats / clip.beats
        shapes.append(f'<rect width="{share:.2f}%" height="100%" fill="url(#rise)"/>')
    if clip.fade_out_beats > 0:
        share = 100 * clip.fade_out_beats / clip.beats
        shapes.append(
            f'<rect x="{100 - share:.2f}%" width="{share:.2f}%" height="100%" fill="url(#sink)"/>'
        )
    sign = TREATMENT_SIGNS.get(clip.treatment)
    if sign:
        shapes.append(f'<text x="6" y="{height - 9}" fill="{TEXT}" font-size="14">{sign}</text>')
    shapes.append(f'<rect width="2.5" height="{height}" rx="1" fill="{colour}"/>')
    return (
        f'<svg class="clip" x="{x:.3f}%" y="{top + 2.5:.1f}" width="{width:.3f}%" '
        f'height="{height}"><title>{safe(about)}</title>{"".join(shapes)}</svg>'
    )


def _steps(
    song: Song, clip: Clip, rhythms: Mapping[str, Sequence[float]], height: float, colour: str
) -> str:
    """Bars for the sounding steps: a pattern's hits, or the rhythm heard in the loop.

    Filled shapes scale with the drawing, so a narrow one shows their density.
    """
    per_beat = STEPS_PER_BAR / song.beats_per_bar
    marks: list[tuple[float, float]] = []
    if clip.hits:
        marks = [(hit.beat * per_beat, hit.velocity) for hit in clip.hits]
    elif clip.treatment == "plain":
        rhythm = rhythms.get(clip.digest, ())
        if rhythm and max(rhythm) > 0:
            for step in range(int(clip.beats * per_beat)):
                level = rhythm[int(step + clip.offset_beats * per_beat) % len(rhythm)] / max(rhythm)
                if level > 0.08:
                    marks.append((float(step), level))
    if not marks:
        return ""
    middle = height / 2
    path = "".join(
        f"M{step:.4g} {middle - level * middle * 0.72:.1f}h.62v{level * middle * 1.44:.1f}h-.62z"
        for step, level in marks
    )
    return (
        f'<svg width="100%" height="{height}" viewBox="0 0 {clip.beats * per_beat:.4g} {height}" '
        f'preserveAspectRatio="none"><path d="{path}" fill="{colour}"/></svg>'
    )


def _automation(song: Song, track: str, top: float, total: float) -> str:
    parts = []
    for curve in song.automation:
        if curve.track != track:
            continue
        values = [value for _, value in curve.points]
        low, high = min(values), max(values)
        span = (high - low) or 1.0
        points = [
            (10 * _share(song, beat, total), 26 - 22 * (value - low) / span)
            for beat, value in curve.points
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        title = f"{curve.parameter}: {number(low)} to {number(high)}"
        parts.append(
            f'<svg y="{top + 2.5:.1f}" width="100%" height="{LANE_HEIGHT - 5}" '
            f'viewBox="0 0 1000 {LANE_HEIGHT - 5}" preserveAspectRatio="none">'
            f"<title>{safe(title)}</title>"
            f'<polyline points="{line}" fill="none" stroke="{TEXT}" stroke-opacity=".5" '
            f'stroke-width="1.3" stroke-dasharray="4 3" vector-effect="non-scaling-stroke"/></svg>'
        )
    return "".join(parts)


def _curve(measured: Measured, top: float, total: float) -> str:
    height = CURVE_HEIGHT - 10

    def y(level: float) -> float:
        part = (max(level, QUIETEST_LUFS) - QUIETEST_LUFS) / (LOUDEST_LUFS - QUIETEST_LUFS)
        return height * (1.0 - min(1.0, max(0.0, part)))

    points = [
        (1000.0 * min(1.0, number_ * measured.curve_step_s / total), y(level))
        for number_, level in enumerate(measured.curve_lufs)
    ]
    line = " L".join(f"{x:.1f} {level:.1f}" for x, level in points)
    last = points[-1][0]
    goal = y(measured.loudness_lufs)
    return (
        f'<svg y="{top + 6:.0f}" width="100%" height="{height}" viewBox="0 0 1000 {height}" '
        f'preserveAspectRatio="none"><title>Short-term loudness</title>'
        f'<path d="M0 {height} L{line} L{last:.1f} {height}Z" fill="url(#loud)"/>'
        f'<path d="M{line}" fill="none" stroke="{ORANGE}" stroke-width="1.6" '
        f'vector-effect="non-scaling-stroke"/>'
        f'<path d="M0 {goal:.1f}H1000" stroke="{TEXT}" stroke-opacity=".5" stroke-dasharray="3 4" '
        f'vector-effect="non-scaling-stroke"/></svg>'
        f'<text x="100%" dx="-4" y="{top + 2 + max(12.0, goal):.1f}" text-anchor="end" '
        f'fill="{TEXT}" font-size="10.5">{number(measured.loudness_lufs)} LUFS</text>'
    )


def _axis(song: Song, top: float, total: float) -> str:
    """Bar numbers, at most about fourteen, and the time at the end."""
    step = next(n for n in (4, 8, 16, 32, 64, 128, 1 << 30) if song.bars / n <= 14)
    marks = "".join(
        f'<text x="{_share(song, bar * song.beats_per_bar, total):.3f}%" dx="2" y="{top + 14}" '
        f'fill="{MUTED}" font-size="10.5">{bar + 1}</text>'
        for bar in range(0, song.bars, step)
    )
    return (
        marks + f'<text x="100%" dx="-2" y="{top + 14}" text-anchor="end" fill="{MUTED}" '
        f'font-size="10.5">{clock(total)}</text>'
    )
