"""Renders note lists through soundfonts (fluidsynth) and GUS patches (timidity): known truth.

Nothing is judged here; what the notes mean is the caller's business.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

RENDER_RATE_HZ = 44100
_TICKS_PER_SECOND = 960
_GAP_S = 1.5
_FOLDERS = ("/usr/share/sounds/sf2", "/usr/share/sounds/sf3", "/usr/share/soundfonts")
_GENERAL = 64  # a soundfont of General MIDI has at least so many of its 128 programs
_PRESET = struct.Struct("<20sHH14x")


@dataclass(frozen=True)
class Note:
    """One MIDI note: seconds from the start of its phrase, MIDI pitch, velocity 1..127."""

    start_s: float
    length_s: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Phrase:
    """Notes played by one preset of a soundfont, and how many seconds of it to keep.

    `drums` plays on MIDI channel 10, where `program` chooses the kit.
    """

    notes: tuple[Note, ...]
    program: int
    keep_s: float
    drums: bool = False
    bank: int = 0


def soundfonts(extra: Sequence[Path] = ()) -> list[Path]:
    """Soundfonts of this machine's usual folders and of `extra` files, sorted, without repeats.

    Of the folders' only those of General MIDI: others, such as that of a single kit, would be asked
    for what they do not have. Raises ValueError for a file there that is no soundfont.
    """
    found: dict[str, Path] = {}
    for folder in _FOLDERS:
        for path in sorted(Path(folder).glob("*.sf[23]")):
            if not path.is_symlink() and len(programs_in(path)) >= _GENERAL:
                found.setdefault(path.name, path)
    for path in extra:
        found.setdefault(path.name, path)
    return [found[name] for name in sorted(found)]


def programs_in(font: Path) -> frozenset[int]:
    """The programs of a soundfont's melodic bank (0), by its list of presets.

    Raises ValueError for a file that is no soundfont, OSError. The layout: SoundFont technical
    specification 2.04, sections 4 and 7.2.
    """
    try:
        with font.open("rb") as file:
            first, last = _chunk(file, b"pdta", 12, font.stat().st_size)
            first, last = _chunk(file, b"phdr", first, last)
            file.seek(first)
            presets = file.read(last - first - _PRESET.size)  # the last one marks the end
        told = [(program, bank) for _, program, bank in _PRESET.iter_unpack(presets)]
    except struct.error as error:
        raise ValueError(f"{font} is no soundfont, or a damaged one") from error
    return frozenset(program for program, bank in told if bank == 0)


def _chunk(file: BinaryIO, name: bytes, first: int, last: int) -> tuple[int, int]:
    """Where the contents of a RIFF chunk between two places begin and end; a list has its type's
    name. Raises struct.error where there is none."""
    while True:
        file.seek(first)
        kind, size = struct.unpack("<4sI", file.read(8) if first < last else b"")
        begin = first + 8
        if kind == b"LIST":
            kind, begin = file.read(4), begin + 4
        if kind == name:
            return begin, first + 8 + size
        first += 8 + size + size % 2


def render_phrases(
    font: Path, phrases: Sequence[Phrase], *, effects: bool = True
) -> list[NDArray[np.float32]]:
    """Play `phrases` one after another through `font`; returns float32 (frames,) mono each.

    `font` is a soundfont, or timidity's .cfg of GUS patches; a program that is not in there is
    silent. All phrases share one run, because loading a soundfont costs more than a phrase.
    Raises FileNotFoundError where the player is not installed, RuntimeError where it fails.
    """
    import soundfile

    name = "timidity" if font.suffix == ".cfg" else "fluidsynth"
    program = shutil.which(name)
    if program is None:
        raise FileNotFoundError(f"{name} is not installed; apt-get install {name}")
    # What a .cfg lacks, timidity would take from this machine's usual soundfont.
    known = _patches(font) if name == "timidity" else None
    with tempfile.TemporaryDirectory() as folder:
        midi = Path(folder) / "phrases.mid"
        out = Path(folder) / "phrases.wav"
        starts = _write_midi(midi, phrases)
        command = [program, "-n", "-i", "-q", "-r", str(RENDER_RATE_HZ), "-g", "0.4",
                   "-R", str(int(effects)), "-C", str(int(effects)), "-T", "wav", "-O", "s16",
                   "-F", str(out), str(font), str(midi)]  # fmt: skip
        if name == "timidity":
            command = [program, "-c", str(font), "-Ow", "-s", str(RENDER_RATE_HZ), "-A60",
                       "-EFreverb=" + ("f,40" if effects else "d"), "-o", str(out),
                       str(midi)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not out.exists():
            raise RuntimeError(f"{name} failed on {font}: {done.stderr.strip()[-300:]}")
        parts = []
        with soundfile.SoundFile(out) as file:
            for start_s, phrase in zip(starts, phrases, strict=True):
                first = round(start_s * RENDER_RATE_HZ)
                if first >= file.frames or not _has(known, phrase):
                    parts.append(np.zeros(0, np.float32))
                    continue
                file.seek(first)
                block = file.read(round(phrase.keep_s * RENDER_RATE_HZ), dtype="float32")
                parts.append(np.ascontiguousarray(block.mean(axis=1), dtype=np.float32))
    return parts


def _patches(config: Path) -> set[tuple[bool, int]]:
    """(whether a drum, program or percussion note) of all patches that a timidity .cfg names."""
    found: set[tuple[bool, int]] = set()
    drums = False
    for line in config.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if words[:1] in (["bank"], ["drumset"]):
            drums = words[0] == "drumset"
        elif len(words) > 1 and words[0].isdigit():
            found.add((drums, int(words[0])))
    return found


def _has(known: set[tuple[bool, int]] | None, phrase: Phrase) -> bool:
    """Whether all that `phrase` plays is among the `known` patches."""
    if known is None:
        return True
    if phrase.drums:
        return all((True, note.pitch) in known for note in phrase.notes)
    return (False, phrase.program) in known


def _write_midi(path: Path, phrases: Sequence[Phrase]) -> list[float]:
    """Write all phrases into one type-0 MIDI file; returns the second at which each begins."""
    events: list[tuple[int, int, bytes]] = []
    starts = []
    now = 0.25
    for phrase in phrases:
        starts.append(now)
        channel = 9 if phrase.drums else 0
        at = round((now - 0.1) * _TICKS_PER_SECOND)
        if not phrase.drums:
            events.append((at, 0, bytes((0xB0, 0, phrase.bank))))
        events.append((at, 1, bytes((0xC0 | channel, phrase.program))))
        for note in phrase.notes:
            on = round((now + note.start_s) * _TICKS_PER_SECOND)
            off = max(on + 1, round((now + note.start_s + note.length_s) * _TICKS_PER_SECOND))
            events.append((on, 3, bytes((0x90 | channel, note.pitch, note.velocity))))
            events.append((off, 2, bytes((0x80 | channel, note.pitch, 0))))
        # Silence everything before the next phrase, so that no tail leaks into it.
        end = round((now + phrase.keep_s + 0.3) * _TICKS_PER_SECOND)
        events.append((end, 4, bytes((0xB0 | channel, 120, 0))))
        now += phrase.keep_s + _GAP_S
    events.sort(key=lambda event: event[:2])
    track = bytearray(b"\x00\xff\x51\x03" + (1_000_000).to_bytes(3, "big"))
    last = 0
    for tick, _, message in events:
        track += _variable_length(tick - last) + message
        last = tick
    track += _variable_length(2 * _TICKS_PER_SECOND) + b"\xff\x2f\x00"
    header = b"MThd" + (6).to_bytes(4, "big") + bytes((0, 0, 0, 1))
    header += _TICKS_PER_SECOND.to_bytes(2, "big")
    path.write_bytes(header + b"MTrk" + len(track).to_bytes(4, "big") + bytes(track))
    return starts


def _variable_length(value: int) -> bytes:
    """A MIDI variable-length quantity."""
    out = bytearray((value & 0x7F,))
    while value := value >> 7:
        out.insert(0, 0x80 | (value & 0x7F))
    return bytes(out)
