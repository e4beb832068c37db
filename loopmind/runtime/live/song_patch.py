"""A song with mix and master as one program for the engine: what is heard is what is exported."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp import limiter
from loopmind.dsp.effects.metronome import (
    HUSH_UNTIL,
    LEVEL,
    beat_table,
    metronome,
    metronome_params,
)
from loopmind.dsp.effects.metronome import STATE_WORDS as METRONOME_WORDS
from loopmind.dsp.effects.opening import STATE_WORDS as OPENING_WORDS
from loopmind.dsp.effects.opening import opening, opening_params
from loopmind.dsp.effects.sends import add_moving, moving_sum_params, state_words
from loopmind.dsp.strip import add_up, fade, fader_matrix
from loopmind.music.material import Material
from loopmind.music.mix import Mix
from loopmind.music.signal import Signal
from loopmind.music.song import Song
from loopmind.music.tempo_map import TempoMap
from loopmind.runtime.live.patch import Handle, PatchPlan, StripHandle
from loopmind.runtime.live.signal_patch import SignalPlanner, Stream
from loopmind.runtime.program import SILENCE, TRASH, ProgramPlan
from loopmind.runtime.session import GangPlan, add_bus, add_master, plan_session

SEND = "reverb send"


def song_patch(
    song: Song,
    mix: Mix,
    material: Material,
    *,
    rate_hz: int = 44100,
    gain_db: float = 0.0,
    ceiling_dbtp: float | None = None,
    trim_db: float = 0.0,
) -> PatchPlan:
    """All tracks, buses and the master with its limiter, as the renderer plays them.

    gain_db, ceiling_dbtp, trim_db: what the renderer found for the master (see Rendering); with
    them the samples are those of the exported master. Raises as `plan_session` does.
    """
    plan = ProgramPlan()
    added = _add_song(plan, song, mix, material, rate_hz, gain_db, ceiling_dbtp)
    out, late, behind, frames = added[:4]
    beats = song.tempo
    table = beat_table(*click_frames(beats, song.beats + song.tail_beats, rate_hz))
    plan.keep(table)
    params = metronome_params(table, song.beats_per_bar, rate_hz, late)
    click = len(plan.operations)
    plan.add(metronome, [out], [out], params, METRONOME_WORDS, "metronome")
    handles = {
        "metronome.level": Handle(click, LEVEL),
        "metronome.hush_until": Handle(click, HUSH_UNTIL),
    }
    return PatchPlan(
        plan, out, rate_hz, latency=late, read_latency=behind, scale=10.0 ** (trim_db / 20.0),
        end=frames, handles=handles, strips=added[4], beats=beats,
    )  # fmt: skip


def click_frames(
    beats: TempoMap, length: float, rate_hz: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The frames of `length` beats, and which of them begin a bar."""
    numbers = range(max(int(length) + 1, 2))
    frames = np.array([beats.frame(beat, rate_hz) for beat in numbers], np.int64)
    return frames, np.array([beats.bar_beat(float(beat))[1] == 0.0 for beat in numbers])


class SongUnit:
    """A whole song as a stream. values: song, mix, material. Settings: gain_db."""

    def add(self, planner: SignalPlanner, signal: Signal, sources: list[Stream]) -> Stream:
        song, mix, material = cast(tuple[Song, Mix, Material], signal.values)
        gain_db = cast(float, signal.settings["gain_db"])
        out, late, behind, frames, _ = _add_song(
            planner.plan, song, mix, material, planner.rate_hz, gain_db, None
        )
        planner.read_latency = max(planner.read_latency, behind)
        planner.end = max(planner.end, frames)
        return Stream(out, late)


SONG = SongUnit()


def _add_song(
    plan: ProgramPlan,
    song: Song,
    mix: Mix,
    material: Material,
    rate_hz: int,
    gain_db: float,
    ceiling_dbtp: float | None,
) -> tuple[int, int, int, int, dict[str, StripHandle]]:
    """Adds all up to the limiter: (buffer, latency, share of it by reading behind, frames, strips).

    What adds up sends is a kernel whose levels can move; its sums are the same.
    """
    session = plan_session(song, mix, material, rate_hz)
    dry, sends = [], []
    strips: dict[str, StripHandle] = {}
    for gang in session.gangs:
        strips |= _handles(gang, len(plan.operations))
        places = _join(plan, gang, rate_hz)
        dry.append(places[gang.dry])
        if gang.send is not None:
            sends.append(places[gang.send])
    premaster, _ = add_bus(plan, session, dry, sends)
    out = add_master(plan, session, premaster)
    strips["master"] = StripHandle(len(plan.operations) - 1, 0)
    ceiling = mix.master.ceiling_dbtp if ceiling_dbtp is None else ceiling_dbtp
    late = session.latency + session.master_latency
    if late > 0:
        # The renderer's limiter begins with the song's first frame.
        plan.add(opening, [out], [out], opening_params(late), OPENING_WORDS, "opening")
    params = limiter.limiter_params(rate_hz, gain_db=gain_db, ceiling_dbtp=ceiling)
    plan.add(limiter.limit, [out], [out], params, limiter.STATE_WORDS, "limiter")
    late += limiter.LATENCY
    return out, late, session.latency, session.frames, strips


def _handles(gang: GangPlan, first: int) -> dict[str, StripHandle]:
    """Handles of a gang's strips, whose operations will begin at number `first`."""
    ops = gang.plan.operations
    fader = next(i for i, op in enumerate(ops) if op.kernel is fade)
    sends: dict[int, Handle] = {}
    for number, op in enumerate(ops):
        if op.label == SEND and op.kernel is add_up:
            for turn, buffer in enumerate(op.inputs):
                if op.params[9 + 2 * turn] == 0.0:
                    sends[buffer] = Handle(first + number, 8 + 2 * turn)
    return {
        track: StripHandle(first + fader, place, sends.get(gang.stems[place]))
        for place, track in enumerate(gang.tracks)
    }


def _join(plan: ProgramPlan, gang: GangPlan, rate_hz: int) -> dict[int, int]:
    """Add a gang's operations to `plan`; gives the new number of each of its buffers."""
    places = {SILENCE: SILENCE, TRASH: TRASH}
    for number in range(2, gang.plan.buffers):
        places[number] = plan.new_buffer()
    for op in gang.plan.operations:
        kernel, params, words = op.kernel, op.params, op.state_words
        if op.label == SEND and kernel is add_up:
            kernel, params = add_moving, moving_sum_params(params, rate_hz)
            words = state_words(len(op.inputs))
        inputs, outputs = [places[b] for b in op.inputs], [places[b] for b in op.outputs]
        plan.add(kernel, inputs, outputs, params, words, op.label)
    plan.tables += gang.plan.tables
    return places


def strip_moves(
    planned: PatchPlan,
    track: str,
    *,
    gain_db: float,
    pan: float = 0.0,
    width: float = 1.0,
    audible: bool = True,
    send_db: float | None = None,
) -> list[tuple[int, int, float]] | None:
    """What to set so that `track` (or "master") is heard so: (operation, word, value).

    None where that takes another plan: a track that is not in it, or one that sends nothing yet.
    """
    strip = planned.strips.get(track)
    if strip is None or (send_db is not None and strip.send is None):
        return None
    matrix = fader_matrix(gain_db, pan, width) * (1.0 if audible else 0.0)
    straight, crossed = 16 + 2 * strip.place, 24 + 2 * strip.place
    found = [
        (strip.fader, straight, float(matrix[0, 0])),
        (strip.fader, straight + 1, float(matrix[1, 1])),
        (strip.fader, crossed, float(matrix[0, 1])),
        (strip.fader, crossed + 1, float(matrix[1, 0])),
    ]
    if send_db is not None and strip.send is not None:
        level = 10.0 ** (send_db / 20.0) if send_db > -90.0 else 0.0
        found.append((strip.send.operation, strip.send.word, level))
    return found
