"""Frames of what ends a section: drum fills, stutters and breaks; and of cutting one in two."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from loopmind.assistant.clauses import Clause
from loopmind.assistant.outcome import Outcome, Targets, ask, done, note
from loopmind.assistant.refs import SectionRef
from loopmind.assistant.senses import Token
from loopmind.assistant.world import World
from loopmind.music.edit import AddTrack, FillKind, SetFill, SplitSection

_INTO = frozenset({"before", "into", "to", "until", "towards"})
_CUTS = frozenset({"split", "divide", "cut", "break", "chop"})
_PUTS = frozenset({"add", "put", "give", "want", "need", "throw", "use", "have", "stick", "try",
                   "make", "let", "get", "insert", "play", "end", "finish", "like", "take", "be",
                   "lose", "hear", "go", "bring", "do", "close", "stop", "pause"})  # fmt: skip


def fills(clause: Clause) -> Outcome | None:
    """Fills at the end of sections, or none."""
    token = clause.first("fill") or _break(clause)
    if token is None or clause.has("wh") or clause.has("effect"):
        return None
    others = {i for r in clause.tracks for i in r.ids} - set(clause.world.kit())
    if others:
        return note("fills are played by the drums; say where one should be, as 'before hook 2'")
    off = bool(clause.does & {"remove", "mute", "lower"}) or clause.has("quant", "no", "less")
    if clause.lemmas - _PUTS and not (off or clause.does & {"add", "raise", "regenerate", "swap"}):
        return None
    negated = any(t.kind == "neg" and t.text != token.text for t in clause.tokens)
    negated &= not clause.has("enough")
    if negated and (off or not clause.lemmas & {"want", "need", "like", "have"}):
        return None
    off = off or negated
    kind: FillKind = "none" if off else _kind(token.value)
    targets = Targets(clause)
    if targets.trouble is not None and clause.sections:
        return targets.trouble
    if clause.word("every", "each") and clause.amount("bars") and not clause.sections:
        return note("fills end sections; say which, as 'a fill before every hook'")
    length = clause.amount("beats", "bars")
    per_bar = clause.world.draft.song.beats_per_bar
    beats = 0.0
    if length is not None and not off:
        beats = length.number * (per_bar if length.value == "bars" else 1)
    anew = clause.has("other") or "regenerate" in clause.does
    seed = clause.world.memory.turn + 1 if anew and not off else 0
    if any(t.kind == "section" and t.value == "start" for t in clause.tokens):
        return None
    refs = clause.sections
    between = bool(refs) and refs[0].prep == "between"
    places = [n for ref in refs[: 1 if between else None] for n in _ends(ref, clause.world)]
    if clause.sections and not places:
        return note("nothing comes before that, so no fill can lead into it")
    if not clause.sections and targets.sections:
        places = list(targets.sections)
    names = [s.name for s in clause.world.sections if s.name in places]
    names = _drummed(names, clause.world) or names
    every = off or token.text.endswith("s") or clause.has("quant", "more") or clause.has("song")
    if names or every:
        edit = SetFill(tuple(names), kind, beats, seed)
        return done([edit], sections=names)
    into = _before(clause.world.of_kind("hook"), clause.world)
    into = tuple(_drummed(list(into), clause.world)) or into
    choices = [("before every hook", [SetFill(into, kind, beats, seed)])] if into else []
    choices.append(("at the end of every section", [SetFill((), kind, beats, seed)]))
    return ask("Where?", choices)


_RISES = frozenset({"riser", "impact", "crash"})


def risers(clause: Clause) -> Outcome | None:
    """ "a riser into the last hook": a sound of that name where it leads into what follows."""
    known = clause.world.sound_words()
    token = next((t for t in clause.all("nopart") if t.text.rstrip("s") in _RISES & known), None)
    if token is None or clause.has("wh") or clause.has("neg") or clause.has("quant", "no", "less"):
        return None
    if clause.does - {"add"} or clause.lemmas - _PUTS - {"drop", "bring", "build"} or clause.tracks:
        return None
    word = token.text.rstrip("s")
    places = [
        n for r in clause.sections
        for n in (_ends(r, clause.world) if word == "riser" else r.names)
    ]  # fmt: skip
    if clause.sections and not places:
        return None
    names = tuple(s.name for s in clause.world.sections if s.name in places)
    edit = AddTrack("fx", sections=names, folder=word, seed=clause.world.memory.turn + 1)
    if names:
        return done([edit], sections=names)
    into = _before(clause.world.of_kind("hook"), clause.world)
    choices = [("before every hook", [replace(edit, sections=into)])] if into else []
    return ask(f"Where should the {word} be?", [*choices, ("where it fits", [edit])])


def _break(clause: Clause) -> Token | None:
    """ "a drum break into the hook", "stop the drums before hook 2"."""
    into = any(r.prep in _INTO and r.names for r in clause.sections)
    noun = next((t for t in clause.tokens if t.text in ("drum break", "break of the drums")), None)
    ends = noun is not None and any(
        r.prep in ("of", "between") and r.names for r in clause.sections
    )
    if not (into or ends) or clause.has("only"):
        return None
    if noun is not None and not clause.tracks:
        return replace(noun, value="break") if not clause.does & {"swap", "repeat"} else None
    stops = next((t for t in clause.tokens if t.text in ("stop", "pause")), None)
    ids = {i for r in clause.tracks for i in r.ids}
    kit = bool(ids) and ids <= set(clause.world.kit())
    before = all(r.prep == "before" for r in clause.sections)
    return replace(stops, value="break") if stops is not None and kit and before else None


def _kind(value: str) -> FillKind:
    return cast(FillKind, value) if value in ("roll", "stutter", "break") else ""


def _ends(ref: SectionRef, world: World) -> tuple[str, ...]:
    """The sections whose end is meant: "before the hook" is that of what leads into it."""
    if ref.prep == "between":
        return ref.names[:1]
    return _before(ref.names, world) if ref.prep in _INTO else ref.names


def _drummed(names: list[str], world: World) -> list[str]:
    """Those in which drums play: no other can end with a fill."""
    heard = {s for track in world.kit() for s in world.plays_in(track)}
    return [n for n in names if n in heard]


def _before(names: tuple[str, ...], world: World) -> tuple[str, ...]:
    every = [s.name for s in world.sections]
    return tuple(every[every.index(n) - 1] for n in names if every.index(n) > 0)


def split_section(clause: Clause) -> Outcome | None:
    """ "split verse 2 in two", "split the bridge after 4 bars"."""
    lemmas = clause.lemmas
    if not lemmas & _CUTS or clause.tracks or not clause.sections:
        return None
    two = clause.word("halves") or any(
        t.kind == "num" and t.number == 2 and before.text in ("in", "into")
        for before, t in zip(clause.tokens, clause.tokens[1:], strict=False)
    )
    if not (lemmas & {"split", "divide"} or two):
        return None
    if clause.has("neg"):
        return None
    bars = clause.amount("bars")
    more = next((t for t in clause.tokens if t.kind == "num" and t.number > 2
                 and clause.tokens[clause.where(t) - 1].text in ("in", "into")), None)  # fmt: skip
    if more is not None and bars is None:
        return note("a section is split in two; say 'split it after 4 bars'")
    ref = clause.sections[0]
    at = 0
    if bars is not None:
        at = round(bars.number)
        for name in ref.names:
            if not 0 < bars.number < clause.world.bars_of(name) or bars.number != at:
                return note(f"{name} has {clause.world.bars_of(name)} bars; split it within them")
        if two and any(2 * at != clause.world.bars_of(n) for n in ref.names):
            return None
    if ref.missing:
        return Targets(clause).trouble
    if len(clause.sections) > 1:
        return None
    edits = [(n, [SplitSection(n, at)]) for n in ref.names]
    if ref.open or len(edits) > 1:
        return ask("Which one should be split?", edits)
    return done(edits[0][1], sections=ref.names)
