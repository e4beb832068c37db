"""What leads from one section to the next: dropouts, fills, risers, sweeps, crashes, fades."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from loopmind.compose.compatibility import source_start_s
from loopmind.compose.genres import PEAK_KINDS
from loopmind.compose.lanes import Lane, Score, Source
from loopmind.compose.patterns import STEPS_PER_BEAT
from loopmind.compose.seeds import chance, stream
from loopmind.compose.structure import Part
from loopmind.compose.variation import Ending
from loopmind.music.song import Automation, Clip, Hit, Track, Treatment

RISER = Track("riser", "Risers", "fx", "fx")
OPEN_HZ = 20000.0
FLOOR_HZ = 20.0
Points = list[tuple[float, float]]
_SWEPT_ROLES = ("chords", "pad", "lead", "vocal")


def ending_of(part: Part, following: Part | None, score: Score) -> Ending:
    """How `part` ends, by the genre's habits; before a peak more happens."""
    seed, name = score.seed_of(part.section.name), part.section.name
    habits, bar = score.genre.habits, score.grid.beats_per_bar
    if following is None:
        # A song that does not fade ends on the first beat of its last bar, which then rings out.
        short = fades(part, score) or part.section.bars < 2
        return Ending(final=True) if short else Ending(dropout_beats=bar - 1.0, final=True)
    peak = following.section.kind in PEAK_KINDS
    eager = 1.0 if peak else 0.5
    rng = stream(seed, name, "ending")
    dropout = 0.0
    if rng.random() < habits.dropout * eager:
        options = [1.0, 1.0, 2.0, float(bar)] if peak else [0.5, 1.0, 2.0]
        dropout = min(options[int(rng.integers(len(options)))], float(part.section.bars * bar) / 2)
    fill = bool(rng.random() < habits.fill * (0.7 + 0.3 * eager))
    stutter = bool(rng.random() < habits.stutter * eager)
    stop = bool(rng.random() < habits.tape_stop * (0.7 if not peak else 0.3))
    return Ending(dropout, fill, stutter, stop)


def crashes(lane: Lane, parts: Sequence[Part], score: Score) -> list[Clip]:
    """A crash on the first beat of sections, mostly of peaks, surely of the last one."""
    clips = []
    for part in parts:
        section = part.section
        if section.start_bar == 0 or section.kind in ("breakdown", "outro"):
            continue
        likely = score.genre.habits.crash * (1.2 if section.kind in PEAK_KINDS else 0.5)
        final = section.energy >= 1.0 and score.genre.habits.crash >= 0.2
        if final or chance(score.seed_of(section.name, lane.id), section.name, "crash") < likely:
            velocity = round(0.6 + 0.35 * section.energy, 3)
            clips.append(_pattern(lane, part, score, (Hit(0.0, lane.sources[0].loop.digest,
                                                          velocity),)))  # fmt: skip
    return clips


def fills(lane: Lane, part: Part, score: Score, ending: Ending) -> list[Clip]:
    """A roll of a single drum sound over the last beats of a section, beside a drum loop."""
    if not ending.fill:
        return []
    grid, bar = score.grid, score.grid.beats_per_bar
    seed = score.seed_of(part.section.name, lane.id)
    rng = stream(seed, part.section.name, lane.id, "fill")
    lines = ("x.x.xxxx", "..x.x.xx", "x..x..xx", "....xxxx")
    line = lines[int(rng.integers(len(lines)))][-2 * STEPS_PER_BEAT :]
    steps = part.section.bars * bar * STEPS_PER_BEAT
    hits = []
    for i, mark in enumerate(line):
        if mark == "x":
            strength = round(0.45 + 0.5 * i / len(line) * float(rng.uniform(0.9, 1.05)), 4)
            beat = grid.beat(steps - len(line) + i)
            hits.append(Hit(beat, lane.sources[0].loop.digest, min(strength, 1.0)))
    return [_pattern(lane, part, score, tuple(hits))]


def _pattern(lane: Lane, part: Part, score: Score, hits: tuple[Hit, ...]) -> Clip:
    bar = score.grid.beats_per_bar
    return Clip(
        id=f"{part.section.name}/{lane.id}/0", track=lane.id,
        start_beat=float(part.section.start_bar * bar), beats=float(part.section.bars * bar),
        gain_db=score.level_db(part.section.name, lane.sources[0].gain_db), hits=hits,
    )  # fmt: skip


def risers(parts: Sequence[Part], score: Score) -> list[Clip]:
    """Swells into sections made of the song's own sounds, played backwards and filtered."""
    sources = _riser_sources(score.lanes)
    if not sources:
        return []
    clips = []
    for before, part in itertools.pairwise(parts):
        section, bar = part.section, score.grid.beats_per_bar
        seed, peak = score.seed_of(before.section.name), section.kind in PEAK_KINDS
        habits, room = score.genre.habits, float(before.section.bars * bar)
        rise = peak and chance(seed, section.name, "riser") < habits.riser
        swell = chance(seed, section.name, "reverse") < habits.reverse * (1.0 if peak else 0.5)
        if not rise and not swell:
            continue
        long = before.section.bars >= 8 and section.energy - before.section.energy > 0.3
        beats = float(bar * (2 if long else 1)) if rise else float(bar) / 2.0
        beats = min(beats, room)
        source = sources[int(chance(seed, section.name, "source") * min(len(sources), 3))]
        start = section.start_bar * bar - beats
        treatment: Treatment = "riser" if rise else "reverse"
        gain_db = 0.0 if peak else -2.0
        name = f"{before.section.name}/riser/0"
        clips.append(_swell(name, source, float(start), beats, treatment, gain_db, score))
    return clips


def _swell(
    name: str, source: Source, start: float, beats: float, treatment: Treatment, gain_db: float,
    score: Score,
) -> Clip:  # fmt: skip
    bpm = source.candidate.source_bpm or score.bpm
    return Clip(
        id=name, track=RISER.id, start_beat=start, beats=beats, digest=source.loop.digest,
        source_bpm=source.candidate.source_bpm, loop_beats=beats,
        source_start_s=source_start_s(source.loop, bpm), semitones=source.candidate.semitones,
        treatment=treatment, gain_db=gain_db,
    )  # fmt: skip


def _riser_sources(lanes: Sequence[Lane]) -> list[Source]:
    order = {"pad": 0, "chords": 1, "fx": 2, "lead": 3, "vocal": 4, "percussion": 5, "drums": 6}
    ranked = sorted(
        (lane for lane in lanes if lane.kind == "loop" or lane.kind == "crash"),
        key=lambda lane: (order.get(lane.track.role, 9), lane.id),
    )
    return [lane.sources[0] for lane in ranked]


def sweeps(parts: Sequence[Part], score: Score) -> list[Automation]:
    """Filters that open on the way into a peak: low passes of pitched lanes, low cuts of drums."""
    opening: list[Points] = []
    cutting: list[Points] = []
    bar = score.grid.beats_per_bar
    for before, part in itertools.pairwise(parts):
        if part.section.kind not in PEAK_KINDS or before.section.kind in PEAK_KINDS:
            continue
        seed = score.seed_of(before.section.name)
        peak_at = float(part.section.start_bar * bar)
        habit = score.genre.habits.sweep
        if chance(seed, part.section.name, "sweep") < habit:
            bars = min(before.section.bars, 8 if before.section.energy < 0.45 else 4)
            low = 350.0 if before.section.energy < 0.4 else 900.0
            opening.append(_exponential(peak_at - bars * bar, peak_at, low, 16000.0))
        if chance(seed, part.section.name, "cut") < habit - 0.3:
            bars = min(before.section.bars, 2)
            cutting.append(_exponential(peak_at - bars * bar, peak_at, 40.0, 350.0))
    found = []
    for lane in score.lanes:
        if opening and lane.track.role in _SWEPT_ROLES and lane.kind not in ("crash", "fill"):
            found.append(_ramp(lane.id, "lowpass_hz", opening, OPEN_HZ))
        if cutting and lane.track.role in ("drums", "bass"):
            found.append(_ramp(lane.id, "highpass_hz", cutting, FLOOR_HZ))
    return found


def _exponential(start: float, end: float, low: float, high: float) -> Points:
    """Points of an exponential glide; playback is linear in between."""
    steps = 6
    return [
        (start + (end - start) * i / steps, round(low * (high / low) ** (i / steps), 1))
        for i in range(steps + 1)
    ]


def _ramp(track: str, parameter: str, glides: Sequence[Points], rest: float) -> Automation:
    """Glides with the resting value around each: left just before, reached just after."""
    gap = 1.0 / STEPS_PER_BEAT / 4.0
    made: Points = []
    for glide in glides:
        if glide[0][0] > 0.0:
            if not made:
                made.append((0.0, rest))
            made.append((max(glide[0][0] - gap, made[-1][0]), rest))
        made += [*glide, (glide[-1][0] + gap, rest)]
    return Automation(track, parameter, tuple(made))


def fades(part: Part, score: Score) -> bool:
    """Whether `part`, the song's last, is faded on the master."""
    name = part.section.name
    likely = score.genre.habits.fade_out if part.section.kind == "outro" else 0.0
    return chance(score.seed_of(name), name, "fade out") < likely


def last_breath(parts: Sequence[Part], score: Score) -> list[Clip]:
    """The last bar of a song that does not fade: its own sound falling away under the silence."""
    part, bar = parts[-1], float(score.grid.beats_per_bar)
    sources = _riser_sources(score.lanes)
    if not sources or fades(part, score) or part.section.bars < 2:
        return []
    source = sources[0]
    start = (part.section.start_bar + part.section.bars) * bar - bar
    return [_swell(f"{part.section.name}/riser/0", source, start, bar, "fall", 1.0, score)]


def fade_out(parts: Sequence[Part], score: Score) -> list[Automation]:
    """The song's end faded on the master, where the genre does so."""
    if not parts or parts[-1].section.kind != "outro":
        return []
    section, bar = parts[-1].section, score.grid.beats_per_bar
    if not fades(parts[-1], score):
        return []
    end = float((section.start_bar + section.bars) * bar)
    bars = min(section.bars, 8)
    start = end - bars * bar
    # Steady in loudness, not in decibels: most of a fade is to be heard, not to be waited for.
    shape = ((0.0, 0.0), (0.5, -6.0), (0.75, -13.0), (0.9, -22.0), (1.0, -48.0))
    points = ((0.0, 0.0), *((start + share * (end - start), db) for share, db in shape))
    kept = points[1:] if start == 0.0 else points
    return [Automation("master", "gain_db", kept)]
