"""Reasons in plain words: why this loop, why not the next one, why a role stayed empty."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import numpy as np

from loopmind.compose.compatibility import RATIO_LIMITS
from loopmind.compose.genres import GenreProfile
from loopmind.compose.joint import LEAST_SUIT, Setting
from loopmind.compose.traits import ROLE_INDEX, Traits
from loopmind.compose.wording import listed
from loopmind.music.brief import Brief
from loopmind.music.loop import ROLE_OF_INSTRUMENT, Crate, Loop
from loopmind.music.palette import Candidate, Choice, Palette

PART_WORDS: dict[str, tuple[str, str]] = {
    # name -> (what a high score means, what a low one means)
    "role": ("clearly sounds like {role}", "is not surely {role}"),
    "mood": ("suits the mood", "does not quite have the mood"),
    "cost": ("needs hardly any change of speed or pitch", "has to be changed a good deal"),
    "key": ("is at home in the song's key", "leaves the song's key in places"),
    "groove": ("has the beat of the genre", "has another beat than the genre's usual one"),
    "rhythm": ("its rhythm locks in with the others", "its rhythm rubs against the others"),
    "harmony": ("its notes agree with the others", "its notes clash with some of the others"),
    "spectrum": ("leaves room for the other sounds", "shares its register with other sounds"),
    "palette": ("sounds like it belongs with the others", "sounds different from the others"),
    "together": ("plays as sounds of one piece do", "plays unlike what goes with the others"),
    "short": ("is short enough to keep time", "rings long for what keeps time"),
    "level": ("is recorded at a healthy level", "is rather quiet"),
    "register": ("lies in the right register", "lies outside the usual register"),
    "tuning": ("is well in tune", "is a little out of tune"),
}
GOOD, POOR = 0.68, 0.42


def file_name(loop: Loop) -> str:
    """The file's name without folder and ending."""
    return PurePath(loop.path.replace("\\", "/")).stem


def reason(
    loop: Loop, role: str, picked: Candidate, others: Sequence[Candidate], bpm: float
) -> str:
    """One or two sentences: what speaks for the loop, what it costs, how close the next one is."""
    said = [f"{file_name(loop)} {_praise(picked, role)}"]
    if cost := _cost(picked, bpm):
        said.append(cost)
    if others:
        gap = picked.score - others[0].score
        if gap < -0.005:
            said.append("this seed preferred it to one that fits slightly better")
        elif gap < 0.02:
            said.append("the next choice fits nearly as well")
    else:
        said.append("it is the only one that fits here")
    return "; ".join(said) + "."


def shot_reason(loop: Loop, voice: str, picked: Candidate, others: Sequence[Candidate]) -> str:
    """The same for a one-shot played in a pattern."""
    said = f"{file_name(loop)} {_praise(picked, voice)}; it is played as the {voice}"
    if not others:
        return f"{said}, the only one there is."
    return f"{said}, with {len(others)} other{'s' if len(others) > 1 else ''} to choose from."


def _praise(candidate: Candidate, role: str) -> str:
    ranked = sorted(candidate.parts, key=lambda part: -part[1])
    best = [PART_WORDS[name][0] for name, value in ranked if name in PART_WORDS and value >= GOOD]
    worst = [
        PART_WORDS[name][1]
        for name, value in reversed(ranked)
        if name in PART_WORDS and value <= POOR
    ]
    said = [phrase.format(role=_article(role)) for phrase in best[:3]]
    praise = listed(said) or "is the best that the crate has for this"
    if not worst:
        return praise
    doubt = worst[0].format(role=_article(role))
    return (
        f"{praise}, though {doubt}" if doubt.startswith("its") else f"{praise}, though it {doubt}"
    )


def _article(role: str) -> str:
    plural = {"drums", "chords", "keys", "strings", "percussion", "bass", "brass", "fx"}
    return role if role in plural else f"a {role}"


def _cost(candidate: Candidate, bpm: float) -> str:
    said = []
    if candidate.source_bpm:
        change = round(100.0 * (candidate.ratio - 1.0))
        if change:
            pace = "faster" if change > 0 else "slower"
            said.append(f"played {abs(change)} % {pace} ({candidate.source_bpm:.0f} to {bpm:.0f})")
    if candidate.semitones:
        way = "up" if candidate.semitones > 0 else "down"
        steps = abs(candidate.semitones)
        said.append(f"moved {way} {steps} semitone{'s' if steps > 1 else ''}")
    return " and ".join(said)


def why(palette: Palette, crate: Crate, slot: str) -> str:
    """Why the loop in `slot` was chosen, against its runners-up, for a reader who is no producer.

    Raises KeyError naming the slots there are.
    """
    choice = next((c for c in palette.choices if c.slot == slot), None)
    if choice is None:
        missing = dict(palette.unfilled).get(slot)
        if missing is not None:
            return f"Nothing plays {slot}: {missing}."
        raise KeyError(f"no slot {slot!r}; there are {', '.join(c.slot for c in palette.choices)}")
    by_digest = crate.by_digest()
    lines = [f"{slot}: {choice.reason}"]
    lines.append("Scores out of 100: " + _scores(choice.picked) + ".")
    for number, other in enumerate(choice.runners_up, start=1):
        loop = by_digest.get(other.digest)
        name = file_name(loop) if loop is not None else other.digest
        lines.append(f"{number}. {name} ({round(100 * other.score)}): {_against(choice, other)}.")
    return "\n".join(lines)


def _scores(candidate: Candidate) -> str:
    parts = [f"{name} {round(100 * value)}" for name, value in candidate.parts]
    return f"{round(100 * candidate.score)} in all ({', '.join(parts)})"


def _against(choice: Choice, other: Candidate) -> str:
    """Where a runner-up does worse, and better, than what was picked."""
    mine, theirs = dict(choice.picked.parts), dict(other.parts)
    gaps = sorted((theirs[name] - mine[name], name) for name in mine if name in theirs)
    worse = [name for gap, name in gaps if gap < -0.05][:2]
    better = [name for gap, name in reversed(gaps) if gap > 0.05][:1]
    said = []
    if worse:
        said.append(f"weaker in {listed(worse)}")
    if better:
        said.append(f"stronger in {better[0]}")
    return ", ".join(said) or "almost the same"


def unfilled(
    t: Traits, genre: GenreProfile, brief: Brief, choices: Sequence[Choice], setting: Setting
) -> tuple[tuple[str, str], ...]:
    """(role, reason) for each role the genre needs or the user wants that nothing fills."""
    slots = {choice.slot for choice in choices}
    roles = {choice.role for choice in choices}
    found: list[tuple[str, str]] = []
    for plan in genre.roles:
        wanted = plan.priority >= 0.5 and plan.role not in brief.forbidden
        if wanted and plan.role not in roles:
            found.append((plan.role, _why_empty(t, plan.role, setting, slots)))
    for word in dict.fromkeys((*brief.wanted, *brief.only)):
        role = ROLE_OF_INSTRUMENT.get(word, word)
        heard = any(c.instrument == word or c.role == word or c.slot == word for c in choices)
        if not heard and role not in dict(found):
            there = sum(loop.best_instrument == word for loop in t.loops)
            why_not = "none was heard in this crate"
            if role in ROLE_INDEX and (there or role == word):
                why_not = _why_empty(t, role, setting, slots)
            found.append((word, why_not))
    return tuple(found)


def _why_empty(t: Traits, role: str, setting: Setting, slots: set[str]) -> str:
    suits = t.suits[:, ROLE_INDEX[role]]
    loops = np.flatnonzero((suits >= LEAST_SUIT) & (t.kind == "loop"))
    if not len(loops):
        return f"no {role} loop among the {len(t)} sounds"
    low, high = RATIO_LIMITS[role]
    reading = t.readings[loops]
    ratio = np.where(reading > 0, setting.bpm / np.maximum(reading, 1e-9), np.inf)
    near = np.abs(np.log2(ratio))
    row, column = np.unravel_index(int(near.argmin()), near.shape)
    nearest = float(ratio[row, column])
    if np.isfinite(nearest) and not low <= nearest <= high:
        name = file_name(t.loops[int(loops[row])])
        pace = "faster" if nearest > 1 else "slower"
        factor = nearest if nearest > 1 else 1.0 / nearest
        return (
            f"the nearest in tempo, {name}, would have to play {factor:.1f} times {pace} "
            f"to reach {setting.bpm:g} bpm"
        )
    if bool((t.beats_per_bar[loops] != setting.beats_per_bar).all()):
        return f"every {role} loop counts in another metre"
    return f"the {len(loops)} that could play {role} do not fit the rest, or play another part"
