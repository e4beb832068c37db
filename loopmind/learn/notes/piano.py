"""A recorded piano, played from single notes: what no soundfont sounds like.

    python -m loopmind.learn.notes.piano --samples DIR --out SHEETS [--clips 64]

The folder holds recordings named by pitch and layer of velocity, as `D#4v8.ogg` (the Salamander
Grand Piano is published so), layers 1 to 16. Sheets are as `learn.notes.data` writes them.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.spectrogram import RATE_HZ
from loopmind.files.decode import read_audio
from loopmind.learn.notes.data import CLIP_S, in_a_room, keyboard, scores, write_sheet
from loopmind.learn.sounds.render import Note

F32 = NDArray[np.float32]

_NAMED = re.compile(r"([A-G])(#?)(-?\d+)v(\d+)$")
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_LAYERS = 16
_LONGEST_S = 8.0
_SILENT = 0.02
_UNDAMPED = 90
_LOUD = 0.08
_EACH = 8


@dataclass(frozen=True, eq=False)
class Piano:
    """Recorded notes by (layer, MIDI pitch), mono at RATE_HZ, each from where it begins."""

    notes: dict[tuple[int, int], F32]

    @classmethod
    def of(cls, folder: Path) -> Piano:
        """Read the recordings of `folder`. Raises FileNotFoundError where there are none."""
        import soxr

        found: dict[tuple[int, int], F32] = {}
        for path in sorted(folder.rglob("*.*")):
            match = _NAMED.match(path.stem)
            if match is None:
                continue
            audio = read_audio(path, max_seconds=_LONGEST_S)
            mono = soxr.resample(audio.samples.mean(axis=0), audio.rate_hz, RATE_HZ, quality="MQ")
            loud = np.flatnonzero(np.abs(mono) > _SILENT * np.abs(mono).max())
            pitch = 12 * (int(match[3]) + 1) + _STEPS[match[1]] + (match[2] == "#")
            found[int(match[4]), pitch] = np.asarray(mono[loud[0] :], np.float32)
        if not found:
            raise FileNotFoundError(f"{folder} has no recordings named like A4v8.ogg")
        return cls(found)

    def play(self, notes: Sequence[Note], seconds: float, rng: np.random.Generator) -> F32:
        """`notes` as float32 (samples,) at RATE_HZ; a key that is let go is damped."""
        out = np.zeros(round(seconds * RATE_HZ), np.float32)
        damped_s = float(rng.uniform(0.04, 0.15))
        for note in notes:
            wanted = note.velocity / 127.0 * _LAYERS
            layer, pitch = min(
                self.notes, key=lambda k: (abs(k[1] - note.pitch), abs(k[0] - wanted))
            )
            source = self.notes[layer, pitch]
            speed = 2.0 ** ((note.pitch - pitch) / 12.0)
            first = round(note.start_s * RATE_HZ)
            held = round(note.length_s * RATE_HZ)
            size = held + round(6 * damped_s * RATE_HZ)
            if note.pitch >= _UNDAMPED:
                size = out.size
            size = min(size, out.size - first, int(source.size / speed) - 1)
            if size <= 0:
                continue
            sound = np.interp(np.arange(size) * speed, np.arange(source.size), source)
            if note.pitch < _UNDAMPED and size > held:
                sound[held:] *= np.exp(-np.arange(size - held) / (damped_s * RATE_HZ))
            # Layers are as loud as they were recorded; between them loudness follows the key.
            gain = (note.velocity / 127.0 * _LAYERS / layer) ** 0.7
            out[first : first + size] += (gain * sound).astype(np.float32)
        return out


def write_clips(piano: Piano, out: Path, clips: int, seed: int) -> int:
    """Solo sheets of made-up keyboard music and of scores; returns how many clips."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    music = [notes for notes in scores(rng, clips // 6) if len(notes) > 5][: clips // 2]
    music += [keyboard(rng) for _ in range(clips - len(music))]
    for number, first in enumerate(range(0, clips, _EACH)):
        sounds, tracks = [], []
        for notes in music[first : first + _EACH]:
            sound = in_a_room(piano.play(notes, CLIP_S + 0.5, rng), rng)
            sound *= np.float32(_LOUD / max(float(np.sqrt(np.mean(sound**2))), 1e-5))
            sound *= np.float32(min(1.0, 0.95 / max(float(np.abs(sound).max()), 1e-9)))
            sounds.append(sound)
            rows = [[round(n.start_s, 4), round(n.start_s + n.length_s, 4), n.pitch, n.velocity]
                    for n in notes]  # fmt: skip
            tracks.append({"instrument": "keys", "program": 0, "notes": rows})
        write_sheet(out / f"piano-{seed}-{number:04d}", sounds, tracks, solo=True)
    return len(music)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=Path, required=True, help="folder of recorded notes")
    parser.add_argument("--out", type=Path, required=True, help="folder of sheets, with train/")
    parser.add_argument("--clips", type=int, default=64, help="clips of 12 s")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    piano = Piano.of(args.samples)
    print(write_clips(piano, args.out / "train", args.clips, args.seed), "clips")


if __name__ == "__main__":
    main()
