"""Loops as compact rows: msgpack of the fields in order, number lists as packed bytes.

The generic codec checks every field by its type hint, which costs too much for tens of thousands
of loops; rows are written by this file alone and carry the analysis version beside them, so they
are rebuilt without checking. Rows round: weights to 4 decimals, lists of shares (0..1) to
8 bits, other lists to float32. What a scan returns has always been through a row, so a first
scan and a later one give the same values; equal numbers and beliefs share one object, which makes
a crate several times smaller.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterable
from typing import Any, cast

import msgpack
import numpy as np

from loopmind.music.belief import Belief
from loopmind.music.key import Key, Mode
from loopmind.music.loop import Loop

ROW_VERSION = 2

_FIELDS = tuple(field.name for field in dataclasses.fields(Loop) if field.name != "path")
_MODES: tuple[Mode, ...] = ("major", "minor")
_KEYS: tuple[Key, ...] = tuple(Key(tonic, mode) for mode in _MODES for tonic in range(12))
_KEY_NUMBER = {key: number for number, key in enumerate(_KEYS)}
_BELIEFS = ("tempo", "instrument", "role", "tags")
_SHARES = ("onset_strengths", "rhythm", "chroma")
_NUMBERS = ("onsets_s", "spectrum_db", "embedding")
_STEPS = 255
_LEVELS: tuple[float, ...] = tuple((np.arange(_STEPS + 1) / _STEPS).tolist())
_SIGNED_STEPS = 1024
_SIGNED: tuple[float, ...] = tuple(
    (np.arange(-_SIGNED_STEPS, _SIGNED_STEPS + 1) / _SIGNED_STEPS).tolist()
)
_LONG = 64
_MOST_SHARED = 1 << 18


def pack_loop(loop: Loop) -> bytes:
    """The row of `loop`, without its path, which belongs to the file and not to its content."""
    fields: dict[str, Any] = dict(vars(loop))
    for name in _BELIEFS:
        fields[name] = _pack_beliefs(fields[name])
    fields["key"] = _pack_beliefs(Belief(_KEY_NUMBER[b.value], b.weight) for b in loop.key)
    for name in _SHARES:
        fields[name] = _pack_shares(fields[name])
    for name in _NUMBERS:
        fields[name] = _pack_numbers(fields[name])
    slices = np.asarray(loop.chroma_slices, np.float64)
    width = slices.shape[1] if slices.ndim == 2 else 0
    fields["chroma_slices"] = (width, _pack_shares(slices.ravel()))
    return cast(bytes, msgpack.packb([fields[name] for name in _FIELDS]))


def _pack_beliefs(beliefs: Iterable[Belief[Any]]) -> tuple[Any, ...]:
    flat: list[Any] = []
    for belief in beliefs:
        flat += (belief.value, round(min(1.0, belief.weight), 4))
    return tuple(flat)


def _pack_shares(numbers: Any) -> bytes:
    """A tag and the numbers: "B" steps of 0..1, or as `_pack_numbers` where one lies outside."""
    values = np.asarray(numbers, np.float64)
    if values.size and values.min() >= 0.0 and values.max() <= 1.0:
        return b"B" + np.rint(values * _STEPS).astype(np.uint8).tobytes()
    return _pack_numbers(values)


def _pack_numbers(numbers: Any) -> bytes:
    """A tag "f" and the numbers as float32; "S" and 16 bits each where that says all of them.

    "S" is for embeddings, whose numbers are whole multiples of 1 / 1024: half the room in the file,
    and a quarter in memory, where equal numbers share one object.
    """
    values = np.asarray(numbers, np.float64)
    steps = values * _SIGNED_STEPS
    if values.size >= _LONG and np.abs(values).max() <= 1.0 and np.all(steps == np.rint(steps)):
        return b"S" + (steps + _SIGNED_STEPS).astype("<u2").tobytes()
    return b"f" + values.astype("<f4").tobytes()


_new = object.__new__
_shared: dict[tuple[Any, float], Belief[Any]] = {}
_shared_keys: dict[tuple[int, float], Belief[Key]] = {}


def _belief(value: Any, weight: float) -> Belief[Any]:
    known = _shared.get((value, weight))
    if known is None:
        if len(_shared) >= _MOST_SHARED:
            _shared.clear()
        known = _shared[value, weight] = Belief(value, weight)
    return known


def _key_belief(number: int, weight: float) -> Belief[Key]:
    known = _shared_keys.get((number, weight))  # a number, because hashing a Key is slow
    if known is None:
        known = _shared_keys[number, weight] = Belief(_KEYS[number], weight)
    return known


def _numbers(data: bytes) -> tuple[float, ...]:
    if data[:1] == b"B":
        levels = _LEVELS
        return tuple([levels[step] for step in data[1:]])
    if data[:1] == b"S":
        return tuple(map(_SIGNED.__getitem__, struct.unpack(f"<{len(data) // 2}H", data[1:])))
    return struct.unpack(f"<{len(data) // 4}f", data[1:])


def unpack_loop(row: bytes, path: str) -> Loop:
    """The loop whose `row` was written by `pack_loop`, at `path`."""
    fields: dict[str, Any] = dict(zip(_FIELDS, msgpack.unpackb(row, use_list=False), strict=True))
    fields["path"] = path
    for name in _BELIEFS:
        flat = fields[name]
        fields[name] = tuple(map(_belief, flat[::2], flat[1::2]))
    flat = fields["key"]
    fields["key"] = tuple(map(_key_belief, flat[::2], flat[1::2]))
    for name in _SHARES + _NUMBERS:
        fields[name] = _numbers(fields[name])
    width, data = fields["chroma_slices"]
    numbers = _numbers(data)
    fields["chroma_slices"] = tuple(
        [numbers[at : at + width] for at in range(0, len(numbers), width)] if width else ()
    )
    # Past the frozen dataclass's constructor, whose checks the row's writer has been through.
    loop: Loop = _new(Loop)
    object.__setattr__(loop, "__dict__", fields)
    return loop


def labels_of(loop: Loop) -> dict[str, float]:
    """What a loop can be searched by: "pad", "warm", "chords" ... with weights 0..1.

    A word that is both an instrument and a role ("bass") has the greater weight.
    """
    labels: dict[str, float] = {}
    for group, beliefs in (
        ("instrument", loop.instrument), ("role", loop.role), ("tag", loop.tags)
    ):  # fmt: skip
        for belief in beliefs:
            if belief.weight >= 0.05:
                labels[f"{group}:{belief.value}"] = belief.weight
    return labels
