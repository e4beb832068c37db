"""How models are judged on anyone's labelled files: the shape of a result, and reading labels.

A field's metrics live in the module `judge.py` of its package, with a function

    judge(labels: Path, progress: Progress) -> list[Row]

that `learn.evaluate` calls. It reads its table with `read_labels`, gives LoopMind's rows with
the peers' rows on the same files beside them (`of` says whose), and a row `unusable(...)` for
every file that could not be used; one bad file never stops it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopmind.errors import LoopMindError

Progress = Callable[[int, int, str], None]
"""Called as progress(done, total, what); raises CancelledError where the user stops it."""

Judge = Callable[[Path, Progress], "list[Row]"]

OURS = "LoopMind"
UNUSABLE = "unusable"
NOTICE = "notice"
_IN_SHORT = 3
APART_S = 2.0
"""Lengths of what belongs together may differ by so much unsaid."""


@dataclass(frozen=True)
class Row:
    """One figure. what: the metric ("drums SI-SDR gain"). unit: "dB", "s"; empty for shares.

    of: whose it is: OURS, or a peer that ran on the same files ("librosa").
    """

    what: str
    value: float
    unit: str
    of: str


@dataclass(frozen=True)
class Labelled:
    """One line of a table of labels: its number in the file, its audio, and its cells.

    folder: the table's, from which its paths count.
    """

    line: int
    path: Path
    cells: dict[str, str]
    folder: Path

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def file(self, column: str) -> Path | None:
        """The file that a cell names; None where the cell is empty."""
        name = self.cells.get(column, "")
        return self.folder / name if name else None


def unusable(path: Path | str, reason: str, remedy: str) -> Row:
    """The row of a file that took no part."""
    return Row(f"{path}: {reason}; {remedy}", math.nan, UNUSABLE, "")


def notice(path: Path | str, text: str) -> Row:
    """A row that says something of a file that did take part, or of the whole."""
    return Row(f"{path} {text}", math.nan, NOTICE, "")


def lengths_apart(path: Path | str, midi: Path, audio_s: float) -> list[Row]:
    """A notice where a recording and the MIDI file that tells its notes are not equally long.

    Raises LoopMindError for a MIDI file that cannot be read.
    """
    notes = [note for part in midi_song(midi).instruments for note in part.notes]
    onset_s = max((float(note.start) for note in notes), default=audio_s)
    end_s = max((float(note.end) for note in notes), default=audio_s)
    if onset_s > audio_s + APART_S:
        text = f"ends after {audio_s:.1f} s, its MIDI goes on to {onset_s:.1f} s: notes behind the"
        return [notice(path, f"{text} end are left out")]
    if end_s < audio_s - APART_S:
        text = f"lasts {audio_s:.1f} s, its MIDI ends after {end_s:.1f} s"
        return [notice(path, f"{text}: check that they belong together")]
    return []


def in_short(rows: Sequence[Row]) -> str:
    """The first few of `rows` in one line, and how many more there are."""
    more = f"; and {len(rows) - _IN_SHORT} more" if len(rows) > _IN_SHORT else ""
    return "; ".join(row.what for row in rows[:_IN_SHORT]) + more


@contextmanager
def packages_for(what: str) -> Iterator[None]:
    """An installation that lacks a package says which, instead of failing as a program would."""
    try:
        yield
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name in ("", "loopmind"):
            raise
        raise LoopMindError(f"{what} needs the package {name}; pip install {name}") from error


def read_labels(
    labels: Path, needed: Sequence[str], known: Iterable[str] = (), *, some: Sequence[str] = ()
) -> tuple[list[Labelled], list[Row]]:
    """The lines of the table `labels` (CSV with a head), and a row for each that cannot be used.

    Paths are taken from the table's folder. needed: columns that must be there; a line whose
    `path` is empty, or whose other needed cells are all empty, has nothing to judge by and is
    passed over in silence. known: columns that may be there; of a needed one that is not, those
    are named as the remedy. some: columns of which one at least must be there. Raises
    LoopMindError for a table that is missing, no text, empty or lacks columns.
    """
    if labels.is_dir():
        raise LoopMindError(f"{labels} is a folder; name the CSV file with the labels")
    text = _text_of(labels)
    # Where a comma is the decimal point, spreadsheets put semicolons between the columns.
    first = text.partition("\n")[0]
    mark = ";" if first.count(";") > first.count(",") else ","
    try:
        lines = list(csv.reader(text.splitlines(), delimiter=mark))
    except csv.Error as error:
        raise LoopMindError(f"{labels} is no CSV ({error}); save it again as CSV") from error
    if not lines:
        raise LoopMindError(f"{labels} is empty; its first line names the columns: {_list(needed)}")
    head = [name.strip().lower() for name in lines[0]]
    lacking = [name for name in needed if name not in head]
    if lacking:
        more = f" (it may also have {_list(list(known))})" if known else ""
        raise LoopMindError(
            f"{labels}, line 1 has no column {_list(lacking)}; the first line names the columns, "
            f"and {_list(needed)} are needed{more}"
        )
    if some and not set(some) & set(head):
        raise LoopMindError(
            f"{labels}, line 1 names none of the columns {_list(some)}; one at least is needed"
        )
    found: list[Labelled] = []
    bad: list[Row] = []
    truths = [name for name in (*needed, *some) if name != "path"]
    for number, cells in enumerate(lines[1:], 2):
        row = dict(zip(head, (cell.strip() for cell in cells), strict=False))
        if not any(row.values()):
            continue
        place = f"{labels.name}, line {number}"
        if not row.get("path"):
            bad.append(unusable(place, "names no file", "fill in its path"))
        elif not truths or any(row.get(name) for name in truths):
            path = labels.parent / row["path"]
            if path.is_file():
                found.append(Labelled(number, path, row, labels.parent))
            else:
                bad.append(unusable(place, f"there is no file {row['path']}", "check its path"))
    if not found:
        why = f" ({bad[0].what})" if bad else ""
        raise LoopMindError(
            f"no line of {labels} can be judged by{why}; fill in {_list((*needed, *some))} and "
            "check that the files lie where its paths say"
        )
    return found, bad


def _text_of(labels: Path) -> str:
    try:
        data = labels.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise LoopMindError(f"{labels} cannot be read ({reason}); check the path") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise LoopMindError(
            f"{labels}, line {line} is no UTF-8 text; save the table as CSV in UTF-8"
        ) from error


def number_in(row: Labelled, column: str) -> float | None:
    """A cell's number, None where it is empty. Raises ValueError naming line and remedy."""
    text = row[column]
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError as error:
        raise ValueError(f"line {row.line}: {column} {text!r} is no number; correct it") from error
    if not math.isfinite(value):
        raise ValueError(f"line {row.line}: {column} {text!r} is no number; correct it")
    return value


def share(hits: Sequence[bool]) -> float:
    """How many of `hits` are true, 0..1; NaN of none."""
    return sum(hits) / len(hits) if hits else math.nan


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def midi_song(path: Path) -> Any:
    """The `pretty_midi.PrettyMIDI` of a file that holds the truth. Raises LoopMindError."""
    import io
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pretty_midi

        try:
            return pretty_midi.PrettyMIDI(io.BytesIO(path.read_bytes()))
        except OSError as error:
            if error.errno is None:  # the library's own, of bytes that are no MIDI
                raise LoopMindError(f"{path.name} is no MIDI file, or a damaged one") from error
            raise LoopMindError(f"{path.name} cannot be read ({error.strerror})") from error
        except Exception as error:  # whatever damaged bytes lead the library to
            raise LoopMindError(f"{path.name} is no MIDI file, or a damaged one") from error
