"""Hears pitched notes: single lines, chords of one instrument, and whole mixes by instrument."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening import pitched_ends, pitched_many
from loopmind.analysis.listening.pitched_bends import bends_of
from loopmind.analysis.listening.pitched_decode import (
    Found,
    Limits,
    pitch_of,
    polyphonic,
    single_line,
)
from loopmind.analysis.listening.pitched_many import look_at_many
from loopmind.analysis.listening.pitched_model import (
    FPS,
    NOTES_MODEL,
    Heard,
    heard_mono,
    listen,
)
from loopmind.analysis.listening.pitched_players import players
from loopmind.analysis.listening.pitched_second import FEATURES, Judged, Layers, look_again
from loopmind.analysis.listening.pitched_tokens import transcribe_tokens
from loopmind.analysis.listening.spectrogram import RATE_HZ
from loopmind.analysis.models import Model, ModelError, open_model
from loopmind.music.audio import Audio
from loopmind.music.transcript import TranscribedNote

F32 = NDArray[np.float32]
Progress = Callable[[int, int], None]
Texture = Literal["line", "chords", "mix"]
"""What is heard: one note at a time, many of one instrument, or many instruments."""

# Longer recordings are heard in stretches, so that memory stays bounded.
_STRETCH_S = 600.0
_OVERLAP_S = 12.0
_SILENT = 1e-4


def transcribe_pitched(
    audio: Audio,
    *,
    texture: Texture = "mix",
    instrument: str = "",
    model: Model | Path | None = None,
    threads: int = 2,
    progress: Progress | None = None,
) -> tuple[TranscribedNote, ...]:
    """The pitched notes in `audio`, in order of time.

    texture: "line" finds one note at a time, with pitch bends; "chords" any number of one
    instrument; "mix" any number, each given to the instrument that seems to play it, and every
    instrument's notes to one name. `instrument` names it where it is known ("line", "chords");
    where it is not, the likeliest one is taken. model: one that is open, or a file: LoopMind's
    own kind, or one of the MT3 family as `pitched_tokens` describes it. progress(done, total) is
    called after every 12 s and may raise to stop. Raises ModelError where the model cannot be used.
    """
    if model is None or isinstance(model, Path):
        model = open_model(model or NOTES_MODEL, threads=threads)
    mono = heard_mono(audio)
    if "vocabulary" in model.notes:
        notes = transcribe_tokens(mono, RATE_HZ, model, progress=progress)
        if texture != "mix" and instrument:
            return tuple(replace(note, instrument=instrument) for note in notes)
        return notes
    limits, looks = limits_of(model), looks_of(model)
    if mono.size == 0 or float(np.abs(mono).max()) < _SILENT:
        return ()
    return _in_stretches(mono, (limits, looks), model, texture, instrument, progress)


def _in_stretches(
    mono: F32, kept: tuple[Limits, Looks], model: Model, texture: Texture,
    instrument: str, progress: Progress | None,
) -> tuple[TranscribedNote, ...]:  # fmt: skip
    stretches = _stretches(mono.size)
    notes: list[TranscribedNote] = []
    for number, (first, last, begin, end) in enumerate(stretches):

        def told(done: int, total: int, number: int = number) -> None:
            if progress is not None:
                progress(number * total + done, len(stretches) * total)

        heard = listen(mono[begin:end], model=model, progress=told)
        shift = begin / RATE_HZ
        again = kept[1].at(heard, texture)
        decoded = notes_of(
            heard, kept[0], texture=texture, instrument=instrument, shift_s=shift, again=again
        )
        for note in decoded:
            final = number == len(stretches) - 1
            if note.start_s >= first / RATE_HZ and (final or note.start_s < last / RATE_HZ):
                notes.append(note)
    return tuple(sorted(notes, key=lambda n: (n.start_s, n.pitch, n.instrument)))


def notes_of(
    heard: Heard, limits: Limits, *, texture: Texture, instrument: str = "", shift_s: float = 0.0,
    again: Judged | None = None,
) -> list[TranscribedNote]:  # fmt: skip
    """Decode what the network said. `shift_s`: when the stretch that it heard begins; `again`: what
    a second look at it says (`Looks.at`)."""
    found = single_line(heard, limits) if texture == "line" else polyphonic(heard, limits, again)
    if not found:
        return []
    if texture == "mix":
        named = players(found, limits)
    else:
        name = instrument or players(found, limits, one=True)[0][1]
        named = [(note, name) for note in found]
    alone = texture == "line"
    return [_as_note(note, name, heard, shift_s, bent=alone) for note, name in named]


def limits_of(model: Model) -> Limits:
    """The limits that are kept in the model's file. Raises ModelError where it is another model."""
    try:
        return Limits.of(json.loads(model.notes["limits"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ModelError(f"{model.file} is no model of notes; name one that hears notes") from None


@dataclass(frozen=True)
class Looks:
    """The networks that judge notes again, None where there is none: where those of chords begin,
    those of mixes and who plays them, and where the notes of both end."""

    second: Layers | None = None
    many: Layers | None = None
    ends: Layers | None = None

    def at(self, heard: Heard, texture: Texture) -> Judged | None:
        """What they say of what was heard; None where no such network is to be asked."""
        if texture == "chords" and self.second is not None:
            return replace(look_again(heard, self.second), ends=self.ends)
        if texture == "mix" and self.many is not None:
            return replace(look_at_many(heard, self.many), ends=self.ends)
        return None


def looks_of(model: Model) -> Looks:
    """The networks for a second look that are kept in the model's file."""
    second, many, ends = (model.notes.get(name, "") for name in ("second", "many", "ends"))
    try:
        return Looks(
            Layers.from_text(second, FEATURES) if second else None,
            Layers.from_text(many, pitched_many.FEATURES, pitched_many.OUTPUTS) if many else None,
            Layers.from_text(ends, pitched_ends.FEATURES) if ends else None,
        )
    except ValueError as error:
        raise ModelError(f"{model.file} cannot be used: {error}; name another model") from None


def _as_note(
    found: Found, instrument: str, heard: Heard, shift_s: float, *, bent: bool
) -> TranscribedNote:
    start = max(0.0, found.start / FPS)
    end = min(max(found.end / FPS, start + 0.02), max(heard.duration_s, start + 0.02))
    bends = bends_of(heard.thirds, found.key, start * FPS, end * FPS) if bent else ()
    return TranscribedNote(
        round(start + shift_s, 4), round(end + shift_s, 4), pitch_of(found.key),
        round(min(max(found.velocity, 0.01), 1.0), 3), instrument,
        tuple((round(at / FPS + shift_s, 4), semitones) for at, semitones in bends),
    )  # fmt: skip


def _stretches(samples: int) -> Sequence[tuple[int, int, int, int]]:
    """(first, last) sample whose notes count, and (begin, end) of what is heard for them."""
    size, overlap = round(_STRETCH_S * RATE_HZ), round(_OVERLAP_S * RATE_HZ)
    if samples <= size + overlap:
        return [(0, samples, 0, samples)]
    firsts = list(range(0, samples, size))
    return [
        (first, min(first + size, samples), max(0, first - overlap),
         min(first + size + overlap, samples))
        for first in firsts
    ]  # fmt: skip
