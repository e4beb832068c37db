"""Inspire me: a brief invented from what the crate is good at, yet not what it usually makes.

A genre, tempo and key are strong where many sounds of the needed roles are at home: played within
a few per cent of their own speed and two semitones of their own pitch. Among the strong ones the
one that differs most from the crate's usual song is taken, with some chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from loopmind.compose.compatibility import (
    MAX_SEMITONES,
    UNPITCHED_ROLES,
    key_fit,
    key_index,
    shift_cost,
    tempo_fit,
)
from loopmind.compose.genres import GenreProfile, names, profile
from loopmind.compose.oneshots import is_complete, kit_voices
from loopmind.compose.seeds import gumbel
from loopmind.compose.tempo_key import mode_prior
from loopmind.compose.traits import (
    INSTRUMENT_INDEX,
    MOOD_INDEX,
    ROLE_INDEX,
    Bools,
    Floats,
    Traits,
    traits,
)
from loopmind.compose.wishes import allowed, genre_of
from loopmind.errors import LoopMindError
from loopmind.music.brief import Brief
from loopmind.music.key import Key
from loopmind.music.loop import DRUM_INSTRUMENTS, MOODS, Crate

HOME_RATIO = (0.94, 1.065)
# Halves and doubles of what was heard score less than this.
HOME_TEMPO = 0.75
HOME_SHIFT = 2
HOME_KEY = 0.7
# Among keys that serve as many sounds, the one that moves them least.
NEARNESS = 0.15
ENOUGH = 3.0
# So many loops of one instrument are something to build a song on.
MANY = 6.0
LEAST_SUIT = 0.4
# How far behind the strongest a surprise may be.
STRONG_SHARE = 0.8
TEMPERATURE = 0.08
_PITCHED = ("keys", "guitar", "pad", "lead", "strings", "brass", "woodwind", "bass", "vocal")
_MOOD_WORDS = {"lo-fi": "dusty", "aggressive": "hard"}
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
           "eleven", "twelve")  # fmt: skip


@dataclass(frozen=True)
class Idea:
    """One song the crate could make, with how strongly it supports it, 0..1."""

    genre: GenreProfile
    bpm: float
    key: Key | None
    strength: float
    surprise: float


def invent(brief: Brief, crate: Crate, seed: int) -> Brief:
    """`brief` with genre, tempo, key and mood invented where it names none, and why.

    Raises LoopMindError where the crate holds nothing to be inspired by.
    """
    loops, _ = allowed(crate, brief)
    t = traits(loops)
    usable = np.flatnonzero((t.kind == "loop") & (t.suits.max(axis=1, initial=0.0) > 0.0))
    if not len(usable):
        raise LoopMindError(
            "there are no loops to be inspired by, only single sounds; add loops, or say what "
            "you want"
        )
    usual = genre_of(replace(brief, genre=None), crate)
    kit = is_complete(kit_voices(t, np.ones(len(t)), seed))
    sub = t.only(usable)
    found = ideas(sub, brief, usual, kit=kit)
    best = max(idea.strength for idea in found)
    strong = [idea for idea in found if idea.strength >= STRONG_SHARE * best]
    other = [idea for idea in strong if idea.genre.name != usual.name]
    chosen = max(
        other or strong,
        key=lambda idea: (
            0.6 * idea.strength / max(best, 1e-9) + 0.4 * idea.surprise
            + TEMPERATURE * gumbel(seed, "idea", idea.genre.name, round(idea.bpm), str(idea.key)),
            idea.genre.name,
        ),
    )  # fmt: skip
    return _as_brief(brief, chosen, usual, sub, seed)


def ideas(t: Traits, brief: Brief, usual: GenreProfile, *, kit: bool) -> list[Idea]:
    """For every genre (or the one named) its strongest tempi and keys in this crate."""
    named = [genre_of(brief, Crate(t.loops))] if brief.genre else [profile(n) for n in names()]
    keys, at_home = _keys_at_home(t, brief)
    nearness = [_nearness(t, key) for key in keys]
    found = []
    for genre in named:
        for bpm in _tempi(t, brief, genre):
            near = _near(t, bpm, genre)
            fitting = _coherence(t, near, genre)
            ranked = [
                (
                    (_strength(t, genre, near, at_home[i], kit) + _mean(nearness[i], near))
                    * _liked(key, brief, genre),
                    -i,
                )
                for i, key in enumerate(keys)
            ]
            strength, i = max(ranked)
            surprise = _surprise(genre, bpm, usual)
            found.append(Idea(genre, bpm, keys[-i], strength * fitting, surprise))
    return found


def _nearness(t: Traits, key: Key | None) -> Floats:
    """How little each sound has to move into `key`, 0..1."""
    if key is None:
        return np.ones(len(t))
    shifts = np.arange(-MAX_SEMITONES, MAX_SEMITONES + 1)
    near: Floats = (key_fit(t, key) * shift_cost(shifts)[None, :]).max(axis=1)
    return near


def _mean(nearness: Floats, near: Bools) -> float:
    return NEARNESS * float(nearness[near].mean()) if near.any() else 0.0


def _keys_at_home(t: Traits, brief: Brief) -> tuple[list[Key | None], list[Bools]]:
    """The keys to think of, and for each which sounds are at home in it."""
    if brief.key is not None:
        keys: list[Key | None] = [brief.key]
    else:
        modes = [brief.mode] if brief.mode is not None else ["minor", "major"]
        keys = [Key(tonic, "minor" if m == "minor" else "major") for m in modes
                for tonic in range(12)]  # fmt: skip
    middle = slice(MAX_SEMITONES - HOME_SHIFT, MAX_SEMITONES + HOME_SHIFT + 1)
    return keys, [
        key_fit(t, key)[:, middle].max(axis=1) >= HOME_KEY for key in keys if key is not None
    ]


def _tempi(t: Traits, brief: Brief, genre: GenreProfile) -> list[float]:
    """Whole tempi of the genre at which most sounds are at home, three at most, apart."""
    low, high = brief.bpm or genre.bpm
    if low == high:
        return [low]
    grid = np.arange(math.ceil(low), math.floor(high) + 1).astype(float).tolist() or [low]
    counts = [(int(_near(t, bpm, genre).sum()), -abs(bpm - genre.typical_bpm), bpm) for bpm in grid]
    chosen: list[float] = []
    for _, _, bpm in sorted(counts, reverse=True):
        if all(abs(math.log2(bpm / other)) > 0.05 for other in chosen):
            chosen.append(bpm)
        if len(chosen) == 3:
            break
    return chosen


def _near(t: Traits, bpm: float, genre: GenreProfile) -> Bools:
    fit = tempo_fit(t, bpm, half_feel=genre.feel == "half", limits=HOME_RATIO)
    near: Bools = (fit.score >= HOME_TEMPO) & (t.readings[:, 0] > 0)
    return near


def _coherence(t: Traits, near: Bools, genre: GenreProfile) -> float:
    """How well energy and moods of the sounds at home go with the genre, 0..1."""
    if not near.any():
        return 0.0
    energy = 1.0 - abs(float(t.energy[near].mean()) - genre.energy)
    wish = np.array([genre.moods.get(mood, 0.0) for mood in MOODS])
    heard = t.moods[near].mean(axis=0)
    norm = float(np.linalg.norm(wish) * np.linalg.norm(heard)) or 1.0
    return 0.6 * energy + 0.4 * (0.5 + 0.5 * float(wish @ heard) / norm)


def _strength(t: Traits, genre: GenreProfile, near: Bools, at_home: Bools, kit: bool) -> float:
    """Share of what the genre needs that the crate has plenty of, and of one thing many, 0..1."""
    first = t.instruments.argmax(axis=1)
    pitched = near & at_home
    most = max(int((pitched & (first == INSTRUMENT_INDEX[name])).sum()) for name in _PITCHED)
    total, have = 0.0, 0.0
    for plan in genre.roles:
        fits = near & (t.suits[:, ROLE_INDEX[plan.role]] >= LEAST_SUIT)
        if plan.role not in UNPITCHED_ROLES:
            fits = fits & at_home
        plenty = min(float(fits.sum()) / ENOUGH, 1.0)
        if plan.role == "drums" and kit:
            plenty = max(plenty, 0.7)
        have += plan.priority * plenty
        total += plan.priority
    return 0.65 * have / max(total, 1e-9) + 0.35 * min(most / MANY, 1.0)


def _liked(key: Key | None, brief: Brief, genre: GenreProfile) -> float:
    return mode_prior(key.mode, brief, genre) if key is not None else 1.0


def _surprise(genre: GenreProfile, bpm: float, usual: GenreProfile) -> float:
    """How far a genre at a tempo lies from the usual one, 0..1: tempo, feel, mood, energy."""
    one = np.array([genre.moods.get(mood, 0.0) for mood in MOODS])
    other = np.array([usual.moods.get(mood, 0.0) for mood in MOODS])
    norm = float(np.linalg.norm(one) * np.linalg.norm(other)) or 1.0
    mood = 0.5 - 0.5 * float(one @ other) / norm
    tempo = min(abs(math.log2(bpm / usual.typical_bpm)) / 0.6, 1.0)
    energy = min(abs(genre.energy - usual.energy) / 0.5, 1.0)
    return 0.4 * mood + 0.35 * tempo + 0.25 * energy


def _as_brief(brief: Brief, idea: Idea, usual: GenreProfile, t: Traits, seed: int) -> Brief:
    genre = idea.genre
    near = _near(t, idea.bpm, genre)
    mood = _mood(t, near, genre, seed) if not brief.moods else None
    instrument, said = _featured(t, near, idea, mood)
    key = f" in {idea.key.written}" if idea.key is not None else ""
    colour = f"{mood} " if mood else ""
    why = [said] if said else []
    why.append(f"so this is {colour}{genre.name} at {idea.bpm:g} bpm{key}")
    if genre.name != usual.name:
        why.append(f"left alone, your sounds would have made {usual.name}")
    wanted = brief.wanted
    if instrument and instrument not in (*brief.wanted, *brief.forbidden):
        wanted = (*wanted, instrument)
    return replace(
        brief,
        genre=genre.name,
        bpm=(idea.bpm, idea.bpm),
        key=idea.key,
        mode=idea.key.mode if idea.key is not None else brief.mode,
        moods=brief.moods or ((mood,) if mood else ()),
        wanted=wanted,
        why=(*brief.why, *why),
    )


def _mood(t: Traits, near: Bools, genre: GenreProfile, seed: int) -> str | None:
    """A mood that the sounds at home here have more than the rest, and the genre can bear."""
    if not near.any():
        return None
    here, everywhere = t.moods[near].mean(axis=0), t.moods.mean(axis=0)
    best: tuple[float, str] | None = None
    for mood, column in MOOD_INDEX.items():
        if genre.moods.get(mood, 0.0) < 0.0 or here[column] < 0.1:
            continue
        lift = float(here[column]) + 1.5 * float(here[column] - everywhere[column])
        lift += 0.25 * genre.moods.get(mood, 0.0) + 0.02 * gumbel(seed, "mood", mood)
        if best is None or lift > best[0]:
            best = (lift, mood)
    return best[1] if best is not None else None


def _featured(t: Traits, near: Bools, idea: Idea, mood: str | None) -> tuple[str, str]:
    """The instrument the crate has most of here, and a sentence that counts it."""
    first = t.instruments.argmax(axis=1)
    at_home = np.ones(len(t), dtype=bool)
    if idea.key is not None:
        at_home = _keys_at_home(t, Brief(key=idea.key))[1][0]
    counts = {name: near & at_home & (first == INSTRUMENT_INDEX[name]) for name in _PITCHED}
    name, own = max(counts.items(), key=lambda item: (int(item[1].sum()), item[0]))
    if int(own.sum()) < 2:
        drums = near & np.isin(first, [INSTRUMENT_INDEX[drum] for drum in DRUM_INSTRUMENTS])
        said = f"you have {_loops(drums, 'drum')} round {idea.bpm:g} bpm" if drums.any() else ""
        return "", said
    has_mood = mood is not None and float(t.moods[own][:, MOOD_INDEX[mood]].mean()) >= 0.3
    word = f"{_MOOD_WORDS.get(mood or '', mood or '')} " if has_mood else ""
    said = f"you have {_loops(own, word + name)} round {idea.bpm:g} bpm"
    if idea.key is not None:
        exact = own & _in_key(t, idea.key)
        if 2 * int(exact.sum()) >= int(own.sum()):
            said = f"you have {_loops(exact, word + name)} round {idea.bpm:g} bpm"
            said += f" in {idea.key.written}"
        else:
            said += f" within two semitones of {idea.key.written}"
    return name, said


def _in_key(t: Traits, key: Key) -> Bools:
    """Sounds whose likeliest key is `key` or has its notes."""
    likeliest = t.keys.argmax(axis=1)
    same: Bools = np.isin(likeliest, [key_index(key), key_index(key.relative())])
    return same & t.keys.any(axis=1)


def _loops(which: Bools, kind: str) -> str:
    """ "eleven dusty keys loops"."""
    count = int(which.sum())
    number = _COUNTS[count] if count < len(_COUNTS) else str(count)
    return f"{number} {kind} {'loop' if count == 1 else 'loops'}"
