"""What in a user's folder is labelled: named sounds, recordings beside MIDI, folders of stems.

A song that LoopMind wrote with its stems is labelled too: `stems/TRACK.wav` beside `song.mid`,
whose parts bear the tracks' names, and `timeline.json`, which tells tempo and roles.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopmind.analysis.names import read_words
from loopmind.errors import LoopMindError
from loopmind.files.decode import AudioFileError, probe, read_audio
from loopmind.files.midi_notes import read_notes
from loopmind.learn.judging import Row, lengths_apart, unusable
from loopmind.learn.tuning.course import LONGEST_S, Pair
from loopmind.music.audio import Audio
from loopmind.music.loop import INSTRUMENTS
from loopmind.music.notes import Notes

SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
_MIDI = (".mid", ".midi")
_MIXES = ("mix", "mixture", "full", "master", "song", "premaster")
_RESTS = ("reverb",)
STEM_WORDS = {
    "drums": "drums", "drum": "drums", "beat": "drums", "percussion": "drums", "kick": "drums",
    "snare": "drums", "hat": "drums", "hats": "drums", "clap": "drums", "perc": "drums",
    "tom": "drums", "cymbal": "drums", "crash": "drums", "fill": "drums", "bass": "bass",
    "vocals": "vocals", "vocal": "vocals", "voice": "vocals", "vox": "vocals",
}  # fmt: skip
ROLE_OF_STEM = {"drums": "drums", "bass": "bass", "vocals": "vocal"}


def recording_of(pair: Pair) -> Audio | None:
    """The sound of a pair, at most its first LONGEST_S seconds; None where it cannot be read."""
    try:
        return read_audio(pair.audio, max_seconds=LONGEST_S)
    except AudioFileError:
        return None


def seconds_of(pair: Pair, notices: list[Row]) -> float:
    """How much of a pair's sound is used; infinite where it cannot be told, which is told later.

    A row in `notices` where the MIDI file of the whole is not as long as the sound.
    """
    assert pair.midi is not None
    try:
        seconds = probe(pair.audio).duration_s
    except AudioFileError:
        return math.inf
    if seconds and not pair.part:
        notices += lengths_apart(pair.audio.name, pair.midi, seconds)
    return min(seconds, LONGEST_S) or math.inf


def audio_files(folder: Path) -> list[Path]:
    """Sound files below `folder`, sorted; hidden ones are left out."""
    return sorted(
        path for path in folder.rglob("*")
        if path.suffix.lower() in SOUNDS and path.is_file() and not path.name.startswith(".")
    )  # fmt: skip


def named_sounds(folder: Path) -> tuple[list[Pair], list[Row]]:
    """Sounds whose instrument a labels.csv, or else their name or a folder's, tells for sure."""
    labels = folder / "labels.csv"
    if labels.is_file():
        return _labelled_sounds(labels)
    found = []
    for path in audio_files(folder):
        inside = path.relative_to(folder)
        # The file's own name first, then the folders from the inside out. "Drums" is the name of
        # many a kit, so whatever says more than that wins.
        said = [instrument_in(w) for w in (inside.stem, *reversed(inside.parts[:-1]))]
        told = [name for name in said if name]
        name = next((name for name in told if name != "drums"), told[0] if told else "")
        if name:
            found.append(Pair(_pack(inside) or folder.name, path, instrument=name))
    return found, []


def _pack(inside: Path) -> str:
    """The folder that a sound came in, above folders that only sort by instrument.

    Else whole instruments would be held back, and only the others learned.
    """
    parts = list(inside.parts[:-1])
    while parts and instrument_in(parts[-1]) not in ("", "drums"):
        parts.pop()
    return "/".join(parts)


def _labelled_sounds(labels: Path) -> tuple[list[Pair], list[Row]]:
    from loopmind.learn.judging import read_labels
    from loopmind.learn.tagger.judge import instrument_of

    lines, bad = read_labels(labels, ("path", "instrument"), ("source", "kind"))
    found = []
    for line in lines:
        name = instrument_of(line["instrument"])
        if line["kind"] not in ("", "loop", "oneshot") or not line["instrument"]:
            continue
        if name:
            source = line["source"] or str(line.path.parent)
            found.append(Pair(source, line.path, instrument=name))
        else:
            bad.append(unusable(
                f"{labels.name}, line {line.line}",
                f"{line['instrument']!r} is no instrument that LoopMind knows",
                f"choose from {', '.join(INSTRUMENTS)}",
            ))  # fmt: skip
    return found, bad


def instrument_in(words: str) -> str:
    """The instrument that a name tells, empty where it tells none or several.

    >>> instrument_in("Kick_03"), instrument_in("take 7")
    ('kick', '')
    """
    said = read_words(words).instrument
    if not said or (len(said) > 1 and said[1].weight > 0.6 * said[0].weight):
        return ""
    return said[0].value


def with_midi(folder: Path) -> tuple[list[Pair], list[Row]]:
    """Recordings with their notes: song.wav beside song.mid, a table's, or a song's stems."""
    labels = folder / "labels.csv"
    if labels.is_file():
        return _labelled_midi(labels)
    found: list[Pair] = []
    bad: list[Row] = []
    songs = set()
    for song in song_folders(folder):
        songs.add(song)
        found += _stems_with_notes(song, folder, bad)
    midi: dict[tuple[Path, str], Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _MIDI and path.is_file():
            midi[(path.parent, path.stem.lower())] = path
    for path in audio_files(folder):
        own = midi.get((path.parent, path.stem.lower()))
        if own is None or path.parent in songs or path.parent.parent in songs:
            continue
        if notes_of(own, bad) is not None:
            found.append(Pair(_source(path.parent, folder), path, midi=own))
    return found, bad


def _labelled_midi(labels: Path) -> tuple[list[Pair], list[Row]]:
    from loopmind.learn.judging import read_labels

    lines, bad = read_labels(labels, ("path", "midi"), ("kind", "source"))
    found = []
    for line in lines:
        own = labels.parent / line["midi"] if line["midi"] else None
        if own is None or notes_of(own, bad) is None:
            continue
        found.append(Pair(line["source"] or line.path.stem.split("-")[0], line.path, midi=own))
    return found, bad


def notes_of(path: Path, bad: list[Row], part: str = "") -> Notes | None:
    """The notes in a MIDI file; where it has none or is damaged, a row in `bad` and None."""
    try:
        notes = read_notes(path, part)
    except LoopMindError as error:
        reason, _, remedy = str(error).removeprefix(str(path)).strip().partition("; ")
        bad.append(unusable(path.name, reason, remedy))
        return None
    if not notes.notes:
        bad.append(unusable(path.name, "holds no notes", "leave it out"))
        return None
    return notes


def _source(place: Path, folder: Path) -> str:
    inside = place.relative_to(folder)
    return "/".join(inside.parts) or folder.name


def song_folders(folder: Path) -> list[Path]:
    """Folders of LoopMind songs with stems: stems/, and timeline.json or song.mid beside it."""
    return sorted(
        path.parent for path in [*folder.rglob("stems"), folder / "stems"]
        if path.is_dir() and any((path.parent / n).is_file() for n in ("timeline.json", "song.mid"))
    )  # fmt: skip


def _stems_with_notes(song: Path, folder: Path, bad: list[Row]) -> Iterator[Pair]:
    """The stems of a song whose notes song.mid tells: those that patterns and melodies play."""
    midi = song / "song.mid"
    if not midi.is_file():
        return
    for stem in sorted(stem_files(song / "stems").items()):
        name, path = stem
        quiet: list[Row] = []
        if notes_of(midi, quiet, name) is not None:
            yield Pair(_source(song, folder), path, midi=midi, part=name)


def stem_files(folder: Path) -> dict[str, Path]:
    """Track name -> sound file directly in `folder`, but for mixes and what belongs to no track."""
    found = {}
    for path in sorted(folder.iterdir()):
        name = path.stem.lower()
        plain = path.is_file() and path.suffix.lower() in SOUNDS
        if plain and name not in _MIXES and name not in _RESTS and not name.startswith("."):
            found[path.stem] = path
    return found


def stem_of(name: str) -> str:
    """drums, bass, vocals or other, by a track's name.

    >>> stem_of("Bass DI"), stem_of("drums"), stem_of("piano")
    ('bass', 'drums', 'other')
    """
    words = "".join(c if c.isalpha() else " " for c in name.lower()).split()
    for word in words:
        if word in STEM_WORDS:
            return STEM_WORDS[word]
    said = instrument_in(name)
    return STEM_WORDS.get(said, "vocals" if said == "vocal" else "other")


@dataclass(frozen=True)
class Told:
    """What a song's timeline.json tells: tempo, and the role of each track."""

    bpm: float | None
    roles: dict[str, str]


def told_of(song: Path) -> Told:
    """What is known of a song folder; nothing where there is no timeline."""
    try:
        data: Any = json.loads((song / "timeline.json").read_text(encoding="utf-8"))
        roles = {str(t["id"]): str(t["role"]) for t in data.get("tracks", [])}
        bpm = data.get("bpm")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Told(None, {})
    return Told(float(bpm) if isinstance(bpm, (int, float)) else None, roles)


def stem_folders(folder: Path, *, least: int = 2) -> tuple[list[Pair], list[Row]]:
    """Songs as folders of stems: those of LoopMind, and any folder with a stem's name in it."""
    found: list[Pair] = []
    bad: list[Row] = []
    places = {song / "stems": song for song in song_folders(folder)}
    for place in sorted({path.parent for path in audio_files(folder)} - set(places)):
        names = [path.stem for path in audio_files(place) if path.parent == place]
        if sum(stem_of(name) != "other" for name in names) >= 1 and len(names) >= least:
            places[place] = place
    for place, song in sorted(places.items()):
        stems = stem_files(place)
        if len(stems) < least:
            bad.append(unusable(_source(song, folder), "has fewer than two stems", "add some"))
            continue
        told = told_of(song)
        roles = {
            name: told.roles.get(name) or ROLE_OF_STEM.get(stem_of(name), "")
            for name in stems
        }  # fmt: skip
        mix = next((p for p in sorted(song.iterdir()) if p.stem.lower() in _MIXES
                    and p.suffix.lower() in SOUNDS), next(iter(stems.values())))  # fmt: skip
        found.append(Pair(_source(song, folder), mix, stems=stems, roles=roles, bpm=told.bpm))
    return found, bad


def write_labels(path: Path, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table of labels, for `loopmind evaluate`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
