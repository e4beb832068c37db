"""Clip: a sound placed in time, once or over and over, forwards or backwards, at any speed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.player import Event, event_table, play, player_params
from loopmind.dsp.resample import resample
from loopmind.dsp.unit import Part, Unit
from loopmind.music.audio import Audio

LONGEST_S = 6 * 3600.0


def prepare(rate_hz: float, settings: dict[str, float], audio: Audio) -> Part:
    """Settings: start_s, rate (2 plays an octave up), reverse, repeat, gain_db, fade_s.

    The sound begins exactly on frame round(start_s rate_hz). Repetitions overlap by no frame: a
    loop wraps. Raises ValueError for a sound without frames.
    """
    samples = material(audio, int(rate_hz), settings["rate"], bool(settings["reverse"]))
    start = round(settings["start_s"] * rate_hz)
    fade = round(settings["fade_s"] * rate_hz)
    frames = samples.shape[1]
    end = start + (round(LONGEST_S * rate_hz) if settings["repeat"] else frames)
    fade = min(fade, frames // 2)
    gain = 10.0 ** (settings["gain_db"] / 20.0)
    table = event_table([Event(start, end, samples, 0, gain, fade, fade)])
    return Part(player_params(table), tables=((1, table),), keeps=(samples,))


def material(audio: Audio, rate_hz: int, speed: float, reverse: bool) -> NDArray[np.float32]:
    """The sound at the program's rate, `speed` times as fast, at most stereo."""
    if audio.frames == 0:
        raise ValueError("a sound without frames cannot be played")
    samples = audio.samples
    if audio.channels > 2:
        samples = samples.mean(axis=0, keepdims=True, dtype=np.float32)
    if speed != 1.0 or audio.rate_hz != rate_hz:
        samples = resample(samples, audio.rate_hz * speed, float(rate_hz))
    if reverse:
        samples = samples[:, ::-1]
    return np.ascontiguousarray(samples, np.float32)


CLIP = Unit(play, prepare)
