"""Slips of the typing hand are mended before anything is looked up, direction words first of all.

Short words are mended only into words that matter in most requests, and only where the slip is
not an English word itself; long ones into any word that is known. Where two meanings are equally
near nothing is mended: the word stays unknown, and whoever reads on must ask.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from loopmind.assistant.lexicon_english import ENGLISH
from loopmind.compose.spelling import distance

LONG = 7
SHORTEST = 3
TWO_SLIPS_FROM = 10
TWO_CORE_SLIPS_FROM = 7

# Slips too short or too far for distances.
SLIPS = {
    "fourty": "forty", "nd": "and", "undre": "under", "freez": "freeze", "lok": "lock",
    "loc": "lock", "wat": "what", "hav": "have", "liek": "like", "chior": "choir",
    "qiet": "quiet", "evrything": "everything", "shoud": "should", "wich": "which",
    "cna": "can", "coud": "could", "wuld": "would", "muhc": "much", "mcuh": "much",
    "strigns": "strings", "stings": "strings", "ouro": "outro", "outr": "outro",
    "les": "less", "lesss": "less", "lees": "less", "lss": "less", "leess": "less", "moar": "more",
    "moer": "more", "mor": "more", "mroe": "more", "morre": "more", "moore": "more",
    "moree": "more", "witout": "without", "wihout": "without", "withot": "without",
    "w/out": "without", "widout": "without", "wthout": "without", "wo": "without", "fo": "for",
    "teh": "the", "hte": "the", "tha": "the", "th": "the", "thr": "the", "adn": "and",
    "nad": "and", "an'": "and", "ad": "add", "ot": "to", "fro": "for", "wiht": "with",
    "whit": "with", "jsut": "just", "jus": "just", "olny": "only", "onyl": "only", "nto": "not",
    "dnt": "do not", "bas": "bass", "bss": "bass", "baas": "bass", "pda": "pad", "apd": "pad",
    "kik": "kick", "kck": "kick", "hta": "hat", "htas": "hats", "kikc": "kick", "loder": "louder",
    "mut": "mute", "muet": "mute", "drms": "drums", "drusm": "drums", "vrse": "verse",
    "hok": "hook", "hoook": "hook", "bpms": "bpm", "tep": "tempo", "mak": "make", "mkae": "make",
    "amke": "make", "chnage": "change", "darkr": "darker", "lod": "loud", "vol.": "volume",
    "plss": "please", "plese": "please", "somethin": "something", "sumthin": "something",
    "bigr": "bigger",
    "quiter": "quieter", "quietr": "quieter", "revrb": "reverb", "rverb": "reverb",
    "brng": "bring", "dwn": "down", "mke": "make",
    "trn": "turn", "tunr": "turn", "sumthing": "something", "swtch": "switch", "rmv": "remove",
    "gitar": "guitar", "durms": "drums", "lowder": "louder", "vers": "verse",
    "vocalz": "vocals", "drumz": "drums",
    "hatz": "hats", "hole": "whole", "intr": "intro", "chors": "chorus", "corus": "chorus",
    "brigde": "bridge", "brige": "bridge", "cords": "chords", "chrods": "chords",
    "vocls": "vocals", "voclas": "vocals",
    "lil": "little", "bridg": "bridge",
    "lead's": "lead", "intor": "intro", "into's": "intro", "outor": "outro", "2nd's": "2nd",
}  # fmt: skip

_CORE = frozenset(
    """
    drums drum bass verse verses hook hooks kick kicks hats hat intro outro vocal vocals voice lead
    chords chord pads bridge chorus choruses louder quieter softer more less without snare melody
    reverb guitar piano second first third last after before change swap mute unmute remove delete
    darker brighter make tempo faster slower longer shorter volume bigger smaller harder calmer
    sadder happier warmer punchier wider narrower closer drier wetter higher lower minor major
    energy section sections replace switch repeat double regenerate extend shorten trim
    compress compression sidechain saturation distortion everything only except instead between
    semitones semitone octave undo redo transpose percussion perc hi-hats hihats synth strings
    flute organ rhodes keys brass violin cello genre drill trap house techno dark bright
    another different original distorted aggressive dreamy melancholic loud quiet slow
    fast short long muddy boomy harsh start ending beginning another again
    """.split()  # noqa: SIM905 -- a column of quoted words would hide them
)

_SLIP_WORD = re.compile(r"(?<!['\"\w#-])[A-Za-z]+(?:/[a-z]+)?(?!['\"\w#-])")

Same = Callable[[str, str], bool]


def mend(text: str, known: frozenset[str], same: Same) -> str:
    """`text` with slips mended.

    Quoted words, words with digits and words that start with a capital inside a sentence are left
    as they are (names). same: whether two words mean the same here, so that either may be taken.
    """

    def replace(match: re.Match[str]) -> str:
        word, low = match[0], match[0].lower()
        named = word[:1].isupper() and match.start() > 0 and not text.isupper()
        after = text[match.end() :].lower()
        slip = None if after.startswith((" lib", "-lib")) else SLIPS.get(low)
        if named or (low in known and slip is None):
            return word
        right = slip or _nearest(low, known, same)
        return word if right is None or right == low else right

    return _SLIP_WORD.sub(replace, text)


@functools.lru_cache(maxsize=2)
def _targets(known: frozenset[str]) -> dict[tuple[str, int], list[str]]:
    """Known words by first letter and length."""
    found: dict[tuple[str, int], list[str]] = {}
    for word in sorted(known | _CORE):
        made_up = word.endswith(("yed", "yes", "eed", "eing", "ees")) or word[-3:] in ("ssd", "kes")
        if len(word) >= 3 and word.isalpha() and (word in _CORE or not made_up):
            found.setdefault((word[0], len(word)), []).append(word)
    return found


@functools.lru_cache(maxsize=4096)
def _nearest(word: str, known: frozenset[str], same: Same) -> str | None:
    """The one known word that `word` is most likely a slip of."""
    if len(word) == SHORTEST and not is_english(word):
        return _short(word) or _heard(word)
    if len(word) < 4 or word.rstrip("s") in known or is_english(word):
        return None
    for shorter in (re.sub(r"(.)\1{2,}", r"\1\1", word), re.sub(r"(.)\1+", r"\1", word)):
        if shorter != word and shorter in known and len(shorter) > 2:
            return shorter  # "reverbb", "loooud"
    letters = {word[0], word[1]}
    near: list[tuple[int, int, str]] = []
    for letter in letters:
        for size in range(len(word) - 2, len(word) + 3):
            for target in _targets(known).get((letter, size), ()):
                core = target in _CORE
                if letter != word[0] and target[:2] != word[1::-1]:
                    continue  # a first letter is rarely mistyped
                limit = _limit(len(word), core)
                if limit and (far := distance(word, target, limit)) <= limit:
                    near.append((far, 0 if core else 1, target))
    if not near:
        return _heard(word)
    near.sort()
    best = [n[2] for n in near if n[:2] == near[0][:2]]
    return best[0] if all(same(best[0], other) for other in best[1:]) else None


_AS_HEARD = (
    ("ph", "f"), ("ck", "k"), ("ch", "k"), ("qu", "k"), ("x", "ks"), ("gh", ""), ("kn", "n"),
    ("wh", "w"), ("z", "s"), ("q", "k"),
)  # fmt: skip


def _sound(word: str) -> str:
    """How a word sounds, roughly: its consonants, and whether it begins with a vowel.

    >>> _sound("bace"), _sound("bass"), _sound("eko"), _sound("echo")
    ('bs', 'bs', '-k', '-k')
    """
    for written, heard in _AS_HEARD:
        word = word.replace(written, heard)
    word = re.sub(r"c(?=[eiy])", "s", word).replace("c", "k")
    vowel = "-" if word[:1] in "aeiou" else ""
    return vowel + re.sub(r"(.)\1+", r"\1", re.sub(r"[aeiouyh]", "", word))


_HEARD_THINGS = frozenset(
    """
    bass guitar guitars snare snares echo chorus choruses vocal vocals piano violin cello synth
    strings flute organ rhodes trumpet saxophone clap claps melody tambourine percussion
    bridge chords shaker harp accordion banjo ukulele
    """.split()  # noqa: SIM905 -- a column of quoted words would hide them
)


@functools.cache
def _sounds() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in sorted(_HEARD_THINGS):
        found.setdefault(_sound(word), []).append(word)
    return found


def _heard(word: str) -> str | None:
    """The one thing one hears that sounds as `word` is written: "gutair", "bace"."""
    near = _sounds().get(_sound(word), [])
    near = [w for w in near if w[0] == word[0] and distance(word, w, 2) <= 2]
    return near[0] if len(near) == 1 else None


# Short words of most requests: a slip of them has its letters in another order, or one too few.
_SHORT = frozenset(
    """
    bit pad hat cut add low mid fix mix out the and for can not all new end top any key one two
    kick bass drum hook lead more less loud just make back down fade keep long turn mute solo loop
    beat slow fast dark soft hard wide take swap move lock undo redo song part that with only
    """.split()  # noqa: SIM905 -- a column of quoted words would hide them
)


def _short(word: str) -> str | None:
    """The short word that three letters are a slip of: "bti", "bak"."""
    turned = {word[1] + word[0] + word[2], word[0] + word[2] + word[1]}
    near = sorted(turned & _SHORT) or sorted(
        w for w in _SHORT if len(w) == 4 and w[0] == word[0] and word in _one_left_out(w)
    )
    return near[0] if len(near) == 1 else None


def _one_left_out(word: str) -> set[str]:
    return {word[:n] + word[n + 1 :] for n in range(1, len(word))}


def _limit(length: int, core: bool) -> int:
    if core:
        return 2 if length >= TWO_CORE_SLIPS_FROM else 1
    if length < LONG:
        return 0
    return 2 if length >= TWO_SLIPS_FROM else 1


def is_english(word: str) -> bool:
    """Whether a word is an everyday one that means itself, in one of its plain forms."""
    if word in ENGLISH:
        return True
    for ending, fills in (("s", ("",)), ("es", ("",)), ("ed", ("", "e")), ("ing", ("", "e")),
                          ("ly", ("",)), ("er", ("", "e")), ("est", ("", "e")),
                          ("ies", ("y",)), ("ied", ("y",)), ("ier", ("y",)),
                          ("y", ("", "e"))):  # fmt: skip
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)]
            if any(stem + fill in ENGLISH for fill in fills):
                return True
            if stem[-1] == stem[-2] and stem[:-1] in ENGLISH:
                return True
    return False
