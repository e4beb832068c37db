"""The anchor of a song: a loop of the user's that decides tempo and key, as a brief.

Where the wish names a tempo or key itself, the wish wins and the anchor is fitted to it.
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from loopmind.compose.compatibility import UNPITCHED_ROLES, usable_beats
from loopmind.compose.genres import GenreProfile, find, profile
from loopmind.compose.traits import QUIETEST_LUFS, Floats, traits
from loopmind.errors import LoopMindError
from loopmind.music.brief import Anchor, Brief
from loopmind.music.key import Key
from loopmind.music.loop import ROLES, Crate, Loop

LEAST_PITCHED = 0.3
# A measured tempo this close to a whole one was meant to be it.
WHOLE_WITHIN = 0.0007


def find_sound(crate: Crate, path: Path, what: str) -> Loop:
    """The loop of the file at `path`. Raises LoopMindError with the remedy where there is none.

    what: what the file is to be, for the message.
    """
    wanted = path.expanduser()

    def is_it(found: str) -> bool:
        # Links stay as they are in the crate, so one file may go by two paths.
        same_name = os.path.normcase(Path(found).name) == os.path.normcase(wanted.name)
        return same_name and Path(found).resolve() == wanted.resolve()

    for loop in crate.loops:
        if is_it(loop.path):
            return loop
    for spoilt in crate.unusable:
        if is_it(spoilt.path):
            raise LoopMindError(f"the {what} {path} {spoilt.reason}; {spoilt.remedy}")
    if not path.is_file():
        raise LoopMindError(f"there is no file {path} to be the {what}; check the path")
    raise LoopMindError(f"the {what} {path} is not among the sounds; name it with the folders too")


def anchored(brief: Brief, crate: Crate, path: Path) -> Brief:
    """`brief` with the loop at `path` as its anchor, its tempo and key where none are wished.

    Raises LoopMindError for a file that is not there, silent, no loop, or too short.
    """
    loop = find_sound(crate, path, "anchor")
    name = path.name
    role = _role(loop, name)
    bpm, said = _tempo(loop, brief, name)
    said = (f"{name} is the anchor, and plays the {role}", *said)
    if bpm is not None and usable_beats(loop, bpm, loop.beats_per_bar) <= 0:
        raise LoopMindError(f"the anchor {name} is shorter than a beat; choose a longer loop")
    key, about_key = _key(loop, role, brief)
    tempo = brief.bpm if bpm is None else _song_tempo(bpm, brief)
    return replace(
        brief,
        bpm=tempo,
        key=key,
        mode=key.mode if key is not None else brief.mode,
        anchors=(Anchor(loop.digest, role),),
        why=(*brief.why, *said, *about_key),
    )


def _role(loop: Loop, name: str) -> str:
    if loop.loudness_lufs < QUIETEST_LUFS and loop.peak_dbfs < QUIETEST_LUFS + 15.0:
        raise LoopMindError(f"the anchor {name} is silent; choose a loop that can be heard")
    if loop.kind == "oneshot":
        raise LoopMindError(
            f"the anchor {name} is a single sound, not a loop; choose a loop of at least a bar"
        )
    if loop.kind == "song":
        raise LoopMindError(
            f"the anchor {name} is a whole song; choose a loop, or take the song with --match"
        )
    suits = traits([loop]).suits[0]
    # An effect marks a moment; what carries a song has to go on.
    suits = np.where(np.array(ROLES) == "fx", 0.0, suits)
    return ROLES[int(suits.argmax())] if suits.any() else "pad"


def readings(loop: Loop) -> tuple[Floats, Floats]:
    """The tempi that the loop may be read at, best first, and their weights."""
    t = traits([loop])
    held = t.readings[0] > 0
    return t.readings[0][held], t.reading_weights[0][held]


def _tempo(loop: Loop, brief: Brief, name: str) -> tuple[float | None, tuple[str, ...]]:
    """The reading of the anchor's tempo that suits the wish, and what to say of it."""
    bpms, weights = readings(loop)
    if not len(bpms):
        return None, (f"{name} has no pulse, so it decides no tempo",)
    genre = _named_genre(brief)
    span = brief.bpm or (genre.bpm if genre is not None else None)
    worth = weights.copy()
    if span is not None:
        beyond = np.array([_beyond(bpm, span) for bpm in bpms.tolist()])
        worth = weights * (0.25 + 0.75 * np.exp(-((beyond / 0.1) ** 2)))
        if brief.bpm is not None:
            # The wish fixes the tempo: the reading that needs the least stretch is right.
            worth = weights**0.25 * np.exp(-beyond / 0.1)
    bpm = float(bpms[int(worth.argmax())])
    song = _song_tempo(bpm, brief)[0]
    if abs(song / bpm - 1.0) <= 0.002:
        return bpm, (f"{song:g} bpm is the anchor's own tempo",)
    change = 100.0 * (song / bpm - 1.0)
    way = "faster" if change > 0 else "slower"
    return bpm, (
        f"you asked for {song:g} bpm, so the anchor ({bpm:g} bpm) plays {abs(change):.0f} % {way}",
    )


def _named_genre(brief: Brief) -> GenreProfile | None:
    found = find(brief.genre) if brief.genre else None
    return profile(found) if found is not None else None


def _beyond(bpm: float, span: tuple[float, float]) -> float:
    return max(math.log2(span[0] / bpm), math.log2(bpm / span[1]), 0.0)


def _song_tempo(bpm: float, brief: Brief) -> tuple[float, float]:
    """The anchor's tempo, moved no further than into the range that was wished."""
    if brief.bpm is not None:
        bpm = min(max(bpm, brief.bpm[0]), brief.bpm[1])
    if abs(bpm / round(bpm) - 1.0) < WHOLE_WITHIN:
        bpm = float(round(bpm))
    return bpm, bpm


def _key(loop: Loop, role: str, brief: Brief) -> tuple[Key | None, tuple[str, ...]]:
    """The song's key, and what to say of it: the wish's, else the anchor's."""
    own = loop.best_key
    if role in UNPITCHED_ROLES or own is None or loop.pitched < LEAST_PITCHED:
        return brief.key, () if brief.key else ("the anchor has no clear pitch, so decides no key",)
    if brief.key is None:
        said = f"{own.written} is the anchor's own key"
        if brief.mode is not None and brief.mode != own.mode:
            said += f", so the song is not {brief.mode}"
        return own, (said,)
    shift = own.semitones_to(brief.key)
    if not shift:
        return brief.key, ()
    way = "up" if shift > 0 else "down"
    count = f"{abs(shift)} semitone{'s' if abs(shift) > 1 else ''}"
    return brief.key, (
        f"you asked for {brief.key.written}, so the anchor ({own.written}) moves {way} by {count}",
    )
