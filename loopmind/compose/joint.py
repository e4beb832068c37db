"""The joint search: which loops fill the slots of a song, all at one tempo and in one key.

Candidates of every slot are scored alone and in pairs, and a beam search keeps the best partial
palettes. select.py decides which tempi, keys and slots are tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loopmind.compose.balance import Balance
from loopmind.compose.compatibility import (
    LAST_RESORT,
    MAX_SEMITONES,
    RATIO_LIMITS,
    UNPITCHED_ROLES,
    PairScores,
    beat_chroma,
    key_fit,
    pair_scores,
    rhythm_vectors,
    shift_cost,
    tempo_fit,
    tonality,
    usable_beats,
)
from loopmind.compose.learned_fit import FitModel, fits_of
from loopmind.compose.seeds import gumbel
from loopmind.compose.traits import HARMONY_BEATS, ROLE_INDEX, Floats, Ints, Traits
from loopmind.music.key import Key
from loopmind.music.loop import Role

SHORTLIST = 24
BEAM = 10
# Of two sides the same slots may be filled in many ways that cost the same so far.
BALANCED_BEAM = 24
LEAST_SUIT = 0.2
# A pad may pass for chords, but what is hardly a voice or an effect is not used as one.
LEAST_SUIT_OF = {"fx": 0.45, "vocal": 0.45, "drums": 0.3}
SEED_TEMPERATURE = 0.016
MELODIC_SHIFT = 3
ALONE_SHARE = 0.55
BORROWED_SURPLUS = 0.32
WEAKEST_SHARE = 0.3
# A pair that agrees less than this clashes: what it is worth then lets only the wished-for in.
LEAST_HARMONY = 0.36
CLASHING = 0.45
BEARABLE_COST = 0.45
# What is less sure of its notes is not transposed.
CLEARLY_TONAL = 0.7


@dataclass(frozen=True)
class Slot:
    """A place in the palette. `alternate_of`: the slot it takes turns with, never sounds beside.

    instruments: where not empty, only loops whose first instrument is one of these. digest: where
    not empty, only the loop with that content, which then fills the slot for certain.
    """

    name: str
    role: Role
    weight: float
    alternate_of: str | None = None
    instruments: tuple[str, ...] = ()
    least: float = 0.4
    digest: str = ""


@dataclass(frozen=True)
class Entry:
    """One loop weighed for one slot's role, alone."""

    index: int
    role: Role
    source_bpm: float
    ratio: float
    beats: float
    semitones: int
    alone: float
    parts: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Setting:
    """The tempo and key under which loops are weighed, and what the song is after.

    fit: the learned fit, None where it is off.
    """

    bpm: float
    key: Key | None
    beats_per_bar: int
    half_feel: bool
    groove: Floats
    mood: Floats
    bonus: Floats
    seed: int
    relaxed: bool = False
    fit: FitModel | None = None


def weigh_role(t: Traits, role: Role, setting: Setting) -> list[Entry]:
    """The best loops for `role` under `setting`, each alone, best first (chance included)."""
    suits = t.suits[:, ROLE_INDEX[role]]
    limits = LAST_RESORT if setting.relaxed else RATIO_LIMITS[role]
    tempo = tempo_fit(t, setting.bpm, half_feel=setting.half_feel, limits=limits)
    least = LEAST_SUIT if setting.relaxed else LEAST_SUIT_OF.get(role, LEAST_SUIT)
    fits = (suits >= least) & (tempo.score > 0) & (t.kind != "oneshot")
    fits &= t.beats_per_bar == setting.beats_per_bar
    rows = np.flatnonzero(fits)
    if not len(rows):
        return []
    tonal_role = role not in UNPITCHED_ROLES and setting.key is not None
    taste = 0.6 * setting.mood[rows] + 0.4 * suits[rows] + setting.bonus[rows]
    if len(rows) > 400:
        rows = rows[np.argsort(-(taste + tempo.score[rows]), kind="stable")[:400]]
    sub = t.only(rows)
    shifts = np.arange(-MAX_SEMITONES, MAX_SEMITONES + 1)
    costs, clear = shift_cost(shifts), tonality(t)
    entries: list[Entry] = []
    if tonal_role and setting.key is not None:
        fit = key_fit(sub, setting.key)
        worth = fit * costs[None, :]
        if role in ("lead", "vocal"):
            worth = worth * np.where(np.abs(shifts) > MELODIC_SHIFT, 0.75, 1.0)[None, :]
    else:
        fit = np.full((len(rows), len(shifts)), 0.8)
        worth = np.where(shifts == 0, fit, 0.0)
    ranked = np.argsort(-worth, axis=1, kind="stable")
    groove = rhythm_vectors(sub) @ setting.groove
    for place, i in enumerate(rows.tolist()):
        loop = t.loops[i]
        beats = usable_beats(loop, float(tempo.source_bpm[i]), setting.beats_per_bar)
        if beats <= 0:
            continue
        whole = _squareness(beats, setting.beats_per_bar)
        choices = ranked[place, :2].tolist()
        tonal = tonal_role and clear[i] >= CLEARLY_TONAL
        second_best = worth[place, choices[1]] >= 0.85 * worth[place, choices[0]]
        for column in choices[: 2 if tonal and second_best else 1]:
            shift = int(shifts[column]) if tonal else 0
            moved = float(costs[column]) if tonal else 1.0
            cost = float(tempo.score[i]) * (0.3 + 0.7 * moved)
            in_key = float(fit[place, column]) if tonal else 0.75
            beat = float(np.clip(groove[place], 0.0, 1.0)) if role == "drums" else in_key
            suit = float(suits[i])
            alone = 0.25 * suit + 0.16 * float(setting.mood[i]) + 0.37 * cost + 0.22 * beat
            # Another role's sound, and a scrap of a bar, must be much better to win.
            alone *= (0.7 + 0.3 * whole) * (0.75 + 0.25 * suit)
            # The right mood does not mend a sound that is stretched out of shape.
            alone *= 0.65 + 0.35 * min(cost / BEARABLE_COST, 1.0)
            alone += float(setting.bonus[i])
            parts = (
                ("role", float(suits[i])), ("mood", float(setting.mood[i])), ("cost", cost),
                ("groove" if role == "drums" else "key", beat),
            )  # fmt: skip
            entries.append(
                Entry(i, role, float(tempo.source_bpm[i]), float(tempo.ratio[i]), beats, shift,
                      min(alone, 1.0), parts)
            )  # fmt: skip
    entries.sort(key=lambda e: (-_with_chance(t, e, setting.seed), t.loops[e.index].digest))
    return entries[:SHORTLIST]


def _squareness(beats: float, beats_per_bar: int) -> float:
    """1 for 1, 2, 4, 8 ... bars, less for three or five, least for parts of a bar."""
    if beats < beats_per_bar:
        return 0.4 + 0.1 * beats
    bars = round(beats / beats_per_bar)
    return 1.0 if bars & (bars - 1) == 0 else 0.7


def _with_chance(t: Traits, entry: Entry, seed: int) -> float:
    digest = t.loops[entry.index].digest
    return entry.alone + SEED_TEMPERATURE * gumbel(seed, entry.role, digest)


@dataclass(frozen=True, eq=False)
class Table:
    """All entries of all roles with their pair scores, and where each role's entries lie."""

    entries: tuple[Entry, ...]
    of_role: dict[str, tuple[int, ...]]
    pairs: PairScores
    chance: Floats
    traits: Traits


def weigh(
    t: Traits, slots: tuple[Slot, ...], setting: Setting, pinned: Sequence[Entry] = ()
) -> Table:
    """Entries for every role among `slots` with all their pair scores.

    pinned: the entries of slots that name a loop, in place of what is weighed for it.
    """
    entries: list[Entry] = []
    of_role: dict[str, tuple[int, ...]] = {}
    roles: dict[Role, None] = dict.fromkeys(slot.role for slot in slots)
    narrowed = {slot.role: slot.instruments for slot in slots if slot.instruments}
    for role in roles:
        found = weigh_role(t, role, setting)
        if role in narrowed:
            found = _with_instruments(t, role, narrowed[role], setting, found)
        own = [entry for entry in pinned if entry.role == role]
        held = {entry.index for entry in own}
        found = [*own, *(entry for entry in found if entry.index not in held)]
        of_role[role] = tuple(range(len(entries), len(entries) + len(found)))
        entries += found
    chances = [_with_chance(t, e, setting.seed) for e in entries]
    return table_of(t, entries, of_role, chances, setting.fit)


def table_of(
    t: Traits, entries: Sequence[Entry], of_role: dict[str, tuple[int, ...]], chance: list[float],
    fit: FitModel | None = None,
) -> Table:  # fmt: skip
    """The table of `entries`, each pair of them weighed, by the learned fit too where given."""
    index = np.array([e.index for e in entries], dtype=np.int64)
    chroma = np.array(
        [beat_chroma(t.loops[e.index], e.beats, e.semitones) for e in entries]
    ).reshape(len(entries), HARMONY_BEATS, 12)
    tonal = np.array(
        [e.role not in UNPITCHED_ROLES and t.chroma[e.index].any() for e in entries], dtype=bool
    )
    if not entries:
        return Table((), of_role, PairScores(*[np.zeros((0, 0))] * 6), np.zeros(0), t)
    roles, readings = [e.role for e in entries], [(e.source_bpm, e.beats) for e in entries]
    learned = fits_of(fit, t, index, roles, readings, chroma, tonal) if fit is not None else None
    pairs = pair_scores(t, index, roles, chroma, tonal, learned)
    return Table(tuple(entries), of_role, pairs, np.array(chance), t)


def _with_instruments(
    t: Traits, role: Role, wanted: tuple[str, ...], setting: Setting, found: list[Entry]
) -> list[Entry]:
    """`found` with loops of the wanted instruments sure to be among them."""
    ours = np.array([loop.best_instrument in wanted for loop in t.loops], dtype=bool)
    rows = np.flatnonzero(ours)
    held = {e.index for e in found}
    extra = []
    if len(rows):
        sub = Setting(**{**setting.__dict__, "mood": setting.mood[rows],
                         "bonus": setting.bonus[rows]})  # fmt: skip
        for e in weigh_role(t.only(rows), role, sub):
            index = int(rows[e.index])
            if index not in held:
                extra.append(Entry(**{**e.__dict__, "index": index}))
    return found + extra


@dataclass(frozen=True)
class Found:
    """A palette found: slot name -> entry number, and its score."""

    picks: dict[str, int]
    score: float


def search(table: Table, slots: tuple[Slot, ...], balance: Balance | None = None) -> Found:
    """The best joint filling of `slots` (in their order) that the beam finds; slots may stay empty.

    Score: over filled slots, weight times what the entry is worth alone and with those before it,
    less what the palette is out of `balance`.
    """
    beam: list[tuple[float, dict[str, int]]] = [(0.0, {})]
    by_name = {slot.name: slot for slot in slots}
    possible = sum(slot.weight for slot in slots)
    width = BEAM if balance is None else BALANCED_BEAM

    def cost(picks: dict[str, int], later: tuple[Slot, ...]) -> float:
        loops = {name: table.entries[j].index for name, j in picks.items()}
        return possible * balance.cost(loops, [s.name for s in later]) if balance else 0.0

    for number, slot in enumerate(slots, 1):
        options = _options(table, slot)
        grown: list[tuple[float, dict[str, int]]] = []
        for score, picks in beam:
            used = {table.entries[j].index for j in picks.values()}
            if not slot.digest or not options:
                grown.append((score, picks))
            if slot.alternate_of is not None and slot.alternate_of not in picks:
                continue
            worth = _worth(table, slot, options, picks, by_name)
            order = np.argsort(-worth, kind="stable")
            taken = 0
            for place in order.tolist():
                j = options[place]
                if table.entries[j].index in used or worth[place] < _least(table.entries[j], slot):
                    continue
                gain = slot.weight * float(worth[place])
                grown.append((score + gain, {**picks, slot.name: j}))
                taken += 1
                if taken >= width:
                    break
        ranked = [(score - cost(picks, slots[number:]), score, picks) for score, picks in grown]
        ranked.sort(key=lambda item: (-item[0], sorted(item[2].items())))
        beam = [(score, picks) for _, score, picks in ranked[:width]]
    score, picks = beam[0]
    return Found(picks, score - cost(picks, ()))


def _least(entry: Entry, slot: Slot) -> float:
    """What an entry must be worth: more where it is borrowed from another role.

    A third chord loop posing as a lead muddies a song more than an empty slot thins it.
    """
    borrowed = dict(entry.parts)["role"] < 0.5 and slot.least > 0.0
    return slot.least + (BORROWED_SURPLUS if borrowed else 0.0)


def _options(table: Table, slot: Slot) -> list[int]:
    options = list(table.of_role.get(slot.role, ()))
    loops = table.traits.loops
    if slot.digest:
        return [j for j in options if loops[table.entries[j].index].digest == slot.digest]
    if slot.instruments:
        options = [
            j for j in options
            if loops[table.entries[j].index].best_instrument in slot.instruments
        ]  # fmt: skip
    return options


def _worth(
    table: Table, slot: Slot, options: list[int], picks: dict[str, int], slots: dict[str, Slot]
) -> Floats:
    """What each option is worth in the slot beside what is picked already."""
    at = np.array(options, dtype=np.int64)
    alone = table.chance[at] if len(at) else np.zeros(0)
    together = beside(table, slot, at, picks, slots)
    if together is None:
        return alone
    worth: Floats = ALONE_SHARE * alone + (1 - ALONE_SHARE) * together
    beside_it = [j for name, j in picks.items() if not _takes_turns(slot, slots[name])]
    # Without pitch (NaN) nothing can clash.
    clashes = (table.pairs.harmony[at][:, beside_it] < LEAST_HARMONY).any(axis=1)
    return np.where(clashes, CLASHING * worth, worth)


def beside(
    table: Table, slot: Slot, at: Ints, picks: dict[str, int], slots: dict[str, Slot]
) -> Floats | None:
    """Mean pair score of the entries `at` with the picks that sound beside `slot`, None if none.

    Of the loop it takes turns with, an alternate should share rhythm and colour, not register. The
    weakest pair counts for itself: three partners that agree do not mend a clash.
    """
    sounding: list[int] = []
    replaced: list[int] = []
    weights: list[float] = []
    kin_weights: list[float] = []
    for name, j in picks.items():
        other = slots[name]
        if name == slot.name or (slot.alternate_of and other.alternate_of == slot.alternate_of):
            continue
        if _takes_turns(slot, other):
            replaced.append(j)
            kin_weights.append(other.weight)
        else:
            sounding.append(j)
            weights.append(other.weight)
    if not sounding and not replaced:
        return None
    total = table.pairs.total[at][:, sounding]
    mean = total @ np.array(weights) + table.pairs.kin[at][:, replaced] @ np.array(kin_weights)
    found: Floats = mean / (sum(weights) + sum(kin_weights))
    if not sounding:
        return found
    joined: Floats = (1.0 - WEAKEST_SHARE) * found + WEAKEST_SHARE * total.min(axis=1)
    return joined


def _takes_turns(slot: Slot, other: Slot) -> bool:
    return (
        slot.alternate_of == other.name or other.alternate_of == slot.name
        or (slot.alternate_of is not None and slot.alternate_of == other.alternate_of)
    )  # fmt: skip
