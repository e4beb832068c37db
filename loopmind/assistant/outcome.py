"""What a frame makes of a clause: edits or actions, or a question, or why it cannot be done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loopmind.assistant.clauses import Clause
from loopmind.assistant.refs import SectionRef, TrackRef
from loopmind.assistant.values import Action, Choice, Question
from loopmind.assistant.world import World
from loopmind.music.edit import Edit

NO_TRACK: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """The meaning of one clause. tracks, sections: what "it" means from here on."""

    edits: tuple[Edit, ...] = ()
    actions: tuple[Action, ...] = ()
    question: Question | None = None
    notes: tuple[str, ...] = ()
    tracks: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    missing: str = ""


def done(
    edits: Iterable[Edit], *, tracks: Sequence[str] = (), sections: Sequence[str] = ()
) -> Outcome:
    return Outcome(tuple(edits), tracks=tuple(tracks), sections=tuple(sections))


def act(*actions: Action) -> Outcome:
    return Outcome(actions=actions)


def note(*texts: str) -> Outcome:
    return Outcome(notes=texts)


def ask(text: str, choices: Iterable[tuple[str, Sequence[Edit]]]) -> Outcome:
    """A question; each choice with the edits it leads to."""
    found = tuple(Choice(label, tuple(edits)) for label, edits in choices)
    return Outcome(question=Question(text, found))


def several(names: Iterable[str]) -> str:
    """ "a, b and c"."""
    found = list(names)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


def missing_track(ref: TrackRef, world: World) -> Outcome:
    """Nothing plays what was named: say so and offer what is nearest."""
    near = [t.id for t in world.tracks if t.role == ref.pointed.role][:4]
    names = several([t.id for t in world.tracks]) if world.tracks else "no tracks"
    if not near:
        return note(f"nothing in the song is called {ref.text}; its tracks are {names}")
    asked = f"Nothing in the song is called {ref.text}. Which track do you mean?"
    # What each choice leads to is found by reading the clause again with the track in its place.
    return Outcome(
        question=Question(asked, tuple(Choice(track) for track in near)), missing=ref.text
    )


def missing_section(ref: SectionRef, world: World) -> Outcome:
    there = several([s.name for s in world.sections])
    shown = f"{ref.kind} {ref.number}" if ref.number else ref.text
    return note(f"there is no {shown}; the sections are {there}")


class Targets:
    """The tracks and sections that a clause is about, with "it" and what was left out filled in."""

    def __init__(self, clause: Clause) -> None:
        self.clause = clause
        world = clause.world
        self.world = world
        self.trouble: Outcome | None = None
        refs = clause.tracks or clause.subject
        self.refs = [r for r in refs if r.prep not in ("than", "instead", "except")]
        main = [r for r in self.refs if r.prep not in ("after", "before", "under")]
        if main:
            self.refs = main  # "tuck the pad behind the vocals"
        excluded = {i for r in clause.tracks if r.prep == "except" for i in r.ids}
        self.sections = self._sections()
        bare = bool(clause.does & {"mute", "unmute", "unlock"}) and all(
            t.kind in ("verb", "filler", "part", "prep", "neg", "again") for t in clause.tokens
        )
        pronoun = (clause.has("pron") or bare) and not clause.tracks
        tracks: list[str] = []
        for ref in self.refs:
            if not ref.ids and self.trouble is None:
                self.trouble = missing_track(ref, world)
            tracks += [i for i in ref.ids if i not in tracks]
        self.by_pronoun = False
        if not tracks and not self.refs and pronoun and not clause.has("song"):
            tracks = [i for i in world.memory.tracks if world.track(i)]
            self.by_pronoun = bool(tracks)
        if excluded and tracks and not (clause.has("rest") or clause.has("song")):
            tracks = [t for t in tracks if t not in excluded]
        elif clause.has("rest") or excluded:
            spoken_of = set(tracks) or set(world.memory.tracks)
            others = spoken_of if clause.has("rest") and not excluded else excluded | set(tracks)
            tracks = [t.id for t in world.tracks if t.id not in others]
        self.tracks = tuple(tracks)
        self.whole = clause.has("song") or not (self.tracks or self.sections)

    def _sections(self) -> tuple[str, ...]:
        clause = self.clause
        refs = clause.sections or clause.subject_sections
        left_out = {n for r in refs if r.prep == "except" for n in r.names}
        refs = [r for r in refs if r.prep not in ("than", "instead", "except", "like")]
        names: list[str] = []
        for ref in refs:
            if (ref.missing and not ref.names and self.trouble is None) or (
                ref.missing and self.trouble is None
            ):
                self.trouble = missing_section(ref, clause.world)
            meant = ref.names
            every = [s.name for s in clause.world.sections]
            if ref.prep == "until" and ref.names:
                meant = tuple(every[: every.index(ref.names[0])])
            elif ref.prep == "from" and ref.names and clause.word("on", "onwards", "onward"):
                meant = tuple(every[every.index(ref.names[0]) :])
            names += [n for n in meant if n not in names]
        if (
            not refs
            and clause.tokens
            and clause.tokens[-1].text == "there"
            and (len(clause.tokens) < 2 or clause.tokens[-2].kind not in ("prep",))
        ):
            names = [n for n in clause.world.memory.sections if clause.world.section(n)]
        if not refs and not names:
            names = list(clause.scope)
        if left_out:
            every = [s.name for s in clause.world.sections]
            names = [n for n in (names or every) if n not in left_out]
        return tuple(names)

    def singles(self) -> tuple[str, ...]:
        """One track for each mention, as sounds are swapped: "the drums" are the drum loop."""
        found: list[str] = []
        for ref in self.refs:
            if ref.pointed.single and ref.pointed.single not in found:
                found.append(ref.pointed.single)
        if not found and self.by_pronoun:
            kit = set(self.world.kit())
            if set(self.tracks) == kit and "drums" in kit:
                return ("drums",)
            return self.tracks
        return tuple(found)
