"""A minute of playing through a real sound device while much is done at the same time.

JACK's dummy driver is the device. While a song plays, another song is generated, twenty times the
mix is changed so that a new program is swapped in, a section is arranged anew, and the device is
taken away once (its server is killed and started again). What was heard is recorded from the
engine's tap and compared with the offline render; docs/live.png shows it, docs/live.md tells it.

    python benchmarks/show_live.py --loops ../shared/data/loops --docs docs
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from jack_server import JackServer, jack_server

from loopmind.music.edit import RegenerateSection
from loopmind.music.mix import EqBand, Strip
from loopmind.runtime.generate import make_song, song_graph, song_session
from loopmind.runtime.live.devices import look_again, release
from loopmind.runtime.live.engine import Engine, Snapshot
from loopmind.runtime.live.song_player import SongPlayer
from loopmind.runtime.live.taping import Recorder
from loopmind.runtime.offline import render
from loopmind.runtime.project_session import ProjectSession
from loopmind.runtime.sounding import Sounding

RATE_HZ = 44100
SECONDS = 60.0
SETTLED_S = 10.0
"""How long it plays on at least after the last change."""
BEGIN, END = "<!-- show -->", "<!-- end of show -->"


class Log:
    """What happened: seconds since playing began, and seconds of sound that were heard by then.

    The two differ where the device missed blocks: its time stands still then.
    """

    def __init__(self) -> None:
        self.lines: list[tuple[float, float, str]] = []
        self._started = time.monotonic()
        self._engine: Engine | None = None
        self._first = 0

    def begin(self, engine: Engine) -> None:
        self._engine, self._first = engine, engine.served
        self._started = time.monotonic()
        self.lines.clear()

    def __call__(self, text: str) -> None:
        heard = 0.0 if self._engine is None else (self._engine.served - self._first) / RATE_HZ
        self.lines.append((time.monotonic() - self._started, heard, text))
        print(f"{self.lines[-1][0]:6.2f} s  {text}", flush=True)

    @property
    def seconds(self) -> float:
        """Since playing began."""
        return time.monotonic() - self._started

    def wait(self, at_s: float) -> None:
        time.sleep(max(self._started + at_s - time.monotonic(), 0.0))


def crate_of(loops: Path, count: int, folder: Path) -> Path:
    files = [p for p in loops.rglob("*") if p.suffix.lower() in {".wav", ".flac", ".ogg", ".mp3"}]
    crate = folder / "crate"
    crate.mkdir()
    for number, file in enumerate(sorted(files, key=lambda p: -p.stat().st_size)[:count]):
        (crate / f"{number:03d}-{file.name}").symlink_to(file.resolve())
    return crate


def brighter(found: Sounding, gain_db: float) -> Sounding:
    """The song with another high shelf on its first track: a new plan, not a fader."""
    track = found.song.tracks[0].id
    strips = {strip.track: strip for strip in found.mix.strips}
    strip = strips.get(track, Strip(track))
    band = EqBand("highshelf", 5000.0, gain_db)
    changed = replace(strip, eq=(*strip.eq, band) if gain_db else strip.eq)
    return replace(found, mix=replace(found.mix, strips=tuple({**strips, track: changed}.values())))


def exported(found: Sounding) -> NDArray[np.float32]:
    return render(found.song, found.mix, found.material).master.samples


def perform(
    args: argparse.Namespace, folder: Path, log: Log, server: JackServer
) -> tuple[Snapshot, Path, list[str]]:
    """Play the minute; gives counters, the recording, and what the comparison said."""
    crate = crate_of(args.loops, args.count, folder)
    macros = {"folders": [str(crate)], "length_s": 80.0, "seed": 3}
    with song_session() as making:
        made = make_song(song_graph({**macros, "out": str(folder / "song")}), making)
    told: list[str] = []
    with ProjectSession.open(made.out) as project, Engine(RATE_HZ, on_event=log) as engine:
        player = SongPlayer(engine)
        found, levels = project.sounding()
        assert levels is not None
        player.show(found, levels, follow=False)
        engine.open(block=args.block)
        time.sleep(0.5)
        with Recorder(engine, folder / "heard.wav") as recorder:
            began, late = recorder._next, engine.patch.planned.latency  # type: ignore[union-attr]
            log.begin(engine)
            log(f"playing {found.song.title}: {found.song.bpm:g} bpm, {made.song.bars} bars")
            engine.play(0)

            def generate() -> None:
                log("another song is being generated")
                with song_session() as session:
                    graph = song_graph({**macros, "seed": 9, "out": str(folder / "other")})
                    other = make_song(graph, session)
                log(f"the other song is there: {other.song.title}, {other.song.bpm:g} bpm")

            threads = [threading.Thread(target=generate)]
            log.wait(6.0)
            threads[0].start()
            section, untouched = "", 0
            for turn in range(20):
                log.wait(7.0 + 2.0 * turn)
                if turn == 0:
                    untouched = engine.served - began
                gain_db = 6.0 if turn % 2 == 0 else 0.0
                player.show(brighter(found, gain_db), follow=True)
                log(f"re-patched ({turn + 1} of 20): high shelf {gain_db:+g} dB")
                if turn == 8:
                    second = engine.snapshot().position / RATE_HZ
                    bars = (second + 15.0) * found.song.bpm / 60.0 / found.song.beats_per_bar
                    section = next(
                        s.name for s in found.song.sections if s.start_bar + s.bars > bars
                    )
                    edit = RegenerateSection(section, 77)
                    asked = time.monotonic()
                    project.apply([edit])
                    found, known = project.sounding()
                    player.show(found, known, follow=True)
                    took = time.monotonic() - asked
                    log(f"section {section} arranged anew and swapped in {took:.1f} s after asking")
                if turn == 12:
                    server.stop()
                    log("the sound server was killed")
                if turn == 13:
                    server.start()
                    log("the sound server was started again")
            new = player.find_levels()
            log(f"master set as the changed song's export has it: {new.gain_db:.2f} dB")
            settled = engine.served - began
            # On a machine with much else to do all this takes longer: hear the end of it all the
            # same.
            log.wait(max(SECONDS, log.seconds + SETTLED_S))
            for thread in threads:
                thread.join()
            now = engine.snapshot()
            log(f"device: {now.device}; {now.blocks} blocks, {now.swaps} swaps")
        heard, _ = soundfile.read(folder / "heard.wav", dtype="float32", always_2d=True)
        start = engine.placings[0][1] - began
        before = (untouched - start - late) / RATE_HZ - 0.1
        told.append(
            compare(
                f"the first {before:.1f} s, before the first re-patch", heard,
                wave(made.out / "song.wav"), start + late, 0.0, before,
            )
        )  # fmt: skip
        now_song = exported(player.found)  # type: ignore[arg-type]
        end = (len(heard) - start - late) / RATE_HZ - 0.1
        behind = (settled - start - late) / RATE_HZ + 3.0
        told.append(
            compare(
                f"the last {end - behind:.1f} s, from 3 s after the last swap on", heard, now_song,
                start + late, behind, end,
            )
        )  # fmt: skip
        if recorder.lost:
            told.append(f"{recorder.lost} frames were not written in time")
        return now, folder / "heard.wav", told


def wave(path: Path) -> NDArray[np.float32]:
    """A sound file as (2, frames)."""
    samples: NDArray[np.float32] = soundfile.read(path, dtype="float32", always_2d=True)[0].T
    return samples


def compare(
    name: str,
    heard: NDArray[np.float32],
    song: NDArray[np.float32],
    start: int,
    first_s: float,
    last_s: float,
) -> str:
    """How far what was heard is from the export: (recorded in 24 bits, as the export is)."""
    first, last = round(first_s * RATE_HZ), round(last_s * RATE_HZ)
    mine = heard[start + first : start + last].T
    off = float(np.abs(mine - song[:, first:last]).max())
    db = 20 * np.log10(max(off, 1e-9))
    exact = (
        "the very samples of the export (24 bits)" if off < 2.0**-22 else f"within {db:.0f} dBFS"
    )
    return f"{name} against the export: {exact}; biggest difference {off:.2g}"


def picture(path: Path, heard: NDArray[np.float32], log: Log, start: int) -> None:
    """Spectrogram with what happened above it."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    mono = heard[start:].mean(axis=1)
    step, size = 1024, 4096
    frames = np.lib.stride_tricks.sliding_window_view(mono, size)[::step] * np.hanning(size)
    power = 20 * np.log10(np.abs(np.fft.rfft(frames)).T + 1e-6)
    figure, axes = pyplot.subplots(figsize=(14, 5.5), dpi=90)
    length = len(mono) / RATE_HZ
    axes.imshow(
        power, origin="lower", aspect="auto", cmap="magma", vmin=-50, vmax=45,
        extent=(0, length, 0, RATE_HZ / 2),
    )  # fmt: skip
    axes.set_ylim(0, 16000)
    axes.set_xlabel("seconds of playing")
    axes.set_ylabel("Hz")
    for _, at, text in log.lines:
        if "re-patched" in text:
            axes.axvline(at, ymin=0.97, color="white", linewidth=1.5)
        elif at > 0.5 and "device:" not in text:
            axes.axvline(at, color="cyan", linewidth=0.8, alpha=0.7)
            axes.text(
                at, 15600, text[:58], rotation=90, va="top", ha="right", fontsize=6.5, color="cyan"
            )
    axes.set_title("What was heard: white ticks are re-patches", fontsize=10)
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=Path, default=Path("../shared/data/loops"))
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--block", type=int, default=256)
    parser.add_argument("--realtime", action="store_true", help="let the sound server go first")
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    args = parser.parse_args()
    log = Log()
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        os.environ["LOOPMIND_HOME"] = str(folder / "home")
        with jack_server(folder, block=args.block, realtime=args.realtime) as server:
            look_again()
            now, recording, told = perform(args, folder, log, server)
            release()
            late = server.late()
        heard, _ = soundfile.read(recording, dtype="float32", always_2d=True)
        picture(args.docs / "live.png", heard, log, 0)
    told.insert(
        0,
        f"{len(heard) / RATE_HZ:.1f} s were heard in {log.lines[-1][0]:.1f} s on a machine that "
        f"was busy with other work, the server {'with' if args.realtime else 'without'} "
        "real-time priority",
    )
    told.insert(
        0,
        f"xruns in the server's log: {late['timer']} times its own timer woke up late, "
        f"{late['not_woken']} times the player's thread had not been given a processor, "
        f"{late['at_work']} times it was at work",
    )
    if now.work is not None:
        told.insert(
            0,
            f"blocks for which the callback needed more than their time: {now.work.over} (the "
            f"busiest needed {now.work.busiest:.1%}, all together {now.work.share:.1%})",
        )
    told.insert(
        0, f"{now.blocks} blocks, {now.swaps} swaps, {now.underruns} underruns told by PortAudio"
    )
    print("\n".join(told))
    lines = [f"{at:6.2f} s  {text}" for at, _, text in log.lines]
    shown = "\n".join([BEGIN, "", "```", *lines, "```", "", *(f"- {t}" for t in told), "", END])
    page = args.docs / "live.md"
    text = page.read_text("utf-8") if page.exists() else f"{BEGIN}{END}\n"
    pattern = re.compile(re.escape(BEGIN) + ".*" + re.escape(END), re.DOTALL)
    page.write_text(pattern.sub(lambda _: shown, text), "utf-8")


if __name__ == "__main__":
    main()
