"""What the second reader does for wishes about parts: tracks out, in, alone, kept, exchanged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from loopmind.assistant.frames_add import add
from loopmind.assistant.frames_anew import regenerate
from loopmind.assistant.frames_layers import joining
from loopmind.assistant.frames_swap import one_swap, seed_of
from loopmind.assistant.outcome import Outcome, done, note, several
from loopmind.assistant.refs import TrackRef
from loopmind.assistant.second_wish import Wish
from loopmind.assistant.senses import Token
from loopmind.music.edit import (
    Edit,
    MuteTrack,
    RemoveTrack,
    Reseed,
    SetLayers,
    SetLock,
    SoloTracks,
)

Maker = Callable[[Wish], Outcome | None]


def _each(wish: Wish, make: Callable[[str], Edit], *, sections: tuple[str, ...] = ()) -> Outcome:
    return done((make(t) for t in wish.tracks), tracks=wish.tracks, sections=sections)


def _muted(muted: bool) -> Maker:
    def make(wish: Wish) -> Outcome | None:
        if wish.trouble or not wish.tracks:
            return wish.trouble
        if wish.sections:
            return (_without if muted else _with)(wish)
        return _each(wish, lambda t: MuteTrack(t, muted))

    return make


def _kept(wish: Wish) -> tuple[str, ...]:
    """The tracks that stay: "everything but the vocal out" leaves the vocal."""
    excepted = tuple(i for r in wish.clause.tracks if r.prep == "except" for i in r.ids)
    return excepted or wish.tracks


def _solo(wish: Wish) -> Outcome | None:
    if wish.trouble or not _kept(wish):
        return wish.trouble
    if wish.sections:
        return _only(wish)
    return done([SoloTracks(_kept(wish))], tracks=_kept(wish))


def _gone(wish: Wish) -> Outcome | None:
    if wish.trouble or not wish.tracks:
        return wish.trouble
    if wish.sections:
        return _without(wish)
    return _each(wish, RemoveTrack)


def _spots(wish: Wish) -> tuple[str, ...]:
    """Sections of a wish about layers; all before a section for "until" and "before" it."""
    names = [s.name for s in wish.world.sections]
    refs = wish.clause.sections
    late = next((r for r in refs if r.prep in ("before", "until") and len(r.names) >= 1), None)
    if late is not None and len(refs) == 1:
        return tuple(names[: names.index(late.names[0])])
    if any(r.positional for r in refs):
        return ()
    return wish.sections


def _without(wish: Wish) -> Outcome | None:
    places = _spots(wish)
    if wish.trouble or not wish.tracks or not places:
        return wish.trouble
    edits = []
    for section in places:
        gone = tuple(t for t in wish.tracks if section in wish.world.plays_in(t))
        if gone:
            edits.append(SetLayers(section, remove=gone))
    if not edits:
        return note(f"{several(wish.tracks)} does not play in {several(places)}")
    return done(edits, tracks=wish.tracks, sections=places)


def _with(wish: Wish) -> Outcome | None:
    if wish.trouble:
        return wish.trouble
    if not wish.tracks:
        return add(wish.clause)
    if any(r.positional for r in wish.clause.sections):
        return None
    if not wish.sections:
        if not wish.clause.has("song"):
            return None
        every = tuple(s.name for s in wish.world.sections)
        return joining(wish.clause, every, wish.tracks)
    return joining(wish.clause, wish.sections, wish.tracks)


def _only(wish: Wish) -> Outcome | None:
    kept = _kept(wish)
    if wish.trouble or not kept:
        return wish.trouble
    places = wish.sections
    if not places:
        starts = wish.clause.lemmas & {"start", "begin", "open"}
        ends = wish.clause.lemmas & {"end", "finish", "close"}
        places = wish.world.of_kind("start" if starts else "end") if starts or ends else ()
    if not places or any(r.positional for r in wish.clause.sections):
        return None
    return done((SetLayers(s, only=kept) for s in places), tracks=kept, sections=places)


_ABOUT = frozenset(
    {"track", "section", "prep", "det", "ord", "num", "mood", "other", "runner", "folderish",
     "unknown", "genre", "sep", "pron", "style", "source"}
)  # fmt: skip


def _swap(wish: Wish) -> Outcome | None:
    old, new = _old_and_new(wish)
    track = old.pointed.single if old is not None else next(iter(wish.singles), "")
    missing = any(r.missing and r.text not in wish.world.sound_words() for r in
                  wish.clause.sections)  # fmt: skip
    if not track or (wish.trouble and (missing or not wish.clause.sections)):
        return wish.trouble
    places = tuple(n for n in wish.sections if wish.world.section(n))
    found = one_swap(wish.clause, track, old, new, places)
    if isinstance(found, Outcome):
        return found
    if wish.moods and not (found.moods or found.digest or found.runner_up or new):
        found = replace(found, moods=wish.moods[:1])
    return done([found], tracks=(track,), sections=places)


_EXCHANGED = frozenset({"swap", "switch", "replace", "change", "trade", "exchange", "substitute"})


def _old_and_new(wish: Wish) -> tuple[TrackRef | None, TrackRef | None]:
    """The track whose sound goes, and what is to play it ("a choir where the pad is")."""
    refs = wish.clause.tracks
    if len(refs) != 2:
        return (refs[0] if len(refs) == 1 else None), None
    first, second = refs
    for one, other in ((first, second), (second, first)):
        if one.prep in ("instead", "than", "from") and one.ids:
            return one, other
    if wish.clause.lemmas & _EXCHANGED and first.ids:
        return first, second
    if second.prep in ("for", "on", "of") and second.ids:
        return second, first
    for one, other in ((first, second), (second, first)):
        if (other.new or not other.ids) and one.ids and not one.new:
            return one, other
    return None, None


def _added(wish: Wish) -> Outcome | None:
    kept = [t for t in wish.clause.tokens if t.kind in (*_ABOUT, "part", "only")]
    return add(replace(wish.clause, tokens=[Token("verb", "add", "add"), *kept]))


def _anew(wish: Wish) -> Outcome | None:
    if wish.trouble:
        return wish.trouble
    kept = [t for t in wish.clause.tokens if t.kind in ("track", "section", "prep", "det", "ord",
                                                        "num", "sep", "pron")]  # fmt: skip
    return regenerate(replace(wish.clause, tokens=[Token("verb", "redo", "redo"), *kept]))


def _reseed(wish: Wish) -> Outcome | None:
    if wish.aimed or wish.clause.sections:
        return None
    return done([Reseed(seed_of(wish.clause))])


def _locked(locked: bool) -> Maker:
    def make(wish: Wish) -> Outcome | None:
        if wish.trouble:
            return wish.trouble
        edits: list[Edit] = [SetLock("track", t, locked) for t in wish.tracks]
        edits += [SetLock("section", s, locked) for s in wish.sections]
        return done(edits, tracks=wish.tracks, sections=wish.sections) if edits else None

    return make


def _unsolo(wish: Wish) -> Outcome | None:
    return done([SoloTracks(())])


PARTS: dict[str, Maker] = {
    "mute": _muted(True),
    "unmute": _muted(False),
    "solo": _solo,
    "unsolo": _unsolo,
    "remove_track": _gone,
    "add_track": _added,
    "swap": _swap,
    "regenerate": _anew,
    "reseed": _reseed,
    "layer_add": _with,
    "layer_remove": _without,
    "layer_only": _only,
    "lock": _locked(True),
    "unlock": _locked(False),
}
