"""Nodes read from signatures, wire types, and what the values on wires look like as bytes."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
from pathlib import Path
from typing import Annotated, Any

import graph_nodes
import numpy as np
import pytest
from graph_nodes import example_loop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from loopmind.graph.context import PlainContext
from loopmind.graph.errors import NodeDeclarationError
from loopmind.graph.node import node, spec_of
from loopmind.graph.ports import SEED_HIGH, Choices, Control, Range, Seed
from loopmind.graph.testing import check_node
from loopmind.graph.types import connection, register_type, type_of, wire_type, wire_types
from loopmind.graph.values import decode, digest, encode, size_bytes
from loopmind.music.audio import Audio
from loopmind.music.codec import CodecError
from loopmind.music.loop import Crate, Loop
from loopmind.music.material import Material, MaterialKey
from loopmind.music.stems import Embedding, Stems

SLOW = [HealthCheck.too_slow]  # a busy machine is no failure


@pytest.mark.parametrize("name", ["types", "ports"])
def test_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"loopmind.graph.{name}")).failed == 0


def test_a_signature_is_the_ports() -> None:
    spec = spec_of(graph_nodes.gain)
    assert spec is not None
    schema = spec.schema
    assert [(p.name, p.type, p.optional) for p in schema.inputs] == [
        ("sound", "audio", False),
        ("other", "audio", True),
    ]
    gain_db, mode = schema.controls
    assert (gain_db.low, gain_db.high, gain_db.unit, gain_db.help) == (-60, 12, "dB", "How loud.")
    assert mode.choices == ("clean", "dirty") and mode.default == "clean"
    assert [(p.name, p.type) for p in schema.outputs] == [("out", "audio")]
    assert schema.title == "Gain" and schema.help.startswith("sound * 10")


def test_a_named_tuple_is_many_outputs_and_the_context_no_port() -> None:
    halve, wait = spec_of(graph_nodes.halve), spec_of(graph_nodes.wait)
    assert halve is not None and wait is not None
    assert [p.name for p in halve.schema.outputs] == ["low", "high"]
    assert halve.schema.controls[0].required
    assert wait.context == "context" and wait.schema.inputs == ()


def test_a_node_function_stays_a_function() -> None:
    assert graph_nodes.add(2.0, 3.0) == 5.0
    assert graph_nodes.spread(PlainContext(), count=3) == (0, 1, 4)


def test_every_kind_of_control() -> None:
    @node(id="test.controls", category="Test")
    def controls(
        amount: float | None = None,
        style: Annotated[str, Choices("raw", "tape")] = "raw",
        rate: Annotated[int, Choices(44100, 48000)] = 44100,
        folders: tuple[Path, ...] = (),
        seed: Seed = 7,
    ) -> None:
        """All kinds."""

    spec = spec_of(controls)
    assert spec is not None and spec.schema.outputs == ()
    amount, style, rate, folders, seed = spec.schema.controls
    assert amount.nullable and amount.plain(None) is None and amount.parse("none") is None
    assert style.parse("tape") == "tape" and rate.parse("48000") == 48000
    assert folders.parse("a, b") == ["a", "b"]
    assert folders.value(["a", "b"]) == (Path("a"), Path("b"))
    assert seed.seed and seed.high == SEED_HIGH and seed.default == 7
    for control, bad in ((style, "vinyl"), (rate, 8000), (seed, -1), (seed, 1.5), (amount, True)):
        with pytest.raises(ValueError, match=r"expected .* received"):
            control.plain(bad)
    with pytest.raises(ValueError, match="expected number"):
        amount.parse("loud")
    with pytest.raises(ValueError, match="expected number"):
        amount.plain(float("nan"))


def declare(function: Any, **options: Any) -> None:
    node(**{"id": f"test.{function.__name__}", "category": "Test", **options})(function)


class Unregistered:
    pass


@dataclasses.dataclass(frozen=True)
class Registered:
    values: np.ndarray[Any, np.dtype[np.float32]]


def test_what_cannot_be_a_node_says_why() -> None:
    def no_docstring(a: float = 0.0) -> float:
        return a

    def no_annotation(a=0.0) -> float:  # type: ignore[no-untyped-def]
        """No."""
        return 0.0

    def no_return(a: float = 0.0):  # type: ignore[no-untyped-def]
        """No."""

    def takes_any(a: Any) -> float:
        """No."""
        return 0.0

    def takes_unknown(a: Unregistered) -> float:
        """No."""
        return 0.0

    def out_of_range(a: Annotated[float, Range(0, 1)] = 2.0) -> float:
        """No."""
        return a

    def takes_many(*a: float) -> float:
        """No."""
        return 0.0

    def gives_maybe(a: float = 0.0) -> Audio | None:
        """No."""
        return None

    def strange_mark(a: Annotated[float, 3] = 0.0) -> float:
        """No."""
        return a

    expected = {
        no_docstring: "docstring", no_annotation: "port 'a'.*annotation", no_return: "return",
        takes_any: "Any cannot travel", takes_unknown: "Unregistered is no wire type",
        out_of_range: "default does not fit", takes_many: "cannot be ports",
        gives_maybe: "drop the None", strange_mark: "no mark",
    }  # fmt: skip
    for function, message in expected.items():
        with pytest.raises(NodeDeclarationError, match=message):
            declare(function)
    with pytest.raises(NodeDeclarationError, match="id and name must agree"):
        declare(graph_nodes.gain, id="test.other")
    with pytest.raises(NodeDeclarationError, match="fingerprint needs"):
        declare(graph_nodes.gain, fingerprint=lambda controls: "")


def test_connections() -> None:
    def kind(source: str, target: str) -> str | None:
        found = connection(source, target)
        return None if found is None else found.kind

    assert kind("audio", "audio") == "direct"
    assert kind("integer", "number") == "convert"
    assert kind("number", "integer") is None
    assert kind("text", "path") == "convert" and kind("path", "text") == "convert"
    assert kind("crate", "loop") == "map" and kind("stems", "audio") == "map"
    assert kind("loop[]", "crate") == "convert" and kind("crate", "loop[]") == "convert"
    assert kind("audio", "audio[]") == "convert" and kind("audio[]", "audio") == "map"
    assert kind("text[]", "path") == "map" and kind("text[]", "path[]") == "convert"
    assert kind("audio", "crate") is None and kind("placeholder", "audio") is None
    crate = Crate((example_loop("a", 1), example_loop("b", 2)))
    there, back = connection("crate", "loop[]"), connection("loop[]", "crate")
    assert there is not None and back is not None and there.convert and back.convert
    assert back.convert(there.convert(crate)) == crate


def test_types_have_one_name_each() -> None:
    for known in wire_types():
        assert type_of(known.python) == known.name
    assert type_of(tuple[Loop, ...]) == "loop[]"
    with pytest.raises(NodeDeclarationError, match="already registered"):
        register_type(Loop, "lasso")
    with pytest.raises(NodeDeclarationError, match="already registered"):
        register_type(Unregistered, "loop")
    with pytest.raises(NodeDeclarationError, match="dataclass"):
        register_type(Unregistered, "unregistered")
    register_type(Registered, "registered")
    register_type(Registered, "registered")
    assert wire_type("registered[]") is not None


arrays = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int16, np.bool_, np.complex64]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0),
)
sounds = st.builds(
    Audio,
    hnp.arrays(np.float32, st.tuples(st.integers(1, 2), st.integers(0, 50))),
    st.sampled_from([8000, 44100]),
)


@given(sounds, sounds)
@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
def test_values_survive_as_bytes(first: Audio, second: Audio) -> None:
    keys = [MaterialKey(d, 90.5, 0.0, 4.0, -2, "plain") for d in "ab"]
    material = Material(90.0, 44100, dict(zip(keys, (first, second), strict=True)))
    stems = Stems(("é", "b"), (first, second))
    embedding = Embedding(first.samples[0], "timbre")
    for name, value in {"material": material, "stems": stems, "embedding": embedding}.items():
        data = b"".join(encode(value))
        again = decode(name, data)
        assert digest(again) == digest(value)
        assert b"".join(encode(again)) == data
    sound = decode("audio", b"".join(encode(first)))
    np.testing.assert_array_equal(sound.samples, first.samples)
    assert not sound.samples.flags.writeable


@given(arrays)
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
def test_arrays_enter_digests_by_dtype_shape_and_bytes(array: np.ndarray[Any, Any]) -> None:
    own = digest(array)
    assert own == digest(array.copy(order="F"))
    assert own != digest(array[None])
    if array.dtype.itemsize > 1:
        assert own != digest(
            np.ascontiguousarray(array)
            .view(f"V{array.dtype.itemsize}")
            .view({2: np.uint16, 4: np.int32, 8: np.int64}[array.dtype.itemsize])
        )


def test_bad_bytes_are_refused() -> None:
    data = b"".join(encode(Audio(np.zeros((1, 9), np.float32), 8000)))
    for bad in (data[:5], data[:40], data[:-70], b"\xff" * 64):
        with pytest.raises(CodecError):
            decode("audio", bad)
    with pytest.raises(CodecError):
        decode("song", data)
    with pytest.raises(CodecError, match="no wire type"):
        decode("nonsense", data)
    with pytest.raises(CodecError):
        encode(object())
    with pytest.raises(CodecError):
        encode(np.array([object()]))
    assert size_bytes(Audio(np.zeros((2, 1000), np.float32), 8000)) > 8000


def test_check_node_catches_nodes_that_break_their_word() -> None:
    sound = Audio(np.ones((1, 4), np.float32), 8000)
    counter = iter(range(99))

    @node(id="test.unsteady", category="Test")
    def unsteady(sound: Audio) -> float:
        """Never the same."""
        return float(next(counter))

    with pytest.raises(AssertionError, match="they must agree"):
        check_node(unsteady, sound=sound)
    with pytest.raises(AssertionError, match="the file is called graph_nodes"):
        check_node(graph_nodes.gain)


def test_marks_check_themselves() -> None:
    with pytest.raises(ValueError, match="low < high"):
        Range(1, 1)
    with pytest.raises(ValueError, match="above 0"):
        Range(0, 1, scale="log")
    with pytest.raises(ValueError, match="different"):
        Choices("a", "a")
    assert Control("x", "boolean", False).parse("yes") is True
