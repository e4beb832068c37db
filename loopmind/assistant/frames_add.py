"""Frames of addition: further tracks, and tracks that join in somewhere."""

from __future__ import annotations

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_layers import joining, layers_of
from loopmind.assistant.frames_swap import WISHES, moods_of, seed_of
from loopmind.assistant.outcome import Outcome, Targets, ask, done, several
from loopmind.assistant.refs import TrackRef
from loopmind.assistant.wanted import folder_of
from loopmind.music.edit import (
    AddTrack,
    Edit,
    SetLayers,
    SoloTracks,
)


def add(clause: Clause) -> Outcome | None:
    """Further tracks, and tracks that join in somewhere."""
    targets = Targets(clause)
    does = clause.does
    refs = [
        r
        for r in clause.tracks
        if r.prep
        not in ("than", "instead", "under", "on", "except", "with", "from", "after", "before")
    ]
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
        and ("add" in does or (clause.lemmas & {"put", "bring", "use"} and not does))
        and (targets.trouble is None and not any(r.positional for r in clause.sections))
    ):
        return layers_of(targets.sections, add=known)
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
        return done(
            (
                SetLayers(s, add=tuple(t for t in everyone if s not in clause.world.plays_in(t)))
                for s in targets.sections
            ),
            sections=targets.sections,
        )
    solo = next((e for e in clause.world.memory.edits if isinstance(e, SoloTracks)), None)
    if solo is not None and solo.tracks and "add" in does and clause.tracks and not clause.sections:
        ids = tuple(i for r in clause.tracks for i in r.ids if i not in solo.tracks)
        return done([SoloTracks((*solo.tracks, *ids))], tracks=(*solo.tracks, *ids))
    pushed = clause.has("part", "up", "down") and "add" not in clause.does
    vibes = clause.word("vibe", "vibes", "feel", "feeling", "mood", "atmosphere")
    if pushed or (vibes and clause.has("mood")):
        return None  # "lead up in hook 2", "sad piano vibes in the bridge"
    if not refs or clause.has("prep", "like") or clause.has("moodnoun"):
        return None
    on_top = clause.has("part", "ontop")
    asked = {a.lemma for a in clause.acts if not refs or a.at < refs[-1].at or a.lemma != "get"}
    wishing = bool(asked & (WISHES | {"love"})) or clause.word(
        "needs", "need", "would", "wants", "should", "could"
    )
    wishing = wishing or bool(
        (clause.sections or clause.has("song"))
        and clause.lemmas & {"let", "play", "start", "come", "keep", "be"}
    )
    adds = on_top or "add" in does or (bool(asked & {"put", "get", "bring"}) and not does)
    bare = not clause.acts and bool(clause.sections or clause.has("song"))
    all_over = clause.first("song")
    if all_over is not None and bare and not clause.sections and not clause.has("prep"):
        return None  # "tune the vocals"
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
    if (
        clause.has("neg")
        or clause.complaint
        or (clause.acts and clause.lemmas <= {"be", "play"} and not clause.wished)
    ):
        return None
    pointed_at = bool(absent) and all(
        r.det in ("def", "this") and r.qualities == () for r in absent
    )
    if pointed_at and clause.lemmas & {"be", "sound"} and clause.has("mood") and not adds:
        return targets.trouble  # "the strings should be warmer": there are none
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
        return joining(clause, targets.sections, tuple(i for r in refs for i in r.ids))
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
        silent = [
            s.name
            for s in clause.world.sections
            if not all(s.name in clause.world.plays_in(t) for t in ids)
        ]
        return ask(
            f"Where should the {several(ids)} come in?",
            [(s, [SetLayers(s, add=ids)]) for s in silent],
        )
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
        described = next(
            (
                t.text
                for t in clause.tokens
                if t.kind in ("folderish", "unknown", "genre") and t.text in words
            ),
            "",
        )
        if not described and ref.pointed.loosely and ref.text.rstrip("s") in words:
            described = ref.text.rstrip("s")
        if not described and ref.text in words and ref.pointed.loosely:
            described = ref.text
        folder = folder_of(clause) or described
        instrument = ref.pointed.instrument
        if ref.word.startswith("@"):
            instrument = ref.pointed.instrument
        if ref.word in ("synth",):
            instrument = ""
        if ref.word == "percussion" and not ref.text.startswith("perc"):
            instrument = "percussion"
        if instrument and not _at_hand(clause, instrument):
            notes.append(f"none of the sounds is heard as {ref.text}; add some to the folder")
            continue
        role = "lead" if instrument == "guitar" else ref.pointed.role
        wished = moods
        if not folder and clause.has("folderish"):
            wished = (*moods, "warm")
        edits.append(
            AddTrack(
                role,
                instrument,
                targets.sections,
                moods=wished,
                folder=folder,
                seed=seed_of(clause),
            )
        )
    return Outcome(tuple(edits), notes=tuple(notes), sections=targets.sections)


def _at_hand(clause: Clause, instrument: str) -> bool:
    return any(loop.best_instrument == instrument for loop in clause.world.crate.loops)
