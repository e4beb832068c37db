"""The frame of what grows within a section: a level or a reverb that rises or falls by degrees."""

from __future__ import annotations

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_levels import levels
from loopmind.assistant.frames_sweep import curve, span_of
from loopmind.assistant.outcome import Outcome, Targets, done, note
from loopmind.music.edit import ChangeMaster, ChangeStrip, Edit

SWELL_DB = 6.0
_BY_DEGREES = frozenset({"slowly", "swell", "swells"})


def swell(clause: Clause) -> Outcome | None:
    """ "the pad gets gradually louder in the bridge", "louder and louder"."""
    grows = clause.has("swell") or any(t.text in _BY_DEGREES for t in clause.tokens)
    if not grows or clause.has("noun", "fade", "fadein", "fadeout") or "fade" in clause.lemmas:
        return None
    if clause.has("tempo") and not clause.has("level"):
        return None
    if not clause.sections:
        return None
    targets = Targets(clause)
    if targets.trouble is not None:
        return targets.trouble
    way = _way(clause)
    if way == 0 or any(r.positional or r.open for r in clause.sections):
        return None
    tracks = targets.tracks or ("master",)
    edits: list[Edit] = []
    for name in targets.sections:
        span = span_of(clause, name)
        if span is None:
            return note("say in which section")
        first, last = (-SWELL_DB, 0.0) if way > 0 else (0.0, -SWELL_DB)
        edits += [curve(clause, track, "gain_db", span, first, last, 0.0) for track in tracks]
    return done(edits, tracks=targets.tracks, sections=targets.sections)


def _way(clause: Clause) -> int:
    """Up or down, as it would be read without the word that tells how."""
    if clause.word("crescendo"):
        return 1
    if clause.word("decrescendo"):
        return -1
    found = levels(clause)
    ways = {
        (1 if e.by > 0 else -1)
        for e in (found.edits if found else ())
        if isinstance(e, (ChangeStrip, ChangeMaster)) and e.by and e.parameter != "pan"
    }
    if len(ways) == 1:
        return ways.pop()
    return 1 if clause.lemmas & {"swell", "rise"} or clause.word("swell", "swells") else 0
