"""A song that was really made: edited, rendered, moved, bundled and compared by its samples."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from bad_input import loopmind, write_good

from loopmind.files import snapshots
from loopmind.files.decode import read_audio
from loopmind.files.project import ProjectError, read_project
from loopmind.music.edit import ChangeStrip, MuteTrack, SetLock
from loopmind.runtime.project_session import ProjectSession

SCHEMA = Path(__file__).parent.parent / "docs" / "schema" / "difference.schema.json"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("library")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Path:
    """A folder with the sounds in loops/ and the song in song/."""
    root = tmp_path_factory.mktemp("made")
    write_good(root / "loops")
    done = loopmind(
        "generate", root / "loops", "--out", root / "song", "--length", "0:30",
        "--prompt", "trap 140", "--library", home,
    )  # fmt: skip
    assert done.code == 0, done.err
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


@pytest.fixture
def song(root: Path) -> Path:
    """The song, which still knows its sounds at their first place."""
    return root / "song" / "song.loopmind"


def test_a_generated_song_opens_as_it_was_made(song: Path) -> None:
    with ProjectSession.open(song.parent) as session:
        timeline = json.loads((song.parent / "timeline.json").read_text("utf-8"))
        assert session.draft.song.bpm == pytest.approx(timeline["bpm"])
        assert session.history().head.words == "trap 140"
        assert session.notes == ()
        assert {c.digest for c in session.draft.song.clips} - {""} <= {
            loop.digest for loop in session.crate.loops
        }


def test_undo_gives_the_same_sound_bit_by_bit(song: Path) -> None:
    first = (song.parent / "song.wav").read_bytes()
    with ProjectSession.open(song) as session:
        track = session.draft.song.tracks[0].id
        session.apply([ChangeStrip(track, "gain_db", by=-6.0)], "less of it")
        session.render()
        assert (song.parent / "song.wav").read_bytes() != first
        session.undo()
        session.render()
        assert (song.parent / "song.wav").read_bytes() == first


def test_generating_again_keeps_the_history(root: Path) -> None:
    song = root / "song" / "song.loopmind"
    wish: list[str | Path] = [
        "generate", root / "loops", "--out", song.parent, "--length", "0:12",
    ]  # fmt: skip
    assert loopmind(*wish, "--seed", "7").code == 0
    whole = song.read_bytes()
    assert loopmind(*wish, "--seed", "7").code == 0
    assert song.read_bytes() == whole  # the same song again is no step
    with ProjectSession.open(song) as session:
        new = session.draft
        assert [r.kind for r in session.history().revisions] == ["generated", "generated"]
        session.undo()
        assert session.draft.song.seed == 1 and new.song.seed == 7
        assert session.document()["macros"]["seed"]["value"] == 1


def test_moved_sounds_are_found_and_missing_ones_left_out(root: Path, made: Path) -> None:
    song = root / "song" / "song.loopmind"
    project = read_project(song)
    hidden = made.with_name("hidden")
    made.rename(hidden)  # what the project and the library know is gone
    try:
        with ProjectSession.open(song) as session:  # moved along with the project
            assert session.missing() == ()
            assert session.notes == ()
            session.remember_places()
        assert all(Path(r.path).is_file() for r in read_project(song).references)
        lost = next((root / "loops").glob("trap_drums*"))
        elsewhere = root / "elsewhere" / "renamed.wav"
        elsewhere.parent.mkdir()
        lost.rename(elsewhere)
        with ProjectSession.open(song) as session:
            assert [Path(r.path).name for r in session.missing()] == [lost.name]
            assert any(f"{lost.name} is missing" in note for note in session.notes)
            assert session.draft == project.draft()  # a placeholder keeps its place
            session.apply([SetLock("section", "intro")])
            assert session.render().measured.duration_s > 5.0
        done = loopmind("render", song, "--out", root / "again", "--look-in", elsewhere.parent)
        assert (done.code, "was found again as" in done.err) == (0, True), done.err
        first = read_audio(root / "song" / "song.wav")
        again = read_audio(root / "again" / "song.wav")
        assert first.frames == again.frames
    finally:
        hidden.rename(made)


def test_nodes_that_are_not_installed_stay_as_placeholders(song: Path) -> None:
    project = read_project(song)
    document = project.graph()
    document["nodes"]["sparkle"] = {"type": "nobody.sparkle", "version": 3, "controls": {"x": 1}}
    song.write_bytes(b"")
    from loopmind.files.project import write_project

    write_project(song, project.with_graph(0, document))
    with ProjectSession.open(song) as session:
        assert any("nobody.sparkle is not installed" in note for note in session.notes)
        session.apply([MuteTrack(session.draft.song.tracks[0].id)])
        session.render()
    assert read_project(song).graph()["nodes"]["sparkle"]["controls"] == {"x": 1}


# Comparing samples


def test_stems_outside_a_change_are_identical(song: Path, tmp_path: Path) -> None:
    """A track that is muted changes nothing in the samples of the others."""
    with ProjectSession.open(song) as session:
        track = session.draft.song.tracks[0].id
        session.apply([MuteTrack(track)])
    picture = tmp_path / "diff.svg"
    done = loopmind("diff", f"{song}@0", "@1", "--stems", "--json", "--picture", picture)
    assert done.code == 0, done.err
    data = json.loads(done.out)
    jsonschema.validate(data, json.loads(SCHEMA.read_text("utf-8")))
    assert [t["track"] for t in data["tracks"] if t["status"] != "identical"] == [track]
    other = [p for p in data["stems"] if p["stem"] not in (track, "reverb")]
    assert other and all(part["identical"] for part in other)
    assert not all(part["identical"] for part in data["stems"] if part["stem"] == track)
    assert "<svg" in picture.read_text("utf-8")
    done = loopmind("diff", song, f"{song}@1")
    assert done.out.strip().endswith("are identical")


# Bundles


def everything(project_file: Path) -> bytes:
    """All that a project file holds, unpacked."""
    project = read_project(project_file)
    return b"".join(snapshots.get(name, project.parts) for name in project.parts)


def test_a_bundle_opens_elsewhere(
    root: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = root / "song" / "song.loopmind"
    with ProjectSession.open(song) as session:
        session.apply([MuteTrack(session.draft.song.tracks[-1].id)])
        now = session.draft
    bundle = tmp_path / "there" / "mine.loopbundle"
    assert loopmind("bundle", song, "--out", bundle).code == 0
    first = bundle.read_bytes()
    assert loopmind("bundle", song, "--out", bundle).code == 0
    assert bundle.read_bytes() == first
    monkeypatch.setenv("LOOPMIND_HOME", str(tmp_path / "stranger"))
    hidden = made.with_name("hidden")
    made.rename(hidden)
    shutil.rmtree(root)
    try:
        done = loopmind("open", bundle)
        assert (done.code, done.err) == (0, ""), done.err
        with ProjectSession.open(bundle) as session:
            assert session.path == bundle.parent / "mine" / "song.loopmind"
            assert session.missing() == () and session.draft == now
            session.undo()
            session.render()
        assert (bundle.parent / "mine" / "song.wav").is_file()
        data = everything(bundle.parent / "mine" / "song.loopmind")
        assert str(made).encode() not in data and str(root).encode() not in data
    finally:
        hidden.rename(made)


def rewritten(bundle: Path, change: Callable[[str, bytes], tuple[str, bytes]]) -> Path:
    """The bundle with other members."""
    made = bundle.with_name("changed.loopbundle")
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(made, "w") as new:
        for member in old.infolist():
            new.writestr(*change(member.filename, old.read(member)))
    return made


@pytest.mark.parametrize(
    "name",
    ["../evil.wav", "/etc/evil.wav", "sounds/../../evil.wav", "C:\\evil.wav", "evil.sh",
     "sounds/" + "0" * 32 + "/con.wav", "sounds/" + "0" * 32 + "/a:b.wav"],
)  # fmt: skip
def test_bundles_write_nowhere_but_in_their_folder(root: Path, name: str) -> None:
    song, place = root / "song" / "song.loopmind", root / "in"
    assert loopmind("bundle", song, "--out", place / "good.loopbundle").code == 0

    def evil(member: str, data: bytes) -> tuple[str, bytes]:
        return (
            (name, data)
            if member.startswith("sounds/") and "trap_drums" in member
            else (member, data)
        )

    bad = rewritten(place / "good.loopbundle", evil)
    with pytest.raises(ProjectError, match="which no bundle of LoopMind does"):
        ProjectSession.open(bad)
    assert sorted(p.name for p in place.iterdir()) == ["changed.loopbundle", "good.loopbundle"]
    assert not list(root.rglob("*evil*"))


def test_damaged_bundles_say_so(root: Path) -> None:
    song, place = root / "song" / "song.loopmind", root / "in"
    good = place / "good.loopbundle"
    assert loopmind("bundle", song, "--out", good).code == 0

    def spoilt(member: str, data: bytes) -> tuple[str, bytes]:
        return member, data[:-4] + b"abcd" if member.startswith("sounds/") else data

    with pytest.raises(ProjectError, match="is not what was packed"):
        ProjectSession.open(rewritten(good, spoilt))
    for size in (0, 100, good.stat().st_size // 2):
        cut = place / "cut.loopbundle"
        cut.write_bytes(good.read_bytes()[:size])
        with pytest.raises(ProjectError, match="damaged or no bundle"):
            ProjectSession.open(cut)
    assert not [p for p in place.iterdir() if p.is_dir()]


# Commands


def test_commands_tell_the_story(song: Path, tmp_path: Path) -> None:
    track = read_project(song).draft().song.tracks[0].id
    edits = tmp_path / "edits.json"
    edits.write_text(json.dumps([{"edit": "mute_track", "track": track}]), "utf-8")
    quick = ["--no-render"]
    dry = loopmind("apply", song, "--edits", edits, "--dry-run")
    assert dry.code == 0 and dry.out.startswith("would do: ")
    assert len(read_project(song).history.revisions) == 1
    assert loopmind("apply", song, "--edits", edits, "--words", "hush", *quick).code == 0
    assert loopmind("branch", song, "loud", "--at", "0", *quick).code == 0
    assert loopmind("branch", song).out.splitlines()[-1].startswith("* loud")
    assert loopmind("branch", song, "--switch", "main", *quick).code == 0
    assert loopmind("undo", song, *quick).out.startswith("back to revision 0")
    listed = loopmind("history", song, "--json")
    data = json.loads(listed.out)
    assert (data["current"], data["head"], data["redo"]) == ("main", 0, [1])
    assert loopmind("redo", song, *quick).code == 0
    merged = loopmind("merge", song, "loud", "intro", *quick)
    assert merged.code == 0, merged.err
    assert "intro is the same already" in merged.out
    assert "merged" not in {r.kind for r in read_project(song).history.revisions}
    assert loopmind("diff", f"{song}@loud", song).out.startswith("from song.loopmind@loud to ")
    louder = tmp_path / "louder.json"
    louder.write_text('[{"edit": "set_energy", "sections": ["intro"], "by": 0.1}]', "utf-8")
    assert loopmind("branch", song, "--switch", "loud", *quick).code == 0
    assert loopmind("apply", song, "--edits", louder, *quick).code == 0
    assert loopmind("branch", song, "--switch", "main", *quick).code == 0
    assert loopmind("merge", song, "loud", "intro", *quick).code == 0
    assert "merged" in {r.kind for r in read_project(song).history.revisions}
    assert '"hush"' in loopmind("history", song).out
    worse = loopmind("undo", song, "99", *quick)
    assert (worse.code, "only 2 can be undone" in worse.err) == (1, True)
