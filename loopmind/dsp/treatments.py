"""Sounds turned into transitions: reverse, riser, fall, stutter and tape stop, of exact length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.stretch import FitError, Samples

TREATMENTS = ("plain", "reverse", "riser", "fall", "stutter", "tape_stop")
_EDGE_SECONDS = 0.004
_SWEEP_BLOCK = 1024


def treat(samples: Samples, kind: str, *, frames: int, rate_hz: int, beat_s: float) -> Samples:
    """`samples` (channels, frames) treated as `kind` says, exactly `frames` long, without clicks.

    reverse: backwards, so that it ends on the sound's start. riser: backwards, swelling while a
    low cut opens downwards and the top opens up. fall: forwards, dying away as the top closes.
    stutter: the first half beat, then ever shorter repeats down to a 32nd. tape_stop: plays ever
    slower and lower until it stands still. plain: cut or padded only.
    Shorter sounds repeat to fill what is needed. Raises FitError for an unknown kind.
    """
    if samples.shape[1] == 0 or frames <= 0:
        raise FitError("nothing to treat: the sound is empty; choose another one")
    if kind == "plain":
        return _faded(_filled(samples, frames), rate_hz)
    if kind == "reverse":
        return _faded(_filled(samples, frames)[:, ::-1], rate_hz)
    if kind == "riser":
        return _riser(samples, frames, rate_hz)
    if kind == "fall":
        return _fall(samples, frames, rate_hz)
    if kind == "stutter":
        return _stutter(samples, frames, rate_hz, beat_s)
    if kind == "tape_stop":
        return _tape_stop(samples, frames, rate_hz)
    raise FitError(f"unknown treatment {kind!r}; choose from {', '.join(TREATMENTS)}")


def _filled(samples: Samples, frames: int) -> Samples:
    """The first `frames` frames, a shorter sound repeated."""
    return samples[:, np.arange(frames) % samples.shape[1]]


def _faded(samples: Samples, rate_hz: int) -> Samples:
    out = np.array(samples, dtype=np.float32)
    edge = min(int(_EDGE_SECONDS * rate_hz), out.shape[1] // 2)
    if edge:
        ramp = np.linspace(0.0, 1.0, edge, dtype=np.float32)
        out[:, :edge] *= ramp
        out[:, -edge:] *= ramp[::-1]
    return out


def _sweep(
    samples: Samples, rate_hz: int, low_hz: NDArray[np.float64], high_hz: NDArray[np.float64]
) -> Samples:
    """Filter with cutoffs that move: `low_hz` and `high_hz` hold one value a half block.

    Overlapping Hann blocks (they sum to one) are weighed in frequency with zero phase, as
    Butterworth shapes of 4th order, so cutoffs may glide without clicks.
    """
    size, hop = 2 * _SWEEP_BLOCK, _SWEEP_BLOCK
    frames = samples.shape[1]
    blocks = frames // hop + 2
    padded = np.pad(samples, ((0, 0), (hop, blocks * hop + size - frames)))
    window = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)).astype(np.float32)
    freq = np.maximum(np.fft.rfftfreq(2 * size, 1.0 / rate_hz), 1.0)
    out = np.zeros((samples.shape[0], padded.shape[1] + 2 * size), dtype=np.float32)
    for number in range(blocks):
        low = low_hz[min(number, low_hz.shape[0] - 1)]
        high = high_hz[min(number, high_hz.shape[0] - 1)]
        gain = 1.0 / np.sqrt((1.0 + (low / freq) ** 8) * (1.0 + (freq / high) ** 8))
        block = padded[:, number * hop : number * hop + size] * window
        spectrum = np.fft.rfft(block, 2 * size, axis=1) * gain.astype(np.float32)
        # Zero phase rings to both sides: the block sits in the middle of its padding.
        filtered = np.roll(np.fft.irfft(spectrum, axis=1), size // 2, axis=1)
        out[:, number * hop : number * hop + 2 * size] += filtered.astype(np.float32)
    start = hop + size // 2
    return out[:, start : start + frames]


def _blocks(frames: int) -> NDArray[np.float64]:
    """Time 0..1 at each block of the sweep."""
    count = frames // _SWEEP_BLOCK + 2
    return np.clip(np.arange(count) * _SWEEP_BLOCK / frames, 0.0, 1.0)


def _riser(samples: Samples, frames: int, rate_hz: int) -> Samples:
    turned = _filled(samples, frames)[:, ::-1]
    time = _blocks(frames)
    top = min(18000.0, 0.45 * rate_hz)
    swept = _sweep(turned, rate_hz, 120.0 * 10.0**time, 350.0 * (top / 350.0) ** time)
    swell = (np.arange(frames) / frames) ** 1.6
    return _faded(swept * swell.astype(np.float32), rate_hz)


def _fall(samples: Samples, frames: int, rate_hz: int) -> Samples:
    time = _blocks(frames)
    top = min(18000.0, 0.45 * rate_hz)
    swept = _sweep(_filled(samples, frames), rate_hz, 20.0 + 0.0 * time, top * (120 / top) ** time)
    sinking = (1.0 - np.arange(frames) / frames) ** 1.3
    return _faded(swept * sinking.astype(np.float32), rate_hz)


def _stutter(samples: Samples, frames: int, rate_hz: int, beat_s: float) -> Samples:
    """Half a beat, then quarters, eighths and sixteenths of a beat, each a quarter of the time."""
    out = np.zeros((samples.shape[0], frames), dtype=np.float32)
    position, number = 0, 0
    while position < frames:
        share = position / frames
        length = beat_s / 2.0 / 2.0 ** min(3, int(share * 4.0 + 1e-6))
        end = min(frames, position + max(64, round(length * rate_hz)))
        out[:, position:end] = _faded(_filled(samples, end - position), rate_hz // 2)
        position, number = end, number + 1
    return _faded(out, rate_hz)


def _tape_stop(samples: Samples, frames: int, rate_hz: int) -> Samples:
    """Speed falls from 1 to 0 as 1 - t^1.5: the reading position is its integral.

    Read with linear interpolation of a twice oversampled copy; the speed never exceeds 1, so
    nothing aliases.
    """
    from loopmind.dsp.resample import resample

    time = np.arange(frames) / frames
    position = frames * (time - time**2.5 / 2.5)
    source = _filled(samples, int(position[-1]) + 4)
    fine = resample(source, 1.0, 2.0)
    at = np.minimum(position * 2.0, fine.shape[1] - 2.0)
    index = at.astype(np.int64)
    part = (at - index).astype(np.float32)
    out = fine[:, index] * (1.0 - part) + fine[:, index + 1] * part
    ending = np.minimum(1.0, (1.0 - time) / 0.12).astype(np.float32)
    return _faded(out * ending, rate_hz)
