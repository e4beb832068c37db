"""Loops that are known to belong together, as the library would remember them.

Tracks of one piece are cut at the same beats into loops of 8 or 16 beats, as a sample pack would
be, and heard. What sounds together in a piece belongs together; nothing is kept of the sound.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.hear import hear
from loopmind.learn.sounds.pieces import Piece, pieces
from loopmind.learn.sounds.render import RENDER_RATE_HZ
from loopmind.music.audio import Audio
from loopmind.music.codec import from_plain, to_plain
from loopmind.music.loop import ROLE_OF_INSTRUMENT, Loop

F32 = NDArray[np.float32]

CUTS = (16, 8)
_LEAST_NOTES = 3
_QUIETEST = 1e-4


@dataclass(frozen=True)
class Sample:
    """One loop of a piece: which piece and cut (its mates share both), its role and true tempo.

    source: what it was played by (soundfont), so that strangers can be chosen from the same.
    start_s: where beat 0 lies in the file.
    """

    piece: str
    cut: str
    source: str
    role: str
    bpm: float
    beats: int
    loop: Loop
    start_s: float = 0.0


def cut_track(
    sound: F32, rate_hz: int, start_s: float, beats: int, bpm: float, name: str
) -> Loop | None:
    """`beats` of `sound` from `start_s`, heard; None where there is as good as nothing in it."""
    first = round(start_s * rate_hz)
    frames = round(beats * 60.0 / bpm * rate_hz)
    part = sound[:, first : first + frames]
    if part.shape[1] < frames - 64 or float(np.sqrt(np.mean(part**2))) < _QUIETEST:
        return None
    heard = hear(Audio(np.ascontiguousarray(part), rate_hz), path="", digest=name)
    return heard if len(heard.onsets_s) >= 1 else None


def samples_of(piece: Piece, rng: np.random.Generator) -> Iterator[Sample]:
    """The loops of one piece: one cut of 16 beats and one of 8, wherever the most tracks play."""
    beats_s = np.asarray(piece.truth["beats_s"], np.float64)
    for beats in CUTS:
        begins = np.flatnonzero(np.arange(beats_s.size) + beats < beats_s.size)
        if not begins.size:
            continue
        playing = np.array([
            sum(notes_between(track, beats_s[b], beats_s[b + beats]) >= _LEAST_NOTES
                for track in piece.tracks)
            for b in begins.tolist()
        ])  # fmt: skip
        best = begins[playing >= max(2, playing.max())]
        if not best.size:
            continue
        begin = int(rng.choice(best))
        start, end = float(beats_s[begin]), float(beats_s[begin + beats])
        bpm = 60.0 * beats / (end - start)
        if not 40.0 <= bpm <= 240.0:
            continue
        for number, track in enumerate(piece.tracks):
            if notes_between(track, start, end) < _LEAST_NOTES:
                continue
            name = f"{piece.folder.name}-{beats}-{number}"
            sound = piece.track(number)
            loop = cut_track(sound, RENDER_RATE_HZ, start, beats, bpm, name)
            if loop is not None:
                yield Sample(
                    piece.truth["midi"], f"{piece.folder.name}-{beats}", piece.truth["font"],
                    ROLE_OF_INSTRUMENT[track["instrument"]], bpm, beats, loop,
                )  # fmt: skip


def notes_between(track: dict[str, Any], start_s: float, end_s: float) -> int:
    """How many notes of a piece's track begin in a stretch."""
    return sum(start_s - 1e-3 <= note[0] < end_s - 0.02 for note in track["notes"])


def build(folder: Path, target: Path, *, seed: int = 1, most: int | None = None) -> int:
    """Hear the loops of the pieces below `folder`; adds what `target` (JSON lines) lacks."""
    target.parent.mkdir(parents=True, exist_ok=True)
    done = {sample["cut"].split("-")[0] for sample in _lines(target)}
    added = 0
    with target.open("a", encoding="utf-8") as file:
        for piece in pieces(folder)[:most]:
            if piece.folder.name in done:
                continue
            rng = np.random.default_rng([seed, zlib.crc32(piece.folder.name.encode())])
            text = "".join(json.dumps(to_plain(sample)) + "\n" for sample in samples_of(piece, rng))
            # A piece is written in one go, so that one cut short is done again.
            file.write(text)
            file.flush()
            added += text.count("\n")
    return added


def write(samples: Iterable[Sample], target: Path) -> None:
    """Keep `samples` as JSON lines."""
    lines = [json.dumps(to_plain(sample)) + "\n" for sample in samples]
    target.write_text("".join(lines), encoding="utf-8")


def read(files: Sequence[Path]) -> list[Sample]:
    """Samples kept by `build` or `write`. Raises FileNotFoundError where a file is missing."""
    found = []
    for file in files:
        if not file.is_file():
            raise FileNotFoundError(f"there is no {file}; run the build step first")
        found += [from_plain(Sample, line) for line in _lines(file)]
    return found


def _lines(file: Path) -> list[dict[str, Any]]:
    if not file.is_file():
        return []
    text = file.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.endswith("}")]
