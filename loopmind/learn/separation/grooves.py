"""More pieces to learn from: charts of random chords, accompanied by mma in each of its grooves.

    python -m loopmind.learn.separation.grooves --sounds COLLECTION --out DIR --count 600

A few hundred MIDI files make a network know the files instead of the instruments. Here every
piece has other chords, grooves, tunes, programs and a tone colour of its own: one in two is played
higher or lower by another speed of the samples. Needs mma (the Debian package, whose grooves are
known once `mma -G` ran) and libfluidsynth. Pieces are as those of `learn/sounds/pieces.py`.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.learn.sounds.drum_kits import Kit, drum_kits
from loopmind.learn.sounds.fluid import PARTS, Part, Player
from loopmind.learn.sounds.held_back import TEST_FONTS, TEST_KITS
from loopmind.learn.sounds.phrases import instrument_of_program
from loopmind.learn.sounds.pieces import PIECE_S, Score, make_piece, stretch_of
from loopmind.learn.sounds.render import RENDER_RATE_HZ, Note, soundfonts

F32 = NDArray[np.float32]

_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
# Steps of the scale with the chords that stand on them, of a major and of a minor key.
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_KINDS = {
    "major": (("", "M7", "6"), ("m", "m7"), ("m", "m7"), ("", "M7"), ("", "7", "sus4"),
              ("m", "m7"), ("dim", "m7b5")),
    "minor": (("m", "m7"), ("dim", "m7b5"), ("", "M7"), ("m", "m7"), ("", "7", "m"), ("", "M7"),
              ("", "7")),
}  # fmt: skip
_LIKELY = (4.0, 1.5, 1.0, 3.0, 3.0, 2.5, 0.4)
_BARS, _PARTS_OF_A_CHART = 8, 3
_STEPS_AWAY = 5.0
_FREE = 0.5
_PLAIN, _BASSES = tuple(range(112)), tuple(range(32, 40))
_TUNE_BEATS = (0.5, 0.5, 0.5, 1.0, 1.0, 1.5, 2.0, 3.0)
_FONT_WEIGHT = {"FluidR3_GM.sf2": 3.0, "TimGM6mb.sf2": 2.0}
_DULL = re.compile(r"metronome|none|intro|end\b|ending|fill", re.IGNORECASE)


class Coloured(Player):
    """A player whose samples run `steps` semitones faster than they should; notes stay the same."""

    steps = 0.0

    def play(self, parts: Sequence[Part], seconds: float) -> list[F32]:
        """As `Player.play`, in another colour; drums sound at another pitch as well."""
        import soxr

        whole = round(self.steps)
        if whole == 0:
            return super().play(parts, seconds)
        speed = 2.0 ** (whole / 12.0)
        slow = [
            replace(part, notes=tuple(
                Note(n.start_s * speed, n.length_s * speed,
                     n.pitch if part.drums else int(np.clip(n.pitch - whole, 0, 127)), n.velocity)
                for n in part.notes))
            for part in parts
        ]  # fmt: skip
        frames = round(seconds * RENDER_RATE_HZ / 64) * 64
        out = []
        for sound in super().play(slow, seconds * speed + 0.1):
            made = soxr.resample(sound.T, RENDER_RATE_HZ * speed, RENDER_RATE_HZ).T[:, :frames]
            out.append(np.ascontiguousarray(made, np.float32))
        return out


def grooves(command: Sequence[str], home: Path) -> list[str]:
    """The names of the grooves in mma's library below `home`, without intros and endings."""
    found = set()
    for path in sorted(home.glob("lib/**/*.mma")):
        text = path.read_text(encoding="utf-8", errors="replace")
        found |= set(re.findall(r"^DefGroove\s+(\w+)", text, re.MULTILINE))
    return sorted(name for name in found if not _DULL.search(name))


def chart(names: Sequence[str], rng: np.random.Generator) -> tuple[str, int, str, float]:
    """An mma chart in a few random grooves: its text, tonic 0..11, mode and tempo in bpm."""
    mode = "major" if rng.random() < 0.5 else "minor"
    tonic, bpm = int(rng.integers(12)), float(np.round(np.exp(rng.uniform(4.25, 5.1))))
    lines = [f"RndSeed {int(rng.integers(1 << 20))}", f"Tempo {bpm:.0f}"]
    odds = np.array(_LIKELY) / sum(_LIKELY)
    bar = 1
    for _ in range(_PARTS_OF_A_CHART):
        lines.append(f"Groove {names[int(rng.integers(len(names)))]}")
        for _ in range(_BARS):
            chords = []
            for degree in rng.choice(7, 1 + int(rng.random() < 0.25), p=odds):
                kinds = _KINDS[mode][degree]
                root = _NAMES[(tonic + _SCALES[mode][degree]) % 12]
                chords.append(root + kinds[int(rng.integers(len(kinds)))])
            lines.append(f"{bar} " + " ".join(chords))
            bar += 1
    return "\n".join(lines) + "\n", tonic, mode, bpm


def accompanied(command: Sequence[str], text: str, folder: Path) -> Path | None:
    """The MIDI file that mma makes of a chart; None where it cannot."""
    source, out = folder / "chart.mma", folder / "chart.mid"
    out.unlink(missing_ok=True)
    source.write_text(text, encoding="utf-8")
    ran = subprocess.run([*command, str(source), "-f", str(out)], capture_output=True, check=False)
    return out if ran.returncode == 0 and out.exists() else None


def tune(tonic: int, mode: str, bpm: float, rng: np.random.Generator) -> Part:
    """A tune that wanders over the scale, with rests, for a random program."""
    beat, now = 60.0 / bpm, 0.0
    place, notes = int(rng.integers(28, 38)), []
    velocity = int(rng.integers(70, 120))
    while now < PIECE_S - 0.3:
        length = beat * float(rng.choice(_TUNE_BEATS))
        if rng.random() < 0.8:
            place = int(np.clip(place + rng.integers(-3, 4), 22, 45))
            pitch = 12 + tonic % 12 + 12 * (place // 7) + _SCALES[mode][place % 7]
            held = min(length * float(rng.uniform(0.5, 1.0)), PIECE_S - now)
            notes.append(
                Note(now, held, pitch, int(np.clip(velocity + rng.integers(-12, 13), 1, 127)))
            )
        now += length * (4.0 if rng.random() < 0.06 else 1.0)
    return Part(_any_program(rng), tuple(notes))


def _any_program(rng: np.random.Generator) -> int:
    """A program that is neither bass, voice, effect nor drum, and that the fonts have."""
    unfit = (None, "bass", "vocal", "fx", "percussion", "tom")
    fit = [program for program in _PLAIN if instrument_of_program(program) not in unfit]
    return int(rng.choice(fit))


def reprogrammed(score: Score, rng: np.random.Generator) -> Score:
    """Half of the parts on programs of any other kind; a bass stays some bass."""
    parts = []
    for part in score.parts:
        if not part.drums and rng.random() < _FREE:
            bass = instrument_of_program(part.program) == "bass"
            part = Part(int(rng.choice(_BASSES)) if bass else _any_program(rng), part.notes)
        parts.append(part)
    return replace(score, parts=tuple(parts))


def grooved(
    command: Sequence[str], names: Sequence[str], folder: Path, rng: np.random.Generator
) -> Score | None:
    """The score of one chart, up to two tunes over it; None where mma made nothing of it."""
    text, tonic, mode, bpm = chart(names, rng)
    made = accompanied(command, text, folder)
    score = stretch_of(made, rng) if made is not None else None
    if score is None:
        return None
    # `stretch_of` moves keys and tempi, so that a tune fits the chords only now and then: what is
    # to be learned are sounds.
    tunes = tuple(tune(tonic, mode, bpm, rng) for _ in range(int(rng.integers(0, 3))))
    kept = score.parts[: PARTS - len(tunes)]
    title = next(line for line in text.splitlines() if line.startswith("Groove"))
    return reprogrammed(Score(f"mma {title}", (*kept, *tunes), score.beats_s), rng)


def build(
    out: Path, command: Sequence[str], home: Path, sounds: Path, fonts: Sequence[Path], count: int,
    seed: int,
) -> None:  # fmt: skip
    """Make pieces 0..count-1 that are not there yet; none of the test's fonts and kits is used."""
    names = grooves(command, home)
    kits: Mapping[str, Kit] = drum_kits(sounds / "labels.csv")
    own_kits = [(name, kit) for name, kit in sorted(kits.items()) if name not in TEST_KITS]
    own_fonts = [font for font in fonts if font.name not in TEST_FONTS]
    odds = np.array([_FONT_WEIGHT.get(font.name, 1.0) for font in own_fonts])
    players = [Coloured(font) for font in own_fonts]
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(count):
            folder = out / f"{number:05d}"
            rng = np.random.default_rng([seed, number])
            if (folder / "piece.json").exists():
                continue
            score = grooved(command, names, Path(scratch), rng)
            if score is None:
                continue
            which = int(rng.choice(len(players), p=odds / odds.sum()))
            players[which].steps = rng.uniform(-_STEPS_AWAY, _STEPS_AWAY) * (rng.random() < 0.5)
            kit = own_kits[int(rng.integers(len(own_kits)))] if rng.random() < 0.6 else None
            make_piece(score, players[which], own_fonts[which].name, kit, folder, rng)
    for player in players:
        player.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mma", default="mma", help="the command for mma")
    parser.add_argument(
        "--home", type=Path, default=Path(os.environ.get("MMA_HOME", "/usr/share/mma"))
    )
    parser.add_argument("--sounds", type=Path, required=True, help="collection with labels.csv")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--font", type=Path, action="append", default=[], help="more soundfonts")
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    command = (*shlex.split(args.mma), "-0")
    fonts = soundfonts(args.font)
    build(args.out, command, args.home, args.sounds, fonts, args.count, args.seed)


if __name__ == "__main__":
    main()
