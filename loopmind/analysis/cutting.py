"""Cutting a finished track: its bars, which of them sound alike, and the loops they offer."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.beats import bars_of, beats_per_bar
from loopmind.analysis.frontend import Spectra
from loopmind.analysis.grid import BeatGrid, beat_grid
from loopmind.analysis.onsets import mel_filters, novelty, onsets
from loopmind.analysis.pitch import pitch_map
from loopmind.analysis.tempo import hear_tempo, pulse
from loopmind.music.cuts import CutBar, CutLoop, Cuts

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

LEAST_BARS = 4
LOOP_BARS = (1, 2, 4, 8)
_STEPS = 8
_MEL_SHARE, _PITCH_SHARE = 0.6, 0.4
# A cut this much before the attack keeps all of it; the fade-in there is shorter.
_BEFORE_S = 0.003
_SILENT_DB = -50.0
_MOST_PARTS = 6
_LIKE = 0.45


class NoBeatError(ValueError):
    """The track has no beat that it could be cut at; the message says why."""


def cut(spectra: Spectra, digest: str) -> Cuts:
    """Bars, parts and loops of a track. Raises NoBeatError for one without a steady pulse."""
    heard = novelty(spectra)
    found = onsets(spectra, heard)
    tempo = hear_tempo(spectra, heard, found, use_length=False)
    candidates = tuple((belief.value, belief.weight) for belief in tempo[:5])
    grid = beat_grid(heard, found, candidates, spectra.duration_s)
    if grid is None or grid.times_s.size < 8:
        raise NoBeatError("no beat can be heard in it")
    per_bar = beats_per_bar(pulse(heard), 60.0 / grid.bpm, None)
    beats, first = bars_of(spectra, heard, grid.times_s, per_bar)
    starts, tempi = _bars(grid, beats, first, per_bar, spectra.duration_s)
    if starts.size < LEAST_BARS:
        raise NoBeatError(f"it holds {starts.size} whole bars; {LEAST_BARS} are needed")
    edges = np.append(starts, starts[-1] + per_bar * 60.0 / tempi[-1])
    mel, level = _sound_of(spectra, edges)
    pitch = _pitch_of(spectra, edges)
    like = _MEL_SHARE * _cosine(mel) + _PITCH_SHARE * _cosine(pitch)
    phrase = _phrase_start(like)
    part = _parts(like, level, phrase)
    energy = _energy(level, mel, found.times_s, edges)
    bars = tuple(
        CutBar(
            round(float(starts[i]), 6), round(float(tempi[i]), 4), int(part[i]),
            round(float(level[i]), 2), round(float(energy[i]), 4), int((i - phrase) % 4),
        )
        for i in range(starts.size)
    )  # fmt: skip
    return Cuts(
        digest=digest,
        bpm=round(float(grid.bpm), 3),
        beats_per_bar=per_bar,
        steady=grid.steady,
        clarity=round(float(grid.clarity), 4),
        parts=int(part.max()) + 1,
        bars=bars,
        loops=_loops(bars, like),
    )


def _bars(
    grid: BeatGrid, beats: F64, first: int, per_bar: int, duration_s: float
) -> tuple[F64, F64]:
    """(start of each whole bar, its tempo). An even grid gives all bars its one tempo."""
    if grid.steady and beats.size >= 2:
        beat_s = 60.0 / grid.bpm
        origin = float(beats[first] - beat_s * per_bar * np.floor(beats[first] / beat_s / per_bar))
        count = int((duration_s - origin) / (beat_s * per_bar) + 1e-3)
        starts = origin + beat_s * per_bar * np.arange(max(count, 0))
        tempi = np.full(starts.size, grid.bpm)
    else:
        starts = beats[first::per_bar]
        tempi = 60.0 * per_bar / np.diff(starts)
        starts = starts[:-1]
    return np.maximum(starts - _BEFORE_S, 0.0), tempi


def _sound_of(spectra: Spectra, edges: F64) -> tuple[F64, F64]:
    """Log mel spectra on _STEPS steps of each bar (bars, features), and RMS levels in dB."""
    mel = spectra.power @ mel_filters(spectra.rate_hz, 24)
    log = np.log1p(mel * np.float32(1e4 / max(float(mel.max(initial=0.0)), 1e-9)))
    rows, levels = [], []
    for begin, end in itertools.pairwise(edges):
        steps = np.linspace(begin, end, _STEPS + 1) * spectra.rate_hz / spectra.hop
        steps = np.clip(np.round(steps).astype(int), 0, log.shape[0] - 1)
        rows.append(np.concatenate([
            log[a : max(b, a + 1)].mean(axis=0) for a, b in itertools.pairwise(steps)
        ]))  # fmt: skip
        sound = spectra.mono[int(begin * spectra.rate_hz) : int(end * spectra.rate_hz)]
        power = float(np.dot(sound, sound)) / max(sound.size, 1)
        levels.append(10.0 * np.log10(power + 1e-12))
    return np.array(rows, np.float64), np.array(levels)


def _pitch_of(spectra: Spectra, edges: F64) -> F64:
    """Pitch classes on the quarters of each bar, (bars, 4 * 12)."""
    heard = pitch_map(spectra.mono, spectra.rate_hz)
    chroma = heard.notes.reshape(heard.notes.shape[0], -1, 12).sum(axis=1)
    rows = []
    for begin, end in itertools.pairwise(edges):
        steps = np.clip(np.round(np.linspace(begin, end, 5) / heard.hop_s).astype(int), 0,
                        chroma.shape[0] - 1)  # fmt: skip
        parts = [chroma[a : max(b, a + 1)].sum(axis=0)
                 for a, b in itertools.pairwise(steps)]  # fmt: skip
        rows.append(np.concatenate([p / max(float(np.linalg.norm(p)), 1e-9) for p in parts]))
    return np.array(rows, np.float64)


def _cosine(rows: F64) -> F64:
    """Cosine similarity of rows after their mean is taken away: what all bars share tells none."""
    centred = rows - rows.mean(axis=0)
    size = np.linalg.norm(centred, axis=1)
    # A track of one endless bar has nothing left: there all bars are alike.
    if float(size.max(initial=0.0)) < 1e-6 * max(float(np.linalg.norm(rows, axis=1).max()), 1e-12):
        return np.ones((rows.shape[0], rows.shape[0]))
    unit = centred / np.maximum(size, 1e-9)[:, None]
    return np.asarray(unit @ unit.T)


def _phrase_start(like: F64) -> int:
    """Which of the first four bars begins a phrase: where what follows differs from what was."""
    count = like.shape[0]
    change = np.zeros(count)
    for i in range(1, count):
        reach = min(4, i, count - i)
        before, after = slice(i - reach, i), slice(i, i + reach)
        change[i] = 0.5 * (like[before, before].mean() + like[after, after].mean())
        change[i] -= like[before, after].mean()
    scores = [float(np.sort(change[o::4])[-8:].mean()) if change[o::4].size else 0.0
              for o in range(4)]  # fmt: skip
    # Music mostly begins with a phrase.
    scores[0] += 0.1 * max(scores)
    return int(np.argmax(scores))


def _parts(like: F64, level: F64, phrase: int) -> NDArray[np.int64]:
    """Group number of each bar: average linkage over phrases of four bars.

    Two phrases are as alike as their first bars, second bars ... are, so that a row of chords is
    one part; loud and soft phrases are different parts even where they hold the same notes. At
    most _MOST_PARTS groups; the largest is number 0.
    """
    count = like.shape[0]
    own = (np.arange(count) - phrase) // 4
    own -= own.min()
    total = int(own.max()) + 1
    bars = [np.flatnonzero(own == number) for number in range(total)]
    # A first phrase that is not whole is compared by its end, as phrases begin with the bar line.
    table = np.full((total, total), -np.inf)
    for i in range(total):
        for j in range(i):
            size = min(bars[i].size, bars[j].size)
            one = bars[i][-size:] if i == 0 else bars[i][:size]
            other = bars[j][-size:] if j == 0 else bars[j][:size]
            apart = abs(float(level[one].mean() - level[other].mean()))
            table[i, j] = table[j, i] = float(like[one, other].mean()) - apart / 30.0
    groups = [[i] for i in range(total)]
    alive = list(range(total))
    while len(alive) > 1:
        sub = table[np.ix_(alive, alive)]
        a, b = divmod(int(np.argmax(sub)), len(alive))
        if sub[a, b] < _LIKE and len(alive) <= _MOST_PARTS:
            break
        one_group, two = sorted((alive[a], alive[b]))
        n1, n2 = len(groups[one_group]), len(groups[two])
        merged = (n1 * table[one_group] + n2 * table[two]) / (n1 + n2)
        table[one_group], table[:, one_group] = merged, merged
        table[one_group, one_group] = -np.inf
        groups[one_group] += groups[two]
        alive.remove(two)
    order = sorted(alive, key=lambda g: (-len(groups[g]), min(groups[g])))
    part = np.zeros(count, np.int64)
    for number, group in enumerate(order):
        for member in groups[group]:
            part[bars[member]] = number
    return part


def _energy(level: F64, mel: F64, onset_times: F64, edges: F64) -> F64:
    """Energy of each bar, 0..1 within the track: level, number of attacks and high sounds."""
    counts = np.histogram(onset_times, edges)[0].astype(np.float64)
    high = mel.reshape(mel.shape[0], _STEPS, -1)[:, :, 14:].mean(axis=(1, 2))

    def spread(values: F64) -> F64:
        low, top = np.quantile(values, [0.05, 0.95])
        return np.asarray(np.clip((values - low) / max(float(top - low), 1e-9), 0.0, 1.0))

    loud = np.clip((level - level.max()) / 18.0 + 1.0, 0.0, 1.0)
    energy: F64 = 0.5 * loud + 0.2 * spread(counts) + 0.3 * spread(high)
    return energy


def _loops(bars: tuple[CutBar, ...], like: F64) -> tuple[CutLoop, ...]:
    """All stretches of 1, 2, 4 or 8 bars without silence, best first."""
    count = len(bars)
    found = []
    for length in LOOP_BARS:
        for first in range(count - length + 1):
            inside = bars[first : first + length]
            if min(bar.level_db for bar in inside) < _SILENT_DB:
                continue
            after, before = first + length, first - 1
            # Where the track repeats itself the loop is its own continuation.
            lead = like[first, after] if after < count else 0.0
            back = like[before, after - 1] if before >= 0 else lead
            part = max({bar.part for bar in inside}, key=[bar.part for bar in inside].count)
            pure = sum(bar.part == part for bar in inside) / length
            placed = 1.0 if inside[0].phrase == 0 else 0.5 if inside[0].phrase == 2 else 0.0
            placed = max(placed, 0.6 if length == 1 else 0.0)
            paces = [bar.bpm for bar in inside]
            even = float(np.exp(-(((max(paces) - min(paces)) / (0.02 * paces[0])) ** 2)))
            score = 0.35 * max(float(lead), 0.0) + 0.15 * max(float(back), 0.0)
            score += 0.2 * pure + 0.2 * placed + 0.1 * even
            energy = sum(bar.energy for bar in inside) / length
            found.append(CutLoop(first, length, part, round(energy, 4), round(score, 4)))
    found.sort(key=lambda loop: (-loop.score, loop.first, loop.bars))
    return tuple(found)
