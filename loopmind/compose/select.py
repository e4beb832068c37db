"""Choose the palette: sounds that fit the wish and each other, at one tempo and in one key.

Selection tries the few tempi and keys that the loops themselves support, searches a joint filling
of all roles under each, and keeps the best; a seed picks among what is nearly as good. One-shots
become a drum kit, a bass or a melody where no loop fills the role.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from loopmind.compose import explain
from loopmind.compose.balance import Balance, side_of, slot_worth
from loopmind.compose.candidates import describe
from loopmind.compose.compatibility import (
    RATIO_LIMITS,
    UNPITCHED_ROLES,
    mood_fit,
    shift_cost,
    tempo_fit,
)
from loopmind.compose.freshness import WEAR_MALUS, fresh_first, wear
from loopmind.compose.genres import GenreProfile
from loopmind.compose.joint import Found, Setting, Slot, Table, search, weigh
from loopmind.compose.learned_fit import FitModel
from loopmind.compose.oneshots import (
    Weighed,
    best_key_for_notes,
    has_notes,
    is_complete,
    kit_voices,
    note_candidates,
)
from loopmind.compose.only_songs import palette_of_songs
from loopmind.compose.pinned import anchor_reason, as_loops, pinned_entry, with_anchors
from loopmind.compose.seeds import chance, gumbel
from loopmind.compose.slots import plan_slots
from loopmind.compose.tempo_key import own_mode, song_keys, song_tempi
from loopmind.compose.traits import ROLE_INDEX, Floats, Traits, traits
from loopmind.compose.wishes import allowed, folder_words, genre_of, wanted_energy, wanted_moods
from loopmind.errors import LoopMindError
from loopmind.music.brief import Brief
from loopmind.music.key import Key
from loopmind.music.loop import Crate, Role
from loopmind.music.palette import Candidate, Choice, Palette

RUNNERS_UP = 5
FOLDER_BONUS = 0.2
# Whoever keeps drum loops wants to hear them, surely those at home in the song's tempo.
KIT_DESPITE_LOOPS = 0.6
KIT_DESPITE_FITTING_LOOPS = 0.2
AT_HOME = 0.62
SETTING_TEMPERATURE = 0.004
# What a song in which everything is transposed loses against one that leaves its sounds alone.
SHIFT_WEIGHT = 0.25

FITTED_SETTINGS = 3
NOTE_ROLES: tuple[Role, ...] = ("bass", "chords", "lead")


@dataclass(frozen=True)
class _Tried:
    """One tempo and key with the best palette found under them."""

    setting: Setting
    table: Table
    found: Found
    score: float
    prior: float


def choose(
    crate: Crate, brief: Brief, seed: int, *, share: float = 0.5, fit: FitModel | None = None
) -> Palette:
    """The palette for `brief` from `crate`. The same arguments give the same palette.

    share: what the first of the brief's two sides is to contribute, 0..1. fit: the learned fit,
    which then joins the hand-made pair scores. Every choice keeps its
    scores, up to five runners-up and a reason in plain words; roles that nothing could fill are
    named in `unfilled`. Raises LoopMindError where no sound is usable.
    """
    genre = genre_of(brief, crate)
    loops, notes = allowed(crate, brief)
    t = as_loops(traits(loops), brief.anchors)
    mood = mood_fit(t, wanted_moods(brief, genre), wanted_energy(brief, genre))
    playable = (t.kind == "loop") & (t.suits.max(axis=1, initial=0.0) > 0)
    shots = (t.kind == "oneshot") & (t.suits.max(axis=1, initial=0.0) > 0)
    if not playable.any() and not shots.any():
        return palette_of_songs(t, brief, genre, seed, notes)
    if (t.kind == "song").any() and playable.any():
        keep = np.flatnonzero(t.kind != "song")
        t, mood = t.only(keep), mood[keep]
    return _Chooser(t, mood, brief, genre, seed, list(notes), share, fit).palette()


class _Chooser:
    """One run of choosing: what is weighed, and what has been found so far."""

    def __init__(
        self, t: Traits, mood: Floats, brief: Brief, genre: GenreProfile, seed: int,
        notes: list[str], share: float, fit: FitModel | None,
    ) -> None:  # fmt: skip
        self.fit = fit
        self.t, self.mood, self.brief, self.genre, self.seed = t, mood, brief, genre, seed
        self.notes = notes
        self.anchors = {anchor.digest for anchor in brief.anchors}
        self.wear = wear(t, brief)
        kit = {} if "drums" in brief.forbidden else kit_voices(t, mood, seed)
        self.kit = {voice: fresh_first(entries, self.wear) for voice, entries in kit.items()}
        self.share = share
        self.beats_per_bar = self._metre()
        self.bonus = self._bonus()

    def palette(self) -> Palette:
        by_pattern = self._drums_by_pattern()
        self.by_pattern = by_pattern
        slots = plan_slots(self.genre, self.brief, with_drums=not by_pattern)
        slots = with_anchors(slots, self.brief)
        best = self._search(slots)
        named = {slot.name: slot for slot in slots}
        choices = [
            self._choice(best, named[name], j, named) for name, j in best.found.picks.items()
        ]
        order = {slot.name: i for i, slot in enumerate(slots)}
        choices.sort(key=lambda c: order[c.slot])
        filled = {c.slot for c in choices}
        if "drums" not in filled and self.kit:
            choices += self._kit_choices()
        elif self.kit and not by_pattern:
            choices += self._ornaments()
        key = self._key(best.setting.key, filled)
        choices += self._note_choices(key, filled)
        if not choices:
            raise LoopMindError(
                "none of the sounds can play any part in a song; add drum, bass or melody loops, "
                "or one-shots such as a kick and a snare"
            )
        self._note_guesses(best.setting.bpm)
        unfilled = explain.unfilled(self.t, self.genre, self.brief, choices, best.setting)
        pitched = any(c.role not in ("drums", "percussion", "fx") for c in choices)
        return Palette(
            bpm=best.setting.bpm,
            key=key if pitched or self.brief.key else None,
            beats_per_bar=self.beats_per_bar,
            swing=self._swing(choices),
            choices=tuple(choices),
            unfilled=unfilled,
            notes=tuple(self.notes),
        )

    def _note_guesses(self, bpm: float) -> None:
        """Say what was decided without being asked, and where the genre had to give way."""
        if self.wear.any():
            self.notes.append("sounds of the latest songs were passed over where others fit")
        if self.brief.genre is None:
            self.notes.append(f"no genre was named; {self.genre.name} suits these sounds best")
        low, high = self.genre.bpm
        if self.brief.bpm is None and not low - 1.0 <= bpm <= high + 1.0:
            self.notes.append(
                f"{bpm:g} bpm lies outside the usual {low:g} to {high:g} of {self.genre.name}, "
                "because the loops are at home there"
            )

    def _metre(self) -> int:
        for loop in self.t.loops:
            if loop.digest in self.anchors:
                return loop.beats_per_bar or 4
        loops = self.t.kind == "loop"
        threes = int((self.t.beats_per_bar[loops] == 3).sum())
        return 3 if threes > int(loops.sum()) - threes else 4

    def _bonus(self) -> Floats:
        """What wished-for folders and instruments add to a loop's score, and wear takes off it."""
        bonus: Floats = -WEAR_MALUS * self.wear
        words = self.brief.folders
        for i, loop in enumerate(self.t.loops):
            if words and folder_words(loop, words):
                bonus[i] += FOLDER_BONUS
            if loop.best_instrument in self.brief.wanted:
                bonus[i] += 0.08
        return bonus

    def _drums_by_pattern(self) -> bool:
        """Whether the drums are built from one-shots although drum loops may be there."""
        anchored = any(anchor.role == "drums" for anchor in self.brief.anchors)
        if anchored or "drums" in self.brief.forbidden or not is_complete(self.kit):
            return False
        drums = self.t.suits[:, ROLE_INDEX["drums"]]
        loops = (drums >= 0.5) & (self.t.kind == "loop")
        likely = self.genre.kit
        if loops.any():
            # "Trap at 140" leaves a loop of 138 at home, one of 110 not.
            low, high = self.brief.bpm or self.genre.bpm
            half = self.genre.feel == "half"
            fit = [tempo_fit(self.t, bpm, half_feel=half, limits=RATIO_LIMITS["drums"]).score
                   for bpm in np.linspace(low, high, 1 if low == high else 5).tolist()]  # fmt: skip
            fits = bool((np.max(fit, axis=0)[loops] >= AT_HOME).any())
            likely *= KIT_DESPITE_FITTING_LOOPS if fits else KIT_DESPITE_LOOPS
        return chance(self.seed, "kit or loop") < likely

    def _search(self, slots: tuple[Slot, ...]) -> _Tried:
        tempi = song_tempi(self.t, self.brief, self.genre, self.mood, self.seed)
        keys = song_keys(self.t, self.brief, self.genre, self.mood, self.seed)
        tried = [
            self._try(slots, bpm, bpm_score, key, key_score, relaxed=False)
            for bpm, bpm_score in tempi
            for key, key_score in keys
        ]
        tried.sort(key=lambda one: -one.score)
        if self.fit is not None:
            # What stands no chance by hand-made scores is not worth asking the model about.
            tried = [self._weighed(slots, replace(one.setting, fit=self.fit), one.prior)
                     for one in tried[:FITTED_SETTINGS]]  # fmt: skip
        best = max(tried, key=lambda one: one.score)
        if not best.found.picks and (self.t.kind == "loop").any():
            # Better a hard stretch than silence: nothing fits within the usual limits.
            tried = [
                self._try(_undemanding(slots), bpm, score, key, 1.0, relaxed=True)
                for bpm, score in tempi
                for key, _ in keys
            ]
            best = max(tried, key=lambda one: one.score)
            if best.found.picks:
                self.notes.append(
                    f"no loop is near {best.setting.bpm:g} bpm, so some are stretched hard; "
                    "another tempo would sound better"
                )
        return best

    def _try(
        self, slots: tuple[Slot, ...], bpm: float, bpm_score: float, key: Key | None,
        key_score: float, *, relaxed: bool,
    ) -> _Tried:  # fmt: skip
        setting = Setting(
            bpm, key, self.beats_per_bar, self.genre.feel == "half", groove_of(self.genre),
            self.mood, self.bonus, self.seed, relaxed,
        )  # fmt: skip
        return self._weighed(slots, setting, 0.15 * bpm_score + 0.2 * key_score)

    def _weighed(self, slots: tuple[Slot, ...], setting: Setting, prior: float) -> _Tried:
        """The best palette under `setting`, for which `prior` speaks."""
        named = [(slot.digest, slot.role) for slot in slots if slot.digest]
        pinned = [pinned_entry(self.t, digest, role, setting) for digest, role in named]
        table = weigh(self.t, slots, setting, [entry for entry in pinned if entry is not None])
        found = search(table, slots, self._balance(slots))
        possible = sum(slot.weight for slot in slots) or 1.0
        score = found.score / possible + prior
        score -= SHIFT_WEIGHT * _mean_shift_cost(table, found, slots)
        score += SETTING_TEMPERATURE * gumbel(self.seed, "setting", setting.bpm, str(setting.key))
        return _Tried(setting, table, found, score, prior)

    def _balance(self, slots: tuple[Slot, ...]) -> Balance | None:
        """The balance of the brief's two sides; a kit's voices are counted as they are."""
        if len(self.brief.sides) != 2:
            return None
        numbers = [side_of(loop, self.brief.sides) for loop in self.t.loops]
        sides = np.array([-1 if number is None else number for number in numbers])
        worth = slot_worth(
            {slot.name: slot.role for slot in slots},
            {slot.name: slot.alternate_of or slot.name for slot in slots},
            self.genre,
        )
        given = [0.0, 0.0]
        voices = [entries[0].index for entries in self.kit.values()] if self.by_pattern else []
        for index in voices:
            if sides[index] >= 0:
                given[sides[index]] += 1.0 / len(voices)
        return Balance(sides, worth, self.share, (given[0], given[1]))

    def _choice(self, best: _Tried, slot: Slot, j: int, slots: dict[str, Slot]) -> Choice:
        table, picks = best.table, best.found.picks
        used = {table.entries[k].index for k in picks.values()}
        picked = describe(table, slot, j, picks, slots)
        others: dict[str, Candidate] = {}
        for k in table.of_role.get(slot.role, ()):
            if table.entries[k].index in used:
                continue
            other = describe(table, slot, k, picks, slots)
            held = others.get(other.digest)
            if held is None or other.score > held.score:
                others[other.digest] = other
        ranked = sorted(others.values(), key=lambda c: (-c.score, c.digest))[:RUNNERS_UP]
        loop = self.t.loops[table.entries[j].index]
        reason = explain.reason(loop, slot.role, picked, tuple(ranked), best.setting.bpm)
        if slot.digest:
            reason = anchor_reason(explain.file_name(loop), picked)
        instrument = loop.best_instrument or slot.role
        return Choice(slot.name, slot.role, instrument, picked, tuple(ranked), reason)

    def _kit_choices(self) -> list[Choice]:
        return [
            # A loop may hold the slot "percussion"; a single hit is named apart.
            self._shot("perc" if voice == "percussion" else voice, "drums", voice, entries)
            for voice, entries in self.kit.items()
        ]

    def _ornaments(self) -> list[Choice]:
        """One-shots beside a drum loop: a crash for section starts, a snare for fills."""
        found = []
        if "cymbal" in self.kit:
            found.append(self._shot("crash", "fx", "cymbal", self.kit["cymbal"]))
        for voice in ("snare", "tom", "clap"):
            if voice in self.kit:
                found.append(self._shot("fill", "percussion", voice, self.kit[voice]))
                break
        return found

    def _shot(self, slot: str, role: Role, voice: str, entries: list[Weighed]) -> Choice:
        ranked = tuple(e.candidate for e in entries[1 : RUNNERS_UP + 1])
        loop = self.t.loops[entries[0].index]
        reason = explain.shot_reason(loop, voice, entries[0].candidate, ranked)
        return Choice(slot, role, voice, entries[0].candidate, ranked, reason)

    def _key(self, key: Key | None, filled: set[str]) -> Key | None:
        if key is None and has_notes(self.t):
            return self.brief.key or best_key_for_notes(self.t, own_mode(self.brief, self.genre))
        return key

    def _note_choices(self, key: Key | None, filled: set[str]) -> list[Choice]:
        """Pitched one-shots for the bass, chords and melody that no loop plays."""
        if key is None:
            return []
        found: list[Choice] = []
        used: set[str] = set()
        harmony = bool({"chords", "pad"} & filled)
        for role in NOTE_ROLES:
            plays = role in filled or (role == "chords" and harmony) or role in self.brief.forbidden
            if plays or self.genre.role(role).priority < 0.3:
                continue
            entries = note_candidates(self.t, role, key, self.mood, self.seed)
            entries = fresh_first(entries, self.wear)
            entries = [e for e in entries if e.candidate.digest not in used]
            # A melody made up over somebody's chord loops clashes sooner than it helps.
            if not entries or (role == "lead" and harmony and "lead" not in self.brief.wanted):
                continue
            used.add(entries[0].candidate.digest)
            voice = self.t.loops[entries[0].index].best_instrument or role
            found.append(self._shot(role, role, voice, entries))
        return found

    def _swing(self, choices: list[Choice]) -> float:
        """Swing of eighths: the drum loop's, else the genre's unless that swings sixteenths."""
        for choice in choices:
            if choice.slot == "drums":
                loop = next(x for x in self.t.loops if x.digest == choice.picked.digest)
                return float(min(max(loop.swing, 0.5), 0.75))
        return self.genre.swing if self.genre.swing_unit == 8 else 0.5


def _mean_shift_cost(table: Table, found: Found, slots: tuple[Slot, ...]) -> float:
    """What transposition costs the pitched picks on average, by the weight of their slots."""
    weights = {slot.name: slot.weight for slot in slots}
    lost = [
        (weights[name], 1.0 - float(shift_cost(np.array([table.entries[j].semitones]))[0]))
        for name, j in found.picks.items()
        if table.entries[j].role not in UNPITCHED_ROLES
    ]
    total = sum(weight for weight, _ in lost)
    return sum(weight * cost for weight, cost in lost) / total if total else 0.0


def _undemanding(slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    return tuple(replace(slot, least=min(slot.least, 0.0)) for slot in slots)


def groove_of(genre: GenreProfile) -> Floats:
    """The genre's own onset pattern, 16 steps of unit length, to know its drum loops by."""
    steps = np.zeros(16)
    weight = {"kick": 1.0, "snare": 1.0, "clap": 0.6, "hat": 0.35, "percussion": 0.3}
    mark = {"X": 1.0, "x": 0.8, "o": 0.4, "?": 0.2, "r": 0.8, ".": 0.0}
    for voice, share in weight.items():
        for bar in genre.drums.get(voice, ())[:2]:
            for i, sign in enumerate(bar):
                steps[i % 16] += share * mark[sign] * 16.0 / len(bar)
    groove: Floats = steps / max(float(np.linalg.norm(steps)), 1e-9)
    return groove
