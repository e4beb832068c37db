"""Graph documents: edits that refuse what cannot be, JSON and back, groups, macros, migration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from graph_nodes import registry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopmind.graph.document import Graph, GraphNode
from loopmind.graph.errors import GraphError
from loopmind.graph.json_schema import graph_json_schema, schema_text
from loopmind.graph.macros import Macro, Target
from loopmind.graph.plan import make_plan
from loopmind.graph.ports import Control
from loopmind.graph.schema import graph_from_text, graph_to_text, load_graph, save_graph

REGISTRY = registry()
SLOW = [HealthCheck.too_slow]  # a busy machine is no failure
PUBLISHED = Path(__file__).parent.parent / "docs" / "schema" / "graph.schema.json"


def empty() -> Graph:
    return Graph(registry=REGISTRY)


def chain() -> Graph:
    """tone -> soft -> loud"""
    graph = empty().with_node("tone", "test.tone", hz=220.0)
    graph = graph.with_node("soft", "test.gain", gain_db=-6).with_node("loud", "test.gain")
    return graph.connect("tone.out", "soft.sound").connect("soft.out", "loud.sound")


def mood(*targets: Target) -> Macro:
    return Macro(Control("mood", "number", 0.5, low=0.0, high=1.0), targets)


def test_an_edit_makes_a_new_graph() -> None:
    before = chain()
    after = before.with_control("soft", "gain_db", -12.0)
    assert before.control_value("soft", "gain_db") == -6.0
    assert after.control_value("soft", "gain_db") == -12.0
    assert after.control_value("loud", "gain_db") == 0.0
    assert after.validate() == ()


def test_connect_refuses_and_names_everything() -> None:
    graph = chain().with_node("n", "test.number")
    with pytest.raises(GraphError, match="'soft', port 'sound': expected audio") as caught:
        graph.connect("n.out", "soft.sound")
    error = caught.value
    assert (error.node, error.port) == ("soft", "sound")
    assert (error.expected, error.received) == ("audio", "number")
    with pytest.raises(GraphError, match=r"loud\.out would close a circle"):
        graph.connect("loud.out", "soft.sound")
    with pytest.raises(GraphError, match="circle"):
        graph.connect("soft.out", "soft.other")
    with pytest.raises(GraphError, match="no such output; it has out"):
        graph.connect("n.value", "soft.gain_db")
    with pytest.raises(GraphError, match="no such input; it has sound, other, gain_db, mode"):
        graph.connect("n.out", "soft.volume")
    with pytest.raises(GraphError, match="no such node"):
        graph.connect("n.out", "sofa.sound")
    with pytest.raises(GraphError, match=r"write 'node\.port'"):
        graph.connect("n", "soft.gain_db")
    assert graph.connect("n.out", "soft.gain_db").validate() == ()


def test_controls_refuse_what_they_cannot_be() -> None:
    graph = chain()
    with pytest.raises(GraphError, match=r"expected number in -60\.\.12 dB, received 90") as caught:
        graph.with_control("soft", "gain_db", 90)
    assert caught.value.expected == "number in -60..12 dB"
    with pytest.raises(GraphError, match="one of clean, dirty"):
        graph.with_control("soft", "mode", "loud")
    with pytest.raises(GraphError, match="no such control; it has gain_db, mode"):
        graph.with_control("soft", "gain", 1)
    with pytest.raises(GraphError, match="already a node"):
        graph.with_node("soft", "test.gain")
    with pytest.raises(GraphError, match="no name"):
        graph.with_node("a.b", "test.gain")


def test_removing_a_node_takes_its_wires_along() -> None:
    graph = chain().expose_output("sound", "soft.out").expose_input("level", "soft.gain_db")
    graph = graph.expose_macro(mood(Target("soft.mode", values={})))
    rest = graph.without_node("soft")
    assert set(rest.nodes) == {"tone", "loud"}
    assert not rest.wires and not rest.outputs and not rest.inputs
    assert rest.macros["mood"].targets == ()
    assert chain().disconnect("soft.sound").wires == {"loud.sound": "soft.out"}


def test_validate_tells_all_problems_at_once() -> None:
    text = json.dumps(
        {
            "format": "loopmind.graph", "format_version": 1,
            "nodes": {
                "a": {"type": "test.number", "controls": {"value": 5000, "volume": 1}},
                "b": {"type": "test.gain"},
                "c": {"type": "elsewhere.magic", "version": 3, "controls": {"x": [1, {"y": 2}]}},
                "d": {"type": "test.number", "version": 9},
                "e": {"type": "test.halve"},
                "f": {"type": "test.gain"},
            },
            "wires": {
                "b.other": "a.out", "f.sound": "c.out", "f.nothing": "a.out", "z.in": "a.out",
            },
        }
    )  # fmt: skip
    found = {(e.node, e.port): e.message for e in graph_from_text(text, REGISTRY).validate()}
    assert "expected number in -1000..1000" in found["a", "value"]
    assert "no such control" in found["a", "volume"]
    assert found["b", "other"] == "expected audio, received number from a.out"
    assert "needs a wire that brings audio" in found["b", "sound"]
    assert "'elsewhere.magic' is not installed" in found["c", ""]
    assert "version 9" in found["d", ""]
    assert "must be set" in found["e", "value"]
    assert "no such input" in found["f", "nothing"]
    assert "node that is not there" in found["z", "in"]
    assert len(found) == 9


def test_a_circle_in_a_file_is_named() -> None:
    nodes = {name: GraphNode("test.add") for name in "abc"}
    graph = Graph(nodes, {"a.a": "c.out", "b.a": "a.out", "c.a": "b.out"}, registry=REGISTRY)
    assert "circle through a, b, c" in str(graph.validate()[0])
    with pytest.raises(GraphError, match="circle through a, b, c"):
        make_plan(graph)


def test_mapping_over_items_is_known_before_anything_runs() -> None:
    graph = empty().with_node("crate", "test.crate_of").with_node("length", "test.length")
    graph = graph.with_node("total", "test.total").with_node("more", "test.add")
    graph = graph.connect("crate.out", "length.loop")
    assert graph.output_type("length.out") == "number[]"
    assert graph.connect("length.out", "total.values").output_type("total.out") == "number"
    mapped_on = graph.connect("length.out", "more.a")
    assert mapped_on.output_type("more.out") == "number[]"
    assert "length  test.length  loop <= crate.out" in str(make_plan(graph))


# Files


def test_a_placeholder_keeps_all_its_data(tmp_path: Path) -> None:
    node = {
        "type": "elsewhere.magic", "version": 3,
        "controls": {"x": [1, {"y": None}], "name": "é"}, "view": {"position": [1, 2]},
    }  # fmt: skip
    data = {
        "format": "loopmind.graph", "format_version": 1,
        "nodes": {"c": node, "n": {"type": "test.number", "version": 1}},
        "wires": {"c.strange": "n.out", "n.value": "c.also"},
    }  # fmt: skip
    graph = graph_from_text(json.dumps(data), REGISTRY)
    graph = graph.with_control("n", "value", 3.0)
    again = json.loads(save_graph(graph, tmp_path / "graph.json").read_text("utf-8"))
    assert again["nodes"]["c"] == node
    assert again["wires"] == data["wires"]
    assert graph.schema("c") is None
    with pytest.raises(GraphError, match="install its plugin"):
        graph.with_control("c", "x", 1)


def test_an_old_node_is_brought_up_to_date() -> None:
    data = {
        "format": "loopmind.graph", "format_version": 1,
        "nodes": {
            "old": {"type": "test.newer", "version": 1, "controls": {"volume": 0.5}},
            "n": {"type": "test.number", "version": 1},
            "after": {"type": "test.add", "version": 1},
        },
        "wires": {"old.signal": "n.out", "after.a": "old.result"},
    }  # fmt: skip
    inner = {key: data[key] for key in ("nodes", "wires")}
    graph = graph_from_text(json.dumps(data), REGISTRY)
    assert graph.nodes["old"] == GraphNode("test.newer", 2, {"level": 50.0})
    assert graph.wires == {"old.value": "n.out", "after.a": "old.louder"}
    assert graph.validate() == ()
    assert graph_from_text(graph_to_text(graph), REGISTRY) == graph
    group = {**data, "nodes": {"g": {"type": "group", "graph": inner}}, "wires": {}}
    moved = graph_from_text(json.dumps(group), REGISTRY).nodes["g"].graph
    assert moved is not None and moved.nodes == graph.nodes and moved.wires == graph.wires


BAD: dict[str, tuple[Any, str]] = {
    "no json": ("{", "no JSON"),
    "other json": ([], "no graph document"),
    "no version": ({"format": "loopmind.graph"}, "format_version must be"),
    "future": ({"format": "loopmind.graph", "format_version": 99}, "update LoopMind"),
    "typo": ({"format": "loopmind.graph", "format_version": 1, "nodse": {}}, "unknown field 'nod"),
    "wire": ({"format": "loopmind.graph", "format_version": 1, "wires": {"a": "b.c"}}, "no port"),
    "node": ({"format": "loopmind.graph", "format_version": 1, "nodes": {"a": 3}}, "node 'a'"),
    "group": (
        {"format": "loopmind.graph", "format_version": 1, "nodes": {"a": {"type": "group"}}},
        "only a group, has a graph",
    ),
    "macro": (
        {"format": "loopmind.graph", "format_version": 1,
         "macros": {"m": {"default": 2, "low": 0, "high": 1, "targets": []}}},
        "macro 'm': expected number in 0..1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_documents_say_what_is_wrong_and_where(name: str, tmp_path: Path) -> None:
    data, message = BAD[name]
    file = tmp_path / "bad.json"
    file.write_text(data if isinstance(data, str) else json.dumps(data))
    with pytest.raises(GraphError, match=message) as caught:
        load_graph(file, REGISTRY)
    assert str(file) in str(caught.value)
    with pytest.raises(GraphError, match="cannot read"):
        load_graph(tmp_path / "missing.json", REGISTRY)


def test_the_published_schema_is_current() -> None:
    current = PUBLISHED.read_text(encoding="utf-8")
    assert current == schema_text(), f"run: python -m loopmind.graph.json_schema {PUBLISHED}"


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    validator = jsonschema.Draft202012Validator(graph_json_schema())
    for data, _ in BAD.values():
        if isinstance(data, dict) and "macros" not in data and "group" not in str(data):
            assert not validator.is_valid(data), data


def test_one_change_is_one_line() -> None:
    before = graph_to_text(chain()).splitlines()
    after = graph_to_text(chain().with_control("soft", "gain_db", -7)).splitlines()
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
    wired = graph_to_text(chain().with_node("n", "test.number")).splitlines()
    more = graph_to_text(chain().with_node("n", "test.number").connect("n.out", "soft.gain_db"))
    assert len(set(more.splitlines()) - set(wired)) == 1


# Groups and macros


def voice() -> Graph:
    """A group: sound -> soft -> loud, with one macro over both gains."""
    graph = empty().with_node("soft", "test.gain").with_node("loud", "test.gain")
    graph = graph.connect("soft.out", "loud.sound")
    graph = graph.expose_input("sound", "soft.sound").expose_output("sound", "loud.out")
    return graph.expose_macro(
        mood(Target("soft.gain_db", 0.0, -12.0), Target("loud.gain_db", 0.0, 6.0))
    )


def test_a_group_is_a_node_with_ports_and_macros() -> None:
    graph = empty().with_node("tone", "test.tone").with_group("voice", voice(), {"mood": 1.0})
    graph = graph.connect("tone.out", "voice.sound").with_node("end", "test.gain")
    graph = graph.connect("voice.sound", "end.sound")
    assert graph.validate() == ()
    schema = graph.schema("voice")
    assert schema is not None and [c.name for c in schema.controls] == ["mood"]
    plan = make_plan(graph)
    assert list(plan.steps) == ["tone", "voice/soft", "voice/loud", "end"]
    assert plan.steps["voice/soft"].controls["gain_db"] == -12.0
    assert plan.steps["voice/loud"].controls["gain_db"] == 6.0
    assert plan.steps["end"].feeds["sound"].node == "voice/loud"
    turned = make_plan(graph.with_control("voice", "mood", 0.25))
    assert turned.steps["voice/soft"].controls["gain_db"] == -3.0
    assert list(make_plan(graph, ["voice"]).steps) == ["tone", "voice/soft", "voice/loud"]
    with pytest.raises(GraphError, match="no wire can feed"):
        graph.with_node("n", "test.number").connect("n.out", "voice.mood")
    with pytest.raises(GraphError, match=r"expected number in 0\.\.1"):
        graph.with_control("voice", "mood", 2)
    assert graph_from_text(graph_to_text(graph), REGISTRY) == graph


def test_groups_within_groups() -> None:
    inner = empty().with_group("voice", voice())
    inner = inner.expose_input("in", "voice.sound").expose_output("out", "voice.sound")
    inner = inner.expose_macro(
        Macro(Control("dark", "number", 0.0, low=0.0, high=1.0), (Target("voice.mood", 0, 1),))
    )
    graph = empty().with_node("tone", "test.tone").with_group("outer", inner, {"dark": 1})
    graph = graph.connect("tone.out", "outer.in")
    assert graph.validate() == ()
    plan = make_plan(graph)
    assert plan.steps["outer/voice/soft"].controls["gain_db"] == -12.0
    assert plan.steps["outer/voice/soft"].feeds["sound"].node == "tone"


def test_a_macro_is_the_only_truth_of_what_it_drives() -> None:
    graph = voice()
    assert graph.control_value("soft", "gain_db") == -6.0
    turned = graph.with_macro("mood", 0.0)
    assert turned.control_value("soft", "gain_db") == 0.0
    assert graph_from_text(graph_to_text(turned), REGISTRY) == turned
    with pytest.raises(GraphError, match="driven by macro 'mood'"):
        graph.with_control("soft", "gain_db", 1)
    with pytest.raises(GraphError, match="no macro 'brightness'; this graph has mood"):
        graph.with_macro("brightness", 1)
    with pytest.raises(GraphError, match="already driven"):
        other = Macro(Control("x", "number", 0.0), (Target("soft.gain_db"),))
        graph.expose_macro(other)


def test_macros_speak_of_choices_and_follow_curves() -> None:
    style = Macro(
        Control("style", "text", "raw", choices=("raw", "tape")),
        (Target("a.drive", values={"raw": 0.0, "tape": 0.7}),),
        "tape",
    )
    assert style.driven() == {"a.drive": 0.7}
    cutoff = Control("x", "number", 0.5, low=0.0, high=1.0)
    exponential = Macro(cutoff, (Target("f.hz", 100.0, 10000.0, "exponential"),))
    assert exponential.driven()["f.hz"] == pytest.approx(1000.0)
    with pytest.raises(ValueError, match="excludes 0"):
        Target("f.hz", 0.0, 1.0, "exponential")
    with pytest.raises(ValueError, match="both ends"):
        Target("f.hz", 0.0)
    counted = empty().with_node("n", "test.numbers").expose_macro(mood(Target("n.count", 0, 9)))
    assert make_plan(counted).steps["n"].controls["count"] == 4
    assert counted.validate() == ()


# Laws on random graphs


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Random sound graphs without circles, at times with a group in them."""
    graph = empty().with_node("n0", "test.tone", hz=draw(st.floats(20, 20000)))
    for i in range(1, draw(st.integers(1, 8))):
        name = f"n{i}"
        if draw(st.integers(0, 4)) == 0:
            graph = graph.with_group(name, voice(), {"mood": draw(st.floats(0, 1))})
        else:
            graph = graph.with_node(name, "test.gain", gain_db=draw(st.floats(-60, 12)))
        port = {"test.gain": "out", "test.tone": "out", "group": "sound"}
        source = f"n{draw(st.integers(0, i - 1))}"
        graph = graph.connect(f"{source}.{port[graph.nodes[source].type]}", f"{name}.sound")
    return graph.with_view("n0", position=[draw(st.integers()), 0])


@given(graphs())
@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
def test_documents_survive_being_written(graph: Graph) -> None:
    text = graph_to_text(graph)
    again = graph_from_text(text, REGISTRY)
    assert again == graph
    assert graph_to_text(again) == text
    assert graph.validate() == ()
    jsonschema.validate(json.loads(text), graph_json_schema())


@given(graphs(), st.randoms())
@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
def test_plans_put_sources_first_and_any_back_edge_is_refused(graph: Graph, random: Any) -> None:
    order = list(make_plan(graph).steps)
    for path, step in make_plan(graph).steps.items():
        assert all(order.index(feed.node) < order.index(path) for feed in step.feeds.values())
    below = [t.split(".")[0] for t in graph.wires]
    node = random.choice(sorted(below) or ["n0"])
    if graph.nodes[node].type == "test.gain":
        ancestors = [n for n in graph.nodes if graph.reaches(n, node)]
        for name in ancestors:
            if graph.nodes[name].type == "test.gain":
                with pytest.raises(GraphError, match="circle"):
                    graph.connect(f"{node}.out", f"{name}.other")
