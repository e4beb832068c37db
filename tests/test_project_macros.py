"""Macros of a project's graph: set like any edit, what hangs on them is made anew, edits hold."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from bad_input import loopmind, write_good

from loopmind.demo_crate import sound
from loopmind.errors import LoopMindError
from loopmind.files.bundle import unpack_bundle
from loopmind.files.encode import write_audio
from loopmind.files.project import read_project, write_project
from loopmind.music.draft import Draft
from loopmind.music.edit import (
    ChangeMaster,
    ChangeStrip,
    Edit,
    MuteTrack,
    RegenerateSection,
    RemoveSection,
    SetLock,
    SetMacro,
    SetMixStyle,
    SetTempo,
    SwapSound,
)
from loopmind.runtime.project_session import ProjectSession


def generate(root: Path, out: Path, library: Path, *more: str) -> Path:
    done = loopmind(
        "generate", root / "loops", "--out", out, "--length", "0:24", "--prompt", "trap 140",
        "--library", library, *more,
    )  # fmt: skip
    assert done.code == 0, done.err
    return out / "song.loopmind"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("macros")
    write_good(root / "loops")
    generate(root, root / "song", root / "library")
    return root


@pytest.fixture
def song(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "song", tmp_path / "song")) / "song.loopmind"


def grow(folder: Path, name: str) -> None:
    """More choice from now on: every sound once more, begun elsewhere."""
    for file in sorted(folder.iterdir()):
        samples, rate_hz = soundfile.read(file)
        soundfile.write(
            file.with_name(f"{name}_{file.name}"),
            np.roll(samples, len(samples) // 4, axis=0),
            rate_hz,
        )


def bare(draft: Draft) -> Draft:
    return replace(draft, told=())


def apply(song: Path, *edits: Edit) -> Draft:
    with ProjectSession.open(song) as session:
        session.apply(edits)
        return session.draft


@pytest.mark.parametrize(
    ("name", "value", "flag"), [("seed", 5, "--seed"), ("wish", "lofi 80", "--prompt")]
)
def test_a_song_made_anew_is_the_one_generated_so_with_the_edits_done_again(
    made: Path, song: Path, tmp_path: Path, name: str, value: int | str, flag: str
) -> None:
    with ProjectSession.open(song) as session:
        first, document = session.draft, session.document()
        session.apply([MuteTrack("bass")], "no bass")
        session.apply([SetMacro(name, value), MuteTrack("drums")], "wilder")
        wild = session.draft
        step = session.history().head
        assert (step.kind, step.words, len(step.told)) == ("remade", "wilder", 2)
        assert (
            step.told[0] == f"The macro {name} is {value} now, and the song was made anew with it."
        )
        assert session.document()["macros"][name]["value"] == value
    own = generate(made, tmp_path / "own", made / "library", flag, str(value))
    as_generated = apply(own, MuteTrack("bass"), MuteTrack("drums"))
    assert bare(wild) == bare(as_generated)
    assert wild.song != first.song
    with ProjectSession.open(song) as session:  # also after a restart
        assert session.draft == wild
        session.undo(2)
        assert session.draft == first and session.document() == document
        session.redo(2)
        assert session.draft == wild and session.document() != document


def test_only_the_last_value_of_a_macro_counts(song: Path) -> None:
    other = Path(shutil.copytree(song.parent, song.parent.with_name("other"))) / song.name
    apply(song, SetMacro("energy", 0.2))
    apply(song, SetMacro("energy", by=9.0))
    with pytest.raises(LoopMindError, match="energy stands at 1 already, which is its highest"):
        apply(song, SetMacro("energy", by=0.1))
    apply(song, SetMacro("energy", by=-0.1))
    twice = apply(song, MuteTrack("drums"))
    apply(other, MuteTrack("drums"))
    assert bare(apply(other, SetMacro("energy", 0.9))) == bare(twice)


def test_what_no_macro_reaches_stays_whatever_came_into_the_folders(
    made: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(made, tmp_path / "copy"))
    song = generate(root, root / "mine", root / "library")
    grow(root / "loops", "new")
    with ProjectSession.open(song) as session:
        before = session.draft
        session.apply([SetMacro("mix", "tape")])
        after = session.draft
    assert "mixed anew" in after.told[-1]
    assert (after.song, after.palette, after.brief) == (before.song, before.palette, before.brief)
    assert (after.mix.style, before.mix.style != "tape") == ("tape", True)


def test_another_mix_leaves_the_edited_song_alone(made: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(made, tmp_path / "copy"))
    for name in ("percussion/hat_rolls_140.wav", "drums/dnb_break_172bpm.wav"):
        write_audio(root / "loops" / Path(name).name, sound(name))
    song = generate(root, root / "mine", root / "library")
    with ProjectSession.open(song) as session:
        session.apply([SetMacro("seed", 7)])
        session.apply([SwapSound("drums")])
        section = session.draft.song.sections[1].name
        session.branch("other")
        session.apply([RegenerateSection(section, seed=5)])
        session.switch("main")
        session.merge("other", section)
        session.apply([ChangeStrip("bass", "gain_db", by=2.0)])
        session.apply([SetLock("track", "drums")])
    grow(root / "loops", "new")
    with ProjectSession.open(song) as session:
        before = session.draft
        session.apply([SetMacro("mix", "tape"), MuteTrack("bass")])
        after = session.draft
        assert session.history().head.kind == "remade" and "mixed anew" in after.told[-2]
    assert (after.song, after.palette, after.brief) == (before.song, before.palette, before.brief)
    assert after.mix.style == "tape" and after.locks == before.locks
    was, now = ({s.track: s for s in draft.mix.strips} for draft in (before, after))
    assert now["drums"] == was["drums"]  # locked
    own = {s.track: s for draft in (before, after) if draft is after
           for s in (draft.automatic or draft.mix).strips}  # fmt: skip
    assert now["bass"].gain_db == pytest.approx(own["bass"].gain_db + 2.0)
    assert now["bass"].muted and now["bass"].drive == own["bass"].drive


def test_the_newest_wish_counts(song: Path) -> None:
    draft = apply(song, SetTempo(bpm=132.0))
    assert draft.song.bpm == 132.0
    draft = apply(song, SetMacro("bpm", 144.0))
    assert draft.song.bpm == 144.0
    assert "Left out, as the macro says it now: set tempo." in draft.told[-1]
    draft = apply(song, SetTempo(bpm=130.0), SetMacro("bpm", 145.0), MuteTrack("bass"))
    assert draft.song.bpm == 145.0
    assert draft.told[-3] == "Left out, as the macro says it now: set tempo."
    assert "set tempo" not in draft.told[-2]  # told already
    draft = apply(song, SetTempo(bpm=135.0))
    assert (draft.song.bpm, apply(song, SetMacro("seed", 3)).song.bpm) == (135.0, 135.0)
    apply(song, SetMixStyle("raw"))
    assert apply(song, SetMacro("mix", "polished")).mix.style == "polished"
    apply(song, ChangeMaster("target_lufs", value=-12.0))
    draft = apply(song, SetMacro("loudness_lufs", -10.0))
    assert draft.mix.master.target_lufs == -12.0 and "stays as it is" in draft.told[-1]


def test_what_was_lost_is_told_once(song: Path) -> None:
    with ProjectSession.open(song) as session:
        now = {s.name for s in session.draft.song.sections}
        short = SetMacro("length_s", 10.0)
        gone = sorted(now - {s.name for s in session.preview([short]).song.sections})
        session.apply([RemoveSection(gone[0])])
        session.apply([short])
        assert "Left out" in session.draft.told[-1]
        session.apply([SetMacro("seed", 4)])
        assert "Left out" not in session.draft.told[-1]


def test_folders_are_set_previewed_and_taken_back(made: Path, song: Path, tmp_path: Path) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for file in sorted((made / "loops").iterdir())[::2]:
        shutil.copyfile(file, few / file.name)
    with ProjectSession.open(song) as session:
        everything = len(session.crate.loops)
        session.preview([SetMacro("folders", (str(few),))])
        assert len(session.crate.loops) == everything
        session.apply([SetMacro("folders", (str(few),))])
        # The song's own sounds are known wherever they are.
        assert len(session.crate.loops) < everything
        session.undo()
        assert len(session.crate.loops) == everything
        session.redo()
    before = song.read_bytes()
    shutil.rmtree(few)
    with ProjectSession.open(song) as session:
        with pytest.raises(LoopMindError, match="few is gone; put it back, or set the macro fold"):
            session.apply([SetMacro("seed", 4)])
        assert song.read_bytes() == before
        session.apply([SetMacro("mix", "tape")])


def test_the_project_says_what_made_it_anew(song: Path) -> None:
    project = read_project(song)
    old = dict.fromkeys(project.node_versions, 0)
    write_project(song, replace(project, node_versions=old))
    apply(song, SetMacro("seed", 5))
    assert read_project(song).node_versions["loopmind.arrange_song"] > 0


def test_a_bundle_names_no_folder_of_its_sender_and_can_be_made_anew(
    made: Path, song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = str(Path(shutil.copytree(made / "loops", tmp_path / "secret" / "sounds")))
    with ProjectSession.open(song) as session:
        session.apply([SetMacro("folders", (place,))], f"set the macro folders to {place}")
    out = tmp_path / "given" / "mine.loopbundle"
    assert loopmind("bundle", song, "--out", out).code == 0
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(made / "loops", elsewhere / "sounds")
    monkeypatch.chdir(elsewhere)
    with ProjectSession.open(unpack_bundle(out)) as session:
        told = [(s.edits, s.words, s.told) for s in session.history().revisions]
        assert "secret" not in f"{told}{session.document(0)}{session.document(1)}"
        session.apply([SetMacro("seed", 5)])
        assert session.document()["macros"]["folders"]["value"] == ["sounds"]
        own = {loop.path for loop in session.crate.loops}
    assert own and all(str(tmp_path / "given") in path for path in own)


def test_a_plugin_that_is_missing_stands_in_the_way_only_where_it_is_needed(song: Path) -> None:
    project = read_project(song)
    document: dict[str, Any] = project.graph()
    document["nodes"]["arrange"]["type"] = "acme.arrange"
    write_project(song, project.with_graph(0, document))
    assert apply(song, SetMacro("loudness_lufs", -9.0)).mix.master.target_lufs == -9.0
    with pytest.raises(LoopMindError, match=r"acme\.arrange"):
        apply(song, SetMacro("energy", 0.9))


def test_a_project_without_history_or_edits_is_made_anew(made: Path, tmp_path: Path) -> None:
    song = tmp_path / "song.loopmind"
    shutil.copyfile(Path(__file__).parent / "data" / "project-version-1.loopmind", song)
    with ProjectSession.open(song) as session:
        session.apply([MuteTrack(session.draft.song.tracks[0].id)])
        session.apply([SetMacro("mix", "tape")])
        assert session.draft.mix.style == "tape"
        with pytest.raises(LoopMindError, match="is gone; put it back, or set the macro folders"):
            session.apply([SetMacro("seed", 5)])
        before = session.draft
        session.apply([SetMacro("folders", (str(made / "loops"),))])
        assert session.draft.song.clips != before.song.clips


def test_a_whole_number_may_be_written_with_a_point(song: Path) -> None:
    assert apply(song, SetMacro("seed", 7.0)).song.seed == 7


def test_a_macro_behind_the_song_changes_only_what_is_written(song: Path) -> None:
    with ProjectSession.open(song) as session:
        before = session.draft
        session.apply([SetLock("track", "drums"), SetMacro("stems", True)])
        assert session.draft.told[-1] == "The macro stems is on now."
        assert bare(replace(session.draft, locks=())) == bare(before)
        session.render()
    assert sorted((song.parent / "stems").glob("*.wav"))


def test_a_macro_of_a_graph_that_was_wired_by_hand(song: Path) -> None:
    project = read_project(song)
    document: dict[str, Any] = project.graph()
    del document["macros"]["loudness_lufs"]
    document["macros"]["weight"] = {
        "type": "number", "default": 0.0, "low": 0.0, "high": 1.0,
        "targets": [{"control": "mix.loudness_lufs", "low": -20.0, "high": -8.0}],
    }  # fmt: skip
    write_project(song, project.with_graph(0, document))
    draft = apply(song, SetMacro("weight", 0.5))
    assert draft.mix.master.target_lufs == pytest.approx(-14.0)
    assert apply(song, SetMacro("weight", by=9.0)).mix.master.target_lufs == pytest.approx(-8.0)


def test_edits_that_the_graph_makes_itself_are_made_again(song: Path) -> None:
    project = read_project(song)
    document: dict[str, Any] = project.graph()
    document["macros"]["edits"]["value"] = [{"edit": "mute_track", "track": "bass"}]
    write_project(song, project.with_graph(0, document))
    draft = apply(song, SetMacro("seed", 9))
    assert next(s for s in draft.mix.strips if s.track == "bass").muted


def test_edits_without_a_place_in_the_new_song_are_left_out_and_told(song: Path) -> None:
    short = SetMacro("length_s", 10.0)
    with ProjectSession.open(song) as session:
        now = {s.name for s in session.draft.song.sections}
        gone = sorted(now - {s.name for s in session.preview([short]).song.sections})
        assert gone
        session.apply([RemoveSection(gone[0])])
        session.apply([MuteTrack("bass")])
        session.apply([short])
        text = session.draft.told[-1]
        assert (
            f"Left out, as it has no place here: remove section (there is no section {gone[0]!r}"
            in text
        )
        assert next(s for s in session.draft.mix.strips if s.track == "bass").muted
        with pytest.raises(LoopMindError, match="there is no section"):
            session.preview([SetMacro("length_s", 11.0), RemoveSection("verse 9")])


def test_locked_parts_are_not_made_anew(song: Path) -> None:
    with ProjectSession.open(song) as session:
        session.apply([SetLock("track", "drums")])
        before = song.read_bytes()
        with pytest.raises(LoopMindError, match="drums is locked, and with another energy"):
            session.apply([SetMacro("energy", 0.9)])
        assert song.read_bytes() == before
        session.apply([SetLock("track", "drums", False), SetMacro("energy", 0.9)])
        assert not session.draft.locks


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (SetMacro("nope", 1), "there is no macro 'nope'; this graph has bpm"),
        (SetMacro("energy", 4.0), r"energy.*number in 0\.\.1 or nothing, received 4"),
        (SetMacro("energy", "much"), r"energy.*received 'much'"),
        (SetMacro("energy", by=0.1), "energy stands at nothing, so it cannot be moved"),
        (SetMacro("key", "zebra"), "^(?!.*ValueError).*'zebra' is not a key; write for example"),
        (SetMacro("key", by=1.0), "key is text, not to be moved"),
        (SetMacro("mix", ""), "mix stands at nothing already"),
        (SetMacro("out", "x"), "a project writes beside itself"),
        (SetMacro("edits", ()), "holds the song's edits"),
        (SetMacro("folders", ("nowhere-at-all",)), "there is no nowhere-at-all; check the path"),
        (SetMacro("seed", float("nan")), "seed"),
        (SetMacro("seed", by=float("nan")), "seed cannot be moved by nan"),
        (SetMacro("seed", by=0.4), "seed moves by whole numbers"),
        (SetMacro("seed", 4, by=1.0), "a value or how far to move it, not both"),
        (SetMacro("wish", "\ud800"), "wish: .* no text"),
        (SetMacro("library", "nowhere-at-all"), "library: there is no nowhere-at-all; check"),
        (SetMacro("bpm", 10**400), "bpm: the number is too large"),
    ],
    ids=lambda value: value.name if isinstance(value, SetMacro) else "",
)
def test_what_no_macro_takes_is_refused_and_changes_nothing(
    song: Path, edit: SetMacro, message: str
) -> None:
    before = song.read_bytes()
    with ProjectSession.open(song) as session, pytest.raises(LoopMindError, match=message):
        session.apply([MuteTrack("bass"), edit])
    assert song.read_bytes() == before


def test_macros_in_a_talk(song: Path) -> None:
    listed = loopmind("edit", song, "which macros are there?")
    assert "energy: nothing (number in 0..1 or nothing)" in listed.out
    done = loopmind("edit", song, "set the energy macro to 0.8 and mute the bass", "--no-render")
    assert done.code == 0, done.err
    assert "1. macro energy to 0.8" in done.out and "2. bass muted" in done.out
    assert loopmind("edit", song, "set the macro energy to 0.6", "--no-render").code == 0
    more = loopmind("edit", song, "a bit more", "--no-render")
    assert "The macro energy is 0.675 now" in more.out, more.err
    before = song.read_bytes()
    for asked in ("what does the wish macro do?", "don't touch the wish macro"):
        said = loopmind("edit", song, asked, "--no-render")
        assert said.code == 0 and song.read_bytes() == before, (said.out, said.err)
    both = loopmind("edit", song, "mute the drums and show the macros", "--no-render")
    assert "drums muted" in both.out and "energy: 0.675" in both.out
    refused = loopmind("edit", song, "set the energy macro to 7", "--no-render")
    assert (refused.code, "number in 0..1" in refused.err) == (1, True)
