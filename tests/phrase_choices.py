"""What the readers' choice would come to, as rows to learn from: `python ... OUT BANK...`.

A row is {"source", "id", "signs", "stays", "goes", "between"}: what speaks for either reading of a
sentence (`assistant.settling.signs`; empty where the frames decide alone), and how it comes out
where the frames' reading is done, the translator's likeliest wish, or the person is asked. The
banks must be such that no reader has learned from.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from phrase_score import answer, judge, read_bank

from loopmind.assistant import settling
from loopmind.assistant.halves import Read
from loopmind.assistant.settling import Wish
from loopmind.assistant.values import Reading
from loopmind.assistant.world import World

Settle = Callable[[str, Reading, float, World, Read], Reading]


def choices(source: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row to learn from of a bank's row."""
    asked: list[tuple[str, Reading, float, World, list[Wish]]] = []
    as_ever: Settle = settling._settled

    def listening(said: str, first: Reading, sure: float, world: World, read: Read) -> Reading:
        asked.append((said, first, sure, world, settling.heard(said, first, sure, world, read)))
        return as_ever(said, first, sure, world, read)

    with patch.object(settling, "_settled", listening):
        as_it_is = judge(row, *answer(row))
    found = {"source": source, "id": row["id"], "signs": {}, "stays": as_it_is}
    if not asked or not asked[-1][-1]:
        return found
    said, first, sure, world, wishes = asked[-1]
    found["signs"] = settling.signs(said, first, sure, wishes, world)
    made = {
        "stays": first,
        "goes": settling.taken(first, wishes[0]),
        "between": settling._between(first, wishes[0]),
    }
    for way, reading in made.items():
        turns = itertools.count()

        def forced(*given: Any, turns: Any = turns, reading: Reading = reading) -> Reading:
            return reading if next(turns) >= len(asked) - 1 else as_ever(*given)

        with patch.object(settling, "_settled", forced):
            found[way] = judge(row, *answer(row))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("banks", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    rows = [choices(bank.stem.removeprefix("phrases_"), row)
            for bank in options.banks for row in read_bank(bank)]  # fmt: skip
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    options.out.write_text(text, encoding="utf-8")
    print(f"{len(rows)} sentences, {sum(bool(r['signs']) for r in rows)} to decide on")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
