"""Where everything lies in the memory that Python and the audio callback share.

Plain numbers: indices of int64 words. Floats are kept in words as their float64 bits.
"""

from __future__ import annotations

# The control block: one per engine.
PENDING = 0
"""Address of the program to change to, 0 for none; exchanged atomically."""
ACTIVE = 8
LEAVING = 9
FADED = 10
"""Frames of the crossfade from the leaving program that are done."""
PLAYING = 11
POSITION = 12
"""Absolute frame that the program renders next, while playing."""
REST_CLOCK = 13
"""Runs below zero while stopped: live kernels move on, players find nothing to play."""
LOOP_FROM = 14
LOOP_TO = 15
BLOCKS = 16
FRAMES = 17
"""Blocks and frames served since the engine began."""
UNDERRUNS = 18
SWAPS = 19
COMMANDS = 20
COMMAND_PLACES = 21
EVENTS = 22
EVENT_PLACES = 23
OUT_TAP = 24
"""Address of a ring of the last OUT_TAP_FRAMES frames heard, stereo float32."""
OUT_TAP_FRAMES = 25
IN_TAP = 26
IN_TAP_FRAMES = 27
IN_CHANNELS = 28
OUT_CHANNELS = 29
STOP_AT = 30
"""Position at which playing ends by itself, 0 for never."""
OVERFLOWS = 31
BIGGEST_BLOCK = 32
LOST_EVENTS = 33
LEAVING_AT = 34
"""Absolute frame that the leaving program renders next: a swap may change the tempo."""
# Float words.
PEAK_LEFT = 40
PEAK_RIGHT = 41
POWER_LEFT = 42
POWER_RIGHT = 43
LAST_LEFT = 44
LAST_RIGHT = 45
STEP_LEFT = 46
STEP_RIGHT = 47
"""The jump that a change of place would make, faded away after it."""
STEP_FRAMES = 48
POWER_SPEED = 49
"""Share by which the power meters follow each frame."""
# What the callback itself takes, by the clock of its thread; see clocks.
CLOCK = 50
"""Address of C's clock_gettime, 0 where there is none: then nothing is counted."""
PROCESSOR_CLOCK = 51
WALL_CLOCK = 52
CLOCK_TIME = 53
"""Two words that the clock fills: seconds, nanoseconds."""
NS_A_FRAME = 55
"""Float: how long a frame lasts."""
SPENT = 56
"""Nanoseconds of processor time in all callbacks."""
BUSIEST = 57
"""Float: the biggest share of a block's time that the callback used of the processor."""
OVER = 58
"""Blocks for which it used more processor time than they last."""
HELD_UP = 59
"""Blocks that took longer than they last by the clock on the wall, though not of the processor."""
CONTROL_WORDS = 64

# A program's descriptor.
P_OPS = 0
P_COUNT = 1
P_OUT = 2
P_BLOCK = 3
P_ID = 4
P_STATES = 5
"""Address of (address, words) of every operation's state."""
P_GUARDS = 6
"""Address of (outputs, muted) of every operation."""
P_SCALE = 7
"""Float: factor behind the last kernel (the master's trim)."""
P_LATENCY = 8
"""Frames by which players read behind the position."""
P_TOTAL = 9
"""Frames by which all comes late: what is heard now is the position less these."""
P_BEAT = 10
"""Address of the table of tempi (see patch), 0 where the program has no beats."""
P_FOLLOWS = 11
"""1: it goes on at the musical place where the program before it was."""
P_CARRY = 12
"""Address of (from, to, words) of the states that it takes over; P_CARRIED: how many."""
P_CARRIED = 13
P_CARRY_FROM = 14
"""Id of the program whose states those are; of any other nothing is taken over."""
PROGRAM_WORDS = 16

REST = -(1 << 50)
"""Where REST_CLOCK begins."""
FADE = 512
"""Frames of the crossfade between two programs."""
STEP_FADE = 128
"""Frames over which the jump at a change of place is smoothed."""

# Commands: (kind, a, b, c).
HERE = -(1 << 60)
"""Instead of a position: where it stands."""
PLAY = 1
"""a: position, or HERE to go on; b: 1 to begin with fresh states; c: where to stop, 0 for never."""
STOP = 2
SEEK = 3
LOOP = 4
"""a, b: from and to; equal ends the loop."""
SET = 5
"""a: address of a parameter word, b: float bits, c: id of the program that owns it."""
NOTE = 6
"""a: address of a note queue, b: what to put there, c: id of the program that owns it."""

# Events: (kind, a, b, c).
RETIRED = 1
"""a: id of a program that the callback has let go."""
FAULT = 2
"""a: id of the program, b: number of the operation that was muted."""
ENDED = 3
"""a: position at which playing ended, b: frames served until then."""
LOOPED = 4
"""a: position after the jump, b: frames served until then."""
PLACED = 5
"""Playing, going elsewhere, stopping or a new tempo: a, b as above; c: 1 while playing."""
