"""What a start must not load: it is paid for by every command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LOADED = "import sys; print(*sorted(m for m in sys.modules))"


def loaded_after(statement: str) -> set[str]:
    """Modules that a fresh process holds after `statement`."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{statement}; {LOADED}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return set(done.stdout.split())


SCIPY = {"scipy.linalg", "scipy.special", "scipy.fft", "scipy.signal"}
RUN = """
import numpy as np, loopmind.dsp.fingerprint as f
print(f.fingerprint(np.arange(99.0)), file=__import__("sys").stderr)
"""


def test_kernels_are_declared_without_numba_and_load_without_scipy_linalg() -> None:
    declared = "from loopmind.dsp import filters; import loopmind.runtime.live.callback"
    assert not loaded_after(declared) & {"numba", "llvmlite"}
    modules = loaded_after(f"{declared}; filters.equalise.function")
    assert "numba" in modules
    assert not modules & SCIPY


def test_a_bank_of_kernels_does_without_numba(tmp_path: Path) -> None:
    from loopmind.dsp import bank, fingerprint

    code = fingerprint._stir
    piece = bank.piece_of(code.function)
    assert piece is not None
    file = tmp_path / "kernels"
    file.write_bytes(bank.packed({code.key: piece}))
    assert bank.merged([bank.Bank(file.read_bytes())]) == file.read_bytes()

    def printed(loading: str) -> tuple[str, bool]:
        done = subprocess.run(
            [sys.executable, "-c", f"{loading}\n{RUN}\n{LOADED}"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stderr.strip(), "numba" in done.stdout.split()

    load = "from loopmind.dsp.bank import load_bank; from pathlib import Path; "
    plain, _ = printed("")
    assert printed(f"{load} assert load_bank(Path({str(file)!r}))") == (plain, False)
    whole = file.read_bytes()
    for damage in (b"", b"LMKERNEL{", whole[:40], whole[:-1], b"x" * 99):
        file.write_bytes(damage)
        assert printed(f"{load} assert not load_bank(Path({str(file)!r}))") == (plain, True)


def test_a_bank_for_another_processor_is_left_alone(tmp_path: Path) -> None:
    from loopmind.dsp import bank

    line, _, codes = bank.packed({"one": ("symbol", b"code")}).partition(b"\n")
    head = json.loads(line.removeprefix(b"LMKERNEL"))
    head["for"][2] = "another"
    other = bank.Bank(b"LMKERNEL" + json.dumps(head).encode() + b"\n" + codes)
    assert other.pieces == {"one": ("symbol", b"code")}
    assert other.address("one") == 0


def test_a_warm_song_loads_no_compiler(tmp_path: Path) -> None:
    """What the songs of a known library need: none of it compiles, edits or arranges."""
    modules = loaded_after(
        "from loopmind.runtime.generate import song_graph, song_session, make_song; song_graph({})"
    )
    slow = {"numba", "llvmlite", "torch", "librosa", "matplotlib", "yaml", *SCIPY}
    assert not modules & slow
    assert not modules & {f"loopmind.compose.{name}" for name in ("arrange", "editing")}


@pytest.mark.slow
def test_a_kernel_that_needs_blas_still_gets_it() -> None:
    # In a process of its own: BLAS is looked for once, when numba starts.
    modules = loaded_after(
        "from loopmind.dsp.kernel import numba as started; import numpy as np; numba = started(); "
        "f = numba.njit(lambda a: (np.dot(a, a), np.corrcoef(a))); "
        "assert f(np.eye(2))[0].sum() == 2.0"
    )
    assert "scipy.linalg.cython_blas" in modules
