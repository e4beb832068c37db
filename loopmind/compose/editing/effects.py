"""Edits of a strip's effects: put on, moved, taken off, in the whole song or in some sections."""

from __future__ import annotations

from dataclasses import replace

from loopmind.compose.editing import asking, curves
from loopmind.compose.editing.asking import MASTER, EditError
from loopmind.compose.editing.curves import drawn_in
from loopmind.compose.editing.strips import with_strip
from loopmind.compose.wording import listed
from loopmind.music.draft import Draft
from loopmind.music.edit import SetEffect
from loopmind.music.loop import Crate
from loopmind.music.mix import EFFECT_KINDS, Effect, Strip
from loopmind.music.song import Section

USUAL: dict[str, float] = {
    "crusher": 0.4, "phaser": 0.6, "flanger": 0.5, "chorus": 0.6, "tremolo": 0.6, "echo": 0.35,
}  # fmt: skip
"""How much of an effect there is where nobody said."""
LONGEST_BEATS = 8.0
SHORTEST_BEATS = 1.0 / 16.0
_TIMED = ("echo", "tremolo")


def set_effect(edit: SetEffect, draft: Draft, crate: Crate) -> Draft:
    """An effect put on a track, moved or taken off; in some sections as automation."""
    if edit.track == MASTER:
        raise EditError(f"{edit.effect} is put on tracks, not on the master; name the tracks")
    held = asking.strip(draft, edit.track)
    asking.refuse_locked_track(draft, edit.track)
    _check(edit)
    now = held.effect(edit.effect)
    beats = edit.beats or (now.beats if now is not None else 0.0)
    if edit.sections:
        return _in_sections(edit, draft, held, beats)
    drawn = curves.of(draft.song, edit.track, edit.effect)
    before = now.amount if now is not None else 0.0
    after = _moved(edit, before, new=now is None and drawn is None)
    song, more = draft.song, ""
    if drawn is not None:
        # Drawn amounts stand in the place of the strip's: they move with it, or make way.
        points = None if edit.amount is not None or not edit.by else tuple(
            (beat, _within(value + edit.by)) for beat, value in drawn.points
        )  # fmt: skip
        song = curves.with_curve(song, (edit.track, edit.effect), points)
        more = ", everywhere alike" if points is None else ", in every section by as much"
    same_beats = now is None or now.beats == beats
    if round(after, 3) == round(before, 3) and same_beats and song == draft.song:
        raise EditError(_nothing_changes(edit, before))
    strip = _with_effect(held, edit, after, beats, drawn=bool(more) and bool(edit.by))
    draft = with_strip(replace(draft, song=song), strip)
    return asking.told(draft, f"{_said(edit, before, after, beats, bool(now and now.beats))}{more}")


def _check(edit: SetEffect) -> None:
    if edit.amount is not None and not 0.0 <= edit.amount <= 1.0:
        raise EditError(
            f"an effect's amount goes from 0, none, to 1, all; {edit.amount:g} is neither"
        )
    if edit.beats and edit.effect not in _TIMED:
        raise EditError(
            f"{edit.effect} keeps no time with the beat, as {listed(_TIMED)} do; leave beats out"
        )
    if edit.beats and not SHORTEST_BEATS <= edit.beats <= LONGEST_BEATS:
        raise EditError(
            f"{edit.beats:g} beats is no time for {edit.effect}; stay within a sixteenth of a beat "
            f"and {LONGEST_BEATS:g} beats"
        )


def _within(amount: float) -> float:
    return round(min(max(amount, 0.0), 1.0), 3)


def _moved(edit: SetEffect, before: float, *, new: bool) -> float:
    """The amount after the edit; what is new comes in as usual, or by what is asked."""
    if edit.amount is not None:
        return _within(edit.amount)
    if edit.by:
        return _within(before + edit.by)
    return before if edit.beats and not new else max(before, USUAL[edit.effect])


def _with_effect(
    held: Strip, edit: SetEffect, amount: float, beats: float, *, drawn: bool
) -> Strip:
    """The strip with the effect at this amount; without it where nothing of it is left.

    drawn: automation decides where it is heard, so that the strip keeps at least its time.
    """
    others = {e.kind: e for e in held.effects if e.kind != edit.effect}
    if amount > 0.0 or (drawn and beats):
        others[edit.effect] = Effect(edit.effect, amount, beats)
    return replace(held, effects=tuple(others[kind] for kind in EFFECT_KINDS if kind in others))


def _in_sections(edit: SetEffect, draft: Draft, held: Strip, beats: float) -> Draft:
    """The amount drawn in some sections; elsewhere it stays."""
    name = edit.effect
    found: tuple[Section, ...] = asking.sections(draft, edit.sections)
    for one in found:
        asking.refuse_locked_section(draft, one.name)
    rest = held.at_rest(name) or 0.0
    song = draft.song
    for one in found:
        song = drawn_in(song, edit.track, name, one, lambda v: _moved(edit, v, new=v == 0.0), rest)
    now = held.effect(name)
    timed = edit.beats and (now.beats if now is not None else 0.0) != beats
    if song == draft.song and not timed:
        raise EditError(_nothing_changes(edit, rest))
    if timed:
        # One echo serves the whole song: another time is another time everywhere.
        draft = with_strip(draft, _with_effect(held, edit, rest, beats, drawn=True))
    names = listed([one.name for one in found])
    if edit.amount == 0.0:
        said = f"{edit.track} is without {name} in {names}"
    elif edit.amount is not None or not edit.by:
        amount = _moved(edit, 0.0, new=True)
        said = f"{edit.track} has {name} ({amount:.0%}) in {names}"
    else:
        said = f"{edit.track} has {'more' if edit.by > 0 else 'less'} {name} in {names}"
    return asking.told(replace(draft, song=song), f"{said}{_time(edit, beats)}")


def _time(edit: SetEffect, beats: float) -> str:
    """When it repeats or sways, in words, where the edit says so."""
    if not edit.beats:
        return ""
    over = asking.count(round(beats), "beat") if beats == round(beats) else f"{beats:g} beats"
    return f", repeating every {over}" if edit.effect == "echo" else f", swaying every {over}"


def _said(edit: SetEffect, before: float, after: float, beats: float, was_timed: bool) -> str:
    if after == 0.0:
        return f"the {edit.effect} of {edit.track} was taken off"
    if before == 0.0:
        said = f"{asking.verb([edit.track], 'has', 'have')} {edit.effect} now ({after:.0%})"
    elif before == after:
        said = f"the {edit.effect} of {edit.track} keeps another time"
    else:
        said = f"the {edit.effect} of {edit.track} went from {before:.0%} to {after:.0%}"
    return f"{said}{_time(edit, beats)}"


def _nothing_changes(edit: SetEffect, before: float) -> str:
    if before == 0.0:
        have = asking.verb([edit.track], "has", "have")
        return f"{have} no {edit.effect}, so there is none to take away; add some instead"
    return f"the {edit.effect} of {edit.track} is {before:.0%} already; ask for another amount"
