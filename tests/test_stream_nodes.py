"""One suite over every stream node that ships: the promises that kernels make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from loopmind.graph.node import NodeSpec
from loopmind.graph.registry import Registry
from loopmind.runtime.live.testing import (
    FRAMES,
    RATE_HZ,
    check_stream,
    noise,
    probe,
    properties,
    rendered,
    settings_to_try,
)

REGISTRY = Registry(entry_points=[("builtin", "loopmind.nodes")], folder="none")
EFFECTS = [
    spec
    for spec in REGISTRY.all()
    if spec.schema.kind == "stream" and any(port.type == "signal" for port in spec.schema.inputs)
]


def made(name: str, *sources: np.ndarray, **controls: Any) -> np.ndarray:
    spec = REGISTRY.get(f"loopmind.{name}")
    ports = [port.name for port in spec.schema.inputs]
    streams = {port: probe(source) for port, source in zip(ports, sources, strict=False)}
    return rendered(spec.function(**streams, **controls))


SIDES = ("spread", "pan", "ping_pong")
"""Controls that make left and right differ; a reverb's sides always do."""


def is_sided(spec: NodeSpec, controls: dict[str, Any]) -> bool:
    given = {control.name: control.default for control in spec.schema.controls} | controls
    return spec.id == "loopmind.reverb" or any(given.get(name) for name in SIDES)


@pytest.mark.parametrize("spec", EFFECTS, ids=lambda spec: spec.id.removeprefix("loopmind."))
def test_every_stream_node_keeps_a_kernels_word(spec: NodeSpec) -> None:
    for controls in settings_to_try(spec):
        found = properties(spec.function, sided=is_sided(spec, controls), **controls)
        wrong = {k: v for k, v in found.items() if v}
        assert not wrong, (controls, wrong)


def test_a_node_whose_sides_differ_must_say_so() -> None:
    spec = REGISTRY.get("loopmind.pan")
    with pytest.raises(AssertionError, match="channels: with left and right"):
        check_stream(spec.function, pan=0.5)
    check_stream(spec.function, sided=True, pan=0.5)


def spectrum_db(sound: np.ndarray, freq_hz: float) -> float:
    """Power round `freq_hz` in dB."""
    power = np.abs(np.fft.rfft(sound[0])) ** 2
    at = round(freq_hz * sound.shape[1] / RATE_HZ)
    return float(10.0 * np.log10(power[at - 8 : at + 9].mean()))


@pytest.mark.parametrize("kind", ["low", "high"])
def test_shelves_and_bells_lift_by_what_they_say(kind: str) -> None:
    sound = np.random.default_rng(4).standard_normal((2, 1 << 16)).astype(np.float32) * 0.05
    spec = REGISTRY.get("loopmind.equaliser")
    place = {"low": 60.0, "high": 14000.0}[kind]
    flat = rendered(spec.function(probe(sound)), sound.shape[1])
    lifted = rendered(spec.function(probe(sound), **{f"{kind}_shelf_db": 6.0}), sound.shape[1])
    assert spectrum_db(lifted, place) - spectrum_db(flat, place) == pytest.approx(6.0, abs=0.6)
    assert spectrum_db(lifted, 1000.0) - spectrum_db(flat, 1000.0) == pytest.approx(0.0, abs=0.4)


def test_the_equaliser_is_the_twin_of_its_transfer_function() -> None:
    from scipy.signal import bilinear, lfilter

    sound = noise()
    ours = made("filter_stream", sound, kind="highcut", freq_hz=1000.0, q=2.0)
    corner = 2.0 * RATE_HZ * np.tan(np.pi * 1000.0 / RATE_HZ)
    b, a = bilinear([corner**2], [1.0, corner / 2.0, corner**2], RATE_HZ)
    assert np.abs(ours - lfilter(b, a, sound)).max() < 1e-5


def test_a_compressor_takes_what_its_curve_says() -> None:
    tone = np.full((2, FRAMES), 10.0 ** (-6.0 / 20.0), np.float32)
    out = made("compressor", tone, threshold_db=-18.0, ratio=3.0, knee_db=0.0, attack_ms=1.0)
    taken = 20.0 * np.log10(out[0, -1] / tone[0, -1])
    assert taken == pytest.approx(-12.0 * (1.0 - 1.0 / 3.0), abs=0.01)


def test_a_sidechain_alone_decides() -> None:
    quiet = np.full((2, FRAMES), 0.01, np.float32)
    loud = np.full((2, FRAMES), 0.9, np.float32)
    ducked = made("compressor", quiet, loud, threshold_db=-20.0, ratio=10.0)
    free = made("compressor", quiet, quiet, threshold_db=-20.0, ratio=10.0)
    assert ducked[0, -1] < 0.2 * free[0, -1]


def test_a_gate_closes_on_what_is_quiet() -> None:
    sound = noise(level=0.3)
    sound[:, 6000:] *= 0.001
    out = made("gate", sound, threshold_db=-30.0, release_ms=5.0, hold_ms=5.0)
    assert np.abs(out[:, :1900]).max() > 0.5
    assert np.abs(out[:, 9000:]).max() < 1e-6


def test_echoes_come_in_time_and_fade() -> None:
    click = np.zeros((2, FRAMES), np.float32)
    click[:, 100] = 1.0
    out = made("tempo_delay", click, bpm=600.0, beats=0.5, feedback=0.5, wet_db=0.0,
               damping_hz=20000.0)  # fmt: skip
    gap = round(0.05 * RATE_HZ)
    first, second = np.abs(out[0, 100 + gap]), np.abs(out[0, 100 + 2 * gap - 2 :][:6]).max()
    assert first == pytest.approx(1.0, abs=1e-6)
    assert 0.3 < second < 0.55


def test_ping_pong_changes_sides() -> None:
    click = np.zeros((2, FRAMES), np.float32)
    click[:, 100] = 1.0
    out = made("tempo_delay", click, bpm=600.0, beats=0.5, ping_pong=True, dry_db=-120.0,
               damping_hz=20000.0, wet_db=0.0)  # fmt: skip
    gap = round(0.05 * RATE_HZ)
    first, second = out[:, 90 + gap : 120 + gap], out[:, 90 + 2 * gap : 120 + 2 * gap]
    assert np.abs(first[0]).max() > 10.0 * np.abs(first[1]).max()
    assert np.abs(second[1]).max() > 10.0 * np.abs(second[0]).max()


def test_bits_are_as_many_as_are_said() -> None:
    ramp = np.tile(np.linspace(-0.9, 0.9, FRAMES, dtype=np.float32), (2, 1))
    out = made("bit_crusher", ramp, bits=3.0, rate_hz=48000.0)
    assert len(np.unique(out[0])) == 9  # steps of a quarter from -1 to 1


def test_a_tape_stop_falls_in_pitch_and_comes_back() -> None:
    t = np.arange(FRAMES) / RATE_HZ
    tone = np.tile(np.sin(2 * np.pi * 1000.0 * t), (2, 1)).astype(np.float32)
    out = made("tape_stop", tone, at_s=0.05, length_s=0.1, silence_s=0.02)
    first, length = round(0.05 * RATE_HZ), round(0.1 * RATE_HZ)

    def crossings(sound: np.ndarray) -> int:
        return int(np.count_nonzero(np.diff(np.signbit(sound))))

    early = crossings(out[0, first : first + length // 3])
    late = crossings(out[0, first + 2 * length // 3 : first + length])
    assert late < 0.5 * early
    assert np.abs(out[:, first + length : first + length + 800]).max() < 1e-6
    assert np.array_equal(out[:, -1000:], tone[:, -1000:])


def test_a_stutter_repeats_its_first_moment() -> None:
    sound = np.random.default_rng(5).standard_normal((2, FRAMES)).astype(np.float32) * 0.2
    out = made("stutter", sound, at_s=0.05, length_s=0.1, slice_s=0.02)
    first, piece = round(0.05 * RATE_HZ), round(0.02 * RATE_HZ)
    inner = slice(first + 100, first + piece - 100)
    again = slice(first + piece + 100, first + 2 * piece - 100)
    assert np.allclose(out[:, inner], out[:, again])
    assert np.array_equal(out[:, : first - 1], sound[:, : first - 1])


def test_width_and_place() -> None:
    sound = noise()
    mono = made("pan", sound, width=0.0)
    assert np.array_equal(mono[0], mono[1])
    left = made("pan", sound, pan=-1.0)
    assert np.abs(left[1]).max() < 1e-6
    assert np.allclose(made("pan", sound), sound, atol=1e-6)


def test_paths_of_different_latency_stay_aligned() -> None:
    spec_bus, spec_limit = REGISTRY.get("loopmind.bus"), REGISTRY.get("loopmind.limiter")
    source = probe(noise(level=0.05))
    late = spec_limit.function(source, ceiling_dbtp=0.0)
    both = rendered(spec_bus.function(a=source, b=late), 6000)
    alone = rendered(late, 6000)
    assert np.allclose(both, 2.0 * alone, atol=1e-4)
