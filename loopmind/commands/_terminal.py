"""Progress in the terminal: one line on stderr that is redrawn, and nothing where nobody looks."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

_REDRAW_S = 0.08


class ProgressLine:
    """One line of progress with rate and time left. Silent unless `stream` is a terminal.

    Use it in a `with` statement; the line is wiped at the end and before other output (`clear`).
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._drawn_s = 0.0
        self._shown = False

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()

    def show(
        self,
        label: str,
        done: int = 0,
        total: int = 0,
        what: str = "",
        rate_per_s: float = 0.0,
        eta_s: float | None = None,
    ) -> None:
        """Draw the line, unless it was drawn a moment ago."""
        now = time.monotonic()
        if not self._live or (now - self._drawn_s < _REDRAW_S and done < total):
            return
        self._drawn_s = now
        parts = [label]
        if total > 0:
            parts.append(f"{done}/{total}")
        if rate_per_s > 0 and total > 1:
            parts.append(f"{rate_per_s:.3g}/s")
        if eta_s is not None and done < total:
            parts.append(f"{clock(eta_s)} left")
        if what:
            parts.append(what)
        width = shutil.get_terminal_size().columns - 1
        line = "".join(c if c.isprintable() else "?" for c in "  ".join(parts))
        self._stream.write("\r\x1b[K" + line[:width])
        self._stream.flush()
        self._shown = True

    def clear(self) -> None:
        """Wipe the line."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False

    def progress(self, label: str) -> Callable[[int, int, str], None]:
        """A `progress(done, total, what)` callback that draws this line under `label`."""
        started = time.monotonic()

        def report(done: int, total: int, what: str = "") -> None:
            seconds = time.monotonic() - started
            rate = done / seconds if seconds > 0 else 0.0
            eta = (total - done) / rate if rate > 0 else None
            self.show(label, done, total, what, rate, eta)

        return report


def clock(seconds: float) -> str:
    """A length of time as people say it.

    >>> clock(7.2), clock(125), clock(7300)
    ('7 s', '2:05', '2:01:40')
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
