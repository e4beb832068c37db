"""One-shots as instruments: which kick, snare, hat ... make a kit, and which can play notes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loopmind.compose.seeds import gumbel
from loopmind.compose.traits import INSTRUMENT_INDEX, Floats, Traits
from loopmind.music.key import Key
from loopmind.music.palette import Candidate

KIT_VOICES = ("kick", "snare", "clap", "hat", "cymbal", "tom", "percussion")
LEAST_BELIEF = 0.2
SEED_TEMPERATURE = 0.03
# Longest sensible sounds, in seconds: a kick of four seconds is no kick.
_LONGEST_S = {"kick": 2.0, "snare": 2.0, "clap": 2.0, "hat": 1.5, "cymbal": 8.0, "tom": 2.5,
              "percussion": 2.5}  # fmt: skip
_NOTE_INSTRUMENTS = {
    "bass": ("bass", "keys", "lead", "guitar", "pad", "brass", "strings"),
    "chords": ("keys", "guitar", "pad", "strings", "lead", "brass"),
    "lead": ("lead", "keys", "woodwind", "guitar", "brass", "strings", "vocal"),
}
# Notes that ring longer than this run into the next ones.
_RING_S = {"bass": 2.0, "chords": 5.0, "lead": 2.0}
_NOTE_RANGE = {"bass": (24.0, 55.0), "chords": (45.0, 80.0), "lead": (50.0, 90.0)}


@dataclass(frozen=True)
class Weighed:
    """A one-shot `index` weighed for a voice, best first in its list."""

    index: int
    candidate: Candidate


def _candidate(t: Traits, i: int, score: float, parts: dict[str, float], shift: int) -> Weighed:
    rounded = tuple((name, round(float(value), 4)) for name, value in parts.items())
    return Weighed(
        i, Candidate(t.loops[i].digest, round(float(score), 4), rounded, None, 0.0, 1.0, shift)
    )


def kit_voices(t: Traits, mood: Floats, seed: int, *, keep: int = 6) -> dict[str, list[Weighed]]:
    """Candidates for each drum voice among the one-shots, best first; empty lists left out.

    Where nothing is recognised as a drum at all, short sounds stand in by register: the lowest
    for the kick, the middle for the snare, the highest for the hat.
    """
    shots = np.flatnonzero((t.kind == "oneshot") & (t.lufs > -55.0))
    found: dict[str, list[Weighed]] = {}
    for voice in KIT_VOICES:
        belief = t.instruments[:, INSTRUMENT_INDEX[voice]]
        first = t.instruments.argmax(axis=1) == INSTRUMENT_INDEX[voice]
        fits = (belief >= LEAST_BELIEF) & first & (t.duration_s <= _LONGEST_S[voice])
        ranked = [i for i in shots.tolist() if fits[i]]
        weighed = [_weigh(t, i, float(belief[i]), float(mood[i]), voice) for i in ranked]
        found[voice] = _best(t, weighed, seed, voice, keep)
    named = {voice: entries for voice, entries in found.items() if entries}
    if named or not len(shots):
        return named
    return _by_register(t, mood, shots.tolist(), seed, keep)


def _weigh(t: Traits, i: int, belief: float, mood: float, voice: str) -> Weighed:
    # A one-shot far quieter than the rest is mostly noise once raised.
    level = float(np.clip((t.lufs[i] + 50.0) / 25.0, 0.0, 1.0))
    parts = {"role": belief, "mood": mood, "level": level}
    score = 0.5 * belief + 0.35 * mood + 0.15 * level
    if voice == "hat":
        parts["short"] = short = _short(t, i)
        score += 0.2 * (short - 1.0)
    return _candidate(t, i, score, parts, 0)


def _short(t: Traits, i: int) -> float:
    """1 for a closed hat, 0 for an open one, which would wash over the sixteenths that it keeps.

    Told by how long a steady tone of its peak would last with its energy: real closed hats stay
    under 4 ms, open ones begin at 6.
    """
    loop = t.loops[i]
    rings_s = loop.duration_s * 10.0 ** (-loop.crest_db / 10.0)
    return float(np.clip((0.012 - rings_s) / 0.008, 0.0, 1.0))


def _best(t: Traits, found: list[Weighed], seed: int, voice: str, keep: int) -> list[Weighed]:
    def chance(entry: Weighed) -> float:
        digest = entry.candidate.digest
        return entry.candidate.score + SEED_TEMPERATURE * gumbel(seed, "kit", voice, digest)

    found.sort(key=lambda e: (-chance(e), e.candidate.digest))
    first, others = found[:1], found[1:]
    others.sort(key=lambda e: (-e.candidate.score, e.candidate.digest))
    return [*first, *others][:keep]


def _by_register(
    t: Traits, mood: Floats, shots: list[int], seed: int, keep: int
) -> dict[str, list[Weighed]]:
    short = [i for i in shots if t.duration_s[i] <= 2.5]
    order = sorted(short, key=lambda i: (t.loops[i].brightness_hz, t.loops[i].digest))
    if not order:
        return {}
    third = max(len(order) // 3, 1)
    groups = {"kick": order[:third], "snare": order[third : 2 * third], "hat": order[2 * third :]}
    found = {}
    for voice, group in groups.items():
        weighed = [_weigh(t, i, 0.3, float(mood[i]), voice) for i in group]
        if weighed:
            found[voice] = _best(t, weighed, seed, voice, keep)
    return found


def is_complete(kit: dict[str, list[Weighed]]) -> bool:
    """Whether a beat can be built: a kick, a backbeat, and something that keeps time."""
    backbeat = "snare" in kit or "clap" in kit
    return "kick" in kit and backbeat and bool({"hat", "percussion", "cymbal"} & set(kit))


def note_candidates(
    t: Traits, role: str, key: Key, mood: Floats, seed: int, *, keep: int = 6
) -> list[Weighed]:
    """Pitched one-shots that can play the notes of `role`, best first.

    semitones of a candidate moves its own note to the key's tonic (the nearer octave).
    """
    low, high = _NOTE_RANGE[role]
    liked = _NOTE_INSTRUMENTS[role]
    shots = np.flatnonzero(
        (t.kind == "oneshot") & np.isfinite(t.pitch_midi) & (t.pitched >= 0.3) & (t.lufs > -55.0)
    )
    found = []
    for i in shots.tolist():
        midi = float(t.pitch_midi[i])
        own = t.loops[i].best_instrument
        # Drums with a tone stand in only where their note is low enough to be a bass drum's 808.
        if own in ("snare", "clap", "hat", "cymbal", "percussion", "drums", "fx"):
            continue
        place = liked.index(own) if own in liked else len(liked) + 2
        taste = max(1.0 - 0.12 * place, 0.1) if own != "kick" else (0.3 if role == "bass" else 0.0)
        if taste <= 0.0:
            continue
        outside = max(low - midi, midi - high, 0.0)
        register = float(np.exp(-((outside / 9.0) ** 2)))
        if register < 0.05:
            continue
        taste *= float(np.exp(-max(t.duration_s[i] - _RING_S[role], 0.0) / 2.0))
        shift = int((key.tonic - round(midi) + 6) % 12 - 6)
        tuned = 1.0 - abs(midi - round(midi))
        score = 0.35 * taste + 0.3 * register + 0.2 * float(mood[i]) + 0.15 * tuned
        parts = {"role": taste, "register": register, "mood": float(mood[i]), "tuning": tuned}
        found.append(_candidate(t, i, score, parts, shift))
    return _best(t, found, seed, role, keep)


def best_key_for_notes(t: Traits, mode: str) -> Key:
    """A key near the pitched one-shots, so that they need little transposition."""
    shots = (t.kind == "oneshot") & np.isfinite(t.pitch_midi)
    votes = np.zeros(12)
    for midi in t.pitch_midi[shots].tolist():
        votes[round(midi) % 12] += 1.0
        votes[(round(midi) + 5) % 12] += 0.2
    return Key(int(votes.argmax()) if votes.any() else 9, "major" if mode == "major" else "minor")


def has_notes(t: Traits) -> bool:
    return bool(((t.kind == "oneshot") & np.isfinite(t.pitch_midi) & (t.pitched >= 0.3)).any())
