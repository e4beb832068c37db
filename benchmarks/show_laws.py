"""What songs of real loops must keep: same bytes, stems that sum up, the grid, what runs again.

Five wishes (those of show_songs.py), each rendered with stems. Same seed: every file of a second
making, in a session that knows nothing, is compared byte by byte. Stems: their sum against the
pre-master. Grid: onsets heard in the drum stems against the grid of sixteenths as the song swings
it; first samples of clips against the frame of their beat. Then controls are changed late in the
graph, and what ran is counted from the events.

    python benchmarks/show_laws.py [--loops DIR] [--length 1:30]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from show_songs import WISHES

from loopmind.analysis.frontend import frontend
from loopmind.analysis.onsets import novelty, onsets
from loopmind.files.decode import read_audio
from loopmind.music.song import Song
from loopmind.runtime.events import Event, NodeFinished
from loopmind.runtime.execute import Session
from loopmind.runtime.generate import Made, make_song, song_graph
from loopmind.runtime.kernels import warm_up
from loopmind.runtime.placing import Sounds, track_events

CHANGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("loudness", {"loudness_lufs": -12.0}),
    ("mix style", {"mix": "tape"}),
    ("seed", {"seed": 9}),
    ("nothing", {}),
)


def stem_error_db(out: Path) -> float:
    """How far the sum of the stems is from the pre-master, relative to its peak."""
    files = [p for p in sorted((out / "stems").glob("*.wav")) if p.stem != "premaster"]
    total = sum(read_audio(p).samples.astype(np.float64) for p in files)
    premaster = read_audio(out / "stems" / "premaster.wav").samples
    error = np.abs(total - premaster).max() / np.abs(premaster).max()
    return float(20.0 * np.log10(error + 1e-30))


def grid_of(song: Song) -> NDArray[np.float64]:
    """Seconds of all sixteenths, eighths in pairs as long and short as the song swings them."""
    beats = np.arange(int(song.beats * 4) + 1) / 4.0
    within = beats % 1.0
    early = within * 2.0 * song.swing
    late = song.swing + (within - 0.5) * 2.0 * (1.0 - song.swing)
    swung = np.floor(beats) + np.where(within < 0.5, early, late)
    return np.asarray(swung * 60.0 / song.bpm)


def drum_offsets_s(made: Made) -> NDArray[np.float64]:
    """Distance of each strong onset of the drum stems from the grid."""
    grid, offsets = grid_of(made.song), [np.zeros(0)]
    for track in made.song.tracks:
        if track.role != "drums":
            continue
        spectra = frontend(read_audio(made.out / "stems" / f"{track.id}.wav"))
        found = onsets(spectra, novelty(spectra))
        strong = found.times_s[found.strengths > 0.25]
        offsets.append(np.abs(strong[:, None] - grid[None, :]).min(axis=1))
    return np.concatenate(offsets)


def clips_on_grid(made: Made, material: Any) -> tuple[int, int]:
    """How many clips begin to play at the very frame of their first beat, of how many."""
    song, rate_hz = made.song, material.rate_hz
    sounds, good, count = Sounds(material, rate_hz), 0, 0
    for track in song.tracks:
        starts = {event.start for event in track_events(song, track.id, sounds, rate_hz)}
        for clip in song.clips:
            if clip.track != track.id:
                continue
            first = min((hit.beat for hit in clip.hits), default=0.0)
            first += next((n for b, n in sorted(clip.silences) if b <= first < b + n), 0.0)
            if first >= clip.beats:
                continue
            count += 1
            good += round((clip.start_beat + first) * 60.0 / song.bpm * rate_hz) in starts
    return good, count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=Path, default=Path("../shared/data/loops"))
    parser.add_argument("--length", default="1:30")
    args = parser.parse_args()
    minutes, _, rest = args.length.rpartition(":")
    warm_up()
    with tempfile.TemporaryDirectory() as temp:
        place = Path(temp)
        common: Mapping[str, Any] = {
            "folders": [str(args.loops)], "library": str(place / "library"),
            "length_s": 60.0 * float(minutes or 0) + float(rest), "stems": True,
        }  # fmt: skip
        titles = ("wish", "same seed", "other seed", "stems", "onsets", "median", "p90", "clips")
        print("| " + " | ".join(titles) + " |\n|" + "---|" * len(titles))
        with Session() as session:
            for number, wish in enumerate(WISHES):
                macros = {**common, "wish": wish, "out": str(place / f"song {number}")}
                graph = song_graph(macros)
                made = make_song(graph, session)
                with Session() as fresh:
                    again = make_song(song_graph({**macros, "out": str(place / "again")}), fresh)
                    other = make_song(
                        song_graph({**macros, "out": str(place / "other"), "seed": 2}), fresh
                    )
                files = [p for p in sorted(made.out.rglob("*")) if p.is_file()]
                files = [p for p in files if p.name != "song.loopmind"]  # it tells the time
                same = sum(
                    p.read_bytes() == (again.out / p.relative_to(made.out)).read_bytes()
                    for p in files
                )
                own = (made.out / "song.wav").read_bytes()
                differs = "another" if own != (other.out / "song.wav").read_bytes() else "THE SAME"
                off = drum_offsets_s(made) * 1000.0
                good, count = clips_on_grid(made, made.result[graph.wires["render.material"]])
                print(
                    f"| {wish} | {same} of {len(files)} files the same bytes "
                    f"| {differs} | {stem_error_db(made.out):.0f} dB "
                    f"| {off.size} | {np.median(off):.1f} ms | {np.quantile(off, 0.9):.1f} ms "
                    f"| {good} of {count} |",
                    flush=True,
                )  # fmt: skip
        print("\n| changed | ran, of all nodes | remembered |\n|---|---|---|")
        with Session() as session:
            macros = {**common, "wish": WISHES[0], "out": str(place / "late"), "stems": False}
            make_song(song_graph(macros), session)
            for name, change in CHANGES:
                ran: list[str] = []
                cached: list[str] = []

                def listen(event: Event, ran: Any = ran, cached: Any = cached) -> None:
                    if isinstance(event, NodeFinished):
                        (cached if event.cached else ran).append(event.node)

                make_song(song_graph({**macros, **change}), session, listener=listen)
                print(
                    f"| {name} | {len(ran)} of {len(ran) + len(cached)}: {', '.join(ran)} "
                    f"| {', '.join(cached)} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
