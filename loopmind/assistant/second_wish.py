"""One wish as the second reader sees it: its tracks, sections, figures and degree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from loopmind.assistant.clauses import Clause
from loopmind.assistant.outcome import Outcome, Targets
from loopmind.assistant.refs import TrackRef
from loopmind.assistant.world import World


@dataclass
class Wish:
    """A clause with the tracks that it aims at; moods that are wished for; the kind of wish."""

    clause: Clause
    aimed: tuple[TrackRef, ...]
    moods: tuple[str, ...]
    kind: str

    @cached_property
    def targets(self) -> Targets:
        return Targets(self.clause)

    @property
    def world(self) -> World:
        return self.clause.world

    @cached_property
    def tracks(self) -> tuple[str, ...]:
        """Every track meant; those spoken of before for "it"."""
        if self.clause.has("rest") or any(r.prep == "except" for r in self.clause.tracks):
            return self.targets.tracks
        found = tuple(dict.fromkeys(i for r in self.aimed for i in r.ids))
        if found or self.aimed or self.clause.has("song"):
            return found
        known = tuple(t for t in self.world.memory.tracks if self.world.track(t))
        return known if self.clause.has("pron") else ()

    @cached_property
    def singles(self) -> tuple[str, ...]:
        """One track for each mention: "the drums" are the drum loop."""
        found = tuple(dict.fromkeys(r.pointed.single for r in self.aimed if r.pointed.single))
        if found or self.aimed:
            return found
        kit = set(self.world.kit())
        return ("drums",) if set(self.tracks) == kit and "drums" in kit else self.tracks

    @cached_property
    def sections(self) -> tuple[str, ...]:
        if self.clause.has("song"):
            return ()
        return self.targets.sections

    @property
    def trouble(self) -> Outcome | None:
        """What cannot be found in the song, as an answer."""
        return self.targets.trouble

    def amount(self, amounts: tuple[float, float, float]) -> float:
        """The figure for "a bit", nothing said, or "much"."""
        return amounts[self.clause.degree + 1]

    def db(self) -> float:
        """A number of decibels that was said, else 0."""
        figure = self.clause.amount("db")
        return abs(figure.number) if figure is not None else 0.0
