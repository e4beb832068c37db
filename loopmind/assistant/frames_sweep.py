"""The frame of filter sweeps: a low or high pass that opens or closes on the way into a section."""

from __future__ import annotations

from loopmind.assistant.clauses import Clause
from loopmind.assistant.outcome import Outcome, Targets, ask, done
from loopmind.music.edit import Edit, SetAutomation
from loopmind.music.song import Automation

SWEEP_BARS = 4
CLOSED_LOWPASS_HZ, OPEN_LOWPASS_HZ = 300.0, 20000.0
OPEN_HIGHPASS_HZ, CLOSED_HIGHPASS_HZ = 20.0, 600.0


def sweep(clause: Clause) -> Outcome | None:
    """A filter drawn over the bars before a section, or over a section."""
    filters = clause.does & {"lowcut", "highcut", "filter"} or clause.word("filter", "low", "high")
    swept = clause.word("sweep", "sweeps", "sweeping", "filter sweep")
    moves = (
        clause.has("part", "up", "down")
        or bool(clause.lemmas & {"open", "close", "rise", "build"})
        or len(clause.all("amount", "hz")) == 2
        or clause.word("automate", "gradually", "slowly", "opens", "closes", "opening", "closing")
    )
    goes_in = any(r.prep in ("before", "into") for r in clause.sections)
    if not clause.sections or not ((swept and (filters or goes_in)) or (filters and moves)):
        return None
    if swept and not filters and clause.does & {"remove", "mute", "swap"}:
        return None
    if clause.has("neg") or clause.has("quant", "no", "less") or clause.does & {"mute"}:
        return None
    if (
        clause.does & {"add"}
        and not (clause.does & {"lowcut", "highcut", "filter"})
        and not filters
    ):
        return None  # "add a sweep before the hook": a sound, not a filter
    targets = Targets(clause)
    ref = clause.sections[0]
    if ref.missing or not ref.names:
        return targets.trouble
    tracks = tuple(i for r in clause.tracks if "sweep" not in r.text for i in r.ids) or ("master",)

    def edits(section: str) -> list[Edit]:
        span = span_of(clause, section, before=ref.prep in ("before", "into"))
        return [_drawn(clause, track, span) for track in tracks] if span else []

    places = [name for name in ref.names if edits(name)]
    if not places:
        return None
    if ref.open and len(places) > 1:
        return ask(f"{ref.prep or 'in'} which {ref.text}?", [(n, edits(n)) for n in places])
    named = tracks if tracks != ("master",) else ()
    return done([e for n in places for e in edits(n)], tracks=named, sections=tuple(places))


def span_of(clause: Clause, section: str, *, before: bool = False) -> tuple[float, float] | None:
    """First and last beat of a curve; None where there is nothing before the section."""
    song = clause.world.draft.song
    here = clause.world.section(section)
    if here is None:
        return None
    start, bars = here.start_bar, here.bars
    amount = clause.amount("bars")
    if before:
        last = clause.world.section(clause.world.before(section))
        if last is None:
            return None
        bars = min(int(amount.number) if amount else SWEEP_BARS, last.bars)
        start -= bars
    return float(start * song.beats_per_bar), float((start + bars) * song.beats_per_bar)


def _drawn(clause: Clause, track: str, span: tuple[float, float]) -> Edit:
    """The curve, with what was drawn before around it."""
    high = "lowcut" in clause.does or clause.word("high pass", "highpass")
    parameter = "highpass_hz" if high else "lowpass_hz"
    down = clause.has("part", "down") or bool(clause.lemmas & {"close"})
    if high:
        open_hz, closed_hz = OPEN_HIGHPASS_HZ, CLOSED_HIGHPASS_HZ
        first, last = (closed_hz, open_hz) if down else (open_hz, closed_hz)
    else:
        open_hz, closed_hz = OPEN_LOWPASS_HZ, CLOSED_LOWPASS_HZ
        first, last = (open_hz, closed_hz) if down else (closed_hz, open_hz)
    said = clause.all("amount", "hz")
    if len(said) == 2:
        first, last = said[0].number, said[1].number
    return curve(clause, track, parameter, span, first, last, open_hz)


def curve(
    clause: Clause,
    track: str,
    parameter: str,
    span: tuple[float, float],
    first: float,
    last: float,
    rest: float,
) -> Edit:
    """A curve from `first` to `last` over `span`, with what was drawn before around it.

    rest: the value where nothing is drawn.
    """
    start, end = span
    held = next(
        (
            a.points
            for a in clause.world.draft.song.automation
            if (a.track, a.parameter) == (track, parameter)
        ),
        (),
    )
    points = [p for p in held if p[0] < start]
    if start > 0:
        points.append((start, points[-1][1] if points else rest))
    points += [(start, first), (end, last)]
    later = [p for p in held if p[0] > end]
    points += [(end, later[0][1] if later else rest), *later]
    return SetAutomation(Automation(track, parameter, tuple(points)))
