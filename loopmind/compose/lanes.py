"""Lanes: each track of the song with the sounds it plays, and which lanes play in which section."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from loopmind.compose.genres import PEAK_KINDS, GenreProfile
from loopmind.compose.harmony import Chord
from loopmind.compose.patterns import Grid
from loopmind.compose.seeds import chance
from loopmind.compose.slots import base_slot, section_of
from loopmind.compose.structure import Part
from loopmind.music.key import Key
from loopmind.music.loop import Crate, Loop
from loopmind.music.palette import Candidate, Choice, Palette
from loopmind.music.song import Track

LaneKind = Literal["loop", "excerpt", "drum", "bass", "chords", "lead", "crash", "fill"]
CURVE_DB = 13.0
MOST_LOWERED_DB = 6.0
LOWEST_DB = 15.0
ORNAMENTS = frozenset({"crash", "fill"})
# From which energy on a voice of the kit joins, where the drums play at all.
_VOICE_ENERGY = {"kick": 0.0, "snare": 0.3, "hat": 0.0, "clap": 0.55, "perc": 0.5, "cymbal": 0.8,
                 "tom": 0.7}  # fmt: skip
_TITLES = {"perc": "Percussion hit", "fx": "Effects", "riser": "Risers", "fill": "Fills"}


@dataclass(frozen=True)
class Source:
    """One sound of a lane; `gain_db` brings it to the level of the lane's first sound."""

    loop: Loop
    candidate: Candidate
    gain_db: float = 0.0


@dataclass(frozen=True)
class Lane:
    """A track with its sounds (the first is the main one) and how it is played."""

    track: Track
    kind: LaneKind
    sources: tuple[Source, ...]
    weight: float

    @property
    def id(self) -> str:
        return self.track.id


@dataclass(frozen=True)
class Score:
    """What every writer of clips needs to know of the song."""

    genre: GenreProfile
    seed: int
    section_seeds: Mapping[str, int]
    grid: Grid
    bpm: float
    key: Key | None
    chords: tuple[Chord, ...]
    lanes: tuple[Lane, ...]
    levels: Mapping[str, float] = field(default_factory=dict)
    track_seeds: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def level_db(self, section: str, gain_db: float = 0.0) -> float:
        """Gain of a clip in `section` whose own gain is `gain_db`."""
        return round(max(self.levels.get(section, 0.0) + gain_db, -LOWEST_DB), 2)

    def seed_of(self, section: str, lane: str = "") -> int:
        """The seed that decides what happens in `section`, or what `lane` does in it."""
        whole = self.section_seeds.get(section, self.seed)
        return self.track_seeds.get((section, lane), whole)

    def has_own_seed(self, section: str, lane: str) -> bool:
        """Whether `lane` was asked to do in `section` something else than in the rest."""
        return section in self.section_seeds or (section, lane) in self.track_seeds


def build_lanes(
    palette: Palette, crate: Crate, genre: GenreProfile, section: str | None = None
) -> tuple[Lane, ...]:
    """One lane for each slot that takes no turns with another, most important first.

    Choices whose loop the crate no longer holds are left out, and those that are confined to a
    section other than `section`; in theirs they play instead of the others of their slot.
    """
    by_digest = crate.by_digest()
    grouped: dict[str, list[Choice]] = {}
    confined = {
        base_slot(c.slot) for c in palette.choices
        if section is not None and section_of(c.slot) == section and c.picked.digest in by_digest
    }  # fmt: skip
    for choice in palette.choices:
        base, only = base_slot(choice.slot), section_of(choice.slot)
        plays = only == section if base in confined else only is None
        if plays and choice.picked.digest in by_digest:
            grouped.setdefault(base, []).append(choice)
    lanes = []
    for slot, choices in grouped.items():
        first = by_digest[choices[0].picked.digest]
        sources = []
        for choice in choices:
            loop = by_digest[choice.picked.digest]
            match = min(max(first.loudness_lufs - loop.loudness_lufs, -9.0), 9.0)
            if not -70.0 < loop.loudness_lufs < 20.0 or not -70.0 < first.loudness_lufs < 20.0:
                match = 0.0
            sources.append(Source(loop, choice.picked, round(match, 2)))
        title = _TITLES.get(slot, slot.capitalize())
        track = Track(slot, title, choices[0].role, choices[0].instrument)
        kind = _kind(slot, choices[0], first, genre)
        weight = 0.05 if kind in ORNAMENTS else genre.role(choices[0].role).priority
        lanes.append(Lane(track, kind, tuple(sources), weight))
    if all(lane.kind in ORNAMENTS for lane in lanes):
        # Where there is nothing to adorn, the ornament itself keeps time.
        lanes = [replace(lane, kind="drum") for lane in lanes]
    voices = list(_VOICE_ENERGY)
    lanes.sort(
        key=lambda lane: (
            -lane.weight, voices.index(lane.id) if lane.id in voices else -1, lane.id,
        )
    )  # fmt: skip
    return tuple(lanes)


def _kind(slot: str, choice: Choice, loop: Loop, genre: GenreProfile) -> LaneKind:
    if slot == "crash" or (slot == "cymbal" and not genre.drums.get("cymbal")):
        return "crash"
    if slot == "fill" or (slot == "tom" and not genre.drums.get("tom")):
        return "fill"
    if loop.kind == "song":
        return "excerpt"
    if choice.picked.source_bpm is not None:
        return "loop"
    if choice.role in ("drums", "percussion", "fx", "vocal"):
        return "drum"
    return {"bass": "bass", "lead": "lead"}.get(choice.role, "chords")  # type: ignore[return-value]


def layers(parts: Sequence[Part], score: Score) -> dict[str, tuple[str, ...]]:
    """Section name -> ids of the lanes that play in it, most important first.

    Peaks have more lanes than any other section (where there is more than one lane), the last
    peak has them all; no section is empty.
    """
    main = [lane for lane in score.lanes if lane.kind not in ORNAMENTS]
    found: dict[str, list[str]] = {}
    peaks = [p for p in parts if p.section.kind in PEAK_KINDS]
    for part in parts:
        found[part.section.name] = [lane.id for lane in main if _plays(lane, part)] or _alone(
            main, part
        )
    if len(main) > 1:
        for part in parts:
            name = part.section.name
            if part.section.kind not in PEAK_KINDS:
                # The peak keeps one sound to itself.
                while len(found[name]) >= len(main):
                    found[name] = _without_one(found[name], main, part, score)
    most = max((len(found[p.section.name]) for p in parts if p not in peaks), default=0)
    for number, part in enumerate(peaks):
        everything = [lane.id for lane in main]
        spare = number < len(peaks) - 1 and number < 2 and len(everything) - 1 > most
        found[part.section.name] = everything[:-1] if spare else everything
    return {name: tuple(ids) for name, ids in found.items()}


def section_levels(
    parts: Sequence[Part], playing: Mapping[str, Sequence[str]], score: Score
) -> dict[str, float]:
    """Section name -> gain in dB that makes the energy curve heard, 0 at the peak.

    What missing layers take from the loudness already is not taken twice. The curve is steep
    because compressors and the limiter give back more than half of what is taken here.
    """
    by_id = {lane.id: lane for lane in score.lanes}

    def power(ids: Sequence[str]) -> float:
        parts_heard = {by_id[i].track.role for i in ids}
        levels = [
            # Limited peaks add less to the loudness than their meter says.
            score.genre.role(role).level_lu - (3.0 if role == "drums" else 0.0)
            for role in parts_heard
        ]
        return float(sum(10.0 ** (level / 10.0) for level in levels))

    most = max((power(ids) for ids in playing.values()), default=0.0)
    found = {}
    for part in parts:
        here = power(playing[part.section.name])
        thinner = 10.0 * math.log10(most / here) if here > 0.0 else 0.0
        wanted = CURVE_DB * (1.0 - part.section.energy)
        found[part.section.name] = round(-min(max(wanted - thinner, 0.0), MOST_LOWERED_DB), 2)
    return found


def _plays(lane: Lane, part: Part) -> bool:
    if "all" in part.plays:
        return True
    if lane.track.role not in part.plays and not (lane.id == "perc" and "percussion" in part.plays):
        return False
    if lane.kind == "drum":
        return part.section.energy >= _VOICE_ENERGY.get(lane.id, 0.0)
    return True


def _alone(main: Sequence[Lane], part: Part) -> list[str]:
    """What plays where the section asks only for roles that nothing fills."""
    quiet = [lane for lane in main if lane.track.role not in ("drums", "percussion", "bass")]
    calm = part.section.energy < 0.4
    if calm and quiet:
        return [lane.id for lane in quiet[:2]]
    # A lone kick is no beginning: of a kit the light voices go first.
    light = {"hat": 0, "perc": 1, "percussion": 1, "cymbal": 2, "clap": 3}
    pool = sorted(main, key=lambda lane: light.get(lane.id, 9)) if calm else list(main)
    return [lane.id for lane in pool[:2]]


def _without_one(ids: list[str], main: Sequence[Lane], part: Part, score: Score) -> list[str]:
    """`ids` less one of the two least important lanes, by chance of the section."""
    ordered = [lane.id for lane in main if lane.id in ids]
    last = ordered[-2:] if len(ordered) > 2 else ordered[-1:]
    seed = score.seed_of(part.section.name)
    gone = last[int(chance(seed, part.section.name, "leaves out") * len(last))]
    return [i for i in ids if i != gone]
