"""Laws that every stream kernel keeps: block size, channels, silence, reset, and bad samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from dsp_tools import BLOCKS, RATE_HZ, noise, run_kernel
from numpy.typing import NDArray

from loopmind.dsp import limiter, saturation
from loopmind.dsp.dynamics import (
    COMPRESSOR_STATE_WORDS,
    DUCKER_STATE_WORDS,
    CompressorSettings,
    DuckerSettings,
    compress,
    compressor_params,
    duck,
    ducker_params,
)
from loopmind.dsp.filters import (
    SWEEP_STATE_WORDS,
    biquad,
    biquad_params,
    biquad_state_words,
    equalise,
    sweep,
    sweep_params,
    sweep_table,
)
from loopmind.dsp.kernel import Kernel
from loopmind.dsp.reverb import reverb_params, reverb_state_words, reverberate
from loopmind.dsp.strip import (
    FADER_STATE_WORDS,
    add_up,
    fade,
    fader_matrix,
    fader_params,
    sum_params,
)

FRAMES = 6000
_CUTOFFS = np.geomspace(200.0, 16000.0, FRAMES // 64 + 2)
_SWEEP = sweep_table("lowpass", _CUTOFFS, RATE_HZ)
_CURVE = np.linspace(1.0, 0.25, FRAMES // 64 + 2)


@dataclass(frozen=True)
class Case:
    kernel: Kernel
    params: NDArray[np.float64]
    words: int
    gang: bool = True  # four independent blocks
    inputs: int = 4
    linked: bool = False  # the two channels share a gain


def _cases() -> dict[str, Case]:
    bands = [
        biquad("lowcut", 40.0, RATE_HZ),
        biquad("lowshelf", 120.0, RATE_HZ, 4.0),
        biquad("peak", 1000.0, RATE_HZ, -6.0, 2.0),
        biquad("highshelf", 8000.0, RATE_HZ, 3.0),
        biquad("highcut", 15000.0, RATE_HZ),
    ]
    room = reverb_params(RATE_HZ, decay_s=0.8)
    rows = len(_CURVE)
    cases = {
        f"equalise-{n}": Case(equalise, biquad_params([bands[:n]] * 4), biquad_state_words(n))
        for n in (1, 2, 3, 5)
    }
    tables = [_SWEEP.ctypes.data] * 4
    cases["sweep"] = Case(
        sweep, sweep_params(["lowpass"] * 4, tables, rows, [0] * 4), SWEEP_STATE_WORDS
    )
    squeeze = CompressorSettings(-30.0, 4.0, 0.005, 0.05, 3.0)
    cases["compress"] = Case(
        compress, compressor_params([squeeze] * 4, RATE_HZ), COMPRESSOR_STATE_WORDS, linked=True
    )
    duckers = [DuckerSettings(9.0, 0.005, 0.1, -10.0)] * 4
    cases["duck"] = Case(
        duck, ducker_params(duckers, RATE_HZ), DUCKER_STATE_WORDS, inputs=8, linked=True
    )
    cases["saturate"] = Case(
        saturation.saturate,
        saturation.saturator_params([0.7] * 4),
        saturation.SATURATOR_STATE_WORDS,
    )
    matrices = [fader_matrix(-3.0, 0.0, 1.0)] * 4
    cases["fade"] = Case(
        fade, fader_params(matrices, [_CURVE.ctypes.data] * 4, rows, RATE_HZ), FADER_STATE_WORDS
    )
    curves = [0, _CURVE.ctypes.data, 0, _CURVE.ctypes.data]
    cases["add_up"] = Case(add_up, sum_params([1.0, 0.5, 0.25, 2.0], curves, rows), 0, gang=False)
    cases["reverberate"] = Case(reverberate, room, reverb_state_words(room), gang=False)
    cases["limit"] = Case(
        limiter.limit,
        limiter.limiter_params(RATE_HZ, gain_db=18.0),
        limiter.STATE_WORDS,
        gang=False,
        linked=True,
    )
    return cases


CASES = _cases()


def _run(case: Case, sounds: list[NDArray[np.float32]], **how: object) -> list[NDArray[np.float32]]:
    outputs = 4 if case.gang else 1
    sounds = sounds if case.inputs == 4 else [*sounds, *sounds]
    return run_kernel(
        case.kernel,
        sounds,
        case.params,
        case.words,
        outputs=outputs,
        inputs_wanted=case.inputs,
        **how,  # type: ignore[arg-type]
    )


@pytest.fixture(params=CASES, name="case")
def each_case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def _sounds() -> list[NDArray[np.float32]]:
    return [noise(FRAMES, seed, 0.2) for seed in range(4)]


def test_samples_do_not_depend_on_the_block_size(case: Case) -> None:
    expected = _run(case, _sounds(), blocks=(256,))
    for blocks in BLOCKS:
        for one, other in zip(expected, _run(case, _sounds(), blocks=blocks), strict=True):
            assert one.tobytes() == other.tobytes(), blocks


def test_each_block_of_a_gang_equals_itself_alone(case: Case) -> None:
    if not case.gang:
        pytest.skip("sums or serves one block")
    together = _run(case, _sounds())
    quiet = np.zeros((2, FRAMES), np.float32)
    for place, sound in enumerate(_sounds()):
        alone = _run(case, [sound if i == place else quiet for i in range(4)])
        np.testing.assert_array_equal(alone[place], together[place])


def test_channels_are_independent_of_each_other(case: Case) -> None:
    if case.linked or case.kernel is reverberate:
        pytest.skip("its channels share a gain or a room")
    sounds = _sounds()
    left = [s * np.array([[1.0], [0.0]], np.float32) for s in sounds]
    for both, one in zip(_run(case, sounds), _run(case, left), strict=True):
        np.testing.assert_array_equal(both[0], one[0])


def test_swapped_channels_come_out_swapped(case: Case) -> None:
    if case.kernel is reverberate:
        pytest.skip("a room is not symmetrical")
    swapped = _run(case, [s[::-1].copy() for s in _sounds()])
    for one, other in zip(_run(case, _sounds()), swapped, strict=True):
        np.testing.assert_array_equal(one, other[::-1])


def test_bad_samples_do_no_lasting_harm(case: Case) -> None:
    sounds = _sounds()
    sounds[0][0, 100] = np.nan
    sounds[0][1, 200] = np.inf
    sounds[1][0, 300] = -np.inf
    sounds[1][1, 301] = 1e30
    if case.kernel is add_up:
        for out in _run(case, sounds):
            assert np.isfinite(out[:, 400:]).all()
        return
    for out in _run(case, sounds):
        assert np.isfinite(out).all()
        assert np.abs(out).max() < 100.0


def test_silence_dies_away_without_denormal_numbers(case: Case) -> None:
    burst = [np.concatenate([s[:, :500], np.zeros((2, 60000), np.float32)], 1) for s in _sounds()]
    for out in _run(case, burst, blocks=(1024,)):
        tail = np.abs(out[:, -2000:])
        assert tail.max() < 1e-4
        assert not ((tail > 0) & (tail < np.finfo(np.float32).tiny)).any()


def test_unity_settings_change_nothing() -> None:
    sound = noise(3000, 3)
    neutral: dict[str, Callable[[], list[NDArray[np.float32]]]] = {
        "eq": lambda: run_kernel(
            equalise, [sound], biquad_params([[biquad("peak", 500.0, RATE_HZ)], [], [], []]), 16
        ),
        "compressor": lambda: run_kernel(
            compress, [sound], compressor_params([None] * 4, RATE_HZ), COMPRESSOR_STATE_WORDS
        ),
        "fader": lambda: run_kernel(
            fade,
            [sound],
            fader_params([fader_matrix(0.0, 0.0, 1.0)] * 4, [0] * 4, 1, RATE_HZ),
            FADER_STATE_WORDS,
        ),
    }
    for name, run in neutral.items():
        np.testing.assert_allclose(run()[0], sound, atol=2e-8, err_msg=name)
