"""A transcript played by one's own sounds: who plays what, and every note on its beat."""

from __future__ import annotations

import compose_factory as factory
import numpy as np
import pytest

from loopmind.analysis.listening.assemble import Quantising, finished, tracks_of
from loopmind.analysis.listening.quantise import even_grid
from loopmind.compose.hum import SteadyNote
from loopmind.compose.remake import choose_players, remake, remake_brief
from loopmind.errors import LoopMindError
from loopmind.music.brief import Brief
from loopmind.music.key import Key
from loopmind.music.transcript import DRUM_NOTES, TranscribedNote, Transcript

START_S = 0.75


@pytest.fixture(scope="module")
def heard() -> Transcript:
    """Twelve bars at 120: a beat, a bass in eighths, chords on the bar; it begins on a pickup."""
    notes = [TranscribedNote(0.25, 0.4, DRUM_NOTES["snare"], 0.5, "drums")]
    for bar in range(12):
        at = START_S + 2.0 * bar
        for beat in range(4):
            voice = "kick" if beat % 2 == 0 else "snare"
            notes.append(TranscribedNote(at + 0.5 * beat, at + 0.5 * beat + 0.1,
                                         DRUM_NOTES[voice], 0.9, "drums"))  # fmt: skip
        for eighth in range(8):
            start = at + 0.25 * eighth
            notes.append(TranscribedNote(start, start + 0.2, 33, 0.8, "bass"))
        notes += [TranscribedNote(at, at + 1.9, 60 + k, 0.7, "keys") for k in (0, 4, 7)]
    grid = even_grid(120.0, START_S, 25.0, 4, heard=True)
    pitched = [n for n in notes if n.instrument != "drums"]
    tracks = tracks_of(notes, grid, Quantising())
    return finished("song.mp3", 25.0, tracks, grid, Key(9, "minor"), pitched, Quantising())


def test_every_note_is_played_on_its_beat(heard: Transcript) -> None:
    crate = factory.crate(factory.kit(), factory.notes())
    brief = remake_brief(Brief(), heard)
    assert brief.bpm == (heard.bpm, heard.bpm)
    palette = choose_players(heard, crate, brief, 1)
    by = {choice.slot: choice for choice in palette.choices}
    assert set(by) == {"kick", "snare", "bass", "keys"}
    assert by["kick"].instrument == "kick"
    assert by["keys"].instrument == "keys"
    assert by["bass"].instrument == "bass"
    song = remake(heard, palette, crate, brief, 1)
    assert song.bpm == pytest.approx(120.0, abs=0.01)
    # The pickup is in a bar of its own, so that the music's bars are the song's.
    kicks = sorted(c.start_beat + h.beat for c in song.clips if c.track == "kick" for h in c.hits)
    assert kicks == pytest.approx([4.0 + 2.0 * i for i in range(24)], abs=0.01)
    snares = [c.start_beat + h.beat for c in song.clips if c.track == "snare" for h in c.hits]
    assert min(snares) == pytest.approx(3.0, abs=0.01)
    chords = [c for c in song.clips if c.track == "keys"]
    assert sum(len(c.hits) for c in chords) == 36
    # A chord's notes are voices of their own, for one sound struck again falls silent.
    assert len({c.id.rsplit("/", 1)[-1] for c in chords}) == 3
    assert {h.semitones for c in chords for h in c.hits} == {0, 4, 7}
    assert sum(s.bars for s in song.sections) == song.bars == 13
    assert song == remake(heard, palette, crate, brief, 1)


def test_a_held_note_of_a_loop_plays_where_no_one_shot_can(heard: Transcript) -> None:
    crate = factory.crate(factory.kit(), factory.loops(count=1))
    loop = next(x for x in crate.loops if x.best_instrument == "bass")
    steady = [SteadyNote(loop.digest, 0.5, 0.8, 40.0, 0.9)]
    palette = choose_players(heard, crate, Brief(), 1, steady)
    song = remake(heard, palette, crate, Brief(), 1)
    clips = [c for c in song.clips if c.track == "bass"]
    assert len(clips) == 96
    assert {c.semitones for c in clips} == {-7}
    assert all(c.digest == loop.digest and c.source_start_s == 0.5 for c in clips)
    assert all(0.25 <= c.beats <= 1.6 for c in clips)


def test_what_cannot_be_played_is_named(heard: Transcript) -> None:
    crate = factory.crate(factory.kit())
    palette = choose_players(heard, crate, Brief(), 1)
    assert dict(palette.unfilled).keys() == {"bass", "keys"}
    assert "song.mp3" in palette.notes[0]
    with pytest.raises(LoopMindError, match="one-shots"):
        choose_players(heard, factory.crate(factory.loops(count=1)), Brief(), 1)


def test_sounds_are_moved_by_octaves_they_can_bear(heard: Transcript) -> None:
    high = np.array([33, 60, 96])
    notes = [TranscribedNote(1.0 + i, 1.5 + i, int(p), 0.8, "lead") for i, p in enumerate(high)]
    grid = even_grid(120.0, 0.0, 8.0, 4, heard=True)
    alone = finished("x", 8.0, tracks_of(notes, grid, Quantising()), grid, None, notes,
                     Quantising())  # fmt: skip
    crate = factory.crate(factory.notes())
    palette = choose_players(alone, crate, Brief(), 1)
    song = remake(alone, palette, crate, Brief(), 1)
    hits = [h for c in song.clips for h in c.hits]
    assert len(hits) == 3
    own = crate.by_digest()[palette.choices[0].picked.digest].pitch_midi or 0.0
    assert all(abs(h.semitones) <= 24 for h in hits)
    assert {round(own + h.semitones) % 12 for h in hits} == {int(p) % 12 for p in high}
