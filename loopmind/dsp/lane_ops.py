"""What numba makes of SIMD lanes, as types and LLVM instructions; kernels import `lanes`.

Nothing here reaches Python.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import models, register_model

from loopmind.dsp.kernel_ops import intrinsic
from loopmind.dsp.lanes import GANG

_DOUBLE = ir.DoubleType()
_FLOAT = ir.FloatType()
_INT64 = ir.IntType(64)
_INT32 = ir.IntType(32)


class LanesType(types.Type):  # type: ignore[misc]
    """The numba type of `count` float64 lanes, or float32 lanes if `single`."""

    def __init__(self, count: int, single: bool = False) -> None:
        self.count = count
        self.scalar = types.float32 if single else types.float64
        self.element = _FLOAT if single else _DOUBLE
        super().__init__(name=f"{'Singles' if single else 'Lanes'}{count}")


class MaskType(types.Type):  # type: ignore[misc]
    """The numba type of `count` truth values, one a lane."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(name=f"Mask{count}")


lanes4, lanes8 = LanesType(4), LanesType(8)
singles8 = LanesType(8, single=True)
_MASKS = {count: MaskType(count) for count in (4, 8)}
_ALL = (lanes4, lanes8, singles8)


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: LanesType) -> None:
        super().__init__(dmm, fe_type, ir.VectorType(fe_type.element, fe_type.count))


@register_model(MaskType)
class _MaskModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: MaskType) -> None:
        super().__init__(dmm, fe_type, ir.VectorType(ir.IntType(1), fe_type.count))


def _vector(builder: Any, value: Any, count: int) -> Any:
    """`value` in every lane."""
    one = builder.insert_element(
        ir.Constant(ir.VectorType(value.type, count), ir.Undefined), value, _INT32(0)
    )
    zeros = ir.Constant(ir.VectorType(_INT32, count), [0] * count)
    return builder.shuffle_vector(one, one, zeros)


def _register_binary(op: Any, emit: str, compare: str | None = None) -> None:
    """Teach numba one operator: lanes with lanes, and lanes with a float64 on either side."""

    class Template(AbstractTemplate):  # type: ignore[misc]
        key = op

        def generic(self, args: Any, kws: Any) -> Any:
            if len(args) != 2:
                return None
            for one, other in ((args[0], args[1]), (args[1], args[0])):
                if isinstance(one, LanesType) and (other == one or isinstance(other, types.Float)):
                    result = _MASKS[one.count] if compare else one
                    cast = [a if isinstance(a, LanesType) else one.scalar for a in args]
                    return signature(result, *cast)
            return None

    infer_global(op)(Template)
    for kind in _ALL:

        def lower(context: Any, builder: Any, sig: Any, args: Any, kind: Any = kind) -> Any:
            a, b = (
                x if isinstance(t, LanesType) else _vector(builder, x, kind.count)
                for x, t in zip(args, sig.args, strict=True)
            )
            if compare:
                return builder.fcmp_ordered(compare, a, b)
            return getattr(builder, emit)(a, b)

        for pair in ((kind, kind), (kind, kind.scalar), (kind.scalar, kind)):
            lower_builtin(op, *pair)(lower)


for _op, _emit in (
    (operator.add, "fadd"), (operator.iadd, "fadd"), (operator.sub, "fsub"),
    (operator.mul, "fmul"), (operator.imul, "fmul"), (operator.truediv, "fdiv"),
):  # fmt: skip
    _register_binary(_op, _emit)
for _op, _sign in (
    (operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">="),
):  # fmt: skip
    _register_binary(_op, "", _sign)


@intrinsic
def choose(typing_context: Any, mask: Any, yes: Any, no: Any) -> Any:
    """Per lane: `yes` where the mask holds, else `no`."""
    lanes = yes if isinstance(yes, LanesType) else no
    cast = [a if isinstance(a, LanesType) else lanes.scalar for a in (yes, no)]

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [
            x if isinstance(t, LanesType) else _vector(builder, x, lanes.count)
            for x, t in zip(args[1:], sig.args[1:], strict=True)
        ]
        return builder.select(args[0], *values)

    return signature(lanes, mask, *cast), codegen


@intrinsic
def splat8(typing_context: Any, value: Any) -> Any:
    """One float64 in all eight lanes."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _vector(builder, args[0], 8)

    return signature(lanes8, types.float64), codegen


@intrinsic
def splat4(typing_context: Any, value: Any) -> Any:
    """One float64 in all four lanes."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _vector(builder, args[0], 4)

    return signature(lanes4, types.float64), codegen


def _lane_pointer(builder: Any, pointer: Any, index: Any, kind: Any) -> Any:
    start = builder.gep(pointer, [index])
    return builder.bitcast(start, ir.VectorType(start.type.pointee, kind).as_pointer())


def _loader(kind: LanesType, stored: LanesType) -> Any:
    @intrinsic
    def load(typing_context: Any, pointer: Any, index: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            where = _lane_pointer(builder, args[0], args[1], kind.count)
            value = builder.load(where, align=stored.scalar.bitwidth // 8)
            wide = ir.VectorType(kind.element, kind.count)
            return value if stored is kind else builder.fpext(value, wide)

        return signature(kind, types.CPointer(stored.scalar), types.int64), codegen

    return load


def _storer(kind: LanesType) -> Any:
    @intrinsic
    def store(typing_context: Any, pointer: Any, index: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            where = _lane_pointer(builder, args[0], args[1], kind.count)
            builder.store(args[2], where, align=kind.scalar.bitwidth // 8)
            return context.get_dummy_value()

        return signature(types.void, types.CPointer(kind.scalar), types.int64, kind), codegen

    return store


# load_n(pointer, index): n neighbours from a pointer of the lanes' own kind, but for
# load8_widened, which makes float64 of float32; store_n the reverse.
load4, load8 = _loader(lanes4, lanes4), _loader(lanes8, lanes8)
load8_singles, load8_widened = _loader(singles8, singles8), _loader(lanes8, singles8)
store4, store8, store8_singles = _storer(lanes4), _storer(lanes8), _storer(singles8)


@intrinsic
def splat8_singles(typing_context: Any, value: Any) -> Any:
    """One float32 in all eight lanes."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _vector(builder, args[0], 8)

    return signature(singles8, types.float32), codegen


@intrinsic
def larger(typing_context: Any, one: Any, other: Any) -> Any:
    """Per lane the larger of two."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", args[0], args[1]), args[0], args[1])

    return signature(one, one, one), codegen


@intrinsic
def magnitude(typing_context: Any, value: Any) -> Any:
    """Per lane the absolute value."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _magnitude(builder, args[0], value.count)

    return signature(value, value), codegen


def _magnitude(builder: Any, x: Any, count: int) -> Any:
    """The absolute value of every lane: the sign bit masked away."""
    word, mask = (_INT32, 0x7FFFFFFF) if x.type.element == _FLOAT else (_INT64, 2**63 - 1)
    wide = ir.VectorType(word, count)
    bits = builder.and_(builder.bitcast(x, wide), ir.Constant(wide, [mask] * count))
    return builder.bitcast(bits, x.type)


def _finite(builder: Any, x: Any, count: int) -> Any:
    """Zero in place of NaN, infinities and absurd levels, so that no recursion is poisoned."""
    fine = builder.fcmp_ordered(
        "<", _magnitude(builder, x, count), ir.Constant(x.type, [1e6] * count)
    )
    return builder.select(fine, x, ir.Constant(x.type, [0.0] * count))


@intrinsic
def gather8(typing_context: Any, a: Any, b: Any, c: Any, d: Any, frame: Any) -> Any:
    """Frame `frame` of four stereo blocks; what is not finite becomes 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        index = builder.shl(args[GANG], _INT64(1))
        pairs = [
            builder.load(_lane_pointer(builder, pointer, index, 2), align=4)
            for pointer in args[:GANG]
        ]
        four = ir.Constant(ir.VectorType(_INT32, 4), [0, 1, 2, 3])
        low, high = (builder.shuffle_vector(*pairs[i : i + 2], four) for i in (0, 2))
        eight = builder.shuffle_vector(
            low, high, ir.Constant(ir.VectorType(_INT32, 8), list(range(8)))
        )
        return builder.fpext(_finite(builder, eight, 8), ir.VectorType(_DOUBLE, 8))

    return signature(lanes8, a, b, c, d, types.int64), codegen


@intrinsic
def scatter8(typing_context: Any, a: Any, b: Any, c: Any, d: Any, frame: Any, value: Any) -> Any:
    """Write eight lanes to frame `frame` of four stereo blocks."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        narrow = builder.fptrunc(args[GANG + 1], ir.VectorType(_FLOAT, 8))
        index = builder.shl(args[GANG], _INT64(1))
        for block, pointer in enumerate(args[:GANG]):
            pair = builder.shuffle_vector(
                narrow,
                narrow,
                ir.Constant(ir.VectorType(_INT32, 2), [2 * block, 2 * block + 1]),
            )
            builder.store(pair, _lane_pointer(builder, pointer, index, 2), align=4)
        return context.get_dummy_value()

    return signature(types.void, a, b, c, d, types.int64, value), codegen


@intrinsic
def peak_of_pairs(typing_context: Any, value: Any) -> Any:
    """The larger magnitude of each stereo pair: eight lanes become four."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        size = _magnitude(builder, args[0], 8)
        left, right = (
            builder.shuffle_vector(
                size, size, ir.Constant(ir.VectorType(_INT32, 4), [i, i + 2, i + 4, i + 6])
            )
            for i in (0, 1)
        )
        return builder.select(builder.fcmp_ordered(">", left, right), left, right)

    return signature(lanes4, lanes8), codegen


@intrinsic
def to_pairs(typing_context: Any, value: Any) -> Any:
    """Each of four lanes twice, for the left and the right of its pair."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        mask = ir.Constant(ir.VectorType(_INT32, 8), [0, 0, 1, 1, 2, 2, 3, 3])
        return builder.shuffle_vector(args[0], args[0], mask)

    return signature(lanes8, lanes4), codegen


@intrinsic
def swap_pairs(typing_context: Any, value: Any) -> Any:
    """Neighbouring lanes exchanged in pairs (left and right of every stereo pair)."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        mask = ir.Constant(ir.VectorType(_INT32, 8), [1, 0, 3, 2, 5, 4, 7, 6])
        return builder.shuffle_vector(args[0], args[0], mask)

    return signature(value, value), codegen


def _halves(builder: Any, value: Any, count: int) -> list[Any]:
    """The lower and the upper `count` lanes of twice as many."""
    kind = ir.VectorType(_INT32, count)
    orders = (ir.Constant(kind, list(range(i, i + count))) for i in (0, count))
    return [builder.shuffle_vector(value, value, order) for order in orders]


@intrinsic
def total8(typing_context: Any, value: Any) -> Any:
    """The sum of eight lanes, in a fixed order."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        value = args[0]
        for count in (4, 2, 1):
            halves = _halves(builder, value, count)
            value = builder.fadd(*halves)
        return builder.extract_element(value, _INT32(0))

    return signature(value.scalar, value), codegen


@intrinsic
def hadamard8(typing_context: Any, value: Any) -> Any:
    """The 8x8 Hadamard matrix (Sylvester's order, entries +1 and -1) applied to eight lanes."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x = args[0]
        for stride in (1, 2, 4):
            mask = ir.Constant(ir.VectorType(_INT32, 8), [i ^ stride for i in range(8)])
            signs = ir.Constant(x.type, [-1.0 if i & stride else 1.0 for i in range(8)])
            x = builder.fadd(builder.shuffle_vector(x, x, mask), builder.fmul(x, signs))
        return x

    return signature(value, value), codegen


@intrinsic
def turn8_singles(
    typing_context: Any, pointer: Any, source: Any, source_step: Any, target: Any, target_step: Any
) -> Any:
    """Eight rows of eight float32, `source_step` apart, written as columns `target_step` apart."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        memory, source, source_step, target, target_step = args

        def place(start: Any, step: Any, row: int) -> Any:
            index = builder.add(start, builder.mul(step, ir.Constant(step.type, row)))
            return _lane_pointer(builder, memory, index, 8)

        def mixed(one: Any, other: Any, order: tuple[int, ...]) -> Any:
            return builder.shuffle_vector(
                one, other, ir.Constant(ir.VectorType(_INT32, 8), list(order))
            )

        rows = [builder.load(place(source, source_step, k), align=4) for k in range(8)]
        for apart, low, high in (
            (1, (0, 8, 1, 9, 4, 12, 5, 13), (2, 10, 3, 11, 6, 14, 7, 15)),
            (2, (0, 1, 8, 9, 4, 5, 12, 13), (2, 3, 10, 11, 6, 7, 14, 15)),
            (4, (0, 1, 2, 3, 8, 9, 10, 11), (4, 5, 6, 7, 12, 13, 14, 15)),
        ):
            first = [k for k in range(8) if not k & apart]
            lows = {k: mixed(rows[k], rows[k + apart], low) for k in first}
            highs = {k: mixed(rows[k], rows[k + apart], high) for k in first}
            rows = [lows[k] if not k & apart else highs[k - apart] for k in range(8)]
        # Where each column has come to: the first two stages take the bits of its number in turn.
        for k, row in enumerate(rows):
            column = (k & 4) | (k & 1) << 1 | (k & 2) >> 1
            builder.store(row, place(target, target_step, column), align=4)
        return context.get_dummy_value()

    kinds = [types.CPointer(types.float32)] + 4 * [types.int64]
    return signature(types.void, *kinds), codegen


@intrinsic
def highest8(typing_context: Any, value: Any) -> Any:
    """The largest of eight float32 lanes."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        value = args[0]
        for count in (4, 2, 1):
            one, other = _halves(builder, value, count)
            value = builder.select(builder.fcmp_ordered(">", one, other), one, other)
        return builder.extract_element(value, _INT32(0))

    return signature(types.float32, singles8), codegen
