"""What the separator learns from: a shelf of tracks, and the mixes that are made of it on the way.

The shelf is one file of 16-bit samples and an index. A mix is either a piece as it is, or tracks
of different pieces and recordings together: other levels, sides, pitches and equalisers each time.
"""

from __future__ import annotations

import bisect
import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

from loopmind.analysis.listening.stft import HOP, WINDOW, spectra
from loopmind.dsp.resample import resample
from loopmind.files.decode import AudioFileError, read_audio
from loopmind.learn.drums.data import Sources, kit_grooves
from loopmind.learn.drums.kits import on_a_bus
from loopmind.learn.separation.voices import recorded_speech, speech_files, spoken, sung
from loopmind.learn.sounds.material import our_instrument
from loopmind.learn.sounds.pieces import STEMS, Piece
from loopmind.learn.sounds.render import RENDER_RATE_HZ

F32 = NDArray[np.float32]
C64 = NDArray[np.complex64]

SHELF_S = 7.0
SHELF_FRAMES = round(SHELF_S * RENDER_RATE_HZ)
DATA_NAME, INDEX_NAME = "shelf.i16", "shelf.json"
_STEM_OF = {"drums": "drums", "kick": "drums", "snare": "drums", "hat": "drums", "clap": "drums",
            "cymbal": "drums", "tom": "drums", "percussion": "drums", "bass": "bass",
            "vocal": "vocals"}  # fmt: skip
_NOT_MUSIC = {"fx", ""}
_LEVEL_DB = {"drums": -19.0, "bass": -21.0, "vocals": -21.0, "other": -22.0}
_PRESENT = {"drums": 0.88, "bass": 0.88, "vocals": 0.4, "other": 0.95}
_QUIET = 1e-3
_SUNG_OVER = 0.15
_LEFT_OUT = 0.12
_TRACK_DB = 2.5
_PLACES = 6
_RECORDED = ("deb:", "gh:", "folder:")
_RECORDED_TIMES = 3  # recordings are what users have, and few beside what is rendered


@dataclass(frozen=True)
class Row:
    """One track of the shelf. group: tracks of one piece share it and belong together."""

    stem: str
    group: str
    source: str


class ShelfWriter:
    """Writes a shelf; use it in a `with`. A shelf that was not finished has no index."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._rows: list[Row] = []

    def __enter__(self) -> ShelfWriter:
        (self._folder / INDEX_NAME).unlink(missing_ok=True)
        self._file = (self._folder / DATA_NAME).open("wb")
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._file.close()
        if error is None:
            rows = [[row.stem, row.group, row.source] for row in self._rows]
            (self._folder / INDEX_NAME).write_text(json.dumps(rows), encoding="utf-8")

    def add(self, row: Row, sound: F32) -> None:
        """Put `sound` (2, SHELF_FRAMES) on the shelf; what is near silent is left out."""
        if float(np.sqrt(np.mean(sound**2))) < _QUIET:
            return
        peak = max(1.0, float(np.abs(sound).max()))
        samples = np.round(sound * (32767.0 / peak)).astype("<i2")
        self._file.write(np.ascontiguousarray(samples.T).tobytes())
        self._rows.append(row)


def piece_rows(
    pieces: Iterable[Piece], rng: np.random.Generator, windows: int = 1
) -> Iterator[tuple[Row, F32]]:
    """Windows of each piece, all its tracks in each.

    windows: how many, one in each part of the piece; of one, the best of three places is taken,
    where most tracks play.
    """
    for piece in pieces:
        tracks = [piece.track(number) for number in range(len(piece.tracks))]
        if not tracks:
            continue
        there = tracks[0].shape[1]
        if windows == 1:
            starts = rng.integers(0, max(1, there - SHELF_FRAMES), 3).tolist()
            starts = [max(starts, key=lambda at: _playing(tracks, at))]
        else:
            room = max(0, there - windows * SHELF_FRAMES) // windows
            starts = [
                turn * (SHELF_FRAMES + room) + int(rng.integers(0, room + 1))
                for turn in range(windows)
            ]
        for turn, start in enumerate(starts):
            group = f"{piece.folder}#{turn}"
            for track, sound in zip(piece.tracks, tracks, strict=True):
                cut = np.zeros((2, SHELF_FRAMES), np.float32)
                part = sound[:, start : start + SHELF_FRAMES]
                cut[:, : part.shape[1]] = part
                yield Row(track["stem"], group, str(piece.truth["font"])), cut


def _playing(tracks: Sequence[F32], at: int) -> int:
    return sum(
        float(np.sqrt(np.mean(t[:, at : at + SHELF_FRAMES : 7] ** 2))) > _QUIET for t in tracks
    )


def loop_rows(
    labels: Path, sources: Sequence[str], rng: np.random.Generator
) -> Iterator[tuple[Row, F32]]:
    """Loops and stems of a labels.csv that have an instrument, of `sources` only; repeated."""
    with labels.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] in ("loop", "stem")]
    for row in rows:
        instrument = our_instrument(row["instrument"], row["path"], row["note"])
        if row["source"] not in sources or instrument in _NOT_MUSIC:
            continue
        try:
            audio = read_audio(labels.parent / row["path"], max_seconds=240.0)
        except AudioFileError:
            continue
        sound = resample(audio.samples, audio.rate_hz, RENDER_RATE_HZ)
        sound = np.broadcast_to(sound, (2, sound.shape[1]))
        if sound.shape[1] < RENDER_RATE_HZ // 4:
            continue
        peak = max(1e-3, float(np.abs(sound).max()))
        stem = _STEM_OF.get(instrument, "other")
        # A stem of a whole song is many places; a loop is one, however often it is taken.
        long = sound.shape[1] > 2 * SHELF_FRAMES
        for turn in range(_PLACES if long else 1):
            if long:
                at = int(rng.integers(0, sound.shape[1] - SHELF_FRAMES))
                cut = sound[:, at : at + SHELF_FRAMES]
            else:
                cut = np.tile(sound, 1 + SHELF_FRAMES // sound.shape[1])[:, :SHELF_FRAMES]
            group = f"{row['source']}/{row['path']}#{turn}"
            yield Row(stem, group, row["source"]), (cut * (0.5 / peak)).astype(np.float32)


def voice_rows(
    folders: Sequence[Path], count: int, rng: np.random.Generator
) -> Iterator[tuple[Row, F32]]:
    """`count` voices: sung by espeak-ng and by recorded speakers, one in six spoken as it was."""
    makers = [("espeak-ng", spoken(rng))]
    files = speech_files(folders)
    if files:
        makers.append(("speech", recorded_speech(files, rng)))
    for index in range(count):
        name, voices = makers[index % len(makers)]
        speech = next(voices, None)
        if speech is None:
            continue
        if rng.random() < 1 / 6:
            mono = np.tile(speech, 1 + SHELF_FRAMES // speech.size)[:SHELF_FRAMES]
        else:
            mono = sung(speech, rng, SHELF_S)
        yield Row("vocals", f"voice{index}", name), _placed(0.4 * mono, rng)


def groove_rows(
    sources: Sources, count: int, rng: np.random.Generator
) -> Iterator[tuple[Row, F32]]:
    """`count` drum parts, most of them on kits thrown together of one-shots."""
    for number, groove in enumerate(kit_grooves(sources, count, rng)):
        at = int(rng.integers(0, groove.sound.shape[1] - SHELF_FRAMES + 1))
        sound = groove.sound[:, at : at + SHELF_FRAMES]
        if rng.random() < 0.5:
            sound = _placed(on_a_bus(sound.mean(axis=0), rng), rng)
        peak = max(1e-3, float(np.abs(sound).max()))
        yield Row("drums", f"groove{number}", "kits"), (sound * (0.5 / peak)).astype(np.float32)


def _placed(mono: F32, rng: np.random.Generator) -> F32:
    """A voice near the middle, most with a room behind it."""
    pan = float(rng.uniform(-0.25, 0.25))
    out = np.stack((mono * np.float32(1.0 - pan), mono * np.float32(1.0 + pan)))
    if rng.random() < 0.7:
        decay_s = float(rng.uniform(0.2, 1.8))
        frames = round(decay_s * RENDER_RATE_HZ)
        echo = rng.standard_normal((2, frames)) * 10.0 ** (-3.0 * np.arange(frames) / frames)
        echo *= 10.0 ** (rng.uniform(-22.0, -9.0) / 20.0) / np.sqrt((echo**2).sum(axis=1))[:, None]
        wet = scipy.signal.fftconvolve(out, echo.astype(np.float32), axes=1)
        out = out + wet[:, : out.shape[1]]
    return np.asarray(out, np.float32)


class Shelf:
    """Shelves that were written, opened for reading as one.

    Raises FileNotFoundError where a folder holds none.
    """

    def __init__(self, *folders: Path) -> None:
        self.rows: list[Row] = []
        self._begins: list[int] = []
        self._data: list[NDArray[np.int16]] = []
        groups: dict[tuple[int, str], list[int]] = {}
        for number, folder in enumerate(folders):
            index = folder / INDEX_NAME
            if not index.is_file():
                raise FileNotFoundError(f"no shelf in {folder}; run the build step first")
            rows = [Row(*row) for row in json.loads(index.read_text(encoding="utf-8"))]
            shape = (len(rows), SHELF_FRAMES, 2)
            self._data.append(np.memmap(folder / DATA_NAME, "<i2", "r", shape=shape))
            self._begins.append(len(self.rows))
            for index_, row in enumerate(rows, len(self.rows)):
                groups.setdefault((number, row.group), []).append(index_)
            self.rows += rows
        self.of_stem: dict[str, list[int]] = {stem: [] for stem in STEMS}
        for index_, row in enumerate(self.rows):
            times = _RECORDED_TIMES if row.source.startswith(_RECORDED) else 1
            self.of_stem[row.stem] += [index_] * times
        self.groups = [rows for rows in groups.values() if len(rows) > 1]

    def cut(self, row: int, first: int, frames: int) -> F32:
        """Part of a row, float32 (2, frames)."""
        shelf = bisect.bisect(self._begins, row) - 1
        part = np.asarray(
            self._data[shelf][row - self._begins[shelf], first : first + frames], np.float32
        )
        return np.ascontiguousarray(part.T) * np.float32(1 / 32768)


@dataclass(frozen=True)
class Mixes:
    """How examples are made. frames: STFT frames in each; whole: share of whole pieces."""

    frames: int = 128
    whole: float = 0.55

    @property
    def samples(self) -> int:
        return (self.frames - 1) * HOP + WINDOW


def example(shelf: Shelf, mixes: Mixes, rng: np.random.Generator) -> C64:
    """One mix as the spectra of its stems: complex64 (STEMS, 2, frames, bins).

    Raises ValueError where there is nothing on the shelf.
    """
    if not shelf.rows:
        raise ValueError("there is nothing on the shelf to learn from")
    stems = np.zeros((len(STEMS), 2, mixes.samples), np.float32)
    while float(np.abs(stems).max()) < _QUIET:
        make = _whole if shelf.groups and rng.random() < mixes.whole else _mixed
        stems = make(shelf, mixes, rng)
    made = spectra(stems.reshape(-1, mixes.samples)).reshape(len(STEMS), 2, mixes.frames, -1)
    for number in range(len(STEMS)):
        if rng.random() < 0.35:
            made[number] *= _equaliser(made.shape[-1], rng)
    if rng.random() < 0.15:  # as a compressed file or an old record is
        top = int(rng.uniform(0.15, 0.75) * made.shape[-1])
        made[..., top:] *= 0.01
    if rng.random() < 0.15:
        made[:] = made.mean(axis=1, keepdims=True)
    # Power 1, as `stft.Loudness` makes it of a whole file; an excerpt differs from the whole.
    loud = np.sqrt(np.mean(np.abs(made.sum(axis=0)) ** 2)) + 1e-9
    return made * np.float32(10.0 ** (rng.normal(0.0, 3.0) / 20.0) / loud)


def _whole(shelf: Shelf, mixes: Mixes, rng: np.random.Generator) -> F32:
    """A piece as it is, but for levels and speed; now and then somebody sings over it.

    Tracks come at levels of their own and some not at all: there are few pieces, and a network
    that may know them by heart does.
    """
    rows = shelf.groups[int(rng.integers(len(shelf.groups)))]
    speed, needed = _speed(mixes, rng)
    first = int(rng.integers(0, SHELF_FRAMES - needed + 1))
    out = np.zeros((len(STEMS), 2, mixes.samples), np.float32)
    for row in rows:
        if rng.random() < _LEFT_OUT:
            continue
        sound = _at_speed(shelf.cut(row, first, needed), speed, mixes.samples)
        gain = np.float32(10.0 ** (rng.normal(0.0, _TRACK_DB) / 20.0))
        out[STEMS.index(shelf.rows[row].stem)] += sound * gain
    voices = STEMS.index("vocals")
    if not out[voices].any() and shelf.of_stem["vocals"] and rng.random() < _SUNG_OVER:
        sound = _track(shelf, shelf.of_stem["vocals"], mixes, rng)
        louder = np.sqrt(np.mean(out.sum(axis=0) ** 2) / (np.mean(sound**2) + 1e-6))
        out[voices] = sound * np.float32(louder * 10.0 ** (rng.uniform(-10.0, 2.0) / 20.0))
    gains = 10.0 ** (rng.normal(0.0, 2.5, len(STEMS)) / 20.0)
    out *= gains[:, None, None].astype(np.float32)
    return out[:, ::-1] if rng.random() < 0.5 else out


def _mixed(shelf: Shelf, mixes: Mixes, rng: np.random.Generator) -> F32:
    """Tracks that never met."""
    out = np.zeros((len(STEMS), 2, mixes.samples), np.float32)
    for number, stem in enumerate(STEMS):
        if rng.random() > _PRESENT[stem] or not shelf.of_stem[stem]:
            continue
        several = 1 + int(rng.integers(0, 4)) if stem == "other" else 1
        for _ in range(several):
            sound = _track(shelf, shelf.of_stem[stem], mixes, rng)
            loud = float(np.sqrt(np.mean(sound**2)))
            if loud < 0.1 * _QUIET:
                continue
            level_db = _LEVEL_DB[stem] - 5.0 * np.log10(several) + rng.normal(0.0, 4.0)
            out[number] += sound * np.float32(10.0 ** (level_db / 20.0) / max(loud, 0.01))
    return out


def _track(shelf: Shelf, rows: Sequence[int], mixes: Mixes, rng: np.random.Generator) -> F32:
    """A place of one row, now and then at another speed (and pitch), sides swapped or not."""
    row = rows[int(rng.integers(len(rows)))]
    speed, needed = _speed(mixes, rng)
    first = int(rng.integers(0, SHELF_FRAMES - needed + 1))
    sound = _at_speed(shelf.cut(row, first, needed), speed, mixes.samples)
    return sound[::-1] if rng.random() < 0.5 else sound


def _speed(mixes: Mixes, rng: np.random.Generator) -> tuple[float, int]:
    """A speed, most often 1, and how many samples it needs."""
    speed = 2.0 ** float(rng.uniform(-4.0, 4.0) / 12.0) if rng.random() < 0.4 else 1.0
    return speed, min(int(np.ceil(mixes.samples * speed)) + 2, SHELF_FRAMES)


def _at_speed(sound: F32, speed: float, samples: int) -> F32:
    """The first `samples` of `sound` played at `speed`."""
    if speed == 1.0:
        return sound[:, :samples]
    at = np.minimum(np.arange(samples) * speed, sound.shape[1] - 1.001)
    below = at.astype(np.int64)
    share = (at - below).astype(np.float32)
    return np.asarray(sound[:, below] * (1.0 - share) + sound[:, below + 1] * share, np.float32)


def _equaliser(bins: int, rng: np.random.Generator) -> F32:
    """A gain per bin: a tilt round 1 kHz and one broad bell."""
    octaves = np.log2(np.maximum(np.arange(bins), 2) * (RENDER_RATE_HZ / 2 / bins) / 1000.0)
    bell = rng.normal(0.0, 3.0) * np.exp(-0.5 * ((octaves - rng.uniform(-3, 3)) / 0.8) ** 2)
    gain_db = np.clip(rng.normal(0.0, 1.2) * octaves, -10.0, 10.0) + bell
    return np.asarray(10.0 ** (gain_db / 20.0), np.float32)
