"""The executor: only what changed runs again, failures stay local, everything can be stopped."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from graph_nodes import CALLS, registry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopmind.errors import CancelledError
from loopmind.graph.document import Graph, GraphNode
from loopmind.runtime.cache import DiskCache
from loopmind.runtime.events import (
    EvaluationFinished,
    Event,
    NodeBlocked,
    NodeFailed,
    NodeFinished,
    NodeProgress,
    NodeStarted,
    StoreTrouble,
)
from loopmind.runtime.execute import Session, execute
from loopmind.runtime.result import NodeError

REGISTRY = registry()
SLOW = [HealthCheck.too_slow]  # a busy machine is no failure


@pytest.fixture
def session() -> Iterator[Session]:
    CALLS.clear()
    with Session(workers=2) as opened:
        yield opened


def empty() -> Graph:
    return Graph(registry=REGISTRY)


def sums() -> Graph:
    """(one + two) -> left; (left + three) -> top"""
    graph = empty().with_node("one", "test.number", value=1).with_node("two", "test.number")
    graph = graph.with_node("left", "test.add").with_node("top", "test.add", b=3)
    graph = graph.connect("one.out", "left.a").connect("two.out", "left.b")
    return graph.connect("left.out", "top.a")


def test_a_graph_gives_its_values(session: Session) -> None:
    result = session.evaluate(sums())
    assert result["top.out"] == result["top"] == 5.0
    assert result["left"] == 2.0
    assert set(result.ran) == {"one", "two", "left", "top"}
    assert execute(sums())["top"] == 5.0


def test_an_unchanged_graph_runs_nothing(session: Session) -> None:
    first = session.evaluate(sums())
    events: list[Event] = []
    again = session.evaluate(sums(), listener=events.append)
    assert again.ran == () and again["top"] == first["top"]
    assert set(again.status.values()) == {"cached"}
    assert session.evaluate(sums()) is again
    assert events == [EvaluationFinished(0, 4, 0, 0, 0.0)]


def test_only_descendants_of_a_change_run_and_undo_is_free(session: Session) -> None:
    graph = sums()
    session.evaluate(graph)
    changed = session.evaluate(graph.with_control("top", "b", 4))
    assert changed.ran == ("top",) and changed["top"] == 6.0
    changed = session.evaluate(graph.with_control("two", "value", 5))
    assert set(changed.ran) == {"two", "left", "top"}
    assert session.evaluate(graph).ran == ()
    moved = graph.with_view("top", position=[3, 4])
    assert session.evaluate(moved).ran == ()


def test_targets_run_only_what_they_need(session: Session) -> None:
    result = session.evaluate(sums(), ["left"])
    assert set(result.ran) == {"one", "two", "left"}
    with pytest.raises(KeyError, match="not needed"):
        result["top"]


def test_events_tell_the_story(session: Session) -> None:
    events: list[Event] = []
    session.evaluate(sums(), listener=events.append)
    started = [e.node for e in events if isinstance(e, NodeStarted)]
    finished = [e.node for e in events if isinstance(e, NodeFinished)]
    assert sorted(started) == sorted(finished) == ["left", "one", "top", "two"]
    assert started.index("left") > finished.index("one") - 1 and finished[-1] == "top"
    last = events[-1]
    assert isinstance(last, EvaluationFinished) and (last.ran, last.failed) == (4, 0)
    assert not any(e.cached for e in events if isinstance(e, NodeFinished))


# Failures


def broken() -> Graph:
    """bad -> after -> later, and good on its own; both -> join"""
    graph = empty().with_node("bad", "test.fail").with_node("after", "test.add")
    graph = graph.with_node("later", "test.add").with_node("good", "test.number", value=7)
    graph = graph.with_node("join", "test.add").with_node("fine", "test.add", b=1)
    graph = graph.connect("bad.out", "after.a").connect("after.out", "later.a")
    graph = graph.connect("later.out", "join.a").connect("good.out", "join.b")
    return graph.connect("good.out", "fine.a")


def test_a_failure_blocks_what_follows_and_nothing_else(session: Session) -> None:
    events: list[Event] = []
    result = session.evaluate(broken(), listener=events.append)
    assert dict(result.status) == {
        "bad": "failed", "after": "blocked", "later": "blocked", "join": "blocked",
        "good": "ran", "fine": "ran",
    }  # fmt: skip
    assert result["fine"] == 8.0
    (failure,) = result.failures
    assert failure.node == "bad" and "\n" not in failure.message
    assert failure.message == "ValueError: it was told to fail and did"
    assert [e.by for e in events if isinstance(e, NodeBlocked) and e.node == "after"] == ["bad"]
    assert [e.node for e in events if isinstance(e, NodeFailed)] == ["bad"]
    with pytest.raises(NodeError, match="node 'bad': ValueError"):
        result.check()
    with pytest.raises(NodeError):
        execute(broken())
    CALLS.clear()
    mended = session.evaluate(broken().with_control("bad", "when", False))
    assert set(mended.ran) == {"bad", "after", "later", "join"}


def test_a_failed_node_is_tried_again(session: Session, tmp_path: Path) -> None:
    graph = empty().with_node("in", "test.read", path=tmp_path / "n").with_node("add", "test.add")
    graph = graph.connect("in.out", "add.a")
    assert session.evaluate(graph).status["in"] == "failed"
    (tmp_path / "n").write_text("3")
    assert session.evaluate(graph)["add"] == 3.0


def test_a_graph_with_problems_runs_what_it_can(session: Session) -> None:
    graph = sums().with_node("needy", "test.gain").with_node("end", "test.gain")
    graph = graph.connect("needy.out", "end.sound")
    result = session.evaluate(graph)
    assert result["top"] == 5.0
    assert result.status["needy"] == "failed" and result.status["end"] == "blocked"
    assert "needs a wire that brings audio" in result.failures[0].message


def test_a_wrong_return_value_is_an_error(session: Session) -> None:
    spec = REGISTRY.get("test.number")
    function = spec.function
    try:
        object.__setattr__(spec, "function", lambda value: "text")
        result = session.evaluate(empty().with_node("n", "test.number", value=77))
    finally:
        object.__setattr__(spec, "function", function)
    assert "output 'out': expected number, received str" in result.failures[0].message


# The outside world


def test_files_are_looked_at_once_per_evaluation(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "number"
    file.write_text("3")
    graph = empty().with_node("in", "test.read", path=file).with_node("add", "test.add", b=1)
    graph = graph.connect("in.out", "add.a")
    assert session.evaluate(graph)["add"] == 4.0
    assert session.evaluate(graph).ran == ()
    assert CALLS == ["read", "add"]
    os.utime(file, ns=(1, 1))  # touched, but saying the same
    touched = session.evaluate(graph)
    assert touched.ran == ("in",) and touched["add"] == 4.0
    file.write_text("5")
    assert session.evaluate(graph)["add"] == 6.0
    assert CALLS == ["read", "add", "read", "read", "add"]


def test_a_node_without_fingerprint_runs_always_but_spares_what_follows(
    session: Session, tmp_path: Path
) -> None:
    file = tmp_path / "number"
    file.write_text("3")
    graph = empty().with_node("in", "test.read_always", path=file)
    graph = graph.with_node("add", "test.add").connect("in.out", "add.a")
    session.evaluate(graph)
    assert session.evaluate(graph).ran == ("in",)
    file.write_text("4")
    assert session.evaluate(graph).ran == ("in", "add")


def test_a_writer_writes_once_and_again_when_its_file_is_gone(
    session: Session, tmp_path: Path
) -> None:
    file = tmp_path / "out"
    graph = empty().with_node("n", "test.number").with_node("out", "test.write", path=file)
    graph = graph.connect("n.out", "out.value")
    session.evaluate(graph)
    session.evaluate(graph)
    assert CALLS == ["number", "write"]
    file.unlink()
    session.evaluate(graph)
    assert CALLS == ["number", "write", "write"] and file.read_text() == "1.0"


def test_paths_may_come_by_wire(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "out"
    graph = empty().with_node("n", "test.number", value=8)
    graph = graph.with_node("out", "test.write", path=file).connect("n.out", "out.value")
    graph = graph.with_node("in", "test.read").connect("out.out", "in.path")
    assert session.evaluate(graph)["in"] == 8.0
    assert session.evaluate(graph.with_control("n", "value", 9))["in"] == 9.0


# Mapping


def test_a_crate_is_mapped_item_by_item(session: Session) -> None:
    graph = empty().with_node("crate", "test.crate_of", frames=[100, 200, 300])
    graph = graph.with_node("length", "test.length").with_node("sum", "test.total")
    graph = graph.connect("crate.out", "length.loop").connect("length.out", "sum.values")
    result = session.evaluate(graph)
    assert result["length"] == (1.0, 2.0, 3.0) and result["sum"] == 6.0
    CALLS.clear()
    changed = session.evaluate(graph.with_control("crate", "frames", [100, 250, 300]))
    assert changed["length"] == (1.0, 2.5, 3.0)
    assert CALLS == ["length"], "one changed item is one item made again"
    none = session.evaluate(graph.with_control("crate", "frames", []))
    assert none["length"] == () and none["sum"] == 0.0


def test_mapped_inputs_run_side_by_side_and_must_agree(session: Session) -> None:
    graph = empty().with_node("a", "test.numbers", count=3).with_node("b", "test.numbers", count=3)
    graph = graph.with_node("add", "test.add").connect("a.out", "add.a").connect("b.out", "add.b")
    assert session.evaluate(graph)["add"] == (0.0, 2.0, 4.0)
    result = session.evaluate(graph.with_control("b", "count", 2))
    assert "a has 3, b has 2" in result.failures[0].message


def test_mapping_in_processes_gives_the_same(session: Session) -> None:
    graph = empty().with_node("crate", "test.crate_of", frames=range_list(30))
    here = graph.with_node("length", "test.length").connect("crate.out", "length.loop")
    apart = graph.with_node("length", "test.length_apart").connect("crate.out", "length.loop")
    assert session.evaluate(here)["length"] == session.evaluate(apart)["length"]


def range_list(count: int) -> list[int]:
    return list(range(1, count + 1))


def test_parts_of_a_result_are_remembered(session: Session) -> None:
    graph = empty().with_node("p", "test.numbers", count=4).with_node("sum", "test.parts")
    graph = graph.connect("p.out", "sum.values")
    assert session.evaluate(graph)["sum"] == 14.0
    assert CALLS.count("square") == 4
    assert session.evaluate(graph.with_control("sum", "scale", 2.0))["sum"] == 28.0
    assert session.evaluate(graph.with_control("p", "count", 5))["sum"] == 30.0
    assert CALLS.count("square") == 5


# Remembering beyond the session


def tones(hz: float = 440.0) -> Graph:
    graph = empty().with_node("tone", "test.tone", hz=hz).with_node("gain", "test.gain")
    return graph.connect("tone.out", "gain.sound")


def test_disk_results_outlive_the_session(tmp_path: Path) -> None:
    CALLS.clear()
    results = []
    for _ in range(2):
        with Session(disk=DiskCache(tmp_path)) as session:
            results.append(session.evaluate(tones()))
    assert results[1].status["tone"] == "cached" and CALLS == ["tone"]
    assert results[0]["gain"] == results[1]["gain"] == execute(tones())["gain"]


def test_a_damaged_disk_result_is_made_again_and_told(tmp_path: Path) -> None:
    with Session(disk=DiskCache(tmp_path)) as session:
        session.evaluate(tones())
    for file in tmp_path.rglob("*.lmv"):
        file.write_bytes(b"rubbish")
    events: list[Event] = []
    with Session(disk=DiskCache(tmp_path)) as session:
        result = session.evaluate(tones(), listener=events.append)
    assert result.status["tone"] == "ran" and result["gain"].frames == 100
    assert any(isinstance(e, StoreTrouble) and "damaged" in e.message for e in events)


def test_what_memory_cannot_hold_is_made_again() -> None:
    with Session(memory_bytes=0, workers=2) as session:
        first = session.evaluate(sums())
        second = session.evaluate(sums().with_control("top", "b", 9))
    assert first["top"] == 5.0 and second["top"] == 11.0
    assert set(second.ran) == {"one", "two", "left", "top"}


# Stopping


@pytest.mark.parametrize("kind", ["polite", "rude"])
def test_cancelling_takes_less_than_200_ms_and_keeps_what_is_done(
    session: Session, kind: str
) -> None:
    graph = sums().with_node("wait", "test.wait", seconds=30, kind=kind)
    graph = graph.with_node("after", "test.add").connect("wait.out", "after.a")
    moments: list[float] = []  # when the rest was done and it was asked to stop

    def listener(event: Event) -> None:
        if isinstance(event, NodeFinished) and event.node == "top":
            moments.append(time.monotonic() + 0.1)

    def cancelled() -> bool:
        return bool(moments) and time.monotonic() >= moments[0]

    with pytest.raises(CancelledError):
        session.evaluate(graph, listener=listener, cancelled=cancelled)
    assert time.monotonic() - moments[0] < 0.2
    CALLS.clear()
    assert session.evaluate(sums())["top"] == 5.0
    assert CALLS == []


def test_cancelling_ends_work_in_processes(session: Session) -> None:
    graph = empty().with_node("s", "test.spread", function="sleep_long", count=20)
    started = threading.Event()

    def listener(event: Event) -> None:
        if isinstance(event, NodeProgress) and event.done == 2:
            started.set()

    asked: list[float] = []

    def cancelled() -> bool:
        if started.is_set() and not asked:
            asked.append(time.monotonic() + 1.5)
        return bool(asked) and time.monotonic() >= asked[0]

    with pytest.raises(CancelledError):
        session.evaluate(graph, listener=listener, cancelled=cancelled)
    assert time.monotonic() - asked[0] < 0.2
    squares = empty().with_node("s", "test.spread", count=3)
    assert session.evaluate(squares)["s"] == (0, 1, 4)


# Sharing work out


def test_processes_share_the_work_and_results_keep_their_order(session: Session) -> None:
    graph = empty().with_node("s", "test.spread", count=120)
    events: list[Event] = []
    result = session.evaluate(graph, listener=events.append)
    assert result["s"] == tuple(i * i for i in range(120))
    shown = [e for e in events if isinstance(e, NodeProgress)]
    assert shown[-1].done == shown[-1].total == 120
    assert [e.done for e in shown] == sorted(e.done for e in shown)
    assert shown[-2].rate_per_s > 0 and shown[-2].eta_s is not None
    where = session.evaluate(empty().with_node("s", "test.spread", function="process_of", count=80))
    assert os.getpid() in where["s"][:2] and set(where["s"][2:]) != {os.getpid()}


def test_the_first_failed_item_is_the_error(session: Session) -> None:
    for processes in (True, False):
        graph = empty().with_node(
            "s", "test.spread", function="refuse_seven", count=140, processes=processes
        )
        result = session.evaluate(graph)
        assert result.failures[0].message == "LookupError: not 7"


def test_the_death_of_a_worker_is_an_error_that_names_the_item(session: Session) -> None:
    graph = empty().with_node("s", "test.spread", function="die_on_seven", count=140)
    result = session.evaluate(graph)
    assert "exit code 3" in result.failures[0].message and "on 7" in result.failures[0].message
    again = session.evaluate(graph.with_control("s", "function", "slow_square"))
    assert again["s"][:3] == (0, 1, 4)


# Laws on random graphs


@st.composite
def random_graphs(draw: st.DrawFn) -> Graph:
    """Sums over sums, some in groups, some mapped over lists."""
    graph = empty().with_node("n0", "test.number", value=draw(st.integers(-5, 5)))
    outputs = ["n0.out"]
    for i in range(1, draw(st.integers(2, 10))):
        name = f"n{i}"
        kind = draw(st.sampled_from(["add", "add", "add", "number", "halve", "total"]))
        graph = graph.with_node(name, f"test.{kind}")
        ports = {"add": ["a", "b"], "number": ["value"], "halve": ["value"], "total": ["values"]}
        for port in ports[kind]:
            if kind == "halve" or draw(st.booleans()):
                graph = graph.connect(draw(st.sampled_from(outputs)), f"{name}.{port}")
        outputs += [f"{name}.low", f"{name}.high"] if kind == "halve" else [f"{name}.out"]
    return graph


@given(random_graphs(), st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=SLOW)
def test_incremental_equals_full_and_runs_only_descendants(
    graph: Graph, data: st.DataObject
) -> None:
    with Session(workers=2) as session:
        targets = sorted(graph.nodes)
        session.evaluate(graph, targets)
        for _ in range(4):
            name = data.draw(st.sampled_from(targets))
            schema = graph.schema(name)
            assert schema is not None
            free = [
                c.name for c in schema.controls
                if f"{name}.{c.name}" not in graph.wires and c.type == "number"
            ]  # fmt: skip
            if not free:
                continue
            value = float(data.draw(st.integers(-5, 5)))
            graph = graph.with_control(name, data.draw(st.sampled_from(free)), value)
            result = session.evaluate(graph, targets)
            below = {other for other in graph.nodes if graph.reaches(name, other)}
            assert set(result.ran) <= below
            with Session(workers=2) as other:
                full = other.evaluate(graph, targets)
            for target in targets:
                assert result.outputs(target) == full.outputs(target)
            assert session.evaluate(graph, targets).ran == ()


def test_a_chain_deeper_than_the_stack(session: Session, tmp_path: Path) -> None:
    (tmp_path / "n").write_text("1")
    graph = empty().with_node("n0", "test.read_always", path=tmp_path / "n")
    nodes, wires = dict(graph.nodes), {}
    for i in range(1, 1500):
        nodes[f"n{i}"] = GraphNode("test.add")
        wires[f"n{i}.a"] = f"n{i - 1}.out"
    deep = Graph(nodes, wires, registry=REGISTRY)
    assert deep.validate() == ()
    assert session.evaluate(deep)["n1499"] == 1.0
    assert session.evaluate(deep).ran == ("n0",)
    assert deep.output_type("n1499.out") == "number"
