"""How well pitched notes are transcribed, with Basic Pitch (where installed) on the same files.

A table has the columns path, midi and kind: "line" (one note at a time), "keys" (chords of one
instrument) or "mix" (the default). mir_eval matches notes one to one: onsets within 50 ms and the
same semitone; "with offsets" also ends within 50 ms or a fifth of the note's length. Of a mix
"right instrument" asks for the family too; drum parts of the MIDI file count only in "drums too",
by the five classes of drums/judge.py (MT3 reports its mixes with the drums among the instruments:
Gardner et al., ICLR 2022).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.drums import hear_drums
from loopmind.analysis.listening.pitched import Texture, transcribe_pitched
from loopmind.analysis.listening.pitched_model import FAMILIES
from loopmind.errors import LoopMindError
from loopmind.files.decode import AudioFileError, read_audio
from loopmind.learn.drums.judge import (
    Count,
    drum_parts,
    hits_of_drums,
    hits_within,
    score_hits,
)
from loopmind.learn.judging import (
    OURS,
    Progress,
    Row,
    lengths_apart,
    midi_song,
    notice,
    read_labels,
    unusable,
)
from loopmind.learn.sounds.phrases import instrument_of_program
from loopmind.music.audio import Audio

F64 = NDArray[np.float64]

PEER = "Basic Pitch"
_PEER_COMES = "it comes with: pip install --no-deps basic-pitch resampy"
WINDOW_S = 0.05
_TEXTURES: dict[str, Texture] = {"line": "line", "keys": "chords", "chords": "chords", "mix": "mix"}


@dataclass(frozen=True)
class Line:
    """One note as both truth and transcription have it."""

    start_s: float
    end_s: float
    pitch: int
    family: str = ""


AnyLine = TypeVar("AnyLine", bound=Line)


@dataclass(frozen=True)
class Score:
    """One file's F1 by onset, with offsets, and with the right instrument; onset deviation in s."""

    onset: float
    offset: float
    instrument: float
    deviation_s: float
    matched: int
    truth: int
    found: int


def score(truth: Sequence[Line], found: Sequence[Line]) -> Score:
    """Compare two lists of notes; 1 all over where both are empty."""
    import mir_eval

    if not truth or not found:
        value = float(not truth and not found)
        return Score(value, value, value, 0.0, 0, len(truth), len(found))
    one, two = _arrays(truth), _arrays(found)
    options = {"onset_tolerance": WINDOW_S, "pitch_tolerance": 50.0}
    pairs = mir_eval.transcription.match_notes(*one, *two, offset_ratio=None, **options)
    whole = mir_eval.transcription.match_notes(
        *one, *two, offset_ratio=0.2, offset_min_tolerance=WINDOW_S, **options
    )
    right = 0
    for name in {n.family for n in truth} & {n.family for n in found}:
        own = _arrays([n for n in truth if n.family == name])
        ours = _arrays([n for n in found if n.family == name])
        right += len(mir_eval.transcription.match_notes(*own, *ours, offset_ratio=None, **options))
    off = [abs(truth[i].start_s - found[j].start_s) for i, j in pairs]
    both = len(truth) + len(found)
    return Score(
        2.0 * len(pairs) / both, 2.0 * len(whole) / both, 2.0 * right / both,
        float(np.mean(off)) if off else 0.0, len(pairs), len(truth), len(found),
    )  # fmt: skip


def _arrays(notes: Sequence[Line]) -> tuple[F64, F64]:
    times = np.array([(n.start_s, max(n.end_s, n.start_s + 1e-3)) for n in notes], np.float64)
    hertz = np.array([440.0 * 2.0 ** ((n.pitch - 69) / 12.0) for n in notes], np.float64)
    return times, hertz


def judge(labels: Path, progress: Progress) -> list[Row]:
    """Rows by kind of the files that the table `labels` names, and Basic Pitch's beside them."""
    rows, notes = read_labels(labels, ("path", "midi"), ("kind",))
    peer = basic_pitch()
    scores: dict[tuple[str, str], list[Score]] = {}
    with_drums: list[float] = []
    for number, row in enumerate(rows):
        progress(number, len(rows), row.path.name)
        kind = row["kind"] or "mix"
        if kind not in _TEXTURES:
            if kind not in ("drums", "odd"):
                notes.append(unusable(row["path"], f"kind {kind!r}", "write line, keys or mix"))
            continue
        try:
            audio = read_audio(row.path)
            midi = cast(Path, row.file("midi"))
            truth = heard_of(midi_truth(midi, mixed=kind == "mix"), audio.duration_s)
            hits = hits_within(hits_of_drums(midi), audio.duration_s)
            told = lengths_apart(row["path"], midi, audio.duration_s)
        except AudioFileError as error:
            notes.append(unusable(row["path"], error.reason, error.remedy))
            continue
        except LoopMindError as error:
            notes.append(unusable(row["path"], str(error), "check the column midi"))
            continue
        if not truth and not (kind == "mix" and len(hits)):
            what = f"{midi.name} holds no notes to judge it by"
            notes.append(unusable(row["path"], what, "check the column midi"))
            continue
        notes += told
        ours = transcribe_pitched(audio, texture=_TEXTURES[kind])
        found = [Line(n.start_s, n.end_s, n.pitch, n.instrument) for n in ours]
        scored = score(truth, found)
        scores.setdefault((kind, OURS), []).append(scored)
        if kind == "mix":
            with_drums.append(drums_too(scored, score_hits(hits, hear_drums(audio)).total))
        if peer is not None:
            scores.setdefault((kind, PEER), []).append(score(truth, peer(audio)))
    made = _rows(scores)
    if with_drums:
        mean = float(np.mean(with_drums))
        made.append(Row("mix: onset F1, right instrument, drums too", mean, "", OURS))
    if not made and not notes:
        what = f"no line is of the kind {', '.join(_TEXTURES)}"
        notes.append(unusable(labels.name, what, "leave the column kind empty for mixes"))
    if peer is None and made:
        notes.append(notice(PEER, f"is not installed, so it was not judged beside; {_PEER_COMES}"))
    return [*made, *notes]


def heard_of(notes: Sequence[AnyLine], seconds: float) -> list[AnyLine]:
    """The notes of a recording that lasts so long; a MIDI file may go on behind its end."""
    return [replace(n, end_s=min(n.end_s, seconds)) for n in notes if n.start_s < seconds]


def drums_too(notes: Score, hits: Count) -> float:
    """Onset F1 of all that a mix plays, each note and hit with the right instrument."""
    right = notes.instrument * (notes.truth + notes.found) / 2.0 + hits.matched
    both = notes.truth + notes.found + hits.truth + hits.found
    return 2.0 * right / both if both else 1.0


def _rows(scores: dict[tuple[str, str], list[Score]]) -> list[Row]:
    made = []
    for (kind, whose), own in scores.items():
        figures = [
            ("onset F1", [s.onset for s in own]),
            ("F1 with offsets", [s.offset for s in own]),
        ]
        if kind == "mix" and whose == OURS:
            figures.append(("onset F1, right instrument", [s.instrument for s in own]))
        made += [Row(f"{kind}: {name}", float(np.mean(v)), "", whose) for name, v in figures]
        matched = sum(s.matched for s in own)
        off = sum(s.deviation_s * s.matched for s in own) / max(matched, 1)
        made.append(Row(f"{kind}: mean onset deviation", 1000.0 * off, "ms", whose))
        made.append(Row(f"{kind}: files", float(len(own)), "", whose))
    order = {name: number for number, name in enumerate(dict.fromkeys(r.what for r in made))}
    return sorted(made, key=lambda row: order[row.what])


def midi_truth(path: Path, *, mixed: bool) -> list[Line]:
    """The notes of a MIDI file, drums left out; `mixed`: with the families of their programs.

    An instrument whose name is one of LoopMind's families is of that family. Raises LoopMindError.
    """
    song = midi_song(path)
    drums = drum_parts(song)
    truth = []
    for part in song.instruments:
        if part in drums:
            continue
        name = part.name.strip().lower()
        family = name if name in FAMILIES else instrument_of_program(part.program) or ""
        truth += [
            Line(float(n.start), float(n.end), int(n.pitch), family if mixed else "")
            for n in part.notes
        ]
    return sorted(truth, key=lambda n: (n.start_s, n.pitch))


def basic_pitch() -> Callable[[Audio], list[Line]] | None:
    """Basic Pitch by its ONNX model and its own decoding, or None where it is not installed."""
    import importlib.util
    import logging
    import warnings

    found = importlib.util.find_spec("basic_pitch")
    if found is None or found.origin is None:
        return None
    file = Path(found.origin).parent / "saved_models" / "icassp_2022" / "nmp.onnx"
    try:
        import onnxruntime

        logging.disable(logging.WARNING)  # it tells of every other runtime that is not installed
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from basic_pitch import note_creation
    except ImportError:
        return None
    finally:
        logging.disable(logging.NOTSET)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def transcribe(audio: Audio) -> list[Line]:
        import soxr

        mono = audio.samples.mean(axis=0, dtype=np.float32)
        if audio.rate_hz != 22050:
            mono = soxr.resample(mono, audio.rate_hz, 22050)
        # Windows of two seconds that overlap by 30 frames of 256 samples, as its own code cuts.
        window, overlap = 2 * 22050 - 256, 30 * 256
        padded = np.concatenate([np.zeros(overlap // 2, np.float32), mono])
        answers: dict[str, list[NDArray[np.float32]]] = {"note": [], "onset": [], "contour": []}
        wanted = [f"StatefulPartitionedCall:{n}" for n in (1, 2, 0)]
        for first in range(0, padded.size, window - overlap):
            part = padded[first : first + window]
            part = np.pad(part, (0, window - part.size))[None, :, None]
            said = session.run(wanted, {"serving_default_input_2:0": part})
            for name, array in zip(answers, said, strict=True):
                answers[name].append(array[:, 15:-15])
        frames = mono.size * 86 // 22050
        output = {
            name: np.concatenate([a.reshape(-1, a.shape[-1]) for a in parts])[:frames]
            for name, parts in answers.items()
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _, events = note_creation.model_output_to_notes(
                output, onset_thresh=0.5, frame_thresh=0.3, include_pitch_bends=False
            )
        return [Line(float(e[0]), float(e[1]), int(e[2])) for e in events]

    return transcribe
