"""Batches for the note network: moments of sheets, mixed anew, and what is played in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from loopmind.analysis.listening.pitched_model import FAMILIES
from loopmind.analysis.listening.spectrogram import (
    CHANNELS,
    HOP,
    KEYS,
    LOWEST_MIDI,
    RATE_HZ,
    SEMITONES,
    loudness_gain,
    note_spectrogram,
)
from loopmind.learn.notes.data import Sheet

F32 = NDArray[np.float32]

HOP_S = HOP / RATE_HZ
ONSET_REACH = 2.0
"""Frames on each side over which an onset's target falls to nothing (a triangle)."""
_MARGIN = 18
_LEAST_S = 0.03
_LEVEL = 0.08
_VARIED = 0.5
_BELLS = np.linspace(3.6, 9.4, 9)


@dataclass(frozen=True)
class Heard:
    """Notes of one family that sound in a moment: (notes, 4) of start s, end s, pitch, velocity."""

    family: int
    notes: F32


@dataclass(frozen=True)
class Shares:
    """What batches are made of: shares of solo clips, of single tracks of pieces, and of players
    from different sheets thrown together; the rest is mixes of pieces."""

    solo: float = 0.35
    track: float = 0.15
    gathered: float = 0.2
    batch: int = 4
    frames: int = 192


@dataclass(frozen=True)
class _Take:
    """A track of a sheet, from the sample `first` on."""

    sheet: Sheet
    track: int
    first: int

    @property
    def family(self) -> str:
        return str(self.sheet.tracks[self.track]["instrument"])


class Batches:
    """Draws batches from sheets; the same seed and step give the same batch."""

    def __init__(self, own: Sequence[Sheet], shares: Shares, fold: int, seed: int) -> None:
        self._solo = [s for s in own if s.solo]
        self._pieces = [s for s in own if not s.solo]
        if not self._solo and not self._pieces:
            raise ValueError("there are no sheets to learn from; make them with learn.notes.data")
        self._shares, self._fold, self._seed = shares, fold, seed
        self._notes: dict[int, list[F32]] = {}

    def draw(self, step: int) -> tuple[F32, dict[str, F32]]:
        """Pictures (batch, CHANNELS, frames, SEMITONES), and the truth that the losses need."""
        rng = np.random.default_rng([self._seed, step])
        shares = self._shares
        pictures = np.empty((shares.batch, CHANNELS, shares.frames, SEMITONES), np.float32)
        truths = []
        for picture in pictures:
            sound, heard = self._moment(rng)
            full = note_spectrogram(sound)
            picture[:] = full[:, _MARGIN : _MARGIN + shares.frames]
            truths.append(targets(heard, shares.frames, self._fold))
        return pictures, {key: np.stack([t[key] for t in truths]) for key in truths[0]}

    def _moment(self, rng: np.random.Generator) -> tuple[F32, list[Heard]]:
        """Sound of `frames` frames and margins; times count from behind the first margin."""
        seconds = (self._shares.frames + 2 * _MARGIN) * HOP_S
        # Played faster or slower like a tape: other pitches and other timbres, at no cost.
        steps = int(rng.integers(-3, 4))
        speed = 2.0 ** ((steps + float(rng.uniform(-0.3, 0.3))) / 12.0)
        length = round(seconds * speed * RATE_HZ) + 2
        kind = rng.random()
        shares = self._shares
        alike = kind >= shares.solo + shares.track and kind < (
            shares.solo + shares.track + shares.gathered
        )
        if alike:
            takes = self._gathered(rng, length)
        elif self._solo and (kind < shares.solo or not self._pieces):
            sheet = self._solo[int(rng.integers(len(self._solo)))]
            takes = [self._take(sheet, int(rng.integers(len(sheet.tracks))), length, rng)]
        else:
            takes = self._of_a_piece(rng, length, one=kind < shares.solo + shares.track)
        mixed = np.zeros(length, np.float32)
        heard = []
        even = rng.random() < 0.6
        for take in takes:
            sound = take.sheet.sounds[take.track, take.first : take.first + length]
            part = np.zeros(length, np.float32)
            part[: sound.size] = sound.astype(np.float32) / 32768.0
            gain = 10.0 ** (rng.normal(0.0, 1.5 if even else 4.0) / 20.0)
            if alike:
                gain *= _LEVEL / max(float(np.sqrt(np.mean(part**2))), 0.01)
            if rng.random() < _VARIED:
                part = elsewhere(part, rng)
            mixed += np.float32(gain) * part
            if take.family in FAMILIES:
                moved = self._notes_of(take.sheet)[take.track].copy()
                moved[:, :2] = (moved[:, :2] - take.first / RATE_HZ) / speed - _MARGIN * HOP_S
                moved[:, 2] += steps
                heard.append(Heard(FAMILIES.index(take.family), moved))
        places = np.arange(round(seconds * RATE_HZ)) * speed
        whole = np.interp(places, np.arange(length), mixed).astype(np.float32)
        return _coloured(whole, rng), heard

    def _take(self, sheet: Sheet, track: int, length: int, rng: np.random.Generator) -> _Take:
        late = max(1, sheet.sounds.shape[1] - length)
        return _Take(sheet, track, int(rng.integers(late)) if rng.random() > 0.1 else 0)

    def _of_a_piece(self, rng: np.random.Generator, length: int, *, one: bool) -> list[_Take]:
        """One pitched track of a piece, or all of its tracks, or some, at the same place."""
        while True:
            sheet = self._pieces[int(rng.integers(len(self._pieces)))]
            pitched = [i for i, t in enumerate(sheet.tracks) if t["instrument"] in FAMILIES]
            if pitched:
                break
        first = self._take(sheet, 0, length, rng).first
        if one:
            chosen = [int(rng.choice(pitched))]
        else:
            share = 1.0 if rng.random() < 0.5 else 0.6
            chosen = [i for i in range(len(sheet.tracks)) if rng.random() < share]
        return [_Take(sheet, number, first) for number in chosen]

    def _gathered(self, rng: np.random.Generator, length: int) -> list[_Take]:
        """Players from anywhere, drummers among them: sounds that no piece has side by side."""
        own = [*self._solo, *self._pieces]
        takes = []
        for _ in range(int(rng.integers(2, 6))):
            sheet = own[int(rng.integers(len(own)))]
            takes.append(self._take(sheet, int(rng.integers(len(sheet.tracks))), length, rng))
        return takes

    def _notes_of(self, sheet: Sheet) -> list[F32]:
        known = self._notes.get(id(sheet))
        if known is None:
            known = [np.array(t["notes"], np.float32).reshape(-1, 4) for t in sheet.tracks]
            self._notes[id(sheet)] = known
        return known


def elsewhere(sound: F32, rng: np.random.Generator) -> F32:
    """A part through other loudspeakers: equalised at random, now and then with a room behind."""
    size = scipy.fft.next_fast_len(sound.size + RATE_HZ // 2, real=True)
    # Gains at nine places from 36 Hz to the top, even in pitch; each octave has its own.
    gains_db = np.cumsum(rng.normal(0.0, 2.2, _BELLS.size)) + rng.normal(0.0, 2.0, _BELLS.size)
    places = np.log(np.arange(1, size // 2 + 2) * (RATE_HZ / size))
    response = np.interp(places, _BELLS, gains_db - gains_db.mean())
    spectrum = scipy.fft.rfft(sound, size)
    spectrum *= (10.0 ** (np.clip(response, -18.0, 14.0) / 20.0)).astype(np.float32)
    if rng.random() < 0.4:
        decay_s = float(np.exp(rng.uniform(np.log(0.08), np.log(0.8))))
        frames = min(round(decay_s * RATE_HZ), RATE_HZ // 2)
        fall = np.exp(-6.9 * np.arange(frames, dtype=np.float32) / np.float32(decay_s * RATE_HZ))
        echo = rng.standard_normal(frames, dtype=np.float32) * fall
        echo[: round(0.003 * RATE_HZ)] = 0.0
        loud = 10.0 ** (rng.uniform(-20.0, -7.0) / 20.0)
        echo *= np.float32(loud / max(float(np.sqrt((echo**2).sum())), 1e-9))
        echo[0] = 1.0
        spectrum = spectrum * scipy.fft.rfft(echo, size)
    out: F32 = scipy.fft.irfft(spectrum, size)[: sound.size].astype(np.float32)
    return out


def _coloured(sound: F32, rng: np.random.Generator) -> F32:
    """At the usual level or not quite, now and then a little clipped, with noise behind it."""
    level = loudness_gain(sound) * 10.0 ** (rng.normal(0.0, 4.0) / 20.0)
    if level > 1e4:
        level = 1.0
    sound = sound * np.float32(level)
    if rng.random() < 0.15:
        drive = float(rng.uniform(1.5, 6.0))
        sound = np.tanh(sound * drive) / np.float32(drive) * 1.5
    if rng.random() < 0.4:
        noise = rng.standard_normal(sound.size, dtype=np.float32)
        if rng.random() < 0.5:
            noise[1:] = np.float32(0.7) * (noise[1:] + noise[:-1])
        sound = sound + noise * np.float32(10.0 ** (rng.uniform(-75.0, -38.0) / 20.0))
    out: F32 = sound.astype(np.float32)
    return out


def targets(heard: Sequence[Heard], frames: int, fold: int) -> dict[str, F32]:
    """What the network should say of a moment of `frames` frames, by the names of its outputs.

    onset: triangles of ONSET_REACH frames round each onset. frame: 1 while a key is held. struck:
    1 where velocity (0..1) is known. family: (FAMILIES, frames / fold, KEYS), who holds the key;
    sounding: 1 where any does.
    """
    onset = np.zeros((frames, KEYS), np.float32)
    frame = np.zeros((frames, KEYS), np.float32)
    velocity = np.zeros((frames, KEYS), np.float32)
    struck = np.zeros((frames, KEYS), np.float32)
    family = np.zeros((len(FAMILIES), frames // fold, KEYS), np.float32)
    for part in heard:
        for start_s, end_s, pitch, strength in part.notes:
            key = round(float(pitch)) - LOWEST_MIDI
            at, last = float(start_s) / HOP_S, float(end_s) / HOP_S
            if not 0 <= key < KEYS or last < 0.0 or at > frames + ONSET_REACH:
                continue
            last = max(last, at + _LEAST_S / HOP_S)
            a, b = max(0, round(at)), min(frames, max(round(last), round(at) + 1))
            frame[a:b, key] = 1.0
            a, b = max(0, int(at) // fold), min(frames // fold, int(last) // fold + 1)
            family[part.family, a:b, key] = 1.0
            for i in range(max(0, int(at - 1)), min(frames, int(at + 3))):
                near = 1.0 - abs(i - at) / ONSET_REACH
                if near > onset[i, key]:
                    onset[i, key] = near
                if near > 0.4:
                    struck[i, key] = 1.0
                    velocity[i, key] = max(velocity[i, key], strength / 127.0)
    sounding = family.max(axis=0, keepdims=True)
    return {"onset": onset, "frame": frame, "velocity": velocity, "struck": struck,
            "family": family, "sounding": sounding}  # fmt: skip


def as_arrays(notes: Sequence[Mapping[str, float]]) -> F32:
    """Notes by name as rows of start s, end s, pitch, velocity 1..127."""
    rows = [[n["start_s"], n["end_s"], n["pitch"], n["velocity"]] for n in notes]
    return np.array(rows, np.float32).reshape(-1, 4)
