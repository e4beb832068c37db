"""Remix: cutting tracks at their beats, rebuilding them, and other versions of songs."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import compose_factory as factory
import numpy as np
import pytest
from mode_sounds import RATE, beat_track, spectra

from loopmind.analysis.cutting import NoBeatError, cut
from loopmind.cli import main
from loopmind.compose import arrange, mixing, select
from loopmind.compose.rebuild import rebuild, rebuild_palette
from loopmind.compose.vary import vary_brief, vary_palette, vary_song
from loopmind.errors import LoopMindError
from loopmind.files.project import read_project
from loopmind.music.brief import Brief
from loopmind.music.cuts import Cuts
from loopmind.music.draft import Draft
from loopmind.music.loop import Crate, Loop


@pytest.fixture(scope="module")
def cuts() -> Cuts:
    return cut(spectra(beat_track(127.3, 32, lead_s=0.31)), "track")


def _track(cuts: Cuts) -> Loop:
    seconds = cuts.bars[-1].start_s + 4.0
    made = factory.make("drums", kind="song", bpm=cuts.bpm, seconds=seconds, key="A minor")
    return replace(made, digest=cuts.digest)


@pytest.mark.parametrize(("bpm", "lead"), [(127.3, 0.31), (92.0, 0.0)])
def test_an_even_tempo_is_found_to_a_few_hundredths(bpm: float, lead: float) -> None:
    found = cut(spectra(beat_track(bpm, 24, lead_s=lead)), "x")
    assert found.steady
    assert abs(found.bpm - bpm) < 0.03
    beats = (np.array([bar.start_s for bar in found.bars]) - lead) * bpm / 60.0
    assert np.abs(beats - np.round(beats)).max() * 60.0 / bpm < 0.012


def test_bars_begin_with_the_music_s_bars_and_hold_its_parts(cuts: Cuts) -> None:
    bars = (np.array([bar.start_s for bar in cuts.bars]) - 0.31) * 127.3 / 240.0
    assert np.abs(bars - np.round(bars)).max() < 0.02
    numbers = np.round(bars).astype(int)
    inner = [(n, bar.part) for n, bar in zip(numbers, cuts.bars, strict=True) if n % 8 in (2, 3, 4)]
    first = {part for n, part in inner if (n // 8) % 2 == 0}
    second = {part for n, part in inner if (n // 8) % 2 == 1}
    assert first.isdisjoint(second)


def test_loops_lie_inside_and_are_ranked(cuts: Cuts) -> None:
    scores = [loop.score for loop in cuts.loops]
    assert scores == sorted(scores, reverse=True)
    assert all(x.first >= 0 and x.first + x.bars <= len(cuts.bars) for x in cuts.loops)
    assert cuts.loops[0].score > 0.6


def test_cutting_does_not_depend_on_level(cuts: Cuts) -> None:
    quiet = cut(spectra(0.02 * beat_track(127.3, 32, lead_s=0.31)), "track")
    assert abs(quiet.bpm - cuts.bpm) < 0.01
    assert [bar.part for bar in quiet.bars] == [bar.part for bar in cuts.bars]


@pytest.mark.parametrize("kind", ["silence", "drone", "short"])
def test_what_has_no_beat_is_refused(kind: str) -> None:
    t = np.arange(20 * RATE) / RATE
    sounds = {
        "silence": np.zeros(20 * RATE),
        "drone": np.sin(2 * np.pi * 220 * t),
        "short": beat_track(120.0, 2),
    }
    with pytest.raises(NoBeatError):
        cut(spectra(sounds[kind]), "x")


def test_a_rebuilt_track_is_made_of_its_own_bars_on_the_beat(cuts: Cuts) -> None:
    crate, brief = Crate((_track(cuts),)), Brief(genre="house")
    palette = rebuild_palette(cuts, crate, brief, 3)
    song = rebuild(cuts, palette, crate, brief, 3)
    clips = [clip for clip in song.clips if clip.track == "sample"]
    end = cuts.bars[-1].start_s + 240.0 / cuts.bpm
    for clip in clips:
        assert clip.digest == cuts.digest
        assert (clip.start_beat * 2) % 1 == 0
        assert clip.start_beat + clip.beats <= song.beats + 1e-9
        last = clip.source_start_s + clip.loop_beats * 60.0 / (clip.source_bpm or 1.0)
        assert clip.source_start_s >= -1e-6 and last <= end + 0.01
    order = sorted(clips, key=lambda clip: clip.start_beat)
    for one, other in itertools.pairwise(order):
        assert one.start_beat + one.beats <= other.start_beat + 1e-9
    assert {clip.treatment for clip in clips} > {"plain"}
    assert len({round(clip.source_start_s, 2) for clip in clips}) >= 4
    assert rebuild(cuts, palette, crate, brief, 3) == song
    assert rebuild(cuts, palette, crate, brief, 4).clips != song.clips


def test_a_rebuilt_track_goes_another_way_than_the_original(cuts: Cuts) -> None:
    crate, brief = Crate((_track(cuts),)), Brief(genre="house")
    song = rebuild(cuts, rebuild_palette(cuts, crate, brief, 5), crate, brief, 5)
    same = 0.0
    for clip in song.clips:
        if clip.track == "sample" and clip.treatment == "plain":
            place = (clip.source_start_s - cuts.bars[0].start_s) * cuts.bpm / 60.0
            same += clip.beats if abs(place - clip.start_beat) < 2.0 else 0.0
    assert same < 0.3 * song.beats


def test_drums_of_other_sounds_go_on_top(cuts: Cuts) -> None:
    crate = factory.crate(factory.loops(126.0), factory.kit(), [_track(cuts)])
    palette = rebuild_palette(cuts, crate, Brief(genre="house"), 1)
    roles = {choice.role for choice in palette.choices if choice.slot != "sample"}
    assert "drums" in roles
    assert not roles & {"bass", "lead", "vocal"}
    assert palette.bpm == pytest.approx(round(cuts.bpm, 2))


def test_a_tempo_far_away_is_taken_by_its_octave_or_told(cuts: Cuts) -> None:
    crate = Crate((_track(cuts),))
    assert rebuild_palette(cuts, crate, Brief(bpm=(250.0, 250.0)), 1).bpm == 125.0
    hard = rebuild_palette(cuts, crate, Brief(bpm=(95.0, 95.0)), 1)
    assert any("stretched hard" in note for note in hard.notes)


@pytest.fixture(scope="module")
def draft() -> tuple[Draft, Crate]:
    crate = factory.crate(factory.loops(count=4), factory.kit(), factory.notes())
    brief = Brief(genre="pop", bpm=(120.0, 120.0))
    palette = select.choose(crate, brief, 2)
    song = arrange.arrange(palette, crate, brief, 2)
    return Draft(brief, palette, song, mixing.mix_song(song, palette, crate)), crate


def test_another_version_keeps_harmony_and_melody_and_changes_the_rest(
    draft: tuple[Draft, Crate],
) -> None:
    old, crate = draft
    brief = vary_brief(old, Brief(), 9)
    palette = vary_palette(old, crate, brief, 9)
    before = {c.slot: c.picked.digest for c in old.palette.choices}
    after = {c.slot: c.picked.digest for c in palette.choices}
    for slot in ("chords", "bass", "lead"):
        if slot in before:
            assert after[slot] == before[slot]
    assert after["drums"] != before["drums"]
    song = vary_song(old, palette, crate, brief, 9)
    assert (song.bpm, song.key) == (old.song.bpm, old.song.key)
    assert [(s.kind, s.bars) for s in song.sections] != [
        (s.kind, s.bars) for s in old.song.sections
    ]
    assert brief.mix_style != old.mix.style
    assert any(note.startswith("stayed: ") for note in palette.notes)
    assert vary_song(old, palette, crate, brief, 9) == song


def test_a_project_without_its_sounds_is_told(draft: tuple[Draft, Crate]) -> None:
    with pytest.raises(LoopMindError, match="can be found"):
        vary_palette(draft[0], Crate(()), draft[0].brief, 1)


@pytest.mark.parametrize(
    ("name", "words"), [("missing.wav", "there is no file"), (".", "is a folder")]
)
def test_bad_files_are_told_in_one_line(
    name: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["remix", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err
    assert words in told and len(told.splitlines()) == 1


@pytest.mark.slow
def test_a_song_of_real_loops_is_remixed_both_ways(
    real_loops: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = tmp_path / "first"
    wish = ["--prompt", "boom bap", "--length", "1:00"]
    assert main(["generate", str(real_loops), *wish, "--seed", "3", "--out", str(first)]) == 0
    made = read_project(first / "song.loopmind").draft().song
    track = tmp_path / "track.wav"
    track.write_bytes((first / "song.wav").read_bytes())
    assert main(["remix", str(track), "--length", "1:00", "--out", str(tmp_path / "r")]) == 0
    remix = read_project(tmp_path / "r" / "song.loopmind").draft().song
    assert remix.bpm == pytest.approx(made.bpm, abs=0.05)
    project = str(first / "song.loopmind")
    assert main(["remix", project, "--seed", "5", "--out", str(tmp_path / "v")]) == 0
    told = capsys.readouterr().out
    assert "stayed: " in told and "form: " in told
    version = read_project(tmp_path / "v" / "song.loopmind").draft().song
    assert version.key == made.key and version.sections != made.sections
