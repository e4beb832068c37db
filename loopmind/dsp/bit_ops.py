"""What numba makes of bit fields and of whole numbers in lanes; kernels import `bits`.

Nothing here reaches Python.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.core.typing.templates import signature

from loopmind.dsp.kernel_ops import _pointer_cast, intrinsic
from loopmind.dsp.lane_ops import lanes8

_WORD = ir.IntType(64)
_EIGHT = ir.VectorType(ir.IntType(32), 8)
_LANES = ir.VectorType(ir.DoubleType(), 8)

bytes_at = _pointer_cast(types.CPointer(types.uint8))
integers_at = _pointer_cast(types.CPointer(types.int32))


@intrinsic
def bits_at(typing_context: Any, address: Any, bit: Any) -> Any:
    """The 57 bits or more from bit `bit` behind `address` on, first bit highest; then zeros."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        start = builder.add(args[0], builder.lshr(args[1], _WORD(3)))
        word = builder.load(builder.inttoptr(start, _WORD.as_pointer()), align=1)
        swap = builder.module.declare_intrinsic("llvm.bswap", [_WORD])
        return builder.shl(builder.call(swap, [word]), builder.and_(args[1], _WORD(7)))

    return signature(types.int64, types.int64, types.int64), codegen


@intrinsic
def leading_zeros(typing_context: Any, word: Any) -> Any:
    """How many of the highest bits are zero: 64 of 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.IntType(1)(0))

    return signature(types.int64, types.int64), codegen


@intrinsic
def bits_up(typing_context: Any, word: Any, count: Any) -> Any:
    """`word` moved up by `count` bits, of which only the lowest six count."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.shl(args[0], builder.and_(args[1], _WORD(63)))

    return signature(types.int64, types.int64, types.int64), codegen


@intrinsic
def bits_down(typing_context: Any, word: Any, count: Any) -> Any:
    """`word` moved down by `count` bits (only the lowest six count), with zeros from above."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.lshr(args[0], builder.and_(args[1], _WORD(63)))

    return signature(types.int64, types.int64, types.int64), codegen


@intrinsic
def load8_integers(typing_context: Any, pointer: Any, index: Any) -> Any:
    """Eight neighbouring int32 as lanes of float64."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        where = builder.bitcast(builder.gep(args[0], [args[1]]), _EIGHT.as_pointer())
        return builder.sitofp(builder.load(where, align=4), _LANES)

    return signature(lanes8, types.CPointer(types.int32), types.int64), codegen


@intrinsic
def store8_integers(typing_context: Any, pointer: Any, index: Any, value: Any) -> Any:
    """Eight lanes, whole numbers, written as neighbouring int32."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        where = builder.bitcast(builder.gep(args[0], [args[1]]), _EIGHT.as_pointer())
        builder.store(builder.fptosi(args[2], _EIGHT), where, align=4)
        return context.get_dummy_value()

    return signature(types.void, types.CPointer(types.int32), types.int64, lanes8), codegen


@intrinsic
def load8_widened(typing_context: Any, pointer: Any, index: Any) -> Any:
    """Eight neighbouring float32 as lanes of float64."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        eight = ir.VectorType(ir.FloatType(), 8)
        where = builder.bitcast(builder.gep(args[0], [args[1]]), eight.as_pointer())
        return builder.fpext(builder.load(where, align=4), _LANES)

    return signature(lanes8, types.CPointer(types.float32), types.int64), codegen


@intrinsic
def store8_narrowed(typing_context: Any, pointer: Any, index: Any, value: Any) -> Any:
    """Eight lanes, rounded to neighbouring float32."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        eight = ir.VectorType(ir.FloatType(), 8)
        where = builder.bitcast(builder.gep(args[0], [args[1]]), eight.as_pointer())
        builder.store(builder.fptrunc(args[2], eight), where, align=4)
        return context.get_dummy_value()

    return signature(types.void, types.CPointer(types.float32), types.int64, lanes8), codegen


@intrinsic
def floor8(typing_context: Any, value: Any) -> Any:
    """Per lane the largest whole number that is not above."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = ir.FunctionType(_LANES, [_LANES])
        floor = get_or_insert_function(builder.module, kind, "llvm.floor.v8f64")
        return builder.call(floor, [args[0]])

    return signature(lanes8, lanes8), codegen
