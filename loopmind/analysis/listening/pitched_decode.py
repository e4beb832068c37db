"""From what the note network says to notes: where they begin and end, how hard, and who plays.

A note begins where its onset curve peaks; the time between frames comes from the peak's shape,
because the network learned triangles (after Kong et al., "High-resolution piano transcription with
pedals by regressing onset and offset times", 2021).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.pitched_ends import ends_of
from loopmind.analysis.listening.pitched_model import FAMILIES, FOLD, FPS, Heard
from loopmind.analysis.listening.pitched_second import Judged
from loopmind.analysis.listening.spectrogram import KEYS, LOWEST_MIDI

F32 = NDArray[np.float32]

_APART = 3
_EPS = 1e-4


@dataclass(frozen=True)
class Limits:
    """What counts as a note; chosen on the validation set, kept in the model's file.

    onset: least peak of an onset. frame: a note sounds while this is exceeded. gap_s: a shorter
    gap does not end it. shortest_s: of a note. unstruck: least mean of a sounding stretch without
    an onset that counts nevertheless; 1 or more means never. line_*: the same for single lines.
    second: least share of a second family beside the first, for a note that two play.
    line_change, line_rest: how unlikely a single line begins a note, and falls silent; line_hold:
    how much longer it is held than its frames say, in natural logarithms of their odds. lone: a
    family that has a smaller share of a mix's notes is not believed to be there. lines, shares:
    how much a note's neighbours, and the families' shares in the piece, say of who plays it. sure:
    least certainty of such a second family. again, many: how likely a note of chords, and one of
    a mix, must be to the networks that look again. held: how likely a note must be held, to the
    one that tells where notes end, for it to go on.
    """

    onset: float = 0.35
    frame: float = 0.35
    gap_s: float = 0.035
    shortest_s: float = 0.05
    unstruck: float = 2.0
    line_onset: float = 0.3
    line_change: float = 2.5
    line_rest: float = 0.5
    line_hold: float = 0.0
    second: float = 0.6
    lone: float = 0.04
    lines: float = 0.5
    shares: float = 0.3
    sure: float = 0.5
    again: float = 0.4
    many: float = 0.3
    held: float = 0.4

    @classmethod
    def of(cls, values: Mapping[str, float]) -> Limits:
        """From a mapping; names that are unknown or missing keep their defaults."""
        known = {item.name for item in fields(cls)}
        return cls(**{key: float(value) for key, value in values.items() if key in known})


@dataclass(frozen=True, eq=False)
class Found:
    """A note in frames: `start` and `end` (fractions count), key 0..87, velocity 0..1.

    likely: peak of its onset. who: (families,), how likely each of FAMILIES plays it.
    """

    start: float
    end: float
    key: int
    velocity: float
    likely: float
    who: F32


def polyphonic(heard: Heard, limits: Limits, again: Judged | None = None) -> list[Found]:
    """All notes, in order of time and pitch.

    again: what a second look says of where notes begin and end, and of who plays them, if there
    is one.
    """
    onset, frame = heard.onset.astype(np.float32), heard.frame.astype(np.float32)
    if again is None:
        likely, least, numbers = onset, limits.onset, None
    else:
        likely = np.zeros_like(onset)
        likely[again.frames, again.keys] = again.likely[:, 0]
        least = limits.many if again.named else limits.again
        numbers = again.numbers(onset.shape[0])
    peaks = _peaks(likely, least)
    gap = max(1, round(limits.gap_s * FPS))
    shortest = limits.shortest_s * FPS
    notes: list[Found] = []
    unstruck: list[Found] = []
    struck: list[tuple[int, int]] = []  # the onset of each note, and the next of its key
    for key in range(KEYS):
        sounding = frame[:, key] > limits.frame
        if not sounding.any() and not peaks[key].size:
            continue
        starts = peaks[key]
        ends = _ends(sounding, starts, gap)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            at = _between(onset[:, key], start)
            note = _note(heard, key, start, at, _edge(frame[:, key], end, limits.frame))
            if again is not None and numbers is not None:
                # What was judged twice is a note, however short it seems.
                end = max(note.end, note.start + shortest)
                who = again.likely[numbers[start, key], 1:] if again.named else note.who
                note = replace(note, end=end, likely=float(likely[start, key]), who=who)
            notes.append(note)
        struck += itertools.pairwise([*starts.tolist(), onset.shape[0]])
        if limits.unstruck < 1.0:
            unstruck += _unstruck(heard, frame[:, key], key, starts, ends, limits)
    if again is not None and again.ends is not None and notes:
        starts, stops = np.array(struck, np.int64).T
        keys = np.array([note.key for note in notes])
        held = ends_of(heard, again.ends, starts, keys, stops, limits.held).tolist()
        notes = [replace(note, end=max(end, note.start + shortest))
                 for note, end in zip(notes, held, strict=True)]  # fmt: skip
    notes = [note for note in (*notes, *unstruck) if note.end - note.start >= shortest]
    return sorted(notes, key=lambda note: (note.start, note.key))


def single_line(heard: Heard, limits: Limits) -> list[Found]:
    """The notes of an instrument that plays one at a time: the likeliest path through all keys."""
    onset, frame = heard.onset.astype(np.float32), heard.frame.astype(np.float32)
    path = _line(onset, frame, limits)
    peaks = _peaks(onset, limits.line_onset)
    edges = np.flatnonzero(np.diff(path)) + 1
    bounds = [0, *edges.tolist(), path.size]
    notes: list[Found] = []
    for first, last in itertools.pairwise(bounds):
        key = int(path[first])
        if key == KEYS:
            continue
        near = peaks[key][(peaks[key] >= first - 4) & (peaks[key] < last - 1)]
        starts = [first] if not near.size or near[0] > first + 6 else []
        starts += near.tolist()
        for number, start in enumerate(starts):
            end = starts[number + 1] if number + 1 < len(starts) else last
            struck = start in near
            at = _between(onset[:, key], start) if struck else float(start)
            until = _edge(frame[:, key], end, 0.5) if end == last else float(end)
            notes.append(_note(heard, key, start, at, until))
    shortest = limits.shortest_s * FPS
    kept = [note for note in notes if note.end - note.start >= shortest]
    kept.sort(key=lambda note: note.start)
    return kept


def _peaks(onset: F32, least: float) -> list[NDArray[np.int64]]:
    """Frames of each key in which the onset curve peaks above `least`, at least _APART apart."""
    padded = np.pad(onset, ((1, 1), (0, 0)))
    is_peak = (onset >= least) & (onset >= padded[:-2]) & (onset > padded[2:])
    frames, keys = np.nonzero(is_peak)
    order = np.argsort(keys, kind="stable")
    frames, keys = frames[order], keys[order]
    bounds = np.searchsorted(keys, np.arange(KEYS + 1))
    out = []
    for key in range(KEYS):
        own: list[int] = []
        for at in frames[bounds[key] : bounds[key + 1]].tolist():
            if own and at - own[-1] < _APART:
                if onset[at, key] > onset[own[-1], key]:
                    own[-1] = at
            else:
                own.append(at)
        out.append(np.array(own, np.int64))
    return out


def _between(curve: F32, at: int) -> float:
    """Where between frames a triangle peaks whose samples round `at` are given."""
    if not 0 < at < curve.size - 1:
        return float(at)
    before, after = float(curve[at - 1]), float(curve[at + 1])
    return at + float(np.clip((after - before) / max(after + before, _EPS), -0.5, 0.5))


def _edge(curve: F32, end: int, level: float) -> float:
    """Where a curve that is above `level` before frame `end` and below from it on crosses it."""
    if not 0 < end < curve.size:
        return float(end)
    above, below = float(curve[end - 1]), float(curve[end])
    if above <= level or below > level:
        return float(end)
    # Frames count as held from the one nearest to the onset up to the one before that nearest to
    # the end: on average the end lies half a frame behind the crossing.
    return end - 0.5 + (above - level) / max(above - below, _EPS)


def _ends(sounding: NDArray[np.bool_], starts: NDArray[np.int64], gap: int) -> NDArray[np.int64]:
    """First frame behind each note: after a gap, at the next start, or at the end."""
    ends = np.empty(starts.size, np.int64)
    silent = np.flatnonzero(~sounding)
    for number, start in enumerate(starts.tolist()):
        stop = int(starts[number + 1]) if number + 1 < starts.size else sounding.size
        # The first frames of a note may be weak; it has begun nevertheless.
        at = start + 1
        while at < min(start + 4, stop) and not sounding[at]:
            at += 1
        while at < stop:
            place = np.searchsorted(silent, at)
            if place >= silent.size or silent[place] >= stop:
                at = stop
                break
            at = int(silent[place])
            rest = sounding[at : min(at + gap + 1, stop)]
            if rest.any():
                at += int(np.argmax(rest))
            elif at + gap + 1 >= stop and stop < sounding.size and not rest.size:
                at = stop
            else:
                break
        ends[number] = min(at, stop)
    return ends


def _unstruck(
    heard: Heard, curve: F32, key: int, starts: NDArray[np.int64], ends: NDArray[np.int64],
    limits: Limits,
) -> list[Found]:  # fmt: skip
    """Stretches that sound clearly though nothing was struck: swells, slow bows."""
    free = curve > max(limits.frame, 0.5)
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        free[max(0, start - 3) : end + 3] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[0], free.view(np.int8), [0]])))
    notes = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if last - first < 0.1 * FPS or float(curve[first:last].mean()) < limits.unstruck:
            continue
        notes.append(_note(heard, key, first, float(first), float(last)))
    return notes


def _note(heard: Heard, key: int, frame: int, start: float, end: float) -> Found:
    near = slice(max(0, frame - 1), frame + 2)
    weight = heard.onset[near, key].astype(np.float32) + np.float32(_EPS)
    velocity = float((heard.velocity[near, key] * weight).sum() / weight.sum())
    first = frame // FOLD
    last = max(first + 1, min(int(end) // FOLD + 1, first + round(0.6 * FPS / FOLD)))
    who = heard.family[:, first:last, key].astype(np.float32)
    who = who.mean(axis=1) if who.shape[1] else np.zeros(len(FAMILIES), np.float32)
    return Found(start, max(end, start), key, velocity, float(heard.onset[frame, key]), who)


def _line(onset: F32, frame: F32, limits: Limits) -> NDArray[np.int64]:
    """Key of each frame, or KEYS for silence: the cheapest path (Viterbi)."""
    frames = frame.shape[0]
    sounding = -np.log(np.clip(frame, 1e-3, 1.0))
    silent = -np.log(np.clip(1.0 - frame.max(axis=1), 1e-3, 1.0)) + limits.line_hold
    wide = np.pad(onset, ((2, 2), (0, 0)))
    near = np.max([wide[i : i + frames] for i in range(5)], axis=0)
    begins = limits.line_change - 1.5 * np.log(np.clip(near, 1e-2, 1.0))
    cost = np.full(KEYS + 1, 1e6, np.float32)
    cost[KEYS] = 0.0
    back = np.zeros((frames, KEYS + 1), np.int8)
    staying = np.arange(KEYS + 1, dtype=np.int8)
    for t in range(frames):
        cheapest = int(np.argmin(cost))
        into = cost[cheapest] + begins[t]
        new = cost.copy()
        back[t] = staying
        change = into < cost[:KEYS]
        new[:KEYS][change] = into[change]
        back[t, :KEYS][change] = cheapest
        if cost[cheapest] + limits.line_rest < cost[KEYS]:
            new[KEYS] = cost[cheapest] + limits.line_rest
            back[t, KEYS] = cheapest
        new[:KEYS] += sounding[t]
        new[KEYS] += silent[t]
        cost = new - new.min()
    path = np.empty(frames, np.int64)
    at = int(np.argmin(cost))
    for t in range(frames - 1, -1, -1):
        path[t] = at
        at = int(back[t, at])
    return path


def pitch_of(key: int) -> int:
    """MIDI number of a key."""
    return key + LOWEST_MIDI
