"""Frames of sounds: another sound for a track, by mood, name, folder or rank."""

from __future__ import annotations

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_mood import wished_moods
from loopmind.assistant.outcome import Outcome, Targets, ask, done, missing_track, note
from loopmind.assistant.refs import TrackRef
from loopmind.assistant.wanted import (
    folder_of,
    mood_words,
    names_a_sound,
    runner_number,
    wanted_words,
)
from loopmind.assistant.world import words_of
from loopmind.music.edit import (
    Edit,
    SwapSound,
)
from loopmind.music.loop import MOODS

WISHES = frozenset(
    {
        "want",
        "need",
        "try",
        "use",
        "give",
        "find",
        "pick",
        "choose",
        "hear",
        "get",
        "have",
        "select",
        "grab",
        "load",
        "like",
        "make",
        "put",
        "go",
        "throw",
        "set",
        "bring",
        "stick",
        "drop",
        "spin",
        "roll",
    }
)


def moods_of(clause: Clause) -> tuple[str, ...]:
    """Moods that are wished for in a clause; "less dark" gives the opposite."""

    return wished_moods(clause)[0]


def seed_of(clause: Clause) -> int:
    """Another number for each request, so that asking again gives something else."""
    return clause.world.memory.turn + 1


def swap(clause: Clause) -> Outcome | None:
    """Another sound on a track."""
    does, other = clause.does, clause.has("other")
    targets = Targets(clause)
    wished = (
        bool(clause.lemmas & WISHES)
        or ((clause.has("runner") or other) and "take" in clause.lemmas)
        or not clause.acts
        or clause.lemmas <= {"be"}
    )
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
                clause.lemmas & WISHES
                and (
                    (clause.has("source") and clause.has("mood"))
                    or clause.has("other")
                    or folder_of(clause)
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
        numbered = runner_number(clause) > 0
        changes = other or runner or numbered or bool(unwanted)
        first = clause.tracks[0] if clause.tracks else None
        compared = bool(
            first
            and first.ids
            and first.qualities
            and first.qualities[0].kind == "mood"
            and (
                first.det in ("indef", "other")
                or (
                    first.det == "this"
                    and clause.lemmas & {"give", "want", "need", "get"}
                    and clause.has("source")
                )
            )
        )
        named = bool(
            first and first.ids and clause.lemmas & WISHES and names_a_sound(clause, first)
        )
        sized = first and first.ids and any(q.kind == "size" for q in first.qualities)
        compared = compared or bool(first and sized and names_a_sound(clause, first))
        used = bool(
            first
            and first.ids
            and clause.lemmas & {"use", "try", "pick", "choose", "find"}
            and (first.qualities or clause.has("prep", "from"))
        )
        folder = bool(folder_of(clause)) and bool(first and first.ids)
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
    named = wanted.det in ("indef", "other", "") or wanted.pointed.loosely or not wanted.ids
    played = any(t.kind == "verb" and t.value == "play" for t in clause.tokens[wanted.at : ref.at])
    return (
        (ref.prep == "for" or played)
        and bool(ref.ids)
        and wanted.prep in ("", "in", "with")
        and named
    )


def _for_track(clause: Clause, targets: Targets) -> Outcome:
    """ "a flute for the melody": the melody is played by another instrument."""
    wanted, ref = clause.tracks[0], clause.tracks[1]
    found = one_swap(clause, ref.pointed.single, ref, wanted, targets.sections)
    if isinstance(found, Outcome):
        return found
    if not found.digest:
        words = set(wanted.text.split()) | {wanted.text.rstrip("s")}
        named = clause.world.named_sounds(words - set(MOODS), ref.pointed.single, ref.pointed.role)
        if len(named) == 1:
            found = SwapSound(ref.pointed.single, targets.sections, digest=named[0].digest)
    return done([found], tracks=(ref.pointed.single,), sections=targets.sections)


def _another(clause: Clause, known: list[str]) -> Outcome:
    """ "find a darker one": another sound for what was spoken of."""
    kit = set(clause.world.kit())
    tracks = ["drums"] if set(known) == kit and "drums" in kit else known
    moods, folder = moods_of(clause), folder_of(clause)
    return done(
        (SwapSound(t, moods=moods, folder=folder, seed=seed_of(clause)) for t in tracks),
        tracks=tracks,
    )


def _swapped(clause: Clause, targets: Targets, unwanted: list[TrackRef]) -> Outcome | None:
    world = clause.world
    objects = [
        r
        for r in clause.tracks
        if r.prep not in ("for", "with", "to", "by", "into", "instead", "than", "from")
    ]
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
        if clause.number is not None and not clause.has("pron"):
            return None
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
        found = one_swap(
            clause, track, objects[number] if number < len(objects) else None, goal, place
        )
        if isinstance(found, Outcome):
            return found
        edits.append(found)
    return done(edits, tracks=tracks, sections=place) if edits else None


def one_swap(
    clause: Clause,
    track: str,
    ref: TrackRef | None,
    goal: TrackRef | None,
    sections: tuple[str, ...],
) -> SwapSound | Outcome:
    """The swap of one track's sound; `ref` names what plays, `goal` what is wanted."""
    world = clause.world
    role = (world.track(track) or world.tracks[0]).role
    runner = runner_number(clause)
    if runner:
        count = len(world.runners_up(track))
        if runner > count:
            return note(f"the {track} has {count} runners-up, so there is no number {runner}")
        return SwapSound(track, sections, runner_up=runner)
    words = wanted_words(clause, ref, goal)
    telling = {w for w in words if w not in MOODS or w in ("dark",)}
    found = world.named_sounds(words, track, role) if telling else []
    moods = moods_of(clause)
    exact = words - set(moods)
    if len(found) == 1 and exact & words_of(found[0]) and words & mood_words(clause) != words:
        return SwapSound(track, sections, digest=found[0].digest)
    folder = folder_of(clause)
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
            instrument = {
                "bass": "bass",
                "pad": "pad",
                "vocal": "vocal",
                "fx": "fx",
                "percussion": "percussion",
                "drums": "drums",
                "chords": "keys",
                "lead": "lead",
            }.get(goal.pointed.role, "")
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
    return SwapSound(
        track, sections, moods=moods, instrument=instrument, folder=folder, seed=seed_of(clause)
    )


def _which_sound(clause: Clause) -> Outcome:
    moods = moods_of(clause)
    return ask(
        "Which sound do you mean?",
        [
            (t.name.lower(), [SwapSound(t.id, moods=moods, seed=seed_of(clause))])
            for t in clause.world.tracks[:9]
        ],
    )
