"""What the readers' choice would come to, as rows to learn from: `python ... OUT BANK...`.

A row is {"source", "id", "signs", "stays", "goes", "between"}: what speaks for either reading of a
sentence (`assistant.weighing.signs`; empty where the frames decide alone), and how it comes out
where the frames' reading is done, the translator's likeliest wish, or the person is asked. The
banks must be such that no reader has learned from.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from phrase_score import answer, judge, read_bank

from loopmind import assistant
from loopmind.assistant import settling
from loopmind.assistant.halves import Read
from loopmind.assistant.values import Reading
from loopmind.assistant.weighing import signs
from loopmind.assistant.wishes import Wish
from loopmind.assistant.world import World

Settle = Callable[[str, Reading, float, World, Read], Reading]
_AS_EVER: Settle = settling._settled


def outcome(row: Mapping[str, Any], settle: Settle) -> str:
    """How a bank's row comes out where `settle` has the last sentence."""
    read_as_ever, turns, last = assistant.read, itertools.count(), False

    def read(*given: Any) -> Reading:
        nonlocal last
        last = next(turns) == len(row.get("dialogue", ()))
        return read_as_ever(*given)

    def of_last(*given: Any) -> Reading:
        return (settle if last else _AS_EVER)(*given)

    with patch.object(settling, "_settled", of_last), patch.object(assistant, "read", read):
        return judge(row, *answer(row))


def choices(source: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row to learn from of a bank's row."""
    wishes: list[Wish] = []
    found: dict[str, Any] = {"source": source, "id": row["id"], "signs": {}}

    def listening(said: str, first: Reading, sure: float, world: World, read: Read) -> Reading:
        wishes[:] = settling.heard(said, first, sure, world, read)
        found["signs"] = signs(said, first, sure, wishes, world) if wishes else {}
        return _AS_EVER(said, first, sure, world, read)

    def chosen(choose: Callable[[Reading, Wish], Reading], _: str, first: Reading,
               *others: Any) -> Reading:  # fmt: skip
        return choose(first, wishes[0])

    found["stays"] = outcome(row, listening)
    if wishes:
        found["stays"] = outcome(row, lambda said, first, *others: first)
        found["goes"] = outcome(row, partial(chosen, settling.taken))
        found["between"] = outcome(row, partial(chosen, settling.between))
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
