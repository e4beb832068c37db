"""Tempo and kind by sound alone on labelled recordings, next to librosa's answers.

    python benchmarks/bench_hearing.py LABELS.csv [LABELS.csv ...] [--peers] [--failures]

A labels.csv has the columns path, kind, bpm and source; rows of kind loop, oneshot or mix count.
exact: within 1 %. octave: within 4 % of the tempo, its half, double, third or triple (MIREX).
Reliability: files by the weight that their best tempo was given, against how many were right.
"""

from __future__ import annotations

import argparse
import csv
import json
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from loopmind.analysis.frontend import frontend
from loopmind.analysis.rhythm import hear_rhythm
from loopmind.analysis.timbre import listen
from loopmind.analysis.tone import hear_tone
from loopmind.files.decode import read_audio

KIND_OF_LABEL = {"loop": "loop", "oneshot": "oneshot", "mix": "song", "stem": "song"}
OCTAVES = (1.0, 2.0, 0.5, 3.0, 1.0 / 3.0)


@dataclass(frozen=True)
class Guess:
    """The best tempo of one file (0 where none was heard), its weight, and the truth."""

    path: str
    truth: float
    bpm: float
    weight: float
    listed: bool

    @property
    def exact(self) -> bool:
        return abs(self.bpm / self.truth - 1.0) <= 0.01

    @property
    def octave(self) -> bool:
        return any(abs(self.bpm / (self.truth * r) - 1.0) <= 0.04 for r in OCTAVES)


def labelled(files: list[Path]) -> list[dict[str, str]]:
    """Rows whose kind is known, with `file`, the path on disk."""
    rows = []
    for labels in files:
        with labels.open(encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                if row["kind"] in KIND_OF_LABEL:
                    rows.append({**row, "file": str(labels.parent / row["path"])})
    return rows


def librosa_tempo(path: str) -> float:
    """librosa's beat_track at its usual settings."""
    import librosa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sound, rate = librosa.load(path, sr=22050)
        tempo, _ = librosa.beat.beat_track(  # type: ignore[attr-defined]
            y=sound, sr=rate
        )
    return float(np.atleast_1d(tempo)[0])


def summary(guesses: list[Guess]) -> dict[str, float]:
    """Shares of right answers, and the mean weight given to the best tempo."""
    return {
        "files": len(guesses),
        "exact": round(float(np.mean([g.exact for g in guesses])), 3),
        "octave": round(float(np.mean([g.octave for g in guesses])), 3),
        "listed": round(float(np.mean([g.listed for g in guesses])), 3),
        "mean_weight": round(float(np.mean([g.weight for g in guesses])), 3),
    }


def reliability(guesses: list[Guess]) -> list[dict[str, float]]:
    """By weight of the best tempo: how many files, their mean weight, and the share right."""
    rows = []
    for low, high in ((0.0, 0.5), (0.5, 0.7), (0.7, 0.85), (0.85, 0.95), (0.95, 1.01)):
        part = [g for g in guesses if low <= g.weight < high]
        if part:
            rows.append({
                "from_weight": low, "files": len(part),
                "mean_weight": round(float(np.mean([g.weight for g in part])), 3),
                "exact": round(float(np.mean([g.exact for g in part])), 3),
            })  # fmt: skip
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("labels", type=Path, nargs="+")
    parser.add_argument("--peers", action="store_true", help="ask librosa too")
    parser.add_argument("--failures", action="store_true", help="list the files that went wrong")
    given = parser.parse_args()
    heard: dict[str, list[Guess]] = {"with the length": [], "without the length": []}
    peers: list[Guess] = []
    kinds: Counter[tuple[str, str]] = Counter()
    wrong_kinds: list[str] = []
    for row in labelled(given.labels):
        try:
            spectra = frontend(read_audio(row["file"]))
        except Exception as error:
            if type(error).__name__ != "AudioFileError":
                raise
            print(error)
            continue
        told_loop = listen(spectra, hear_tone(spectra)).loop
        rhythm = hear_rhythm(spectra, told_loop=told_loop)
        kinds[KIND_OF_LABEL[row["kind"]], rhythm.kind] += 1
        if rhythm.kind != KIND_OF_LABEL[row["kind"]]:
            wrong_kinds.append(f"{row['path']}: {rhythm.kind} ({rhythm.kind_confidence:.2f})")
        if not row["bpm"] or row["kind"] != "loop":
            continue
        truth = float(row["bpm"])
        for name, use_length in (("with the length", True), ("without the length", False)):
            answer = (
                rhythm
                if use_length
                else hear_rhythm(spectra, use_length=False, told_loop=told_loop)
            )
            best = answer.tempo[0] if answer.tempo else None
            listed = any(abs(belief.value / truth - 1.0) <= 0.01 for belief in answer.tempo)
            bpm, weight = (best.value, best.weight) if best else (0.0, 0.0)
            heard[name].append(Guess(row["path"], truth, bpm, weight, listed))
        if given.peers:
            peers.append(Guess(row["path"], truth, librosa_tempo(row["file"]), 1.0, False))
    for name, guesses in heard.items():
        if guesses:
            print(json.dumps({"tempo": name, **summary(guesses)}))
            print(json.dumps({"reliability": reliability(guesses)}))
            if given.failures:
                for g in guesses:
                    if not g.exact:
                        print(f"  {g.path}: heard {g.bpm:g} ({g.weight:.2f}), is {g.truth:g}")
    if peers:
        print(json.dumps({"tempo": "librosa", **summary(peers)}))
    for truth_kind in sorted({pair[0] for pair in kinds}):
        counts = {pair[1]: n for pair, n in sorted(kinds.items()) if pair[0] == truth_kind}
        right = counts.get(truth_kind, 0) / sum(counts.values())
        print(json.dumps({"kind": truth_kind, "right": round(right, 3), "heard_as": counts}))
    if given.failures:
        for line in wrong_kinds:
            print(f"  {line}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
