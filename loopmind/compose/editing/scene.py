"""A draft as the writers of clips see it, so that one section or track can be written anew.

The arranger's own functions write; what plays beside and what surrounds it is read off the song as
it is now, however it came to be so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property

from loopmind.compose.arrange import score_for, section_clips
from loopmind.compose.cut_phrases import SAMPLE, SWELL, Rebuilder, cuts_of
from loopmind.compose.editing import curves
from loopmind.compose.genres import GenreProfile
from loopmind.compose.hum import SLOT as SUNG
from loopmind.compose.lanes import ORNAMENTS, Lane, Score, build_lanes, section_levels
from loopmind.compose.structure import Part
from loopmind.compose.transitions import RISER, sweeps
from loopmind.compose.wishes import genre_of
from loopmind.music.cuts import Cuts
from loopmind.music.draft import Draft
from loopmind.music.loop import Crate
from loopmind.music.song import Clip, Section, Song, with_free_id


class Scene:
    """What can be written of a draft: its lanes, which of them play where, and how loud."""

    def __init__(self, draft: Draft, crate: Crate) -> None:
        self.draft, self.crate = draft, crate
        self.song = draft.song
        self.genre: GenreProfile = genre_of(draft.song.brief, crate)
        self.lanes = build_lanes(draft.palette, crate, self.genre)

    @cached_property
    def main(self) -> tuple[Lane, ...]:
        """The lanes that play through sections, most important first."""
        return tuple(lane for lane in self.lanes if lane.kind not in ORNAMENTS)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        return tuple(Part(s, s.plays or ("all",)) for s in self.song.sections)

    @cached_property
    def playing(self) -> dict[str, tuple[str, ...]]:
        """Section name -> ids of the main lanes that play in it, most important first."""
        used: dict[str, set[str]] = {s.name: set() for s in self.song.sections}
        for clip in self.song.clips:
            name = section_name_at(self.song, clip.start_beat)
            if name is not None:
                used[name].add(clip.track)
        order = [lane.id for lane in self.main]
        return {name: tuple(i for i in order if i in ids) for name, ids in used.items()}

    @cached_property
    def score(self) -> Score:
        """What the arranger goes by, with the seeds of sections and the levels that they have."""
        plain = score_for(self.draft.palette, self.genre, self.lanes, self.song.seed)
        whole = {s.name: dict(s.seeds)[""] for s in self.song.sections if "" in dict(s.seeds)}
        each = {
            (s.name, track): seed for s in self.song.sections for track, seed in s.seeds if track
        }
        score = replace(plain, section_seeds=whole, track_seeds=each)
        levels = section_levels(self.parts, self.playing, score)
        return replace(score, levels={**levels, **self._heard_levels()})

    def _heard_levels(self) -> dict[str, float]:
        """The level that the clips of each section have now, where they agree on one."""
        gains = {
            source.loop.digest: source.gain_db for lane in self.lanes for source in lane.sources
        }
        found: dict[str, Counter[float]] = {}
        for clip in self.song.clips:
            name = section_name_at(self.song, clip.start_beat)
            plain = clip.treatment == "plain" and clip.track != RISER.id and not clip.recorded
            if name is not None and plain:
                own = gains.get(clip.digest, 0.0)
                found.setdefault(name, Counter())[round(clip.gain_db - own, 2)] += 1
        return {
            name: min(level.items(), key=lambda item: (-item[1], item[0]))[0]
            for name, level in found.items()
        }

    def part_of(self, name: str) -> Part:
        return next(part for part in self.parts if part.section.name == name)

    def following(self, name: str) -> Part | None:
        """The part behind section `name`."""
        names = [part.section.name for part in self.parts]
        place = names.index(name) + 1
        return self.parts[place] if place < len(self.parts) else None

    def score_in(self, name: str) -> Score:
        """The score with the sounds that play in section `name`."""
        lanes = build_lanes(self.draft.palette, self.crate, self.genre, name)
        return self.score if lanes == self.lanes else replace(self.score, lanes=lanes)

    def write(self, name: str, ids: Collection[str]) -> list[Clip]:
        """The clips of section `name` in which the lanes `ids` play, as the arranger writes it.

        A melody that was sung is nothing the arranger could write: it stays as it is there. A
        track that is rebuilt of a finished one's bars goes on being made of them.
        """
        score, part = self.score_in(name), self.part_of(name)
        other = (SUNG,) if self.cuts is None else (SUNG, SAMPLE.id)
        ordered = tuple(lane.id for lane in score.lanes if lane.id in ids and lane.id not in other)
        sung = [
            clip for clip in self.song.clips
            if clip.track == SUNG and SUNG in ids and in_section(self.song, part.section, clip)
        ]  # fmt: skip
        fresh = section_clips(part, ordered, score, self.following(name), self.song.brief)
        if self.cuts is not None and SAMPLE.id in ids:
            fresh = [clip for clip in fresh if clip.track != SWELL.id]
            fresh += self._rebuilt(self.cuts, part, score)
        return [*fresh, *sung]

    @cached_property
    def cuts(self) -> Cuts | None:
        """The bars of a finished track that the song is rebuilt of, where it is one."""
        there = any(lane.id == SAMPLE.id for lane in self.lanes)
        return cuts_of(self.song) if there else None

    def _rebuilt(self, cuts: Cuts, part: Part, score: Score) -> list[Clip]:
        """The clips of the rebuilt track in a section, as remixes are made."""
        name = part.section.name
        shift = next(c.semitones for c in self.song.clips if c.track == SAMPLE.id)
        seed = score.seed_of(name, SAMPLE.id)
        after = self.following(name)
        parts = (part,) if after is None else (part, after)
        builder = Rebuilder(cuts, self.genre, parts, seed, shift)
        return builder.section_clips(part.section, None if after is None else after.section)

    def swept(self, name: str, tracks: Collection[str] | None = None) -> Song:
        """The song with the filter sweeps of section `name` as the arranger would draw them."""
        part, after = self.part_of(name), self.following(name)
        drawn = sweeps((part, after), self.score) if after is not None else []
        made = {(a.track, a.parameter): a for a in drawn}
        song = self.song
        keys = {(a.track, a.parameter) for a in song.automation} | set(made)
        there = {t.id for t in song.tracks}
        for key in sorted(keys):
            track, parameter = key
            if not parameter.endswith("_hz") or track not in there:
                continue
            if tracks is not None and track not in tracks:
                continue
            if track == SAMPLE.id and self.cuts is not None:
                continue  # its filters are the remix's own
            song = _swept(song, part.section, key, made[key].points if key in made else None)
        return song


def _swept(
    song: Song, section: Section, key: curves.CurveKey, points: curves.Points | None
) -> Song:
    """A glide that ends with the section put in place of what is drawn there."""
    rest = curves.REST[key[1]]
    bar = song.beats_per_bar
    start, end = float(section.start_bar * bar), float((section.start_bar + section.bars) * bar)
    glide = curves.cut(points or ((0.0, rest),), start, end)
    held = curves.of(song, *key)
    if held is None and points is None:
        return song
    old = held.points if held is not None else ((0.0, rest),)
    if curves.cut(old, start, end) == glide:
        return song
    whole = max(song.beats + song.tail_beats, old[-1][0])
    pieces = [(start, glide)]
    if start > 0.0:
        pieces.insert(0, (0.0, curves.cut(old, 0.0, start)))
    if end < whole:
        after = curves.cut(old, end, whole)
        # What a glide left behind a moment after its end belongs to the glide.
        calm = curves.value_at(old, end + curves.STEP_BEATS)
        later = tuple(p for p in after.points if p[0] > curves.STEP_BEATS)
        pieces.append((end, curves.Piece(after.beats, ((0.0, calm), *later))))
    made = curves.join(pieces)
    level = all(value == rest for _, value in made)
    return curves.with_curve(song, key, None if level else made)


def section_name_at(song: Song, beat: float) -> str | None:
    """The name of the section in which `beat` lies."""
    bar = beat / song.beats_per_bar
    for section in song.sections:
        if section.start_bar <= bar < section.start_bar + section.bars:
            return section.name
    return None


def in_section(song: Song, section: Section, clip: Clip) -> bool:
    """Whether the clip begins in the section."""
    bar = clip.start_beat / song.beats_per_bar
    return section.start_bar <= bar < section.start_bar + section.bars


def spliced(
    song: Song, section: Section, fresh: Sequence[Clip], replaced: Collection[str],
    named: Collection[str] = (),
) -> Song:  # fmt: skip
    """`song` with the clips of the tracks `replaced` in `section` replaced by those of `fresh`.

    Every other clip stays the same value, and so does a recording on a track that the user has not
    `named`; where an id is taken, the new clip gets the next.
    """
    kept = [
        c for c in song.clips
        if c.track not in replaced or not in_section(song, section, c)
        or (c.recorded and c.track not in named)
    ]  # fmt: skip
    taken = {c.id for c in kept}
    made = []
    for clip in fresh:
        if clip.track in replaced:
            clip = with_free_id(clip, taken)
            taken.add(clip.id)
            made.append(clip)
    return replace(song, clips=(*kept, *made))
