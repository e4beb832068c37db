"""How well sounds are told by ear: instrument, likeness, loop or one-shot, on labelled files.

    path,instrument[,kind]

Instruments are LoopMind's names, or words for them ("bass drum", "perc", "drum loop"); tom,
cymbal and percussion count as one class, as labels elsewhere rarely tell them apart. Names of
files are not read. Beside ours runs what stands in for an ordinary toolkit: statistics of 20 MFCC
(librosa) with the nearest neighbour among the other files as classifier.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.hear import hear
from loopmind.analysis.names import read_words
from loopmind.files.decode import AudioFileError, read_audio
from loopmind.learn.judging import OURS, Labelled, Progress, Row, read_labels, share, unusable
from loopmind.learn.tagger.data import coarse
from loopmind.learn.tagger.scores import macro_f1, mean_average_precision, per_class
from loopmind.music.belief import Belief
from loopmind.music.loop import INSTRUMENTS

F32 = NDArray[np.float32]

PEER = "MFCC statistics (librosa)"
_LONGEST_S = 30.0
_PEER_RATE = 22050
_OTHER_NAMES = {"drum loop": "drums", "lead/synth": "lead", "perc": "percussion", "synth": "lead"}


def judge(labels: Path, progress: Progress) -> list[Row]:
    """Rows of accuracy, macro-F1, retrieval and (where labelled) kind, ours and the peer's."""
    lines, rows = read_labels(labels, ("path", "instrument"), ("kind", "source"))
    truth: list[str] = []
    sources: list[str] = []
    guess: list[str] = []
    kinds: list[bool] = []
    places: list[NDArray[Any]] = []
    peers: list[NDArray[Any]] = []
    for done, line in enumerate(lines):
        progress(done, len(lines), line.path.name)
        name = instrument_of(line["instrument"])
        if not name:
            if line["instrument"]:
                rows.append(unusable(
                    f"{labels.name}, line {line.line}",
                    f"{line['instrument']!r} is no instrument that LoopMind knows",
                    f"choose from {', '.join(INSTRUMENTS)}",
                ))  # fmt: skip
            continue
        try:
            audio = read_audio(line.path, max_seconds=_LONGEST_S)
        except AudioFileError as error:
            rows.append(unusable(line.path, error.reason, error.remedy))
            continue
        loop = hear(audio, path="", digest="")
        truth.append(coarse(name))
        guess.append(believed_class(loop.instrument))
        places.append(np.array(loop.embedding, np.float32))
        peers.append(mfcc_statistics(audio.samples.mean(axis=0, dtype=np.float32), audio.rate_hz))
        sources.append(_source(line))
        if line["kind"] in ("loop", "oneshot"):
            kinds.append(loop.kind == line["kind"])
    progress(len(lines), len(lines), "")
    if not truth:
        return rows
    own = np.stack(places)
    peer = np.stack(peers)
    peer = (peer - peer.mean(axis=0)) / (peer.std(axis=0) + 1e-6)
    right = np.array(truth)
    figures = [
        Row("instrument top-1", float(np.mean(right == np.array(guess))), "", OURS),
        Row("instrument macro-F1", macro_f1(truth, guess), "", OURS),
        Row("retrieval mAP", mean_average_precision(own, truth, sources), "", OURS),
    ]
    if kinds:
        figures.append(Row("loop or one-shot", share(kinds), "", OURS))
    near = nearest(peer, truth, sources)
    figures += [
        Row("instrument top-1", float(np.mean(right == np.array(near))), "", PEER),
        Row("instrument macro-F1", macro_f1(truth, near), "", PEER),
        Row("retrieval mAP", mean_average_precision(peer, truth, sources), "", PEER),
    ]
    figures += [
        Row(f"recall of {name} ({int(table['files'])})", table["recall"], "", OURS)
        for name, table in per_class(truth, guess).items()
    ]
    # Where no class is there twice, nothing can be retrieved.
    return [*(row for row in figures if not np.isnan(row.value)), *rows]


def instrument_of(label: str) -> str:
    """Our instrument of a label in anyone's words; empty where it is none.

    >>> instrument_of("drum loop"), instrument_of("Kick"), instrument_of("xyz")
    ('drums', 'kick', '')
    """
    text = label.strip().lower()
    text = _OTHER_NAMES.get(text, text)
    if text in INSTRUMENTS:
        return text
    said = read_words(text).instrument
    return said[0].value if said else ""


def believed_class(beliefs: tuple[Belief[str], ...]) -> str:
    """The likeliest class where the kinds of percussion are one."""
    sums: dict[str, float] = {}
    for belief in beliefs:
        name = coarse(belief.value)
        sums[name] = sums.get(name, 0.0) + belief.weight
    return max(sums, key=lambda name: sums[name]) if sums else ""


def nearest(vectors: NDArray[Any], names: list[str], sources: list[str]) -> list[str]:
    """The class of each vector's nearest neighbour of another source (or, of one, another file)."""
    unit = vectors / np.maximum(1e-9, np.linalg.norm(vectors, axis=1, keepdims=True))
    likeness = unit @ unit.T
    source = np.array(sources)
    alone = len(set(sources)) < 2
    barred = np.eye(len(names), dtype=bool) if alone else source[:, None] == source[None]
    likeness[barred] = -np.inf
    return [names[int(row.argmax())] for row in likeness]


def mfcc_statistics(mono: F32, rate_hz: int) -> F32:
    """Means and deviations of 20 MFCC at 22,050 Hz, (40,)."""
    import librosa

    mono = librosa.resample(mono, orig_sr=rate_hz, target_sr=_PEER_RATE)
    mono = np.pad(mono, (0, max(0, 2048 - mono.size)))
    mfcc = librosa.feature.mfcc(y=mono, sr=_PEER_RATE, n_mfcc=20)
    return np.asarray(np.concatenate([mfcc.mean(axis=1), mfcc.std(axis=1)]), np.float32)


def _source(line: Labelled) -> str:
    return line["source"] or line.path.parent.name
