"""Recordings in a song: the user's own takes, which stay wherever no edit names them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from loopmind.compose.wording import listed
from loopmind.music.draft import Draft
from loopmind.music.song import Clip, Song, with_free_id


def recorded_tracks(song: Song) -> list[str]:
    """The tracks with recordings on them."""
    return list(dict.fromkeys(c.track for c in song.clips if c.recorded))


def rest_of(clip: Clip, room: float) -> Clip:
    """What is left of a clip behind its first `room` beats, in phase with them."""
    beats = clip.beats - room
    silences = [
        (max(start - room, 0.0), min(start + length - room, beats))
        for start, length in clip.silences if start + length > room
    ]  # fmt: skip
    offset = (clip.offset_beats + room) % clip.loop_beats if clip.loop_beats else 0.0
    return replace(
        clip, start_beat=clip.start_beat + room, beats=beats, offset_beats=offset,
        hits=tuple(replace(h, beat=h.beat - room) for h in clip.hits if h.beat >= room),
        silences=tuple((start, end - start) for start, end in silences if end > start),
        fade_in_beats=0.0,
    )  # fmt: skip


def cut_at_sections(song: Song) -> Song:
    """The song with every recording cut where sections meet; it sounds as it did."""
    bar = song.beats_per_bar
    cuts = sorted(float(s.start_bar * bar) for s in song.sections)
    taken = {c.id for c in song.clips}
    made: list[Clip] = []
    for clip in song.clips:
        end = clip.start_beat + clip.beats
        for cut in cuts if clip.recorded else ():
            room = cut - clip.start_beat
            if room > 0.0 and cut < end:
                made.append(_first_of(clip, room))
                clip = with_free_id(rest_of(clip, room), taken)
                taken.add(clip.id)
        made.append(clip)
    return song if len(made) == len(song.clips) else replace(song, clips=tuple(made))


def _first_of(clip: Clip, beats: float) -> Clip:
    silences = tuple(
        (start, min(length, beats - start)) for start, length in clip.silences if start < beats
    )
    return replace(clip, beats=beats, silences=silences, fade_out_beats=0.0)


def with_lost_told(before: Draft, after: Draft) -> Draft:
    """`after`, with a word in what was told last on recordings that it lacks."""
    old, new = _heard(before.song), _heard(after.song)
    lost = [what for what, steps in old.items() if steps - new.get(what, set())]
    if not lost or len(after.told) == len(before.told):
        return after
    tracks = list(dict.fromkeys(track for track, _ in lost))
    part = "" if all(what not in new for what in lost) else "a part of "
    said = f"{part}the recording on {listed(tracks)} is gone with it, until this is undone"
    return replace(after, told=(*after.told[:-1], f"{after.told[-1].removesuffix('.')}; {said}."))


def _heard(song: Song) -> dict[tuple[str, str], set[int]]:
    """The sixteenths of each recording that are heard anywhere, by track and sound."""
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    for clip in song.clips:
        if clip.recorded:
            begin = clip.source_start_s * (clip.source_bpm or song.bpm) / 60.0 + clip.offset_beats
            first = round(4.0 * begin)
            found[clip.track, clip.digest] |= {*range(first, first + round(4.0 * clip.beats))}
    return found
