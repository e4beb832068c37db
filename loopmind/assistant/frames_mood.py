"""Frames of mood and energy."""

from __future__ import annotations

from loopmind.assistant.clauses import Clause
from loopmind.assistant.outcome import Outcome, Targets, done, note
from loopmind.assistant.senses import Token
from loopmind.compose.vocabulary import OPPOSITE_MOOD
from loopmind.music.edit import (
    SetEnergy,
    ShiftMood,
)

_AMOUNTS = (0.25, 0.5, 0.8)


_CROWDED = frozenset(
    {
        "busy",
        "full",
        "dense",
        "crowded",
        "cluttered",
        "crammed",
        "overloaded",
        "messy",
        "chaotic",
        "going on",
        "hectic",
        "frantic",
        "manic",
        "frenetic",
        "overstuffed",
        "overcrowded",
        "stuffed",
    }
)


_ENERGY = (0.08, 0.15, 0.3)


def wished_moods(clause: Clause) -> tuple[tuple[str, ...], Token | None]:
    """Moods that are wished for, the opposites of those that are not, and the first word."""
    found: list[str] = []
    first: Token | None = None
    for token in clause.tokens:
        mood = token if token.kind in ("mood", "moodnoun") else None
        if mood is None and token.kind == "genre":
            mood = token.as_kind("mood")
            if mood is not None and not clause.has("quant", "more") and clause.tracks:
                mood = None
        if mood is None:
            continue
        first = first or token
        moods = mood.value.split("|")
        away = any(
            t.kind == "prep" and t.value == "instead" for t in clause.tokens[: clause.where(token)]
        )
        if away:
            continue
        if clause.sign(token) < 0:
            moods = [OPPOSITE_MOOD[m] for m in moods[:1]]
        found += [m for m in moods if m not in found]
    return tuple(found), first


def mood(clause: Clause) -> Outcome | None:
    """The colour of the song, of sections or of tracks."""
    if "darken" in clause.does or "brighten" in clause.does:
        moods: tuple[str, ...] = ("dark",) if "darken" in clause.does else ("bright",)
        first: Token | None = clause.tokens[0]
    else:
        moods, first = wished_moods(clause)
        if not moods and "calm" in clause.does and not clause.has("energy"):
            moods, first = ("calm",), clause.tokens[0]
        if not moods and "clean" in clause.does and clause.tracks:
            moods, first = ("clean",), clause.tokens[0]
        hits = clause.lemmas & {"hit", "slam", "knock", "bang", "thump", "smack"}
        if hits and clause.tracks:
            moods = ("punchy", *(m for m in moods if m != "punchy"))
            first = first or clause.tokens[0]
    if not moods or first is None:
        return None
    if clause.lemmas & {"hit", "slam", "go", "bang"} and clause.sections and not clause.tracks:
        return None
    targets = Targets(clause)
    if clause.tracks and all(r.text in ("beat", "beats") for r in clause.tracks):
        return done(
            [ShiftMood(moods, _AMOUNTS[clause.degree + 1], targets.sections)],
            sections=targets.sections,
        )
    if targets.trouble is not None:
        return targets.trouble
    if clause.complaint and not _wrong(clause, first):
        return None
    amount = _AMOUNTS[clause.degree + 1]
    if any(OPPOSITE_MOOD[m] in moods[:n] for n, m in enumerate(moods)):
        # "darker, but not too dark"
        moods = tuple(m for n, m in enumerate(moods) if OPPOSITE_MOOD[m] not in moods[:n])
        amount = _AMOUNTS[0]
    singles = targets.singles()
    if singles and not (clause.has("song") and not clause.tracks):
        return done(
            (ShiftMood(moods, amount, targets.sections, t) for t in singles),
            tracks=targets.tracks,
            sections=targets.sections,
        )
    if (
        clause.has("pron")
        and not targets.sections
        and clause.world.memory.sections
        and not clause.has("song")
        and not clause.world.memory.tracks
    ):
        return done(
            [ShiftMood(moods, amount, clause.world.memory.sections)],
            sections=clause.world.memory.sections,
        )
    sections = _places(clause, targets)
    return done([ShiftMood(moods, amount, sections)], sections=sections)


def _places(clause: Clause, targets: Targets) -> tuple[str, ...]:
    """The sections meant: of "the mix in the last hook" that hook, of "the whole hook" as well."""
    inside = any(r.prep in ("in", "on", "at", "for", "during") for r in clause.sections)
    return targets.sections if inside or not clause.has("song") else ()


def _wrong(clause: Clause, first: Token) -> bool:
    """Whether a remark says that something is too much or too little of a quality."""
    return clause.has("too") or clause.has("enough") or clause.has("neg") or first.comparative


def energy(clause: Clause) -> Outcome | None:
    """More or less going on."""
    found = clause.first("energy")
    targets = Targets(clause)
    quant = clause.first("quant")
    does = clause.does
    way = 0
    if found is not None:
        way = clause.sign(found) * (1 if found.value == "up" else -1)
        if quant is not None and quant.value in ("less", "no"):
            way = -1 if found.value == "up" else 1
        if does & {"lower", "remove", "calm"} or clause.has("part", "down"):
            way = -1 if found.value == "up" else way
        elif does & {"raise", "build"} and found.value == "up":
            way = 1
        crowded = found.text in _CROWDED and (clause.has("too") or clause.complaint)
        if crowded:
            way = -1
        if (
            clause.complaint
            and found.value == "up"
            and not (
                clause.has("too")
                or clause.has("enough")
                or clause.has("neg")
                or crowded
                or quant is not None
            )
        ):
            return None
        if found.text == "low energy" and clause.complaint:
            way = 1
    elif "build" in does and not clause.word("builds"):
        way = 1
    elif "calm" in does and (targets.sections or not clause.tracks):
        return None
    elif (
        clause.lemmas & {"hit", "slam", "bang", "explode", "go"}
        and targets.sections
        and (clause.has("mood") or clause.has("degree") or "hit" in does or "build" in does)
    ) or (
        clause.word("flat", "weak", "underwhelming", "lifeless", "dead", "empty")
        and (targets.sections and not clause.tracks and clause.copular)
    ):
        way = 1
    elif (
        does & {"raise", "lower"}
        and targets.sections
        and not clause.tracks
        and not clause.first("effect")
        and not clause.amount("db", "bars")
    ):
        way = 1 if "raise" in does else -1
    elif (
        clause.has("part", "up", "down")
        and clause.sections
        and not clause.tracks
        and (clause.lemmas & {"bring", "take", "strip", "pump"})
    ):
        way = 1 if clause.has("part", "up") else -1
    elif clause.word("crowded", "cluttered", "crammed") and (clause.sections or clause.has("song")):
        way = -1
    if way == 0 or (clause.tracks and not clause.has("energy", "x") and not targets.sections):
        return None
    if clause.tracks and found is None:
        return None
    if clause.tracks and found is not None and found.text not in ("energy",):
        return None
    if targets.trouble is not None:
        return targets.trouble
    if found is not None and found.text in ("drive", "power") and targets.tracks:
        return None
    percent = clause.amount("percent")
    to = clause.has("prep", "to") or clause.has("prep", "at")
    named = found is not None and found.text in ("energy", "intensity")
    moved = quant is not None or does & {"raise", "lower", "build", "add"} or clause.has("part")
    to = to or (named and not moved)  # "energy 80 % in hook 2"
    sections = _places(clause, targets)
    if not sections and clause.has("pron") and not clause.has("song"):
        sections = clause.world.memory.sections
    if percent is not None and to:
        return done(
            [SetEnergy(sections, min(max(percent.number / 100.0, 0.0), 1.0))], sections=sections
        )
    figure = clause.number
    if figure is not None and found is not None and found.text in ("energy", "intensity"):
        share = figure.number / 100.0 if figure.number > 1.0 else figure.number
        if not 0.0 <= share <= 1.0:
            return note("energy goes from 0 to 1, or from 0 to 100 %")
        return done([SetEnergy(sections, round(share, 3))], sections=sections)
    if clause.word("max", "maximum", "full", "peak", "maxed") and way > 0:
        return done([SetEnergy(sections, 1.0)], sections=sections)
    by = _ENERGY[clause.degree + 1] * way
    if percent is not None:
        by = way * min(percent.number / 100.0, 1.0)
    if _already_full(clause, sections, by):
        return done([SetEnergy(sections, 1.0)], sections=sections)
    return done([SetEnergy(sections, None, round(by, 3))], sections=sections)


def _already_full(clause: Clause, sections: tuple[str, ...], by: float) -> bool:
    return False
