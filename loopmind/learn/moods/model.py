"""Learns how much of each mood a sound has, and judges that beside hand-made functions.

python -m loopmind.learn.moods.model build --work DIR --collection DIR [--part NAME]
python -m loopmind.learn.moods.model train --work DIR --model models/moods.npz [--preset small|full]
python -m loopmind.learn.moods.model evaluate --work DIR --model models/moods.npz

Sets and trained networks are kept in the work folder: broken off, `train` goes on from there.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.models import arrays_of
from loopmind.analysis.moods import values_of
from loopmind.files.atomic import atomic_path
from loopmind.learn.export import sign_card
from loopmind.learn.moods.data import Builder, Named, load, preset_sounds, recorded_sounds
from loopmind.learn.moods.judge import (
    across_sounds,
    by_changes,
    by_mode,
    by_names,
    mean_of,
    mean_of_sounds,
    moved,
)
from loopmind.learn.moods.named import named_moods
from loopmind.learn.moods.train import MoodConfig, several, with_scale
from loopmind.learn.sounds import lmms
from loopmind.learn.sounds.material import (
    midi_files,
    played_patches,
    rendered,
    synthesised,
)
from loopmind.learn.tagger.data import learnable_midi

F32 = NDArray[np.float32]

_BANKS = ("/usr/share/zynaddsubfx/banks", "/usr/share/yoshimi/banks")
_LMMS = "/usr/share/lmms/presets"
_PLAYED_BY = {"tones": "sf_GMbank.sf2", "more-tones": "TimGM6mb.sf2"}
# Made of FluidR3 GM in part, which for that reason plays nothing that is learned from.
_JUDGED_BY = "MuseScore_General.sf3"
_SOUNDFONTS = Path("/usr/share/sounds")
LEARNED = ("presets", "tones", "more-tones", "synthesis")
JUDGED = ("judge-presets", "judge-recordings", "judge-tones")
PARTS = (*LEARNED, *JUDGED)
PRESETS = {"small": MoodConfig(), "full": MoodConfig(hidden=256, steps=10_000, members=6)}


def build(part: str, work: Path, collections: Sequence[Path], seed: int, small: int = 1) -> int:
    """Build one of PARTS into `work`; how many sounds it holds. small: a share of it, 1/small."""
    rng = np.random.default_rng([seed, PARTS.index(part)])
    builder = Builder()
    if part == "presets":
        for item in preset_sounds(_presets(rng, small), "zynaddsubfx", rng):
            builder.add_named(item, 1, rng)
    elif part == "judge-presets":
        native = lmms.presets(Path(_LMMS), every=True)
        for item in preset_sounds(native[::small], "lmms", rng):
            builder.add_named(item, 1, rng)
    elif part == "judge-recordings":
        for folder in collections:
            for item in recorded_sounds(folder / "labels.csv"):
                builder.add_named(item, 1, rng)
    elif part == "synthesis":
        for sound in [*synthesised(rng, 60 // small), *played_patches(rng, 60 // small)]:
            builder.add_named(Named(sound, ""), 2, rng)
    else:
        name = _PLAYED_BY.get(part, _JUDGED_BY)
        font = next(_SOUNDFONTS.rglob(name))
        every = midi_files([folder / "midi" for folder in collections])
        midi = learnable_midi(every)
        if part not in _PLAYED_BY:
            midi = [path for path in every if path not in midi]
        sounds = list(rendered(font, midi, rng))
        for index in rng.permutation(len(sounds))[: 700 // small]:
            builder.add_named(Named(sounds[index], ""), 2, rng)
        builder.add_played(font, 250 // small, rng)
        builder.pair_kinds(1000 // small, rng)
    return builder.write(work / f"{part}.npz")


def _presets(rng: np.random.Generator, small: int) -> list[lmms.Preset]:
    """Each preset whose name speaks of a mood, and as many of the others, each name once."""
    every = [p for bank in _BANKS for p in lmms.presets(Path(bank), every=True)]
    named: dict[str, lmms.Preset] = {}
    for preset in every:
        named.setdefault(preset.file.stem.split("-", 1)[-1].lower(), preset)
    speaking = [p for name, p in named.items() if named_moods(name)]
    silent = [p for name, p in named.items() if not named_moods(name)]
    chosen = [silent[i] for i in rng.permutation(len(silent))[: len(speaking)]]
    return sorted([*speaking, *chosen], key=lambda p: str(p.file))[::small]


def learned_model(work: Path, config: MoodConfig) -> dict[str, F32]:
    """The arrays of a model that learned from the sets in `work`."""
    learned = load([work / f"{part}.npz" for part in LEARNED])
    return with_scale(several(learned, config, work), learned, config, work)


def write_model(target: Path, arrays: dict[str, F32]) -> None:
    """Write a model in half precision, and sign its card. Raises OutputError."""
    halves: dict[str, NDArray[np.float16]] = {
        name: array.astype(np.float16) for name, array in arrays.items()
    }
    with atomic_path(target) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **halves)  # type: ignore[arg-type]
    sign_card(target)


def report(arrays: dict[str, F32], work: Path) -> str:
    """What the model and the hand-made functions make of sounds that nothing was learned from."""
    held = load([work / f"{part}.npz" for part in JUDGED])
    values = values_of(arrays, held.numbers)
    lines = []
    for title, judged in (
        ("named", by_names),
        ("by the key a person told", by_mode),
        ("changed", by_changes),
        ("changed, against other sounds", across_sounds),
    ):
        ours, before = judged(values, held), judged(held.hand, held)
        lines += [f"| {title} | sounds or pairs | this model | hand-made |", "|---|---|---|---|"]
        lines += [
            f"| {key} | {ours[key].count} | {ours[key].right:.3f} | {before[key].right:.3f} |"
            for key in ours
        ]
        lines.append(f"| **mean** | | **{mean_of(ours):.3f}** | {mean_of(before):.3f} |")
        each = mean_of_sounds(ours), mean_of_sounds(before)
        lines.append(f"| **mean over sounds or pairs** | | **{each[0]:.3f}** | {each[1]:.3f} |\n")
    lines += ["| must stay as it is: value moves by | this model | hand-made |", "|---|---|---|"]
    still, before_still = moved(values, held), moved(held.hand, held)
    lines += [f"| {how} | {still[how]:.3f} | {before_still[how]:.3f} |" for how in still]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=("build", "train", "evaluate"))
    parser.add_argument("--work", type=Path, required=True, help="folder of the sets")
    parser.add_argument(
        "--collection", type=Path, action="append", default=[],
        help="a folder with labels.csv and recordings, and midi/; may be given again",
    )  # fmt: skip
    parser.add_argument("--part", choices=PARTS, action="append", help="build only this")
    parser.add_argument("--model", type=Path, help="the model to write, or to judge (.npz)")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="small")
    parser.add_argument("--steps", type=int, help="default: the preset's")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    if options.step == "build":
        for part in options.part or PARTS:
            count = build(part, options.work, options.collection, options.seed)
            print(f"{part}: {count} sounds", flush=True)
        return 0
    if options.model is None:
        parser.error(f"{options.step} needs --model")
    if options.step == "train":
        config = replace(PRESETS[options.preset], seed=options.seed)
        if options.steps:
            config = replace(config, steps=options.steps)
        write_model(options.model, learned_model(options.work, config))
        print(f"{options.model}: {options.model.stat().st_size} bytes")
        return 0
    print(report(arrays_of(options.model), options.work))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
