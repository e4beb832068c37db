"""Judges tempo and key on labelled files, with librosa on the same files beside.

Tempo: share within 1 % of the truth, and within 4 % of it or of its half, double, third or triple
(Gouyon et al., IEEE TASLP 2006: accuracy 1 and 2; the first is stricter here, 1 instead of 4 %).
Key: share with the right root, and the mean MIREX score (the fifth counts .5, the relative key .3,
the parallel .2) of those whose mode is known too. By sound alone: names are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.hear import hear
from loopmind.files.decode import AudioFileError, read_audio
from loopmind.learn.judging import (
    OURS,
    Labelled,
    Progress,
    Row,
    number_in,
    read_labels,
    share,
    unusable,
)
from loopmind.music.audio import Audio
from loopmind.music.key import Key, mirex_score

PEER = "librosa"
_EXACT, _NEAR = 0.01, 0.04
_OCTAVES = (1.0, 2.0, 0.5, 3.0, 1.0 / 3.0)
_HEARD_S = 120.0
_KINDS = ("", "loop", "mix", "stem", "song")
_KRUMHANSL = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


def judge_tempo(labels: Path, progress: Progress) -> list[Row]:
    """Exact and octave-tolerant tempo of files with a `bpm`."""
    rows, notes = read_labels(labels, ("path", "bpm"), ("kind", "key"))
    exact: dict[str, list[bool]] = {OURS: [], PEER: []}
    near: dict[str, list[bool]] = {OURS: [], PEER: []}
    for audio, row in _sounds(rows, notes, progress):
        try:
            truth = number_in(row, "bpm")
        except ValueError as error:
            notes.append(unusable(row["path"], *_reason(error)))
            continue
        if truth is None or truth <= 0.0:
            notes.append(unusable(row["path"], f"line {row.line}: no tempo", "give it in bpm"))
            continue
        for name, found in ((OURS, hear(audio, path="", digest="").bpm), (PEER, _their_bpm(audio))):
            ratio = (found or 0.0) / truth
            exact[name].append(abs(ratio - 1.0) <= _EXACT)
            near[name].append(any(abs(ratio / octave - 1.0) <= _NEAR for octave in _OCTAVES))
    made = [Row("tempo within 1 %", share(hits), "", name) for name, hits in exact.items()]
    made += [Row("tempo within 4 %, octaves forgiven", share(h), "", n) for n, h in near.items()]
    return [*made, Row("files", len(exact[OURS]), "files", OURS), *notes]


def judge_key(labels: Path, progress: Progress) -> list[Row]:
    """Right root and MIREX score of files with a `key` ("A minor", or a root alone)."""
    rows, notes = read_labels(labels, ("path", "key"), ("kind", "bpm"))
    roots: dict[str, list[bool]] = {OURS: [], PEER: []}
    scores: dict[str, list[float]] = {OURS: [], PEER: []}
    for audio, row in _sounds(rows, notes, progress):
        try:
            truth = Key.parse(row["key"])
        except ValueError:
            reason = f"line {row.line}: the key {row['key']!r} is none"
            notes.append(unusable(row["path"], reason, 'write it as "A minor" or "F#"'))
            continue
        for name, found in (
            (OURS, hear(audio, path="", digest="").best_key),
            (PEER, _their_key(audio)),
        ):
            roots[name].append(found is not None and found.tonic == truth.tonic)
            if _has_mode(row["key"]):
                scores[name].append(mirex_score(found, truth) if found is not None else 0.0)
    made = [Row("key root", share(hits), "", name) for name, hits in roots.items()]
    made += [
        Row("key, MIREX score", float(np.mean(found)), "", name)
        for name, found in scores.items()
        if found
    ]
    return [*made, Row("files", len(roots[OURS]), "files", OURS), *notes]


def _has_mode(text: str) -> bool:
    plain = text.strip()
    return " " in plain or plain.lower().endswith(("m", "min", "maj", "minor", "major"))


def _reason(error: ValueError) -> tuple[str, str]:
    reason, _, remedy = str(error).partition("; ")
    return reason, remedy


def _sounds(
    rows: list[Labelled], notes: list[Row], progress: Progress
) -> Iterator[tuple[Audio, Labelled]]:
    """The audio of rows, one after another; what cannot be judged goes into `notes`."""
    for number, row in enumerate(rows):
        progress(number, len(rows), row.path.name)
        if row["kind"] not in _KINDS:
            continue
        try:
            audio = read_audio(row.path, max_seconds=_HEARD_S)
        except AudioFileError as error:
            notes.append(unusable(row["path"], error.reason, error.remedy))
            continue
        if float(np.abs(audio.samples).max(initial=0.0)) <= 1e-5:
            notes.append(unusable(row["path"], "is silent", "leave it out"))
            continue
        yield audio, row


def _their_bpm(audio: Audio) -> float:
    from librosa.beat import beat_track

    return float(np.atleast_1d(beat_track(y=_mono22(audio), sr=22050)[0])[0])


def _their_key(audio: Audio) -> Key:
    """Krumhansl's profiles on librosa's constant-Q chroma."""
    import librosa

    mono = np.pad(_mono22(audio), (0, 2048))
    chroma = librosa.feature.chroma_cqt(y=mono, sr=22050).mean(axis=1)
    if float(chroma.std()) <= 0.0:
        return Key(0, "major")
    scores = {
        Key(tonic, mode): float(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1])  # type: ignore[arg-type]
        for mode, profile in _KRUMHANSL.items()
        for tonic in range(12)
    }
    return max(scores, key=lambda key: scores[key])


def _mono22(audio: Audio) -> NDArray[np.float32]:
    import librosa

    mono = audio.samples.mean(axis=0)
    found = librosa.resample(mono, orig_sr=audio.rate_hz, target_sr=22050)
    return np.asarray(found, np.float32)
