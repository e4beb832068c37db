"""Fine-tuning the tagger on the user's own named sounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from loopmind.analysis.listening.words import read_table
from loopmind.analysis.models import WORDS_MODEL, Model, found_model, open_file
from loopmind.errors import LoopMindError
from loopmind.learn.judging import Progress, Row
from loopmind.learn.sounds.material import Sound, mono_sound
from loopmind.learn.tagger.data import (
    Examples,
    build,
    coarse,
    coarse_choice,
    inputs_of,
    load,
    shown,
)
from loopmind.learn.tagger.scores import macro_f1
from loopmind.learn.tagger.train import contrast, distort
from loopmind.learn.tagger.words import embeddings_of, own_words, words_of, write_words
from loopmind.learn.tuning.course import Budget, Pair
from loopmind.learn.tuning.graph import trainable, tune, write_back
from loopmind.learn.tuning.material import named_sounds

_LONGEST_S = 10.0
_BATCH = 48
_VARIATIONS = 3
_RATE = 2e-4
_STAY = 1e-2


class TaggerTrainer:
    """What `learn.tuning` asks of the tagger."""

    def find(self, folder: Path) -> tuple[list[Pair], list[Row]]:
        """Sounds whose instrument their names, folders or a labels.csv tell."""
        return named_sounds(folder)

    def score(self, model: Path, pairs: Sequence[Pair], progress: Progress) -> dict[str, float]:
        """Accuracy and macro-F1 by sound alone, over 16 classes."""
        opened = open_file(model)
        truth, guess = [], []
        for number, pair in enumerate(pairs):
            progress(number, len(pairs), pair.audio.name)
            sound = _sound(pair)
            if sound is not None:
                truth.append(coarse(pair.instrument))
                guess.append(_told(opened, sound))
        if not truth:
            raise LoopMindError("none of the held-back sounds can be read; check the files")
        hits = [a == b for a, b in zip(truth, guess, strict=True)]
        return {"instrument top-1": float(np.mean(hits)), "macro-F1": macro_f1(truth, guess)}

    def tune(
        self, model: Path, pairs: Sequence[Pair], target: Path, budget: Budget, progress: Progress
    ) -> None:
        """Train on: instruments, and sounds of one instrument near each other; then the words."""
        examples = _examples(pairs, budget, progress)
        net = trainable(model, frozen=("mean", "scale"))
        classes = torch.tensor(examples.truth()[0])
        counts = np.bincount(classes.numpy(), minlength=1)
        odds = 1.0 / np.sqrt(counts[classes.numpy()])
        odds /= odds.sum()

        def loss_of(rng: np.random.Generator) -> torch.Tensor:
            drawn = rng.choice(len(odds), min(_BATCH, len(odds)), p=odds)
            random = torch.Generator().manual_seed(int(rng.integers(1 << 31)))
            near, far = (
                distort(torch.from_numpy(shown(part[drawn])), random)
                for part in (examples.near, examples.far)
            )
            features = torch.from_numpy(examples.features[drawn])
            said = net({"near": near, "far": far, "features": features})
            wanted = classes[torch.from_numpy(drawn)]
            log = torch.log(said["instrument"].clamp_min(1e-6))
            loss: torch.Tensor = torch.nn.functional.nll_loss(log, wanted)
            return loss + 0.2 * contrast(said["embedding"], wanted, None)

        tune(net, loss_of, budget, progress, rate=_RATE, stay=_STAY, steps=300)
        some = slice(0, 3)
        write_back(net, model, target, {
            "near": shown(examples.near[some]), "far": shown(examples.far[some]),
            "features": examples.features[some],
        })  # fmt: skip
        vocabulary, places = own_words(
            *read_table(found_model(WORDS_MODEL)), words_of(examples), examples.sound,
            embeddings_of(model, examples), embeddings_of(target, examples),
        )  # fmt: skip
        write_words(target.with_name(WORDS_MODEL), vocabulary, places)


def _examples(pairs: Sequence[Pair], budget: Budget, progress: Progress) -> Examples:
    """The sounds and altered copies of them, as the network is shown them; made once."""
    kept = budget.work / "examples-own.npz"
    if not kept.is_file():
        sounds = []
        for number, pair in enumerate(pairs):
            progress(number, len(pairs), pair.audio.name)
            sound = _sound(pair)
            if sound is not None:
                sounds.append(sound)
        if not sounds:
            raise LoopMindError("none of the sounds to learn from can be read; check the files")

        def told() -> Iterator[Sound]:
            for number, sound in enumerate(sounds):
                progress(number, len(sounds), Path(sound.path).name)
                yield sound

        build(told(), kept, variations=_VARIATIONS)
    return load(budget.work, (kept.name,))


def _sound(pair: Pair) -> Sound | None:
    found = mono_sound(pair.audio, _LONGEST_S)
    if found is None:
        return None
    mono, rate_hz = found
    kind = "loop" if mono.size / rate_hz > 1.5 else "oneshot"
    return Sound(mono, rate_hz, pair.instrument, kind, pair.source, str(pair.audio))


def _told(model: Model, sound: Sound) -> str:
    near, far, features = inputs_of(sound.samples, sound.rate_hz)
    said = model.run(
        {"near": near[None], "far": far[None], "features": features[None]}, ("instrument",)
    )
    return coarse_choice(said[0][0])


TRAINER = TaggerTrainer()
