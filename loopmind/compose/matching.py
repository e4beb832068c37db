"""Mood match: a brief from a reference track, to be met with the user's own sounds.

Tempo within a few per cent, the key of the same colour nearest to the reference's that the crate
supports, its moods and energy, and its own form in whole bars.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from loopmind.compose.compatibility import mood_fit
from loopmind.compose.tempo_key import song_keys, song_tempi
from loopmind.compose.traits import Traits, traits
from loopmind.compose.wishes import allowed, genre_of, wanted_energy, wanted_moods
from loopmind.music.brief import Brief, FormPart
from loopmind.music.key import Key
from loopmind.music.loop import Crate
from loopmind.music.reference import Reference, ReferencePart

TEMPO_WITHIN = 0.04
# What a step on the circle of fifths away from the reference's key costs against support.
FIFTH_COST = 0.06
# The arranger gives an energy of 0 so much less than the peak.
CURVE_DB = 13.0
PEAK_WITHIN_DB = 1.5
MOST_PEAKS = 0.6
LONGEST_BARS = 16
ALIKE_DB = 1.2
QUIET_ENERGY = 0.35
MOODS_TAKEN = 2


def matched(brief: Brief, crate: Crate, reference: Reference, seed: int) -> Brief:
    """`brief` with what it leaves open decided by `reference`, and why."""
    why = []
    bpm_range = brief.bpm
    if bpm_range is None and reference.bpm is not None:
        bpm_range = (reference.bpm * (1.0 - TEMPO_WITHIN), reference.bpm * (1.0 + TEMPO_WITHIN))
    wish = replace(
        brief,
        bpm=bpm_range,
        mode=brief.mode or (reference.key.mode if reference.key is not None else None),
        moods=brief.moods or reference.tags[:MOODS_TAKEN],
        energy=reference.energy if brief.energy is None else brief.energy,
    )
    genre = genre_of(wish, crate)
    loops, _ = allowed(crate, wish)
    t = traits(loops)
    mood = mood_fit(t, wanted_moods(wish, genre), wanted_energy(wish, genre))
    bpm = song_tempi(t, wish, genre, mood, seed, keep=1)[0][0]
    if reference.bpm is not None:
        why.append(
            f"{reference.name} runs at {reference.bpm:.1f} bpm; your loops do best at {bpm:g}"
        )
    else:
        why.append(f"{reference.name} has no clear beat, so your loops decide the tempo")
    key = _key(t, wish, reference, seed, mood) if brief.key is None else brief.key
    if reference.key is not None and key is not None:
        why.append(f"it is in {reference.key.written}; the song is in {key.written}")
    form = form_of(
        reference, 60.0 / bpm * reference.beats_per_bar, brief.length_s or reference.duration_s
    )
    bars = sum(part.bars for part in form)
    why.append(f"its form in {bars} bars: " + ", ".join(f"{p.kind} {p.bars}" for p in form))
    if wish.moods != brief.moods:
        why.append(f"it sounds {' and '.join(wish.moods)}")
    return replace(
        wish,
        genre=genre.name,
        bpm=(bpm, bpm),
        key=key,
        mode=key.mode if key is not None else wish.mode,
        length_s=bars * reference.beats_per_bar * 60.0 / bpm,
        form=form,
        why=(*brief.why, *why),
    )


def key_steps(one: Key, other: Key) -> int:
    """Steps on the circle of fifths between the notes of two keys, 0 (the same) to 6.

    >>> key_steps(Key.parse("A minor"), Key.parse("C major"))
    0
    >>> key_steps(Key.parse("C major"), Key.parse("G major"))
    1
    """
    fifths = one.semitones_to(other) * 7 % 12
    return min(fifths, 12 - fifths)


def _key(t: Traits, wish: Brief, reference: Reference, seed: int, mood: np.ndarray) -> Key | None:
    """The supported key of the reference's colour that is nearest to its own."""
    genre = genre_of(wish, Crate(t.loops))
    ranked = song_keys(t, wish, genre, mood, seed, keep=24)
    own = reference.key
    if own is None:
        return ranked[0][0]
    worth = [
        (support - FIFTH_COST * key_steps(own, key), -i, key)
        for i, (key, support) in enumerate(ranked)
        if key is not None
    ]
    return max(worth)[2] if worth else None


def form_of(reference: Reference, bar_s: float, length_s: float) -> tuple[FormPart, ...]:
    """The reference's parts in whole bars of `bar_s`, drawn out to `length_s`, with their energy.

    Parts become multiples of four bars (of two where bars are long); long ones are cut into
    sections of at most LONGEST_BARS, so that the curve is followed within them.
    """
    step = 4 if bar_s <= 3.0 else 2
    scale = length_s / max(reference.duration_s, 1.0)
    pieces: list[tuple[int, float]] = []
    begun = 0
    edges = [part.end_s * scale / bar_s for part in reference.parts]
    for part, edge in zip(reference.parts, edges, strict=True):
        end = max(round(edge / step) * step, 0)
        bars = end - begun
        if bars < step:
            continue
        count = math.ceil(bars / LONGEST_BARS)
        size = math.ceil(bars / count / step) * step
        while bars > 0:
            taken = min(size, bars)
            span = (begun * bar_s / scale, (begun + taken) * bar_s / scale)
            pieces.append((taken, _level(reference, span, part)))
            begun, bars = begun + taken, bars - taken
    if not pieces:
        pieces = [(step, reference.loudness_lufs)]
    return _named(_joined(pieces))


def _joined(pieces: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Neighbours of nearly one level as one section, where that is no longer than LONGEST_BARS."""
    found: list[tuple[int, float]] = []
    for bars, level in pieces:
        if found and abs(found[-1][1] - level) < ALIKE_DB and found[-1][0] + bars <= LONGEST_BARS:
            before, other = found[-1]
            mean = (before * 10.0 ** (other / 10.0) + bars * 10.0 ** (level / 10.0)) / (
                before + bars
            )
            found[-1] = (before + bars, 10.0 * math.log10(mean))
        else:
            found.append((bars, level))
    return found


def _level(reference: Reference, span: tuple[float, float], part: ReferencePart) -> float:
    first, last = (int(edge / reference.curve_step_s) for edge in span)
    inside = np.array(reference.curve_lufs[first : max(last, first + 1)])
    if not len(inside):
        return part.level_lufs
    return float(10.0 * np.log10(np.mean(10.0 ** (inside / 10.0))))


def _named(pieces: Sequence[tuple[int, float]]) -> tuple[FormPart, ...]:
    """Kinds by place and energy: what is nearly as loud as the loudest is a hook."""
    loudest = max(level for _, level in pieces)
    energies = [min(max(1.0 - (loudest - level) / CURVE_DB, 0.05), 1.0) for _, level in pieces]
    total = sum(bars for bars, _ in pieces)
    within, peaks = PEAK_WITHIN_DB, set[int]()
    while True:
        peaks = {i for i, (_, level) in enumerate(pieces) if loudest - level <= within}
        if within <= 0.1 or sum(pieces[i][0] for i in peaks) <= MOST_PEAKS * total:
            break
        within -= 0.2
    last = len(pieces) - 1
    rest = [i for i in range(len(pieces)) if i not in peaks]
    parts = []
    for i, ((bars, _), energy) in enumerate(zip(pieces, energies, strict=True)):
        kind = "hook" if i in peaks else "verse"
        if kind == "verse" and i == 0 and last > 0:
            kind = "intro"
        elif kind == "verse" and i == last:
            kind = "outro"
        elif kind == "verse" and energy < QUIET_ENERGY:
            kind = "breakdown"
        elif kind == "verse" and rest and i > last / 2 and i - 1 in peaks and i + 1 in peaks:
            kind = "bridge"
        parts.append(FormPart(kind, bars, round(energy, 3)))
    return tuple(parts)
