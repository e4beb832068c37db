"""Trains the instrument classifier: builds its features, judges it by unseen sources, exports it.

    python -m loopmind.learn.instruments build --work DIR --labels LABELS.csv --midi DIR
    python -m loopmind.learn.instruments evaluate --work DIR
    python -m loopmind.learn.instruments train --work DIR --out models/instruments.npz

`build` renders and reads every sound once and keeps its features. `evaluate` leaves one source
of recordings out at a time. Runs on one processor core; seeds are fixed.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.features import shape_of, timbre_features
from loopmind.analysis.frontend import frontend
from loopmind.analysis.instrument import PERCUSSION_KINDS, Classifier
from loopmind.analysis.tone import hear_tone
from loopmind.learn.augment import vary
from loopmind.learn.material import (
    Sound,
    folder,
    kit,
    midi_files,
    recordings,
    rendered,
    synthesised,
)
from loopmind.learn.render import soundfonts
from loopmind.music.audio import Audio
from loopmind.music.loop import INSTRUMENTS

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

MEMBERS = 3
_HIDDEN = (256, 128)
_DROPOUT = 0.5
_BATCH = 128
# Recordings are what users have; renderings only fill in what recordings lack.
_RECORDING_WEIGHT = 3.0
_BALANCE = 0.5


@dataclass(frozen=True, eq=False)
class Examples:
    """Feature vectors with their truth. varied: 1 where the sound was altered by `augment`."""

    features: F32
    instrument: NDArray[np.str_]
    source: NDArray[np.str_]
    path: NDArray[np.str_]
    varied: NDArray[np.int8]

    def where(self, chosen: NDArray[np.bool_]) -> Examples:
        return Examples(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    @property
    def recorded(self) -> NDArray[np.bool_]:
        """Recordings with labels of their own, by which the model is judged."""
        made = ("font:", "folder:", "synthesis")
        return np.array([not name.startswith(made) for name in self.source.tolist()])


def features_of(samples: F32, rate_hz: int) -> F32:
    """The classifier's features of mono `samples`, exactly as the analyser computes them."""
    spectra = frontend(Audio(np.ascontiguousarray(samples[None], np.float32), rate_hz))
    tone = hear_tone(spectra)
    shape = shape_of(spectra.mono, spectra.rate_hz, spectra.power, spectra.hop)
    return timbre_features(shape, tone, tone.heard)


def build(sounds: Iterable[Sound], target: Path, *, variations: int) -> int:
    """Write the features of `sounds` and of `variations` altered copies each; returns how many."""
    rows: list[F32] = []
    truth: list[tuple[str, str, str, int]] = []
    for index, sound in enumerate(sounds):
        rng = np.random.default_rng([zlib.crc32(target.stem.encode()), index])
        for copy in range(variations + 1):
            heard = vary(sound.samples, sound.rate_hz, rng) if copy else sound.samples
            rows.append(features_of(heard, sound.rate_hz))
            truth.append((sound.instrument, sound.source, sound.path, int(copy > 0)))
    np.savez(
        target,
        features=np.stack(rows),
        instrument=np.array([row[0] for row in truth]),
        source=np.array([row[1] for row in truth]),
        path=np.array([row[2] for row in truth]),
        varied=np.array([row[3] for row in truth], np.int8),
    )
    return len(rows)


def load(work: Path) -> Examples:
    """All examples built in `work`. Raises FileNotFoundError where nothing was built."""
    files = sorted(work.glob("examples-*.npz"))
    if not files:
        raise FileNotFoundError(f"no examples in {work}; run the build step first")
    parts = [np.load(file, allow_pickle=False) for file in files]
    names = Examples.__dataclass_fields__
    return Examples(*(np.concatenate([part[name] for part in parts]) for name in names))


def train(examples: Examples, *, members: int, epochs: int, seed: int = 0) -> Classifier:
    """Train an ensemble; classes and sources are balanced by how often they are drawn."""
    mean = examples.features.mean(axis=0)
    scale = 1.0 / (examples.features.std(axis=0) + 1e-3)
    standard = np.clip((examples.features - mean) * scale, -4.0, 4.0).astype(np.float32)
    truth = np.array([INSTRUMENTS.index(name) for name in examples.instrument])
    counts = Counter(examples.instrument.tolist())
    weight = np.array([counts[name] ** -_BALANCE for name in examples.instrument.tolist()])
    weight *= np.where(examples.recorded, _RECORDING_WEIGHT, 1.0)
    layers = [_train_one(standard, truth, weight, epochs, seed + k) for k in range(members)]
    stacked = [np.stack(parts).astype(np.float32) for parts in zip(*layers, strict=True)]
    return Classifier(mean.astype(np.float32), scale.astype(np.float32), *stacked)


def _train_one(
    inputs: F32, truth: NDArray[np.int64], weight: F64, epochs: int, seed: int
) -> list[F32]:
    """One network, trained with mixed-up pairs (Zhang et al., "mixup", ICLR 2018)."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    x, classes = torch.tensor(inputs), len(INSTRUMENTS)
    target = torch.nn.functional.one_hot(torch.tensor(truth), classes).float()
    target = target * 0.95 + 0.05 / classes
    odds = torch.tensor(weight / weight.sum(), dtype=torch.float32)
    net = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], _HIDDEN[0]), torch.nn.ReLU(), torch.nn.Dropout(_DROPOUT),
        torch.nn.Linear(*_HIDDEN), torch.nn.ReLU(), torch.nn.Dropout(_DROPOUT),
        torch.nn.Linear(_HIDDEN[1], classes),
    )  # fmt: skip
    optimiser = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.02)
    steps = epochs * -(-len(x) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    for _ in range(steps):
        drawn = torch.multinomial(odds, _BATCH, replacement=True, generator=random)
        other = drawn[torch.randperm(_BATCH, generator=random)]
        share = torch.distributions.Beta(0.3, 0.3).sample((_BATCH, 1))
        share = torch.maximum(share, 1.0 - share)
        mixed = share * x[drawn] + (1.0 - share) * x[other]
        mixed = mixed + 0.1 * torch.randn(mixed.shape, generator=random)
        wanted = share * target[drawn] + (1.0 - share) * target[other]
        loss = -(wanted * torch.log_softmax(net(mixed), 1)).sum(1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    linear = [net[0], net[3], net[6]]
    return [
        array.detach().numpy().copy() for layer in linear for array in (layer.weight.T, layer.bias)
    ]


def predict(model: Classifier, features: F32) -> F32:
    """Class probabilities (n, classes)."""
    return np.stack([model.probabilities(row) for row in features])


def coarse(name: str) -> str:
    """The class as labels elsewhere know it: kinds of percussion are one."""
    return "percussion" if name in PERCUSSION_KINDS else name


def coarse_choice(probabilities: F32) -> str:
    """The likeliest coarse class."""
    sums: dict[str, float] = {}
    for name, p in zip(INSTRUMENTS, probabilities, strict=True):
        sums[coarse(name)] = sums.get(coarse(name), 0.0) + float(p)
    return max(sums, key=lambda name: sums[name])


def evaluate(examples: Examples, *, members: int, epochs: int) -> dict[str, object]:
    """Leave one source of recordings out at a time: top-1 and macro-F1 over 16 coarse classes."""
    recorded = examples.recorded & (examples.varied == 0)
    truth: list[str] = []
    guess: list[str] = []
    per_source: dict[str, float] = {}
    for source in sorted(set(examples.source[recorded].tolist())):
        held_back = examples.source == source
        model = train(examples.where(~held_back), members=members, epochs=epochs)
        test = examples.where(held_back & recorded)
        chosen = [coarse_choice(row) for row in predict(model, test.features)]
        wanted = [coarse(name) for name in test.instrument.tolist()]
        hits = [a == b for a, b in zip(chosen, wanted, strict=True)]
        per_source[source] = round(float(np.mean(hits)), 4)
        print(f"held back {source}: {per_source[source]:.3f} of {len(hits)}", flush=True)
        truth += wanted
        guess += chosen
    return {"top1": round(float(np.mean(np.array(truth) == np.array(guess))), 4),
            "macro_f1": macro_f1(truth, guess), "files": len(truth), "per_source": per_source,
            "per_class": per_class(truth, guess)}  # fmt: skip


def per_class(truth: Sequence[str], guess: Sequence[str]) -> dict[str, dict[str, float]]:
    """Recall, precision and number of every class of `truth`."""
    table = {}
    for name in sorted(set(truth)):
        both = sum(t == name == g for t, g in zip(truth, guess, strict=True))
        table[name] = {
            "files": truth.count(name) if isinstance(truth, list) else list(truth).count(name),
            "recall": round(both / max(1, list(truth).count(name)), 3),
            "precision": round(both / max(1, list(guess).count(name)), 3),
        }
    return table


def macro_f1(truth: Sequence[str], guess: Sequence[str]) -> float:
    """Mean F1 over the classes of `truth`."""
    scores = []
    for row in per_class(truth, guess).values():
        total = row["recall"] + row["precision"]
        scores.append(2 * row["recall"] * row["precision"] / total if total > 0 else 0.0)
    return round(float(np.mean(scores)), 4)


def _build_all(options: argparse.Namespace) -> None:
    work: Path = options.work
    midi = midi_files(options.midi)
    jobs: list[tuple[str, Iterable[Sound], int]] = []
    for index, labels in enumerate(options.labels):
        jobs.append((f"recordings-{index}", recordings(labels), 3))
    # The GS bank only adds sound effects to the GM one; on its own it plays nothing.
    fonts = [font for font in soundfonts(options.font) if "GS" not in font.stem]
    for index, font in enumerate(fonts):
        rng = np.random.default_rng([options.seed, index])
        jobs.append((f"font-{font.stem}", rendered(font, midi, rng), 1))
    for index, font in enumerate(options.kit):
        rng = np.random.default_rng([options.seed, 500, index])
        jobs.append((f"kit-{font.stem}", kit(font, rng), 1))
    rng = np.random.default_rng([options.seed, 1000])
    jobs.append(("synthesis", synthesised(rng, 60), 1))
    for given in options.folder:
        instrument, _, place = given.partition("=")
        jobs.append((f"folder-{instrument}-{zlib.crc32(place.encode()):08x}",
                     folder(instrument, Path(place), rng, most=250, skip=options.skip),
                     1))  # fmt: skip
    for name, sounds, variations in jobs:
        target = work / f"examples-{name}.npz"
        if target.exists():
            continue
        print(f"{name}: {build(sounds, target, variations=variations)} examples", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=("build", "evaluate", "train"))
    parser.add_argument("--work", type=Path, required=True, help="folder for features")
    parser.add_argument("--labels", type=Path, action="append", default=[], help="a labels.csv")
    parser.add_argument("--midi", type=Path, action="append", default=[], help="folder of MIDI")
    parser.add_argument("--font", type=Path, action="append", default=[], help="another soundfont")
    parser.add_argument("--kit", type=Path, action="append", default=[],
                        help="a soundfont with one drum kit as its first preset")  # fmt: skip
    parser.add_argument("--folder", action="append", default=[], metavar="INSTRUMENT=DIR",
                        help="a folder whose files are all of one instrument")  # fmt: skip
    parser.add_argument("--skip", default="", help="regex of file names in folders to leave out")
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="where to write the model (.npz) or the report")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    if options.step == "build":
        _build_all(options)
    elif options.step == "evaluate":
        report = evaluate(load(options.work), members=options.members, epochs=options.epochs)
        text = json.dumps(report, indent=2)
        print(text)
        if options.out:
            options.out.write_text(text + "\n", encoding="utf-8")
    else:
        if options.out is None:
            parser.error("train needs --out")
        model = train(load(options.work), members=options.members, epochs=options.epochs)
        arrays = {name: getattr(model, name) for name in Classifier.__dataclass_fields__}
        # Half precision is finer than the training noise and halves what everyone downloads.
        halves = {name: array.astype(np.float16) for name, array in arrays.items()}
        np.savez_compressed(options.out, **(halves | {k: arrays[k] for k in ("mean", "scale")}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
