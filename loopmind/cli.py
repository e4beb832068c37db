"""The `loopmind` command: finds the subcommand, and turns errors into one line and an exit code.

0: done. 1: failed, with the reason. 2: bad use. 130: stopped by the user. Each subcommand is a
module with `configure(parser)` and `run(args) -> int`, imported only when it is called.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import importlib
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from loopmind import __version__
from loopmind.errors import LoopMindError, UsageError

COMMANDS: dict[str, tuple[str, str]] = {
    "generate": ("loopmind.commands.generate", "make a song of a folder of loops"),
    "remix": ("loopmind.commands.remix", "make another version of a finished track or project"),
    "clone-style": ("loopmind.commands.clone_style", "turn finished songs into a genre brain"),
    "hum": ("loopmind.commands.hum", "make a song round a melody that you sing or whistle"),
    "interpret": ("loopmind.commands.interpret", "make new loops out of your sounds"),
    "demo": ("loopmind.commands.demo", "make a song of loops that LoopMind synthesises itself"),
    "explain": ("loopmind.commands.explain", "tell what plays in a song, and why"),
    "provenance": ("loopmind.commands.provenance", "tell which files a song is made of"),
    "uses": ("loopmind.commands.uses", "tell which sounds play in the songs made so far"),
    "separate": ("loopmind.commands.separate", "take sound files apart into stems"),
    "transcribe": ("loopmind.commands.transcribe", "write down what recordings play, as MIDI"),
    "remake": ("loopmind.commands.remake", "play a finished track anew with your own sounds"),
    "analyze": ("loopmind.commands.analyze", "tell tempo, key, instrument and more of sound files"),
    "doctor": ("loopmind.commands.doctor", "find what is wrong or missing in your sounds"),
    "search": ("loopmind.commands.search", "find sounds by words or by a similar sound"),
    "edit": ("loopmind.commands.edit", "change a song by plain words"),
    "chat": ("loopmind.commands.chat", "talk about a song, change by change"),
    "apply": ("loopmind.commands.apply", "apply exact edits to a song"),
    "undo": ("loopmind.commands.undo", "go back in the history of a song"),
    "redo": ("loopmind.commands.redo", "go forward again after an undo"),
    "history": ("loopmind.commands.history", "list every step in the making of a song"),
    "branch": ("loopmind.commands.branch", "list, start or switch branches of a song"),
    "merge": ("loopmind.commands.merge", "take a section of another branch over"),
    "diff": ("loopmind.commands.diff", "tell what differs between two songs"),
    "open": ("loopmind.commands.open", "look into a project or bundle and find its sounds"),
    "bundle": ("loopmind.commands.bundle", "pack a song and its sounds into one file"),
    "render": ("loopmind.commands.render", "write a song's sound, page and other files"),
    "play": ("loopmind.commands.play", "play a song, a folder of loops, a graph or a sound"),
    "devices": ("loopmind.commands.devices", "list the sound devices"),
    "record": ("loopmind.commands.record", "record from a sound device"),
    "bench": ("loopmind.commands.bench", "measure how much this machine can play"),
    "evaluate": ("loopmind.commands.evaluate", "judge what LoopMind hears on your labelled files"),
    "learn": ("loopmind.commands.learn", "fine-tune a model on your own sounds"),
    "run": ("loopmind.commands.run", "run a graph document or a preset"),
    "nodes": ("loopmind.commands.nodes", "list the node types that are installed"),
    "new-node": ("loopmind.commands.new_node", "start a plugin package with one node"),
}

DONE, FAILED, STOPPED = 0, 1, 130

# M_MMAP_THRESHOLD: what is larger is given back; M_TRIM_THRESHOLD: how much is kept at most;
# M_ARENA_MAX: all threads share it.
_MALLOC = {-3: 16 << 20, -1: 128 << 20, -8: 1}


class _Parser(argparse.ArgumentParser):
    """Tells of bad use in one line, as all errors are told, not below a page of usage."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see '{self.prog} --help'")


def _parser(chosen: str | None) -> tuple[argparse.ArgumentParser, ModuleType | None]:
    parser = _Parser(
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
        _prepare()
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


def enter() -> NoReturn:
    """The command as a process of its own: `main`, and then the process ends at once.

    Tearing down an interpreter that holds machine code and a whole song takes half a second, in
    which nothing happens that the end of the process does not do; what was registered for the
    end (`atexit`) is run.
    """
    keep_freed_memory()
    code = main()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody listens any more
            stream.flush()
    os._exit(code)


def keep_freed_memory() -> None:
    """For a process that works on sound: memory that is let go of stays with it.

    By default glibc gives arrays of a megabyte back to the system as they are freed and gets the
    next ones anew, page by page, each cleared first: an eighth of the time of a render. Elsewhere
    nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    with suppress(OSError, AttributeError):  # another C library
        library = ctypes.CDLL(None)
        for parameter, value in _MALLOC.items():
            library.mallopt(parameter, value)


def _prepare() -> None:
    """What holds for every command: all text can be printed, and kernels can be remembered."""
    # Starting makes hundreds of thousands of objects that stay: looking through them for garbage
    # as often as Python does by default takes a tenth of the start.
    gc.set_threshold(50_000, 20, 20)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal or pipe may know few letters
            stream.reconfigure(errors="backslashreplace")
    if "NUMBA_CACHE_DIR" not in os.environ and not os.access(Path(__file__).parent, os.W_OK):
        # numba keeps machine code beside the source or in the home folder, and refuses to work
        # where it can write to neither.
        from loopmind.files.places import default_cache

        os.environ["NUMBA_CACHE_DIR"] = str(default_cache() / "numba")


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
    enter()
