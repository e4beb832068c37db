"""What a reading of plain words gives: edits, actions, a question, and the memory of the talk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from loopmind.music.edit import Edit

About = Literal["changes", "sound", "section", "mix", "song"]
Parts = Literal["sections", "tracks", "sounds", "locks", "branches", "macros"]


@dataclass(frozen=True)
class Undo:
    """Take the last `count` changes back."""

    count: int = 1


@dataclass(frozen=True)
class Redo:
    """Bring `count` undone changes back."""

    count: int = 1


@dataclass(frozen=True)
class Explain:
    """Tell in plain words: the last changes, why a sound plays, a section, the mix, the song."""

    about: About
    track: str = ""
    section: str = ""


@dataclass(frozen=True)
class ListParts:
    """Name what there is. names: only these of it."""

    what: Parts
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Render:
    """Write the song's sound."""


@dataclass(frozen=True)
class ShowHistory:
    """Tell of all changes so far."""


@dataclass(frozen=True)
class Branch:
    """Go on in a new branch; the present one stays as it is."""

    name: str


@dataclass(frozen=True)
class Switch:
    """Go to another branch."""

    name: str


@dataclass(frozen=True)
class Merge:
    """Take a section over from another branch."""

    branch: str
    section: str


@dataclass(frozen=True)
class Help:
    """Tell what can be said."""


Action: TypeAlias = (
    Undo | Redo | Explain | ListParts | Render | ShowHistory | Branch | Switch | Merge | Help
)


@dataclass(frozen=True)
class Choice:
    """One answer to a question, and what it leads to."""

    label: str
    edits: tuple[Edit, ...] = ()
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Question:
    """One short question; a person answers by number or in words. unclear: words it is about."""

    text: str
    choices: tuple[Choice, ...]
    unclear: tuple[str, ...] = ()


@dataclass(frozen=True)
class Memory:
    """The conversation so far: what "it", "that" and "the same" mean.

    tracks, sections: last spoken of. edits: what the last request gave. question: still open.
    turn: requests so far; it varies the seeds of what is made anew. bpm: the tempo before them, 0
    where that is not known. undone: whether the last request took changes back. past: what the
    requests before gave that still hold, the last one behind; at most `LONGEST_PAST`.
    """

    tracks: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    question: Question | None = None
    turn: int = 0
    bpm: float = 0.0
    undone: bool = False
    past: tuple[tuple[Edit, ...], ...] = ()


LONGEST_PAST = 30


@dataclass(frozen=True)
class Reading:
    """One request as it was read.

    understood: each edit and action in plain words. ignored: words that were not understood.
    notes: wishes that were understood but cannot be met, with what can be done instead.
    """

    edits: tuple[Edit, ...] = ()
    actions: tuple[Action, ...] = ()
    question: Question | None = None
    understood: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    memory: Memory = Memory()

    @property
    def sure(self) -> bool:
        """Whether everything that was said was understood and can be done at once."""
        wanted = bool(self.edits or self.actions)
        return wanted and self.question is None and not self.ignored and not self.notes
