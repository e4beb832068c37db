"""Figures of the graph: clean re-evaluation, one changed control, start-up, stores, processes.

Run it with `python benchmarks/bench_graph.py`. Every figure stands beside a named peer that was
timed in the same run; medians of several rounds. Processor time where one process does all, so
that a busy machine distorts little; start-up and processes by the clock on the wall.
"""

from __future__ import annotations

import concurrent.futures
import graphlib
import multiprocessing
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from loopmind.graph.document import Graph, GraphNode
from loopmind.graph.node import node
from loopmind.graph.registry import Registry
from loopmind.graph.schema import graph_from_text, graph_to_text
from loopmind.music.audio import Audio
from loopmind.runtime.cache import DiskCache
from loopmind.runtime.execute import Session
from loopmind.runtime.processes import ProcessPool

NODES = 1000
WALL = time.perf_counter


@node(id="bench.add", category="Bench")
def add(a: float = 0.0, b: float = 0.0) -> float:
    """a + b."""
    return a + b


@node(
    id="bench.read", category="Bench", touches_files=True,
    fingerprint=lambda controls: str(Path(controls["path"]).stat().st_mtime_ns),
)  # fmt: skip
def read(path: Path = Path(__file__)) -> float:
    """Length of a file."""
    return float(path.stat().st_size)


REGISTRY = Registry(entry_points=(), folder="none").add(add, read)


def median_s(
    call: Callable[[], Any],
    rounds: int = 9,
    loops: int = 1,
    clock: Callable[[], float] = time.process_time,
) -> float:
    """Median seconds of one call."""
    seconds = []
    for _ in range(rounds):
        started = clock()
        for _ in range(loops):
            call()
        seconds.append((clock() - started) / loops)
    return statistics.median(seconds)


def big_graph(readers: int = 0) -> Graph:
    """NODES sums, each over one or two of the twenty before it; some nodes read files."""
    rng = random.Random(0)
    nodes = {f"n{i}": GraphNode("bench.add", 1, {"a": float(i)}) for i in range(NODES)}
    wires = {}
    for i in range(1, NODES):
        wires[f"n{i}.a"] = f"n{rng.randrange(max(0, i - 20), i)}.out"
        if i > 1 and rng.random() < 0.5:
            wires[f"n{i}.b"] = f"n{rng.randrange(max(0, i - 20), i)}.out"
    for i in range(readers):
        nodes[f"n{i}"] = GraphNode("bench.read", 1)
        wires = {t: s for t, s in wires.items() if not t.startswith(f"n{i}.")}
    return Graph(nodes, wires, registry=REGISTRY)


def walk(graph: Graph) -> float:
    """The peer of a clean evaluation: the standard library ordering the same graph."""
    edges: dict[str, set[str]] = {name: set() for name in graph.nodes}
    for target, source in graph.wires.items():
        edges[target.split(".")[0]].add(source.split(".")[0])
    return median_s(lambda: list(graphlib.TopologicalSorter(edges).static_order()))


def row(what: str, value: str, peer: str) -> None:
    print(f"| {what} | {value} | {peer} |")


def bench_evaluation() -> None:
    graph = big_graph()
    per_node = 1e6 / NODES
    with Session(workers=2) as session:
        cold = median_s(lambda: Session(workers=2).evaluate(graph), rounds=3)
        session.evaluate(graph)
        clean = median_s(lambda: session.evaluate(graph), loops=1000)
        text = graph_to_text(graph)
        copies = [graph_from_text(text, REGISTRY) for _ in range(9)]
        equal = median_s(lambda: session.evaluate(copies.pop()))
        turns = iter(range(1, 99))
        late = f"n{NODES - 1}"
        free = next(p for p in ("b", "a") if f"{late}.{p}" not in graph.wires or p == "a")
        loose = graph if f"{late}.{free}" not in graph.wires else graph.disconnect(f"{late}.a")
        session.evaluate(loose)
        one = median_s(lambda: session.evaluate(loose.with_control(late, free, float(next(turns)))))
        reading = big_graph(readers=10)
        session.evaluate(reading)
        fingerprints = median_s(lambda: session.evaluate(reading), loops=100)
    peer = walk(graph)
    name = f"{peer * per_node:.3f} us: graphlib ordering the same graph"
    row("clean re-evaluation, same graph, per node", f"{clean * per_node:.5f} us", name)
    row("the same, 10 of the nodes read files", f"{fingerprints * per_node:.5f} us", name)
    row("the same, an equal graph read anew", f"{equal * per_node:.3f} us", name)
    row("one late control changed, whole evaluation", f"{one * 1e3:.1f} ms", f"{peer * 1e3:.2f} ms")
    row("everything run for the first time, per node", f"{cold * per_node:.1f} us", name)


def bench_help() -> None:
    def start(*arguments: str) -> float:
        command = [sys.executable, *arguments]
        return median_s(
            lambda: subprocess.run(command, capture_output=True, check=True), clock=WALL
        )

    own = start("-m", "loopmind.cli", "--help")
    peer = start("-c", "import argparse")
    row("loopmind --help", f"{own:.3f} s", f"{peer:.3f} s: python importing argparse")


def bench_store() -> None:
    sound = Audio(np.random.default_rng(0).random((2, 8_000_000), np.float32), 44100)
    megabytes = sound.samples.nbytes / 1e6
    with tempfile.TemporaryDirectory() as folder:
        store = DiskCache(folder)
        put = median_s(lambda: store.put("aa", {"out": sound}, {"out": "audio"}), rounds=3)
        get = median_s(lambda: store.get("aa"), rounds=3)
        file = Path(folder) / "peer.npy"

        def save_beside() -> None:  # as the store does: a new file, then renamed
            np.save(Path(folder) / "new.npy", sound.samples)
            (Path(folder) / "new.npy").replace(file)

        save = median_s(save_beside, rounds=3)
        load = median_s(lambda: np.load(file), rounds=3)
    row(
        "disk store, writing",
        f"{megabytes / put:.0f} MB/s",
        f"{megabytes / save:.0f} MB/s: np.save",
    )
    row(
        "disk store, reading",
        f"{megabytes / get:.0f} MB/s",
        f"{megabytes / load:.0f} MB/s: np.load",
    )


def tiny(x: int) -> int:
    """Next to no work, so that what is timed is the pool."""
    return x + 1


def bench_processes() -> None:
    items = list(range(2000))

    def never() -> bool:
        return False

    def ours() -> Any:
        return pool.map(tiny, items, cancelled=never, finished=lambda index: None)

    pool = ProcessPool(2)
    started = time.perf_counter()
    ours()
    first = time.perf_counter() - started
    again = median_s(ours, rounds=3, clock=WALL)
    pool.close()
    context = multiprocessing.get_context("spawn")
    started = time.perf_counter()
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as peer:
        list(peer.map(tiny, items))
        peer_first = time.perf_counter() - started
        peer_again = median_s(lambda: list(peer.map(tiny, items)), rounds=3, clock=WALL)
    per_item = 1e6 / len(items)
    name = "ProcessPoolExecutor (spawn)"
    row("processes, started, 2000 items", f"{first:.2f} s", f"{peer_first:.2f} s: {name}")
    row(
        "processes, per item",
        f"{again * per_item:.0f} us",
        f"{peer_again * per_item:.0f} us: {name}",
    )


if __name__ == "__main__":
    print("| what | LoopMind | peer |\n|---|---|---|")
    bench_evaluation()
    bench_help()
    bench_store()
    bench_processes()
