"""Loops as compact rows: msgpack of plain fields, number lists as float32 bytes.

The generic codec checks every field by its type hint, which costs too much for tens of thousands
of loops; rows are written by this file alone and carry the analysis version beside them, so they
are rebuilt without checking. Numbers in lists are float32: what a scan returns has always been
through a row, so a first scan and a later one give the same values.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import msgpack
import numpy as np

from loopmind.music.belief import Belief
from loopmind.music.key import Key, Mode
from loopmind.music.loop import Loop

ROW_VERSION = 1

_MODES: tuple[Mode, ...] = ("major", "minor")
_KEYS: tuple[Key, ...] = tuple(Key(tonic, mode) for mode in _MODES for tonic in range(12))
_KEY_NUMBER = {key: number for number, key in enumerate(_KEYS)}
_BELIEFS = ("tempo", "instrument", "role", "tags")
_NUMBERS = ("onsets_s", "onset_strengths", "rhythm", "chroma", "spectrum_db", "embedding")


def pack_loop(loop: Loop) -> bytes:
    """The row of `loop`, without its path, which belongs to the file and not to its content."""
    fields: dict[str, Any] = dict(vars(loop))
    del fields["path"]
    for name in _BELIEFS:
        fields[name] = _pack_beliefs(fields[name])
    fields["key"] = _pack_beliefs(Belief(_KEY_NUMBER[b.value], b.weight) for b in loop.key)
    for name in _NUMBERS:
        fields[name] = np.asarray(fields[name], np.float32).tobytes()
    slices = np.asarray(loop.chroma_slices, np.float32)
    fields["chroma_slices"] = (slices.shape[1] if slices.ndim == 2 else 0, slices.tobytes())
    return cast(bytes, msgpack.packb(fields))


def _pack_beliefs(beliefs: Iterable[Belief[Any]]) -> tuple[Any, ...]:
    flat: list[Any] = []
    for belief in beliefs:
        flat += (belief.value, belief.weight)
    return tuple(flat)


_new = object.__new__


def _belief(value: Any, weight: float) -> Belief[Any]:
    # Past the frozen dataclass's checks, which the row's writer has already been through.
    belief: Belief[Any] = _new(Belief)
    fields = belief.__dict__
    fields["value"] = value
    fields["weight"] = weight
    return belief


def unpack_loop(row: bytes, path: str) -> Loop:
    """The loop whose `row` was written by `pack_loop`, at `path`."""
    fields: dict[str, Any] = msgpack.unpackb(row, use_list=False)
    fields["path"] = path
    for name in _BELIEFS:
        flat = fields[name]
        fields[name] = tuple(map(_belief, flat[::2], flat[1::2]))
    flat = fields["key"]
    fields["key"] = tuple(
        [_belief(_KEYS[n], w) for n, w in zip(flat[::2], flat[1::2], strict=True)]
    )
    for name in _NUMBERS:
        fields[name] = tuple(memoryview(fields[name]).cast("f"))
    width, data = fields["chroma_slices"]
    numbers = tuple(memoryview(data).cast("f"))
    fields["chroma_slices"] = tuple(
        [numbers[at : at + width] for at in range(0, len(numbers), width)] if width else ()
    )
    loop: Loop = _new(Loop)
    loop.__dict__.update(fields)
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
