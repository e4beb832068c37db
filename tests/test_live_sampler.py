"""The sampler: notes start on their frame, at their pitch and level; chokes, slices, keyboards."""

from __future__ import annotations

import numpy as np
import pytest

from loopmind.dsp.effects import sampler as unit
from loopmind.dsp.effects.sampler import NoteQueue, Strike, Zone
from loopmind.music.audio import Audio
from loopmind.music.notes import Note, Notes
from loopmind.music.signal import Signal
from loopmind.nodes.sampler import sampler
from loopmind.nodes.slice_sampler import slice_sampler
from loopmind.runtime.live.testing import RATE_HZ, rendered


def tone(hz: float = 441.0, seconds: float = 0.5) -> Audio:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return Audio(np.tile(0.5 * np.sin(2 * np.pi * hz * t), (2, 1)).astype(np.float32), RATE_HZ)


def notes(*made: tuple[float, float, int, float]) -> Notes:
    return Notes("keys", tuple(Note(a, b, p, v) for a, b, p, v in made))


def pitch_hz(sound: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(sound[0] * np.hanning(sound.shape[1])))
    return float(power.argmax() * RATE_HZ / sound.shape[1])


def test_a_note_at_the_root_is_the_sound_itself() -> None:
    sound = tone()
    made = sampler(sound, notes((0.1, 0.6, 60, 1.0)), attack_ms=0.1)
    out = rendered(made, 20000)
    start = round(0.1 * RATE_HZ)
    assert np.abs(out[:, :start]).max() == 0.0
    inside = slice(start + 200, 20000)
    assert np.abs(out[:, inside] - sound.samples[:, 200 : 20000 - start]).max() < 1e-4


def test_twelve_semitones_up_are_an_octave_and_velocity_is_squared() -> None:
    made = sampler(tone(), notes((0.0, 0.2, 72, 0.5)))
    out = rendered(made, 8000)[:, 1000:7000]
    assert pitch_hz(out) == pytest.approx(882.0, rel=0.02)
    assert np.abs(out).max() == pytest.approx(0.5 * 0.25, rel=0.05)


@pytest.mark.parametrize("blocks", [(64,), (441,), (1, 7, 300, 1024)])
def test_any_block_size_gives_the_same(blocks: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    made = [
        (float(t), float(t) + 0.2, int(p), float(v))
        for t, p, v in zip(
            np.sort(rng.uniform(0, 0.4, 80)), rng.integers(40, 80, 80), rng.uniform(0.1, 1, 80),
            strict=True,
        )
    ]  # fmt: skip
    signal = sampler(tone(), notes(*made))
    assert np.array_equal(rendered(signal, 24000), rendered(signal, 24000, blocks))


def test_a_choke_group_silences_the_one_before() -> None:
    both = notes((0.0, 0.4, 60, 1.0), (0.1, 0.4, 67, 1.0))
    choked = rendered(sampler(tone(), both, choke=True), 12000)
    alone = rendered(sampler(tone(), notes((0.1, 0.4, 67, 1.0))), 12000)
    late = slice(round(0.1 * RATE_HZ) + 1500, 12000)
    assert np.abs(choked[:, late] - alone[:, late]).max() < 1e-3


def test_a_note_let_go_dies_out_and_a_one_shot_does_not() -> None:
    short = notes((0.0, 0.05, 60, 1.0))
    held = rendered(sampler(tone(), short, release_ms=20.0), 12000)
    shot = rendered(sampler(tone(), short, one_shot=True), 12000)
    assert np.abs(held[:, 6000:]).max() < 1e-3
    assert np.abs(shot[:, 6000:]).max() > 0.4


def test_keys_pressed_and_let_go_come_through_the_queue() -> None:
    queue = NoteQueue()
    queue.put(60, 1.0)  # pressed before the program began: not heard
    zone = Zone(tone().samples)
    signal = Signal(
        "loopmind.dsp.effects.sampler:SAMPLER",
        {"gain_db": 0.0, "attack_ms": 1.0, "release_ms": 10.0},
        values=((zone,), (), queue),
    )
    from loopmind.runtime.live.signal_patch import SignalPlanner

    planner = SignalPlanner(RATE_HZ)
    out = planner.stream(signal).buffer
    program = planner.plan.build(512)
    program.run(0, 512)
    assert np.abs(program.buffer(out)).max() == 0.0
    queue.put(64, 0.8)
    program.run(512, 512)
    assert np.abs(program.buffer(out)).max() > 0.1
    queue.put(64, 0.0)
    for block in range(2, 8):
        program.run(512 * block, 512)
    assert np.abs(program.buffer(out)).max() < 1e-3


def test_more_notes_than_voices_steal_the_oldest() -> None:
    zone = Zone(tone(seconds=2.0).samples)
    strikes = [Strike(100 * n, 40 + n, 0.3, 80000) for n in range(40)]
    signal = Signal(
        "loopmind.dsp.effects.sampler:SAMPLER",
        {"gain_db": 0.0, "attack_ms": 1.0, "release_ms": 10.0},
        values=((zone,), strikes, NoteQueue()),
    )
    out = rendered(signal, 12000)
    assert np.isfinite(out).all() and 0.05 < np.abs(out[:, 8000:]).max() < 40.0
    assert unit.VOICES == 32


def test_slices_in_their_order_are_the_loop() -> None:
    rng = np.random.default_rng(3)
    loop = (rng.standard_normal((2, 16000)) * np.exp(-(np.arange(16000) % 4000) / 600)).astype(
        np.float32
    ) * np.float32(0.3)
    out = rendered(slice_sampler(Audio(loop, RATE_HZ), slices=4), 16000)
    for n in range(4):
        inner = slice(4000 * n + 400, 4000 * (n + 1) - 10)
        assert np.abs(out[:, inner] - loop[:, inner]).max() < 5e-3


def test_slices_are_found_at_hits_and_played_by_notes() -> None:
    rng = np.random.default_rng(4)
    loop = (rng.standard_normal((1, 44100)) * np.exp(-(np.arange(44100) % 11025) / 900)).astype(
        np.float32
    ) * np.float32(0.3)
    made = slice_sampler(Audio(loop, RATE_HZ), notes((0.0, 0.2, 38, 1.0)))
    out = rendered(made, 8000)
    expected = loop[0, 22054 : 22054 + 8000]
    assert np.corrcoef(out[0], expected)[0, 1] > 0.98
