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
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import cfunc, njit, types
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from loopmind.dsp.starting import start_numba

start_numba()

FLOATS = types.CPointer(types.float32)
DOUBLES = types.CPointer(types.float64)
BLOCKS = types.CPointer(FLOATS)
SIGNATURE = types.void(BLOCKS, BLOCKS, DOUBLES, DOUBLES, types.int64, types.int64)

TINY = 1e-30
"""Added to what enters a recursion: states settle here instead of in slow denormal numbers."""

FLOOR = 1e-15
"""Levels below this (-300 dB) leave a channel strip as exact silence."""


class Kernel:
    """A stream kernel: its name, its address once compiled, and whether programs may round it.

    `function` is kept so that the machine code stays alive. forgets: its state is all float64
    and forgets the past, so that programs may round it (see run_program); a number: so many words
    at its start are. later: it is compiled (or loaded) when its address is first asked for, not
    when it is declared.
    """

    def __init__(
        self, function: Callable[..., None], forgets: bool | int = False, later: bool = False
    ) -> None:
        self._plain = function
        self._compiled: Any = None
        self.forgets = forgets
        self.name: str = function.__name__
        if not later:
            self.address  # noqa: B018 - now

    @property
    def function(self) -> Any:
        """The numba cfunc."""
        if self._compiled is None:
            self._compiled = cfunc(SIGNATURE, cache=True)(self._plain)
        return self._compiled

    @property
    def address(self) -> int:
        """Where the machine code begins."""
        return int(self.function.address)

    def __repr__(self) -> str:
        return f"Kernel({self.name})"


def kernel(
    function: Callable[..., None], *, forgets: bool | int = False, later: bool = False
) -> Kernel:
    """`function` as a stream kernel, compiled or loaded from numba's disk cache.

    later: not before a program needs it, so that listing a plugin's nodes compiles nothing.
    """
    return Kernel(function, forgets, later)


def emitted(function: Callable[..., Any]) -> Callable[..., Any]:
    """numba's `intrinsic`: a function that writes its own LLVM instructions."""
    return cast(Callable[..., Any], intrinsic(function))


@emitted
def call_kernel(
    typing_context: Any,
    address: Any,
    inputs: Any,
    outputs: Any,
    state: Any,
    params: Any,
    start: Any,
    frames: Any,
) -> Any:
    """Call the kernel at `address`; all arguments are int64, pointers as their addresses."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        word = ir.IntType(64)
        float_pointer = ir.FloatType().as_pointer()
        double_pointer = ir.DoubleType().as_pointer()
        block_pointer = float_pointer.as_pointer()
        kinds = [block_pointer, block_pointer, double_pointer, double_pointer]
        prototype = ir.FunctionType(ir.VoidType(), [*kinds, word, word])
        target = builder.inttoptr(args[0], prototype.as_pointer())
        pointers = [
            builder.inttoptr(value, kind) for value, kind in zip(args[1:5], kinds, strict=True)
        ]
        builder.call(target, [*pointers, args[5], args[6]])
        return context.get_dummy_value()

    return signature(types.void, *([types.int64] * 7)), codegen


def _pointer_cast(target: Any) -> Any:
    @emitted
    def at(typing_context: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(target))

        return signature(target, types.int64), codegen

    return at


@emitted
def as_floats(typing_context: Any, words: Any) -> Any:
    """A kernel's float64 words seen as float32: two a word."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType().as_pointer())

    return signature(FLOATS, DOUBLES), codegen


floats_at = _pointer_cast(FLOATS)
doubles_at = _pointer_cast(DOUBLES)
words_at = _pointer_cast(types.CPointer(types.int64))


def compiled(*signatures: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`njit` with explicit signatures, cached on disk, without the interpreter's lock."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        jitted = njit(list(signatures), cache=True, nogil=True, error_model="numpy")(function)
        return cast(Callable[..., Any], jitted)

    return decorate
