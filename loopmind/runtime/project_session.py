"""Working on a project: the one way for terminal, chat and window to open, change and render it.

Every change is a revision in the project's history and is saved at once. Edits are applied by the
graph (project_graph.py); this file holds no opinion on what an edit does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from loopmind.errors import LoopMindError
from loopmind.files.project import (
    Project,
    ProjectDamagedError,
    ProjectError,
    Reference,
    read_project,
    write_project,
)
from loopmind.files.project_lock import ProjectLock
from loopmind.files.snapshots import PartError
from loopmind.music.draft import Draft
from loopmind.music.edit import Edit, SetMacro
from loopmind.music.history import History, Revision, RevisionKind
from loopmind.music.loop import Crate, Loop
from loopmind.runtime.project_place import file_stamp, project_path
from loopmind.runtime.project_sounds import (
    all_in_place,
    missing_sounds,
    moved_sounds,
    sounds_of,
    told,
    used_digests,
)

if TYPE_CHECKING:
    from loopmind.runtime.events import Listener
    from loopmind.runtime.project_work import ProjectWork, Remade, Rendering
    from loopmind.runtime.sounding import Levels, Sounding

Cancelled = Callable[[], bool]


class ProjectSession:
    """An open project. Close it, or use it in a `with` statement; others wait for it until then.

    listener is told what runs; cancelled is asked while something does.
    """

    def __init__(
        self,
        path: Path,
        project: Project,
        *,
        lock: ProjectLock | None,
        look_in: Sequence[Path] = (),
        listener: Listener | None = None,
        cancelled: Cancelled | None = None,
    ) -> None:
        self.path = path
        self.listener = listener
        self.cancelled = cancelled
        self._project = project
        self._lock = lock
        self._look_in = tuple(look_in)
        self._stamp = file_stamp(path)
        self._work: ProjectWork | None = None
        self._drafts: dict[int, Draft] = {}
        self._notes: tuple[str, ...] | None = None

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        read_only: bool = False,
        look_in: Iterable[str | Path] = (),
        wait_s: float = 3.0,
        listener: Listener | None = None,
        cancelled: Cancelled | None = None,
    ) -> ProjectSession:
        """Open the project at `path` (or the one in that folder).

        read_only: without its lock; nothing can be changed. look_in: folders to look for moved
        sounds in. Raises ProjectError, and ProjectBusyError where another process works on it for
        longer than `wait_s`.
        """
        place = project_path(path)
        lock = None if read_only else ProjectLock(place).acquire(wait_s)
        try:
            project = read_project(place)
            return cls(
                place,
                project,
                lock=lock,
                look_in=[Path(folder) for folder in look_in],
                listener=listener,
                cancelled=cancelled,
            )
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    def close(self) -> None:
        """Let others work on the project, and end what ran for it."""
        if self._work is not None:
            self._work.close()
            self._work = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> ProjectSession:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Looking

    @property
    def project(self) -> Project:
        """The project as it was last read or saved."""
        return self._project

    @property
    def draft(self) -> Draft:
        """The song as it is now."""
        return self.draft_at(self._project.history.head.id)

    @property
    def crate(self) -> Crate:
        """The user's sounds, and those of the project wherever they were found; see notes."""
        return self._worker().find_crate(self.document())

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the project as it was found, one line each.

        Sounds that were moved (they are found again), sounds that are missing and node types that
        are not installed (both have placeholders).
        """
        if self._notes is None:
            missing, used = self.missing(), used_digests(self.draft)
            crate = self._found_crate
            moved = moved_sounds(self._project, used, crate) if crate is not None else ()
            kinds = self._worker().missing_nodes(self.document())
            self._notes = told(missing, moved, kinds)
        return self._notes

    @property
    def has_looked(self) -> bool:
        """Were the project's sounds looked for, so that notes cost nothing?"""
        return self._notes is not None or self._found_crate is not None

    def missing(self) -> tuple[Reference, ...]:
        """The sounds of the song that are nowhere to be found, at their last seen places."""
        used = used_digests(self.draft)
        if all_in_place(self._project, used, self.path.parent):
            return ()
        return missing_sounds(self._project, used, self.crate)

    def sounds_of_history(self) -> set[str]:
        """Digests of the sounds that the song plays at any revision that was kept."""
        used: set[str] = set()
        for number in self._project.snapshots:
            with suppress(PartError):  # a damaged song plays nothing
                used |= used_digests(self._project.draft(number))
        return used

    def remember_places(self) -> None:
        """Look for the sounds that are no longer where they were, and save where they are."""
        used = used_digests(self.draft)
        if all(Path(r.path).is_file() for r in self._project.references if r.digest in used):
            return
        crate = self.crate
        everything = {reference.digest for reference in self._project.references}
        moved = [loop for _, loop in moved_sounds(self._project, everything, crate)]
        if moved:
            self._save(self._project.with_sounds(moved))

    def history(self) -> History:
        """The tree of revisions, its branches, and where they stand."""
        return self._project.history

    def document(self, revision: int | None = None) -> dict[str, Any]:
        """The graph document of the song at a revision (by default the head)."""
        try:
            return self._project.graph(revision)
        except (PartError, KeyError) as error:
            raise ProjectDamagedError(f"{self.path} is damaged: its graph ({error})") from error

    def draft_at(self, revision: int) -> Draft:
        """The song at a revision: as it was kept, else made again from the nearest one kept."""
        found = self._drafts.get(revision)
        if found is None:
            base, draft, edits = self._nearest(revision)
            if edits:
                draft = self._worker().edit(self.document(base), base, edits)
            found = draft
            found = replace(found, told=self._project.told(revision))
            self._drafts[revision] = found
        return found

    # Changing

    def apply(self, edits: Iterable[Edit], words: str = "") -> Revision:
        """Apply `edits` as one step that one undo takes back, and save.

        words: what the user said, for the history. The revision tells what was done. Raises what
        an edit raises (EditError), and nothing is changed then.
        """
        asked = tuple(edits)
        if not asked:
            raise LoopMindError("there is nothing to change; give at least one edit")
        self._check_may_change()
        draft, remade = self._changed(asked)
        told = draft.told[len(self.draft.told) :]
        kind: RevisionKind = "edited" if remade is None else "remade"
        return self._add(draft, kind, remade, edits=asked, words=words, told=told)

    def preview(self, edits: Iterable[Edit]) -> Draft:
        """The song as `edits` would make it; nothing is changed or saved."""
        return self._changed(tuple(edits))[0]

    def undo(self, count: int = 1) -> Revision:
        """Go back `count` revisions; where to. Raises LoopMindError where there are not so many."""
        return self._moved(self.history().undo(count))

    def redo(self, count: int = 1) -> Revision:
        """Go forward again, the way it was last; where to. Raises LoopMindError."""
        return self._moved(self.history().redone(count))

    def take_in(self, loops: Iterable[Loop]) -> None:
        """Make sounds known to the project that are in no folder of it, and save."""
        self._check_may_change()
        self._save(self._project.with_sounds(loops))
        self._forget_sounds()

    def branch(self, name: str, at: int | None = None) -> Revision:
        """Start a branch at a revision (by default the present one) and work on it."""
        return self._moved(self.history().branched(name, at))

    def switch(self, name: str) -> Revision:
        """Work on another branch."""
        return self._moved(self.history().switched(name))

    def merge(self, branch: str, section: str) -> Revision:
        """Take `section` over as it is on another branch (or at a revision), and save.

        Where it is the same already nothing is added, and the present revision comes back.
        Raises UsageError for an unknown branch or section, MergeError for a locked section.
        """
        self._check_may_change()
        ours, theirs = self.history().head, self.history().find(branch)
        for step in (ours, theirs):
            self._keep(step.id)
        draft = self._worker().merge(ours.id, theirs.id, section)
        told = draft.told[-1:]
        if replace(draft, told=self.draft.told) == self.draft:
            return ours
        return self._add(draft, "merged", told=told, merged=(theirs.id, section))

    def render(
        self,
        out: str | Path | None = None,
        *,
        revision: int | None = None,
        documents: bool = False,
        **settings: Any,
    ) -> Rendering:
        """Render the song to `out` (by default the project's folder), as its graph does.

        documents: the page and all other files too, not only the sound. settings: controls of
        the node that renders, such as format="flac" or stems=True. Sounds that are missing are
        left out.
        """
        number = self.history().head.id if revision is None else revision
        base, _, edits = self._nearest(number)
        folder = Path(out) if out is not None else self.path.parent
        return self._worker().render(
            self.document(base),
            base,
            edits,
            self.draft_at(number),
            folder,
            leave_out=bool(self.missing()),
            documents=documents,
            settings=settings,
        )

    def sounding(self, opening: bool = False) -> tuple[Sounding, Levels | None]:
        """The song with its sounds fitted, for playing it; see ProjectWork.sounding."""
        base, _, edits = self._nearest(self.history().head.id)
        kind = {"leave_out": bool(self.missing()), "opening": opening}
        return self._worker().sounding(self.document(base), base, edits, **kind)

    def keep_levels(self, found: Sounding, levels: Levels) -> None:
        """Remember what the master of a song is set to, so that it need not be found again."""
        self._worker().keep_levels(found, levels)

    # Inner workings

    def _changed(self, asked: tuple[Edit, ...]) -> tuple[Draft, Remade | None]:
        """The song as `asked` makes it, and how it was remade where macros of its graph are set."""
        if not any(isinstance(edit, SetMacro) for edit in asked):
            return self._edited(asked), None
        line = self.history().line()
        base, _, since = self._nearest(line[-1].id)
        kept = base, since
        remade = self._worker().set_macros(self.document(), line, kept, self.draft, asked)
        return remade.draft, remade

    def _edited(self, edits: tuple[Edit, ...]) -> Draft:
        """The song as edits make it that leave the graph alone."""
        base, _, since = self._nearest(self.history().head.id)
        made = self._worker().edit(self.document(base), base, (*since, *edits))
        # A kept draft's own words come first, whatever the node told while it replayed others.
        return replace(made, told=(*self.draft.told, *made.told[-len(edits) :]))

    @property
    def _found_crate(self) -> Crate | None:
        """The crate, if it was looked for by now."""
        return None if self._work is None else self._work.crate

    def _worker(self) -> ProjectWork:
        if self._work is None:
            from loopmind.runtime.project_work import ProjectWork  # it needs the whole graph

            self._work = ProjectWork(self.path, self._look_in, self.listener, self.cancelled)
        return self._work

    def _moved(self, history: History) -> Revision:
        before = self._project.base()
        self._save(replace(self._project, history=history))
        if self._project.base() != before:  # another graph, which may have other folders
            self._forget_sounds()
        return history.head

    def _forget_sounds(self, crate: Crate | None = None) -> None:
        """Look for sounds again when they are asked for, unless they were found."""
        self._notes = None
        if self._work is not None:
            self._work.crate = crate

    def _add(
        self, draft: Draft, kind: RevisionKind, remade: Remade | None = None, **more: Any
    ) -> Revision:
        history = self.history().add(kind, time_s=round(time.time(), 3), **more)
        number = history.head.id
        project = replace(self._project, history=history).with_snapshot(number, draft)
        found = self._found_crate
        if remade is not None:
            project = replace(
                project,
                node_versions={**project.node_versions, **remade.node_versions},
                model_digests={**project.model_digests, **remade.model_digests},
            ).with_graph(number, remade.document)
            found = remade.crate or found
        known = {r.digest: r.path for r in project.references if r.digest in project.heard}
        if found is not None or not used_digests(draft) <= known.keys():
            loops = sounds_of(draft, found or self.crate)  # those that are new, or were moved
            project = project.with_sounds(x for x in loops if known.get(x.digest) != x.path)
        self._save(project.thinned())
        self._drafts[number] = draft
        if remade is not None and remade.crate is not None:
            self._forget_sounds(remade.crate)
        return history.head

    def _check_may_change(self) -> None:
        if self._lock is None:
            raise ProjectError(f"{self.path} was opened for looking only; open it for changes")
        if self.path.exists() and file_stamp(self.path) != self._stamp:
            raise ProjectError(
                f"{self.path} was changed by another program since it was opened; nothing was "
                "written; open it again"
            )

    def _save(self, project: Project) -> None:
        self._check_may_change()
        place = str(self.path.parent.resolve())
        project = replace(project, place=place)
        write_project(self.path, project, backup=True)
        self._stamp = file_stamp(self.path)
        self._project = project

    def _keep(self, revision: int) -> None:
        """See that the song at a revision lies in the file, for a node to read it there."""
        base, _, edits = self._nearest(revision)
        if base != revision or edits:
            self._save(self._project.with_snapshot(revision, self.draft_at(revision)))

    def _nearest(self, revision: int) -> tuple[int, Draft, tuple[Edit, ...]]:
        """The nearest revision up the line that was kept whole, its song, and the edits since."""
        edits: tuple[Edit, ...] = ()
        trouble = "its songs are missing"
        for step in reversed(self.history().line(revision)):
            try:
                if step.id in self._drafts and step.id in self._project.snapshots:
                    return step.id, self._drafts[step.id], edits
                return step.id, self._project.draft(step.id), edits
            except PartError as error:
                if step.id in self._project.snapshots:
                    trouble = str(error)
            if step.kind != "edited":
                break
            edits = (*step.edits, *edits)
        raise ProjectDamagedError(
            f"{self.path} is damaged: the song of revision {revision} cannot be made again "
            f"({trouble}); go back to another revision, or use the backup"
        )
