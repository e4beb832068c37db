"""Time and pitch: resampling, and stretching of seamless loops by phase vocoder, sample-exact.

Slicing of drum loops lives in `slices`; which method suits which loop is decided in compose/fit.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATIO_RANGE = (0.5, 2.0)
SEMITONE_RANGE = (-24, 24)
SEAM_SECONDS = 0.012
_CONTEXT_SECONDS = 0.16  # more than one block (0.12 s) of the stretcher
_STRETCH_SEED = 1
# Above this the spectrum is shifted by a fixed offset, not scaled: air and sibilance stay natural.
_TONALITY_LIMIT_HZ = 8000.0


class FitError(ValueError):
    """A sound cannot be fitted as asked; the message says what to choose instead."""


def circular(samples: Samples, start: int, frames: int) -> Samples:
    """`frames` frames of the endlessly repeated `samples`, from index `start` (may be negative)."""
    index = np.arange(start, start + frames) % samples.shape[1]
    return np.ascontiguousarray(samples[:, index])


def exact(samples: Samples, frames: int) -> Samples:
    """`samples` cut or padded with silence at its end to exactly `frames` frames."""
    if samples.shape[1] >= frames:
        return samples[:, :frames]
    out = np.zeros((samples.shape[0], frames), dtype=np.float32)
    out[:, : samples.shape[1]] = samples
    return out


def blend(ending: Samples, entering: Samples) -> Samples:
    """Crossfade from `ending` to `entering` (equal shapes) that keeps the loudness.

    Raised-cosine gains a, b with a + b = 1 are scaled by 1 / sqrt(a^2 + b^2 + 2 r a b), r being
    the correlation of the two: equal gain for alike signals, equal power for unrelated ones.
    """
    frames = ending.shape[1]
    entry = (0.5 - 0.5 * np.cos(np.pi * (np.arange(frames) + 0.5) / frames)).astype(np.float32)
    exit_ = np.float32(1.0) - entry
    norm = float(np.sqrt(np.vdot(ending, ending) * np.vdot(entering, entering)))
    likeness = max(0.0, float(np.vdot(ending, entering)) / norm) if norm > 0.0 else 1.0
    gain = 1.0 / np.sqrt(exit_**2 + entry**2 + 2.0 * likeness * exit_ * entry)
    mixed: Samples = ((ending * exit_ + entering * entry) * gain).astype(np.float32)
    return mixed


def check_ratio(ratio: float, *, slack: float = 1e-9) -> None:
    """Raise FitError unless `ratio` (tempo out over tempo in) lies in RATIO_RANGE."""
    low, high = RATIO_RANGE
    if not low * (1.0 - slack) <= ratio <= high * (1.0 + slack):
        raise FitError(
            f"a tempo change of x{ratio:.2f} would ruin the sound (x{low} to x{high} is possible); "
            "choose another loop, or read its tempo as half or double"
        )


def check_semitones(semitones: float) -> None:
    """Raise FitError unless `semitones` lies in SEMITONE_RANGE."""
    if not SEMITONE_RANGE[0] <= semitones <= SEMITONE_RANGE[1]:
        raise FitError(
            f"{semitones:+} semitones would ruin the sound; stay within two octaves, "
            "or choose a loop in a nearer key"
        )


def phase_stretch(
    samples: Samples,
    frames_out: int,
    *,
    rate_hz: int,
    semitones: float = 0.0,
    periodic: bool = True,
) -> Samples:
    """Stretch `samples` (1 or 2 channels, frames) to exactly `frames_out`, and transpose them.

    Signalsmith Stretch (python-stretch), whose `process` compensates its own latency: event at
    frame n comes out at n * frames_out / frames within 0.5 ms. A periodic source is fed with its
    own end before it and its own start after it, and the last SEAM_SECONDS are blended into what
    precedes the first frame, so the result wraps as smoothly as the source does.
    Raises FitError outside RATIO_RANGE and SEMITONE_RANGE.
    """
    frames = samples.shape[1]
    if frames == 0 or frames_out == 0:
        raise FitError("nothing to stretch: the sound is empty; choose another one")
    ratio = frames / frames_out
    check_ratio(ratio, slack=0.02)  # lengths are whole frames, of short sounds rather coarse ones
    check_semitones(semitones)
    context_in = int(_CONTEXT_SECONDS * rate_hz * max(1.0, ratio))
    context_out = round(context_in / ratio)
    if periodic:
        fed = circular(samples, -context_in, frames + 2 * context_in)
    else:
        fed = np.pad(samples, ((0, 0), (context_in, context_in)))

    from python_stretch import Signalsmith

    engine = Signalsmith.Stretch(_STRETCH_SEED)
    engine.preset(fed.shape[0], float(rate_hz))
    engine.setTimeFactor(ratio)
    if semitones:
        engine.setTransposeSemitones(semitones, _TONALITY_LIMIT_HZ / rate_hz)
    whole = cast(Samples, engine.process(np.ascontiguousarray(fed)))
    out = np.array(whole[:, context_out : context_out + frames_out], dtype=np.float32)
    if out.shape[1] != frames_out:
        raise FitError(f"the stretcher returned {out.shape[1]} frames instead of {frames_out}")
    if periodic:
        seam = min(int(SEAM_SECONDS * rate_hz), frames_out // 4, context_out)
        if seam > 0:
            before = whole[:, context_out - seam : context_out]
            out[:, -seam:] = blend(out[:, -seam:], before)
    return out
