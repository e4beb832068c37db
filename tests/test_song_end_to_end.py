"""A folder becomes a song: the laws of the whole path, from files to files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loopmind.analysis.frontend import frontend
from loopmind.analysis.onsets import novelty, onsets
from loopmind.demo_crate import write_demo_crate
from loopmind.dsp.loudness import integrated_lufs, true_peak_dbtp
from loopmind.files.decode import read_audio
from loopmind.files.project import read_project
from loopmind.music.song import beat_to_frame
from loopmind.runtime.execute import Session
from loopmind.runtime.generate import Made, make_song, song_graph


@dataclass
class Studio:
    """A crate, a library and a session, and the way to make songs of them."""

    crate: Path
    home: Path
    session: Session

    def make(self, name: str, **macros: Any) -> Made:
        settings: dict[str, Any] = {
            "folders": [str(self.crate)],
            "library": str(self.home / "library"),
            "wish": "trap, 140 bpm",
            "length_s": 60.0,
            "out": str(self.home / name),
            **macros,
        }
        return make_song(song_graph(settings), self.session)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    home = tmp_path_factory.mktemp("studio")
    write_demo_crate(home / "loops")
    with Session() as session:
        yield Studio(home / "loops", home, session)


@pytest.fixture(scope="module")
def made(studio: Studio) -> Made:
    return studio.make("first", stems=True)


def test_the_song_is_whole(made: Made) -> None:
    song = made.song
    assert len(song.sections) >= 3
    assert len(song.tracks) >= 3
    assert max(song.sections, key=lambda s: s.energy).kind in ("hook", "drop")
    bar = 0
    for section in song.sections:
        assert section.start_bar == bar
        bar += section.bars
    timeline = json.loads((made.out / "timeline.json").read_text("utf-8"))
    assert timeline["bpm"] == pytest.approx(140.0)
    page = (made.out / "song.html").read_text("utf-8")
    assert "<audio" in page and "http://" not in page.replace("http://www.w3.org", "")
    project = read_project(made.out / "song.loopmind")
    assert project.draft().song == song
    assert project.history.head.kind == "generated"
    assert set(project.model_digests) == {
        "tagger.onnx",
        "key.npz",
        "tempo.npz",
        "moods.npz",
        "fit.npz",
    }


def test_loudness_and_peak_are_as_promised(made: Made) -> None:
    master = read_audio(made.out / "song.wav")
    assert master.frames == made.song.frames(master.rate_hz)
    assert integrated_lufs(master.samples, master.rate_hz) == pytest.approx(-14.0, abs=0.3)
    assert true_peak_dbtp(master.samples, master.rate_hz) <= -1.0 + 0.01


def test_stems_sum_to_the_premaster(made: Made) -> None:
    stems = [p for p in sorted((made.out / "stems").glob("*.wav")) if p.stem != "premaster"]
    assert len(stems) >= len(made.song.tracks)
    total = sum(read_audio(p).samples.astype(np.float64) for p in stems)
    premaster = read_audio(made.out / "stems" / "premaster.wav").samples
    error = np.abs(total - premaster).max() / np.abs(premaster).max()
    assert 20.0 * np.log10(error + 1e-30) <= -120.0


def test_drums_lie_on_the_grid(made: Made) -> None:
    song = made.song
    offsets: list[float] = []
    for track in song.tracks:
        if track.role != "drums":
            continue
        audio = read_audio(made.out / "stems" / f"{track.id}.wav")
        spectra = frontend(audio)
        found = onsets(spectra, novelty(spectra))
        strong = found.times_s[found.strengths > 0.25]
        step_s = 60.0 / song.bpm / 4.0
        offsets += list(np.abs((strong + step_s / 2) % step_s - step_s / 2))
    assert len(offsets) > 50
    assert np.median(offsets) <= 0.010


def test_clips_start_on_whole_frames_of_the_grid(made: Made) -> None:
    song = made.song
    for clip in song.clips:
        assert (clip.start_beat * 4).is_integer(), clip.id
        assert clip.start_beat >= 0 and clip.start_beat + clip.beats <= song.beats + song.tail_beats
        assert beat_to_frame(clip.start_beat, song.bpm, 44100) >= 0


def test_stems_of_an_earlier_song_do_not_stay(studio: Studio) -> None:
    first = studio.make("stems", stems=True, length_s=20.0)
    own = first.out / "stems" / "take 2.wav"
    own.write_bytes(b"the user's own")
    second = studio.make("stems", stems=True, length_s=20.0, wish="techno, no bass, no vocals")
    assert {t.id for t in first.song.tracks} - {t.id for t in second.song.tracks}
    present = {p.stem for p in (second.out / "stems").glob("*.wav")}
    assert present == {t.id for t in second.song.tracks} | {"reverb", "premaster", "take 2"}


def test_same_seed_same_bytes_other_seed_other_song(studio: Studio, made: Made) -> None:
    with Session() as fresh:
        again = Studio(studio.crate, studio.home, fresh).make("again", stems=True)
    for name in ("song.wav", "timeline.json", "song.html", "stems/premaster.wav"):
        assert (made.out / name).read_bytes() == (again.out / name).read_bytes(), name
    other = studio.make("other", seed=2)
    assert (other.out / "song.wav").read_bytes() != (made.out / "song.wav").read_bytes()


def test_a_late_control_reruns_only_what_depends_on_it(studio: Studio) -> None:
    studio.make("late", seed=5)
    changed = studio.make("late", seed=5, mix="tape")
    # Scanning looks at the folder each time; the song is known by content and is not made anew.
    ran = {"scan", "mix", "edit", "fit", "render", "document"}
    assert set(changed.result.ran) - {"fresh"} == ran


@pytest.mark.parametrize(
    "names", [("kick",), ("kick", "snare", "hat")], ids=["one sound", "three sounds"]
)
def test_few_oneshots_still_give_a_song(studio: Studio, tmp_path: Path, names: tuple[str]) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    for name in names:
        source = next(p for p in sorted(studio.crate.rglob("*.wav")) if name in p.stem.lower())
        (folder / source.name).write_bytes(source.read_bytes())
    made = studio.make("few", folders=[str(folder)], length_s=30.0)
    assert made.song.clips
    assert (made.out / "song.wav").stat().st_size > 100_000
