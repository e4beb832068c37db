"""Sentences that people may say to the assistant, made by grammar from patterns of every wish.

`sentences.txt` holds patterns by kind of wish; here their places are filled (tracks,
sections, moods, figures), courtesies and complaints put around them, some joined by twos, and some
misspelt. The same seed gives the same sentences.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PATTERNS = Path(__file__).with_name("sentences.txt")
PLURAL_SHARE = 0.35


@dataclass(frozen=True)
class Sentence:
    """A sentence and what it asks for: names of kinds of wishes. maybe: kinds not held against."""

    text: str
    kinds: frozenset[str]
    maybe: frozenset[str] = frozenset()


MOODS: dict[str, tuple[tuple[str, str], ...]] = {
    "dark": (("dark", "darker"), ("sinister", "more sinister"), ("evil", "more evil"),
             ("menacing", "more menacing"), ("gloomy", "gloomier"), ("moody", "moodier"),
             ("spooky", "spookier"), ("eerie", "eerier"), ("creepy", "creepier"),
             ("mysterious", "more mysterious"), ("haunting", "more haunting"),
             ("ominous", "more ominous"), ("tense", "more tense"), ("brooding", "more brooding"),
             ("shadowy", "more shadowy"), ("cold", "colder"), ("bleak", "bleaker")),
    "bright": (("bright", "brighter"), ("shiny", "shinier"), ("airy", "airier"),
               ("light", "lighter"), ("sparkly", "sparklier"), ("shimmering", "more shimmering"),
               ("glassy", "glassier"), ("brilliant", "more brilliant")),
    "warm": (("warm", "warmer"), ("cozy", "cozier"), ("round", "rounder"), ("rich", "richer"),
             ("soulful", "more soulful"), ("organic", "more organic"), ("mellow", "mellower"),
             ("intimate", "more intimate"), ("woody", "woodier"), ("velvety", "more velvety")),
    "aggressive": (("aggressive", "more aggressive"), ("angry", "angrier"), ("mean", "meaner"),
                   ("nasty", "nastier"), ("brutal", "more brutal"), ("hard", "harder"),
                   ("heavy", "heavier"), ("savage", "more savage"), ("violent", "more violent"),
                   ("furious", "more furious"), ("fierce", "fiercer"), ("rowdy", "rowdier"),
                   ("wild", "wilder"), ("tough", "tougher"), ("rude", "ruder")),
    "calm": (("calm", "calmer"), ("chill", "more chill"), ("relaxed", "more relaxed"),
             ("mellow", "mellower"), ("soft", "softer"), ("gentle", "gentler"),
             ("peaceful", "more peaceful"), ("soothing", "more soothing"),
             ("laid back", "more laid back"), ("tranquil", "more tranquil"),
             ("sleepy", "sleepier"), ("serene", "more serene"), ("tender", "more tender"),
             ("smooth", "smoother"), ("restful", "more restful")),
    "dreamy": (("dreamy", "dreamier"), ("ethereal", "more ethereal"), ("floaty", "floatier"),
               ("spacey", "spacier"), ("hazy", "hazier"), ("cinematic", "more cinematic"),
               ("atmospheric", "more atmospheric"), ("magical", "more magical"),
               ("otherworldly", "more otherworldly"), ("hypnotic", "more hypnotic"),
               ("celestial", "more celestial"), ("trippy", "trippier"), ("lush", "lusher"),
               ("nostalgic", "more nostalgic"), ("weightless", "more weightless")),
    "happy": (("happy", "happier"), ("cheerful", "more cheerful"), ("uplifting", "more uplifting"),
              ("joyful", "more joyful"), ("sunny", "sunnier"), ("fun", "more fun"),
              ("playful", "more playful"), ("optimistic", "more optimistic"),
              ("hopeful", "more hopeful"), ("positive", "more positive"), ("upbeat", "more upbeat"),
              ("feel-good", "more feel-good"), ("jolly", "jollier"), ("festive", "more festive"),
              ("triumphant", "more triumphant")),
    "sad": (("sad", "sadder"), ("melancholic", "more melancholic"), ("emotional", "more emotional"),
            ("depressing", "more depressing"), ("heartbroken", "more heartbroken"),
            ("wistful", "more wistful"), ("lonely", "lonelier"), ("tragic", "more tragic"),
            ("bittersweet", "more bittersweet"), ("mournful", "more mournful"),
            ("sorrowful", "more sorrowful"), ("longing", "more longing")),
    "lo-fi": (("lofi", "more lofi"), ("lo-fi", "more lo-fi"), ("dusty", "dustier"),
              ("vintage", "more vintage"), ("old school", "more old school"),
              ("retro", "more retro"), ("grainy", "grainier"), ("worn", "more worn")),
    "punchy": (("punchy", "punchier"), ("tight", "tighter"), ("snappy", "snappier"),
               ("groovy", "groovier"), ("bouncy", "bouncier"), ("funky", "funkier")),
    "clean": (("clean", "cleaner"), ("pure", "purer"), ("tidy", "tidier"), ("crisp", "crisper"),
              ("clear", "clearer")),
    "distorted": (("distorted", "more distorted"), ("gritty", "grittier"), ("dirty", "dirtier"),
                  ("crunchy", "crunchier"), ("fuzzy", "fuzzier"), ("filthy", "filthier"),
                  ("blown out", "more blown out"), ("rough", "rougher"), ("raw", "rawer"),
                  ("scuzzy", "scuzzier")),
}  # fmt: skip
OPPOSITE = {"dark": "bright", "bright": "dark", "warm": "bright", "aggressive": "calm",
            "calm": "aggressive", "dreamy": "punchy", "happy": "sad", "sad": "happy",
            "lo-fi": "clean", "punchy": "calm", "clean": "lo-fi", "distorted": "clean"}  # fmt: skip
JOINTS = (" and ", ", ", " and then ", ". ", "; ", " but ", ", also ", " plus ", ", and ", " then ")


@functools.cache
def fillings() -> dict[str, tuple[str, ...]]:
    """What may stand in a place of a pattern, by the name of the place."""
    found: dict[str, tuple[str, ...]] = {}
    for line in PATTERNS.read_text(encoding="utf-8").splitlines():
        if line.startswith("@"):
            name, _, words = line[1:].partition(" ")
            found[name] = (*found.get(name, ()), *words.split("|"))
    return found


def patterns() -> list[tuple[tuple[str, ...], str]]:
    """(kinds, pattern) of every line."""
    found: list[tuple[tuple[str, ...], str]] = []
    kinds: tuple[str, ...] = ()
    for line in PATTERNS.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            kinds = tuple(line.strip("[]").split(","))
        elif line.strip() and line[0] not in "#@":
            found.append((kinds, line.strip()))
    return found


def sentences(seed: int, *, each: int = 4, joined: float = 0.3) -> Iterator[Sentence]:
    """Every pattern filled `each` times; joined: how many in twos, as a share of all."""
    chance = random.Random(seed)
    single = [_filled(kinds, text, chance) for kinds, text in patterns() for _ in range(each)]
    chance.shuffle(single)
    for found in single:
        yield _roughened(_dressed(found, chance), chance)
    wishes = [s for s in single if not s.kinds & _ALONE]
    for _ in range(int(joined * len(single))):
        parts = chance.sample(wishes, 2 if chance.random() < 0.8 else 3)
        text = parts[0].text
        for part in parts[1:]:
            text += chance.choice(JOINTS) + part.text
        kinds = frozenset[str]().union(*(p.kinds for p in parts))
        yield _roughened(_dressed(Sentence(text, kinds), chance), chance)


_ALONE = frozenset(
    {"nothing", "unclear", "impossible", "help", "again_more", "again_less", "again_other",
     "again_same", "explain", "list", "history", "branch", "undo", "redo"}
)  # fmt: skip


def _filled(kinds: tuple[str, ...], text: str, chance: random.Random) -> Sentence:
    found = {k.rstrip("!") for k in kinds}
    away = any(k.endswith("!") for k in kinds)

    def put(match: re.Match[str]) -> str:
        name = match[1]
        if name in ("m", "M"):
            mood = chance.choice(tuple(MOODS))
            found.add(f"mood_{OPPOSITE[mood] if away else mood}")
            return chance.choice(MOODS[mood])[name == "M"]
        return _value(name, chance)

    filled = re.sub(r"\{(\w+)\}", put, text)
    filled = " ".join(filled.replace("the the ", "the ").replace("the another", "another").split())
    return Sentence(filled, frozenset(found))


def _value(name: str, chance: random.Random) -> str:
    known = fillings()
    match name:
        case "t" | "a":
            article = chance.choice(("the ", "the ", "the ", "", "", "that ", "my ", "those "))
            return article + chance.choice(known["t"])
        case "ss":
            return chance.choice(known["ss" if chance.random() < PLURAL_SHARE else "s"])
        case "r":
            return chance.choice(known["t"])
        case "n":
            return chance.choice(("1", "2", "3", "4", "5", "two", "three", "7", "10", "five", "8"))
        case "bars":
            return chance.choice(("4", "8", "2", "16", "12", "four", "eight", "two", "sixteen"))
        case "db":
            return chance.choice(("1", "2", "3", "4", "6", "1.5", "two", "three", "a couple of"))
        case "bpm":
            return str(chance.randint(70, 180))
    return chance.choice(known[name])


def _dressed(sentence: Sentence, chance: random.Random) -> Sentence:
    text = sentence.text
    if chance.random() < 0.25:
        text = f"{chance.choice(fillings()['before'])} {text}"
    if chance.random() < 0.15:
        end = chance.choice(fillings()["after"])
        text += end if end[0] in "!?.," else f" {end}"
    return Sentence(text, sentence.kinds, sentence.maybe)


def _roughened(sentence: Sentence, chance: random.Random) -> Sentence:
    """Some sentences with slips of the hand."""
    text = sentence.text
    if chance.random() < 0.12:
        words = text.split()
        for _ in range(chance.randint(1, 2)):
            at = chance.randrange(len(words))
            words[at] = _slipped(words[at], chance)
        text = " ".join(words)
    return Sentence(text, sentence.kinds, sentence.maybe)


def _slipped(word: str, chance: random.Random) -> str:
    if len(word) < 4:
        return word
    at = chance.randrange(1, len(word) - 1)
    match chance.randrange(3):
        case 0:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case 1:
            return word[:at] + word[at + 1 :]
        case _:
            return word[:at] + word[at] + word[at:]
