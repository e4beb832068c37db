"""Sliced stretching: every hit of a drum loop moves to its new place, its attack untouched."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.stretch import Samples, circular

Frames = NDArray[np.int64]

_WINDOW_SECONDS = 0.012
_HOP_SECONDS = 0.003
_LEAD_SECONDS = 0.002
_FADE_SECONDS = 0.001
_ATTACK_SECONDS = 0.045
_SEARCH_SECONDS = 0.012
_MIN_GAP_SECONDS = 0.035
_THRESHOLD = 0.03  # of the strongest rise in the loop; soft ghost notes count as hits too


def find_hits(samples: Samples, rate_hz: int) -> Frames:
    """Frames at which hits start in a looping sound (channels, frames), ascending.

    Spectral flux of log magnitudes (window 12 ms, hop 3 ms) over its local median finds the hits;
    each is then placed where the energy of the differenced signal first rises out of what came
    before it, to about a millisecond. The sound is taken as circular, so a hit on the very first
    frame is found.
    """
    mono = samples.mean(axis=0)
    frames = mono.shape[0]
    hop = max(1, int(_HOP_SECONDS * rate_hz))
    window = int(_WINDOW_SECONDS * rate_hz)
    count = frames // hop
    if count < 8 or not np.any(mono):
        return np.zeros(0, dtype=np.int64)
    index = (np.arange(count) * hop)[:, None] + np.arange(window)[None, :] - window // 2
    taper = np.hanning(window).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(mono[index % frames] * taper, axis=1)).astype(np.float32)
    level = np.log1p(spectrum * (100.0 / max(float(spectrum.max()), 1e-9)))
    flux = np.maximum(level - np.roll(level, 2, axis=0), 0.0).sum(axis=1)
    flux /= max(float(flux.max()), 1e-9)
    around = max(3, int(0.15 / _HOP_SECONDS))
    padded = np.concatenate([flux[-around:], flux, flux[:around]])
    view = np.lib.stride_tricks.sliding_window_view(padded, 2 * around + 1)[:: around // 3]
    floor = np.interp(np.arange(count), np.arange(len(view)) * (around // 3), np.median(view, 1))
    novelty = flux - floor - _THRESHOLD
    near = max(1, int(_MIN_GAP_SECONDS / _HOP_SECONDS))
    ring = np.concatenate([novelty[-near:], novelty, novelty[:near]])
    top = np.lib.stride_tricks.sliding_window_view(ring, 2 * near + 1).max(axis=1)
    peaks = np.flatnonzero((novelty > 0.0) & (novelty >= top))
    hits = {_attack_start(mono, int(p) * hop, rate_hz) % frames for p in peaks}
    kept: list[int] = []
    for hit in sorted(hits):
        if not kept or hit - kept[-1] >= near * hop // 2:
            kept.append(hit)
    return np.array(kept, dtype=np.int64)


def attack_db(samples: Samples, rate_hz: int, hits: Frames) -> NDArray[np.float64]:
    """How much louder 20 ms after each hit are than the 20 ms before it, in decibels."""
    mono = samples.mean(axis=0)
    reach = int(0.02 * rate_hz)
    span = np.arange(-reach, reach)
    power = mono[(hits[:, None] + span) % mono.shape[0]].astype(np.float64) ** 2 + 1e-12
    rise = power[:, reach:].mean(axis=1) / power[:, : reach - reach // 8].mean(axis=1)
    return np.asarray(10.0 * np.log10(rise))


def _attack_start(mono: NDArray[np.float32], near: int, rate_hz: int) -> int:
    """Where the attack around frame `near` begins: first rise to a tenth of its peak."""
    reach = int(0.014 * rate_hz)
    piece = mono[np.arange(near - 2 * reach, near + reach) % mono.shape[0]]
    short = max(1, int(0.0007 * rate_hz))
    power = np.diff(piece, prepend=piece[:1]) ** 2
    energy = np.convolve(power, np.ones(short, dtype=np.float32))[: power.shape[0]]
    before = float(np.median(energy[:reach]))
    peak_at = reach + int(np.argmax(energy[reach:]))
    threshold = before + 0.08 * (float(energy[peak_at]) - before)
    quiet = np.flatnonzero(energy[:peak_at] < threshold)
    start = int(quiet[-1]) + 1 if quiet.size else peak_at
    return near - 2 * reach + start


def sliced_stretch(
    samples: Samples,
    frames_out: int,
    *,
    rate_hz: int,
    hits: Frames,
    place: Callable[[float], float] | None = None,
    grain_s: float = 0.016,
) -> Samples:
    """Stretch a looping drum sound (channels, frames) to exactly `frames_out` by its `hits`.

    Each slice starts 2 ms before a hit, fades in within 1 ms and ends as the next begins; the
    height of its attack at frame n lands on place(n / frames) * frames_out (`place` maps 0..1 to
    0..1, default identity). Its first 45 ms are copied sample by sample, the rest is lengthened
    or shortened by waveform-similarity overlap-add (WSOLA, Verhelst and Roelands 1993) of grains
    `grain_s` long; tonal sounds need longer ones. Circular: the last slice wraps.
    """
    frames = samples.shape[1]
    if hits.size == 0:
        raise ValueError("sliced_stretch needs at least one hit; use phase_stretch instead")
    where = place or (lambda share: share)
    lead = int(_LEAD_SECONDS * rate_hz)
    late = _attack_rise(samples, hits, rate_hz)
    heard = [
        where((int(h) + int(d)) / frames) * frames_out for h, d in zip(hits, late, strict=True)
    ]
    goals = np.array([round(g - int(d)) for g, d in zip(heard, late, strict=True)], dtype=np.int64)
    fade = max(1, int(_FADE_SECONDS * rate_hz))
    fade_in = np.linspace(0.0, 1.0, fade, endpoint=False, dtype=np.float32)
    out = np.zeros((samples.shape[0], frames_out), dtype=np.float32)
    for number, hit in enumerate(hits):
        following = (number + 1) % len(hits)
        length = int(hits[following] - hit) + (frames if following <= number else 0)
        wanted = int(goals[following] - goals[number]) + (frames_out if following <= number else 0)
        if wanted <= 0:
            continue
        piece = circular(samples, int(hit) - lead, length + fade)
        made = _fit_slice(piece, wanted + fade, rate_hz, int(grain_s * rate_hz))
        made[:, :fade] *= fade_in
        made[:, -fade:] *= np.float32(1.0) - fade_in
        _add_circular(out, made, int(goals[number]) - lead)
    return out


def _attack_rise(samples: Samples, hits: Frames, rate_hz: int) -> Frames:
    """Frames from each hit's start to where it is heard: half of its first 40 ms' peak energy.

    A shaker or a soft tom speaks later than it starts; its height is what must be in time.
    """
    frames = samples.shape[1]
    reach, short = int(0.04 * rate_hz), max(1, int(0.003 * rate_hz))
    mono = samples.mean(axis=0)
    rises = np.zeros(hits.shape[0], dtype=np.int64)
    for number, hit in enumerate(hits):
        after = int(hits[(number + 1) % hits.size] - hit) % frames or frames
        before = int(hit - hits[number - 1]) % frames or frames
        size = min(reach, after // 3, before // 3)  # so that no hit can overtake its neighbour
        power = mono[np.arange(int(hit), int(hit) + max(1, size)) % frames] ** 2
        energy = np.convolve(power, np.ones(short, dtype=np.float32))[:size]
        if size and energy.max() > 0.0:
            rises[number] = int(np.argmax(energy >= 0.5 * energy.max()))
    return rises


def _add_circular(out: Samples, made: Samples, start: int) -> None:
    """Add `made` into `out` from `start`, what passes its end going on at its beginning."""
    frames = out.shape[1]
    done = 0
    while done < made.shape[1]:
        at = (start + done) % frames
        size = min(frames - at, made.shape[1] - done)
        out[:, at : at + size] += made[:, done : done + size]
        done += size


def _fit_slice(piece: Samples, wanted: int, rate_hz: int, longest_grain: int) -> Samples:
    """`piece` with its attack as it is and its tail made to fit `wanted` frames."""
    length = piece.shape[1]
    if wanted <= length and length - wanted <= 0.15 * length:
        return np.array(piece[:, :wanted])
    attack = min(int(_ATTACK_SECONDS * rate_hz), length // 2, wanted // 2)
    grain = max(32, min(longest_grain, (length - attack) // 3))
    out = np.zeros((piece.shape[0], wanted), dtype=np.float32)
    out[:, : attack + grain] = piece[:, : attack + grain][:, :wanted]
    mono = piece.mean(axis=0)
    reach = min(int(_SEARCH_SECONDS * rate_hz), grain)
    source, position = attack, attack + grain
    last = length - 2 * grain
    pace = max(0, last - attack) / max(1, wanted - grain - attack)
    rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(grain) + 0.5) / grain)).astype(np.float32)
    while position < wanted:
        template = source + grain
        ideal = int(attack + (position - attack) * pace)
        low, high = max(0, ideal - reach), max(0, min(ideal + reach, last))
        chosen = _most_alike(mono, template, low, max(low, high), grain)
        size = min(grain, wanted - position)
        ending = _part(piece, template, size)
        entering = _part(piece, chosen, size)
        out[:, position : position + size] = ending * (1 - rise[:size]) + entering * rise[:size]
        source = chosen
        position += grain
    return out


def _part(piece: Samples, start: int, size: int) -> Samples:
    """`size` frames from `start`, silence where the piece has ended."""
    cut = piece[:, start : start + size]
    return cut if cut.shape[1] == size else np.pad(cut, ((0, 0), (0, size - cut.shape[1])))


def _most_alike(mono: NDArray[np.float32], template: int, low: int, high: int, grain: int) -> int:
    """Start in low..high of the grain that correlates best with the one at `template`."""
    wanted = mono[template : template + grain]
    if wanted.shape[0] < grain or high <= low:
        return low
    field = mono[low : high + grain]
    if field.shape[0] < grain:
        return low
    products = np.correlate(field, wanted, "valid")
    total = np.cumsum(np.concatenate([np.zeros(1), field.astype(np.float64) ** 2]))
    power = np.maximum(total[grain:] - total[:-grain], 0.0)
    return low + int(np.argmax(products / np.sqrt(power + 1e-9)))
