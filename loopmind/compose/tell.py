"""A song told in plain words: what plays in each section, why these sounds, what the mix does.

Everything is read from the draft as it stands, so what edits changed is told as it is now.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loopmind.compose.tell_mix import master_words, reverb_words, strip_words
from loopmind.errors import LoopMindError
from loopmind.music.draft import Draft
from loopmind.music.mix import EFFECT_KINDS
from loopmind.music.palette import Choice
from loopmind.music.song import Automation, Clip, Section, Song

_TREATMENTS = {
    "reverse": "played backwards",
    "riser": "stretched into a riser",
    "fall": "stretched into a fall",
    "stutter": "stuttered",
    "tape_stop": "slowed to a stop like a tape",
}
_PARAMETERS: dict[str, tuple[str, str]] = {
    "gain_db": ("louder", "quieter"),
    "lowpass_hz": ("from dull to bright", "from bright to dull"),
    "highpass_hz": ("low end taken away", "low end brought back"),
    "reverb_send_db": ("into the reverb", "out of the reverb"),
    **{kind: (f"into the {kind}", f"out of the {kind}") for kind in EFFECT_KINDS},
}
_LEAST_STEP = 0.08
_SHORT_SHARE = 0.3
_SPOKEN_STEPS = 32

Names = Mapping[str, str]  # file name by content digest


@dataclass(frozen=True)
class Playing:
    """One track in one section: the files it plays, the share of the section, and how."""

    track: str
    files: tuple[str, ...]
    share: float
    how: tuple[str, ...]


@dataclass(frozen=True)
class SectionTold:
    """One section: bars from 1, seconds, and in words what enters, leaves and moves."""

    name: str
    first_bar: int
    last_bar: int
    start_s: float
    end_s: float
    energy: float
    plays: tuple[Playing, ...]
    enters: tuple[str, ...]
    leaves: tuple[str, ...]
    moves: tuple[str, ...]
    locked: bool


@dataclass(frozen=True)
class TrackTold:
    """One track: its files, the sections it plays in, why its sound was chosen, its mix."""

    track: str
    name: str
    files: tuple[str, ...]
    sections: tuple[str, ...]
    why: str
    runners_up: tuple[str, ...]
    mix: tuple[str, ...]


@dataclass(frozen=True)
class SongTold:
    """A whole song in words. changes: what edits did, in order."""

    title: str
    facts: str
    sections: tuple[SectionTold, ...]
    tracks: tuple[TrackTold, ...]
    missing: tuple[str, ...]
    mix: tuple[str, ...]
    changes: tuple[str, ...]


def tell_song(draft: Draft, names: Names) -> SongTold:
    """The whole song of `draft`; `names` are file names by digest."""
    song = draft.song
    key = song.key.written if song.key else "no key"
    minutes = _clock(song.beats * 60.0 / song.bpm)
    facts = f"{song.bpm:g} bpm, {key}, {song.bars} bars, {minutes}"
    if draft.brief.prompt:
        facts += f', made of "{draft.brief.prompt}"'
    return SongTold(
        title=song.title,
        facts=facts,
        sections=tuple(tell_section(draft, names, s.name) for s in song.sections),
        tracks=tuple(_tell_track(draft, names, track.id) for track in song.tracks),
        missing=tuple(f"no {role}: {reason}" for role, reason in draft.palette.unfilled),
        mix=(
            f"mixed in the {draft.mix.style} style",
            *master_words(draft.mix.master),
            reverb_words(draft.mix.reverb),
        ),
        changes=draft.told,
    )


def tell_section(draft: Draft, names: Names, name: str) -> SectionTold:
    """One section of the song. Raises LoopMindError naming the sections there are."""
    song = draft.song
    section = next((s for s in song.sections if s.name == name), None)
    if section is None:
        there = ", ".join(s.name for s in song.sections)
        raise LoopMindError(f"there is no section {name!r}; this song has {there}")
    place = song.sections.index(section)
    plays = tuple(_playing(song, section, names))
    before = _tracks_in(song, song.sections[place - 1]) if place else []
    now = [part.track for part in plays]
    seconds_a_bar = song.beats_per_bar * 60.0 / song.bpm
    return SectionTold(
        name=section.name,
        first_bar=section.start_bar + 1,
        last_bar=section.start_bar + section.bars,
        start_s=round(section.start_bar * seconds_a_bar, 3),
        end_s=round((section.start_bar + section.bars) * seconds_a_bar, 3),
        energy=section.energy,
        plays=plays,
        enters=tuple(track for track in now if track not in before) if place else (),
        leaves=tuple(track for track in before if track not in now),
        moves=tuple(_moves(song, section, now)),
        locked=draft.is_locked("section", section.name),
    )


def section_lines(told: SectionTold) -> list[str]:
    """A section for a person."""
    lines = [
        f"{told.name}: bars {told.first_bar} to {told.last_bar}, "
        f"{_clock(told.start_s)} to {_clock(told.end_s)}, {_energy(told.energy)}"
        + (", locked" if told.locked else "")
    ]
    if told.enters:
        lines.append(f"  new here: {', '.join(told.enters)}")
    if told.leaves:
        lines.append(f"  no longer here: {', '.join(told.leaves)}")
    if not told.plays:
        lines.append("  nothing plays here")
    for part in told.plays:
        how = f" ({'; '.join(part.how)})" if part.how else ""
        lines.append(f"  {part.track:<12} {', '.join(part.files)}{how}")
    return [*lines, *(f"  {move}" for move in told.moves)]


def track_lines(told: TrackTold) -> list[str]:
    """A track for a person: its sound, why it was chosen, and what the mix does to it."""
    where = ", ".join(told.sections) or "nowhere"
    lines = [f"{told.track}: {', '.join(told.files) or 'no sound'}, in {where}"]
    if told.why:
        lines.append(f"  why    {told.why}")
    if told.runners_up:
        lines.append(f"  or     {', '.join(told.runners_up)}")
    if told.mix:
        lines.append(f"  mix    {'; '.join(told.mix)}")
    return lines


def song_lines(told: SongTold) -> list[str]:
    """A song for a person."""
    lines = [f"{told.title}: {told.facts}", "", "What plays"]
    for section in told.sections:
        lines += [f"  {line}" for line in section_lines(section)]
    lines += ["", "Why these sounds, and what the mix does"]
    for track in told.tracks:
        lines += [f"  {line}" for line in track_lines(track)]
    lines += [f"  {reason}" for reason in told.missing]
    lines += ["", "The mix as a whole"]
    lines += [f"  {words}" for words in told.mix]
    if told.changes:
        lines += ["", "What was changed since it was made"]
        lines += [f"  {change}" for change in told.changes]
    return lines


def _tell_track(draft: Draft, names: Names, track: str) -> TrackTold:
    song = draft.song
    name = next(t.name for t in song.tracks if t.id == track)
    own = [clip for clip in song.clips if clip.track == track]
    choice = next((c for c in draft.palette.choices if c.slot == track), None)
    strip = next((s for s in draft.mix.strips if s.track == track), None)
    digests = dict.fromkeys(digest for clip in own for digest in _digests(clip))
    mix = list(strip_words(strip)) if strip else []
    if draft.solo:
        mix.insert(0, "sounds alone" if track in draft.solo else "silent while others are alone")
    return TrackTold(
        track=track,
        name=name,
        files=tuple(_name(digest, names) for digest in digests),
        sections=tuple(s.name for s in song.sections if track in _tracks_in(song, s)),
        why=_why(choice, digests),
        runners_up=tuple(_name(c.digest, names) for c in choice.runners_up) if choice else (),
        mix=tuple(mix),
    )


def _why(choice: Choice | None, digests: dict[str, None]) -> str:
    if choice is None:
        return ""
    if choice.picked.digest in digests:
        return choice.reason
    return "it was put here by hand"


def _playing(song: Song, section: Section, names: Names) -> list[Playing]:
    found = []
    for track in song.tracks:
        clips = [c for c in song.clips if c.track == track.id and _overlap(song, section, c) > 0]
        if not clips:
            continue
        digests = dict.fromkeys(digest for clip in clips for digest in _digests(clip))
        beats = float(section.bars * song.beats_per_bar)
        share = min(1.0, sum(_overlap(song, section, clip) for clip in clips) / beats)
        files = tuple(_name(digest, names) for digest in digests)
        how = tuple(_how(clips, share, song.beats_per_bar))
        found.append(Playing(track.id, files, round(share, 3), how))
    return found


def _how(clips: Sequence[Clip], share: float, beats_per_bar: int) -> list[str]:
    """What happens to the sounds of a track in a section."""
    said = []
    hits = sum(len(clip.hits) for clip in clips)
    if hits:
        said.append(f"a pattern of {hits} hits" if hits > 1 else "one hit")
    elif share < _SHORT_SHARE:
        said.append(_bars(clips, beats_per_bar))
    elif share < 0.95:
        said.append(f"for {round(100 * share)} % of it")
    for treatment in dict.fromkeys(clip.treatment for clip in clips):
        if treatment in _TREATMENTS:
            said.append(_TREATMENTS[treatment])
    for step in sorted({clip.semitones for clip in clips} - {0}):
        some = f"{abs(step)} semitone{'s' if abs(step) > 1 else ''}"
        said.append(f"{'up' if step > 0 else 'down'} {some}")
    pauses = sum(len(clip.silences) for clip in clips)
    if pauses:
        said.append(f"with {pauses} pause{'s' if pauses > 1 else ''}")
    if any(clip.fade_in_beats >= 1.0 for clip in clips):
        said.append("fading in")
    if any(clip.fade_out_beats >= 1.0 for clip in clips):
        said.append("fading out")
    return said


def _bars(clips: Sequence[Clip], beats_per_bar: int) -> str:
    """The bars, counted from 1, in which short clips lie."""
    spans = []
    for clip in clips:
        first = int(clip.start_beat // beats_per_bar) + 1
        last = max(first, -int(-(clip.start_beat + clip.beats) // beats_per_bar))
        spans.append(f"{first}" if first == last else f"{first} to {last}")
    found = list(dict.fromkeys(spans))
    several = len(found) > 1 or "to" in found[0]
    return f"in bar{'s' if several else ''} {', '.join(found)}"


def _moves(song: Song, section: Section, playing: Sequence[str]) -> list[str]:
    """What automation does in a section, where it does anything to be heard."""
    start, end = _span(song, section)
    who: dict[str, list[str]] = {}
    for line in song.automation:
        if line.track != "master" and line.track not in playing:
            continue
        # The first step is left out: what jumps with the section's first beat does not move in it.
        steps = [
            value_at(line, start + (end - start) * i / _SPOKEN_STEPS - 1e-6)
            for i in range(1, _SPOKEN_STEPS + 1)
        ]
        first, last = steps[0], steps[-1]
        if abs(last - first) <= _LEAST_STEP * max(min(abs(first), abs(last)), 1.0):
            continue
        halfway = abs(steps[_SPOKEN_STEPS // 2] - first) < 0.1 * abs(last - first)
        when = "towards its end" if halfway else "over this section"
        words = f"{_PARAMETERS[line.parameter][last < first]} {when}"
        who.setdefault(words, []).append("all" if line.track == "master" else line.track)
    return [f"{', '.join(tracks)}: {words}" for words, tracks in who.items()]


def value_at(line: Automation, beat: float) -> float:
    """The value of `line` at `beat`: linear between its points, held outside them."""
    points = line.points
    if beat <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in itertools.pairwise(points):
        if beat <= right:
            return low if right == left else low + (high - low) * (beat - left) / (right - left)
    return points[-1][1]


def _tracks_in(song: Song, section: Section) -> list[str]:
    sounding = {c.track for c in song.clips if _overlap(song, section, c) > 0}
    return [track.id for track in song.tracks if track.id in sounding]


def _span(song: Song, section: Section) -> tuple[float, float]:
    start = float(section.start_bar * song.beats_per_bar)
    return start, start + section.bars * song.beats_per_bar


def _overlap(song: Song, section: Section, clip: Clip) -> float:
    """Beats of `clip` that lie in `section`."""
    start, end = _span(song, section)
    return max(0.0, min(end, clip.start_beat + clip.beats) - max(start, clip.start_beat))


def _digests(clip: Clip) -> tuple[str, ...]:
    return (clip.digest,) if clip.digest else tuple(hit.digest for hit in clip.hits)


def _name(digest: str, names: Names) -> str:
    return names.get(digest, f"a sound that is missing ({digest[:8]})")


def _energy(energy: float) -> str:
    words = ("very calm", "calm", "medium", "strong", "at full strength")
    return f"{words[min(4, int(energy * 5))]} (energy {round(100 * energy)} of 100)"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
