"""Kinds of wishes of the sentences in a bank, as rows to learn from: `python ... OUT BANK...`.

A row is {"text", "kinds", "maybe"}: the kinds that the expected answer stands for, and those of
answers that are accepted as well. What only makes sense after what was said before is left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant_draft import assistant_crate, assistant_draft
from phrase_score import read_bank

from loopmind.assistant.asides import without_asides
from loopmind.assistant.contrast import with_contrast
from loopmind.assistant.kinds import kinds_of_plain
from loopmind.assistant.lexer import lex, spelled
from loopmind.assistant.likely import features
from loopmind.assistant.normalise import tidy
from loopmind.assistant.openings import REQUESTS
from loopmind.assistant.repair import put_right
from loopmind.assistant.rewording import plainly
from loopmind.assistant.values import Memory
from loopmind.assistant.world import World
from loopmind.learn.reader.sentences import sentences

_ACTIONS = {"list_parts": "list", "show_history": "history", "play": "render", "switch": "branch",
            "merge": "branch", "export": "render"}  # fmt: skip
_OPEN = frozenset({"undo", "redo", "explain", "list", "history", "render", "help", "lock",
                   "nothing", "unlock"})  # fmt: skip


BANK_WEIGHT = 3.0
FAMILIES = (
    frozenset({"tempo_set", "tempo_up", "tempo_down"}),
    frozenset({"layer_add", "layer_only"}),
    frozenset({"resize", "longer", "shorter"}),
)


def _ways(answer: Mapping[str, Any]) -> frozenset[str]:
    """Whether the sections get longer or shorter."""
    now = {s.name: s.bars for s in assistant_draft().song.sections}
    found = set()
    for edit in answer["edits"]:
        bars = settled(edit.get("bars")) if edit["edit"] == "resize_section" else None
        if bars is not None:
            found.add("longer" if bars > now.get(edit["section"], 8) else "shorter")
    return frozenset(found)


def settled(value: Any) -> Any:
    """One value that passes a bank's test: [">", 0] is 1."""
    if isinstance(value, list) and value and isinstance(value[0], str):
        test, rest = value[0], value[1:]
        if test in (">", "<"):
            return rest[0] + (1.0 if test == ">" else -1.0)
        if test == "between":
            return (rest[0] + rest[1]) / 2.0
        if test in ("one_of",):
            return rest[0]
        if test in ("has", "some", "set"):
            return [*rest]
        if test == "@":
            return rest[0]
        if test == "not":
            return {}
        if test == "any":
            return None
    if isinstance(value, Mapping):
        return {name: settled(v) for name, v in value.items()}
    return value


def kinds_of(answer: Mapping[str, Any]) -> frozenset[str]:
    if "edits" in answer:
        return kinds_of_plain([settled(edit) for edit in answer["edits"]])
    if "action" in answer:
        name = answer["action"]
        return frozenset({_ACTIONS.get(name, name)})
    name = {"ask": "unclear", "refuse": "impossible", "nothing": "nothing"}
    return frozenset(name[key] for key in answer if key in name)


def rows(bank: Path) -> list[dict[str, Any]]:
    found = []
    for row in read_bank(bank):
        kinds = kinds_of(row["expect"])
        if row.get("dialogue") and not (kinds <= _OPEN and kinds):
            continue
        maybe = frozenset[str]().union(*(kinds_of(a) for a in row.get("accept", ()))) - kinds
        for family in FAMILIES:
            if kinds & family:
                maybe |= family - kinds
        if "resize" in kinds:
            kinds = kinds - {"resize"} | _ways(row["expect"])
            maybe = maybe - kinds | {"resize"}
        found.append(
            {
                "text": row["say"],
                "weight": BANK_WEIGHT,
                "kinds": sorted(kinds),
                "maybe": sorted(maybe),
            }
        )
    return found


def made(each: int) -> list[dict[str, Any]]:
    """Rows of made-up sentences."""
    return [
        {"text": s.text, "kinds": sorted(s.kinds), "maybe": sorted(s.maybe), "weight": 1.0}
        for s in sentences(0, each=each)
    ]


def with_features(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    world = World(assistant_draft(), assistant_crate(), Memory())
    names, words = world.names, world.sound_words()
    for row in found:
        said = put_right(spelled(tidy(row["text"]), names, words), world)
        tokens = lex(plainly(REQUESTS.sub("", said.strip())), names, words).tokens
        row["features"] = features(with_contrast(without_asides(tokens), world))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Rows to learn from, out of banks of sentences.")
    parser.add_argument("out", type=Path)
    parser.add_argument("banks", type=Path, nargs="*")
    parser.add_argument("--each", type=int, default=0, help="made-up sentences of each pattern")
    options = parser.parse_args(arguments)
    found = [row for bank in options.banks for row in rows(bank)]
    found = with_features(found + (made(options.each) if options.each else []))
    text = "".join(json.dumps(row) + "\n" for row in found)
    options.out.write_text(text, encoding="utf-8")
    print(f"{len(found)} rows, {len({k for r in found for k in r['kinds']})} kinds")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
