"""A song with mix and master as one program for the engine: what is heard is what is exported."""

from __future__ import annotations

from typing import cast

from loopmind.dsp import limiter
from loopmind.music.material import Material
from loopmind.music.mix import Mix
from loopmind.music.signal import Signal
from loopmind.music.song import Song
from loopmind.runtime.live.patch import PatchPlan
from loopmind.runtime.live.signal_patch import SignalPlanner, Stream
from loopmind.runtime.program import SILENCE, TRASH, ProgramPlan
from loopmind.runtime.session import GangPlan, add_bus, add_master, plan_session


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
    out, late, behind, frames = _add_song(plan, song, mix, material, rate_hz, gain_db, ceiling_dbtp)
    return PatchPlan(
        plan, out, rate_hz, latency=late, read_latency=behind, scale=10.0 ** (trim_db / 20.0),
        end=frames,
    )  # fmt: skip


class SongUnit:
    """A whole song as a stream. values: song, mix, material. Settings: gain_db."""

    def add(self, planner: SignalPlanner, signal: Signal, sources: list[Stream]) -> Stream:
        song, mix, material = cast(tuple[Song, Mix, Material], signal.values)
        gain_db = cast(float, signal.settings["gain_db"])
        out, late, behind, frames = _add_song(
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
) -> tuple[int, int, int, int]:
    """Adds all up to the limiter: (buffer, latency, share of it by reading behind, frames)."""
    session = plan_session(song, mix, material, rate_hz)
    dry, sends = [], []
    for gang in session.gangs:
        places = _join(plan, gang)
        dry.append(places[gang.dry])
        if gang.send is not None:
            sends.append(places[gang.send])
    premaster, _ = add_bus(plan, session, dry, sends)
    out = add_master(plan, session, premaster)
    ceiling = mix.master.ceiling_dbtp if ceiling_dbtp is None else ceiling_dbtp
    params = limiter.limiter_params(rate_hz, gain_db=gain_db, ceiling_dbtp=ceiling)
    plan.add(limiter.limit, [out], [out], params, limiter.STATE_WORDS, "limiter")
    late = session.latency + session.master_latency + limiter.LATENCY
    return out, late, session.latency, session.frames


def _join(plan: ProgramPlan, gang: GangPlan) -> dict[int, int]:
    """Add a gang's operations to `plan`; gives the new number of each of its buffers."""
    places = {SILENCE: SILENCE, TRASH: TRASH}
    for number in range(2, gang.plan.buffers):
        places[number] = plan.new_buffer()
    for op in gang.plan.operations:
        plan.add(
            op.kernel,
            [places[b] for b in op.inputs],
            [places[b] for b in op.outputs],
            op.params,
            op.state_words,
            op.label,
        )
    plan.tables += gang.plan.tables
    return places
