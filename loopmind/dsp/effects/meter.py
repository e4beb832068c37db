"""Meter, spectrum, tuner: let a stream through, tell its level and keep its last moments.

The kernel only writes levels and a ring; spectra and pitches are worked out by whoever asks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.effects.common import finite, speed
from loopmind.dsp.hearing import Pitch, band_levels, find_pitch, level_spectrum
from loopmind.dsp.kernel import doubles_at, floats_at, kernel
from loopmind.dsp.unit import Part, Unit

RING_FRAMES = 1 << 15
METER_S = 0.3


class Readings:
    """What a meter has told: levels, and the frames that went through last."""

    def __init__(self) -> None:
        self.levels = np.zeros(8, np.float64)
        self.ring = np.zeros((RING_FRAMES, 2), np.float32)

    @property
    def peak(self) -> tuple[float, float]:
        """Highest amplitude of each side since this was last asked."""
        found = float(self.levels[0]), float(self.levels[1])
        self.levels[0:2] = 0.0
        return found

    @property
    def rms(self) -> tuple[float, float]:
        """Root mean square of each side over the last third of a second."""
        return float(np.sqrt(self.levels[2])), float(np.sqrt(self.levels[3]))

    def last(self, frames: int) -> NDArray[np.float32]:
        """The last frames that went through, (2, frames)."""
        end = int(self.levels[4])
        places = np.arange(end - frames, end) % RING_FRAMES
        return np.ascontiguousarray(self.ring[places].T)

    @property
    def rate_hz(self) -> float:
        """Frames a second of what went through; 0 before it was first planned."""
        return float(self.levels[5])


class Spectrum(Readings):
    """A meter that is asked for spectra."""

    def read(self, size: int = 8192) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(Hz, dB) of the last `size` frames, both sides together; a full sine shows 0 dB."""
        return level_spectrum(self.last(size), self.rate_hz or 44100.0)

    def bands(
        self, per_octave: int = 6, size: int = 8192
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(centre in Hz, dB) in equal steps of pitch, 20 Hz to 20 kHz: the strongest in each."""
        return band_levels(*self.read(size), per_octave)


class Tuner(Readings):
    """A meter that is asked for the pitch of a single voice."""

    def read(self, a4_hz: float = 440.0) -> Pitch | None:
        """The pitch now, None where there is none."""
        return find_pitch(self.last(8192), self.rate_hz or 44100.0, a4_hz)


def _meter(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y = x; levels and the ring that params[0] and params[1] point to are brought up to date."""
    source, out = inputs[0], outputs[0]
    levels, ring = doubles_at(int(params[0])), floats_at(int(params[1]))
    pace = params[2]
    count = int(levels[4])
    for n in range(frames):
        a, b = finite(source[2 * n]), finite(source[2 * n + 1])
        levels[0], levels[1] = max(levels[0], abs(a)), max(levels[1], abs(b))
        levels[2] += (a * a - levels[2]) * pace
        levels[3] += (b * b - levels[3]) * pace
        place = 2 * ((count + n) % RING_FRAMES)
        ring[place], ring[place + 1] = np.float32(a), np.float32(b)
        out[2 * n], out[2 * n + 1] = np.float32(a), np.float32(b)
    levels[4] = count + frames


def prepare(rate_hz: float, settings: dict[str, float], readings: Readings) -> Part:
    """Values: the Readings that are to be written. Settings: name, by which they are found."""
    readings.levels[5] = rate_hz
    params = np.array([0.0, 0.0, speed(METER_S, rate_hz)])
    return Part(params, tables=((0, readings.levels), (1, readings.ring)))


METER = Unit(kernel(_meter), prepare, shared=Readings)
SPECTRUM = Unit(METER.kernel, prepare, shared=Spectrum)
TUNER = Unit(METER.kernel, prepare, shared=Tuner)
