"""Single keys from the terminal while something plays; none where stdin is no terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

_ARROWS = {"[A": "up", "[B": "down", "[C": "right", "[D": "left"}
_WINDOWS_ARROWS = {"H": "up", "P": "down", "M": "right", "K": "left"}


class Keys:
    """Keys as they are struck: `get` within a `with` statement. Silent without a terminal."""

    def __init__(self) -> None:
        self.there = sys.stdin is not None and sys.stdin.isatty()
        self._before: Any = None

    def __enter__(self) -> Keys:
        if self.there and sys.platform != "win32":
            import termios
            import tty

            self._before = termios.tcgetattr(sys.stdin.fileno())
            tty.setcbreak(sys.stdin.fileno())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None and sys.platform != "win32":
            import termios

            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._before)

    def get(self, wait_s: float) -> str:
        """The next key ("left", "right", "up", "down", or its letter), "" after `wait_s`."""
        if not self.there:
            time.sleep(wait_s)
            return ""
        return _windows_key(wait_s) if sys.platform == "win32" else _unix_key(wait_s)


def _unix_key(wait_s: float) -> str:
    import os
    import select

    descriptor = sys.stdin.fileno()
    if not select.select([descriptor], [], [], wait_s)[0]:
        return ""
    text = os.read(descriptor, 8).decode("utf-8", "replace")
    if text.startswith("\x1b"):
        return _ARROWS.get(text[1:3].replace("O", "["), "")
    return text[:1]


def _windows_key(wait_s: float) -> str:
    import msvcrt

    until = time.monotonic() + wait_s
    while not msvcrt.kbhit():  # type: ignore[attr-defined,unused-ignore]
        if time.monotonic() >= until:
            return ""
        time.sleep(0.02)
    key: str = msvcrt.getwch()  # type: ignore[attr-defined,unused-ignore]
    if key in ("\x00", "\xe0"):
        return _WINDOWS_ARROWS.get(msvcrt.getwch(), "")  # type: ignore[attr-defined,unused-ignore]
    return key
