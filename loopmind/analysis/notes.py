"""From the pitch of a voice to notes: where each begins and ends, and which semitone is meant.

A hidden Markov model over semitones and silence (after Mauch et al., "Computer-aided melody note
transcription using the Tony software", TENOR 2015) reads the pitch against the voice's own tuning:
vibrato stays round its semitone, and a glide costs less than the notes that it passes.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loopmind.analysis.voice import HIGHEST_MIDI, LOWEST_MIDI, VoiceTrack
from loopmind.music.notes import Note

F64 = NDArray[np.float64]

_NOTES = HIGHEST_MIDI - LOWEST_MIDI
_SHORTEST_S = 0.07
_DIP_DB = 7.0
_LEAST_PART_S = 0.11
_OCTAVE_LEAP = 9


@dataclass(frozen=True, eq=False)
class SungNotes:
    """Notes with whole MIDI numbers, the voice's tuning in cents, and how clearly it has pitch.

    clarity: share of the sounding time (louder than -30 dB below the loudest) with a pitch.
    steadiness: share of the notes' time in which the pitch stays near them (speech glides).
    """

    notes: tuple[Note, ...]
    tuning_cents: float
    clarity: float
    steadiness: float


def sung_notes(voice: VoiceTrack) -> SungNotes:
    """The notes of a voice; none where nothing has a pitch."""
    voiced = voice.voiced
    sounding = voice.level_db > -30.0
    clarity = float((voiced & sounding).sum() / max(int(sounding.sum()), 1))
    if voiced.sum() * voice.hop_s < 2.0 * _SHORTEST_S:
        return SungNotes((), 0.0, clarity, 0.0)
    tuning = _tuning(voice)
    pitch = np.where(voiced, voice.midi - tuning - LOWEST_MIDI, -1.0)
    weight = np.clip(0.35 + 0.65 * voice.sure, 0.35, 1.0)
    fall = np.zeros(pitch.size)
    state = np.zeros(pitch.size, np.int64)
    _read_states(pitch, weight, fall, _NOTES, state)
    runs = _runs(state)
    runs = [part for run in runs for part in _struck_again(run, voice)]
    runs = _joined(runs, voice.hop_s)
    notes = [_note(run, voice, tuning) for run in runs]
    notes = _octaves_repaired(notes)
    middle = float(np.median(tuning))
    steady = _steadiness(voice, notes)
    return SungNotes(tuple(notes), round(100.0 * middle, 1), round(clarity, 4), round(steady, 4))


def held_notes(voice: VoiceTrack, *, shortest_s: float = 0.3) -> list[Note]:
    """Notes that are held steadily, with their true pitch (fractional MIDI), longest first.

    velocity: how surely (0..1) nothing else sounds beside the note.
    """
    found = []
    for note in sung_notes(voice).notes:
        first, last = round(note.start_s / voice.hop_s), round(note.end_s / voice.hop_s)
        pitch = voice.midi[first:last][voice.voiced[first:last]]
        if note.end_s - note.start_s < shortest_s or pitch.size < 0.9 * (last - first):
            continue
        middle = float(np.median(pitch))
        if float(np.mean(np.abs(pitch - middle))) > 0.25:
            continue
        sure = float(voice.sure[first:last].mean())
        found.append(replace(note, pitch=round(middle, 3), velocity=round(sure, 3)))
    found.sort(key=lambda note: (note.start_s - note.end_s, note.start_s))
    return found


def _steadiness(voice: VoiceTrack, notes: list[Note]) -> float:
    """Share of sung frames whose pitch moves slowly: less than 6 semitones a second."""
    moved = np.abs(np.diff(voice.midi, prepend=voice.midi[:1])) / voice.hop_s
    slow, total = 0, 0
    for note in notes:
        first, last = round(note.start_s / voice.hop_s), round(note.end_s / voice.hop_s)
        inside = voice.voiced[first:last]
        slow += int((inside & (moved[first:last] < 6.0)).sum())
        total += last - first
    return slow / max(total, 1)


def _tuning(voice: VoiceTrack) -> F64:
    """How far the voice lies above the semitone grid, -.5 .. .5, as it drifts over seconds."""
    steady = np.zeros(voice.midi.size)
    steady[1:] = np.abs(np.diff(voice.midi)) < 0.12
    weight = steady * voice.voiced * (0.2 + voice.sure)
    turn = np.exp(2j * np.pi * voice.midi) * weight
    reach = max(1, round(4.0 / voice.hop_s))
    bell = np.exp(-0.5 * (np.arange(-2 * reach, 2 * reach + 1) / reach) ** 2)
    total = turn.sum()
    near = np.convolve(turn, bell, mode="full")[2 * reach : 2 * reach + turn.size]
    # What is near counts together with the whole, so that one odd note moves no grid.
    mixed = near + 0.5 * total
    tuning: F64 = np.angle(mixed) / (2.0 * np.pi)
    return tuning


@njit("void(f8[:],f8[:],f8[:],i8,i8[:])", cache=True, nogil=True)
def _read_states(pitch, weight, fall, notes, state):  # type: ignore[no-untyped-def]
    """Semitone of each frame, or `notes` for silence: the cheapest path (Viterbi)."""
    change, begin, end = 5.0, 2.0, 1.2
    frames = pitch.size
    cost = np.full(notes + 1, begin)
    cost[notes] = 0.0
    new = np.zeros(notes + 1)
    back = np.zeros((frames, notes + 1), np.int16)
    for t in range(frames):
        cheapest = 0
        for n in range(1, notes):
            if cost[n] < cost[cheapest]:
                cheapest = n
        for n in range(notes):
            best = cost[n]
            before = n
            if cost[cheapest] + change < best:
                best = cost[cheapest] + change
                before = cheapest
            if cost[notes] + begin < best:
                best = cost[notes] + begin
                before = notes
            if pitch[t] >= 0.0:
                off = abs(pitch[t] - n)
                here = min(off * off * 1.6 if off < 0.5 else 0.4 + (off - 0.5) * 1.6, 1.3)
                here *= weight[t]
            else:
                here = 0.45
            new[n] = best + here
            back[t, n] = before
        best = cost[notes]
        before = notes
        if cost[cheapest] + end < best:
            best = cost[cheapest] + end
            before = cheapest
        new[notes] = best + (0.9 * weight[t] if pitch[t] >= 0.0 else 0.0)
        back[t, notes] = before
        low = new.min()
        for n in range(notes + 1):
            cost[n] = new[n] - low
    at = 0
    for n in range(notes + 1):
        if cost[n] < cost[at]:
            at = n
    for t in range(frames - 1, -1, -1):
        state[t] = at
        at = back[t, at]


def _runs(state: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """(first frame, frame behind the last, semitone) of each note."""
    edges = np.flatnonzero(np.diff(state)) + 1
    bounds = [0, *edges.tolist(), state.size]
    return [
        (a, b, int(state[a])) for a, b in itertools.pairwise(bounds)
        if state[a] < _NOTES
    ]  # fmt: skip


def _struck_again(run: tuple[int, int, int], voice: VoiceTrack) -> list[tuple[int, int, int]]:
    """A run cut where the voice falls and rises again: the same note sung twice."""
    first, last, note = run
    least = round(_LEAST_PART_S / voice.hop_s)
    level = np.maximum(voice.level_db[first:last], -50.0)
    if last - first < 2 * least:
        return [run]
    kernel = np.ones(3) / 3.0
    smooth = np.convolve(np.pad(level, 1, mode="edge"), kernel, mode="valid")
    cuts = []
    place = least
    while place < smooth.size - least:
        before = float(smooth[max(0, place - 2 * least) : place].max())
        after = float(smooth[place + 1 : place + 1 + 2 * least].max())
        around = smooth[max(0, place - least // 2) : place + least // 2 + 1]
        gap = not voice.voiced[first + place]
        depth = min(before, after) - float(smooth[place])
        if smooth[place] <= around.min() + 1e-9 and depth >= (_DIP_DB if not gap else 3.0):
            cuts.append(place)
            place += least
        else:
            place += 1
    parts = []
    begin = first
    for cut in cuts:
        parts.append((begin, first + cut, note))
        # The new note begins where the level has begun to rise, be the gap as long as it may.
        rises = smooth[cut + 1 :] > smooth[cut] + 0.5
        begin = first + cut + 1 + int(np.argmax(rises))
    parts.append((begin, last, note))
    return parts


def _joined(runs: list[tuple[int, int, int]], hop_s: float) -> list[tuple[int, int, int]]:
    """Runs without those too short to be notes; a short one between two is part of a glide."""
    least = _SHORTEST_S / hop_s
    kept: list[tuple[int, int, int]] = []
    for number, run in enumerate(runs):
        if run[1] - run[0] >= least:
            kept.append(run)
            continue
        following = runs[number + 1] if number + 1 < len(runs) else None
        if following is not None and following[0] - run[1] <= 1:
            # A scoop: the note that follows began here.
            runs[number + 1] = (run[0], following[1], following[2])
        elif kept and run[0] - kept[-1][1] <= 1:
            kept[-1] = (kept[-1][0], run[1], kept[-1][2])
    return kept


def _note(run: tuple[int, int, int], voice: VoiceTrack, tuning: F64) -> Note:
    first, last, note = run
    level = voice.level_db[first:last]
    loud = 10.0 ** (float(np.quantile(level, 0.8)) / 20.0)
    return Note(
        start_s=round((first + 0.5) * voice.hop_s, 4),
        end_s=round((last + 0.5) * voice.hop_s, 4),
        pitch=float(LOWEST_MIDI + note),
        velocity=round(min(max(0.35 + 0.65 * loud, 0.2), 1.0), 3),
    )


def _octaves_repaired(notes: list[Note]) -> list[Note]:
    """A short stray note an octave from all its neighbours is meant in their octave."""
    repaired = list(notes)
    for i, note in enumerate(notes):
        near = [n.pitch for n in repaired[max(0, i - 3) : i]] + [
            n.pitch for n in notes[i + 1 : i + 4]
        ]
        if len(near) < 3:
            continue
        middle = float(np.median(near))
        leap = note.pitch - middle
        if abs(leap) <= _OCTAVE_LEAP:
            continue
        moved = note.pitch - 12.0 * np.sign(leap)
        lonely = all(abs(note.pitch - p) > 6.0 for p in near[:1] + near[-1:])
        if lonely and min(abs(note.pitch - p) for p in near) > 6.0 and abs(moved - middle) <= 5.0:
            repaired[i] = replace(note, pitch=float(moved))
    return repaired
