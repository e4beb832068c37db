"""From clips to player events: where each piece of material starts, ends and fades, in frames."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.player import Event
from loopmind.dsp.resample import resample
from loopmind.errors import LoopMindError
from loopmind.music.material import Material, MaterialKey, clip_material
from loopmind.music.song import Clip, Song, beat_to_frame

START_FADE_S = 0.0005
END_FADE_S = 0.002
SILENCE_FADE_S = 0.004
CHOKE_FADE_S = 0.005
_SEAM = 64  # frames over which two repetitions of a loop overlap when rounding shifts them
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

    A clip begins on beat_to_frame(start_beat) exactly. Raises MissingMaterialError.
    """
    events: list[Event] = []
    for clip in song.clips:
        if clip.track == track and clip.beats > 0:
            made = _pattern if clip.hits else _loop
            events += made(clip, sounds, song.bpm, rate_hz)
    return events


def _audible(clip: Clip, bpm: float, rate_hz: int) -> list[tuple[int, int, bool, bool]]:
    """Stretches (start, end, opens after a silence, closes before one) that silences leave."""
    first = beat_to_frame(clip.start_beat, bpm, rate_hz)
    last = beat_to_frame(clip.start_beat + clip.beats, bpm, rate_hz)
    stretches, at, opened = [], first, False
    for beat, length in sorted(clip.silences):
        start = beat_to_frame(clip.start_beat + beat, bpm, rate_hz)
        end = beat_to_frame(clip.start_beat + beat + length, bpm, rate_hz)
        start, end = max(start, first), min(end, last)
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


def _loop(clip: Clip, sounds: Sounds, bpm: float, rate_hz: int) -> list[Event]:
    """The repetitions of a loop, each on its own beat, cut by the clip's edges and silences."""
    (key,) = clip_material(clip)
    samples = sounds.get(clip, key)
    frames = samples.shape[1]
    if frames == 0:
        return []
    if clip.treatment != "plain" or clip.loop_beats <= 0:
        return _once(clip, samples, bpm, rate_hz)
    swell, ebb = _fades(clip, bpm, rate_hz)
    gain = 10.0 ** (clip.gain_db / 20.0)
    origin = clip.start_beat - clip.offset_beats % clip.loop_beats

    def begins(repetition: int) -> int:
        return beat_to_frame(origin + repetition * clip.loop_beats, bpm, rate_hz)

    events: list[Event] = []
    for start, end, opened, closed in _audible(clip, bpm, rate_hz):
        beats_in = start * bpm / (60.0 * rate_hz) - origin
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


def _fades(clip: Clip, bpm: float, rate_hz: int) -> tuple[tuple[int, int], tuple[int, int]]:
    first = beat_to_frame(clip.start_beat, bpm, rate_hz)
    last = beat_to_frame(clip.start_beat + clip.beats, bpm, rate_hz)
    return (
        (first, beat_to_frame(clip.fade_in_beats, bpm, rate_hz)),
        (last, beat_to_frame(clip.fade_out_beats, bpm, rate_hz)),
    )


def _once(clip: Clip, samples: NDArray[np.float32], bpm: float, rate_hz: int) -> list[Event]:
    """Material that is as long as its clip and sounds once."""
    swell, ebb = _fades(clip, bpm, rate_hz)
    gain = 10.0 ** (clip.gain_db / 20.0)
    first = beat_to_frame(clip.start_beat, bpm, rate_hz)
    offset = beat_to_frame(clip.offset_beats, bpm, rate_hz)
    events = []
    for start, end, opened, closed in _audible(clip, bpm, rate_hz):
        place = start - first + offset
        end = min(end, first - offset + samples.shape[1])
        if end > start:
            fade_in = _edges(samples, place, opened, rate_hz)
            fade_out = round((SILENCE_FADE_S if closed else END_FADE_S) * rate_hz)
            events.append(Event(start, end, samples, place, gain, fade_in, fade_out, swell, ebb))
    return events


def _pattern(clip: Clip, sounds: Sounds, bpm: float, rate_hz: int) -> list[Event]:
    """One-shots on their beats; a sound struck again chokes itself, others ring on together."""
    swell, ebb = _fades(clip, bpm, rate_hz)
    if clip.fade_out_beats <= 0:
        ebb = (2**60, 0)
    level = 10.0 ** (clip.gain_db / 20.0)
    stretches = _audible(clip, bpm, rate_hz)
    struck: dict[str, list[tuple[int, float, int]]] = {}
    for hit in clip.hits:
        at = beat_to_frame(clip.start_beat + hit.beat, bpm, rate_hz)
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
