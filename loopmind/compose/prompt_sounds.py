"""Readers of what should sound: folders, instruments wanted, forbidden or exclusive."""

from __future__ import annotations

import re

from loopmind.compose import genres
from loopmind.compose.prompt_colour import set_genre
from loopmind.compose.prompt_reading import Reading, any_of, spaced
from loopmind.compose.vocabulary import (
    ADJECTIVES_NOT_FOLDERS,
    INSTRUMENT_WORDS,
    MOOD_WORDS,
    SECTION_WORDS,
    SOURCE_NOUNS,
)


def read_section_wishes(r: Reading) -> None:
    """Wishes about one section ("no drums in the intro") are edits: said plainly, not misread."""
    parts = "|".join(SECTION_WORDS)
    for m in r.matches(r"\b(?:start|begin|end)s?\swith\s(?:just\s|only\s)?[\w\s-]+?(?=,|\.|;|$)"):
        r.take(m)
        r.ignored.append(f"{m[0].strip()} (say it as an edit once the song is made)")
    for m in r.matches(
        rf"\b(?:no|without|only|just|with)\s[\w\s-]{{2,30}}?\s(?:in|during|for|at|on)\sthe\s"
        rf"(?:first\s|second\s|third\s|last\s)?(?:{parts})\b"
    ):
        r.take(m)
        r.ignored.append(f"{m[0].strip()} (say it as an edit once the song is made)")


def read_folders(r: Reading) -> None:
    """Where sounds come from: "drill loops with lo-fi samples", "from my Tokyo folder"."""
    found: list[str] = []
    where = r"(?:(?:from|in|of|use|using)\s)?(?:my\s|the\s)?"
    for m in r.matches(rf"{where}(?:folders?\s)?\"([^\"]{{2,40}})\"(?:\s(?:folder|pack|kit))?"):
        r.take(m)
        found.append(m[1])
    for m in r.matches(r"(?:from|in|of|use|using)\s(?:my\s|the\s)?folders?\s'?([\w-]+)'?"):
        r.take(m)
        found.append(m[1])
    nouns = any_of(SOURCE_NOUNS)
    genre_words = any_of([*genres.aliases(), "lo-fi", "lofi", "r&b", "d&b", "tape", "vinyl"])
    for m in r.matches(rf"({genre_words})\s(?:drums?\s|melody\s|vocal\s)?{nouns}"):
        if m[1] not in INSTRUMENT_WORDS:
            r.take(m)
            found.append(m[1])
            named = genres.find(m[1])
            if named and "genre" not in r.fields and not _genre_elsewhere(r, m):
                set_genre(r, named)
    for m in r.matches(rf"\b(?:my|our|the|from|with)\s(?:own\s)?([a-z][\w-]+)\s{nouns}"):
        word = m[1]
        if word in ADJECTIVES_NOT_FOLDERS or word in INSTRUMENT_WORDS or word in SOURCE_NOUNS:
            continue
        if word in MOOD_WORDS and not re.search(r"folders?|packs?|kits?", m[0]):
            continue
        r.take(m)
        found.append(word)
    if found:
        words = tuple(dict.fromkeys(" ".join(f.split()) for f in found))
        r.fields["folders"] = words
        r.understood.append(f"sounds from: {', '.join(words)}")


def _genre_elsewhere(r: Reading, m: re.Match[str]) -> bool:
    """Whether a genre is named outside this match and not as a source of sounds."""
    nouns = any_of(SOURCE_NOUNS)
    for other in r.matches(any_of(genres.aliases())):
        before_noun = re.match(rf"\s(?:drums?\s)?{nouns}", r.low[other.end() :])
        if not before_noun and (other.end() <= m.start() or other.start() >= m.end()):
            return True
    return False


_ARTICLES = r"(?:(?:the|my|any|some|a|more)\s)*"
_NO_ARTICLES = r"(?:(?:no|the|my|any|some|a)\s)*"
_BETWEEN = r"(?:\s?,\s?(?:and\s|or\s)?|\s(?:and|or|nor|&|\+)\s)"


def _instrument_list(articles: str = _ARTICLES) -> str:
    one = rf"{any_of(INSTRUMENT_WORDS)}(?:\s(?:{'|'.join(SOURCE_NOUNS)}))?"
    return rf"({articles}{one}(?:{_BETWEEN}{articles}{one})*)"


def _named(text: str) -> tuple[str, ...]:
    found = re.findall(any_of(INSTRUMENT_WORDS), text)
    return tuple(dict.fromkeys(INSTRUMENT_WORDS[spaced(word)] for word in found))


def read_only(r: Reading) -> None:
    many = _instrument_list()
    strict = rf"(?:nothing\s(?:but|except|other than)|nothing else than)\s{many}"
    loose = (
        r"(?:use\s|using\s|made\s(?:of|from|with)\s|with\s)?"
        rf"\b(?:only|just|solely|exclusively)\s(?:use\s|using\s|with\s|from\s)*{many}"
    )
    after = rf"{many}\s(?:only|and nothing else|exclusively)\b"
    found: tuple[str, ...] = ()
    nothing_else = False
    for pattern in (strict, after, loose):
        for m in r.matches(pattern):
            found = tuple(dict.fromkeys((*found, *_named(m[0]))))
            follows = re.match(r",?\s(?:and\s)?nothing else\b", r.low[m.end() :])
            if follows:
                r.taken[m.end() : m.end() + follows.end()] = [True] * follows.end()
            nothing_else |= pattern == strict or "nothing else" in m[0] or bool(follows)
            r.take(m)
    for m in r.matches(r"\ba\s?capp?ella\b"):
        r.take(m)
        found, nothing_else = ("vocal",), True
    if not found:
        return
    r.fields["only"] = found
    drums = {"drums", "percussion", "kick", "snare", "hat", "clap"}
    if nothing_else and not drums & set(found):
        r.fields["forbidden"] = ("drums", "percussion")
        r.understood.append(f"nothing but: {', '.join(found)}")
    else:
        stay = "" if drums & set(found) else " (drums may still play)"
        r.understood.append(f"only: {', '.join(found)}{stay}")


def read_forbidden(r: Reading) -> None:
    found: list[str] = list(r.fields.get("forbidden", ()))
    said: list[str] = []
    lead_in = (
        r"(?:no|without|minus|except|exclude|excluding|skip|leave out|avoid|not|"
        r"(?:do\s?n'?t|do not|never)\s(?:use|add|want|include))"
    )
    for m in r.matches(rf"\b{lead_in}\s(?:any\s)?{_instrument_list(_NO_ARTICLES)}"):
        r.take(m)
        said += _named(m[1])
    for m in r.matches(r"\b(drum|vocal|bass|beat)[\s-]?less\b"):
        r.take(m)
        said += {"beat": ["drums"]}.get(m[1], [INSTRUMENT_WORDS[m[1]]])
    for m in r.matches(r"\b(?:an?\s)?instrumental\b"):
        r.take(m)
        said.append("vocal")
    if said:
        if "drums" in said:
            said.append("percussion")
        r.fields["forbidden"] = tuple(dict.fromkeys([*found, *said]))
        r.understood.append(f"without: {', '.join(dict.fromkeys(said))}")


def read_wanted(r: Reading) -> None:
    found: list[str] = []
    for m in r.matches(any_of(INSTRUMENT_WORDS)):
        r.take(m)
        name = INSTRUMENT_WORDS[spaced(m[0])]
        if name not in r.fields.get("only", ()) and name not in r.fields.get("forbidden", ()):
            found.append(name)
    if found:
        r.fields["wanted"] = tuple(dict.fromkeys(found))
        r.understood.append(f"with: {', '.join(r.fields['wanted'])}")
