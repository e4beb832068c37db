"""Plays a song while it changes: faders move at once, all else is planned aside and swapped in.

The player holds what is heard; what the song is, is decided elsewhere (a project, a graph).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from loopmind.errors import CancelledError, LoopMindError
from loopmind.music.mix import Mix, Strip
from loopmind.music.song import Song
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.patch import PatchPlan
from loopmind.runtime.live.song_patch import song_patch, strip_moves
from loopmind.runtime.sounding import (
    Levels,
    Sounding,
    find_levels,
    guessed_levels,
    section_beats,
    without_missing,
)
from loopmind.runtime.takes import MemoryTakes

if TYPE_CHECKING:
    from loopmind.music.edit import Edit
    from loopmind.music.history import Revision
    from loopmind.runtime.project_session import ProjectSession


class SongPlayer:
    """A song in an engine. Methods may be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.found: Sounding | None = None
        self.levels = Levels()
        self._takes = MemoryTakes()
        self._moved: dict[str, dict[str, Any]] = {}
        self._solo: frozenset[str] = frozenset()
        self._master_db = self._settled_db = 0.0
        self._turn = threading.RLock()
        self._closing = threading.Event()
        self._behind: list[threading.Thread] = []

    def close(self) -> None:
        """End what is planned or mixed behind; what plays plays on."""
        self._closing.set()
        for thread in self._behind:
            thread.join()

    def is_closing(self) -> bool:
        """To be asked by what works for the player."""
        return self._closing.is_set()

    def _start(self, work: Callable[[], None], fail: Callable[[Exception], None] | None) -> None:
        """Do `work` on a thread of its own; being told to end is no failure."""

        def run() -> None:
            try:
                work()
            except CancelledError:
                return
            except Exception as error:
                if fail is None:
                    raise
                fail(error)

        thread = threading.Thread(target=run, daemon=True)
        self._behind = [*(t for t in self._behind if t.is_alive()), thread]
        thread.start()

    def join(self) -> None:
        """Wait until nothing is planned or mixed behind."""
        for thread in self._behind:
            thread.join()

    @property
    def song(self) -> Song:
        """The song that plays. Raises LoopMindError where there is none."""
        if self.found is None:
            raise LoopMindError("nothing plays; show the player a song first")
        return self.found.song

    def show(self, found: Sounding, levels: Levels | None = None, *, follow: bool = True) -> None:
        """Let `found` be heard from where the song before it is; what was moved stays moved.

        levels: what the renderer found; None for those that were there, or a guess. follow False:
        it is another song.
        """
        with self._turn:
            if levels is None:
                levels = self.levels if self.found is not None else guessed_levels(found.mix)
            if not follow:
                self._moved, self._solo, self._master_db = {}, frozenset(), 0.0
            self.found, self.levels = found, levels
            tracks = {track.id for track in found.song.tracks}
            self._moved = {t: moves for t, moves in self._moved.items() if t in tracks}
            self.engine.swap(self._plan(), follow=follow)

    def show_in_time(
        self,
        fit: Callable[[bool], tuple[Sounding, Levels | None]],
        *,
        heard: Callable[[], None] = lambda: None,
        keep: Callable[[Sounding, Levels], None] = lambda found, levels: None,
        fail: Callable[[Exception], None] | None = None,
        follow: bool = False,
    ) -> None:
        """Play as soon as the first section's sounds are fitted; the rest joins while it plays.

        fit(opening): the song with its sounds, or those of its opening, and its levels where they
        are known. heard: called when the opening can be played. keep: is told levels that were
        found. fail: gets what goes wrong behind; `join` waits for it.
        """
        opening, levels = fit(True)
        self.show(opening, levels or guessed_levels(opening.mix), follow=follow)
        heard()

        def rest() -> None:
            found, known = fit(False)
            self.show(found, known)
            if known is None:
                keep(found, self.find_levels())

        self._start(rest, fail)

    def find_levels(self) -> Levels:
        """Render the song aside and set the master as the renderer does; again if it changes."""
        while True:
            found = self.found
            if found is None:
                raise LoopMindError("nothing plays; show the player a song first")
            levels = find_levels(found, takes=self._takes, cancelled=self.is_closing)
            with self._turn:
                if self.found is found:
                    if levels != self.levels:
                        self.show(found, levels)
                    return levels

    def edit(
        self,
        project: ProjectSession,
        edits: Iterable[Edit],
        words: str = "",
        *,
        fail: Callable[[Exception], None] | None = None,
    ) -> Revision:
        """Change the project that plays, and let the changed song be heard from the same place.

        Its loudness is set right when the changed part has been mixed aside. Raises what an edit
        raises; the song plays on as it was then.
        """
        revision = project.apply(edits, words)

        def fit(opening: bool) -> tuple[Sounding, Levels | None]:
            return project.sounding()

        self.follow(fit, keep=project.keep_levels, fail=fail)
        return revision

    def follow(
        self,
        fit: Callable[[bool], tuple[Sounding, Levels | None]],
        *,
        keep: Callable[[Sounding, Levels], None] = lambda found, levels: None,
        fail: Callable[[Exception], None] | None = None,
    ) -> None:
        """Let the song that `fit(False)` gives be heard; its levels are found behind.

        For a song that was changed: undone, merged, edited elsewhere.
        """
        found, known = fit(False)
        self.show(found, known)
        if known is None:
            self._start(lambda: keep(found, self.find_levels()), fail)

    def _plan(self, rate_hz: int | None = None) -> PatchPlan:
        found = self.found
        assert found is not None
        self._settled_db = self._master_db
        present = without_missing(found) if found.opening else found
        return song_patch(
            present.song, self.mix, found.material, rate_hz=rate_hz or self.engine.rate_hz,
            gain_db=self.levels.gain_db + self._master_db,
            ceiling_dbtp=self.levels.ceiling_dbtp, trim_db=self.levels.trim_db,
        )  # fmt: skip

    # Mixer

    @property
    def mix(self) -> Mix:
        """The mix that is heard: the song's, with what was moved."""
        assert self.found is not None
        mix = self.found.mix
        strips = {strip.track: strip for strip in mix.strips}
        made = []
        for track in self.found.song.tracks:
            if track.id in strips or track.id in self._moved or self._solo:
                strip = strips.get(track.id, Strip(track.id))
                strip = replace(strip, **self._moved.get(track.id, {}))
                if self._solo and track.id not in self._solo:
                    strip = replace(strip, muted=True)
                made.append(strip)
        return replace(mix, strips=tuple(made))

    def move(self, track: str, **values: Any) -> bool:
        """Move gain_db, pan, width, reverb_send_db or muted of a track while it plays.

        True where the faders moved, False where it took another plan. Raises LoopMindError for an
        unknown track.
        """
        with self._turn:
            if track not in {t.id for t in self.song.tracks}:
                names = ", ".join(t.id for t in self.song.tracks)
                raise LoopMindError(f"the song has no track {track!r}; there are {names}")
            self._moved.setdefault(track, {}).update(values)
            return self._reach([track])

    def solo(self, *tracks: str) -> bool:
        """Let only these tracks be heard; none: all."""
        with self._turn:
            self._solo = frozenset(tracks)
            return self._reach([track.id for track in self.song.tracks])

    def move_master(self, gain_db: float) -> None:
        """Make all louder or softer before the limiter than the song's own loudness."""
        with self._turn:
            before = self._settled_db
            self._master_db = gain_db
            patch = self.engine.patch
            moves = None
            if patch is not None:
                moves = strip_moves(patch.planned, "master", gain_db=gain_db - before)
            if moves is None:
                self.settle()
            else:
                self.engine.set_words(moves)

    def settle(self) -> None:
        """Plan anew with everything where it was moved to: from now on as an export of `mix`."""
        with self._turn:
            self.engine.swap(self._plan(), follow=True)

    def _reach(self, tracks: list[str]) -> bool:
        patch, strips = self.engine.patch, {s.track: s for s in self.mix.strips}
        found: list[tuple[int, int, float]] = []
        for track in tracks:
            strip = strips.get(track, Strip(track))
            moves = None
            if patch is not None:
                handle = patch.planned.strips.get(track)
                sends = handle is not None and handle.send is not None
                send = strip.reverb_send_db if strip.reverb_send_db is not None else -120.0
                asked = strip.reverb_send_db is not None or sends
                moves = strip_moves(
                    patch.planned, track, gain_db=strip.gain_db, pan=strip.pan,
                    width=strip.width, audible=not strip.muted,
                    send_db=send if asked else None,
                )  # fmt: skip
                if moves is None and handle is None and strip.muted:
                    continue  # it is not in the plan and is not to be heard
            if moves is None:
                self.settle()
                return False
            found += moves
        self.engine.set_words(found)
        return True

    # Transport, in beats of the song

    def frame(self, beat: float) -> int:
        """The frame on which a beat of the song falls."""
        return self.song.tempo.frame(beat, self.engine.rate_hz)

    def loop_section(self, name: str) -> None:
        """Repeat the section called `name`."""
        first, last = section_beats(self.song, name)
        self.engine.loop(self.frame(first), self.frame(last))

    def section_at(self, frame: int) -> str:
        """Name of the section that plays at a frame, "" behind the last."""
        beat = self.song.tempo.beat(frame / self.engine.rate_hz)
        bar = beat / self.song.beats_per_bar
        for section in self.song.sections:
            if section.start_bar <= bar < section.start_bar + section.bars:
                return section.name
        return ""

    def metronome(self, level: float) -> None:
        """Let beats click over the song at this amplitude, 0 for no clicks."""
        self.engine.set_parameter("metronome.level", level)
