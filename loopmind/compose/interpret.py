"""What to make anew of a user's sounds: takes, and the units that tell them.

A take follows the rhythm or the notes of one sound and is told with units of others, by
concatenative synthesis (Schwarz, "Concatenative sound synthesis: the early years", JNMR 2006).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from loopmind.compose.harmony import chord_of_degree, scale_steps
from loopmind.compose.seeds import gumbel, stream
from loopmind.errors import LoopMindError
from loopmind.music.key import Key
from loopmind.music.loop import Crate, Loop
from loopmind.music.notes import Note
from loopmind.music.units import Event, Placed, Take, Unit

F64 = NDArray[np.float64]

_RATIO_LIMITS = (0.72, 1.4)
_MOST_SHIFT = 7.0
_JOINED_COST, _AGAIN_COST, _ALIKE_COST, _SHIFT_COST = 6.0, 0.6, 0.4, 0.12
_CHANCE = 0.25
_KEPT = 40
_OTHER_DRAW, _UNDER_DB = 7919, -1.5
_TEXTURE_DEGREES = ((1, 6, 3, 7), (1, 4, 6, 5), (6, 4, 1, 5), (1, 5, 6, 4))


def tempo_of(crate: Crate) -> float:
    """The tempo at which most loops are at home, a whole number; 100 where none has one."""
    heard = [(loop.bpm, loop) for loop in crate.loops if loop.kind == "loop" and loop.bpm]
    if not heard:
        return 100.0
    bpms = np.array([bpm for bpm, _ in heard])
    tried = np.arange(70.0, 151.0)
    near = np.min(
        [np.abs(np.log2(tried[:, None] * factor / bpms[None, :])) for factor in (0.5, 1.0, 2.0)],
        axis=0,
    )
    votes = np.exp(-((near / 0.04) ** 2)).sum(axis=1) - 0.01 * np.abs(np.log2(tried / 105.0))
    return float(tried[int(np.argmax(votes))])


def key_of(crate: Crate) -> Key | None:
    """The key that the pitched sounds believe in most; None where none has one."""
    votes: dict[Key, float] = {}
    for loop in crate.loops:
        if loop.kind == "loop" and loop.pitched >= 0.4:
            for belief in loop.key:
                votes[belief.value] = votes.get(belief.value, 0.0) + belief.weight
    return max(votes, key=lambda key: (votes[key], key), default=None)


def pulse_take(name: str, model: Loop, units: Sequence[Unit], bpm: float, bars: int) -> Take | None:
    """The rhythm of `model` and the course of its colours, as events; None where it has none."""
    if model.bpm is None or len(units) < 4:
        return None
    source = _tempo_near(model, bpm)
    bar = model.beats_per_bar
    beats = float(bars * bar)
    own = max(round(model.beats_at(source) / bar), 1) * bar
    events = []
    for turn in range(int(np.ceil(beats / own))):
        for unit in units:
            beat = (unit.start_s - model.downbeat_s) * source / 60.0
            snapped = round(beat * 4.0) / 4.0 if abs(beat * 4.0 - round(beat * 4.0)) < 0.2 else beat
            at = snapped % own + turn * own
            if at < beats - 0.05:
                length = unit.length_s * source / 60.0
                events.append(Event(round(at, 4), length, unit.level_db, None, unit.timbre))
    events.sort(key=lambda event: event.beat)
    return Take(
        name, "pulse", bpm, None, bars, bar, tuple(events), model.digest,
        f"the rhythm of {_name(model)}, told with slices of other sounds",
    )  # fmt: skip


def line_take(
    name: str, notes: Sequence[Note], source_bpm: float, key: Key | None, own_key: Key | None,
    bpm: float, bars: int, *, model: str, told: str, origin_s: float = 0.0,
) -> Take | None:  # fmt: skip
    """Notes of a sound or of MIDI as events, moved to `key`; None for too few notes."""
    beats = float(bars * 4)
    shift = own_key.semitones_to(key) if own_key is not None and key is not None else 0
    scale = {(key.tonic + step) % 12 for step in scale_steps(key)} if key is not None else set()
    events: list[Event] = []
    for note in notes:
        beat = round((note.start_s - origin_s) * source_bpm / 60.0 * 4.0) / 4.0
        length = max((note.end_s - note.start_s) * source_bpm / 60.0, 0.2)
        if not 0.0 <= beat < beats:
            continue
        midi = round(note.pitch) + shift
        if scale and midi % 12 not in scale:
            midi += 1 if (midi + 1) % 12 in scale else -1
        if events and events[-1].beat == beat:
            continue
        level = 20.0 * float(np.log10(max(note.velocity, 0.1)))
        events.append(Event(beat, min(length, beats - beat), level, float(midi)))
    if len(events) < 3:
        return None
    return Take(name, "line", bpm, key, bars, 4, tuple(events), model, told)


def texture_take(
    name: str, key: Key, bpm: float, bars: int, seed: int, chords: Sequence[Sequence[int]] = ()
) -> Take:
    """Held chords, one every two bars: those given (MIDI), else a progression of the key."""
    lines = _TEXTURE_DEGREES
    degrees = lines[int(stream(seed, name, "chords").integers(len(lines)))]
    events = []
    for number, first in enumerate(range(0, bars, 2)):
        if chords:
            tones = list(chords[number % len(chords)])
        else:
            chord = chord_of_degree(key, degrees[number % len(degrees)], "triad")
            root = 48 + (chord.root - 48 % 12) % 12
            tones = [root, *(root + t + (12 if t else 0) for t in chord.tones[1:])]
        for place, midi in enumerate(tones[:4]):
            level = -2.0 * place
            events.append(Event(first * 4.0, min(2, bars - first) * 4.0, level, float(midi)))
    told = "frozen colours of pitched sounds, held as chords"
    return Take(name, "texture", bpm, key, bars, 4, tuple(events), "", told)


def chords_of(notes: Sequence[Note], bpm: float, bars: int) -> list[list[int]]:
    """The three pitch classes that sound longest in each two bars, as held chords; from MIDI."""
    chords = []
    span = 2 * 4 * 60.0 / bpm
    for number in range((bars + 1) // 2):
        weight = np.zeros(12)
        for note in notes:
            inside = min(note.end_s, (number + 1) * span) - max(note.start_s, number * span)
            if inside > 0.0:
                weight[round(note.pitch) % 12] += inside
        if weight.any():
            tones = sorted(int(pc) for pc in np.argsort(-weight, kind="stable")[:3] if weight[pc])
            chords.append([48 + pc for pc in tones])
    return chords


def match(take: Take, units: Sequence[Unit], seed: int) -> list[Placed]:
    """A unit for each event: near in timbre, transposed little, never as the source had them.

    Viterbi over the nearest units of each event. Cost: distance in timbre (in standard deviations
    of all units), .12 a semitone, and for what follows: the same unit again, or the unit that
    followed in the source, which would be a copy. Raises LoopMindError where no unit will do.
    """
    pool = [i for i, unit in enumerate(units) if unit.digest != take.model]
    pitched = take.kind != "pulse"
    if pitched:
        pool = [i for i in pool if units[i].midi is not None]
    if not pool or not take.events:
        raise LoopMindError("there are too few other sounds to tell it with; name more folders")
    table = np.array([units[i].timbre for i in pool])
    scale = table.std(axis=0) + 1e-9
    home = _home(table / scale, seed, take.name)
    loud = np.array([max(units[i].level_db, -30.0) for i in pool])
    options: list[tuple[list[int], F64, list[float]]] = []
    for number, event in enumerate(take.events):
        wanted = event.timbre / scale if event.timbre is not None else home
        cost = np.sqrt((((table / scale) - wanted) ** 2).mean(axis=1)) - 0.01 * loud
        moves = np.zeros(len(pool))
        if event.midi is not None:
            own = np.array([units[i].midi or 0.0 for i in pool])
            away = event.midi - own
            # Any octave of the unit will do; what is moved far no longer sounds like it.
            moves = away - 12.0 * np.round(away / 12.0)
            cost = cost + _SHIFT_COST * np.abs(moves)
            cost = cost - 1.0 * np.array([units[i].pure for i in pool])
            cost = cost + 4.0 * (np.abs(moves) > _MOST_SHIFT)
        noise = np.array([gumbel(seed, take.name, number, i) for i in pool])
        best = np.argsort(cost - _CHANCE * noise, kind="stable")[:_KEPT]
        options.append(([pool[j] for j in best], cost[best], [float(moves[j]) for j in best]))
    return _cheapest(options, units, take)


def layered(take: Take, units: Sequence[Unit], seed: int) -> list[Placed]:
    """As `match`; each stroke of a pulse is two units that are alike, so that it is neither."""
    first = match(take, units, seed)
    if take.kind != "pulse":
        return first
    # Another draw among the nearest; where it comes to the same unit, that stays alone.
    second = match(take, units, seed + _OTHER_DRAW)
    under = [
        replace(other, gain_db=_UNDER_DB)
        for one, other in zip(first, second, strict=True) if one.unit != other.unit
    ]  # fmt: skip
    return [*first, *under]


def _cheapest(
    options: list[tuple[list[int], F64, list[float]]], units: Sequence[Unit], take: Take
) -> list[Placed]:
    total = options[0][1]
    back: list[NDArray[np.int64]] = []
    for before, now in itertools.pairwise(options):
        step = np.zeros((len(now[0]), len(before[0])))
        for a, unit in enumerate(now[0]):
            for b, other in enumerate(before[0]):
                if unit == other:
                    step[a, b] = _AGAIN_COST
                elif _follows(units[other], units[unit]):
                    step[a, b] = _JOINED_COST
                elif take.kind == "texture" and units[other].digest == units[unit].digest:
                    step[a, b] = _ALIKE_COST
        reached = total[None, :] + step
        back.append(reached.argmin(axis=1))
        total = reached.min(axis=1) + now[1]
    at = int(total.argmin())
    path = [at]
    for row in reversed(back):
        at = int(row[at])
        path.append(at)
    path.reverse()
    return [Placed(i, options[i][0][j], round(options[i][2][j], 3)) for i, j in enumerate(path)]


def _follows(one: Unit, other: Unit) -> bool:
    """Whether `other` is what comes right after `one` in the same file."""
    gap = other.start_s - one.start_s
    return one.digest == other.digest and 0.0 < gap < one.length_s + 0.1


def _home(table: F64, seed: int, name: str) -> F64:
    """A colour to stay near: that of one unit, by chance, with its neighbours'."""
    centre = table[int(stream(seed, name, "home").integers(len(table)))]
    near = np.argsort(((table - centre) ** 2).sum(axis=1), kind="stable")[:12]
    return np.asarray(table[near].mean(axis=0))


def _tempo_near(loop: Loop, bpm: float) -> float:
    """The reading of the loop's tempo that is nearest to `bpm`."""
    readings = [b.value for b in loop.tempo[:1]]
    options = [r * f for r in readings for f in (0.5, 1.0, 2.0)]
    inside = [r for r in options if _RATIO_LIMITS[0] <= bpm / r <= _RATIO_LIMITS[1]]
    return min(inside or options, key=lambda r: abs(np.log2(bpm / r)))


def _name(loop: Loop) -> str:
    return loop.path.replace("\\", "/").rsplit("/", 1)[-1]
