"""Fine-tuning the note transcriber on the user's own recordings with their MIDI."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from loopmind.analysis.listening.pitched import Texture, limits_of, looks_of, notes_of
from loopmind.analysis.listening.pitched_model import (
    FAMILIES,
    FOLD,
    INPUT,
    channels_of,
    heard_mono,
    listen,
)
from loopmind.analysis.listening.spectrogram import RATE_HZ
from loopmind.analysis.models import open_file
from loopmind.errors import LoopMindError
from loopmind.files.midi_notes import read_notes
from loopmind.learn.judging import Progress, Row, unusable
from loopmind.learn.notes.batches import Batches, Shares
from loopmind.learn.notes.data import sheets, write_sheet
from loopmind.learn.notes.judge import Line, heard_of, midi_truth, score
from loopmind.learn.tuning.course import Budget, Pair
from loopmind.learn.tuning.graph import trainable, tune, write_back
from loopmind.learn.tuning.material import (
    instrument_in,
    recording_of,
    seconds_of,
    with_midi,
)
from loopmind.music.loop import DRUM_INSTRUMENTS

_RATE = 3e-4
_STAY = 2e-3
_EACH = 3


class TranscriberTrainer:
    """What `learn.tuning` asks of the note transcriber."""

    def find(self, folder: Path) -> tuple[list[Pair], list[Row]]:
        """Recordings beside MIDI files with pitched parts in them."""
        pairs, bad = with_midi(folder)
        found = []
        for pair in pairs:
            told: list[Row] = []
            truth = _truth(pair)
            if heard_of(truth, seconds_of(pair, told)):
                found.append(pair)
                bad += told
            elif not pair.part and pair.midi is not None:
                what = "has its notes behind the end of the sound" if truth else "is drums alone"
                bad.append(unusable(pair.midi.name, what, "leave it out"))
        return found, bad

    def score(self, model: Path, pairs: Sequence[Pair], progress: Progress) -> dict[str, float]:
        """Mean note F1 over the recordings: onsets within 50 ms, and with ends."""
        opened = open_file(model)
        limits, looks = limits_of(opened), looks_of(opened)
        onset, whole = [], []
        for number, pair in enumerate(pairs):
            progress(number, len(pairs), pair.audio.name)
            mono = _mono(pair)
            if mono is None:
                continue
            truth = heard_of(_truth(pair), mono.size / RATE_HZ)
            heard = listen(mono, model=opened)
            texture = _texture(truth)
            again = looks.at(heard, texture)
            found = notes_of(heard, limits, texture=texture, again=again)
            own = [Line(n.start_s, n.end_s, n.pitch) for n in found]
            figures = score([replace(n, family="") for n in truth], own)
            onset.append(figures.onset)
            whole.append(figures.offset)
        if not onset:
            raise LoopMindError("none of the held-back recordings can be read; check the files")
        return {"note onset F1": float(np.mean(onset)), "with ends": float(np.mean(whole))}

    def tune(
        self, model: Path, pairs: Sequence[Pair], target: Path, budget: Budget, progress: Progress
    ) -> None:
        """Train on: the same examples and losses as the shipped model's training."""
        place = budget.work / "sheets"
        place.mkdir(parents=True, exist_ok=True)
        for number, pair in enumerate(pairs):
            progress(number, len(pairs), pair.audio.name)
            path = place / f"{number:05d}"
            mono = None if path.with_suffix(".json").exists() else _mono(pair)
            if mono is not None:
                truth = heard_of(_truth(pair), mono.size / RATE_HZ)
                if not truth:
                    continue
                families = Counter(n.family for n in truth)
                notes = [[n.start_s, n.end_s, n.pitch, 127.0 * n.strength] for n in truth]
                track = {"instrument": families.most_common(1)[0][0], "notes": notes}
                write_sheet(path, [mono], [track], solo=True)
        own = sheets(place)
        if not own:
            raise LoopMindError("none of the recordings to learn from can be read")
        batches = Batches(own, Shares(batch=_EACH), FOLD, budget.seed)
        net = trainable(model)
        seen = channels_of(open_file(model))

        def loss_of(rng: np.random.Generator) -> torch.Tensor:
            pictures, truth = batches.draw(int(rng.integers(1 << 31)))
            total = torch.zeros(())
            # One by one: the shipped graph hears one stretch at a time.
            for number, picture in enumerate(pictures):
                said = net({INPUT: torch.from_numpy(picture[None, :seen])})
                right = {k: torch.from_numpy(v[number : number + 1]) for k, v in truth.items()}
                total = total + _entropy(said["onset"], right["onset"])
                total = total + 0.6 * _entropy(said["frame"], right["frame"])
                off = (said["velocity"] - right["velocity"]) ** 2 * right["struck"]
                total = total + 0.06 * off.sum() / (right["struck"].sum() + 1.0)
            return total * (100.0 / len(pictures))

        tune(net, loss_of, budget, progress, rate=_RATE, stay=_STAY, steps=400)
        write_back(net, model, target, {INPUT: batches.draw(0)[0][:1, :seen]})


@dataclass(frozen=True)
class _Note(Line):
    strength: float = 0.7


def _entropy(said: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = torch.nn.functional.binary_cross_entropy(
        said.clamp(1e-6, 1.0 - 1e-6), right
    )
    return found


def _mono(pair: Pair) -> NDArray[np.float32] | None:
    audio = recording_of(pair)
    return None if audio is None else heard_mono(audio)


def _truth(pair: Pair) -> list[_Note]:
    """The pitched notes of a pair; their family by the part's, else the file's name."""
    assert pair.midi is not None
    named = pair.instrument or instrument_in(pair.part or pair.audio.stem)
    family = named if named in FAMILIES else "keys"
    if not pair.part:
        lines = midi_truth(pair.midi, mixed=True)
        return [_Note(n.start_s, n.end_s, n.pitch, n.family or family) for n in lines]
    if named in DRUM_INSTRUMENTS:
        return []
    notes = read_notes(pair.midi, pair.part).notes
    return [_Note(n.start_s, n.end_s, round(n.pitch), family, n.velocity) for n in notes]


def _texture(truth: Sequence[_Note]) -> Texture:
    """What the decoder may count on: a single line, chords of one instrument, or a mix."""
    if len({n.family for n in truth}) > 1:
        return "mix"
    rows = sorted(truth, key=lambda n: n.start_s)
    overlaps = sum(a.end_s - b.start_s > 0.05 for a, b in itertools.pairwise(rows))
    return "line" if overlaps <= 0.02 * len(rows) else "chords"


TRAINER = TranscriberTrainer()
