"""The one signature of all stream kernels, and how a kernel is declared and called by address.

A kernel is a numba cfunc

    kernel(inputs, outputs, state, params, start, frames)

- inputs, outputs: pointers to stereo float32 blocks, interleaved (left, right), `frames` long.
  A gang kernel serves four stereo blocks at once; unused places hold a silent block and a
  block that nobody reads.
- state: float64 words that the kernel alone writes. All zero means freshly started.
- params: float64 words that the kernel only reads; addresses of tables are stored in them as
  whole numbers (exact below 2**53).
- start: absolute frame of the block's first frame in the song. Whatever changes over time is a
  function of absolute frames or is advanced frame by frame, never block by block: the samples
  are the same at any block size.

Kernels never allocate, lock, raise or call Python, and treat input that is not finite as silence.

Declaring one compiles nothing and imports no numba: its machine code is taken from the bank of an
earlier run, or compiled, when it is first needed (`compile_declared` does all at once).
"""

from __future__ import annotations

import ctypes
import re
import threading
import weakref
from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import Any, cast

from loopmind.dsp.bank import Piece, known_address, piece_of
from loopmind.dsp.starting import start_numba

FLOATS = "CPointer(float32)"
DOUBLES = "CPointer(float64)"
BLOCKS = f"CPointer({FLOATS})"
SIGNATURE = f"void({BLOCKS}, {BLOCKS}, {DOUBLES}, {DOUBLES}, int64, int64)"
"""numba's words for the signature of a kernel."""

TINY = 1e-30
"""Added to what enters a recursion: states settle here instead of in slow denormal numbers."""

FLOOR = 1e-15
"""Levels below this (-300 dB) leave a channel strip as exact silence."""

# Dividing by zero gives what IEEE says: nothing in a kernel raises.
_OPTIONS = {"cache": True, "error_model": "numpy"}
_C_TYPES: dict[str, Any] = {
    "void": None, "boolean": ctypes.c_bool, "int32": ctypes.c_int32, "int64": ctypes.c_int64,
    "uint64": ctypes.c_uint64, "float64": ctypes.c_double,
}  # fmt: skip


def numba() -> Any:
    """The numba module, started without what kernels don't need and taught what they do."""
    start_numba()
    module = import_module("numba")
    # It looks for new instructions when it begins to compile, not while it does.
    for known in _emitted:
        known.real  # noqa: B018 - now
    return module


class MachineCode:
    """A function that C can call. signature: in numba's words, such as "void(int64, float64)"."""

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        self.signature = signature
        self.key = f"{function.__module__}.{function.__qualname__}"
        self._plain = function
        self._compiled: Any = None
        self._address = 0
        self._lock = threading.Lock()

    @property
    def function(self) -> Any:
        """The numba cfunc. It is kept, so that the machine code stays alive."""
        with self._lock:
            if self._compiled is None:
                self._compiled = numba().cfunc(self.signature, **_OPTIONS)(self._plain)
            return self._compiled

    @property
    def address(self) -> int:
        """Where the machine code begins."""
        if not self._address:
            found = 0 if self._compiled is not None else known_address(self.key)
            self._address = found or int(self.function.address)
        return self._address

    @cached_property
    def ctypes(self) -> Any:
        """The function as ctypes calls it, without the interpreter's lock."""
        match = re.fullmatch(r"(\w+)\((.*)\)", self.signature)
        assert match is not None
        kinds = [_C_TYPES.get(kind.strip(), ctypes.c_void_p) for kind in match[2].split(",")]
        return ctypes.CFUNCTYPE(_C_TYPES[match[1]], *kinds)(self.address)


class Kernel(MachineCode):
    """A stream kernel: its name, its address once needed, and whether programs may round it.

    forgets: its state is all float64 and forgets the past, so that programs may round it (see
    run_program); a number: so many words at its start are. later: it is not among those that
    `compile_declared` compiles.
    """

    def __init__(
        self, function: Callable[..., None], forgets: bool | int = False, later: bool = False
    ) -> None:
        super().__init__(function, SIGNATURE)
        self.forgets = forgets
        self.name: str = function.__name__
        if not later:
            declare(self)

    def __repr__(self) -> str:
        return f"Kernel({self.name})"


def kernel(
    function: Callable[..., None], *, forgets: bool | int = False, later: bool = False
) -> Kernel:
    """`function` as a stream kernel, compiled or loaded when a program needs it.

    later: not with all others either, so that listing a plugin's nodes compiles nothing.
    """
    return Kernel(function, forgets, later)


class _Known:
    """Something that numba knows by another object, which is made when numba meets it."""

    @property
    def _numba_type_(self) -> Any:
        from numba.core.registry import cpu_target

        return cpu_target.typing_context.resolve_value_type(self.real)

    @property
    def real(self) -> Any:
        raise NotImplementedError


class _Emitted(_Known):
    def __init__(self, place: str) -> None:
        self._place = place
        _emitted.append(self)

    @cached_property
    def real(self) -> Any:
        module, _, name = self._place.partition(":")
        return getattr(import_module(module), name)


class _Helper(_Known):
    def __init__(self, function: Callable[..., Any], signature: str | None, **options: Any) -> None:
        self.py_func, self._signature, self._options = function, signature, options

    @property
    def targetoptions(self) -> Any:  # numba asks the function itself whether it is inlined
        return self.real.targetoptions

    def __call__(self, *arguments: Any) -> Any:
        return self.py_func(*arguments)

    @cached_property
    def real(self) -> Any:
        signature = () if self._signature is None else (self._signature,)
        return numba().njit(*signature, **self._options)(self.py_func)


class _Compiled(_Helper, MachineCode):
    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        _Helper.__init__(self, function, signature, nogil=True, **_OPTIONS)
        MachineCode.__init__(self, function, signature)
        declare(self)

    def __call__(self, *arguments: int | float) -> Any:
        return self.ctypes(*arguments)


_emitted: list[_Emitted] = []


def emitted(place: str) -> Callable[..., Any]:
    """For kernels: the numba intrinsic at "module:name", which writes its own LLVM instructions."""
    return cast(Callable[..., Any], _Emitted(place))


def helper(
    signature: str | None = None, *, inline: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """For kernels: a function that they call. inline: as if written where it is called.

    Called from Python it is plain Python.
    """
    options = {"inline": "always"} if inline else _OPTIONS

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        return cast(Callable[..., Any], _Helper(function, signature, **options))

    return decorate


def compiled(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A function of numbers (arrays by their addresses) for kernels and for Python.

    Called from Python it runs without the interpreter's lock.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        return cast(Callable[..., Any], _Compiled(function, signature))

    return decorate


call_kernel = emitted("loopmind.dsp.kernel_ops:call_kernel")
as_floats = emitted("loopmind.dsp.kernel_ops:as_floats")
floats_at = emitted("loopmind.dsp.kernel_ops:floats_at")
doubles_at = emitted("loopmind.dsp.kernel_ops:doubles_at")
words_at = emitted("loopmind.dsp.kernel_ops:words_at")

_declared: list[weakref.ref[MachineCode]] = []


def declare(code: MachineCode) -> None:
    """Count `code` among what `compile_declared` compiles."""
    _declared.append(weakref.ref(code))


def compile_declared() -> dict[str, Piece]:
    """Compile what was declared since the last time, or load it from numba's cache.

    Gives the machine code for a bank.
    """
    pieces = {}
    while _declared:
        code = _declared.pop()()
        if code is not None and (piece := piece_of(code.function)) is not None:
            pieces[code.key] = piece
    return pieces
