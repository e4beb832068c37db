"""The arrangement: sections, tracks, clips and automation on one beat grid."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from loopmind.music.brief import Brief
from loopmind.music.key import Key
from loopmind.music.loop import Role
from loopmind.music.mix import EFFECT_KINDS
from loopmind.music.tempo_map import TempoMap

SectionKind = Literal["intro", "verse", "hook", "bridge", "breakdown", "drop", "outro"]
SECTION_KINDS: tuple[SectionKind, ...] = (
    "intro", "verse", "hook", "bridge", "breakdown", "drop", "outro",
)  # fmt: skip
Treatment = Literal["plain", "reverse", "riser", "fall", "stutter", "tape_stop"]
AUTOMATED = ("gain_db", "lowpass_hz", "highpass_hz", "reverb_send_db", *EFFECT_KINDS)


def beat_to_frame(beat: float, bpm: float, rate_hz: int) -> int:
    """Frame on which `beat` falls: round(beat * 60 * rate / bpm). The only such conversion.

    >>> beat_to_frame(4, 120, 44100)
    88200
    """
    return round(beat * 60.0 * rate_hz / bpm)


def swung(beat: float, old: float, new: float) -> float:
    """Where `beat` goes as a grid swung by `old` becomes one swung by `new`.

    Beats stay; between them time is stretched on both sides of the second eighth.

    >>> swung(2.5, 0.5, 0.6), swung(2.0, 0.6, 0.5)
    (2.6, 2.0)
    """
    whole, part = divmod(beat, 1.0)
    return whole + (
        part / old * new if part <= old else 1.0 - (1.0 - part) / (1.0 - old) * (1.0 - new)
    )


@dataclass(frozen=True)
class Section:
    """A stretch of whole bars. `energy` 0..1 is its place on the song's energy curve.

    plays: roles that it asks for ("all" for everything); empty where nobody said. seeds: (track,
    seed) pairs that decide what happens in it in place of the song's seed; "" is every track that
    is not named.
    bpm: its tempo; None: the song's.
    """

    name: str
    kind: SectionKind
    start_bar: int
    bars: int
    energy: float
    plays: tuple[str, ...] = ()
    seeds: tuple[tuple[str, int], ...] = ()
    bpm: float | None = None


@dataclass(frozen=True)
class Hit:
    """One triggered one-shot in a pattern clip: `beat` from the clip's start, velocity 0..1."""

    beat: float
    digest: str
    velocity: float
    semitones: int = 0


@dataclass(frozen=True)
class Clip:
    """A loop (or a pattern of hits) placed on a track.

    start_beat, beats: place and length on the song's grid. digest: the loop's, "" for a pattern.
    source_bpm, source_start_s: the reading of the loop's tempo, and where in the file beat 0 lies.
    loop_beats: length in song beats of the fitted loop, which repeats to fill the clip;
    offset_beats: where in it the clip begins. fades are in beats. silences: (start, length)
    in beats from the clip's start that are left out (drop-outs, thinning). recorded: a take of the
    user's, which is never swung and which no edit that does not name its track takes away.
    """

    id: str
    track: str
    start_beat: float
    beats: float
    digest: str = ""
    source_bpm: float | None = None
    source_start_s: float = 0.0
    loop_beats: float = 0.0
    offset_beats: float = 0.0
    semitones: int = 0
    gain_db: float = 0.0
    fade_in_beats: float = 0.0
    fade_out_beats: float = 0.0
    treatment: Treatment = "plain"
    silences: tuple[tuple[float, float], ...] = ()
    hits: tuple[Hit, ...] = ()
    recorded: bool = False


def with_free_id(clip: Clip, taken: Collection[str]) -> Clip:
    """`clip`, under the next free number where its id is taken."""
    if clip.id not in taken:
        return clip
    head, _, tail = clip.id.rpartition("/")
    head = head or clip.id
    number = int(tail) + 1 if tail.isdigit() else 1
    while f"{head}/{number}" in taken:
        number += 1
    return replace(clip, id=f"{head}/{number}")


@dataclass(frozen=True)
class Track:
    """One role's lane in the song."""

    id: str
    name: str
    role: Role
    instrument: str


@dataclass(frozen=True)
class Automation:
    """A parameter of one track (or "master") over time: (beat, value), linear in between.

    parameter: of AUTOMATED; the name of an effect stands for its amount.
    """

    track: str
    parameter: str
    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if self.parameter not in AUTOMATED:
            raise ValueError(f"{self.parameter!r} cannot be automated; choose from {AUTOMATED}")
        beats = [beat for beat, _ in self.points]
        if not beats or beats != sorted(beats):
            raise ValueError(f"automation of {self.track} needs points in order of time")


@dataclass(frozen=True)
class Song:
    """A whole arrangement. Everything that sounds is a clip; the mix is a separate value.

    tail_beats: room left after the last bar for reverb and tails to ring out.
    """

    title: str
    brief: Brief
    seed: int
    bpm: float
    key: Key | None
    beats_per_bar: int
    swing: float
    sections: tuple[Section, ...]
    tracks: tuple[Track, ...]
    clips: tuple[Clip, ...]
    automation: tuple[Automation, ...] = ()
    tail_beats: float = 8.0

    @property
    def bars(self) -> int:
        return max((s.start_bar + s.bars for s in self.sections), default=0)

    @property
    def beats(self) -> float:
        """Length of the arrangement without its tail."""
        return float(self.bars * self.beats_per_bar)

    @property
    def tempo(self) -> TempoMap:
        """Where beats fall in time: `bpm`, and that of every section which has its own."""
        tempos = [(0.0, self.bpm)]
        for section in sorted(self.sections, key=lambda s: s.start_bar):
            place, bpm = float(section.start_bar * self.beats_per_bar), section.bpm or self.bpm
            if place <= 0.0:
                tempos = [(0.0, bpm)]
            elif bpm != tempos[-1][1]:
                tempos.append((place, bpm))
        return TempoMap(tuple(tempos), ((0, self.beats_per_bar),))

    def frames(self, rate_hz: int) -> int:
        """Length of the render, tail included."""
        return self.tempo.frame(self.beats + self.tail_beats, rate_hz)
