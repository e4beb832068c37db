"""`loopmind learn`: fine-tune a model on your own library, kept only if it became better."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from loopmind.commands._places import place
from loopmind.commands._terminal import ProgressLine, clock
from loopmind.errors import UsageError
from loopmind.files.own_models import SHIPPED, OwnModels

NAMES = ("tagger", "transcriber", "drums", "separator", "fit")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("model", choices=NAMES, help="what is to learn")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--from", dest="folders", type=place, metavar="FOLDER", action="append",
        help="learn from this folder: tagger: sounds named or sorted by instrument; transcriber, "
        "drums: recordings beside MIDI files of the same name; separator, fit: folders of stems; "
        "your LoopMind songs with stems serve all but the tagger",
    )  # fmt: skip
    what.add_argument(
        "--use", metavar="shipped|mine", help="use the shipped model, or your own newest one"
    )
    what.add_argument("--undo", action="store_true", help="use what was in use before")
    parser.add_argument(
        "--minutes", type=float, default=10.0, metavar="N", help="how long to learn (default: 10)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of chance (default: 1)")
    parser.add_argument(
        "--keep-in-use", action="store_true", help="judge the new model, but go on with the old"
    )
    parser.add_argument("--json", action="store_true", help="write the outcome as JSON")


def run(args: argparse.Namespace) -> int:
    """Learn, or say which model is in use."""
    from loopmind.files.own_models import own_models, undo_model, use_model

    if args.folders:
        if len(args.folders) > 1:
            raise UsageError(
                f"--from takes one folder, got {len(args.folders)}: put what is to be learned from "
                "into one folder, each source in a folder of its own"
            )
        return _learn(args, args.folders[0])
    if args.undo:
        state = undo_model(args.model)
    elif args.use is not None:
        state = use_model(args.model, args.use)
    else:
        state = own_models(args.model)
    if args.json:
        print(json.dumps(_plain(state), indent=2))
    else:
        print("\n".join(_in_words(state)))
    return 0


def _learn(args: argparse.Namespace, folder: Path) -> int:
    from loopmind.files.places import default_cache
    from loopmind.learn.tuning.course import as_plain, in_words, learn

    if not args.minutes > 0.0:
        raise UsageError(f"--minutes must be more than 0, got {args.minutes:g}")
    with ProgressLine() as line:
        done = learn(
            args.model, folder, default_cache() / "learning", line.progress,
            minutes=args.minutes, seed=args.seed, use=not args.keep_in_use,
        )  # fmt: skip
    if args.json:
        print(json.dumps(as_plain(done), indent=2, ensure_ascii=False))
        return 0
    first, *rest = in_words(done)
    print("\n".join([f"{first}, in {clock(done.seconds)}", *rest]))
    return 0


def _plain(state: OwnModels) -> dict[str, Any]:
    return {"model": state.name, "in_use": state.use, "mine": list(state.mine),
            "before": list(state.before)}  # fmt: skip


def _in_words(state: OwnModels) -> list[str]:
    shipped = state.use == SHIPPED
    lines = [f"{state.name}: {'the shipped model' if shipped else 'your own'} is in use"]
    if not shipped:
        lines.append(f"  back with: loopmind learn {state.name} --use shipped")
    elif state.mine:
        lines.append(f"  your own newest one: loopmind learn {state.name} --use mine")
    lines += [f"  {'*' if one == state.use else ' '} {one}" for one in state.mine]
    return lines
