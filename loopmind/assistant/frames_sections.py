"""Frames of form: sections added, taken out, moved and repeated."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_swap import seed_of
from loopmind.assistant.outcome import Outcome, ask, done, missing_section, note
from loopmind.assistant.refs import SectionRef
from loopmind.music.edit import (
    AddSection,
    AddTrack,
    Edit,
    RemoveSection,
)
from loopmind.music.song import SectionKind

_PLACES = ("after", "before", "between", "at", "in", "to", "on", "into")


def _kind(ref: SectionRef, clause: Clause) -> SectionKind:
    kind = {"start": "intro", "end": "outro"}.get(ref.kind, ref.kind)
    return cast(SectionKind, kind)


def anchors_of(clause: Clause, skip: SectionRef | None = None) -> list[SectionRef]:
    """The sections that say where: "after hook 2", "at the end"."""
    return [
        r
        for r in clause.sections
        if r is not skip
        and (
            r.positional
            or (r.prep in ("at", "to", "in", "on") and r.kind in ("start", "end", "intro", "outro"))
        )
    ]


def fresh_of(ref: SectionRef) -> bool:
    """Whether a new section is meant, not one that is there."""
    return ref.det in ("indef", "other") or not ref.names


def after_of(anchor: SectionRef, name: str, clause: Clause) -> str:
    """What a section that is put at `name` comes behind."""
    if anchor.positional:
        if anchor.prep == "before":
            return clause.world.before(name)
        return name
    if anchor.kind in ("start", "intro"):
        return ""
    return clause.world.sections[-1].name


def add_section(clause: Clause) -> Outcome | None:
    """A new section at a place."""
    if not clause.sections or clause.does & {
        "remove",
        "move",
        "regenerate",
        "repeat",
        "lock",
        "fade_in",
        "fade_out",
        "raise",
        "lower",
    }:
        return None
    if clause.has("neg") or clause.has("quant", "no", "less"):
        return None
    new = [
        r
        for r in clause.sections
        if not r.positional and r.prep not in ("at", "in", "on", "for", "to", "from", "into", "of")
    ]
    of = [r for r in clause.sections if r.prep == "of" and clause.amount("bars")]
    if not new and of:
        new = of  # "eight bars of breakdown"
    if not new or [r for r in clause.tracks if r.prep not in ("with", "", "without")]:
        return None
    ref = new[0]
    anchors = anchors_of(clause, ref)
    adding = (
        "add" in clause.does
        or bool(
            clause.lemmas
            & {
                "put",
                "want",
                "need",
                "give",
                "have",
                "like",
                "insert",
                "squeeze",
                "fit",
                "slip",
                "get",
                "use",
                "throw",
                "make",
                "write",
                "drop",
            }
        )
        or clause.word("needs", "need", "would")
    )
    positional = [a for a in anchors if a.positional]
    held_by = [r for r in clause.tracks if r.prep == "with" and fresh_of(ref)]
    if (clause.has("only") and not held_by) or (clause.has("energy") and not adding):
        return None
    fresh = ref.det in ("indef", "other") or not ref.names
    if not (adding and (fresh or "add" in clause.does)) and not (
        not clause.acts and positional and not ref.number
    ):
        return None
    if clause.tracks and "add" in clause.does and clause.tracks[0].at < ref.at and ref.names:
        return None
    if ref.number and ref.names and not fresh:
        return None
    if clause.amount("bars") and not fresh and not positional:
        return None
    if (clause.has("size") or clause.has("energy") or clause.has("mood")) and not (
        fresh and (positional or "add" in clause.does)
    ):
        return None
    return _added(clause, ref, anchors)


def _added(clause: Clause, ref: SectionRef, anchors: list[SectionRef]) -> Outcome:
    world = clause.world
    kind = _kind(ref, clause)
    amount = clause.amount("bars")
    energy = None
    feel = clause.first("energy") or clause.first("mood", "calm")
    if feel is not None and feel.kind == "energy":
        energy = 0.9 if feel.value == "up" else 0.3
    elif feel is not None:
        energy = 0.3
    plays = tuple(dict.fromkeys(r.pointed.role for r in clause.tracks if r.prep in ("with", "")))
    edit = AddSection(kind, "", int(amount.number) if amount else 0, energy, plays, seed_of(clause))

    def at(after: str) -> list[Edit]:
        return [replace(edit, after=after)]

    name = world.fresh_name(kind)
    if len(anchors) > 1 and anchors[0].prep == "between":
        names = [n for a in anchors for n in a.names]
        places = [s.name for s in world.sections if s.name in names]
        if len(places) >= 2:
            return done(at(places[0]), sections=(name,))
    if anchors:
        anchor = anchors[0]
        if anchor.missing or not anchor.names:
            return missing_section(anchor, world)
        if anchor.open and anchor.prep != "between" and len(anchor.names) > 1:
            return ask(
                f"{anchor.prep.capitalize()} which {anchor.text}?",
                [(f"{anchor.prep} {n}", at(after_of(anchor, n, clause))) for n in anchor.names],
            )
        if len(anchor.names) > 1:
            return done([e for n in anchor.names for e in at(after_of(anchor, n, clause))])
        return done(at(after_of(anchor, anchor.names[0], clause)), sections=(name,))
    if kind == "intro" or kind == "outro":
        if ref.names and ref.det != "other":
            return ask(
                f"There is an {kind} already. What should happen?",
                [
                    ("add another", at("" if kind == "intro" else world.sections[-1].name)),
                ],
            )
        return done(at("" if kind == "intro" else world.sections[-1].name), sections=(name,))
    hooks = [s.name for s in world.sections if s.kind in ("hook", "drop")]
    offered = [(f"after {n}", at(n)) for n in hooks[:3]]
    offered.append(("at the end", at(world.sections[-1].name)))
    return ask(f"Where should the new {kind} go?", offered)


def remove_section(clause: Clause) -> Outcome | None:
    """Sections taken out."""
    quant = clause.first("quant", "no")
    negated = clause.has("neg") and (
        clause.word("need", "want") or clause.lemmas & {"want", "need"}
    )
    if not (
        "remove" in clause.does
        or quant
        or negated
        or (clause.has("part", "out") and not clause.acts)
    ):
        return None
    if clause.has("neg") and "remove" in clause.does:
        return None
    if clause.tracks or clause.amount("bars", "db") or clause.has("ratio"):
        return None
    if clause.first("effect") or clause.first("tone") or clause.has("noun") or clause.has("energy"):
        return None
    if clause.number is not None:
        return None
    refs = [
        r for r in clause.sections if not r.positional and r.prep not in ("in", "at", "from", "on")
    ]
    if not refs and clause.has("pron") and clause.world.memory.sections and not clause.sections:
        names = clause.world.memory.sections
        if clause.world.memory.tracks or any(
            isinstance(e, AddTrack) for e in clause.world.memory.edits
        ):
            return None
        return done(RemoveSection(n) for n in names if clause.world.section(n))
    if not refs:
        return None
    edits: list[Edit] = []
    for ref in refs:
        if ref.missing or not ref.names:
            return missing_section(ref, clause.world)
        if ref.open or (ref.det == "indef" and len(ref.names) > 1):
            return ask(f"Which {ref.text} should go?", [(n, [RemoveSection(n)]) for n in ref.names])
        edits += [RemoveSection(n) for n in ref.names]
    if len(edits) >= len(clause.world.sections):
        return note("a song needs at least one section")
    return done(edits, sections=tuple(n for r in refs for n in r.names))
