"""A wish in plain words becomes a Brief, offline: one small reader a kind of wish.

Readers run in a fixed order and take their words out of the text, so that no word is read twice;
what nobody took is reported as ignored. Limits: English; one genre a song (further ones are
reported); "only my guitar loops" still allows drums, "nothing but guitar" does not.
The words themselves live in vocabulary.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from loopmind.compose import genres
from loopmind.compose.spelling import correct
from loopmind.compose.vocabulary import (
    ADJECTIVES_NOT_FOLDERS,
    ENERGY_WORDS,
    FILLER,
    INSTRUMENT_WORDS,
    LENGTH_WORDS,
    MIX_WORDS,
    MODE_WORDS,
    MOOD_WORDS,
    NUMBER_WORDS,
    OPPOSITE_MOOD,
    SECTION_WORDS,
    SOURCE_NOUNS,
    TEMPO_WORDS,
)
from loopmind.music.brief import Brief
from loopmind.music.key import Key

BPM_LIMITS = (40.0, 240.0)
LENGTH_LIMITS_S = (10.0, 1200.0)


@dataclass
class Reading:
    """The text being read, which of its letters are taken, and the fields found so far."""

    text: str
    taken: list[bool] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    understood: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.low = self.text.lower()
        self.taken = [False] * len(self.text)

    def matches(self, pattern: str, *, cased: bool = False) -> list[re.Match[str]]:
        """Matches of `pattern` that touch no taken letter, in order."""
        found = re.finditer(pattern, self.text if cased else self.low)
        return [m for m in found if not any(self.taken[m.start() : m.end()])]

    def take(self, match: re.Match[str], group: int | str = 0) -> None:
        start, end = match.span(group)
        self.taken[start:end] = [True] * (end - start)

    def free(self, match: re.Match[str]) -> bool:
        return not any(self.taken[match.start() : match.end()])


def read_prompt(text: str) -> Brief:
    """The Brief that `text` asks for. Never fails: what is not understood is in `ignored`.

    >>> brief = read_prompt("dark trap 140 bpm in F# minor, 2:30, no vocals")
    >>> brief.genre, brief.bpm, str(brief.key), brief.moods, brief.length_s, brief.forbidden
    ('trap', (140.0, 140.0), 'F# minor', ('dark',), 150.0, ('vocal',))
    """
    cleaned, corrections = correct(_clean(text), _known_words())
    reading = Reading(cleaned)
    reading.understood += [f"read {wrong!r} as {right!r}" for wrong, right in corrections]
    for reader in (
        _length,
        _tempo_numbers,
        _key,
        _section_wishes,
        _folders,
        _only,
        _forbidden,
        _mix_style,
        _genre,
        _energy_numbers,
        _tempo_words,
        _moods_and_energy,
        _length_words,
        _wanted,
    ):
        reader(reading)
    _leftovers(reading)
    return Brief(
        prompt=text,
        understood=tuple(dict.fromkeys(reading.understood)),
        ignored=tuple(dict.fromkeys(reading.ignored)),
        **reading.fields,
    )


def _clean(text: str) -> str:
    # Typographic quotes, dashes and accidentals become their plain cousins.
    for fancy, plain in (("2019", "'"), ("201c", '"'), ("201d", '"'), ("2013", "-"),
                         ("2014", ", "), ("266f", "#"), ("266d", "b")):  # fmt: skip
        text = text.replace(chr(int(fancy, 16)), plain)
    return " ".join(text.split())


def _known_words() -> frozenset[str]:
    words: set[str] = set(FILLER) | set(SECTION_WORDS) | set(SOURCE_NOUNS)
    tables: tuple[dict[str, Any], ...] = (
        INSTRUMENT_WORDS, MOOD_WORDS, ENERGY_WORDS, MIX_WORDS, LENGTH_WORDS, TEMPO_WORDS,
        MODE_WORDS, NUMBER_WORDS, genres.aliases(),
    )  # fmt: skip
    for table in tables:
        for phrase in table:
            words.update(phrase.split())
    words.update(
        ("minor", "major", "without", "except", "sharp", "flat", "nothing", "instrumental")
    )
    return frozenset(words)


def _any(words: Any) -> str:
    """A pattern that matches any of `words`, the longest first, as whole words."""
    ordered = sorted(words, key=lambda w: (-len(w), w))
    options = "|".join(re.escape(w).replace(r"\ ", r"[\s-]+") for w in ordered)
    return rf"(?<![\w#])(?:{options})(?![\w#])"


def _clock(seconds: float) -> str:
    return f"{round(seconds) // 60}:{round(seconds) % 60:02d}"


def _length(r: Reading) -> None:
    number = r"(\d+(?:\.\d+)?|" + "|".join(sorted(NUMBER_WORDS, key=len, reverse=True)) + ")"
    for m in r.matches(r"(?<![\d:])(\d{1,2}):([0-5]\d)(?![\d:])(?:\s?(?:min(?:utes?)?|m)\b)?"):
        return _set_length(r, m, int(m[1]) * 60.0 + int(m[2]))
    for m in r.matches(
        rf"\b{number}[\s-]*(?:minutes?|mins?|m)(?:\s?(?:and\s)?(\d{{1,2}})\s?(?:seconds|secs?|s))?\b"
    ):
        if m[1] == "a" and "half" in r.low[m.end() : m.end() + 12]:
            continue
        minutes = NUMBER_WORDS.get(m[1]) or float(m[1])
        half = re.match(r"\s+and\s+a\s+half\b", r.low[m.end() :])
        if half:
            r.taken[m.end() : m.end() + half.end()] = [True] * half.end()
        extra = float(m[2]) if m[2] else 30.0 if half else 0.0
        return _set_length(r, m, minutes * 60.0 + extra)
    for m in r.matches(r"\b(\d{1,2})m(\d{1,2})s?\b"):
        return _set_length(r, m, int(m[1]) * 60.0 + int(m[2]))
    for m in r.matches(r"\b(\d{2,4})[\s-]*(?:seconds?|secs?|s)\b"):
        if m[0] not in ("60s", "70s", "80s", "90s", "808s", "909s"):
            return _set_length(r, m, float(m[1]))
    return None


def _set_length(r: Reading, m: re.Match[str], seconds: float) -> None:
    r.take(m)
    low, high = LENGTH_LIMITS_S
    kept = min(max(seconds, low), high)
    r.fields["length_s"] = kept
    if kept != seconds:
        r.ignored.append(f"length {_clock(seconds)} (made it {_clock(kept)})")
    r.understood.append(f"length: {_clock(kept)}")


def _tempo_numbers(r: Reading) -> None:
    num, unit = r"(\d{2,3}(?:\.\d+)?)", r"(?:\s?bpm|\s?beats per minute)"
    for m in r.matches(
        rf"(?:between\s|from\s)?\b{num}{unit}?\s?(?:-|to|and|/)\s?{num}{unit}?(?![\w:])"
    ):
        ends = sorted((float(m[1]), float(m[2])))
        worded = re.search(r"bpm|per minute", m[0]) or "and" not in m[0]
        if worded or m[0].startswith("between"):
            return _set_bpm(r, m, ends[0], ends[1])
    for m in r.matches(rf"(?:around|about|roughly|approx\w*|circa|ca\.?|~|near)\s?{num}{unit}?\b"):
        return _set_bpm(r, m, float(m[1]) - 4.0, float(m[1]) + 4.0)
    for m in r.matches(
        rf"(?:over|above|faster than|at least|more than|min(?:imum)?)\s{num}{unit}?\b"
    ):
        return _set_bpm(r, m, float(m[1]), float(m[1]) + 40.0)
    for m in r.matches(
        rf"(?:under|below|slower than|at most|less than|max(?:imum)?)\s{num}{unit}?\b"
    ):
        return _set_bpm(r, m, float(m[1]) - 30.0, float(m[1]))
    for pattern in (
        rf"\b{num}{unit}\b",
        rf"\b(?:bpm|tempo)(?:\s?(?:of|at|is|=|:))?\s?{num}\b",
        rf"(?:\bat\s|@\s?){num}(?![\w:%])",
        rf"(?<![\w#:./-]){num}(?![\w:%/#-])(?!\s?(?:bars?|loops?|samples?|files?|min|sec|bits?|k\b))",
    ):
        for m in r.matches(pattern):
            if pattern[0] != "(" or 50 <= float(m[1]) <= 220:
                return _set_bpm(r, m, float(m[1]), float(m[1]))
    return None


def _set_bpm(r: Reading, m: re.Match[str], low: float, high: float) -> None:
    r.take(m)
    if high < BPM_LIMITS[0] or low > BPM_LIMITS[1]:
        r.ignored.append(f"{m[0].strip()} (tempo must lie in 40 to 240 bpm)")
        return
    low, high = max(low, BPM_LIMITS[0]), min(high, BPM_LIMITS[1])
    r.fields["bpm"] = (low, high)
    said = f"{low:g} bpm" if low == high else f"{low:g} to {high:g} bpm"
    r.understood.append(f"tempo: {said}")


_ACCIDENTAL = r"(\s?(?:#|sharp\b|flat\b)|b(?![a-z]))?"
_MODE = r"(?:major|minor|maj|min)"


def _key(r: Reading) -> None:
    for m in r.matches(r"\b(?:in\s)?an?\s(minor|major)\s(?:key|mode|mood|feel|scale|tonality)\b"):
        return _set_mode(r, m, m[1])
    named = (
        rf"(?i:\b(?:in|key(?:\sof|\sis|:)?)\s+(?:the\skey\sof\s)?)?"
        rf"(?<![\w#])([A-Ga-g]){_ACCIDENTAL}[\s-]?(?i:({_MODE})\b)"
    )
    for m in r.matches(named, cased=True):
        if m[1] == "a" and m[3].islower() and not re.match(r"(?i)(in|key)\b", m[0]):
            follow = r.low[m.end() :].strip()
            # "a minor tune" is an article; "a minor" alone or before a number is the key.
            if re.match(r"[a-z]", follow):
                continue
        return _set_key(r, m, f"{m[1]}{(m[2] or '').strip()} {m[3].lower()}")
    for m in r.matches(r"(?<![\w#])([A-G](?:#|b)?|[a-g](?:#|b))m(?![\w#])", cased=True):
        return _set_key(r, m, f"{m[1]} minor")
    for m in r.matches(
        rf"(?<![\w#])([A-Ga-g])(?:\s|-)?(#|b|sharp|flat)?[\s-]({'|'.join(MODE_WORDS)})\b",
        cased=True,
    ):
        return _set_key(r, m, f"{m[1]}{m[2] or ''} {MODE_WORDS[m[3].lower()]}")
    for m in r.matches(
        rf"(?i:\b(?:key\sof|key:?|in\sthe\skey\sof)\s)([A-Ga-g]){_ACCIDENTAL}(?![\w#])", cased=True
    ):
        return _set_key(r, m, f"{m[1]}{(m[2] or '').strip()}")
    for m in r.matches(r"(?i:\bin\s)([A-G](?:#|b|\ssharp|\sflat)?)(?![\w#'])", cased=True):
        return _set_key(r, m, m[1].replace(" ", ""))
    for m in r.matches(r"(?:in\s)?\b(minor|major)(?:\s(?:key|mode|scale|tonality))?\b"):
        return _set_mode(r, m, m[1])
    for m in r.matches(rf"\b({'|'.join(MODE_WORDS)})\b"):
        return _set_mode(r, m, MODE_WORDS[m[1]])
    return None


def _set_mode(r: Reading, m: re.Match[str], mode: str) -> None:
    r.take(m)
    r.fields["mode"] = mode
    r.understood.append(f"key: any {mode} key")


def _set_key(r: Reading, m: re.Match[str], text: str) -> None:
    r.take(m)
    text = re.sub(r"\s?sharp", "#", re.sub(r"\s?flat", "b", text))
    minor_wish = re.search(r"\b(minor|dark|sad|trap|drill|phonk|techno)\b", r.low)
    key = Key.parse(text, default_mode="minor" if minor_wish else "major")
    r.fields["key"], r.fields["mode"] = key, key.mode
    r.understood.append(f"key: {key}")


def _section_wishes(r: Reading) -> None:
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


def _folders(r: Reading) -> None:
    """Where sounds come from: "drill loops with lo-fi samples", "from my Tokyo folder"."""
    found: list[str] = []
    where = r"(?:(?:from|in|of|use|using)\s)?(?:my\s|the\s)?"
    for m in r.matches(rf"{where}(?:folders?\s)?\"([^\"]{{2,40}})\"(?:\s(?:folder|pack|kit))?"):
        r.take(m)
        found.append(m[1])
    for m in r.matches(r"(?:from|in|of|use|using)\s(?:my\s|the\s)?folders?\s'?([\w-]+)'?"):
        r.take(m)
        found.append(m[1])
    nouns = _any(SOURCE_NOUNS)
    genre_words = _any([*genres.aliases(), "lo-fi", "lofi", "r&b", "d&b", "tape", "vinyl"])
    for m in r.matches(rf"({genre_words})\s(?:drums?\s|melody\s|vocal\s)?{nouns}"):
        if m[1] not in INSTRUMENT_WORDS:
            r.take(m)
            found.append(m[1])
            named = genres.find(m[1])
            if named and "genre" not in r.fields and not _genre_elsewhere(r, m):
                _set_genre(r, named)
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
    nouns = _any(SOURCE_NOUNS)
    for other in r.matches(_any(genres.aliases())):
        before_noun = re.match(rf"\s(?:drums?\s)?{nouns}", r.low[other.end() :])
        if not before_noun and (other.end() <= m.start() or other.start() >= m.end()):
            return True
    return False


_ARTICLES = r"(?:(?:no|the|my|any|some|a|more)\s)*"
_BETWEEN = r"(?:\s?,\s?(?:and\s|or\s)?|\s(?:and|or|nor|&|\+)\s)"


def _instrument_list() -> str:
    one = rf"{_any(INSTRUMENT_WORDS)}(?:\s(?:{'|'.join(SOURCE_NOUNS)}))?"
    return rf"({_ARTICLES}{one}(?:{_BETWEEN}{_ARTICLES}{one})*)"


def _named(text: str) -> tuple[str, ...]:
    found = re.findall(_any(INSTRUMENT_WORDS), text)
    return tuple(dict.fromkeys(INSTRUMENT_WORDS[_spaced(word)] for word in found))


def _spaced(word: str) -> str:
    return word if word in INSTRUMENT_WORDS else re.sub(r"[\s-]+", " ", word)


def _only(r: Reading) -> None:
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


def _forbidden(r: Reading) -> None:
    found: list[str] = list(r.fields.get("forbidden", ()))
    said: list[str] = []
    lead_in = (
        r"(?:no|without|minus|except|exclude|excluding|skip|leave out|avoid|not|"
        r"(?:do\s?n'?t|do not|never)\s(?:use|add|want|include))"
    )
    for m in r.matches(rf"\b{lead_in}\s(?:any\s)?{_instrument_list()}"):
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


def _mix_style(r: Reading) -> None:
    for m in r.matches(_any(MIX_WORDS)):
        r.take(m)
        style = (
            MIX_WORDS[re.sub(r"\s+", " ", m[0])] if m[0] in MIX_WORDS else MIX_WORDS[_close(m[0])]
        )
        if "mix_style" not in r.fields:
            r.fields["mix_style"] = style
            r.understood.append(f"mix: {style}")
    return


def _close(word: str) -> str:
    return next(w for w in MIX_WORDS if re.sub(r"[\s-]+", " ", w) == re.sub(r"[\s-]+", " ", word))


def _genre(r: Reading) -> None:
    found = r.matches(rf"{_any([*genres.aliases(), 'r&b', 'd&b', 'lo-fi', 'hip-hop', 'k-pop'])}")
    heads: list[tuple[re.Match[str], str]] = []
    for m in found:
        name = genres.find(m[0])
        if name is None or re.search(r"\b(?:not|no)\s(?:too\s|a\s)?$", r.low[: m.start()]):
            continue
        heads.append((m, name))
    chosen: str | None = r.fields.get("genre")
    for i, (m, name) in enumerate(heads):
        r.take(m)
        # In "lo-fi house" the last of a run of genres is the noun, the others colour it.
        runs_on = i + 1 < len(heads) and not re.sub(
            r"[\s-]|style|influenced|inspired|tinged|flavou?red", "",
            r.low[m.end() : heads[i + 1][0].start()],
        )  # fmt: skip
        if chosen is None and not runs_on:
            chosen = name
            _set_genre(r, name)
        elif name not in (chosen, r.fields.get("genre")):
            colour = MOOD_WORDS.get(m[0])
            if colour:
                _add_moods(r, colour)
            else:
                r.ignored.append(f"{m[0]} (one genre a song)")


def _set_genre(r: Reading, name: str) -> None:
    r.fields["genre"] = name
    r.understood.append(f"genre: {name}")


def _energy_numbers(r: Reading) -> None:
    for m in r.matches(r"\benergy(?:\s(?:of|at|level))?:?\s?(\d+(?:\.\d+)?)\s?(?:(%)|/\s?(10+))?"):
        return _set_energy(r, m, float(m[1]), m[2], m[3])
    for m in r.matches(r"(?<![\d.])(\d+(?:\.\d+)?)\s?(?:(%)|/\s?(10+))\s?energy\b"):
        return _set_energy(r, m, float(m[1]), m[2], m[3])
    return None


def _set_energy(r: Reading, m: re.Match[str], number: float, percent: Any, out_of: Any) -> None:
    r.take(m)
    scale = 100.0 if percent else float(out_of) if out_of else 1.0
    if scale == 1.0 and number > 1.0:
        scale = 10.0 if number <= 10.0 else 100.0
    r.fields["energy"] = min(number / scale, 1.0)
    r.understood.append(f"energy: {round(100 * r.fields['energy'])} %")


def _tempo_words(r: Reading) -> None:
    for m in r.matches(_any(TEMPO_WORDS)):
        r.take(m)
        word = TEMPO_WORDS[re.sub(r"\s+", " ", m[0])] if m[0] in TEMPO_WORDS else "mid"
        if "bpm" in r.fields:
            continue
        low, high = _range_for(word, r.fields.get("genre"))
        r.fields["bpm"] = (low, high)
        r.understood.append(f"tempo: {word}, {low:g} to {high:g} bpm")


def _range_for(word: str, genre: str | None) -> tuple[float, float]:
    if genre is None:
        return {"very slow": (50.0, 70.0), "slow": (60.0, 88.0), "mid": (90.0, 115.0),
                "fast": (130.0, 170.0), "very fast": (150.0, 190.0)}[word]  # fmt: skip
    low, high = genres.profile(genre).bpm
    span = high - low
    start, end = {"very slow": (-0.3, 0.1), "slow": (-0.1, 0.35), "mid": (0.3, 0.7),
                  "fast": (0.65, 1.1), "very fast": (0.9, 1.35)}[word]  # fmt: skip
    return float(round(low + start * span)), float(round(low + end * span))


def _add_moods(r: Reading, moods: tuple[str, ...]) -> None:
    held = r.fields.get("moods", ())
    new = tuple(m for m in moods if m not in held)
    r.fields["moods"] = (*held, *new)
    if new:
        r.understood.append(f"mood: {', '.join(new)}")


def _moods_and_energy(r: Reading) -> None:
    for m in r.matches(_any({**MOOD_WORDS, **ENERGY_WORDS})):
        word = m[0] if m[0] in MOOD_WORDS or m[0] in ENERGY_WORDS else re.sub(r"[\s-]+", " ", m[0])
        r.take(m)
        negated = re.search(r"\b(?:not|less|isn't|never|no)\s(?:too\s|so\s|very\s|that\s|a\s)?$",
                            r.low[: m.start()])  # fmt: skip
        moods = MOOD_WORDS.get(word, ())
        if negated:
            opposite = tuple(dict.fromkeys(OPPOSITE_MOOD[mood] for mood in moods))
            _add_moods(r, opposite)
            continue
        _add_moods(r, moods)
        energy = ENERGY_WORDS.get(word)
        if energy is not None and "energy" not in r.fields:
            r.fields["energy"] = energy
            level = "high" if energy >= 0.65 else "low" if energy <= 0.35 else "medium"
            r.understood.append(f"energy: {level}")


def _length_words(r: Reading) -> None:
    for m in r.matches(r"\b(\d{1,3})[\s-]?bars?\b(?:\slong)?"):
        r.take(m)
        bpm = r.fields.get("bpm")
        if bpm is None:
            genre = r.fields.get("genre")
            bpm = (genres.profile(genre).typical_bpm,) * 2 if genre else (120.0, 120.0)
        if "length_s" not in r.fields:
            return _set_length(r, m, float(m[1]) * 240.0 / ((bpm[0] + bpm[1]) / 2.0))
    for m in r.matches(_any(LENGTH_WORDS)):
        about = re.match(r"\s(?:intro|outro|verse|hook|bridge|reverb|tail|delay)", r.low[m.end() :])
        if about or "length_s" in r.fields:
            continue
        _set_length(r, m, LENGTH_WORDS[re.sub(r"\s+", " ", m[0])])
    return None


def _wanted(r: Reading) -> None:
    found: list[str] = []
    for m in r.matches(_any(INSTRUMENT_WORDS)):
        r.take(m)
        name = INSTRUMENT_WORDS[_spaced(m[0])]
        if name not in r.fields.get("only", ()) and name not in r.fields.get("forbidden", ()):
            found.append(name)
    if found:
        r.fields["wanted"] = tuple(dict.fromkeys(found))
        r.understood.append(f"with: {', '.join(r.fields['wanted'])}")


def _leftovers(r: Reading) -> None:
    """Report runs of words that nobody took; filler in between does not break a run."""
    run: list[str] = []
    previous_end = 0
    for m in re.finditer(r"[^\s,.;!?()\"]+", r.low):
        gap = r.low[previous_end : m.start()]
        previous_end = m.end()
        free = not any(r.taken[m.start() : m.end()])
        wish = free and m[0].strip("'-") not in FILLER and re.search(r"\w", m[0]) is not None
        if run and (not wish or re.search(r"[,.;!?]", gap)):
            r.ignored.append(" ".join(run))
            run = []
        if wish:
            run.append(m[0])
    if run:
        r.ignored.append(" ".join(run))
