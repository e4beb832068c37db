"""Bad inputs, each with its exit code and message, as a Markdown table (docs/bad-input.md).

    python tests/tools/show_bad_input.py > docs/bad-input.md

Every line is what this machine answered just now. Paths are shown from the folder of the inputs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bad_input import (
    COMMAND,
    ODD_PROMPTS,
    REQUESTS,
    UNUSABLE,
    USABLE,
    Outcome,
    Place,
    check_whole,
    loopmind,
    obey_permissions,
    small_files,
    write_good,
    write_hour,
)
from test_project_kills import SAVING

from loopmind.files.decode import read_audio
from loopmind.files.encode import write_audio
from loopmind.files.project import PROJECT_NAME, read_project
from loopmind.library.schema import DATABASE_NAME
from loopmind.music.audio import Audio

Line = tuple[str, str, str]
_SHORT = ("--length", "0:10")


def line(name: str, outcome: Outcome) -> Line:
    """A case's name, exit code and message: the error, or what of the song's words matters."""
    if outcome.err:
        return name, str(outcome.code), outcome.err.strip()
    words = [w.strip() for w in outcome.out.splitlines()]
    said = [w for w in words if "left out" in w or "not understood" in w]
    return name, str(outcome.code), "; ".join([words[0], *said]) if words else ""


def requests(place: Place) -> Iterator[Line]:
    """What cannot be met."""
    for request in REQUESTS:
        yield line(request.name, loopmind(*request.arguments(place)))


def files(place: Place) -> Iterator[Line]:
    """One file a folder: unusable ones, then odd ones that are used all the same."""
    for case, (name, data, _, _) in UNUSABLE.items():
        path = place.file(f"{case}/{name}", data())
        yield line(case, loopmind("generate", path.parent, "--out", place.root / "never"))
    for case, (name, data) in USABLE.items():
        path = place.file(f"{case}/{name}", data())
        out = place.root / "out" / case
        yield line(case, loopmind("generate", path.parent, *_SHORT, "--out", out))
    hour = write_hour(place.root / "hour" / "hour.wav")
    out = place.root / "out" / "hour"
    yield line("one hour", loopmind("generate", hour.parent, *_SHORT, "--out", out))
    mixed = shutil.copytree(place.good, place.root / "mixed")
    for name, data, _, _ in UNUSABLE.values():
        (mixed / name).write_bytes(data())
    (mixed / "round").symlink_to(mixed)
    out = place.root / "out" / "mixed"
    yield line(
        f"{len(UNUSABLE)} unusable files and a link loop among good ones",
        loopmind("generate", mixed, *_SHORT, "--out", out),
    )
    for case, prompt in ODD_PROMPTS.items():
        out = place.root / "out" / "prompt"
        outcome = loopmind("generate", place.good, "--prompt", prompt, *_SHORT, "--out", out)
        yield line(f"prompt: {case}", outcome)


def places(place: Place) -> Iterator[Line]:
    """Full disks, damaged libraries, forbidden folders."""
    out = place.root / "full"
    with small_files(100_000):
        outcome = loopmind("generate", place.good, *_SHORT, "--out", out)
    yield line("full disk at the output", outcome)
    with small_files(20_000):
        outcome = loopmind("analyze", place.good, "--library", place.root / "full library")
    yield line("full disk below the library", outcome)
    library = place.root / "damaged"
    loopmind("analyze", place.good, "--library", library)
    (library / DATABASE_NAME).write_bytes(b"garbage" * 1000)
    out = place.root / "out" / "damaged"
    outcome = loopmind("generate", place.good, "--library", library, *_SHORT, "--out", out)
    yield line("damaged library (the song is made)", outcome)
    closed, sealed = place.folder("closed"), place.folder("sealed")
    for path, mode in ((closed, 0), (sealed, 0o555)):
        path.chmod(mode)
    yield line("folder that may not be read", run("generate", closed))
    yield line(
        "--out that may not be written", run("generate", place.good, "--out", sealed / "song")
    )
    yield line("--library that may not be written", run("analyze", place.good, "--library", sealed))
    shutil.copytree(place.good, place.root / "partly")
    (place.root / "partly" / "kick.wav").chmod(0)
    out = place.root / "out" / "partly"
    yield line(
        "a file that may not be read among good ones",
        run("generate", place.root / "partly", *_SHORT, "--out", out),
    )


def endings(place: Place) -> Iterator[Line]:
    """Killed and stopped in the middle, and side by side."""
    many = place.folder("many")
    for number in range(150):
        data = USABLE["half of a WAV"][1]()
        (many / f"{number}.wav").write_bytes(data[: len(data) - 2 * number])
    library = place.root / "killed"
    yield ended("kill -9 during the scan", library, "analyze", many, "--library", library)
    song = place.root / "out" / "killed"
    wish = ["generate", str(place.good), "--length", "2:30", "--stems", "--out", str(song)]
    yield ended("kill -9 during the render", place.home / "library", *wish)
    process = start("generate", many, "--library", place.root / "stopped", "--out", song)
    time.sleep(1.5)
    os.killpg(process.pid, signal.SIGINT)
    yield line("Ctrl-C", finish(process))
    library = place.root / "shared"
    both = [start("analyze", place.good, many, "--library", library) for _ in range(2)]
    outcomes = [finish(process) for process in both]
    said = " and ".join(o.err.strip() or "no error" for o in outcomes)
    codes = " and ".join(str(o.code) for o in outcomes)
    yield "two processes on one library", codes, f"{said}; database {integrity(library)}"


def projects(place: Place) -> Iterator[Line]:
    """A project that misses sounds, is edited twice at once, or is killed while it is saved."""
    sounds = Path(shutil.copytree(place.good, place.root / "moving"))
    drums = sounds / "trap_drums_140bpm.wav"
    heard = read_audio(drums)  # a little softer, so that the library knows no other copy
    write_audio(drums, Audio(0.9 * heard.samples, heard.rate_hz))
    song = place.root / "out" / "project"
    loopmind("generate", sounds, *_SHORT, "--out", song)
    drums.rename(place.root / "lost.wav")
    outcome = loopmind("render", song)
    yield "a sound that is gone", str(outcome.code), _notes(outcome)
    found = place.folder("found") / "renamed.wav"
    (place.root / "lost.wav").rename(found)
    outcome = loopmind("open", song, "--look-in", found.parent)
    told = _notes(outcome)
    yield "the same, looked for with --look-in", str(outcome.code), told
    hold = "import sys, time; from loopmind.runtime.project_session import ProjectSession as P; "
    hold += "s = P.open(sys.argv[1]); print('open', flush=True); time.sleep(60)"
    other = subprocess.Popen(
        [sys.executable, "-c", hold, str(song)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    other.stdout.readline()
    outcome = loopmind("undo", song)
    other.kill()
    other.communicate()
    told = re.sub(
        "process [0-9]+: .*?, since [0-9:]+", "process N: COMMAND, since TIME", outcome.err
    )
    yield "two processes on one project", str(outcome.code), told.strip()
    kills, whole = 10, 0
    track = {"edit": "mute_track", "track": "drums"}
    edits = place.file("mute.json", json.dumps([track]).encode())
    loopmind("apply", song, "--edits", edits, "--no-render")
    for number in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVING, str(song), "undo"], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.01 * number)
        process.kill()
        process.communicate()
        whole += len(read_project(song / PROJECT_NAME).draft().song.sections) > 0
    said = f"{whole} of {kills} open with every step"
    yield f"kill -9 while a project is saved, {kills} times", "-9", said


def _notes(outcome: Outcome) -> str:
    return "; ".join(line.removeprefix("loopmind: ") for line in outcome.lines)


def ended(name: str, library: Path, *arguments: str | Path) -> Line:
    process = start(*arguments)
    while not is_under_way(arguments, library) and process.poll() is None:
        time.sleep(0.01)
    time.sleep(0.3)
    process.kill()
    code = finish(process).code
    whole = integrity(library)
    out = Path(arguments[-1])
    if arguments[0] == "generate":
        check_whole(out)
        whole += ", every file in the song's folder whole"
    again = loopmind(*arguments)
    said = f"the next run: {again.code}, {again.err.strip() or 'no error'}"
    return name, str(code), f"database {whole}; {said}"


def is_under_way(arguments: tuple[str | Path, ...], library: Path) -> bool:
    """Whether the scan has remembered a first sound, or the render has begun a first file."""
    if arguments[0] == "generate":
        return any(Path(arguments[-1]).rglob(".loopmind-*"))
    if not (library / DATABASE_NAME).is_file():
        return False
    with closing(sqlite3.connect(library / DATABASE_NAME)) as connection:
        try:
            return bool(connection.execute("SELECT COUNT(*) FROM heard").fetchone()[0])
        except sqlite3.OperationalError:  # not made yet
            return False


def integrity(library: Path) -> str:
    with closing(sqlite3.connect(library / DATABASE_NAME)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=obey_permissions,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> Outcome:
    out, err = process.communicate()
    return Outcome(process.returncode, out, err)


def run(*arguments: str | Path) -> Outcome:
    return finish(start(*arguments))


def cell(text: str, root: Path) -> str:
    """`text` for a Markdown table: paths from `root`, endless names cut, nothing special."""
    text = text.replace(f"{root}{os.sep}", "").replace(str(root), ".")
    text = re.sub(r"damaged-[0-9]+-[0-9]+-[0-9]+", "damaged-TIME", text)
    text = re.sub(r"(.)\1{40,}", r"\1\1\1\1…", text)
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text.replace("|", r"\|").replace("<", "&lt;")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        os.environ["LOOPMIND_HOME"] = str(root / "home")
        os.chdir(root)
        place = Place(root, write_good(root / "good"), root / "home")
        print("# What LoopMind answers to bad input\n")
        print("Made by `python tests/tools/show_bad_input.py`; `tests/test_cli_bad_input.py`,")
        print("`tests/test_cli_kills.py` and `tests/test_project_kills.py` check each line. Exit")
        print("codes: 0 done, 1 failed, 2 bad use, 130 stopped, -9 killed. Where the code is 0,")
        print("the first line of the song is shown.")
        for title, cases in (
            ("Requests", requests), ("Files and prompts", files),
            ("Disks and permissions", places), ("Projects", projects),
            ("Kills and company", endings),
        ):  # fmt: skip
            print(f"\n## {title}\n\n| input | exit | message |\n|---|---|---|")
            for name, code, said in cases(place):
                print(f"| {name} | {code} | {cell(said, root)} |", flush=True)


if __name__ == "__main__":
    main()
