"""Transcripts: beats as a grid, quantising, chords, tracks, and the files that are written."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopmind.analysis.listening.assemble import Quantising, assemble, finished, tracks_of
from loopmind.analysis.listening.chords import name_chords
from loopmind.analysis.listening.quantise import (
    GRIDS,
    Grid,
    anchored,
    even_grid,
    grid_of_beats,
    grid_parts,
    quantised,
    settled,
    tempo_map_of,
    tuned,
)
from loopmind.errors import UsageError
from loopmind.files.transcript_midi import transcript_midi
from loopmind.music.audio import Audio
from loopmind.music.codec import from_plain, to_plain
from loopmind.music.key import Key
from loopmind.music.transcript import (
    DRUM_NOTES,
    QUALITIES,
    HeardChord,
    TranscribedNote,
    TranscribedTrack,
    Transcript,
)
from loopmind.present.notes_json import notes_data
from loopmind.present.piano_roll import COLOURS, piano_roll_png
from loopmind.present.raster import Picture

SCHEMA = json.loads(
    (Path(__file__).parent.parent / "docs/schema/notes.schema.json").read_text("utf-8")
)


def note(start: float, pitch: int = 60, length: float = 0.2, who: str = "keys") -> TranscribedNote:
    return TranscribedNote(start, start + length, pitch, 0.8, who)


def chord(start: float, end: float, root: int, quality: str) -> list[TranscribedNote]:
    return [
        TranscribedNote(start, end, 48 + root + step, 0.8, "keys") for step in QUALITIES[quality]
    ]


def transcript(notes: list[TranscribedNote], grid: Grid | None = None) -> Transcript:
    grid = grid or even_grid(120.0, 0.5, 12.0, 4, heard=True)
    pitched = [n for n in notes if n.instrument != "drums"]
    tracks = tracks_of(notes, grid, Quantising())
    return finished("a.wav", 12.0, tracks, grid, Key(0, "major"), pitched, Quantising())


@given(
    bpm=st.floats(50, 200),
    start=st.floats(0, 3),
    seconds=st.lists(st.floats(-2.0, 30.0), min_size=1, max_size=20),
)
@settings(max_examples=40, deadline=None)
def test_seconds_and_beats_are_each_others_inverse(
    bpm: float, start: float, seconds: list[float]
) -> None:
    grid = even_grid(bpm, start, 20.0, 4, heard=True)
    times = np.array(seconds)
    assert np.allclose(grid.seconds(grid.beats(times)), times, atol=1e-6)
    assert grid.times_s[0] < 60.0 / bpm + 1e-6
    assert grid.times_s[-1] >= 20.0 - 1e-6


@given(
    wobble=st.lists(st.floats(-0.08, 0.08), min_size=12, max_size=30),
    start=st.floats(0.0, 2.0),
    first_bar=st.integers(0, 3),
)
@settings(max_examples=40, deadline=None)
def test_the_tempo_map_puts_every_beat_where_the_grid_has_it(
    wobble: list[float], start: float, first_bar: int
) -> None:
    times = start + np.cumsum(0.5 + np.array(wobble))
    grid = grid_of_beats(times, first_bar, 4, float(times[-1]) + 1.0)
    tempo_map = tempo_map_of(grid)
    # A little time before the first beat is a beat of its own, hardly any belongs to the first.
    ahead = int(grid.times_s[0] > 0.25 * (grid.times_s[1] - grid.times_s[0]))
    for number, at in enumerate(grid.times_s):
        if number or ahead:
            assert tempo_map.seconds(number + ahead) == pytest.approx(float(at), abs=0.004)
    assert tempo_map.bar_beat(grid.first_bar + ahead)[1] == 0


def test_followed_beats_that_keep_a_line_become_one() -> None:
    rng = np.random.default_rng(0)
    times = 0.4 + 0.5 * np.arange(40) + rng.normal(0.0, 0.008, 40)
    grid = grid_of_beats(times, 2, 4, 21.0)
    assert np.ptp(np.diff(grid.times_s)) < 1e-9
    assert grid.bpm == pytest.approx(120.0, abs=0.2)
    drifting = np.cumsum(np.linspace(0.6, 0.4, 60))
    followed = grid_of_beats(drifting, 0, 4, float(drifting[-1]))
    nearest = np.abs(followed.times_s[None, :] - drifting[:, None]).min(axis=1)
    assert nearest.max() < 0.03
    assert (np.diff(followed.times_s) > 0).all()


def test_a_grid_moves_to_where_notes_begin() -> None:
    onsets = 0.03 + 0.125 * np.arange(120)
    grid = settled(even_grid(120.0, 0.0, 15.0, 4, heard=True), onsets)
    assert np.abs(grid.beats(onsets) * 4 - np.round(grid.beats(onsets) * 4)).max() < 0.01
    late = 15.0 / 121.0 * np.arange(120)
    better = tuned(even_grid(120.0, 0.0, 15.0, 4, heard=True), late)
    assert better.bpm == pytest.approx(121.0, abs=0.05)
    assert better.times_s[-1] >= 15.0 - 0.5


@pytest.mark.parametrize("grid_name", GRIDS)
@given(starts=st.lists(st.floats(0.0, 11.0), min_size=1, max_size=20))
@settings(max_examples=15, deadline=None)
def test_quantised_notes_lie_on_the_grid(grid_name: str, starts: list[float]) -> None:
    grid = even_grid(97.0, 0.3, 12.0, 4, heard=True)
    parts = grid_parts(grid_name)
    notes = [note(at) for at in starts]
    moved = quantised(notes, grid, parts, 1.0)
    for before, after in zip(notes, moved, strict=True):
        step = 60.0 / 97.0 / parts
        assert abs(after.start_s - before.start_s) <= step / 2 + 1e-3
        assert after.end_s > after.start_s
        place = float(grid.beats(np.array([after.start_s]))[0]) * parts
        assert abs(place - round(place)) < 2e-3 or after.start_s == 0.0
    half = quantised(notes, grid, parts, 0.5)
    for before, some, after in zip(notes, half, moved, strict=True):
        if after.start_s > 0:
            assert some.start_s == pytest.approx((before.start_s + after.start_s) / 2, abs=2e-3)
    assert [n.start_s for n in quantised(notes, grid, parts, 0.0)] == pytest.approx(
        [n.start_s for n in notes], abs=1e-3
    )


def test_bends_move_with_their_note_and_wrong_grids_are_told() -> None:
    grid = even_grid(120.0, 0.0, 4.0, 4, heard=True)
    bent = replace(note(1.06), bends=((1.1, 0.3), (1.2, 0.0)))
    (moved,) = quantised([bent], grid, 4.0, 1.0)
    assert moved.start_s == 1.0
    assert [at for at, _ in moved.bends] == pytest.approx([1.04, 1.14])
    for text in ("1/12", "16", "1/4T", ""):
        with pytest.raises(UsageError, match="1/16"):
            grid_parts(text)


def test_chords_are_named_bar_by_bar() -> None:
    grid = even_grid(120.0, 0.0, 8.0, 4, heard=True)
    wanted = [(0, "major"), (9, "min7"), (5, "maj7"), (7, "7")]
    notes = [n for i, (r, q) in enumerate(wanted) for n in chord(2.0 * i, 2.0 * i + 1.9, r, q)]
    found = name_chords(notes, grid, Key(0, "major"))
    assert [c.name for c in found] == ["C", "Am7", "Fmaj7", "G7"]
    assert [c.start_s for c in found] == [0.0, 2.0, 4.0, 6.0]
    over = name_chords(
        [*chord(0.0, 3.9, 0, "major"), TranscribedNote(0.0, 3.9, 40, 0.9, "bass")], grid, None
    )
    assert over[0].name == "C/E"
    assert name_chords([], grid, None) == ()
    with pytest.raises(ValueError, match="kind of chord"):
        HeardChord(0.0, 1.0, 0, "funny")


def test_one_instrument_stays_on_one_track_and_strays_join_it() -> None:
    notes = [note(0.25 * i, 60 + i % 5) for i in range(40)]
    notes += [note(0.25 * i, 36, who="bass") for i in range(40)]
    notes += [note(3.1, 61, who="guitar"), note(3.2, 35, who="lead")]
    tracks = transcript(notes).tracks
    assert [t.instrument for t in tracks] == ["bass", "keys"]
    assert [len(t.notes) for t in tracks] == [41, 41]
    assert all(n.instrument == t.instrument for t in tracks for n in t.notes)
    assert all(len(t.quantised) == len(t.notes) for t in tracks)
    alone = transcript([note(1.0), note(2.0)])
    assert [t.instrument for t in alone.tracks] == ["keys"]


def test_a_transcript_survives_being_stored() -> None:
    made = transcript([note(0.5), note(1.0, DRUM_NOTES["kick"], who="drums")])
    assert from_plain(Transcript, to_plain(made)) == made


def test_midi_holds_tempo_map_notes_and_bends() -> None:
    times = np.cumsum(np.linspace(0.6, 0.45, 20))
    grid = anchored(grid_of_beats(times, 1, 4, 12.0))
    bent = replace(note(2.0, 67, 0.5, "bass"), bends=((2.0, 1.0), (2.2, 0.0)))
    drums = [note(0.5 * i, DRUM_NOTES["snare"], 0.1, "drums") for i in range(1, 9)]
    made = transcript([bent, note(3.0, 69, who="bass"), *drums], grid)
    read = pretty_midi.PrettyMIDI(io.BytesIO(transcript_midi(made, made.tracks)))
    names = {i.name: i for i in read.instruments}
    assert names["drums"].is_drum
    assert not names["bass"].is_drum
    assert [n.start for n in names["drums"].notes] == pytest.approx(
        [n.start_s for n in made.tracks[0].notes], abs=2e-3
    )
    assert len(read.get_tempo_changes()[0]) > 3
    bends = names["bass"].pitch_bends
    assert [b.pitch for b in bends] == [4096, 0, 0]
    quantised_file = transcript_midi(made, made.tracks, as_heard=False)
    again = pretty_midi.PrettyMIDI(io.BytesIO(quantised_file))
    beats = [read.time_to_tick(n.start) / 480 for n in again.instruments[0].notes]
    assert all(abs(b * 4 - round(b * 4)) < 0.03 for b in beats)


def test_notes_json_follows_its_schema() -> None:
    drums = [note(0.5 * i, DRUM_NOTES["snare"], 0.1, "drums") for i in range(1, 9)]
    bent = replace(note(2.0, 67, 0.5, "bass"), bends=((2.0, 0.4),))
    for made in (
        transcript([bent, *drums]),
        transcript([]),
        transcript([note(1.0)], even_grid(120.0, 0.0, 12.0, 4, heard=False)),
    ):
        data = notes_data(made, {"bass": "bass.mid"})
        jsonschema.validate(json.loads(json.dumps(data)), SCHEMA)
    assert data["bpm"] is None


def test_the_picture_is_a_png_that_shows_the_notes() -> None:
    drums = [note(0.5 * i, DRUM_NOTES["snare"], 0.1, "drums") for i in range(1, 9)]
    empty = _pixels(piano_roll_png(transcript([])))
    full = _pixels(piano_roll_png(transcript([*drums, note(1.0), *chord(2, 4, 0, "major")])))
    assert full.shape[1] == empty.shape[1]
    orange = (full == np.array([0xFF, 0x8C, 0x1A])).all(axis=2).sum()
    assert orange > 40
    assert piano_roll_png(transcript(drums)) == piano_roll_png(transcript(drums))


def test_long_music_is_drawn_in_rows_below_each_other() -> None:
    short = _pixels(piano_roll_png(transcript([note(1.0)])))
    for seconds in (100.0, 1800.0):
        late = replace(transcript([note(1.0), note(seconds - 2.0)]), duration_s=seconds)
        shown = _pixels(piano_roll_png(late))
        assert shown.shape[1] == short.shape[1] and shown.shape[0] > 2 * short.shape[0]
        colour = np.array([int(COLOURS["keys"][i : i + 2], 16) for i in (1, 3, 5)])
        rows = np.nonzero((np.abs(shown.astype(int) - colour).sum(axis=2) < 30).any(axis=1))[0]
        # The first note's row, and the last one's at the bottom.
        assert rows.min() < shown.shape[0] / 3 and rows.max() > shown.shape[0] * 2 / 3


def _pixels(data: bytes) -> np.ndarray:
    """A PNG as rows of three colours: 8 bits a colour, no filter, as it is written."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    at, packed = 8, b""
    while at < len(data):
        size = struct.unpack(">I", data[at : at + 4])[0]
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] == zlib.crc32(
            name + body
        )
        packed += body if name == b"IDAT" else b""
        at += 12 + size
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + 3 * width)
    assert (rows[:, 0] == 0).all()
    return rows[:, 1:].reshape(height, width, 3)


def test_boxes_share_the_points_on_their_edges() -> None:
    picture = Picture(4, 1, "#000000")
    picture.box(0.5, 0.0, 2.25, 1.0, "#ffffff")
    assert np.allclose(picture.points[0, :, 0], [0.5, 1.0, 0.25, 0.0])
    picture.box(-5.0, -5.0, 50.0, 50.0, "#ffffff")  # what lies outside is cut off
    picture.text(-20.0, 3.0, "Wide & long, 12%", 9.0, "#ff0000")
    assert np.isfinite(picture.points).all()


class _Heard:
    """A stand-in for the note model: two notes for whatever it is asked to hear."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def __call__(
        self, audio: Audio, *, texture: str, instrument: str, progress: Callable[[int, int], None]
    ) -> list[TranscribedNote]:
        self.asked.append((texture, instrument))
        progress(1, 2)
        progress(2, 2)
        who = instrument or "keys"
        return [note(0.5 + 0.5 * i, 50 + i, who=who) for i in range(4)]


def test_each_stem_is_heard_for_what_it_is() -> None:
    rng = np.random.default_rng(0)
    sound = Audio(0.1 * rng.standard_normal((1, 3 * 22050)).astype(np.float32), 22050)
    silent = Audio(np.zeros((1, 3 * 22050), np.float32), 22050)
    heard = _Heard()
    told: list[float] = []
    made = assemble(
        sound, {"bass": sound, "vocals": silent, "other": sound}, name="x",
        hear_notes=heard, progress=lambda done, total, what: told.append(done / total),
    )  # fmt: skip
    # The rest is heard in its stem, and in the mix to know who plays it.
    assert heard.asked == [("line", "bass"), ("mix", ""), ("mix", "")]
    assert [t.instrument for t in made.tracks] == ["bass", "keys"]
    assert told == sorted(told)
    assert 0.0 <= told[0] <= told[-1] <= 1.0


def test_whoever_stops_it_is_heard_at_once() -> None:
    sound = Audio(0.1 * np.ones((1, 22050), np.float32), 22050)

    def stop(done: int, total: int, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assemble(sound, {"other": sound}, name="x", hear_notes=_Heard(), progress=stop)


def test_tracks_hold_as_many_quantised_notes_as_heard_ones() -> None:
    with pytest.raises(ValueError, match="quantised"):
        TranscribedTrack("keys", (note(1.0), note(2.0)), (note(1.0),))
