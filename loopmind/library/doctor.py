"""What is wrong with a collection of sounds, what it lacks, and what to do about it.

Everything is told from what was heard; no file is read or changed here. What the user corrected is
taken as true and never doubted. Gaps are looked for in gaps.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal, TypeVar

import numpy as np

from loopmind.analysis.names import NameEvidence, read_name
from loopmind.library.gaps import find_gaps
from loopmind.music.belief import Belief
from loopmind.music.key import Key
from loopmind.music.loop import DRUM_INSTRUMENTS, Crate, Loop

FindingKind = Literal["broken", "copy", "alike", "name", "quiet", "cut", "gap"]
HEADINGS: dict[FindingKind, str] = {
    "broken": "Files that cannot be used",
    "copy": "The same file more than once",
    "alike": "Different files with the same sound",
    "name": "Names that contradict the sound",
    "quiet": "Hardly to be heard",
    "cut": "Loops that are not cut to the beat",
    "gap": "What is missing for songs",
}

# A name is doubted only where it is plain and hearing is sure: both err.
_PLAIN_NAME = 0.7
_PLAIN_KIND = 0.9  # "beat" is said of single hits too
_SURE_TEMPO, _SURE_KEY, _SURE_INSTRUMENT, _SURE_KIND = 0.5, 0.6, 0.75, 0.9
_RULED_OUT = 0.03
_TEMPO_RELATIONS = (0.25, 1 / 3, 0.5, 2 / 3, 0.75, 1.0, 4 / 3, 1.5, 2.0, 3.0, 4.0)
_TEMPO_NEAR = 0.03
_WHOLE_BEATS = 0.06
_QUIET_LUFS = -50.0
_ALIKE = 0.9995
_ALIKE_LENGTH = 0.003
_ALIKE_SPECTRUM_DB = 0.75
_ALIKE_LEVEL_LU = 1.5  # softer and harder strokes of one drum are wanted
_ALIKE_CHUNK = 512


_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or missing: what, which files, and what to do about it."""

    kind: FindingKind
    what: str
    remedy: str
    paths: tuple[str, ...] = ()


def examine(heard: Crate, believed: Crate) -> tuple[Finding, ...]:
    """All findings, in the order of HEADINGS.

    heard: the sounds by hearing alone; believed: the same with names as evidence.
    """
    return (
        *_broken(believed),
        *_copies(believed.loops),
        *_alike(heard.loops),
        *(finding for loop in heard.loops for finding in _misnamed(loop)),
        *_quiet(believed.loops),
        *_cut(believed.loops),
        *(Finding("gap", what, remedy, paths) for what, remedy, paths in find_gaps(believed.loops)),
    )


def _broken(crate: Crate) -> Iterator[Finding]:
    for bad in crate.unusable:
        yield Finding("broken", f"{PurePath(bad.path).name} {bad.reason}", bad.remedy, (bad.path,))


def _copies(loops: Sequence[Loop]) -> Iterator[Finding]:
    by_digest: dict[str, list[str]] = {}
    for loop in loops:
        by_digest.setdefault(loop.digest, []).append(loop.path)
    for paths in by_digest.values():
        if len(paths) > 1:
            yield Finding(
                "copy",
                f"{PurePath(paths[0]).name} is there {_times(len(paths))}",
                "keep one and delete the others; LoopMind counts them as one sound",
                tuple(paths),
            )


def _alike(loops: Sequence[Loop]) -> Iterator[Finding]:
    """Groups of different files that sound the same: another format, a copy cut anew."""
    unique = list({loop.digest: loop for loop in loops}.values())
    unique.sort(key=lambda loop: (loop.frames / loop.rate_hz, loop.path))
    if len(unique) < 2:
        return
    vectors = np.array([loop.embedding for loop in unique], np.float32)
    spectra = np.array([loop.spectrum_db for loop in unique], np.float32)
    seconds = np.array([loop.duration_s for loop in unique])
    levels = np.array([loop.loudness_lufs for loop in unique])
    group = list(range(len(unique)))
    longest = np.searchsorted(seconds, seconds * (1.0 + _ALIKE_LENGTH), side="right")
    for top in range(0, len(unique), _ALIKE_CHUNK):
        rows = slice(top, min(top + _ALIKE_CHUNK, len(unique)))
        for left in range(top, int(longest[rows.stop - 1]), _ALIKE_CHUNK):
            columns = slice(left, left + _ALIKE_CHUNK)
            for i, j in np.argwhere(vectors[rows] @ vectors[columns].T >= _ALIKE).tolist():
                i, j = top + i, left + j
                if (
                    i < j < longest[i]
                    and abs(levels[j] - levels[i]) <= _ALIKE_LEVEL_LU
                    and np.abs(spectra[j] - spectra[i]).max() <= _ALIKE_SPECTRUM_DB
                ):
                    group[j] = group[i]
    members: dict[int, list[str]] = {}
    for loop, number in zip(unique, group, strict=True):
        members.setdefault(number, []).append(loop.path)
    for paths in members.values():
        if len(paths) > 1:
            names = ", ".join(PurePath(path).name for path in sorted(paths)[:4])
            more = f" and {len(paths) - 4} more" if len(paths) > 4 else ""
            yield Finding(
                "alike",
                f"{names}{more} sound the same",
                "listen, and keep the one of best quality",
                tuple(sorted(paths)),
            )


def _misnamed(loop: Loop) -> Iterator[Finding]:
    """Where the file's own name says something that hearing surely rules out."""
    said = {note.removeprefix("user: ") for note in loop.evidence if note.startswith("user: ")}
    own = read_name(PurePath(loop.path).name)
    doubts = (
        ("bpm", _tempo_doubt), ("key", _key_doubt), ("instrument", _instrument_doubt),
        ("kind", _kind_doubt),
    )  # fmt: skip
    for field, doubt in doubts:
        found = None if field in said else doubt(loop, own)
        if found is not None:
            named, truth, value = found
            yield Finding(
                "name",
                f"{PurePath(loop.path).name} is named {named}, but {truth}",
                f"rename it, or if the name is right say so: "
                f"loopmind analyze {_quoted(loop.path)} --correct {field}={_quoted(value)}",
                (loop.path,),
            )


Doubt = tuple[str, str, str]  # what the name says, what is heard, the named value


def _tempo_doubt(loop: Loop, own: NameEvidence) -> Doubt | None:
    named = _plain(own.bpm)
    if named is None or loop.kind != "loop" or not loop.tempo or not loop.seamless:
        return None
    near = any(
        abs(belief.value * relation / named - 1.0) <= _TEMPO_NEAR
        for belief in loop.tempo if belief.weight >= _RULED_OUT
        for relation in _TEMPO_RELATIONS
    )  # fmt: skip
    beats = loop.beats_at(named)
    whole = abs(beats - round(beats)) <= _WHOLE_BEATS
    if near or whole or loop.tempo[0].weight < _SURE_TEMPO:
        return None
    truth = (
        f"it sounds like {loop.tempo[0].value:.4g} bpm, and at {named:g} bpm "
        f"it would last {beats:.2f} beats"
    )
    return f"{named:g} bpm", truth, f"{named:g}"


def _key_doubt(loop: Loop, own: NameEvidence) -> Doubt | None:
    named = _plain(own.key)
    heard = loop.key[0] if loop.key else None
    if named is None or heard is None or heard.weight < _SURE_KEY or _related(named, heard.value):
        return None
    if any(b.weight >= _RULED_OUT for b in loop.key if _related(named, b.value)):
        return None
    return named.written, f"its notes are those of {heard.value.written}", str(named)


def _related(a: Key, b: Key) -> bool:
    """Whether two keys share their tonic, or nearly all their notes."""
    fifths = a.mode == b.mode and (a.tonic - b.tonic) % 12 in (5, 7)
    return a.tonic == b.tonic or a.relative() == b or fifths


def _instrument_doubt(loop: Loop, own: NameEvidence) -> Doubt | None:
    named = _plain(own.instrument)
    heard = loop.instrument[0] if loop.instrument else None
    if named is None or heard is None or heard.weight < _SURE_INSTRUMENT:
        return None
    if any(b.weight >= _RULED_OUT for b in loop.instrument if _family(b.value) == _family(named)):
        return None
    folders = read_name(loop.path).instrument
    if any(_family(b.value) == _family(heard.value) for b in folders):
        return None  # "bass/classic beat.wav": the folder says it
    return named, f"it sounds like {heard.value}", named


def _family(instrument: str) -> str:
    """What nobody mixes up: a piano may be called a lead, but not a snare."""
    if instrument in DRUM_INSTRUMENTS:
        return "drums"
    return instrument if instrument in ("bass", "vocal", "fx") else "harmony"


def _kind_doubt(loop: Loop, own: NameEvidence) -> Doubt | None:
    named = _plain(own.kind, _PLAIN_KIND)
    if named is None or named == loop.kind or loop.kind_confidence < _SURE_KIND:
        return None
    if loop.kind == "song" or named == "song":
        return None
    heard = "a single hit" if loop.kind == "oneshot" else "a loop with a beat"
    words = {"oneshot": "a one-shot", "loop": "a loop"}
    return words[named], f"it sounds like {heard}", named


def _plain(beliefs: Sequence[Belief[_Value]], least: float = _PLAIN_NAME) -> _Value | None:
    """What a name says plainly; None where it says nothing, or leaves a choice."""
    if not beliefs or beliefs[0].weight < least:
        return None
    return beliefs[0].value


def _quiet(loops: Sequence[Loop]) -> Iterator[Finding]:
    for loop in loops:
        if loop.loudness_lufs <= _QUIET_LUFS:
            yield Finding(
                "quiet",
                f"{PurePath(loop.path).name} has only {loop.loudness_lufs:.0f} LUFS",
                "export it louder; turned up so far, its noise is heard",
                (loop.path,),
            )


def _cut(loops: Sequence[Loop]) -> Iterator[Finding]:
    """One finding for all loops with a clear beat that do not end on one."""
    paths = [
        loop.path
        for loop in loops
        if loop.kind == "loop" and loop.tempo and loop.tempo[0].weight >= _SURE_TEMPO
        and not loop.seamless and loop.beats_at(loop.tempo[0].value) >= 4.0
    ]  # fmt: skip
    if paths:
        some = f"{len(paths)} loops do" if len(paths) > 1 else f"{PurePath(paths[0]).name} does"
        yield Finding(
            "cut",
            f"{some} not last a whole number of beats",
            "they are used up to their last whole bar; cut them to the beat for seamless repeats",
            tuple(paths),
        )


def _times(count: int) -> str:
    return {2: "twice", 3: "three times"}.get(count, f"{count} times")


def _quoted(text: str) -> str:
    return f"'{text}'" if any(letter in text for letter in " #&()'") else text
