"""Stages that hand spans on: their order, how far they get ahead, what becomes of errors."""

from __future__ import annotations

import gc
import threading
import weakref
from functools import partial

import pytest

from loopmind.runtime.relay import Relay, Stage


@pytest.mark.parametrize("threads", [1, 3])
def test_no_stage_runs_before_its_sources_or_too_far_ahead(threads: int) -> None:
    lock, done = threading.Lock(), {"a": 0, "b": 0, "sum": 0}
    trouble: list[str] = []

    def work(name: str, span: int) -> None:
        with lock:
            if done[name] != span:
                trouble.append(f"{name} out of turn at {span}")
            if name == "sum" and min(done["a"], done["b"]) <= span:
                trouble.append(f"sum too early at {span}")
            if name != "sum" and span >= done["sum"] + 3:
                trouble.append(f"{name} too far ahead at {span}")
            done[name] += 1

    sources = [Stage(partial(work, name)) for name in ("a", "b")]
    total = Stage(partial(work, "sum"), sources)
    with Relay([total, *sources], 0, 50, room=3, threads=threads) as relay:
        relay.wait(total, 49)
    assert done == {"a": 50, "b": 50, "sum": 50} and not trouble


def test_a_stage_outside_holds_the_others_back() -> None:
    first = Stage(lambda span: None)
    outside = Stage(None, [first])
    with Relay([first, outside], 4, 20, room=2, threads=2) as relay:
        for span in range(4, 20):
            relay.wait(first, span)
            assert first.done <= span + 2
            relay.advance(outside)
    assert first.done == 20


def test_what_a_stage_raises_is_raised_to_who_waits() -> None:
    def fail(span: int) -> None:
        if span == 2:
            raise ValueError("span 2")

    first = Stage(fail)
    with (
        pytest.raises(ValueError, match="span 2"),
        Relay([first], 0, 9, room=2, threads=2) as relay,
    ):
        relay.wait(first, 8)


def test_a_finished_relay_holds_nothing() -> None:
    class Sounds:
        def use(self, span: int) -> None:
            assert span >= 0

    held = Sounds()
    watch = weakref.ref(held)
    first = Stage(held.use)
    second = Stage(held.use, [first])
    gc.disable()
    try:
        with Relay([second, first], 0, 5, room=2, threads=2) as relay:
            relay.wait(second, 4)
        del held, first, second, relay
        assert watch() is None
    finally:
        gc.enable()
