"""A take as sound: its units fetched, re-pitched, held or frozen, and laid on a loop that wraps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from loopmind.compose.seeds import stream
from loopmind.dsp.grains import add_circular, frozen, pitched, sustained
from loopmind.dsp.loudness import integrated_lufs
from loopmind.music.audio import Audio
from loopmind.music.song import beat_to_frame
from loopmind.music.units import Placed, Take, Unit

Samples = NDArray[np.float32]
Fetch = Callable[[Unit, float], Samples]

TARGET_LUFS, PEAK = -16.0, 0.89
_FULL_DB = -14.0
_VARISPEED = (1.0, 2.2)
_CONTEXT_S = 0.25
_LEAST_BEATS = 0.2
_APART, _BLEED = 0.11, 0.6


def render_take(
    take: Take, placed: Sequence[Placed], units: Sequence[Unit], fetch: Fetch, rate_hz: int,
    seed: int,
) -> Audio:  # fmt: skip
    """The loop, stereo, exactly as long as its bars; its end leads into its start.

    fetch(unit, seconds): stereo samples of the unit's file at rate_hz, from its start on.
    """
    frames = beat_to_frame(take.beats, take.bpm, rate_hz)
    out = np.zeros((2, frames))
    for chosen in placed:
        event, unit = take.events[chosen.event], units[chosen.unit]
        rng = stream(seed, take.name, "render", chosen.event)
        length = beat_to_frame(max(event.beats, _LEAST_BEATS), take.bpm, rate_hz)
        start = beat_to_frame(event.beat, take.bpm, rate_hz)
        if take.kind == "texture":
            made = _held_chord_tone(chosen, unit, fetch, length, rate_hz, rng)
        else:
            made = _struck(take, chosen, unit, fetch, length, rate_hz, rng)
        gain = 10.0 ** ((event.level_db - _FULL_DB) / 20.0) if take.kind == "pulse" else 1.0
        power = float(np.sqrt((made.astype(np.float64) ** 2).mean())) if made.size else 0.0
        if power > 0.0 and take.kind != "pulse":
            gain = 0.1 / power * 10.0 ** (event.level_db / 20.0)
        gain = min(gain, 12.0) * 10.0 ** (chosen.gain_db / 20.0)
        add_circular(out, made * gain, start)
    return Audio(_levelled(out, rate_hz), rate_hz)


def _struck(
    take: Take, chosen: Placed, unit: Unit, fetch: Fetch, length: int, rate_hz: int,
    rng: np.random.Generator,
) -> Samples:  # fmt: skip
    """A unit struck once: a slice keeps its length, a note is held as long as it is written."""
    semitones = chosen.semitones
    if take.kind == "pulse":
        # A little faster or slower each time, so that no hit is its source sample by sample.
        semitones += float(rng.uniform(*_VARISPEED)) * (1.0 if rng.random() < 0.5 else -1.0)
    source = fetch(unit, unit.length_s)
    if take.kind == "pulse":
        sound = pitched(source, semitones)
        return sustained(sound, min(length, sound.shape[1]), rate_hz, rng)
    # Two voices a little apart, one more to each side: wider than the unit, and not its wave.
    low = sustained(pitched(source, semitones - _APART), length, rate_hz, rng)
    high = sustained(pitched(source, semitones + _APART), length, rate_hz, rng)
    left, right = low + _BLEED * high, high + _BLEED * low
    return np.asarray(np.stack([left[0], right[1]]), np.float32)


def _held_chord_tone(
    chosen: Placed, unit: Unit, fetch: Fetch, length: int, rate_hz: int, rng: np.random.Generator
) -> Samples:
    """The unit's colour frozen at the chord's note, swelling in and out over its neighbours."""
    sound = pitched(fetch(unit, unit.length_s + _CONTEXT_S), chosen.semitones)
    lap = min(round(0.35 * rate_hz), length // 3)
    made = np.array(frozen(sound, length + lap, rng))
    rise = np.sin(np.linspace(0.0, np.pi / 2.0, lap, dtype=np.float32))
    made[:, :lap] *= rise
    made[:, -lap:] *= rise[::-1]
    return made


def _levelled(out: NDArray[np.float64], rate_hz: int) -> Samples:
    made: Samples = out.astype(np.float32)
    lufs = integrated_lufs(made, rate_hz)
    peak = float(np.abs(made).max(initial=0.0))
    if peak <= 0.0:
        return made
    gain = 10.0 ** ((TARGET_LUFS - lufs) / 20.0) if np.isfinite(lufs) else PEAK / peak
    return np.asarray(made * np.float32(min(gain, PEAK / peak)), dtype=np.float32)
