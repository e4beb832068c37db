"""One suite over both stores, and what only the disk must bear: damage, limits, other processes."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopmind.files.atomic import atomic_path
from loopmind.music.audio import Audio
from loopmind.runtime.cache import DiskCache, MemoryCache, Store


def audio(frames: int, value: float = 0.25) -> Audio:
    return Audio(np.full((1, frames), value, np.float32), 8000)


def put(store: Store, key: str, frames: int = 10, value: float = 0.25) -> None:
    store.put(key, {"out": audio(frames, value)}, {"out": "audio"})


Make = Callable[[int], Store]
SLOW = [HealthCheck.too_slow]  # a busy machine is no failure


@pytest.fixture(params=["memory", "disk"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    if request.param == "memory":
        return MemoryCache
    return lambda limit: DiskCache(tmp_path / "cache", limit)


def test_what_is_put_is_got(make: Make) -> None:
    store = make(1 << 20)
    assert not store.has("aa") and store.get("aa") is None
    outputs = {"sound": audio(5), "count": 3, "names": ("a", "é")}
    store.put("aa", outputs, {"sound": "audio", "count": "integer", "names": "text[]"})
    assert store.has("aa")
    assert store.get("aa") == outputs
    store.put("aa", {"sound": audio(6)}, {"sound": "audio"})
    assert store.get("aa") == {"sound": audio(6)}
    store.put("bb", {}, {})
    assert store.get("bb") == {}


def test_what_was_not_used_for_longest_goes_first(make: Make, tmp_path: Path) -> None:
    store = make(100_000)
    for i in range(20):
        put(store, f"{i:02}", frames=2000)
        for file in tmp_path.rglob(f"{i:02}.lmv"):  # file times may be coarse
            os.utime(file, (i, i))
        store.get("00")
    assert store.has("00") and store.has("19")
    assert not store.has("01")
    assert sum(store.has(f"{i:02}") for i in range(20)) >= 8


def test_what_is_larger_than_the_limit_is_not_kept(make: Make) -> None:
    store = make(1000)
    put(store, "aa", frames=10_000)
    assert not store.has("aa")


@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
def test_a_damaged_entry_is_a_miss_and_is_told(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    told: list[str] = []
    store = DiskCache(tmp_path_factory.mktemp("cache"), report=told.append)
    put(store, "aa")
    file = next(store.folder.rglob("*.lmv"))
    whole = bytearray(file.read_bytes())
    if data.draw(st.booleans()):
        file.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    else:
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] ^= data.draw(st.integers(1, 255))
        file.write_bytes(whole)
    assert store.get("aa") is None
    assert len(told) == 1 and "damaged" in told[0]
    assert not file.exists()
    put(store, "aa")
    assert store.get("aa") == {"out": audio(10)}


class Bomb:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return pytest.fail, ("a store unpickled",)


def test_a_store_never_unpickles(tmp_path: Path) -> None:
    store = DiskCache(tmp_path)
    put(store, "aa")
    next(tmp_path.rglob("*.lmv")).write_bytes(pickle.dumps(Bomb()))
    assert store.get("aa") is None


def test_a_place_that_cannot_be_written_is_told_and_borne(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    told: list[str] = []
    store = DiskCache(tmp_path / "file", report=told.append)
    put(store, "aa")
    assert store.get("aa") is None and len(told) == 1


def test_what_another_process_is_writing_is_no_entry(tmp_path: Path) -> None:
    store = DiskCache(tmp_path, 60_000)
    with atomic_path(tmp_path / "aa" / "aa.lmv") as temporary:
        temporary.write_bytes(b"x" * 50_000)
        assert store.size_bytes() == 0
        put(store, "bb", frames=6000)
        put(store, "cc", frames=6000)
        assert temporary.is_file()
        store.clear()
        assert temporary.is_file()
        os.utime(temporary, (0, 0))  # left behind by one that was killed long ago
        store.clear()
        assert not temporary.exists()
        temporary.write_bytes(b"x")


def hammer(folder: str, worker: int) -> None:
    """Write and read the same few keys over and over, in a store that is always too small."""
    told: list[str] = []
    store = DiskCache(folder, 60_000, told.append)
    for i in range(40):
        key = f"{(i * 7 + worker) % 9:02}"
        put(store, key, frames=2000, value=float(key))
        found = store.get(key)
        assert found is None or found["out"] == audio(2000, float(key))
    assert not told, told


def test_several_processes_share_a_store(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=hammer, args=(str(tmp_path), i)) for i in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    store = DiskCache(tmp_path, 60_000)
    put(store, "zz", frames=2000)
    assert store.size_bytes() <= 60_000
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".lmv"]
