"""Fine-tuning a shipped model on the user's material: the interface, and the course of it.

    find what is labelled -> hold a part back by source -> judge the model in use on that part
    -> train -> judge again -> put to use only if better; the old one stays one command away

What the author of a model has to offer is a `Trainer`; it lives in `learn/tuning/NAME.py` as an
object `TRAINER`. Weights are never shipped twice: `graph.trainable(path)` makes a torch
module of any shipped .onnx file (its initialisers are the parameters), and
`graph.write_back(module, path, target)` writes them into the same graph again, checked in
onnxruntime. So a trainer needs no code of the network, only examples and a loss; whoever prefers
the original module may load and write in its own way.
"""

from __future__ import annotations

import importlib
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, cast

from loopmind.analysis.models import card_of, found_model, signed_card
from loopmind.errors import LoopMindError
from loopmind.files.atomic import OutputError, output_error
from loopmind.files.decode import AudioFileError, decode
from loopmind.files.digest import file_digest
from loopmind.files.own_models import forget_models, keep_model, own_models, use_model
from loopmind.learn.judging import (
    APART_S,
    NOTICE,
    UNUSABLE,
    Progress,
    Row,
    in_short,
    notice,
    packages_for,
)
from loopmind.learn.judging import unusable as unusable_row

MODELS: dict[str, str] = {
    "tagger": "tagger.onnx",
    "transcriber": "notes.onnx",
    "drums": "drums.onnx",
    "separator": "separator.onnx",
    "fit": "fit.npz",
}
BESIDE: dict[str, tuple[str, ...]] = {"tagger": ("words.npz",)}
"""What is kept, used and left together with a model."""
HELD_SHARE = 0.3
# By less than this share of what it was, a figure may differ by chance.
_LEAST_GAIN = 5e-3
_FEWEST = 4
LONGEST_S = 600.0
"""Of one sound no more than that is learned from."""
_FEWEST_SAMPLES = 64
_SILENT = 1e-4
_TAUGHT = 2  # rises with what is made of the material: what was made before is not gone on with


@dataclass(frozen=True)
class Pair:
    """One thing of the user's whose truth is known.

    source: what it came with (folder, song, pack); a source is held back whole or learned from
    whole. audio: the sound, or the mix. instrument: our name of it, empty where unknown.
    midi: file with its notes; part: name of the part in there, empty for all. stems: stem or
    track name -> file, which sum to the mix or sound together. bpm: where it is known.
    """

    source: str
    audio: Path
    instrument: str = ""
    midi: Path | None = None
    part: str = ""
    stems: Mapping[str, Path] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    bpm: float | None = None


class Trainer(Protocol):
    """What one kind of model offers for fine-tuning."""

    def find(self, folder: Path) -> tuple[list[Pair], list[Row]]:
        """What it can learn from below `folder`, and a row for each file that cannot be used."""
        ...

    def score(self, model: Path, pairs: Sequence[Pair], progress: Progress) -> dict[str, float]:
        """Figures of the model file on `pairs`; the first decides, more is better."""
        ...

    def tune(
        self, model: Path, pairs: Sequence[Pair], target: Path, budget: Budget, progress: Progress
    ) -> None:
        """Train on from `model` and write the new model to `target`.

        What else it learned for use along with it (BESIDE) is written beside `target`, cards and
        all.
        """
        ...


@dataclass(frozen=True)
class Budget:
    """How long to train, with which seed, and the folder for checkpoints (of this very run)."""

    seconds: float
    seed: int
    work: Path


@dataclass(frozen=True)
class Learned:
    """What came of a fine-tuning.

    before, after: figures on the held-back part, the first decides. used: whether the new model
    is in use now. folder: of the new model among the user's own. unusable: what took no part, and
    notices of what took part otherwise than one might think.
    """

    name: str
    learned_from: int
    held_back: int
    held_sources: tuple[str, ...]
    before: dict[str, float]
    after: dict[str, float]
    used: bool
    folder: str
    seconds: float
    unusable: tuple[Row, ...]

    @property
    def better(self) -> bool:
        """Whether the figure that decides rose."""
        return is_better(self.before, self.after)


def is_better(before: Mapping[str, float], after: Mapping[str, float]) -> bool:
    """Whether the first figure of `after` clearly beats that of `before`."""
    first = next(iter(before))
    least = _LEAST_GAIN * max(1.0, abs(before[first]))
    return after.get(first, -math.inf) > before[first] + least


def trainer(name: str) -> Trainer:
    """The trainer of the model `name`. Raises LoopMindError for a model that has none."""
    if name not in MODELS:
        raise LoopMindError(f"there is no model {name!r} to learn; choose from {', '.join(MODELS)}")
    module = importlib.import_module(f"loopmind.learn.tuning.{name}")
    return cast(Trainer, module.TRAINER)


def split(pairs: Sequence[Pair], seed: int) -> tuple[list[Pair], list[Pair]]:
    """(learned from, held back): whole sources where there are several, else every few files.

    About HELD_SHARE is held back. The same pairs and seed give the same parts. Raises
    LoopMindError where there are too few to do both.
    """
    if len(pairs) < _FEWEST:
        raise LoopMindError(_few(len(pairs)))
    ordered = sorted(pairs, key=lambda pair: (pair.source, str(pair.audio), pair.part))
    counts: dict[str, int] = {}
    for pair in ordered:
        counts[pair.source] = counts.get(pair.source, 0) + 1
    held: set[str] = set()
    wanted = HELD_SHARE * len(ordered)
    for source in sorted(counts, key=lambda name: _rank(name, seed)):
        room = len(ordered) - sum(counts[name] for name in held) - counts[source]
        if sum(counts[name] for name in held) + counts[source] <= max(wanted * 1.5, 1) and room > 0:
            held.add(source)
        if sum(counts[name] for name in held) >= wanted:
            break
    if len(held) and len(counts) > 1:
        return ([p for p in ordered if p.source not in held],
                [p for p in ordered if p.source in held])  # fmt: skip
    # One source alone: whole recordings are held back, never parts of one.
    files = sorted({str(p.audio) for p in ordered}, key=lambda name: _rank(name, seed))
    kept = set(files[: max(1, round(HELD_SHARE * len(files)))])
    learned = [p for p in ordered if str(p.audio) not in kept]
    if not learned:
        raise LoopMindError("all examples are of one recording; add another, to judge by")
    return learned, [p for p in ordered if str(p.audio) in kept]


def _rank(name: str, seed: int) -> str:
    from loopmind.files.digest import value_digest

    # By the last parts of the path, so that a moved folder is split as before.
    return value_digest([seed, *Path(name).parts[-2:]])


def learn(
    name: str, folder: Path, work: Path, progress: Callable[[str], Progress], *,
    minutes: float = 10.0, seed: int = 1, use: bool = True,
) -> Learned:  # fmt: skip
    """Fine-tune the model `name` on what is labelled below `folder`.

    work: folder of checkpoints; a run that was cut short goes on where it stopped if it is given
    the same folder and material. progress(label) gives a progress callback, which may raise
    CancelledError; then nothing has changed. use: put the new model to use if it is better.
    Raises LoopMindError where there is nothing to learn from or a package is missing, OutputError.
    """
    with packages_for(f"learning {name}"):
        return _learned(name, folder, work, progress, minutes, seed, use)


def _learned(
    name: str, folder: Path, work: Path, progress: Callable[[str], Progress], minutes: float,
    seed: int, use: bool,
) -> Learned:  # fmt: skip
    begun = time.monotonic()
    teach = trainer(name)
    if not folder.is_dir():
        what = "is a file; name a folder" if folder.exists() else "does not exist; check the path"
        raise LoopMindError(f"{folder} {what}")
    pairs, unusable = teach.find(folder)
    pairs = _readable(pairs, folder, unusable, progress("looking through"))
    pairs = _different(pairs, folder, unusable)
    if len(pairs) < _FEWEST:
        raise LoopMindError(_too_few(name, folder, len(pairs), unusable))
    learned, held = split(pairs, seed)
    start = found_model(MODELS[name])
    place = work / name / _run_id(start, learned, seed)
    before = teach.score(start, held, progress("judging before"))
    target = place / MODELS[name]
    budget = Budget(minutes * 60.0, seed, place)
    with _writing(place):
        place.mkdir(parents=True, exist_ok=True)
        teach.tune(start, learned, target, budget, progress("learning"))
    after = teach.score(target, held, progress("judging after"))
    better = is_better(before, after)
    card_of(target).write_text(
        signed_card(_card(name, folder, learned, held, before, after), file_digest(target)),
        encoding="utf-8",
    )
    beside = [place / other for other in BESIDE.get(name, ()) if (place / other).is_file()]
    kept = keep_model(name, [file for own in (target, *beside) for file in (own, card_of(own))])
    if better and use:
        use_model(name, kept)
    forget_models(name)
    return Learned(
        name, len(learned), len(held), tuple(sorted({p.source for p in held})), before, after,
        better and use and own_models(name).use == kept, kept, time.monotonic() - begun,
        tuple(unusable),
    )  # fmt: skip


def _readable(
    pairs: Sequence[Pair], folder: Path, bad: list[Row], progress: Progress
) -> list[Pair]:
    """The pairs whose sounds can be read; a row in `bad` for each file that cannot be.

    They are read to their end here: a header may promise what the file does not hold. A song whose
    stem is no sound goes on without it, as long as two are left.
    """
    found = []
    for number, pair in enumerate(pairs):
        progress(number, len(pairs), pair.audio.name)
        if not pair.stems:
            if _seconds(pair.audio, folder, bad) is not None:
                found.append(pair)
            continue
        lasting = {
            name: seconds for name, file in pair.stems.items()
            if (seconds := _seconds(file, folder, bad, silent=True)) is not None
        }  # fmt: skip
        stems = {name: file for name, file in pair.stems.items() if name in lasting}
        if len(stems) < 2:
            bad.append(unusable_row(pair.source, "has fewer than two stems that sound", "add some"))
            continue
        longest = max(lasting.values())
        for name, seconds in lasting.items():
            if seconds < longest - APART_S:
                text = f"lasts {seconds:.1f} s, the longest stem {longest:.1f} s: silence follows"
                bad.append(notice(_place(stems[name], folder), text))
        audio = pair.audio if pair.audio not in pair.stems.values() else min(stems.values())
        found.append(replace(pair, stems=stems, audio=audio))
    return found


def _seconds(file: Path, folder: Path, bad: list[Row], *, silent: bool = False) -> float | None:
    """How long a sound lasts, or a row in `bad` and None; `silent`: it need not be heard."""
    try:
        read = decode(file, max_seconds=LONGEST_S)
    except AudioFileError as error:
        bad.append(unusable_row(_place(file, folder), error.reason, error.remedy))
        return None
    samples = read.audio.samples
    heard = max(float(samples.max()), -float(samples.min())) >= _SILENT
    if samples.shape[1] < _FEWEST_SAMPLES or not (silent or heard):
        what = "is silent" if not heard else "is too short"
        bad.append(unusable_row(_place(file, folder), what, "leave it out"))
        return None
    return read.info.duration_s


def _place(file: Path, folder: Path) -> str:
    return (file.relative_to(folder) if file.is_relative_to(folder) else file).as_posix()


def _different(pairs: Sequence[Pair], folder: Path, bad: list[Row]) -> list[Pair]:
    """Each sound once: a copy that was held back would be judged by what was learned by heart."""
    sizes = Counter(file.stat().st_size for pair in pairs for file in _sounds(pair))
    known: dict[tuple[str, ...], Pair] = {}
    for pair in pairs:
        # A file of a length of its own is nobody's copy, and need not be read once more.
        digests = [
            file_digest(file) if sizes[file.stat().st_size] > 1 else str(file)
            for file in _sounds(pair)
        ]
        first = known.setdefault((pair.part, *sorted(digests)), pair)
        if first is not pair:
            copy, of = (
                one.source if one.stems else _place(one.audio, folder) for one in (pair, first)
            )
            bad.append(unusable_row(copy, f"is a copy of {of}, which counts once", "leave it out"))
    return list(known.values())


def _sounds(pair: Pair) -> tuple[Path, ...]:
    return tuple(pair.stems.values()) or (pair.audio,)


def _too_few(name: str, folder: Path, count: int, bad: Sequence[Row]) -> str:
    """What to say where there are too few examples, with the first reasons why."""
    reasons = [row for row in bad if row.unit == UNUSABLE]
    left_out = f"; what was left out: {in_short(reasons)}" if reasons else ""
    if not count:
        what = NEEDED[name] if not reasons else "nothing that can be used"
        return f"{folder} holds {what}{left_out}"
    return f"{folder}: {_few(count)}{left_out}"


def _few(count: int) -> str:
    return (
        f"only {count} usable examples were found; at least {_FEWEST} are needed, so that some can "
        "be held back to judge by"
    )


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    """Checkpoints and examples are written in here: a full disk is told as such."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise output_error(place, error) from error
        # numpy tells how much it could write, and not why it was no more.
        reason = f"the disk is full or failing ({error})"
        raise OutputError(place, reason, "free some space") from error
    except RuntimeError as error:
        if "write" not in str(error).lower():  # torch's own for a file that cannot grow
            raise
        reason = "the disk is full or failing"
        raise OutputError(place, reason, "free some space") from error


NEEDED: dict[str, str] = {
    "tagger": "no sounds whose names or folders tell an instrument (kick, bass, pad ...); sort "
    "them into folders of such names, or add a labels.csv with the columns path, instrument",
    "transcriber": "no audio beside MIDI files of the same name; put song.wav beside song.mid",
    "drums": "no drum recordings beside MIDI files of the same name; put beat.wav beside beat.mid",
    "separator": "no folders of stems; a folder with drums.wav, bass.wav, vocals.wav and other.wav "
    "(some of them) is one song",
    "fit": "no folders of tracks that belong together; a folder of stems is one song",
}


def _run_id(start: Path, learned: Sequence[Pair], seed: int) -> str:
    from loopmind.files.digest import value_digest

    files = sorted(
        f"{file}:{file.stat().st_size}:{file.stat().st_mtime_ns}"
        for pair in learned
        for file in (pair.audio, *pair.stems.values(), *([pair.midi] if pair.midi else []))
        if file.exists()
    )
    return value_digest([_TAUGHT, file_digest(start), seed, files])[:16]


def _card(
    name: str, folder: Path, learned: Sequence[Pair], held: Sequence[Pair],
    before: Mapping[str, float], after: Mapping[str, float],
) -> str:  # fmt: skip
    lines = [
        f"# {name}, fine-tuned", "",
        f"Made by `loopmind learn {name}` from the user's own material; its licence is the user's.",
        "", "| | |", "|---|---|",
        f"| learned from | {len(learned)} examples below {folder.name} |",
        f"| held back | {len(held)} examples of {json.dumps(sorted({p.source for p in held}))} |",
        "", "## On the held-back part", "", "| figure | before | after |", "|---|---|---|",
    ]  # fmt: skip
    lines += [f"| {key} | {value:.4f} | {after.get(key, math.nan):.4f} |"
              for key, value in before.items()]  # fmt: skip
    return "\n".join(lines) + "\n"


def in_words(done: Learned) -> list[str]:
    """What came of it, for people; a line each."""
    sources = ", ".join(Path(name).name for name in done.held_sources[:4])
    more = ", ..." if len(done.held_sources) > 4 else ""
    width = max(len(name) for name in done.before)
    lines = [
        f"{done.name}: learned from {done.learned_from} examples, judged on {done.held_back} held "
        f"back ({sources}{more})",
        f"{'':{width}}   before    after",
    ]
    for name, value in done.before.items():
        lines.append(f"{name:{width}}  {value:7.4f}  {done.after.get(name, math.nan):7.4f}")
    if done.used:
        lines.append(
            f"better: it is in use now; back with: loopmind learn {done.name} --use shipped"
        )
    elif done.better:
        lines.append(f"better, kept aside; use it with: loopmind learn {done.name} --use mine")
    else:
        lines.append("not better: the model of before stays in use")
    return lines + [f"  {row.what}" for row in done.unusable]


def as_plain(learned: Learned) -> dict[str, Any]:
    """The outcome as plain data, for --json."""
    return {
        "model": learned.name, "learned_from": learned.learned_from,
        "held_back": learned.held_back, "held_sources": list(learned.held_sources),
        "before": learned.before, "after": learned.after, "better": learned.better,
        "in_use": learned.used, "folder": learned.folder, "seconds": round(learned.seconds, 1),
        "unusable": [row.what for row in learned.unusable if row.unit == UNUSABLE],
        "notices": [row.what for row in learned.unusable if row.unit == NOTICE],
    }  # fmt: skip
