"""Power spectra summed into mel bands: eight frames lie side by side, each in its own lane."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import compiled, floats_at, helper, words_at
from loopmind.dsp.lanes import load8_singles, splat8_singles, store8_singles, turn8_singles

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]


@helper("void(int64, int64, int64, int64, int64)")
def _turned(power_at, frame, frames, bins, tile_at):  # type: ignore[no-untyped-def]
    """Fill `tile` (bins, 8) with eight frames of `power` (frames, bins), or silence behind them."""
    power, tile = floats_at(power_at), floats_at(tile_at)
    whole = bins // 8 * 8
    if frame + 8 <= frames:
        away = (tile_at - power_at) // 4
        for k in range(0, whole, 8):
            turn8_singles(power, frame * bins + k, bins, away + 8 * k, 8)
    else:
        whole = 0
    for lane in range(8):
        for k in range(whole, bins):
            inside = frame + lane < frames
            tile[8 * k + lane] = power[(frame + lane) * bins + k] if inside else np.float32(0.0)


@compiled("void(int64, int64, int64, int64, int64, int64, int64, int64, int64, int64, int64)")
def _mel_frames(  # type: ignore[no-untyped-def]
    power_at, frames, bins, bands, below_at, share_at, hertz_at, mel_at, total_at, centroid_at,
    tile_at,
):  # fmt: skip
    """Mel powers, total power and centroid of each frame. tile: (bins + bands + 2, 8)."""
    below, share, hertz = words_at(below_at), floats_at(share_at), floats_at(hertz_at)
    mel, total, centroid = floats_at(mel_at), floats_at(total_at), floats_at(centroid_at)
    tile, sums = floats_at(tile_at), 8 * bins
    zero = splat8_singles(np.float32(0.0))
    for frame in range(0, frames, 8):
        _turned(power_at, frame, frames, bins, tile_at)
        for band in range(bands + 3):
            store8_singles(tile, sums + 8 * band, zero)
        whole, moment = zero, zero
        k = 1
        while k < bins:
            # Neighbouring bins fall between the same two bands: their sums stay in registers.
            band = below[k]
            lower, upper = zero, zero
            while k < bins and below[k] == band:
                p = load8_singles(tile, 8 * k)
                part = p * share[k]
                whole = whole + p
                moment = moment + p * hertz[k]
                upper = upper + part
                lower = lower + (p - part)
                k += 1
            here = sums + 8 * band
            store8_singles(tile, here, load8_singles(tile, here) + lower)
            store8_singles(tile, here + 8, load8_singles(tile, here + 8) + upper)
        store8_singles(tile, 0, whole)
        store8_singles(tile, 8, moment)
        for lane in range(min(8, frames - frame)):
            power = tile[lane]
            total[frame + lane] = power
            centroid[frame + lane] = tile[8 + lane] / power if power > 0.0 else np.float32(0.0)
            for band in range(bands):
                mel[(frame + lane) * bands + band] = tile[sums + 8 * (band + 1) + lane]


@compiled("void(int64, int64, int64, int64, int64, int64, int64, int64)")
def _filter_frames(power_at, frames, bins, bands, weights_at, reach_at, out_at, tile_at):  # type: ignore[no-untyped-def]
    """out (frames, bands): sums of each frame's bins by weights (bands, bins), within reach."""
    weights, reach = floats_at(weights_at), words_at(reach_at)
    out, tile = floats_at(out_at), floats_at(tile_at)
    for frame in range(0, frames, 8):
        _turned(power_at, frame, frames, bins, tile_at)
        for band in range(bands):
            total = splat8_singles(np.float32(0.0))
            for k in range(reach[2 * band], reach[2 * band + 1]):
                total = total + load8_singles(tile, 8 * k) * weights[bins * band + k]
            store8_singles(tile, 8 * bins, total)
            for lane in range(min(8, frames - frame)):
                out[(frame + lane) * bands + band] = tile[8 * bins + lane]


@lru_cache(maxsize=4)
def _mel_map(bins: int, rate_hz: int, bands: int) -> tuple[I64, F32, F32]:
    """Lower band of each bin, the share that goes to the band above it (triangles), its hertz."""
    hertz = np.arange(bins) * (rate_hz / 2 / (bins - 1))
    mel = 2595.0 * np.log10(1.0 + hertz / 700.0)
    low, high = 2595.0 * np.log10(1.0 + 30.0 / 700.0), 2595.0 * np.log10(1.0 + 10800.0 / 700.0)
    place = (mel - low) / (high - low) * (bands + 1) - 1.0
    below = np.floor(place)
    share = np.where((below < -1) | (below >= bands), 0.0, place - below)
    # One band more on either side takes what lies outside, so that no bin needs a test.
    clipped = np.clip(below + 1, 0, bands + 1).astype(np.int64)
    return clipped, share.astype(np.float32), hertz.astype(np.float32)


def mel_powers(power: F32, rate_hz: int, bands: int) -> tuple[F32, F32, F32]:
    """Mel powers (frames, bands), total power and centroid in Hz (frames,) of `power` spectra.

    The lowest bin, which is no sound, is left out of all of them.
    """
    frames, bins = power.shape
    power = np.ascontiguousarray(power, np.float32)
    maps = _mel_map(bins, rate_hz, bands)
    mel = np.empty((frames, bands), np.float32)
    total, centroid = np.empty((2, frames), np.float32)
    tile = np.empty((bins + bands + 3, 8), np.float32)
    _mel_frames(
        power.ctypes.data, frames, bins, bands, *(values.ctypes.data for values in maps),
        mel.ctypes.data, total.ctypes.data, centroid.ctypes.data, tile.ctypes.data,
    )  # fmt: skip
    return mel, total, centroid


class Filters:
    """Filters (bins, bands) that are zero but for a stretch of each, to be applied to spectra."""

    def __init__(self, weights: F32) -> None:
        self._weights = np.ascontiguousarray(weights.T, np.float32)
        used = self._weights != 0.0
        first, last = used.argmax(axis=1), used.shape[1] - used[:, ::-1].argmax(axis=1)
        self._reach = np.ascontiguousarray(np.stack([first, last], axis=1), np.int64)

    def of(self, power: F32) -> F32:
        """`power` (frames, bins) as each filter passes it: (frames, bands)."""
        frames, bins = power.shape
        bands, known = self._weights.shape
        if bins != known:
            raise ValueError(f"filters of {known} bins got spectra of {bins}")
        power = np.ascontiguousarray(power, np.float32)
        out = np.empty((frames, bands), np.float32)
        tile = np.empty((bins + 1, 8), np.float32)
        _filter_frames(
            power.ctypes.data, frames, bins, bands, self._weights.ctypes.data,
            self._reach.ctypes.data, out.ctypes.data, tile.ctypes.data,
        )  # fmt: skip
        return out
