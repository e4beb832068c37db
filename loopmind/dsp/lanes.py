"""SIMD lanes for kernels: vectors of float64 that numba code can add, compare and choose between.

A stereo program keeps each block as interleaved float32 frames (left, right). A gang of four
stereo blocks fills eight lanes, so that one recursion serves four tracks at once. The operations
are plain IEEE additions and multiplications without contraction: every lane gives what scalar
code gives, on any processor. Here are their names; what they do is in `lane_ops`.
"""

from __future__ import annotations

from loopmind.dsp.kernel import emitted

GANG = 4
"""Stereo blocks that one gang kernel serves at once."""

_OPS = "loopmind.dsp.lane_ops"
_MATH = "loopmind.dsp.lane_math"

choose = emitted(f"{_OPS}:choose")
splat8 = emitted(f"{_OPS}:splat8")
splat4 = emitted(f"{_OPS}:splat4")
splat8_singles = emitted(f"{_OPS}:splat8_singles")
larger = emitted(f"{_OPS}:larger")
magnitude = emitted(f"{_OPS}:magnitude")
gather8 = emitted(f"{_OPS}:gather8")
scatter8 = emitted(f"{_OPS}:scatter8")
peak_of_pairs = emitted(f"{_OPS}:peak_of_pairs")
to_pairs = emitted(f"{_OPS}:to_pairs")
swap_pairs = emitted(f"{_OPS}:swap_pairs")
total8 = emitted(f"{_OPS}:total8")
hadamard8 = emitted(f"{_OPS}:hadamard8")
turn8_singles = emitted(f"{_OPS}:turn8_singles")
highest8 = emitted(f"{_OPS}:highest8")
load4 = emitted(f"{_OPS}:load4")
load8 = emitted(f"{_OPS}:load8")
load8_singles = emitted(f"{_OPS}:load8_singles")
load8_widened = emitted(f"{_OPS}:load8_widened")
store4 = emitted(f"{_OPS}:store4")
store8 = emitted(f"{_OPS}:store8")
store8_singles = emitted(f"{_OPS}:store8_singles")
exp2_lanes = emitted(f"{_MATH}:exp2_lanes")
log2_lanes = emitted(f"{_MATH}:log2_lanes")
