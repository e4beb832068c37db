"""One suite over every node that ships, whatever there is in loopmind/nodes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import loopmind.nodes
from loopmind.graph.document import Graph
from loopmind.graph.node import NodeSchema, NodeSpec
from loopmind.graph.registry import Registry
from loopmind.graph.schema import graph_from_text, graph_to_text
from loopmind.graph.testing import declaration_problems
from loopmind.graph.types import wire_type
from loopmind.music.codec import from_plain, to_plain

FOLDER = Path(loopmind.nodes.__path__[0])
STEMS = sorted(file.stem for file in FOLDER.glob("*.py") if not file.stem.startswith("_"))
REGISTRY = Registry(entry_points=[("builtin", "loopmind.nodes")], folder="none")


@pytest.fixture(params=STEMS or [pytest.param("", marks=pytest.mark.skip("no nodes yet"))])
def spec(request: pytest.FixtureRequest) -> NodeSpec:
    found = REGISTRY.find(f"loopmind.{request.param}")
    assert found is not None, REGISTRY.problems
    return found


def test_each_file_holds_one_node_of_its_name(spec: NodeSpec) -> None:
    stem = spec.id.rpartition(".")[2]
    same_file = [s for s in REGISTRY.all() if s.function.__module__ == spec.function.__module__]
    assert [s.id for s in same_file] == [f"loopmind.{stem}"]


def test_declarations_keep_the_rules(spec: NodeSpec) -> None:
    assert declaration_problems(spec) == []


def test_every_port_has_a_registered_type(spec: NodeSpec) -> None:
    for port in (*spec.schema.takers, *spec.schema.outputs):
        assert wire_type(port.type) is not None, port


def test_schemas_survive_json(spec: NodeSpec) -> None:
    written = json.loads(json.dumps(to_plain(spec.schema)))
    assert to_plain(from_plain(NodeSchema, written)) == to_plain(spec.schema)


def test_a_document_with_the_node_survives(spec: NodeSpec) -> None:
    graph = Graph(registry=REGISTRY).with_node("it", spec.id)
    assert graph_from_text(graph_to_text(graph), REGISTRY) == graph
    for control in spec.schema.controls:
        if not control.required:
            graph = graph.with_control("it", control.name, control.value(control.default))
    assert graph_from_text(graph_to_text(graph), REGISTRY) == graph


def test_nodes_that_touch_files_say_how_they_are_remembered(spec: NodeSpec) -> None:
    # Without a fingerprint a node runs every time, and only parts of its work are remembered.
    if spec.schema.writes_files and spec.fingerprint is not None:
        assert spec.schema.cache != "disk", "what was written elsewhere cannot come from the cache"


def test_all_nodes_load() -> None:
    assert {s.id for s in REGISTRY.all()} == {f"loopmind.{stem}" for stem in STEMS}
    assert REGISTRY.problems == ()
