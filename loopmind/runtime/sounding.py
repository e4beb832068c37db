"""A song with its sounds fitted, and how loud its master is: all that playing it takes.

Nothing is rendered to files. The levels that the renderer found are remembered by the song's
content, so that what is played later is what was exported.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from loopmind.errors import LoopMindError
from loopmind.graph.document import Graph, split_address
from loopmind.graph.values import digest
from loopmind.music.material import Material, clip_material
from loopmind.music.measured import Measured
from loopmind.music.mix import Mix
from loopmind.music.song import Song
from loopmind.runtime.events import Listener
from loopmind.runtime.execute import Session
from loopmind.runtime.keys import join_key
from loopmind.runtime.offline import render
from loopmind.runtime.project_graph import RENDER, node_of
from loopmind.runtime.result import Result
from loopmind.runtime.takes import Takes

FIT = "loopmind.fit_loops"
_OPENING = "opening_bars"
_GUESS_DB = 3.0
"""Gain into the limiter that a polished mix of a song needs, as a rule."""


@dataclass(frozen=True)
class Levels:
    """What the renderer set the master to; see `Rendering`."""

    gain_db: float = 0.0
    ceiling_dbtp: float = -1.0
    trim_db: float = 0.0


@dataclass(frozen=True, eq=False)
class Sounding:
    """A song, its mix, and its material; with `opening` only that of its first section."""

    song: Song
    mix: Mix
    material: Material
    opening: bool = False


def sounding(
    session: Session,
    graph: Graph,
    *,
    opening: bool = False,
    listener: Listener | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Sounding:
    """Evaluate a song graph up to its fitted sounds.

    opening: only those of the first section; the others are not even read. Raises what failed.
    """
    fit, render_node = node_of(graph, FIT), node_of(graph, RENDER)
    song_at, mix_at = graph.wires[f"{fit}.song"], graph.wires[f"{render_node}.mix"]
    sources = [split_address(address)[0] for address in (song_at, mix_at)]
    if opening:
        song = _values(session, graph, sources, listener, cancelled)[song_at]
        bars = opening_bars(song)
        graph = graph.with_node(_OPENING, "loopmind.take_opening", {"bars": bars})
        graph = graph.connect(song_at, f"{_OPENING}.song")
        graph = graph.connect(f"{_OPENING}.song", f"{fit}.song")
        sources.append(_OPENING)
    values = _values(session, graph, [fit, *sources], listener, cancelled)
    return Sounding(values[song_at], values[mix_at], values[f"{fit}.material"], opening)


def _values(
    session: Session,
    graph: Graph,
    targets: Iterable[str],
    listener: Listener | None,
    cancelled: Callable[[], bool] | None,
) -> Result:
    targets = list(dict.fromkeys(targets))
    result = session.evaluate(graph, targets, listener=listener, cancelled=cancelled)
    result.check_for_user()
    return result


def opening_bars(song: Song) -> int:
    """Bars of the first section, or of the first ones where that is short."""
    bars = 0
    for section in sorted(song.sections, key=lambda s: s.start_bar):
        bars = section.start_bar + section.bars
        if bars >= 4:
            break
    return max(bars, 1)


def guessed_levels(mix: Mix) -> Levels:
    """Levels to begin with where nobody has rendered the song yet."""
    return Levels(mix.master.target_lufs + 14.0 + _GUESS_DB, mix.master.ceiling_dbtp)


def find_levels(
    found: Sounding,
    *,
    takes: Takes | None = None,
    rate_hz: int | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Levels:
    """The levels with which the song meets its loudness, by rendering it; nothing is written."""
    threads = max((os.cpu_count() or 2) - 1, 1)  # one is left to those who play
    rendering = render(
        found.song,
        found.mix,
        found.material,
        rate_hz=rate_hz or found.material.rate_hz,
        threads=threads,
        takes=takes,
        cancelled=cancelled,
    )
    return Levels(rendering.gain_db, rendering.ceiling_dbtp, rendering.trim_db)


def levels_of(measured: Measured) -> Levels:
    """The levels that a rendering told of."""
    return Levels(measured.gain_db, measured.limiter_dbtp, measured.trim_db)


def _key(song: Song, mix: Mix, rate_hz: int) -> str:
    # Names and words change no sound, but leaving them out would leave out too much one day.
    return join_key(b"master levels", {"song": digest(song), "mix": digest(mix)}, str(rate_hz))


_NAMES = ("gain_db", "ceiling_dbtp", "trim_db")


def keep_levels(session: Session, song: Song, mix: Mix, rate_hz: int, levels: Levels) -> None:
    """Remember the levels of a song, in the session and in the user's cache."""
    values = {name: float(getattr(levels, name)) for name in _NAMES}
    for store in (session.memory, session.disk):
        if store is not None:
            store.put(_key(song, mix, rate_hz), values, dict.fromkeys(_NAMES, "number"))


def kept_levels(session: Session, song: Song, mix: Mix, rate_hz: int) -> Levels | None:
    """The levels of a song that was rendered before."""
    found = session.remembered(_key(song, mix, rate_hz))
    return None if found is None else Levels(**{name: float(found[name]) for name in _NAMES})


def without_missing(found: Sounding) -> Sounding:
    """The song without clips whose sounds are not in its material: what can be played now."""
    there = found.material.sounds
    clips = tuple(
        c for c in found.song.clips if all(k in there for k in clip_material(c, found.song))
    )
    return replace(found, song=replace(found.song, clips=clips))


def section_beats(song: Song, name: str) -> tuple[float, float]:
    """(first, last) beat of the section called `name`. Raises LoopMindError listing them."""
    for section in song.sections:
        if section.name.lower() == name.strip().lower():
            first = section.start_bar * song.beats_per_bar
            return float(first), float(first + section.bars * song.beats_per_bar)
    names: Sequence[str] = [s.name for s in song.sections]
    raise LoopMindError(f"the song has no section {name!r}; there are {', '.join(names)}")
