"""Signals become programs: streams in order, equally late, moved or swapped when they change."""

from __future__ import annotations

import numpy as np
import pytest
from test_live_engine import RATE_HZ, serve

from loopmind.music.audio import Audio
from loopmind.music.signal import Signal
from loopmind.nodes.gain import gain
from loopmind.nodes.play_clip import play_clip
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.signal_patch import SignalError, signal_patch


def noise(frames: int = 4000) -> Audio:
    wave = np.random.default_rng(3).standard_normal((2, frames)) * 0.2
    return Audio(wave.astype(np.float32), RATE_HZ)


def heard(signal: Signal, frames: int = 6000) -> np.ndarray:
    engine = Engine(RATE_HZ)
    engine.swap(signal_patch(signal, RATE_HZ))
    engine.serve(1000)
    engine.play(0)
    return serve(engine, frames)[:, 200:]


def test_a_clip_plays_its_sound_and_wraps() -> None:
    sound = noise()
    out = heard(play_clip(sound, fade_s=0.0), 10000)
    expected = np.tile(sound.samples, 3)[:, 200:10000]
    assert np.array_equal(out, expected)


def test_a_clip_backwards_and_at_another_speed() -> None:
    sound = noise()
    out = heard(play_clip(sound, reverse=True, fade_s=0.0, repeat=False))
    assert np.array_equal(out[:, :3800], sound.samples[:, ::-1][:, 200:])
    assert np.abs(out[:, 3800:]).max() == 0.0
    fast = heard(play_clip(sound, rate=2.0, fade_s=0.0, repeat=False))
    assert np.abs(fast[:, 1800:]).max() == 0.0 and np.abs(fast[:, :1700]).max() > 0.05


def test_gain_is_what_it_says() -> None:
    sound = noise()
    out = heard(gain(play_clip(sound, fade_s=0.0), gain_db=-6.0))
    expected = np.tile(sound.samples, 2)[:, 200:6000] * 10.0 ** (-6.0 / 20.0)
    assert np.abs(out - expected).max() < 1e-7


def test_a_stream_that_two_nodes_take_is_made_once() -> None:
    source = play_clip(noise())
    planned = signal_patch(
        Signal(
            "loopmind.dsp.effects.total:TOTAL",
            sources=(gain(source, 3.0), gain(source, -3.0), source),
        )
    )
    assert [op.label for op in planned.plan.operations].count(source.name) == 1


def test_a_moved_control_is_moved_and_another_graph_is_swapped_in() -> None:
    source = play_clip(noise())
    engine = Engine(RATE_HZ)
    assert engine.update(signal_patch(gain(source, -3.0))) is False
    engine.serve(1000)
    assert engine.update(signal_patch(gain(source, -9.0))) is True
    assert engine.update(signal_patch(gain(gain(source, -9.0)))) is False
    engine.serve(1000)
    assert engine.snapshot().swaps == 2


def test_a_missing_unit_is_named() -> None:
    with pytest.raises(SignalError, match="plugin_of_mine"):
        signal_patch(Signal("plugin_of_mine:WOBBLE"))
