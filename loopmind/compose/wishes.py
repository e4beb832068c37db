"""What a brief means for a crate: which sounds may be used, which genre, which moods and energy.

"Only my guitar loops" keeps every drum sound (say "nothing but guitar" to lose them too) and of
the pitched sounds those heard, or named, as a guitar. "No vocals" loses what might be a voice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from loopmind.compose.genres import GenreProfile, find, names, plain_words, profile
from loopmind.compose.tuning import tuned
from loopmind.errors import LoopMindError
from loopmind.music.brief import Brief
from loopmind.music.loop import DRUM_INSTRUMENTS, INSTRUMENTS, ROLES, Crate, Loop

FORBIDDEN_WEIGHT = 0.3
ONLY_WEIGHT = 0.4
_ASKED_LOOPS = 2000


def genre_of(brief: Brief, crate: Crate) -> GenreProfile:
    """The brief's genre brain, else the one that the crate's tempi, tags and the moods suit best.

    It is bent to the brief's anchors and form. An unknown genre in the brief counts as none: the
    prompt reader never sets one.
    """
    named = find(brief.genre) if brief.genre else None
    if named is not None:
        return tuned(profile(named), brief)
    loops = crate.loops[:_ASKED_LOOPS]
    best = max((profile(name) for name in names()), key=lambda g: _genre_fit(g, brief, loops))
    return tuned(best, brief)


def _genre_fit(genre: GenreProfile, brief: Brief, loops: Sequence[Loop]) -> float:
    low, high = genre.bpm
    score = 0.0
    if brief.bpm is not None:
        middle = (brief.bpm[0] + brief.bpm[1]) / 2.0
        score += 3.0 if low <= middle <= high else 0.0
        score -= abs(middle - genre.typical_bpm) / 60.0
    score += 1.5 * sum(genre.moods.get(mood, 0.0) for mood in brief.moods)
    if brief.energy is not None:
        score -= 2.0 * abs(brief.energy - genre.energy)
    if brief.mode is not None and genre.mode is not None:
        score += 0.3 if genre.mode == brief.mode else -0.3
    score += 1.0 * sum(genre.role(_role_word(w)).priority for w in brief.wanted)
    with_tempo = [loop for loop in loops if loop.bpm is not None and loop.kind == "loop"]
    if with_tempo and brief.bpm is None:
        score += 2.0 * sum(_at_home(loop, genre) for loop in with_tempo) / len(with_tempo)
    if loops:
        score += 1.5 * _crate_mood(genre, loops)
        score -= 1.5 * abs(sum(loop.energy for loop in loops) / len(loops) - genre.energy)
    tagged = sum(any(plain_words(tag.value) == plain_words(genre.name) for tag in loop.tags)
                 for loop in loops)  # fmt: skip
    score += 2.0 * tagged / max(len(loops), 1)
    return score


def _at_home(loop: Loop, genre: GenreProfile) -> float:
    """How close the loop's tempo, or half or double of it, is to the genre's typical one."""
    bpm = loop.bpm or genre.typical_bpm
    shares = ((1.0, 1.0), (2.0, 0.6), (0.5, 0.6))
    octaves = [(share, math.log2(bpm * factor / genre.typical_bpm)) for factor, share in shares]
    return max(share * math.exp(-((distance / 0.15) ** 2)) for share, distance in octaves)


def _crate_mood(genre: GenreProfile, loops: Sequence[Loop]) -> float:
    """How well the moods heard in the crate agree with the genre's, about -1 to 1."""
    heard: dict[str, float] = {}
    for loop in loops:
        for tag in loop.tags:
            heard[tag.value] = heard.get(tag.value, 0.0) + tag.weight
    total = sum(heard.values()) or 1.0
    wanted = sum(abs(weight) for weight in genre.moods.values()) or 1.0
    agreement = sum(heard.get(mood, 0.0) * weight for mood, weight in genre.moods.items())
    return 4.0 * agreement / (total * wanted)


def _role_word(word: str) -> str:
    from loopmind.music.loop import ROLE_OF_INSTRUMENT

    return ROLE_OF_INSTRUMENT.get(word, word)


def wanted_moods(brief: Brief, genre: GenreProfile) -> dict[str, float]:
    """Moods to look for: the brief's fully, the genre's at half weight."""
    moods = {mood: 0.5 * weight for mood, weight in genre.moods.items()}
    for mood in brief.moods:
        moods[mood] = 1.0
    return moods


def wanted_energy(brief: Brief, genre: GenreProfile) -> float:
    return genre.energy if brief.energy is None else 0.3 * genre.energy + 0.7 * brief.energy


def belief_in(loop: Loop, word: str) -> float:
    """How far (0..1) the loop is believed to be `word`: an instrument or a role."""
    beliefs = loop.instrument if word in INSTRUMENTS else ()
    weight = max((b.weight for b in beliefs if b.value == word), default=0.0)
    if word in ROLES and (word not in INSTRUMENTS or loop.best_role == word):
        weight = max([weight, *(b.weight for b in loop.role if b.value == word)])
    return weight


def is_mostly(loop: Loop, word: str) -> bool:
    """Whether the loop's first instrument or role is `word`."""
    return loop.best_instrument == word or loop.best_role == word


def allowed(crate: Crate, brief: Brief) -> tuple[tuple[Loop, ...], tuple[str, ...]]:
    """The loops that the brief allows, each content once, and notes on what that meant.

    Raises LoopMindError where nothing is left, naming the wish to relax.
    """
    seen: dict[str, Loop] = {}
    for loop in crate.loops:
        seen.setdefault(loop.digest, loop)
    loops = tuple(seen.values())
    if not loops:
        spoilt = len(crate.unusable)
        why = f"none of the {spoilt} files could be used" if spoilt else "there are no sounds"
        raise LoopMindError(f"{why}; add some loops or one-shots (WAV, AIFF, FLAC, OGG or MP3)")
    everything, notes = loops, list[str]()
    for word in brief.forbidden:
        loops = tuple(loop for loop in loops if not _forbidden(loop, word))
        if not loops:
            raise LoopMindError(
                f"without {word} no sound is left to make a song from; allow it or add other loops"
            )
    if brief.only:
        kept = tuple(loop for loop in loops if _among(loop, brief.only))
        if not any(any(_is(loop, word) for word in brief.only) for loop in kept):
            wanted = " or ".join(brief.only)
            raise LoopMindError(
                f"no {wanted} was found among the {len(loops)} sounds; "
                f"add some, correct their instrument, or drop the word 'only'"
            )
        loops = kept
    if brief.folders:
        loops, said = _from_folders(loops, brief.folders)
        notes += said
    return _with_anchors(loops, everything, brief), tuple(notes)


def _with_anchors(
    loops: tuple[Loop, ...], everything: tuple[Loop, ...], brief: Brief
) -> tuple[Loop, ...]:
    """The loops with the anchors among them, whatever else the wish leaves out."""
    held = {loop.digest for loop in loops}
    missing = {anchor.digest for anchor in brief.anchors} - held
    if not missing:
        return loops
    kept = held | missing
    return tuple(loop for loop in everything if loop.digest in kept)


def _forbidden(loop: Loop, word: str) -> bool:
    return is_mostly(loop, word) or belief_in(loop, word) >= FORBIDDEN_WEIGHT


def _is(loop: Loop, word: str) -> bool:
    in_name = re.search(rf"(?<![a-z]){re.escape(word)}", loop.path.lower()) is not None
    return is_mostly(loop, word) or belief_in(loop, word) >= ONLY_WEIGHT or in_name


def _among(loop: Loop, only: tuple[str, ...]) -> bool:
    if any(_is(loop, word) for word in only):
        return True
    # Drums may stay unless drum words themselves are what the song is limited to.
    drum_words = DRUM_INSTRUMENTS | {"drums", "percussion"}
    return not drum_words & set(only) and loop.best_instrument in DRUM_INSTRUMENTS


def folder_words(loop: Loop, words: Sequence[str]) -> tuple[str, ...]:
    """Those of `words` that the loop's path holds or its tags say ("lo-fi" also as "lofi")."""
    path = plain_words(loop.path)
    squeezed = path.replace(" ", "")
    tags = {plain_words(tag.value).replace(" ", "") for tag in loop.tags if tag.weight >= 0.15}
    found = []
    for word in words:
        plain = plain_words(word)
        tight = plain.replace(" ", "")
        if re.search(rf"(?<![a-z]){re.escape(plain)}", path) or tight in tags or (
            len(tight) >= 4 and tight in squeezed
        ):  # fmt: skip
            found.append(word)
    return tuple(found)


def _from_folders(
    loops: tuple[Loop, ...], words: tuple[str, ...]
) -> tuple[tuple[Loop, ...], list[str]]:
    """Loops that hold a folder word. Where a word is found nowhere, all loops stay in play."""
    held = {loop.digest: folder_words(loop, words) for loop in loops}
    missing = [word for word in words if not any(word in found for found in held.values())]
    if not missing:
        kept = tuple(loop for loop in loops if held[loop.digest])
        return kept, [f"sounds only from {' and '.join(words)}: {len(kept)} of {len(loops)}"]
    notes = [f"no folder, file or tag says {word!r}, so all sounds were used" for word in missing]
    return loops, notes
