"""Every mode on real audio: what it made, measured, with pictures.

    python benchmarks/show_modes.py --loops DIR --tracks DIR [--only NAME] > docs/modes-made.md

DIR of loops holds two packs, orin-ayo and stargate; DIR of tracks the music of Battle for Wesnoth.
Each song is drawn into --pictures (docs/modes), and of the mood match also the loudness curves and
octave bands of song and reference.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bench_voice import RATE, TUNES, Truth, f1, voice

from loopmind.analysis.notes import sung_notes
from loopmind.analysis.voice import track_voice
from loopmind.cli import main as loopmind
from loopmind.compose.tone_match import _relative, compare
from loopmind.dsp.loudness import measure
from loopmind.dsp.octaves import octave_levels
from loopmind.dsp.resample import resample
from loopmind.files.decode import read_audio
from loopmind.files.encode import write_audio
from loopmind.files.project import read_project
from loopmind.music.audio import Audio
from loopmind.music.loop import SPECTRUM_BANDS_HZ
from loopmind.music.reference import Reference
from loopmind.nodes.hear_reference import hear_reference
from loopmind.present.arrangement import arrangement_svg

TRACKS = ("battle", "frantic", "knolls", "love_theme", "the_city_falls", "wanderer")
CURVES = ("#118ab2", "#ef476f", "#9aa0a6")
SONG = Path("song")


class Page:
    """Makes songs by commands, and tells of each: the command, its figures, its arrangement."""

    def __init__(self, pictures: Path) -> None:
        self.pictures = pictures

    def make(self, name: str, *words: object, out: Path = SONG) -> dict[str, Any]:
        """What `loopmind WORDS --out OUT --json` tells; drawn as `name`, unless that is empty."""
        command = [*map(str, words), "--out", str(out)]
        found: dict[str, Any] = json.loads(self.run(*command, "--json"))
        if name:
            self.shell(*map(str, words))
            self.tell(name, out, [*found["why"], f"made in {found['took_s']:.1f} s"])
        return found

    def run(self, *words: str) -> str:
        """What `loopmind WORDS` prints."""
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            code = loopmind(words)
        if code:
            raise SystemExit(f"loopmind {' '.join(words)} failed")
        return told.getvalue()

    def shell(self, *words: str) -> None:
        shown = [f'"{word}"' if " " in word else word for word in words]
        print(f"    $ loopmind {' '.join(shown)}\n")

    def tell(self, name: str, out: Path = SONG, further: Sequence[str] = ()) -> None:
        """The figures of a song, measured of its file, and its picture."""
        song = read_project(out / "song.loopmind").draft().song
        audio = read_audio(out / "song.wav")
        minutes, seconds = divmod(round(audio.frames / audio.rate_hz), 60)
        sections = ", ".join(f"{s.name} {s.bars}" for s in song.sections)
        lufs = measure(audio.samples, audio.rate_hz)[0]
        print(f"{song.bpm:g} bpm, {song.key.written}, {minutes}:{seconds:02d}, {lufs:.1f} LUFS: "
              f"{sections}\n")  # fmt: skip
        for text in further:
            print(f"- {text}")
        file = self.pictures / f"{name}.svg"
        file.write_text(arrangement_svg(song), encoding="utf-8")
        print(f"\n![{name}]({file.parent.name}/{file.name})\n", flush=True)


def lane(curves: Sequence[tuple[str, Sequence[float]]], low: float, high: float, y: int) -> str:
    """Polylines 700 wide and 110 high, with their names."""
    parts = [f'<rect x="10" y="{y}" width="700" height="110" fill="#8882"/>']
    for (name, values), colour in zip(curves, CURVES, strict=False):
        clipped = np.clip(np.asarray(values, dtype=float), low, high)
        step = 700 / max(len(clipped) - 1, 1)
        points = " ".join(
            f"{10 + step * i:.1f},{y + 110 * (high - v) / (high - low):.1f}"
            for i, v in enumerate(clipped)
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        x = 16 + 150 * [n for n, _ in curves].index(name)
        parts.append(f'<text x="{x}" y="{y + 104}" font-size="12" fill="{colour}">{name}</text>')
    return "".join(parts)


def match_picture(out: Path, reference: Reference, before: Sequence[float], file: Path) -> None:
    """Loudness curves over relative time above, octave bands below."""
    song = read_project(out / "song.loopmind").draft().song
    audio = read_audio(out / "song.wav")
    curve = measure(audio.samples, audio.rate_hz)[1][::5]
    curve = np.where(np.isfinite(curve), np.maximum(curve, -70.0), -70.0)
    own = _relative(curve.tolist(), 0.5, song.beats * 60.0 / song.bpm)
    other = _relative(reference.curve_lufs, reference.curve_step_s, reference.duration_s)
    bands = octave_levels(audio.samples, audio.rate_hz, SPECTRUM_BANDS_HZ)
    start = [b + r for b, r in zip(before, reference.spectrum_db, strict=True)]
    file.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 270" font-family="sans-serif">'
        + '<text x="10" y="14" font-size="12" fill="#888">loudness over relative time, 26 dB</text>'
        + lane([("reference", other), ("song", own)], -20.0, 6.0, 20)
        + '<text x="10" y="148" font-size="12" fill="#888">octave bands 31.5 Hz to 16 kHz, 40 dB'
        + "</text>"
        + lane([("reference", reference.spectrum_db), ("song", bands.tolist()),
                ("before equalising", start)], -40.0, 0.0, 154)
        + "</svg>\n",
        encoding="utf-8",
    )  # fmt: skip


def show_auto(page: Page) -> None:
    page.make("auto", "generate", "loops", "--prompt", "dark trap, 140 bpm")


def show_semi(page: Page) -> None:
    """Section by section: the first is locked, the second made anew, then its chords; the rest."""
    command = ("generate", "loops", "--prompt", "dark trap, 140 bpm, 1:00", "--step")
    page.shell(*command)
    done = subprocess.run(
        [sys.executable, "-m", "loopmind.cli", *command, "--out", str(SONG)], check=True,
        input="l\nn\nn chords\n\na\n", capture_output=True, text=True,
    )  # fmt: skip
    print("".join(f"    {line}\n" for line in done.stdout.splitlines()))
    page.tell("semi")


def show_hybrid(page: Page) -> None:
    for name, file in (
        ("hybrid", "stargate/microlag/Loops/Melody_B_Minor_73BPM.flac"),
        ("hybrid-chords", "orin-ayo/chord/lafunk_116bpm_Am.ogg"),
        ("hybrid-drums", "stargate/fugue-state-audio/loops/120-funkybeat.flac"),
    ):
        page.make(name, "generate", "loops", "--anchor", Path("loops", file))


def show_collab(page: Page) -> None:
    for name, wish in (("collab", "pop"), ("collab-house", "house, 124 bpm")):
        told = page.make(name, "generate", "loops/orin-ayo", "loops/stargate", "--collab",
                         "--prompt", wish)  # fmt: skip
        for side in told["contributions"]:
            roles = ", ".join(f"{role} {share:.0%}" for role, share in side["roles"].items())
            print(f"- {Path(side['folder']).name}: {side['time_share']:.0%} of the time, "
                  f"{side['role_share']:.0%} of the roles ({roles})")  # fmt: skip
        print()


def show_inspire(page: Page) -> None:
    for name, seed in (("inspire", 1), ("inspire-2", 2), ("inspire-3", 3)):
        page.make(name, "generate", "loops", "--inspire", "--seed", seed)


def show_transfer(page: Page) -> None:
    """A trap song becomes drill, another genre brain at the same sounds."""
    page.make("", "generate", "loops", "--prompt", "dark trap, 140 bpm")
    page.tell("transfer-before")
    command = ("edit", str(SONG), "turn this trap beat into drill")
    page.shell(*command)
    print("".join(f"    {line}\n" for line in page.run(*command).splitlines()))
    page.tell("transfer")


def show_remix(page: Page) -> None:
    page.make("remix-track", "remix", "tracks/battle.ogg")
    page.make("remix-loops", "remix", "tracks/battle.ogg", "loops", "--seed", 2)
    page.make("", "generate", "loops", "--prompt", "calm lo-fi", out=Path("first"))
    page.tell("remix-before", Path("first"))
    page.make("remix-project", "remix", "first/song.loopmind", "loops")


def show_hum(page: Page) -> None:
    """Two tunes by made-up voices, whose notes are known, and a melody loop as if it were sung."""
    for name, tune, style in (("hum", "ode", "sung"), ("hum-whistle", "greensleeves", "whistle")):
        sound, truth = voice(tune, style, 7)
        write_audio(Path(f"{tune}.wav"), Audio(np.stack([sound, sound]), RATE))
        page.make(name, "hum", f"{tune}.wav", "loops", "--stems")
        key, bpm, _ = TUNES[tune]
        heard = [(n.start_s, n.end_s, round(n.pitch)) for n in _sung(sound)]
        print(f"- sung in {key} at {bpm} bpm; of its {len(truth)} notes heard: "
              f"F1 {f1(heard, truth):.2f} (50 ms)")  # fmt: skip
        section, back = _heard_back(truth, bpm)
        print(f"- as {section} states it, heard back from the melody's stem: F1 {back:.2f}\n")
    page.make("hum-loop", "hum", "loops/stargate/microlag/Loops/Melody_B_Minor_73BPM.flac",
              "loops")  # fmt: skip


def _sung(mono: np.ndarray) -> Sequence[Any]:
    return sung_notes(track_voice(np.asarray(mono, np.float32), RATE)).notes


def _heard_back(truth: Truth, bpm: float) -> tuple[str, float]:
    """The first hook, which states a melody whole, and the F1 of the notes heard in its stem there
    against those that were sung, in the song's tempo and in any octave."""
    song = read_project(SONG / "song.loopmind").draft().song
    hook = next(s for s in song.sections if s.kind in ("hook", "drop"))
    start_s = hook.start_bar * song.beats_per_bar * 60.0 / song.bpm
    speed = bpm / song.bpm
    wanted = [(s * speed, e * speed, m) for s, e, m in truth]
    stem = read_audio(SONG / "stems" / "melody.wav")
    a, b = (round(t * stem.rate_hz) for t in (start_s - 0.2, start_s + wanted[-1][1] + 0.2))
    mono = stem.samples[:, a:b].mean(axis=0, keepdims=True)
    heard = _sung(resample(mono, stem.rate_hz, RATE)[0])
    above = np.median([n.pitch for n in heard]) - np.median([m for *_, m in truth])
    octaves = 12 * round(float(above) / 12)
    found = [(n.start_s, n.end_s, round(n.pitch) - octaves) for n in heard]
    shifts = [s - w for s, *_ in found[:4] for w, *_ in wanted[:4]]
    return hook.name, max(f1(found, [(s + by, e + by, m) for s, e, m in wanted]) for by in shifts)


def show_interpret(page: Page) -> None:
    told = page.make("interpret", "interpret", "loops", "--song")["interpretation"]
    print(
        "| loop | is | timbre: distance from its sources (two sounds of the crate) "
        "| longest copied stretch |\n|---|---|---|---|"
    )
    for loop in told["loops"]:
        print(f"| {Path(loop['path']).name} | {loop['told']} | {loop['timbre_distance']:.2f} "
              f"({loop['usual_distance']:.2f}) | {loop['copied_s']:.2f} s |")  # fmt: skip
    print()


def show_style(page: Page) -> None:
    """A style measured of songs whose making is known, and a song made by it."""
    keys = {124: "C", 122: "D", 126: "A"}
    for number, (bpm, key) in enumerate(keys.items(), 1):
        page.make("", "generate", "loops", "--prompt", f"house, {bpm} bpm, in {key} minor",
                  "--loudness", "-10", "--seed", number, out=Path(f"own{number}"))  # fmt: skip
    for what, end in (("audio", "/song.wav"), ("projects", "")):
        command = ("clone-style", *(f"own{n}{end}" for n in (1, 2, 3)), "--name", f"mine {what}")
        page.shell(*command)
        lines = page.run(*command).splitlines()[1:]  # the first names a file of this machine
        print("".join(f"    {line}\n" for line in lines))
        page.make(f"style-{what}", "generate", "loops", "--brain", f"mine {what}", "--seed", 7)


def show_match(page: Page) -> None:
    told = [
        "| reference | tempo | key | energy curve r: plain, brief, song "
        "| octave bands dB: plain, brief, song | LUFS reference, song | s |",
        "|---|---|---|---|---|---|---|",
    ]
    page.make("", "generate", "loops", out=Path("plain"))
    plain = read_project(Path("plain", "song.loopmind")).draft().song
    audio = read_audio(Path("plain", "song.wav"))
    lufs, curve = measure(audio.samples, audio.rate_hz)
    steps = np.where(np.isfinite(curve), np.maximum(curve, -70.0), -70.0)[::5].tolist()
    levels = octave_levels(audio.samples, audio.rate_hz, SPECTRUM_BANDS_HZ).tolist()
    for name in TRACKS:
        track = Path("tracks", f"{name}.ogg")
        reference = hear_reference(track)
        other = compare(plain, lufs=lufs, spectrum_db=levels, curve_lufs=steps, step_s=0.5,
                        reference=reference)  # fmt: skip
        data = page.make(f"match-{name}", "generate", "loops", "--match", track)
        before, after = data["match"]["before"], data["match"]["after"]
        tempo = "no beat" if reference.bpm is None else f"{reference.bpm:.1f}"
        song = read_project(SONG / "song.loopmind").draft().song
        told.append(
            f"| {name} | {tempo}, {song.bpm:g} "
            f"| {reference.key.written if reference.key else 'none'}, {song.key.written} "
            f"| {other.energy_correlation:.2f}, {before['energy_correlation']:.2f}, "
            f"**{after['energy_correlation']:.2f}** | {other.octave_db:.1f}, "
            f"{before['octave_db']:.1f}, **{after['octave_db']:.1f}** "
            f"| {reference.loudness_lufs:.1f}, {data['loudness_lufs']:.1f} "
            f"| {data['took_s']:.0f} |"
        )
        picture = page.pictures / f"match-{name}-curves.svg"
        match_picture(SONG, reference, before["bands_db"], picture)
        print(f"![its loudness and octaves]({page.pictures.name}/{picture.name})\n")
    print("\n".join(told), flush=True)


# A cloned style comes last, as from then on it is a genre that may be picked unasked.
MODES = {
    "auto": show_auto, "semi-auto": show_semi, "remix": show_remix, "hybrid": show_hybrid,
    "mood match": show_match, "genre transfer": show_transfer, "collab": show_collab,
    "inspire me": show_inspire, "hum to beat": show_hum, "interpretation": show_interpret,
    "clone my style": show_style,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=Path, required=True)
    parser.add_argument("--tracks", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, default=Path("docs/modes"))
    parser.add_argument("--only", choices=MODES)
    args = parser.parse_args()
    args.pictures.mkdir(parents=True, exist_ok=True)
    page = Page(args.pictures.resolve())
    print(
        "# What each mode made\n\nBy `python benchmarks/show_modes.py`; [modes.md](modes.md) tells "
        "what the modes are.\nTempo and key are the song's, length and loudness are measured."
    )
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "loops").symlink_to(args.loops.resolve())
        (work / "tracks").symlink_to(args.tracks.resolve())
        # Styles that are written here are none of the user's.
        os.environ["LOOPMIND_HOME"] = str(work / "home")
        before = Path.cwd()
        os.chdir(work)
        for name, show in MODES.items():
            if args.only in (None, name):
                print(f"\n## {name.capitalize()}\n", flush=True)
                show(page)
        os.chdir(before)


if __name__ == "__main__":
    main()
