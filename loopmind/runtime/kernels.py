"""First start: all kernels are compiled side by side, with progress; later ones load them.

What was compiled is kept as one file, a bank: with it a later start does not even load numba.
"""

from __future__ import annotations

import hashlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from loopmind.dsp.bank import Bank, load_bank, merged
from loopmind.dsp.starting import numba_version
from loopmind.errors import CancelledError, LoopMindError
from loopmind.files.atomic import OutputError, atomic_write
from loopmind.files.places import default_cache

KERNEL_MODULES = (
    "loopmind.dsp.filters",
    "loopmind.dsp.reverb",
    "loopmind.analysis.pitch",
    "loopmind.dsp.loudness",
    "loopmind.dsp.levels",
    "loopmind.dsp.strip",
    "loopmind.dsp.limiter",
    "loopmind.dsp.player",
    "loopmind.dsp.dynamics",
    "loopmind.analysis.mel",
    "loopmind.analysis.features",
    "loopmind.analysis.onsets",
    "loopmind.analysis.metre",
    "loopmind.analysis.beats",
    "loopmind.dsp.saturation",
    "loopmind.runtime.program",
    "loopmind.runtime.mastering",
    "loopmind.dsp.fingerprint",
)
"""Modules that compile kernels when they are imported, the slowest first."""

LIVE_MODULES = (
    "loopmind.runtime.live.callback",
    "loopmind.dsp.effects.modulation",
    "loopmind.dsp.effects.dynamics",
    "loopmind.dsp.effects.equaliser",
    "loopmind.dsp.effects.echo",
    "loopmind.dsp.effects.tape_stop",
    "loopmind.dsp.effects.tremolo",
    "loopmind.dsp.effects.stutter",
    "loopmind.dsp.effects.crusher",
    "loopmind.dsp.effects.total",
    "loopmind.dsp.effects.pan",
    "loopmind.dsp.effects.sampler",
    "loopmind.dsp.effects.meter",
    "loopmind.dsp.effects.metronome",
    "loopmind.dsp.effects.opening",
    "loopmind.dsp.effects.sends",
    "loopmind.dsp.effects.gain",
    "loopmind.dsp.effects.feedback",
    "loopmind.dsp.effects.outside",
    "loopmind.dsp.effects.stream_file",
    "loopmind.dsp.effects.wait",
)
"""The same for what only playing needs; compiled when something is first played."""

VOICE_MODULES = ("loopmind.analysis.voice", "loopmind.analysis.notes")
"""The same for hearing a hummed melody; compiled with the first one."""

_NAME, _SUFFIX = "loopmind-", ".compiled"
_BANKS_KEPT = 12  # those of earlier sources are of no use any more
_PACKAGE = Path(__file__).resolve().parent.parent
_CHILD = """
import contextlib, importlib, os, sys
from loopmind.dsp.bank import packed
from loopmind.dsp.kernel import compile_declared
pieces = {}
for name in sys.argv[2:]:
    importlib.import_module(name)
    pieces |= compile_declared()
    print(name, flush=True)
try:
    with open(sys.argv[1], "wb") as file:
        file.write(packed(pieces))
except OSError:
    with contextlib.suppress(OSError):
        os.unlink(sys.argv[1])
"""


class KernelError(LoopMindError):
    """Kernels could not be compiled; `details` holds what the compiler said."""

    def __init__(self, details: str) -> None:
        last = details.strip().splitlines()[-1] if details.strip() else "no message"
        super().__init__(
            f"the audio kernels could not be compiled ({last}); reinstall numba and llvmlite, "
            "or clear numba's cache folders (__pycache__)"
        )
        self.details = details


def is_warm(modules: Sequence[str] = KERNEL_MODULES) -> bool:
    """Were these modules compiled on this machine before, from the same sources?"""
    return _stamp(modules).exists()


def warm_up(
    progress: Callable[[int, int, str], None] | None = None,
    *,
    modules: Sequence[str] = KERNEL_MODULES,
    workers: int | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> bool:
    """Compile the kernels of `modules` into numba's disk cache; True if there was work to do.

    numba compiles under one lock, so each worker is a process of its own (two by default, or as
    many as there are processors). progress(done, total, module). Nothing is imported here. From
    then on kernels are taken from the bank.

    Raises KernelError if a module fails, CancelledError when `cancelled()` turns true.
    """
    stamp = _stamp(modules)
    if stamp.exists():
        load_bank(stamp)
        return False
    stamp.parent.mkdir(parents=True, exist_ok=True)
    workers = max(1, min(workers or os.cpu_count() or 1, 4, len(modules)))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p or "." for p in sys.path)}
    said: queue.Queue[str | None] = queue.Queue()
    children: list[subprocess.Popen[str]] = []
    errors: list[str] = []
    parts = [stamp.with_suffix(f".{os.getpid()}-{worker}") for worker in range(workers)]
    banks: list[Bank] = []

    def listen(child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None
        for line in child.stdout:
            said.put(line.strip())
        said.put(None)

    def complain(child: subprocess.Popen[str]) -> None:
        assert child.stderr is not None
        errors.append(child.stderr.read())

    threads: list[threading.Thread] = []
    leaving_early = True
    try:
        for worker in range(workers):
            child = subprocess.Popen(
                [sys.executable, "-c", _CHILD, str(parts[worker]), *modules[worker::workers]],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
            )
            children.append(child)
            for work in (listen, complain):
                threads.append(threading.Thread(target=work, args=(child,), daemon=True))
                threads[-1].start()
        done, running = 0, workers
        while running:
            if cancelled is not None and cancelled():
                raise CancelledError("cancelled")
            try:
                line = said.get(timeout=0.1)
            except queue.Empty:
                continue
            if line is None:
                running -= 1
                continue
            done += 1
            if progress is not None:
                progress(done, len(modules), line)
        leaving_early = False
    finally:
        for child in children:
            # Still alive only if we leave early: after the loop all have closed their output.
            if leaving_early:
                child.kill()
            child.wait()
        for thread in threads:
            thread.join()
        for child in children:
            for pipe in (child.stdout, child.stderr):
                if pipe is not None:
                    pipe.close()
        for part in parts:
            if part.exists():
                banks.append(Bank(part.read_bytes()))
                part.unlink()
    if any(child.returncode != 0 for child in children):
        raise KernelError("\n".join(errors))
    # Where the disk is full numba has all that fits, and the next start tries again.
    if len(banks) == workers:
        with suppress(OutputError):
            atomic_write(stamp, merged(banks))
    for old in sorted(stamp.parent.glob(f"{_NAME}*{_SUFFIX}"), key=_age)[_BANKS_KEPT:]:
        with suppress(OSError):
            old.unlink()
    load_bank(stamp)
    return True


def _stamp(modules: Sequence[str]) -> Path:
    """A file whose name stands for these sources, this Python, numba and machine."""
    digest = hashlib.blake2b(digest_size=12)
    digest.update(repr((sys.version, numba_version(), tuple(modules), str(_PACKAGE))).encode())
    for folder in ("dsp", "runtime", "analysis"):
        for path in sorted((_PACKAGE / folder).rglob("*.py")):
            seen = path.stat()
            digest.update(repr((str(path), seen.st_size, seen.st_mtime_ns)).encode())
    return _stamp_folder() / f"{_NAME}{digest.hexdigest()}{_SUFFIX}"


def _age(stamp: Path) -> float:
    try:
        return -stamp.stat().st_mtime
    except OSError:  # another process has removed it
        return 0.0


def _stamp_folder() -> Path:
    """Beside numba's own cache, so that clearing the one clears the other, where that can be."""
    numba_folder = os.environ.get("NUMBA_CACHE_DIR")
    if numba_folder:
        return Path(numba_folder)
    beside = _PACKAGE / "__pycache__"
    if os.access(beside if beside.is_dir() else _PACKAGE, os.W_OK):
        return beside
    return default_cache() / "kernels"
