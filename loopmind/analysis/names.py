"""What file and folder names tell of a sound: evidence with a weight, never a verdict.

`read_name` finds tempo, key, instrument, tags and kind in a path; `name_merge.merge_evidence` lets
them reweigh what was heard. Likelihoods multiply (naive Bayes with a doubt of 1 - weight), so a
name decides between readings that hearing holds near each other and never removes a strong one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from loopmind.analysis.name_words import (
    GENRES,
    INSTRUMENT_WORDS,
    KIND_WORDS,
    LONGEST_WORDS,
    MACHINE_NUMBERS,
    TAG_WORDS,
)
from loopmind.music.belief import Belief
from loopmind.music.key import Key, Mode
from loopmind.music.loop import DRUM_INSTRUMENTS

NAMES_VERSION = 1

Weights = dict[str, float]
# token -> (label such as "instrument:bass" or "tag:dark", weight): a user's own naming style
Style = Mapping[str, tuple[tuple[str, float], ...]]

_FOLDER_TRUST = (0.6, 0.4)  # parent folder, its parent
_EARLIER_WORD = 0.5  # "guitar lead" is first a lead
_GLUED_WORD = 0.7  # "hardkick"
_SEPARATORS = re.compile(r"[\s_\-.,;()\[\]{}+&~'!@]+")
_CAMEL = re.compile(
    r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])|(?<=[A-Z])(?=[A-Z][a-z])"
)
_BPM_SAID = re.compile(
    r"(?<![\d.])(\d{2,3}(?:[.,]\d{1,3})?)[ _-]?bpm|bpm[ _=-]?(\d{2,3}(?:\.\d{1,3})?)(?!\d)", re.I
)
_BARE_NUMBER = re.compile(r"(?<![\dA-Za-z#.])([1-9]\d{1,2})(?![\dA-Za-z.])")
_KEY_WORD = re.compile(
    r"^([A-Ga-g])(#|b|♯|♭|sharp|flat)?(maj(?:or)?|min(?:or)?|m|M)?"
    r"(7|9|11|6|maj7|sus2|sus4|add9)?(\d)?$"
)
_MODES: dict[str, Mode] = {
    "major": "major", "maj": "major", "minor": "minor", "min": "minor", "m": "minor",
    "dorian": "minor", "phrygian": "minor", "aeolian": "minor", "locrian": "minor",
    "lydian": "major", "mixolydian": "major", "ionian": "major",
}  # fmt: skip
_COUNTED = frozenset(
    {"loop", "part", "take", "mix", "version", "ver", "type", "kit", "side", "pattern", "section"}
    | {"variation", "layer", "vol", "pack", "plan", "bank"}
)
_GLUED_ENDS = tuple(
    word for word in INSTRUMENT_WORDS if len(word) >= 4 and " " not in word and word.isalpha()
)
# "snareroll"; other beginnings are as often parts of other words ("synthesis", "brasserie")
_GLUED_STARTS = tuple(
    word
    for word in _GLUED_ENDS
    if len(word) >= 5 and INSTRUMENT_WORDS[word][0][0] in DRUM_INSTRUMENTS - {"drums"}
)


@dataclass(frozen=True)
class NameEvidence:
    """What a name suggests; each weight 0..1 is how far that one word is to be trusted.

    key: a named tonic without a mode gives both modes. words: for the user, "name: 140 bpm".
    known: the single words of a text that meant an instrument, a tag or a kind.
    """

    bpm: tuple[Belief[float], ...] = ()
    key: tuple[Belief[Key], ...] = ()
    instrument: tuple[Belief[str], ...] = ()
    tags: tuple[Belief[str], ...] = ()
    kind: tuple[Belief[str], ...] = ()
    words: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()


def words(text: str) -> list[str]:
    """The lower-case words of a name, split at separators, capitals and digits.

    >>> words("Dark808_TapePad-140bpm F#m")
    ['dark', '808', 'tape', 'pad', '140', 'bpm', 'f#m']
    """
    return [part.lower() for raw in _raw_words(text) for part in _CAMEL.split(raw) if part]


def _raw_words(text: str) -> list[str]:
    return [part for part in _SEPARATORS.split(text) if part]


def name_tokens(path: str) -> list[str]:
    """The words by which a naming style is learned: of the file name and its two folders."""
    pure = PurePath(path)
    found = words(pure.stem)
    for folder in pure.parts[-3:-1]:
        found += words(folder)
    return [word for word in dict.fromkeys(found) if len(word) > 1 and not word.isdigit()]


def read_name(path: str, *, style: Style | None = None) -> NameEvidence:
    """What the names of the file and its two nearest folders suggest.

    `style` adds what this user's own words were learned to mean. Pure: no file is touched.

    >>> read_name("Dark808_140bpm_F#m.wav").words
    ('name: 140 bpm', 'name: F# minor', 'name: bass', 'name: dark')
    """
    pure = PurePath(path)
    readings = [(1.0, "name", _read_text(pure.stem))]
    folders = pure.parts[-3:-1][::-1]
    for trust, folder in zip(_FOLDER_TRUST, folders, strict=False):
        if folder != pure.anchor:
            readings.append((trust, "folder", _read_text(folder)))
    bpm: dict[float, float] = {}
    key: dict[Key, float] = {}
    groups: tuple[Weights, Weights, Weights] = ({}, {}, {})
    said: list[str] = []
    for trust, source, reading in readings:
        # A nearer name that says something silences a farther one on tempo and key.
        if not bpm and reading.bpm:
            bpm = {b.value: b.weight * trust for b in reading.bpm}
            said.append(f"{source}: {reading.bpm[0].value:g} bpm")
        if not key and reading.key:
            key = {b.value: b.weight * trust for b in reading.key}
            first = reading.key[0].value
            named = str(first) if len(reading.key) == 1 else str(first).split(" ")[0]
            said.append(f"{source}: {named}")
        for group, beliefs in zip(
            groups, (reading.instrument, reading.tags, reading.kind), strict=True
        ):
            for belief in beliefs:
                weight = belief.weight * trust
                if weight > group.get(belief.value, 0.0):
                    if belief.value not in group and weight >= 0.2:
                        said.append(f"{source}: {belief.value}")
                    group[belief.value] = weight
    if style:
        said += _learned(path, style, groups)
    return NameEvidence(
        bpm=_beliefs(bpm.items()),
        key=_beliefs(key.items()),
        instrument=_beliefs(groups[0].items()),
        tags=_beliefs(groups[1].items()),
        kind=_beliefs(groups[2].items()),
        words=tuple(dict.fromkeys(said)),
    )


def _learned(path: str, style: Style, groups: tuple[Weights, Weights, Weights]) -> list[str]:
    """Enter what the user's own words mean; the words that say so."""
    said = []
    for token in name_tokens(path):
        for label, weight in style.get(token, ()):
            group, _, value = label.partition(":")
            target = groups[0] if group == "instrument" else groups[1]
            if weight > target.get(value, 0.0):
                target[value] = weight
                said.append(f"style: {token} is {value}")
    return said


def read_words(text: str) -> NameEvidence:
    """What a piece of text by itself suggests, such as a search for "warm pad 90 bpm"."""
    return _read_text(text)


@functools.lru_cache(maxsize=1 << 15)
def _read_text(text: str) -> NameEvidence:
    """Evidence of one name, at full trust."""
    split = words(text)
    instrument, used = _match(split, INSTRUMENT_WORDS)
    tags, tag_places = _match(split, TAG_WORDS, last_counts=False)
    kind, kind_places = _match(split, KIND_WORDS, last_counts=False)
    for at, word in enumerate(split):
        if at not in used:
            for value, weight in _glued(word):
                instrument[value] = max(instrument.get(value, 0.0), weight * _GLUED_WORD)
    return NameEvidence(
        bpm=_read_bpm(text, split),
        key=_read_key(text),
        instrument=_beliefs(instrument.items()),
        tags=_beliefs(tags.items()),
        kind=_beliefs(kind.items()),
        known=frozenset(split[at] for at in used | tag_places | kind_places),
    )


def _beliefs(pairs: Iterable[tuple[object, float]]) -> tuple[Belief, ...]:  # type: ignore[type-arg]
    ranked = sorted(pairs, key=lambda pair: -pair[1])
    return tuple(Belief(value, min(1.0, weight)) for value, weight in ranked)


def _match(
    split: list[str],
    table: Mapping[str, tuple[tuple[str, float], ...]],
    *,
    last_counts: bool = True,
) -> tuple[Weights, set[int]]:
    """Weights of what the words mean, longest phrases first, and which words were understood."""
    text = " ".join(split)
    used: set[int] = set()
    for genre in GENRES:
        if genre in text:
            start = text[: text.index(genre)].count(" ")
            used.update(range(start, start + genre.count(" ") + 1))
    matches: list[tuple[int, str, float]] = []
    for length in range(LONGEST_WORDS, 0, -1):
        for at in range(len(split) - length + 1):
            places = range(at, at + length)
            if used.intersection(places):
                continue
            meanings = table.get(" ".join(split[at : at + length]))
            if meanings is None:
                continue
            used.update(places)
            matches.extend((at, value, weight) for value, weight in meanings)
    found: Weights = {}
    sure = [at for at, _, weight in matches if weight > 0.5]
    last = max(sure, default=-1)
    for at, value, weight in matches:
        scale = _EARLIER_WORD if last_counts and at < last else 1.0
        found[value] = max(found.get(value, 0.0), weight * scale)
    return found, used


@functools.lru_cache(maxsize=4096)
def _glued(word: str) -> tuple[tuple[str, float], ...]:
    """Meanings of the longest known word that a run-together word ends or begins with."""
    if len(word) < 6 or not word.isalpha():
        return ()
    endings = [known for known in _GLUED_ENDS if word.endswith(known) and word != known]
    endings = endings or [known for known in _GLUED_STARTS if word.startswith(known)]
    return INSTRUMENT_WORDS[max(endings, key=len)] if endings else ()


def _read_bpm(text: str, split: list[str]) -> tuple[Belief[float], ...]:
    said = [float((a or b).replace(",", ".")) for a, b in _BPM_SAID.findall(text)]
    said = [bpm for bpm in said if 30.0 <= bpm <= 300.0]
    if said:
        return (Belief(said[-1], 0.95),)
    bare = [n for n in _BARE_NUMBER.findall(text.replace("_", " ")) if n not in MACHINE_NUMBERS]
    numbers = [float(n) for n in bare if 60 <= int(n) <= 200]
    if not numbers or len(split) < 2:
        return ()
    leads = text.lstrip().startswith(bare[0])
    weight = (0.5 if leads else 0.4) / len(numbers)
    return tuple(Belief(bpm, weight) for bpm in dict.fromkeys(numbers))


def _read_key(text: str) -> tuple[Belief[Key], ...]:
    raw = _raw_words(text)
    best: tuple[float, Key, bool] | None = None
    for at, word in enumerate(raw):
        match = _KEY_WORD.match(word)
        if match is None:
            continue
        letter, accidental, mode_text, chord, octave = match.groups()
        follows = raw[at + 1].lower() if at + 1 < len(raw) else ""
        if not accidental and follows in ("sharp", "flat"):
            accidental = follows
            follows = raw[at + 2].lower() if at + 2 < len(raw) else ""
        named = None if mode_text is None else ("major" if mode_text == "M" else mode_text.lower())
        if named is None and follows in _MODES and (follows != "m" or accidental):
            named = follows
        weight = _key_weight(raw, at, letter, accidental, named, bool(chord or octave))
        if weight > 0.0 and (best is None or weight >= best[0]):
            mode = _MODES[named] if named else "major"
            shift = {"#": "#", "♯": "#", "sharp": "#", None: ""}.get(accidental, "b")
            best = (weight, Key.parse(letter.upper() + shift, default_mode=mode), named is not None)
    if best is None:
        return ()
    weight, key, mode_known = best
    if mode_known:
        return (Belief(key, weight),)
    other: Mode = "minor"
    return (Belief(key, weight), Belief(Key(key.tonic, other), weight))


def _key_weight(
    raw: list[str], at: int, letter: str, accidental: str | None, named: str | None, more: bool
) -> float:
    """How far a word that reads as a key is to be trusted as one."""
    before = raw[at - 1].lower() if at else ""
    capital = letter.isupper()
    if before == "key" or (before == "of" and at > 1 and raw[at - 2].lower() == "key"):
        return 0.9
    if named and len(named) > 1:
        return 0.6 if more else 0.9
    if named:  # "Am", "F#m", "c#m"; a lower-case "am" is as likely a word
        trust = 0.85 if capital else (0.6 if accidental else 0.3)
        return trust * (0.8 if more else 1.0)
    if accidental:  # "ab", "eb" may be syllables
        return (0.6 if capital else 0.3 if accidental == "#" else 0.0) * (0.6 if more else 1.0)
    if not capital or before in _COUNTED or any(part in _COUNTED for part in words(before)[-1:]):
        return 0.0
    is_article = letter == "A" and at + 1 < len(raw) and raw[at + 1][:1].isalpha()
    if is_article or len(raw) == 1:
        return 0.0
    return 0.25 if more else 0.35
