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
from threading import Event
from typing import Any
from unittest.mock import patch

from phrase_score import answer, judge, read_bank

from loopmind import assistant
from loopmind.assistant import settling
from loopmind.assistant.halves import Read
from loopmind.assistant.settling import Wish
from loopmind.assistant.values import Reading
from loopmind.assistant.world import World

Settle = Callable[[str, Reading, float, World, Read], Reading]


def choices(source: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row to learn from of a bank's row."""
    calls: list[tuple[str, Reading, float, World, list[Wish]]] = []
    as_ever: Settle = settling._settled
    read_as_ever = assistant.read

    def reading(*given: Any) -> Reading:
        calls.clear()  # what is left in the end is of the last sentence
        return read_as_ever(*given)

    def listening(said: str, first: Reading, sure: float, world: World, read: Read) -> Reading:
        calls.append((said, first, sure, world, settling.heard(said, first, sure, world, read)))
        return as_ever(said, first, sure, world, read)

    with patch.object(settling, "_settled", listening), patch.object(assistant, "read", reading):
        as_it_is = judge(row, *answer(row))
    found = {"source": source, "id": row["id"], "signs": {}, "stays": as_it_is}
    if not calls or not calls[-1][-1]:
        return found
    said, first, sure, world, wishes = calls[-1]
    found["signs"] = settling.signs(said, first, sure, wishes, world)
    before = len(row.get("dialogue", ()))
    ways: dict[str, Callable[[Reading], Reading]] = {
        "stays": lambda heard: heard,
        "goes": lambda heard: settling.taken(heard, wishes[0]),
        "between": lambda heard: settling.between(heard, wishes[0]),
    }
    for way, choose in ways.items():
        turns, last = itertools.count(), Event()

        def turn(*given: Any, turns: Any = turns, last: Event = last) -> Reading:
            if next(turns) == before:
                last.set()
            return read_as_ever(*given)

        def forced(said: str, first: Reading, sure: float, world: World, read: Read,
                   choose: Any = choose, last: Event = last) -> Reading:  # fmt: skip
            return choose(first) if last.is_set() else as_ever(said, first, sure, world, read)

        with patch.object(settling, "_settled", forced), patch.object(assistant, "read", turn):
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
