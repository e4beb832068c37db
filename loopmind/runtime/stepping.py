"""Semi-auto: a song gone through section by section, each accepted, made anew or locked.

Terminal and window both come through here. Every "another" is a revision in the project's history.
"""

from __future__ import annotations

from loopmind.music.draft import Draft
from loopmind.music.edit import RegenerateSection, SetLock
from loopmind.music.history import Revision
from loopmind.music.song import Clip, Section
from loopmind.runtime.project_session import ProjectSession

TRIES = 12


class Stepper:
    """Where one is in a project's song; `seen` keeps what was proposed, so that nothing returns."""

    def __init__(self, session: ProjectSession) -> None:
        self.session = session
        self._at = 0
        self._seen: dict[str, set[tuple[Clip, ...]]] = {}
        self._seed = session.draft.song.seed

    @property
    def section(self) -> Section | None:
        """The section that is proposed now, None when all were gone through."""
        sections = self.session.draft.song.sections
        return sections[self._at] if self._at < len(sections) else None

    @property
    def number(self) -> tuple[int, int]:
        """Which section this is, from 1, and how many there are."""
        return self._at + 1, len(self.session.draft.song.sections)

    def accept(self) -> None:
        """Go on to the next section."""
        self._at += 1

    def back(self) -> bool:
        """Go back to the section before; whether there is one."""
        moved = self._at > 0
        self._at -= moved
        return moved

    def lock(self) -> Revision:
        """Lock the section, so that no edit changes it, and go on."""
        assert self.section is not None
        revision = self.session.apply([SetLock("section", self.section.name)], "lock")
        self._at += 1
        return revision

    @property
    def locked(self) -> bool:
        """Whether the section is locked."""
        assert self.section is not None
        return self.session.draft.is_locked("section", self.section.name)

    def unlock(self) -> Revision:
        """Let the section be changed again, and stay with it."""
        assert self.section is not None
        return self.session.apply([SetLock("section", self.section.name, False)], "unlock")

    def another(self, tracks: tuple[str, ...] = ()) -> Revision | None:
        """Propose another version of the section, or only of `tracks` in it.

        None where nothing comes out that was not proposed before. Raises what the edit raises, for
        a locked section or an unknown track.
        """
        assert self.section is not None
        name = self.section.name
        seen = self._seen.setdefault(name, set())
        seen.add(content(self.session.draft, name))
        for _ in range(TRIES):
            self._seed += 1
            edit = RegenerateSection(name, self._seed, tracks)
            if content(self.session.preview([edit]), name) not in seen:
                return self.session.apply([edit], "another")
        return None


def content(draft: Draft, name: str) -> tuple[Clip, ...]:
    """The clips that begin in a section."""
    section = next(s for s in draft.song.sections if s.name == name)
    bar = draft.song.beats_per_bar
    start, end = section.start_bar * bar, (section.start_bar + section.bars) * bar
    return tuple(clip for clip in draft.song.clips if start <= clip.start_beat < end)
