"""What numba makes of atomic access to words and of clocks, as LLVM instructions; see `atomics`."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.typing.templates import signature

from loopmind.dsp.kernel_ops import intrinsic


@intrinsic
def load_word(typing_context: Any, address: Any) -> Any:
    """The int64 at `address`; nothing that follows is read before it."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
        return builder.load_atomic(pointer, "acquire", 8)

    return signature(types.int64, types.int64), codegen


@intrinsic
def store_word(typing_context: Any, address: Any, value: Any) -> Any:
    """Write `value` to `address`; whoever sees it also sees all that was written before."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
        builder.store_atomic(args[1], pointer, "release", 8)
        return context.get_dummy_value()

    return signature(types.void, types.int64, types.int64), codegen


@intrinsic
def swap_word(typing_context: Any, address: Any, value: Any) -> Any:
    """Put `value` at `address` and give what was there, in one step."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
        return builder.atomic_rmw("xchg", pointer, args[1], "acq_rel")

    return signature(types.int64, types.int64, types.int64), codegen


@intrinsic
def call_clock(typing_context: Any, address: Any, clock: Any, place: Any) -> Any:
    """Call C's clock_gettime at `address`: two words at `place`, seconds and nanoseconds."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        number, pointer = ir.IntType(32), ir.IntType(8).as_pointer()
        prototype = ir.FunctionType(number, [number, pointer])
        target = builder.inttoptr(args[0], prototype.as_pointer())
        which = builder.trunc(args[1], number)
        builder.call(target, [which, builder.inttoptr(args[2], pointer)])
        return context.get_dummy_value()

    return signature(types.void, types.int64, types.int64, types.int64), codegen


@intrinsic
def bits_at(typing_context: Any, address: Any) -> Any:
    """The 32-bit patterns of the floats at `address`."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], ir.IntType(32).as_pointer())

    return signature(types.CPointer(types.int32), types.int64), codegen
