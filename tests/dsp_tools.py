"""Helpers of the signal-processing tests: run one kernel over sound, cut into any blocks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import Kernel
from loopmind.runtime.program import SILENCE, SPAN, TRASH, ProgramPlan, run_program

RATE_HZ = 44100
BLOCKS: tuple[Sequence[int], ...] = (
    (64,),
    (128,),
    (441,),
    (1024,),
    (7, 512, 1, 100, 1024, 61, 126, 191, 31, 32, 33),
)


def run_kernel(
    kernel: Kernel,
    sounds: Sequence[NDArray[np.float32]],
    params: NDArray[np.float64],
    state_words: int = 0,
    *,
    outputs: int | None = None,
    inputs_wanted: int = 4,
    blocks: Sequence[int] = (512,),
    start: int = 0,
) -> list[NDArray[np.float32]]:
    """Stereo `sounds` (2, frames) through `kernel`; blocks are taken in turn."""
    frames = sounds[0].shape[1]
    plan = ProgramPlan()
    ins = [plan.new_buffer() for _ in sounds]
    outs = [plan.new_buffer() for _ in range(len(sounds) if outputs is None else outputs)]
    fill = [SILENCE] * max(0, inputs_wanted - len(ins))
    trash = [TRASH] * max(0, 4 - len(outs))
    plan.add(kernel, ins + fill, outs + trash, params, state_words)
    program = plan.build(max(blocks))
    results = [np.zeros((2, frames), np.float32) for _ in outs]
    at, sizes = 0, itertools.cycle(blocks)
    while at < frames:
        # A program ends a block where it rounds its states; what is put in must end there too.
        n = min(next(sizes), frames - at, SPAN - (start + at) % SPAN)
        for number, sound in zip(ins, sounds, strict=True):
            program.buffer(number)[:n] = sound[:, at : at + n].T
        run_program(program.ops, start + at, n, max(blocks))
        for number, result in zip(outs, results, strict=True):
            result[:, at : at + n] = program.buffer(number)[:n].T
        at += n
    return results


def noise(frames: int, seed: int = 0, level: float = 0.1) -> NDArray[np.float32]:
    """Stereo noise (2, frames)."""
    drawn = np.random.default_rng(seed).standard_normal((2, frames)) * level
    return drawn.astype(np.float32)


def sine(frames: int, freq_hz: float, level: float = 0.5) -> NDArray[np.float32]:
    """The same sine on both channels."""
    wave = level * np.sin(2 * np.pi * freq_hz * np.arange(frames) / RATE_HZ)
    return np.stack([wave, wave]).astype(np.float32)


def db(value: float) -> float:
    return float(20.0 * np.log10(max(abs(value), 1e-12)))


def rms_db(sound: NDArray[np.float32]) -> float:
    return db(float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))))
