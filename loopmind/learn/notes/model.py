"""Trains and exports the note network.

    python -m loopmind.learn.notes.model train --sheets DIR --work DIR [--config small|full]
                                               [--minutes N] [--resume] [--start DIR]
                                               [--families-of models/notes.onnx]
    python -m loopmind.learn.notes.model begin --sheets DIR --work DIR [--out models/notes.onnx]
    python -m loopmind.learn.notes.model export --work DIR [--out models/notes.onnx]
    python -m loopmind.learn.notes.model blend --work DIR [--out models/notes.onnx] [--share 0.5]
    python -m loopmind.learn.notes.model put --work DIR [--out models/notes.onnx]

Sheets are made by `loopmind.learn.notes.data`. Limits are chosen by `learn.notes.tune`, the smaller
networks trained by `second`, `many` and `ends`; `export` writes what of them lies in the work
folder into the model's file, and `put` renews it in a file that is there already. `blend` draws
such a file's weights towards the network in the work folder. `--families-of`: who plays is learned
from what that file says of the same sound, not from the sheets.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from loopmind.analysis.listening.pitched_model import (
    CHANNELS_NOTE,
    INPUT,
    NOTES_MODEL,
    OUTPUTS,
)
from loopmind.analysis.listening.spectrogram import CHANNELS, SEMITONES
from loopmind.files.atomic import atomic_path
from loopmind.learn.export import blend, export_onnx, put_notes, rounded
from loopmind.learn.notes.batches import Batches, Shares
from loopmind.learn.notes.data import sheets
from loopmind.learn.notes.net import NetSize, NotesNet, losses, widened

_CHECKPOINT = "checkpoint.pt"
_TELL_EVERY, _SAVE_EVERY = 25, 100
_WARM_UP = 40
_FALL = 0.4
_WEIGHTS = {"onset": 1.0, "frame": 0.6, "velocity": 0.06, "family": 0.2}
_AVERAGE = 0.995


@dataclass(frozen=True)
class Config:
    """How the network is trained. steps: at most so many; `--minutes` may end it before."""

    size: NetSize = field(default_factory=NetSize)
    shares: Shares = field(default_factory=Shares)
    steps: int = 6000
    learning_rate: float = 2e-3
    matrix_rate: float = 0.014
    seed: int = 7


CONFIGS = {
    "small": Config(),
    "full": Config(
        NetSize(24, 96, 24, dilations=(1, 2, 4, 8, 16, 1)),
        Shares(batch=24, frames=384),
        steps=40_000,
        learning_rate=2e-3,
        matrix_rate=0.015,
    ),
}


def device() -> torch.device:
    """The GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Training:
    """A network, its optimiser and a slow average of its weights, which is what is exported."""

    def __init__(self, config: Config, where: torch.device, start: NotesNet | None = None) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.net = (widened(start, config.size) if start else NotesNet(config.size)).to(where)
        self.average = NotesNet(config.size).to(where)
        self.average.load_state_dict(self.net.state_dict())
        self.optimisers = _optimisers(self.net, config)
        self.step, self.spent_s = 0, 0.0

    def save(self, file: Path) -> None:
        """Write all that training needs to go on from here."""
        state = {
            "config": asdict(self.config), "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "step": self.step, "spent_s": self.spent_s,
        }  # fmt: skip
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(file) as temporary:
            torch.save(state, temporary)

    def load(self, file: Path) -> None:
        """Go on from `file`."""
        state = torch.load(file, map_location=next(self.net.parameters()).device, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        for optimiser, own in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(own)
        self.step, self.spent_s = int(state["step"]), float(state["spent_s"])

    def learn(self, picture: Tensor, truth: dict[str, Tensor], pace: float) -> dict[str, float]:
        """One step at the share `pace` of the learning rates; returns the parts of the loss."""
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = pace * group.setdefault("full_lr", group["lr"])
        self.net.train()
        parts = losses(self.net(picture), truth)
        loss = sum((_WEIGHTS[name] * part for name, part in parts.items()), torch.zeros(()))
        self.net.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        keep = min(_AVERAGE, self.step / (self.step + 10.0))
        with torch.no_grad():
            pairs = zip(
                self.average.state_dict().values(), self.net.state_dict().values(), strict=True
            )
            for slow, fast in pairs:
                if slow.is_floating_point():
                    slow.lerp_(fast, 1.0 - keep)
                else:
                    slow.copy_(fast)
        return {name: float(part.detach()) for name, part in parts.items()}


def _optimisers(net: NotesNet, config: Config) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al., 2024) for the matrices inside, where torch has it; AdamW for the rest.

    Per step it learns more than AdamW does alone, and steps are what a processor is short of.
    """
    inner = ("blocks", "stack", "family_time")
    matrices = [p for n, p in net.named_parameters() if p.ndim == 2 and p.shape[1] > 1
                and n.startswith(inner)]  # fmt: skip
    muon = getattr(torch.optim, "Muon", None)
    if muon is None:
        matrices = []
    known = {id(p) for p in matrices}
    others = [p for p in net.parameters() if id(p) not in known]
    made = [torch.optim.AdamW(others, lr=config.learning_rate, weight_decay=1e-3)]
    if muon is not None:
        made.append(muon(matrices, lr=config.matrix_rate, weight_decay=1e-2))
    return made


def train(
    config: Config, batches: Batches, work: Path, *, resume: bool = False, minutes: float = 1e9,
    tell: Callable[[str], None] = print, start: NotesNet | None = None,
    families_of: NotesNet | None = None,
) -> NotesNet:  # fmt: skip
    """Train for `config.steps` steps or `minutes` of processor time; checkpoints go to `work`.

    start: an earlier network, of the same size or smaller, to begin from. families_of: a network
    whose opinion of who plays is learned instead of the truth, so that it is kept where the new
    material tells little of instruments (Li and Hoiem, "Learning without Forgetting", ECCV 2016).

    The learning rate stays, and falls evenly over the last share _FALL of steps or time, whichever
    is further: when to stop may be decided late.
    """
    where = device()
    training = Training(config, where, start)
    file = work / _CHECKPOINT
    if resume and file.is_file():
        training.load(file)
    before, started = training.spent_s, time.process_time()
    running: dict[str, float] = {}
    while training.step < config.steps:
        training.spent_s = before + time.process_time() - started
        done = max(training.step / config.steps, training.spent_s / (60.0 * minutes))
        if done >= 1.0:
            break
        pace = min(1.0, (training.step + 1) / _WARM_UP, max(0.01, (1.0 - done) / _FALL))
        drawn, known = batches.draw(training.step)
        picture = torch.from_numpy(drawn).to(where)
        truth = {name: torch.from_numpy(array).to(where) for name, array in known.items()}
        if families_of is not None:
            with torch.no_grad():
                truth["family"] = torch.sigmoid(families_of(picture)[3])
        parts = training.learn(picture, truth, pace)
        running = {k: 0.97 * running.get(k, v) + 0.03 * v for k, v in parts.items()}
        if training.step % _TELL_EVERY == 0:
            shown = "  ".join(f"{name} {value:.5f}" for name, value in running.items())
            tell(f"step {training.step}  {shown}  {training.spent_s:.0f} s")
        if training.step % _SAVE_EVERY == 0:
            training.save(file)
    training.spent_s = before + time.process_time() - started
    training.save(file)
    trained: NotesNet = training.average.cpu().eval()
    return trained


def load(work: Path) -> NotesNet:
    """The averaged network of the checkpoint in `work`."""
    state = torch.load(work / _CHECKPOINT, map_location="cpu", weights_only=True)
    channels = state["average"]["local.weight"].shape[1]
    net = NotesNet(NetSize(**state["config"]["size"]), channels)
    net.load_state_dict(state["average"])
    net.eval()
    return net


def read_back(path: Path, size: NetSize, picture: Tensor) -> NotesNet:
    """The network of a file that `export` wrote. Raises ValueError where its shape is another.

    The exporter folds the first normalisation into the filters before it: it is begun anew from
    what they make of `picture`, so that the network answers as before when it learns on.
    """
    import onnx

    graph = onnx.load(str(path)).graph
    held = {w.name: torch.from_numpy(onnx.numpy_helper.to_array(w).astype("float32"))
            for w in graph.initializer}  # fmt: skip
    for node in graph.node:  # of weights that are equal the exporter keeps one
        if node.op_type == "Identity" and node.input[0] in held:
            held[node.output[0]] = held[node.input[0]]
    (folded,) = (node for node in graph.node if node.op_type == "Conv")
    net = NotesNet(size)
    net.eval()
    found = net.state_dict()
    for name, value in found.items():
        there = held.get(f"net.{name}", held.get(f"net.{name}.half"))
        if name == "local.weight":
            there = held[folded.input[1]]
        if there is not None and there.shape == value.shape:
            found[name] = there
        elif not name.startswith("local_norm.") and not name.endswith("num_batches_tracked"):
            raise ValueError(f"{path} holds another network: {name} is of another shape")
    net.load_state_dict(found)
    with torch.no_grad():
        made = net.local(picture)
        deviation, mean = torch.std_mean(made, dim=(0, 2, 3), unbiased=False)
        net.local_norm.running_mean.copy_(mean)
        net.local_norm.running_var.copy_(deviation**2)
        net.local_norm.weight.copy_((deviation**2 + net.local_norm.eps).sqrt())
        net.local_norm.bias.copy_(mean + held[folded.input[2]])
    return net


class _Answers(nn.Module):
    """The network as it is shipped: its answers are probabilities."""

    def __init__(self, net: NotesNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        return tuple(torch.sigmoid(output) for output in self.net(picture))


def export(net: NotesNet, path: Path, card: str | None = None, notes: Any = None) -> float:
    """Write the network as ONNX; returns the largest difference from torch."""
    answers = _Answers(rounded(net)).eval()
    fold = net.size.fold
    generator = torch.Generator().manual_seed(1)
    example, other = (
        torch.rand((1, CHANNELS, frames * fold, SEMITONES), generator=generator)
        for frames in (32, 9)
    )
    dynamic = {INPUT: {2: "frames"}, "family": {2: "steps"}}
    dynamic |= {name: {1: "frames"} for name in OUTPUTS[:3]}
    return export_onnx(
        answers, (example,), ((INPUT,), OUTPUTS), dynamic, path, card,
        others=((other,),), half=True, notes={**(notes or {}), CHANNELS_NOTE: str(CHANNELS)},
    )  # fmt: skip


def _kept(work: Path) -> dict[str, str]:
    """What lies in a work folder for the file of the network: limits, and the smaller networks."""
    files = {"limits": "limits.json"} | {n: f"{n}.txt" for n in ("second", "many", "ends")}
    return {name: (work / file).read_text(encoding="utf-8")
            for name, file in files.items() if (work / file).is_file()}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("begin", "train", "export", "blend", "put"))
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="folder of checkpoints")
    parser.add_argument("--config", choices=sorted(CONFIGS), default="small")
    parser.add_argument("--minutes", type=float, default=1e9, help="of processor time")
    parser.add_argument("--pace", type=float, default=1.0, help="share of the learning rates")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--start", type=Path, help="folder of an earlier network to begin from")
    parser.add_argument("--families-of", type=Path, help="file whose opinion of who plays is kept")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("models") / NOTES_MODEL)
    parser.add_argument("--share", type=float, default=0.5, help="of the new weights")
    parser.add_argument("--card", type=Path, help="text of a new card")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.action == "put":
        put_notes(args.out, _kept(args.work))
        return
    if args.action == "blend":
        with tempfile.TemporaryDirectory() as folder:
            learned = Path(folder) / NOTES_MODEL
            export(load(args.work), learned, "")
            blend(args.out, learned, args.share)
        return
    if args.action == "export":
        card = args.card.read_text(encoding="utf-8") if args.card else None
        worst = export(load(args.work), args.out, card, {"limits": "{}", **_kept(args.work)})
        print("differs from torch by at most", worst)
        return
    if args.sheets is None:
        parser.error(f"{args.action} needs --sheets")
    config = CONFIGS[args.config]
    config = replace(config, learning_rate=args.pace * config.learning_rate,
                     matrix_rate=args.pace * config.matrix_rate)  # fmt: skip
    batches = Batches(sheets(args.sheets / "train"), config.shares, config.size.fold, config.seed)
    picture = torch.from_numpy(batches.draw(0)[0])
    if args.action == "begin":
        begun = Training(config, device(), read_back(args.out, config.size, picture))
        begun.save(args.work / _CHECKPOINT)
        return
    teacher = None
    if args.families_of:
        teacher = read_back(args.families_of, config.size, picture).eval().to(device())
    train(config, batches, args.work, resume=args.resume, minutes=args.minutes,
          tell=lambda line: print(line, flush=True),
          start=load(args.start) if args.start else None, families_of=teacher)  # fmt: skip


if __name__ == "__main__":
    main()
