"""Trains the tagger: readers on what nobody recorded, members on all, both by seed.

Training the readers is what takes time. They learn from renderings, synthesis and sets that are
never judged; so for each held-back source of recordings only the small members are trained anew.

Losses: cross entropy of instrument, role and kind, and a supervised contrastive loss (Khosla et
al., "Supervised contrastive learning", NeurIPS 2020) that draws sounds of one class together and
the variations of one sound most of all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from loopmind.analysis.listening.tagger import EMBEDDING
from loopmind.learn.tagger.data import Examples, shown
from loopmind.learn.tagger.net import (
    FEATURES,
    READ,
    Member,
    Members,
    Readers,
    Scaling,
    Tagger,
    Wide,
    together,
)
from loopmind.music.loop import INSTRUMENTS, ROLES

F32 = NDArray[np.float32]
Report = Callable[[str], None]

# Recordings are what users have; renderings only fill in what recordings lack. Readers see few of
# them (FoxDot's), which they would soon know by heart.
_RECORDED_WEIGHT, _READERS_WEIGHT = 6.0, 3.0
_BALANCE = 0.6
_SMOOTH = 0.05
_TEMPERATURE = 0.1
_CONTRAST = 0.3
_RIDGE = 1e-4
# What is solved for is 0 or 1; as scores for a softmax that is too flat.
_SHARPNESS = 8.0
_SLOWNESS = 0.998
_FURTHEST_SHIFT = 2
_WIDE_SEED = 7


@dataclass(frozen=True)
class Settings:
    """How long and how much is trained.

    blind: members that see features alone, no pictures. wide: units of the wide member, 0 for none.
    """

    reader_steps: int
    reader_batch: int
    member_steps: int
    member_batch: int
    members: int
    seed: int = 1
    blind: int = 1
    wide: int = 2048


PRESETS: dict[str, Settings] = {
    "small": Settings(8000, 64, 1200, 160, 2),
    "full": Settings(12000, 256, 5000, 256, 4),
}


def odds_of(examples: Examples, recorded: float = _RECORDED_WEIGHT) -> torch.Tensor:
    """How often each example is drawn: classes balanced in part, recordings more often."""
    counts = Counter(examples.instrument.tolist())
    weight = np.array([counts[name] ** -_BALANCE for name in examples.instrument.tolist()])
    own = examples.recorded | (examples.source == "foxdot")
    weight *= np.where(own, recorded, 1.0)
    return torch.tensor(weight / weight.sum(), dtype=torch.float32)


def pretrain(
    examples: Examples,
    settings: Settings,
    report: Report,
    *,
    checkpoint: Path | None = None,
    losses: list[float] | None = None,
    save_every: int = 50,
    stop_at: int | None = None,
) -> Readers:
    """Readers that tell instruments by the pictures alone; goes on from `checkpoint` if it is.

    `losses` is filled with the loss of every step. stop_at: leave off after that step, to go on
    another time.
    """
    torch.manual_seed(settings.seed)
    random = torch.Generator().manual_seed(settings.seed)
    truth = [torch.tensor(values) for values in examples.truth()]
    odds = odds_of(examples, _READERS_WEIGHT)
    readers, head = Readers(), Member(EMBEDDING // 2, features=False)
    parameters = [*readers.parameters(), *head.parameters()]
    optimiser = torch.optim.AdamW(parameters, 1e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 4e-3, total_steps=settings.reader_steps + 1
    )
    slow = {name: value.clone() for name, value in readers.state_dict().items()}
    begin = 0
    if checkpoint is not None and checkpoint.exists():
        kept = torch.load(checkpoint, weights_only=True)
        begin = int(kept["step"])
        for item, name in ((readers, "readers"), (head, "head"), (optimiser, "optimiser"),
                           (schedule, "schedule")):  # fmt: skip
            item.load_state_dict(kept[name])
        slow = kept["slow"]
        random.set_state(kept["random"])
        torch.set_rng_state(kept["dropout"])
        report(f"goes on from step {begin}")
    readers.train()
    losses = [] if losses is None else losses
    for step in range(begin, stop_at or settings.reader_steps):
        drawn = torch.multinomial(odds, settings.reader_batch, generator=random)
        near, far = (
            distort(torch.from_numpy(shown(part[drawn.numpy()])), random)
            for part in (examples.near, examples.far)
        )
        second = torch.randperm(len(drawn), generator=random)
        share = torch.distributions.Beta(0.3, 0.3).sample((len(drawn), 1))
        share = torch.maximum(share, 1.0 - share)
        near, far = (
            share[..., None] * part + (1.0 - share[..., None]) * part[second]
            for part in (near, far)
        )
        place, scores = head(readers(near, far), near)
        wanted = [part[drawn] for part in truth]
        loss = loss_of(scores, place, wanted, ([part[second] for part in wanted], share[:, 0]))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 5.0)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        _follow(slow, readers, min(_SLOWNESS, step / (step + 10.0)))
        if (step + 1) % save_every == 0:
            mean = np.mean(losses[-save_every:])
            report(f"readers {step + 1} of {settings.reader_steps}: {mean:.3f}")
            if checkpoint is not None:
                torch.save(
                    {"step": step + 1, "readers": readers.state_dict(), "slow": slow,
                     "head": head.state_dict(), "optimiser": optimiser.state_dict(),
                     "schedule": schedule.state_dict(), "random": random.get_state(),
                     "dropout": torch.get_rng_state()}, checkpoint,
                )  # fmt: skip
    if stop_at is None:
        readers.load_state_dict(slow)
    readers.eval()
    return readers


def _follow(slow: dict[str, torch.Tensor], readers: Readers, slowness: float) -> None:
    """Move the slow copy towards `readers`: a mean of the last steps generalises better."""
    with torch.no_grad():
        for name, value in readers.state_dict().items():
            if value.is_floating_point():
                slow[name].lerp_(value, 1.0 - slowness)
            else:
                slow[name].copy_(value)


def distort(pictures: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Pictures with another colour, level, and bands and moments missing (SpecAugment, Park 2019).

    Moved by a few bands, as at another pitch. What lies at the floor stays there.
    """
    count, frames, bands = pictures.shape
    far = _FURTHEST_SHIFT
    shift = torch.randint(-far, far + 1, (count, 1, 1), generator=random)
    source = (torch.arange(bands)[None, None] + shift).clamp(0, bands - 1)
    pictures = pictures.gather(2, source.expand(-1, frames, -1))
    tilt = torch.randn(count, 4, generator=random) * torch.tensor([0.05, 0.08, 0.05, 0.04])
    x = torch.linspace(-1, 1, bands)
    shapes = torch.stack([torch.ones(bands), x, torch.cos(torch.pi * x), torch.sin(2 * x)])
    out = pictures + (tilt @ shapes)[:, None] * (pictures > -0.97)
    band = torch.randint(0, bands, (count, 1, 1), generator=random)
    width = torch.randint(0, 7, (count, 1, 1), generator=random)
    places = torch.arange(bands)[None, None]
    out = out.masked_fill((places >= band) & (places < band + width), -1.0)
    moment = torch.randint(4, frames, (count, 1, 1), generator=random)
    length = torch.randint(0, frames // 6, (count, 1, 1), generator=random)
    times = torch.arange(frames)[None, :, None]
    out = out.masked_fill((times >= moment) & (times < moment + length), -1.0)
    return out.clamp(-1.0, 1.0)


def loss_of(
    scores: torch.Tensor, place: torch.Tensor, truth: list[torch.Tensor],
    other: tuple[list[torch.Tensor], torch.Tensor] | None,
) -> torch.Tensor:  # fmt: skip
    """All questions together; `other`: truth and share of what was mixed in (Zhang, "mixup")."""
    sizes = [len(INSTRUMENTS), len(ROLES), scores.shape[1] - len(INSTRUMENTS) - len(ROLES)]
    total = torch.zeros(())
    for part, wanted, k in zip(scores.split(sizes, 1), truth, range(3), strict=True):
        entropy = torch.nn.functional.cross_entropy(
            part, wanted, label_smoothing=_SMOOTH, reduction="none"
        )
        if other is not None:
            second = torch.nn.functional.cross_entropy(
                part, other[0][k], label_smoothing=_SMOOTH, reduction="none"
            )
            entropy = other[1] * entropy + (1.0 - other[1]) * second
        total = total + (1.0, 0.3, 0.2)[k] * entropy.mean()
    if not place.shape[1]:
        return total
    return total + _CONTRAST * contrast(place, truth[0], None if other is None else other[1])


def contrast(
    place: torch.Tensor, classes: torch.Tensor, share: torch.Tensor | None
) -> torch.Tensor:
    """Supervised contrastive loss of unit vectors; mixed examples count by their larger share."""
    likeness = place @ place.T / _TEMPERATURE
    itself = torch.eye(len(place), dtype=torch.bool)
    likeness = likeness.masked_fill(itself, -1e9)
    same = (classes[:, None] == classes[None]) & ~itself
    log = likeness - likeness.logsumexp(1, keepdim=True)
    mean = (log * same).sum(1) / same.sum(1).clamp_min(1)
    weight = same.any(1).float() * (1.0 if share is None else share)
    return -(mean * weight).sum() / weight.sum().clamp_min(1.0)


def read_all(readers: Readers, examples: Examples) -> F32:
    """What the readers see of every example, (n, READ)."""
    out = np.zeros((len(examples), READ), np.float32)
    with torch.no_grad():
        for first in range(0, len(examples), 256):
            part = slice(first, first + 256)
            near, far = (
                torch.from_numpy(shown(item[part])) for item in (examples.near, examples.far)
            )
            out[part] = readers(near, far).numpy()
    return out


def train_members(
    examples: Examples, read: F32, readers: Readers, settings: Settings, report: Report, *,
    pictures: bool = True, features: bool = True,
) -> Tagger:  # fmt: skip
    """The tagger of members trained on `examples`, whose pictures were read as `read`."""
    x = torch.from_numpy(read)
    numbers = torch.from_numpy(examples.features)
    scaling = Scaling(x, numbers)
    x, numbers = scaling(x, numbers)
    truth = [torch.tensor(values) for values in examples.truth()]
    odds = odds_of(examples)
    blind = settings.blind if pictures and features else 0
    members: Members = [
        Member(EMBEDDING // settings.members, pictures=pictures, features=features)
        for _ in range(settings.members)
    ] + [Member(0, pictures=False) for _ in range(blind)]
    for number, member in enumerate(members):
        assert isinstance(member, Member)
        _train_member(member, (x, numbers), truth, odds, settings, number, report)
        member.eval()
    tagger = Tagger(readers, members, scaling)
    if settings.wide and pictures and features:
        widen(tagger, examples, read, settings, report)
    tagger.eval()
    return tagger


def untrained(readers: Readers, settings: Settings) -> Tagger:
    """A tagger of the right shape without a wide member, to load trained members into."""
    seeing: Members = [Member(EMBEDDING // settings.members) for _ in range(settings.members)]
    blind = [Member(0, pictures=False) for _ in range(settings.blind)]
    scaling = Scaling(torch.zeros(2, READ), torch.zeros(2, FEATURES))
    tagger = Tagger(readers, [*seeing, *blind], scaling)
    tagger.eval()
    return tagger


def widen(
    tagger: Tagger, examples: Examples, read: F32, settings: Settings, report: Report
) -> None:
    """Give `tagger` a wide member solved for `examples`; all other members stay as they are."""
    others = [member for member in tagger.members if not isinstance(member, Wide)]
    wide = solved(tagger.scaling, examples, read, settings)
    tagger.members = torch.nn.ModuleList([*others, wide])
    report(f"wide member: {settings.wide} units")


def _train_member(
    member: Member, inputs: tuple[torch.Tensor, torch.Tensor], truth: list[torch.Tensor],
    odds: torch.Tensor, settings: Settings, number: int, report: Report,
) -> None:  # fmt: skip
    seed = settings.seed * 100 + number
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    for layer in member.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.reset_parameters()
    steps, batch = settings.member_steps, settings.member_batch
    optimiser = torch.optim.AdamW(member.parameters(), 1e-3, weight_decay=0.03)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps + 1)
    member.train()
    losses = []
    for _ in range(steps):
        drawn = torch.multinomial(odds, batch, replacement=True, generator=random)
        second = drawn[torch.randperm(batch, generator=random)]
        share = torch.distributions.Beta(0.3, 0.3).sample((batch, 1))
        share = torch.maximum(share, 1.0 - share)
        mixed = [share * part[drawn] + (1.0 - share) * part[second] for part in inputs]
        mixed = [part + 0.1 * torch.randn(part.shape, generator=random) for part in mixed]
        place, scores = member(*mixed)
        others = [part[second] for part in truth]
        loss = loss_of(scores, place, [part[drawn] for part in truth], (others, share[:, 0]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
    report(f"member {number + 1}: loss {np.mean(losses[:50]):.3f} -> {np.mean(losses[-50:]):.3f}")


def solved(scaling: Scaling, examples: Examples, read: F32, settings: Settings) -> Wide:
    """The wide member for `examples`, read as `read`: a ridge regression, in one pass."""
    wide = Wide(settings.wide, settings.seed + _WIDE_SEED)
    width = wide.last.in_features + 1
    square, right = torch.zeros(width, width), torch.zeros(width, len(INSTRUMENTS))
    weight = odds_of(examples) * len(examples)
    truth = torch.tensor(examples.truth()[0])
    with torch.no_grad():
        for part in torch.arange(len(examples)).split(2048):
            given = scaling(
                torch.from_numpy(read[part.numpy()]),
                torch.from_numpy(examples.features[part.numpy()]),
            )
            x = torch.cat([wide.lifted(*given), torch.ones(len(part), 1)], 1)
            weighted = (x * weight[part, None]).T
            square += weighted @ x
            right += weighted @ torch.nn.functional.one_hot(truth[part], len(INSTRUMENTS)).float()
        square, right = square.double(), right.double()
        square += _RIDGE * square.diagonal().mean() * torch.eye(width)
        found = torch.linalg.solve(square, right).float() * _SHARPNESS
        wide.last.weight.copy_(found[:-1].T)
        wide.last.bias.copy_(found[-1])
    wide.eval()
    return wide


def told(model: Tagger, examples: Examples, read: F32) -> tuple[F32, F32, F32, F32]:
    """Embeddings and probabilities of instrument, role and kind for already read examples."""
    with torch.no_grad():
        x, numbers = model.scaling(torch.from_numpy(read), torch.from_numpy(examples.features))
        members: Members = list(model.members)
        parts = together(members, [member(x, numbers) for member in members])
    place, first, second, third = (part.numpy() for part in parts)
    return place, first, second, third
