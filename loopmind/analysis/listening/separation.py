"""Sound taken apart into stems by the light model, in chunks: any rate, length and channels.

Laws: the stems add up to the mix, because "other" is what the rest leaves of it; and the size of
the chunks changes nothing, because each is computed with as much sound on either side as the
model looks at, and what recurs is looked for in stretches that begin at fixed places. A file of
any length takes the same memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.recurring import sharpened
from loopmind.analysis.listening.stft import (
    HOP,
    LAP,
    RATE_HZ,
    WINDOW,
    Loudness,
    frames_of,
    signal,
    spectra,
)
from loopmind.analysis.models import Model, ModelError, open_model
from loopmind.errors import CancelledError, UsageError
from loopmind.music.audio import Audio
from loopmind.music.stems import Stems

F32 = NDArray[np.float32]
C64 = NDArray[np.complex64]

LIGHT = "light"
LIGHT_MODEL = "separator.onnx"
OTHER = "other"
CHUNK_FRAMES = 256
STRETCH_FRAMES = 1024
_BLOCK_FRAMES = 1 << 16
_LOOK_S = 0.05

Progress = Callable[[int, int], None]
"""Called with (samples done, samples in all); where it raises, the work stops."""


class Separator(Protocol):
    """What takes sound apart. stems: what it knows, "other" among them. label: its name."""

    stems: tuple[str, ...]
    label: str

    def stream(
        self, blocks: Iterator[F32], wanted: Sequence[str], level: Level, look: Callable[[], None]
    ) -> Iterator[F32]:
        """Blocks (2, n) at RATE_HZ to blocks (len(wanted), 2, m); as many samples in all.

        look: called at least ten times a second; where it raises, the work stops.
        """


@dataclass(frozen=True)
class Level:
    """What is known of the whole before its parts: the gain that makes its power 1, 0 of silence.

    mean, deviation: of its middle signal (left + right) / 2.
    """

    gain: float
    mean: float = 0.0
    deviation: float = 1.0

    @staticmethod
    def of(blocks: Iterable[F32], rate_hz: int, look: Callable[[], None] | None = None) -> Level:
        """The level of all `blocks` (channels, n)."""
        loudness = Loudness(rate_hz)
        total = squares = 0.0
        count = 0
        for block in blocks:
            if look is not None:
                look()
            loudness.add(block)
            middle = block.mean(axis=0, dtype=np.float32)
            total += float(middle.sum(dtype=np.float64))
            squares += float(np.square(middle, dtype=np.float64).sum())
            count += middle.size
        mean = total / max(1, count)
        return Level(
            loudness.gain(), mean, float(np.sqrt(max(0.0, squares / max(1, count) - mean**2)))
        )


class LightSeparator:
    """The shipped model, or another file of its kind. Raises ModelError where it is none."""

    def __init__(self, model: str | Path = LIGHT_MODEL, *, threads: int = 2, gpu: bool = True,
                 chunk_frames: int = CHUNK_FRAMES) -> None:  # fmt: skip
        self._model: Model = open_model(model, threads=threads, gpu=gpu)
        self._chunk = chunk_frames
        try:
            self.stems = tuple(self._model.notes["stems"].split(","))
            self._context = int(self._model.notes["context_frames"])
            # How many recurring patches each stem has; models without it leave masks as they are.
            counts = self._model.notes.get("recurring", "").split(",")
            self._recurring = [int(count) for count in counts if count]
            if self._recurring and len(self._recurring) != len(self.stems):
                raise ValueError
        except (KeyError, ValueError):
            raise ModelError(
                f"the model {self._model.file} is no separator of LoopMind's; name another model"
            ) from None
        self.label = LIGHT if model == LIGHT_MODEL else Path(model).name

    def stream(
        self, blocks: Iterator[F32], wanted: Sequence[str], level: Level, look: Callable[[], None]
    ) -> Iterator[F32]:
        rows = [self.stems.index(name) for name in wanted]
        if not rows or level.gain == 0.0:
            for block in blocks:
                look()
                yield np.zeros((len(rows), *block.shape), np.float32)
            return
        # The model computes one chunk while the one before becomes sound and is written.
        with _OneThread() as worker:
            made: Iterator[tuple[C64, F32]] = self._masked(blocks, level.gain, worker, look)
            if self._recurring:
                made = self._recurred(made, level.gain, worker, look)
            yield from _overlapped(made, rows)

    def _masked(
        self, blocks: Iterator[F32], gain: float, worker: _OneThread, look: Callable[[], None]
    ) -> Iterator[tuple[C64, F32]]:
        """Spectra (2, n, bins) and their masks (stems, 2, n, bins), frame after frame."""
        waiting: tuple[C64, Future[F32]] | None = None
        for made, first, last in _chunks(_spectra_of(blocks), self._chunk, self._context):
            task = worker.start(self._masks, made * np.float32(gain), first, last)
            if waiting is not None:
                yield waiting[0], wait_for(waiting[1], look)
            waiting = made[:, first:last], task
        if waiting is not None:
            yield waiting[0], wait_for(waiting[1], look)

    def _recurred(
        self, parts: Iterator[tuple[C64, F32]], gain: float, worker: _OneThread,
        look: Callable[[], None],
    ) -> Iterator[tuple[C64, F32]]:  # fmt: skip
        """The same frames in stretches, their masks sharpened by what recurs in them."""
        for made, masks in _stretches(parts, STRETCH_FRAMES):
            task = worker.start(sharpened, masks, made, gain, self._recurring, worker.look)
            masks = wait_for(task, look)
            # In parts again: their sound, stem by stem, takes more memory than all else.
            for first in range(0, made.shape[1], CHUNK_FRAMES):
                part = slice(first, first + CHUNK_FRAMES)
                yield made[:, part], masks[:, :, part]

    def _masks(self, made: C64, first: int, last: int) -> F32:
        parts = np.stack((made[0].real, made[0].imag, made[1].real, made[1].imag), axis=1)
        masks: F32 = self._model.run({"spectra": parts[None]})[0][0]
        return masks.transpose(0, 2, 1, 3)[:, :, first:last]


class _OneThread:
    """A thread for one task at a time; leaving does not wait for what nobody wants any more."""

    def __enter__(self) -> _OneThread:
        self._pool = ThreadPoolExecutor(1, "separation")
        self._left = False
        return self

    def __exit__(self, *_: object) -> None:
        self._left = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def start(self, function: Callable[..., F32], *given: Any) -> Future[F32]:
        return self._pool.submit(function, *given)

    def look(self) -> None:
        """For the task: raises CancelledError once nobody waits for it any more."""
        if self._left:
            raise CancelledError("cancelled")


def wait_for(task: Future[F32], look: Callable[[], None]) -> F32:
    """What `task` gives; `look` is called again and again until then."""
    while True:
        look()
        try:
            return task.result(timeout=_LOOK_S)
        except NotYet:
            if task.done():
                raise


def _spectra_of(blocks: Iterator[F32]) -> Iterator[C64]:
    """Spectra (2, n, bins) of a stream, with silence before it and behind."""
    held = np.zeros((2, LAP), np.float32)
    total = 0
    for block in blocks:
        total += block.shape[1]
        held = np.concatenate((held, block), axis=1)
        frames = frames_of(held.shape[1])
        if frames:
            yield spectra(held[:, : (frames - 1) * HOP + WINDOW])
            held = held[:, frames * HOP :]
    held = np.concatenate((held, np.zeros((2, LAP + -total % HOP), np.float32)), axis=1)
    yield spectra(held)


def _chunks(parts: Iterator[C64], size: int, context: int) -> Iterator[tuple[C64, int, int]]:
    """`size` frames at a time, up to `context` more on either side: frames, first, last to keep."""
    held: C64 | None = None
    before = 0
    for part in parts:
        held = part if held is None else np.concatenate((held, part), axis=1)
        while held.shape[1] >= before + size + context:
            yield held[:, : before + size + context], before, before + size
            drop = max(0, before + size - context)
            held, before = held[:, drop:], before + size - drop
    if held is not None and held.shape[1] > before:
        yield held, before, held.shape[1]


def _stretches(parts: Iterator[tuple[C64, F32]], size: int) -> Iterator[tuple[C64, F32]]:
    """Frames and masks `size` at a time; the last stretch is up to half longer or shorter."""
    frames: list[C64] = []
    masks: list[F32] = []
    for frame, mask in parts:
        frames.append(frame)
        masks.append(mask)
        while sum(part.shape[1] for part in frames) >= size + size // 2:
            whole, mask = np.concatenate(frames, axis=1), np.concatenate(masks, axis=2)
            frames, masks = [whole[:, size:].copy()], [mask[:, :, size:].copy()]
            yield whole[:, :size], mask[:, :, :size]
    if frames:
        yield np.concatenate(frames, axis=1), np.concatenate(masks, axis=2)


def _overlapped(made: Iterator[tuple[C64, F32]], rows: Sequence[int]) -> Iterator[F32]:
    """The stems `rows` as sound: (rows, 2, samples), without the silence that was put before."""
    carry = np.zeros((len(rows), 2, LAP), np.float32)
    skip = LAP
    for frames, masks in made:
        out = signal(masks[list(rows)] * frames)
        out[..., :LAP] += carry
        carry = out[..., -LAP:]
        ready = out[..., :-LAP]
        taken = min(skip, ready.shape[-1])
        skip -= taken
        if ready.shape[-1] > taken:
            yield ready[..., taken:]


def separate_stream(
    blocks: Iterator[F32], rate_hz: int, frames: int, separator: Separator, stems: Sequence[str],
    level: Level, progress: Progress | None = None,
) -> Iterator[dict[str, F32]]:  # fmt: skip
    """`blocks` (1 or 2 channels, n) of `frames` samples in all to blocks of each of `stems`.

    The stems have the rate, channels and length of the mix. Raises UsageError for stems that the
    separator does not know; what `progress` raises.
    """
    wanted = checked_stems(stems, separator)
    # What is left for "other" is only known once all else is.
    computed = [name for name in separator.stems if name != OTHER] if OTHER in wanted else wanted
    done = 0

    def look() -> None:
        if progress is not None:
            progress(done, frames)

    mixed: deque[F32] = deque()
    given = 0

    def remembered() -> Iterator[F32]:
        nonlocal given
        for block in blocks:
            given += block.shape[1]
            mixed.append(block)
            yield block

    at_rate = resampled(_both_sides(remembered()), rate_hz, RATE_HZ)
    found = separator.stream(_blocks_of(at_rate), computed, level, look)
    flat = (part.reshape(-1, part.shape[-1]) for part in found)
    back = resampled(flat, RATE_HZ, rate_hz)
    for part in _as_long(back, lambda: given, 2 * len(computed)):
        look()
        mix = _take(mixed, part.shape[1])
        made = part.reshape(len(computed), 2, -1)
        if mix.shape[0] == 1:
            made = made.mean(axis=1, keepdims=True)
        out = {name: made[computed.index(name)] for name in wanted if name != OTHER}
        if OTHER in wanted:
            out[OTHER] = mix - made.sum(axis=0)
        done += part.shape[1]
        yield {name: np.ascontiguousarray(out[name], np.float32) for name in wanted}
    look()


def checked_stems(stems: Sequence[str], separator: Separator) -> list[str]:
    """The stems that are wanted, each once; all of them where none is named. Raises UsageError."""
    wanted = list(dict.fromkeys(stems)) or list(separator.stems)
    unknown = [name for name in wanted if name not in separator.stems]
    if unknown:
        raise UsageError(
            f"the model {separator.label} has no stem {unknown[0]!r}; "
            f"choose from {', '.join(separator.stems)}"
        )
    return wanted


def separate(
    audio: Audio, separator: Separator, stems: Sequence[str] = (), progress: Progress | None = None
) -> Stems:
    """The stems of a sound in memory (one or two channels). Raises as `separate_stream`."""
    level = Level.of([audio.samples], audio.rate_hz)
    blocks = iter(
        audio.samples[:, first : first + _BLOCK_FRAMES]
        for first in range(0, audio.frames, _BLOCK_FRAMES)
    )
    wanted = checked_stems(stems, separator)
    out = {n: np.zeros((audio.channels, audio.frames), np.float32) for n in wanted}
    first = 0
    for part in separate_stream(
        blocks, audio.rate_hz, audio.frames, separator, wanted, level, progress
    ):
        size = next(iter(part.values())).shape[1]
        for name in wanted:
            out[name][:, first : first + size] = part[name]
        first += size
    return Stems(tuple(wanted), tuple(Audio(out[name], audio.rate_hz) for name in wanted))


def resampled(blocks: Iterator[F32], rate_in: int, rate_out: int) -> Iterator[F32]:
    """A stream (channels, n) at another rate; the very same blocks where the rates are equal."""
    if rate_in == rate_out:
        yield from blocks
        return
    import soxr

    stream: Any = None
    channels = 0
    for block in blocks:
        if stream is None:
            channels = block.shape[0]
            stream = soxr.ResampleStream(rate_in, rate_out, channels, dtype="float32")
        made = stream.resample_chunk(np.ascontiguousarray(block.T))
        if len(made):
            yield np.ascontiguousarray(made.T)
    if stream is not None:
        made = stream.resample_chunk(np.zeros((0, channels), np.float32), last=True)
        if len(made):
            yield np.ascontiguousarray(made.T)


def _both_sides(blocks: Iterator[F32]) -> Iterator[F32]:
    for block in blocks:
        if block.shape[0] > 2:
            raise ValueError(f"expected one or two channels, got {block.shape[0]}")
        yield np.repeat(block, 2, axis=0) if block.shape[0] == 1 else block


def _blocks_of(parts: Iterator[F32]) -> Iterator[F32]:
    """The same stream in parts of no more than _BLOCK_FRAMES."""
    for part in parts:
        for first in range(0, part.shape[1], _BLOCK_FRAMES):
            yield part[:, first : first + _BLOCK_FRAMES]


def _as_long(parts: Iterator[F32], given: Callable[[], int], channels: int) -> Iterator[F32]:
    """The stream cut, or filled with silence, to as many samples as were `given` in the end."""
    count = 0
    for part in parts:
        room = given() - count
        part = part[:, :room]
        if part.shape[1]:
            count += part.shape[1]
            yield part
    while count < given():
        missing = min(given() - count, _BLOCK_FRAMES)
        count += missing
        yield np.zeros((channels, missing), np.float32)


def _take(blocks: deque[F32], count: int) -> F32:
    """The first `count` samples of what was remembered."""
    taken: list[F32] = []
    while count:
        block = blocks.popleft()
        if block.shape[1] > count:
            blocks.appendleft(block[:, count:])
            block = block[:, :count]
        taken.append(block)
        count -= block.shape[1]
    return taken[0] if len(taken) == 1 else np.concatenate(taken, axis=1)
