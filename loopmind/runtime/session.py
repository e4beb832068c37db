"""From song, mix and material to program plans: gangs of tracks, the bus, the master.

A gang is four tracks whose kernels share their SIMD lanes; gangs are independent of each other.
The same plans serve the offline renderer (gangs side by side) and the live engine (all in one).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp import saturation
from loopmind.dsp.dynamics import (
    COMPRESSOR_STATE_WORDS,
    DUCKER_STATE_WORDS,
    CompressorSettings,
    DuckerSettings,
    compress,
    compressor_params,
    duck,
    ducker_params,
)
from loopmind.dsp.filters import (
    GRID,
    SWEEP_STATE_WORDS,
    biquad,
    biquad_params,
    biquad_state_words,
    equalise,
    sweep,
    sweep_params,
    sweep_table,
)
from loopmind.dsp.lanes import GANG
from loopmind.dsp.player import Event, event_table, play, player_params
from loopmind.dsp.reverb import reverb_params, reverb_state_words, reverberate
from loopmind.dsp.strip import (
    FADER_STATE_WORDS,
    add_up,
    fade,
    fader_matrix,
    fader_params,
    sum_params,
)
from loopmind.music.material import Material
from loopmind.music.mix import Compressor, EqBand, Mix, Strip
from loopmind.music.song import Automation, Song
from loopmind.music.tempo_map import TempoMap
from loopmind.runtime.inserts import add_effects, heard_effects, what_they_are
from loopmind.runtime.placing import Sounds, track_events
from loopmind.runtime.program import SILENCE, TRASH, ProgramPlan

SILENT_DB = -90.0
"""Automated levels from here down are silence."""


@dataclass(frozen=True)
class GangPlan:
    """Up to four tracks: their stems, and what they send to the mix and to the reverb.

    players: the event tables of all players, those of keys too. effects: what decides how those
    of its strips sound.
    """

    plan: ProgramPlan
    tracks: tuple[str, ...]
    stems: tuple[int, ...]
    dry: int
    send: int | None
    players: tuple[NDArray[np.int64], ...]
    effects: tuple[tuple[str, str, tuple[float, ...]], ...] = ()


@dataclass(frozen=True)
class SessionPlan:
    """All that a song needs, up to the pre-master mix and the master chain before its limiter.

    latency: frames by which stems and pre-master come late; master_latency: what the master chain
    adds. Every path has the same latency, so everything stays aligned.
    """

    tracks: tuple[str, ...]
    gangs: tuple[GangPlan, ...]
    latency: int
    master_latency: int
    frames: int
    rate_hz: int
    mix: Mix
    curves: Mapping[tuple[str, str], NDArray[np.float64]]
    rows: int


def plan_session(song: Song, mix: Mix, material: Material, rate_hz: int) -> SessionPlan:
    """Plan every track that is not muted.

    Programs depend on tracks and mix, not on what plays when: so that what was rendered of one
    song can be taken up by another (see takes.py). Raises MissingMaterialError, and ValueError
    for a mix that names tracks which the song lacks.
    """
    known = {track.id for track in song.tracks}
    strips = {strip.track: strip for strip in mix.strips}
    unknown = sorted(set(strips) - known)
    if unknown:
        raise ValueError(f"the mix has strips for tracks that the song lacks: {unknown}")
    frames = song.frames(rate_hz)
    rows = frames // GRID + 2
    curves = {
        (a.track, a.parameter): automation_curve(a, song.tempo, rate_hz, rows)
        for a in song.automation
    }
    sounds = Sounds(material, rate_hz)
    events: dict[str, list[Event]] = {}
    for track in song.tracks:
        strip = strips.get(track.id, Strip(track.id))
        if not strip.muted:
            events[track.id] = track_events(song, track.id, sounds, rate_hz)
    # What sounds now and then shares a gang, which rests when all of it is silent.
    roles = {track.id: track.role for track in song.tracks}
    order = sorted(events, key=lambda track: roles[track] == "fx")
    sounding = [strips.get(t, Strip(t)) for t in order]
    latency = saturation.LATENCY if any(s.drive > 0 for s in sounding) else 0
    gangs = tuple(
        _plan_gang(sounding[i : i + GANG], events, curves, rows, rate_hz, latency, song.tempo)
        for i in range(0, len(sounding), GANG)
    )
    master_latency = saturation.LATENCY if mix.master.drive > 0 else 0
    tracks = tuple(track.id for track in song.tracks)
    return SessionPlan(tracks, gangs, latency, master_latency, frames, rate_hz, mix, curves, rows)


def automation_curve(
    automation: Automation, tempo: TempoMap, rate_hz: int, rows: int
) -> NDArray[np.float64]:
    """Values on every GRID-th frame, linear between the points (in dB, or in log frequency)."""
    beats = np.array([beat for beat, _ in automation.points])
    values = np.array([value for _, value in automation.points])
    at = _beats_of_rows(tempo, rate_hz, rows)
    if automation.parameter.endswith("_hz"):
        return np.asarray(np.exp(np.interp(at, beats, np.log(np.maximum(values, 1.0)))))
    return np.asarray(np.interp(at, beats, values))


def _beats_of_rows(tempo: TempoMap, rate_hz: int, rows: int) -> NDArray[np.float64]:
    """The beat at every GRID-th frame."""
    frames = np.arange(rows) * GRID
    at = frames * tempo.tempos[0][1] / (60.0 * rate_hz)
    for place, bpm in tempo.tempos[1:]:
        first = tempo.frame(place, rate_hz)
        at = np.where(frames < first, at, place + (frames - first) * bpm / (60.0 * rate_hz))
    return np.asarray(at)


def _amplitude(curve: NDArray[np.float64], base_db: float = 0.0) -> NDArray[np.float64]:
    db = curve + base_db
    return np.where(db <= SILENT_DB, 0.0, 10.0 ** (db / 20.0))


def _bands(eq: tuple[EqBand, ...], rate_hz: int) -> list[NDArray[np.float64]]:
    return [biquad(b.kind, b.freq_hz, rate_hz, b.gain_db, b.q) for b in eq]


def _compressor(c: Compressor | None) -> CompressorSettings | None:
    if c is None:
        return None
    return CompressorSettings(
        c.threshold_db, c.ratio, c.attack_s, c.release_s, c.makeup_db, c.knee_db
    )


def _key_events(events: list[Event]) -> list[Event]:
    """What a ducker follows: the events at full scale, but for how hard each was struck.

    So the depth does not depend on levels, nor on what else the track plays somewhere.
    """
    peaks: dict[int, float] = {}
    for event in events:
        if id(event.samples) not in peaks:
            peaks[id(event.samples)] = float(np.abs(event.samples).max(initial=0.0))
    return [
        replace(event, gain=event.velocity / max(peaks[id(event.samples)], 1e-6))
        for event in events
    ]


def _four(values: list[int], filler: int) -> list[int]:
    return values + [filler] * (GANG - len(values))


def _plan_gang(
    strips: list[Strip],
    events: Mapping[str, list[Event]],
    curves: Mapping[tuple[str, str], NDArray[np.float64]],
    rows: int,
    rate_hz: int,
    latency: int,
    tempo: TempoMap,
) -> GangPlan:
    """Players, eq, sweeps, compressor, drive, effects, ducker, fader and sends of four tracks."""
    plan = ProgramPlan()
    names = [s.track for s in strips]
    label = ", ".join(names)
    # A driven track is read ahead by the saturator's latency; the others wait for it.
    early = [saturation.LATENCY if s.drive > 0 else 0 for s in strips]
    tables: dict[str, int] = {}
    players: list[NDArray[np.int64]] = []

    def player(track: str, played: list[Event], delay: int) -> int:
        buffer = plan.new_buffer()
        table = event_table(played)
        players.append(table)
        plan.keep(table)
        plan.tables += [event.samples for event in played]
        plan.add(play, [], [buffer], player_params(table, delay), label=track)
        return buffer

    tracks = [
        player(s.track, events[s.track], latency - e) for s, e in zip(strips, early, strict=True)
    ]
    ins, outs = _four(tracks, SILENCE), _four(tracks, TRASH)
    cascades = [_bands(s.eq, rate_hz) for s in strips]
    sections = max(map(len, cascades))
    if sections:
        words = biquad_state_words(sections)
        plan.add(equalise, ins, outs, biquad_params(cascades), words, label)
    for mode in ("lowpass", "highpass"):
        found = [curves.get((name, f"{mode}_hz")) for name in names]
        addresses = [0 if c is None else plan.keep(sweep_table(mode, c, rate_hz)) for c in found]
        delays = _four([latency - e for e in early], 0)
        params = sweep_params([mode] * GANG, _four(addresses, 0), rows, delays, in_place=True)
        plan.add(sweep, ins, outs, params, SWEEP_STATE_WORDS, label)
    if any(s.compressor for s in strips):
        params = compressor_params([_compressor(s.compressor) for s in strips], rate_hz)
        plan.add(compress, ins, outs, params, COMPRESSOR_STATE_WORDS, label)
    if any(s.drive > 0 for s in strips):
        # Undriven neighbours must not be delayed: only the driven ones pass through.
        driven = [t for t, s in zip(tracks, strips, strict=True) if s.drive > 0]
        params = saturation.saturator_params([s.drive for s in strips if s.drive > 0])
        plan.add(
            saturation.saturate,
            _four(driven, SILENCE),
            _four(driven, TRASH),
            params,
            saturation.SATURATOR_STATE_WORDS,
            label,
        )
    if any(heard_effects(s, curves) for s in strips):
        tracks = [
            add_effects(plan, t, s, curves, tempo, rate_hz, rows, latency)
            for t, s in zip(tracks, strips, strict=True)
        ]
        ins, outs = _four(tracks, SILENCE), _four(tracks, TRASH)
    keyed = [(t, s) for t, s in zip(tracks, strips, strict=True) if s.sidechain]
    keyed = [(t, s) for t, s in keyed if s.sidechain and s.sidechain.source in events]
    if keyed:
        keys, settings = [], []
        for _, s in keyed:
            assert s.sidechain is not None
            source = s.sidechain.source
            if source not in tables:
                tables[source] = player(source, _key_events(events[source]), latency)
            keys.append(tables[source])
            settings.append(
                DuckerSettings(
                    s.sidechain.depth_db,
                    s.sidechain.attack_s,
                    s.sidechain.release_s,
                )
            )
        signals = [t for t, _ in keyed]
        plan.add(
            duck,
            _four(signals, SILENCE) + _four(keys, SILENCE),
            _four(signals, TRASH),
            ducker_params(settings, rate_hz),
            DUCKER_STATE_WORDS,
            label,
        )
    gains = [curves.get((name, "gain_db")) for name in names]
    addresses = [0 if g is None else plan.keep(_amplitude(g)) for g in gains]
    matrices = [fader_matrix(s.gain_db, s.pan, s.width) for s in strips]
    matrices += [np.zeros((2, 2))] * (GANG - len(strips))
    params = fader_params(matrices, _four(addresses, 0), rows, rate_hz, latency)
    plan.add(fade, ins, outs, params, FADER_STATE_WORDS, label)
    dry = plan.new_buffer()
    plan.add(add_up, tracks, [dry], sum_params([1.0] * len(tracks)), label="mix")

    sends, levels, moving = [], [], []
    for t, s in zip(tracks, strips, strict=True):
        curve = curves.get((s.track, "reverb_send_db"))
        if curve is None and s.reverb_send_db is None:
            continue
        sends.append(t)
        # An automated send replaces the strip's fixed level.
        levels.append(1.0 if curve is not None else 10.0 ** ((s.reverb_send_db or 0.0) / 20.0))
        moving.append(0 if curve is None else plan.keep(_amplitude(curve)))
    send = None
    if sends:
        send = plan.new_buffer()
        plan.add(
            add_up, sends, [send], sum_params(levels, moving, rows, latency), label="reverb send"
        )
    effects = what_they_are(tuple(strips), curves, tempo, rate_hz)
    return GangPlan(plan, tuple(names), tuple(tracks), dry, send, tuple(players), effects)


def add_bus(
    plan: ProgramPlan, session: SessionPlan, dry: list[int], sends: list[int]
) -> tuple[int, int | None]:
    """The reverb and the sum of all gangs; returns the buffers of pre-master and reverb."""
    wet = None
    if sends:
        reverb = session.mix.reverb
        send = plan.new_buffer()
        plan.add(add_up, sends, [send], sum_params([1.0] * len(sends)), label="reverb send")
        params = reverb_params(
            session.rate_hz,
            decay_s=reverb.decay_s,
            predelay_s=reverb.predelay_s,
            damping=reverb.damping,
            low_cut_hz=reverb.low_cut_hz,
            gain_db=reverb.gain_db,
        )
        wet = plan.new_buffer()
        plan.add(reverberate, [send], [wet], params, reverb_state_words(params), "reverb")
    inputs = dry + ([] if wet is None else [wet])
    premaster = plan.new_buffer()
    plan.add(add_up, inputs, [premaster], sum_params([1.0] * len(inputs)), label="pre-master")
    return premaster, wet


def add_master(plan: ProgramPlan, session: SessionPlan, premaster: int) -> int:
    """The master chain up to its limiter; returns the buffer that it fills."""
    master, rate_hz, rows = session.mix.master, session.rate_hz, session.rows
    out = plan.new_buffer()
    source, late = premaster, session.latency
    four, trash = [out, TRASH, TRASH, TRASH], [SILENCE] * (GANG - 1)
    bands = _bands(master.eq, rate_hz)
    if bands:
        words = biquad_state_words(len(bands))
        plan.add(equalise, [source, *trash], four, biquad_params([bands]), words, "master")
        source = out
    for mode in ("lowpass", "highpass"):
        curve = session.curves.get(("master", f"{mode}_hz"))
        address = 0 if curve is None else plan.keep(sweep_table(mode, curve, rate_hz))
        params = sweep_params(
            [mode] * GANG, _four([address], 0), rows, _four([late], late), in_place=source == out
        )
        plan.add(sweep, [source, *trash], four, params, SWEEP_STATE_WORDS, "master")
        source = out
    glue = _compressor(master.compressor)
    if glue is not None:
        params = compressor_params([glue], rate_hz)
        plan.add(compress, [source, *trash], four, params, COMPRESSOR_STATE_WORDS, "master")
        source = out
    if master.drive > 0:
        params = saturation.saturator_params([master.drive])
        words = saturation.SATURATOR_STATE_WORDS
        plan.add(saturation.saturate, [source, *trash], four, params, words, "master")
        source = out
        late += saturation.LATENCY
    gain = session.curves.get(("master", "gain_db"))
    address = 0 if gain is None else plan.keep(_amplitude(gain))
    matrices = [fader_matrix(0.0, 0.0, 1.0)] + [np.zeros((2, 2))] * (GANG - 1)
    params = fader_params(matrices, _four([address], 0), rows, rate_hz, late)
    plan.add(fade, [source, *trash], four, params, FADER_STATE_WORDS, "master")
    return out
