"""Frames of locks: what no edit may change, alone or against all the rest."""

from __future__ import annotations

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_swap import seed_of
from loopmind.assistant.outcome import Outcome, Targets, ask, done, note
from loopmind.music.edit import (
    Edit,
    Reseed,
    SetLock,
)


def lock(clause: Clause) -> Outcome | None:
    """Parts that no edit may change."""
    does = clause.does
    asis = clause.has("asis")
    forbidden = clause.has("neg") and bool(
        clause.lemmas
        & {
            "touch",
            "change",
            "alter",
            "modify",
            "mess",
            "swap",
            "replace",
            "edit",
            "switch",
            "lose",
            "remove",
            "adjust",
        }
    )
    forbidden |= clause.word("hands") and clause.word("off")
    may_again = (
        clause.word("can", "may")
        and bool(clause.lemmas & {"change", "edit"})
        and clause.has("again")
    )
    stays = bool(clause.lemmas & {"stay", "leave"}) and (
        asis or clause.has("part", "alone") or clause.has("same")
    )
    stays |= "stay" in clause.lemmas and clause.word("must", "should", "has", "can", "to")
    stays |= (
        clause.lemmas == {"leave"}
        and not _goes(clause)
        and bool(clause.tracks or clause.sections or _only_pointed(clause))
        and not any(t.kind in ("part", "only", "quant", "level", "neg") for t in clause.tokens)
    )
    keep = "lock" in does and (
        clause.tracks
        or clause.sections
        or clause.has("pron")
        or clause.has("rest")
        or clause.has("source")
    )
    if clause.has("noun", "tempo", "key") and not (clause.tracks or clause.sections):
        return None
    if "unlock" in does or may_again:
        targets = Targets(clause)
        if targets.trouble is not None:
            return targets.trouble
        if clause.has("song"):
            locks = clause.world.draft.locks
            if not locks:
                return note("nothing is locked")
            return done(SetLock(x.kind, x.name, False) for x in locks)
        return _locks(clause, targets, locked=False)
    if not (
        keep
        or forbidden
        or stays
        or (asis and (clause.tracks or clause.sections) and not clause.acts)
        or (
            asis
            and clause.lemmas <= {"keep", "leave", "want", "like", "love", "let"}
            and (clause.tracks or clause.sections)
        )
    ):
        return None
    if "play" in clause.lemmas and not asis and (clause.has("song") or clause.sections):
        return None  # "keep the chords playing through the whole song"
    if "lock" in does and (clause.lemmas & {"hold"}):
        return None
    if clause.first("effect") or clause.amount("bars", "db") or clause.has("level"):
        return None
    if clause.has("only") and clause.lemmas & {"keep", "leave"} and clause.tracks:
        return None
    targets = Targets(clause)
    if targets.trouble is not None:
        return targets.trouble
    excepted = [r for r in clause.tracks if r.prep == "except"]
    if excepted and forbidden:
        return None
    return _locks(clause, targets, locked=True)


def _only_pointed(clause: Clause) -> bool:
    """ "the drums are fine, leave them"."""
    kinds = {t.kind for t in clause.tokens} <= {"verb", "pron", "filler", "sep"}
    return kinds and clause.has("pron") and bool(clause.world.memory.tracks)


def _goes(clause: Clause) -> bool:
    """ "the bridge can leave": it goes, it is not left as it is."""
    nouns = [r.at for r in clause.tracks] + [r.at for r in clause.sections]
    return bool(nouns) and bool(clause.acts) and clause.acts[0].at > max(nouns)


def everything_but(clause: Clause) -> Outcome | None:
    """ "change everything but the drums": lock these, arrange the rest anew."""
    excepted = [r for r in clause.tracks if r.prep == "except"]
    rest = clause.has("rest")
    around = clause.has("other") and clause.has("song") and clause.has("same")
    if around and clause.tracks and not clause.sections:
        kept = [i for r in clause.tracks for i in r.ids]
        return done([*(SetLock("track", t) for t in kept), Reseed(seed_of(clause))], tracks=kept)
    if not clause.does & {"swap", "regenerate", "reseed"}:
        return None
    if rest and not clause.tracks:
        return done([Reseed(seed_of(clause))])
    named = [r for r in clause.tracks if r.prep not in ("except", "instead", "than")]
    if not excepted or named:
        return None  # "change the bass but not the drums"
    ids = [i for r in excepted for i in r.ids]
    return done([*(SetLock("track", t) for t in ids), Reseed(seed_of(clause))], tracks=ids)


def _locks(clause: Clause, targets: Targets, *, locked: bool) -> Outcome | None:
    tracks, sections = targets.tracks, targets.sections
    if clause.has("rest"):
        named = {i for r in clause.tracks for i in r.ids}
        tracks = tuple(t.id for t in clause.world.tracks if t.id not in named)
    if tracks and sections and clause.tracks and clause.sections:
        joined = all(r.prep in ("", "and") for r in clause.sections)
        if not joined:
            sections = ()
    if not tracks and not sections:
        sections = clause.world.memory.sections
        if not sections:
            tracks = clause.world.memory.tracks
        if clause.has("song") and locked:
            return done(SetLock("section", s.name) for s in clause.world.sections)
    if not locked and not clause.word("percussion", "perc", "percs"):
        tracks = _without_foreign(clause, tracks)
    edits: list[Edit] = [SetLock("track", t, locked) for t in tracks]
    edits += [SetLock("section", s, locked) for s in sections]
    if not edits:
        if not clause.has("pron"):
            return None
        return ask(
            "What should be kept?",
            [(t.name.lower(), [SetLock("track", t.id, locked)]) for t in clause.world.tracks[:9]],
        )
    return done(edits, tracks=tracks, sections=sections)


def _without_foreign(clause: Clause, tracks: tuple[str, ...]) -> tuple[str, ...]:
    """ "unlock the drums": percussion too only where the whole kit was locked together."""
    world = clause.world
    held = {x.name for x in world.draft.locks if x.kind == "track"}
    beside = {t for t in tracks if (found := world.track(t)) and found.role == "percussion"}
    together = set(tracks) <= held or not held
    return (
        tracks if together or beside == set(tracks) else tuple(t for t in tracks if t not in beside)
    )
