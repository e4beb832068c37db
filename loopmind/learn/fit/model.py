"""Trains the fit model: which loops belong together, learned from tracks of the same pieces.

    python -m loopmind.learn.fit.model build --pieces DIR --work DIR
    python -m loopmind.learn.fit.model train --work DIR [--preset small|full] [--resume]
    python -m loopmind.learn.fit.model evaluate --work DIR [--model FILE]
    python -m loopmind.learn.fit.model export --work DIR --out models/fit.npz

`build` hears the loops of all pieces (learn/pieces.py) once and keeps what was heard. Training
picks the loop that belongs out of lists (lists.py). Seeds are fixed; one core.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from loopmind.compose.learned_fit import FitModel, read_model
from loopmind.compose.learned_fit_features import own_features, pair_features
from loopmind.files.atomic import atomic_path
from loopmind.learn.export import same_as_torch
from loopmind.learn.fit import data as fit_data
from loopmind.learn.fit.lists import (
    Lists,
    Stock,
    embedding_scores,
    handmade_scores,
    learned_scores,
    list_sides,
    lists_of,
    stock,
    top1,
)

if TYPE_CHECKING:
    import torch

F32 = NDArray[np.float32]
SPLITS = ("test", "valid", "train")
_STRANGER_ROUNDS = 3


@dataclass(frozen=True)
class FitConfig:
    """How the fit model is trained.

    moved, strangers: candidates of a list that are the right loop moved, and other pieces' loops.
    rounds: draws of strangers for every loop. lists: most lists an epoch.
    """

    hidden: int = 48
    epochs: int = 8
    batch: int = 64
    rate: float = 2e-3
    decay: float = 0.02
    dropout: float = 0.2
    noise: float = 0.1
    moved: int = 4
    strangers: int = 11
    rounds: int = 1
    lists: int = 24000
    members: int = 3
    seed: int = 1


PRESETS = {
    "small": FitConfig(),
    "full": FitConfig(hidden=96, epochs=8, rounds=6, members=5),
}


def make_net(own: int, pairs: int, config: FitConfig) -> torch.nn.Module:
    """The network of `FitModel` in torch; its call gives scores (L, K) of pair and own features."""
    import torch

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tower = torch.nn.Linear(own, config.hidden)
            self.join = torch.nn.Linear(config.hidden, config.hidden, bias=False)
            self.pair = torch.nn.Linear(pairs, config.hidden)
            self.middle = torch.nn.Linear(config.hidden, config.hidden // 2)
            self.last = torch.nn.Linear(config.hidden // 2, 1, bias=False)
            self.drop = torch.nn.Dropout(config.dropout)

        def forward(self, a: Any, b: Any, pair: Any) -> Any:
            towers = self.join(self.drop(torch.relu(self.tower(a)))) + self.join(
                self.drop(torch.relu(self.tower(b)))
            )
            hidden = self.drop(torch.relu(self.pair(pair) + towers))
            return self.last(self.drop(torch.relu(self.middle(hidden)))).squeeze(-1)

    return Net()


@dataclass(frozen=True, eq=False)
class Scaling:
    """How features are standardised."""

    own_mean: F32
    own_scale: F32
    pair_mean: F32
    pair_scale: F32

    def apply(self, held: Stock, lists: Lists) -> tuple[F32, F32, F32]:
        """Features of the anchors (L, 1, own), the candidates (L, K, own) and pairs (L, K, n)."""
        a, b = list_sides(held, lists)
        pairs = pair_features(a, b)[:, 0]
        return (self.own(own_features(a)), self.own(own_features(b)),
                np.clip((pairs - self.pair_mean) * self.pair_scale, -4.0, 4.0))  # fmt: skip

    def own(self, features: F32) -> F32:
        found: F32 = np.clip((features - self.own_mean) * self.own_scale, -4.0, 4.0)
        return found


def scaling_of(held: Stock, lists: Lists) -> Scaling:
    """Mean and spread of the features in (a part of) `lists`."""
    a, b = list_sides(
        held, lists.part(np.arange(0, len(lists.anchor), 1 + len(lists.anchor) // 2000))
    )
    own = own_features(b).reshape(-1, own_features(b).shape[-1])
    pairs = pair_features(a, b)
    pairs = pairs.reshape(-1, pairs.shape[-1])
    return Scaling(
        own.mean(0), 1.0 / (own.std(0) + 0.02), pairs.mean(0), 1.0 / (pairs.std(0) + 0.02)
    )


def train(
    held: Stock, config: FitConfig, *, valid: Stock | None = None, checkpoint: Path | None = None,
    start: FitModel | None = None,
    report: Callable[[int, int, float], None] = lambda epoch, epochs, loss: None,
) -> FitModel:  # fmt: skip
    """Train on the loops of `held`; goes on from `checkpoint` where one lies.

    start: a model whose weights to begin with. report(epoch, epochs, loss) may raise to stop.
    """
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    # One scaling whatever the seed, so that several networks can lie side by side.
    rng = np.random.default_rng(0)
    first = lists_of(held, rng, moved=config.moved, strangers=config.strangers)
    if not len(first.anchor):
        raise ValueError("too few loops of one role from different pieces to learn the fit from")
    scaling = (
        scaling_of(held, first)
        if start is None
        else Scaling(start.own_mean, start.own_scale, start.pair_mean, start.pair_scale)
    )
    a, _, pairs = scaling.apply(held, first.part(np.arange(1)))
    net = make_net(a.shape[-1], pairs.shape[-1], config)
    if start is not None:
        _load(net, start)
    shown = min(config.rounds * len(first.anchor), config.lists)
    steps = config.epochs * -(-shown // config.batch)
    optimiser = torch.optim.AdamW(net.parameters(), config.rate, weight_decay=config.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.rate, total_steps=steps + 64)
    begun = 0
    if checkpoint is not None and checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        begun = int(state["epoch"])
    table = _examples(held, config, scaling) if begun < config.epochs else []
    for epoch in range(begun, config.epochs):
        torch.manual_seed(config.seed * 1000 + epoch)
        losses = []
        net.train()
        for batch in torch.randperm(len(table[0]))[: config.lists].split(config.batch):
            a, b, pairs = (
                part[batch].float() + config.noise * torch.randn(part[batch].shape)
                for part in table
            )
            loss = _loss(net(a, b, pairs))
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
        if checkpoint is not None:
            with atomic_path(checkpoint) as temporary:
                torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(),
                            "schedule": schedule.state_dict(), "epoch": epoch + 1},
                           temporary)  # fmt: skip
        report(epoch + 1, config.epochs, float(np.mean(losses)))
        if valid is not None and (epoch % 2 == 1 or epoch + 1 == config.epochs):
            figures = judge(finished(net, scaling, held), valid)
            print(f"epoch {epoch + 1} loss {np.mean(losses):.4f} valid {figures}", flush=True)
    return finished(net, scaling, held)


def _examples(held: Stock, config: FitConfig, scaling: Scaling) -> list[Any]:
    """Features of anchors, candidates and pairs of several draws of strangers, half precision."""
    import torch

    parts: list[list[Any]] = [[], [], []]
    for turn in range(config.rounds):
        rng = np.random.default_rng([config.seed, turn])
        lists = lists_of(held, rng, moved=config.moved, strangers=config.strangers)
        for at in range(0, len(lists.anchor), 256):
            rows = lists.part(np.arange(at, min(at + 256, len(lists.anchor))))
            for part, made in zip(parts, scaling.apply(held, rows), strict=True):
                part.append(torch.from_numpy(made.astype(np.float16)))
    return [torch.cat(part) for part in parts]


def _loss(scores: Any) -> Any:
    """The right one first, and scores that mean the same beside any anchor."""
    import torch

    first = torch.zeros(len(scores), dtype=torch.long)
    listed = torch.nn.functional.cross_entropy(scores, first, label_smoothing=0.05)
    right = torch.nn.functional.one_hot(first, scores.shape[1]).float()
    odds = torch.nn.functional.binary_cross_entropy_with_logits(scores - 2.0, right)
    return listed + 0.3 * odds


def _load(net: Any, start: FitModel) -> None:
    import torch

    with torch.no_grad():
        for layer in ("tower", "join", "pair", "middle"):
            getattr(net, layer).weight.copy_(torch.from_numpy(getattr(start, layer).T.copy()))
            if layer != "join":
                bias = torch.from_numpy(getattr(start, f"{layer}_bias").copy())
                getattr(net, layer).bias.copy_(bias)
        net.last.weight.copy_(torch.from_numpy(start.last[None].copy()))


def finished(net: Any, scaling: Scaling, held: Stock) -> FitModel:
    """The trained network as `FitModel`, its scores scaled by those of strangers in `held`.

    Raises ExportError where numpy does not say what torch does.
    """
    import torch

    net.eval()
    weights = {name: value.detach().numpy().copy() for name, value in net.named_parameters()}
    one = np.ones((), np.float32)
    model = FitModel(
        scaling.own_mean, scaling.own_scale, scaling.pair_mean, scaling.pair_scale,
        weights["tower.weight"].T, weights["tower.bias"], weights["join.weight"].T,
        weights["pair.weight"].T, weights["pair.bias"], weights["middle.weight"].T,
        weights["middle.bias"], weights["last.weight"][0], 0.0 * one, one,
    )  # fmt: skip
    lists = lists_of(held, np.random.default_rng(7), strangers=4)
    some = lists.part(np.arange(0, len(lists.anchor), 1 + len(lists.anchor) // 1000))
    said = learned_scores(model, held, some)
    same_as_torch(net(*map(torch.from_numpy, scaling.apply(held, some))), said, "the network")
    scores = said[:, 1:]
    arrays = {**model.__dict__, "centre": np.array(np.median(scores), np.float32),
              "spread": np.array(scores.std() + 1e-3, np.float32)}  # fmt: skip
    return FitModel(**arrays)


def merged(models: Sequence[FitModel]) -> FitModel:
    """Several networks of equal scaling side by side: its score is the mean of theirs."""

    def beside(name: str) -> F32:
        return np.concatenate([getattr(m, name) for m in models], axis=-1)

    def blocks(name: str) -> F32:
        parts = [getattr(m, name) for m in models]
        rows, columns = (sum(p.shape[axis] for p in parts) for axis in (0, 1))
        whole = np.zeros((rows, columns), np.float32)
        row = column = 0
        for part in parts:
            whole[row : row + part.shape[0], column : column + part.shape[1]] = part
            row, column = row + part.shape[0], column + part.shape[1]
        return whole

    one = models[0]
    return FitModel(
        one.own_mean, one.own_scale, one.pair_mean, one.pair_scale, beside("tower"),
        beside("tower_bias"), blocks("join"), beside("pair"), beside("pair_bias"),
        blocks("middle"), beside("middle_bias"), beside("last") / np.float32(len(models)),
        np.array(np.mean([m.centre for m in models]), np.float32),
        np.array(np.mean([m.spread for m in models]), np.float32),
    )  # fmt: skip


def judge(model: FitModel, held: Stock, *, seed: int = 11, rounds: int = 1) -> dict[str, float]:
    """Top-1 of 10 beside one mate and beside all, and of the right loop among itself moved."""
    both, moved = [], []
    for turn in range(rounds):
        lists = lists_of(held, np.random.default_rng([seed, turn]))
        both.append(top1(learned_scores(model, held, lists), lists))
        shifted = lists_of(held, np.random.default_rng([seed, turn]), moved=9, strangers=0)
        moved.append(top1(learned_scores(model, held, shifted), shifted))
    return {
        "beside one": round(float(np.mean([x[0] for x in both])), 4),
        "beside all": round(float(np.mean([x[1] for x in both])), 4),
        "moved, beside all": round(float(np.mean([x[1] for x in moved])), 4),
    }


def compare(model: FitModel, held: Stock, *, seed: int = 11, rounds: int = _STRANGER_ROUNDS
            ) -> dict[str, dict[str, float]]:  # fmt: skip
    """The figures of `judge` for the model, the hand-made score and plain embedding distance."""
    table: dict[str, list[tuple[float, float]]] = {}
    questions = lists_asked = 0
    for turn in range(rounds):
        lists = lists_of(held, np.random.default_rng([seed, turn]))
        if not len(lists.anchor):
            return {}
        questions += len(np.unique(lists.question))
        lists_asked += len(lists.anchor)
        for name, scores in (
            ("learned", learned_scores(model, held, lists)),
            ("hand-made", handmade_scores(held, lists)),
            ("embedding", embedding_scores(held, lists)),
        ):
            table.setdefault(name, []).append(top1(scores, lists))
        shifted = lists_of(held, np.random.default_rng([seed, turn]), moved=9, strangers=0)
        for name, scores in (
            ("learned, moved", learned_scores(model, held, shifted)),
            ("hand-made, moved", handmade_scores(held, shifted)),
        ):
            table.setdefault(name, []).append(top1(scores, shifted))
    made = {
        name: {"beside one": round(float(np.mean([x[0] for x in rows])), 4),
               "beside all": round(float(np.mean([x[1] for x in rows])), 4)}
        for name, rows in table.items()
    }  # fmt: skip
    made["asked"] = {"lists": lists_asked, "questions": questions}
    return made


def write_model(model: FitModel, target: Path) -> None:
    """Write the model where `learned_fit.read_model` reads it; the same model, the same bytes."""
    with atomic_path(target) as temporary:
        np.savez(temporary, **{n: getattr(model, n) for n in FitModel.__dataclass_fields__})


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=("build", "train", "evaluate", "export"))
    parser.add_argument("--pieces", type=Path, help="folder with test, valid and train pieces")
    parser.add_argument("--work", type=Path, required=True, help="folder for what was heard")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="small")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--model", type=Path, help="the model to evaluate (default: the trained)")
    parser.add_argument("--splits", default=",".join(SPLITS))
    parser.add_argument("--out", type=Path, help="where to write the model")
    options = parser.parse_args(arguments)
    work: Path = options.work
    splits = options.splits.split(",")
    trained = work / "trained.npz"
    if options.step == "build":
        if options.pieces is None:
            parser.error("build needs --pieces")
        for split in splits:
            added = fit_data.build(options.pieces / split, work / f"{split}.jsonl")
            print(f"{split}: {added} more loops", flush=True)
    elif options.step == "train":
        config = PRESETS[options.preset]
        held = stock(fit_data.read([work / "train.jsonl"]))
        valid = stock(fit_data.read([work / "valid.jsonl"]))
        members = []
        for member in range(config.members):
            checkpoint = work / f"fit-{options.preset}-{member}.pt"
            if not options.resume:
                checkpoint.unlink(missing_ok=True)
            one = FitConfig(**{**config.__dict__, "seed": config.seed + member})
            members.append(train(held, one, valid=valid, checkpoint=checkpoint))
        write_model(merged(members), trained)
    elif options.step == "evaluate":
        model = read_model(options.model or trained)
        for split in splits:
            if split != "train":
                held = stock(fit_data.read([work / f"{split}.jsonl"]))
                print(split, json.dumps(compare(model, held), indent=1), flush=True)
    else:
        if options.out is None:
            parser.error("export needs --out")
        write_model(read_model(trained), options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
