"""Arrange a palette into a song: form, layers, phrases, patterns, transitions.

Every decision inside a section draws from a stream named by the section's seed, its name and the
track, so that giving one section another seed leaves all other sections' clips as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from loopmind.compose.genres import PEAK_KINDS, GenreProfile
from loopmind.compose.harmony import Chord, chord_plan
from loopmind.compose.lanes import Lane, Score, build_lanes, layers, section_levels
from loopmind.compose.patterns import Grid, Voice, bass_hits, chord_hits, drum_hits, lead_hits
from loopmind.compose.seeds import chance, stream
from loopmind.compose.structure import Part, plan_parts
from loopmind.compose.transitions import (
    RISER,
    crashes,
    ending_of,
    fade_out,
    fades,
    fills,
    last_breath,
    risers,
    sweeps,
)
from loopmind.compose.variation import (
    CALLING_ROLES,
    Ending,
    loop_clips,
    tidy_silences,
    with_fades,
)
from loopmind.compose.wishes import genre_of, wanted_energy
from loopmind.errors import LoopMindError
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate
from loopmind.music.palette import Palette
from loopmind.music.song import Clip, Hit, Song

PATTERN_BARS = 4
LONGEST_WAIT_S = 15.0


def arrange(
    palette: Palette, crate: Crate, brief: Brief, seed: int, *,
    section_seeds: Mapping[str, int] | None = None, form_seed: int | None = None,
) -> Song:  # fmt: skip
    """The song that `palette` makes. Same arguments, same song; `song.brief.genre` is settled.

    section_seeds: another seed for single sections by name ("hook 1"); the rest stays identical.
    form_seed: another seed for the form alone.
    Raises LoopMindError where the crate holds none of the palette's sounds.
    """
    genre = genre_of(brief, crate)
    lanes = build_lanes(palette, crate, genre)
    if not lanes:
        raise LoopMindError(
            "none of the chosen sounds is in the crate any more; scan the folder and choose again"
        )
    parts = plan_parts(
        genre, bpm=palette.bpm, beats_per_bar=palette.beats_per_bar, length_s=brief.length_s,
        seed=seed if form_seed is None else form_seed,
    )  # fmt: skip
    score = score_for(palette, genre, lanes, seed, section_seeds)
    playing = layers(parts, score)
    score = replace(score, levels=section_levels(parts, playing, score))
    clips: list[Clip] = []
    for number, part in enumerate(parts):
        following = parts[number + 1] if number + 1 < len(parts) else None
        clips += section_clips(part, playing[part.section.name], score, following, brief)
    used = {clip.track for clip in clips}
    tracks = [lane.track for lane in lanes]
    if RISER.id in used:
        tracks.append(RISER)
    order = {track.id: i for i, track in enumerate(tracks)}
    clips.sort(key=lambda clip: (clip.start_beat, order[clip.track], clip.id))
    kept = tuple(track for track in tracks if track.id in used)
    automation = [a for a in sweeps(parts, score) if a.track in used]
    return Song(
        title=_title(brief, genre, palette),
        brief=replace(brief, genre=genre.name),
        seed=seed,
        bpm=palette.bpm,
        key=palette.key,
        beats_per_bar=palette.beats_per_bar,
        swing=palette.swing,
        sections=tuple(part.section for part in parts),
        tracks=kept,
        clips=tuple(clips),
        automation=(*automation, *fade_out(parts, score)),
        tail_beats=float(2 * palette.beats_per_bar),
    )


def score_for(
    palette: Palette, genre: GenreProfile, lanes: tuple[Lane, ...], seed: int,
    section_seeds: Mapping[str, int] | None = None,
) -> Score:  # fmt: skip
    """What the writers of clips go by; levels are still to be set."""
    grid = Grid(palette.beats_per_bar, *_swing(palette, genre, lanes))
    return Score(
        genre, seed, dict(section_seeds or {}), grid, palette.bpm, palette.key,
        _chords(palette, lanes, genre, seed), lanes,
    )  # fmt: skip


def _swing(palette: Palette, genre: GenreProfile, lanes: tuple[Lane, ...]) -> tuple[float, int]:
    """Swing of patterns and its unit: the eighths of the drum loop, else what the genre does.

    A palette whose eighths swing where the genre's do not was told to (SetSwing).
    """
    told = genre.swing_unit == 8 or palette.swing != 0.5
    if told or any(lane.id == "drums" for lane in lanes):
        return palette.swing, 8
    return genre.swing, genre.swing_unit


def _chords(
    palette: Palette, lanes: tuple[Lane, ...], genre: GenreProfile, seed: int
) -> tuple[Chord, ...]:
    if palette.key is None:
        return ()
    heard = [
        (lane.sources[0].loop, lane.sources[0].candidate)
        for role in ("chords", "pad", "lead")
        for lane in lanes
        if lane.track.role == role and lane.kind in ("loop", "excerpt")
    ]
    return chord_plan(palette.key, genre, heard, palette.beats_per_bar, seed)


def _title(brief: Brief, genre: GenreProfile, palette: Palette) -> str:
    mood = f"{brief.moods[0]} " if brief.moods else ""
    key = f" in {palette.key.written}" if palette.key else ""
    title = f"{mood}{genre.name}{key}"
    return title[:1].upper() + title[1:]


def section_clips(
    part: Part, ids: tuple[str, ...], score: Score, following: Part | None, brief: Brief
) -> list[Clip]:
    """All clips of one section: entries, phrases, patterns, fades, its crash, its end.

    What leads into `following` (None: nothing follows) belongs to the section that it ends.
    """
    ending = ending_of(part, following, score)
    clips: list[Clip] = []
    enters = _entries(part, ids, score)
    roles = {lane.track.role for lane in score.lanes if lane.id in ids}
    calling = len(roles & CALLING_ROLES)
    begin = float(part.section.start_bar * score.grid.beats_per_bar)
    for lane in score.lanes:
        if lane.id in ids:
            shared = lane.track.role in CALLING_ROLES and calling > 1
            made = _lane_clips(lane, part, score, ending, enters.get(lane.id, 0), brief, shared)
            clips += _edges(made, lane, part, score, following)
        elif lane.kind == "fill" and any(i in ids for i in ("drums", "kick")):
            clips += fills(lane, part, score, ending)
    if not any(clip.start_beat == begin for clip in clips):
        clips += _downbeats(ids, part, score, {clip.track for clip in clips})
    for lane in score.lanes:
        if lane.kind == "crash" or (lane.id == "cymbal" and lane.kind == "drum"):
            clips = _with_crashes(clips, lane, part, score)
    swells = last_breath((part,), score) if following is None else risers((part, following), score)
    return clips + swells


def _downbeats(ids: tuple[str, ...], part: Part, score: Score, busy: set[str]) -> list[Clip]:
    """A single stroke on the first beat, where patterns leave a section's start silent."""
    for lane in score.lanes:
        if lane.id in ids and lane.kind not in ("loop", "excerpt") and lane.id not in busy:
            bar = float(score.grid.beats_per_bar)
            hit = Hit(0.0, lane.sources[0].loop.digest, 0.8)
            return [
                Clip(
                    id=f"{part.section.name}/{lane.id}/0", track=lane.id,
                    start_beat=part.section.start_bar * bar, beats=part.section.bars * bar,
                    gain_db=score.level_db(part.section.name), hits=(hit,),
                )
            ]  # fmt: skip
    return []


def _entries(part: Part, ids: tuple[str, ...], score: Score) -> dict[str, int]:
    """Bar at which late layers join: the least important ones of longer, calmer sections.

    Two sounds play from the start, a quarter of a minute without a change is long.
    """
    section = part.section
    order = [lane.id for lane in score.lanes if lane.id in ids]
    if section.kind in PEAK_KINDS or section.bars < 8 or len(order) < 2:
        return {}
    half = section.bars // 2 // 4 * 4
    bar_s = score.grid.beats_per_bar * 60.0 / score.bpm
    soon = max(int(LONGEST_WAIT_S / bar_s) // 4 * 4, 4)
    late: dict[str, int] = {}
    for lane_id in order[2:][-2:] or (order[1:] if section.kind == "intro" else ()):
        if chance(score.seed_of(section.name, lane_id), section.name, lane_id, "late") < 0.6:
            late[lane_id] = min(half, soon)
    return late


def _lane_clips(
    lane: Lane, part: Part, score: Score, ending: Ending, enter: int, brief: Brief, shared: bool
) -> list[Clip]:
    if lane.kind in ("loop", "excerpt"):
        return loop_clips(lane, part, score, ending, enter, shared=shared)
    return _pattern_clips(lane, part, score, ending, enter, brief)


def _pattern_clips(
    lane: Lane, part: Part, score: Score, ending: Ending, enter: int, brief: Brief
) -> list[Clip]:
    """A pattern lane in phrases of four bars; every second one is thinned, filled or changed."""
    section, grid = part.section, score.grid
    bar = grid.beats_per_bar
    seed = score.seed_of(section.name, lane.id)
    drive = wanted_energy(brief, score.genre)
    level = min(max(0.75 * section.energy + 0.5 * (drive - 0.5), 0.0), 0.999)
    source = lane.sources[0]
    clips: list[Clip] = []
    first = enter
    while first < section.bars:
        bars = min(PATTERN_BARS - first % PATTERN_BARS, section.bars - first)
        last = first + bars >= section.bars
        number = len(clips)
        rng = stream(seed, section.name, lane.id, number)
        # The same bars run through a section, so that it keeps its beat; fills vary it.
        same = stream(seed, section.kind, lane.id, "bars")
        if lane.kind == "drum":
            fill = (last and ending.fill) or (not last and number % 2 == 1 and rng.random() < 0.4)
            thin = number % 2 == 1 and not fill and rng.random() < 0.25
            voice = "percussion" if lane.id == "perc" else lane.track.instrument
            hits = drum_hits(
                score.genre, voice, source.loop.digest, bars=bars, level=level, grid=grid,
                rng=same, fill=fill, thin=thin,
            )  # fmt: skip
            if last and ending.dropout_beats and lane.id not in ("cymbal",):
                cut = bars * bar - ending.dropout_beats
                keep_fill = fill and lane.track.instrument in ("snare", "tom")
                hits = tuple(h for h in hits if h.beat < cut or keep_fill)
        else:
            hits = _note_hits(lane, score, bars, first, level, same, rng)
            if last and ending.dropout_beats and lane.kind == "bass":
                hits = tuple(h for h in hits if h.beat < bars * bar - ending.dropout_beats)
        if hits:
            clips.append(
                Clip(
                    id=f"{section.name}/{lane.id}/{number}", track=lane.id,
                    start_beat=float((section.start_bar + first) * bar), beats=float(bars * bar),
                    gain_db=score.level_db(section.name), hits=_inside(hits, float(bars * bar)),
                )
            )  # fmt: skip
        first += bars
    return clips


def _note_hits(
    lane: Lane,
    score: Score,
    bars: int,
    first: int,
    level: float,
    same: np.random.Generator,
    rng: np.random.Generator,
) -> tuple[Hit, ...]:
    midi = lane.sources[0].loop.pitch_midi
    if midi is None or score.key is None or not score.chords:
        return ()
    voice = Voice(lane.sources[0].loop.digest, midi)
    turn = first % len(score.chords)
    chords = score.chords[turn:] + score.chords[:turn]
    if lane.kind == "bass":
        return bass_hits(score.genre, voice, chords, bars=bars, level=level, grid=score.grid,
                         rng=same)  # fmt: skip
    if lane.kind == "lead":
        motif = stream(score.seed, "motif", lane.id)
        return lead_hits(score.genre, voice, score.key, chords, bars=bars, level=level,
                         grid=score.grid, rng=rng, motif_rng=motif)  # fmt: skip
    return chord_hits(score.genre, voice, chords, bars=bars, level=level, grid=score.grid, rng=same)


def _inside(hits: tuple[Hit, ...], beats: float) -> tuple[Hit, ...]:
    """Hits in order of time, those beyond the clip left out."""
    kept = [hit for hit in hits if 0.0 <= hit.beat < beats]
    return tuple(sorted(kept, key=lambda h: (h.beat, h.digest, h.semitones)))


def _edges(
    clips: list[Clip], lane: Lane, part: Part, score: Score, following: Part | None
) -> list[Clip]:
    """Fades at the song's start and end, and a tape stop as the last sound where it suits."""
    habits, section = score.genre.habits, part.section
    bar = float(score.grid.beats_per_bar)
    seed = score.seed_of(section.name)
    slow = lane.track.role in ("pad", "chords", "fx", "vocal", "lead")
    rise = 0.0
    if section.kind == "intro" and slow:
        rise = 2.0 * bar if chance(seed, section.name, "fade in") < habits.fade_in else 0.0
    if following is None and clips and lane.kind == "loop":
        stop = chance(seed, section.name, "tape stop") < habits.tape_stop
        final = clips[-1]
        if stop and final.treatment == "plain" and final.beats > 2.0:
            return _stopped(clips, lane, bar)
        # Under the master's fade a second one would leave the last bars silent.
        if slow and not fades(part, score):
            return with_fades(clips, rise, min(2.0 * bar, final.beats))
    return with_fades(clips, rise, 0.0)


def _stopped(clips: list[Clip], lane: Lane, bar: float) -> list[Clip]:
    """The last clip cut short by a tape stop of at most one bar."""
    final = clips[-1]
    length = min(bar, final.beats / 2.0)
    cut = final.beats - length
    silences = tidy_silences(final.silences, cut)
    source_bpm = final.source_bpm or 120.0
    place = (final.offset_beats + cut) % final.loop_beats if final.loop_beats else 0.0
    stop = replace(
        final,
        id=f"{final.id.rsplit('/', 1)[0]}/{len(clips)}",
        start_beat=final.start_beat + cut, beats=length, offset_beats=0.0,
        source_start_s=round(final.source_start_s + place * 60.0 / source_bpm, 6),
        treatment="tape_stop", silences=(),
    )  # fmt: skip
    return [*clips[:-1], replace(final, beats=cut, silences=silences), stop]


def _with_crashes(clips: list[Clip], lane: Lane, part: Part, score: Score) -> list[Clip]:
    """Crashes added, unless the lane plays a pattern in the section anyway."""
    if lane.kind != "crash" and any(clip.track == lane.id for clip in clips):
        return clips
    return clips + crashes(lane, (part,), score)
