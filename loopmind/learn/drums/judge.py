"""How well drums are transcribed: onset F1 by class within 50 ms, as the field measures it.

A table has the columns path and midi (its drum parts are the truth: `hits_of_drums`), and kind:
"drums" (the default) or "mix". The usual five classes are judged: kick, snare, hat (closed and open
alike), tom, cymbal. Hits are matched one to one by mir_eval, the field's own package. Beside it
runs librosa: onsets of three bands stand for kick, snare and hat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.drums import hear_drums
from loopmind.analysis.listening.drums_decode import VOICES, DrumHit
from loopmind.analysis.listening.drums_frontend import DRUM_RATE_HZ, mono_at_rate
from loopmind.analysis.names import read_words
from loopmind.errors import LoopMindError
from loopmind.files.decode import AudioFileError, read_audio
from loopmind.learn.judging import (
    OURS,
    Progress,
    Row,
    lengths_apart,
    midi_song,
    read_labels,
    unusable,
)
from loopmind.music.audio import Audio
from loopmind.music.loop import DRUM_INSTRUMENTS

F32 = NDArray[np.float32]

WINDOW_S = 0.05
PEER = "librosa, by band"
_KINDS = ("drums", "mix")
# Where a kick, a snare and a hat are loudest, in Hz.
_PEER_BANDS = {"kick": (30.0, 150.0), "snare": (180.0, 2500.0), "hat": (6000.0, 16000.0)}
CLASSES: dict[str, tuple[str, ...]] = {
    "kick": ("kick",), "snare": ("snare",), "hat": ("hat", "open hat"), "tom": ("tom",),
    "cymbal": ("cymbal",),
}  # fmt: skip
_SAME_S = 0.02
_KIT = range(35, 60)  # the notes of a kit, without hand percussion


@dataclass(frozen=True)
class Count:
    """Hits that are there, that were found, and how many of them are the same."""

    truth: int = 0
    found: int = 0
    matched: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.truth + other.truth, self.found + other.found, self.matched + other.matched
        )

    @property
    def precision(self) -> float:
        return self.matched / self.found if self.found else float(self.truth == 0)

    @property
    def recall(self) -> float:
        return self.matched / self.truth if self.truth else 1.0

    @property
    def f1(self) -> float:
        """2 matched / (truth + found); 1 where nothing is there and nothing was found."""
        both = self.truth + self.found
        return 2.0 * self.matched / both if both else 1.0


@dataclass(frozen=True)
class Score:
    """Counts by voice and by class of CLASSES; how far matched hits lie from the truth."""

    by_voice: dict[str, Count] = field(default_factory=dict)
    by_class: dict[str, Count] = field(default_factory=dict)
    deviations_s: tuple[float, ...] = ()
    velocity_errors: tuple[float, ...] = ()

    def __add__(self, other: Score) -> Score:
        def sums(one: dict[str, Count], two: dict[str, Count]) -> dict[str, Count]:
            names = dict.fromkeys((*one, *two))
            return {name: one.get(name, Count()) + two.get(name, Count()) for name in names}

        return Score(
            sums(self.by_voice, other.by_voice),
            sums(self.by_class, other.by_class),
            self.deviations_s + other.deviations_s,
            self.velocity_errors + other.velocity_errors,
        )

    def of(self, name: str) -> Count:
        return self.by_class.get(name, Count())

    @property
    def total(self) -> Count:
        """All five classes, every hit counting alike."""
        return sum(self.by_class.values(), Count())

    @property
    def deviation_ms(self) -> float:
        """Mean distance of matched hits from the truth."""
        return 1000.0 * float(np.mean(self.deviations_s)) if self.deviations_s else 0.0

    @property
    def velocity_error(self) -> float:
        """Mean difference of matched hits' velocities (0..1) from the truth."""
        return float(np.mean(self.velocity_errors)) if self.velocity_errors else 0.0


def score_hits(truth: F32, found: Sequence[DrumHit]) -> Score:
    """One recording: `truth` (hits, 3) of time, voice and velocity against the hits found."""
    heard = np.array([(h.time_s, h.voice, h.velocity) for h in found], np.float32).reshape(-1, 3)
    by_voice = {}
    for number, name in enumerate(VOICES):
        one, two = truth[truth[:, 1] == number], heard[heard[:, 1] == number]
        by_voice[name] = Count(len(one), len(two), len(_matched(one[:, 0], two[:, 0])))
    by_class = {}
    off: list[float] = []
    errors: list[float] = []
    for name, voices in CLASSES.items():
        numbers = [VOICES.index(voice) for voice in voices]
        one = once(truth[np.isin(truth[:, 1], numbers)])
        two = once(heard[np.isin(heard[:, 1], numbers)])
        pairs = _matched(one[:, 0], two[:, 0])
        by_class[name] = Count(len(one), len(two), len(pairs))
        for i, j in pairs:
            off.append(abs(float(one[i, 0] - two[j, 0])))
            errors.append(abs(float(one[i, 2] - two[j, 2])))
    return Score(by_voice, by_class, tuple(off), tuple(errors))


def once(hits: F32) -> F32:
    """In order of time, hits of one class within 20 ms being one: two cymbals struck together."""
    hits = hits[np.argsort(hits[:, 0], kind="stable")]
    kept: list[int] = []
    for number, at in enumerate(hits[:, 0]):
        if not kept or at - hits[kept[-1], 0] >= _SAME_S:
            kept.append(number)
    return hits[kept]


def _matched(truth_s: F32, found_s: F32) -> list[tuple[int, int]]:
    import mir_eval

    if not len(truth_s) or not len(found_s):
        return []
    pairs: list[tuple[int, int]] = mir_eval.util.match_events(
        truth_s.astype(np.float64), np.sort(found_s.astype(np.float64)), WINDOW_S
    )
    return pairs


def judge(labels: Path, progress: Progress) -> list[Row]:
    """Rows by kind of the files that the table `labels` names, and librosa's beside them."""
    lines, notes = read_labels(labels, ("path", "midi"), ("kind",))
    scores: dict[tuple[str, str], Score] = {}
    for number, line in enumerate(lines):
        progress(number, len(lines), line.path.name)
        kind = line["kind"] or "drums"
        if kind not in _KINDS:
            continue  # the table also serves to judge notes by
        try:
            audio = read_audio(line.path)
            midi = cast(Path, line.file("midi"))
            truth = hits_of_drums(midi, line.path.stem if kind == "drums" else "")
            told = lengths_apart(line["path"], midi, audio.duration_s)
        except AudioFileError as error:
            notes.append(unusable(line["path"], error.reason, error.remedy))
            continue
        except LoopMindError as error:
            notes.append(unusable(line["path"], str(error), "check the column midi"))
            continue
        if not len(truth):
            what = f"{midi.name} has no drum part"
            notes.append(unusable(line["path"], what, "put the drums on MIDI channel 10"))
            continue
        truth = hits_within(truth, audio.duration_s)
        if not len(truth):
            what = f"all hits in {midi.name} lie behind its end"
            notes.append(unusable(line["path"], what, "check the column midi"))
            continue
        notes += told
        for whose, found in ((OURS, hear_drums(audio)), (PEER, by_band(audio))):
            key = (kind, whose)
            scores[key] = scores.get(key, Score()) + score_hits(truth, found)
    progress(len(lines), len(lines), "")
    if not scores and not notes:
        what = f"no line is of the kind {' or '.join(_KINDS)}"
        notes.append(unusable(labels.name, what, "leave the column kind empty for drums"))
    return [*_rows(scores), *notes]


def _rows(scores: dict[tuple[str, str], Score]) -> list[Row]:
    made = []
    for (kind, whose), score in scores.items():
        made.append(Row(f"{kind}: onset F1, 5 classes", score.total.f1, "", whose))
        made += [Row(f"{kind}: {name} F1", score.of(name).f1, "", whose) for name in CLASSES]
        made.append(Row(f"{kind}: mean onset deviation", score.deviation_ms, "ms", whose))
        if whose == OURS:
            made.append(Row(f"{kind}: mean velocity error", score.velocity_error, "", whose))
    order = {name: number for number, name in enumerate(dict.fromkeys(row.what for row in made))}
    return sorted(made, key=lambda row: order[row.what])


def hits_of_drums(path: Path, recording: str = "") -> F32:
    """What a MIDI file's drum parts play, (hits, 3) of time, voice and velocity; may be none.

    recording: the name of a recording of nothing but drums, empty for a mix. Raises LoopMindError.
    """
    from loopmind.learn.drums.data import hits_of
    from loopmind.learn.sounds.render import Note

    return hits_of([
        Note(float(n.start), float(n.end - n.start), int(n.pitch), int(n.velocity))
        for part in drum_parts(midi_song(path), recording)
        for n in part.notes
    ])  # fmt: skip


def drum_parts(song: Any, recording: str = "") -> list[Any]:
    """The parts of a `pretty_midi` song that are drums: those on channel 10, else those named so.

    Of a recording of drums alone else all parts, where its name tells drums; or where nothing
    tells another instrument, and all they play are notes of a kit.
    """
    parts = [part for part in song.instruments if part.notes]
    drums = [part for part in parts if part.is_drum] or [
        part for part in parts
        if _told(part.name) in DRUM_INSTRUMENTS and "steel" not in part.name.lower()  # are pitched
    ]  # fmt: skip
    if drums or not recording:
        return drums
    said = _told(recording)
    if said in DRUM_INSTRUMENTS:
        return parts
    of_a_kit = all(
        part.program == 0 and not _told(part.name) and all(n.pitch in _KIT for n in part.notes)
        for part in parts
    )
    return parts if of_a_kit and not said else []


def _told(name: str) -> str:
    said = read_words(name).instrument
    return said[0].value if said else ""


def hits_within(hits: F32, seconds: float) -> F32:
    """The hits of a recording that lasts so long; a MIDI file may go on behind its end."""
    return hits[hits[:, 0] < seconds]


def by_band(audio: Audio) -> list[DrumHit]:
    """What librosa's onset detection finds in three bands; toms and cymbals it cannot tell."""
    from librosa.onset import onset_detect, onset_strength

    mono = mono_at_rate(audio)
    if mono.size < DRUM_RATE_HZ // 4:
        return []
    hits = []
    for voice, (low, high) in _PEER_BANDS.items():
        envelope = onset_strength(
            y=mono, sr=DRUM_RATE_HZ, hop_length=512, n_mels=12, fmin=low, fmax=high
        )
        times = onset_detect(onset_envelope=envelope, sr=DRUM_RATE_HZ, hop_length=512, units="time")
        hits += [DrumHit(float(t), VOICES.index(voice), 0.7, 1.0) for t in times]
    return sorted(hits, key=lambda hit: (hit.time_s, hit.voice))
