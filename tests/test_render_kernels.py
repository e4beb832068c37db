"""Warming up: compiled in other processes, once, with progress; failures and cancelling."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopmind.errors import CancelledError
from loopmind.runtime.kernels import (
    KERNEL_MODULES,
    LIVE_MODULES,
    VOICE_MODULES,
    KernelError,
    is_warm,
    warm_up,
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The note that kernels are compiled lies beside numba's cache; each test has its own."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))


_FEW = ("loopmind.music.key", "loopmind.music.song", "loopmind.music.mix")


def test_warm_up_is_done_once_and_tells() -> None:
    seen: list[tuple[int, int, str]] = []
    assert not is_warm(_FEW)
    assert warm_up(lambda *step: seen.append(step), modules=_FEW, workers=2)
    assert [done for done, _, _ in seen] == [1, 2, 3]
    assert {name for _, _, name in seen} == set(_FEW)
    assert is_warm(_FEW)
    assert not warm_up(modules=_FEW)


def test_failure_is_one_line_with_a_remedy() -> None:
    with pytest.raises(KernelError, match="reinstall numba"):
        warm_up(modules=("loopmind.no_such_module",))
    assert not is_warm(("loopmind.no_such_module",))


def test_cancelling_stops_the_children() -> None:
    with pytest.raises(CancelledError):
        warm_up(modules=_FEW, cancelled=lambda: True)


def test_every_module_with_kernels_is_listed() -> None:
    package = Path(__file__).parent.parent / "loopmind"
    listed = {*KERNEL_MODULES, *LIVE_MODULES, *VOICE_MODULES}
    for folder in ("analysis", "dsp", "runtime"):
        for path in (package / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if any(mark in text for mark in ("= kernel(_", '\n@njit("', "Unit(kernel(")):
                name = ".".join(path.relative_to(package.parent).with_suffix("").parts)
                assert name in listed, name
