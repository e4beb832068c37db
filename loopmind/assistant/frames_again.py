"""Frames of going on: the last request once more, more or less of it, or on something else."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_inserts import EFFECT_BY
from loopmind.assistant.outcome import Outcome, Targets, act, done, note
from loopmind.assistant.values import Undo
from loopmind.music.edit import (
    AddTrack,
    ChangeMaster,
    ChangeReverb,
    ChangeStrip,
    Edit,
    MuteTrack,
    RegenerateSection,
    RemoveSection,
    RemoveTrack,
    Reseed,
    ResizeSection,
    SetEffect,
    SetEnergy,
    SetFade,
    SetLayers,
    SetMacro,
    SetTempo,
    ShiftMood,
    SplitSection,
    SwapSound,
    Transpose,
)

# "half of that would have done": verbs beside which a half is of the last change.
_HALVING = frozenset({"be", "do", "go", "take", "make", "bring", "have", "give", "come", "set"})


def again(clause: Clause) -> Outcome | None:
    """The last request once more, stronger, weaker, or on something else."""
    world = clause.world
    last = world.memory.edits
    same = clause.has("same") or (clause.has("too", "also") and not clause.acts)
    trailing = clause.tokens and clause.tokens[-1].kind in ("too",) and not clause.acts
    elsewhere = clause.tracks or clause.sections or clause.has("song")
    if last and (same or trailing) and elsewhere and not _own_wish(clause):
        return _retargeted(clause, last)
    if not last:
        return None
    if elsewhere and clause.word("meant", "mean") and not clause.does:
        moved_to = _retargeted(clause, last)
        return replace(moved_to, actions=(Undo(),)) if moved_to.edits else moved_to
    if clause.follows and elsewhere and _only_nouns(clause):
        if clause.has("only") and clause.sections and not clause.tracks:
            moved_to = _retargeted(clause, last)
            return replace(moved_to, actions=(Undo(),)) if moved_to.edits else moved_to
        if not clause.has("only"):
            return _retargeted(clause, last)
    if (
        not clause.acts
        and clause.has("neg")
        and clause.word("one", "that", "that one", "this one")
        and all(isinstance(e, SwapSound) for e in last)
        and not (clause.tracks or clause.sections)
    ):
        return _once_more(clause, last, other=True)
    if clause.word("other") and clause.word("side") and _panned(last):
        return done(replace(e, value=-(e.value or 0.0)) for e in _panned(last))
    picked = _one_of_these(clause)
    if picked:
        quant = clause.first("quant", "more", "less")
        way = -1.0 if quant is not None and quant.value == "less" else 1.0
        scaled = _scaled(last, way, clause.degree, world.memory.bpm)
        moved: list[Any] = [e for e in scaled if hasattr(e, "sections")]
        return done([replace(e, sections=picked) for e in moved], sections=picked)
    gone = all(isinstance(e, (RemoveTrack, RemoveSection)) for e in last)
    if "unmute" in clause.does and clause.has("pron") and not elsewhere and gone:
        return act(Undo())
    returned = _returned(clause, last)
    if returned and not elsewhere:
        return done(returned)
    if clause.word("opposite") and not elsewhere:
        return done(_inverted(last))
    faded = _faded(clause, last)
    if faded and not elsewhere:
        return done(faded)
    corrected = _corrected(clause, last)
    if corrected and not elsewhere:
        return replace(done(corrected), actions=(Undo(),))
    if clause.has("ratio", "0.5") and clause.lemmas <= _HALVING and not elsewhere:
        return done(_scaled(last, -1.0, 0, world.memory.bpm))
    if clause.tracks or clause.sections or clause.has("key") or _own_wish(clause):
        return None
    if clause.has("song") or (clause.unknown and not clause.has("other")):
        return None
    other = clause.first("other")
    quant = clause.first("quant", "more", "less")
    repeated = (
        clause.has("again")
        or "regenerate" in clause.does
        or (clause.has("quant", "more") and clause.word("option", "version", "one", "take"))
    )
    if other is not None or repeated:
        return _once_more(clause, last, other=other is not None)
    if (quant is not None and not clause.acts) or (
        quant is not None and clause.lemmas <= {"go", "give", "be", "need", "want", "make"}
    ):
        return done(
            _scaled(last, 1.0 if quant.value == "more" else -1.0, clause.degree, world.memory.bpm)
        )
    if clause.has("too") and not clause.acts and clause.word("much"):
        return done(_scaled(last, -1.0, -1, world.memory.bpm))
    if "lower" in clause.does and not clause.has("effect"):
        return done(_scaled(last, -1.0, clause.degree, world.memory.bpm))
    if "raise" in clause.does and not clause.has("effect"):
        return done(_scaled(last, 1.0, clause.degree, world.memory.bpm))
    return None


def _inverted(last: tuple[Edit, ...]) -> list[Edit]:
    """ "the opposite": what went up goes as far below as it went above, and what was put on off."""
    found: list[Edit] = []
    for edit in last:
        match edit:
            case ChangeStrip() | ChangeMaster() | ChangeReverb() | SetEnergy() if edit.by:
                found.append(replace(edit, by=-2.0 * edit.by))
            case ChangeStrip(parameter="pan") if edit.value:
                found.append(replace(edit, value=-edit.value))
            case SetTempo(bpm=None):
                found.append(replace(edit, by=round((2.0 - edit.by) ** 2, 4)))
            case Transpose():
                found.append(replace(edit, semitones=-2 * edit.semitones))
            case ShiftMood():
                found += [_less_moody(edit, 0.5)] * 2
            case MuteTrack():
                found.append(replace(edit, muted=not edit.muted))
            case SetLayers(only=None) | SetLayers(only=()):
                found.append(replace(edit, add=edit.remove, remove=edit.add))
    return found


def _less_moody(edit: ShiftMood, amount: float) -> ShiftMood:
    from loopmind.compose.vocabulary import OPPOSITE_MOOD

    return replace(edit, moods=tuple(OPPOSITE_MOOD[m] for m in edit.moods[:1]), amount=amount)


def _faded(clause: Clause, last: tuple[Edit, ...]) -> list[Edit]:
    """ "over 8 bars", "longer": of the fade that was just made."""
    fades = [e for e in last if isinstance(e, SetFade)]
    bars, beats = clause.amount("bars"), clause.amount("beats")
    size = clause.first("size", "long", "short")
    if len(fades) != len(last) or clause.has("pron") or not (bars or beats or size):
        return []
    length = bars.number * 4.0 if bars else beats.number if beats else 0.0
    factor = 2.0 if size is not None and clause.sign(size) * (size.value == "long") > 0 else 0.5
    found: list[Edit] = []
    for edit in fades:
        inward, outward = (
            (length or v * factor) if v else v for v in (edit.in_beats, edit.out_beats)
        )
        found.append(replace(edit, in_beats=inward, out_beats=outward))
    return found


def _layered(edit: SetLayers, tracks: tuple[str, ...]) -> SetLayers:
    """The same of other tracks: who comes in, goes out, or is alone."""
    only, add, remove = (tracks if held else held for held in (edit.only, edit.add, edit.remove))
    return replace(edit, only=only, add=add, remove=remove)


def _returned(clause: Clause, last: tuple[Edit, ...]) -> list[Edit]:
    """ "bring it back in", "turn those back up": what was taken away comes back."""
    back = "unmute" in clause.does or clause.has("part", "back") or clause.has("again")
    if not back or not (clause.has("pron") or not clause.acts):
        return []
    found: list[Edit] = []
    for edit in last:
        match edit:
            case MuteTrack(muted=True) if clause.lemmas & {"play", "let", "turn", "bring", "have"}:
                found.append(replace(edit, muted=False))
            case SetLayers() if edit.remove and not (edit.only or edit.add):
                found.append(SetLayers(edit.section, add=edit.remove))
            case ChangeStrip(parameter="gain_db") if edit.by and clause.has("part", "up", "down"):
                if (edit.by < 0) == clause.has("part", "up"):
                    found.append(replace(edit, by=-edit.by))
    return found if len(found) == len(last) else []


def _corrected(clause: Clause, last: tuple[Edit, ...]) -> list[Edit]:
    """ "make that 2": the figure of the last change is another one."""
    figure = clause.number or clause.amount("db")
    others = {t.kind for t in clause.tokens if t.text != "instead"}
    others -= {"verb", "pron", "filler", "num", "amount", "sep"}
    if len(last) == 1 and isinstance(last[0], ResizeSection) and clause.number and not others:
        bare = not clause.acts or clause.lemmas == {"make"}
        return [replace(last[0], bars=int(clause.number.number))] if bare else []
    if figure is None or others or clause.lemmas != {"make"}:
        return []
    if not all(isinstance(e, ChangeStrip) and e.by and e.parameter == "gain_db" for e in last):
        return []
    strips: list[Any] = list(last)
    return [replace(e, by=abs(figure.number) * (1 if e.by > 0 else -1)) for e in strips]


def _only_nouns(clause: Clause) -> bool:
    """ "and the perc", "to the outro too": whom it concerns, and nothing else."""
    kinds = {t.kind for t in clause.tokens}
    return kinds <= {"prep", "det", "ord", "track", "section", "num", "filler", "sep", "too",
                     "only", "song"}  # fmt: skip


def _panned(last: tuple[Edit, ...]) -> list[ChangeStrip]:
    return [e for e in last if isinstance(e, ChangeStrip) and e.parameter == "pan" and e.value]


def _one_of_these(clause: Clause) -> tuple[str, ...]:
    """ "the last one even more": one of the sections spoken of."""
    ordinal = clause.first("ord")
    known = clause.world.memory.sections
    if (
        ordinal is None
        or len(known) < 2
        or not clause.word("one")
        or clause.sections
        or clause.tracks
    ):
        return ()
    if not (clause.has("quant", "more", "less") or clause.has("degree")):
        return ()
    if ordinal.value == "last":
        return known[-1:]
    return (known[int(ordinal.value) - 1 : int(ordinal.value)]) if ordinal.value.isdigit() else ()


def _own_wish(clause: Clause) -> bool:
    kinds = {t.kind for t in clause.tokens}
    if clause.does - {"add", "regenerate", "lower", "raise", "swap"}:
        return True
    return bool(
        kinds
        & {
            "level",
            "size",
            "energy",
            "tempo",
            "width",
            "dist",
            "tonadj",
            "fat",
            "mood",
            "timefeel",
            "style",
            "moodnoun",
            "side",
            "effect",
            "tone",
            "amount",
            "runner",
            "swing",
            "swell",
            "fill",
        }
    )


def _retargeted(clause: Clause, last: tuple[Edit, ...]) -> Outcome:
    """The last edits on other tracks or in other sections."""
    targets = Targets(clause)
    if targets.trouble is not None:
        return targets.trouble
    if targets.sections and any(isinstance(edit, SplitSection) for edit in last):
        return note("a section was split for that; say it anew for the other section")
    found: list[Edit] = []
    for edit in last:
        names = {f.name for f in fields(edit)}
        changed: list[Any] = [edit]
        if targets.tracks and clause.tracks:
            singles = (
                targets.singles() if isinstance(edit, (SwapSound, ShiftMood)) else targets.tracks
            )
            if "track" in names:
                changed = [replace(e, track=t) for e in changed for t in singles]
            elif "tracks" in names:
                changed = [replace(e, tracks=tuple(singles)) for e in changed]
            elif isinstance(edit, AddTrack):
                changed = [edit]
            elif isinstance(edit, SetLayers):
                changed = [_layered(edit, targets.tracks)]
            elif "name" in names and getattr(edit, "kind", "") in ("track", "section"):
                changed = [replace(e, kind="track", name=t) for e in changed for t in singles]
        if targets.sections and clause.sections:
            if "sections" in names:
                changed = [replace(e, sections=targets.sections) for e in changed]
            elif "section" in names:
                changed = [replace(e, section=s) for e in changed for s in targets.sections]
            elif "name" in names and getattr(edit, "kind", "") == "section":
                changed = [replace(e, name=s) for e in changed for s in targets.sections]
            elif isinstance(edit, MuteTrack):
                changed = [SetLayers(s, remove=(edit.track,)) for s in targets.sections]
        if clause.has("song") and "sections" in names:
            changed = [replace(e, sections=()) for e in changed]
        found += [e for e in changed if e not in found]
    if all(e in last for e in found):
        return note("the same has been done there already, or cannot be done there")
    return done(found, tracks=targets.tracks, sections=targets.sections)


def _once_more(clause: Clause, last: tuple[Edit, ...], *, other: bool) -> Outcome:
    """Another try at the last request."""
    seed = clause.world.memory.turn + 1
    found: list[Edit] = []
    for edit in last:
        if isinstance(edit, SwapSound):
            runners = len(clause.world.runners_up(edit.track))
            following = edit.runner_up + 1 if edit.runner_up else 0
            if following > runners:
                following = 0
            found.append(replace(edit, runner_up=following, digest="", seed=seed))
        elif isinstance(edit, (RegenerateSection, Reseed, AddTrack)):
            found.append(replace(edit, seed=seed))
        elif other:
            return Outcome()
        elif isinstance(edit, SplitSection):
            continue
        else:
            found.append(edit)
    return done(found)


def _scaled(last: tuple[Edit, ...], way: float, degree: int, before_bpm: float = 0.0) -> list[Edit]:
    """The last relative edits again, more of them, or less: back by half of what they did.

    before_bpm: the tempo before the last edits; it tells which way a tempo that was named went.
    """
    share = ((0.5, 0.5, 0.75) if way < 0 else (0.5, 1.0, 1.5))[degree + 1]
    found: list[Edit] = []
    for edit in last:
        if isinstance(edit, (ChangeStrip, ChangeMaster, ChangeReverb, SetEnergy)) and edit.by:
            found.append(replace(edit, by=round(edit.by * way * share, 3)))
        elif isinstance(edit, ChangeStrip) and edit.parameter == "pan" and edit.value is not None:
            place = edit.value * (1.5 if way > 0 else 0.5)
            found.append(replace(edit, value=round(min(max(place, -1.0), 1.0), 3)))
        elif isinstance(edit, SetTempo) and edit.bpm is None:
            step = (edit.by - 1.0) * way * share
            found.append(replace(edit, by=round(1.0 + step, 4)))
        elif isinstance(edit, SetTempo) and edit.bpm is not None:
            if before_bpm and before_bpm != edit.bpm:
                step = min(max(abs(edit.bpm - before_bpm) * share, 2.0), 10.0)
                faster = way * (1.0 if edit.bpm > before_bpm else -1.0)
                found.append(SetTempo(round(edit.bpm + faster * step, 2)))
        elif isinstance(edit, ShiftMood):
            if way > 0:
                found.append(edit)
            else:
                from loopmind.compose.vocabulary import OPPOSITE_MOOD

                opposite = tuple(OPPOSITE_MOOD[m] for m in edit.moods[:1])
                found.append(replace(edit, moods=opposite, amount=0.25))
        elif isinstance(edit, Transpose):
            found.append(replace(edit, semitones=round(edit.semitones * way)))
        elif isinstance(edit, SetEffect) and edit.amount != 0.0:
            by = (edit.by or EFFECT_BY) * way * share
            found.append(replace(edit, amount=None, by=round(by, 3)))
        elif isinstance(edit, SetMacro):
            found.append(replace(edit, by=round(edit.by * way * share, 9)))  # 0: it cannot move
        elif isinstance(edit, (ResizeSection, SplitSection)):
            continue
        else:
            found.append(edit) if way > 0 else None
    return found
