"""Trains the tempo model on grooves of known tempo, and judges it on groups held back.

    python -m loopmind.learn.tempo_key.tempos build --collection DIR --work DIR
        [--drums N] [--melodic N]
    python -m loopmind.learn.tempo_key.tempos train --work DIR --out models/tempo.npz
        [--preset small|full]

`build` renders grooves (see `grooves`) and keeps the evidence for each candidate tempo; `train`
fits the networks that weigh it, and keeps each in the work folder: broken off, it goes on with the
next. Deterministic for a seed, on one machine.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis import tempo_features as evidence
from loopmind.analysis.frontend import frontend
from loopmind.analysis.onsets import novelty, onsets
from loopmind.analysis.tempo_model import Scorer
from loopmind.learn.export import same_as_torch, sign_card
from loopmind.learn.members import Arrays, kept
from loopmind.learn.sounds.render import RENDER_RATE_HZ, soundfonts
from loopmind.learn.tempo_key.groove_sounds import read_kits
from loopmind.learn.tempo_key.grooves import Groove, drum_groove, melodic_grooves, read_brains
from loopmind.music.audio import Audio

F32 = NDArray[np.float32]

_RIGHT = 0.006
_OTHER_METRE_SHARE = 0.28
_DROPPED, _BATCH = 0.15, 64


@dataclass(frozen=True)
class TempoConfig:
    """How the tempo model is trained."""

    hidden: int = 24
    members: int = 3
    epochs: int = 16
    seed: int = 0


PRESETS = {"small": TempoConfig(), "full": TempoConfig(hidden=64, members=6, epochs=24)}


@dataclass(frozen=True, eq=False)
class Example:
    """One groove as the model meets it: a row of evidence per candidate, and which are right."""

    table: F32
    right: NDArray[np.bool_]
    style: str
    use_length: bool


def examples_of(groove: Groove) -> Iterator[Example]:
    """The groove with its length as evidence and without; nothing where no candidate is right."""
    spectra = frontend(Audio(groove.samples[None, :], RENDER_RATE_HZ))
    heard = novelty(spectra)
    found = onsets(spectra, heard)
    if found.times_s.size < 2:
        return
    border = evidence.edges(spectra.mono, spectra.rate_hz, found)
    repeats = evidence.periods(heard, spectra)
    for use_length in (True, False):
        bpm = evidence.candidates(spectra.duration_s, repeats, use_length)
        right = np.abs(bpm / groove.bpm - 1.0) < _RIGHT
        if right.any():
            table = evidence.features(
                bpm, repeats, found, spectra.duration_s, border, use_length
            ).astype(np.float32)
            yield Example(table, right, groove.style, use_length)


def grooves(
    collection: Path, brains_folder: Path, drums: int, melodic: int, seed: int
) -> Iterator[Groove]:
    """Drum grooves, then melodic ones, half by soundfonts (where installed), half synthesised."""
    rng = np.random.default_rng(seed)
    kits = read_kits(collection, rng)
    brains = read_brains(brains_folder)
    for _ in range(drums):
        other = rng.random() < _OTHER_METRE_SHARE
        yield drum_groove(None if other else brains[int(rng.integers(len(brains)))], kits, rng)
    fonts = [font for font in soundfonts() if font.suffix == ".sf2"]
    players: list[Path | None] = [*fonts, *[None] * max(1, len(fonts))]
    yield from melodic_grooves(brains, players, melodic, kits, rng, other_metres=_OTHER_METRE_SHARE)


def save(examples: Sequence[Example], target: Path) -> None:
    """Keep `examples` as one npz: rows of all tables, their counts, and what is right."""
    np.savez(
        target,
        table=np.concatenate([e.table for e in examples]),
        right=np.concatenate([e.right for e in examples]),
        counts=np.array([len(e.right) for e in examples]),
        use_length=np.array([e.use_length for e in examples]),
        style=np.array([e.style for e in examples]),
    )


def load(source: Path) -> list[Example]:
    """Examples kept by `save`."""
    with np.load(source, allow_pickle=False) as file:
        ends = np.cumsum(file["counts"])[:-1]
        tables, rights = np.split(file["table"], ends), np.split(file["right"], ends)
        return [
            Example(table, right, str(style), bool(use))
            for table, right, style, use in zip(
                tables, rights, file["style"], file["use_length"], strict=True
            )
        ]


def train(examples: Sequence[Example], config: TempoConfig, work: Path | None = None) -> Scorer:
    """Fit the scorer: the softmax over a file's candidates shall fall on a right one.

    Each member is kept in `work` once it is trained. Raises ExportError where numpy does not say
    what torch does.
    """
    rows = np.concatenate([e.table for e in examples])
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 0.05
    width = max(len(e.right) for e in examples)
    shape = (len(examples), width)
    table = np.zeros((*shape, rows.shape[1]), np.float32)
    there, right = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    for i, example in enumerate(examples):
        n = len(example.right)
        table[i, :n] = (example.table - mean) / scale
        there[i, :n] = True
        right[i, :n] = example.right
    members = []
    for number in range(config.members):
        seed = config.seed + number
        given = {"table": table, "right": right, "seed": seed, "hidden": config.hidden,
                 "epochs": config.epochs}  # fmt: skip

        def make(seed: int = seed) -> Arrays:
            return _member(table, there, right, seed, config)

        members.append(kept(work, "tempo-network", given, make))

    def beside(name: str) -> list[F32]:
        return [member[name] for member in members]

    return Scorer(
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        first=np.concatenate(beside("first"), axis=1),
        first_bias=np.concatenate(beside("first_bias")),
        second=np.stack(beside("second")),
        second_bias=np.stack(beside("second_bias")),
        last=(np.concatenate(beside("last")) / len(members)).astype(np.float32),
        direct=np.mean(beside("direct"), axis=0),
        temperature=np.ones((), np.float32),
    )


def _member(
    given: F32, where: NDArray[np.bool_], truth: NDArray[np.bool_], seed: int, config: TempoConfig
) -> Arrays:
    """One network, by the names of Scorer. given: (files, candidates, features), `where` real."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    table, there, right = (torch.from_numpy(array) for array in (given, where, truth))
    features = table.shape[2]
    first = torch.nn.Linear(features, config.hidden)
    second = torch.nn.Linear(config.hidden, config.hidden)
    last = torch.nn.Linear(config.hidden, 1, bias=False)
    direct = torch.nn.Linear(features, 1, bias=False)
    drop = torch.nn.Dropout(_DROPPED)
    net = torch.nn.ModuleList([first, second, last, direct, drop])
    optimiser = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=1e-2)
    steps = config.epochs * -(-len(table) // _BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)

    def scored(x: torch.Tensor) -> torch.Tensor:
        hidden = drop(torch.relu(second(drop(torch.relu(first(x))))))
        return (last(hidden) + direct(x)).squeeze(-1)

    for _ in range(config.epochs):
        for batch in torch.randperm(len(table)).split(_BATCH):
            x = table[batch] + 0.1 * torch.randn(len(batch), *table.shape[1:])
            chance = torch.log_softmax(scored(x).masked_fill(~there[batch], -1e9), 1)
            hit = torch.logsumexp(chance.masked_fill(~right[batch], -1e9), 1)
            # A little for every candidate keeps beliefs from becoming verdicts.
            spread = (chance * there[batch]).sum(1) / there[batch].sum(1)
            loss = -(0.97 * hit + 0.03 * spread).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    net.eval()
    made = {
        "first": first.weight.T, "first_bias": first.bias, "second": second.weight.T,
        "second_bias": second.bias, "last": last.weight[0], "direct": direct.weight[0],
    }  # fmt: skip
    arrays = {name: value.detach().numpy().copy() for name, value in made.items()}
    alone = Scorer(
        mean=np.zeros(features, np.float32), scale=np.ones(features, np.float32),
        temperature=np.ones((), np.float32),
        **{**arrays, "second": arrays["second"][None], "second_bias": arrays["second_bias"][None]},
    )  # fmt: skip
    some = table[:8].reshape(-1, features)
    same_as_torch(scored(some), alone.scores(some.numpy().astype(np.float64)), "the network")
    return arrays


def judge(model: Scorer, examples: Sequence[Example]) -> dict[str, float]:
    """Share of examples whose best candidate is right, and the mean weight of the best."""
    hits, weights = [], []
    for example in examples:
        score = model.scores(example.table.astype(np.float64))
        chance = np.exp(score - score.max())
        best = int(score.argmax())
        hits.append(bool(example.right[best]))
        weights.append(float(chance[best] / chance.sum()))
    return {
        "examples": len(hits),
        "right": round(float(np.mean(hits)), 4),
        "mean_weight": round(float(np.mean(weights)), 4),
    }


def write(model: Scorer, target: Path) -> None:
    """Write the scorer where `tempo_model.scorer` reads it."""
    arrays = {name: getattr(model, name) for name in Scorer.__dataclass_fields__}
    np.savez(target, **arrays)
    sign_card(target)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="render grooves and keep their evidence")
    build.add_argument("--collection", type=Path, required=True, help="one-shots with labels.csv")
    build.add_argument("--brains", type=Path, default=Path("presets/genres"))
    build.add_argument("--work", type=Path, required=True)
    build.add_argument("--drums", type=int, default=2800)
    build.add_argument("--melodic", type=int, default=2600)
    build.add_argument("--seed", type=int, default=1)
    fit = commands.add_parser("train", help="fit the networks")
    fit.add_argument("--work", type=Path, required=True)
    fit.add_argument("--out", type=Path, required=True)
    fit.add_argument("--preset", choices=tuple(PRESETS), default="small")
    fit.add_argument("--epochs", type=int, help="default: the preset's")
    fit.add_argument("--temperature", type=float, default=0.8)
    given = parser.parse_args(arguments)
    kept = given.work / "tempo_examples.npz"
    if given.command == "build":
        given.work.mkdir(parents=True, exist_ok=True)
        made = grooves(given.collection, given.brains, given.drums, given.melodic, given.seed)
        save([example for groove in made for example in examples_of(groove)], kept)
        return 0
    examples = load(kept)
    styles = sorted({e.style for e in examples})
    held = set(styles[::5])
    report: dict[str, object] = {"examples": len(examples), "held_back_styles": sorted(held)}
    config = PRESETS[given.preset]
    if given.epochs:
        config = replace(config, epochs=given.epochs)
    known = [e for e in examples if e.style not in held]
    trial = train(known, replace(config, members=1), given.work)
    for use in (True, False):
        part = [e for e in examples if e.style in held and e.use_length == use]
        report["with length" if use else "without length"] = judge(trial, part)
    model = train(examples, config, given.work)
    fields = {name: getattr(model, name) for name in Scorer.__dataclass_fields__}
    model = Scorer(**{**fields, "temperature": np.array(given.temperature, np.float32)})
    write(model, given.out)
    given.out.with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
