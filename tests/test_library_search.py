"""Finding sounds, correcting them, and the learned naming style."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from library_sounds import quick_hear, write_sound

from loopmind.errors import LoopMindError, UsageError
from loopmind.files.decode import AudioFileError
from loopmind.library import naming, search
from loopmind.library.corrections import SIDECAR_NAME
from loopmind.library.library import Library, LibraryError
from loopmind.music.audio import Audio
from loopmind.music.belief import rank
from loopmind.music.loop import Loop

NAMES = (
    "Kicks/Kick_01.wav", "Kicks/Kick_02.wav", "Pads/WarmPad_120bpm_Am.wav", "Pads/DarkPad.wav",
    "Bass/Dark808_60bpm_Cmaj.wav", "Vox/vox chop.wav", "Keys/Rhodes_120bpm_C.wav",
)  # fmt: skip


@pytest.fixture(autouse=True)
def hearing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loopmind.analysis.hear.hear", quick_hear)


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    for number, name in enumerate(NAMES):
        oneshot = name.startswith(("Kicks", "Vox"))
        write_sound(tmp_path / "s" / name, number, 0.2 if oneshot else 2.0)
    return tmp_path / "s"


@pytest.fixture
def library(tmp_path: Path, sounds: Path) -> Iterator[Library]:
    with Library(tmp_path / "lib") as library:
        library.scan([sounds], workers=0)
        yield library


def names(matches: list[search.Match]) -> list[str]:
    return [Path(match.loop.path).name for match in matches]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("warm pad", "WarmPad_120bpm_Am.wav"), ("dark pad", "DarkPad.wav"),
        ("dark bass", "Dark808_60bpm_Cmaj.wav"), ("vocal", "vox chop.wav"),
        ("kick", "Kick_01.wav"), ("Rhodes", "Rhodes_120bpm_C.wav"), ("chop", "vox chop.wav"),
        ("bass 60 bpm", "Dark808_60bpm_Cmaj.wav"),
        ("something in C major", "Dark808_60bpm_Cmaj.wav"),
    ],
)  # fmt: skip
def test_words_find_sounds(library: Library, text: str, first: str) -> None:
    matches = library.search(text, 3)
    assert names(matches)[0] == first
    scores = [match.score for match in matches]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 < score <= 1.0 for score in scores)


def test_unknown_words_are_refused_with_help(library: Library) -> None:
    with pytest.raises(UsageError, match="try an instrument"):
        library.search("xyzzy")


def test_likeness_equals_the_inner_product(library: Library, sounds: Path) -> None:
    crate = library.scan([sounds], workers=0)
    matches = library.search(crate.loops[0], 20)
    assert len(matches) == len(crate.loops) - 1  # all but itself
    query = np.array(crate.loops[0].embedding)
    for match in matches:
        assert match.score == pytest.approx(float(query @ np.array(match.loop.embedding)), abs=1e-5)
    by_path = library.search(Path(crate.loops[0].path), 20)
    assert names(by_path) == names(matches)
    by_vector = library.search(crate.loops[0].embedding, 1)
    assert by_vector[0].loop.digest == crate.loops[0].digest


def test_a_new_file_is_heard_for_a_search(library: Library, tmp_path: Path) -> None:
    new = write_sound(tmp_path / "elsewhere" / "new.wav", 99)
    assert len(library.search(str(new), 3)) == 3
    (tmp_path / "bad.wav").write_text("no sound " * 50)
    with pytest.raises(AudioFileError, match="is text"):
        library.search(tmp_path / "bad.wav")
    with pytest.raises(LibraryError, match="does not exist"):
        library.search(tmp_path / "missing.wav")


def test_filters(library: Library, sounds: Path) -> None:
    crate = library.scan([sounds], workers=0)
    query = crate.loops[3]
    assert {m.loop.kind for m in library.search(query, 9, kind="oneshot")} == {"oneshot"}
    assert {m.loop.best_role for m in library.search(query, 9, role="bass")} == {"bass"}
    fast = library.search(query, 9, bpm=(55.0, 65.0))
    assert names(fast) == ["Dark808_60bpm_Cmaj.wav"]
    assert "Dark808_60bpm_Cmaj.wav" in names(library.search(query, 9, key="C major"))  # relative
    assert names(library.search(query, 9, instrument="pad", tags=["warm"])) != []
    assert library.search(query, 9, instrument="tom") == []
    with pytest.raises(UsageError, match="choose from kick"):
        library.search(query, 9, instrument="kazoo")


def test_the_index_is_kept_and_follows_the_library(
    library: Library, sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = library.scan([sounds], workers=0).loops[0]
    before = names(library.search(query, 3))
    assert (tmp_path / "lib" / search.INDEX_NAME).is_file()
    with Library(tmp_path / "lib") as other:
        builds: list[int] = []
        build = search.Searcher._build

        def counted(self: search.Searcher, revision: int) -> object:
            builds.append(revision)
            return build(self, revision)

        monkeypatch.setattr(search.Searcher, "_build", counted)
        assert names(other.search(query, 3)) == before
        assert not builds
        (sounds / "twin.wav").write_bytes(Path(query.path).read_bytes() + b"\0")
        other.scan([sounds], workers=0)
        other.search(query, 3)
        assert builds
        (tmp_path / "lib" / search.INDEX_NAME).write_bytes(b"damaged")
    with Library(tmp_path / "lib") as third:
        assert len(third.search(query, 3)) == 3


def test_the_graph_index_agrees_with_the_exact_one(
    library: Library, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = library.scan([sounds], workers=0).loops[2]
    exact = [(m.loop.path, round(m.score, 4)) for m in library.search(query, 4)]
    narrowed = names(library.search(query, 4, kind="loop"))
    monkeypatch.setattr(search, "EXACT_LIMIT", 2)
    assert library._searcher is not None
    library._searcher._index = library._searcher._build(library.revision)
    assert [(m.loop.path, round(m.score, 4)) for m in library.search(query, 4)] == exact
    assert names(library.search(query, 4, kind="loop")) == narrowed


def test_an_empty_library_finds_nothing(tmp_path: Path) -> None:
    with Library(tmp_path / "empty") as library:
        assert library.search(np.ones(16), 3) == []
        assert library.size == 0


def test_corrections_win_for_ever(
    library: Library, sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = sounds / "Pads" / "WarmPad_120bpm_Am.wav"
    said = {"bpm": 73.5, "key": "Eb minor", "instrument": "strings", "role": "lead",
            "kind": "song", "tags": "sad, dreamy"}  # fmt: skip
    for field, value in said.items():
        library.correct(file, field, value)

    def check(loop: Loop) -> None:
        assert loop.bpm == 73.5 and loop.tempo[0].weight == 1.0
        assert str(loop.best_key) == "D# minor"
        assert (loop.best_instrument, loop.best_role, loop.kind) == ("strings", "lead", "song")
        assert [b.value for b in loop.tags] == ["sad", "dreamy"]
        assert {f"user: {field}" for field in said} <= set(loop.evidence)

    def find(path: Path) -> Loop:
        crate = library.scan([sounds], workers=0)
        return next(loop for loop in crate.loops if loop.path == str(path))

    check(find(file))
    moved = file.rename(sounds / "Kick_160bpm_Gm.wav")
    check(find(moved))
    monkeypatch.setattr("loopmind.analysis.version.ANALYSIS_VERSION", 10_000)
    check(find(moved))
    plain = library.scan([sounds], workers=0, use_names=False)
    check(next(loop for loop in plain.loops if loop.path == str(moved)))
    library.correct(moved, "bpm", None)
    assert find(moved).bpm != 73.5
    saved = json.loads((tmp_path / "lib" / SIDECAR_NAME).read_text(encoding="utf-8"))
    digest = find(moved).digest
    assert saved["corrections"][digest]["key"] == "D# minor"
    assert "bpm" not in saved["corrections"][digest]
    assert library.corrections() == saved["corrections"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("bpm", "fast", "is no tempo"), ("bpm", 5, "is no tempo"), ("key", "H", "not a key"),
        ("instrument", "kazoo", "choose from kick"), ("colour", "red", "choose from bpm"),
        ("kind", "", "choose from loop"),
    ],
)  # fmt: skip
def test_impossible_corrections_name_the_choices(
    library: Library, sounds: Path, field: str, value: object, words: str
) -> None:
    with pytest.raises(LoopMindError, match=words):
        library.correct(sounds / NAMES[0], field, value)
    assert library.corrections() == {}


def test_a_correction_of_nothing_is_refused(library: Library, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="neither a file nor a known digest"):
        library.correct(tmp_path / "nowhere.wav", "bpm", 120)


def test_words_that_go_with_an_instrument_are_learned() -> None:
    files = [naming.Named(f"p/wub {n}.wav", {"instrument:bass": 0.9}) for n in range(6)]
    files += [naming.Named(f"p/zing {n}.wav", {"instrument:keys": 0.8}) for n in range(6)]
    files += [naming.Named(f"p/file {n}.wav", {"instrument:keys": 0.5}) for n in range(4)]
    files += [naming.Named(f"p/file x{n}.wav", {"instrument:bass": 0.5}) for n in range(4)]
    style = naming.style_of(naming.learn(files))
    assert dict(style["wub"])["instrument:bass"] >= 0.4
    assert dict(style["zing"])["instrument:keys"] >= 0.3
    assert "file" not in style  # goes with both
    assert "p" not in style
    assert naming.learn(files) == naming.learn(reversed(files))


def test_a_few_corrections_teach_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsure(audio: object, *, path: str, digest: str) -> Loop:
        loop = quick_hear(audio, path=path, digest=digest)  # type: ignore[arg-type]
        return replace(loop, instrument=rank([("keys", 0.4), ("bass", 0.35), ("pad", 0.25)]))

    monkeypatch.setattr("loopmind.analysis.hear.hear", unsure)
    root = tmp_path / "own"
    for number in range(6):
        write_sound(root / f"zorg {number}.wav", number)
        write_sound(root / f"plim {number}.wav", 100 + number)
    with Library(tmp_path / "lib2") as library:
        library.scan([root], workers=0)
        for number in range(3):
            library.correct(root / f"zorg {number}.wav", "instrument", "bass")
        crate = library.scan([root], workers=0)
        taught = next(loop for loop in crate.loops if loop.path.endswith("zorg 5.wav"))
        assert taught.best_instrument == "bass"
        assert "style: zorg is bass" in taught.evidence
        other = next(loop for loop in crate.loops if loop.path.endswith("plim 5.wav"))
        assert other.best_instrument == "keys"
        assert library.scan([root], workers=0) == crate


def test_learned_words_find_what_sounds_like_them(
    library: Library, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loopmind.analysis.listening import words

    crate = library.scan([sounds], workers=0)
    wanted = crate.loops[4]
    place = np.array(wanted.embedding, np.float32)
    monkeypatch.setattr(words, "known_words", lambda: frozenset({"velvety"}))
    monkeypatch.setattr(words, "place_of", lambda said: place if "velvety" in said else None)
    best = library.search("velvety", 3)[0]
    assert best.loop.digest == wanted.digest and best.why == ("sounds velvety 1.00",)
    # Words for another length of embedding (a library heard by another model) say nothing.
    monkeypatch.setattr(words, "place_of", lambda said: np.ones(5, np.float32))
    with pytest.raises(UsageError, match="try an instrument"):
        library.search("velvety")


def test_embeddings_are_kept_exactly_in_half_the_room() -> None:
    from loopmind.analysis.embedding import STEPS, embed
    from loopmind.library.rows import pack_loop, unpack_loop

    rng = np.random.default_rng(3)
    place = rng.standard_normal(256).astype(np.float32)
    numbers = embed(place / np.linalg.norm(place))
    assert abs(np.linalg.norm(numbers) - 1.0) < 1e-3 and all(
        n * STEPS == round(n * STEPS) for n in numbers
    )
    heard = quick_hear(Audio(np.zeros((1, 99), np.float32), 8000), path="a", digest="0" * 32)
    loop = replace(heard, embedding=numbers)
    row = pack_loop(loop)
    assert unpack_loop(row, "a").embedding == numbers
    other = replace(loop, embedding=tuple((np.array(numbers) + 1e-4).tolist()))
    assert len(row) <= len(pack_loop(other)) - 500
    assert np.allclose(unpack_loop(pack_loop(other), "a").embedding, other.embedding, atol=1e-7)
