"""What all tests share: a home of their own, and the real loops where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent

# One thread each for the numeric libraries: the tests share few cores, and sums stay the same.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """LOOPMIND_HOME in a folder of its own for each test, so that no user library is touched."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("LOOPMIND_HOME", str(home))
    return home


@pytest.fixture
def by_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The assistant reads by its rules alone: what they are tested for holds whatever the
    translator has learned. Both together are tested on the phrase banks."""
    monkeypatch.setattr("loopmind.assistant.settling.translator", lambda: None)


@pytest.fixture(scope="session")
def real_loops() -> Path:
    """The folder of real loops with its labels.csv, beside the checkout; skips where absent.

    LOOPMIND_REAL_LOOPS names another place.
    """
    place = os.environ.get("LOOPMIND_REAL_LOOPS")
    folder = Path(place) if place else CHECKOUT.parent / "shared" / "data" / "loops"
    if not (folder / "labels.csv").is_file():
        pytest.skip(f"the real loops are not at hand: {folder} has no labels.csv")
    return folder
