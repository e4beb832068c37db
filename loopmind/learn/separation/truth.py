"""Tables of mixes whose stems are known: of pieces, and of real loops that fit each other.

    python -m loopmind.learn.separation.truth pieces --pieces DIR --out DIR
    python -m loopmind.learn.separation.truth loops --labels CSV --source NAME --out DIR

Both write DIR/labels.csv for `loopmind evaluate separate --data DIR/labels.csv`.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.resample import resample
from loopmind.dsp.stretch import phase_stretch
from loopmind.files.decode import read_audio
from loopmind.files.encode import write_audio
from loopmind.learn.sounds.pieces import STEMS, pieces
from loopmind.learn.sounds.render import RENDER_RATE_HZ
from loopmind.music.audio import Audio
from loopmind.music.key import Key

F32 = NDArray[np.float32]

_LEVEL_DB = {"drums": -19.0, "bass": -21.0, "other": -22.0}
_BEATS = 32
_HEARD = 1e-4


def of_pieces(folder: Path, out: Path, most: int = 1000) -> Path:
    """Mix and stems of every piece below `folder`; returns the table."""
    rows = []
    for piece in pieces(folder)[:most]:
        rows.append(_written(out, piece.folder.name, piece.stems()))
    return _table(out, rows)


def of_loops(labels: Path, source: str, out: Path, seed: int = 1) -> Path:
    """One mix for each bass loop of `source`: the chords and drums nearest to its tempo and key.

    They are brought to the bass loop's tempo and key as LoopMind fits loops; whole bars repeat.
    """
    with labels.open(encoding="utf-8", newline="") as file:
        loops = [row for row in csv.DictReader(file)
                 if row["source"] == source and row["kind"] == "loop" and row["bpm"]]  # fmt: skip
    bass = [row for row in loops if row["instrument"] == "bass" and row["key"]]
    drums = [row for row in loops if row["instrument"] == "drum loop"]
    chords = [row for row in loops if row["key"] and row["instrument"] not in ("bass", "drum loop")]
    rng = np.random.default_rng(seed)
    rows = []
    for number, low in enumerate(bass):
        bpm, key = float(low["bpm"]), Key.parse(low["key"])
        seconds = _BEATS * 60.0 / bpm
        chord = min(chords, key=lambda row: (_far(row, bpm, key), rng.random()))
        beat = min(drums, key=lambda row: (_far(row, bpm, None), rng.random()))
        stems = {
            "bass": _fitted(labels, low, bpm, 0, seconds),
            "other": _fitted(labels, chord, bpm, _steps(chord, key), seconds),
            "drums": _fitted(labels, beat, bpm, 0, seconds),
        }
        for stem, sound in stems.items():
            level_db = _LEVEL_DB[stem] + rng.uniform(-4.0, 4.0)
            loud = float(np.sqrt(np.mean(sound**2)))
            stems[stem] = sound * np.float32(10.0 ** (level_db / 20.0) / max(loud, 1e-6))
        rows.append(_written(out, f"{number:03d}", stems))
    return _table(out, rows)


def _far(row: Mapping[str, str], bpm: float, key: Key | None) -> float:
    """How much it would cost to fit a loop: octaves of tempo, and semitones."""
    cost = 12.0 * abs(float(np.log2(float(row["bpm"]) / bpm)))
    if key is not None:
        cost += abs(_steps(row, key)) + (3.0 if Key.parse(row["key"]).mode != key.mode else 0.0)
    return cost


def _steps(row: Mapping[str, str], key: Key) -> int:
    """Semitones from a loop's root to that of `key`, the nearer way."""
    return (key.tonic - Key.parse(row["key"]).tonic + 6) % 12 - 6


def _fitted(
    labels: Path, row: Mapping[str, str], bpm: float, semitones: int, seconds: float
) -> F32:
    audio = read_audio(labels.parent / row["path"], max_seconds=60.0)
    sound = resample(audio.samples, audio.rate_hz, RENDER_RATE_HZ)
    sound = np.ascontiguousarray(np.broadcast_to(sound, (2, sound.shape[1])), np.float32)
    frames = round(sound.shape[1] * float(row["bpm"]) / bpm)
    if frames != sound.shape[1] or semitones:
        sound = phase_stretch(
            sound, frames, rate_hz=RENDER_RATE_HZ, semitones=semitones, periodic=True
        )
    wanted = round(seconds * RENDER_RATE_HZ)
    return np.asarray(np.tile(sound, 1 + wanted // sound.shape[1])[:, :wanted], np.float32)


def _written(out: Path, name: str, stems: Mapping[str, F32]) -> dict[str, str]:
    """Write mix and stems as out/NAME/*.flac; returns the table's row."""
    heard = {s: x for s, x in stems.items() if float(np.sqrt(np.mean(x**2))) > _HEARD}
    mix = np.sum(list(heard.values()), axis=0)
    peak = max(1.0, *(float(np.abs(sound).max()) / 0.99 for sound in (mix, *heard.values())))
    row = {}
    for stem, sound in {"path": mix, **heard}.items():
        place = f"{name}/{'mix' if stem == 'path' else stem}.flac"
        write_audio(out / place, Audio(np.asarray(sound / peak, np.float32), RENDER_RATE_HZ))
        row[stem] = place
    return row


def _table(out: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    place = out / "labels.csv"
    with place.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ("path", *STEMS), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return place


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("pieces", "loops"))
    parser.add_argument("--pieces", type=Path, help="folder of pieces (learn/pieces.py)")
    parser.add_argument("--labels", type=Path, help="a labels.csv with loops")
    parser.add_argument("--source", default="", help="the loops' source in it")
    parser.add_argument("--most", type=int, default=1000)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.what == "pieces":
        print(of_pieces(options.pieces, options.out, options.most))
    else:
        print(of_loops(options.labels, options.source, options.out))


if __name__ == "__main__":
    main()
