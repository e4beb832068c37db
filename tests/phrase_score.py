"""Scores the reading of plain words on a bank: `python tests/phrase_score.py FILE`.

A bank is JSONL, one sentence a line, all of them about the song of assistant_draft.py:

- `say`: the sentence; `dialogue`: what was said before it, in order (optional).
- `expect`: {"edits": [...]}, {"action": "undo", "n": 2}, {"ask": true} (one question is right),
  {"refuse": true} (it cannot be done: nothing changes) or {"nothing": true} (no wish at all).
- `accept`: further answers that a person would be content with, each in the form of `expect`.
- `also`: what other people, who were given the bare sentences, would have done (optional).

An expected edit is plain data as of `edit_to_plain`. A field that it leaves out must have its
default; `seed` and a mood's `amount` are free where they are left out. A value may be a test:
[">", 0], ["<", 0], ["between", a, b], ["one_of", a, b], ["not", a], ["any"]; of a collection
["has", a, b] (all of them), ["some", a, b] (any of them), ["set", a, b] (just them); ["@", name]
is the digest of a sound of the song.

Each sentence comes out as one of
  right           the expected answer or one as good
  asked           a question where the wish could have been met
  not understood  nothing was done, or a part of it and the answer says so
  wrong edit      something else was done than what was said
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant_draft import assistant_crate, assistant_draft, loops

from loopmind import assistant
from loopmind.assistant.values import Action, Memory, Reading, Redo, Undo
from loopmind.compose import editing
from loopmind.compose.editing import EditError
from loopmind.music.draft import Draft
from loopmind.music.edit import EDITS, Edit, edit_to_plain

OUTCOMES = ("right", "asked", "not understood", "wrong edit")
FREE_FIELDS = ("seed", "amount")
TESTS = (">", "<", "between", "one_of", "not", "any", "has", "some", "set", "@")
# What a bank calls an action that the assistant has under another name.
ACTIONS = {"list_parts": "list", "show_history": "history", "play": "render", "export": "render"}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Score:
    """One sentence and what came of it; `got` in words for the list of misses."""

    row: Row
    outcome: str
    got: str


def read_bank(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def score(row: Row) -> Score:
    """Say a row's sentences to the assistant and judge its last answer."""
    reading, draft = answer(row)
    return Score(row, judge(row, reading, draft), _words_of(reading))


def answer(row: Row) -> tuple[Reading, Draft]:
    """The reading of a row's last sentence, and the draft it was said of."""
    crate = assistant_crate()
    talk = _Talk([assistant_draft()])
    memory = Memory()
    for sentence in row.get("dialogue", ()):
        reading = assistant.read(sentence, talk.draft, crate, memory)
        memory = reading.memory
        talk.follow(reading)
    return assistant.read(row["say"], talk.draft, crate, memory), talk.draft


@dataclass
class _Talk:
    """The drafts of a conversation, so that undo and redo mean what they mean in a project."""

    drafts: list[Draft]
    place: int = 0

    @property
    def draft(self) -> Draft:
        return self.drafts[self.place]

    def follow(self, reading: Reading) -> None:
        for action in reading.actions:
            if isinstance(action, Undo):
                self.place = max(0, self.place - action.count)
            elif isinstance(action, Redo):
                self.place = min(len(self.drafts) - 1, self.place + action.count)
        if reading.edits:
            try:
                made = editing.apply_all(reading.edits, self.draft, assistant_crate())
            except EditError:  # the person is told so, and the song stays as it is
                return
            self.drafts[self.place + 1 :] = [made]
            self.place += 1


def judge(row: Row, reading: Reading, draft: Draft) -> str:
    """Which of OUTCOMES a reading is."""
    answers = [row["expect"], *row.get("accept", ()), *row.get("also", ())]
    if any(_fits(wanted, reading, draft) for wanted in answers):
        return "right"
    edits = [edit_to_plain(edit) for edit in reading.edits]
    changes = bool(edits) or any(isinstance(act, (Undo, Redo)) for act in reading.actions)
    said_so = reading.question is not None or reading.ignored or reading.notes
    if changes and not (said_so and any(_is_part(edits, wanted) for wanted in answers)):
        return "wrong edit"
    if reading.question is not None:
        return "asked"
    if any("edits" in wanted or "ask" in wanted for wanted in answers):
        return "not understood"
    return "wrong edit" if reading.actions else "not understood"


def _fits(wanted: Row, reading: Reading, draft: Draft) -> bool:
    if "edits" in wanted:
        done = [edit_to_plain(edit) for edit in reading.edits]
        return reading.question is None and same_edits(wanted["edits"], done)
    if "action" in wanted:
        return len(reading.actions) == 1 and _same_action(wanted, reading.actions[0])
    if "ask" in wanted:
        return reading.question is not None and not reading.edits
    if "refuse" in wanted:
        return not reading.actions and _refused(reading.edits, draft)
    return not (reading.edits or reading.actions or reading.question)


def _refused(edits: Sequence[Edit], draft: Draft) -> bool:
    """Whether nothing changes: there is no edit, or what there is cannot be applied."""
    if not edits:
        return True
    try:
        editing.apply_all(edits, draft, assistant_crate())
    except EditError:
        return True
    return False


def _same_action(wanted: Row, action: Action) -> bool:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(action).__name__).lower()
    if ACTIONS.get(name, name) != ACTIONS.get(wanted["action"], wanted["action"]):
        return False
    return "n" not in wanted or matches(wanted["n"], getattr(action, "count", 1))


def same_edits(wanted: Sequence[Row], got: Sequence[Row]) -> bool:
    """Whether the edits are the wanted ones, in any order."""
    return len(wanted) == len(got) and _is_part(got, {"edits": wanted})


def _is_part(got: Sequence[Row], wanted: Row) -> bool:
    """Whether each edit is one of the wanted edits, none used twice."""
    if not got:
        return True
    return any(
        same_edit(candidate, got[0])
        and _is_part(got[1:], {"edits": [*wanted["edits"][:i], *wanted["edits"][i + 1 :]]})
        for i, candidate in enumerate(wanted.get("edits", ()))
    )


def same_edit(wanted: Row, got: Row) -> bool:
    """Whether an edit is the wanted one; both as plain data."""
    if wanted["edit"] != got["edit"]:
        return False
    fields = dataclasses.fields(EDITS[got["edit"]])
    return all(
        _same_field(wanted, got, field.name, field.default)
        for field in fields
        if field.name in wanted or field.name not in FREE_FIELDS
    )


def _same_field(wanted: Row, got: Row, name: str, default: Any) -> bool:
    missing = None if default is dataclasses.MISSING else default
    return matches(wanted.get(name, missing), got.get(name, missing))


def matches(wanted: Any, got: Any) -> bool:
    """Whether a value is the wanted one or passes the wanted test.

    >>> matches([">", 0], 2), matches(["has", "dark"], ["dark", "sad"]), matches("A", "a")
    (True, True, True)
    """
    if isinstance(wanted, list) and wanted and wanted[0] in TESTS:
        return _passes(wanted[0], wanted[1:], got)
    if isinstance(wanted, Mapping):
        return isinstance(got, Mapping) and all(
            matches(value, got.get(name)) for name, value in wanted.items()
        )
    if isinstance(wanted, (list, tuple)):
        return isinstance(got, (list, tuple)) and _members(wanted) == _members(got)
    if isinstance(wanted, str) and isinstance(got, str):
        return wanted.lower() == got.lower()
    if _is_number(wanted) and _is_number(got):
        return abs(wanted - got) <= 1e-3 * max(1.0, abs(wanted))
    return bool(wanted == got)


def _passes(test: str, values: list[Any], got: Any) -> bool:
    if test == "any":
        return True
    if test == "one_of":
        return any(matches(value, got) for value in values)
    if test == "not":
        return not matches(values[0], got)
    if test == "@":
        return bool(got == loops()[values[0]].digest)
    if test in ("has", "some", "set"):
        members = _members(got if isinstance(got, (list, tuple)) else [got])
        asked = _members(values)
        if test == "set":
            return members == asked
        return asked <= members if test == "has" else bool(asked & members)
    if not _is_number(got):
        return False
    if test == "between":
        return bool(values[0] - 1e-9 <= got <= values[1] + 1e-9)
    return bool(got > values[0] if test == ">" else got < values[0])


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _members(values: Iterable[Any]) -> set[str]:
    return {value.lower() if isinstance(value, str) else repr(value) for value in values}


def _words_of(reading: Reading) -> str:
    parts = [json.dumps(edit_to_plain(edit)) for edit in reading.edits]
    parts += [repr(action) for action in reading.actions]
    if reading.question is not None:
        labels = ", ".join(choice.label for choice in reading.question.choices)
        parts.append(f"asks: {reading.question.text} [{labels}]")
    parts += [f"note: {note}" for note in reading.notes]
    if reading.ignored:
        parts.append(f"ignored: {', '.join(reading.ignored)}")
    return "; ".join(parts) or "(nothing)"


def table(scores: Sequence[Score]) -> str:
    """Counts by category and their shares, as text."""
    by_category: dict[str, Counter[str]] = {}
    for item in scores:
        by_category.setdefault(item.row["category"], Counter())[item.outcome] += 1
    width = max(len(name) for name in [*by_category, "all"])
    lines = [f"{'':{width}}  " + "".join(f"{name:>16}" for name in OUTCOMES)]
    total = sum(by_category.values(), Counter())
    for name, counts in [*by_category.items(), ("all", total)]:
        lines.append(f"{name:{width}}  " + "".join(f"{counts[kind]:16d}" for kind in OUTCOMES))
    share = "".join(f"{total[kind] / max(1, len(scores)):16.1%}" for kind in OUTCOMES)
    return "\n".join([*lines, f"{'':{width}}  {share}"])


def misses(scores: Sequence[Score]) -> str:
    """Every sentence that did not come out right, with what was wanted and what came."""
    lines = []
    for item in scores:
        if item.outcome != "right":
            before = "".join(f"{said!r}, then " for said in item.row.get("dialogue", ()))
            lines += [
                f"{item.outcome}: {item.row['id']} {before}{item.row['say']!r}",
                f"    wanted {json.dumps(item.row['expect'])}",
                f"    got    {item.got}",
            ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Score the assistant on a bank of sentences.")
    parser.add_argument("file", type=Path, help="a bank of sentences (JSONL)")
    parser.add_argument("--quiet", action="store_true", help="print the table alone")
    parser.add_argument(
        "--strict", action="store_true", help="only what the sentence's own writer accepts"
    )
    options = parser.parse_args(arguments)
    left = {"also"} if options.strict else set()
    rows = [{k: v for k, v in row.items() if k not in left} for row in read_bank(options.file)]
    scores = [score(row) for row in rows]
    if not options.quiet:
        print(misses(scores), end="\n\n")
    print(table(scores))
    return 0


if __name__ == "__main__":
    sys.exit(main())
