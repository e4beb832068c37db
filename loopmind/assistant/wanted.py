"""What tells a wanted sound: words of its name, a folder, its rank among the runners-up."""

from __future__ import annotations

from loopmind.assistant.clauses import Clause
from loopmind.assistant.refs import TrackRef
from loopmind.assistant.world import words_of
from loopmind.music.loop import MOODS

_GENERIC = frozenset(
    {
        "sound",
        "loop",
        "sample",
        "track",
        "one",
        "version",
        "folder",
        "pack",
        "kit",
        "stuff",
        "the",
        "wav",
        "file",
    }
)


def mood_words(clause: Clause) -> set[str]:
    return {t.text for t in clause.tokens if t.kind == "mood"}


def names_a_sound(clause: Clause, ref: TrackRef) -> bool:
    """Whether the words before a track noun are part of the name of a sound at hand."""
    words = wanted_words(clause, ref, None) - set(MOODS)
    role = ref.pointed.role
    return bool(words) and bool(clause.world.named_sounds(words, ref.pointed.single, role))


def wanted_words(clause: Clause, ref: TrackRef | None, goal: TrackRef | None) -> set[str]:
    """Words that may be part of the wanted sound's name."""
    found: set[str] = set()
    known = clause.world.sound_words() - _GENERIC
    named_away = {"instead", "than", "from"}
    stop = len(clause.tokens)
    for at, token in enumerate(clause.tokens):
        if token.kind == "prep" and token.value in named_away:
            stop = at
            break
    for at, token in enumerate(clause.tokens[:stop]):
        if token.kind in ("filler", "verb", "det", "sep", "prep", "section"):
            continue
        if goal is not None and ref is not None and ref.start <= at <= ref.at:
            continue  # the words for what goes
        if token.kind == "track" and (token.value.startswith("@") or goal is None):
            own = ref is not None and token.text in ref.text.split()
            if own and ref is not None and not ref.more_words and token.text == ref.text:
                continue
        base = token.text.rstrip("s")
        for word in token.text.split():
            for form in {word, word.rstrip("s"), token.value}:
                if form in known:
                    found.add(form)
            longer = word.removesuffix("ed").removesuffix("p") if word.endswith("ped") else ""
            if longer in known and len(longer) > 3:
                found.add(longer)  # "chopped" vocals are chops
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
    found = {
        "bass",
        "808",
        "drum",
        "drums",
        "melody",
        "vocal",
        "pad",
        "lead",
        "perc",
        "kick",
        "hat",
        "fx",
        "chords",
    }
    found &= set(ref.text.split()) | {w.rstrip("s") for w in ref.text.split()}
    if track is not None:
        found |= {track.id, track.role, track.instrument, track.instrument.rstrip("s")}
    playing = world.loops.get(world.current(ref.pointed.single))
    if playing is not None:
        found |= words_of(playing)
    return found


def folder_of(clause: Clause) -> str:
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
        a_name = token.kind == "unknown" and token.text not in ("folder", "pack", "kit")
        if named and a_name and before is not None and before.kind in ("det", "prep"):
            return token.text
    return ""


def runner_number(clause: Clause) -> int:
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
