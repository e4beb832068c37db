"""From clips to player events: where each piece of material starts, ends and fades, in frames."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.player import Event
from loopmind.dsp.resample import resample
from loopmind.errors import LoopMindError
from loopmind.music.material import Material, MaterialKey, clip_material, own_tempo
from loopmind.music.song import Clip, Song, beat_to_frame
from loopmind.music.tempo_map import TempoMap

START_FADE_S = 0.0005
END_FADE_S = 0.002
SILENCE_FADE_S = 0.004
CHOKE_FADE_S = 0.005
_SEAM = 64  # frames over which two repetitions of a loop overlap when rounding shifts them
_JUST_BEFORE = 1e-6  # beats
_QUIET = 1e-3  # a start below -60 dB needs no fade


class MissingMaterialError(LoopMindError):
    """A clip needs material that was not fitted; `clip` and `key` say which."""

    def __init__(self, clip: str, key: MaterialKey) -> None:
        super().__init__(
            f"clip {clip!r} needs material that was not prepared: {key.digest[:12]} "
            f"({key.treatment}, {key.semitones:+d} semitones); fit the song's loops again"
        )
        self.clip = clip
        self.key = key


class Sounds:
    """Material as the player wants it: at the program's rate, mono or stereo."""

    def __init__(self, material: Material, rate_hz: int) -> None:
        self._material = material
        self._rate_hz = rate_hz
        self._ready: dict[MaterialKey, NDArray[np.float32]] = {}

    def get(self, clip: Clip, key: MaterialKey) -> NDArray[np.float32]:
        if key not in self._ready:
            try:
                audio = self._material.sounds[key]
            except KeyError:
                raise MissingMaterialError(clip.id, key) from None
            self._ready[key] = resample(audio.samples, audio.rate_hz, self._rate_hz)
        return self._ready[key]


def track_events(song: Song, track: str, sounds: Sounds, rate_hz: int) -> list[Event]:
    """All events of one track; the events hold the samples they play.

    A clip begins on `song.tempo.frame(start_beat)` exactly. A loop that goes on over a change of
    tempo is cut there, and goes on as it was fitted to the new one. Raises MissingMaterialError.
    """
    events: list[Event] = []
    tempo = song.tempo
    for clip in song.clips:
        if clip.track != track or clip.beats <= 0:
            continue
        if clip.hits:
            events += _pattern(clip, sounds, _Grid(tempo, rate_hz))
        elif clip.treatment != "plain" or clip.loop_beats <= 0:
            (key,) = clip_material(clip, song)
            events += _once(clip, sounds.get(clip, key), _Grid(tempo, rate_hz))
        else:
            key = clip_material(clip)[0]
            fades = _fades(clip, _Grid(tempo, rate_hz))
            for start, end, bpm in tempo.stretches(clip.start_beat, clip.start_beat + clip.beats):
                samples = sounds.get(clip, replace(key, bpm=own_tempo(bpm, song)))
                grid = _Grid(tempo, rate_hz, start)
                events += _loop(_part(clip, start, end), samples, grid, fades)
    return events


class _Grid:
    """Beats to frames; from `beat` on as if the tempo there held everywhere, without: as it is."""

    def __init__(self, tempo: TempoMap, rate_hz: int, beat: float | None = None) -> None:
        self.tempo, self.rate_hz = tempo, rate_hz
        places = [(0.0, tempo.tempos[0][1])] if beat is None else tempo.tempos
        self._place, self._bpm = [x for x in places if x[0] <= max(beat or 0.0, 0.0)][-1]
        self._first = tempo.frame(self._place, rate_hz)
        self._is_straight = beat is not None or len(tempo.tempos) == 1

    def frame(self, beat: float) -> int:
        if not self._is_straight:
            return self.tempo.frame(beat, self.rate_hz)
        return self._first + beat_to_frame(beat - self._place, self._bpm, self.rate_hz)

    def beat(self, frame: int) -> float:
        """Of a grid with one tempo."""
        return self._place + (frame - self._first) * self._bpm / (60.0 * self.rate_hz)

    def length(self, beats: float, at: float) -> int:
        """Frames of so many beats in the tempo that holds at a beat."""
        return beat_to_frame(beats, self.tempo.bpm(at), self.rate_hz)


def _part(clip: Clip, start: float, end: float) -> Clip:
    """The part of a loop's clip between two beats."""
    by = start - clip.start_beat
    if by == 0.0 and end == clip.start_beat + clip.beats:
        return clip
    return replace(
        clip,
        start_beat=start,
        beats=end - start,
        offset_beats=clip.offset_beats + by,
        silences=tuple((beat - by, length) for beat, length in clip.silences),
    )


def _audible(clip: Clip, grid: _Grid) -> list[tuple[int, int, bool, bool]]:
    """Stretches (start, end, opens after a silence, closes before one) that silences leave."""
    first, last = grid.frame(clip.start_beat), grid.frame(clip.start_beat + clip.beats)
    stretches, at, opened = [], first, False
    for beat, length in sorted(clip.silences):
        start = grid.frame(clip.start_beat + beat)
        end = grid.frame(clip.start_beat + beat + length)
        start, end = max(start, first), min(end, last)
        if end < first:
            continue
        if start > at:
            stretches.append((at, start, opened, True))
        at = max(at, end)
        opened = True
    if at < last:
        stretches.append((at, last, opened, False))
    return stretches


def _edges(samples: NDArray[np.float32], place: int, opened: bool, rate_hz: int) -> int:
    """Frames of fade with which sound begins at `place`: none at a quiet true beginning."""
    quiet = float(np.abs(samples[:, place]).max()) <= _QUIET
    return 0 if quiet and place == 0 and not opened else round(START_FADE_S * rate_hz)


_Fades = tuple[tuple[int, int], tuple[int, int]]


def _loop(clip: Clip, samples: NDArray[np.float32], grid: _Grid, fades: _Fades) -> list[Event]:
    """The repetitions of a loop, each on its own beat, cut by the clip's edges and silences."""
    frames, rate_hz = samples.shape[1], grid.rate_hz
    if frames == 0:
        return []
    swell, ebb = fades
    gain = 10.0 ** (clip.gain_db / 20.0)
    origin = clip.start_beat - clip.offset_beats % clip.loop_beats

    def begins(repetition: int) -> int:
        return grid.frame(origin + repetition * clip.loop_beats)

    events: list[Event] = []
    for start, end, opened, closed in _audible(clip, grid):
        beats_in = grid.beat(start) - origin
        repetition = math.floor(beats_in / clip.loop_beats)
        # Rounding to frames may put `start` just before or after the bound computed in beats.
        repetition += int(begins(repetition + 1) <= start) - int(begins(repetition) > start)
        at = start
        fade_in = _edges(samples, (start - begins(repetition)) % frames, opened, rate_hz)
        while at < end:
            here, following = begins(repetition), begins(repetition + 1)
            place = (at - here) % frames
            if following >= end:
                fade_out = round((SILENCE_FADE_S if closed else END_FADE_S) * rate_hz)
                events.append(Event(at, end, samples, place, gain, fade_in, fade_out, swell, ebb))
                break
            # A grid of whole frames shifts some repetitions by one frame against the material:
            # a short crossfade hides the step. Where nothing is shifted, nothing is faded.
            seam = 0 if following - here == frames else min(_SEAM, end - following)
            events.append(
                Event(at, following + seam, samples, place, gain, fade_in, seam, swell, ebb)
            )
            fade_in, at = seam, following
            repetition += 1
    return events


def _fades(clip: Clip, grid: _Grid) -> _Fades:
    start, end = clip.start_beat, clip.start_beat + clip.beats
    return (
        (grid.frame(start), grid.length(clip.fade_in_beats, start)),
        # What ends with a section fades in the tempo of that section.
        (grid.frame(end), grid.length(clip.fade_out_beats, max(end - _JUST_BEFORE, 0.0))),
    )


def _once(clip: Clip, samples: NDArray[np.float32], grid: _Grid) -> list[Event]:
    """Material that is as long as its clip and sounds once."""
    swell, ebb = _fades(clip, grid)
    rate_hz = grid.rate_hz
    gain = 10.0 ** (clip.gain_db / 20.0)
    first = grid.frame(clip.start_beat)
    offset = grid.length(clip.offset_beats, clip.start_beat)
    events: list[Event] = []
    if samples.shape[1] == 0:
        return events
    for start, end, opened, closed in _audible(clip, grid):
        place = start - first + offset
        end = min(end, first - offset + samples.shape[1])
        if end > start:
            fade_in = _edges(samples, place, opened, rate_hz)
            fade_out = round((SILENCE_FADE_S if closed else END_FADE_S) * rate_hz)
            events.append(Event(start, end, samples, place, gain, fade_in, fade_out, swell, ebb))
    return events


def _pattern(clip: Clip, sounds: Sounds, grid: _Grid) -> list[Event]:
    """One-shots on their beats; a sound struck again chokes itself, others ring on together."""
    swell, ebb = _fades(clip, grid)
    rate_hz = grid.rate_hz
    if clip.fade_out_beats <= 0:
        ebb = (2**60, 0)
    level = 10.0 ** (clip.gain_db / 20.0)
    stretches = _audible(clip, grid)
    struck: dict[str, list[tuple[int, float, int]]] = {}
    for hit in clip.hits:
        at = grid.frame(clip.start_beat + hit.beat)
        if any(start <= at < end for start, end, _, _ in stretches):
            struck.setdefault(hit.digest, []).append((at, hit.velocity, hit.semitones))
    choke = round(CHOKE_FADE_S * rate_hz)
    events = []
    for digest, hits in struck.items():
        hits.sort()
        # Notes of one chord begin together and ring together: only a later stroke chokes them.
        starts = sorted({at for at, _, _ in hits})
        next_start = dict(zip(starts, [*starts[1:], None], strict=True))
        for at, velocity, semitones in hits:
            following = next_start[at]
            key = MaterialKey(digest, 0.0, 0.0, 0.0, semitones, "plain")
            samples = sounds.get(clip, key)
            if samples.shape[1] == 0:
                continue
            end, fade_out = at + samples.shape[1], round(END_FADE_S * rate_hz)
            if following is not None and following < end:
                end, fade_out = following + choke, choke
                end = min(end, at + samples.shape[1])
            fade_in = _edges(samples, 0, False, rate_hz)
            gain = level * velocity
            events.append(Event(at, end, samples, 0, gain, fade_in, fade_out, swell, ebb, velocity))
    return events
