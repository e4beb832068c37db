"""Text is made plain before words are looked up: signs, short forms, keys, numbers, slips."""

from __future__ import annotations

import re

from loopmind.assistant import lexicon
from loopmind.music.key import Key

SPELLED_OUT = {
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
    "b4": "before", "aswell": "as well", "gtr": "guitar", "gtrs": "guitars", "thx": "thanks",
    "cn": "can", "n": "and",
    **{f"{short}{n}": f"{name} {n}" for short, name in (("v", "verse"), ("h", "hook"),
       ("ch", "chorus"), ("vs", "verse")) for n in range(1, 5)},
    "bg": "background", "vol": "volume", "pno": "piano", "btw": "by the way",
    "af": "as hell", "rite": "right", "tite": "tight", "lite": "light", "nite": "night",
    "til": "until", "till": "until", "ver": "version",
}  # fmt: skip


_SHORT_FORMS = (("won't", "will not"), ("can't", "can not"), ("n't", " not"), ("'re", " are"),
                ("'ll", " will"), ("'ve", " have"), ("'d", " would"), ("'m", " am"),
                ("'s", " is"), ("let is", "let us"))  # fmt: skip


UNITS = {
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


COMMON = frozenset(
    """
    bitte lol lmao tbh ngl afaik imo decay drag drags about above again along always another
    around because been being below better book both bring came care case cause clean clear
    close come cook could cream dance days deep door down each early else ever every face fact
    fall feel feet field final fine fire first five fix flow food foot force form four free from
    front full fun game gave girl give given goes good great group guess half hand hard hate
    have head hear heart heavy here high home hope house how idea inside into just keep kind
    knew know last late later learn least left less life light like line list little live long
    look love made main make many maybe mean might mind more most much music must name near need
    never next nice night noise none note nothing now number off often okay old once one only
    open order other over own pack page part party past pick piece place plain play please point
    pretty price pull push put quick quite rain read real rest right road room round run said
    same save say school sea sell send sense set seven shall she shift shot should show side
    since sing sit six size small snow some song soon sound south space speak stand start state
    stay step still stop story street style such sure take talk tell ten test text than thank
    that the them then there these they thing think this those though three through till time
    today told tone too took top touch town track tree true try turn two under until upon use
    used very voice wait walk wall want warm was watch water way week well went were west what
    when where which while white who whole why will wind wish with word work world would write
    wrong year yes yet you young your boring weird wack trash stupid ugly perfect amazing crazy
    okay girlfriend mother friend club master spotify listening bars sings singing rapping says
    cents verse hit hits bits drake email clap claps flute phone speaker speakers headphones
    kitchen dish fish base sold cold hold hole fell felt belt melt salt pad paid pair bear tear
    fear gear year wear hook took nook cook look lock luck lick sick tick neck deck dock duck
    muck mock rock sock sack pack back hack lack rack
    """.split()  # noqa: SIM905 -- a column of quoted words would hide them
)


_QUALITIES = (
    "(?:loud|quiet|long|short|wet|dry|dark|bright|fast|slow|much|many|busy|low|high|harsh|soft|"
    "wide|narrow|sad|happy|weak|thin|muddy|boomy|dull|hard|clean|empty|full)"
)


_ITS = (
    r"\bits (reverb|volume|level|echo|delay|low end|lows|highs|treble|pan|width|sound|tail|attack|"
    r"brightness|energy|length|drive|distortion|compression)\b"
)


def tidy(text: str) -> str:
    """Plain signs for fancy ones, short forms spelled out; keeps the case.

    >>> tidy("The 808's too loud, don't you think?")
    'The 808 is too loud, do not you think?'
    """
    for fancy, plain in ((0x2019, "'"), (0x2018, "'"), (0x201C, '"'), (0x201D, '"'),
                         (0x2013, "-"), (0x2014, ", "), (0x266F, "#"), (0x266D, "b"),
                         (0x2026, ". ")):  # fmt: skip
        text = text.replace(chr(fancy), plain)
    text = re.sub(r"\br ?(?:&|'?n'?|and) ?b\b", "rnb", text, flags=re.IGNORECASE)
    text = re.sub(r"\bought to\b", "should", text, flags=re.IGNORECASE)
    text = re.sub(r"\b[5-9]0'?s (?=[a-z])", "", text, flags=re.IGNORECASE)
    text = re.sub(rf"\b2 (?={_QUALITIES}\b)", "too ", text, flags=re.IGNORECASE)
    text = re.sub(r"\bplus (\d+(?:\.\d+)?) ?(?=db|decibel)", r"+\1 ", text, flags=re.IGNORECASE)
    text = re.sub(_ITS, r"the \1 of it", text, flags=re.IGNORECASE)
    for short, full in _SHORT_FORMS:
        text = re.sub(rf"(?<=\w){re.escape(short)}\b" if short[0] in "'n" else rf"\b{short}\b",
                      full, text, flags=re.IGNORECASE)  # fmt: skip
    words = [SPELLED_OUT.get(w.lower(), w) for w in re.findall(r"\S+", text)]
    text = " ".join(words)
    return re.sub(
        r"[\w/']+", lambda m: SPELLED_OUT.get(m[0].lower(), m[0]), text
    )  # words with a comma behind


def plain(text: str) -> str:
    """How phrases are looked up: lower case, short forms spelled out, hyphens as spaces."""
    return " ".join(re.sub(r"(?<=[a-z])-(?=[a-z])", " ", tidy(text).lower()).split())


_COUNTS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
    "thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16", "twenty": "20",
    "thirty": "30", "couple": "2", "dozen": "12",
}  # fmt: skip


_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
         "eighty": 80, "ninety": 90}  # fmt: skip


def large_figures(words: list[str]) -> list[str]:
    """Number words from twenty up as figures: "a hundred and twenty eight", "one forty".

    >>> large_figures("make it one forty two bpm".split())
    ['make', 'it', '142', 'bpm']
    """
    found: list[str] = []
    at = 0
    while at < len(words):
        used, number = _large(words, at)
        if used:
            if found and words[at] == "hundred" and found[-1] == "a":
                found.pop()
            found.append(str(number))
        else:
            found.append(words[at])
        at += max(used, 1)
    return found


def _large(words: list[str], at: int) -> tuple[int, int]:
    """How many words from `at` on make one large number, and the number."""
    start, number = at, 0
    small = _COUNTS.get(words[at], "") if words[at] != "couple" else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    if words[at] == "hundred" or (small and after == "hundred"):
        number = 100 * (int(small) if words[at] != "hundred" else 1)
        at += 1 if words[at] == "hundred" else 2
        if (
            words[at : at + 1] == ["and"]
            and words[at + 1 : at + 2]
            and (words[at + 1] in _TENS or words[at + 1] in _COUNTS)
        ):
            at += 1
    elif small == "1" and after in _TENS:
        number, at = 100, at + 1
    elif words[at] not in _TENS:
        return 0, 0
    if at < len(words) and words[at] in _TENS:
        number += _TENS[words[at]]
        at += 1
        unit = _COUNTS.get(words[at], "") if at < len(words) else ""
        if unit and 0 < int(unit) < 10 and words[at] != "couple":
            number += int(unit)
            at += 1
    elif number and at < len(words) and words[at] in _COUNTS and words[at] != "couple":
        number += int(_COUNTS[words[at]])
        at += 1
    return at - start, number


def figures(words: list[str]) -> list[str]:
    """Number words as figures; "one" only where it counts something ("verse one", "one bar")."""
    found: list[str] = []
    for at, word in enumerate(words):
        after = words[at + 1] if at + 1 < len(words) else ""
        before = words[at - 1] if at else ""
        counted = after in UNITS or after.startswith("octave") or after in ("step", "half", "whole")
        if (
            word == "half"
            and words[at + 1 : at + 2] == ["a"]
            and words[at + 2 : at + 3] in (["db"], ["decibel"], ["bar"])
        ):
            found.append("0.5")
            continue
        if word == "a" and before == "half" and after in ("db", "decibel", "bar"):
            continue
        if word in ("one", "couple", "dozen", "a", "an", "few"):
            named = before in lexicon.SECTION_NOUNS and word == "one" and after != "more"
            if word in ("a", "an"):
                found.append("1" if after in ("db", "decibel", "bar") else word)
            elif word == "few":
                found.append("3" if counted else word)
            elif named or counted or (word == "couple" and words[at + 1 : at + 2] == ["of"]):
                found.append(_COUNTS[word])
            else:
                found.append(word)
        elif word == "of" and found and found[-1] in ("2", "3") and before == "couple":
            continue
        else:
            found.append(_COUNTS.get(word, word))
    return found


def with_keys(text: str) -> tuple[str, list[str]]:
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
