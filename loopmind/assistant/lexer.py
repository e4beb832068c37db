"""Text becomes tokens: tidied, spelling mended, figures with their units, phrases by kind.

A token has a kind ("verb", "track", "section", "mood" ...), a value and its words. The longest
known phrase wins; where a word can be a verb or something else, its neighbours decide.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field, replace

from loopmind.assistant import lexicon
from loopmind.assistant.lexicon_harmless import EVERYDAY, HARMLESS
from loopmind.assistant.mending import mend
from loopmind.assistant.normalise import (
    COMMON,
    SPELLED_OUT,
    UNITS,
    figures,
    large_figures,
    plain,
    tidy,
    with_keys,
)
from loopmind.assistant.senses import Token, disambiguated
from loopmind.compose import genres
from loopmind.compose.vocabulary import INSTRUMENT_WORDS, MOOD_WORDS

LONGEST_PHRASE = 6


@dataclass
class Lexed:
    """The tokens of a text."""

    tokens: list[Token] = field(default_factory=list)
    text: str = ""


@functools.cache
def phrases() -> dict[str, tuple[tuple[str, str], ...]]:
    """Every known phrase -> its readings, the likeliest first."""
    found: dict[str, list[tuple[str, str]]] = {}

    def put(text: str, kind: str, value: str) -> None:
        here = found.setdefault(plain(text), [])
        if (kind, value) not in here:
            here.append((kind, value))

    for text, (kind, value) in lexicon.PHRASES.items():
        put(text, kind, value)
    for text, value in lexicon.SECTION_NOUNS.items():
        put(text, "section", value)
    for text in lexicon.UNSUPPORTED_SECTIONS:
        put(text, "nopart", text)
    for text, value in lexicon.TRACK_WORDS.items():
        put(text, "track", value)
    for text, value in INSTRUMENT_WORDS.items():
        if plain(text) not in found:
            put(text, "track", {"lead": "melody"}.get(value, value))
    for text, value in lexicon.MOODS.items():
        put(text, "mood", value)
    for text, moods in MOOD_WORDS.items():
        put(text, "mood", "|".join(moods))
    for text, name in genres.aliases().items():
        if text not in lexicon.NO_GENRES:
            put(text, "genre", name)
    for name in genres.names():
        put(name, "genre", name)
    for text in lexicon.VERBS:
        put(text, "verb", text)
    return {text: tuple(readings) for text, readings in found.items()}


@functools.cache
def _known() -> frozenset[str]:
    words: set[str] = set(lexicon.FILLER) | set(COMMON) | set(SPELLED_OUT) | set(UNITS)
    for text in phrases():
        words.update(text.split())
    for verb in lexicon.VERBS:
        words.update(_forms(verb))
    words |= set(lexicon.IRREGULAR) | set(lexicon.REMARKS) | HARMLESS | EVERYDAY
    return frozenset(words)


def _forms(verb: str) -> set[str]:
    stem = verb[:-1] if verb.endswith("e") else verb
    doubled = verb + verb[-1]
    return {
        verb,
        verb + "s",
        verb + "es",
        stem + "ing",
        stem + "ed",
        doubled + "ing",
        doubled + "ed",
        verb + "d",
    }


@functools.lru_cache(maxsize=4096)
def lemma(word: str) -> str | None:
    """The verb that `word` is a form of, or None."""
    if word in lexicon.VERBS:
        return word
    if word in lexicon.IRREGULAR:
        return lexicon.IRREGULAR[word]
    for ending in ("ing", "ed", "es", "s", "d"):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            stem = word[: -len(ending)]
            for guess in (stem, stem + "e", stem[:-1] if stem[-1:] == stem[-2:-1] else stem):
                if guess in lexicon.VERBS:
                    return guess
    return None


@functools.lru_cache(maxsize=4096)
def _positive(word: str) -> str | None:
    """The plain form of a comparative or of a quality named with -ness: punchier, warmth."""
    table = phrases()
    for ending, fills in (
        ("ier", ("y",)),
        ("er", ("", "e")),
        ("iest", ("y",)),
        ("est", ("", "e")),
        ("iness", ("y",)),
        ("ness", ("",)),
        ("ily", ("y",)),
        ("ly", ("",)),
        ("y", ("", "e")),
    ):
        if ending == "y" and word in ("swingy",):
            continue
        if not word.endswith(ending) or len(word) - len(ending) < 2:
            continue
        stem = word[: -len(ending)]
        guesses = [stem + fill for fill in fills]
        if stem[-1:] == stem[-2:-1]:
            guesses.append(stem[:-1])
        for guess in guesses:
            kinds = {kind for kind, _ in table.get(guess, ())}
            if kinds & {
                "mood",
                "energy",
                "level",
                "tonadj",
                "fat",
                "width",
                "size",
                "tempo",
                "style",
                "dist",
            }:
                return guess
    return None


def lex(
    text: str, names: dict[str, str] | None = None, also_known: frozenset[str] = frozenset()
) -> Lexed:
    """The tokens of `text`.

    names: words that stand for tracks in this song, word -> track id. also_known: words that are
    no slips, such as those of file names.
    """
    names = names or {}
    cased = re.sub(r"(?i)\bon (?:second thoughts?|reflection)\b,?", " ", tidy(text))
    cased, keys = with_keys(cased)
    cased = spelled(cased, names, also_known)
    words_text = re.sub(r"(?<=[a-zA-Z])-(?=[a-zA-Z])", " ", cased.lower())
    words = re.findall(
        r"key\d+_|[+-]?\d+(?:[.,]\d+)?(?=%|[a-z]|\b)|[a-z#&]+(?:'[a-z]+)?\d?|%|\d+"
        r"|(?<!\d)\.(?!\d)|\.$|[,;!?:/+@\"]|'[^']+'",
        words_text,
    )
    words = figures(large_figures(words))
    out = Lexed(text=" ".join(words))
    table, at = phrases(), 0
    while at < len(words):
        used, token = _next(words, at, table, names, keys)
        out.tokens.append(token)
        at += used
    out.tokens = disambiguated(out.tokens)
    return out


def spelled(
    text: str, names: dict[str, str] | None = None, also_known: frozenset[str] = frozenset()
) -> str:
    """`text` with slips of the typing hand mended."""
    return mend(text, _vocabulary(frozenset(names or {}), also_known), _same)


@functools.lru_cache(maxsize=8)
def _vocabulary(names: frozenset[str], also_known: frozenset[str]) -> frozenset[str]:
    """All words that are no slips. The same object each time: `mend` remembers by it."""
    return _known() | names | also_known


def _same(a: str, b: str) -> bool:
    """Whether two words are read alike."""
    table = phrases()
    one, other = (table.get(w) or table.get(w.rstrip("s")) for w in (a, b))
    if one and other:
        return one[0] == other[0]
    return a.rstrip("s") == b.rstrip("s") or (lemma(a) is not None and lemma(a) == lemma(b))


_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


def _next(
    words: list[str],
    at: int,
    table: dict[str, tuple[tuple[str, str], ...]],
    names: dict[str, str],
    keys: list[str],
) -> tuple[int, Token]:
    word = words[at]
    if match := re.fullmatch(r"key(\d+)_", word):
        return 1, Token("key", keys[int(match[1])], keys[int(match[1])])
    for size in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
        text = " ".join(words[at : at + size])
        if size > 1 or not _NUMBER.fullmatch(word) or word in ("808", "808s"):
            if text in table:
                return size, _token(text, table[text], names)
            if size > 1 and text in names:
                return size, Token("track", "@" + names[text], text)
        if size == 1 and _NUMBER.fullmatch(word) and word not in ("808", "808s"):
            return _figure(words, at)
    if word in names:
        return 1, Token("track", "@" + names[word], word)
    if base := _positive(word):
        readings = table[base]
        return 1, replace(
            _token(base, readings, names), text=word, comparative=word.endswith(("er", "est"))
        )
    if found := lemma(word):
        return 1, Token("verb", found, word)
    if word.endswith("s") and word[:-1] in table:
        return 1, replace(_token(word[:-1], table[word[:-1]], names), text=word)
    if word in (",",):
        return 1, Token("sep", ",", word)
    if re.fullmatch(r"[.;!?:/\"]", word):
        return 1, Token("sep", "hard" if word != "/" else "and", word)
    if word == "sort" and words[at + 1 : at + 2] != ["of"]:
        return 1, Token("unknown", word, word)
    if word in lexicon.FILLER:
        return 1, Token("filler", word, word)
    return 1, Token("unknown", word, word)


def _token(text: str, readings: tuple[tuple[str, str], ...], names: dict[str, str]) -> Token:
    kind, value = readings[0]
    comparative = text.endswith("er") or text in ("further away", "more distant")
    return Token(kind, value, text, readings[1:], comparative)


def _figure(words: list[str], at: int) -> tuple[int, Token]:
    """A number with its unit, if it has one."""
    number = float(words[at].replace(",", "."))
    after = words[at + 1] if at + 1 < len(words) else ""
    two = f"{after} {words[at + 2]}" if at + 2 < len(words) else ""
    if two in ("db tp", "beats per", "half steps", "whole steps", "whole tones", "percent of"):
        unit = {
            "db tp": "dbtp",
            "beats per": "bpm",
            "half steps": "semitones",
            "percent of": "percent",
        }.get(two, "whole")
        used = 4 if two == "beats per" else 3
        value = number * 2.0 if unit == "whole" else number
        unit = "semitones" if unit == "whole" else unit
        return used, Token("amount", unit, f"{words[at]} {two}", number=value)
    if after in ("octave", "octaves"):
        return 2, Token("amount", "semitones", f"{words[at]} {after}", number=12.0 * number)
    unit = UNITS.get(after, "")
    if unit and not (after == "second" and number < 2) and not (after == "s" and number > 300):
        number = number * 60.0 if unit == "minutes" else number
        number = number * 1000.0 if unit == "khz" else number
        unit = {"minutes": "seconds", "khz": "hz"}.get(unit, unit)
        return 2, Token("amount", unit, f"{words[at]} {after}", number=number)
    if after in ("more", "extra", "additional") and len(words) > at + 2 and words[at + 2] in UNITS:
        return 3, Token(
            "amount", UNITS[words[at + 2]], f"+{words[at]} {words[at + 2]}", number=number
        )
    ordinal = {"st": 1, "nd": 1, "rd": 1, "th": 1}
    if after in ordinal:
        return 2, Token("ord", f"{number:g}", words[at] + after)
    return 1, Token("num", f"{number:g}", words[at], number=number)
