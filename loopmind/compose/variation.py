"""Loops laid out in phrases, varied so that nothing runs on unchanged.

Law: within a section every second phrase, and the last, differs from the plain loop by silences,
another sound, a treatment or another offset; a phrase is at most 8 bars.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from loopmind.compose.compatibility import source_start_s
from loopmind.compose.genres import PEAK_KINDS
from loopmind.compose.lanes import Lane, Score, Source
from loopmind.compose.seeds import chance, stream
from loopmind.compose.structure import Part
from loopmind.music.loop import HEARD_SECONDS
from loopmind.music.song import Clip, Treatment

Silences = tuple[tuple[float, float], ...]
CALLING_ROLES = frozenset({"lead", "vocal"})


@dataclass(frozen=True)
class Ending:
    """How a section ends: beats of drum silence, a fill, a stutter on the last beat.

    final: nothing follows, so the bass falls silent with the drums.
    """

    dropout_beats: float = 0.0
    fill: bool = False
    stutter: bool = False
    tape_stop: bool = False
    final: bool = False


class ClipWriter:
    """Numbers and places the clips of one lane in one section."""

    def __init__(self, lane: Lane, part: Part, score: Score) -> None:
        self.lane, self.part, self.score = lane, part, score
        self.bar = score.grid.beats_per_bar
        self.start = float(part.section.start_bar * self.bar)
        self.clips: list[Clip] = []

    def add(
        self, source: Source, at: float, beats: float, *, offset: float = 0.0,
        silences: Silences = (), treatment: Treatment = "plain", fade_in: float = 0.0,
        fade_out: float = 0.0, gain_db: float = 0.0, start_s: float | None = None,
    ) -> None:  # fmt: skip
        """A clip of `beats` at `at` beats into the section; nothing where it lasts no time."""
        if beats <= 0:
            return
        candidate = source.candidate
        bpm = candidate.source_bpm or self.score.bpm
        loop_beats = candidate.beats or float(self.bar)
        begin = source_start_s(source.loop, bpm) if start_s is None else start_s
        place = offset % loop_beats
        if treatment != "plain" and place:
            # Treated material is cut from the file, so the place in the loop moves there too.
            begin, place = begin + place * 60.0 / bpm, 0.0
        self.clips.append(
            Clip(
                id=f"{self.part.section.name}/{self.lane.id}/{len(self.clips)}",
                track=self.lane.id,
                start_beat=self.start + at,
                beats=beats,
                digest=source.loop.digest,
                source_bpm=bpm,
                source_start_s=round(begin, 6),
                loop_beats=loop_beats,
                offset_beats=place,
                semitones=candidate.semitones,
                gain_db=self.score.level_db(self.part.section.name, source.gain_db + gain_db),
                fade_in_beats=fade_in,
                fade_out_beats=fade_out,
                treatment=treatment,
                silences=tidy_silences(silences, beats),
            )
        )


def tidy_silences(silences: Silences, beats: float) -> Silences:
    """Silences in order, inside the clip, those that touch joined; never the whole clip."""
    kept: list[tuple[float, float]] = []
    for start, length in sorted(silences):
        begin, end = max(start, 0.0), min(start + length, beats)
        if end <= begin:
            continue
        if kept and begin <= kept[-1][0] + kept[-1][1]:
            end = max(end, kept[-1][0] + kept[-1][1])
            begin = kept[-1][0]
            kept.pop()
        kept.append((round(begin, 6), round(end - begin, 6)))
    return () if sum(length for _, length in kept) >= beats - 0.25 else tuple(kept)


def phrase_bars(lane: Lane, beats_per_bar: int) -> int:
    """Length of a phrase: 4 bars, or 8 for loops that last longer than 4."""
    return 8 if lane.sources[0].candidate.beats > 4 * beats_per_bar else 4


def home_source(lane: Lane, part: Part, score: Score) -> int:
    """Which of the lane's sounds a section is built on: peaks on the first, others by chance.

    Sections of one kind share it, so that a verse is known by its sounds; later ones may change,
    and so may any that was made anew.
    """
    several = len(lane.sources)
    name = part.section.name
    if several > 1 and score.has_own_seed(name, lane.id):
        return int(chance(score.seed_of(name, lane.id), name, lane.id, "home") * several)
    if several < 2 or part.section.kind in PEAK_KINDS:
        return 0
    kind = part.section.kind
    home = int(chance(score.seed, "home", lane.id, kind) * several)
    seed = score.seed_of(part.section.name, lane.id)
    if not part.section.name.endswith(" 1") and chance(seed, part.section.name, lane.id) < 0.3:
        home = (home + 1) % several
    return home


def loop_clips(
    lane: Lane, part: Part, score: Score, ending: Ending, enter_bar: int, *, shared: bool = False
) -> list[Clip]:
    """The clips of a loop lane in one section, from `enter_bar` of it on.

    shared: another lane calls too, so that a lead and a voice take turns in front.
    """
    writer = ClipWriter(lane, part, score)
    bar = writer.bar
    home = home_source(lane, part, score)
    length = phrase_bars(lane, bar)
    first_bar, number = enter_bar, 0
    while first_bar < part.section.bars:
        bars = min(length - first_bar % length, part.section.bars - first_bar)
        last = first_bar + bars >= part.section.bars
        seed = score.seed_of(part.section.name, lane.id)
        rng = stream(seed, part.section.name, lane.id, number)
        source = lane.sources[home]
        start_s = _excerpt_start(lane, part, score) if lane.kind == "excerpt" else None
        _phrase(writer, source, first_bar, bars, number, last, ending, rng, home, start_s,
                shared)  # fmt: skip
        first_bar += bars
        number += 1
    return writer.clips


def _excerpt_start(lane: Lane, part: Part, score: Score) -> float:
    """Where in a whole song the excerpt of this kind of section begins: on one of its bars.

    What lies behind the part that was heard may be anything, silence too.
    """
    source = lane.sources[0]
    bpm = source.candidate.source_bpm or score.bpm
    bar_s = score.grid.beats_per_bar * 60.0 / bpm
    heard_s = min(source.loop.duration_s, HEARD_SECONDS)
    room = heard_s - source.loop.downbeat_s - source.candidate.beats * 60.0 / bpm
    bars = max(int(room / bar_s), 0)
    share = chance(score.seed_of(part.section.name, lane.id), "excerpt", part.section.kind)
    return max(source.loop.downbeat_s, 0.0) + int(share * (bars + 1)) * bar_s


def _phrase(
    writer: ClipWriter, source: Source, first_bar: int, bars: int, number: int, last: bool,
    ending: Ending, rng: np.random.Generator, home: int, start_s: float | None, shared: bool,
) -> None:  # fmt: skip
    lane, part, bar = writer.lane, writer.part, writer.bar
    role = lane.track.role
    at, beats = float(first_bar * bar), float(bars * bar)
    loop_beats = source.candidate.beats or float(bar)
    offset = (
        at % loop_beats if loop_beats > phrase_bars(lane, bar) * bar or at % loop_beats else 0.0
    )
    silences: list[tuple[float, float]] = []
    # Neighbouring phrases draw from different halves of what may vary, across sections too, so
    # that no variation follows itself.
    turn = (part.section.start_bar + first_bar) // phrase_bars(lane, bar) % 2
    peak = part.section.kind in PEAK_KINDS
    if role in CALLING_ROLES:
        density = writer.score.genre.role(role).density
        if shared:
            # Only the last peak lets both sound at once, for part of the time.
            density = min(density, 0.75 if part.section.energy >= 1.0 else 0.5)
            peak = False
        front = bool(turn) != (shared and role == "vocal")
        silences += _call(beats, bar, peak, density, front=front)
    if role == "fx":
        # Effects mark where something begins and then stay out of the way.
        mark = min(beats, max(loop_beats, float(bar)))
        if number == 0:
            writer.add(source, at, mark, offset=offset, start_s=start_s)
        return
    if loop_beats < bar and role in CALLING_ROLES:
        # A word or a single phrase is said once, not chanted all through.
        writer.add(source, at, min(loop_beats, beats), offset=offset, start_s=start_s)
        if turn and beats >= 4 * bar:
            writer.add(source, at + 2 * bar, loop_beats, start_s=start_s)
        return
    rhythm = ("drums", "percussion", "bass") if ending.final else ("drums", "percussion")
    ends_drums = last and role in rhythm and ending.dropout_beats > 0
    tail = 0.0
    if ends_drums:
        silences.append((beats - ending.dropout_beats, ending.dropout_beats))
    elif last and ending.stutter and role in ("drums", "chords"):
        tail = 1.0
    if turn and beats > 4 * bar and role in ("drums", "percussion", "bass"):
        # Long phrases of the rhythm differ by a breath in the middle, however they end.
        silences += _rest("break", beats, bar, rng)
    varied = ends_drums or tail > 0 or role in CALLING_ROLES
    if (number % 2 == 1 or last) and not varied:
        habits = writer.score.genre.habits
        unwanted = {"gate"} if habits.stutter < 0.15 else set()
        unwanted |= {"reverse"} if habits.reverse < 0.2 else set()
        unwanted |= {"swap"} if len(lane.sources) < 2 else set()
        unwanted |= {"turn"} if loop_beats < 2 * bar else set()
        name, score = part.section.name, writer.score
        own = score.has_own_seed(name, lane.id)
        start = chance(score.seed_of(name, lane.id), name, lane.id, "moves")
        move = _move(role, unwanted, turn, rng, (start, number // 2) if own else None)
        if move == "swap":
            other = lane.sources[(home + 1) % len(lane.sources)]
            swapped = float(bar) if beats > bar else beats
            _plain(writer, source, at, beats - swapped, offset, silences, start_s)
            writer.add(other, at + beats - swapped, swapped, offset=offset + beats - swapped)
            return
        if move == "reverse":
            swell = float(bar) / 2.0
            _plain(writer, source, at, beats - swell, offset, silences, start_s)
            writer.add(source, at + beats - swell, swell, offset=offset, treatment="reverse",
                       start_s=start_s, gain_db=-1.5)  # fmt: skip
            return
        if move == "turn":
            offset += loop_beats / 2.0
        else:
            silences += _rest(move, beats, bar, rng)
    if tail:
        _plain(writer, source, at, beats - tail, offset, silences, start_s)
        writer.add(source, at + beats - tail, tail, offset=offset + beats - tail,
                   treatment="stutter", start_s=start_s)  # fmt: skip
        return
    _plain(writer, source, at, beats, offset, silences, start_s)


def _plain(
    writer: ClipWriter, source: Source, at: float, beats: float, offset: float,
    silences: list[tuple[float, float]], start_s: float | None,
) -> None:  # fmt: skip
    writer.add(source, at, beats, offset=offset, silences=tuple(silences), start_s=start_s)


def _call(
    beats: float, bar: int, peak: bool, density: float, *, front: bool
) -> list[tuple[float, float]]:
    """Call and response: a lead or voice rests for part of each phrase, less so in a peak."""
    rest = beats * (1.0 - density) * (0.5 if peak else 1.0)
    rest = round(rest / bar) * float(bar)
    rest = min(rest, beats - bar) if beats > bar else min(rest, beats / 2.0)
    if rest <= 0.0:
        rest = 1.0
    return [(0.0, rest)] if front else [(beats - rest, rest)]


_MOVES: dict[str, tuple[str, ...]] = {
    "drums": ("last beat", "last half", "swap", "break", "swap"),
    "percussion": ("half", "last bar", "turn", "swap"),
    "bass": ("last beat", "last half", "break"),
    "chords": ("last half", "reverse", "gate", "swap", "last beat"),
    "pad": ("last half", "last beat", "swap", "reverse"),
    "lead": ("half", "last bar", "swap"),
    "vocal": ("half", "last bar", "swap"),
}


def _move(
    role: str, unwanted: set[str], turn: int, rng: np.random.Generator,
    order: tuple[float, int] | None,
) -> str:  # fmt: skip
    """A variation by chance; with `order` (where to begin 0..1, which one) the next in a row."""
    moves = [m for m in _MOVES.get(role, ("last half",)) if m not in unwanted] or ["last half"]
    if order is not None:
        return moves[(int(order[0] * len(moves)) + order[1]) % len(moves)]
    moves = moves[turn::2] or moves
    return moves[int(rng.integers(len(moves)))]


def _rest(move: str, beats: float, bar: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    if move == "last beat":
        return [(beats - 1.0, 1.0)]
    if move == "last bar" and beats > bar:
        return [(beats - bar, float(bar))]
    if move == "half" and beats >= 2 * bar:
        half = beats / 2.0
        return [(0.0, half)] if rng.random() < 0.5 else [(half, half)]
    if move == "break" and beats > bar:
        middle = float(int(beats / bar / 2) * bar)
        return [(middle - 1.0, 1.0)]
    if move == "gate":
        # Chopped in eighths over the last bar.
        start = max(beats - bar, 0.0)
        return [(start + 0.5 + step, 0.5) for step in np.arange(0.0, min(bar, beats)).tolist()]
    return [(beats - min(2.0, beats / 2.0), min(2.0, beats / 2.0))]


def with_fades(clips: list[Clip], fade_in: float, fade_out: float) -> list[Clip]:
    """The first clip fading in and the last fading out over so many beats."""
    if not clips:
        return clips
    made = list(clips)
    if fade_in:
        made[0] = replace(made[0], fade_in_beats=min(fade_in, made[0].beats))
    if fade_out:
        made[-1] = replace(made[-1], fade_out_beats=min(fade_out, made[-1].beats))
    return made
