"""Grains: a short sound held as long as wanted, frozen into a texture, laid on a loop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.resample import resample

Samples = NDArray[np.float32]

_FREEZE_SIZE = 4096
_GRAIN_S = 0.07
_ATTACK_S = 0.06
_EDGE_S = 0.004


def pitched(samples: Samples, semitones: float) -> Samples:
    """`samples` (channels, frames) played faster or slower by so many semitones."""
    if abs(semitones) < 1e-3:
        return samples
    return resample(samples, 2.0 ** (semitones / 12.0), 1.0)


def sustained(samples: Samples, frames: int, rate_hz: int, rng: np.random.Generator) -> Samples:
    """`samples` made `frames` long: cut where too long, else held by grains of what follows its
    attack, taken from places by chance and overlapped by half (Hann windows, which sum to one).

    Law: exactly `frames` frames, faded at both ends; the same generator gives the same samples.
    """
    have = samples.shape[1]
    out = np.zeros((samples.shape[0], frames), np.float32)
    if have == 0 or frames == 0:
        return out
    kept = min(have, frames)
    out[:, :kept] = samples[:, :kept]
    grain = 2 * (round(_GRAIN_S * rate_hz) // 2)
    attack = min(round(_ATTACK_S * rate_hz), have // 2)
    if frames > have and have - attack >= grain + 16:
        window = np.hanning(grain + 1)[:grain].astype(np.float32)
        half = grain // 2
        held = np.zeros((samples.shape[0], frames - have + 2 * grain), np.float32)
        for at in range(0, held.shape[1] - grain, half):
            place = attack + int(rng.integers(have - attack - grain))
            held[:, at : at + grain] += samples[:, place : place + grain] * window
        # The first grains rise while the sound itself ends.
        begin = have - half
        ramp = np.linspace(1.0, 0.0, half, dtype=np.float32)
        out[:, begin:have] *= ramp
        size = min(held.shape[1] - half, frames - begin)
        out[:, begin : begin + size] += (
            held[:, half : half + size]
            * np.concatenate([1.0 - ramp, np.ones(max(size - half, 0), np.float32)])[:size]
        )
    edge = min(round(_EDGE_S * rate_hz), frames // 2)
    if edge:
        out[:, :edge] *= np.linspace(0.0, 1.0, edge, dtype=np.float32)
        out[:, -edge:] *= np.linspace(1.0, 0.0, edge, dtype=np.float32)
    return out


def frozen(samples: Samples, frames: int, rng: np.random.Generator) -> Samples:
    """The spectrum of `samples` as an endless stereo texture of `frames` frames that wraps.

    The phase vocoder's freeze: magnitudes of a few frames, their phases drawn anew for each frame
    and side, overlapped to a circle; so the sound's colour and pitch stay and its wave does not.
    """
    size = _FREEZE_SIZE
    hop = size // 4
    mono = samples.mean(axis=0).astype(np.float64)
    if mono.size < size:
        mono = np.resize(mono, size) if mono.size else np.zeros(size)
    window = np.hanning(size + 1)[:size]
    starts = np.arange(0, mono.size - size + 1, hop)
    spectra = np.abs(np.fft.rfft([mono[s : s + size] * window for s in starts], axis=1))
    levels = np.sqrt((spectra**2).mean(axis=1))
    spectra = spectra[levels >= 0.3 * levels.max()] if levels.max() > 0 else spectra
    count = max(4, round(frames / hop))
    out = np.zeros((2, frames))
    places = np.round(np.arange(count) * frames / count).astype(int)
    # Neighbouring frames share most of their colour, so that the texture moves slowly.
    drift = np.cumsum(rng.normal(0.0, 0.35, count))
    for number, place in enumerate(places.tolist()):
        at = abs(drift[number]) % max(len(spectra) - 1, 1)
        low = int(at)
        share = at - low
        colour = spectra[low] * (1 - share) + spectra[min(low + 1, len(spectra) - 1)] * share
        for side in range(2):
            phase = rng.uniform(0.0, 2.0 * np.pi, colour.size)
            grain = np.fft.irfft(colour * np.exp(1j * phase), size) * window
            add_circular(out[side : side + 1], grain[None, :], place)
    made: Samples = out.astype(np.float32)
    return made


def add_circular(out: NDArray[np.floating], piece: NDArray[np.floating], start: int) -> None:
    """Add `piece` to the loop `out` from frame `start` on; what goes beyond its end wraps."""
    frames = out.shape[1]
    begin = start % frames
    at = 0
    while at < piece.shape[1]:
        size = min(frames - begin, piece.shape[1] - at)
        out[:, begin : begin + size] += piece[:, at : at + size]
        at += size
        begin = 0
