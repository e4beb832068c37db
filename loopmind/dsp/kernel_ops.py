"""What numba makes of the pointers in kernels, as LLVM instructions; kernels import `kernel`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.core.typing.templates import signature
from numba.extending import intrinsic as numba_intrinsic

FLOATS = types.CPointer(types.float32)
DOUBLES = types.CPointer(types.float64)


def intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that writes its own LLVM instructions."""
    return cast(Callable[..., Any], numba_intrinsic(function))


@intrinsic
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
    @intrinsic
    def at(typing_context: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(target))

        return signature(target, types.int64), codegen

    return at


@intrinsic
def as_floats(typing_context: Any, words: Any) -> Any:
    """A kernel's float64 words seen as float32: two a word."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType().as_pointer())

    return signature(FLOATS, DOUBLES), codegen


floats_at = _pointer_cast(FLOATS)
doubles_at = _pointer_cast(DOUBLES)
words_at = _pointer_cast(types.CPointer(types.int64))
