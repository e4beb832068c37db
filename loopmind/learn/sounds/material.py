"""Labelled sounds to learn from: labelled recordings, rendered soundfonts, synthesis, folders."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.frontend import ANALYSIS_RATE
from loopmind.files.decode import AudioFileError, read_audio
from loopmind.learn.sounds import lmms, synth, waves
from loopmind.learn.sounds.held_back import SHARED_PROGRAMS
from loopmind.learn.sounds.phrases import (
    Labelled,
    drum_hits,
    kit_hits,
    midi_parts,
    played_loop,
    rehearsals,
    single_notes,
)
from loopmind.learn.sounds.render import RENDER_RATE_HZ, Note, render_phrases
from loopmind.learn.sounds.tones import tones

F32 = NDArray[np.float32]

_OUR_NAME = {"drum loop": "drums", "lead/synth": "lead"}
_TOM = re.compile(r"(?<!s)tom(?!a)|floor")
_CYMBAL = re.compile(r"crash|ride|china|splash|cymb")
_LONGEST_S = 30.0
# One "source" per origin, so that nothing of a held-back origin is ever learned from.
_HITS_KEPT = 0.5  # the kits of one soundfont share most of their samples
_PRESETS_AT_ONCE = 3
_LONGEST_LOOP_S = 6.0
# A General MIDI program that plays as an instrument does: in its register, with chords or without.
_PROGRAM = {"bass": 38, "lead": 81, "pad": 89, "strings": 48, "brass": 61, "woodwind": 73,
            "vocal": 52, "keys": 4, "guitar": 26, "fx": 121}  # fmt: skip
_FOXDOT = {
    "a/lower": "hat", "colon": "hat", "_/colon": "hat", "_/equals": "hat", "_/hyphen": "hat",
    "n/lower": "hat", "n/upper": "hat", "a/upper": "kick", "v/lower": "kick", "v/upper": "kick",
    "w/upper": "kick", "x/lower": "kick", "x/upper": "kick", "d/upper": "snare", "i/lower": "snare",
    "i/upper": "snare", "o/lower": "snare", "o/upper": "snare", "u/lower": "snare",
    "_/asterix": "clap", "h/lower": "clap", "h/upper": "clap", "_/hash": "cymbal",
    "_/tilde": "cymbal", "m/lower": "tom", "m/upper": "tom", "c/lower": "percussion",
    "d/lower": "percussion", "e/lower": "percussion", "f/lower": "percussion",
    "p/lower": "percussion", "p/upper": "percussion", "r/lower": "percussion",
    "r/upper": "percussion", "s/lower": "percussion", "s/upper": "percussion",
    "t/upper": "percussion", "y/lower": "percussion", "_/plus": "percussion",
    "_/ampersand": "percussion", "c/upper": "vocal", "_/1": "vocal", "_/2": "vocal",
    "_/3": "vocal", "_/4": "vocal", "_/exclamation": "vocal", "f/upper": "brass",
    "_/at": "fx", "_/backslash": "fx", "_/percent": "fx", "_/forwardslash": "fx", "j/lower": "fx",
    "l/upper": "fx", "b/lower": "fx", "y/upper": "fx", "z/lower": "fx",
}  # fmt: skip
_SAME_ORIGIN = {"deb:hydrogen-data": "hydrogen", "deb:hydrogen-drumkits": "hydrogen"}


@dataclass(frozen=True, eq=False)
class Sound:
    """One labelled sound: mono float32 samples, its instrument (ours), kind, origin and path.

    role: where more than the instrument is known of it. words: of its name, spaces between.
    """

    samples: F32
    rate_hz: int
    instrument: str
    kind: str
    source: str
    path: str = ""
    role: str = ""
    words: str = ""


def as_analysed(sound: Sound, longest_s: float) -> F32:
    """The samples at the analyser's rate, at most `longest_s` of them."""
    import soxr

    samples = sound.samples[: round(longest_s * sound.rate_hz)]
    return np.asarray(
        soxr.resample(samples, sound.rate_hz, ANALYSIS_RATE, quality="LQ"), np.float32
    )


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
        sound = mono_sound(labels.parent / row["path"])
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
        sound = mono_sound(files[index])
        if sound is not None:
            name = f"{path.name}/{files[index].name}"
            yield Sound(sound[0], sound[1], instrument, "oneshot", f"folder:{path.name}", name)


def rendered(
    font: Path, midi: Sequence[Path], rng: np.random.Generator,
    programs: Collection[int] | None = None,
) -> Iterator[Sound]:  # fmt: skip
    """Single notes, drum hits and parts of MIDI files, played by one soundfont.

    programs: what plays these alone, and no drums.
    """
    phrases: list[Labelled] = [
        *single_notes(rng, 5),
        *[hit for hit in drum_hits(rng) if rng.random() < _HITS_KEPT],
        *midi_parts(list(midi), rng, 2),
    ]
    if programs is not None:
        phrases = [
            item for item in phrases
            if not item.phrase.drums and item.phrase.program in programs
        ]  # fmt: skip
    yield from _played(font, phrases)


def rehearsed(
    font: Path, midi: Sequence[Path], rng: np.random.Generator, each: int
) -> Iterator[Sound]:
    """More of the instruments that recordings lack, `each` of every one, by one soundfont."""
    yield from _played(font, list(rehearsals(midi, rng, each)))


def kit(font: Path, rng: np.random.Generator) -> Iterator[Sound]:
    """Hits of a soundfont that holds one drum kit as an ordinary preset."""
    yield from _played(font, list(kit_hits(rng, 8)))


def _played(font: Path, phrases: Sequence[Labelled]) -> Iterator[Sound]:
    """The phrases by `font`, but for programs made of samples that others are judged by."""
    shared = SHARED_PROGRAMS.get(font.name, frozenset())
    phrases = [item for item in phrases if item.phrase.drums or item.phrase.program not in shared]
    for first in range(0, len(phrases), 300):
        part = phrases[first : first + 300]
        clips = render_phrases(font, [item.phrase for item in part])
        for item, clip in zip(part, clips, strict=True):
            sound = _trimmed(clip) if item.kind == "oneshot" else clip
            if sound.size and float(np.abs(sound).max()) > 1e-3:
                yield Sound(sound, RENDER_RATE_HZ, item.instrument, item.kind,
                            f"font:{font.stem}", role=item.role)  # fmt: skip


def synthesiser_presets(
    banks: Path, rng: np.random.Generator, *, most: int = 50, only: Sequence[str] = ()
) -> Iterator[Sound]:
    """Notes, chords and loops of named ZynAddSubFX presets, up to `most` of an instrument.

    only: these instruments; empty for all.
    """
    known = [one for one in lmms.presets(banks) if not only or one.instrument in only]
    chosen: list[lmms.Preset] = []
    for instrument in sorted({preset.instrument for preset in known}):
        own = [preset for preset in known if preset.instrument == instrument]
        chosen += [own[i] for i in rng.permutation(len(own))[:most]]
    for first in range(0, len(chosen), _PRESETS_AT_ONCE):
        played: list[tuple[lmms.Preset, tuple[Note, ...], float]] = []
        meant: list[tuple[str, str]] = []
        for preset in chosen[first : first + _PRESETS_AT_ONCE]:
            for item in single_notes(rng, 1, programs=[_PROGRAM[preset.instrument]]):
                played.append((preset, item.phrase.notes, item.phrase.keep_s))
                meant.append(("oneshot", ""))
            notes, seconds, part = played_loop(preset.instrument, rng)
            played.append((preset, notes, min(seconds, _LONGEST_LOOP_S)))
            meant.append(("loop", part))
        clips = lmms.render_presets(played)
        for (preset, _, _), (kind, role), clip in zip(played, meant, clips, strict=True):
            sound = _trimmed(clip) if kind == "oneshot" else clip
            if sound.size and float(np.abs(sound).max()) > 1e-3:
                yield Sound(sound, RENDER_RATE_HZ, preset.instrument, kind, "zynaddsubfx",
                            f"{preset.file.parent.name}/{preset.file.stem}", role,
                            preset.words)  # fmt: skip


def live_coding_kit(snd: Path) -> Iterator[Sound]:
    """The one-shots of FoxDot's folder `snd` whose letter stands for an instrument."""
    for place, instrument in _FOXDOT.items():
        for file in sorted((snd / place).glob("*.*")):
            sound = mono_sound(file)
            if sound is not None:
                words = re.sub(r"[^a-z]+", " ", file.stem.lower()).strip()
                yield Sound(sound[0], sound[1], instrument, "oneshot", "foxdot",
                            f"{place}/{file.name}", words=words)  # fmt: skip


def synthesised(rng: np.random.Generator, each: int) -> Iterator[Sound]:
    """Drum machine and synthesiser sounds made by `learn.synth`."""
    for instrument, kind, samples in synth.sounds(rng, each):
        yield Sound(samples, synth.RATE_HZ, instrument, kind, "synthesis")


def played_patches(rng: np.random.Generator, each: int) -> Iterator[Sound]:
    """Notes, chords and loops of synthesised instruments, `each` of every maker of `patches`."""
    for tone in tones(rng, each):
        yield Sound(tone.samples, waves.RATE_HZ, tone.instrument, tone.kind, "synthesis",
                    role=tone.role)  # fmt: skip


def midi_files(folders: Iterable[Path]) -> list[Path]:
    """MIDI files below `folders`, sorted."""
    return sorted(p for folder in folders for p in folder.rglob("*.mid*") if p.is_file())


def mono_sound(path: Path, longest_s: float = _LONGEST_S) -> tuple[F32, int] | None:
    """The mono samples of a file and their rate; None for a damaged, tiny or silent one."""
    try:
        audio = read_audio(path, max_seconds=longest_s)
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
