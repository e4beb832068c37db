"""Writing so that a kill or a full disk never leaves half a file: beside the target, then renamed.

A temporary file is named after its target and the writing process; one that a killed process
left behind is removed by the next write to the same target.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from loopmind.errors import LoopMindError
from loopmind.files.folders import no_empty_folder


class OutputError(LoopMindError):
    """A file could not be written; nothing half-written is left at its place."""

    def __init__(self, path: str | Path, reason: str, remedy: str) -> None:
        super().__init__(f"cannot write {path}: {reason}; {remedy}")
        self.path = str(path)
        self.reason = reason
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[OutputError], tuple[str, str, str]]:
        return type(self), (self.path, self.reason, self.remedy)


_REASONS: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("the disk is full", "free some space or choose another folder"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or choose another folder"),
    errno.EFBIG: ("the file grows larger than allowed", "raise the limit or choose another folder"),
    errno.ENOENT: ("its folder cannot be made", "choose another folder"),
    errno.EACCES: ("permission denied", "choose a folder that you may write to"),
    errno.EPERM: ("permission denied", "choose a folder that you may write to"),
    errno.EROFS: ("the disk is read-only", "choose another folder"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter name"),
    errno.ENOTDIR: ("a part of its path is a file", "choose another folder"),
    errno.EEXIST: ("its folder is a file", "choose another folder"),
    errno.EISDIR: ("a folder of that name exists", "choose another name"),
}


def output_error(path: str | Path, error: OSError) -> OutputError:
    """The OutputError that says what `error` means for the user."""
    known = _REASONS.get(error.errno or 0)
    if known is not None:
        return OutputError(path, *known)
    reason = error.strerror or type(error).__name__
    return OutputError(path, reason, "check the disk or choose another folder")


def _process_is_alive(pid: int) -> bool:
    if os.name != "posix":  # os.kill would end the process there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _remove_leftovers(folder: Path, prefix: str) -> None:
    for entry in folder.glob(f"{prefix}*"):
        pid = entry.name[len(prefix) :].split("-")[0]
        if pid.isdigit() and not _process_is_alive(int(pid)):
            with suppress(OSError):
                entry.unlink()


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` on success, else remove it.

    The temporary keeps the suffix, so encoders that choose by extension work. Missing parent
    folders are made. Raises OutputError where the place cannot be written.
    """
    target = Path(path)
    name_digest = hashlib.blake2b(os.fsencode(target.name), digest_size=6).hexdigest()
    prefix = f".loopmind-{name_digest}-"
    suffix = target.suffix if len(target.suffix) <= 16 else ""
    temporary = target.parent / f"{prefix}{os.getpid()}-{secrets.token_hex(4)}{suffix}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target.parent, prefix)
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder", str(target))
        yield temporary
        os.replace(temporary, target)  # noqa: PTH105 - the law is stated in terms of it
    except OSError as error:
        raise output_error(target, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def check_folder(folder: str | Path) -> None:
    """Raise OutputError where `folder` cannot be made or written to; makes nothing."""
    place = Path(folder)
    try:
        while not place.exists():
            if place == place.parent:
                raise FileNotFoundError(errno.ENOENT, "there is no such drive", str(folder))
            place = place.parent
        if not place.is_dir():
            raise FileExistsError(errno.EEXIST, "is a file", str(place))
        if not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "may not be written", str(place))
    except OSError as error:
        raise output_error(folder, error) from error


def atomic_write(path: str | Path, data: bytes) -> Path:
    """Write `data` to `path` whole or not at all, and onto the disk before it is named.

    Raises OutputError.
    """
    target = Path(path)
    with atomic_path(target) as temporary:
        _write_through(temporary, data)
    return target


def atomic_write_all(folder: str | Path, files: Mapping[str, bytes]) -> Path:
    """Write `files` (name -> data) into `folder`: all of them or, where one cannot be, none.

    Raises OutputError.
    """
    target = Path(folder)
    with no_empty_folder(target), ExitStack() as waiting:  # renamed when all are on the disk
        for name, data in files.items():
            _write_through(waiting.enter_context(atomic_path(target / name)), data)
    return target


def _write_through(file: Path, data: bytes) -> None:
    with file.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
