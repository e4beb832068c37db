"""The node that fine-tunes a model on the user's own material."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

from loopmind.files.places import default_cache
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.graph.ports import Choices, Range, Seed
from loopmind.learn.judging import Progress
from loopmind.learn.tuning.course import MODELS, in_words, learn


class Outcome(NamedTuple):
    """What the node makes: what came of it in words, and whether the new model is better."""

    report: str
    better: bool


@node(id="loopmind.learn_model", category="Models", writes_files=True, cache="none")
def learn_model(
    folder: Annotated[Path, "Labelled sounds, recordings beside MIDI files, or folders of stems."],
    context: Context,
    model: Annotated[str, Choices(*MODELS), "What is to learn."] = "tagger",
    minutes: Annotated[float, Range(0.1, 1440.0, unit="min"), "How long to learn."] = 10.0,
    use: Annotated[bool, "Put the new model to use if it is better."] = True,
    seed: Seed = 1,
) -> Outcome:
    """Fine-tune a model on your own material, and use it if it is better on a held-back part.

    `loopmind learn` does the same, and goes back: `loopmind learn MODEL --use shipped`. A run that
    was stopped goes on where it was. Errors: a folder that is missing, or holds too little to
    learn from and judge by; a disk that is full.
    """

    def progress(label: str) -> Progress:
        def told(done: int, total: int, what: str) -> None:
            context.step(done, total, f"{label} {what}".rstrip())

        return told

    done = learn(
        model, folder, default_cache() / "learning", progress,
        minutes=minutes, seed=seed, use=use,
    )  # fmt: skip
    return Outcome("\n".join(in_words(done)), done.better)
