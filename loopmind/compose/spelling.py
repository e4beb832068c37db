"""Spelling slips: long words one or two letters away from a known one are read as that one."""

from __future__ import annotations

import re

SHORTEST = 5
TWO_SLIPS_FROM = 9


def distance(a: str, b: str, limit: int) -> int:
    """Optimal string alignment distance of `a` and `b` (swapped neighbours count one).

    Anything above `limit` is returned as limit + 1.

    >>> distance("agressive", "aggressive", 2), distance("mionr", "minor", 2)
    (1, 1)
    """
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        row = [i]
        for j, other in enumerate(b, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other))
            swapped = i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other
            if swapped:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
        before, last = last, row
    return min(last[-1], limit + 1)


def correct(text: str, known: frozenset[str]) -> tuple[str, list[tuple[str, str]]]:
    """`text` with slips mended, and the (wrong, right) pairs.

    Quoted words, words with digits and words that start with a capital inside a sentence are left
    as they are (names); a word is mended only where one known word is nearest.
    """
    mended: list[tuple[str, str]] = []
    targets = sorted(word for word in known if len(word) >= SHORTEST - 1 and word.isalpha())

    def replace(match: re.Match[str]) -> str:
        word = match[0]
        low = word.lower()
        named = word[:1].isupper() and match.start() > 0 and not text.isupper()
        if len(low) < SHORTEST or low in known or low.rstrip("s") in known or named:
            return word
        limit = 2 if len(low) >= TWO_SLIPS_FROM else 1
        near = sorted((distance(low, t, limit), t) for t in targets if abs(len(t) - len(low)) < 3)
        if not near or near[0][0] > limit or (len(near) > 1 and near[1][0] == near[0][0]):
            return word
        # A first letter is rarely mistyped; without it two real words are too easily mixed up.
        if near[0][1][0] != low[0] and near[0][1][:2] != low[1::-1]:
            return word
        mended.append((low, near[0][1]))
        return near[0][1]

    return re.sub(r"(?<!['\"\w#-])[A-Za-z]+(?!['\"\w#-])", replace, text), mended
