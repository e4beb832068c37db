"""Text becomes tokens: tidied, spelling mended, figures with their units, phrases by kind.

A token has a kind ("verb", "track", "section", "mood" ...), a value and its words. The longest
known phrase wins; where a word can be a verb or something else, its neighbours decide.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field, replace

from loopmind.assistant import lexicon
from loopmind.compose import genres
from loopmind.compose.spelling import correct, distance
from loopmind.compose.vocabulary import INSTRUMENT_WORDS, MOOD_WORDS
from loopmind.music.key import Key

LONGEST_PHRASE = 6


@dataclass(frozen=True)
class Token:
    """One word or phrase. also: further readings, as (kind, value). comparative: "darker"."""

    kind: str
    value: str
    text: str
    also: tuple[tuple[str, str], ...] = ()
    comparative: bool = False
    number: float = 0.0

    def as_kind(self, kind: str) -> Token | None:
        """This token read as `kind`, if it can be."""
        if self.kind == kind:
            return self
        value = dict(self.also).get(kind)
        return None if value is None else replace(self, kind=kind, value=value)


@dataclass
class Lexed:
    """The tokens of a text, and what was mended in it."""

    tokens: list[Token] = field(default_factory=list)
    mended: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""


_SPELLED_OUT = {
    "u": "you", "ur": "your", "smth": "something", "sth": "something", "tho": "though",
    "cuz": "because", "thats": "that is", "dont": "do not", "doesnt": "does not", "cant": "can not",
    "cannot": "can not", "isnt": "is not", "arent": "are not", "wont": "will not", "im": "i am",
    "id": "i would", "ive": "i have", "whats": "what is", "lets": "let us", "nvm": "never mind",
    "idk": "i do not know", "lil": "little", "gimme": "give me", "lemme": "let me",
    "wanna": "want to", "gonna": "going to", "gotta": "got to", "didnt": "did not",
    "theres": "there is", "wheres": "where is", "hows": "how is", "its": "it is", "w/o": "without",
    "w/": "with", "bc": "because", "rn": "now", "plz": "please", "pls": "please", "ya": "you",
    "abit": "a bit", "alot": "a lot", "thru": "through", "outta": "out of", "yr": "your",
    "shouldnt": "should not", "couldnt": "could not", "wasnt": "was not", "havent": "have not",
    "needa": "need to", "hafta": "have to", "sum": "some", "da": "the", "dat": "that",
    "dis": "this", "wit": "with", "em": "them", "'em": "them", "mo": "more", "vocs": "vocals",
    "til": "until", "till": "until", "ver": "version",
}  # fmt: skip
_SHORT_FORMS = (("won't", "will not"), ("can't", "can not"), ("n't", " not"), ("'re", " are"),
                ("'ll", " will"), ("'ve", " have"), ("'d", " would"), ("'m", " am"),
                ("'s", " is"), ("let is", "let us"))  # fmt: skip
_UNITS = {
    "bar": "bars", "bars": "bars", "measure": "bars", "measures": "bars", "beat": "beats",
    "beats": "beats", "db": "db", "dbs": "db", "decibel": "db", "decibels": "db", "bpm": "bpm",
    "%": "percent", "percent": "percent", "semitone": "semitones", "semitones": "semitones",
    "st": "semitones", "semi": "semitones", "semis": "semitones", "seconds": "seconds",
    "sec": "seconds", "secs": "seconds", "second": "seconds", "s": "seconds", "hz": "hz",
    "hertz": "hz", "khz": "khz", "k": "khz", "lufs": "lufs", "lu": "db", "dbtp": "dbtp",
    "dbfs": "db", "clicks": "bpm", "times": "times", "x": "times", "minutes": "minutes",
    "minute": "minutes", "kilohertz": "khz", "dbs.": "db", "steps": "steps", "notes": "semitones",
    "cents": "cents", "ms": "ms",
}  # fmt: skip
_KEY = re.compile(
    r"(?<![\w#])([A-Ga-g])(\s?(?:#|sharp\b|flat\b)|b(?![a-z]))?[\s-]?"
    r"(?i:(major|minor|maj|min|m)(?![a-z#]))"
)
_BARE_KEY = re.compile(
    r"(?i:\b(?:in|to|key\s(?:of|to|is)|key:|of)\s)(?:the\skey\sof\s)?"
    r"([A-G](?:#|b|\ssharp|\sflat)?)(?![\w#'])"
)
_COMMON = frozenset(
    """
    bitte lol lmao tbh ngl afaik imo decay drag drags
    about above again along always another around because been being below better book both bring
    came care case cause clean clear close come cook could cream dance days deep door down each
    early else ever every face fact fall feel feet field final fine fire first five fix flow food
    foot force form four free from front full fun game gave girl give given goes good great group
    guess half hand hard hate have head hear heart heavy here high home hope house how idea inside
    into just keep kind knew know last late later learn least left less life light like line list
    little live long look love made main make many maybe mean might mind more most much music must
    name near need never next nice night noise none note nothing now number off often okay old once
    one only open order other over own pack page part party past pick piece place plain play please
    point pretty price pull push put quick quite rain read real rest right road room round run said
    same save say school sea sell send sense set seven shall she shift shot should show side since
    sing sit six size small snow some song soon sound south space speak stand start state stay step
    still stop story street style such sure take talk tell ten test text than thank that the them
    then there these they thing think this those though three through till time today told tone too
    took top touch town track tree true try turn two under until upon use used very voice wait walk
    wall want warm was watch water way week well went were west what when where which while white
    who whole why will wind wish with word work world would write wrong year yes yet you young your
    boring weird wack trash stupid ugly perfect amazing crazy okay girlfriend mother friend club
    master spotify listening bars sings singing rapping says cents verse hit hits bits drake email
    clap claps flute phone speaker speakers headphones kitchen dish fish base sold cold hold hole
    fell felt belt melt salt pad paid pair bear tear fear gear year wear hook took nook cook look
    lock luck lick sick tick neck deck dock duck muck mock rock sock sack pack back hack lack rack
    """.split()  # noqa: SIM905 -- a column of quoted words would hide them
)
_CORE_NOUNS = ("drums", "bass", "verse", "hook", "kick", "hats", "intro", "outro", "vocal", "lead",
               "chords", "bridge", "chorus", "louder", "more", "snare", "melody", "reverb",
               "guitar", "second", "first", "third", "after", "before", "change", "add", "swap",
               "mute", "remove", "darker", "make", "tempo")  # fmt: skip


def tidy(text: str) -> str:
    """Plain signs for fancy ones, short forms spelled out; keeps the case.

    >>> tidy("The 808's too loud, don't you think?")
    'The 808 is too loud, do not you think?'
    """
    for fancy, plain in ((0x2019, "'"), (0x2018, "'"), (0x201C, '"'), (0x201D, '"'),
                         (0x2013, "-"), (0x2014, ", "), (0x266F, "#"), (0x266D, "b"),
                         (0x2026, ". ")):  # fmt: skip
        text = text.replace(chr(fancy), plain)
    for short, full in _SHORT_FORMS:
        text = re.sub(rf"(?<=\w){re.escape(short)}\b" if short[0] in "'n" else rf"\b{short}\b",
                      full, text, flags=re.IGNORECASE)  # fmt: skip
    words = [_SPELLED_OUT.get(w.lower(), w) for w in re.findall(r"\S+", text)]
    text = " ".join(words)
    return re.sub(
        r"[\w/']+", lambda m: _SPELLED_OUT.get(m[0].lower(), m[0]), text
    )  # words with a comma behind


def plain(text: str) -> str:
    """How phrases are looked up: lower case, short forms spelled out, hyphens as spaces."""
    return " ".join(re.sub(r"(?<=[a-z])-(?=[a-z])", " ", tidy(text).lower()).split())


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
        put(text, "genre", name)
    for name in genres.names():
        put(name, "genre", name)
    for text, value in lexicon.VERBS.items():
        put(text, "verb", text)
    return {text: tuple(readings) for text, readings in found.items()}


@functools.cache
def _known() -> frozenset[str]:
    words: set[str] = set(lexicon.FILLER) | set(_COMMON) | set(_SPELLED_OUT) | set(_UNITS)
    for text in phrases():
        words.update(text.split())
    for verb in lexicon.VERBS:
        words.update(_forms(verb))
    words |= set(lexicon.IRREGULAR) | set(lexicon.REMARKS)
    return frozenset(words)


def _forms(verb: str) -> set[str]:
    stem = verb[:-1] if verb.endswith("e") else verb
    doubled = verb + verb[-1]
    return {verb, verb + "s", verb + "es", stem + "ing", stem + "ed", doubled + "ing",
            doubled + "ed", verb + "d"}  # fmt: skip


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
    for ending, fills in (("ier", ("y",)), ("er", ("", "e")), ("iest", ("y",)), ("est", ("", "e")),
                          ("iness", ("y",)), ("ness", ("",)), ("ily", ("y",)), ("ly", ("",)),
                          ("y", ("", "e"))):  # fmt: skip
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
            if kinds & {"mood", "energy", "level", "tonadj", "fat", "width", "size", "tempo",
                        "style", "dist"}:  # fmt: skip
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
    cased = tidy(text)
    cased, keys = _with_keys(cased)
    known = _known() | frozenset(names) | also_known
    cased, mended = correct(cased, known)
    words_text = re.sub(r"(?<=[a-zA-Z])-(?=[a-zA-Z])", " ", cased.lower())
    words = re.findall(
        r"key\d+_|[+-]?\d+(?:[.,]\d+)?(?=%|[a-z]|\b)|[a-z#&]+(?:'[a-z]+)?\d?|%|\d+"
        r"|(?<!\d)\.(?!\d)|\.$|[,;!?:/+@\"]|'[^']+'", words_text
    )  # fmt: skip
    words = _figures([_core_slip(word, known, mended) for word in words])
    out = Lexed(text=" ".join(words), mended=mended)
    table, at = phrases(), 0
    while at < len(words):
        used, token = _next(words, at, table, names, keys)
        out.tokens.append(token)
        at += used
    out.tokens = _disambiguated(out.tokens)
    return out


_COUNTS = {
    word: str(number) for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen".split()
    )
} | {"twenty": "20", "thirty": "30", "couple": "2", "dozen": "12"}  # fmt: skip


def _figures(words: list[str]) -> list[str]:
    """Number words as figures; "one" only where it counts something ("verse one", "one bar")."""
    found: list[str] = []
    for at, word in enumerate(words):
        after = words[at + 1] if at + 1 < len(words) else ""
        before = words[at - 1] if at else ""
        counted = (
            after in _UNITS or after.startswith("octave") or after in ("step", "half", "whole")
        )
        if word in ("one", "couple", "dozen", "a", "an", "few"):
            named = before in lexicon.SECTION_NOUNS and word == "one"
            if word in ("a", "an"):
                found.append("1" if after in ("db", "decibel", "bar") else word)
            elif word == "few":
                found.append("3" if counted else word)
            elif named or counted or (word == "couple" and words[at + 1 : at + 2] == ["of"]
                                      and words[at + 2 : at + 3] and words[at + 2] in _UNITS):  # fmt: skip
                found.append(_COUNTS[word])
            else:
                found.append(word)
        elif word == "of" and found and found[-1] in ("2", "3") and before == "couple":
            continue
        else:
            found.append(_COUNTS.get(word, word))
    return found


def _with_keys(text: str) -> tuple[str, list[str]]:
    """`text` with every key replaced by a sign of its own ("key0_")."""
    keys: list[str] = []

    def put(match: re.Match[str]) -> str:
        letter, sign, mode = match[1], (match[2] or "").strip(), match[3]
        before = text[: match.start()].rstrip().lower().rsplit(" ", 1)[-1]
        if letter == "a" and not sign and not _is_key(before, text, match):
            return match[0]
        if mode == "m" and letter.islower() and not sign and before not in ("in", "to", "key"):
            return match[0]
        sign = {"sharp": "#", "flat": "b"}.get(sign.lower(), sign)
        keys.append(str(Key.parse(f"{letter.upper()}{sign} {mode.lower()}")))
        return f" key{len(keys) - 1}_ "

    text = _KEY.sub(put, text)

    def put_bare(match: re.Match[str]) -> str:
        name = match[1].replace(" sharp", "#").replace(" flat", "b")
        keys.append(name)
        return match[0][: match.start(1) - match.start()] + f" key{len(keys) - 1}_ "

    return _BARE_KEY.sub(put_bare, text), keys


def _is_key(before: str, text: str, match: re.Match[str]) -> bool:
    if before in ("in", "to", "key", "into", "of", "key:", "is"):
        return True
    return not re.match(r"\s*[a-z]", text[match.end() :].lower())


def _core_slip(word: str, known: frozenset[str], mended: list[tuple[str, str]]) -> str:
    """Short slips that the speller leaves alone: "bas", "drms", "secnd"."""
    if word in known or not word.isalpha() or not 3 <= len(word) <= 7 or lemma(word):
        return word
    if _positive(word) or word.rstrip("s") in known or len(word) == 3 and word != "bas":
        return word
    near = [noun for noun in _CORE_NOUNS if distance(word, noun, 1) <= 1 and noun[0] == word[0]]
    if len(word) >= 6 and not near:
        near = [n for n in _CORE_NOUNS if distance(word, n, 2) <= 2 and n[0] == word[0]]
    if len(near) != 1:
        return word
    mended.append((word, near[0]))
    return near[0]


_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


def _next(
    words: list[str], at: int, table: dict[str, tuple[tuple[str, str], ...]],
    names: dict[str, str], keys: list[str],
) -> tuple[int, Token]:  # fmt: skip
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
        return 1, replace(_token(base, readings, names), text=word,
                          comparative=word.endswith(("er", "est")))  # fmt: skip
    if found := lemma(word):
        return 1, Token("verb", found, word)
    if word.endswith("s") and word[:-1] in table:
        return 1, replace(_token(word[:-1], table[word[:-1]], names), text=word)
    if word in (",",):
        return 1, Token("sep", ",", word)
    if re.fullmatch(r"[.;!?:/\"]", word):
        return 1, Token("sep", "hard" if word != "/" else "and", word)
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
        unit = {"db tp": "dbtp", "beats per": "bpm", "half steps": "semitones",
                "percent of": "percent"}.get(two, "whole")  # fmt: skip
        used = 4 if two == "beats per" else 3
        value = number * 2.0 if unit == "whole" else number
        unit = "semitones" if unit == "whole" else unit
        return used, Token("amount", unit, f"{words[at]} {two}", number=value)
    if after in ("octave", "octaves"):
        return 2, Token("amount", "semitones", f"{words[at]} {after}", number=12.0 * number)
    unit = _UNITS.get(after, "")
    if unit and not (after == "second" and number < 2) and not (after == "s" and number > 300):
        number = number * 60.0 if unit == "minutes" else number
        number = number * 1000.0 if unit == "khz" else number
        unit = {"minutes": "seconds", "khz": "hz"}.get(unit, unit)
        return 2, Token("amount", unit, f"{words[at]} {after}", number=number)
    if after in ("more", "extra", "additional") and len(words) > at + 2 and words[at + 2] in _UNITS:
        return 3, Token(
            "amount", _UNITS[words[at + 2]], f"+{words[at]} {words[at + 2]}", number=number
        )
    ordinal = {"st": 1, "nd": 1, "rd": 1, "th": 1}
    if after in ordinal:
        return 2, Token("ord", f"{number:g}", words[at] + after)
    return 1, Token("num", f"{number:g}", words[at], number=number)


_NP_START = {"det", "ord", "pron", "track", "section", "mood", "other", "quant", "song", "degree",
             "num", "amount", "part", "rest", "effect", "tone", "fat", "source", "same", "noun",
             "folderish", "energy", "genre", "only", "level", "unknown", "style", "moodnoun",
             "size", "dist", "tonadj"}  # fmt: skip


def _disambiguated(tokens: list[Token]) -> list[Token]:
    """Every token in the one reading that its neighbours allow."""
    out: list[Token] = []
    for place, token in enumerate(tokens):
        before = next((t for t in reversed(out) if t.kind != "filler"), None)
        after = next((t for t in tokens[place + 1 :] if t.kind != "filler"), None)
        kinds = {token.kind, *dict(token.also)}
        verb = token.as_kind("verb")
        if verb is None and token.kind != "filler" and token.text in lexicon.VERBS:
            verb = replace(token, kind="verb", value=token.text, also=())
            kinds.add("verb")
        if (
            token.text.endswith(" go")
            and token.kind == "verb"
            and after is not None
            and (
                after.kind
                in ("mood", "energy", "level", "degree", "part", "tempo", "tonadj", "quant")
            )
        ):
            token = Token("verb", "go", token.text)
        elif "section" in kinds and verb is not None:
            noun = before is not None and before.kind in (
                "det",
                "ord",
                "prep",
                "num",
                "quant",
                "mood",
                "energy",
                "amount",
                "size",
                "other",
            )
            noun = noun or (after is not None and after.kind == "num")
            if (
                before is not None
                and before.kind == "prep"
                and before.value == "to"
                and not (len(out) > 1 and out[-1].kind == "det")
            ):
                noun = False  # "the beat to drop harder"
            noun = noun or (token.text == "drop" and after is not None and after.kind == "prep"
                            and after.value in ("after", "before"))  # fmt: skip
            noun = noun or (before is not None and before.kind == "track" and after is None)
            token = token.as_kind("section") if noun else verb  # type: ignore[assignment]
        elif token.kind == "part" and any(t.kind == "verb" for t in out):
            pass
        elif verb is not None and token.kind != "verb":
            first = (
                before is None
                or before.kind in ("sep", "neg", "verb")
                or (before.kind in ("prep",) and before.value == "to")
            )
            object_follows = after is not None and after.kind in _NP_START
            if first and before is not None and before.kind == "verb":
                first = lexicon.VERBS.get(before.value, "") == "" and before.value not in (
                    "make", "be", "sound", "feel", "go", "keep", "set", "get", "turn", "leave",
                    "need", "use", "play", "want", "give", "have", "run",
                )  # fmt: skip
            part_follows = after is not None and after.kind == "part" and token.kind != "track"
            object_follows = object_follows or (after is not None and after.text == "off")
            object_follows = object_follows and not (
                token.kind == "track" and after is not None and after.kind == "part"
            )
            if (
                first
                and object_follows
                and (part_follows or token.text not in lexicon.RARELY_VERBS)
            ):
                token = verb
        elif (
            token.kind == "verb"
            and token.value == "solo"
            and before is not None
            and (before.kind == "track")
        ):
            token = Token("source", "solo", token.text)  # "a sax solo"
        out.append(token)
    return out
