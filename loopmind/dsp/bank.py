"""The bank: machine code of kernels from an earlier run, ready to be called without numba.

Importing numba takes longer than all else that a warm start does, only to find that everything is
compiled already. A bank holds what numba compiled, as object code in one file; LLVM's linker loads
a kernel of it in well under a millisecond. What numba adds for errors that kernels never raise
leads nowhere there.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_MAGIC = b"LMKERNEL"
_NUMBAS_OWN = (
    "numba_gil_ensure", "numba_gil_release", "numba_unpickle", "numba_do_raise",
    "numba_runtime_build_excinfo_struct", "NRT_Free",
)  # fmt: skip
_RUNTIME = re.compile(rb"(?:numba|NRT)_[A-Za-z0-9_]+")
_NOWHERE = """
declare void @llvm.trap()
define void @loopmind_nowhere() {
    call void @llvm.trap()
    unreachable
}
"""
Piece = tuple[str, bytes]
"""A symbol, and the object code that defines it."""


def packed(pieces: Mapping[str, Piece]) -> bytes:
    """A bank file of `pieces` by key: a line of JSON, then the object codes."""
    table, at = {}, 0
    for key, (symbol, code) in pieces.items():
        table[key] = [symbol, at, len(code)]
        at += len(code)
    head = {"for": _this_machine(), "pieces": table}
    line = json.dumps(head, sort_keys=True).encode() + b"\n"
    return b"".join([_MAGIC, line, *(code for _, code in pieces.values())])


def merged(banks: Iterable[Bank]) -> bytes:
    """One bank file of all that `banks` hold."""
    return packed({key: piece for bank in banks for key, piece in bank.pieces.items()})


class Bank:
    """The pieces of one file. Raises ValueError where it is none, or is for another processor."""

    def __init__(self, data: bytes) -> None:
        line, _, self._codes = data.partition(b"\n")
        if not line.startswith(_MAGIC):
            raise ValueError("this is no bank of kernels")
        head = json.loads(line[len(_MAGIC) :])
        self._table: dict[str, tuple[str, int, int]] = head["pieces"]
        self._for = head["for"]
        if len(self._codes) != max((at + size for _, at, size in self._table.values()), default=0):
            raise ValueError("this bank of kernels was cut off")
        self._engine: Any = None
        self._lock = threading.Lock()

    @property
    def pieces(self) -> dict[str, Piece]:
        """All that it holds, by key."""
        return {
            key: (symbol, self._codes[at : at + size])
            for key, (symbol, at, size) in self._table.items()
        }

    def address(self, key: str) -> int:
        """Where the code called `key` lies, 0 where the bank lacks it."""
        if key not in self._table:
            return 0
        with self._lock:
            if self._engine is None:
                if self._for != _this_machine():
                    self._table = {}
                    return 0
                self._engine = _new_engine()
            from llvmlite.binding import ObjectFileRef

            symbol, at, size = self._table[key]
            self._engine.add_object_file(ObjectFileRef.from_data(self._codes[at : at + size]))
            self._engine.finalize_object()
            return int(self._engine.get_function_address(symbol))


def load_bank(file: Path) -> bool:
    """Let kernels be taken from `file` from now on; False where it holds none for us."""
    try:
        bank = Bank(file.read_bytes())
    except (OSError, ValueError, KeyError):  # compiled without one, or damaged: numba has it all
        return False
    if file not in _loaded:
        _loaded[file] = bank
    return True


def known_address(key: str) -> int:
    """The address of the machine code called `key`, 0 where no loaded bank has it."""
    for bank in _loaded.values():
        found = bank.address(key)
        if found:
            return found
    return 0


def piece_of(compiled: Any) -> Piece | None:
    """The piece that numba's cache holds of the cfunc `compiled`, None where it cannot be used."""
    cache = compiled._cache
    try:
        context = compiled._targetdescr.target_context
        held = cache._cache_file.load(cache._index_key(compiled._sig, context.codegen()))
    except (AttributeError, TypeError):  # another numba, which keeps it elsewhere
        return None
    code = _object_code(held)
    if code is None or any(name.decode() not in _NUMBAS_OWN for name in _RUNTIME.findall(code)):
        return None  # it would call what only numba has
    return compiled.native_name, code


def _object_code(held: Any) -> bytes | None:
    """The object code somewhere in what numba pickled: (name, "object", (code, bitcode))."""
    if isinstance(held, tuple):
        if len(held) == 3 and held[1] == "object":
            return bytes(held[2][0])
        for part in held:
            found = _object_code(part)
            if found is not None:
                return found
    return None


_loaded: dict[Path, Bank] = {}


def _this_machine() -> list[str]:
    """What machine code depends on."""
    from llvmlite import binding

    features = binding.get_host_cpu_features().flatten()
    return [sys.platform, binding.get_process_triple(), binding.get_host_cpu_name(), features]


def _new_engine() -> Any:
    """A linker for object code."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_triple(binding.get_process_triple()).create_target_machine()
    engine = binding.create_mcjit_compiler(binding.parse_assembly(_NOWHERE), machine)
    engine.finalize_object()
    nowhere = engine.get_function_address("loopmind_nowhere")
    for name in _NUMBAS_OWN:
        if binding.address_of_symbol(name) is None:
            binding.add_symbol(name, nowhere)
    return engine
