"""What a start must not load: it is paid for by every command."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOADED = "import sys; print(*sorted(m for m in sys.modules))"


def loaded_after(statement: str) -> set[str]:
    """Modules that a fresh process holds after `statement`."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{statement}; {LOADED}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return set(done.stdout.split())


def test_kernels_load_without_scipy_linalg() -> None:
    modules = loaded_after("import loopmind.dsp.filters")
    assert "numba" in modules
    assert not modules & {"scipy.linalg", "scipy.special", "scipy.fft", "scipy.signal"}


@pytest.mark.slow
def test_a_kernel_that_needs_blas_still_gets_it() -> None:
    # In a process of its own: BLAS is looked for once, when numba starts.
    modules = loaded_after(
        "import loopmind.dsp.kernel, numba, numpy as np; "
        "f = numba.njit(lambda a: (np.dot(a, a), np.corrcoef(a))); "
        "assert f(np.eye(2))[0].sum() == 2.0"
    )
    assert "scipy.linalg.cython_blas" in modules
