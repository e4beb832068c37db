"""Algorithmic reverb: a feedback delay network of sixteen lines with a slowly turning matrix.

Two networks take turns: each is fed for one period of absolute frames, rings on for the tail
while the other is fed, and starts again from silence. So what is heard depends on no sound older
than a period and a tail, though rounding in a network alone would remember every sound for ever.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import TINY, as_floats, helper, kernel
from loopmind.dsp.lanes import (
    hadamard8,
    load8_singles,
    splat8_singles,
    store8_singles,
    swap_pairs,
    total8,
    turn8_singles,
)

LINES = 16
_CHUNK = 32
_LINE_MS = (
    29.7, 32.3, 35.1, 37.9, 41.3, 44.9, 48.7, 52.3,
    56.9, 61.3, 66.7, 71.9, 78.1, 84.7, 91.3, 97.9,
)  # fmt: skip
_LINE_ORDER = (0, 9, 4, 13, 2, 11, 6, 15, 8, 1, 12, 5, 10, 3, 14, 7)
_DIFFUSER_MS = (4.31, 7.13, 10.67, 15.37, 4.97, 6.43, 11.93, 14.09)  # left four, right four
_TURNS_HZ = (0.31, -0.37, 0.43, -0.53, 0.59, -0.67, 0.71, -0.79)

PERIOD = 1 << 19
"""Frames for which a network is fed, or a multiple of it for very long decays."""

_TAIL_DECAYS = 2.0  # a network falls silent 120 dB down

# Parameter words.
_PERIOD, _TAIL = 5, 6
_DIFFUSERS = 8
_LENGTHS = 16
_TABLE = 32  # float32 rows of 16: gain, pole, in left, in right, out left, out right, cos, sin
_TURNS = _TABLE + 8 * LINES // 2  # radians a frame
PARAM_WORDS = _TURNS + LINES
# State words of one network.
_SINGLES = 16  # from here on float32
# Float32 places.
_INPUT = 2 * _SINGLES  # a chunk of left, then of right
_DAMPED = _INPUT + 2 * _CHUNK
_COS = _DAMPED + LINES
_SIN = _COS + LINES
_FRAMES = _SIN + LINES  # a chunk of all lines, frame by frame
_LINES = _FRAMES + LINES * _CHUNK  # the same, line by line
_MEMORY = _LINES + LINES * _CHUNK


def _prime_from(value: float, taken: set[int]) -> int:
    n = max(3, round(value)) | 1
    while n in taken or any(n % p == 0 for p in range(3, math.isqrt(n) + 1, 2)):
        n += 2
    taken.add(n)
    return n


def _power_of_two(n: int) -> int:
    return 1 << (n - 1).bit_length()


def reverb_params(
    rate_hz: float,
    *,
    decay_s: float = 1.8,
    predelay_s: float = 0.02,
    damping: float = 0.5,
    low_cut_hz: float = 200.0,
    gain_db: float = 0.0,
) -> NDArray[np.float64]:
    """Parameters of `reverberate`.

    decay_s: T60 at low and middle frequencies. damping 0..1: how much faster the highs decay
    (T60 at half the rate is 1 - .85 damping of the decay; Jot's one-pole law). The energy of the
    answer to an impulse does not depend on the decay: a longer room is not a louder one.

    Raises ValueError for a decay that is not positive.
    """
    if not decay_s > 0:
        raise ValueError(f"a reverb's decay must be positive, got {decay_s} s")
    taken: set[int] = set()
    size = min(max(0.55 + decay_s / 4.0, 0.6), 1.25)
    in_order = [_prime_from(ms * 0.001 * rate_hz * size, taken) for ms in _LINE_MS]
    lengths = np.array([in_order[i] for i in _LINE_ORDER], dtype=float)
    diffusers = [_prime_from(ms * 0.001 * rate_hz, taken) for ms in _DIFFUSER_MS]
    predelay = max(1, round(predelay_s * rate_hz))

    slow = 10.0 ** (-3.0 * lengths / (rate_hz * decay_s))
    high_decay = decay_s * (1.0 - 0.85 * min(max(damping, 0.0), 1.0))
    fast = 10.0 ** (-3.0 * lengths / (rate_hz * high_decay))
    # One pole with gain `slow` at 0 Hz and `fast` at half the rate: slow (1-p)/(1+p) = fast.
    pole = (slow - fast) / (slow + fast)
    lines = np.arange(LINES)
    left = (lines % 2 == 0).astype(float)
    energy = float(np.mean(slow * slow))
    level = 10.0 ** (gain_db / 20.0) * math.sqrt((1.0 - energy) / energy / 8.0)
    # Lanes of a pair turn in opposite senses: their sines are the -s and +s of a rotation.
    turn = 2.0 * np.pi * np.outer(_TURNS_HZ, (-1.0, 1.0)).ravel() / rate_hz
    tail = predelay + round((_TAIL_DECAYS * decay_s + 0.2) * rate_hz)

    params = np.zeros(PARAM_WORDS)
    params[0] = predelay
    params[1] = _power_of_two(predelay + _CHUNK)
    params[2] = _power_of_two(max(diffusers) + 1)
    params[3] = _power_of_two(int(lengths.max()) + _CHUNK + 1)
    params[4] = math.exp(-2.0 * math.pi * min(max(low_cut_hz, 1.0), 0.4 * rate_hz) / rate_hz)
    params[_PERIOD] = (tail // PERIOD + 1) * PERIOD
    params[_TAIL] = tail
    params[_DIFFUSERS : _DIFFUSERS + 8] = diffusers
    params[_LENGTHS : _LENGTHS + LINES] = lengths
    params[_TURNS:] = turn
    rows = params[_TABLE:_TURNS].view(np.float32).reshape(8, LINES)
    rows[0] = slow * (1.0 - pole)
    rows[1] = pole
    rows[2] = left * np.where((lines // 2) % 2 == 0, 1.0, -1.0)
    rows[3] = (1.0 - left) * np.where((lines // 2) % 2 == 0, 1.0, -1.0)
    rows[4] = level * left * np.where((lines // 4) % 2 == 0, 1.0, -1.0)
    rows[5] = level * (1.0 - left) * np.where((lines // 4) % 2 == 0, 1.0, -1.0)
    rows[6] = np.cos(turn)
    rows[7] = np.sin(turn)
    return params


def reverb_state_words(params: NDArray[np.float64]) -> int:
    """Length of the state of `reverberate` with these parameters."""
    words: int = _network_words(int(params[1]), int(params[2]), int(params[3]))
    return 2 * words


@helper(inline=True)
def _network_words(predelay_words, diffuser_words, line_words):  # type: ignore[no-untyped-def]
    floats = 2 * (predelay_words + _CHUNK) + 8 * (diffuser_words + _CHUNK)
    return (_MEMORY + floats + LINES * (line_words + _CHUNK) + 15) // 16 * 8


@helper(inline=True)
def mirror(memory, base, write, n, words):  # type: ignore[no-untyped-def]
    """Repeat what was written to a line's first frames after its end."""
    for i in range(write, min(write + n, _CHUNK)):
        memory[base + words + i] = memory[base + i]


def _reverberate(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Predelay, low cut, four diffusers a side, sixteen lines; the output is wet only.

    Network after Jot & Chaigne (AES 90th, 1991) with Schroeder all-pass diffusers. The feedback
    matrix is a Hadamard matrix times pairwise rotations that turn slowly (Schlecht & Habets,
    "Time-varying feedback matrices in feedback delay networks", JASA 138, 2015): modes wander, so
    none rings, and no interpolated delay costs highs. All lines are longer than a chunk, so the
    lines can be read a chunk at a time. How far the matrix has turned is a function of absolute
    frames: two networks fed in turns give what one would. Lines are written where each network's
    own count is, so that a jump to another place lets what rings ring on.
    """
    source, out = inputs[0], outputs[0]
    predelay, predelay_words = int(params[0]), int(params[1])
    diffuser_words, line_words = int(params[2]), int(params[3])
    period, tail = int(params[_PERIOD]), int(params[_TAIL])
    words = _network_words(predelay_words, diffuser_words, line_words)
    cut = 1.0 - params[4]
    memory = as_floats(state)
    table = as_floats(params)
    row = 2 * _TABLE
    gain_a, gain_b = load8_singles(table, row), load8_singles(table, row + 8)
    pole_a, pole_b = load8_singles(table, row + 16), load8_singles(table, row + 24)
    in_l_a, in_l_b = load8_singles(table, row + 32), load8_singles(table, row + 40)
    in_r_a, in_r_b = load8_singles(table, row + 48), load8_singles(table, row + 56)
    out_l_a, out_l_b = load8_singles(table, row + 64), load8_singles(table, row + 72)
    out_r_a, out_r_b = load8_singles(table, row + 80), load8_singles(table, row + 88)
    step_c_a, step_c_b = load8_singles(table, row + 96), load8_singles(table, row + 104)
    step_s_a, step_s_b = load8_singles(table, row + 112), load8_singles(table, row + 120)
    tiny = splat8_singles(np.float32(TINY))
    quarter = splat8_singles(np.float32(0.25))
    half, more = splat8_singles(np.float32(0.5)), splat8_singles(np.float32(1.5))
    begun = 0
    while begun < 2 * frames:
        # Every stretch of the block is passed twice: by the network that rings out, then by the
        # one that is fed.
        fed = begun & 1 == 1
        turn = begun >> 1
        within = (start + turn) % period
        stretch = min(frames - turn, period - within)
        if within < tail:
            stretch = min(stretch, tail - within)
        which = ((start + turn) // period) & 1
        base_word = (which if fed else which ^ 1) * words
        base = 2 * base_word
        if fed:
            begun += 2 * stretch - 1
            if within == 0 or state[base_word] == 0.0:
                state[base_word] = 1.0
                for k in range(LINES):
                    angle = params[_TURNS + k] * (start + turn)
                    memory[base + _COS + k] = np.float32(math.cos(angle))
                    memory[base + _SIN + k] = np.float32(math.sin(angle))
        else:
            begun += 1
            for i in range(2 * turn, 2 * (turn + stretch)):
                out[i] = np.float32(0.0)
            if state[base_word] == 0.0:
                continue
            if within >= tail:
                for k in range(words):
                    state[base_word + k] = 0.0
                continue
        # Every line is followed by a copy of its first frames: a chunk is read in one piece.
        predelayed = base + _MEMORY
        diffused = predelayed + 2 * (predelay_words + _CHUNK)
        lines = diffused + 8 * (diffuser_words + _CHUNK)
        by_frame, by_line = base + _FRAMES, base + _LINES
        entry = base + _INPUT
        now = int(state[base_word + 1])
        low_l, low_r = state[base_word + 2], state[base_word + 3]
        lower_l, lower_r = state[base_word + 4], state[base_word + 5]
        damp_a = load8_singles(memory, base + _DAMPED)
        damp_b = load8_singles(memory, base + _DAMPED + 8)
        cos_a, cos_b = load8_singles(memory, base + _COS), load8_singles(memory, base + _COS + 8)
        sin_a, sin_b = load8_singles(memory, base + _SIN), load8_singles(memory, base + _SIN + 8)
        done = turn
        while done < turn + stretch:
            # Chunks end at multiples of 32 frames, and so at the ends of all lines.
            n = min(turn + stretch - done, _CHUNK - (now & (_CHUNK - 1)))
            eights = n & ~7
            if now & (_CHUNK - 1) == 0:
                # A first-order correction keeps the turning pairs on the unit circle.
                fix = more - half * (cos_a * cos_a + sin_a * sin_a)
                cos_a, sin_a = cos_a * fix, sin_a * fix
                fix = more - half * (cos_b * cos_b + sin_b * sin_b)
                cos_b, sin_b = cos_b * fix, sin_b * fix
            for side in range(2):
                line = predelayed + side * (predelay_words + _CHUNK)
                write = now & (predelay_words - 1)
                for i in range(n):
                    x = source[2 * (done + i) + side]
                    # Also false for NaN: what is not finite never enters the lines.
                    x = x if abs(x) < 1e6 else np.float32(0.0)
                    memory[line + write + i] = x if fed else np.float32(0.0)
                mirror(memory, line, write, n, predelay_words)
                read = line + ((now - predelay) & (predelay_words - 1))
                low = low_l if side == 0 else low_r
                lower = lower_l if side == 0 else lower_r
                for i in range(n):
                    x = memory[read + i] + TINY
                    low += cut * (x - low)
                    x -= low
                    lower += cut * (x - lower)
                    memory[entry + _CHUNK * side + i] = np.float32((x - lower) + TINY)
                if side == 0:
                    low_l, lower_l = low, lower
                else:
                    low_r, lower_r = low, lower
            for k in range(8):
                g = np.float32(0.7) if k & 3 < 2 else np.float32(0.6)
                chunk = entry + _CHUNK * (k >> 2)
                line = diffused + k * (diffuser_words + _CHUNK)
                write = now & (diffuser_words - 1)
                read = line + ((now - int(params[_DIFFUSERS + k])) & (diffuser_words - 1))
                # They are longer than a chunk: what is read was written before it.
                for i in range(0, eights, 8):
                    x8 = load8_singles(memory, chunk + i)
                    y8 = load8_singles(memory, read + i) - x8 * g
                    store8_singles(memory, line + write + i, x8 + y8 * g)
                    store8_singles(memory, chunk + i, y8)
                for i in range(eights, n):
                    x1 = memory[chunk + i]
                    y1 = memory[read + i] - x1 * g
                    memory[line + write + i] = x1 + y1 * g
                    memory[chunk + i] = y1
                mirror(memory, line, write, n, diffuser_words)
            for k in range(LINES):
                read = lines + k * (line_words + _CHUNK)
                read += (now - int(params[_LENGTHS + k])) & (line_words - 1)
                for i in range(0, eights, 8):
                    store8_singles(
                        memory, by_line + _CHUNK * k + i, load8_singles(memory, read + i)
                    )
                for i in range(eights, n):
                    memory[by_frame + LINES * i + k] = memory[read + i]
            for i in range(0, eights, 8):
                for k in range(0, LINES, 8):
                    source_at = by_line + _CHUNK * k + i
                    turn8_singles(memory, source_at, _CHUNK, by_frame + LINES * i + k, LINES)
            for i in range(n):
                x_l, x_r = memory[entry + i], memory[entry + _CHUNK + i]
                row = by_frame + LINES * i
                damp_a = (gain_a * load8_singles(memory, row) + pole_a * damp_a) + tiny
                damp_b = (gain_b * load8_singles(memory, row + 8) + pole_b * damp_b) + tiny
                at = 2 * (done + i)
                out[at] += total8(out_l_a * damp_a + out_l_b * damp_b)
                out[at + 1] += total8(out_r_a * damp_a + out_r_b * damp_b)
                turned = cos_a * step_c_a - sin_a * step_s_a
                sin_a = sin_a * step_c_a + cos_a * step_s_a
                cos_a = turned
                turned = cos_b * step_c_b - sin_b * step_s_b
                sin_b = sin_b * step_c_b + cos_b * step_s_b
                cos_b = turned
                even = hadamard8(cos_a * damp_a + sin_a * swap_pairs(damp_a))
                odd = hadamard8(cos_b * damp_b + sin_b * swap_pairs(damp_b))
                store8_singles(memory, row, quarter * (even + odd) + (in_l_a * x_l + in_r_a * x_r))
                store8_singles(
                    memory, row + 8, quarter * (even - odd) + (in_l_b * x_l + in_r_b * x_r)
                )
            for i in range(0, eights, 8):
                for k in range(0, LINES, 8):
                    target_at = by_line + _CHUNK * k + i
                    turn8_singles(memory, by_frame + LINES * i + k, LINES, target_at, _CHUNK)
            for k in range(LINES):
                line = lines + k * (line_words + _CHUNK)
                write = now & (line_words - 1)
                for i in range(0, eights, 8):
                    store8_singles(
                        memory, line + write + i, load8_singles(memory, by_line + _CHUNK * k + i)
                    )
                for i in range(eights, n):
                    memory[line + write + i] = memory[by_frame + LINES * i + k]
                mirror(memory, line, write, n, line_words)
            done += n
            now += n
        state[base_word + 1] = float(now)
        state[base_word + 2], state[base_word + 3] = low_l, low_r
        state[base_word + 4], state[base_word + 5] = lower_l, lower_r
        store8_singles(memory, base + _DAMPED, damp_a)
        store8_singles(memory, base + _DAMPED + 8, damp_b)
        store8_singles(memory, base + _COS, cos_a)
        store8_singles(memory, base + _COS + 8, cos_b)
        store8_singles(memory, base + _SIN, sin_a)
        store8_singles(memory, base + _SIN + 8, sin_b)


reverberate = kernel(_reverberate)
