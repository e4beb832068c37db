"""Masks sharpened by what recurs: sounds of a stem come again and again, leaks into it do not.

A separator's network sees less than a second to either side. Here a long stretch is looked at as a
whole: what the masks give each stem is written as few patches of sound with their courses
(non-negative factors, Lee and Seung, "Algorithms for non-negative matrix factorization", 2001),
then the factors of all stems together are fitted to the mix for some rounds, and the masks are
their shares of it. A patch is a spectrum with those some frames later, so that how a sound goes on
tells whose it is. Few rounds, because factors that are fitted to the end fit the leaks as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
C64 = NDArray[np.complex64]

BINS = 512
"""Bins that are looked at, from the lowest on (up to 5.5 kHz); above, masks stay as they are."""
WHOLE_FRAMES = 1024
"""How long a stretch is that is written with all of its patches; a shorter one has fewer."""
LEAST_FRAMES = 32
"""What is shorter has nothing that recurs; its masks stay as they are."""
_LEAST_COUNT = 4
_LATER = (0, 2, 4, 6)  # frames, 23 ms each
_ALONE, _TOGETHER = 8, 10
_AGAIN = 2
_FLOOR, _TINY = np.float32(1e-4), np.float32(1e-6)


def sharpened(
    masks: F32,
    made: C64,
    gain: float,
    counts: Sequence[int],
    look: Callable[[], None] = lambda: None,
) -> F32:
    """The masks (stems, 2, frames, bins) of spectra `made` (2, frames, bins), changed in place.

    gain: what makes the mix's power 1. counts: how many patches each stem is written with in
    WHOLE_FRAMES; in fewer frames it is less by the root of their share. The masks sum to one as
    before. look: called now and then; where it raises, the work stops.
    """
    _, sides, frames, bins = masks.shape
    if frames < LEAST_FRAMES:
        return masks
    share = min(1.0, frames / WHOLE_FRAMES) ** 0.5
    counts = [max(_LEAST_COUNT, round(share * count)) for count in counts]
    low = min(BINS, bins)
    power = np.abs(made[..., :low]) * np.float32(gain) + _FLOOR
    mix = _patches(power)
    shapes, courses = [], []
    for stem, count in enumerate(counts):
        shape, course = _begun(_patches(power * masks[stem, ..., :low]), count, stem, look)
        shapes.append(shape)
        courses.append(course)
    every = np.concatenate(shapes, axis=1), np.concatenate(courses)
    shape, course = _fitted(mix, *every, _TOGETHER, look)
    first = 0
    for stem, count in enumerate(counts):
        part = slice(first, first + count)
        masks[stem, ..., :low] = _heard(shape[:, part], course[part], sides, frames) + _TINY
        first += count
    masks[..., :low] /= masks[..., :low].sum(axis=0)
    return masks


def _patches(power: F32) -> F32:
    """(sides, frames, bins) to (patch, sides x frames): each frame with those that are later."""
    sides, frames, bins = power.shape
    out = np.empty((len(_LATER), bins, sides, frames), np.float32)
    for patch, later in zip(out, _LATER, strict=True):
        at = np.minimum(np.arange(frames) + later, frames - 1)
        patch[:] = power[:, at].transpose(2, 0, 1)
    return out.reshape(len(_LATER) * bins, sides * frames)


def _heard(shape: F32, course: F32, sides: int, frames: int) -> F32:
    """What factors say of each frame (sides, frames, bins): the sum of what all patches say."""
    bins = shape.shape[0] // len(_LATER)
    out = np.zeros((bins, sides, frames), np.float32)
    for number, later in enumerate(_LATER):
        said = shape[number * bins : (number + 1) * bins] @ course
        said = said.reshape(bins, sides, frames)
        at = np.maximum(np.arange(frames) - later, 0)
        out += said[..., at]
    return out.transpose(1, 2, 0)


def _begun(target: F32, count: int, seed: int, look: Callable[[], None]) -> tuple[F32, F32]:
    """`target` (bins, places) as (bins, count) @ (count, places), from a fixed random beginning."""
    rng = np.random.default_rng(seed)
    shape = rng.random((target.shape[0], count), np.float32)
    shape *= target.mean(axis=1, keepdims=True) + np.float32(1e-5)
    course = rng.random((count, target.shape[1]), np.float32) + np.float32(0.1)
    return _fitted(target, shape, course, _ALONE, look)


def _fitted(
    target: F32, shape: F32, course: F32, rounds: int, look: Callable[[], None]
) -> tuple[F32, F32]:
    """Multiplicative steps, in place, towards the least squared error; factors stay positive.

    What costs most, the products with the target, serves _AGAIN steps (Gillis and Glineur,
    "Accelerated multiplicative updates and hierarchical ALS algorithms for nonnegative matrix
    factorization", 2012).
    """
    for _ in range(rounds):
        look()
        found, own = shape.T @ target, shape.T @ shape
        for _ in range(_AGAIN):
            course *= found / (own @ course + _TINY)
        found, own = target @ course.T, course @ course.T
        for _ in range(_AGAIN):
            shape *= found / (shape @ own + _TINY)
    return shape, course
