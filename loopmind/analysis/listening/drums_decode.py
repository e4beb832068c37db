"""From the drum network's activations to hits: peaks above each voice's threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.drums_frontend import HOP_S
from loopmind.music.transcript import DRUM_NOTES

F32 = NDArray[np.float32]

VOICES = tuple(DRUM_NOTES)
_APART_FRAMES = 3
_HATS = (VOICES.index("hat"), VOICES.index("open hat"))
_ONE_HAT_S = 0.03
_FAINTEST, _FEWEST_PEAKS = 0.08, 6
_FARTHEST, _PLACES = 0.5, 10
_BLUR, _STAY = 0.6, 0.03


@dataclass(frozen=True)
class DrumHit:
    """One hit: `voice` is its number in VOICES, velocity 0..1, `sure` its activation."""

    time_s: float
    voice: int
    velocity: float
    sure: float


def decode_drums(active: F32, strong: F32, thresholds: tuple[float, ...]) -> list[DrumHit]:
    """Hits in order of time from activations and velocities, each (frames, VOICES).

    A peak's place between two frames is where a triangle two frames wide, as the network was
    taught, would stand: the difference of its neighbours. Hats are struck closed or open,
    whichever is surer, never both at once. Each recording moves the thresholds (`own_thresholds`).
    """
    peaks = peaks_of(active, strong, (_FAINTEST,) * len(thresholds))
    return kept(peaks, own_thresholds(peaks, thresholds))


def own_thresholds(peaks: Sequence[DrumHit], thresholds: tuple[float, ...]) -> tuple[float, ...]:
    """The thresholds for one recording: where its own peaks are fewest, near those given.

    One kit is surer to be heard than another, but in a recording the hits of a drum are mostly
    alike, and so is what is none: between them lies a valley. Of a drum that does not play all
    peaks are middling, and the threshold goes above them. Sought in log odds; of few peaks the
    thresholds stay as they are.
    """
    own = []
    shifts = np.linspace(-1.0, 1.0, 2 * _PLACES + 1)
    for voice, usual in enumerate(thresholds):
        odds = _log_odds(np.array([hit.sure for hit in peaks if hit.voice == voice]))
        if odds.size >= _FEWEST_PEAKS:
            places = _log_odds(np.array([usual])) + _FARTHEST * shifts
            near = np.exp(-0.5 * ((odds[None] - places[:, None]) / _BLUR) ** 2).mean(axis=1)
            best = places[int(np.argmin(near + _STAY * shifts**2))]
            usual = float(np.clip(1.0 / (1.0 + np.exp(-best)), _FAINTEST, 1.0))
        own.append(usual)
    return tuple(own)


def _log_odds(share: NDArray[np.floating]) -> NDArray[np.float64]:
    held = np.clip(share.astype(np.float64), 0.02, 0.98)
    return np.asarray(np.log(held / (1.0 - held)))


def kept(peaks: Sequence[DrumHit], thresholds: tuple[float, ...]) -> list[DrumHit]:
    """The peaks that are hits by these thresholds, which are no lower than what found the peaks."""
    return _one_hat([hit for hit in peaks if hit.sure >= thresholds[hit.voice]], thresholds)


def peaks_of(active: F32, strong: F32, thresholds: tuple[float, ...]) -> list[DrumHit]:
    """Every peak of a voice's activation above its threshold, in order of time."""
    found: list[DrumHit] = []
    for voice, least in enumerate(thresholds):
        curve = active[:, voice]
        for frame in _peaks(curve, least):
            before = float(curve[frame - 1]) if frame else 0.0
            after = float(curve[frame + 1]) if frame + 1 < curve.size else 0.0
            shift = min(max((after - before) / max(float(curve[frame]), 1e-6), -0.5), 0.5)
            time_s = max((frame + shift) * HOP_S, 0.0)
            found.append(DrumHit(time_s, voice, float(strong[frame, voice]), float(curve[frame])))
    found.sort(key=lambda hit: (hit.time_s, hit.voice))
    return found


def _peaks(curve: F32, least: float) -> list[int]:
    """Frames at which `curve` is above `least` and highest within _APART_FRAMES."""
    frames = np.flatnonzero(curve >= least)
    kept: list[int] = []
    for frame in frames:
        near = curve[max(0, frame - _APART_FRAMES + 1) : frame + _APART_FRAMES]
        if curve[frame] < near.max():
            continue
        if kept and frame - kept[-1] < _APART_FRAMES:
            continue  # the second of two equal ones
        kept.append(int(frame))
    return kept


def _one_hat(hits: list[DrumHit], thresholds: tuple[float, ...]) -> list[DrumHit]:
    hats = [hit for hit in hits if hit.voice in _HATS]
    dropped: set[int] = set()
    for one, two in pairwise(hats):
        if one.voice != two.voice and two.time_s - one.time_s < _ONE_HAT_S:
            weaker = min(one, two, key=lambda hit: hit.sure / thresholds[hit.voice])
            dropped.add(id(weaker))
    return [hit for hit in hits if id(hit) not in dropped]
