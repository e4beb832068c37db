"""Runs a transcriber of the MT3 family, given as an ONNX file, and reads its tokens as notes.

No such weights ship. A file of one's own must hold the whole model, decoding included:

| what | how |
|---|---|
| input `audio` | float32 (1, segment_samples), mono at rate_hz |
| output `tokens` | integers (1, any), in MT3's vocabulary, up to the end token 1 |
| metadata `vocabulary` | `mt3` |
| metadata, where not MT3's own | `rate_hz` 16000, `segment_samples` 32768 |
| | `velocity_bins` 1, `steps_per_second` 100, `max_shift_steps` 1000 |

The vocabulary is that of Gardner et al., "MT3: Multi-task multitrack music transcription" (ICLR
2022): three special tokens, then times (steps from the segment's start), pitches, velocities (0
ends a note), the end of the ties, programs, drums. Notes that the ties name go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.models import Model, ModelError
from loopmind.music.transcript import TranscribedNote

F32 = NDArray[np.float32]
Progress = Callable[[int, int], None]

VOCABULARY = "mt3"
_SPECIAL, _END = 3, 1
_SHORTEST_S = 0.01
_PROGRAMS: tuple[tuple[int, str], ...] = (
    (24, "keys"), (32, "guitar"), (40, "bass"), (52, "strings"), (56, "vocal"), (64, "brass"),
    (80, "woodwind"), (88, "lead"), (104, "pad"), (112, "guitar"), (128, "pad"),
)  # fmt: skip
"""(first program that is another instrument, instrument): MT3 knows classes of programs only."""


@dataclass(frozen=True)
class Vocabulary:
    """How tokens are numbered, and how sound is cut. The defaults are MT3's."""

    rate_hz: int = 16000
    segment_samples: int = 32768
    velocity_bins: int = 1
    steps_per_second: int = 100
    max_shift_steps: int = 1000

    @classmethod
    def of(cls, model: Model) -> Vocabulary:
        """As the model's file says. Raises ModelError for what is no model of this kind."""
        wanted = set(cls.__dataclass_fields__)
        try:
            values = {k: int(v) for k, v in model.notes.items() if k in wanted}
        except ValueError as error:
            raise ModelError(f"{model.file}: its metadata are no numbers ({error})") from None
        if model.notes.get("vocabulary") != VOCABULARY or any(v < 1 for v in values.values()):
            raise ModelError(
                f"{model.file} says nothing of its vocabulary; export it with the metadata "
                f"vocabulary={VOCABULARY}"
            )
        if "audio" not in model.inputs or "tokens" not in model.outputs:
            raise ModelError(
                f"{model.file} has inputs {', '.join(model.inputs)} and outputs "
                f"{', '.join(model.outputs)}; a model with input audio and output tokens is needed"
            )
        return cls(**values)

    def event(self, token: int) -> tuple[str, int]:
        """What a token means: its kind ("" for none) and value."""
        index = token - _SPECIAL
        for kind, size in (
            ("shift", self.max_shift_steps + 1), ("pitch", 128),
            ("velocity", self.velocity_bins + 1), ("tie", 1), ("program", 128), ("drum", 128),
        ):  # fmt: skip
            if 0 <= index < size:
                return kind, index
            index -= size
        return "", 0


@dataclass
class _Reading:
    """What is known between segments: who holds which keys since when, and the notes so far."""

    held: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)
    notes: list[TranscribedNote] = field(default_factory=list)

    def strike(self, program: int, pitch: int, now: float, velocity: float) -> None:
        self.release((program, pitch), now)
        self.held[program, pitch] = (now, velocity)

    def release(self, key: tuple[int, int], now: float) -> None:
        since = self.held.pop(key, None)
        if since is not None:
            end = max(now, since[0] + _SHORTEST_S)
            name = instrument_of(key[0])
            self.notes.append(
                TranscribedNote(round(since[0], 4), round(end, 4), key[1], since[1], name)
            )


def instrument_of(program: int) -> str:
    """LoopMind's instrument of a program of MT3."""
    return next(name for first, name in _PROGRAMS if program < first)


def read_tokens(
    segments: Iterable[tuple[float, Iterable[int]]], vocabulary: Vocabulary, duration_s: float
) -> tuple[TranscribedNote, ...]:
    """Notes of segments, each (when it begins, its tokens). Tokens that make no sense are skipped.

    Drums are left out: LoopMind's own drum model hears them.
    """
    state = _Reading()
    for start_s, tokens in segments:
        _read_segment(state, start_s, tokens, vocabulary)
    for key in list(state.held):
        state.release(key, duration_s)
    return tuple(sorted(state.notes, key=lambda n: (n.start_s, n.pitch, n.instrument)))


def _read_segment(
    state: _Reading, start_s: float, tokens: Iterable[int], vocabulary: Vocabulary
) -> None:
    now, steps, program = start_s, 0, 0
    strength = 100.0 / 127.0
    tied: set[tuple[int, int]] = set()
    in_ties = True
    for token in tokens:
        if token == _END:
            break
        kind, value = vocabulary.event(int(token))
        if kind == "shift":
            # Times count from the segment's start; a long one is several tokens in a row.
            steps += value
            now = start_s + steps / vocabulary.steps_per_second
            continue
        steps = 0
        if kind == "program":
            program = value
        elif kind == "velocity":
            strength = value / vocabulary.velocity_bins
            if vocabulary.velocity_bins == 1:
                strength *= 100.0 / 127.0
        elif kind == "tie" and in_ties:
            in_ties = False
            for key in [key for key in state.held if key not in tied]:
                state.release(key, start_s)
        elif kind == "pitch" and in_ties and (program, value) in state.held and now == start_s:
            tied.add((program, value))
        elif kind == "pitch":
            if strength > 0.0:
                state.strike(program, value, now, round(strength, 3))
            else:
                state.release((program, value), now)


def transcribe_tokens(
    mono: F32, rate_hz: int, model: Model, *, progress: Progress | None = None
) -> tuple[TranscribedNote, ...]:
    """The notes that `model` hears in `mono` (samples,), segment by segment. Raises ModelError."""
    vocabulary = Vocabulary.of(model)
    duration_s = mono.size / rate_hz
    if mono.size and rate_hz != vocabulary.rate_hz:
        import soxr

        mono = np.asarray(soxr.resample(mono, rate_hz, vocabulary.rate_hz), np.float32)
    size = vocabulary.segment_samples
    segments: list[tuple[float, list[int]]] = []
    firsts = range(0, mono.size, size)
    for number, first in enumerate(firsts):
        part = mono[first : first + size]
        part = np.pad(part, (0, size - part.size))[None]
        (tokens,) = model.run({"audio": part}, ("tokens",))
        segments.append((first / vocabulary.rate_hz, np.ravel(tokens).astype(np.int64).tolist()))
        if progress is not None:
            progress(number + 1, len(firsts))
    return read_tokens(segments, vocabulary, duration_s)
