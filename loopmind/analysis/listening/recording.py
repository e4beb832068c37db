"""A recording of any length becomes a transcript: read block by block, heard stretch by stretch.

What is no longer than a long song is heard as one. Of more, each stretch has notes, beats and key
of its own and sees a little of its neighbours; the whole is put together of what lies within each.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.assemble import (
    HearNotes,
    Progress,
    Quantising,
    Stretch,
    completed,
    hear_stretch,
)
from loopmind.analysis.listening.pitched import transcribe_pitched
from loopmind.analysis.listening.quantise import Grid, even_grid
from loopmind.analysis.listening.separation import Level, Separator, separate_stream
from loopmind.errors import LoopMindError
from loopmind.files.stream import DamagedError, Stream, open_stream, saved_stream
from loopmind.music.audio import Audio
from loopmind.music.belief import Belief, rank
from loopmind.music.key import Key
from loopmind.music.transcript import DRUMS, TranscribedNote, Transcript

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Sounds = dict[str, F32]

MIX = "mix"
SHORTEST_S = 0.25
_SILENT = 1e-4
# The note network hears ten minutes at a time.
_WHOLE_S, _WHOLE_STEMS_S = 588.0, 288.0
_MARGIN_S = 12.0
# How much of the work separating is, where a recording is separated first.
_SEPARATING = 0.7


@dataclass(frozen=True)
class Part:
    """A stretch in samples: what counts lies in first..last, what is heard in begin..end."""

    begin: int
    first: int
    last: int
    end: int


def transcribe_file(
    path: Path, *, name: str = "", separator: Separator | None = None,
    stems: Mapping[str, Path] | None = None, quantising: Quantising | None = None,
    progress: Progress | None = None, hear_notes: HearNotes = transcribe_pitched,
) -> Transcript:  # fmt: skip
    """The transcript of the recording `path`; memory does not grow with its length.

    separator: take it apart first. stems: its stems as files, where that is done already. progress
    is called with seconds and may raise to stop. Raises AudioFileError, LoopMindError for a
    recording that is silent or too short, ModelError.
    """
    job = _Job(name or path.name, quantising or Quantising(), progress, hear_notes)
    try:
        return job.run(_source(path, separator, stems, open_stream))
    except DamagedError:
        # What can be saved of a damaged file is only known when all of it is in memory.
        return job.run(_source(path, separator, stems, saved_stream))


def check_length(seconds: float, what: str) -> None:
    """Raise LoopMindError where a recording is too short to be transcribed."""
    if seconds < SHORTEST_S:
        raise LoopMindError(f"{what} is only {seconds:.2f} s long; there is nothing to transcribe")


def parts_of(frames: int, rate_hz: int, whole_s: float) -> list[Part]:
    """Stretches of even length, about `whole_s` at most, with a margin to either side."""
    margin = round(_MARGIN_S * rate_hz)
    count = max(1, -(-(frames - margin) // round(whole_s * rate_hz)))
    edges = [frames * number // count for number in range(count + 1)]
    return [
        Part(max(0, first - margin), first, last, min(frames, last + margin))
        for first, last in itertools.pairwise(edges)
    ]


@dataclass(frozen=True)
class _Source:
    """Mono sounds of a recording, block by block: MIX, and its stems where there are any.

    blocks: called with what is to be called with the number of samples that are separated.
    """

    rate_hz: int
    frames: int
    stems: bool
    separates: bool
    blocks: Callable[[Callable[[int], None]], Iterator[Sounds]]


def _source(
    path: Path, separator: Separator | None, stems: Mapping[str, Path] | None,
    opened: Callable[[Path], Stream],
) -> _Source:  # fmt: skip
    sound = opened(path)
    check_length(sound.duration_s, path.name)

    def separated(look: Callable[[int], None]) -> Iterator[Sounds]:
        assert separator is not None
        level = Level.of(sound.blocks(), sound.rate_hz, lambda: look(0))
        for part in separate_stream(
            sound.blocks(), sound.rate_hz, sound.frames, separator, (), level,
            lambda done, total: look(done),
        ):  # fmt: skip
            made = {name: _mono(block) for name, block in part.items()}
            # The stems add up to the mix.
            yield {MIX: np.sum(list(made.values()), axis=0, dtype=np.float32), **made}

    def plain(look: Callable[[int], None]) -> Iterator[Sounds]:
        files = {MIX: sound, **{stem: opened(file) for stem, file in (stems or {}).items()}}
        done = 0
        for blocks in zip(*(file.blocks() for file in files.values()), strict=False):
            look(done)
            size = min(block.shape[1] for block in blocks)
            done += size
            yield {stem: _mono(block[:, :size]) for stem, block in zip(files, blocks, strict=True)}

    return _Source(
        sound.rate_hz, sound.frames, bool(separator or stems), separator is not None,
        separated if separator is not None else plain,
    )  # fmt: skip


def _mono(block: F32) -> F32:
    mono: F32 = block.mean(axis=0, dtype=np.float32)
    return mono


@dataclass(frozen=True)
class _Job:
    name: str
    quantising: Quantising
    progress: Progress | None
    hear_notes: HearNotes

    def run(self, source: _Source) -> Transcript:
        rate_hz, seconds = source.rate_hz, source.frames / source.rate_hz
        parts = parts_of(source.frames, rate_hz, _WHOLE_STEMS_S if source.stems else _WHOLE_S)
        share = _SEPARATING if source.separates else 0.0

        def tell(separated: float, heard: float, what: str) -> None:
            if self.progress is not None:
                done = share * separated + (1.0 - share) * heard
                self.progress(int(done), max(1, round(seconds)), what)

        heard_s = 0.0

        def read(done: int) -> None:
            tell(done / rate_hz, heard_s, "separating" if source.separates else "reading")

        found: list[Stretch] = []
        loudest = 0.0
        for part, sounds in zip(parts, cut(source.blocks(read), parts), strict=True):
            length_s = (part.last - part.first) / rate_hz

            def look(
                done: int, total: int, what: str, part: Part = part, length_s: float = length_s
            ) -> None:
                tell(part.end / rate_hz, part.first / rate_hz + length_s * done / total, what)

            mix = Audio(sounds.pop(MIX)[None], rate_hz)
            loudest = max(loudest, float(np.ptp(mix.samples)))  # a constant level is no sound
            if len(parts) == 1 and loudest < _SILENT:
                break
            stems = {name: Audio(sound[None], rate_hz) for name, sound in sounds.items()}
            heard = hear_stretch(mix, stems, progress=look, hear_notes=self.hear_notes)
            found.append(_within(heard, part, rate_hz, len(parts)))
            del mix, stems, sounds, heard
            heard_s = part.last / rate_hz
        if loudest < _SILENT:
            raise LoopMindError(f"{self.name} is silent; there is nothing to transcribe")
        edges = [part.first / rate_hz for part in parts[1:]]
        return completed(self.name, seconds, joined(found, edges, seconds), self.quantising)


def cut(blocks: Iterator[Sounds], parts: Sequence[Part]) -> Iterator[Sounds]:
    """The sounds of each part, out of a stream; parts follow each other and overlap.

    A stream that ends early leaves silence.
    """
    waiting = next(blocks, {})
    held: Sounds = {name: np.zeros(0, np.float32) for name in waiting}
    for part, following in itertools.zip_longest(parts, parts[1:]):
        size = part.end - part.begin
        made: Sounds = {}
        at = 0
        for name, sound in held.items():
            made[name] = np.zeros(size, np.float32)
            at = sound.size
            made[name][:at] = sound
        while at < size and waiting:
            count = min(size - at, next(iter(waiting.values())).size)
            for name, block in waiting.items():
                made[name][at : at + count] = block[:count]
            waiting = {name: block[count:] for name, block in waiting.items()}
            at += count
            if not next(iter(waiting.values())).size:
                waiting = next(blocks, {})
        again = (following.begin if following else part.end) - part.begin
        held = {name: sound[again:].copy() for name, sound in made.items()}
        yield made
        del made  # while the next part is read, nothing of this one is held
    for _ in blocks:
        pass  # what is left may tell of damage


def _within(heard: Stretch, part: Part, rate_hz: int, parts: int) -> Stretch:
    """What lies in a part, its times counted from the start of the recording."""
    if parts == 1:
        return heard
    shift = part.begin / rate_hz
    notes = [
        _moved(note, shift)
        for note in heard.notes
        if part.first / rate_hz <= note.start_s + shift < part.last / rate_hz
    ]
    return Stretch(notes, heard.grid.moved(shift), heard.keys)


def _moved(note: TranscribedNote, by: float) -> TranscribedNote:
    return replace(
        note, start_s=round(note.start_s + by, 4), end_s=round(note.end_s + by, 4),
        bends=tuple((round(at + by, 4), semitones) for at, semitones in note.bends),
    )  # fmt: skip


def joined(found: Sequence[Stretch], edges_s: Sequence[float], duration_s: float) -> Stretch:
    """Stretches that follow each other, as one; `edges_s`: where the second and later ones begin.

    Keys weigh by the notes that were heard with them.
    """
    if len(found) == 1:
        return found[0]
    notes = [note for stretch in found for note in stretch.notes]
    weights: dict[Key, float] = {}
    for stretch in found:
        pitched = sum(note.instrument != DRUMS for note in stretch.notes)
        for belief in stretch.keys:
            weights[belief.value] = weights.get(belief.value, 0.0) + pitched * belief.weight
    keys: tuple[Belief[Key], ...] = rank(weights.items())
    return Stretch(notes, joined_grid([s.grid for s in found], edges_s, duration_s), keys)


def joined_grid(grids: Sequence[Grid], edges_s: Sequence[float], duration_s: float) -> Grid:
    """One grid of many: each counts from its edge on, bars go on to the first bar of the next.

    A beat of the next grid that comes less than half a beat after the last one is that beat. A
    stretch without a beat is counted at the usual tempo of the others.
    """
    heard = [grid for grid in grids if grid.heard]
    if not heard:
        return replace(grids[0], times_s=even_grid(
            grids[0].bpm, 0.0, duration_s, grids[0].per_bar, heard=False).times_s)  # fmt: skip
    usual = float(np.median([grid.bpm for grid in heard]))
    metres = [grid.per_bar for grid in heard]
    per_bar = max(set(metres), key=lambda one: (metres.count(one), -one))
    times: list[F64] = []
    bars: list[int] = []
    count, place, metre = 0, 0, per_bar
    starts = [-np.inf, *edges_s]
    ends = [*edges_s, np.inf]
    for grid, start, end in zip(grids, starts, ends, strict=True):
        if not grid.heard:
            first_s = 0.0 if start == -np.inf else start
            last_s = duration_s if end == np.inf else end
            grid = even_grid(usual, 0.0, last_s - first_s + 1.0, per_bar, heard=True).moved(first_s)
        after = start
        if times:
            after = float(times[-1][-1]) + 0.5 * 60.0 / grid.bpm
        inside = (grid.times_s >= after) & (grid.times_s < end)
        own = grid.places[inside]
        if not own.size:
            continue
        times.append(grid.times_s[inside])
        # Until its first bar begins, the bars of before go on.
        first = int(np.argmax(own == 0)) if (own == 0).any() else own.size
        for number in range(own.size):
            if number == first:
                metre = grid.per_bar
            if own[number] == 0 if number >= first else place == metre and bars:
                bars.append(count)
                place = 0
            count += 1
            place += 1
    whole = np.concatenate(times)
    return Grid(whole, per_bar, bars[0] if bars else 0, True, np.array(bars, np.int64))
