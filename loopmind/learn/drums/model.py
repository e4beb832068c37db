"""Trains, judges and exports the drum transcriber.

    python -m loopmind.learn.drums.model train --clips DIR --work DIR [--config small|full]
                                               [--minutes N] [--resume]
    python -m loopmind.learn.drums.model tune --clips DIR --work DIR
    python -m loopmind.learn.drums.model evaluate --clips DIR [--model FILE] [--mix]
    python -m loopmind.learn.drums.model export --work DIR [--out models/drums.onnx]

Clips are made by `loopmind.learn.drums.data`. `tune` chooses each voice's threshold on the clips of
`valid`; nothing but `evaluate` looks at `test`.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from loopmind.analysis.listening.drums import DRUMS_MODEL, activations
from loopmind.analysis.listening.drums_decode import DrumHit, decode_drums, kept, peaks_of
from loopmind.analysis.listening.drums_frontend import BANDS, drum_features, loudness_reference
from loopmind.analysis.models import Model, open_file, open_model
from loopmind.files.atomic import atomic_path, atomic_write
from loopmind.learn.drums.data import PIECE, Clip, clips, from_steps, to_steps
from loopmind.learn.drums.judge import CLASSES, WINDOW_S, Count, Score, once, score_hits
from loopmind.learn.drums.net import FULL, SMALL, Batches, Config, DrumNet, loss_of
from loopmind.learn.drums.patterns import VOICES
from loopmind.learn.export import export_onnx, read_back

F32 = NDArray[np.float32]

CONFIGS = {"small": SMALL, "full": FULL}
_CHECKPOINT, _THRESHOLDS = "checkpoint.pt", "thresholds.json"
_SAVE_EVERY, _TELL_EVERY = 250, 100
_FIRST_THRESHOLD, _LOWEST_THRESHOLD = 0.4, 0.15
_WARM_UP = 150
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_KEPT = 0.998  # of the mean of the weights from one step to the next


def device() -> torch.device:
    """The GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train(
    config: Config, batches: Batches, work: Path, *, resume: bool = False, minutes: float = 1e9,
    begin: Path | None = None, grow: int = 0, tell: Callable[[str], None] = print,
) -> DrumNet:  # fmt: skip
    """Train for `config.steps` steps or `minutes`, whichever end first; checkpoints go to `work`.

    Minutes are of the processor, so that a busy machine learns as much. The learning rate falls
    along a cosine over steps or time, whichever is further. What is returned, and judged, is the
    running mean of the weights. Where `work` has no checkpoint, `begin` may name a folder whose
    network it begins with, or an exported file; of `config.dilations` it has not the last `grow`.
    """
    torch.manual_seed(config.seed)
    where = device()
    net: DrumNet = DrumNet(config).to(where)
    if begin is not None:
        kept = config.dilations[: len(config.dilations) - grow]
        size = replace(config, dilations=kept)
        net.take(exported(begin, size, batches) if begin.is_file() else load(begin)[0])
    mean: DrumNet = DrumNet(config).to(where)
    mean.load_state_dict(net.state_dict())
    optimiser = torch.optim.AdamW(net.parameters(), lr=config.learning_rate, weight_decay=1e-4)
    file = work / _CHECKPOINT
    step, spent_s = 0, 0.0
    if resume and file.is_file():
        state = torch.load(file, map_location=where, weights_only=True)
        net.load_state_dict(state["now"])
        mean.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent_s = int(state["step"]), float(state["spent_s"])
    started = time.process_time() - spent_s
    running: float | None = None
    net.train()
    while step < config.steps:
        spent_s = time.process_time() - started
        done = max(step / config.steps, spent_s / (60.0 * minutes))
        if done >= 1.0:
            break
        rate = config.learning_rate * (0.5 + 0.5 * np.cos(np.pi * done)) + 1e-5
        for group in optimiser.param_groups:
            group["lr"] = float(rate) * min(1.0, (step + 1) / _WARM_UP)
        features, active, strong = (part.to(where) for part in batches.draw(step))
        torch.manual_seed(config.seed * 1_000_003 + step)  # what is dropped, also after a break
        loss = loss_of(net, features, active, strong)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        _follow(mean, net, min(_KEPT, (1.0 + step) / (10.0 + step)))
        value = float(loss.detach())
        running = value if running is None else 0.98 * running + 0.02 * value
        step += 1
        if step % _TELL_EVERY == 0:
            tell(f"step {step}  loss {running:.4f}  {spent_s:.0f} s")
        if step % _SAVE_EVERY == 0:
            _save(file, config, (net, mean), optimiser, step, spent_s)
    _save(file, config, (net, mean), optimiser, step, time.process_time() - started)
    mean.cpu().eval()
    return mean


def _follow(mean: DrumNet, net: DrumNet, kept: float) -> None:
    """The running mean of weights and of what batch normalisation measured, a step further."""
    now = net.state_dict()
    with torch.no_grad():
        for name, value in mean.state_dict().items():
            if value.is_floating_point():
                value.lerp_(now[name], 1.0 - kept)
            else:
                value.copy_(now[name])


def _save(
    file: Path, config: Config, nets: tuple[DrumNet, DrumNet], optimiser: torch.optim.Optimizer,
    step: int, spent_s: float,
) -> None:  # fmt: skip
    net, mean = nets
    state = {"config": asdict(config), "net": mean.state_dict(), "now": net.state_dict(),
             "step": step, "spent_s": spent_s, "optimiser": optimiser.state_dict()}  # fmt: skip
    with atomic_path(file) as temporary:
        torch.save(state, temporary)


def load(work: Path) -> tuple[DrumNet, dict[str, Any]]:
    """The network of the checkpoint in `work`, the mean of its weights, and what else it says."""
    state = torch.load(work / _CHECKPOINT, map_location="cpu", weights_only=True)
    net = DrumNet(Config(**state["config"]))
    net.load_state_dict(state["net"])
    net.eval()
    return net, state


def exported(path: Path, config: Config, batches: Batches) -> DrumNet:
    """The network of an exported file, ready to learn on from `batches`.

    Its normalisations were folded into the convolutions before them. They come back with the means
    and deviations of what they hear in `batches`, and undo both, so that it computes the same.
    Raises ExportError for a file of another network.
    """
    net: DrumNet = DrumNet(config).eval()
    folded = copy.deepcopy(net)
    for part in [part for part in folded.modules() if isinstance(part, nn.Sequential)]:
        for number, layer in enumerate(part):
            if isinstance(layer, _NORMS):
                part[number] = nn.Identity()
    read_back(path, folded, _examples()[:1], _NAMES, _DYNAMIC)
    net.load_state_dict(folded.state_dict(), strict=False)
    heard: list[Tensor] = []

    def listen(_: nn.Module, given: tuple[Tensor, ...]) -> None:
        heard.append(given[0].transpose(0, 1).flatten(1))

    for layer in folded.modules():
        if isinstance(layer, nn.Identity):
            layer.register_forward_pre_hook(listen)
    with torch.no_grad():
        folded(batches.draw(0)[0])
        norms = [layer for layer in net.modules() if isinstance(layer, _NORMS)]
        for norm, values in zip(norms, heard, strict=True):
            mean, variance = values.mean(dim=1), values.var(dim=1)
            norm.running_mean, norm.running_var = mean, variance
            norm.bias.copy_(mean)
            norm.weight.copy_(torch.sqrt(variance + norm.eps))
    return net


Curves = list[tuple[Clip, F32, F32]]


def curves_of(run: Callable[[F32], tuple[F32, F32]], found: Sequence[Clip], *, mix: bool) -> Curves:
    """Activations and velocities of the drums of each clip, alone or in its mix."""
    out = []
    for clip in found:
        power = from_steps(clip.drums) + (from_steps(clip.rest) if mix else np.float32(0.0))
        reference = loudness_reference(power)
        if reference > 0.0:
            out.append((clip, *run(drum_features(power, reference))))
    return out


def judge(curves: Curves, thresholds: tuple[float, ...]) -> Score:
    """All clips together."""
    total = Score()
    for clip, active, strong in curves:
        total += score_hits(clip.hits, decode_drums(active, strong, thresholds))
    return total


def backed(found: Sequence[Clip]) -> list[Clip]:
    """Clips, those with nothing beside the drums beside what another clip has, as loud on average.

    Without any such clip they stay as they are.
    """
    rests = [clip.rest for clip in found if clip.rest.any()]
    out = []
    for number, clip in enumerate(found):
        if rests and not clip.rest.any():
            frames = len(clip.drums)
            other = np.resize(rests[number % len(rests)], (frames, clip.drums.shape[1]))
            power, drums = from_steps(other), from_steps(clip.drums)
            level = np.float32(drums.mean() / max(float(power.mean()), 1e-12))
            clip = replace(clip, rest=to_steps(power * level))
        out.append(clip)
    return out


def tune(curves: Sequence[Curves]) -> tuple[float, ...]:
    """The thresholds that are best over all the kinds of material together.

    Voices that are judged as one class are chosen together, the others each by itself.
    """
    lowest = (_LOWEST_THRESHOLD,) * len(VOICES)
    heard = [
        [(clip, peaks_of(active, strong, lowest)) for clip, active, strong in part]
        for part in curves
    ]
    chosen = [_FIRST_THRESHOLD] * len(VOICES)
    together = list(CLASSES.values())
    together += [(voice,) for voice in VOICES if not any(voice in names for names in together)]
    for names in together:
        numbers = [VOICES.index(name) for name in names]
        for voice in numbers * (1 if len(numbers) == 1 else 2):
            best = -1.0
            for least in np.arange(_LOWEST_THRESHOLD, 0.8, 0.05):
                chances = [*chosen]
                chances[voice] = float(least)
                # A hat is to be found at all, and to be told from the other.
                asked = {tuple(numbers), (voice,)}
                scores = [_f1(part, of, tuple(chances)) for part in heard for of in asked]
                found = float(np.mean(scores))
                if found > best + 1e-4:
                    best, chosen[voice] = found, round(float(least), 2)
    return tuple(chosen)


def _f1(
    part: Sequence[tuple[Clip, list[DrumHit]]], numbers: Sequence[int],
    thresholds: tuple[float, ...],
) -> float:  # fmt: skip
    """Onset F1 of some voices as one class, all clips together."""
    total = Count()
    for clip, peaks in part:
        truth = once(clip.hits[np.isin(clip.hits[:, 1], numbers)])[:, 0]
        rows = np.array(
            [(h.time_s, h.voice, 0.0) for h in kept(peaks, thresholds) if h.voice in numbers],
            np.float32,
        ).reshape(-1, 3)
        found = once(rows)[:, 0]
        total += Count(len(truth), len(found), _near(truth, found))
    return total.f1


def _near(truth_s: F32, found_s: F32) -> int:
    """How many of two sorted rows of times can be paired within the judge's window."""
    pairs, at = 0, 0
    found = found_s.tolist()
    for time_s in truth_s.tolist():
        while at < len(found) and found[at] < time_s - WINDOW_S:
            at += 1
        if at < len(found) and found[at] <= time_s + WINDOW_S:
            pairs, at = pairs + 1, at + 1
    return pairs


def runner(net: DrumNet) -> Callable[[F32], tuple[F32, F32]]:
    """The network as `curves_of` runs it."""

    def run(features: F32) -> tuple[F32, F32]:
        with torch.no_grad():
            active, strong = net(torch.from_numpy(features)[None])
        return active[0].numpy(), strong[0].numpy()

    return run


def model_runner(model: Model) -> Callable[[F32], tuple[F32, F32]]:
    """An exported model as `curves_of` runs it."""
    return lambda features: activations(model, features)


def thresholds_of(notes: Mapping[str, str]) -> tuple[float, ...]:
    """The thresholds that an exported model carries."""
    return tuple(float(value) for value in json.loads(notes["thresholds"]))


_NAMES = (("features",), ("active", "strong"))
_DYNAMIC = {name: {0: "batch", 1: "frames"} for names in _NAMES for name in names}


def _examples() -> list[Tensor]:
    """Features of three lengths."""
    generator = torch.Generator().manual_seed(0)
    return [torch.randn((1, frames, BANDS), generator=generator) for frames in (300, 37, 1200)]


def export(work: Path, out: Path) -> float:
    """Write the model of `work`, its thresholds in it; returns how far it is from torch."""
    net, _ = load(work)
    thresholds = json.loads((work / _THRESHOLDS).read_text(encoding="utf-8"))
    first, *others = _examples()
    return export_onnx(
        net, [first], _NAMES, _DYNAMIC, out, others=[[example] for example in others],
        notes={"thresholds": json.dumps(thresholds), "voices": json.dumps(VOICES)},
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("train", "tune", "evaluate", "export"))
    parser.add_argument("--clips", type=Path, help="folder that `build` wrote")
    parser.add_argument("--work", type=Path, help="checkpoints")
    parser.add_argument("--config", choices=sorted(CONFIGS), default="small")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--begin", type=Path, help="network to begin with: a folder, a file")
    parser.add_argument("--grow", type=int, default=0, help="blocks that it has not yet")
    parser.add_argument("--rate", type=float, help="learning rate (default: of the config)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model", type=Path, help="evaluate this file (default: the shipped one)")
    parser.add_argument("--split", default="test")
    parser.add_argument("--out", type=Path, default=Path("models") / DRUMS_MODEL)
    args = parser.parse_args()
    if args.what == "train":
        torch.set_num_threads(args.threads)
        found = list(clips(args.clips / "train"))
        print(f"{len(found)} clips", flush=True)
        config = CONFIGS[args.config]
        config = replace(config, learning_rate=args.rate or config.learning_rate)
        train(config, Batches(found, config), args.work,
              resume=args.resume, minutes=args.minutes, begin=args.begin, grow=args.grow,
              tell=lambda text: print(text, flush=True))  # fmt: skip
    elif args.what == "tune":
        net, state = load(args.work)
        held = backed([clip for clip in clips(args.clips / "valid") if len(clip.hits)])
        kinds = {
            f"{name}, {where}": curves_of(
                runner(net), [c for c in held if c.name.startswith(PIECE) == whole], mix=mix
            )
            for name, whole in (("pieces", True), ("grooves", False))
            for where, mix in (("alone", False), ("in the mix", True))
        }
        # Pieces are what it is used on. Kits thrown together are harder to hear than any piece:
        # thresholds that suit them let through too much elsewhere.
        pieces = [part for what, part in kinds.items() if part and what.startswith("pieces")]
        chosen = tune(pieces or [part for part in kinds.values() if part])
        atomic_write(args.work / _THRESHOLDS, json.dumps(chosen).encode())
        print(f"step {state['step']}, {state['spent_s']:.0f} s; thresholds", chosen)
        for what, part in kinds.items():
            _show(f"{what} ({len(part)})", judge(part, chosen))
    elif args.what == "evaluate":
        model = open_file(args.model) if args.model else open_model(DRUMS_MODEL)
        held = list(clips(args.clips / args.split))
        for what, mix in (("alone", False), ("in the mix", True)):
            _show(what, judge(curves_of(model_runner(model), held, mix=mix),
                              thresholds_of(model.notes)))  # fmt: skip
    else:
        print(f"differs from torch by {export(args.work, args.out):.2g}")


def _show(what: str, score: Score) -> None:
    classes = "  ".join(f"{name} {score.of(name).f1:.3f}" for name in CLASSES)
    total = score.total
    exact = f"precision {total.precision:.3f}, recall {total.recall:.3f}"
    off = f"deviation {score.deviation_ms:.1f} ms, velocity {score.velocity_error:.3f}"
    print(f"{what}: F1 {total.f1:.3f} ({exact}), {off}; {classes}", flush=True)


if __name__ == "__main__":
    main()
