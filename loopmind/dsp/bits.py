"""Bit fields and whole numbers in lanes for kernels, by name; what they do is in `bit_ops`."""

from __future__ import annotations

from loopmind.dsp.kernel import emitted

_OPS = "loopmind.dsp.bit_ops"

bytes_at = emitted(f"{_OPS}:bytes_at")
integers_at = emitted(f"{_OPS}:integers_at")
bits_at = emitted(f"{_OPS}:bits_at")
leading_zeros = emitted(f"{_OPS}:leading_zeros")
bits_up = emitted(f"{_OPS}:bits_up")
bits_down = emitted(f"{_OPS}:bits_down")
load8_integers = emitted(f"{_OPS}:load8_integers")
store8_integers = emitted(f"{_OPS}:store8_integers")
store8_narrowed = emitted(f"{_OPS}:store8_narrowed")
load8_widened = emitted(f"{_OPS}:load8_widened")
floor8 = emitted(f"{_OPS}:floor8")
