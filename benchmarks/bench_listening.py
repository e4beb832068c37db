"""Transcribing whole mixes: how well, separated first or at once, and how fast.

    python benchmarks/bench_listening.py --pieces DIR [--count N] [--ways at-once,stems,truth]
    python benchmarks/bench_listening.py --speed FILE

DIR holds pieces whose notes are known (loopmind.learn.sounds.pieces, its `test` split). Ways:
"at-once" hears all in the mix; "stems" separates it first, by the light model; "drums-stem" only
hears the drums in their stem and all else in the mix; "truth" is given the true stems: the most
that separating could bring. Notes count with the right instrument: onset within 50 ms, same pitch,
same family (drums: same voice of the five classes). --speed: times real time on two threads, and
memory.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from loopmind.analysis.listening.assemble import assemble
from loopmind.analysis.listening.drums import hear_drums
from loopmind.analysis.listening.pitched import transcribe_pitched
from loopmind.analysis.listening.separation import LightSeparator, separate
from loopmind.files.decode import read_audio
from loopmind.learn.drums.data import hits_of
from loopmind.learn.drums.judge import Score as DrumScore
from loopmind.learn.drums.judge import score_hits
from loopmind.learn.notes.judge import Line, drums_too, score
from loopmind.learn.sounds.pieces import Piece, pieces
from loopmind.learn.sounds.render import RENDER_RATE_HZ, Note
from loopmind.music.audio import Audio
from loopmind.music.transcript import DRUM_NOTES, Transcript

WAYS = ("at-once", "stems", "drums-stem", "truth")
_VOICE_OF = {pitch: number for number, pitch in enumerate(DRUM_NOTES.values())}


def truth_of(piece: Piece) -> tuple[list[Line], np.ndarray]:
    """Pitched notes with their families, and drum hits."""
    lines, drums = [], []
    for track in piece.tracks:
        for start, end, pitch, velocity in track["notes"]:
            if track["stem"] == "drums":
                drums.append(Note(start, end - start, pitch, velocity))
            else:
                lines.append(Line(start, end, pitch, track["instrument"]))
    return sorted(lines, key=lambda n: (n.start_s, n.pitch)), hits_of(drums)


def stems_of(way: str, mix: Audio, piece: Piece) -> dict[str, Audio] | None:
    if way == "at-once":
        return None
    if way == "truth":
        return {name: Audio(sound, RENDER_RATE_HZ) for name, sound in piece.stems().items()}
    found = separate(mix, LightSeparator())
    return dict(zip(found.names, found.sounds, strict=True))


def transcript_of(way: str, mix: Audio, piece: Piece) -> Transcript:
    stems = stems_of(way, mix, piece)
    if way == "drums-stem" and stems is not None:
        rest = Audio(mix.samples - stems["drums"].samples, mix.rate_hz)
        stems = {"drums": stems["drums"], "other": rest}
    return assemble(mix, stems, name=piece.folder.name)


def judge(found: Transcript, lines: list[Line], hits: np.ndarray) -> dict[str, float]:
    """Onset F1 of pitched notes, the same with the right instrument, and drums."""
    ours = [
        Line(n.start_s, n.end_s, n.pitch, t.instrument)
        for t in found.tracks
        if not t.drums
        for n in t.notes
    ]
    notes = score(lines, ours)
    struck = found.track("drums")
    drums = score_hits(hits, _hits(struck.notes if struck else ()))
    return {
        "notes": notes.onset,
        "right instrument": notes.instrument,
        "with drums": drums_too(notes, drums.total),
        "drums": drums.total.f1,
    }


def _hits(notes):  # type: ignore[no-untyped-def]
    from loopmind.analysis.listening.drums_decode import DrumHit

    return [DrumHit(n.start_s, _VOICE_OF[n.pitch], n.velocity, 1.0) for n in notes]


def quality(folder: Path, count: int, ways: list[str]) -> None:
    """A row for each way: means over the pieces of four or more parts."""
    rows: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    chosen = [p for p in pieces(folder) if len(p.tracks) >= 4][:count]
    for piece in chosen:
        mix = Audio(np.sum(list(piece.stems().values()), axis=0), RENDER_RATE_HZ)
        lines, hits = truth_of(piece)
        for way in ways:
            rows[way].append(judge(transcript_of(way, mix, piece), lines, hits))
    print(f"{len(chosen)} mixes of four or more parts; mean onset F1\n")
    names = list(next(iter(rows.values()))[0])
    print("| way | " + " | ".join(names) + " |")
    print("|---|" + "---|" * len(names))
    for way, found in rows.items():
        cells = [f"{np.mean([row[name] for row in found]):.3f}" for name in names]
        print(f"| {way} | " + " | ".join(cells) + " |", flush=True)
    print()
    for what, drums in drums_alone(chosen).items():
        total = drums.total
        each = ", ".join(f"{name} {drums.of(name).f1:.3f}" for name in drums.by_class)
        print(f"drums {what}: F1 {total.f1:.3f}, deviation {drums.deviation_ms:.1f} ms, {each}")


def drums_alone(chosen: list[Piece]) -> Mapping[str, DrumScore]:
    """The drum model on drum stems, in the mix, and on separated drums."""
    found = {name: DrumScore() for name in ("alone", "in the mix", "separated")}
    for piece in chosen:
        stems = piece.stems()
        if not stems["drums"].any():
            continue
        _, hits = truth_of(piece)
        mix = Audio(np.sum(list(stems.values()), axis=0), RENDER_RATE_HZ)
        kinds = {
            "alone": Audio(stems["drums"], RENDER_RATE_HZ),
            "in the mix": mix,
            "separated": separate(mix, LightSeparator(), ("drums",)).sounds[0],
        }
        for name, sound in kinds.items():
            found[name] += score_hits(hits, hear_drums(sound))
    return found


def speed(file: Path) -> None:
    """Times real time of each part and of the whole, models already open."""
    audio = read_audio(file)
    warm = Audio(audio.samples[:, : 4 * audio.rate_hz], audio.rate_hz)
    separator = LightSeparator()
    parts = {
        "drums": lambda a: hear_drums(a),
        "notes, mix": lambda a: transcribe_pitched(a),
        "separate": lambda a: separate(a, separator),
        "transcribe at once": lambda a: assemble(a, name="x"),
        "transcribe, separated first": lambda a: assemble(a, _stems(a, separator), name="x"),
    }
    print(f"{audio.duration_s:.0f} s of {file.name}")
    for name, run in parts.items():
        run(warm)
        begun, used = time.perf_counter(), time.process_time()
        run(audio)
        wall, cpu = time.perf_counter() - begun, time.process_time() - used
        print(f"{name}: {audio.duration_s / wall:.1f} x real time "
              f"({audio.duration_s / cpu:.1f} x per core)", flush=True)  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"memory at most: {peak:.2f} GiB")


def _stems(audio: Audio, separator: LightSeparator) -> dict[str, Audio]:
    found = separate(audio, separator)
    return dict(zip(found.names, found.sounds, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pieces", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--speed", type=Path, metavar="FILE")
    args = parser.parse_args()
    if args.pieces is not None:
        quality(args.pieces, args.count, args.ways.split(","))
    if args.speed is not None:
        speed(args.speed)


if __name__ == "__main__":
    main()
