"""Masks sharpened by what recurs: what must hold of any masks, and that leaks are found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.signal

from loopmind.analysis.listening import separation
from loopmind.analysis.listening.recurring import BINS, LEAST_FRAMES, sharpened
from loopmind.analysis.listening.separation import LightSeparator, separate
from loopmind.analysis.models import ModelError
from loopmind.music.audio import Audio
from tests.separation_models import untrained

FRAMES, ALL_BINS = 240, 1100


def material(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stems (2, 2, FRAMES, ALL_BINS) of three sounds each that recur; their mix; leaking masks."""
    rng = np.random.default_rng(seed)
    stems = []
    for _ in range(2):
        shapes = rng.random((3, ALL_BINS)) ** 6
        struck = rng.random((3, 2, FRAMES)) * (rng.random((3, 1, FRAMES)) < 0.1)
        courses = scipy.signal.lfilter([1.0], [1.0, -0.8], struck, axis=-1)
        stems.append(np.einsum("ksf,kb->sfb", courses, shapes) + 1e-4)
    truth = np.stack(stems).astype(np.float32)
    turn = np.exp(2j * np.pi * rng.random((2, FRAMES, ALL_BINS))).astype(np.complex64)
    mix = (truth.sum(axis=0) * turn).astype(np.complex64)
    leak = np.clip(truth[0] / truth.sum(axis=0) + rng.normal(0.0, 0.3, truth[0].shape), 0.0, 1.0)
    masks = np.stack((leak, 1.0 - leak)).astype(np.float32)
    return truth, mix, masks


def test_what_recurs_loses_its_leaks() -> None:
    truth, mix, masks = material()
    wanted = truth / truth.sum(axis=0)
    made = sharpened(masks.copy(), mix, 1.0, (12, 12))
    power = np.abs(mix[..., :BINS]) ** 2

    def error(found: np.ndarray) -> float:
        return float(np.sum((found[..., :BINS] - wanted[..., :BINS]) ** 2 * power))

    assert error(made) < 0.25 * error(masks)


def test_masks_still_sum_to_one_and_high_bins_stay() -> None:
    _, mix, masks = material(1)
    made = sharpened(masks.copy(), mix, 1.0, (5, 7))
    assert np.abs(made.sum(axis=0) - 1.0).max() < 1e-5 and made.min() >= 0.0
    assert np.array_equal(made[..., BINS:], masks[..., BINS:])
    assert np.array_equal(made, sharpened(masks.copy(), mix, 1.0, (5, 7)))


def test_the_level_of_the_mix_changes_nothing() -> None:
    _, mix, masks = material(2)
    soft = sharpened(masks.copy(), (mix * 0.01).astype(np.complex64), 100.0, (6, 6))
    assert np.abs(soft - sharpened(masks.copy(), mix, 1.0, (6, 6))).max() < 1e-3


def test_short_and_silent_stretches_are_safe() -> None:
    _, mix, masks = material(3)
    few = slice(0, LEAST_FRAMES - 1)
    assert np.array_equal(
        sharpened(masks[:, :, few].copy(), mix[:, few], 1.0, (6, 6)), masks[:, :, few]
    )
    silent = sharpened(masks.copy(), np.zeros_like(mix), 1.0, (6, 6))
    assert np.isfinite(silent).all() and np.abs(silent.sum(axis=0) - 1.0).max() < 1e-5


def test_stretches_begin_at_fixed_places_whatever_the_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several stretches, the last one longer than the others: no chunk size shows."""
    monkeypatch.setattr(separation, "STRETCH_FRAMES", 48)
    model = untrained(tmp_path, "6,5,4,8")
    rng = np.random.default_rng(4)
    samples = np.cumsum(rng.standard_normal((2, 4 * 44_100)), axis=1).astype(np.float32) % 0.3
    audio = Audio(samples, 44_100)
    whole = separate(audio, LightSeparator(model, threads=1, chunk_frames=10_000))
    assert np.abs(np.sum([s.samples for s in whole.sounds], axis=0) - samples).max() < 1e-5
    plain = separate(audio, LightSeparator(untrained(tmp_path / "plain"), threads=1))
    for frames in (7, 50):
        cut = separate(audio, LightSeparator(model, threads=1, chunk_frames=frames))
        for a, b, c in zip(whole.sounds, cut.sounds, plain.sounds, strict=True):
            assert np.abs(a.samples - b.samples).max() < 1e-3
            assert np.abs(a.samples - c.samples).max() > 1e-2


def test_a_model_with_counts_for_other_stems_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no separator of LoopMind's"):
        LightSeparator(untrained(tmp_path, "6,5"), threads=1)
