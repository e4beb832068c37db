"""Judges which loops belong together: of ten candidates pick the one that really does.

    path,group[,role,bpm,source]

Files of one group (a kit of loops, the tracks of one song cut at the same bars) sound together;
those of one role in a group take each other's turns. For each file nine strangers of its role are
drawn from other groups, brought to the group's tempo and key as selection does it; then the
learned fit, the hand-made score and plain embedding distance choose. Names are not read.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from loopmind.analysis.hear import hear
from loopmind.compose.compatibility import source_start_s, usable_beats
from loopmind.compose.learned_fit import fit_model
from loopmind.errors import LoopMindError
from loopmind.files.decode import AudioFileError, read_audio
from loopmind.learn.fit.data import Sample
from loopmind.learn.fit.lists import (
    CANDIDATES,
    embedding_scores,
    handmade_scores,
    learned_scores,
    lists_of,
    stock,
    top1,
)
from loopmind.learn.judging import (
    OURS,
    Labelled,
    Progress,
    Row,
    number_in,
    read_labels,
    unusable,
)
from loopmind.music.loop import ROLES

HANDMADE, EMBEDDING = "hand-made score", "embedding distance"
_ROUNDS = 5
_LONGEST_S = 60.0


def judge(labels: Path, progress: Progress) -> list[Row]:
    """Top-1 of ten beside one mate, and beside all of the group's other roles."""
    lines, bad = read_labels(labels, ("path", "group"), ("role", "bpm", "source"))
    samples = []
    for number, line in enumerate(lines):
        progress(number, len(lines), line.path.name)
        sample = _sample(line, bad)
        if sample is not None:
            samples.append(sample)
    held = stock(samples)
    figures: dict[tuple[str, str], list[float]] = {}
    model = fit_model()
    asked = 0
    for turn in range(_ROUNDS):
        lists = lists_of(held, np.random.default_rng([11, turn]), other_roles=True)
        if not len(lists.anchor):
            raise LoopMindError(
                f"{labels} has too few groups: each file needs a mate of another role in its "
                f"group, and {CANDIDATES - 1} files of its own role in other groups"
            )
        asked = max(asked, len(np.unique(lists.question)))
        chosen = [(HANDMADE, handmade_scores(held, lists)),
                  (EMBEDDING, embedding_scores(held, lists))]  # fmt: skip
        if model is not None:
            chosen.insert(0, (OURS, learned_scores(model, held, lists)))
        for name, scores in chosen:
            for what, value in zip(("one mate", "all mates"), top1(scores, lists), strict=True):
                figures.setdefault((name, what), []).append(value)
    made = [
        Row(f"right one of {CANDIDATES}, beside {what}", float(np.mean(values)), "", name)
        for (name, what), values in figures.items()
    ]
    return [*made, Row("questions", float(asked), "", OURS), *bad]


def _sample(line: Labelled, bad: list[Row]) -> Sample | None:
    try:
        bpm = number_in(line, "bpm")
        loop = hear(read_audio(line.path, max_seconds=_LONGEST_S), path="", digest=line["path"])
    except AudioFileError as error:
        bad.append(unusable(line["path"], error.reason, error.remedy))
        return None
    except ValueError as error:
        reason, _, remedy = str(error).partition("; ")
        bad.append(unusable(line["path"], reason, remedy))
        return None
    role = line["role"] or loop.best_role
    if role not in ROLES:
        text = f"line {line.line}: {role!r} is no role"
        bad.append(unusable(line["path"], text, f"choose from {', '.join(ROLES)}"))
        return None
    bpm = bpm or loop.bpm
    beats = usable_beats(loop, bpm, loop.beats_per_bar) if bpm else 0.0
    if bpm is None or beats < 1.0 or loop.kind != "loop":
        bad.append(unusable(line["path"], "was heard as no loop", "give its bpm, or leave it out"))
        return None
    return Sample(
        line["group"], line["group"], line["source"] or "own", role, bpm, round(beats), loop,
        source_start_s(loop, bpm),
    )  # fmt: skip
