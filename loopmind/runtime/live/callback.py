"""The audio callback: machine code that serves a sound device from the shared control block.

PortAudio calls it on its own thread. It never enters Python, allocates, locks or waits: commands
and programs come through atomic words and rings, meters and events go back the same way.
"""

from __future__ import annotations

import numpy as np

from loopmind.dsp.kernel import (
    FLOATS,
    MachineCode,
    call_kernel,
    declare,
    doubles_at,
    floats_at,
    helper,
    words_at,
)
from loopmind.runtime.live import layout as at
from loopmind.runtime.live.atomics import (
    bits_at,
    drop,
    peek,
    push,
    store_word,
    swap_word,
)
from loopmind.runtime.live.clocks import account, nanoseconds
from loopmind.runtime.program import OP_WORDS, SPAN, round_states

OUTPUT_UNDERFLOW = 4
INPUT_OVERFLOW = 2

# Pointers that are only handed on travel as their addresses.
_SIGNATURE = f"int32(int64, {FLOATS}, uint64, int64, uint64, int64)"


@helper("void(int64, int64, int64, int64)")
def run_guarded(control, descriptor, start, frames):  # type: ignore[no-untyped-def]
    """Run a program for one block; an operation that puts out what is not finite is muted.

    What it gave is silenced and it is told by number; all others go on.
    """
    program = words_at(descriptor)
    shared = words_at(control)
    ops = words_at(program[at.P_OPS])
    guards = words_at(program[at.P_GUARDS])
    for i in range(program[at.P_COUNT]):
        op = OP_WORDS * i
        outputs = words_at(ops[op + 2])
        if guards[2 * i + 1] == 0:
            call_kernel(ops[op], ops[op + 1], ops[op + 2], ops[op + 3], ops[op + 4], start, frames)
        faults = 0
        for side in range(guards[2 * i]):
            # Infinity and NaN are the patterns whose exponent is all ones. Comparing whole
            # numbers, eight at a time, costs next to nothing.
            patterns = bits_at(outputs[side])
            biggest = np.int32(0)
            for n in range(2 * frames):
                biggest = max(biggest, patterns[n] & np.int32(0x7FFFFFFF))
            if biggest >= np.int32(0x7F800000):
                faults += 1
        if guards[2 * i + 1] != 0 or faults > 0:
            for side in range(guards[2 * i]):
                block = floats_at(outputs[side])
                for n in range(2 * frames):
                    block[n] = 0.0
            if guards[2 * i + 1] == 0:
                guards[2 * i + 1] = 1
                if not push(
                    shared[at.EVENTS], shared[at.EVENT_PLACES], at.FAULT, program[at.P_ID], i, 0
                ):
                    shared[at.LOST_EVENTS] += 1
    if (start + frames) & (SPAN - 1) == 0:
        round_states(program[at.P_OPS], program[at.P_COUNT])


@helper("void(int64)")
def freshen(descriptor):  # type: ignore[no-untyped-def]
    """All states of a program as freshly started."""
    program = words_at(descriptor)
    states = words_at(program[at.P_STATES])
    for i in range(program[at.P_COUNT]):
        state = words_at(states[2 * i])
        for n in range(states[2 * i + 1]):
            state[n] = 0


@helper("void(int64, int64)")
def _tell(control, kind):  # type: ignore[no-untyped-def]
    """Send an event with the position, the frames served and whether it plays."""
    shared = words_at(control)
    place, served, plays = shared[at.POSITION], shared[at.FRAMES], shared[at.PLAYING]
    if not push(shared[at.EVENTS], shared[at.EVENT_PLACES], kind, place, served, plays):
        shared[at.LOST_EVENTS] += 1


@helper("void(int64, int64)")
def _retire(control, descriptor):  # type: ignore[no-untyped-def]
    """Let a program go: Python may free it now."""
    shared = words_at(control)
    if descriptor != 0:
        program = words_at(descriptor)
        if not push(shared[at.EVENTS], shared[at.EVENT_PLACES], at.RETIRED, program[at.P_ID], 0, 0):
            shared[at.LOST_EVENTS] += 1


@helper("void(int64)")
def _moved(control):  # type: ignore[no-untyped-def]
    """The next frame does not follow the last one: its jump is to be smoothed."""
    words_at(control)[at.STEP_FRAMES] = at.STEP_FADE + 1


@helper("void(int64, int64)")
def _carry_over(before, fresh):  # type: ignore[no-untyped-def]
    """The new program's kernels remember what those of the one before do: reverbs ring on."""
    program = words_at(fresh)
    if program[at.P_CARRY_FROM] != words_at(before)[at.P_ID]:
        return
    rows = words_at(program[at.P_CARRY])
    for i in range(program[at.P_CARRIED]):
        source, target = words_at(rows[3 * i]), words_at(rows[3 * i + 1])
        for n in range(rows[3 * i + 2]):
            target[n] = source[n]


@helper("float64(int64, int64, float64)")
def _moved_on(before, fresh, frame):  # type: ignore[no-untyped-def]
    """The frame at which the beat that was at `frame` is by another table of tempi."""
    if before == 0 or fresh == 0:
        return frame
    old, new = doubles_at(before), doubles_at(fresh)
    row = 1
    for i in range(1, int(old[0])):
        if frame >= old[1 + 3 * i]:
            row = 1 + 3 * i
    beat = old[row + 1] + (frame - old[row]) / old[row + 2]
    row = 1
    for i in range(1, int(new[0])):
        if beat >= new[2 + 3 * i]:
            row = 1 + 3 * i
    return new[row] + (beat - new[row + 1]) * new[row + 2]


@helper("boolean(int64, int64)")
def _is_same_tempo(before, fresh):  # type: ignore[no-untyped-def]
    if before == 0 or fresh == 0:
        return True
    old, new = doubles_at(before), doubles_at(fresh)
    same = True
    for i in range(1 + 3 * int(old[0])):
        same = same and old[i] == new[i]
    return same


@helper("void(int64, int64, int64)")
def _follow(control, before, fresh):  # type: ignore[no-untyped-def]
    """Position, loop and end at the same musical place in the new program as in the old."""
    shared = words_at(control)
    old, new = words_at(before), words_at(fresh)
    ours, theirs = new[at.P_BEAT], old[at.P_BEAT]
    if _is_same_tempo(theirs, ours):
        if old[at.P_TOTAL] == new[at.P_TOTAL]:
            return
        ours, theirs = 0, 0
    place = _moved_on(theirs, ours, float(shared[at.POSITION] - old[at.P_TOTAL]))
    shared[at.POSITION] = np.int64(np.floor(place + 0.5)) + new[at.P_TOTAL]
    for word in (at.LOOP_FROM, at.LOOP_TO, at.STOP_AT):
        if shared[word] > 0:
            place = _moved_on(theirs, ours, float(shared[word] - old[at.P_LATENCY]))
            shared[word] = np.int64(np.floor(place + 0.5)) + new[at.P_LATENCY]
    _tell(control, at.PLACED)


@helper("void(int64)")
def take_up(control):  # type: ignore[no-untyped-def]
    """Change to the program that waits, if one does; the one before fades out."""
    shared = words_at(control)
    fresh = swap_word(control + 8 * at.PENDING, 0)
    if fresh != 0:
        before = shared[at.ACTIVE]
        if shared[at.LEAVING] != 0:
            _moved(control)  # what still faded out ends at once
        _retire(control, shared[at.LEAVING])
        shared[at.LEAVING] = before
        shared[at.LEAVING_AT] = shared[at.POSITION]
        shared[at.ACTIVE] = fresh
        shared[at.FADED] = 0
        shared[at.SWAPS] += 1
        if before != 0:
            _carry_over(before, fresh)
            if words_at(fresh)[at.P_FOLLOWS] != 0:
                _follow(control, before, fresh)


@helper("void(int64)")
def obey(control):  # type: ignore[no-untyped-def]
    """Carry out all commands that have arrived."""
    shared = words_at(control)
    ring, places = shared[at.COMMANDS], shared[at.COMMAND_PLACES]
    while True:
        place = peek(ring, places)
        if place == 0:
            break
        message = words_at(place)
        kind, a, b, c = message[0], message[1], message[2], message[3]
        if kind == at.PLAY:
            _moved(control)
            shared[at.PLAYING] = 1
            shared[at.STOP_AT] = c
            if a != at.HERE:
                shared[at.POSITION] = a
                shared[at.LEAVING_AT] = a
            if b != 0 and shared[at.ACTIVE] != 0:
                freshen(shared[at.ACTIVE])
            _tell(control, at.PLACED)
        elif kind == at.STOP:
            if shared[at.PLAYING] != 0:
                _moved(control)
            shared[at.PLAYING] = 0
            _tell(control, at.PLACED)
        elif kind == at.SEEK:
            _moved(control)
            shared[at.POSITION] = a
            shared[at.LEAVING_AT] = a
            _tell(control, at.PLACED)
        elif kind == at.LOOP:
            shared[at.LOOP_FROM] = a
            shared[at.LOOP_TO] = b
        elif kind == at.SET or kind == at.NOTE:
            # A program that was let go may be freed: its words are no longer written.
            for slot in range(at.ACTIVE, at.LEAVING + 1):
                descriptor = shared[slot]
                if descriptor != 0 and words_at(descriptor)[at.P_ID] == c:
                    if kind == at.SET:
                        words_at(a)[0] = b
                    else:
                        queue = words_at(a)
                        queue[1 + queue[0] % 64] = b
                        store_word(a, queue[0] + 1)
        drop(ring)


@helper(f"void(int64, {FLOATS}, int64, int64)")
def _serve(control, output, done, frames):  # type: ignore[no-untyped-def]
    """Fill `frames` frames of the device's block, from frame `done` on."""
    shared = words_at(control)
    floats = doubles_at(control)
    playing = shared[at.PLAYING] != 0
    start = shared[at.POSITION] if playing else shared[at.REST_CLOCK]
    active, leaving = shared[at.ACTIVE], shared[at.LEAVING]
    channels = shared[at.OUT_CHANNELS]
    tap, tap_frames = shared[at.OUT_TAP], shared[at.OUT_TAP_FRAMES]
    speed = floats[at.POWER_SPEED]
    if active != 0:
        run_guarded(control, active, start, frames)
    if leaving != 0:
        run_guarded(control, leaving, shared[at.LEAVING_AT] if playing else start, frames)
        shared[at.LEAVING_AT] += frames
    for n in range(frames):
        left, right = np.float32(0.0), np.float32(0.0)
        if active != 0:
            program = words_at(active)
            block = floats_at(program[at.P_OUT])
            scale = np.float32(doubles_at(active)[at.P_SCALE])
            left, right = block[2 * n] * scale, block[2 * n + 1] * scale
        if leaving != 0:
            share = np.float32((shared[at.FADED] + n + 0.5) / at.FADE)
            block = floats_at(words_at(leaving)[at.P_OUT])
            scale = np.float32(doubles_at(leaving)[at.P_SCALE])
            left = left * share + block[2 * n] * scale * (np.float32(1.0) - share)
            right = right * share + block[2 * n + 1] * scale * (np.float32(1.0) - share)
        if shared[at.STEP_FRAMES] > 0:
            if shared[at.STEP_FRAMES] > at.STEP_FADE:
                floats[at.STEP_LEFT] = floats[at.LAST_LEFT] - left
                floats[at.STEP_RIGHT] = floats[at.LAST_RIGHT] - right
            shared[at.STEP_FRAMES] -= 1
            t = shared[at.STEP_FRAMES] / at.STEP_FADE
            rest = t * t * (3.0 - 2.0 * t)
            left = np.float32(left + rest * floats[at.STEP_LEFT])
            right = np.float32(right + rest * floats[at.STEP_RIGHT])
        floats[at.LAST_LEFT], floats[at.LAST_RIGHT] = left, right
        floats[at.PEAK_LEFT] = max(floats[at.PEAK_LEFT], abs(left))
        floats[at.PEAK_RIGHT] = max(floats[at.PEAK_RIGHT], abs(right))
        floats[at.POWER_LEFT] += (left * left - floats[at.POWER_LEFT]) * speed
        floats[at.POWER_RIGHT] += (right * right - floats[at.POWER_RIGHT]) * speed
        if tap != 0:
            ring = floats_at(tap)
            place = 2 * ((shared[at.FRAMES] + n) % tap_frames)
            ring[place], ring[place + 1] = left, right
        here = channels * (done + n)
        if channels == 1:
            output[here] = np.float32(0.5) * (left + right)
        else:
            output[here], output[here + 1] = left, right
            for channel in range(2, channels):
                output[here + channel] = np.float32(0.0)
    if leaving != 0:
        shared[at.FADED] += frames
        if shared[at.FADED] >= at.FADE:
            shared[at.LEAVING] = 0
            _retire(control, leaving)
    store_word(control + 8 * at.FRAMES, shared[at.FRAMES] + frames)
    if playing:
        shared[at.POSITION] += frames
        if shared[at.POSITION] == shared[at.LOOP_TO] and shared[at.LOOP_TO] > shared[at.LOOP_FROM]:
            shared[at.POSITION] = shared[at.LOOP_FROM]
            _moved(control)
            _tell(control, at.LOOPED)
        if shared[at.STOP_AT] > 0 and shared[at.POSITION] >= shared[at.STOP_AT]:
            shared[at.PLAYING] = 0
            _moved(control)
            _tell(control, at.ENDED)
    else:
        shared[at.REST_CLOCK] += frames


@helper("void(int64, int64, int64)")
def _listen(control, source, frames):  # type: ignore[no-untyped-def]
    """Keep what comes in from the device, at the same places as what goes out."""
    shared = words_at(control)
    ring, places = shared[at.IN_TAP], shared[at.IN_TAP_FRAMES]
    channels = shared[at.IN_CHANNELS]
    if ring == 0 or source == 0 or channels == 0:
        return
    heard, kept = floats_at(source), floats_at(ring)
    for n in range(frames):
        place = 2 * ((shared[at.FRAMES] + n) % places)
        kept[place] = heard[channels * n]
        kept[place + 1] = heard[channels * n + min(channels - 1, 1)]


@helper(f"void(int64, {FLOATS}, int64)")
def serve(control, output, frames):  # type: ignore[no-untyped-def]
    """Fill a device's block of any length, in pieces that end where something changes."""
    shared = words_at(control)
    done = 0
    while done < frames:
        start = shared[at.POSITION] if shared[at.PLAYING] != 0 else shared[at.REST_CLOCK]
        n = min(frames - done, SPAN - (start & (SPAN - 1)))
        for slot in range(at.ACTIVE, at.LEAVING + 1):
            if shared[slot] != 0:
                n = min(n, words_at(shared[slot])[at.P_BLOCK])
        if shared[at.LEAVING] != 0:
            n = min(n, at.FADE - shared[at.FADED])
        if shared[at.PLAYING] != 0:
            position = shared[at.POSITION]
            if shared[at.LOOP_TO] > shared[at.LOOP_FROM] and position < shared[at.LOOP_TO]:
                n = min(n, shared[at.LOOP_TO] - position)
            if shared[at.STOP_AT] > 0 and position < shared[at.STOP_AT]:
                n = min(n, shared[at.STOP_AT] - position)
        _serve(control, output, done, n)
        done += n


def _callback(source, output, device_frames, time_info, flags, control):  # type: ignore[no-untyped-def]
    shared = words_at(control)
    frames = np.int64(device_frames)
    wall, spent = np.int64(0), np.int64(0)
    if shared[at.CLOCK] != 0:
        wall = nanoseconds(control, shared[at.WALL_CLOCK])
        spent = nanoseconds(control, shared[at.PROCESSOR_CLOCK])
    shared[at.BLOCKS] += 1
    shared[at.BIGGEST_BLOCK] = max(shared[at.BIGGEST_BLOCK], frames)
    if np.int64(flags) & OUTPUT_UNDERFLOW:
        shared[at.UNDERRUNS] += 1
    if np.int64(flags) & INPUT_OVERFLOW:
        shared[at.OVERFLOWS] += 1
    take_up(control)
    obey(control)
    _listen(control, source, frames)
    serve(control, output, frames)
    if shared[at.CLOCK] != 0:
        spent = nanoseconds(control, shared[at.PROCESSOR_CLOCK]) - spent
        wall = nanoseconds(control, shared[at.WALL_CLOCK]) - wall
        account(control, spent, wall, frames)
    return np.int32(0)


callback = MachineCode(_callback, _SIGNATURE)
declare(callback)
"""The function whose address goes to PortAudio, with the control block as its user data."""
