"""Frames of layers: what alone plays, what is taken out, muted and brought back."""

from __future__ import annotations

from loopmind.assistant.clauses import Clause
from loopmind.assistant.outcome import Outcome, Targets, ask, done, note, several
from loopmind.assistant.senses import Token
from loopmind.music.edit import (
    Edit,
    MuteTrack,
    RemoveTrack,
    SetLayers,
    SoloTracks,
)


def only(clause: Clause) -> Outcome | None:
    """Just these tracks: in a section, at the start or the end, or heard alone."""
    entering = bool(clause.lemmas & _ENTERS) and _only_there(clause)
    if entering and clause.has("only") and (late := enters(clause)) is not None:
        return late
    starts = (
        "start"
        if clause.lemmas & {"start", "begin", "open"} or clause.word("opens", "opening")
        else ("end" if clause.lemmas & {"end", "finish", "close"} else "")
    )
    solo, unsolo = "solo" in clause.does, "unsolo" in clause.does
    targets = Targets(clause)
    stripped = clause.lemmas & {"strip", "reduce", "thin", "cut"} and any(
        r.prep in ("to",) for r in clause.tracks
    )
    if unsolo or (
        clause.word("solo", "soloed")
        and (clause.does & {"remove", "mute", "undo"} or clause.lemmas & {"end", "stop"})
    ):
        return done([SoloTracks(())])
    soloed = clause.world.draft.solo or any(
        isinstance(e, SoloTracks) for e in clause.world.memory.edits
    )
    if (
        clause.has("song")
        and not clause.tracks
        and soloed
        and (
            clause.has("again")
            or clause.has("part", "back")
            or clause.lemmas & {"play", "hear", "bring", "unmute"}
        )
    ):
        return done([SoloTracks(())])
    if solo and clause.tracks and clause.does & {"add"}:
        return None
    just = clause.has("only") or stripped or clause.has("part", "alone")
    with_refs = [r for r in clause.tracks if r.prep in ("with", "on", "", "by", "to", "in")]
    if starts and with_refs and not targets.trouble and not clause.does & {"fade_in", "fade_out"}:
        if clause.sections and not all(
            r.kind in ("start", "end", "intro", "outro") for r in clause.sections
        ):
            places = targets.sections
        else:
            kind = "start" if starts == "start" else "end"
            places = clause.world.of_kind(kind)
        if (just or clause.has("prep", "with") or clause.has("prep", "on")) and places:
            return layers_of(places, only=targets.tracks)
    if not (just or solo) or not (clause.tracks or targets.by_pronoun):
        return None
    plays = clause.lemmas <= {"play", "be", "come", "enter", "start", "have", "let", "make"}
    about = bool(clause.tracks) or targets.by_pronoun
    if about and clause.sections and plays and _only_there(clause) and not starts:
        return _plays_only(clause, targets)
    if clause.first("quant", "more", "less") or clause.has("level") or clause.amount("bars"):
        return None
    if (clause.does - ({"lock"} if clause.lemmas & {"keep", "leave"} else set())) & {
        "lock",
        "swap",
        "remove",
        "mute",
        "regenerate",
        "raise",
        "lower",
        "pitch",
    } and not stripped:
        return None
    if _only_there(clause) and clause.sections and not any(r.ids for r in clause.tracks):
        return None  # "a sax in the bridge only": what is new, and where
    if targets.trouble is not None:
        return targets.trouble
    if targets.sections:
        return _alone(clause, targets)
    if stripped and clause.has("song"):
        return done(
            (SetLayers(s.name, only=targets.tracks) for s in clause.world.sections),
            tracks=targets.tracks,
        )
    return done([SoloTracks(targets.tracks)], tracks=targets.tracks)


_HEARD = frozenset(
    {"hear", "play", "listen", "add", "be", "let", "want", "have", "try", "solo", "like", "need",
     "make", "go", "bring", "put", "take", "use", "get"}
)  # fmt: skip
_PLAYERS = ("instruments", "tracks", "players", "parts", "others", "rest", "channels", "stems")
_MERE = frozenset({"filler", "sep", "det", "track", "too", "part", "only", "verb", "pron", "song",
                   "ord", "again", "prep", "other", "rest"})  # fmt: skip


def _is_mere(token: Token) -> bool:
    known = (*_PLAYERS, "everyone", "everybody", "k")
    return token.kind in _MERE or (token.kind in ("unknown", "source") and token.text in known)


def solo_goes_on(clause: Clause) -> Outcome | None:
    """After a solo: "and the kick too" joins it, "now the pad instead" takes its place."""
    last = next((e for e in clause.world.memory.edits if isinstance(e, SoloTracks)), None)
    if last is None or not last.tracks or not all(_is_mere(t) for t in clause.tokens):
        return None
    if clause.sections or clause.lemmas - _HEARD - {"turn", "switch"}:
        return None
    if any(t.kind == "other" and t.text != "instead" for t in clause.tokens):
        return None
    every = clause.has("ord", "all") and (clause.has("pron") or clause.word(*_PLAYERS))
    everyone = clause.has("song") or every or clause.word("everyone", "everybody")
    if everyone and not clause.tracks and not clause.has("part", "up", "down", "out", "away"):
        return done([SoloTracks(())])
    if clause.has("part", "up", "down", "back"):
        return None
    ids = tuple(dict.fromkeys(i for r in clause.tracks for i in r.ids))
    if not ids or any(not r.ids or r.prep in ("for", "except", "instead") for r in clause.tracks):
        return None
    afresh = clause.word("now", "instead", "together") or clause.has("only") or clause.has("rest")
    joins = clause.has("too") or "add" in clause.does or (clause.follows and not afresh)
    if clause.has("part", "out", "away") or (clause.does - {"add", "solo"}):
        return None
    heard = tuple(dict.fromkeys((*last.tracks, *ids))) if joins else ids
    return done([SoloTracks(heard)], tracks=heard)


def _alone(clause: Clause, targets: Targets) -> Outcome:
    """Nothing but these tracks; of the drums those that play there, where any does."""
    world = clause.world
    named = {i for r in clause.tracks if len(r.ids) == 1 for i in r.ids}
    edits = []
    for section in targets.sections:
        playing = world.plays_in
        kit = [t for t in targets.tracks if t not in named and t in world.kit()]
        here = [t for t in kit if section in playing(t)]
        kept = tuple(t for t in targets.tracks if t not in kit or t in (here or kit))
        edits.append(SetLayers(section, kept))
    return done(edits, tracks=targets.tracks, sections=targets.sections)


def _only_there(clause: Clause) -> bool:
    """ "hats only in the hooks": who is alone, the hats or the hooks?"""
    token = clause.first("only")
    if token is None:
        return False
    nouns = [r.at for r in clause.tracks]
    nouns = nouns or [i for i, t in enumerate(clause.tokens) if t.kind == "pron"]
    return bool(nouns) and clause.where(token) > nouns[-1]


def _plays_only(clause: Clause, targets: Targets) -> Outcome:
    if targets.trouble is not None:
        return targets.trouble
    ids, places = targets.tracks, targets.sections
    if clause.tracks and clause.sections[0].at < clause.tracks[0].at:
        return _alone(clause, targets)  # "the intro should be drums only"
    away: list[Edit] = [
        SetLayers(s.name, remove=tuple(t for t in ids if s.name in clause.world.plays_in(t)))
        for s in clause.world.sections
        if s.name not in places and any(s.name in clause.world.plays_in(t) for t in ids)
    ]
    who, where = several(ids), several(places)
    if clause.lemmas - {"be", "have"} and away:
        return done(away, tracks=ids, sections=places)
    return ask(
        "Which is meant?",
        [
            (f"{who} nowhere but in {where}", away),
            (f"nothing but {who} in {where}", [SetLayers(s, only=ids) for s in places]),
        ],
    )


def layers_of(
    sections: tuple[str, ...],
    *,
    only: tuple[str, ...] = (),
    add: tuple[str, ...] = (),
    remove: tuple[str, ...] = (),
) -> Outcome:
    return done(
        (SetLayers(s, only, add, remove) for s in sections),
        tracks=only or add or remove,
        sections=sections,
    )


_ENTERS = frozenset({"enter", "start", "begin", "join", "come", "kick", "drop", "arrive", "appear"})


def enters(clause: Clause) -> Outcome | None:
    """ "the bass enters at hook 1": from there on, and not before."""
    refs = clause.sections
    if not clause.tracks or len(refs) != 1 or not refs[0].names or not clause.acts:
        return None
    ref, act = refs[0], clause.acts[-1]
    where = ref.prep in ("at", "in", "from", "with", "on") and ref.kind not in ("start", "end")
    last = clause.tracks[-1]
    inward = act.lemma in _ENTERS and (act.lemma not in ("come", "kick", "drop") or act.particle)
    if not where or not inward or act.at < last.at or last.prep or clause.does - {"add"}:
        return None
    if any(clause.has(k) for k in ("neg", "too", "quant", "level", "size", "energy", "mood")):
        return None
    if clause.has("wh") or clause.has("enough") or not all(r.ids for r in clause.tracks):
        return None
    world = clause.world
    ids = tuple(dict.fromkeys(i for r in clause.tracks for i in r.ids))
    names = [s.name for s in world.sections]
    first = names.index(ref.names[0])
    edits: list[Edit] = []
    for name in names[:first]:
        gone = tuple(t for t in ids if name in world.plays_in(t))
        if gone and not clause.word("already", "even"):
            edits.append(SetLayers(name, remove=gone))
    new = tuple(t for t in ids if names[first] not in world.plays_in(t) and t not in world.kit())
    if new:
        edits.append(SetLayers(names[first], add=new))
    if not edits:
        return note(f"{several(ids)} does not play before {names[first]} as it is")
    return done(edits, tracks=ids, sections=(names[first],))


def remove(clause: Clause) -> Outcome | None:
    """Tracks taken out, muted, and brought back."""
    does = clause.does
    quant = clause.first("quant", "no")
    negated_wish = clause.has("neg") and bool(
        clause.lemmas & {"want", "need", "use", "play", "have", "add", "put"}
        or clause.word("need", "want", "needs")
    )
    lacking = (
        quant is not None
        and clause.lemmas == {"have"}
        and not clause.word("should", "want", "could", "must", "would", "can")
    )
    named = quant is not None and any(
        r.start <= clause.where(quant) + 1 <= r.at for r in clause.tracks
    )
    gone = bool(does & {"remove", "mute"}) or (named and not lacking) or negated_wish
    gone |= clause.has("part", "out") and not clause.acts
    stops = clause.word("stop", "stops") and bool(clause.tracks and clause.sections)
    gone |= stops
    back = "unmute" in does or (
        clause.has("part", "back") and not clause.acts and not clause.has("degree")
    )
    if clause.word("instrumental") and (clause.lemmas & {"make"} or clause.sections):
        return _instrumental(clause)
    if not (gone or back):
        return None
    targets = Targets(clause)
    if does & {"mute"} and clause.sections and not clause.tracks and not clause.has("pron"):
        if targets.trouble is not None:
            return targets.trouble
        from loopmind.music.edit import RemoveSection

        return ask(
            f"A section cannot be muted. Take {several(targets.sections)} out?",
            [
                ("take out", [RemoveSection(s) for s in targets.sections]),
            ],
        )
    if clause.has("song") and back and not clause.tracks:
        muted = [s.track for s in clause.world.draft.mix.strips if s.muted]
        return done([MuteTrack(t, False) for t in muted] or [SoloTracks(())])
    if not clause.tracks and not targets.by_pronoun:
        if clause.has("pron") and "mute" in does:
            return _which_muted(clause)
        return None
    if (
        clause.first("effect")
        or clause.first("tone")
        or clause.has("noun", "fadeout", "fadein", "fade")
    ):
        return None
    if clause.amount("db") or clause.has("fat") or clause.has("mood"):
        return None
    if targets.trouble is not None:
        return targets.trouble
    silenced = "mute" in does or "solo" in does
    if clause.has("neg") and (does & {"remove", "mute"}) and not stops:
        return None
    if back:
        return _back(clause, targets)
    beyond = _beyond(clause)
    if beyond:
        targets.sections = beyond
    if targets.sections:
        if quant is not None and quant.text == "without" and clause.complaint:
            return joining(clause, targets.sections, targets.tracks)
        return _without(clause, targets)
    edit = MuteTrack if silenced else RemoveTrack
    return done((edit(t) for t in targets.tracks), tracks=targets.tracks)


def _beyond(clause: Clause) -> tuple[str, ...]:
    """ "no guitar after the bridge": the sections after it, or before one."""
    refs = [r for r in clause.sections if r.prep in ("after", "before", "until") and r.names]
    if len(refs) != 1 or len(clause.sections) != 1:
        return ()
    if refs[0].open and refs[0].prep == "after":
        return ()
    if any(t.text.startswith(("right", "just", "directly", "straight")) for t in clause.tokens):
        return ()
    names = [s.name for s in clause.world.sections]
    at = names.index(refs[0].names[0])
    return tuple(names[at + 1 :] if refs[0].prep == "after" else names[:at])


def _without(clause: Clause, targets: Targets) -> Outcome:
    """Tracks left out of sections, where they play at all."""
    world = clause.world
    edits = []
    for section in targets.sections:
        gone = tuple(t for t in targets.tracks if section in world.plays_in(t))
        if gone:
            edits.append(SetLayers(section, remove=gone))
    if not edits:
        return note(f"{several(targets.tracks)} does not play in {several(targets.sections)}")
    return done(edits, tracks=targets.tracks, sections=targets.sections)


def joining(clause: Clause, sections: tuple[str, ...], tracks: tuple[str, ...]) -> Outcome:
    """Tracks that join in sections, where they do not play yet."""
    world = clause.world
    edits = []
    for section in sections:
        new = tuple(t for t in tracks if section not in world.plays_in(t))
        if new:
            edits.append(SetLayers(section, add=new))
    if not edits:
        return note(f"{several(tracks)} plays in {several(sections)} already")
    return done(edits, tracks=tracks, sections=sections)


def _back(clause: Clause, targets: Targets) -> Outcome:
    if targets.sections:
        return layers_of(targets.sections, add=targets.tracks)
    return done((MuteTrack(t, False) for t in targets.tracks), tracks=targets.tracks)


def _which_muted(clause: Clause) -> Outcome:
    return ask(
        "What should be muted?",
        [(t.name.lower(), [MuteTrack(t.id)]) for t in clause.world.tracks[:9]],
    )


def _instrumental(clause: Clause) -> Outcome:
    vocals = clause.world.of_role("vocal")
    if not vocals:
        return note("there is no vocal in the song")
    targets = Targets(clause)
    if clause.sections:
        return layers_of(targets.sections, remove=vocals)
    return done((RemoveTrack(t) for t in vocals), tracks=vocals)
