"""Accuracy of hearing keys and speed of hearing tone and timbre, next to librosa on the same files.

    OMP_NUM_THREADS=1 python benchmarks/bench_tone.py LABELS.csv [MORE_LABELS.csv ...]

Names are never read. Key: librosa's chroma_cqt with Krumhansl's profiles. How well instruments
are told, and alike sounds found, says `loopmind evaluate tag`, and the tagger's card.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import numpy as np

from loopmind.analysis.frontend import frontend
from loopmind.analysis.hear import hear
from loopmind.analysis.rhythm import hear_rhythm
from loopmind.analysis.timbre import hear_timbre
from loopmind.analysis.tone import hear_tone
from loopmind.files.decode import AudioFileError, read_audio
from loopmind.music.audio import Audio
from loopmind.music.key import Key, mirex_score

KRUMHANSL = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


def rows_of(paths: list[Path]) -> list[tuple[Path, dict[str, str]]]:
    rows = []
    for labels in paths:
        with labels.open(encoding="utf-8", newline="") as file:
            rows += [(labels.parent / row["path"], row) for row in csv.DictReader(file)]
    return [pair for pair in rows if pair[1]["kind"] in ("loop", "oneshot")]


def read(path: Path) -> Audio | None:
    try:
        audio = read_audio(path, max_seconds=30.0)
    except AudioFileError:
        return None
    return audio if audio.frames > 64 and float(np.abs(audio.samples).max()) > 1e-4 else None


def librosa_key(audio: Audio) -> Key:
    import librosa

    mono = audio.samples.mean(axis=0)
    chroma = librosa.feature.chroma_cqt(y=mono, sr=audio.rate_hz).mean(axis=1)
    scores = {
        Key(tonic, mode): np.corrcoef(np.roll(profile, tonic), chroma)[0, 1]  # type: ignore[arg-type]
        for mode, profile in KRUMHANSL.items()
        for tonic in range(12)
    }
    return max(scores, key=lambda key: scores[key])


def librosa_mfcc(audio: Audio) -> np.ndarray:
    import librosa

    mono = librosa.resample(audio.samples.mean(axis=0), orig_sr=audio.rate_hz, target_sr=22050)
    mono = np.pad(mono, (0, max(0, 2048 - mono.size)))
    coefficients = librosa.feature.mfcc(y=mono, sr=22050, n_mfcc=20)
    return np.concatenate([coefficients.mean(axis=1), coefficients.std(axis=1)]).astype(np.float32)


def keys(rows: list[tuple[Path, dict[str, str]]]) -> None:
    table: dict[str, list[tuple[bool, float | None]]] = {"loopmind": [], "librosa": []}
    for path, row in rows:
        audio = read(path) if row["key"] else None
        if audio is None:
            continue
        truth = Key.parse(row["key"])
        with_mode = " " in row["key"].strip()
        for name, key in (
            ("loopmind", hear(audio, path="", digest="").best_key),
            ("librosa", librosa_key(audio)),
        ):
            right = key is not None and key.tonic == truth.tonic
            table[name].append((right, mirex_score(key, truth) if with_mode else None))
    for name, results in table.items():
        if results:
            weights = [weight for _, weight in results if weight is not None]
            root = np.mean([right for right, _ in results])
            print(f"key         {name:9} root {root:.3f} of {len(results)}"
                  f"  MIREX {np.mean(weights):.3f} of {len(weights)}", flush=True)  # fmt: skip


def speed(rows: list[tuple[Path, dict[str, str]]]) -> None:
    sounds = [audio for path, row in rows if row["kind"] == "loop" and (audio := read(path))][:24]
    if not sounds:
        return
    seconds = sum(audio.duration_s for audio in sounds)
    spectra = [frontend(audio) for audio in sounds]
    rhythms = [hear_rhythm(item) for item in spectra]
    best = {"loopmind": np.inf, "librosa": np.inf}
    librosa_key(sounds[0])
    for _ in range(3):
        start = time.perf_counter()
        for item, rhythm in zip(spectra, rhythms, strict=True):
            hear_timbre(item, rhythm, hear_tone(item))
        best["loopmind"] = min(best["loopmind"], time.perf_counter() - start)
    start = time.perf_counter()
    for audio in sounds:
        librosa_key(audio)
        librosa_mfcc(audio)
    best["librosa"] = time.perf_counter() - start
    ratio = best["librosa"] / best["loopmind"]
    print(f"speed       loopmind tone + timbre {seconds / best['loopmind']:.0f} s of audio a s,"
          f" {8000 * best['loopmind'] / seconds:.1f} ms for 8 s; librosa chroma_cqt + MFCC"
          f" {seconds / best['librosa']:.0f}; ratio {ratio:.1f}", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("labels", type=Path, nargs="+")
    options = parser.parse_args()
    rows = rows_of(options.labels)
    keys(rows)
    speed(rows)


if __name__ == "__main__":
    main()
