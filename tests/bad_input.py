"""Bad files and bad requests, each with what the command line must answer.

The tests check the answers; tests/tools/show_bad_input.py prints them as a table.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import os
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgpack
import numpy as np
import soundfile
from numpy.typing import NDArray

from loopmind.cli import main
from loopmind.demo_crate import sound
from loopmind.files.decode import read_audio
from loopmind.files.encode import write_audio
from loopmind.files.project import read_project

RATE = 22050
GOOD = ("drums/trap_drums_140bpm.wav", "bass/Dark808_Am_140.wav", "one-shots/kick.wav")


@dataclass(frozen=True)
class Outcome:
    """What a command line gave: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()


def loopmind(*arguments: str | Path) -> Outcome:
    """Run the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    return Outcome(code, out.getvalue(), err.getvalue())


def write_good(folder: Path) -> Path:
    """Two loops and a one-shot that make a song."""
    for name in GOOD:
        write_audio(folder / Path(name).name, sound(name))
    return folder


def loop_samples(seconds: float = 2.0) -> NDArray[np.float32]:
    """A plucked two-bar figure at 120 bpm, peak .7, at RATE."""
    count = round(RATE * seconds)
    at = np.arange(count) / RATE
    step = at % 0.5
    notes = np.array([220.0, 277.18, 329.63, 277.18])[(at / 0.5).astype(int) % 4]
    figure = 0.7 * np.sin(2 * np.pi * notes * at) * np.exp(-6.0 * step)
    return np.asarray(figure, np.float32)


def _wav(samples: NDArray[np.float32], subtype: str = "PCM_16", kind: str = "WAV") -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, samples, RATE, subtype, format=kind)
    return stream.getvalue()


def write_hour(path: Path, *, rate: int = 8000, channels: int = 1) -> Path:
    """An hour of 16-bit WAV that takes hardly any disk: two minutes of sound, the rest a hole."""
    size = 3600 * rate * channels * 2
    figure = loop_samples(120.0)[:: max(1, RATE // rate)]
    head = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack(
        "<IHHIIHH", 16, 1, channels, rate, rate * channels * 2, channels * 2, 16
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.write(head + b"data" + struct.pack("<I", size))
        stream.write((np.repeat(figure, channels) * 32767).astype("<i2").tobytes())
        stream.truncate(44 + size)
    return path


def long_name() -> str:
    """230 characters, which with a temporary's prefix would pass what file systems take."""
    return "Dark pad " + "x" * (230 - len("Dark pad .wav")) + ".wav"


def new_sound() -> bytes:
    """A WAV file that no library has heard."""
    return _wav(loop_samples(2.0 + os.getpid() % 97 / 100))


def _clipped() -> bytes:
    return _wav(np.clip(40.0 * loop_samples(), -1.0, 1.0).astype(np.float32))


UNUSABLE: dict[str, tuple[str, Callable[[], bytes], str, str]] = {
    # case: file name, content, reason, remedy
    "zero-length file": ("nothing.wav", lambda: b"", "is empty (0 bytes)", "copy it again"),
    "cut within its header": ("cut.wav", lambda: _wav(loop_samples())[:30],
                              "is damaged at its beginning", "copy it again"),
    "header and no samples": ("header.wav", lambda: _wav(loop_samples())[:44],
                              "holds no samples", "copy it again"),
    "silent file": ("silent.wav", lambda: _wav(np.zeros(RATE, np.float32)),
                    "is silent", "export it again"),
    "constant level (DC)": ("dc.wav", lambda: _wav(np.full(RATE, 0.4, np.float32)),
                            "constant level (DC)", "export it again"),
    "NaN": ("nan.wav", lambda: _wav(np.where(np.arange(4000) == 7, np.nan, loop_samples()[:4000]),
                                    "FLOAT"), "no numbers (1 NaN or infinite)", "render it again"),
    "one sample": ("one.wav", lambda: _wav(np.full(1, 0.5, np.float32)),
                   "too short to use (1 sample)", "record more"),
    "text named .wav": ("text.wav", lambda: b"Not a sound at all.\n" * 30, "is text, not audio",
                        "its own extension"),
    "random bytes named .flac": ("noise.flac", lambda: np.random.default_rng(1).bytes(5000),
                                 "is no audio that LoopMind can read", "convert it"),
    "zero bytes named .mp3": ("zeros.mp3", lambda: bytes(5000), "holds zero bytes only",
                              "copy it again"),
    "AAC": ("song.m4a", lambda: b"\0\0\0\x20ftypM4A " + bytes(500), "MPEG-4 audio", "convert it"),
}  # fmt: skip

USABLE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "half of a WAV": ("half.wav", lambda: _wav(loop_samples(4.0))[: 2 * RATE * 2]),
    "clipped all through": ("clipped.wav", _clipped),
    "FLAC named .wav": ("really flac.wav", lambda: _wav(loop_samples(), "PCM_16", "FLAC")),
    "no extension": ("no extension", lambda: _wav(loop_samples(3.0))),
    "unicode name": ("Ünïcøde 低音 🎹 e\u0301.wav", lambda: _wav(loop_samples(5.0))),
    "name with line break": ("two\nlines.wav", lambda: _wav(loop_samples(6.0))),
    "name of 230 characters": (long_name(), lambda: _wav(loop_samples(8.0))),
}


@dataclass(frozen=True)
class Place:
    """A folder to spoil, with a crate that is good and a home that knows it."""

    root: Path
    good: Path
    home: Path

    def file(self, name: str, data: bytes) -> Path:
        """Write `data` below the root."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def folder(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path


@dataclass(frozen=True)
class Request:
    """A request that must fail: arguments, exit code, and words of its one line."""

    name: str
    arguments: Callable[[Place], list[str | Path]]
    code: int
    says: tuple[str, ...]


def _generate(*more: str) -> Callable[[Place], list[str | Path]]:
    return lambda place: ["generate", place.good, "--out", place.root / "never", *more]


def _with_out(make: Callable[[Place], Path]) -> Callable[[Place], list[str | Path]]:
    return lambda place: ["generate", place.good, "--out", make(place)]


def _folder(make: Callable[[Place], Path | str]) -> Callable[[Place], list[str | Path]]:
    return lambda place: ["generate", make(place), "--out", place.root / "never"]


def _only_text(place: Place) -> Path:
    return place.file("texts/notes.txt", b"hello").parent


def _only_midi(place: Place) -> Path:
    midi = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x04\0\xff\x2f\0"
    return place.file("midi/tune.mid", midi).parent


def _none_usable(place: Place) -> Path:
    for name, data, _, _ in UNUSABLE.values():
        place.file(f"unusable/{name}", data())
    return place.root / "unusable"


def _loops_of_links(place: Place) -> Path:
    folder = place.folder("links")
    for name, target in (("in", folder), ("a.wav", "b.wav"), ("b.wav", "a.wav")):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(target)
    return folder


def _self_link(place: Place) -> Path:
    link = place.root / "self"
    if not link.is_symlink():
        link.symlink_to(link)
    return link


def _newer_library(place: Place) -> Path:
    import sqlite3

    folder = place.folder("newer")
    with contextlib.closing(sqlite3.connect(folder / "library.sqlite")) as connection:
        connection.execute("PRAGMA user_version=99")
        connection.commit()
    return folder


def _project(place: Place, data: bytes | None = None, folder: str = "mine") -> Path:
    """A project of an older version, or one that holds `data`."""
    old = Path(__file__).parent / "data" / "project-version-1.loopmind"
    return place.file(f"{folder}/song.loopmind", old.read_bytes() if data is None else data)


def _cut_project(place: Place, *, backup: bool) -> Path:
    path = _project(place, folder="saved" if backup else "cut")
    if backup:
        path.with_name(f"{path.name}~").write_bytes(path.read_bytes())
    path.write_bytes(path.read_bytes()[:5000])
    return path


def _newer_project(place: Place) -> Path:
    return _project(place, msgpack.packb({"format": "loopmind-project", "version": 99}))


def _foreign_bundle(place: Place) -> Path:
    path = place.file("bad.loopbundle", b"")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("song.loopmind", b"")
        archive.writestr("../evil.sh", b"")
    return path


def _edits(place: Place, *edits: object) -> list[str | Path]:
    file = place.file("edits.json", json.dumps(edits).encode())
    return ["apply", _project(place), "--no-render", "--edits", file]


REQUESTS: tuple[Request, ...] = (
    Request("missing folder", _folder(lambda p: p.root / "missing"), 1,
            ("folder", "missing", "does not exist", "check the path")),
    Request("empty folder", _folder(lambda p: p.folder("empty")), 1,
            ("no sound files", "empty", "name a folder that holds")),
    Request("only text files", _folder(_only_text), 1, ("no sound files", "texts", "WAV")),
    Request("only MIDI files", _folder(_only_midi), 1, ("only MIDI", "midi", "render them")),
    Request("no usable audio", _folder(_none_usable), 1,
            ("no usable sound", f"{len(UNUSABLE)} files", "unusable", ";")),
    Request("links that go round", _folder(_loops_of_links), 1, ("links", "link")),
    Request("a link to itself", _folder(_self_link), 1, ("self", "link", "mend it")),
    Request("folder without a name", _folder(lambda p: ""), 2, ("FOLDER", "empty", "write .")),
    Request("folder with a name too long", _folder(lambda p: p.root / ("y" * 300)), 1,
            ("yyy", "name too long", "check the path")),
    Request("prompt of 100,000 letters", _generate("--prompt", "dark trap 140 " * 7143), 2,
            ("--prompt", "at most 2000 letters")),
    Request("no folder", lambda p: ["generate"], 2, ("FOLDER", "--help")),
    Request("no command", lambda p: [], 2, ("COMMAND", "--help")),
    Request("unknown command", lambda p: ["sing"], 2, ("'sing'", "generate")),
    Request("unknown option", _generate("--tempo", "9"), 2, ("--tempo", "--help")),
    Request("--length abc", _generate("--length", "abc"), 2, ("--length", "'abc'", "2:30")),
    Request("--length 0:00", _generate("--length", "0:00"), 2, ("--length", "0:10 to 20:00")),
    Request("--length 99:00", _generate("--length", "99:00"), 2, ("--length", "0:10 to 20:00")),
    Request("--seed x", _generate("--seed", "x"), 2, ("--seed", "whole number", "x")),
    Request("--seed -1", _generate("--seed=-1"), 2, ("--seed", "from 0", "-1")),
    Request("--seed 99999999999", _generate("--seed", "99999999999"), 2, ("--seed", "2147483647")),
    Request("--brain polka", _generate("--brain", "polka"), 2, ("'polka'", "trap", "house")),
    Request("--loudness 3", _generate("--loudness", "3"), 2, ("--loudness", "-30 to -6", "3")),
    Request("--loudness nan", _generate("--loudness", "nan"), 2, ("--loudness", "-30 to -6")),
    Request("--loudness loud", _generate("--loudness", "loud"), 2, ("--loudness", "loud")),
    Request("--mix shiny", _generate("--mix", "shiny"), 2, ("--mix", "'polished'")),
    Request("--format aac", _generate("--format", "aac"), 2, ("--format", "'flac'")),
    Request("--out is a file", _with_out(lambda p: p.file("taken", b"mine")), 1,
            ("cannot write", "taken", "is a file", "choose another folder")),
    Request("--out lies in a file", _with_out(lambda p: p.file("taken", b"mine") / "deep" / "er"),
            1, ("cannot write", "taken", "file", "choose another folder")),
    Request("--out has a name too long", _with_out(lambda p: p.root / ("z" * 300)), 1,
            ("cannot write", "name is too long", "shorter")),
    Request("--library is a file",
            lambda p: [*_generate()(p), "--library", p.file("lib", b"mine")], 1,
            ("library folder", "lib", "is a file", "--library")),
    Request("--library of a newer version",
            lambda p: [*_generate()(p), "--library", _newer_library(p)], 1,
            ("newer LoopMind", "update LoopMind")),
    Request("search in an empty library",
            lambda p: ["search", "warm pad", "--library", p.folder("nothing yet")], 1,
            ("holds no sounds", "analyze")),
    Request("search by a file that is missing",
            lambda p: ["search", p.root / "gone.wav"], 1, ("gone.wav", "does not exist")),
    Request("search by text",
            lambda p: ["search", p.file("words.txt", b"words\n")], 1, ("words.txt", "is text")),
    Request("run of a graph that is missing",
            lambda p: ["run", p.root / "gone.json"], 2, ("gone.json", "no file")),
    Request("run of a graph that is no JSON",
            lambda p: ["run", p.file("broken.json", b"{\x00")], 1, ("broken.json",)),
    Request("undo in a project that is missing",
            lambda p: ["undo", p.root / "gone.loopmind"], 1, ("gone.loopmind", "check the path")),
    Request("history of a picture",
            lambda p: ["history", p.file("photo.jpg", b"\xff\xd8\xff\xe0 JFIF" * 40)], 1,
            ("photo.jpg", "no LoopMind project", ".loopmind")),
    Request("project that was cut short",
            lambda p: ["undo", _cut_project(p, backup=False)], 1,
            ("song.loopmind", "is damaged", "no backup beside it", "older copy")),
    Request("project that was cut short, with its backup",
            lambda p: ["undo", _cut_project(p, backup=True)], 1,
            ("song.loopmind", "is damaged", "song.loopmind~", "is whole", "--backup")),
    Request("backup that is not there",
            lambda p: ["open", _project(p, folder="alone"), "--backup"], 1,
            ("song.loopmind~", "check the path")),
    Request("project of a newer version",
            lambda p: ["undo", _newer_project(p)], 1,
            ("newer LoopMind", "project version 99", "update LoopMind")),
    Request("bundle that would write elsewhere",
            lambda p: ["open", _foreign_bundle(p)], 1,
            ("bad.loopbundle", "evil.sh", "nothing was unpacked")),
    Request("bundle that is none",
            lambda p: ["open", p.file("bad.loopbundle", b"hello")], 1,
            ("bad.loopbundle", "damaged or no bundle")),
    Request("undo with nothing to undo",
            lambda p: ["undo", _project(p), "--no-render"], 1, ("nothing to undo",)),
    Request("redo with nothing to redo",
            lambda p: ["redo", _project(p), "--no-render"], 1, ("nothing to redo",)),
    Request("undo 0", lambda p: ["undo", _project(p), "0"], 2, ("N", "from 1", "'0'")),
    Request("branch that is not there",
            lambda p: ["branch", _project(p), "--switch", "loud"], 2, ("'loud'", "main")),
    Request("branch named 12",
            lambda p: ["branch", _project(p), "12"], 2, ("'12'", "taken for a revision")),
    Request("revision that is not there",
            lambda p: ["diff", f"{_project(p)}@7", "@0"], 2, ("revision 7", "from 0 to 0")),
    Request("one song to compare", lambda p: ["diff", _project(p)], 2, ("PROJECT@REVISION",)),
    Request("section to merge that is not there",
            lambda p: ["merge", _project(p), "main", "bridge", "--no-render"], 2,
            ("'bridge'", "hook 1")),
    Request("edits that are no JSON",
            lambda p: ["apply", _project(p), "--edits", p.file("edits.json", b"louder")], 1,
            ("edits.json", "no JSON", "list of edits")),
    Request("edits that are missing",
            lambda p: ["apply", _project(p), "--edits", p.root / "gone.json"], 1,
            ("gone.json", "check the path")),
    Request("no edits", lambda p: _edits(p), 1, ("nothing to change", "at least one")),
    Request("edit that is unknown", lambda p: _edits(p, {"edit": "sparkle"}), 1,
            ("edits.json, edit 1", "'sparkle'", "edit.schema.json")),
    Request("edit with an unknown field",
            lambda p: _edits(p, {"edit": "mute_track", "track": "drums", "loud": 1}), 1,
            ("edits.json, edit 1", "'loud'")),
    Request("edit of a track that is not there",
            lambda p: _edits(p, {"edit": "mute_track", "track": "kazoo"}), 1, ("kazoo", "drums")),
    Request("edit of a locked track",
            lambda p: _edits(p, {"edit": "set_lock", "kind": "track", "name": "drums"},
                             {"edit": "remove_track", "track": "drums"}), 1,
            ("drums", "locked", "unlock")),
    Request("edit of a section that is not there",
            lambda p: _edits(p, {"edit": "remove_section", "section": "bridge"}), 1,
            ("bridge", "hook 1")),
    Request("edit of a macro that is not there",
            lambda p: _edits(p, {"edit": "set_macro", "name": "sparkle", "value": 1}), 1,
            ("'sparkle'", "energy")),
    Request("edit of a macro beyond its range",
            lambda p: _edits(p, {"edit": "set_macro", "name": "energy", "value": 7}), 1,
            ("energy", "number in 0..1", "received 7")),
)  # fmt: skip

ODD_PROMPTS: dict[str, str] = {
    "right-to-left, combining, emoji": "\u202etrap e\u0301\u0323 🎹\u200d 140 bpm ﷽",
    "control characters": "trap\x00\x07\x1b[31m 140\r\n\tbpm",
    "undecodable bytes": "trap \udce9\udcff 140 bpm",
    "markup": "trap </script><img src=x onerror=alert(1)> 140 bpm & \"'",
    "2,000 letters": "dark trap 140 " * 142,
    "nothing but spaces": " \u3000\u00a0 ",
    "full-width digits": "trap \uff11\uff14\uff10 bpm \uff14",
}


def obey_permissions() -> None:
    """Take from a process of root the right to read and write everything (a preexec_fn).

    The capabilities CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH leave the bounding set, so the
    program that is started next does without them. Does nothing for other users.
    """
    if os.geteuid() == 0:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        for capability in (1, 2):
            if prctl(24, capability, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "cannot drop a capability")


@contextlib.contextmanager
def small_files(limit_bytes: int) -> Iterator[None]:
    """No file can grow beyond `limit_bytes` in here, as if the disk were full."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def check_whole(out: Path) -> None:
    """What lies in a song's folder under its final name is whole."""
    for path in (p for p in out.rglob("*") if p.is_file() and not p.name.startswith(".")):
        if path.suffix in (".wav", ".flac", ".ogg", ".mp3"):
            assert read_audio(path).frames > 44100
        elif path.suffix == ".html":
            assert path.read_text("utf-8").rstrip().endswith("</html>")
        elif path.suffix == ".loopmind":
            assert read_project(path).draft().song.clips
        elif path.suffix == ".json":
            assert json.loads(path.read_text("utf-8"))
        elif path.suffix == ".mid":
            assert path.read_bytes().endswith(b"\xff\x2f\0")


def hidden(folder: Path) -> list[str]:
    return [p.name for p in folder.rglob(".*")]


COMMAND = [sys.executable, "-c", "import sys; from loopmind.cli import main; sys.exit(main())"]
