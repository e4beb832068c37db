"""Frames of order: sections moved, exchanged and repeated."""

from __future__ import annotations

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_sections import after_of, anchors_of
from loopmind.assistant.outcome import Outcome, ask, done, missing_section, note
from loopmind.music.edit import (
    DuplicateSection,
    Edit,
    MoveSection,
)


def move_section(clause: Clause) -> Outcome | None:
    """Sections moved or exchanged."""
    does = clause.does
    world = clause.world
    refs = clause.sections
    moving = "move" in does or bool(
        clause.lemmas
        & {
            "put",
            "bring",
            "shift",
            "push",
            "have",
            "come",
            "go",
            "take",
            "set",
            "pull",
            "let",
            "play",
            "place",
            "start",
            "open",
            "begin",
        }
    )
    moving |= clause.word("should", "come", "comes")
    if clause.tracks:
        return None
    starts = bool(clause.lemmas & {"start", "open", "begin"})
    plain_refs = [
        r
        for r in refs
        if not r.positional and r.prep in ("", "with", "on", "of", "and", "as", "in")
    ]
    ends = clause.tokens[-1] if clause.tokens else None
    if (
        moving
        and len(refs) == 1
        and ends is not None
        and ends.kind == "ord"
        and refs[0].names
        and (ends.value in ("1", "last") and not refs[0].open)
    ):
        name = refs[0].names[0]
        after = "" if ends.value == "1" else world.sections[-1].name
        if name != after:
            return done([MoveSection(name, after)], sections=(name,))
    if ("swap" in does or clause.word("order")) and not clause.has("other"):
        names = [r for r in refs if not r.positional]
        scope = clause.scope
        if clause.word("places") and len(names) == len(scope) == 1 and len(names[0].names) == 1:
            return _exchanged(scope[0], names[0].names[0], clause)
        if len(names) == 1 and len(names[0].names) == 2 and not names[0].open:
            return _exchanged(names[0].names[0], names[0].names[1], clause)
        if len(names) == 2 and all(len(r.names) == 1 for r in names):
            return _exchanged(names[0].names[0], names[1].names[0], clause)
        if len(names) == 2:
            bad = next((r for r in names if not r.names), None)
            if bad is not None:
                return missing_section(bad, world)
    ending = bool(clause.lemmas & {"end", "finish", "close"}) and "fade" not in does
    if ending and len(plain_refs) == 1 and len(refs) == 1 and not clause.has("only"):
        name = plain_refs[0].names[0] if plain_refs[0].names else ""
        if name and not plain_refs[0].open and plain_refs[0].kind not in ("start", "end"):
            if name == world.sections[-1].name:
                return note(f"the song ends with {name} already")
            return done([MoveSection(name, world.sections[-1].name)], sections=(name,))
    if starts and plain_refs and not clause.has("only") and "fade" not in does:
        ref = plain_refs[-1]
        if ref.kind in ("start", "end") or not ref.names:
            return None
        if ref.names[0] == world.sections[0].name and len(ref.names) == 1:
            return note(f"the song starts with {ref.names[0]} already")
        if ref.open:
            return ask(
                f"Which {ref.text} should come first?",
                [(n, [MoveSection(n, "")]) for n in ref.names],
            )
        return done([MoveSection(ref.names[0], "")], sections=ref.names)
    anchors = [
        r
        for r in refs
        if r.positional
        or (
            r.prep in ("to", "at", "towards", "into")
            and r.kind in ("start", "end", "intro", "outro")
        )
    ]
    objects = [r for r in refs if r not in anchors]
    pronoun = not objects and clause.has("pron")
    if pronoun and anchors and moving:
        known = tuple(n for n in world.memory.sections)
        if not known:
            return None
        objects_names: tuple[str, ...] = known[:1]
    elif objects and (anchors and moving):
        if objects[0].missing or not objects[0].names:
            return missing_section(objects[0], world) if "move" in does else None
        if objects[0].det == "indef" and objects[0].kind != "bridge":
            return None
        if objects[0].det in ("indef", "other") and "move" not in does:
            return None
        if objects[0].open:
            anchor = anchors[0]
            if anchor.open or not anchor.names:
                return ask(f"Which {objects[0].text}?", [(n, []) for n in objects[0].names])
            return ask(
                f"Which {objects[0].text} should move?",
                [
                    (n, [MoveSection(n, after_of(anchor, anchor.names[0], clause))])
                    for n in objects[0].names
                ],
            )
        objects_names = objects[0].names
    elif "move" in does and objects:
        movable = objects[0].names
        if not movable:
            return missing_section(objects[0], world)
        last = world.sections[-1].name
        if objects[0].open:
            return ask(
                f"Which {objects[0].text} should move, and where to?",
                [(f"{n} to the start", [MoveSection(n, "")]) for n in movable],
            )
        return ask(
            f"Where should {movable[0]} go?",
            [
                ("to the start", [MoveSection(movable[0], "")]),
                *(
                    (f"after {s.name}", [MoveSection(movable[0], s.name)])
                    for s in world.sections
                    if s.name != movable[0] and s.name != last
                ),
            ],
        )
    else:
        return None
    anchor = anchors[0]
    if anchor.missing or not anchor.names:
        return missing_section(anchor, world)
    name = objects_names[0]
    if anchor.open and len(anchor.names) > 1:
        return ask(
            f"{anchor.prep.capitalize()} which {anchor.text}?",
            [
                (f"{anchor.prep} {n}", [MoveSection(name, after_of(anchor, n, clause))])
                for n in anchor.names
                if n != name
            ],
        )
    after = after_of(anchor, anchor.names[0], clause)
    if after == name:
        names_now = [s.name for s in world.sections]
        place = names_now.index(name)
        if anchor.prep == "before" or place == len(names_now) - 1:
            return note(f"{name} is there already")
        after = world.before(name)
    return done([MoveSection(name, after)], sections=(name,))


def _exchanged(a: str, b: str, clause: Clause) -> Outcome:
    """Two moves that put each section where the other was."""
    names = [s.name for s in clause.world.sections]
    first, second = sorted((a, b), key=names.index)
    between = names[names.index(first) + 1 : names.index(second)]
    before_first = clause.world.before(first)
    edits: list[Edit] = [MoveSection(second, before_first)]
    if between:
        edits.append(MoveSection(first, between[-1]))
    return done(edits, sections=(first, second))


def repeat_section(clause: Clause) -> Outcome | None:
    """Sections played twice."""
    twice = clause.first("ratio", "2")
    doubled = twice is not None and twice.text in (
        "double",
        "twice",
        "doubled",
        "two times",
        "2 times",
    )
    if not (
        "repeat" in clause.does
        or (doubled and clause.sections)
        or (
            (
                clause.has("again")
                and clause.sections
                and clause.lemmas & {"play", "have", "bring", "do", "put", "use"}
            )
            or (clause.has("again") and clause.sections and not clause.acts)
            or (
                clause.has("part", "back")
                and clause.lemmas & {"bring", "have"}
                and any(r.positional for r in clause.sections)
                and not clause.has("prep", "to")
            )
        )
    ):
        return None
    if clause.tracks or clause.has("size") or clause.has("noun", "length", "tempo"):
        return None
    if (
        doubled
        and twice is not None
        and (clause.word("length", "long") or "lengthen" in clause.does)
    ):
        return None
    if clause.amount("bars") or clause.amount("bpm"):
        return None
    anchors = anchors_of(clause)
    refs = [r for r in clause.sections if r not in anchors]
    names = refs[0].names if refs else ()
    if not refs and clause.has("pron"):
        names = clause.world.memory.sections[:1]
    if not names:
        return missing_section(refs[0], clause.world) if refs else None

    def edit(name: str) -> list[Edit]:
        if not anchors:
            return [DuplicateSection(name)]
        anchor = anchors[0]
        if not anchor.names:
            return []
        return [DuplicateSection(name, after_of(anchor, anchor.names[-1], clause) or "")]

    if anchors and (anchors[0].missing or not anchors[0].names):
        return missing_section(anchors[0], clause.world)
    if refs and refs[0].open:
        return ask(f"Which {refs[0].text}?", [(n, edit(n)) for n in names])
    if anchors and anchors[0].open:
        return ask(
            f"{anchors[0].prep.capitalize()} which {anchors[0].text}?",
            [
                (n, [DuplicateSection(names[0], after_of(anchors[0], n, clause))])
                for n in anchors[0].names
            ],
        )
    return done([e for n in names for e in edit(n)], sections=names)
