"""The `loopmind` command: finds the subcommand, and turns errors into one line and an exit code.

0: done. 1: failed, with the reason. 2: bad use. 130: stopped by the user. Each subcommand is a
module with `configure(parser)` and `run(args) -> int`, imported only when it is called.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType

from loopmind import __version__
from loopmind.errors import LoopMindError

COMMANDS: dict[str, tuple[str, str]] = {
    "generate": ("loopmind.commands.generate", "make a song of a folder of loops"),
    "demo": ("loopmind.commands.demo", "make a song of loops that LoopMind synthesises itself"),
    "analyze": ("loopmind.commands.analyze", "tell tempo, key, instrument and more of sound files"),
    "search": ("loopmind.commands.search", "find sounds by words or by a similar sound"),
    "run": ("loopmind.commands.run", "run a graph document or a preset"),
    "nodes": ("loopmind.commands.nodes", "list the node types that are installed"),
    "new-node": ("loopmind.commands.new_node", "start a plugin package with one node"),
}

DONE, FAILED, STOPPED = 0, 1, 130


def _parser(chosen: str | None) -> tuple[argparse.ArgumentParser, ModuleType | None]:
    parser = argparse.ArgumentParser(
        prog="loopmind",
        description="Turns a folder of your own loops into a finished song.",
        epilog="'loopmind COMMAND --help' tells more of one command.",
    )
    parser.add_argument("--version", action="version", version=f"loopmind {__version__}")
    parser.add_argument(
        "--debug", action="store_true", help="show the full traceback where something fails"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    module = None
    for name, (module_name, text) in COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if name == chosen:
            module = importlib.import_module(module_name)
            module.configure(sub)
            # Said after the command it means the same, and there must not undo the first.
            sub.add_argument(
                "--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
            )
    return parser, module


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (by default those of the process); gives the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    chosen = next((word for word in given if not word.startswith("-")), None)
    try:
        parser, module = _parser(chosen)
        args = parser.parse_args(given)
        assert module is not None  # argparse has refused any other command
        code = int(module.run(args))
        sys.stdout.flush()
        return code
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else (FAILED if stop.code else DONE)
    except KeyboardInterrupt:
        _say("stopped")
        return STOPPED
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if debug:
            raise
        return _explain(error)


def _explain(error: Exception) -> int:
    text = " ".join(str(error).split())
    if isinstance(error, LoopMindError):
        _say(text if error.exit_code == STOPPED else f"error: {text}")
        return error.exit_code
    if hasattr(error, "remedy"):
        _say(f"error: {text}")
        return FAILED
    _say(f"error: {type(error).__name__}: {text} (run it again with --debug to see where)")
    return FAILED


def _say(text: str) -> None:
    print(f"loopmind: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
