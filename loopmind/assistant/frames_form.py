"""Frames of form: sections added, taken out, moved, repeated, made longer or shorter, and fades."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_sound import seed_of
from loopmind.assistant.outcome import Outcome, Targets, ask, done, missing_section, note
from loopmind.assistant.refs import SectionRef
from loopmind.music.edit import (
    AddSection,
    DuplicateSection,
    Edit,
    MoveSection,
    RemoveSection,
    ResizeSection,
    SetFade,
)
from loopmind.music.song import SectionKind

FADE_BEATS = 16.0
_PLACES = ("after", "before", "between", "at", "in", "to", "on", "into")


def _kind(ref: SectionRef, clause: Clause) -> SectionKind:
    kind = {"start": "intro", "end": "outro"}.get(ref.kind, ref.kind)
    return cast(SectionKind, kind)


def _anchors(clause: Clause, skip: SectionRef | None = None) -> list[SectionRef]:
    """The sections that say where: "after hook 2", "at the end"."""
    return [
        r for r in clause.sections
        if r is not skip and (r.positional or (r.prep in ("at", "to", "in", "on")
                                               and r.kind in ("start", "end", "intro", "outro")))
    ]  # fmt: skip


def _after(anchor: SectionRef, name: str, clause: Clause) -> str:
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
    if not clause.sections or clause.does & {"remove", "move", "regenerate", "repeat", "lock",
                                             "fade_in", "fade_out", "raise", "lower"}:  # fmt: skip
        return None
    if clause.has("neg") or clause.has("quant", "no", "less"):
        return None
    new = [r for r in clause.sections if not r.positional and r.prep not in ("at", "in", "on", "for", "to",
                                                                        "from", "into", "of")]  # fmt: skip
    of = [r for r in clause.sections if r.prep == "of" and clause.amount("bars")]
    if not new and of:
        new = of  # "eight bars of breakdown"
    if not new or [r for r in clause.tracks if r.prep not in ("with", "", "without")]:
        return None
    ref = new[0]
    anchors = _anchors(clause, ref)
    adding = "add" in clause.does or bool(
        clause.lemmas & {"put", "want", "need", "give", "have", "like", "insert", "get", "use",
                         "throw", "make", "write", "drop"}
    ) or clause.word("needs", "need", "would")  # fmt: skip
    positional = [a for a in anchors if a.positional]
    if clause.has("only") or clause.has("energy") and not adding:
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
            return ask(f"{anchor.prep.capitalize()} which {anchor.text}?", [
                (f"{anchor.prep} {n}", at(_after(anchor, n, clause))) for n in anchor.names
            ])  # fmt: skip
        if len(anchor.names) > 1:
            return done([e for n in anchor.names for e in at(_after(anchor, n, clause))])
        return done(at(_after(anchor, anchor.names[0], clause)), sections=(name,))
    if kind == "intro" or kind == "outro":
        if ref.names and ref.det != "other":
            return ask(f"There is an {kind} already. What should happen?", [
                ("add another", at("" if kind == "intro" else world.sections[-1].name)),
            ])  # fmt: skip
        return done(at("" if kind == "intro" else world.sections[-1].name), sections=(name,))
    hooks = [s.name for s in world.sections if s.kind in ("hook", "drop")]
    places = [(f"after {n}", at(n)) for n in hooks[:3]]
    places.append(("at the end", at(world.sections[-1].name)))
    return ask(f"Where should the new {kind} go?", places)


def remove_section(clause: Clause) -> Outcome | None:
    """Sections taken out."""
    quant = clause.first("quant", "no")
    negated = clause.has("neg") and (
        clause.word("need", "want") or clause.lemmas & {"want", "need"}
    )
    if not ("remove" in clause.does or quant or negated or (
        clause.has("part", "out") and not clause.acts)):  # fmt: skip
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
        if clause.world.memory.tracks:
            return None
        return done((RemoveSection(n) for n in names if clause.world.section(n)))
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


def move_section(clause: Clause) -> Outcome | None:
    """Sections moved or exchanged."""
    does = clause.does
    world = clause.world
    refs = clause.sections
    moving = "move" in does or bool(clause.lemmas & {"put", "bring", "shift", "push", "have", "come",
                                                     "go", "take", "set", "pull", "let", "play",
                                                     "place", "start", "open", "begin"})  # fmt: skip
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
        if len(names) == 1 and len(names[0].names) == 2 and not names[0].open and names[0].number:
            return _exchanged(names[0].names[0], names[0].names[1], clause)
        if len(names) == 2 and all(len(r.names) == 1 for r in names):
            return _exchanged(names[0].names[0], names[1].names[0], clause)
        if len(names) == 2:
            bad = next((r for r in names if not r.names), None)
            if bad is not None:
                return missing_section(bad, world)
    if starts and plain_refs and not clause.has("only") and "fade" not in does:
        ref = plain_refs[-1]
        if ref.kind in ("start", "end") or not ref.names:
            return None
        if ref.names[0] == world.sections[0].name and len(ref.names) == 1:
            return note(f"the song starts with {ref.names[0]} already")
        if ref.open:
            return ask(f"Which {ref.text} should come first?",
                       [(n, [MoveSection(n, "")]) for n in ref.names])  # fmt: skip
        return done([MoveSection(ref.names[0], "")], sections=ref.names)
    anchors = [r for r in refs if r.positional or (
        r.prep in ("to", "at", "towards", "into") and r.kind in ("start", "end", "intro", "outro"))]  # fmt: skip
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
            return ask(f"Which {objects[0].text} should move?", [
                (n, [MoveSection(n, _after(anchor, anchor.names[0], clause))])
                for n in objects[0].names
            ])  # fmt: skip
        objects_names = objects[0].names
    elif "move" in does and objects:
        names = objects[0].names
        if not names:
            return missing_section(objects[0], world)
        last = world.sections[-1].name
        if objects[0].open:
            return ask(f"Which {objects[0].text} should move, and where to?", [
                (f"{n} to the start", [MoveSection(n, "")]) for n in names
            ])  # fmt: skip
        return ask(f"Where should {names[0]} go?", [
            ("to the start", [MoveSection(names[0], "")]),
            *((f"after {s.name}", [MoveSection(names[0], s.name)]) for s in world.sections
              if s.name != names[0] and s.name != last),
        ])  # fmt: skip
    else:
        return None
    anchor = anchors[0]
    if anchor.missing or not anchor.names:
        return missing_section(anchor, world)
    name = objects_names[0]
    if anchor.open and len(anchor.names) > 1:
        return ask(f"{anchor.prep.capitalize()} which {anchor.text}?", [
            (f"{anchor.prep} {n}", [MoveSection(name, _after(anchor, n, clause))])
            for n in anchor.names if n != name
        ])  # fmt: skip
    after = _after(anchor, anchor.names[0], clause)
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
    if not ("repeat" in clause.does or (doubled and clause.sections) or (
        clause.has("again") and clause.sections and clause.lemmas & {"play", "have", "bring", "do",
                                                                     "put", "use"}
        or (clause.has("again") and clause.sections and not clause.acts)
    )):  # fmt: skip
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
    anchors = _anchors(clause)
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
        return [DuplicateSection(name, _after(anchor, anchor.names[-1], clause) or "")]

    if anchors and (anchors[0].missing or not anchors[0].names):
        return missing_section(anchors[0], clause.world)
    if refs and refs[0].open:
        return ask(f"Which {refs[0].text}?", [(n, edit(n)) for n in names])
    if anchors and anchors[0].open:
        return ask(f"{anchors[0].prep.capitalize()} which {anchors[0].text}?", [
            (n, [DuplicateSection(names[0], _after(anchors[0], n, clause))])
            for n in anchors[0].names
        ])  # fmt: skip
    return done([e for n in names for e in edit(n)], sections=names)


def resize(clause: Clause) -> Outcome | None:
    """Sections made longer or shorter."""
    size = clause.first("size")
    amount = clause.amount("bars")
    ratio = clause.first("ratio")
    if clause.sections and clause.word("drags", "drag", "dragging") and not clause.tracks:
        targets = Targets(clause)
        return targets.trouble or done(
            [ResizeSection(n, max(clause.world.bars_of(n) // 2, 1)) for n in targets.sections],
            sections=targets.sections,
        )
    does = clause.does
    if clause.has("too") and size is None and amount is None:
        return None
    that_long = bool(clause.number is not None and clause.has("pron") and clause.world.memory.sections
                     and not clause.world.memory.tracks and clause.lemmas <= {"make", "be", "go"}
                     and not clause.tracks and not clause.sections and clause.number.number <= 64
                     and not clause.has("noun"))  # fmt: skip
    bare = (
        clause.number
        if clause.number is not None and clause.sections and not clause.tracks
        else None
    )
    cut = "remove" in does and (amount is not None or ratio is not None)
    more_of = (
        clause.first("quant", "more", "less") if clause.sections and not clause.tracks else None
    )
    if not (size or (amount and (clause.sections or clause.has("pron") or clause.subject_sections
                                 or clause.world.memory.sections))
            or does & {"shorten", "lengthen"} or cut or (ratio and clause.sections)
            or (more_of and not amount and _just_more(clause)) or bare or that_long):  # fmt: skip
        return None
    if clause.tracks or clause.first("effect") or clause.has("noun", "fade", "fadein", "fadeout"):
        return None
    if "build" in does or (
        "add" in does
        and any(r.positional or r.det == "indef" or not r.names for r in clause.sections)
    ):
        return None
    if amount is not None and any(r.positional for r in clause.sections) and not size:
        return None
    if does & {"fade_in", "fade_out", "fade", "swap"} or clause.has("energy") and not size:
        return None
    if bare is not None and (clause.acts and not clause.lemmas & {"make", "set", "be", "should"} or
                             bare.number < 1 or (clause.has("energy"))):  # fmt: skip
        if not (size or amount or does & {"shorten", "lengthen"} or ratio or cut):
            return None
    targets = Targets(clause)
    if targets.trouble is not None:
        return targets.trouble
    refs = [r for r in (clause.sections or clause.subject_sections) if not r.positional]
    names = tuple(dict.fromkeys(n for r in refs for n in r.names)) or (
        targets.sections
        if not clause.has("song") and not any(r.positional for r in clause.sections)
        else ()
    )
    if not names:
        known = tuple(n for n in clause.world.memory.sections)
        if known and not clause.has("song") and (clause.has("pron") or not clause.sections):
            names = known
    if not names:
        if size is None and amount is None and not (clause.has("song") or clause.has("pron")):
            return None
        return _which_resized(clause)
    if any(r.det == "indef" and r.open for r in refs):
        return ask("Which one?", [(n, _resized(clause, (n,))) for n in names])
    edits = _resized(clause, names)
    return done(edits, sections=names) if edits else None


def _just_more(clause: Clause) -> bool:
    """ "more outro", "less intro"."""
    quant = clause.first("quant", "more", "less")
    at = clause.where(quant) if quant else 0
    after = next((t for t in clause.tokens[at + 1 :] if t.kind not in ("filler", "det")), None)
    return after is not None and after.kind == "section"


def _resized(clause: Clause, names: tuple[str, ...]) -> list[Edit]:
    edits: list[Edit] = []
    for name in names:
        bars = clause.world.bars_of(name)
        new = _bars(clause, bars)
        if new and new != bars:
            edits.append(ResizeSection(name, new))
    return edits


def _bars(clause: Clause, bars: int) -> int:
    size, amount, ratio = clause.first("size"), clause.amount("bars"), clause.first("ratio")
    number = clause.number
    way = 0
    if size is not None:
        way = clause.sign(size) * (1 if size.value == "long" else -1)
    elif clause.does & {"shorten", "remove", "lower"}:
        way = -1
    elif clause.does & {"lengthen", "add", "raise"} or (amount and amount.text.startswith("+")):
        way = 1
    elif clause.first("quant", "more", "less"):
        way = 1 if clause.has("quant", "more") else -1
    if amount is not None:
        count = int(amount.number)
        at = clause.where(amount)
        before = next((t for t in reversed(clause.tokens[:at]) if t.kind not in ("filler", "only", "degree")),
                      None)  # fmt: skip
        relative = before is not None and (
            (before.kind == "prep" and before.value in ("by", "of"))
            or (before.kind == "quant" and before.value in ("more", "less"))
            or (before.kind == "verb" and clause.does & {"add", "remove", "lower"})
        )
        following = clause.tokens[at + 1] if at + 1 < len(clause.tokens) else None
        if (
            following is not None
            and (following.kind == "quant" or (following.kind == "size" and following.comparative))
            or amount.text.startswith(("+", "-"))
        ):
            relative = True
        if following is not None and following.text == "off":
            relative, way = True, -1
        if before is not None and before.kind == "prep" and before.value in ("to", "at"):
            relative = False
        if relative and way:
            return max(bars + way * abs(count), 1)
        return max(count, 1)
    if ratio is not None:
        share = float(ratio.value)
        if way < 0 and share > 1:
            share = 1.0 / share
        return max(round(bars * share), 1)
    if number is not None and not way:
        return max(int(number.number or float(number.value)), 1)
    if number is not None and clause.has("prep", "to"):
        return max(int(number.number or float(number.value)), 1)
    if way == 0:
        return 0
    if clause.degree < 0:
        step = 4 if bars > 4 else max(bars // 2, 1)
        return max(bars + way * step, 1)
    if way > 0:
        return bars * 2
    return max(bars // (4 if clause.degree > 0 else 2), 1)


def _which_resized(clause: Clause) -> Outcome:
    size = clause.first("size")
    shorter = size is not None and clause.sign(size) * (1 if size.value == "long" else -1) < 0
    word = "shorter" if shorter or "shorten" in clause.does else "longer"
    choices = []
    for section in clause.world.sections:
        edits = _resized(clause, (section.name,))
        if edits:
            choices.append((section.name, edits))
    return ask(f"Which section should be {word}?", choices[:9])


def fade(clause: Clause) -> Outcome | None:
    """Fades in and out, of the song, a section or a track."""
    does = clause.does
    noun = clause.first("noun", "fadein", "fadeout", "fade")
    if clause.has("noun", "hardstop"):
        return done([SetFade(out_beats=0.0)])
    inward = "fade_in" in does or (noun is not None and noun.value == "fadein")
    outward = "fade_out" in does or (noun is not None and noun.value == "fadeout")
    if "fade" in does and not inward and not outward:
        inward, outward = clause.has("prep", "in"), clause.has("part", "out")
        if not inward and not outward and clause.sections:
            outward = clause.sections[0].kind in ("end", "outro")
            inward = not outward
        outward = outward or not inward
    if noun is not None and noun.value == "fade":
        outward = True
    if noun is None and clause.word("fade", "fading") and not (inward or outward):
        outward = True
    if not inward and not outward:
        return None
    targets = Targets(clause)
    if targets.trouble is not None:
        return targets.trouble
    none = (
        clause.has("neg")
        or clause.has("quant", "no")
        or bool(does & {"remove"})
        or clause.word("hard", "abrupt")
    )
    beats = _fade_beats(clause)
    places: tuple[str, ...] = targets.sections
    ends = {clause.world.sections[0].name, clause.world.sections[-1].name}
    song_wide = not clause.sections or (not clause.tracks and set(places) <= ends and all(
        r.kind in ("start", "end") or (r.kind == "outro" and outward) for r in clause.sections))  # fmt: skip
    if song_wide:
        places = ()
    value = 0.0 if none else beats
    fades = {"in_beats": value if inward else None, "out_beats": value if outward else None}
    edits = [SetFade(section=s, track=t, **fades)
             for s in (places or ("",)) for t in (targets.tracks or ("",))]  # fmt: skip
    return done(edits, tracks=targets.tracks, sections=places)


def _fade_beats(clause: Clause) -> float:
    bars, beats, seconds = clause.amount("bars"), clause.amount("beats"), clause.amount("seconds")
    if bars is not None:
        return bars.number * clause.world.draft.song.beats_per_bar
    if beats is not None:
        return beats.number
    if seconds is not None:
        return round(seconds.number * clause.world.draft.song.bpm / 60.0, 2)
    if (
        clause.has("size", "long")
        or clause.has("tempo", "slow")
        or clause.word("slowly")
        or clause.degree > 0
    ):
        return 2 * FADE_BEATS
    if clause.has("size", "short") or clause.has("tempo", "fast") or clause.degree < 0:
        return FADE_BEATS / 2
    return FADE_BEATS
