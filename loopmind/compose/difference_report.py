"""The difference between two songs as a value, and as lines for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["identical", "changed", "added", "removed"]


@dataclass(frozen=True)
class Change:
    """One thing that differs: its kind ("sound", "clips", "level", "place" ...), in words."""

    what: str
    words: str


@dataclass(frozen=True)
class Cell:
    """One track in one section. added, removed: it plays only after, only before."""

    track: str
    status: Status
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class SectionDifference:
    """One section: its own changes (length, energy, place), and its tracks.

    bars_before, bars_after: (first bar from 0, bars), None where it is not there. untouched:
    every clip and all automation in it is the same, wherever it lies.
    """

    name: str
    status: Status
    untouched: bool
    bars_before: tuple[int, int] | None
    bars_after: tuple[int, int] | None
    changes: tuple[Change, ...] = ()
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class TrackDifference:
    """One track in the whole song: its channel strip."""

    track: str
    name: str
    status: Status
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Difference:
    """All that differs between two drafts. song: tempo, key, locks; mix: master and reverb."""

    before: str
    after: str
    identical: bool
    song: tuple[Change, ...]
    mix: tuple[Change, ...]
    tracks: tuple[TrackDifference, ...]
    sections: tuple[SectionDifference, ...]

    @property
    def touched(self) -> tuple[str, ...]:
        """Names of the sections in which anything plays differently."""
        return tuple(section.name for section in self.sections if not section.untouched)


def in_words(found: Difference) -> list[str]:
    """The difference in lines for a person, what is the same summed up."""
    if found.identical:
        return [f"{found.before} and {found.after} are identical"]
    lines = [f"from {found.before} to {found.after}"]
    lines += [f"  song: {change.words}" for change in (*found.song, *found.mix)]
    for track in found.tracks:
        if track.status == "changed":
            words = "; ".join(change.words for change in track.changes)
            lines.append(f"  {track.track}, whole song: {words}")
        elif track.status != "identical":
            lines.append(f"  {track.track}: the track was {track.status}")
    for section in found.sections:
        lines += _section_words(section)
    same = [s.name for s in found.sections if s.status == "identical"]
    if same:
        lines.append(f"  identical: {', '.join(same)}")
    return lines


def _section_words(section: SectionDifference) -> list[str]:
    if section.status in ("added", "removed"):
        return [f"  {section.name}: the section was {section.status}"]
    if section.status == "identical":
        return []
    said = "; ".join(change.words for change in section.changes)
    if section.untouched:
        return [f"  {section.name}: {said}; all that plays in it is identical"]
    lines = [f"  {section.name}: {said}" if said else f"  {section.name}:"]
    for cell in section.cells:
        if cell.status == "changed":
            words = "; ".join(change.words for change in cell.changes)
            lines.append(f"    {cell.track}: {words}")
        elif cell.status != "identical":
            lines.append(f"    {cell.track}: {'plays now' if cell.status == 'added' else 'silent'}")
    same = [cell.track for cell in section.cells if cell.status == "identical"]
    if same:
        lines.append(f"    identical: {', '.join(same)}")
    return lines
