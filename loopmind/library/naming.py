"""A user's own naming style: which of their words go with which instrument or tag.

For each word of file and folder names, the labels of the files that bear it are counted; a word
speaks for a label when the smoothed share p(label | word) = (n(word, label) + a p(label)) /
(n(word) + a) is high and well above p(label) (log-odds). Corrected files count several times.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from loopmind.analysis.names import name_tokens

_SMOOTHING = 4.0
_LEAST_SUPPORT = 4.0
_LEAST_SHARE = 0.55
_LEAST_LIFT = 1.0  # natural log-odds above the label's own
_MOST_TRUST = 0.6
_TOO_COMMON = 0.5  # a word in more than half of all names says nothing
CORRECTED_COUNT = 5.0

NamingRow = tuple[str, str, float, float]


@dataclass(frozen=True)
class Named:
    """A file's path and what is believed of it: labels ("instrument:bass") with weights 0..1."""

    path: str
    labels: Mapping[str, float]
    count: float = 1.0


def learn(files: Iterable[Named]) -> list[NamingRow]:
    """(word, label, weight, support), sorted; weights are trust for `read_name`'s style."""
    names = 0
    borne_by: Counter[str] = Counter()
    base: Counter[str] = Counter()
    words: Counter[str] = Counter()
    pairs: dict[str, Counter[str]] = defaultdict(Counter)
    for file in files:
        names += 1
        tokens = name_tokens(file.path)
        borne_by.update(tokens)
        for label, weight in file.labels.items():
            base[label] += weight  # type: ignore[assignment]
        for token in tokens:
            words[token] += file.count  # type: ignore[assignment]
            for label, weight in file.labels.items():
                pairs[token][label] += weight * file.count  # type: ignore[assignment]
    rows: list[NamingRow] = []
    for token, support in words.items():
        if support < _LEAST_SUPPORT or borne_by[token] > _TOO_COMMON * names:
            continue
        for label, count in pairs[token].items():
            prior = base[label] / names
            share = (count + _SMOOTHING * prior) / (support + _SMOOTHING)
            if share >= _LEAST_SHARE and _logit(share) - _logit(prior) >= _LEAST_LIFT:
                trust = min(_MOST_TRUST, share * support / (support + _SMOOTHING))
                rows.append((token, label, round(trust, 2), round(support, 1)))
    return sorted(rows)


def style_of(rows: Iterable[NamingRow]) -> dict[str, tuple[tuple[str, float], ...]]:
    """The rows as `read_name` takes them."""
    style: dict[str, tuple[tuple[str, float], ...]] = {}
    for token, label, weight, _ in rows:
        style[token] = (*style.get(token, ()), (label, weight))
    return style


def _logit(share: float) -> float:
    share = min(max(share, 1e-6), 1.0 - 1e-6)
    return math.log(share / (1.0 - share))
