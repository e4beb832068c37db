"""How several names are said in one row."""

from __future__ import annotations

from collections.abc import Iterable


def listed(names: Iterable[str]) -> str:
    """Names in a row: "a", "a and b", "a, b and c"; nothing for none.

    >>> listed(["kick", "bass", "lead"])
    'kick, bass and lead'
    """
    found = list(names)
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} and {found[-1]}"
