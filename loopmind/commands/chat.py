"""`loopmind chat`: a talk about a song, one request a line, from the keyboard or a script."""

from __future__ import annotations

import argparse
import json
import sys

from loopmind.commands._project import add_project, add_render, opened
from loopmind.errors import LoopMindError

_LEAVE = frozenset({"quit", "exit", "bye", "q", ":q", "goodbye"})
_LONGEST = 2000


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from loopmind.commands._talk import add_talk

    add_project(parser)
    add_talk(parser)
    add_render(parser)


def run(args: argparse.Namespace) -> int:
    """Answer line by line until the end, or until told to leave."""
    from loopmind.commands._talk import Talk

    by_hand = sys.stdin.isatty()
    with opened(args) as session:
        talk = Talk(session, args)
        if by_hand and not args.json:
            song = session.draft.song
            print(f"{song.title}: {', '.join(s.name for s in song.sections)}")
            print("Say what should be different; 'help' gives examples, 'quit' leaves.")
        while True:
            if by_hand:
                print("> ", end="", flush=True)
            line = sys.stdin.readline(_LONGEST + 1)
            if not line:
                break
            text = line.strip().encode("utf-8", "replace").decode("utf-8")
            if text.lower() in _LEAVE:
                break
            if text and not text.startswith("#"):
                _answer(talk, text, args, echo=not by_hand)
    return 0


def _answer(talk: object, text: str, args: argparse.Namespace, *, echo: bool) -> None:
    from loopmind.commands._talk import Talk

    assert isinstance(talk, Talk)
    if echo and not args.json:
        print(f"> {text}")
    try:
        answer = talk.hear(text)
    except LoopMindError as error:  # one line that cannot be done ends no talk
        said = " ".join(str(error).split())
        print(json.dumps({"said": text, "error": said}) if args.json else f"error: {said}")
    else:
        print(json.dumps(answer.data, ensure_ascii=False) if args.json else "\n".join(answer.lines))
    sys.stdout.flush()
