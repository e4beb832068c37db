"""Folders and files as they are named on the command line."""

from __future__ import annotations

import argparse
import re
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


def new_song_folder(wish: str) -> Path:
    """songs/WISH, or with the first free number behind it: no song is ever overwritten unasked."""
    name = re.sub(r"[^\w]+", "-", wish.lower()).strip("-")[:40] or "song"
    folder = Path("songs") / name
    number = 2
    while folder.exists():
        folder = Path("songs") / f"{name}-{number}"
        number += 1
    return folder
