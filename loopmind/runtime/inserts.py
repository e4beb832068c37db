"""Effects of channel strips: from what the mix says to operations of a program plan.

An effect's kernel plays all wet; what is heard of it is a sum of dry and wet whose levels are
fixed or drawn. An echo is fed by its amount instead, so that its repeats ring on where it ends.
Echoes and what sways in time follow the tempo of the section that plays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.strip import add_up, sum_params
from loopmind.dsp.unit import Unit
from loopmind.music.mix import EFFECT_KINDS, Effect, Strip
from loopmind.music.tempo_map import TempoMap
from loopmind.runtime.program import ProgramPlan

ECHO_BEATS = 0.75
"""Of a dotted eighth, which falls between the strokes of most loops."""
TREMOLO_BEATS = 0.5
SWEEP_BEATS = 16.0
"""Of a phaser and a flanger, from one turn to the next."""
_ALL = 1.0


@dataclass(frozen=True)
class _Wet:
    """An effect played all wet: its settings at a tempo, and the unit that takes them.

    beats: from one turn, or repeat, to the next where none are asked for; 0: it keeps no time.
    """

    unit: Callable[[], Unit]
    settings: Callable[[float, float], dict[str, float]]
    beats: float = 0.0


def _echo_unit() -> Unit:
    from loopmind.dsp.effects.echo import ECHO

    return ECHO


def _sway_unit() -> Unit:
    from loopmind.dsp.effects.modulation import SWAY

    return SWAY


def _phaser_unit() -> Unit:
    from loopmind.dsp.effects.modulation import PHASER

    return PHASER


def _tremolo_unit() -> Unit:
    from loopmind.dsp.effects.tremolo import TREMOLO

    return TREMOLO


def _crusher_unit() -> Unit:
    from loopmind.dsp.effects.crusher import CRUSHER

    return CRUSHER


# Kernels are loaded with the first effect of a kind: most songs have none.
_WET: dict[str, _Wet] = {
    "crusher": _Wet(_crusher_unit, lambda bpm, beats: {"bits": 6.0, "rate_hz": 9000.0, "mix": 1.0}),
    "phaser": _Wet(
        _phaser_unit,
        lambda bpm, beats: {
            "low_hz": 300.0, "octaves": 3.2, "speed_hz": bpm / (60.0 * beats), "feedback": 0.5,
            "mix": _ALL, "spread": 0.25,
        },
        SWEEP_BEATS,
    ),
    "flanger": _Wet(
        _sway_unit,
        lambda bpm, beats: {
            "delay_ms": 2.6, "depth_ms": 2.0, "speed_hz": bpm / (60.0 * beats), "feedback": 0.6,
            "mix": _ALL, "spread": 0.25,
        },
        SWEEP_BEATS,
    ),
    "chorus": _Wet(
        _sway_unit,
        lambda bpm, beats: {
            "delay_ms": 17.0, "depth_ms": 4.0, "speed_hz": 0.6, "feedback": 0.0, "mix": _ALL,
            "spread": 0.5,
        },
    ),
    "tremolo": _Wet(
        _tremolo_unit,
        lambda bpm, beats: {
            "speed_hz": bpm / (60.0 * beats), "depth": _ALL, "shape": 0.35, "spread": 0.0,
        },
        TREMOLO_BEATS,
    ),
    "echo": _Wet(
        _echo_unit,
        lambda bpm, beats: {
            "time_s": 60.0 * beats / bpm, "feedback": 0.45, "damping_hz": 4000.0,
            "wet_db": 0.0, "dry_db": -120.0, "ping_pong": 1.0,
        },
        ECHO_BEATS,
    ),
}  # fmt: skip

Curves = Mapping[tuple[str, str], NDArray[np.float64]]


def heard_effects(strip: Strip, curves: Curves) -> list[Effect]:
    """The effects of a track in their order, those that are only drawn among them."""
    found = []
    for kind in EFFECT_KINDS:
        held = strip.effect(kind)
        drawn = (strip.track, kind) in curves
        if drawn or (held is not None and held.amount > 0.0):
            found.append(held or Effect(kind, 0.0))
    return found


def _in_time(
    one: Effect, tempo: TempoMap, rate_hz: int
) -> tuple[dict[str, float], list[tuple[float, ...]]]:
    """An effect's settings where the song begins, and what changes in them at which frames.

    The changes are as its unit takes them: (frame, time) of an echo, else (frame, turns until
    then, turns a second), so that what sways is at the same place on the same beat of any song.
    """
    wet = _WET[one.kind]
    beats = one.beats or wet.beats
    settings = wet.settings(tempo.tempos[0][1], beats)
    changes: list[tuple[float, ...]] = []
    for place, bpm in tempo.tempos[1:] if wet.beats else ():
        frame, now = tempo.frame(place, rate_hz), wet.settings(bpm, beats)
        if one.kind == "echo":
            changes.append((frame, now["time_s"]))
        else:
            changes.append((frame, place / beats, now["speed_hz"]))
    return settings, changes


def what_they_are(
    strips: tuple[Strip, ...], curves: Curves, tempo: TempoMap, rate_hz: int
) -> tuple[tuple[str, str, tuple[float, ...]], ...]:
    """All that decides how the effects of these strips sound, amounts drawn over time aside."""
    found = []
    for strip in strips:
        for one in heard_effects(strip, curves):
            settings, changes = _in_time(one, tempo, rate_hz)
            words = (one.amount, *settings.values(), *(word for row in changes for word in row))
            found.append((strip.track, one.kind, words))
    return tuple(found)


def add_effects(
    plan: ProgramPlan,
    buffer: int,
    strip: Strip,
    curves: Curves,
    tempo: TempoMap,
    rate_hz: int,
    rows: int,
    delay: int,
) -> int:
    """Add a strip's effects behind `buffer`; returns the buffer in which they are heard.

    rows: length of the curves. delay: frames by which the track comes late.
    """
    for one in heard_effects(strip, curves):
        unit = _WET[one.kind].unit()
        settings, changes = _in_time(one, tempo, rate_hz)
        timed = (changes, delay) if _WET[one.kind].beats else ()
        part = unit.prepare(rate_hz, settings, *timed)
        label = f"{strip.track}: {one.kind}"
        curve = curves.get((strip.track, one.kind))
        share = None if curve is None else np.clip(curve, 0.0, 1.0)
        made, out = plan.new_buffer(), plan.new_buffer()
        if one.kind == "echo":
            fed = plan.new_buffer()
            amount = one.amount if share is None else 1.0
            drawn = [0 if share is None else plan.keep(share)]
            params = sum_params([amount], drawn, rows, delay)
            plan.add(add_up, [buffer], [fed], params, label=label)
            plan.add(unit.kernel, [fed], [made], part.params, part.state_words, label)
            plan.add(add_up, [buffer, made], [out], sum_params([1.0, 1.0]), label=label)
        else:
            plan.add(unit.kernel, [buffer], [made], part.params, part.state_words, label)
            amounts = [1.0 - one.amount, one.amount] if share is None else [1.0, 1.0]
            drawn = [0, 0] if share is None else [plan.keep(1.0 - share), plan.keep(share)]
            plan.add(
                add_up, [buffer, made], [out], sum_params(amounts, drawn, rows, delay), label=label
            )
        buffer = out
    return buffer
