"""Frames of length: sections made longer or shorter, and fades."""

from __future__ import annotations

from collections.abc import Sequence

from loopmind.assistant.clauses import Clause
from loopmind.assistant.outcome import Outcome, Targets, ask, done
from loopmind.music.edit import (
    Edit,
    ResizeSection,
    SetFade,
)

FADE_BEATS = 16.0
_HEARD = frozenset({"want", "hear", "play", "have", "need", "repeat", "like", "do", "come"})


def resize(clause: Clause) -> Outcome | None:
    """Sections made longer or shorter."""
    size = clause.first("size")
    amount = clause.amount("bars")
    ratio = clause.first("ratio")
    if ratio is not None and "times" in ratio.text and clause.lemmas & _HEARD and not size:
        return None  # "the chorus three times at the end"
    endless = clause.word("drags", "drag", "dragging") or clause.has("size", "over")
    if clause.sections and endless and not clause.tracks:
        targets = Targets(clause)
        return targets.trouble or done(
            [ResizeSection(n, max(clause.world.bars_of(n) // 2, 1)) for n in targets.sections],
            sections=targets.sections,
        )
    does = clause.does
    if clause.has("too") and size is None and amount is None:
        return None
    that_long = bool(
        clause.number is not None
        and clause.has("pron")
        and clause.world.memory.sections
        and not clause.world.memory.tracks
        and clause.lemmas <= {"make", "be", "go"}
        and not clause.tracks
        and not clause.sections
        and clause.number.number <= 64
        and not clause.has("noun")
    )
    bare = (
        clause.number
        if clause.number is not None and clause.sections and not clause.tracks
        else None
    )
    cut = "remove" in does and (amount is not None or ratio is not None)
    more_of = (
        clause.first("quant", "more", "less") if clause.sections and not clause.tracks else None
    )
    if not (
        size
        or (
            amount
            and (
                clause.sections
                or clause.has("pron")
                or clause.subject_sections
                or clause.scope
                or clause.world.memory.sections
            )
        )
        or does & {"shorten", "lengthen"}
        or cut
        or (ratio and (clause.sections or _of_known(clause)))
        or (more_of and not amount and _just_more(clause))
        or bare
        or that_long
    ):
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
    if does & {"fade_in", "fade_out", "fade", "swap"} or (clause.has("energy") and not size):
        return None
    same = clause.word("as", "same") and len(clause.sections) == 2
    if same and size is not None and all(len(r.names) == 1 for r in clause.sections):
        first, second = (r.names[0] for r in clause.sections)
        return done([ResizeSection(first, clause.world.bars_of(second))], sections=(first,))
    odd = bare is not None and (
        (clause.acts and not clause.lemmas & {"make", "set", "be", "should"})
        or bare.number < 1
        or clause.has("energy")
    )
    if odd and not (size or amount or does & {"shorten", "lengthen"} or ratio or cut):
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


def _of_known(clause: Clause) -> bool:
    """ "make it half": as long as the section that was spoken of."""
    memory = clause.world.memory
    spoken = bool(memory.sections) and not memory.tracks and clause.has("pron")
    return spoken and clause.lemmas <= {"make", "cut", "be"} and not clause.tracks


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
        if new and (new != bars or clause.amount("bars") or clause.number):
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
        before = next(
            (t for t in reversed(clause.tokens[:at]) if t.kind not in ("filler", "only", "degree")),
            None,
        )
        relative = before is not None and (
            (before.kind == "prep" and before.value in ("by", "of"))
            or (before.kind == "quant" and before.value in ("more", "less"))
            or (before.kind == "verb" and clause.does & {"add", "remove", "lower"})
        )
        following = clause.tokens[at + 1] if at + 1 < len(clause.tokens) else None
        if (
            following is not None
            and (following.kind == "quant" or (following.kind == "size" and following.comparative))
        ) or amount.text.startswith(("+", "-")):
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
        if clause.has("neg") or (clause.has("too") and not clause.wished):
            return None
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
        or bool(does & {"remove", "mute"})
        or clause.word("hard", "abrupt")
    )
    places: tuple[str, ...] = targets.sections
    beats = _fade_beats(clause, places)
    ends = {clause.world.sections[0].name, clause.world.sections[-1].name}
    song_wide = not clause.sections or (
        not clause.tracks
        and set(places) <= ends
        and all(
            r.kind in ("start", "end") or (r.kind == "outro" and outward) for r in clause.sections
        )
    )
    if song_wide:
        places = ()
    value = 0.0 if none else beats
    fades = {"in_beats": value if inward else None, "out_beats": value if outward else None}
    edits = [
        SetFade(section=s, track=t, **fades)
        for s in (places or ("",))
        for t in (targets.tracks or ("",))
    ]
    return done(edits, tracks=targets.tracks, sections=places)


_THROUGH = ("over", "across", "through", "throughout", "during")


def _fade_beats(clause: Clause, places: Sequence[str]) -> float:
    """How long a fade is, in beats; "across the intro" is as long as that."""
    bars, beats, seconds = clause.amount("bars"), clause.amount("beats"), clause.amount("seconds")
    if bars is not None:
        return bars.number * clause.world.draft.song.beats_per_bar
    if beats is not None:
        return beats.number
    if seconds is not None:
        return round(seconds.number * clause.world.draft.song.bpm / 60.0, 2)
    through = any(t.kind == "prep" and t.text in _THROUGH for t in clause.tokens)
    if places and (through or clause.word("whole", "entire", "all")):
        bars_long = max(clause.world.bars_of(name) for name in places)
        return float(bars_long * clause.world.draft.song.beats_per_bar)
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
