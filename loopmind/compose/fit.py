"""Fit a sound to the song: cut it on its beats, stretch and transpose it to the bar grid.

The sound processing is in dsp/stretch, dsp/slices and dsp/treatments; here it is decided which of
them suits which sound.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loopmind.dsp.resample import resample
from loopmind.dsp.slices import Frames, attack_db, find_hits, sliced_stretch
from loopmind.dsp.stretch import (
    FitError,
    Samples,
    blend,
    check_ratio,
    check_semitones,
    circular,
    exact,
    phase_stretch,
)
from loopmind.dsp.treatments import treat
from loopmind.files.decode import to_stereo
from loopmind.music.audio import Audio
from loopmind.music.material import MaterialKey
from loopmind.music.song import beat_to_frame, swung

__all__ = ["FitError", "fit_loop", "fit_material", "fit_oneshot"]

SLICED_ROLES = frozenset({"drums", "percussion"})
# What flows has no off-beats to move.
STEADY_ROLES = frozenset({"pad", "vocal", "fx"})
# Within this a loop is played a little faster or slower instead of stretched: at most 3.5 cents.
VARISPEED_LIMIT = 0.002
_SWING_LIMIT = 0.015
_TONAL_SWING_LIMIT = 0.03
_TONAL_GRAIN_SECONDS = 0.035
_CLEAR_ATTACK_DB = 9.0
_CYCLE_TOLERANCE_S = 0.003
_EDGE_SECONDS = 0.004
# Drums that all come a little late or early are moved onto the beat; what leans further off than
# the most lies elsewhere on purpose, and less than the least is not heard.
_LEAN_SECONDS = (0.002, 0.03)
_FEW_HITS = 3
_SILENCE_DB = -60.0


def fit_loop(
    audio: Audio,
    *,
    rate_hz: int,
    source_bpm: float,
    start_s: float,
    beats: float,
    bpm: float,
    semitones: int = 0,
    role: str | None = None,
    source_swing: float = 0.5,
    target_swing: float = 0.5,
    swing_unit: int = 8,
) -> Audio:
    """The loop at the song's tempo and key: stereo, beat_to_frame(beats, bpm, rate_hz) frames.

    `start_s` is where beat 0 lies in the file; material before it belongs to the loop's end.
    A file shorter than `beats` repeats, of a longer one only what is needed is used. Drums and
    percussion are moved onto the beat as a whole where all their hits lean late or early, and
    stretched by moving their hits (and transposed by playing speed), everything else by phase
    vocoder; tempo changes within 0.2 % only play faster or slower. Swings are shares
    of a pair of notes of length 1/`swing_unit` (8 or 16) taken by its first (.5 straight): hits
    move from the source's swing to the song's.
    Raises FitError for an empty sound, no beats, a tempo ratio outside 0.5..2, or a transposition
    of more than two octaves.
    """
    if audio.frames == 0:
        raise FitError("the file holds no sound; remove it from the folder")
    if source_bpm <= 0.0 or bpm <= 0.0 or beats <= 0.0:
        raise FitError(
            f"cannot fit {beats:g} beats from {source_bpm:g} to {bpm:g} bpm; "
            "tempo and length must be positive: correct the loop's tempo"
        )
    ratio = bpm / source_bpm
    check_ratio(ratio)
    check_semitones(semitones)
    frames_out = beat_to_frame(beats, bpm, rate_hz)
    if frames_out < 64:
        raise FitError(f"{beats:g} beats last only {frames_out} frames; make the clip longer")
    body = _loop_body(_without_twin(audio.samples), audio.rate_hz, source_bpm, start_s, beats)
    sliced = role in SLICED_ROLES
    least = _SWING_LIMIT if sliced else _TONAL_SWING_LIMIT
    swung = role not in STEADY_ROLES and abs(target_swing - source_swing) >= least
    place = _swing_map(beats, source_swing, target_swing, swing_unit) if swung else None
    if semitones == 0 and abs(ratio - 1.0) <= VARISPEED_LIMIT and not swung:
        if sliced:
            lean = _lean(body, find_hits(body, audio.rate_hz), beats, audio.rate_hz)
            body = circular(body, lean, body.shape[1]) if lean else body
        return _finish(_varispeed(body, frames_out), rate_hz)
    frames = max(64, round(body.shape[1] * rate_hz / audio.rate_hz))
    if sliced:
        made = _fit_drums(body, frames, frames_out, rate_hz, semitones, place, beats)
        return _finish(made, rate_hz)
    made = phase_stretch(_varispeed(body, frames), frames_out, rate_hz=rate_hz, semitones=semitones)
    if place is not None:
        made = _swing_tonal(made, rate_hz, place, beats, source_swing, swing_unit)
    return _finish(made, rate_hz)


def _fit_drums(
    body: Samples,
    frames: int,
    frames_out: int,
    rate_hz: int,
    semitones: int,
    place: Callable[[float], float] | None,
    beats: float,
) -> Samples:
    """Transposed like a sampler does, by speed; moving the hits then sets the tempo."""
    speed = 2.0 ** (semitones / 12.0)
    played = _varispeed(body, max(64, round(frames / speed)))
    hits = find_hits(played, rate_hz)
    if lean := _lean(played, hits, beats, rate_hz):
        played = circular(played, lean, played.shape[1])
        hits = np.sort((hits - lean) % played.shape[1])
    if hits.size >= 2:
        return sliced_stretch(played, frames_out, rate_hz=rate_hz, hits=hits, place=place)
    # A roll, a wash, silence: nothing to hold on to.
    whole = _varispeed(body, frames)
    return phase_stretch(whole, frames_out, rate_hz=rate_hz, semitones=semitones)


def _lean(looped: Samples, hits: Frames, beats: float, rate_hz: int) -> int:
    """Frames by which the hits on the beats of a loop come late (early: negative), as a rule.

    Only hits near a whole beat tell: what lies between may be swung.
    """
    least, most = (seconds * rate_hz for seconds in _LEAN_SECONDS)
    per_beat = looped.shape[1] / beats
    off = (hits + per_beat / 2.0) % per_beat - per_beat / 2.0
    near = off[np.abs(off) <= min(most, per_beat / 8.0)]
    if near.size < _FEW_HITS:
        return 0
    lean = float(np.median(near))
    return round(lean) if abs(lean) >= least else 0


def _swing_tonal(
    made: Samples,
    rate_hz: int,
    place: Callable[[float], float],
    beats: float,
    source_swing: float,
    unit: int,
) -> Samples:
    """Move the clear attacks of a fitted tonal loop, if some of them are off-beat notes at all.

    Everything that has no clear attack stays in one piece with what came before it.
    """
    hits = find_hits(made, rate_hz)
    if hits.size:
        hits = hits[attack_db(made, rate_hz, hits) >= _CLEAR_ATTACK_DB]
    parts = (hits / made.shape[1] * beats * unit / 8.0) % 1.0
    off_beats = np.abs(parts - source_swing) < 0.06
    if hits.size < 2 or not off_beats.any():
        return made
    frames = made.shape[1]
    return sliced_stretch(
        made, frames, rate_hz=rate_hz, hits=hits, place=place, grain_s=_TONAL_GRAIN_SECONDS
    )


def fit_oneshot(audio: Audio, *, rate_hz: int, semitones: int = 0) -> Audio:
    """A one-shot ready to be triggered: stereo, silence before its attack cut, edges faded.

    Transposition is the classic sampler's: played faster or slower, so it also gets shorter or
    longer; attacks and 808 glides keep their shape. Raises FitError where nothing sounds.
    """
    samples = _without_twin(audio.samples)
    level = np.abs(samples).max(axis=0) if samples.shape[1] else np.zeros(0, np.float32)
    peak = float(level.max(initial=0.0))
    if peak <= 0.0:
        raise FitError("the file is silent; remove it from the folder")
    first = int(np.argmax(level >= peak * 0.02))
    last = int(level.shape[0] - np.argmax(level[::-1] >= peak * 10 ** (_SILENCE_DB / 20)))
    lead = min(first, int(0.001 * audio.rate_hz))
    samples = samples[:, first - lead : last]
    speed = 2.0 ** (semitones / 12.0)
    out = np.array(resample(samples, audio.rate_hz * speed, rate_hz))
    fade = min(int(0.003 * rate_hz), out.shape[1] // 4)
    if lead > 0:
        rise = min(max(1, int(0.001 * rate_hz / speed)), out.shape[1])
        out[:, :rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
    if fade > 0:
        out[:, -fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return _finish(out, rate_hz)


def fit_material(
    key: MaterialKey,
    audio: Audio,
    *,
    bpm: float,
    rate_hz: int,
    role: str | None = None,
    source_swing: float = 0.5,
    target_swing: float = 0.5,
    swing_unit: int = 8,
) -> Audio:
    """The material that `key` names, made from its file's `audio`, for a song at `bpm`.

    One-shots (source_bpm 0) are only transposed; with a treatment and a length they are also
    treated to beat_to_frame(key.beats) frames. Loops are fitted, then treated; a treated loop
    longer than its file repeats. Same arguments, same bytes. Raises FitError.
    """
    if key.source_bpm <= 0.0:
        shot = fit_oneshot(audio, rate_hz=rate_hz, semitones=key.semitones)
        if key.treatment == "plain":
            return shot
        length = beat_to_frame(key.beats, bpm, rate_hz) if key.beats > 0 else shot.frames
        made = treat(shot.samples, key.treatment, frames=length, rate_hz=rate_hz, beat_s=60.0 / bpm)
        return _finish(made, rate_hz)
    fitted = fit_loop(
        audio,
        rate_hz=rate_hz,
        source_bpm=key.source_bpm,
        start_s=key.source_start_s,
        beats=key.beats,
        bpm=bpm,
        semitones=key.semitones,
        role=role,
        source_swing=source_swing,
        target_swing=target_swing,
        swing_unit=swing_unit,
    )
    if key.treatment == "plain":
        return fitted
    made = treat(
        fitted.samples, key.treatment, frames=fitted.frames, rate_hz=rate_hz, beat_s=60.0 / bpm
    )
    return _finish(made, rate_hz)


def _loop_body(
    samples: Samples, rate_hz: int, source_bpm: float, start_s: float, beats: float
) -> Samples:
    """One cycle of the loop from its beat 0, exactly `beats` long, wrapping without a click."""
    per_beat = 60.0 * rate_hz / source_bpm
    frames = samples.shape[1]
    needed = round(beats * per_beat)
    start = round(start_s * rate_hz)
    whole_beats = max(1, round(frames / per_beat))
    cycle = round(whole_beats * per_beat)
    tolerance = int(_CYCLE_TOLERANCE_S * rate_hz)
    if abs(frames - cycle) <= tolerance:
        # The file is a seamless loop: its own length is the truth, a tempo is only a reading.
        start %= frames
        samples = _joined(samples, rate_hz)
        turned = circular(samples, start, frames)
        if abs(needed - frames) <= tolerance:
            return turned
        if needed < frames:
            return _cut_circular(samples, start, needed)
        repeats = needed / frames
        return circular(turned, 0, round(repeats * frames))
    start = max(0, min(start, frames - 1))
    if start + needed <= frames:
        return _cut(samples, start, needed, rate_hz)
    available = frames - start
    playable = int(available / per_beat + 0.02)
    if playable >= beats - 0.02 or available >= needed - per_beat * 0.5:
        return exact(_fade_end(samples[:, start:], rate_hz), needed)
    if playable < 1:
        period = round(per_beat * max(1, int(np.ceil(available / per_beat))))
        part = exact(_fade_end(samples[:, start:], rate_hz), period)
    else:
        bar = next(n for n in (16, 8, 4, 2, 1) if n <= playable)
        part = _cut(samples, start, round(bar * per_beat), rate_hz)
    return circular(part, 0, needed)


def _joined(samples: Samples, rate_hz: int) -> Samples:
    """A loop whose end jumps to its start (cut within a note) has the jump spread over 4 ms.

    A loop that wraps as smoothly as it runs is returned as it is.
    """
    edge = int(_EDGE_SECONDS * rate_hz)
    if samples.shape[1] < 4 * edge:
        return samples
    jump = samples[:, :1] - samples[:, -1:]
    near = np.concatenate([samples[:, -4 * edge :], samples[:, : 4 * edge]], axis=1)
    usual = float(np.quantile(np.abs(np.diff(near, axis=1)), 0.98))
    if float(np.abs(jump).max()) <= max(4.0 * usual, 0.02):
        return samples
    out = np.array(samples)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 1) / edge)
    out[:, -edge:] += jump * ramp.astype(np.float32)
    return out


def _cut(samples: Samples, start: int, frames: int, rate_hz: int) -> Samples:
    """samples[start : start + frames], its end led into its start so that it wraps."""
    out = np.array(samples[:, start : start + frames])
    edge = min(int(_EDGE_SECONDS * rate_hz), frames // 4)
    if edge == 0:
        return out
    if start >= edge:
        out[:, -edge:] = blend(out[:, -edge:], samples[:, start - edge : start])
    else:
        out[:, -edge:] = blend(out[:, -edge:], np.zeros_like(out[:, -edge:]))
    return out


def _cut_circular(samples: Samples, start: int, frames: int) -> Samples:
    """The first `frames` after `start` of a seamless loop, made to wrap on their own."""
    edge = min(256, frames // 4)
    run = circular(samples, start - edge, frames + edge)
    out = np.array(run[:, edge:])
    out[:, -edge:] = blend(out[:, -edge:], run[:, :edge])
    return out


def _fade_end(samples: Samples, rate_hz: int) -> Samples:
    out = np.array(samples)
    edge = min(int(_EDGE_SECONDS * rate_hz), out.shape[1] // 2)
    if edge:
        out[:, -edge:] *= np.linspace(1.0, 0.0, edge, dtype=np.float32)
    return out


def _varispeed(body: Samples, frames_out: int) -> Samples:
    """The circular `body` resampled to exactly `frames_out` frames, wrap included."""
    frames = body.shape[1]
    if frames == frames_out:
        return body
    context = 512
    fed = circular(body, -context, frames + 2 * context)
    out = resample(fed, float(frames), float(frames_out))
    skip = round(context * frames_out / frames)
    return np.ascontiguousarray(exact(out[:, skip:], frames_out))


def _swing_map(
    beats: float, source_swing: float, target_swing: float, unit: int
) -> Callable[[float], float]:
    """Share of the loop -> share of the loop, off-beat notes moved from one swing to another."""
    pairs = beats * unit / 8.0
    return lambda share: swung(share * pairs, source_swing, target_swing) / pairs


def _without_twin(samples: Samples) -> Samples:
    """At most stereo, and one channel where both sides are alike: half the work."""
    samples = to_stereo(samples)
    if samples.shape[0] == 2 and np.array_equal(samples[0], samples[1]):
        return samples[:1]
    return samples


def _finish(samples: Samples, rate_hz: int) -> Audio:
    stereo = np.repeat(samples, 2, axis=0) if samples.shape[0] == 1 else samples
    return Audio(np.ascontiguousarray(stereo, dtype=np.float32), rate_hz)
