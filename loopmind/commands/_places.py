"""Folders and files as they are named on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path


def place(text: str) -> Path:
    """The path that was named.

    An empty one, as of an unset variable, never means "here". One that is no text could not be
    kept in a library or a project file.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty; write . for the current folder")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        shown = text.encode("utf-8", "backslashreplace").decode("utf-8")
        raise argparse.ArgumentTypeError(
            f"the name {shown} is no text in this terminal's language; rename it"
        ) from None
    return Path(text)
