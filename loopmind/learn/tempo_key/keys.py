"""Trains the key model: loops rendered in known keys, one soundfont always held back to judge.

    python -m loopmind.learn.tempo_key.keys --work DIR --judge LABELS.csv --out models/key.npz
        [--preset small|full]

No recorded loop is used for training; `--judge` reports on labelled recordings afterwards. What was
rendered and each trained network are kept in the work folder: broken off, it goes on from there.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.frontend import frontend
from loopmind.analysis.key import key_evidence, rotations
from loopmind.analysis.pitch import pitch_map
from loopmind.files.decode import read_audio
from loopmind.learn.export import same_as_torch, sign_card
from loopmind.learn.members import Arrays, kept
from loopmind.learn.sounds.phrases import progressions
from loopmind.learn.sounds.render import RENDER_RATE_HZ, render_phrases, soundfonts
from loopmind.music.audio import Audio
from loopmind.music.key import Key, Mode, mirex_score

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
Layers = list[tuple[F32, F32]]

_MODES: tuple[Mode, Mode] = ("major", "minor")


@dataclass(frozen=True)
class KeyConfig:
    """How the key model is trained. loops: how many each soundfont plays."""

    loops: int = 1500
    hidden: int = 32
    members: int = 4
    epochs: int = 60


PRESETS = {"small": KeyConfig(), "full": KeyConfig(loops=6000, hidden=96, members=8)}


def evidence_of(audio: Audio) -> F32:
    """Key evidence of `audio`, as the analyser computes it."""
    spectra = frontend(audio)
    return key_evidence(pitch_map(spectra.mono, spectra.rate_hz))


def rendered_set(font: Path, work: Path, loops: int, seed: int) -> tuple[F32, I64]:
    """Evidence rotated to every tonic (loops, 12, rows * 12), and classes 2 * tonic + minor."""

    def made() -> Arrays:
        rows, truth = [], []
        labelled = list(progressions(np.random.default_rng(seed), loops))
        for first in range(0, loops, 250):
            part = labelled[first : first + 250]
            clips = render_phrases(font, [item.phrase for item in part])
            for item, clip in zip(part, clips, strict=True):
                if item.key is None or clip.size == 0 or float(np.abs(clip).max()) < 1e-3:
                    continue
                rows.append(evidence_of(Audio(clip[None], RENDER_RATE_HZ)))
                truth.append(2 * item.key.tonic + _MODES.index(item.key.mode))
        return {"evidence": np.stack(rows), "truth": np.array(truth, np.int64)}

    held = kept(work, f"key-{font.stem}", {"loops": loops, "seed": seed}, made)
    return np.stack([rotations(row) for row in held["evidence"]]), held["truth"]


def train(
    inputs: F32, truth: I64, *, seed: int, config: KeyConfig, work: Path | None = None
) -> Layers:
    """One network that scores (major, minor) per tonic, as (weight, bias) layers.

    Kept in `work` once it is trained. Raises ExportError where numpy does not say what torch does.
    """
    given = {"inputs": inputs, "truth": truth, "seed": seed, "hidden": config.hidden,
             "epochs": config.epochs}  # fmt: skip
    held = kept(work, "key-network", given, lambda: _trained(inputs, truth, seed, config))
    return [(held["weight0"], held["bias0"]), (held["weight1"], held["bias1"])]


def _trained(inputs: F32, truth: I64, seed: int, config: KeyConfig) -> Arrays:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    x, y = torch.tensor(inputs), torch.tensor(truth)
    net = torch.nn.Sequential(
        torch.nn.Linear(inputs.shape[2], config.hidden),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.3),
        torch.nn.Linear(config.hidden, 2),
    )
    optimiser = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=0.01)
    steps = config.epochs * -(-len(x) // 64)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(config.epochs):
        for batch in torch.randperm(len(x)).split(64):
            noisy = torch.relu(x[batch] + 0.03 * torch.randn_like(x[batch]))
            scores = net(noisy).reshape(len(batch), 24)
            loss = torch.nn.functional.cross_entropy(scores, y[batch], label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    layers = [
        (layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy())
        for layer in (net[0], net[3])
    ]
    some = x[:256]
    same_as_torch(net.eval()(some).reshape(-1, 24), scores_of(layers, some.numpy()), "the network")
    return arrays_of(layers)


def arrays_of(layers: Layers) -> Arrays:
    """The layers by the names that the file has for them."""
    named = {f"weight{i}": weight for i, (weight, _) in enumerate(layers)}
    return named | {f"bias{i}": bias for i, (_, bias) in enumerate(layers)}


def merge(members: Sequence[Layers]) -> Layers:
    """One wide network whose output is the mean of the members' outputs."""
    hidden = np.concatenate([m[0][0] for m in members], axis=1)
    hidden_bias = np.concatenate([m[0][1] for m in members])
    out = np.concatenate([m[1][0] for m in members], axis=0) / len(members)
    out_bias = np.mean([m[1][1] for m in members], axis=0)
    parts = ((hidden, hidden_bias), (out, out_bias))
    return [(w.astype(np.float32), b.astype(np.float32)) for w, b in parts]


def scores_of(layers: Layers, inputs: F32) -> F32:
    """Scores (n, 24) of rotated evidence (n, 12, features)."""
    hidden = np.maximum(inputs @ layers[0][0] + layers[0][1], 0.0)
    scores: F32 = (hidden @ layers[1][0] + layers[1][1]).reshape(len(inputs), 24)
    return scores


def judge(layers: Layers, labels: Path) -> dict[str, float]:
    """Right root and MIREX weight on the rows of a labels.csv that carry a key, by sound alone.

    A label without a mode counts for the root only.
    """
    roots, weights = [], []
    with labels.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not row["key"] or row["kind"] not in ("loop", "oneshot"):
                continue
            evidence = evidence_of(read_audio(labels.parent / row["path"]))
            best = int(scores_of(layers, rotations(evidence)[None])[0].argmax())
            heard, truth = Key(best // 2, _MODES[best % 2]), Key.parse(row["key"])
            roots.append(heard.tonic == truth.tonic)
            if " " in row["key"].strip():
                weights.append(mirex_score(heard, truth))
    return {
        "files": len(roots),
        "root": round(float(np.mean(roots)), 4),
        "mirex_files": len(weights),
        "mirex": round(float(np.mean(weights)), 4),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True, help="folder for rendered evidence")
    parser.add_argument("--out", type=Path, required=True, help="the model file to write (.npz)")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="small")
    parser.add_argument("--loops", type=int, help="loops per soundfont (default: the preset's)")
    parser.add_argument("--font", type=Path, action="append", default=[], help="another soundfont")
    parser.add_argument("--judge", type=Path, help="labels.csv of recordings to report on")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    config = PRESETS[options.preset]
    if options.loops:
        config = replace(config, loops=options.loops)
    work: Path = options.work
    fonts = soundfonts(options.font)
    sets = {
        font.stem: rendered_set(font, work, config.loops, options.seed + index)
        for index, font in enumerate(fonts)
    }
    report: dict[str, object] = {"loops_per_font": config.loops, "seed": options.seed}
    held_back = {}
    for name in sets:
        others = [sets[other] for other in sets if other != name]
        if not others:
            continue
        layers = train(
            np.concatenate([s[0] for s in others]), np.concatenate([s[1] for s in others]), seed=0,
            config=config, work=work,
        )  # fmt: skip
        best = scores_of(layers, sets[name][0]).argmax(axis=1)
        held_back[name] = {
            "root": round(float((best // 2 == sets[name][1] // 2).mean()), 4),
            "key": round(float((best == sets[name][1]).mean()), 4),
        }
        print("held back", name, held_back[name], flush=True)
    report["held_back_font"] = held_back
    inputs = np.concatenate([s[0] for s in sets.values()])
    truth = np.concatenate([s[1] for s in sets.values()])
    final = merge([
        train(inputs, truth, seed=options.seed + k, config=config, work=work)
        for k in range(config.members)
    ])  # fmt: skip
    if options.judge:
        report["recordings"] = judge(final, options.judge)
        print("recordings", report["recordings"])
    np.savez(options.out, **arrays_of(final))  # type: ignore[arg-type]
    sign_card(options.out)
    options.out.with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
