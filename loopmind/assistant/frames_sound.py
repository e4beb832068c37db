"""Frames of sounds and layers: which sounds play, which tracks there are, and where they play."""

from __future__ import annotations

from loopmind.assistant.clauses import Clause
from loopmind.assistant.lexer import Token
from loopmind.assistant.outcome import Outcome, Targets, ask, done, missing_track, note, several
from loopmind.assistant.refs import TrackRef
from loopmind.assistant.world import words_of
from loopmind.music.edit import (
    AddTrack,
    Edit,
    MuteTrack,
    RegenerateSection,
    RemoveTrack,
    Reseed,
    SetLayers,
    SoloTracks,
    SwapSound,
)
from loopmind.music.loop import MOODS

_GENERIC = frozenset({"sound", "loop", "sample", "track", "one", "version", "folder", "pack", "kit",
                      "stuff", "the", "wav", "file"})  # fmt: skip
_NEW = frozenset({"new", "different", "other", "fresh", "alternative", "alternate", "a new one",
                  "something new", "something different", "a different one", "new one"})  # fmt: skip
_WISHES = frozenset({"want", "need", "try", "use", "give", "find", "pick", "choose", "hear", "get",
                     "have", "select", "grab", "load", "like", "make", "put", "go", "throw",
                     "set", "bring", "stick", "drop", "spin"})  # fmt: skip


def moods_of(clause: Clause) -> tuple[str, ...]:
    """Moods that are wished for in a clause; "less dark" gives the opposite."""
    from loopmind.assistant.frames_whole import wished_moods

    return wished_moods(clause)[0]


def seed_of(clause: Clause) -> int:
    """Another number for each request, so that asking again gives something else."""
    return clause.world.memory.turn + 1


def swap(clause: Clause) -> Outcome | None:
    """Another sound on a track."""
    does, other = clause.does, clause.has("other")
    targets = Targets(clause)
    wished = bool(clause.lemmas & _WISHES) or not clause.acts or clause.lemmas <= {"be"}
    if _played_by(clause) and "swap" not in does and (wished or "add" in does):
        return _for_track(clause, targets)
    unwanted = [r for r in clause.tracks if r.prep in ("instead", "than")]
    if any(clause.has(kind) for kind in ("level", "size", "quant", "width", "height", "tempo")):
        unwanted = [r for r in unwanted if r.prep == "instead"]
    runner = clause.has("runner")
    if "swap" not in does:
        known = [t for t in clause.world.memory.tracks if clause.world.track(t)]
        if (
            not clause.tracks
            and not targets.by_pronoun
            and known
            and not clause.sections
            and (
                clause.lemmas & _WISHES
                and (
                    (clause.has("source") and clause.has("mood"))
                    or clause.has("other")
                    or _folder(clause)
                )
                and not clause.has("song")
                and not clause.world.memory.sections
            )
        ):
            return _another(clause, known)
        if not (clause.tracks or targets.by_pronoun):
            return None
        if clause.has("part", "ontop"):
            return None
        numbered = _runner_number(clause) > 0
        changes = other or runner or numbered or bool(unwanted)
        first = clause.tracks[0] if clause.tracks else None
        compared = bool(
            first and first.ids and first.qualities and first.qualities[0].kind == "mood"
                        and first.det in ("indef", "other"))  # fmt: skip
        named = bool(first and first.ids and clause.lemmas & _WISHES and _names(clause, first))
        used = bool(first and first.ids and clause.lemmas & {"use", "try", "pick", "choose", "find"}
                    and (first.qualities or clause.has("prep", "from")))  # fmt: skip
        folder = bool(_folder(clause)) and bool(first and first.ids)
        if clause.does & {"add", "remove", "mute", "unmute", "solo", "lock", "regenerate"} and not (
            named
            and clause.lemmas & {"throw", "put", "bring", "drop", "stick"}
            and first is not None
            and first.ids
            and first.det != "other"
        ):
            return None
        if not ((changes or compared or named or used or folder) and wished):
            return None
    if clause.sections and not clause.tracks and not targets.by_pronoun:
        return None
    if clause.has("noun", "tempo", "key", "pitch", "genre") or clause.has("song"):
        return None
    return _swapped(clause, targets, unwanted)


def _played_by(clause: Clause) -> bool:
    """ "a flute for the melody", "put the organ in for the chords"."""
    if len(clause.tracks) != 2:
        return False
    wanted, ref = clause.tracks
    named = wanted.det in ("indef", "other", "") or wanted.pointed.loosely
    return ref.prep == "for" and bool(ref.ids) and wanted.prep in ("", "in", "with") and named


def _for_track(clause: Clause, targets: Targets) -> Outcome:
    """ "a flute for the melody": the melody is played by another instrument."""
    wanted, ref = clause.tracks[0], clause.tracks[1]
    found = _one_swap(clause, ref.pointed.single, ref, wanted, targets.sections)
    if isinstance(found, Outcome):
        return found
    if not found.digest:
        words = {w for w in wanted.text.split()} | {wanted.text.rstrip("s")}
        named = clause.world.named_sounds(words - set(MOODS), ref.pointed.single, ref.pointed.role)
        if len(named) == 1:
            found = SwapSound(ref.pointed.single, targets.sections, digest=named[0].digest)
    return done([found], tracks=(ref.pointed.single,), sections=targets.sections)


def _another(clause: Clause, known: list[str]) -> Outcome:
    """ "find a darker one": another sound for what was spoken of."""
    kit = set(clause.world.kit())
    tracks = ["drums"] if set(known) == kit and "drums" in kit else known
    moods, folder = moods_of(clause), _folder(clause)
    return done((SwapSound(t, moods=moods, folder=folder, seed=seed_of(clause)) for t in tracks),
                tracks=tracks)  # fmt: skip


def _swapped(clause: Clause, targets: Targets, unwanted: list[TrackRef]) -> Outcome | None:
    world = clause.world
    objects = [r for r in clause.tracks if r.prep not in ("for", "with", "to", "by", "into", "instead",
                                                          "than", "from")]  # fmt: skip
    goals = [r for r in clause.tracks if r.prep in ("for", "with", "to", "by", "into")]
    if "swap" not in clause.does:
        goals = [r for r in goals if r.prep != "for"] if objects else []
    if not objects and goals and "swap" not in clause.does:
        objects, goals = goals, []
    if not objects and unwanted:
        objects, unwanted = unwanted, []
    if unwanted and objects:  # "use a synth lead, not a guitar"
        goals, objects = objects, unwanted
    if not objects and clause.tracks and "swap" in clause.does:
        objects, goals = clause.tracks[:1], clause.tracks[1:]
    if "swap" in clause.does and not clause.tracks and not targets.by_pronoun:
        if clause.has("pron") or clause.has("source") or not clause.unknown:
            return _which_sound(clause)
        return None
    missing = next((r for r in objects if not r.ids), None)
    if missing is not None:
        return missing_track(missing, world)
    place = targets.sections
    tracks: list[str] = []
    for ref in objects:
        if ref.pointed.single not in tracks:
            tracks.append(ref.pointed.single)
    if not objects:
        tracks = list(targets.singles())
    goal = goals[0] if goals else None
    edits: list[Edit] = []
    for number, track in enumerate(tracks):
        found = _one_swap(clause, track, objects[number] if number < len(objects) else None, goal,
                          place)  # fmt: skip
        if isinstance(found, Outcome):
            return found
        edits.append(found)
    return done(edits, tracks=tracks, sections=place) if edits else None


def _one_swap(
    clause: Clause, track: str, ref: TrackRef | None, goal: TrackRef | None,
    sections: tuple[str, ...],
) -> SwapSound | Outcome:  # fmt: skip
    world = clause.world
    role = (world.track(track) or world.tracks[0]).role
    runner = _runner_number(clause)
    if runner:
        count = len(world.runners_up(track))
        if runner > count:
            return note(f"the {track} has {count} runners-up, so there is no number {runner}")
        return SwapSound(track, sections, runner_up=runner)
    words = _wanted_words(clause, ref, goal)
    telling = {w for w in words if w not in MOODS or w in ("dark",)}
    found = world.named_sounds(words, track, role) if telling else []
    moods = moods_of(clause)
    exact = words - set(moods)
    if (
        len(found) == 1
        and exact & words_of(found[0])
        and not (words & _mood_words(clause) == words)
    ):
        return SwapSound(track, sections, digest=found[0].digest)
    folder = _folder(clause)
    if len(found) > 1 and exact:
        shared = next((w for w in sorted(exact) if all(w in words_of(x) for x in found)), "")
        folder = folder or shared
    instrument = ""
    if goal is not None:
        if goal.pointed.role != role and goal.pointed.instrument == "" and goal.ids:
            instrument = ""
        else:
            instrument = goal.pointed.instrument or ""
        if goal.word == "synth":
            instrument = "lead"
        if not instrument and goal.ids and goal.pointed.single != track:
            instrument = {"bass": "bass", "pad": "pad", "vocal": "vocal", "fx": "fx",
                          "percussion": "percussion", "drums": "drums",
                          "chords": "keys", "lead": "lead"}.get(goal.pointed.role, "")  # fmt: skip
    unknown = [w for w in clause.unknown if w not in world.sound_words()]
    if "genre" in {t.kind for t in clause.tokens} and not folder and not moods:
        genre = clause.first("genre")
        assert genre is not None
        folder = genre.text
    if (
        goal is None
        and unknown
        and not (moods or folder)
        and clause.has("prep", "for", "with", "to")
    ):
        return note(
            f"no sound is called {' '.join(unknown)}, and it is no mood or instrument that I know"
        )
    return SwapSound(track, sections, moods=moods, instrument=instrument, folder=folder,
                     seed=seed_of(clause))  # fmt: skip


def _mood_words(clause: Clause) -> set[str]:
    return {t.text for t in clause.tokens if t.kind == "mood"}


def _names(clause: Clause, ref: TrackRef) -> bool:
    """Whether the words before a track noun are part of the name of a sound at hand."""
    words = _wanted_words(clause, ref, None) - set(MOODS)
    role = ref.pointed.role
    return bool(words) and bool(clause.world.named_sounds(words, ref.pointed.single, role))


def _wanted_words(clause: Clause, ref: TrackRef | None, goal: TrackRef | None) -> set[str]:
    """Words that may be part of the wanted sound's name."""
    found: set[str] = set()
    known = clause.world.sound_words() - _GENERIC
    named_away = {"instead", "than", "from"}
    stop = len(clause.tokens)
    for at, token in enumerate(clause.tokens):
        if token.kind == "prep" and token.value in named_away:
            stop = at
            break
    for token in clause.tokens[:stop]:
        if token.kind in ("filler", "verb", "det", "sep", "prep", "section"):
            continue
        if token.kind == "track" and (token.value.startswith("@") or goal is None):
            own = ref is not None and token.text in ref.text.split()
            if own and ref is not None and not ref.more_words and token.text == ref.text:
                continue
        base = token.text.rstrip("s")
        for word in token.text.split():
            for form in {word, word.rstrip("s"), token.value}:
                if form in known:
                    found.add(form)
        if base in known and token.kind in ("unknown", "track", "mood", "folderish", "genre"):
            found.add(base)
    for named in clause.tracks:
        if named.ids and (named is ref or (goal is None and not named.pointed.loosely)):
            found -= _plain_names(clause, named)
    if goal is None and "swap" in clause.does and ref is not None:
        # "swap that wooden perc": names what plays, not what is wanted
        before = {w for t in clause.tokens[ref.start : ref.at + 1] for w in t.text.split()}
        found -= before | {w.rstrip("s") for w in before}
    return found


def _plain_names(clause: Clause, ref: TrackRef) -> set[str]:
    """Words for the track itself, which tell nothing of a wanted sound."""
    world = clause.world
    track = world.track(ref.pointed.single)
    found = {"bass", "808", "drum", "drums", "melody", "vocal", "pad", "lead", "perc", "kick", "hat", "fx",
             "chords"}  # fmt: skip
    found &= set(ref.text.split()) | {w.rstrip("s") for w in ref.text.split()}
    if track is not None:
        found |= {track.id, track.role, track.instrument, track.instrument.rstrip("s")}
    playing = world.loops.get(world.current(ref.pointed.single))
    if playing is not None:
        found |= words_of(playing)
    return found


def _folder(clause: Clause) -> str:
    """ "from my Tokyo folder": a word of a path."""
    known = clause.world.folders()
    tokens = clause.tokens
    named = clause.word("folder", "pack", "kit", "folders", "library", "collection", "crate")
    for at, token in enumerate(tokens):
        if (
            token.kind == "unknown"
            and token.text in known
            and token.text not in ("crate", "folder")
        ):
            return token.text
        before = tokens[at - 1] if at else None
        if named and token.kind == "unknown" and token.text not in ("folder", "pack", "kit"):
            if before is not None and before.kind in ("det", "prep"):
                return token.text
    return ""


def _runner_number(clause: Clause) -> int:
    """ "the third option", "runner-up 2"; 0 where none is meant."""
    ordinal = clause.first("ord")
    if clause.has("runner") or clause.word("option", "choice", "candidate", "alternative"):
        if clause.number is not None:
            return int(clause.number.number or int(clause.number.value))
        if ordinal is not None and ordinal.value.isdigit():
            return int(ordinal.value)
        if clause.has("runner"):
            return 1
    return 1 if clause.has("other", "best") else 0


def _which_sound(clause: Clause) -> Outcome:
    moods = moods_of(clause)
    return ask("Which sound do you mean?", [
        (t.name.lower(), [SwapSound(t.id, moods=moods, seed=seed_of(clause))])
        for t in clause.world.tracks[:9]
    ])  # fmt: skip


def _per_track(targets: Targets) -> tuple[str, ...]:
    return targets.tracks


def regenerate(clause: Clause) -> Outcome | None:
    """Sections, or tracks in them, arranged anew; or the whole song."""
    targets = Targets(clause)
    does = clause.does
    other = clause.has("other") and clause.has("source") and clause.word(
        "version", "take", "variation", "arrangement"
    )  # fmt: skip
    new = [t for t in clause.tokens if t.kind == "other" and t.text in _NEW]
    fresh = (
        bool(new)
        and not clause.tracks
        and not any(
            clause.has(kind) for kind in ("size", "energy", "mood", "amount", "level", "tempo")
        )
        and bool(clause.sections)
        and not (clause.does & {"add", "repeat", "move", "remove", "lock"})
        and not any(r.positional for r in clause.sections)
    )
    if "reseed" in does or (other and clause.has("song")):
        return (
            done([Reseed(seed_of(clause))])
            if not clause.sections and not clause.tracks
            else (_regenerated(clause, targets))
        )
    changed = (
        "swap" in does
        and clause.sections
        and not clause.tracks
        and not any(r.positional for r in clause.sections)
        and len(clause.sections) == 1
    )
    retried = (
        clause.has("again")
        and bool(clause.sections or clause.tracks)
        and bool(clause.lemmas & {"try", "do"})
    )
    if (
        "swap" in does
        and clause.has("song")
        and not (clause.sections or clause.tracks)
        and len([t for t in clause.tokens if t.kind not in ("filler", "verb", "song", "sep")]) == 0
    ):
        return ask("Arrange the whole song anew?", [("yes", [Reseed(seed_of(clause))])])
    if "regenerate" not in does and not other and not fresh and not changed and not retried:
        return None
    if changed and (clause.has("mood") or clause.has("key") or clause.amount("bars")):
        return None
    if targets.trouble is not None:
        return targets.trouble
    if clause.has("song") and not clause.sections and not clause.tracks:
        return done([Reseed(seed_of(clause))])
    if other and not (clause.sections or clause.tracks or targets.by_pronoun):
        return done([Reseed(seed_of(clause))])
    return _regenerated(clause, targets)


def _regenerated(clause: Clause, targets: Targets) -> Outcome | None:
    world, seed = clause.world, seed_of(clause)
    if targets.trouble is not None:
        return targets.trouble
    sections, tracks = targets.sections, targets.tracks
    if any(r.det == "indef" and r.open for r in clause.sections) or any(
        r.open and clause.word("one") for r in clause.sections
    ):
        return ask("Which one?", [(s, [RegenerateSection(s, seed)]) for s in sections])
    if not sections and not tracks:
        sections = world.memory.sections if not clause.unknown else ()
        if not sections:
            return None
    if not sections:
        edits = [
            RegenerateSection(s.name, seed, tuple(t for t in tracks if s.name in world.plays_in(t)))
            for s in world.sections
            if any(s.name in world.plays_in(t) for t in tracks)
        ]
        return done(edits, tracks=tracks)
    return done((RegenerateSection(s, seed, tracks) for s in sections), tracks=tracks,
                sections=sections)  # fmt: skip


def only(clause: Clause) -> Outcome | None:
    """Just these tracks: in a section, at the start or the end, or heard alone."""
    starts = "start" if clause.lemmas & {"start", "begin", "open"} or clause.word("opens", "opening") else (
        "end" if clause.lemmas & {"end", "finish", "close"} else ""
    )  # fmt: skip
    solo, unsolo = "solo" in clause.does, "unsolo" in clause.does
    targets = Targets(clause)
    stripped = clause.lemmas & {"strip", "reduce", "thin", "cut"} and any(
        r.prep in ("to",) for r in clause.tracks
    )
    if unsolo or (clause.word("solo", "soloed") and (clause.does & {"remove", "mute", "undo"}
                                                     or clause.lemmas & {"end", "stop"})):  # fmt: skip
        return done([SoloTracks(())])
    soloed = clause.world.draft.solo or any(
        isinstance(e, SoloTracks) for e in clause.world.memory.edits
    )
    if (
        clause.has("song")
        and not clause.tracks
        and soloed
        and (clause.has("again") or clause.lemmas & {"play", "hear", "bring", "unmute"})
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
            return _layers(places, only=targets.tracks)
    if not (just or solo) or not (clause.tracks or targets.by_pronoun):
        return None
    if clause.tracks and clause.sections and not clause.acts and _only_there(clause):
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
    if targets.trouble is not None:
        return targets.trouble
    if targets.sections:
        return _layers(targets.sections, only=targets.tracks)
    if stripped and clause.has("song"):
        return done((SetLayers(s.name, only=targets.tracks) for s in clause.world.sections),
                    tracks=targets.tracks)  # fmt: skip
    return done([SoloTracks(targets.tracks)], tracks=targets.tracks)


def _only_there(clause: Clause) -> bool:
    """ "hats only in the hooks": who is alone, the hats or the hooks?"""
    token = clause.first("only")
    return token is not None and clause.where(token) > clause.tracks[-1].at


def _plays_only(clause: Clause, targets: Targets) -> Outcome:
    if targets.trouble is not None:
        return targets.trouble
    ids, places = targets.tracks, targets.sections
    away: list[Edit] = [
        SetLayers(s.name, remove=tuple(t for t in ids if s.name in clause.world.plays_in(t)))
        for s in clause.world.sections
        if s.name not in places and any(s.name in clause.world.plays_in(t) for t in ids)
    ]
    who, where = several(ids), several(places)
    return ask("Which is meant?", [
        (f"{who} nowhere but in {where}", away),
        (f"nothing but {who} in {where}", [SetLayers(s, only=ids) for s in places]),
    ])  # fmt: skip


def _layers(
    sections: tuple[str, ...], *, only: tuple[str, ...] = (), add: tuple[str, ...] = (),
    remove: tuple[str, ...] = (),
) -> Outcome:  # fmt: skip
    return done((SetLayers(s, only, add, remove) for s in sections),
                tracks=only or add or remove, sections=sections)  # fmt: skip


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
    back = "unmute" in does or (clause.has("part", "back") and not clause.acts)
    if clause.word("instrumental") and (clause.lemmas & {"make"} or clause.sections):
        return _instrumental(clause)
    if not (gone or back):
        return None
    targets = Targets(clause)
    if does & {"mute"} and clause.sections and not clause.tracks and not clause.has("pron"):
        if targets.trouble is not None:
            return targets.trouble
        from loopmind.music.edit import RemoveSection

        return ask(f"A section cannot be muted. Take {several(targets.sections)} out?", [
            ("take out", [RemoveSection(s) for s in targets.sections]),
        ])  # fmt: skip
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
    if clause.has("neg") and (does & {"remove", "mute"}):
        return None
    if back:
        return _back(clause, targets)
    if targets.sections:
        return _without(clause, targets)
    edit = MuteTrack if silenced else RemoveTrack
    return done((edit(t) for t in targets.tracks), tracks=targets.tracks)


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


def _with(clause: Clause, sections: tuple[str, ...], tracks: tuple[str, ...]) -> Outcome:
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
        return _layers(targets.sections, add=targets.tracks)
    return done((MuteTrack(t, False) for t in targets.tracks), tracks=targets.tracks)


def _which_muted(clause: Clause) -> Outcome:
    return ask("What should be muted?", [
        (t.name.lower(), [MuteTrack(t.id)]) for t in clause.world.tracks[:9]
    ])  # fmt: skip


def _instrumental(clause: Clause) -> Outcome:
    vocals = clause.world.of_role("vocal")
    if not vocals:
        return note("there is no vocal in the song")
    targets = Targets(clause)
    if clause.sections:
        return _layers(targets.sections, remove=vocals)
    return done((RemoveTrack(t) for t in vocals), tracks=vocals)


def add(clause: Clause) -> Outcome | None:
    """Further tracks, and tracks that join in somewhere."""
    targets = Targets(clause)
    does = clause.does
    refs = [r for r in clause.tracks if r.prep not in ("than", "instead", "under", "on", "except",
                                                       "with", "from", "after", "before")]  # fmt: skip
    under = [r for r in clause.tracks if r not in refs]
    if "layer" in clause.lemmas and len(clause.tracks) == 1 and not refs:
        refs = clause.tracks
    if "layer" in clause.lemmas and refs and any(r.prep == "with" for r in under):
        refs = [r for r in under if r.prep == "with"]
    known = tuple(t for t in clause.world.memory.tracks if clause.world.track(t))
    if (
        not clause.tracks
        and clause.has("pron")
        and known
        and clause.sections
        and "add" in does
        and (targets.trouble is None and not any(r.positional for r in clause.sections))
    ):
        return _layers(targets.sections, add=known)
    if (
        not refs
        and clause.world.mention
        and "add" in does
        and clause.has("source")
        and not clause.sections
    ):
        found = clause.world.point(clause.world.mention)
        word = clause.world.mention
        refs = [TrackRef(word, word.lstrip("@="), found, "", "indef", 0, 0)]
    if not clause.tracks and clause.has("song") and "add" in does and clause.sections:
        if targets.trouble is not None:
            return targets.trouble
        everyone = [t.id for t in clause.world.tracks]
        return done((SetLayers(s, add=tuple(t for t in everyone if s not in clause.world.plays_in(t)))
                     for s in targets.sections), sections=targets.sections)  # fmt: skip
    if not refs or clause.has("prep", "like"):
        return None
    on_top = clause.has("part", "ontop")
    wishing = bool(clause.lemmas & (_WISHES | {"love"})) or clause.word("needs", "need", "would", "wants",
                                                                        "should", "could")  # fmt: skip
    wishing = wishing or bool((clause.sections or clause.has("song")) and clause.lemmas & {"let", "play", "start",
                                                                                      "come", "keep", "be"})  # fmt: skip
    adds = on_top or "add" in does or (clause.lemmas & {"put", "get", "bring"} and not does)
    bare = not clause.acts and bool(clause.sections)
    if not (adds or wishing or bare):
        return None
    if (
        clause.first("effect")
        or clause.first("quant")
        or clause.has("level")
        or clause.has("height")
    ):
        return None
    if clause.amount("semitones", "db", "percent") or does - {"add"}:
        return None
    absent = [r for r in refs if not r.ids]
    spare = any(r.pointed.loosely and r.det not in ("def", "this") for r in refs)
    if not adds and not absent and not targets.sections and not spare and not clause.has("song"):
        return None
    if clause.complaint or (clause.acts and clause.lemmas <= {"be", "play"} and not clause.wished):
        return None
    vague = [r for r in refs if r.pointed.loosely and r.det not in ("def", "this")]
    new = (
        bool(absent)
        or any(r.new for r in refs)
        or bool(vague)
        or on_top
        or "layer" in clause.lemmas
        or spare
    )
    if not new and (clause.sections or clause.scope):
        if targets.trouble is not None:
            return targets.trouble
        if bare and not clause.has("prep"):
            return None
        return _with(clause, targets.sections, tuple(i for r in refs for i in r.ids))
    if not new and clause.has("song"):
        ids = tuple(i for r in refs for i in r.ids)
        edits = [
            SetLayers(s.name, add=tuple(t for t in ids if s.name not in clause.world.plays_in(t)))
            for s in clause.world.sections
            if any(s.name not in clause.world.plays_in(t) for t in ids)
        ]
        return done(edits, tracks=ids)
    if not new and all(r.det in ("def", "this") for r in refs):
        ids = tuple(i for r in refs for i in r.ids)
        silent = [s.name for s in clause.world.sections
                  if not all(s.name in clause.world.plays_in(t) for t in ids)]  # fmt: skip
        return ask(f"Where should the {several(ids)} come in?", [
            (s, [SetLayers(s, add=ids)]) for s in silent
        ])  # fmt: skip
    missing_place = next((r for r in clause.sections if r.missing), None)
    if missing_place is not None and targets.trouble is not None:
        from loopmind.assistant.outcome import missing_section

        return missing_section(missing_place, clause.world)
    return _added(clause, refs, targets)


def _added(clause: Clause, refs: list[TrackRef], targets: Targets) -> Outcome:
    moods = moods_of(clause)
    words = clause.world.sound_words()
    edits: list[Edit] = []
    notes: list[str] = []
    for ref in refs:
        described = next((t.text for t in clause.tokens
                          if t.kind in ("folderish", "unknown", "genre") and t.text in words), "")  # fmt: skip
        if not described and ref.pointed.loosely and ref.text.rstrip("s") in words:
            described = ref.text.rstrip("s")
        if not described and ref.text in words and ref.pointed.loosely:
            described = ref.text
        folder = _folder(clause) or described
        instrument = ref.pointed.instrument
        if ref.word.startswith("@"):
            instrument = ref.pointed.instrument
        if ref.word in ("synth",):
            instrument = ""
        if instrument and not _at_hand(clause, instrument):
            notes.append(f"there is no {ref.text} among the sounds")
            continue
        if instrument == "guitar":
            role = "lead"
        else:
            role = ref.pointed.role
        wished = moods
        if not folder and clause.has("folderish"):
            wished = (*moods, "warm")
        edits.append(AddTrack(role, instrument, targets.sections, moods=wished, folder=folder,
                              seed=seed_of(clause)))  # type: ignore[arg-type]  # fmt: skip
    return Outcome(tuple(edits), notes=tuple(notes), sections=targets.sections)


def _at_hand(clause: Clause, instrument: str) -> bool:
    return any(loop.best_instrument == instrument for loop in clause.world.crate.loops)


def unclear(clause: Clause) -> Outcome | None:
    """A track, and nothing that says what should happen to it: ask."""
    targets = Targets(clause)
    vague = clause.lemmas & {"fix", "adjust", "tweak", "modify", "alter", "shape", "improve", "do"}
    bigger = clause.first("energy")
    vague = vague or (
        clause.word("do", "something") and clause.word("about", "with") and clause.word("do")
    )
    if clause.tracks and bigger is not None and targets.trouble is None and not targets.sections:
        from loopmind.music.edit import ChangeStrip, ShiftMood

        ids = targets.tracks
        way = clause.sign(bigger) * (1 if bigger.value == "up" else -1)
        if way > 0:
            return ask(f"How should the {several(ids)} get bigger?", [
                ("louder", [ChangeStrip(t, "gain_db", None, 2.0) for t in ids]),
                ("punchier", [ShiftMood(("punchy",), track=t) for t in ids]),
                ("wider", [ChangeStrip(t, "width", None, 0.3) for t in ids]),
            ])  # fmt: skip
        return ask(f"How should the {several(ids)} get smaller?", [
            ("quieter", [ChangeStrip(t, "gain_db", None, -2.0) for t in ids]),
            ("calmer", [ShiftMood(("calm",), track=t) for t in ids]),
            ("narrower", [ChangeStrip(t, "width", None, -0.3) for t in ids]),
        ])  # fmt: skip
    if vague and (targets.tracks or targets.sections) and targets.trouble is None:
        return _what_with(clause, targets)
    return None


def _what_with(clause: Clause, targets: Targets) -> Outcome:
    from loopmind.music.edit import ChangeStrip

    if targets.tracks:
        ids = targets.tracks
        return ask(f"What should happen to the {several(ids)}?", [
            ("another sound", [SwapSound(t, seed=seed_of(clause)) for t in targets.singles() or ids]),
            ("louder", [ChangeStrip(t, "gain_db", None, 2.0) for t in ids]),
            ("quieter", [ChangeStrip(t, "gain_db", None, -2.0) for t in ids]),
            ("mute", [MuteTrack(t) for t in ids]),
        ])  # fmt: skip
    return ask(f"What should happen to {several(targets.sections)}?", [
        ("arrange it anew", [RegenerateSection(s, seed_of(clause)) for s in targets.sections]),
    ])  # fmt: skip


def described(token: Token) -> bool:
    return token.kind in ("mood", "folderish")
