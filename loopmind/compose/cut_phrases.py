"""The clips of a rebuilt track: its loops in phrases, chopped, stuttered, reversed and filtered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loopmind.compose.genres import PEAK_KINDS, GenreProfile
from loopmind.compose.seeds import chance, gumbel, stream
from loopmind.compose.structure import Part
from loopmind.music.cuts import CutBar, CutLoop, Cuts
from loopmind.music.song import Automation, Clip, Section, Song, Track, Treatment

SAMPLE = Track("sample", "Sample", "chords", "sample")
SWELL = Track("riser", "Risers", "fx", "fx")
_PHRASE_BARS = 4
_LENGTHS = {8: 0.06, 4: 0.12, 2: 0.05, 1: -0.25}
_QUIETER_DB = 4.0
_OPEN_HZ, _FLOOR_HZ = 20000.0, 20.0
_Points = list[tuple[float, float]]


@dataclass(frozen=True)
class _Slice:
    """Bars of the track: where they begin in the file, their tempo and length in song beats."""

    start_s: float
    bpm: float
    beats: float


class Rebuilder:
    """One run of rebuilding: the loops of each kind of section, and the clips made of them."""

    def __init__(
        self, cuts: Cuts, genre: GenreProfile, parts: Sequence[Part], seed: int, shift: int
    ) -> None:
        self.cuts, self.genre, self.parts, self.seed = cuts, genre, parts, seed
        self.shift = shift
        self.bar = cuts.beats_per_bar
        self.homes: dict[str, tuple[CutLoop, CutLoop]] = {}
        kinds = sorted(
            {p.section.kind for p in parts},
            key=lambda kind: -max(p.section.energy for p in parts if p.section.kind == kind),
        )
        for kind in kinds:
            energy = max(p.section.energy for p in parts if p.section.kind == kind)
            self.homes[kind] = self._choose(kind, energy)
        self._made: list[Clip] = []

    def _choose(self, kind: str, energy: float) -> tuple[CutLoop, CutLoop]:
        """The loop that sections of `kind` are built on, and one of its part that answers it."""
        loops = self.cuts.loops
        energies = np.array([loop.energy for loop in loops])
        low, high = (float(q) for q in np.quantile(energies, [0.08, 0.97]))
        wanted = low + (high - low) * energy
        used = [home[0] for home in self.homes.values()]
        longest = max(loop.bars for loop in loops)

        def worth(loop: CutLoop, word: str) -> float:
            length = _LENGTHS[loop.bars] if longest >= 2 else 0.0
            again = max((_overlap(loop, other) for other in used), default=0.0)
            same_part = any(loop.part == other.part for other in used)
            score = loop.score + length - 0.9 * abs(loop.energy - wanted)
            score -= 0.35 * again + 0.08 * same_part
            noise = gumbel(self.seed, "cut", word, loop.first, loop.bars)
            return score + 0.035 * noise

        home = max(loops, key=lambda loop: (worth(loop, kind), -loop.first))
        near = [
            loop for loop in loops
            if loop.bars == home.bars and loop.first != home.first and loop.part == home.part
            and _overlap(loop, home) < 0.5
        ]  # fmt: skip
        answer = max(near, key=lambda loop: (worth(loop, f"{kind} answer"), -loop.first),
                     default=home)  # fmt: skip
        return home, answer

    def section_clips(self, section: Section, following: Section | None) -> list[Clip]:
        """The clips of one section, the swell into `following` (None: nothing follows) with it."""
        self._made = []
        self._section(section, following)
        return self._made

    def clips(self) -> list[Clip]:
        """All clips of the sample track, and the swells into peaks."""
        self._made = []
        for number, part in enumerate(self.parts):
            following = self.parts[number + 1] if number + 1 < len(self.parts) else None
            self._section(part.section, following.section if following else None)
        return self._made

    def _section(self, section: Section, following: Section | None) -> None:
        home, answer = self.homes[section.kind]
        length = max(_PHRASE_BARS, home.bars)
        first, number = 0, 0
        writer = _Writer(self, section)
        while first < section.bars:
            bars = min(length, section.bars - first)
            last = first + bars >= section.bars
            rng = stream(self.seed, section.name, "phrase", number)
            loop = answer if number % 4 == 2 else home
            at = float(first * self.bar)
            if last and following is None:
                self._end(writer, loop, at, bars)
            elif last and following is not None and following.kind in PEAK_KINDS:
                self._build(writer, loop, at, bars, rng)
            elif last or number % 2 == 1:
                self._varied(writer, loop, answer, at, bars, rng, calm=section.energy < 0.4)
            else:
                writer.loop(loop, at, bars * self.bar)
            first += bars
            number += 1
        self._made += writer.clips
        if following is not None and following.kind in PEAK_KINDS:
            self._swell(section, following)

    def _varied(
        self, writer: _Writer, loop: CutLoop, answer: CutLoop, at: float, bars: int,
        rng: np.random.Generator, *, calm: bool,
    ) -> None:  # fmt: skip
        """A phrase whose last bar is another: chopped, stuttered, reversed, answered or silent."""
        beats, bar = bars * self.bar, self.bar
        moves = ["answer", "rest", "reverse"] if calm else [
            "chop", "stutter", "reverse", "rest", "chop", "answer"
        ]  # fmt: skip
        move = moves[int(rng.integers(len(moves)))]
        if move == "rest" or bars < 2:
            rest = 1.0 if rng.random() < 0.6 else 2.0
            writer.loop(loop, at, beats, silences=((beats - rest, rest),))
            return
        if move == "stutter":
            tail = 1.0 if rng.random() < 0.5 else 2.0
        elif move == "reverse":
            tail = bar / 2.0
        else:
            tail = float(bar)
        writer.loop(loop, at, beats - tail)
        begin, place = at + beats - tail, (beats - tail) % (loop.bars * bar)
        if move == "answer":
            writer.loop(answer, begin, tail, offset=place % (answer.bars * bar))
        elif move == "chop":
            self._chop(writer, loop, begin, place, rng)
        else:
            treatment: Treatment = "stutter" if move == "stutter" else "reverse"
            writer.beats(loop, place, begin, tail, treatment)

    def _chop(
        self, writer: _Writer, loop: CutLoop, at: float, place: float, rng: np.random.Generator
    ) -> None:
        """One bar of the loop's own beats in another order, its first beat kept."""
        orders = ((0, 0, 2, 1), (0, 1, 0, 3), (0, 2, 1, 2), (0, 0, 0, 3), (0, 3, 2, 3))
        order = orders[int(rng.integers(len(orders)))]
        for number in range(self.bar):
            beat = order[number % len(order)] if self.bar == 4 else (number * 2) % self.bar
            if number == self.bar - 1 and rng.random() < 0.5:
                writer.beats(loop, place + beat, at + number, 0.5)
                writer.beats(loop, place + beat, at + number + 0.5, 0.5)
            else:
                writer.beats(loop, place + beat, at + number, 1.0)

    def _build(
        self, writer: _Writer, loop: CutLoop, at: float, bars: int, rng: np.random.Generator
    ) -> None:
        """The way into a peak: bars, then one bar, then a beat come round ever sooner; a breath."""
        bar, beats = self.bar, bars * self.bar
        if bars < 2:
            writer.loop(loop, at, beats, silences=((beats - 1.0, 1.0),))
            return
        tight = 2.0 * bar if bars >= 4 else float(bar)
        writer.loop(loop, at, beats - tight)
        begin = at + beats - tight
        if tight > bar:
            writer.beats(loop, 0.0, begin, float(bar))
            begin += bar
        half = bar / 2.0
        writer.beats(loop, 0.0, begin, half)
        stop = 1.0 if rng.random() < 0.7 else half
        writer.beats(loop, 0.0, begin + half, half - stop, "stutter")

    def _end(self, writer: _Writer, loop: CutLoop, at: float, bars: int) -> None:
        """The song's last bars: the loop, and a last bar that falls away."""
        beats, bar = bars * self.bar, self.bar
        writer.loop(loop, at, beats - bar)
        writer.beats(loop, 0.0, at + beats - bar, float(bar), "fall")

    def _swell(self, section: Section, following: Section) -> None:
        """The first bar of the coming peak, played backwards into it."""
        bar = self.bar
        if chance(self.seed, following.name, "swell") > max(self.genre.habits.reverse, 0.35):
            return
        beats = float(min(bar, section.bars * bar))
        home = self.homes[following.kind][0]
        place = self.slice_of(home, 0.0, beats)
        self._made.append(
            Clip(
                id=f"{section.name}/riser/0", track=SWELL.id,
                start_beat=following.start_bar * bar - beats, beats=beats,
                digest=self.cuts.digest, source_bpm=place.bpm, source_start_s=place.start_s,
                loop_beats=beats, semitones=self.shift, treatment="riser",
            )
        )  # fmt: skip

    def slice_of(self, loop: CutLoop, place: float, beats: float) -> _Slice:
        """`beats` beats of the loop from `place` beats on, in the file."""
        bars = self.cuts.bars
        number, beat = divmod(place % (loop.bars * self.bar), self.bar)
        bar = bars[loop.first + int(number)]
        start = bar.start_s + beat * 60.0 / bar.bpm
        if beats <= self.bar or self.cuts.steady:
            return _Slice(round(start, 6), bar.bpm, beats)
        last = bars[loop.first + loop.bars - 1]
        end = last.start_s + self.bar * 60.0 / last.bpm
        return _Slice(round(start, 6), round(beats * 60.0 / (end - start), 4), beats)

    def filters(self) -> list[Automation]:
        """Low passes that open and close, and low cuts on the way into peaks."""
        lows: list[_Points] = []
        highs: list[_Points] = []
        bar = float(self.bar)
        for number, part in enumerate(self.parts):
            section = part.section
            begin = section.start_bar * bar
            end = begin + section.bars * bar
            following = self.parts[number + 1].section if number + 1 < len(self.parts) else None
            draw = chance(self.seed, section.name, "filter")
            if section.kind == "intro" and section.energy < 0.6:
                lows.append(_glide(begin, end, 450.0, 9000.0))
            elif section.kind in ("breakdown", "bridge"):
                middle = end - min(4.0 * bar, (end - begin) / 2.0)
                if draw < 0.65:
                    lows.append([(begin, 800.0), *_glide(middle, end, 800.0, 14000.0)])
                else:
                    highs.append([(begin, 320.0), (end - 0.25, 320.0)])
            elif section.kind == "outro":
                lows.append(_glide(begin, end, 14000.0, 500.0))
            elif (
                following is not None
                and following.kind in PEAK_KINDS
                and section.kind not in PEAK_KINDS
                and draw < max(self.genre.habits.sweep, 0.4)
            ):
                highs.append(_glide(end - min(2.0 * bar, end - begin), end, 30.0, 420.0))
        found = []
        if lows:
            found.append(Automation(SAMPLE.id, "lowpass_hz", _rested(lows, _OPEN_HZ)))
        if highs:
            found.append(Automation(SAMPLE.id, "highpass_hz", _rested(highs, _FLOOR_HZ)))
        return found


class _Writer:
    """Clips of the sample track in one section."""

    def __init__(self, builder: Rebuilder, section: Section) -> None:
        self.builder, self.section = builder, section
        self.clips: list[Clip] = []

    def loop(
        self, loop: CutLoop, at: float, beats: float, *, offset: float = 0.0,
        silences: tuple[tuple[float, float], ...] = (),
    ) -> None:  # fmt: skip
        """The loop repeated over `beats` beats from `at` beats into the section."""
        length = float(loop.bars * self.builder.bar)
        self._add(self.builder.slice_of(loop, 0.0, length), at, beats, "plain", offset, silences)

    def beats(
        self, loop: CutLoop, place: float, at: float, beats: float, treatment: Treatment = "plain"
    ) -> None:
        """So many beats of the loop, from `place` in it, once."""
        self._add(self.builder.slice_of(loop, place, beats), at, beats, treatment, 0.0, ())

    def _add(
        self, cut: _Slice, at: float, beats: float, treatment: Treatment, offset: float,
        silences: tuple[tuple[float, float], ...],
    ) -> None:  # fmt: skip
        if beats <= 0.0:
            return
        section, builder = self.section, self.builder
        self.clips.append(
            Clip(
                id=f"{section.name}/{SAMPLE.id}/{len(self.clips)}",
                track=SAMPLE.id,
                start_beat=section.start_bar * float(builder.bar) + at,
                beats=beats,
                digest=builder.cuts.digest,
                source_bpm=cut.bpm,
                source_start_s=cut.start_s,
                loop_beats=cut.beats,
                offset_beats=offset,
                semitones=builder.shift,
                gain_db=round(-_QUIETER_DB * (1.0 - section.energy), 2),
                treatment=treatment,
                silences=silences,
            )
        )


def cuts_of(song: Song) -> Cuts | None:
    """The bars of the track that a rebuilt song is made of, as far as they are heard in it.

    Each loop counts as energetic as the sections that play it. None where there is none.
    """
    bar = song.beats_per_bar
    heard: dict[tuple[float, float, int], list[float]] = {}
    digest = ""
    for clip in song.clips:
        length = clip.loop_beats / bar
        whole = clip.treatment == "plain" and clip.source_bpm and length in _LENGTHS
        if clip.track != SAMPLE.id or not clip.digest or not whole or clip.source_bpm is None:
            continue
        held = next(
            (s for s in song.sections if s.start_bar * bar <= clip.start_beat
             < (s.start_bar + s.bars) * bar), None
        )  # fmt: skip
        key = (clip.source_start_s, clip.source_bpm, int(length))
        heard.setdefault(key, []).append(0.5 if held is None else held.energy)
        digest = clip.digest
    if not heard:
        return None
    bars: list[CutBar] = []
    loops = []
    for (start_s, bpm, length), energies in sorted(heard.items()):
        energy = sum(energies) / len(energies)
        loops.append(CutLoop(len(bars), length, 0, energy, 0.5))
        bars += [
            CutBar(round(start_s + i * bar * 60.0 / bpm, 6), bpm, 0, 0.0, energy, i % 4)
            for i in range(length)
        ]
    tempo = max(heard, key=lambda key: (len(heard[key]), key))[1]
    return Cuts(digest, tempo, bar, True, 1.0, 1, tuple(bars), tuple(loops))


def _overlap(one: CutLoop, other: CutLoop) -> float:
    """Share of the shorter loop's bars that both hold."""
    first = max(one.first, other.first)
    last = min(one.first + one.bars, other.first + other.bars)
    return max(last - first, 0) / min(one.bars, other.bars)


def _glide(start: float, end: float, low: float, high: float) -> _Points:
    """An exponential glide; playback is linear in between."""
    return [
        (start + (end - start) * i / 6.0, round(low * (high / low) ** (i / 6.0), 1))
        for i in range(7)
    ]


def _rested(glides: Sequence[_Points], rest: float) -> tuple[tuple[float, float], ...]:
    """Glides with the resting value before, between and after them."""
    gap = 1.0 / 16.0
    made: _Points = [(0.0, rest)]
    for glide in glides:
        begin, end = glide[0][0], glide[-1][0]
        # A glide that begins where one has ended takes over from it.
        made = [point for point in made if point[0] <= begin - 2.0 * gap or point[0] == 0.0]
        if begin > 0.0:
            made.append((max(begin - gap, 0.0), rest))
        else:
            made = []
        made += [*glide, (end + gap, rest)]
    return tuple(made)
