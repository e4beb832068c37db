"""Trains the sound encoder and tagger: builds its examples, judges it by unseen sources, ships it.

    python -m loopmind.learn.tagger.model build --work DIR --labels LABELS.csv --midi DIR ...
    python -m loopmind.learn.tagger.model train --work DIR [--preset small] [--resume]
    python -m loopmind.learn.tagger.model evaluate --work DIR [--out REPORT.json]
    python -m loopmind.learn.tagger.model export --work DIR --out models/tagger.onnx [--resume]

`build` renders and reads every sound once. `train` makes the readers, which never meet a judged
recording, so that `evaluate` can leave one source of recordings out at a time; `export` trains
the members on everything and writes the model. Seeds are fixed; `small` is for one processor core.
"""

from __future__ import annotations

import argparse
import json
import time
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from loopmind.learn.sounds.held_back import TEST_FONTS
from loopmind.learn.sounds.material import (
    Sound,
    folder,
    kit,
    live_coding_kit,
    midi_files,
    played_patches,
    recordings,
    rehearsed,
    rendered,
    synthesised,
    synthesiser_presets,
)
from loopmind.learn.sounds.phrases import RARE
from loopmind.learn.sounds.render import soundfonts
from loopmind.learn.tagger.data import Examples, build, learnable_midi, load

if TYPE_CHECKING:
    from loopmind.learn.tagger.net import Readers, Tagger

READERS, MEMBERS = "readers.pt", "members.pt"
_MIDI_A_ROUND, _EACH_A_ROUND, _MORE_PRESETS = 24, 20, 20
NAMES = (("near", "far", "features"), ("embedding", "instrument", "role", "kind"))
"""Inputs and outputs of the exported model."""


def build_all(options: argparse.Namespace) -> None:
    """Build every set that is not there yet."""
    work: Path = options.work
    midi = learnable_midi(midi_files(options.midi))
    jobs: list[tuple[str, Iterable[Sound], int]] = []
    for index, labels in enumerate(options.labels):
        jobs.append((f"recordings-{index}", recordings(labels), 3))
    fonts = [font for font in soundfonts(options.font) if font.name not in TEST_FONTS]
    for index, font in enumerate(fonts):
        rng = np.random.default_rng([options.seed, index])
        jobs.append((f"font-{font.stem}", rendered(font, midi, rng), 1))
        for number in range(options.rounds):
            rng = np.random.default_rng([options.seed, 2000, index, number])
            few = [midi[i] for i in rng.permutation(len(midi))[:_MIDI_A_ROUND]]
            jobs.append((f"rare-{font.stem}-{number}", rehearsed(font, few, rng, _EACH_A_ROUND), 1))
    for index, font in enumerate(options.kit):
        rng = np.random.default_rng([options.seed, 500, index])
        jobs.append((f"kit-{font.stem}", kit(font, rng), 1))
    rng = np.random.default_rng([options.seed, 1000])
    jobs.append(("synthesis", synthesised(rng, 60), 1))
    jobs.append(("tones", played_patches(np.random.default_rng([options.seed, 1100]), 60), 1))
    if options.presets:
        rng = np.random.default_rng([options.seed, 700])
        jobs.append(("presets", synthesiser_presets(options.presets, rng), 1))
        rng = np.random.default_rng([options.seed, 3000])
        more = synthesiser_presets(options.presets, rng, most=_MORE_PRESETS, only=RARE)
        jobs.append(("presets-rare", more, 3))
    if options.foxdot:
        jobs.append(("foxdot", live_coding_kit(options.foxdot), 3))
    for given in options.folder:
        instrument, _, place = given.partition("=")
        rng = np.random.default_rng([options.seed, zlib.crc32(Path(place).name.encode())])
        jobs.append((f"folder-{instrument}-{Path(place).name}",
                     folder(instrument, Path(place), rng, most=250, skip=options.skip),
                     1))  # fmt: skip
    for name, sounds, variations in jobs:
        target = work / f"examples-{name}.npz"
        if not target.exists():
            print(f"{name}: {build(sounds, target, variations=variations)} examples", flush=True)


def _say(text: str) -> None:
    print(text, flush=True)


def never_judged(examples: Examples) -> Examples:
    """What readers learn from: no judged recording, and nothing of the test pieces."""
    return examples.where(~examples.recorded & examples.learnable)


def train(options: argparse.Namespace) -> None:
    """Make the readers and keep them in the work folder."""
    import torch

    from loopmind.learn.tagger.train import PRESETS, pretrain

    checkpoint = options.work / "readers.checkpoint.pt"
    if not options.resume:
        checkpoint.unlink(missing_ok=True)
    begin = time.perf_counter()
    readers = pretrain(
        never_judged(load(options.work)), PRESETS[options.preset], _say, checkpoint=checkpoint
    )
    torch.save(readers.state_dict(), options.work / READERS)
    print(f"readers took {time.perf_counter() - begin:.0f} s", flush=True)


def evaluate(options: argparse.Namespace) -> None:
    """Judge by unseen sources; print and keep the report."""
    from loopmind.learn.tagger.train import PRESETS
    from loopmind.learn.tagger.unseen import leave_sources_out

    readers = _readers(options.work)
    report = leave_sources_out(load(options.work), readers, PRESETS[options.preset], _say)
    text = json.dumps(report, indent=2)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")


def export(options: argparse.Namespace) -> None:
    """Train the members on all that may be learned from and write the model and its card.

    --resume: members that were trained stay as they are, and with them the embedding; only the
    wide one is solved for anew, with all sounds that are there now.
    """
    from loopmind.learn.export import export_onnx
    from loopmind.learn.tagger.net import example_inputs
    from loopmind.music.loop import INSTRUMENTS, ROLES

    worst = export_onnx(
        _model(options), example_inputs(), NAMES,
        {name: {0: "sounds"} for part in NAMES for name in part}, options.out,
        others=[example_inputs(3)], half=True,
        notes={"instruments": " ".join(INSTRUMENTS), "roles": " ".join(ROLES)},
    )  # fmt: skip
    print(f"{options.out}: {options.out.stat().st_size} bytes, differs from torch by {worst:.1e}")


def _model(options: argparse.Namespace) -> Tagger:
    import torch

    from loopmind.learn.tagger.train import PRESETS, read_all, train_members, untrained, widen

    settings = PRESETS[options.preset]
    examples = load(options.work)
    examples = examples.where(examples.learnable)
    readers, kept = _readers(options.work), options.work / MEMBERS
    read = read_all(readers, examples)
    if options.resume and kept.exists():
        model = untrained(readers, settings)
        model.load_state_dict(torch.load(kept, weights_only=True))
        widen(model, examples, read, settings, _say)
        return model
    model = train_members(examples, read, readers, settings, _say)
    own = untrained(readers, settings).state_dict()
    torch.save({name: model.state_dict()[name] for name in own}, kept)
    return model


def _readers(work: Path) -> Readers:
    import torch

    from loopmind.learn.tagger.net import Readers

    readers = Readers()
    readers.load_state_dict(torch.load(work / READERS, weights_only=True))
    readers.eval()
    return readers


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=("build", "train", "evaluate", "export"))
    parser.add_argument("--work", type=Path, required=True, help="folder for examples and readers")
    parser.add_argument("--labels", type=Path, action="append", default=[], help="a labels.csv")
    parser.add_argument("--midi", type=Path, action="append", default=[], help="folder of MIDI")
    parser.add_argument(
        "--font",
        type=Path,
        action="append",
        default=[],
        help="another soundfont, or timidity's .cfg of GUS patches",
    )
    parser.add_argument("--kit", type=Path, action="append", default=[],
                        help="a soundfont with one drum kit as its first preset")  # fmt: skip
    parser.add_argument("--presets", type=Path, help="ZynAddSubFX's folder of banks")
    parser.add_argument("--rounds", type=int, default=5,
                        help="rounds of seldom recorded instruments by each soundfont")  # fmt: skip
    parser.add_argument("--foxdot", type=Path, help="FoxDot's folder snd")
    parser.add_argument("--folder", action="append", default=[], metavar="INSTRUMENT=DIR",
                        help="a folder whose files are all of one instrument")  # fmt: skip
    parser.add_argument("--skip", default="", help="regex of file names in folders to leave out")
    parser.add_argument("--preset", choices=("small", "full"), default="small")
    parser.add_argument("--resume", action="store_true", help="go on where training stopped")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="where to write the model (.onnx) or the report")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    if options.step == "export" and options.out is None:
        parser.error("export needs --out")
    if options.step == "build":
        build_all(options)
    else:
        import torch

        torch.set_num_threads(1)
        {"train": train, "evaluate": evaluate, "export": export}[options.step](options)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
