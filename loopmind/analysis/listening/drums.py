"""Hears drums: which drum is struck, when, and how hard, in drums alone or in a whole mix."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.drums_decode import VOICES, DrumHit, decode_drums
from loopmind.analysis.listening.drums_frontend import (
    DRUM_HOP,
    drum_features,
    drum_power,
    loudness_reference,
    mono_at_rate,
)
from loopmind.analysis.models import Model, ModelError, open_model
from loopmind.music.audio import Audio
from loopmind.music.transcript import DRUM_NOTES, DRUMS, TranscribedNote

F32 = NDArray[np.float32]
Progress = Callable[[int, int], None]

DRUMS_MODEL = "drums.onnx"
_CHUNK_FRAMES, _MARGIN_FRAMES = 3000, 260
_BLOCK_S = 20
_LONGEST_S, _SHORTEST_S = 0.12, 0.03


def transcribe_drums(
    audio: Audio, *, model: Model | None = None, progress: Progress | None = None
) -> tuple[TranscribedNote, ...]:
    """The drum hits in `audio`, in order of time, with General MIDI notes as pitches.

    A hit lasts .12 s, or until the same drum is struck again. progress(done, total) is called
    between stretches of 20 s and may raise to stop. Raises ModelError where the model cannot be
    used.
    """
    hits = hear_drums(audio, model=model, progress=progress)
    following: dict[int, float] = {}
    notes = []
    for hit in reversed(hits):
        room = following.get(hit.voice, audio.duration_s + _LONGEST_S) - hit.time_s
        following[hit.voice] = hit.time_s
        length = min(max(room, _SHORTEST_S), _LONGEST_S)
        velocity = round(min(max(hit.velocity, 0.01), 1.0), 3)
        pitch = DRUM_NOTES[VOICES[hit.voice]]
        start = round(hit.time_s, 4)
        notes.append(TranscribedNote(start, round(start + length, 4), pitch, velocity, DRUMS))
    return tuple(reversed(notes))


def hear_drums(
    audio: Audio, *, model: Model | None = None, progress: Progress | None = None
) -> list[DrumHit]:
    """The hits as they were decoded. Arguments and errors as for `transcribe_drums`."""
    model = model or open_model(DRUMS_MODEL)
    mono = mono_at_rate(audio)
    power = _power_in_blocks(mono, progress)
    reference = loudness_reference(power)
    if reference <= 0.0:
        return []
    active, strong = activations(model, drum_features(power, reference))
    return decode_drums(active, strong, thresholds_of(model))


def thresholds_of(model: Model) -> tuple[float, ...]:
    """The least activation of each voice that counts as a hit, as the model's file tells."""
    try:
        found = tuple(float(value) for value in json.loads(model.notes["thresholds"]))
    except (KeyError, TypeError, ValueError):
        found = ()
    if len(found) != len(VOICES):
        raise ModelError(f"{model.file} is no drum model; name one that hears drums")
    return found


def activations(model: Model, features: F32) -> tuple[F32, F32]:
    """Activations and velocities (frames, VOICES) of `features` (frames, BANDS) of any length.

    Stretches overlap by what the network sees, so that the result is that of one run.
    """
    parts: list[tuple[F32, F32]] = []
    total = len(features)
    for first in range(0, total, _CHUNK_FRAMES):
        begin = max(0, first - _MARGIN_FRAMES)
        end = min(total, first + _CHUNK_FRAMES + _MARGIN_FRAMES)
        active, strong = model.run({"features": features[None, begin:end]}, ("active", "strong"))
        rows = slice(first - begin, min(first + _CHUNK_FRAMES, total) - begin)
        parts.append((active[0, rows], strong[0, rows]))
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _power_in_blocks(mono: F32, progress: Progress | None) -> F32:
    """`drum_power`, telling of it between blocks."""
    if progress is None:
        return drum_power(mono)
    frames = 1 + mono.size // DRUM_HOP
    step = _BLOCK_S * 100
    parts = []
    # Blocks begin on a frame, and see a little of their neighbours.
    around = 4
    for first in range(0, frames, step):
        progress(first, frames)
        begin = max(0, first - around)
        stop = (first + step + around) * DRUM_HOP
        part = drum_power(mono[begin * DRUM_HOP : stop])
        parts.append(part[first - begin : first - begin + min(step, frames - first)])
    progress(frames, frames)
    return np.concatenate(parts)
