"""Colours and the safe writing of text and numbers, shared by the page and the picture."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable
from pathlib import PurePath

BACKGROUND = "#0c0c10"
LINE = "#2a2a35"
TEXT = "#f1eee8"
MUTED = "#a9a6b5"
ORANGE = "#ff8c1a"
PURPLE = "#a06bff"

ROLE_COLOURS = {
    "drums": "#ff8c1a",
    "percussion": "#ffc44d",
    "bass": "#a06bff",
    "chords": "#38b6ff",
    "pad": "#4be0cf",
    "lead": "#ff66b3",
    "vocal": "#b4ea63",
    "fx": "#c3bfd6",
}
SECTION_COLOURS = {
    "intro": "#5b6b8c",
    "verse": "#3f7fd1",
    "hook": "#ff8c1a",
    "bridge": "#8a63d2",
    "breakdown": "#37908a",
    "drop": "#ff5a36",
    "outro": "#5b5b70",
}


def role_colour(role: str) -> str:
    return ROLE_COLOURS.get(role, MUTED)


def safe(text: object) -> str:
    """`text` for HTML or SVG: escaped, with U+FFFD or ? for what XML cannot carry.

    >>> safe('<b> & "c"')
    '&lt;b&gt; &amp; &quot;c&quot;'
    """
    plain = str(text).encode("utf-8", "replace").decode("utf-8")
    shown = "".join(
        c if c in "\t\n" or (c >= " " and c not in "\x7f\ufffe\uffff") else "\ufffd" for c in plain
    )
    return html.escape(shown, quote=True)


def file_name(path: str | None) -> str:
    """The last part of a path of any system, "unknown file" where there is none."""
    if not path:
        return "unknown file"
    return PurePath(path.replace("\\", "/")).name or path


def common_folder(paths: Iterable[str]) -> str:
    """The deepest folder that holds all `paths`, with its closing slash, or nothing.

    >>> common_folder(["/home/a/loops/x.wav", "/home/a/loops/drums/y.wav"])
    '/home/a/loops/'
    """
    folders = [path.replace("\\", "/").split("/")[:-1] for path in paths]
    if not folders:
        return ""
    shared = []
    for names in zip(*folders, strict=False):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return "/".join(shared) + "/" if shared else ""


def number(value: float | None, digits: int = 1, *, sign: bool = False) -> str:
    """A number for reading: a true minus sign, no trailing zeros, an infinity sign.

    >>> number(2, sign=True), number(1.50), number(-0.01)
    ('+2', '1.5', '0')
    """
    if value is None or math.isnan(value):
        return "\u2013"
    if math.isinf(value):
        return "\u221e" if value > 0 else "\u2212\u221e"
    text = f"{abs(value):.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    if float(text) == 0.0:
        return "0"
    return ("\u2212" if value < 0 else "+" if sign else "") + text


def clock(seconds: float) -> str:
    """Minutes and seconds.

    >>> clock(83.2)
    '1:23'
    """
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
