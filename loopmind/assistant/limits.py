"""Figures that no song can have: refused with the reason, instead of bent to what is possible."""

from __future__ import annotations

import itertools

from loopmind.assistant.clauses import Clause
from loopmind.assistant.outcome import Outcome, note
from loopmind.music.edit import (
    ChangeEq,
    ChangeReverb,
    ChangeStrip,
    Edit,
    ResizeSection,
    SetFade,
    Transpose,
)

MOST_BARS = 128
MOST_SEMITONES = 24
MOST_DB = 24.0
HEARD_HZ = (20.0, 20000.0)
LONGEST_REVERB_S = 15.0


def impossible(clause: Clause, outcome: Outcome) -> Outcome | None:
    """A note that says why, where a figure of the clause leads nowhere."""
    if not outcome.edits:
        return None
    bars = clause.amount("bars", "beats")
    if bars is not None and (bars.number <= 0 or _minus(clause, bars.text)):
        return note(f"{bars.text} is no length; say 1 or more")
    for edit in outcome.edits:
        said = _refused(clause, edit)
        if said:
            return note(said)
    return None


def _minus(clause: Clause, text: str) -> bool:
    tokens = clause.tokens
    return any(t.text == "minus" and after.text == text for t, after in itertools.pairwise(tokens))


def _refused(clause: Clause, edit: Edit) -> str:
    song = clause.world.draft.song
    match edit:
        case ResizeSection():
            return _bars(clause, edit)
        case Transpose() if abs(edit.semitones) > MOST_SEMITONES:
            return f"{abs(edit.semitones)} semitones are too many; {MOST_SEMITONES} are the most"
        case ChangeStrip(parameter="gain_db" | "reverb_send_db", value=None):
            if abs(edit.by) > MOST_DB:
                return f"{abs(edit.by):g} dB at once are too much; {MOST_DB:g} dB are the most"
        case ChangeEq():
            if not HEARD_HZ[0] <= edit.band.freq_hz <= HEARD_HZ[1]:
                return f"{edit.band.freq_hz:g} Hz cannot be heard; say 20 to 20000 Hz"
        case ChangeReverb(parameter="decay_s") if edit.value is not None:
            if not 0.0 < edit.value <= LONGEST_REVERB_S:
                return f"{edit.value:g} s is no reverb; say up to {LONGEST_REVERB_S:g} s"
        case SetFade():
            beats = max(edit.in_beats or 0.0, edit.out_beats or 0.0)
            if beats > song.beats:
                return f"a fade of {beats:g} beats is longer than the song"
    return ""


def _bars(clause: Clause, edit: ResizeSection) -> str:
    """A section of no bars, of far too many, or one that more bars are taken from than it has."""
    now = clause.world.bars_of(edit.section)
    amount, number = clause.amount("bars"), clause.number
    figure = amount or number
    if number is not None and amount is None and number.number <= 0:
        return f"{number.text} bars is no length; say 1 or more"
    if amount is not None and edit.bars == 1 and amount.number > 1 and amount.number >= now:
        return f"{edit.section} has {now} bars, so {amount.number:g} cannot be taken from it"
    if figure is not None and edit.bars > MOST_BARS:
        return f"{edit.bars} bars are too many for a section; {MOST_BARS} are the most"
    return ""
