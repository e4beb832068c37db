"""The network that tells moods: trained on pairs, of which one sound is more of a mood.

Its twelve scores order sounds (the pairwise logistic loss of Burges et al., "Learning to rank using
gradient descent", ICML 2005). What is handed on lies in 0..1: how likely the score is that of a
sound with the mood, were both as frequent (Platt, "Probabilistic outputs for support vector
machines", 1999), times the share of sounds that have less of it: what is likely so, and more so
than most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.moods import FARTHEST, scores_of
from loopmind.learn.export import same_as_torch
from loopmind.learn.members import kept
from loopmind.learn.moods.data import Set
from loopmind.music.loop import MOODS

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

_DROPPED, _DECAY = 0.3, 0.3
_NAMES = 2.0  # weight of names beside changes
_STILL = 0.3  # share of pairs that must be told alike
_FOLDS, _BLOCK = 3, 40
_ACROSS = 0.3
_RANKS = 33
_FEWEST_NAMED = 20


@dataclass(frozen=True)
class MoodConfig:
    """How the network is trained. members: networks side by side."""

    hidden: int = 128
    steps: int = 2500
    members: int = 3
    seed: int = 1


def train(learned: Set, config: MoodConfig, work: Path | None = None) -> dict[str, F32]:
    """The arrays of one network, kept in `work` once it is trained.

    Raises ExportError where numpy does not say what torch does.
    """
    given = {**vars(learned), "hidden": config.hidden, "steps": config.steps, "seed": config.seed}
    return kept(work, "mood-network", given, lambda: _trained(learned, config))


def _trained(learned: Set, config: MoodConfig) -> dict[str, F32]:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    mean, spread = learned.numbers.mean(axis=0), learned.numbers.std(axis=0) + 1e-3
    x = torch.tensor(np.clip((learned.numbers - mean) / spread, -FARTHEST, FARTHEST))
    net = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], config.hidden), torch.nn.ReLU(), torch.nn.Dropout(_DROPPED),
        torch.nn.Linear(config.hidden, len(MOODS)),
    )  # fmt: skip
    optimiser = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
    changes, named = _Changes(learned), _Names(learned)
    for _ in range(config.steps):
        loss = torch.zeros(())
        for pairs, weight in ((changes(rng, 256), 1.0), (named(rng, 256), _NAMES)):
            if not len(pairs):
                continue
            first, second, mood = (torch.tensor(column) for column in pairs.T)
            noise = 0.1 * torch.randn(2, len(pairs), x.shape[1])
            more = net(x[first] + noise[0]).gather(1, mood[:, None])
            less = net(x[second] + noise[1]).gather(1, mood[:, None])
            loss = loss + weight * torch.nn.functional.softplus(less - more).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    arrays = {
        "weight0": net[0].weight.detach().numpy().T.copy(), "bias0": net[0].bias.detach().numpy(),
        "weight1": net[3].weight.detach().numpy().T.copy(), "bias1": net[3].bias.detach().numpy(),
        "mean": mean, "spread": spread,
    }  # fmt: skip
    made = {name: np.asarray(array, np.float32) for name, array in arrays.items()}
    said = scores_of(made, learned.numbers[:256])
    same_as_torch(net.eval()(x[:256]), said, "the network")
    return made


class _Changes:
    """Draws pairs, every mood as often as any other, now and then across sounds.

    A sound that was made darker is darker than it was, and likely than another one was. What must
    be told as it was stands in pairs of both orders, a share of _STILL of all.
    """

    def __init__(self, learned: Set) -> None:
        self.groups: list[tuple[list[I64], list[I64]]] = []
        pairs = learned.pairs
        for mood in sorted(set(pairs[:, 2].tolist())):
            of_mood = pairs[:, 2] == mood
            kinds = [of_mood & (learned.kind[pairs[:, 0]] == kind) for kind in ("oneshot", "loop")]
            made = [pairs[kind & ~learned.still] for kind in kinds]
            still = [pairs[kind & learned.still] for kind in kinds]
            self.groups.append(([g for g in made if len(g)], [g for g in still if len(g)]))

    def __call__(self, rng: np.random.Generator, count: int) -> I64:
        found = []
        for which in rng.integers(len(self.groups), size=count):
            made, still = self.groups[which]
            even = bool(still) and (not made or rng.random() < _STILL)
            groups = still if even else made
            group = groups[rng.integers(len(groups))]
            first, second, mood = group[rng.integers(len(group))]
            if rng.random() < _ACROSS and not even:
                second = group[rng.integers(len(group)), 1]
            found.append((first, second, mood))
        return np.array(found, np.int64)


class _Names:
    """Draws one sound that is named so, and one of its kind that is not, half of its instrument."""

    def __init__(self, learned: Set) -> None:
        self.set = learned
        self.moods = [
            m for m in range(len(MOODS))
            if learned.named[:, m].sum() >= _FEWEST_NAMED
            # Of each kind that is named so there must be sounds that are not.
            and all(
                (learned.speaks & ~learned.named[:, m] & (learned.kind == kind)).any()
                for kind in set(learned.kind[learned.named[:, m]].tolist())
            )
        ]  # fmt: skip
        self.yes = {m: np.flatnonzero(learned.named[:, m]) for m in self.moods}
        self.no: dict[tuple[int, str, str], I64] = {}
        for m in self.moods:
            silent = learned.speaks & ~learned.named[:, m]
            for kind in ("oneshot", "loop"):
                of_kind = silent & (learned.kind == kind)
                self.no[m, kind, "*"] = np.flatnonzero(of_kind)
                for instrument in set(learned.instrument.tolist()):
                    self.no[m, kind, instrument] = np.flatnonzero(
                        of_kind & (learned.instrument == instrument)
                    )

    def __call__(self, rng: np.random.Generator, count: int) -> I64:
        found: list[tuple[int, int, int]] = []
        while self.moods and len(found) < count:
            m = int(rng.choice(self.moods))
            first = int(rng.choice(self.yes[m]))
            kind, instrument = str(self.set.kind[first]), str(self.set.instrument[first])
            others = self.no[m, kind, instrument if rng.random() < 0.5 else "*"]
            if len(others):
                found.append((first, int(rng.choice(others)), m))
        return np.array(found, np.int64).reshape(-1, 3)


def merged(members: Sequence[dict[str, F32]]) -> dict[str, F32]:
    """One wide network whose scores are the mean of the members'."""
    first = members[0]
    return {
        "weight0": np.concatenate([m["weight0"] for m in members], axis=1),
        "bias0": np.concatenate([m["bias0"] for m in members]),
        "weight1": np.asarray(
            np.concatenate([m["weight1"] for m in members]) / len(members), np.float32
        ),
        "bias1": np.mean([m["bias1"] for m in members], axis=0, dtype=np.float32),
        "mean": first["mean"], "spread": first["spread"],
    }  # fmt: skip


def several(learned: Set, config: MoodConfig, work: Path | None = None) -> dict[str, F32]:
    """As many networks as `config` says, side by side."""
    return merged([
        train(learned, replace(config, seed=config.seed + k), work) for k in range(config.members)
    ])  # fmt: skip


def with_scale(
    arrays: dict[str, F32], learned: Set, config: MoodConfig, work: Path | None = None
) -> dict[str, F32]:
    """With a logistic curve for each mood, and the ranks of the scores of unchanged sounds.

    The curves are learned from scores of networks that have not learned from the same sounds, of as
    many members as the one that they are for: a mean of several is less extreme than one.
    """
    apart = scores_apart(learned, config, work)
    directed = ~learned.still
    slope, place = np.zeros(len(MOODS)), np.zeros(len(MOODS))
    for mood in range(len(MOODS)):
        own = learned.pairs[directed & (learned.pairs[:, 2] == mood)]
        silent = learned.speaks & ~learned.named[:, mood]
        yes = np.concatenate([apart[own[:, 0], mood], apart[learned.named[:, mood], mood]])
        no = np.concatenate([apart[own[:, 1], mood], apart[silent, mood]])
        if yes.size and no.size:  # a small set may say nothing of a mood
            slope[mood], place[mood] = _logistic(yes, no)
    unchanged = np.ones(len(learned.numbers), bool)
    for pair, how in zip(learned.pairs, learned.how, strict=True):
        if how != "held":
            unchanged[max(pair[0], pair[1])] = False  # copies are added after what they are of
    scores = scores_of(arrays, learned.numbers[unchanged]).astype(np.float64)
    ranks = np.quantile(scores, np.linspace(0.0, 1.0, _RANKS), axis=0)
    return {
        **arrays,
        "slope": np.asarray(slope, np.float32), "place": np.asarray(place, np.float32),
        "ranks": np.asarray(ranks, np.float32),
    }  # fmt: skip


def scores_apart(learned: Set, config: MoodConfig, work: Path | None = None) -> NDArray[np.float64]:
    """(sounds, moods): each sound's scores by networks that learned from others.

    What belongs together (a preset's note, loop and changed copies) lies side by side in a set.
    """
    fold = np.arange(len(learned.numbers)) // _BLOCK % _FOLDS
    scores = np.zeros((len(fold), len(MOODS)))
    for held in range(_FOLDS):
        other = fold != held
        number = np.cumsum(other) - 1
        inside = other[learned.pairs[:, 0]] & other[learned.pairs[:, 1]]
        pairs = learned.pairs[inside].copy()
        pairs[:, :2] = number[pairs[:, :2]]
        rows = {
            name: getattr(learned, name)[other]
            for name in Set.__dataclass_fields__
            if name not in ("pairs", "how")
        }
        part = Set(**rows, pairs=pairs, how=learned.how[inside])
        scores[~other] = scores_of(several(part, config, work), learned.numbers[~other])
    return scores


def _logistic(yes: NDArray[np.float64], no: NDArray[np.float64]) -> tuple[float, float]:
    """(slope, place) of the curve that best tells `yes` from `no`, both weighing the same."""
    import scipy.optimize

    def loss(at: NDArray[np.float64]) -> float:
        slope, place = np.exp(at[0]), at[1]
        return float(
            np.logaddexp(0.0, -slope * (yes - place)).mean()
            + np.logaddexp(0.0, slope * (no - place)).mean()
        )

    found = scipy.optimize.minimize(loss, np.array([0.0, float(yes.mean() + no.mean()) / 2]))
    return float(np.exp(found.x[0])), float(found.x[1])
