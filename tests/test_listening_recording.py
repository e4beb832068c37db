"""Recordings of any length: read block by block, heard stretch by stretch, put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from loopmind.analysis.listening import assemble as assembling
from loopmind.analysis.listening import recording
from loopmind.analysis.listening.quantise import Grid, even_grid, tempo_map_of
from loopmind.errors import CancelledError, LoopMindError
from loopmind.files.decode import AudioFileError
from loopmind.music.audio import Audio
from loopmind.music.transcript import TranscribedNote
from tests.memory import run_measured

RATE = 8000


@given(
    frames=st.integers(1, 3000),
    whole=st.integers(5, 400),
    sizes=st.lists(st.integers(1, 700), min_size=1, max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_parts_hold_every_sample_once_and_see_a_little_of_their_neighbours(
    frames: int, whole: int, sizes: list[int]
) -> None:
    sound = np.arange(1, frames + 1, dtype=np.float32)
    parts = recording.parts_of(frames, 1, whole)
    assert parts[0].first == 0 and parts[-1].last == frames
    assert all(a.last == b.first for a, b in pairwise(parts))
    assert all(part.last - part.first <= whole + 12 for part in parts)

    def blocks() -> Iterator[dict[str, np.ndarray]]:
        at, number = 0, 0
        while at < frames:
            size = sizes[number % len(sizes)]
            yield {"mix": sound[at : at + size], "bass": -sound[at : at + size]}
            at, number = at + size, number + 1

    for part, made in zip(parts, recording.cut(blocks(), parts), strict=True):
        assert np.array_equal(made["mix"], sound[part.begin : part.end])
        assert np.array_equal(made["bass"], -made["mix"])


def test_grids_of_one_tempo_become_one_without_a_seam() -> None:
    whole = even_grid(120.0, 0.5, 60.0, 4, heard=True)
    first = even_grid(120.0, 0.5, 32.0, 4, heard=True)
    second = even_grid(120.0, 0.5, 42.0, 4, heard=True).moved(18.01)
    made = recording.joined_grid([first, second], [30.0], 60.0)
    inside = made.times_s < 60.0
    assert np.abs(made.times_s[inside] - whole.times_s[whole.times_s < 60.0]).max() < 0.02
    assert np.array_equal(made.places[inside], whole.places[: inside.sum()])
    assert made.per_bar == 4 and len(tempo_map_of(made).signatures) == 2


def test_bars_begin_anew_where_the_next_stretch_has_its_first() -> None:
    first = even_grid(120.0, 0.0, 32.0, 4, heard=True)
    second = even_grid(90.0, 1.0, 42.0, 3, heard=True).moved(30.0)
    silent = even_grid(120.0, 0.0, 20.0, 4, heard=False).moved(70.0)
    made = recording.joined_grid([first, second, silent], [30.0, 70.0], 90.0)
    steps = np.diff(made.times_s)
    assert (steps > 0.25).all() and (steps < 1.1).all()
    assert made.times_s[-1] >= 90.0
    bars = made.times_s[made.places == 0]
    assert np.abs(bars - 31.0).min() < 1e-6 and np.abs(bars - 33.0).min() < 1e-6
    told = tempo_map_of(made)
    for number, at in enumerate(made.times_s.tolist()):
        assert told.seconds(number) == pytest.approx(at, abs=0.01)
        assert (told.bar_beat(number)[1] == 0) == (made.places[number] == 0)


def test_nowhere_a_beat_is_a_guess_all_over() -> None:
    silent = even_grid(120.0, 0.0, 20.0, 4, heard=False)
    made = recording.joined_grid([silent, silent.moved(20.0)], [20.0], 40.0)
    assert not made.heard and made.times_s[-1] >= 40.0
    assert Grid(made.times_s, 4, 0).places[:5].tolist() == [0, 1, 2, 3, 0]


def clicks(path: Path, seconds: float, every: float = 0.5) -> Path:
    sound = np.zeros(round(seconds * RATE), np.float32)
    click = np.exp(-np.arange(400) / 60.0) * np.sin(np.arange(400) * 0.6)
    for number in range(int(seconds / every)):
        at = round(number * every * RATE)
        sound[at : at + 400] += 0.5 * click[: sound.size - at].astype(np.float32)
    soundfile.write(path, np.stack([sound, sound], axis=1), RATE)
    return path


@pytest.fixture
def by_clicks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[TranscribedNote]]:
    """What hears a note at every click; no drums."""

    def hear(audio: Audio, *, texture: str, instrument: str, progress: Callable[[int, int], None]
             ) -> list[TranscribedNote]:  # fmt: skip
        loud = np.abs(audio.samples[0]) > 0.1
        starts = np.flatnonzero(loud & ~np.concatenate([np.zeros(100, bool), loud[:-100]]))
        kept = [s for n, s in enumerate(starts) if n == 0 or s - starts[n - 1] > 1000]
        progress(1, 1)
        return [
            TranscribedNote(s / RATE, s / RATE + 0.2, 60, 0.8, instrument or "keys") for s in kept
        ]

    monkeypatch.setattr(assembling, "transcribe_drums", lambda sound, progress: ())
    monkeypatch.setattr(recording, "_WHOLE_S", 20.0)
    return hear


def test_a_long_recording_is_heard_in_stretches_and_each_note_once(
    tmp_path: Path, by_clicks: assembling.HearNotes
) -> None:
    told: list[tuple[int, int]] = []
    made = recording.transcribe_file(
        clicks(tmp_path / "long.wav", 70.0), hear_notes=by_clicks,
        progress=lambda done, total, what: told.append((done, total)),
    )  # fmt: skip
    (keys,) = made.tracks
    starts = np.array([note.start_s for note in keys.notes])
    assert starts.size == 140
    assert np.abs(starts - 0.5 * np.arange(140)).max() < 0.01
    assert made.name == "long.wav" and made.duration_s == 70.0
    assert made.bpm == pytest.approx(120.0, rel=0.01) or made.bpm == pytest.approx(60.0, rel=0.01)
    beats = np.array(made.beats_s)
    assert (np.diff(beats) > 0.2).all() and beats[-1] > 68.0
    assert set(made.downbeats_s) <= set(made.beats_s)
    assert {total for _, total in told} == {70} and max(done for done, _ in told) <= 70


def test_stems_that_are_files_are_heard_beside_the_mix(
    tmp_path: Path, by_clicks: assembling.HearNotes
) -> None:
    song = clicks(tmp_path / "song.wav", 30.0)
    made = recording.transcribe_file(song, stems={"bass": song}, hear_notes=by_clicks)
    assert [track.instrument for track in made.tracks] == ["bass"]
    assert len(made.tracks[0].notes) == 60


def test_silence_moments_and_damage_are_told(
    tmp_path: Path, by_clicks: assembling.HearNotes
) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(50 * RATE), RATE)
    soundfile.write(tmp_path / "blip.wav", 0.1 * np.ones(800), RATE)
    broken = np.zeros(RATE, np.float32)
    broken[5] = np.nan
    soundfile.write(tmp_path / "nan.wav", broken, RATE, "FLOAT")
    for name, kind, told in (
        ("silent.wav", LoopMindError, "is silent"), ("blip.wav", LoopMindError, "only 0.10 s"),
        ("nan.wav", AudioFileError, "nan.wav"),
    ):  # fmt: skip
        with pytest.raises(kind, match=told):
            recording.transcribe_file(tmp_path / name, hear_notes=by_clicks)
    whole = tmp_path / "whole.flac"
    soundfile.write(whole, np.random.default_rng(0).standard_normal(60 * RATE) * 0.1, RATE)
    cut = tmp_path / "cut.flac"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert 25.0 < recording.transcribe_file(cut, hear_notes=by_clicks).duration_s < 35.0


def test_it_stops_when_it_is_told_to(tmp_path: Path, by_clicks: assembling.HearNotes) -> None:
    def stop(done: int, total: int, what: str) -> None:
        raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        recording.transcribe_file(
            clicks(tmp_path / "a.wav", 5.0), hear_notes=by_clicks, progress=stop
        )


@pytest.mark.slow
def test_half_an_hour_takes_no_more_memory_than_a_song(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPMIND_HOME", str(tmp_path / "home"))
    song = clicks(tmp_path / "long.wav", 1800.0)
    done, peak = run_measured("transcribe", song, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert peak < 1 << 30, f"{peak / 2**20:.0f} MiB"
