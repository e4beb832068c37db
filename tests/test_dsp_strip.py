"""Faders, sums, taps and the clip player against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from dsp_tools import BLOCKS, RATE_HZ, noise, run_kernel
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from loopmind.dsp.player import Event, event_table, play, player_params
from loopmind.dsp.resample import resample
from loopmind.dsp.strip import (
    FADER_STATE_WORDS,
    add_up,
    fade,
    fader_matrix,
    fader_params,
    feed,
    sum_params,
    tap,
    tap_params,
)
from loopmind.runtime.program import ProgramPlan


@pytest.mark.parametrize("pan", [-1.0, -0.5, 0.0, 0.3, 1.0])
def test_pan_keeps_the_power_of_a_mono_sound(pan: float) -> None:
    matrix = fader_matrix(0.0, pan, 1.0)
    out = matrix @ np.array([1.0, 1.0])
    assert np.square(out).sum() == pytest.approx(2.0)
    if abs(pan) == 1.0:
        assert np.abs(out).min() == pytest.approx(0.0, abs=1e-12)


def test_width_scales_the_sides() -> None:
    assert fader_matrix(0.0, 0.0, 0.0) @ [1.0, -1.0] == pytest.approx([0.0, 0.0])
    assert fader_matrix(0.0, 0.0, 2.0) @ [1.0, -1.0] == pytest.approx([2.0, -2.0])
    assert fader_matrix(0.0, 0.0, 2.0) @ [1.0, 1.0] == pytest.approx([1.0, 1.0])


def test_fader_follows_its_curve_and_matrix() -> None:
    sounds = [noise(1000, seed) for seed in range(4)]
    matrices = [fader_matrix(-3.0 * i, 0.3 * i, 0.5 * i) for i in range(4)]
    curve = np.abs(np.sin(np.arange(20.0)))
    params = fader_params(matrices, [curve.ctypes.data, 0, 0, 0], 20, RATE_HZ)
    outs = run_kernel(fade, sounds, params, FADER_STATE_WORDS)
    gain = np.interp(np.arange(1000) / 64, np.arange(20), curve)
    np.testing.assert_allclose(outs[0], matrices[0] @ sounds[0] * gain, atol=1e-6)
    for matrix, sound, out in zip(matrices[1:], sounds[1:], outs[1:], strict=True):
        np.testing.assert_allclose(out, matrix @ sound, atol=1e-6)


def test_sum_is_float32_in_order() -> None:
    sounds = [noise(500, seed) for seed in range(6)]
    (out,) = run_kernel(add_up, sounds, sum_params([1.0] * 6), outputs=1)
    expected = np.zeros((2, 500), np.float32)
    for sound in sounds:
        expected += sound
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("origin", [-30, 0, 50])
def test_tap_and_feed_are_inverse(origin: int) -> None:
    memory = np.zeros((300, 2), np.float32)
    plan = ProgramPlan()
    buffer = plan.new_buffer()
    plan.add(feed, [], [buffer], tap_params(memory, origin, ring=False))
    copy = np.zeros((300, 2), np.float32)
    plan.add(tap, [buffer], [], tap_params(copy, origin, ring=False))
    memory[:] = noise(300).T
    program = plan.build(64)
    program.run(-40, 500)
    np.testing.assert_array_equal(copy, memory)


def _twin(events: list[Event], frames: int) -> NDArray[np.float64]:
    """Every event laid out as a whole, then added."""
    out = np.zeros((2, frames))
    for e in sorted(events, key=lambda e: e.start):
        at = np.arange(e.start, e.end)
        place = (e.offset + at - e.start) % e.samples.shape[1]
        piece = np.broadcast_to(e.samples, (2, e.samples.shape[1]))[:, place].astype(float)
        envelope = np.full(len(at), e.gain)
        if e.fade_in:
            envelope *= np.clip((at - e.start + 0.5) / e.fade_in, 0, 1)
        if e.fade_out:
            envelope *= np.clip((e.end - at - 0.5) / e.fade_out, 0, 1)
        for (edge, length), sign in ((e.swell, 1), (e.ebb, -1)):
            if length:
                t = np.clip(sign * (at - edge + 0.5) / length, 0, 1)
                if sign < 0:
                    t = np.clip((edge - at - 0.5) / length, 0, 1)
                envelope *= np.sqrt(t * t * (3 - 2 * t))
        keep = at < frames
        out[:, at[keep]] += (piece * envelope)[:, keep]
    return out


def _played(
    events: list[Event], frames: int, blocks: tuple[int, ...] = (512,)
) -> NDArray[np.float32]:
    table = event_table(events)
    nothing = np.zeros((2, frames), np.float32)
    return run_kernel(play, [nothing], player_params(table), blocks=blocks, inputs_wanted=0)[0]


_SOUNDS = [noise(100, 1), noise(333, 2)[:1], np.ascontiguousarray(noise(50, 3).T).T]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(
            lambda start, length, sound, offset, fade_in, fade_out, swell, ebb: Event(
                start, start + length, _SOUNDS[sound], offset, 0.7, fade_in, fade_out,
                (start - 10, swell), (start + length + 5, ebb),
            ),
            st.integers(0, 900), st.integers(0, 400), st.integers(0, 2), st.integers(0, 99),
            st.integers(0, 60), st.integers(0, 60), st.integers(0, 80), st.integers(0, 80),
        ),
        max_size=8,
    )
)  # fmt: skip
def test_player_equals_its_twin(events: list[Event]) -> None:
    np.testing.assert_allclose(_played(events, 1000), _twin(events, 1000), atol=2e-6)


def test_player_does_not_depend_on_blocks() -> None:
    events = [Event(37 * i, 37 * i + 300, _SOUNDS[i % 3], i, 0.5, 20, 30) for i in range(40)]
    expected = _played(events, 2000)
    for blocks in BLOCKS:
        np.testing.assert_array_equal(_played(events, 2000, tuple(blocks)), expected)


def test_crossfade_of_one_sound_with_itself_is_seamless() -> None:
    sound = np.ones((2, 100), np.float32)
    events = [Event(0, 164, sound, 0, 1.0, 0, 64), Event(100, 200, sound, 0, 1.0, 64, 0)]
    np.testing.assert_allclose(_played(events, 200), 1.0, atol=1e-6)


@pytest.mark.parametrize(
    "bad",
    [
        Event(0, 10, np.zeros((3, 10), np.float32)),
        Event(0, 10, np.zeros((2, 0), np.float32)),
        Event(10, 0, np.zeros((2, 10), np.float32)),
    ],
)
def test_impossible_events_are_refused(bad: Event) -> None:
    with pytest.raises(ValueError, match=r"material|cannot play"):
        event_table([bad])


def test_resampling_keeps_pitch_and_length() -> None:
    t = np.arange(48000) / 48000
    sound = np.sin(2 * np.pi * 1000 * t)[None].astype(np.float32)
    out = resample(sound, 48000, 44100)
    assert out.shape == (1, 44100)
    expected = np.sin(2 * np.pi * 1000 * np.arange(44100) / 44100)
    np.testing.assert_allclose(out[0, 500:-500], expected[500:-500], atol=1e-3)
    assert resample(sound, 48000, 48000) is sound
