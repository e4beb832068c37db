"""Loudness and true peak after ITU-R BS.1770-4, at any rate."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import TINY, compiled, doubles_at, floats_at, words_at
from loopmind.dsp.lanes import highest8, larger, load8_singles, magnitude, splat8_singles

STEP_S = 0.1
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_SURROUND = (1.0, 1.0, 1.0, 1.41, 1.41)


def k_weighting(rate_hz: float) -> NDArray[np.float64]:
    """The two biquads (rows b0 b1 b2 a1 a2) of the K curve at any rate.

    BS.1770 tables them for 48 kHz only; these are the analogue prototypes behind that table
    (a +4 dB high shelf at 1682 Hz, a high-pass at 38 Hz), transformed bilinearly.

    >>> k_weighting(48000)[0].round(6).tolist()
    [1.535125, -2.691696, 1.198393, -1.690659, 0.732481]
    """
    k = math.tan(math.pi * 1681.974450955533 / rate_hz)
    q, high = 0.7071752369554196, 10.0 ** (3.999843853973347 / 20.0)
    band = high**0.4996667741545416
    a0 = 1.0 + k / q + k * k
    shelf = (
        (high + band * k / q + k * k) / a0,
        2.0 * (k * k - high) / a0,
        (high - band * k / q + k * k) / a0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / q + k * k) / a0,
    )
    k, q = math.tan(math.pi * 38.13547087602444 / rate_hz), 0.5003270373238773
    a0 = 1.0 + k / q + k * k
    high_pass = (1.0, -2.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0)
    return np.array([shelf, high_pass])


@compiled("void(int64, int64, int64, int64, int64, int64, int64, int64, int64)")
def _weigh(left_at, right_at, stride, k_at, edges_at, steps, state_at, energy_at, peaks_at):  # type: ignore[no-untyped-def]
    """K-weighted sums of squares of two channels between `edges`, and the higher peak of both.

    k (2, 5), edges (steps + 1), state (2, 4), energy (2, steps), peaks (steps). Both recursions
    interleave; `state` carries them from call to call.
    """
    left, right = floats_at(left_at), floats_at(right_at)
    k, edges, state = doubles_at(k_at), words_at(edges_at), doubles_at(state_at)
    energy, peaks = doubles_at(energy_at), doubles_at(peaks_at)
    b0, b1, b2, a1, a2 = k[0], k[1], k[2], k[3], k[4]
    c1, c2 = k[8], k[9]
    s1, s2, t1, t2 = state[0], state[1], state[2], state[3]
    u1, u2, v1, v2 = state[4], state[5], state[6], state[7]
    for step in range(steps):
        total_l = 0.0
        total_r = 0.0
        top = np.float32(0.0)
        for i in range(edges[step], edges[step + 1]):
            sample = left[i * stride]
            top = max(top, abs(sample))
            x = np.float64(sample) + TINY
            y = b0 * x + s1
            s1 = (b1 * x + s2) - a1 * y
            s2 = b2 * x - a2 * y
            z = y + t1
            t1 = (t2 - 2.0 * y) - c1 * z
            t2 = y - c2 * z
            total_l += z * z
            sample = right[i * stride]
            top = max(top, abs(sample))
            x = np.float64(sample) + TINY
            y = b0 * x + u1
            u1 = (b1 * x + u2) - a1 * y
            u2 = b2 * x - a2 * y
            z = y + v1
            v1 = (v2 - 2.0 * y) - c1 * z
            v2 = y - c2 * z
            total_r += z * z
        energy[step] = total_l
        energy[steps + step] = total_r
        peaks[step] = top
    state[0], state[1], state[2], state[3] = s1, s2, t1, t2
    state[4], state[5], state[6], state[7] = u1, u2, v1, v2


def _measure_pair(  # the arrays of `_weigh`, all contiguous
    places: tuple[int, int, int],
    rate_hz: float,
    edges: NDArray[np.int64],
    state: NDArray[np.float64],
    energy: NDArray[np.float64],
    peaks: NDArray[np.float64],
) -> None:
    weights = k_weighting(rate_hz)
    _weigh(
        *places, weights.ctypes.data, edges.ctypes.data, len(edges) - 1, state.ctypes.data,
        energy.ctypes.data, peaks.ctypes.data,
    )  # fmt: skip


def checked(samples: NDArray[np.float32], rate_hz: float) -> NDArray[np.float32]:
    """`samples` as float32. Raises ValueError where they are none that loudness is told of."""
    if samples.ndim != 2 or not 1 <= samples.shape[0] <= 5:
        raise ValueError(f"loudness needs samples (1 to 5 channels, frames), got {samples.shape}")
    if rate_hz <= 0:
        raise ValueError(f"rate_hz must be positive, got {rate_hz}")
    return np.asarray(samples, dtype=np.float32)


class Meter:
    """Measures samples that are still being filled in: `advance` as far as they are there.

    samples: float32 (1 to 5 channels, frames); they must stay where they are.
    """

    def __init__(self, samples: NDArray[np.float32], rate_hz: float) -> None:
        self._samples = checked(samples, rate_hz)
        self._rate_hz = rate_hz
        frames = self._samples.shape[1]
        steps = max(1, math.ceil(frames / (rate_hz * STEP_S)))
        edges = np.minimum(np.round(np.arange(steps + 1) * rate_hz * STEP_S), frames)
        self._edges = edges.astype(np.int64)
        self._edges[-1] = frames
        self._energy = np.zeros(steps)
        self._states = np.zeros((len(self._samples), 2, 4))
        self._done = 0

    def advance(self, frames: int) -> None:
        """Measure all whole steps among the first `frames` frames."""
        until = int(np.searchsorted(self._edges, frames, side="right")) - 1
        if until <= self._done:
            return
        edges, samples = self._edges[self._done : until + 1], self._samples
        pair = np.empty((2, until - self._done))
        start, stride = samples.ctypes.data, samples.strides
        for channel in range(0, len(samples), 2):
            other = min(channel + 1, len(samples) - 1)
            places = (start + channel * stride[0], start + other * stride[0], stride[1] // 4)
            _measure_pair(places, self._rate_hz, edges, self._states[channel], pair, pair[0].copy())
            here = self._energy[self._done : until]
            here += _SURROUND[channel] * pair[0]
            if other != channel:
                here += _SURROUND[other] * pair[1]
        self._done = until

    def result(self) -> tuple[float, NDArray[np.float64]]:
        """Gated loudness and the short-term curve of all samples."""
        if self._samples.shape[1] == 0:
            return -math.inf, np.array([-math.inf])
        self.advance(self._samples.shape[1])
        sizes = np.diff(self._edges)
        curve: NDArray[np.float64] = _lufs(windows(self._energy, sizes, 30, self._rate_hz))
        curve[curve < -120.0] = -math.inf
        return gated_lufs(windows(self._energy, sizes, 4, self._rate_hz)), curve


def windows(energy: NDArray[np.float64], sizes: NDArray[np.int64], steps: int, rate_hz: float):  # type: ignore[no-untyped-def]
    """Mean energies of all whole windows of `steps` steps, every 100 ms; short sound is one."""
    whole = sizes >= math.floor(rate_hz * STEP_S)
    count = int(whole.sum()) if whole.all() else int(np.argmin(whole))
    if count < steps:
        return np.array([energy.sum() / max(int(sizes.sum()), 1)])
    energy_sum = np.concatenate([[0.0], np.cumsum(energy[:count])])
    size_sum = np.concatenate([[0], np.cumsum(sizes[:count])])
    spans = size_sum[steps:] - size_sum[:-steps]
    return np.maximum(energy_sum[steps:] - energy_sum[:-steps], 0.0) / spans


def _lufs(mean_energy: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return -0.691 + 10.0 * np.log10(mean_energy)


def gated_lufs(blocks: NDArray[np.float64]) -> float:
    """Loudness of blocks of 400 ms, given as mean energies, through the two gates."""
    loud = blocks[_lufs(blocks) > _ABSOLUTE_GATE_LUFS]
    if len(loud) == 0:
        return -math.inf
    gate = float(_lufs(loud.mean())) + _RELATIVE_GATE_LU
    return float(_lufs(loud[_lufs(loud) > gate].mean()))


def measure(samples: NDArray[np.float32], rate_hz: float) -> tuple[float, NDArray[np.float64]]:
    """Gated loudness and the short-term curve of `samples`, from one pass over them."""
    return Meter(samples, rate_hz).result()


GRAIN = 64
"""Frames of a grain in a `survey`."""


def survey(
    samples: NDArray[np.float32], rate_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Peak and K-weighted energy of every GRAIN frames of `samples` (2, frames); a rest is left.

    Enough to foresee what a gain does to loudness without touching the samples again.
    """
    samples = checked(samples, rate_hz)
    grains = samples.shape[1] // GRAIN
    energy, peaks = np.zeros((2, grains)), np.zeros(grains)
    start, stride = samples.ctypes.data, samples.strides
    places = (start, start + (len(samples) - 1) * stride[0], stride[1] // 4)
    edges = np.arange(grains + 1) * GRAIN
    _measure_pair(places, rate_hz, edges, np.zeros((2, 4)), energy, peaks)
    return peaks, energy.sum(axis=0)


def integrated_lufs(samples: NDArray[np.float32], rate_hz: float) -> float:
    """Gated loudness of `samples` (channels, frames) in LUFS, -inf for silence.

    BS.1770-4: K weighting, blocks of 400 ms every 100 ms, gates at -70 LUFS and 10 LU under the
    mean of what passes. Sound shorter than a block is one block. Channels: left, right, centre,
    left and right surround. Raises ValueError for another shape.
    """
    return measure(samples, rate_hz)[0]


def short_term_lufs(samples: NDArray[np.float32], rate_hz: float) -> NDArray[np.float64]:
    """Loudness over 3 s windows every 100 ms (EBU Tech 3341), not gated; -inf for silence.

    Value i covers the 3 s from i / 10 s on; sound shorter than 3 s has one value.
    """
    return measure(samples, rate_hz)[1]


_HALF = 16


def _interpolators() -> NDArray[np.float32]:
    """Three phases (1/4, 1/2, 3/4) of a 32-tap Kaiser-windowed sinc, each of DC gain 1."""
    distance = np.arange(2 * _HALF) - (_HALF - 1 + np.array([[0.25], [0.5], [0.75]]))
    window = np.i0(8.0 * np.sqrt(np.maximum(1.0 - (distance / _HALF) ** 2, 0.0)))
    taps = np.sinc(distance) * window
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), dtype=np.float32)


@compiled("float64(int64, int64, int64, float64)")
def _highest_between(address, frames, phases_at, floor):  # type: ignore[no-untyped-def]
    """Largest magnitude between samples of a channel at four times the rate, if above `floor`.

    The channel lies at `address`, with 16 frames of silence before and 40 after. Groups of eight
    whose samples are too low to reach the highest so far are passed over: no interpolated point
    exceeds the largest sample near it times the sum of the taps' magnitudes.
    """
    samples, phases = floats_at(address), floats_at(phases_at)
    taps = 2 * _HALF
    reach = np.float32(0.0)
    for p in range(3):
        total = np.float32(0.0)
        for k in range(taps):
            total += abs(phases[taps * p + k])
        reach = max(reach, total)
    zero = splat8_singles(np.float32(0.0))
    highest = np.float32(floor)
    here = zero
    for i in range(0, frames, 8):
        here = larger(here, magnitude(load8_singles(samples, _HALF + i)))
    highest = max(highest, highest8(here))
    for i in range(0, frames + 1, 8):
        here = zero
        for k in range(0, taps + 8, 8):
            here = larger(here, magnitude(load8_singles(samples, i + k)))
        if highest8(here) * reach <= highest:
            continue
        first, second, third = zero, zero, zero
        for k in range(taps):
            x = load8_singles(samples, i + k)
            first = first + x * phases[k]
            second = second + x * phases[taps + k]
            third = third + x * phases[2 * taps + k]
        here = larger(larger(magnitude(first), magnitude(second)), magnitude(third))
        highest = max(highest, highest8(here))
    return np.float64(highest)


class PeakMeter:
    """True peak of samples that are still being filled in, as `Meter` measures loudness."""

    def __init__(self, samples: NDArray[np.float32], rate_hz: float) -> None:
        self._samples = checked(samples, rate_hz)
        self._phases = _interpolators()
        self._highest = 0.0
        self._done = 0

    def advance(self, frames: int) -> None:
        """Measure all points whose neighbours are among the first `frames` frames."""
        whole = frames >= self._samples.shape[1]
        until = self._samples.shape[1] if whole else (frames - 3 * _HALF) // 8 * 8
        if until <= self._done:
            return
        first = self._done - _HALF
        padded = np.zeros(_HALF + until - self._done + 40, np.float32)
        there = self._samples[:, max(first, 0) : first + len(padded)]
        place = max(-first, 0)
        for channel in there:
            padded[place : place + there.shape[1]] = channel
            self._highest = _highest_between(
                padded.ctypes.data, until - self._done, self._phases.ctypes.data, self._highest
            )
        self._done = until

    def result(self) -> float:
        """Highest level between all samples in dBTP."""
        self.advance(self._samples.shape[1])
        return 20.0 * math.log10(self._highest) if self._highest > 0.0 else -math.inf


def true_peak_dbtp(samples: NDArray[np.float32], rate_hz: float) -> float:
    """Highest level between samples in dBTP, -inf for silence.

    Four times the rate as in BS.1770-4 annex 2, with a 32-tap filter instead of its 12 taps.
    What any reading at four times the rate may miss: .2 dB at a quarter of the rate, .7 at .45.
    """
    return PeakMeter(samples, rate_hz).result()
