"""Trains the light separator: builds its shelf of tracks, trains, evaluates, exports to models/.

    python -m loopmind.learn.separation.model build --pieces DIR --work DIR
        [--more-pieces DIR] [--windows 3] [--labels CSV] [--voices DIR]
    python -m loopmind.learn.separation.model begin --work DIR --out models/separator.onnx
    python -m loopmind.learn.separation.model train --work DIR [--preset small|full] [--resume]
    python -m loopmind.learn.separation.model evaluate --work DIR --pieces DIR
    python -m loopmind.learn.separation.model export --work DIR --out models/separator.onnx

`small` is made for one processor core and some hours, `full` for a GPU. Each step's examples
follow from the seed and the step's number, so that a training goes on where it was broken off.
`begin` makes a checkpoint of step 0 from an exported file: `train --resume` goes on from there.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from loopmind.analysis.listening.stft import BINS, LAP, Loudness, signal, spectra
from loopmind.files.atomic import atomic_path
from loopmind.learn.drums.data import add_sources, sources_of
from loopmind.learn.orthogonal import Orthogonal
from loopmind.learn.separation.data import (
    Mixes,
    Shelf,
    ShelfWriter,
    example,
    groove_rows,
    loop_rows,
    piece_rows,
    voice_rows,
)
from loopmind.learn.separation.judge import si_sdr
from loopmind.learn.separation.net import BANDS, USED_BINS, NetSize, Separator
from loopmind.learn.sounds.pieces import STEMS, Piece, pieces
from loopmind.learn.sounds.render import RENDER_RATE_HZ

F32 = NDArray[np.float32]

CHECKPOINT = "separator.pt"
_REGIONS_HZ = (180.0, 700.0, 2500.0, 7000.0)
_FLOOR = 0.1
_RARE = "vocals"
# "Other" is many instruments and what is hardest to tell from the rest, and a bass may be any
# synthesiser: they count twice.
_WEIGHTS = {"drums": 1.0, "bass": 2.0, "vocals": 1.0, "other": 2.0}
_EMA = 0.998
# Recurring patches of each of STEMS that hearing looks for (`analysis/listening/recurring.py`).
_RECURRING = (128, 64, 48, 256)


@dataclass(frozen=True)
class Config:
    """A training: the network's size, how examples are made, how long and how fast to learn."""

    size: NetSize = field(default_factory=NetSize)
    mixes: Mixes = field(default_factory=Mixes)
    batch: int = 3
    steps: int = 3000
    rate: float = 3e-3
    hidden_rate: float = 0.02
    warm_steps: int = 60
    decay: float = 0.01
    seed: int = 1
    falling: float = 0.4
    """Over which share of the steps, the last ones, the rate falls to nothing."""


PRESETS = {
    "small": Config(NetSize(48, 96, 48, (1, 2, 4, 8, 16, 2, 8, 1))),
    "full": Config(
        NetSize(128, 320, 96, (1, 2, 4, 8, 16, 32, 1, 2, 4, 8)), Mixes(frames=256), batch=16,
        steps=120_000, rate=1e-3, hidden_rate=0.01, warm_steps=1000,
    ),
}  # fmt: skip


class _MaskError(torch.autograd.Function):  # type: ignore[misc, unused-ignore]
    """Sum over frames and sides of m (m P - 2 C): what a mask's error is beyond a constant.

    |m X - S|^2 = m^2 |X|^2 - 2 m Re(X* S) + |S|^2, with P = |X|^2 and C = Re(X* S).
    """

    @staticmethod
    def forward(ctx: Any, mask: Tensor, power: Tensor, cross: Tensor) -> Tensor:
        ctx.save_for_backward(mask, power, cross)
        return (mask * (mask * power - 2.0 * cross)).sum(dim=(2, 3))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        mask, power, cross = ctx.saved_tensors
        return 2.0 * (mask * power - cross) * grads[0][:, :, None, None], None, None


@dataclass(frozen=True, eq=False)
class Batch:
    """Mixes as the network takes them, and what its masks are judged by.

    power (batch, 1, frames, 2, bins) of the mix; cross (batch, stems, frames, 2, bins); of each
    bin the energy of stems (batch, stems, bins) and of the mix (batch, 1, bins).
    """

    mix: Tensor
    power: Tensor
    cross: Tensor
    stem_energy: Tensor
    mix_energy: Tensor

    @staticmethod
    def of(stems: NDArray[np.complex64], device: str = "cpu") -> Batch:
        """The batch of `stems` (batch, stems, 2, frames, bins)."""
        stems = stems.transpose(0, 1, 3, 2, 4)
        mix = stems.sum(axis=1)
        parts = np.stack((mix[:, :, 0].real, mix[:, :, 0].imag,
                          mix[:, :, 1].real, mix[:, :, 1].imag), axis=2)  # fmt: skip
        used, mixed = stems[..., :USED_BINS], mix[:, None, ..., :USED_BINS]
        power = mixed.real**2 + mixed.imag**2
        cross = mixed.real * used.real + mixed.imag * used.imag
        energy = (used.real**2 + used.imag**2).sum(axis=(2, 3))
        arrays = (parts, power, cross, energy, power.sum(axis=(2, 3)))
        return Batch(*(torch.from_numpy(np.ascontiguousarray(a)).to(device) for a in arrays))


def regions() -> Tensor:
    """(USED_BINS, parts): all bins, then each region of the spectrum by itself."""
    hz = np.arange(USED_BINS) * (RENDER_RATE_HZ / 2 / (BINS - 1))
    region = np.searchsorted(_REGIONS_HZ, hz, side="right")
    parts = [np.ones(USED_BINS), *(region == r for r in range(len(_REGIONS_HZ) + 1))]
    return torch.tensor(np.stack(parts, axis=1), dtype=torch.float32)


def loss_of(masks: Tensor, batch: Batch, parts: Tensor) -> Tensor:
    """Mean relative error of the stems, by `_WEIGHTS`; 0.7 over all bins, 0.3 region by region.

    e = |S - S'|^2 / (|S|^2 + f |X|^2), f = -10 dB: what is soft counts nearly as much as what is
    loud, and what should be silent is not all that counts (a logarithm would make it so). The
    root of e is learned, but e itself of voices: they are absent so often that the root's
    optimum, a median, would be silence.
    """
    error = _MaskError.apply(masks[..., :USED_BINS], batch.power, batch.cross)
    error = (error + batch.stem_energy).clamp_min(0.0) @ parts
    whole = batch.stem_energy @ parts + _FLOOR * (batch.mix_energy @ parts) + 1e-6
    ratio = error / whole
    rare = STEMS.index(_RARE)
    loss = torch.sqrt(ratio + 1e-5)
    loss = torch.cat((loss[:, :rare], ratio[:, rare : rare + 1], loss[:, rare + 1 :]), dim=1)
    weights = torch.tensor([_WEIGHTS[stem] for stem in STEMS], device=loss.device)
    loss = loss * (weights / weights.mean())[:, None]
    return 0.7 * loss[..., 0].mean() + 0.3 * loss[..., 1:].mean()


def _rate_share(step: int, config: Config) -> float:
    """How much of the full rate a step learns at: rising, level, then down to nothing.

    It falls over the last part only, so that how long to learn may still be changed on the way.
    """
    falling = config.steps * config.falling
    return max(0.01, min(1.0, (step + 1) / config.warm_steps, (config.steps - step) / falling))


class Training:
    """A training under way: the network, its running mean, and the optimiser."""

    def __init__(self, config: Config, device: str | None = None) -> None:
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(config.seed)
        self.config = config
        self.net = Separator(config.size).to(self.device)
        self.mean = Separator(config.size).to(self.device)
        self.mean.load_state_dict(self.net.state_dict())
        hidden = {
            name: p for name, p in self.net.blocks.named_parameters(prefix="blocks") if p.dim() == 2
        }
        rest = [p for name, p in self.net.named_parameters() if name not in hidden]
        self.optimisers: tuple[torch.optim.Optimizer, ...] = (
            Orthogonal(hidden.values(), config.hidden_rate),
            torch.optim.AdamW(rest, config.rate, betas=(0.9, 0.98), weight_decay=config.decay),
        )
        self.parts = regions().to(self.device)
        self.step = 0

    def examples(self, shelf: Shelf) -> Batch:
        """The examples of the step at hand."""
        config = self.config
        made = [
            example(shelf, config.mixes, np.random.default_rng([config.seed, self.step, number]))
            for number in range(config.batch)
        ]
        return Batch.of(np.stack(made), self.device)

    def learn(self, batch: Batch) -> float:
        """One step; returns the loss before it."""
        share = _rate_share(self.step, self.config)
        rates = (self.config.hidden_rate, self.config.rate)
        for optimiser, rate in zip(self.optimisers, rates, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = rate * share
        loss = loss_of(self.net(batch.mix), batch, self.parts)
        self.net.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        keep = min(_EMA, (1.0 + self.step) / (10.0 + self.step))
        with torch.no_grad():
            for mean, now in zip(self.mean.parameters(), self.net.parameters(), strict=True):
                mean.lerp_(now, 1.0 - keep)
        return float(loss.detach())

    def save(self, folder: Path) -> None:
        """Write the checkpoint, whole or not at all."""
        state = {
            "config": asdict(self.config), "step": self.step, "net": self.net.state_dict(),
            "mean": self.mean.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }  # fmt: skip
        with atomic_path(folder / CHECKPOINT) as temporary:
            torch.save(state, temporary)

    @staticmethod
    def load(folder: Path, **changes: Any) -> Training:
        """The training that was saved in `folder`, its configuration with `changes`.

        Raises FileNotFoundError.
        """
        state = torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True)
        made = dict(state["config"])
        size, mixes = made.pop("size"), made.pop("mixes")
        size["dilations"] = tuple(size["dilations"])
        config = Config(NetSize(**size), Mixes(**mixes), **made)
        training = Training(replace(config, **changes))
        training.net.load_state_dict(state["net"])
        training.mean.load_state_dict(state["mean"])
        for optimiser, kept in zip(training.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        training.step = int(state["step"])
        return training


def train(training: Training, shelf: Shelf, folder: Path, *, every: int = 50) -> None:
    """Learn until the configured step; tells the loss and saves every `every` steps."""
    started, losses = time.monotonic(), []
    first = training.step
    while training.step < training.config.steps:
        losses.append(training.learn(training.examples(shelf)))
        if training.step % every == 0 or training.step == training.config.steps:
            seconds = (time.monotonic() - started) / (training.step - first)
            print(f"step {training.step}  loss {np.mean(losses):.4f}  {seconds:.2f} s/step",
                  flush=True)  # fmt: skip
            losses = []
            training.save(folder)


def separated(net: Separator, mix: F32) -> F32:
    """All stems of `mix` (2, samples) by `net`, in one go: (STEMS, 2, samples)."""
    loudness = Loudness(RENDER_RATE_HZ)
    loudness.add(mix)
    gain = np.float32(loudness.gain() or 1.0)
    padded = np.pad(mix, ((0, 0), (LAP, LAP + 1024)))
    made = spectra(padded)
    parts = np.stack((made[0].real, made[0].imag, made[1].real, made[1].imag), axis=1) * gain
    with torch.no_grad():
        masks = net.eval()(torch.from_numpy(parts[None]))[0].numpy().transpose(0, 2, 1, 3)
    return signal(masks * made)[..., LAP : LAP + mix.shape[1]]


def gains(net: Separator, given: Sequence[Piece]) -> dict[str, list[float]]:
    """SI-SDR gain over the mix of each stem in each piece that has it, in dB."""
    found: dict[str, list[float]] = {stem: [] for stem in STEMS}
    for piece in given:
        truth = piece.stems()
        mix = np.stack(list(truth.values())).sum(axis=0)
        made = separated(net, mix)
        for number, stem in enumerate(STEMS):
            if float(np.sqrt(np.mean(truth[stem] ** 2))) > 1e-3:
                found[stem].append(si_sdr(made[number], truth[stem]) - si_sdr(mix, truth[stem]))
    return found


def _build(options: argparse.Namespace) -> None:
    rng = np.random.default_rng(Config.seed if options.seed is None else options.seed)
    with ShelfWriter(options.work) as shelf:
        for folder in (options.pieces, *options.more_pieces):
            for row, sound in piece_rows(pieces(folder), rng, options.windows):
                shelf.add(row, sound)
        for labels in options.labels:
            for row, sound in loop_rows(labels, options.source, rng):
                shelf.add(row, sound)
        for row, sound in voice_rows(options.voices, options.voice_count, rng):
            shelf.add(row, sound)
        if options.grooves:
            for row, sound in groove_rows(sources_of(options), options.grooves, rng):
                shelf.add(row, sound)
    made = Shelf(options.work)
    print({stem: len(rows) for stem, rows in made.of_stem.items()}, flush=True)


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    """What the command line says of a configuration."""
    names = ("steps", "rate", "hidden_rate", "falling", "seed")
    return {n: value for n in names if (value := getattr(options, n)) is not None}


def _train(options: argparse.Namespace) -> None:
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    if options.resume:
        training = Training.load(options.work, **_changes(options))
    else:
        training = Training(replace(PRESETS[options.preset], **_changes(options)))
    train(training, Shelf(*(options.shelf or [options.work])), options.work)


def _evaluate(options: argparse.Namespace) -> None:
    torch.set_num_threads(options.threads)
    given = pieces(options.pieces)[: options.most]
    found = gains(Training.load(options.work).mean.cpu(), given)
    for stem, values in found.items():
        middle = float(np.median(values)) if values else float("nan")
        print(f"{stem:7} {middle:6.2f} dB SI-SDR gain over the mix (median of {len(values)})")


_NAMES = (("spectra",), ("masks",))
_DYNAMIC = {"spectra": {1: "frames"}, "masks": {2: "frames"}}


def _begin(options: argparse.Namespace) -> None:
    from loopmind.learn.export import read_back

    config = replace(PRESETS[options.preset], **_changes(options))
    training = Training(config)
    read_back(options.out, training.net, (torch.randn(1, 40, 4, BINS),), _NAMES, _DYNAMIC)
    if options.grow:
        size = replace(config.size, dilations=(*config.size.dilations, *options.grow))
        known, training = training.net, Training(replace(config, size=size))
        training.net.take(known)
    training.mean.load_state_dict(training.net.state_dict())
    options.work.mkdir(parents=True, exist_ok=True)
    training.save(options.work)


def _export(options: argparse.Namespace) -> None:
    from loopmind.learn.export import export_onnx

    training = Training.load(options.work)
    net, size = training.mean.cpu(), training.config.size
    made = [torch.randn(1, frames, 4, BINS) for frames in (40, 97)]
    worst = export_onnx(
        net, (made[0],), _NAMES, _DYNAMIC, options.out,
        options.card.read_text(encoding="utf-8") if options.card else None,
        others=((made[1],),), half=options.half,
        notes={"stems": ",".join(STEMS), "context_frames": str(size.context_frames),
               "recurring": ",".join(map(str, _RECURRING))},
    )  # fmt: skip
    bands = sum(count for count, _ in BANDS)
    print(f"{options.out}: {bands} bands, step {training.step}, within {worst:.1e} of torch")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=("build", "begin", "train", "evaluate", "export"))
    parser.add_argument("--work", type=Path, required=True, help="folder of shelf and checkpoint")
    parser.add_argument("--shelf", type=Path, action="append", default=[],
                        help="folders of shelves, where they are others")  # fmt: skip
    parser.add_argument("--pieces", type=Path, help="folder of pieces (learn/pieces.py)")
    parser.add_argument("--more-pieces", type=Path, action="append", default=[],
                        help="another one, such as learn/separation/grooves.py makes")  # fmt: skip
    parser.add_argument("--windows", type=int, default=1, help="windows of 7 s of each piece")
    parser.add_argument("--labels", type=Path, action="append", default=[], help="a labels.csv")
    parser.add_argument("--source", action="append", default=[],
                        help="a source in the labels.csv to learn from")  # fmt: skip
    parser.add_argument("--voices", type=Path, action="append", default=[], help="folder of speech")
    parser.add_argument("--voice-count", type=int, default=300)
    parser.add_argument("--grooves", type=int, default=0,
                        help="drum parts on kits thrown together (learn/drums)")  # fmt: skip
    add_sources(parser)
    parser.add_argument("--preset", choices=tuple(PRESETS), default="small")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--rate", type=float, help="of learning (default: the preset's)")
    parser.add_argument("--hidden-rate", type=float, help="the same of the blocks' matrices")
    parser.add_argument("--falling", type=float, help="share of steps over which rates fall")
    parser.add_argument("--grow", type=int, nargs="*", default=[],
                        help="`begin`: frames that further blocks look to either side")  # fmt: skip
    parser.add_argument("--most", type=int, default=50, help="pieces to evaluate on at most")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--half", action="store_true", help="export weights in half precision")
    parser.add_argument("--card", type=Path, help="text of the card (default: what lies there)")
    parser.add_argument("--out", type=Path, default=Path("models/separator.onnx"))
    options = parser.parse_args(arguments)
    steps = {"build": _build, "begin": _begin, "train": _train, "evaluate": _evaluate,
             "export": _export}  # fmt: skip
    steps[options.step](options)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
