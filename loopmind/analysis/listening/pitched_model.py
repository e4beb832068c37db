"""Runs the note network over a sound in chunks: what it says of every frame, key and family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.spectrogram import (
    HOP,
    KEYS,
    RATE_HZ,
    SEMITONES,
    frames_of,
    loudness_gain,
    note_spectrogram,
)
from loopmind.analysis.models import Model, open_model
from loopmind.music.audio import Audio

F32 = NDArray[np.float32]
Floats = NDArray[np.floating[Any]]

NOTES_MODEL = "notes.onnx"
FAMILIES = ("keys", "guitar", "bass", "strings", "brass", "woodwind", "lead", "pad", "vocal")
INPUT = "picture"
OUTPUTS = ("onset", "frame", "velocity", "family")
FOLD = 4
"""Frames that share one step of the network: chunks are a multiple, families one for each step."""
FPS = RATE_HZ / HOP
CHANNELS_NOTE = "channels"
_FIRST_CHANNELS = 4
_CHUNK = 1024
_CONTEXT = 64


@dataclass(frozen=True, eq=False)
class Heard:
    """What the network says, floats in 0..1, frame i centred on i / FPS seconds.

    onset, frame, velocity: (frames, 88), keys from A0. family: (families, frames / FOLD, 88).
    thirds: (frames, 104, 3), levels of the thirds of each semitone (for pitch bends). sharp:
    (frames, 104), levels of each semitone in windows of 46 ms (for what begins).
    """

    onset: Floats
    frame: Floats
    velocity: Floats
    family: Floats
    thirds: Floats
    sharp: Floats
    duration_s: float


def channels_of(model: Model) -> int:
    """How many channels of the picture `model` sees; those that users tuned earlier see fewer."""
    return int(model.notes.get(CHANNELS_NOTE, _FIRST_CHANNELS))


def heard_mono(audio: Audio) -> F32:
    """Mean of the channels at RATE_HZ, float32 (samples,); samples that are not finite are 0."""
    mono = audio.samples.mean(axis=0, dtype=np.float32)
    mono = np.nan_to_num(mono, nan=0.0, posinf=0.0, neginf=0.0)
    if audio.rate_hz != RATE_HZ and mono.size:
        import soxr

        mono = soxr.resample(mono, audio.rate_hz, RATE_HZ, quality="MQ")
    return np.require(mono, np.float32, ["C", "W"])


def listen(
    mono: F32,
    *,
    model: Model | None = None,
    threads: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Heard:
    """Hear `mono` (samples,) at RATE_HZ in chunks of 12 s that overlap by 1.5 s.

    progress(done, total) is called after each chunk, and may raise to stop. Raises ModelError.
    """
    model = model or open_model(NOTES_MODEL, threads=threads)
    seen = channels_of(model)
    frames = frames_of(mono.size)
    steps = -(-frames // FOLD)
    onset = np.zeros((frames, KEYS), np.float16)
    frame, velocity = np.zeros_like(onset), np.zeros_like(onset)
    family = np.zeros((len(FAMILIES), steps, KEYS), np.float16)
    thirds = np.zeros((frames, SEMITONES, 3), np.float16)
    sharp = np.zeros((frames, SEMITONES), np.float16)
    gain = np.float32(loudness_gain(mono))
    chunks = list(range(0, frames, _CHUNK))
    for number, first in enumerate(chunks):
        last = min(first + _CHUNK, frames)
        begin = max(0, first - _CONTEXT)
        end = min(frames, last + _CONTEXT)
        # The picture's own windows reach further than its frames.
        margin = 20 if begin else 0
        part = mono[(begin - margin) * HOP : (end + 20) * HOP] * gain
        picture = note_spectrogram(np.ascontiguousarray(part))[:, margin : margin + end - begin]
        short = -picture.shape[1] % FOLD
        padded = np.pad(picture[:seen], ((0, 0), (0, short), (0, 0)))
        said = model.run({INPUT: padded[None]}, OUTPUTS)
        keep = slice(first - begin, last - begin)
        for whole, found in zip((onset, frame, velocity), said[:3], strict=True):
            whole[first:last] = found[0, keep]
        fine = said[3][0, :, (first - begin) // FOLD :]
        at = first // FOLD
        room = min(steps - at, -(-(last - first) // FOLD))
        family[:, at : at + room] = fine[:, :room]
        thirds[first:last] = picture[:3, keep].transpose(1, 2, 0)
        sharp[first:last] = picture[4, keep]
        if progress is not None:
            progress(number + 1, len(chunks))
    return Heard(onset, frame, velocity, family, thirds, sharp, mono.size / RATE_HZ)
