"""The history of a song: a tree of revisions, branches that name places in it, and undo and redo.

Every change gives a new History; nothing is ever taken out of the tree, so whatever was made once
can be come back to. What a song sounds like at a revision is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from loopmind.errors import LoopMindError, UsageError
from loopmind.music.edit import Edit

RevisionKind = Literal["generated", "edited", "merged", "remade"]
MADE: tuple[RevisionKind, ...] = ("generated", "remade")
"""Kinds of revisions that have a graph of their own."""
MAIN = "main"
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Revision:
    """One step in the making of a song.

    kind: "generated" by the graph as a whole, "edited" by `edits`, "merged": section `merged[1]`
    of revision `merged[0]` was taken over, or "remade": `edits` set macros of the graph.
    words: what the user said, told: what was done, one entry an edit. branch: where it was made.
    time_s: when, in seconds since 1970.
    """

    id: int
    parent: int | None
    kind: RevisionKind
    branch: str
    edits: tuple[Edit, ...] = ()
    words: str = ""
    told: tuple[str, ...] = ()
    time_s: float = 0.0
    merged: tuple[int, str] | None = None


@dataclass(frozen=True)
class History:
    """Revisions in the order of their ids (0, 1, 2 ...), and where the branches stand.

    branches: the revision at which each branch stands. current: the branch that is worked on.
    redo: by branch and revision the child that redo goes to, the one that was visited last.
    """

    revisions: tuple[Revision, ...] = ()
    branches: Mapping[str, int] = field(default_factory=dict)
    current: str = MAIN
    redo: Mapping[str, Mapping[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError where the tree does not hold together."""
        for place, revision in enumerate(self.revisions):
            parent = revision.parent
            if revision.id != place or (parent is not None and not 0 <= parent < place):
                raise ValueError(f"revision {revision.id} of the history does not hang on the tree")
            if revision.merged is not None and not 0 <= revision.merged[0] < place:
                raise ValueError(f"revision {revision.id} merges one that is not there")
        count = len(self.revisions)
        if any(not 0 <= head < count for head in self.branches.values()):
            raise ValueError("a branch stands at a revision that is not there")
        if self.revisions and self.current not in self.branches:
            raise ValueError(f"the current branch {self.current!r} is not there")
        for children in self.redo.values():
            for parent, child in children.items():
                if not 0 <= child < count or self.revisions[child].parent != parent:
                    raise ValueError("redo leads to a revision that is no child")

    # Looking

    @property
    def head(self) -> Revision:
        """The revision that is worked on."""
        return self.revisions[self.branches[self.current]]

    def line(self, to: int | None = None) -> tuple[Revision, ...]:
        """The revisions from the first down to `to` (by default the head)."""
        found = []
        here: int | None = self.head.id if to is None else to
        while here is not None:
            found.append(self.revisions[here])
            here = self.revisions[here].parent
        return tuple(reversed(found))

    def find(self, name: str) -> Revision:
        """The revision that `name` means: a branch, a number, "-2" (two before the head), "".

        Raises UsageError saying what there is.
        """
        text = name.strip().removeprefix("@")
        if text in ("", "head"):
            return self.head
        if text in self.branches:
            return self.revisions[self.branches[text]]
        if re.fullmatch(r"-[0-9]{1,9}", text):
            line = self.line()
            if int(text[1:]) < len(line):
                return line[-1 - int(text[1:])]
            raise UsageError(
                f"there are only {len(line) - 1} revisions before the present one; "
                "'loopmind history' lists them"
            )
        if re.fullmatch(r"[0-9]{1,9}", text):
            if int(text) < len(self.revisions):
                return self.revisions[int(text)]
            raise UsageError(f"there is no revision {text}; they go from 0 to {self.last}")
        raise UsageError(
            f"there is no branch {text!r}; there are {', '.join(self.branches)}, "
            f"and revisions 0 to {self.last}"
        )

    @property
    def last(self) -> int:
        """The highest revision number."""
        return len(self.revisions) - 1

    def common(self, a: int, b: int) -> int | None:
        """The latest revision that both `a` and `b` come from."""
        older = {revision.id for revision in self.line(a)}
        return next((r.id for r in reversed(self.line(b)) if r.id in older), None)

    # Going on

    def add(
        self,
        kind: RevisionKind,
        *,
        edits: tuple[Edit, ...] = (),
        words: str = "",
        told: tuple[str, ...] = (),
        time_s: float = 0.0,
        merged: tuple[int, str] | None = None,
    ) -> History:
        """With a revision behind the head (the first has none before it); it is the new head."""
        parent = self.head.id if self.revisions else None
        number = len(self.revisions)
        added = Revision(
            number, parent, kind, self.current, edits, words, told, time_s, merged,
        )  # fmt: skip
        return replace(
            self,
            revisions=(*self.revisions, added),
            branches={**self.branches, self.current: number},
            redo=self.redo if parent is None else self._redo(parent, number),
        )

    def undo(self, count: int = 1) -> History:
        """With the head `count` revisions back. Raises LoopMindError where there are too few."""
        line = self.line()
        if not 1 <= count < len(line):
            possible = len(line) - 1
            if possible == 0:
                raise LoopMindError("there is nothing to undo; this is the song as it was made")
            raise LoopMindError(f"only {possible} can be undone, not {count}; undo {possible}")
        changed = self
        for revision in reversed(line[-count:]):
            assert revision.parent is not None
            changed = replace(changed, redo=changed._redo(revision.parent, revision.id))
        back = line[-1 - count].id
        return replace(changed, branches={**self.branches, self.current: back})

    def redo_steps(self) -> tuple[Revision, ...]:
        """What redo would bring back, the next one first."""
        children, found = self.redo.get(self.current, {}), []
        here = children.get(self.head.id)
        while here is not None:
            found.append(self.revisions[here])
            here = children.get(here)
        return tuple(found)

    def redone(self, count: int = 1) -> History:
        """With the head `count` revisions on, the way it was last. Raises LoopMindError."""
        steps = self.redo_steps()
        if not steps:
            raise LoopMindError(
                "there is nothing to redo; nothing was undone since the last change"
            )
        if not 1 <= count <= len(steps):
            raise LoopMindError(f"only {len(steps)} can be redone, not {count}; redo {len(steps)}")
        return replace(self, branches={**self.branches, self.current: steps[count - 1].id})

    def branched(self, name: str, at: int | None = None) -> History:
        """With a new branch at revision `at` (by default the head), which is then worked on.

        Raises UsageError for a name that is taken or will not do.
        """
        check_branch_name(name)
        if name in self.branches:
            raise UsageError(f"there is already a branch {name!r}; switch to it, or name another")
        place = self.head.id if at is None else at
        # Redo goes on as it would have on the branch that this one comes from.
        redo = {**self.redo, name: dict(self.redo.get(self.current, {}))}
        return replace(self, branches={**self.branches, name: place}, current=name, redo=redo)

    def switched(self, name: str) -> History:
        """With another branch to work on. Raises UsageError saying which there are."""
        if name not in self.branches:
            known = ", ".join(self.branches)
            raise UsageError(f"there is no branch {name!r}; there are {known}")
        return replace(self, current=name)

    def _redo(self, parent: int, child: int) -> Mapping[str, Mapping[int, int]]:
        mine = self.redo.get(self.current, {})
        return {**self.redo, self.current: {**mine, parent: child}}


def check_branch_name(name: str) -> None:
    """Raise UsageError for what could be no branch: empty, a number, with @, / or line breaks."""
    good = bool(name) and name == name.strip() and name.isprintable()
    if not good or len(name) > _LONGEST_NAME or set("@/\\") & set(name):
        raise UsageError(
            f"{name!r} cannot be a branch; name it in up to {_LONGEST_NAME} letters without @ and /"
        )
    if re.fullmatch(r"-?[0-9]+", name) or name == "head":
        raise UsageError(f"{name!r} would be taken for a revision; give the branch a name")
