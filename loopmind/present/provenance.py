"""provenance.csv: for every bar of a song, which files sound in it, and under which licence."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from loopmind.files.licences import Licences
from loopmind.music.loop import Loop
from loopmind.music.song import Clip, Song

COLUMNS = (
    "bar", "start_s", "section", "track", "file", "change", "licence", "licence_from", "digest",
)  # fmt: skip
FROM_USER = "said by the user"


@dataclass(frozen=True)
class Sound:
    """One file of a song: where it lies, its licence in a few words, and who said that."""

    digest: str
    path: str
    licence: str
    licence_from: str


@dataclass(frozen=True)
class Sounding:
    """One file in one bar (counted from 1) of one track; change: what was done to it."""

    bar: int
    start_s: float
    section: str
    track: str
    sound: Sound
    change: str


def sounds_of(
    song: Song, paths: Mapping[str, str], said: Mapping[str, str]
) -> dict[str, Sound]:  # fmt: skip
    """The files of a song by digest, with their licences.

    paths: where each lies. said: what the user said of licences, which goes before what is
    written near the files. A sound without a path is missing.
    """
    near = Licences()
    found = {}
    for digest in sorted(_digests(song)):
        path = paths.get(digest, "")
        licence, source = said.get(digest, ""), FROM_USER
        if not licence:
            note = near.near(path) if path else None
            licence, source = (note.text, note.source) if note else ("", "")
        found[digest] = Sound(digest, path, licence, source)
    return found


def sounds_of_crate(song: Song, loops: Iterable[Loop]) -> dict[str, Sound]:
    """The same from the loops of a crate, which know what the user said."""
    own = {loop.digest: loop for loop in loops}
    return sounds_of(
        song,
        {digest: loop.path for digest, loop in own.items()},
        {digest: loop.licence for digest, loop in own.items() if loop.licence},
    )


def provenance(song: Song, sounds: Mapping[str, Sound]) -> list[Sounding]:
    """What sounds in every bar, in order of bars, tracks and files.

    Law: a file is named in a bar just where one of its clips, or a hit of it, begins or goes on
    in that bar outside the clip's silences.
    """
    order = {track.id: number for number, track in enumerate(song.tracks)}
    tempo = song.tempo
    rows: dict[tuple[int, int, str, str], Sounding] = {}
    for clip in song.clips:
        for digest, bar, change in _in_bars(clip, song.beats_per_bar):
            key = (bar, order[clip.track], digest, change)
            start_s = round(tempo.seconds(bar * song.beats_per_bar), 3)
            section = _section(song, bar)
            rows[key] = Sounding(bar + 1, start_s, section, clip.track, sounds[digest], change)
    return [rows[key] for key in sorted(rows)]


def provenance_csv(rows: Iterable[Sounding]) -> str:
    """The sheet as CSV for spreadsheets, with a head line."""
    text = io.StringIO()
    write: Callable[[Iterable[object]], object] = csv.writer(text, lineterminator="\r\n").writerow
    write(COLUMNS)
    for row in rows:
        sound = row.sound
        write((
            row.bar, f"{row.start_s:.3f}", row.section, row.track,
            sound.path or "(missing)", row.change, sound.licence or "unknown",
            sound.licence_from, sound.digest,
        ))  # fmt: skip
    return text.getvalue()


def _digests(song: Song) -> set[str]:
    looped = {clip.digest for clip in song.clips if clip.digest}
    return looped | {hit.digest for clip in song.clips for hit in clip.hits}


def _in_bars(clip: Clip, beats_per_bar: int) -> Iterable[tuple[str, int, str]]:
    """(digest, bar from 0, change) of all that a clip lets sound."""
    if clip.hits:
        for hit in clip.hits:
            if not _silent(clip, hit.beat, hit.beat + 1e-3):
                bar = math.floor((clip.start_beat + hit.beat) / beats_per_bar + 1e-9)
                yield hit.digest, bar, _pitch(hit.semitones)
        return
    first = math.floor(clip.start_beat / beats_per_bar + 1e-9)
    last = math.ceil((clip.start_beat + clip.beats) / beats_per_bar - 1e-9)
    for bar in range(first, last):
        begin = max(bar * beats_per_bar - clip.start_beat, 0.0)
        end = min((bar + 1) * beats_per_bar - clip.start_beat, clip.beats)
        if not _silent(clip, begin, end):
            yield clip.digest, bar, _change(clip)


def _silent(clip: Clip, begin: float, end: float) -> bool:
    """Whether nothing is left of a stretch of a clip, in beats from its start."""
    at = begin
    for start, length in sorted(clip.silences):
        if start > at + 1e-6:
            break
        at = max(at, start + length)
    return at >= end - 1e-6


def _change(clip: Clip) -> str:
    said = [_pitch(clip.semitones)]
    if clip.treatment != "plain":
        said.append(clip.treatment.replace("_", " "))
    return ", ".join(word for word in said if word)


def _pitch(semitones: int) -> str:
    return f"{semitones:+d} semitones" if semitones else ""


def _section(song: Song, bar: int) -> str:
    for section in song.sections:
        if section.start_bar <= bar < section.start_bar + section.bars:
            return section.name
    return ""
