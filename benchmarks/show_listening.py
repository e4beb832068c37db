"""What transcribing makes of a known piece and of a real track: pictures for docs/listening.md.

    python benchmarks/show_listening.py --piece DIR --track FILE --font FILE [--pictures DIR]

For each: the stems' spectrograms, the piano roll, and the MIDI played by a soundfont beside the
original, on one clock; in a folder of its name the MIDI files, notes.json, the stems and what was
played (Ogg Opus, no longer than the pictures). Prints markdown; of a piece, whose notes are known,
also how many were right.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from loopmind.analysis.listening.separation import LightSeparator, separate
from loopmind.cli import main as loopmind
from loopmind.dsp.resample import resample
from loopmind.files.decode import read_audio
from loopmind.learn.notes.judge import Line, score
from loopmind.learn.sounds.fluid import Part, Player
from loopmind.learn.sounds.pieces import Piece, pieces
from loopmind.learn.sounds.render import RENDER_RATE_HZ, Note
from loopmind.music.audio import Audio
from loopmind.music.transcript import PROGRAMS

F32 = NDArray[np.float32]

BACKGROUND, TEXT, MUTED = "#0c0c10", "#f1eee8", "#a9a6b5"
SHOWN_S = 30.0


def transcribe(file: Path, work: Path) -> tuple[dict[str, Any], dict[str, Any], Path]:
    """What `loopmind transcribe FILE --json` tells, its notes.json, and its folder."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        code = loopmind(["transcribe", str(file), "--out", str(work), "--json"])
    if code:
        raise SystemExit(f"transcribing {file} failed")
    data: dict[str, Any] = json.loads(told.getvalue())[0]
    out = Path(data["out"])
    return data, json.loads((out / "notes.json").read_text(encoding="utf-8")), out


def played(notes: dict[str, Any], font: Path) -> F32:
    """The transcript played by a soundfont, mono, each instrument about as loud as the others."""
    parts = []
    for track in notes["tracks"]:
        own = tuple(
            Note(n["start_s"], n["end_s"] - n["start_s"], n["pitch"],
                 min(max(round(127 * n["velocity"]), 1), 127))
            for n in track["notes"]
        )  # fmt: skip
        drums = track["instrument"] == "drums"
        parts.append(Part(PROGRAMS.get(track["instrument"], 0), own, drums))
    if not parts:
        return np.zeros(round(notes["duration_s"] * RENDER_RATE_HZ), np.float32)
    with Player(font) as player:
        sounds = player.play(parts, notes["duration_s"])
    levels = [max(float(np.sqrt(np.mean(sound**2))), 1e-6) for sound in sounds]
    return np.sum([s.mean(axis=0) / v for s, v in zip(sounds, levels, strict=True)], axis=0)


def spectrum(mono: F32, rate_hz: int, bands: int = 160) -> NDArray[np.float64]:
    """Levels in dB, (bands, frames of 23 ms), logarithmic in frequency from 40 Hz to 12 kHz."""
    if rate_hz != RENDER_RATE_HZ:
        mono = resample(mono[None], rate_hz, RENDER_RATE_HZ)[0]
    size, step = 4096, 1024
    padded = np.pad(mono, (size // 2, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::step] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    hertz = np.fft.rfftfreq(size, 1 / RENDER_RATE_HZ)
    edges = np.geomspace(40.0, 12000.0, bands + 1)
    places = np.clip(np.searchsorted(hertz, edges), 1, hertz.size - 1)
    rows = [power[:, a : max(b, a + 1)].mean(axis=1) for a, b in zip(places[:-1], places[1:])]  # noqa: B905, RUF007
    return 10.0 * np.log10(np.stack(rows) + 1e-9)


def panels(rows: Mapping[str, NDArray[np.float64]], seconds: float, file: Path, title: str) -> None:
    """Spectrograms one below the other on one clock."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        len(rows), 1, figsize=(13, 1.55 * len(rows) + 0.6), dpi=80, sharex=True, squeeze=False
    )
    figure.patch.set_facecolor(BACKGROUND)
    for axis, (name, levels) in zip(axes[:, 0], rows.items(), strict=True):
        top = float(np.quantile(levels, 0.998)) if levels.max() > -80 else 0.0
        axis.imshow(levels, origin="lower", aspect="auto", cmap="inferno", vmin=top - 62, vmax=top,
                    extent=(0, levels.shape[1] * 1024 / RENDER_RATE_HZ, 0, 1))  # fmt: skip
        axis.set_xlim(0, seconds)
        axis.set_yticks([])
        axis.set_facecolor(BACKGROUND)
        axis.set_ylabel(name, color=TEXT, rotation=0, ha="right", va="center", fontsize=10)
        axis.tick_params(colors=MUTED)
        for spine in axis.spines.values():
            spine.set_color("#2a2a35")
    axes[-1, 0].set_xlabel("seconds", color=MUTED, fontsize=9)
    axes[0, 0].set_title(title, color=TEXT, fontsize=10, loc="left")
    figure.tight_layout()
    figure.savefig(file, facecolor=BACKGROUND, pil_kwargs={"quality": 82})
    pyplot.close(figure)


def listen_to(samples: F32, rate_hz: int, file: Path) -> None:
    """Write a sound as Ogg Opus, small enough for a repository; turned down if it is too loud."""
    at_48k = resample(np.ascontiguousarray(samples, np.float32), rate_hz, 48000)
    at_48k *= np.float32(min(1.0, 0.95 / max(float(np.abs(at_48k).max()), 1e-9)))
    soundfile.write(file, at_48k.T, 48000, format="OGG", subtype="OPUS", compression_level=0.95)


def agreement(one: NDArray[np.float64], two: NDArray[np.float64]) -> tuple[float, float]:
    """Mean cosine of the pitch classes of both, frame by frame, and of one with the other a
    semitone off: what chance would give.
    """
    chroma = []
    for levels in (one, two):
        hertz = np.geomspace(40.0, 12000.0, levels.shape[0] + 1)[:-1]
        inside = (hertz > 80.0) & (hertz < 2000.0)
        pitch = np.round(12 * np.log2(hertz[inside] / 440.0)).astype(int) % 12
        power = 10.0 ** (levels[inside] / 20.0)
        sums = np.stack([power[pitch == p].sum(axis=0) for p in range(12)])
        chroma.append(sums / np.maximum(np.linalg.norm(sums, axis=0), 1e-9))
    frames = min(c.shape[1] for c in chroma)
    first, second = (c[:, :frames] for c in chroma)
    return (
        float((first * second).sum(axis=0).mean()),
        float((first * np.roll(second, 1, axis=0)).sum(axis=0).mean()),
    )


def show(file: Path, name: str, font: Path, pictures: Path, work: Path) -> dict[str, Any]:
    """All pictures of one recording; prints what was heard."""
    data, notes, out = transcribe(file, work)
    shutil.copyfile(out / "piano_roll.png", pictures / f"{name}-roll.png")
    own = pictures / name
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    for made in (*sorted(out.glob("*.mid")), out / "notes.json"):
        shutil.copyfile(made, own / made.name)
    audio = read_audio(file)
    mono = audio.samples.mean(axis=0)
    seconds = min(SHOWN_S, notes["duration_s"])
    rows = {"mix": spectrum(mono[: round(seconds * audio.rate_hz)], audio.rate_hz)}
    first = np.ascontiguousarray(audio.samples[:, : round(seconds * audio.rate_hz)])
    found = separate(Audio(first, audio.rate_hz), LightSeparator())
    for stem, sound in zip(found.names, found.sounds, strict=True):
        rows[stem] = spectrum(sound.samples.mean(axis=0), sound.rate_hz)
        listen_to(sound.samples, sound.rate_hz, own / f"{stem}.opus")
    panels(
        rows, seconds, pictures / f"{name}-stems.jpg", f"{data['file'].rsplit('/', 1)[-1]}: stems"
    )
    again = played(notes, font)
    listen_to(again[None, : round(seconds * RENDER_RATE_HZ)], RENDER_RATE_HZ, own / "midi.opus")
    ours, theirs = spectrum(mono, audio.rate_hz), spectrum(again, RENDER_RATE_HZ)
    columns = round(seconds * RENDER_RATE_HZ / 1024)
    panels(
        {"original": ours[:, :columns], "MIDI": theirs[:, :columns]}, seconds,
        pictures / f"{name}-aligned.jpg", "the recording, and its MIDI played by a soundfont",
    )  # fmt: skip
    same, chance = agreement(ours, theirs)
    counts = ", ".join(f"{track} {count}" for track, count in data["notes"].items())
    bpm = f"{round(data['bpm'], 1):g} bpm"
    print(f"\n## {name}\n\n{bpm}, {data['key']}; {counts}; {data['took_s']} s for "
          f"{data['duration_s']:.0f} s of music\n\nchords: "
          + " ".join(c["name"] for c in notes["chords"][:24])
          + f"\n\npitch classes of the MIDI and the recording agree to {same:.2f} "
          f"(a semitone off: {chance:.2f})")  # fmt: skip
    return notes


def known(notes: dict[str, Any], piece: Piece) -> None:
    """How much of a piece's notes was found."""
    truth = [
        Line(s, e, p, track["instrument"])
        for track in piece.tracks
        if track["stem"] != "drums"
        for s, e, p, _ in track["notes"]
    ]
    found = [
        Line(n["start_s"], n["end_s"], n["pitch"], track["instrument"])
        for track in notes["tracks"]
        if track["instrument"] != "drums"
        for n in track["notes"]
    ]
    both = score(truth, found)
    names = ", ".join(sorted({track["instrument"] for track in piece.tracks}))
    print(f"\ntruth: {names}; notes found: F1 {both.onset:.2f}, with the right instrument "
          f"{both.instrument:.2f}, onsets {1000 * both.deviation_s:.0f} ms off")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--piece", type=Path, help="folder of one piece of learn/sounds/pieces.py")
    parser.add_argument("--track", type=Path, action="append", default=[], help="a real recording")
    parser.add_argument("--font", type=Path, required=True, help="soundfont that plays the MIDI")
    parser.add_argument("--pictures", type=Path, default=Path("docs/listening"))
    args = parser.parse_args()
    args.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if args.piece is not None:
            piece = next(p for p in pieces(args.piece.parent) if p.folder == args.piece)
            file = work / "piece.wav"
            mix = np.sum(list(piece.stems().values()), axis=0)
            soundfile.write(file, mix.T, RENDER_RATE_HZ, subtype="FLOAT")
            known(show(file, "piece", args.font, args.pictures, work), piece)
        for track in args.track:
            show(track, track.stem, args.font, args.pictures, work)


if __name__ == "__main__":
    main()
