"""One more choice with all others made: which sound fits a place among what plays already.

The scores are those of the joint search (joint.py), with every other slot held by what is in the
song, so that rhythm, harmony, spectrum and cost count as when the song was chosen.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loopmind.compose import explain
from loopmind.compose.candidates import describe
from loopmind.compose.compatibility import UNPITCHED_ROLES, mood_fit
from loopmind.compose.genres import GenreProfile
from loopmind.compose.joint import (
    Entry,
    Setting,
    Slot,
    beside,
    table_of,
    weigh_role,
)
from loopmind.compose.oneshots import KIT_VOICES, kit_voices, note_candidates
from loopmind.compose.pinned import pinned_entry
from loopmind.compose.seeds import gumbel
from loopmind.compose.select import RUNNERS_UP, groove_of
from loopmind.compose.slots import base_slot, section_of
from loopmind.compose.traits import ROLE_INDEX, Traits, traits
from loopmind.compose.wishes import wanted_energy, wanted_moods
from loopmind.music.draft import Draft
from loopmind.music.key import Key
from loopmind.music.loop import Crate, Loop, Role
from loopmind.music.palette import Candidate, Choice

CHANCE = 0.06
ALONE = 0.7
_NOTE_ROLES = frozenset({"bass", "chords", "lead"})
_known: dict[int, tuple[weakref.ref[Crate], Traits]] = {}


@dataclass(frozen=True)
class Place:
    """Where a sound is to play: the slot, its role, and the drum voice of single strokes.

    beside: the slots that sound beside it are all others but these, which it takes turns with or
    replaces. oneshot: it is played by pattern.
    """

    slot: str
    role: Role
    voice: str = ""
    oneshot: bool = False
    replaces: tuple[str, ...] = ()


Fits = Callable[[Loop, Candidate], bool]


def crate_traits(crate: Crate) -> Traits:
    """The arrays over a crate's loops, each content once; kept as long as the crate lives."""
    held = _known.get(id(crate))
    if held is not None and held[0]() is crate:
        return held[1]
    loops = tuple(crate.by_digest().values())
    made = traits(loops)
    for key in [k for k, (ref, _) in _known.items() if ref() is None]:
        del _known[key]
    _known[id(crate)] = (weakref.ref(crate), made)
    return made


def ranked(
    draft: Draft, crate: Crate, genre: GenreProfile, place: Place, *, rows: Collection[int],
    seed: int = 0, bpm: float | None = None, key: Key | None = None,
) -> list[Candidate]:  # fmt: skip
    """Sounds among `rows` (numbers in crate_traits) for `place`, the best fitting first.

    seed: 0 is the plain order, any other shuffles what fits about equally well. Tempo and key are
    the song's where they are not given.
    """
    t = crate_traits(crate)
    setting = setting_of(draft, genre, t, bpm=bpm, key=key)
    keep = np.array(sorted(rows), dtype=np.int64)
    if not len(keep):
        return []
    if place.oneshot:
        found = _single_sounds(t, keep, place, setting)
    else:
        found = _loops(draft, t, keep, place, setting)
    found = [c for c in found if c.score > 0.0]

    def worth(candidate: Candidate) -> float:
        luck = CHANCE * gumbel(seed, place.slot, candidate.digest) if seed else 0.0
        return candidate.score + luck

    return sorted(found, key=lambda c: (-worth(c), c.digest))


def setting_of(
    draft: Draft, genre: GenreProfile, t: Traits, *, bpm: float | None = None,
    key: Key | None = None,
) -> Setting:  # fmt: skip
    """Tempo, key and taste of the song as selection knows them."""
    brief = draft.song.brief
    mood = mood_fit(t, wanted_moods(brief, genre), wanted_energy(brief, genre))
    return Setting(
        bpm or draft.song.bpm, key or draft.song.key, draft.song.beats_per_bar,
        genre.feel == "half", groove_of(genre), mood, np.zeros(len(t)), 0,
    )  # fmt: skip


def _single_sounds(t: Traits, keep: np.ndarray, place: Place, setting: Setting) -> list[Candidate]:
    sub, mood = t.only(keep), setting.mood[keep]
    many = len(sub)
    if place.voice in KIT_VOICES:
        found = kit_voices(sub, mood, 0, keep=many).get(place.voice, [])
    elif place.role in _NOTE_ROLES and setting.key is not None:
        found = note_candidates(sub, place.role, setting.key, mood, 0, keep=many)
    else:
        return []
    return [entry.candidate for entry in found]


def _loops(
    draft: Draft, t: Traits, keep: np.ndarray, place: Place, setting: Setting
) -> list[Candidate]:
    """Loops for the place, scored alone and beside all that sounds with it."""
    sub = t.only(keep)
    narrow = replace(setting, mood=setting.mood[keep], bonus=setting.bonus[keep])
    entries = weigh_role(sub, place.role, narrow)
    options = [replace(e, index=int(keep[e.index])) for e in entries]
    if not options:
        return []
    held: list[Entry] = []
    slots: dict[str, Slot] = {}
    picks: dict[str, int] = {}
    index = {loop.digest: i for i, loop in enumerate(t.loops)}
    own = Slot(place.slot, place.role, 1.0)
    for choice in draft.palette.choices:
        base = base_slot(choice.slot)
        gone = choice.slot in place.replaces or base in place.replaces
        main = choice.slot == base and section_of(choice.slot) is None
        if gone or not main or choice.picked.digest not in index or choice.role == "fx":
            continue
        slots[choice.slot] = Slot(choice.slot, choice.role, _weight(choice.role))
        picks[choice.slot] = len(options) + len(held)
        held.append(held_entry(t, index[choice.picked.digest], choice, setting))
    slots[place.slot] = own
    of_role: dict[str, tuple[int, ...]] = {place.role: tuple(range(len(options)))}
    entries = [*options, *held]
    table = table_of(t, entries, of_role, [entry.alone for entry in entries])
    at = np.arange(len(options), dtype=np.int64)
    together = beside(table, own, at, picks, slots)
    found = []
    for j in range(len(options)):
        candidate = describe(table, own, j, picks, slots)
        if together is not None:
            # A pair that clashes is worth little whatever else speaks for it.
            harmony = table.pairs.harmony[j, list(picks.values())]
            clash = bool((harmony[~np.isnan(harmony)] < 0.36).any())
            candidate = replace(candidate, score=candidate.score * (0.6 if clash else 1.0))
        found.append(candidate)
    best: dict[str, Candidate] = {}
    for candidate in found:
        known = best.get(candidate.digest)
        if known is None or candidate.score > known.score:
            best[candidate.digest] = candidate
    return list(best.values())


def _weight(role: str) -> float:
    return {"drums": 1.0, "bass": 1.0, "chords": 1.0, "lead": 0.7, "vocal": 0.7}.get(role, 0.5)


def held_entry(t: Traits, index: int, choice: Choice, setting: Setting) -> Entry:
    """What is in the song as an entry of the table, read as it is played."""
    picked = choice.picked
    bpm = picked.source_bpm or setting.bpm
    return Entry(
        index, choice.role, bpm, setting.bpm / bpm, picked.beats or 4.0, picked.semitones, ALONE,
        (("role", float(t.suits[index, ROLE_INDEX[choice.role]])),),
    )  # fmt: skip


def exactly(
    draft: Draft, crate: Crate, genre: GenreProfile, place: Place, digest: str
) -> Candidate | None:
    """The sound that the user named, however well it fits; None where the crate lacks it."""
    t = crate_traits(crate)
    index = next((i for i, loop in enumerate(t.loops) if loop.digest == digest), None)
    if index is None:
        return None
    setting = setting_of(draft, genre, t)
    if t.kind[index] == "oneshot":
        shift = _tonic_shift(t.loops[index], place.role, setting.key)
        suit = float(t.suits[index, ROLE_INDEX[place.role]])
        return Candidate(digest, round(suit, 4), (("role", round(suit, 4)),), None, 0.0, 1.0, shift)
    entry = pinned_entry(t, digest, place.role, setting)
    if entry is None:
        return None
    parts = tuple((name, round(value, 4)) for name, value in entry.parts)
    return Candidate(
        digest, round(entry.alone, 4), parts, entry.source_bpm, entry.beats,
        round(entry.ratio, 6), entry.semitones,
    )  # fmt: skip


def _tonic_shift(loop: Loop, role: str, key: Key | None) -> int:
    if key is None or loop.pitch_midi is None or role in UNPITCHED_ROLES:
        return 0
    return int((key.tonic - round(loop.pitch_midi) + 6) % 12 - 6)


def made_choice(
    crate: Crate, place: Place, picked: Candidate, others: Sequence[Candidate], bpm: float
) -> Choice:
    """The choice of `picked`, with runners-up and reason, as selection would give it."""
    loop = crate.by_digest()[picked.digest]
    kept = tuple(c for c in others if c.digest != picked.digest)[:RUNNERS_UP]
    if picked.source_bpm is None:
        voice = place.voice or place.role
        said = explain.shot_reason(loop, voice, picked, kept)
        instrument = place.voice or loop.best_instrument or place.role
        return Choice(place.slot, place.role, instrument, picked, kept, said)
    said = explain.reason(loop, place.role, picked, kept, bpm)
    return Choice(place.slot, place.role, loop.best_instrument or place.role, picked, kept, said)
