"""Answers to a question: a number, a yes or a no, or words of one of its choices."""

from __future__ import annotations

import re

from loopmind.assistant.values import Choice, Question

_YES = frozenset(
    {
        "yes",
        "y",
        "yeah",
        "yep",
        "yup",
        "sure",
        "ok",
        "okay",
        "please do",
        "do it",
        "yes please",
        "go ahead",
        "sounds good",
        "go for it",
        "absolutely",
        "exactly",
    }
)
_NO = frozenset(
    {
        "no",
        "n",
        "nope",
        "nah",
        "none",
        "neither",
        "cancel",
        "no thanks",
        "nothing",
        "none of them",
        "forget it",
        "never mind",
        "nevermind",
        "stop",
    }
)
_PLACES = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "former": 1,
}
_EMPTY = frozenset(
    {
        "the",
        "a",
        "an",
        "one",
        "please",
        "i",
        "mean",
        "meant",
        "want",
        "to",
        "it",
        "that",
        "option",
        "number",
        "choice",
        "take",
        "with",
        "go",
        "lets",
        "let",
        "of",
        "on",
        "in",
        "make",
        "and",
    }
)


def answered(text: str, question: Question) -> Choice | None:
    """The choice that `text` picks, an empty one for "no", or None where it is no answer."""
    low = re.sub(r"[^\w\s#'-]", " ", text.lower()).strip()
    low = " ".join(low.split())
    choices = question.choices
    if not low:
        return None
    if low in _NO:
        return Choice(low)
    if low in _YES:
        return choices[0] if len(choices) == 1 else None
    exact = [c for c in choices if c.label.lower() == low]
    if exact:
        return exact[0]
    if match := re.fullmatch(r"(?:option |number |no |the )?#?(\d)(?:st|nd|rd|th)?(?: one)?", low):
        number = int(match[1])
        return choices[number - 1] if 1 <= number <= len(choices) else None
    if match := re.fullmatch(
        r"(?:the |option |number )*(\w+)(?: one| option| choice)?(?: please)?", low
    ):
        if match[1] == "last":
            return choices[-1]
        number = _PLACES.get(match[1], 0)
        named = [c for c in choices if match[1] in c.label.lower().split()]
        if number and not named:
            return choices[number - 1] if number <= len(choices) else None
    words = [w for w in low.split() if w not in _EMPTY]
    if not words or len(words) > 5:
        return None
    fitting = [c for c in choices if set(words) <= _words(c.label)]
    return fitting[0] if len(fitting) == 1 else None


def _words(label: str) -> set[str]:
    return set(re.findall(r"[\w#']+", label.lower()))
