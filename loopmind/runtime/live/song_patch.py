"""A song with mix and master as one program for the engine: what is heard is what is exported."""

from __future__ import annotations

from loopmind.dsp import limiter
from loopmind.music.material import Material
from loopmind.music.mix import Mix
from loopmind.music.song import Song
from loopmind.runtime.live.patch import PatchPlan
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
    session = plan_session(song, mix, material, rate_hz)
    plan = ProgramPlan()
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
    late = session.latency + session.master_latency
    return PatchPlan(
        plan,
        out,
        rate_hz,
        latency=late + limiter.LATENCY,
        read_latency=session.latency,
        scale=10.0 ** (trim_db / 20.0),
        end=session.frames,
    )


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
