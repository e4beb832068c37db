"""Labelled sounds to learn from: labelled recordings, rendered soundfonts, synthesis, folders."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.files.decode import AudioFileError, read_audio
from loopmind.learn import synth
from loopmind.learn.phrases import Labelled, drum_hits, kit_hits, midi_parts, single_notes
from loopmind.learn.render import RENDER_RATE_HZ, render_phrases

F32 = NDArray[np.float32]

_OUR_NAME = {"drum loop": "drums", "lead/synth": "lead"}
_TOM = re.compile(r"(?<!s)tom(?!a)|floor")
_CYMBAL = re.compile(r"crash|ride|china|splash|cymb")
_LONGEST_S = 30.0
# One "source" per origin, so that nothing of a held-back origin is ever learned from.
_SAME_ORIGIN = {"deb:hydrogen-data": "hydrogen", "deb:hydrogen-drumkits": "hydrogen"}


@dataclass(frozen=True, eq=False)
class Sound:
    """One labelled sound: mono float32 samples, its instrument (ours), kind, origin and path."""

    samples: F32
    rate_hz: int
    instrument: str
    kind: str
    source: str
    path: str = ""


def our_instrument(label: str, path: str, note: str = "") -> str:
    """Our instrument class of a label; "perc" becomes tom, cymbal or percussion by its name.

    >>> our_instrument("perc", "kit/Crash-Hard.wav"), our_instrument("lead/synth", "a.wav")
    ('cymbal', 'lead')
    """
    if label != "perc":
        return _OUR_NAME.get(label, label)
    text = (path.split("/", 1)[-1] + " " + note.split(":")[-1]).lower()
    if _TOM.search(text):
        return "tom"
    return "cymbal" if _CYMBAL.search(text) else "percussion"


def recordings(labels: Path) -> Iterator[Sound]:
    """One-shots and loops of a labels.csv that carry an instrument, without unreadable files."""
    with labels.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["instrument"]]
    for row in rows:
        if row["kind"] not in ("oneshot", "loop"):
            continue
        sound = _read(labels.parent / row["path"])
        if sound is not None:
            instrument = our_instrument(row["instrument"], row["path"], row["note"])
            source = _SAME_ORIGIN.get(row["source"], row["source"])
            yield Sound(sound[0], sound[1], instrument, row["kind"], source, row["path"])


def folder(
    instrument: str, path: Path, rng: np.random.Generator, *, most: int, skip: str = ""
) -> Iterator[Sound]:
    """Up to `most` sounds of a folder of one instrument, but for names that match `skip`."""
    files = sorted(p for p in path.rglob("*") if p.suffix.lower() in (".wav", ".ogg", ".flac"))
    if skip:
        files = [file for file in files if not re.search(skip, file.name, re.IGNORECASE)]
    for index in rng.permutation(len(files))[:most]:
        sound = _read(files[index])
        if sound is not None:
            name = f"{path.name}/{files[index].name}"
            yield Sound(sound[0], sound[1], instrument, "oneshot", f"folder:{path.name}", name)


def rendered(font: Path, midi: Sequence[Path], rng: np.random.Generator) -> Iterator[Sound]:
    """Single notes, drum hits and parts of MIDI files, played by one soundfont."""
    phrases: list[Labelled] = [
        *single_notes(rng, 6),
        *drum_hits(rng),
        *midi_parts(list(midi), rng, 3),
    ]
    yield from _played(font, phrases)


def kit(font: Path, rng: np.random.Generator) -> Iterator[Sound]:
    """Hits of a soundfont that holds one drum kit as an ordinary preset."""
    yield from _played(font, list(kit_hits(rng, 8)))


def _played(font: Path, phrases: Sequence[Labelled]) -> Iterator[Sound]:
    for first in range(0, len(phrases), 300):
        part = phrases[first : first + 300]
        clips = render_phrases(font, [item.phrase for item in part])
        for item, clip in zip(part, clips, strict=True):
            sound = _trimmed(clip) if item.kind == "oneshot" else clip
            if sound.size and float(np.abs(sound).max()) > 1e-3:
                yield Sound(sound, RENDER_RATE_HZ, item.instrument, item.kind, f"font:{font.stem}")


def synthesised(rng: np.random.Generator, each: int) -> Iterator[Sound]:
    """Drum machine and synthesiser sounds made by `learn.synth`."""
    for instrument, kind, samples in synth.sounds(rng, each):
        yield Sound(samples, synth.RATE_HZ, instrument, kind, "synthesis")


def midi_files(folders: Iterable[Path]) -> list[Path]:
    """MIDI files below `folders`, sorted."""
    return sorted(p for folder in folders for p in folder.rglob("*.mid*"))


def _read(path: Path) -> tuple[F32, int] | None:
    try:
        audio = read_audio(path, max_seconds=_LONGEST_S)
    except AudioFileError:
        return None
    mono = audio.samples.mean(axis=0, dtype=np.float32)
    if mono.size < 64 or float(np.abs(mono).max()) < 1e-4:
        return None
    return mono, audio.rate_hz


def _trimmed(sound: F32) -> F32:
    """Without the silence before and after, as one-shots are sold."""
    loud = np.flatnonzero(np.abs(sound) > 1e-3 * max(1e-9, float(np.abs(sound).max(initial=0.0))))
    return sound[max(0, loud[0] - 64) : loud[-1] + 1] if loud.size else sound[:0]
