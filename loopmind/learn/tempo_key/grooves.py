"""Loops of known tempo, made from the genre brains' drum patterns, one-shots and soundfonts.

They teach the tempo model what a beat looks like; nothing is learned here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.learn.sounds.render import RENDER_RATE_HZ, Note, Phrase, render_phrases
from loopmind.learn.tempo_key.groove_sounds import mix_hits, placed, synth_part

F32 = NDArray[np.float32]

_VELOCITY = {"X": 1.0, "x": 0.72, "o": 0.4, "?": 0.6, "r": 0.7}
_BARS = ((1, 0.12), (2, 0.28), (4, 0.4), (8, 0.14), (3, 0.02), (6, 0.02), (16, 0.02))
_LONGEST_S = 26.0
# Metres the genre brains lack: tempo range, steps a beat, beats a bar, patterns by sound.
_OTHER_METRES: tuple[tuple[tuple[float, float], int, float, dict[str, list[str]]], ...] = (
    ((70, 170), 4, 3, {"kick": ["X...........", "X.....x....."],
                       "snare": ["....x...x...", "........X..."], "hat": ["x.x.x.x.x.x."]}),
    ((48, 84), 3, 4, {"kick": ["X.....X.....", "X.....X..x.."], "snare": ["...X.....X.."],
                      "hat": ["xxxxxxxxxxxx", "x.xx.xx.xx.x"]}),
    ((80, 150), 3, 4, {"kick": ["X.....X.....", "X....xX....."], "snare": ["...X.....X.."],
                       "hat": ["x.xx.xx.xx.x", "x..x..x..x.."]}),
    ((50, 76), 3, 2, {"kick": ["X....."], "snare": ["...X.."], "hat": ["xxxxxx"]}),
    ((90, 150), 4, 5, {"kick": ["X.....x.....x......."], "snare": ["....X.......X......."],
                       "hat": ["x.x.x.x.x.x.x.x.x.x."]}),
    ((90, 160), 4, 7, {"kick": ["X.......x...x..............."],
                       "snare": ["....X.......X.......X......."],
                       "hat": ["x.x.x.x.x.x.x.x.x.x.x.x.x.x."]}),
    ((45, 80), 3, 4, {"hat": ["x.xx.xx.xx.x", "xxxxxxxxxxxx"], "kick": ["X.....x..x.."],
                      "snare": ["...X.....X.."]}),
    ((45, 78), 6, 4, {"kick": ["X...........X...........", "X.........x.X..........."],
                      "snare": ["......X...........X....."],
                      "hat": ["x.x.x.x.x.x.x.x.x.x.x.x.", "x.x.xxx.x.xxx.x.x.x.xxxx"]}),
    ((45, 78), 6, 2, {"kick": ["X.....x....."], "snare": ["......X....."],
                      "hat": ["x.x.x.x.x.x.", "xxxxxxxxxxxx", "x..x..x.x.x."]}),
    ((70, 130), 4, 3.5, {"kick": ["X.....x.x.....", "X...x.X...x..."],
                         "snare": ["....X.....X...", "....X...X....."],
                         "hat": ["x.x.x.x.x.x.x.", "xxxxxxxxxxxxxx"]}),
    ((70, 130), 4, 2.5, {"kick": ["X.....x...", "X..x......"],
                         "snare": ["....X...X.", "......X..."], "hat": ["x.x.x.x.x."]}),
    ((80, 130), 4, 3.75, {"kick": ["X.......x......", "X.....x...x...."],
                          "snare": ["....X.......X..", "....X......X..."],
                          "hat": ["x.x.x.x.x.x.x.x", "x.x.x.x.x.xxx.x"]}),
    ((60, 110), 3, 4, {"kick": ["X..X..X..X..", "X....xX....x"], "snare": ["...X.....X.x"],
                       "hat": ["x.xx.xx.xx.x"]}),
)  # fmt: skip
_PROGRAMS = {
    "bass": (32, 33, 34, 35, 36, 38, 39), "keys": (0, 1, 4, 5, 7, 11, 16, 18),
    "guitar": (24, 25, 26, 27, 28, 29), "pad": (48, 50, 88, 89, 91, 94),
    "lead": (80, 81, 84, 87, 73, 65, 56, 61), "arp": (46, 24, 0, 81, 12, 45, 106),
}  # fmt: skip
_RHYTHMS: dict[str, tuple[str, ...]] = {
    "bass": ("x.......x.......", "x.x.x.x.x.x.x.x.", "x..x..x.x..x..x.", "x...x...x...x...",
             "x.....x...x.....", "x..x..x...x.x...", "..x...x...x...x.", "x...............",
             "x.xxx.xxx.xxx.xx", "x......xx.......", "x..x....x..x....", "x.x...x.x.x...x."),
    "keys": ("x...............", "x.......x.......", "x...x...x...x...", "..x...x...x...x.",
             "x..x..x.........", "x..x..x...x.x...", "x.....x.........", "....x.......x...",
             "x..x......x.....", "x.x.x.x.x.x.x.x."),
    "guitar": ("x.x.x.x.x.x.x.x.", "x...x.x...x.x.x.", "x..x..x.x..x..x.", "x.xxx.xxx.xxx.xx",
               "....x.......x...", "x.......x.......", "x...x.xx..xxx.x."),
    "pad": ("x...............", "x.......x......."),
    "arp": ("xxxxxxxxxxxxxxxx", "x.x.x.x.x.x.x.x.", "x.xxx.xxx.xxx.xx", "x..x..x..x..x.x."),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Groove:
    """A loop `samples` (frames,) at RENDER_RATE_HZ of known tempo.

    beats: how many beats it was cut to (its tail or lead-in aside); steps: parts of a beat.
    clean: the file is exactly the beats. style: what made it, for splitting.
    start_s: the first downbeat.
    """

    samples: F32
    bpm: float
    beats: float
    steps: int
    beats_per_bar: float
    clean: bool
    style: str
    start_s: float
    onsets_s: tuple[float, ...]


@dataclass(frozen=True)
class _Grid:
    bpm: float
    bars: int
    beats_per_bar: float
    steps: int
    swing: float

    @property
    def beat_s(self) -> float:
        return 60.0 / self.bpm

    @property
    def length_s(self) -> float:
        return self.bars * self.beats_per_bar * self.beat_s

    @property
    def per_bar(self) -> int:
        return round(self.beats_per_bar * self.steps)

    def time_s(self, step: int) -> float:
        late = (self.swing - 0.5) * self.beat_s if self.steps == 4 and step % 4 == 2 else 0.0
        late += (self.swing - 0.5) * self.beat_s / 2 if self.steps == 4 and step % 2 == 1 else 0.0
        return step * self.beat_s / self.steps + late


def read_brains(folder: Path) -> list[dict[str, Any]]:
    """The genre brains that say which drums they play."""
    brains = [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))
    ]
    found = [b for b in brains if b.get("drums") and b.get("bpm") and b["name"] != "default"]
    # Slow genres are few among the brains but many among people's loops.
    return found + [brain for brain in found if brain["bpm"][1] <= 106]


def _tempo(low: float, high: float, rng: np.random.Generator) -> float:
    bpm = float(rng.uniform(low, high))
    kind = rng.random()
    if kind < 0.8:
        return float(round(bpm))
    return round(bpm * 2.0) / 2.0 if kind < 0.85 else bpm


def _grid(
    bpm_range: Sequence[float], steps: int, per_bar: float, swing: float, rng: np.random.Generator
) -> _Grid:
    bpm = _tempo(bpm_range[0], bpm_range[1], rng)
    counts, shares = zip(*_BARS, strict=True)
    bars = int(rng.choice(counts, p=np.array(shares) / sum(shares)))
    while bars > 1 and bars * per_bar * 60.0 / bpm > _LONGEST_S:
        bars //= 2
    return _Grid(bpm, bars, per_bar, steps, swing)


def _pattern_hits(
    patterns: Mapping[str, Sequence[str]], grid: _Grid, rng: np.random.Generator
) -> list[tuple[str, float, float]]:
    """(sound, time, velocity) of a bar pattern per sound, with the changes drummers make."""
    hits = []
    vary = rng.random() < 0.5
    for sound, choices in patterns.items():
        pattern = choices[int(rng.integers(len(choices)))]
        for step in range(grid.bars * grid.per_bar):
            sign = pattern[step % len(pattern)]
            last_bar = vary and step >= (grid.bars - 1) * grid.per_bar and grid.bars > 1
            if last_bar and rng.random() < 0.1:
                sign = "." if sign != "." else "o"
            if sign == "?" and rng.random() < 0.5:
                sign = "."
            if sign == ".":
                continue
            hits.append((sound, grid.time_s(step), _VELOCITY[sign]))
            if sign == "r":
                part = grid.beat_s / grid.steps / 2
                hits.append((sound, grid.time_s(step) + part, 0.55))
    return hits


def drum_groove(
    brain: Mapping[str, Any] | None, kits: Sequence[Mapping[str, Sequence[F32]]],
    rng: np.random.Generator,
) -> Groove:  # fmt: skip
    """A drum loop of a genre brain, or of another metre where `brain` is None."""
    if brain is None:
        bpm_range, steps, per_bar, patterns = _OTHER_METRES[int(rng.integers(len(_OTHER_METRES)))]
        grid = _grid(bpm_range, steps, per_bar, 0.5, rng)
        style = f"metre {per_bar}"
    else:
        swing = brain.get("swing") or 0.5
        grid = _grid(brain["bpm"], 4, 4, swing if rng.random() < 0.7 else 0.5, rng)
        patterns, style = brain["drums"], str(brain["name"])
    names = [name for name in patterns if name not in ("cymbal",)]
    kind = rng.random()
    if kind < 0.12:
        names = [name for name in names if name in ("hat", "percussion")]
    elif kind < 0.18:
        names = ["kick"] if "kick" in names else names
    elif kind < 0.3:
        names = [name for name in names if name in ("kick", "snare", "clap")]
    else:
        names = [n for n in names if n in ("kick", "snare", "hat") or rng.random() < 0.45]
    hits = _pattern_hits({n: patterns[n] for n in names or list(patterns)}, grid, rng)
    if not hits:
        hits = _pattern_hits(patterns, grid, rng)
    kit = kits[int(rng.integers(len(kits)))]
    played = mix_hits(hits, kit, grid.length_s, rng)
    return _cut(played, grid, f"drums {style}", [at for _, at, _ in hits], rng)


def part_notes(part: str, grid: _Grid, rng: np.random.Generator) -> tuple[list[Note], str]:
    """Notes of a bass, chord, pad, lead or arpeggio part on `grid`."""
    if grid.steps == 6:
        # Compound time: eighths are two steps long, sixteenths between them are rarer.
        eighth, fine = rng.choice([0.4, 0.75, 1.0]), rng.choice([0.0, 0.1, 0.4])
        chance = np.tile([0.95, fine, eighth, fine, eighth, fine], max(1, grid.per_bar // 6))
        pattern = "".join("x" if rng.random() < c else "." for c in chance)
    elif grid.steps != 4 or grid.beats_per_bar != 4:
        dense = rng.choice([0.15, 0.35, 0.7, 1.0])
        pattern = "".join(
            "x" if s % grid.steps == 0 or rng.random() < dense else "." for s in range(grid.per_bar)
        )
    elif part == "lead" or rng.random() < 0.25:
        drawn = []
        for _ in range(12):
            fine, eighth = rng.choice([0.02, 0.12, 0.35, 0.6]), rng.choice([0.2, 0.45, 0.8])
            chance = np.tile([rng.choice([0.6, 0.9]), fine, eighth, fine], 8)
            drawn.append("x" + "".join("x" if rng.random() < c else "." for c in chance[1:]))
        pattern = _at_usual_rate(drawn, grid.beat_s, rng)
    else:
        pattern = _at_usual_rate(_RHYTHMS[part], grid.beat_s, rng)
    starts = [s for s in range(grid.bars * grid.per_bar) if pattern[s % len(pattern)] == "x"]
    low = {"bass": 31, "lead": 64, "arp": 55}.get(part, 50)
    scale = np.array([0, 2, 3, 5, 7, 8, 10])
    roots = rng.choice([0, 3, 4, 5, 6, 2], size=4)
    roots[0] = 0
    legato = float(rng.choice([0.4, 0.8, 1.0]))
    change = int(rng.choice([1, 1, 1, 2])) * grid.per_bar
    notes = []
    loose = float(rng.choice([0.0, 0.0, 0.006]))
    for i, step in enumerate(starts):
        end = starts[i + 1] if i + 1 < len(starts) else grid.bars * grid.per_bar
        root = int(roots[(step // change) % len(roots)])
        if part == "bass":
            degrees = [root if rng.random() < 0.8 else root + int(rng.choice([2, 4]))]
        elif part == "lead":
            degrees = [root + int(rng.integers(0, 7))]
        elif part == "arp":
            degrees = [root + (0, 2, 4, 7)[i % 4]]
        else:
            degrees = [root, root + 2, root + 4]
        start_s = max(0.0, grid.time_s(step) + rng.normal() * loose)
        accent = 12 if step % grid.per_bar == 0 else 6 if step % grid.steps == 0 else 0
        for degree in degrees:
            pitch = low + int(scale[degree % 7]) + 12 * (degree // 7)
            length = max(0.05, (end - step) * grid.beat_s / grid.steps * legato)
            velocity = int(np.clip(84 + accent + rng.normal() * 8, 30, 127))
            notes.append(Note(start_s, length, pitch, velocity))
    return notes, pattern


def _at_usual_rate(patterns: Sequence[str], beat_s: float, rng: np.random.Generator) -> str:
    """One of `patterns`, likelier the nearer its notes a second come to what players play.

    Slow music is played in sixteenths, fast music in eighths: about three and a half notes a
    second, give or take an octave.
    """
    rates = np.array([p.count("x") / (len(p) * beat_s / 4.0) for p in patterns])
    chance = np.exp(-0.5 * (np.log2(rates / 3.5) / 0.9) ** 2)
    return patterns[int(rng.choice(len(patterns), p=chance / chance.sum()))]


def melodic_grooves(
    brains: Sequence[Mapping[str, Any]], fonts: Sequence[Path | None], count: int,
    kits: Sequence[Mapping[str, Sequence[F32]]], rng: np.random.Generator,
    *, other_metres: float = 0.2,
) -> Iterator[Groove]:  # fmt: skip
    """`count` loops of one melodic part (now and then with drums) at the brains' tempi.

    Played by the soundfonts in turn, and by a synthesiser where a font is None.
    """
    for font in fonts:
        planned = []
        for _ in range(count // len(fonts)):
            part = str(rng.choice(["bass", "keys", "guitar", "pad", "lead", "arp"],
                                  p=[0.25, 0.22, 0.16, 0.07, 0.15, 0.15]))  # fmt: skip
            brain = brains[int(rng.integers(len(brains)))]
            if rng.random() < other_metres:
                bpm_range, steps, per_bar, _ = _OTHER_METRES[int(rng.integers(len(_OTHER_METRES)))]
                grid = _grid(bpm_range, steps, per_bar, 0.5, rng)
            else:
                swing = (brain.get("swing") or 0.5) if rng.random() < 0.6 else 0.5
                grid = _grid(brain["bpm"], 4, 4, swing, rng)
            notes, _ = part_notes(part, grid, rng)
            programs = _PROGRAMS[part]
            program = programs[int(rng.integers(len(programs)))]
            planned.append((part, brain, grid, Phrase(tuple(notes), program, grid.length_s + 3.0)))
        if font is None:
            sounds = [synth_part(p[3].notes, p[3].keep_s, rng) for p in planned]
        else:
            sounds = render_phrases(font, [p[3] for p in planned], effects=False)
        for (part, brain, grid, phrase), sound in zip(planned, sounds, strict=True):
            peak = float(np.abs(sound).max(initial=0.0))
            if peak < 1e-3:
                continue
            played = sound / peak
            style = part
            if rng.random() < 0.2 and grid.steps == 4 and grid.beats_per_bar == 4:
                hits = _pattern_hits(brain["drums"], grid, rng)
                kit = kits[int(rng.integers(len(kits)))]
                drums = mix_hits(hits, kit, grid.length_s, rng)
                n = min(drums.size, played.size)
                played = played[:n] * np.float32(rng.uniform(0.2, 1.0)) + drums[:n]
                style = "mix"
            yield _cut(played, grid, style, [note.start_s for note in phrase.notes], rng)


def _cut(
    played: F32, grid: _Grid, style: str, onsets_s: Sequence[float], rng: np.random.Generator
) -> Groove:
    """Cut to the beats as loops are cut: tail wrapped or dropped; a few left with their tail,
    with silence before, or cut raggedly.
    """
    n = round(grid.length_s * RENDER_RATE_HZ)
    played = placed(played, rng)
    whole = np.zeros(max(played.size, n), np.float32)
    whole[: played.size] = played
    kind = rng.random()
    start_s = 0.0
    clean = kind < 0.8
    if kind < 0.5:
        out = whole[:n].copy()
        tail = whole[n : 2 * n]
        out[: tail.size] += tail
    elif kind < 0.8:
        out = whole[:n].copy()
    elif kind < 0.9:
        out = whole[: n + round(rng.uniform(0.2, 2.5) * RENDER_RATE_HZ)].copy()
    elif kind < 0.95:
        start_s = float(rng.uniform(0.01, 0.6))
        lead = np.zeros(round(start_s * RENDER_RATE_HZ), np.float32)
        out = np.concatenate([lead, whole[:n]])
    else:
        first = round(rng.uniform(0.0, 0.12) * n)
        out = whole[first : n - round(rng.uniform(0.0, 0.12) * n)].copy()
        start_s = -first / RENDER_RATE_HZ
    out += (
        np.float32(1e-4) * rng.standard_normal(out.size).astype(np.float32) * (rng.random() < 0.3)
    )
    peak = float(np.abs(out).max(initial=0.0))
    out *= np.float32(rng.uniform(0.2, 1.0) / max(peak, 1e-6))
    times = sorted(
        {round(t + start_s, 5) for t in onsets_s if 0.0 <= t + start_s < out.size / 44100}
    )
    return Groove(
        out, grid.bpm, grid.bars * grid.beats_per_bar, grid.steps, grid.beats_per_bar, clean,
        style, start_s, tuple(times),
    )  # fmt: skip
