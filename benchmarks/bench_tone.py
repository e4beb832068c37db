"""Accuracy and speed of hearing key, instrument and likeness, next to librosa on the same files.

    OMP_NUM_THREADS=1 python benchmarks/bench_tone.py LABELS.csv [MORE_LABELS.csv ...] [--epochs N]

Names are never read. Key: librosa's chroma_cqt with Krumhansl's profiles. Instrument and likeness:
statistics of 20 librosa MFCC. Both sides train the same network on the recordings at hand, one
source always held back; what the shipped model adds (rendered sounds) stands in its card.
"""

from __future__ import annotations

import argparse
import csv
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from loopmind.analysis.embedding import embed
from loopmind.analysis.features import shape_of, timbre_features
from loopmind.analysis.frontend import frontend
from loopmind.analysis.hear import hear
from loopmind.analysis.rhythm import hear_rhythm
from loopmind.analysis.timbre import hear_timbre
from loopmind.analysis.tone import Tone, hear_tone
from loopmind.files.decode import AudioFileError, read_audio
from loopmind.learn.instruments import Examples, coarse, coarse_choice, macro_f1, predict, train
from loopmind.learn.material import our_instrument
from loopmind.music.audio import Audio
from loopmind.music.key import Key, mirex_score

KRUMHANSL = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


@dataclass(eq=False)
class Heard:
    """One labelled file as both sides describe it."""

    source: str
    instrument: str
    features: np.ndarray
    mfcc: np.ndarray
    tone: Tone
    rhythm: tuple[float, ...]
    onset_rate: float


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


def describe(rows: list[tuple[Path, dict[str, str]]]) -> list[Heard]:
    heard = []
    for path, row in rows:
        audio = read(path) if row["instrument"] else None
        if audio is None:
            continue
        spectra = frontend(audio)
        tone, rhythm = hear_tone(spectra), hear_rhythm(spectra)
        shape = shape_of(spectra.mono, spectra.rate_hz, spectra.power, spectra.hop)
        source = "hydrogen" if "hydrogen" in row["source"] else row["source"]
        heard.append(
            Heard(
                source=source,
                instrument=our_instrument(row["instrument"], row["path"], row["note"]),
                features=timbre_features(shape, tone, tone.heard),
                mfcc=librosa_mfcc(audio),
                tone=tone,
                rhythm=rhythm.rhythm,
                onset_rate=len(rhythm.onsets_s) / max(0.25, audio.duration_s),
            )
        )
    return heard


def mean_average_precision(vectors: np.ndarray, names: list[str], sources: list[str]) -> float:
    """Same-class retrieval among the sounds of all other sources, averaged over queries."""
    vectors = vectors / np.maximum(1e-9, np.linalg.norm(vectors, axis=1, keepdims=True))
    likeness = vectors @ vectors.T
    label, source = np.array(names), np.array(sources)
    scores = []
    for i in range(len(vectors)):
        others = np.flatnonzero(source != source[i])
        order = others[np.argsort(-likeness[i, others], kind="stable")]
        right = label[order] == label[i]
        if right.any():
            precision = np.cumsum(right) / np.arange(1, len(right) + 1)
            scores.append(float(precision[right].mean()))
    return float(np.mean(scores))


def instruments(heard: list[Heard], epochs: int) -> None:
    source = [item.source for item in heard]
    truth = [coarse(item.instrument) for item in heard]
    names = np.array([item.instrument for item in heard])
    if len(set(source)) < 2:
        print("instrument  needs at least two sources to hold one back")
        return
    embeddings = np.zeros((0, 0))
    for name in ("mfcc", "features"):
        inputs = np.stack([getattr(item, name) for item in heard])
        no_path = np.full(len(heard), "")
        data = Examples(inputs, names, np.array(source), no_path, np.zeros(len(heard), np.int8))
        guess = [""] * len(heard)
        rows = [np.zeros(0)] * len(heard)
        for held_back in sorted(set(source)):
            chosen = data.source == held_back
            model = train(data.where(~chosen), members=1, epochs=epochs)
            for i, p in zip(np.flatnonzero(chosen), predict(model, inputs[chosen]), strict=True):
                guess[i] = coarse_choice(p)
                if name == "features":
                    item = heard[i]
                    standard = model.standardise(item.features)
                    rows[i] = np.array(embed(p, standard, item.tone, item.rhythm, item.onset_rate))
        who = "librosa" if name == "mfcc" else "loopmind"
        top1 = np.mean([a == b for a, b in zip(truth, guess, strict=True)])
        print(f"instrument  {who:9} top-1 {top1:.3f} of {len(truth)}"
              f"  macro-F1 {macro_f1(truth, guess):.3f}  (unseen source)", flush=True)  # fmt: skip
        if name == "features":
            embeddings = np.stack(rows)
    mfcc = np.stack([item.mfcc for item in heard])
    mfcc = (mfcc - mfcc.mean(axis=0)) / (mfcc.std(axis=0) + 1e-6)
    for who, vectors in (("librosa", mfcc), ("loopmind", embeddings)):
        score = mean_average_precision(vectors, truth, source)
        print(f"likeness    {who:9} mAP {score:.3f} of {len(truth)}  (other sources)", flush=True)


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
    parser.add_argument("--epochs", type=int, default=60)
    options = parser.parse_args()
    rows = rows_of(options.labels)
    keys(rows)
    speed(rows)
    instruments(describe(rows), options.epochs)


if __name__ == "__main__":
    main()
