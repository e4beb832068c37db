"""The node that judges what LoopMind hears by labelled files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.graph.ports import Choices
from loopmind.graph.types import register_type
from loopmind.learn.evaluate import JUDGES, evaluate
from loopmind.learn.judging import Row

register_type(Row, "figure", colour="#90be6d")


class Figures(NamedTuple):
    """What the node makes: each figure, and all of them as a table to read."""

    figures: tuple[Row, ...]
    table: str


@node(id="loopmind.evaluate_model", category="Models", touches_files=True, cache="none")
def evaluate_model(
    data: Annotated[Path, "A CSV file with the labels; docs/learning.md tells its columns."],
    context: Context,
    what: Annotated[str, Choices(*JUDGES), "What is judged."] = "transcribe",
) -> Figures:
    """Judge how well LoopMind hears on your own labelled files, with peers on the same files.

    `loopmind evaluate` does the same. A file that cannot be used is told of and takes no part.
    Errors: a table that cannot be read or lacks columns, or in which nothing could be judged.
    """
    judged = evaluate(what, data, context.step)
    judged.check()
    for row in (*judged.unusable, *judged.notices):
        context.note(row.what)
    return Figures(judged.figures, "\n".join(judged.table()))
