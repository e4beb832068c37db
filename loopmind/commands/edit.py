"""`loopmind edit`: changes a song by plain words, or tells what the words would change."""

from __future__ import annotations

import argparse
import json

from loopmind.commands._project import add_project, add_render, opened, step_count
from loopmind.commands._song import _prompt as wish


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from loopmind.commands._talk import add_talk

    add_project(parser)
    parser.add_argument(
        "words", type=wish, metavar="WORDS", help="'swap the melody for something darker'"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="tell what would be done, and change nothing"
    )
    parser.add_argument(
        "--answer",
        type=step_count,
        metavar="N",
        help="if that leads to a question, choose answer N",
    )
    add_talk(parser)
    add_render(parser)


def run(args: argparse.Namespace) -> int:
    """Do it, or ask back; 1 where nothing could be done."""
    from loopmind.commands._talk import Talk

    with opened(args, read_only=args.dry_run) as session:
        talk = Talk(session, args)
        answer = talk.hear(args.words, dry_run=args.dry_run)
        if talk.question is not None and args.answer is not None:
            first = answer
            answer = talk.hear(str(args.answer), dry_run=args.dry_run)
            answer.data = {**answer.data, "said": args.words, "answered": args.answer}
            answer.changed |= first.changed
            answer.lines = [*first.lines, *answer.lines]
    print(json.dumps(answer.data, indent=2, ensure_ascii=False) if args.json
          else "\n".join(answer.lines))  # fmt: skip
    done = answer.changed or args.dry_run
    return 0 if done or (answer.understood and not answer.asked) else 1
