"""The live engine without a device: export equals playing, swaps and jumps make no clicks."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from dsp_tools import sine
from numpy.typing import NDArray
from test_render_song import RATE_HZ, loop, make_material, make_song

from loopmind.dsp.effects.opening import STATE_WORDS as OPENING_WORDS
from loopmind.dsp.effects.opening import opening, opening_params
from loopmind.dsp.kernel import kernel
from loopmind.dsp.strip import FADER_STATE_WORDS, fade, fader_matrix, fader_params
from loopmind.errors import LoopMindError
from loopmind.music.audio import Audio
from loopmind.music.mix import Compressor, EqBand, Master, Mix, Sidechain, Strip
from loopmind.music.song import Automation
from loopmind.runtime.live.atomics import Ring
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.patch import Handle, PatchPlan
from loopmind.runtime.live.song_patch import song_patch
from loopmind.runtime.offline import render
from loopmind.runtime.program import SILENCE, TRASH, ProgramPlan

Samples = NDArray[np.float32]


def _tone(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """A sine of `params[0]` radians a frame with amplitude params[1], a function of the frame."""
    out = outputs[0]
    for n in range(frames):
        value = np.float32(params[1] * np.sin(params[0] * float(start + n)))
        if start < 0:
            value = np.float32(0.0)
        out[2 * n] = value
        out[2 * n + 1] = value


def _broken(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Gives NaN from the tenth thousandth frame on."""
    for n in range(frames):
        value = np.float32(0.25)
        if start + n >= 10000:
            value = np.float32(np.nan)
        outputs[0][2 * n] = value
        outputs[0][2 * n + 1] = value


def _constant(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    for n in range(2 * frames):
        outputs[0][n] = np.float32(params[0])


def _laborious(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Works so many turns for every block."""
    value = 0.5
    for _ in range(int(params[0])):
        value = 3.9 * value * (1.0 - value)
    for n in range(2 * frames):
        outputs[0][n] = np.float32(value * 1e-9)


def _roaming(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Writes one word of every page of its state."""
    for n in range(0, int(params[0]), 512):
        state[n] += 1.0
    for n in range(2 * frames):
        outputs[0][n] = np.float32(0.0)


tone, broken, constant = kernel(_tone), kernel(_broken), kernel(_constant)
laborious, roaming = kernel(_laborious), kernel(_roaming)


def tone_plan(hz: float, amplitude: float = 0.5) -> PatchPlan:
    """A tone behind a fader whose gain can be moved."""
    plan = ProgramPlan()
    out = plan.new_buffer()
    step = 2.0 * np.pi * hz / RATE_HZ
    plan.add(tone, [], [out], np.array([step, amplitude]), 0, f"tone {hz:g}")
    matrices = [fader_matrix(0.0, 0.0, 1.0)] + [np.zeros((2, 2))] * 3
    params = fader_params(matrices, [0] * 4, 2, RATE_HZ)
    three = [SILENCE] * 3
    plan.add(fade, [out, *three], [out, TRASH, TRASH, TRASH], params, FADER_STATE_WORDS, "fader")
    return PatchPlan(plan, out, RATE_HZ, handles={"fader.left": Handle(1, 16)})


def serve(engine: Engine, frames: int, block: int = 128) -> Samples:
    """What a device would get, block by block."""
    pieces = [engine.serve(min(block, frames - done)) for done in range(0, frames, block)]
    return np.concatenate(pieces, axis=1)


def biggest_step(samples: Samples) -> float:
    return float(np.abs(np.diff(samples, axis=1)).max(initial=0.0))


@pytest.fixture(scope="module")
def song():  # type: ignore[no-untyped-def]
    """A song with everything in its mix, its export, and its program."""
    sweep = Automation("b", "lowpass_hz", ((0.0, 500.0), (16.0, 8000.0)))
    made = make_song([loop(name) for name in "abcde"], automation=(sweep,))
    mix = Mix(
        "polished",
        (
            Strip(
                "a", -3.0, 0.2, eq=(EqBand("peak", 300.0, -3.0),), drive=0.3,
                compressor=Compressor(-20.0, 3.0, 0.01, 0.1), reverb_send_db=-12.0,
            ),
            Strip("b", reverb_send_db=-10.0, sidechain=Sidechain("a", 6.0, 0.004, 0.1)),
            Strip("c", drive=0.2),
        ),
        master=Master((EqBand("lowcut", 30.0),), Compressor(-14.0, 1.5, 0.03, 0.2), 0.1),
    )  # fmt: skip
    material = make_material(made)
    rendering = render(made, mix, material)
    plan = song_patch(
        made, mix, material, gain_db=rendering.gain_db, ceiling_dbtp=rendering.ceiling_dbtp,
        trim_db=rendering.trim_db,
    )  # fmt: skip
    return rendering, plan


@pytest.mark.parametrize("blocks", [[64], [128], [441], [1024], [64, 441, 1000, 1, 7, 4096]])
def test_what_is_heard_is_what_is_exported(song, blocks: list[int]) -> None:  # type: ignore[no-untyped-def]
    rendering, plan = song
    engine = Engine()
    engine.swap(plan)
    serve(engine, 3000)  # resting before changes nothing
    engine.play(0)
    pieces, done, turn = [], 0, 0
    total = rendering.master.frames + plan.latency
    while done < total:
        frames = min(blocks[turn % len(blocks)], total - done)
        pieces.append(engine.serve(frames))
        done, turn = done + frames, turn + 1
    heard = np.concatenate(pieces, axis=1)[:, plan.latency :]
    assert np.array_equal(heard, rendering.master.samples)


@pytest.mark.parametrize(("track", "master"), [(1.0, 0.0), (0.0, 1.0), (1.0, 0.5)])
def test_what_a_saturator_rings_ahead_of_a_loud_first_beat_is_not_heard(
    track: float, master: float
) -> None:
    """An export begins with frame 0, and so does its limiter: live it may know nothing before."""
    made = make_song([loop(name) for name in "ab"])
    rng = np.random.default_rng(1)
    sounds = {}
    for key, audio in make_material(made).sounds.items():
        samples = audio.samples.copy()
        samples[:, :200] = 0.9 * np.sign(rng.standard_normal((samples.shape[0], 200)))
        sounds[key] = Audio(samples, RATE_HZ)
    material = replace(make_material(made), sounds=sounds)
    strips = (Strip("a", 12.0, drive=track), Strip("b", 6.0))
    mix = Mix("x", strips, master=Master(drive=master))
    done = render(made, mix, material, gain_db=12.0)
    plan = song_patch(
        made, mix, material, gain_db=12.0, ceiling_dbtp=done.ceiling_dbtp, trim_db=done.trim_db
    )
    engine = Engine()
    engine.swap(plan)
    for block in (64, 441):
        serve(engine, 1024)
        engine.play(0)
        heard = serve(engine, 20000, block)[:, plan.latency :]
        # From where playing stops, the step to silence is smoothed over 128 frames.
        first = 0 if block == 64 else 128
        exported = done.master.samples[:, first : heard.shape[1]]
        assert np.array_equal(heard[:, first:], exported)
        engine.stop()


def test_what_rings_on_over_a_jump_to_the_start_is_not_cut() -> None:
    plan = ProgramPlan()
    out = plan.new_buffer()
    plan.add(constant, [], [out], np.array([0.5]))
    plan.add(opening, [out], [out], opening_params(15), OPENING_WORDS)
    program = plan.build(64)
    heard = []
    for _ in range(2):
        program.run(0, 10)
        heard.append(program.buffer(out)[:10, 0].copy())
        program.run(10, 54)
        heard.append(program.buffer(out)[:54, 0].copy())
    first, second = np.concatenate(heard).reshape(2, 64)
    assert not first[:15].any() and (first[15:] == 0.5).all()
    assert (second == 0.5).all()


def test_playing_again_from_the_start_sounds_the_same(song) -> None:  # type: ignore[no-untyped-def]
    _, plan = song
    engine = Engine()
    engine.swap(plan)
    serve(engine, 1000)
    engine.play(0)
    first = serve(engine, 40000)
    engine.stop()
    serve(engine, 5000)
    engine.play(0)
    second = serve(engine, 40000)
    # But for the smoothing of the jump, which only the second one needs.
    assert np.array_equal(first[:, 128:], second[:, 128:])


def test_the_callback_tells_what_it_took_of_the_processor() -> None:
    if not hasattr(time, "CLOCK_THREAD_CPUTIME_ID"):
        pytest.skip("no clock for the processor time of a thread")
    engine = Engine()
    engine.swap(tone_plan(220.0))
    engine.play(0)
    serve(engine, 6400, 64)
    light = engine.snapshot().work
    assert light is not None
    assert light.over == 0 and 0.0 < light.share <= light.busiest < 1.0
    plan = ProgramPlan()
    out = plan.new_buffer()
    plan.add(laborious, [], [out], np.array([3e6]), 0, "laborious")
    engine.swap(PatchPlan(plan, out, RATE_HZ))
    serve(engine, 128, 64)
    heavy = engine.snapshot().work
    assert heavy is not None
    assert heavy.over == 2 and heavy.busiest > 1.0


def test_the_memory_of_a_program_is_in_its_place_before_the_callback_takes_it_up() -> None:
    """What is written for the first time makes the callback wait for the system: a page fault."""
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "RUSAGE_THREAD"):
        pytest.skip("no count of a thread's page faults")

    def faults() -> int:
        return int(resource.getrusage(resource.RUSAGE_THREAD).ru_minflt)

    words, first = 5 << 20, []
    for _ in range(3):
        plan = ProgramPlan()
        out = plan.new_buffer()
        plan.add(roaming, [], [out], np.array([float(words)]), words, "roaming")
        engine = Engine()
        engine.swap(PatchPlan(plan, out, RATE_HZ))
        before = faults()
        engine.serve(64)
        first.append(faults() - before)
    # Of 40 MiB in huge pages, of 2 MiB each, there would be twenty.
    assert min(first) < 5


def test_swapping_programs_makes_no_click() -> None:
    engine = Engine()
    plans = [tone_plan(220.0), tone_plan(330.0), tone_plan(277.2)]
    smooth = biggest_step(sine(9000, 330.0))
    engine.swap(plans[0])
    serve(engine, 1000)
    engine.play(0)
    pieces = [serve(engine, 1000)[:, 300:]]
    for number in range(1, 30):
        engine.swap(plans[number % 3])
        pieces.append(serve(engine, 777))
        engine.read_events()
    heard = np.concatenate(pieces, axis=1)
    # A crossfade adds at most the difference of two tones over its length.
    assert biggest_step(heard) <= smooth + 1.0 / 512
    assert engine.snapshot().swaps == 30
    assert len(engine._patches) <= 2  # the others were let go


def test_seeking_looping_and_stopping_make_no_click() -> None:
    engine = Engine()
    engine.swap(tone_plan(220.0))
    serve(engine, 1000)
    smooth = biggest_step(sine(9000, 220.0))
    engine.play(0)
    pieces = [serve(engine, 1000)]
    engine.seek(5050)
    pieces.append(serve(engine, 1000))
    engine.loop(6000, 7033)
    pieces.append(serve(engine, 9000))
    engine.stop()
    pieces.append(serve(engine, 2000))
    heard = np.concatenate(pieces, axis=1)
    assert biggest_step(heard) <= smooth + 1.5 / 128 * 1.1
    assert np.abs(heard[:, -1000:]).max() == 0.0


def test_a_loop_repeats_sample_by_sample() -> None:
    engine = Engine()
    engine.swap(tone_plan(100.0))
    engine.play(0)
    engine.loop(1000, 3000)
    heard = serve(engine, 20000, 96)
    turns = [heard[:, start + 200 : start + 2000] for start in range(3000, 17000, 2000)]
    for turn in turns[1:]:
        assert np.array_equal(turn, turns[0])


def test_playing_ends_where_it_was_told() -> None:
    engine = Engine()
    engine.swap(tone_plan(100.0))
    engine.play(0, until=5000)
    serve(engine, 8000)
    engine.read_events()
    assert not engine.snapshot().playing
    assert any("end" in line for line in engine.log)


def test_what_is_no_sound_is_muted_and_named_and_the_rest_plays_on() -> None:
    plan = ProgramPlan()
    a, b = plan.new_buffer(), plan.new_buffer()
    plan.add(tone, [], [a], np.array([0.05, 0.5]), 0, "good")
    plan.add(broken, [], [b], np.zeros(1), 0, "bad plugin")
    from loopmind.dsp.strip import add_up, sum_params

    out = plan.new_buffer()
    plan.add(add_up, [a, b], [out], sum_params([1.0, 1.0]), 0, "sum")
    engine = Engine()
    engine.swap(PatchPlan(plan, out, RATE_HZ))
    engine.play(0)
    heard = serve(engine, 30000)
    engine.read_events()
    assert np.isfinite(heard).all()
    assert [line for line in engine.log if "bad plugin" in line and "muted" in line]
    expected = 0.5 * np.sin(0.05 * np.arange(12000, 30000))
    assert np.abs(heard[0, 12000:] - expected).max() < 1e-6


def test_a_parameter_glides_and_reaches_its_value() -> None:
    engine = Engine()
    engine.swap(tone_plan(220.0))
    engine.play(0)
    serve(engine, 2000)
    smooth = biggest_step(sine(9000, 220.0))
    engine.set_parameter("fader.left", 0.1)
    moving = serve(engine, 4000)
    after = serve(engine, 4000)
    assert biggest_step(moving) <= smooth * 1.1
    assert np.abs(after[0]).max() == pytest.approx(0.05, rel=0.02)
    assert np.abs(after[1]).max() == pytest.approx(0.5, rel=0.02)


def test_unknown_parameters_and_rates_are_refused_with_what_there_is() -> None:
    engine = Engine()
    engine.swap(tone_plan(220.0))
    with pytest.raises(LoopMindError, match=r"fader\.left"):
        engine.set_parameter("fader.middle", 1.0)
    with pytest.raises(LoopMindError, match="not nan"):
        engine.set_parameter("fader.left", float("nan"))
    with pytest.raises(LoopMindError, match="48000"):
        Engine(48000).swap(tone_plan(220.0))


def test_a_ring_keeps_order_and_loses_nothing_between_two_threads() -> None:
    ring: Ring = Ring(16)
    got: list[tuple[int, int, int, int] | None] = []

    def read() -> None:
        while len(got) < 3000:
            message = ring.pop()
            if message is None:
                time.sleep(0)
            else:
                got.append(message)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(3000):
        while not ring.push(1, number, -number, number * number):
            time.sleep(0)
    reader.join()
    assert got == [(1, n, -n, n * n) for n in range(3000)]


def test_a_full_ring_says_so() -> None:
    ring = Ring(2)
    assert ring.push(1) and ring.push(2) and not ring.push(3)
    assert ring.pop() == (1, 0, 0, 0)
    assert ring.push(3)


def test_without_a_device_time_goes_on_in_silence() -> None:

    with Engine() as engine:
        engine.swap(tone_plan(220.0))
        engine.open_silent()
        engine.play(0)
        time.sleep(0.5)
        now = engine.snapshot()
    assert 0.2 * RATE_HZ < now.position < 1.5 * RATE_HZ
    assert now.device is None
