"""What effect kernels share: glide speeds, and what is no sound taken as silence."""

from __future__ import annotations

import math

import numpy as np

from loopmind.dsp.kernel import helper

GLIDE_S = 0.02


@helper("float64(float64)")
def finite(x):  # type: ignore[no-untyped-def]
    """x, or 0 where it is infinite or no number."""
    if abs(x) < np.inf:
        return x
    return 0.0


def speed(seconds: float, rate_hz: float) -> float:
    """Share of the way that a one-pole glide with this time constant goes in a frame."""
    return 1.0 - math.exp(-1.0 / (max(seconds, 1e-5) * rate_hz))


def amplitude(level_db: float) -> float:
    """Linear amplitude of a level in dB; below -120 dB it is nothing."""
    return 0.0 if level_db <= -120.0 else float(10.0 ** (level_db / 20.0))
