"""Frames of the talk itself: undo, redo, questions about the song, branches, "again", "the same"."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any

from loopmind.assistant.clauses import Clause
from loopmind.assistant.outcome import Outcome, Targets, act, done, note
from loopmind.assistant.values import (
    Action,
    Branch,
    Explain,
    Help,
    ListParts,
    Merge,
    Redo,
    Render,
    ShowHistory,
    Switch,
    Undo,
)
from loopmind.assistant.world import World
from loopmind.music.edit import (
    AddTrack,
    ChangeMaster,
    ChangeReverb,
    ChangeStrip,
    Edit,
    MuteTrack,
    RegenerateSection,
    Reseed,
    ResizeSection,
    SetEnergy,
    SetTempo,
    ShiftMood,
    SwapSound,
    Transpose,
)

ALL_CHANGES = 999
_NAME = r"[\"']?([\w][\w -]{0,40}?)[\"']?\s*(?:please)?[.!]?$"


def whole(text: str, world: World) -> Outcome | None:
    """Requests that are said in set phrases: branches, help, history."""
    low = text.strip().lower()
    for pattern, make in _SET_PHRASES:
        if match := re.search(pattern, low):
            found = make(*(g.strip() for g in match.groups() if g is not None))
            return act(found)
    return None


_SET_PHRASES: tuple[tuple[str, Any], ...] = (
    (rf"^(?:switch|go|change|jump|move|check ?out|return)(?: me)?(?: back)? (?:over )?to (?:the )?branch (?:called |named )?{_NAME}", Switch),
    (rf"^(?:switch|go|change|jump|return)(?: back)? to (?:the )?{_NAME[:-len('$')]}\s+branch\b", Switch),
    (r"^(?:back|go back|switch back|switch|return) to (main)\b", Switch),
    (rf"(?:new|make a|create a|start a|open a) (?:new )?branch (?:called |named |for )?{_NAME}", Branch),
    (rf"^branch (?:off )?(?:as |called |named |to )?{_NAME}", Branch),
    (rf"save (?:this|it)(?: version)? as {_NAME}", Branch),
    (r"(?:merge|take|bring|use|get) (?:the )?(?P<s>(?:intro|outro|verse|hook|chorus|bridge|breakdown|drop)(?: \d+)?) (?:over )?from (?:the )?(?:branch )?[\"']?([\w-]+)", lambda s, b: Merge(b, s.replace("chorus", "hook"))),
    (r"(?:merge) (?:the )?(?:branch )?[\"']?([\w-]+)[\"']?$", lambda b: Merge(b, "")),
    (r"^(?:show |list |what are )?(?:me )?(?:the |all |all the |my )?branches\b", lambda: ListParts("branches")),
    (r"^(?:help|\?|what can (?:i|you) (?:say|do)|what do you understand|how do(?:es)? (?:this|it) work)", Help),
    (r"^(?:show |list |print )?(?:me )?(?:the |my |all )?(?:edit |change )?(?:history|log|changes)(?: so far)?$", ShowHistory),
)  # fmt: skip


def undo(clause: Clause) -> Outcome | None:
    """Taking changes back, and bringing them back."""
    does = clause.does
    if "redo" in clause.lemmas and not (clause.tracks or clause.sections or clause.has("song")):
        return act(Redo(_count(clause)))
    if clause.lemmas == {"redo"} and clause.has("pron"):
        return act(Redo(_count(clause)))
    if "undo" not in does:
        return None
    if clause.amount("bpm") or clause.has("key") or clause.has("level"):
        return None
    if clause.word("original", "beginning", "start") or clause.has("song") or clause.word("all"):
        if clause.lemmas & {"undo", "revert", "go", "rollback"} and (
            clause.has("song") or clause.word("all", "beginning", "original")
        ):
            return act(Undo(ALL_CHANGES))
    if (clause.tracks or clause.sections) and "undo" not in clause.lemmas:
        return None
    return act(Undo(_count(clause)))


def _count(clause: Clause) -> int:
    times = clause.amount("times", "steps")
    if times is not None:
        return max(int(times.number), 1)
    if clause.number is not None:
        return max(int(clause.number.number or float(clause.number.value)), 1)
    twice = clause.first("ratio")
    if twice is not None and float(twice.value) >= 2:
        return int(float(twice.value))
    found = re.search(r"x\s?(\d+)|(\d+)\s?x", " ".join(t.text for t in clause.tokens))
    return int(found[1] or found[2]) if found else 1


def asked(clause: Clause, text: str) -> Outcome | None:
    """Questions about the song; they never change it."""
    wh = clause.first("wh")
    if wh is not None and any(
        t.kind in ("verb", "track", "section") for t in clause.tokens[: clause.where(wh)]
    ):
        wh = None  # "duck the bass when the kick hits"
    targets = Targets(clause)
    track = (
        targets.singles()[0] if targets.singles() else (targets.tracks[0] if targets.tracks else "")
    )
    section = targets.sections[0] if targets.sections else ""
    low = text.lower()
    if wh is None and not clause.does & {"explain", "list"} and not clause.question:
        return None
    if clause.does & {"list"} and wh is None:
        return _listed(clause) or act(Explain("section" if section else "song", track, section))
    if wh is not None and wh.value == "why" or "explain" in clause.does:
        if not track and not section and clause.world.memory.tracks:
            track = clause.world.memory.tracks[0]
        about = "sound" if track or not section else "section"
        return act(Explain("sound" if about == "sound" else "section", track, section))
    if re.search(
        r"what.*\b(?:change|changed|do|did|done|happened|different|happen|edited|edit|new)\b", low
    ) and (not re.search(r"what (?:can|should|would|could)", low)):
        return act(Explain("changes", track, section))
    if re.search(r"\b(?:other|alternatives?|options?|else)\b", low) and track:
        return act(Explain("sound", track, section))
    if section and wh is not None:
        return act(Explain("section", track, section))
    if track and wh is not None:
        return act(Explain("sound", track))
    listed = _listed(clause)
    if listed is not None and wh is not None:
        return listed
    if re.search(r"\b(?:bpm|tempo|key|long|length|genre|loud)\b", low) and not re.search(
        r"\bmean\b", low
    ):
        return act(Explain("song"))
    if re.search(r"\bmix\b", low):
        return act(Explain("mix"))
    if wh is not None and re.search(r"\bmean|difference|what (?:is|are) an?\b", low):
        return act(Help())
    if clause.question:
        return act(Explain("sound" if track else "section" if section else "song", track, section))
    return None


def _listed(clause: Clause) -> Outcome | None:
    for words, what in (
        (("sections", "section", "structure", "form", "arrangement"), "sections"),
        (("tracks", "instruments", "track", "layers"), "tracks"),
        (("sounds", "loops", "samples", "sound"), "sounds"),
        (("locks", "locked"), "locks"),
    ):
        if clause.word(*words):
            return act(ListParts(what))  # type: ignore[arg-type]
    return None


def render(clause: Clause) -> Outcome | None:
    """Writing or hearing the sound."""
    if clause.tracks or clause.sections or clause.has("only"):
        return None
    if "render" in clause.does or clause.lemmas & {"bounce"}:
        return act(Render())
    if clause.lemmas & {"play", "hear", "listen"} and (clause.has("pron") or clause.has("song")):
        plain = {"play", "hear", "listen", "let", "give"}
        if clause.lemmas <= plain and not any(
            t.kind
            in (
                "mood",
                "level",
                "energy",
                "tempo",
                "key",
                "genre",
                "amount",
                "other",
                "again",
                "part",
            )
            for t in clause.tokens
        ):
            return act(Render())
    return None


# "again", "more", "the same for"


def again(clause: Clause) -> Outcome | None:
    """The last request once more, stronger, weaker, or on something else."""
    world = clause.world
    last = world.memory.edits
    same = (
        clause.has("same")
        or (clause.has("too", "also") and not clause.acts)
        or (clause.text_is("too") if hasattr(clause, "text_is") else False)
    )
    trailing = clause.tokens and clause.tokens[-1].kind in ("too",) and not clause.acts
    if last and (same or trailing) and (clause.tracks or clause.sections or clause.has("song")):
        if not _own_wish(clause):
            return _retargeted(clause, last)
    if not last:
        return None
    picked = _one_of_these(clause)
    if picked:
        quant = clause.first("quant", "more", "less")
        way = -1.0 if quant is not None and quant.value == "less" else 1.0
        scaled = _scaled(last, way, clause.degree)
        return done(
            [replace(e, sections=picked) for e in scaled if hasattr(e, "sections")],  # type: ignore[call-arg]
            sections=picked,
        )
    if clause.tracks or clause.sections or clause.has("key") or _own_wish(clause):
        return None
    if clause.has("song") or clause.unknown:
        if not clause.has("other") or clause.has("song"):
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
    if (
        quant is not None
        and not clause.acts
        or (quant is not None and clause.lemmas <= {"go", "give", "be", "need", "want", "make"})
    ):
        return done(_scaled(last, 1.0 if quant.value == "more" else -1.0, clause.degree))
    if clause.has("too") and not clause.acts and clause.word("much"):
        return done(_scaled(last, -1.0, -1))
    if "lower" in clause.does and not clause.has("effect"):
        return done(_scaled(last, -1.0, clause.degree))
    if "raise" in clause.does and not clause.has("effect"):
        return done(_scaled(last, 1.0, clause.degree))
    return None


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
    return bool(kinds & {"level", "size", "energy", "tempo", "width", "dist", "tonadj", "fat", "mood",
                         "timefeel", "style", "moodnoun", "side", "effect", "tone", "amount",
                         "runner"})  # fmt: skip


def _retargeted(clause: Clause, last: tuple[Edit, ...]) -> Outcome:
    """The last edits on other tracks or in other sections."""
    targets = Targets(clause)
    if targets.trouble is not None:
        return targets.trouble
    found: list[Edit] = []
    for edit in last:
        names = {f.name for f in fields(edit)}
        changed: list[Any] = [edit]
        if targets.tracks and clause.tracks:
            singles = (
                targets.singles() if isinstance(edit, (SwapSound, ShiftMood)) else targets.tracks
            )
            if "track" in names:
                changed = [replace(e, track=t) for e in changed for t in singles]  # type: ignore[call-arg]
            elif "tracks" in names:
                changed = [replace(e, tracks=tuple(singles)) for e in changed]  # type: ignore[call-arg]
            elif isinstance(edit, AddTrack):
                changed = [edit]
            elif "name" in names and getattr(edit, "kind", "") in ("track", "section"):
                changed = [replace(e, kind="track", name=t) for e in changed for t in singles]  # type: ignore[call-arg]
        if targets.sections and clause.sections:
            if "sections" in names:
                changed = [replace(e, sections=targets.sections) for e in changed]
            elif "section" in names:
                changed = [replace(e, section=s) for e in changed for s in targets.sections]
            elif "name" in names and getattr(edit, "kind", "") == "section":
                changed = [replace(e, name=s) for e in changed for s in targets.sections]
            elif isinstance(edit, MuteTrack):
                from loopmind.music.edit import SetLayers

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
        else:
            found.append(edit)
    return done(found)


def _scaled(last: tuple[Edit, ...], way: float, degree: int) -> list[Edit]:
    """The last relative edits again, more or less of them."""
    share = (0.5, 1.0, 1.5)[degree + 1]
    found: list[Edit] = []
    for edit in last:
        if isinstance(edit, (ChangeStrip, ChangeMaster, ChangeReverb, SetEnergy)) and edit.by:
            found.append(replace(edit, by=round(edit.by * way * share, 3)))  # type: ignore[arg-type]
        elif isinstance(edit, SetTempo) and edit.bpm is None:
            step = (edit.by - 1.0) * way * share
            found.append(replace(edit, by=round(1.0 + step, 4)))
        elif isinstance(edit, ShiftMood):
            if way > 0:
                found.append(edit)
            else:
                from loopmind.compose.vocabulary import OPPOSITE_MOOD

                opposite = tuple(OPPOSITE_MOOD[m] for m in edit.moods[:1])
                found.append(replace(edit, moods=opposite, amount=0.25))
        elif isinstance(edit, Transpose):
            found.append(replace(edit, semitones=round(edit.semitones * way)))
        elif isinstance(edit, ResizeSection):
            continue
        else:
            found.append(edit) if way > 0 else None
    return found


def actions_of(outcome: Outcome) -> tuple[Action, ...]:
    return outcome.actions
