"""Sampler: sounds played by notes, with velocity, envelopes and choke groups; 32 voices.

Scheduled notes are a function of the absolute frame; notes from a keyboard come through a queue.
Between two notes all voices are rendered frame by frame, so any block size gives the same sound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.effects.common import amplitude, finite, speed
from loopmind.dsp.kernel import doubles_at, floats_at, kernel, words_at
from loopmind.dsp.unit import Part, Unit

VOICES = 32
QUEUE_PLACES = 64
ZONE_WORDS = 10
EVENT_WORDS = 4
_VOICE_WORDS = 10
_VOICES_FROM = 8
_SILENT = 1e-5


@dataclass(frozen=True, eq=False)
class Zone:
    """A sound and the notes that play it.

    samples: float32 (1 or 2, frames) at the program's rate. root: the note at which it sounds as
    it is. low, high: notes that play it. choke: number of a group in which a new note silences
    the others, 0 for none. sustain: it stops when the note does, else it plays to its end.
    """

    samples: NDArray[np.float32]
    root: float = 60.0
    low: int = 0
    high: int = 127
    choke: int = 0
    gain: float = 1.0
    sustain: bool = True


@dataclass(frozen=True)
class Strike:
    """A scheduled note: absolute frame, pitch, velocity 0..1, and frames until it is let go."""

    frame: int
    pitch: int
    velocity: float
    frames: int


class NoteQueue:
    """Notes from a keyboard on their way to the sampler: put here, or through the engine."""

    def __init__(self) -> None:
        self.words = np.zeros(1 + QUEUE_PLACES, np.int64)

    @staticmethod
    def word(pitch: int, velocity: float) -> int:
        """One note as a word; velocity 0 lets it go."""
        return (round(min(max(velocity, 0.0), 1.0) * 1000) << 8) | (int(pitch) & 127)

    def put(self, pitch: int, velocity: float) -> None:
        """For programs that no device plays; while one does, send it through the engine."""
        count = int(self.words[0])
        self.words[1 + count % QUEUE_PLACES] = self.word(pitch, velocity)
        self.words[0] = count + 1

    @property
    def address(self) -> int:
        return int(self.words.ctypes.data)


def _sampler(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Sum of all voices; cubic interpolation (Catmull and Rom) where a sound is transposed.

    params: zones, their number, events, their number, queue, attack, release, gain, glide.
    Voice words: on, zone, place, step, level, envelope, held, off frame, pitch, age.
    """
    out = outputs[0]
    zones, zone_count = words_at(int(params[0])), int(params[1])
    levels = doubles_at(int(params[0]))
    events, event_count = words_at(int(params[2])), int(params[3])
    velocities = doubles_at(int(params[2]))
    queue = words_at(int(params[4]))
    attack, release = params[5], params[6]
    if state[0] == 0.0:
        state[0] = 1.0
        state[1] = queue[0]
        state[3] = params[7]
    for voice in range(32):
        # A voice taken over from a program with more sounds has none here.
        if state[8 + 10 * voice + 1] >= zone_count:
            state[8 + 10 * voice], state[8 + 10 * voice + 1] = 0.0, 0.0
    for n in range(2 * frames):
        out[n] = np.float32(0.0)
    low, high = 0, event_count
    while low < high:
        middle = (low + high) // 2
        if events[4 * middle] < start:
            low = middle + 1
        else:
            high = middle
    following = low
    waiting = queue[0]
    heard = max(int(state[1]), waiting - 64)
    done = 0
    while done < frames:
        # What begins on this frame.
        while True:
            pitch, velocity, length = -1, 0.0, 0
            if done == 0 and heard < waiting:
                word = queue[1 + heard % 64]
                pitch, velocity, length = word & 127, (word >> 8) / 1000.0, -1
                heard += 1
            elif following < event_count and events[4 * following] == start + done:
                pitch = events[4 * following + 1]
                velocity = velocities[4 * following + 2]
                length = events[4 * following + 3]
                following += 1
            if pitch < 0:
                break
            if velocity <= 0.0:
                for voice in range(32):
                    at = 8 + 10 * voice
                    if state[at] != 0.0 and state[at + 8] == pitch and state[at + 7] < 0.0:
                        state[at + 6] = 0.0
                continue
            for number in range(zone_count):
                zone = 10 * number
                if not zones[zone + 5] <= pitch <= zones[zone + 6]:
                    continue
                choke = zones[zone + 7]
                chosen, oldest = 0, 1e300
                for voice in range(32):
                    at = 8 + 10 * voice
                    if state[at] == 0.0:
                        if oldest > -1.0:
                            chosen, oldest = voice, -1.0
                        continue
                    if choke != 0 and zones[10 * int(state[at + 1]) + 7] == choke:
                        state[at + 6] = -1.0  # choked: gone within milliseconds
                    if state[at + 9] < oldest:
                        chosen, oldest = voice, state[at + 9]
                at = 8 + 10 * chosen
                state[2] += 1.0
                state[at] = 1.0
                state[at + 1] = number
                state[at + 2] = 0.0
                state[at + 3] = 2.0 ** ((pitch - levels[zone + 4]) / 12.0)
                state[at + 4] = velocity * velocity * levels[zone + 8]
                state[at + 5] = 0.0
                state[at + 6] = 1.0
                state[at + 7] = -1.0 if length < 0 else float(start + done + length)
                state[at + 8] = pitch
                state[at + 9] = state[2]
        until = frames
        if following < event_count:
            until = min(until, events[4 * following] - start)
        for voice in range(32):
            at = 8 + 10 * voice
            if state[at] == 0.0:
                continue
            zone = 10 * int(state[at + 1])
            source, channel, stride = floats_at(zones[zone]), zones[zone + 1], zones[zone + 2]
            count = zones[zone + 3]
            sustains = zones[zone + 9] != 0
            place, step, level = state[at + 2], state[at + 3], state[at + 4]
            envelope, held, off = state[at + 5], state[at + 6], state[at + 7]
            for n in range(done, until):
                if sustains and off >= 0.0 and start + n >= off and held > 0.0:
                    held = 0.0
                if held > 0.0:
                    envelope += (1.0 - envelope) * attack
                elif held == 0.0 and sustains:
                    envelope -= envelope * release
                elif held == 0.0:
                    envelope += (1.0 - envelope) * attack
                else:
                    envelope -= envelope * params[8]
                whole = int(place)
                if whole >= count or (envelope < 1e-5 and held <= 0.0):
                    state[at] = 0.0
                    break
                t = place - whole
                before, after = max(whole - 1, 0), min(whole + 1, count - 1)
                beyond = min(whole + 2, count - 1)
                for side in range(2):
                    shift = side * channel
                    b = np.float64(source[whole * stride + shift])
                    value = b
                    if t != 0.0:
                        a = np.float64(source[before * stride + shift])
                        c = np.float64(source[after * stride + shift])
                        d = np.float64(source[beyond * stride + shift])
                        value = b + 0.5 * t * (
                            c
                            - a
                            + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a))
                        )
                    out[2 * n + side] = np.float32(
                        out[2 * n + side] + finite(value) * level * envelope
                    )
                place += step
            state[at + 2], state[at + 5], state[at + 6] = place, envelope, held
        done = until
    state[1] = heard
    level = state[3]
    for n in range(frames):
        level += (params[7] - level) * params[9]
        out[2 * n] = np.float32(out[2 * n] * level)
        out[2 * n + 1] = np.float32(out[2 * n + 1] * level)
    state[3] = level


def prepare(
    rate_hz: float,
    settings: dict[str, float],
    zones: Sequence[Zone],
    strikes: Sequence[Strike],
    queue: NoteQueue,
) -> Part:
    """Settings: gain_db, attack_ms, release_ms. Raises ValueError for zones without sound."""
    table = np.zeros((max(len(zones), 1), ZONE_WORDS), np.int64)
    keeps: list[NDArray[np.generic]] = [queue.words]
    for row, zone in zip(table, zones, strict=False):
        samples = zone.samples
        if samples.dtype != np.float32 or samples.ndim != 2 or not 1 <= len(samples) <= 2:
            raise ValueError(
                f"a zone needs float32 samples (1 or 2, frames), got {samples.dtype} "
                f"of shape {samples.shape}"
            )
        if samples.shape[1] == 0:
            raise ValueError("a zone without frames cannot be played")
        row[:4] = (
            samples.ctypes.data,
            samples.strides[0] // 4 if len(samples) == 2 else 0,
            samples.strides[1] // 4,
            samples.shape[1],
        )
        row[5:8] = zone.low, zone.high, zone.choke
        row[9] = int(zone.sustain)
        row.view(np.float64)[4], row.view(np.float64)[8] = zone.root, zone.gain
        keeps.append(samples)
    ordered = sorted(strikes, key=lambda s: (s.frame, s.pitch))
    events = np.zeros((max(len(ordered), 1), EVENT_WORDS), np.int64)
    for row, strike in zip(events, ordered, strict=False):
        row[0], row[1], row[3] = strike.frame, strike.pitch, max(strike.frames, 1)
        row.view(np.float64)[2] = strike.velocity
    params = np.array(
        [
            0.0, float(len(zones)), 0.0, float(len(ordered)), 0.0,
            speed(settings["attack_ms"] * 0.001 / 3.0, rate_hz),
            speed(settings["release_ms"] * 0.001 / 3.0, rate_hz), amplitude(settings["gain_db"]),
            speed(0.0015, rate_hz), 1.0 - math.exp(-1.0 / (0.02 * rate_hz)),
        ]
    )  # fmt: skip
    return Part(
        params,
        state_words=_VOICES_FROM + VOICES * _VOICE_WORDS,
        tables=((0, table), (2, events), (4, queue.words)),
        keeps=keeps,
        moving=(7,),
    )


SAMPLER = Unit(kernel(_sampler), prepare)
