"""Units made of the kernels that songs are mixed with: reverb, saturation, limiter."""

from __future__ import annotations

from loopmind.dsp import limiter, reverb, saturation
from loopmind.dsp.unit import Part, Unit


def prepare_reverb(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: decay_s, predelay_ms, damping 0..1, low_cut_hz, gain_db. Wet only."""
    params = reverb.reverb_params(
        rate_hz,
        decay_s=settings["decay_s"],
        predelay_s=settings["predelay_ms"] * 0.001,
        damping=settings["damping"],
        low_cut_hz=settings["low_cut_hz"],
        gain_db=settings["gain_db"],
    )
    return Part(params, state_words=reverb.reverb_state_words(params))


def prepare_saturator(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: drive 0..1."""
    params = saturation.saturator_params([settings["drive"]])
    return Part(params, saturation.SATURATOR_STATE_WORDS, saturation.LATENCY)


def prepare_limiter(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: gain_db before it, ceiling_dbtp, release_ms."""
    params = limiter.limiter_params(
        rate_hz,
        gain_db=settings["gain_db"],
        ceiling_dbtp=settings["ceiling_dbtp"],
        release_s=settings["release_ms"] * 0.001,
    )
    return Part(params, limiter.STATE_WORDS, limiter.LATENCY)


REVERB = Unit(reverb.reverberate, prepare_reverb)
SATURATOR = Unit(saturation.saturate, prepare_saturator, gang=True)
LIMITER = Unit(limiter.limit, prepare_limiter)
