"""Starting numba in half its time: before its first kernel it looks for SciPy's BLAS.

Importing `scipy.linalg` for that takes as long as numba itself, and LoopMind's kernels call no
BLAS. A kernel that does (a plugin's `np.dot`) still gets it: numba imports it when it is used.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType

_BLAS = "scipy.linalg.cython_blas"


def start_numba() -> None:
    """Load the part of numba that asks whether BLAS is there, and answer yes without loading it."""
    if _BLAS in sys.modules:
        return
    sys.modules[_BLAS] = ModuleType(_BLAS)
    try:
        with suppress(ImportError):  # a later numba may ask elsewhere, and then only starts slower
            importlib.import_module("numba.np.arraymath")
    finally:
        del sys.modules[_BLAS]


def numba_version() -> str:
    """What stands for the version of numba that is installed, without loading it."""
    found = importlib.util.find_spec("numba")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("numba is not installed; reinstall LoopMind")
    return (Path(found.origin).parent / "_version.py").read_text("utf-8")
