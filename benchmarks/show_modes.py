"""Modes of `generate` on real audio: what each one made, measured, with pictures for docs/modes.md.

Prints markdown and writes the arrangement of each song, and for the mood match the loudness curves
and octave bands of song and reference, as SVG.

    python benchmarks/show_modes.py --loops DIR --tracks DIR [--pictures docs/modes] [--only NAME]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from loopmind.cli import main as loopmind
from loopmind.compose.tone_match import _relative, compare
from loopmind.dsp.loudness import measure
from loopmind.dsp.octaves import octave_levels
from loopmind.files.decode import read_audio
from loopmind.files.project import read_project
from loopmind.music.loop import SPECTRUM_BANDS_HZ
from loopmind.music.reference import Reference
from loopmind.nodes.hear_reference import hear_reference
from loopmind.present.arrangement import arrangement_svg

TRACKS = ("battle", "frantic", "knolls", "love_theme", "the_city_falls", "wanderer")
CURVES = ("#118ab2", "#ef476f", "#9aa0a6")


def generate(out: Path, *words: object) -> dict[str, Any]:
    """What `loopmind generate ... --json` tells of the song it makes in `out`."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        code = loopmind(["generate", *map(str, words), "--out", str(out), "--json"])
    if code:
        raise SystemExit(f"generate {words} failed")
    found: dict[str, Any] = json.loads(told.getvalue())
    return found


def picture(out: Path, file: Path) -> None:
    """The arrangement of the song in `out`."""
    song = read_project(out / "song.loopmind").draft().song
    file.write_text(arrangement_svg(song), encoding="utf-8")


def line(data: dict[str, Any]) -> str:
    minutes, seconds = divmod(round(data["duration_s"]), 60)
    return (
        f"{data['title']}: {data['bpm']:g} bpm, {data['key']}, {minutes}:{seconds:02d}, "
        f"{data['loudness_lufs']:.1f} LUFS, {len(data['sections'])} sections, "
        f"{data['took_s']:.1f} s"
    )


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


def show_style(loops: Path, work: Path, pictures: Path) -> None:
    """A style measured of songs whose making is known, and a song made by it."""
    keys = {124: "C", 122: "D", 126: "A"}
    wishes = [f"house, {bpm} bpm, in {key} minor" for bpm, key in keys.items()]
    songs = []
    for number, wish in enumerate(wishes):
        data = generate(work / f"own{number}", loops, "--prompt", wish, "--loudness", "-10",
                        "--seed", number + 1)  # fmt: skip
        songs.append(data)
        print(f"- own song: {line(data)}")
    folders = [str(work / f"own{number}") for number in range(3)]
    files = [str(Path(folder) / "song.wav") for folder in folders]
    for what, given in (("audio", files), ("projects", folders)):
        loopmind(["clone-style", *given, "--name", f"mine {what}", "--replace"])
        data = generate(work / "song", loops, "--brain", f"mine {what}", "--seed", 7)
        picture(work / "song", pictures / f"style-{what}.svg")
        sections = ", ".join(f"{s['name']} {s['bars']}" for s in data["sections"])
        print(f"- by the brain of {what}: {line(data)}\n  {sections}")


def show_hybrid(loops: Path, work: Path, pictures: Path) -> None:
    for name in ("stargate/microlag/Loops/Melody_B_Minor_73BPM.flac",
                 "orin-ayo/chord/lafunk_116bpm_Am.ogg",
                 "stargate/fugue-state-audio/loops/120-funkybeat.flac"):  # fmt: skip
        anchor = loops / name
        data = generate(work / "song", loops, "--anchor", anchor)
        picture(work / "song", pictures / f"hybrid-{anchor.stem.lower().replace('#', 's')}.svg")
        print(f"- `--anchor {anchor.name}`: {line(data)}\n  " + "\n  ".join(data["why"]))


def show_collab(loops: Path, work: Path, pictures: Path) -> None:
    for wish in ("", "house, 124 bpm"):
        data = generate(work / "song", loops / "orin-ayo", loops / "stargate", "--collab",
                        "--prompt", wish)  # fmt: skip
        picture(work / "song", pictures / f"collab{'-house' if wish else ''}.svg")
        print(f"- {wish or 'no wish'}: {line(data)}")
        for side in data["contributions"]:
            roles = ", ".join(f"{role} {share:.0%}" for role, share in side["roles"].items())
            print(f"  {Path(side['folder']).name}: {side['time_share']:.0%} of the time, "
                  f"{side['role_share']:.0%} of the roles ({roles})")  # fmt: skip


def show_inspire(loops: Path, work: Path, pictures: Path) -> None:
    for seed in range(1, 4):
        data = generate(work / "song", loops, "--inspire", "--seed", seed)
        picture(work / "song", pictures / f"inspire-{seed}.svg")
        print(f"- seed {seed}: {line(data)}\n  " + "\n  ".join(data["why"]))


def show_match(loops: Path, tracks: Path, work: Path, pictures: Path) -> None:
    print(
        "| reference | tempo | key | energy curve r: plain, brief, song "
        "| octave bands dB: plain, brief, song | LUFS reference, song | s |\n"
        "|---|---|---|---|---|---|---|"
    )
    generate(work / "plain", loops)
    plain = read_project(work / "plain" / "song.loopmind").draft().song
    audio = read_audio(work / "plain" / "song.wav")
    lufs, curve = measure(audio.samples, audio.rate_hz)
    steps = np.where(np.isfinite(curve), np.maximum(curve, -70.0), -70.0)[::5].tolist()
    levels = octave_levels(audio.samples, audio.rate_hz, SPECTRUM_BANDS_HZ).tolist()
    for name in TRACKS:
        track = next(tracks.rglob(f"{name}.ogg"))
        reference = hear_reference(track)
        other = compare(plain, lufs=lufs, spectrum_db=levels, curve_lufs=steps, step_s=0.5,
                        reference=reference)  # fmt: skip
        data = generate(work / "song", loops, "--match", track)
        before, after = data["match"]["before"], data["match"]["after"]
        tempo = "no beat" if reference.bpm is None else f"{reference.bpm:.1f}"
        own = reference.key.written if reference.key else "none"
        print(
            f"| {name} | {tempo}, {data['bpm']:g} | {own}, {data['key']} "
            f"| {other.energy_correlation:.2f}, {before['energy_correlation']:.2f}, "
            f"**{after['energy_correlation']:.2f}** | {other.octave_db:.1f}, "
            f"{before['octave_db']:.1f}, **{after['octave_db']:.1f}** "
            f"| {reference.loudness_lufs:.1f}, {data['loudness_lufs']:.1f} "
            f"| {data['took_s']:.0f} |",
            flush=True,
        )
        if name in ("battle", "frantic"):
            match_picture(work / "song", reference, before["bands_db"],
                          pictures / f"match-{name}-curves.svg")  # fmt: skip
            picture(work / "song", pictures / f"match-{name}.svg")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=Path, required=True)
    parser.add_argument("--tracks", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, default=Path("docs/modes"))
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    args.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        # Styles that are written here are none of the user's.
        os.environ["LOOPMIND_HOME"] = str(work / "home")
        for name, show in (("hybrid", show_hybrid), ("collab", show_collab),
                           ("inspire", show_inspire), ("style", show_style)):  # fmt: skip
            if args.only in ("", name):
                print(f"\n## {name}\n", flush=True)
                show(args.loops, work, args.pictures)
        if args.only in ("", "match"):
            print("\n## match\n", flush=True)
            show_match(args.loops, args.tracks, work, args.pictures)


if __name__ == "__main__":
    main()
