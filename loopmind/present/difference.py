"""Two arrangements one above the other, with what differs between them marked."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from loopmind.music.loop import Crate
from loopmind.music.song import Section, Song
from loopmind.present.arrangement import (
    LABEL_WIDTH,
    LANE_HEIGHT,
    SECTION_HEIGHT,
    canvas,
    canvas_height,
    label_places,
    song_seconds,
)
from loopmind.present.style import BACKGROUND, MUTED, ORANGE, TEXT, safe

_HEAD, _GAP, _FOOT = 84, 40, 16
_LINE_LETTERS = 160
_MARK = "#ffffff"

Marks = Mapping[tuple[str, str], str]
"""(section, track) -> what changed there, in words; track "" for the section itself."""


def difference_svg(
    before: Song,
    after: Song,
    marks: Marks,
    *,
    title: str,
    names: tuple[str, str] = ("before", "after"),
    crate: Crate | None = None,
    lines: tuple[str, ...] = (),
    width: int = 1200,
) -> str:
    """Both arrangements as a standalone SVG document, on one scale of time.

    Parts in `marks` are framed in both; what is not framed is identical. lines: words below.
    """
    inner = width - LABEL_WIDTH - 20
    longest = max(song_seconds(before, None), song_seconds(after, None))
    parts, top = [], _HEAD
    for song, name in ((before, names[0]), (after, names[1])):
        height = canvas_height(song, None)
        drawn = inner * song_seconds(song, None) / longest
        labels = "".join(
            f'<text x="{LABEL_WIDTH - 12}" y="{y + 4:.0f}" text-anchor="end" fill="{colour}" '
            f'font-size="12">{safe(label[:15])}</text>'
            for label, y, colour in label_places(song, None)
        )
        parts.append(
            f'<text x="20" y="{top - 10}" fill="{ORANGE}" font-size="13" font-weight="600">'
            f"{safe(name)}</text>"
            f'<g transform="translate(0 {top})">{labels}</g>'
            f'<svg x="{LABEL_WIDTH}" y="{top}" width="{drawn:.1f}" height="{height}">'
            f"{canvas(song, crate, None)}{_veil(song, marks)}{_frames(song, marks)}</svg>"
        )
        top += height + _GAP
    for piece in (piece for line in lines for piece in _wrapped(line)):
        parts.append(f'<text x="20" y="{top}" fill="{TEXT}" font-size="12">{safe(piece)}</text>')
        top += 18
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top + _FOOT}" '
        f'font-family="system-ui, sans-serif" role="img">'
        f"<title>{safe(title)}</title>"
        f'<rect width="100%" height="100%" fill="{BACKGROUND}"/>'
        f'<text x="20" y="32" fill="{TEXT}" font-size="18" font-weight="700">{safe(title)}</text>'
        f'<text x="{width - 20}" y="32" text-anchor="end" fill="{MUTED}" font-size="13">'
        f"framed: different · dimmed: identical</text>"
        f"{''.join(parts)}</svg>\n"
    )


def _wrapped(line: str) -> list[str]:
    """A line in pieces that fit into the picture; SVG wraps nothing by itself."""
    return textwrap.wrap(line.strip(), _LINE_LETTERS, subsequent_indent="\u2003") or [""]


def _place(song: Song, section: Section) -> tuple[float, float]:
    """(start, width) of a section in percent of the drawing."""
    total, bar = song_seconds(song, None), song.beats_per_bar
    start, end = (
        100.0 * song.tempo.seconds(at * bar) / total
        for at in (section.start_bar, section.start_bar + section.bars)
    )
    return start, end - start


def _veil(song: Song, marks: Marks) -> str:
    """Dims every part that is identical."""
    parts = []
    for section in song.sections:
        x, width = _place(song, section)
        for row, track in enumerate(song.tracks):
            if (section.name, track.id) not in marks:
                y = SECTION_HEIGHT + row * LANE_HEIGHT
                parts.append(
                    f'<rect x="{x:.3f}%" y="{y}" width="{width:.3f}%" height="{LANE_HEIGHT}" '
                    f'fill="{BACKGROUND}" fill-opacity=".62"/>'
                )
        if not any(name == section.name for name, _ in marks):
            parts.append(
                f'<rect x="{x:.3f}%" y="0" width="{width:.3f}%" height="{SECTION_HEIGHT - 4}" '
                f'fill="{BACKGROUND}" fill-opacity=".55"/>'
            )
    return "".join(parts)


def _frames(song: Song, marks: Marks) -> str:
    rows = {track.id: row for row, track in enumerate(song.tracks)}
    sections = {section.name: section for section in song.sections}
    parts = []
    for (name, track), words in marks.items():
        section = sections.get(name)
        if section is None or (track and track not in rows):
            continue
        x, width = _place(song, section)
        y, height = 1.0, SECTION_HEIGHT - 6.0
        if track:
            y, height = SECTION_HEIGHT + rows[track] * LANE_HEIGHT + 1.0, LANE_HEIGHT - 2.0
        about = f"{name}, {track}: {words}" if track else f"{name}: {words}"
        parts.append(
            f'<rect class="changed" x="{x:.3f}%" y="{y}" width="{width:.3f}%" height="{height}" '
            f'rx="5" fill="{ORANGE}" fill-opacity=".1" stroke="{_MARK}" stroke-width="1.6">'
            f"<title>{safe(about)}</title></rect>"
        )
    return "".join(parts)
