"""Logarithm and exponential of SIMD lanes, from additions and multiplications alone."""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba.core.typing.templates import signature

from loopmind.dsp.kernel_ops import intrinsic

_INT64 = ir.IntType(64)
_MANTISSA = 0x000FFFFFFFFFFFFF
_ONE = 0x3FF0000000000000
_ROOT_HALF = 0x3FE6A09E667F3BCD
_TWO_52 = 0x4330000000000000
_ROUNDER = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to a whole number


def _constant(value: float, count: int) -> Any:
    return ir.Constant(ir.VectorType(ir.DoubleType(), count), [value] * count)


def _integers(value: int, count: int) -> Any:
    return ir.Constant(ir.VectorType(_INT64, count), [value] * count)


def _polynomial(builder: Any, x: Any, coefficients: list[float], count: int) -> Any:
    """Horner's scheme, highest power first."""
    result = _constant(coefficients[0], count)
    for c in coefficients[1:]:
        result = builder.fadd(builder.fmul(result, x), _constant(c, count))
    return result


@intrinsic
def log2_lanes(typing_context: Any, value: Any) -> Any:
    """Binary logarithm of positive normal lanes, within 2e-6 (1e-5 dB).

    x = 2**e * m with m in [sqrt(1/2), sqrt(2)); log2 m = 2/ln 2 * artanh z, z = (m - 1)/(m + 1),
    by its series to z**5. Only +, *, / are used: the same bits on every processor.
    """
    count = value.count

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide = ir.VectorType(_INT64, count)
        bits = builder.add(builder.bitcast(args[0], wide), _integers(_ONE - _ROOT_HALF, count))
        exponent = builder.or_(builder.lshr(bits, _integers(52, count)), _integers(_TWO_52, count))
        exponent = builder.fsub(
            builder.bitcast(exponent, args[0].type), _constant(2.0**52 + 1023.0, count)
        )
        mantissa = builder.add(
            builder.and_(bits, _integers(_MANTISSA, count)), _integers(_ROOT_HALF, count)
        )
        m = builder.bitcast(mantissa, args[0].type)
        one = _constant(1.0, count)
        z = builder.fdiv(builder.fsub(m, one), builder.fadd(m, one))
        series = [2.0 / math.log(2.0) / n for n in (5, 3, 1)]
        odd = _polynomial(builder, builder.fmul(z, z), series, count)
        return builder.fadd(exponent, builder.fmul(z, odd))

    return signature(value, value), codegen


@intrinsic
def exp2_lanes(typing_context: Any, value: Any) -> Any:
    """Two to the power of lanes within -1000 .. 1000, to a relative 3e-6; exactly 1 at 0."""
    count = value.count

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide = ir.VectorType(_INT64, count)
        shifted = builder.fadd(args[0], _constant(_ROUNDER, count))
        rest = builder.fsub(args[0], builder.fsub(shifted, _constant(_ROUNDER, count)))
        series = [math.log(2.0) ** n / math.factorial(n) for n in range(5, -1, -1)]
        scale = builder.add(
            builder.shl(builder.bitcast(shifted, wide), _integers(52, count)),
            _integers(_ONE, count),
        )
        fraction = _polynomial(builder, rest, series, count)
        return builder.fmul(fraction, builder.bitcast(scale, args[0].type))

    return signature(value, value), codegen
