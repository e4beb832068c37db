"""A recording laid into a song: at its place, to the sample, and gone again with one undo."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from editing_tools import check_laws, crate_of, draft_of
from project_songs import OLD

from loopmind import cli
from loopmind.compose import editing
from loopmind.compose.editing.asking import EditError
from loopmind.errors import LoopMindError
from loopmind.files.decode import read_audio
from loopmind.music.audio import Audio
from loopmind.music.edit import (
    MoveSection,
    MuteTrack,
    PutClip,
    RegenerateSection,
    Reseed,
    SetLock,
    SetMixStyle,
    SetTempo,
    Transpose,
)
from loopmind.music.material import clip_material
from loopmind.music.song import Clip, beat_to_frame
from loopmind.runtime.placing import Sounds, track_events
from loopmind.runtime.project_session import ProjectSession
from loopmind.runtime.recording import FOLDER, lay_recording

RATE_HZ = 44100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Path(shutil.copy(OLD, tmp_path / "song.loopmind"))


def take(session: ProjectSession, bars: int, seed: int = 1) -> Audio:
    """Something played over so many bars: bursts that fall anywhere but on the grid."""
    song, rng = session.draft.song, np.random.default_rng(seed)
    frames = beat_to_frame(float(bars * song.beats_per_bar), song.bpm, RATE_HZ)
    sound = np.zeros((2, frames), np.float32)
    for at in rng.integers(2000, frames - 9000, 3 * bars):
        burst = rng.normal(0.0, 0.2, (2, 6000)) * np.exp(-np.arange(6000) / 1500.0)
        sound[:, at : at + 6000] += burst.astype(np.float32)
    return Audio(np.clip(sound, -0.9, 0.9), RATE_HZ)


def test_a_take_is_heard_where_it_was_played(path: Path) -> None:
    with ProjectSession.open(path) as session:
        before = session.draft
        audio = take(session, 2)
        revision = lay_recording(session, audio, (3, 4), track="my voice")
        assert revision.words == "recorded bars 3 to 4" and len(revision.told) == 1
        song = session.draft.song
        (clip,) = [c for c in song.clips if c.track == "my voice"]
        track = next(t for t in song.tracks if t.id == "my voice")
        assert (track.role, track.name) == ("vocal", "My voice")
        assert "my voice" in {strip.track for strip in session.draft.mix.strips}
        found, _ = session.sounding()
        (key,) = clip_material(clip)
        kept = found.material.sounds[key].samples
        written = read_audio(next((path.parent / FOLDER).iterdir())).samples
        assert kept.shape == audio.samples.shape
        # The file has 24 bits; at the very ends a fitted loop is faded for its seam.
        assert np.abs(written - audio.samples).max() <= 2.0**-23
        assert np.abs(kept - audio.samples)[:, 400:-400].max() <= 2.0**-22
        events = track_events(found.song, "my voice", Sounds(found.material, RATE_HZ), RATE_HZ)
        first = beat_to_frame(2.0 * song.beats_per_bar, song.bpm, RATE_HZ)
        assert [(e.start, e.end) for e in events] == [(first, first + audio.frames)]
        session.undo()
        assert session.draft == before
        session.redo()
    with ProjectSession.open(path) as session:  # in a folder that no library was told of
        assert not [line for line in session.notes if FOLDER in line]
        assert any(loop.path.endswith("take 1.wav") for loop in session.crate.loops)


@pytest.mark.slow
def test_another_take_of_the_same_bars_replaces_the_first(path: Path) -> None:
    with ProjectSession.open(path) as session:
        for seed in (1, 2):
            lay_recording(session, take(session, 1, seed), (2, 2), track="bass line", role="bass")
        clips = [c for c in session.draft.song.clips if c.track == "bass line"]
        assert len(clips) == 1 and len(list((path.parent / FOLDER).iterdir())) == 2
        session.undo()
        assert [c.digest for c in session.draft.song.clips if c.track == "bass line"] != [
            clips[0].digest
        ]


@pytest.mark.slow
def test_a_take_that_moved_away_is_not_replaced(path: Path) -> None:
    with ProjectSession.open(path) as session:
        song = session.draft.song
        first = song.sections[0]
        lay_recording(session, take(session, 1), (1, 1))
        session.apply([MoveSection(first.name, song.sections[-1].name)])
        lay_recording(session, take(session, 1, 2), (1, 1))
        now = session.draft.song
        clips = [c for c in now.clips if c.recorded]
        place = now.beats - first.bars * now.beats_per_bar
        assert [c.start_beat for c in clips] == [0.0, place]
        assert len({c.digest for c in clips}) == 2


def test_edits_leave_what_was_put_by_hand() -> None:
    before, crate = draft_of("everything"), crate_of("everything")
    song = before.song
    hook = next(s for s in song.sections if s.kind == "hook")
    start, length = float(hook.start_bar * song.beats_per_bar), 2.0 * song.beats_per_bar
    clip = Clip(
        "take/1", "take", start, length, digest=crate.loops[0].digest, source_bpm=song.bpm,
        loop_beats=length,
    )  # fmt: skip
    laid = editing.apply(PutClip(clip, "vocal"), before, crate)
    check_laws(laid, crate)
    for edit in (
        RegenerateSection(hook.name, 7), SetTempo(by=1.04), SetMixStyle("tape"), Reseed(5),
        MoveSection(hook.name, ""), Transpose(2, "take"), MuteTrack("take"),
    ):  # fmt: skip
        after = editing.apply(edit, laid, crate)
        check_laws(after, crate)
        assert [c.digest for c in after.song.clips if c.track == "take"] == [clip.digest]
    with pytest.raises(EditError, match="by hand or recorded, and stays"):
        editing.apply(RegenerateSection(hook.name, 7, ("take",)), laid, crate)
    with pytest.raises(EditError, match="no role 'kazoo'"):
        editing.apply(PutClip(clip, "kazoo"), before, crate)  # type: ignore[arg-type]
    with pytest.raises(EditError, match="no name for a track"):
        editing.apply(PutClip(replace(clip, track="master"), "vocal"), before, crate)


def test_what_cannot_be_laid_is_said_and_changes_nothing(path: Path) -> None:
    with ProjectSession.open(path) as session:
        before, silent = session.draft, Audio(np.zeros((2, RATE_HZ), np.float32), RATE_HZ)
        with pytest.raises(LoopMindError, match=r"nothing was laid into the song.*silent"):
            lay_recording(session, silent, (1, 2))
        with pytest.raises(EditError, match="must lie within the song"):
            lay_recording(session, take(session, 1), (900, 900))
        session.apply([SetLock("section", before.song.sections[0].name)])
        with pytest.raises(EditError, match="locked"):
            lay_recording(session, take(session, 1), (1, 1))
        assert session.draft.song == before.song


def test_the_command_wants_bars_and_a_project(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = str(tmp_path / "a.wav")
    assert cli.main(["record", out, "--play", str(tmp_path), "--bars", "1-2", "--lay"]) == 2
    assert "--lay needs --bars, and a project to --play" in capsys.readouterr().err
