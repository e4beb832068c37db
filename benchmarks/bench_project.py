"""Opening and saving a project with 500 edits and 50 songs kept: python benchmarks/bench_project.py

The song is 2:30 long, of 24 bars a minute and 12 tracks. The peer is msgpack and json alone,
reading the head's song without checking anything: what opening could cost at least.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgpack

from loopmind.files.project import Project, pack_project, read_project, write_project
from loopmind.music.brief import Brief
from loopmind.music.codec import to_plain
from loopmind.music.draft import Draft
from loopmind.music.edit import ChangeStrip, MuteTrack, SwapSound
from loopmind.music.history import History
from loopmind.music.mix import Compressor, EqBand, Mix, Strip
from loopmind.music.palette import Candidate, Choice, Palette
from loopmind.music.song import Clip, Hit, Section, Song, Track

EDITS, SNAPSHOTS, TRACKS, SECTIONS = 500, 50, 12, 11


def draft(number: int) -> Draft:
    """A song of 88 bars whose every section plays something else in each version."""
    brief = Brief(prompt="dark trap, 140 bpm", genre="trap")
    sections = tuple(Section(f"part {i}", "verse", 8 * i, 8, i / SECTIONS) for i in range(SECTIONS))
    tracks = tuple(Track(f"track {t}", f"Track {t}", "chords", "keys") for t in range(TRACKS))
    clips = []
    for section in sections:
        for track in tracks:
            for half in range(2):
                hits = tuple(Hit(h / 2, f"{h:032x}", 0.5 + h / 64) for h in range(16))
                clips.append(
                    Clip(
                        f"{section.name}/{track.id}/{half}", track.id,
                        32.0 * (2 * section.start_bar + 8 * half) / 16, 16.0,
                        digest="" if half else f"{number % 7:032x}", source_bpm=140.0,
                        loop_beats=16.0, gain_db=float(number % 13),
                        hits=hits if half and track is tracks[0] else (),
                    )
                )  # fmt: skip
    candidates = tuple(
        Candidate(
            f"{c:032x}", 0.9 - c / 10, (("rhythm", 0.5), ("harmony", 0.7)), 140.0, 16.0, 1.0, 0
        )
        for c in range(6)
    )
    choices = tuple(
        Choice(t.id, "chords", "keys", candidates[0], candidates[1:], "It fits and is in tune.")
        for t in tracks
    )
    strips = tuple(
        Strip(t.id, -6.0, 0.1, eq=(EqBand("lowcut", 80.0), EqBand("peak", 400.0, -2.0)),
              compressor=Compressor(-18.0, 3.0, 0.01, 0.1), why="As usual here.")
        for t in tracks
    )  # fmt: skip
    song = Song("Bench", brief, 1, 140.0, None, 4, 0.5, sections, tracks, tuple(clips))
    return Draft(brief, Palette(140.0, None, 4, 0.5, choices), song, Mix("polished", strips))


def project() -> Project:
    """EDITS revisions; SNAPSHOTS of their songs are kept."""
    history = History().add("generated", words="dark trap, 140 bpm")
    kinds = (
        lambda i: ChangeStrip(f"track {i % TRACKS}", "gain_db", by=0.5),
        lambda i: SwapSound(f"track {i % TRACKS}", (f"part {i % SECTIONS}",), runner_up=i % 5),
        lambda i: MuteTrack(f"track {i % TRACKS}", bool(i % 2)),
    )
    for number in range(EDITS):
        told = f"Changed track {number % TRACKS} in part {number % SECTIONS}, as you asked."
        history = history.add(
            "edited", edits=(kinds[number % 3](number),), words=f"do this number {number}",
            told=(told,), time_s=1e9 + number,
        )  # fmt: skip
    made = Project(history, {}, {})
    step = EDITS // SNAPSHOTS
    for number in range(step, EDITS + 1, step):
        made = made.with_snapshot(number, draft(number))
    preset = json.loads(
        (Path(__file__).parents[1] / "presets" / "generate.json").read_text("utf-8")
    )
    return made.with_snapshot(0, draft(0)).with_graph(0, preset)


def best_s(work: Callable[[], object], times: int = 7) -> float:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return min(found)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_project(Path(folder) / "song.loopmind", project())
        opened = read_project(path)
        assert len(opened.history.revisions) == EDITS + 1
        print(
            f"project: {EDITS} edits, {len(opened.snapshots)} songs, {path.stat().st_size:,} bytes"
        )

        def open_it() -> None:
            again = read_project(path)
            again.draft()

        bare = json.dumps(to_plain(opened.draft()))

        def least() -> None:
            msgpack.unpackb(path.read_bytes(), strict_map_key=False)
            json.loads(bare)

        took, floor = best_s(open_it), best_s(least)
        print(f"open (history and the song at its head): {1000 * took:.1f} ms")
        print(f"  of that the song: {1000 * best_s(opened.draft):.1f} ms")
        print(f"  msgpack and json alone, unchecked: {1000 * floor:.1f} ms ({took / floor:.1f} x)")
        session = (
            "import time; t = time.perf_counter();"
            "from loopmind.runtime.project_session import ProjectSession;"
            f"s = ProjectSession.open({str(path)!r}); s.draft; print(time.perf_counter() - t)"
        )
        fresh = min(
            float(subprocess.run([sys.executable, "-c", session], check=True, text=True,
                                 capture_output=True).stdout)
            for _ in range(5)
        )  # fmt: skip
        print(f"open as a session in a fresh process, imports and lock included: {fresh:.3f} s")
        changed = replace(opened, history=opened.history.undo())
        print(f"pack: {1000 * best_s(lambda: pack_project(changed)):.1f} ms")
        saved = best_s(lambda: write_project(path, changed, backup=True))
        print(f"save with backup, on disk: {1000 * saved:.1f} ms")


if __name__ == "__main__":
    main()
