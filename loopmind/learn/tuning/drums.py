"""Fine-tuning the drum transcriber on the user's own recordings with their MIDI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from loopmind.analysis.listening.drums import hear_drums
from loopmind.analysis.listening.drums_frontend import drum_power, mono_at_rate
from loopmind.analysis.models import open_file
from loopmind.errors import LoopMindError
from loopmind.files.midi_notes import read_notes
from loopmind.learn.drums.data import Clip, hits_of, to_steps
from loopmind.learn.drums.judge import CLASSES, Score, hits_of_drums, hits_within, score_hits
from loopmind.learn.drums.net import SMALL, Batches
from loopmind.learn.judging import Progress, Row, unusable
from loopmind.learn.sounds.render import Note
from loopmind.learn.tuning.course import Budget, Pair
from loopmind.learn.tuning.graph import trainable, tune, write_back
from loopmind.learn.tuning.material import recording_of, seconds_of, stem_of, with_midi

F32 = NDArray[np.float32]

_BATCH, _FRAMES = 6, 400
_RATE = 5e-4
_STAY = 2e-3
_FEWEST = 4


class DrumsTrainer:
    """What `learn.tuning` asks of the drum transcriber."""

    def find(self, folder: Path) -> tuple[list[Pair], list[Row]]:
        """Recordings beside MIDI files with drums in them."""
        pairs, bad = with_midi(folder)
        found = []
        for pair in pairs:
            told: list[Row] = []
            hits = _hits(pair)
            if len(hits_within(hits, seconds_of(pair, told))) >= _FEWEST:
                found.append(pair)
                bad += told
            elif not pair.part and pair.midi is not None:
                what = f"has no drum part of {_FEWEST} hits or more"
                remedy = "put the drums on MIDI channel 10"
                if len(hits) >= _FEWEST:
                    what, remedy = "has its hits behind the end of the sound", "leave it out"
                bad.append(unusable(pair.midi.name, what, remedy))
        return found, bad

    def score(self, model: Path, pairs: Sequence[Pair], progress: Progress) -> dict[str, float]:
        """Onset F1 of the five classes within 50 ms, all recordings together, and of each."""
        opened = open_file(model)
        total = Score()
        for number, pair in enumerate(pairs):
            progress(number, len(pairs), pair.audio.name)
            audio = recording_of(pair)
            if audio is not None:
                hits = hits_within(_hits(pair), audio.duration_s)
                total += score_hits(hits, hear_drums(audio, model=opened))
        if not total.total.truth:
            raise LoopMindError("none of the held-back recordings can be read; check the files")
        figures = {"drum onset F1": total.total.f1}
        figures |= {f"{n} F1": total.of(n).f1 for n in CLASSES if total.of(n).truth}
        return figures

    def tune(
        self, model: Path, pairs: Sequence[Pair], target: Path, budget: Budget, progress: Progress
    ) -> None:
        """Train on: the same examples and losses as the shipped model's training."""
        clips = []
        for number, pair in enumerate(pairs):
            progress(number, len(pairs), pair.audio.name)
            audio = recording_of(pair)
            if audio is not None:
                drums = to_steps(drum_power(mono_at_rate(audio)))
                hits = hits_within(_hits(pair), audio.duration_s)
                clips.append(Clip(str(pair.audio), drums, np.zeros_like(drums), hits))
        if not clips:
            raise LoopMindError("none of the recordings to learn from can be read")
        config = replace(SMALL, batch=_BATCH, frames=_FRAMES, seed=budget.seed)
        batches = Batches(clips, config)
        net = trainable(model)

        def loss_of(rng: np.random.Generator) -> torch.Tensor:
            features, active, strong = batches.draw(int(rng.integers(1 << 31)))
            said = net({"features": features})
            found, velocity = said["active"], said["strong"]
            entropy = torch.nn.functional.binary_cross_entropy(
                found.clamp(1e-6, 1.0 - 1e-6), active, reduction="none"
            )
            loss: torch.Tensor = (entropy * (1.0 + 2.0 * active)).mean() * 20.0
            near = (active > 0.5).float()
            off = (velocity - strong) ** 2
            return loss + 0.5 * (off * near).sum() / near.sum().clamp(min=1.0)

        tune(net, loss_of, budget, progress, rate=_RATE, stay=_STAY, steps=600)
        write_back(net, model, target, {"features": batches.draw(0)[0][:1].numpy()})


def _hits(pair: Pair) -> F32:
    """Hits of the MIDI's drum parts, as `evaluate drums` reads them; of a song's stem its part."""
    assert pair.midi is not None
    if not pair.part:
        return hits_of_drums(pair.midi, pair.audio.stem)
    if stem_of(pair.part) != "drums":
        return hits_of([])
    return hits_of([
        Note(n.start_s, n.end_s - n.start_s, round(n.pitch), max(1, round(127 * n.velocity)))
        for n in read_notes(pair.midi, pair.part).notes
    ])  # fmt: skip


TRAINER = DrumsTrainer()
