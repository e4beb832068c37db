"""A palette where the crate holds nothing but whole songs: bars of one of them."""

from __future__ import annotations

import math

import numpy as np

from loopmind.compose import explain
from loopmind.compose.freshness import wear
from loopmind.compose.genres import GenreProfile
from loopmind.compose.seeds import gumbel
from loopmind.compose.traits import Traits
from loopmind.errors import LoopMindError
from loopmind.music.brief import Brief
from loopmind.music.loop import Role
from loopmind.music.palette import Candidate, Choice, Palette

SONG_BEATS_BARS = 8


def palette_of_songs(
    t: Traits, brief: Brief, genre: GenreProfile, seed: int, notes: tuple[str, ...]
) -> Palette:
    """A palette of excerpts, where the crate holds nothing but whole songs."""
    songs = [i for i in np.flatnonzero(t.kind == "song").tolist() if t.lufs[i] > -55.0]
    worn = wear(t, brief)
    songs.sort(key=lambda i: (worn[i], -gumbel(seed, "song", t.loops[i].digest), t.loops[i].digest))
    if not songs:
        raise LoopMindError(
            "every sound in the folder is silent or too short to use; add loops or one-shots"
        )
    first = t.loops[songs[0]]
    own = first.bpm or genre.typical_bpm
    bpm = own if brief.bpm is None else min(max(own, brief.bpm[0]), brief.bpm[1])
    # The half or double of its tempo that needs the least stretch.
    own *= 2.0 ** round(math.log2(bpm / own))
    key = brief.key or first.best_key
    shift = first.best_key.semitones_to(key) if brief.key and first.best_key and key else 0
    beats = float(first.beats_per_bar * SONG_BEATS_BARS)
    while beats > first.beats_per_bar and beats > first.beats_at(own):
        beats /= 2.0
    picked = Candidate(
        first.digest, 0.3, (("role", 0.3),), own, beats, round(bpm / own, 6),
        shift if abs(shift) <= 5 else 0,
    )  # fmt: skip
    role: Role = "chords"
    reason = (
        "There is nothing but whole songs here, so the song is rebuilt from bars of this one: "
        f"{explain.file_name(first)}."
    )
    choice = Choice("sample", role, first.best_instrument or "song", picked, (), reason)
    return Palette(
        round(bpm, 2), key, first.beats_per_bar, 0.5, (choice,),
        (("drums", "only whole songs were found"),),
        (*notes, "only whole songs were found; excerpts of one are used as loops"),
    )  # fmt: skip
