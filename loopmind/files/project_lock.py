"""The lock that lets one process at a time work on a project, and says who holds it.

It lies in the user's cache folder, so that nothing is left beside the song; who saves also sees
whether the file changed meanwhile (project.py), which holds across machines.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from loopmind.errors import LoopMindError
from loopmind.files.atomic import output_error
from loopmind.files.places import default_cache

if TYPE_CHECKING:
    from filelock import BaseFileLock

_LONGEST_COMMAND = 80


class ProjectBusyError(LoopMindError):
    """Another process works on the project; the message names it."""


class ProjectLock:
    """Held from `acquire` to `release`, or in a `with` statement; ends with its process."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        name = os.path.normcase(self.path.resolve())
        digest = hashlib.blake2b(os.fsencode(name), digest_size=10).hexdigest()
        folder = default_cache() / "locks"
        self._file = folder / f"{digest}.lock"
        self._holder = folder / f"{digest}.json"
        self._lock: BaseFileLock | None = None

    def acquire(self, wait_s: float = 3.0) -> ProjectLock:
        """Take the lock within `wait_s`. Raises ProjectBusyError naming who holds it."""
        from filelock import FileLock, Timeout

        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(str(self._file), timeout=wait_s, poll_interval=0.02)
            lock.acquire()
        except Timeout:
            raise ProjectBusyError(self._told()) from None
        except OSError as error:
            raise output_error(self._file, error) from error
        self._lock = lock
        with suppress(OSError):  # who holds it is only told, not relied on
            self._holder.write_text(json.dumps(_this_process()), "utf-8")
        return self

    def release(self) -> None:
        """Let others work on the project."""
        if self._lock is not None:
            with suppress(OSError):
                self._holder.unlink(missing_ok=True)
            self._lock.release()
            self._lock = None

    def __enter__(self) -> ProjectLock:
        return self if self._lock is not None else self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _told(self) -> str:
        who = "another LoopMind"
        with suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads(self._holder.read_text("utf-8"))
            since = time.strftime("%H:%M", time.localtime(float(told["since_s"])))
            who += f" (process {int(told['pid'])}: {told['command']}, since {since})"
        return f"{self.path} is being edited by {who}; finish there first, or wait for it"


def _this_process() -> dict[str, object]:
    name = Path(sys.argv[0] if sys.argv and sys.argv[0] not in ("", "-c") else "loopmind").name
    command = shlex.join([name, *sys.argv[1:]])
    if len(command) > _LONGEST_COMMAND:
        command = command[: _LONGEST_COMMAND - 1] + "\u2026"
    return {"pid": os.getpid(), "command": command, "since_s": time.time()}
