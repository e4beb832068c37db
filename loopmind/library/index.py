"""The first half of a scan: which files there are and which content each one holds.

A file whose size and time of change are the remembered ones is not opened. New and changed files
are read once for their digest, by which renames, copies and contents heard before are known.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from loopmind.errors import CancelledError
from loopmind.files.containers import is_midi, is_sound
from loopmind.files.decode import AUDIO_SUFFIXES, MIDI_SUFFIXES
from loopmind.files.digest import file_digest
from loopmind.library.schema import LibraryError
from loopmind.library.store import FileRow, Store
from loopmind.library.walk import Found, Trouble, walk
from loopmind.music.loop import Unusable

Progress = Callable[[int, int, str], None]
Cancelled = Callable[[], bool]
COMMIT_SECONDS = 0.5
_HEAD_BYTES = 4096


@dataclass
class Indexed:
    """What the walk found. ranges: the asked folders as (first path, path after the last)."""

    ranges: list[tuple[str, str]]
    files: dict[str, tuple[str, str]] = field(default_factory=dict)  # path: (digest, media)
    unreadable: list[Unusable] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    renamed: int = 0
    missing: int = 0


def resolve(folders: list[Path]) -> list[Path]:
    """Absolute, without those inside another one. Raises LibraryError for what is not there."""
    if not folders:
        raise LibraryError("no folder was named; name the folder that holds your loops")
    roots: list[Path] = []
    for folder in folders:
        root = Path(os.path.abspath(folder.expanduser()))  # noqa: PTH100 - links stay as they are
        try:
            there = root.exists()
        except OSError as error:
            words = (error.strerror or str(error)).lower()
            raise LibraryError(f"{folder} cannot be read: {words}; check the path") from None
        if not there and root.is_symlink():
            raise LibraryError(f"{folder} is a link that leads to nothing; remove or mend it")
        if not there:
            raise LibraryError(f"the folder {folder} does not exist; check the path")
        if root.is_dir() and not os.access(root, os.R_OK | os.X_OK):
            raise LibraryError(f"the folder {folder} may not be read; allow reading it")
        roots.append(root)
    unique = sorted(set(roots))
    return [r for r in unique if not any(o != r and o in r.parents for o in unique)]


def range_of(root: Path) -> tuple[str, str]:
    """(first, after last) of the paths of `root` and all that it holds, as text sorts."""
    if root.is_dir():
        start = str(root) if str(root).endswith(os.sep) else str(root) + os.sep
        return start, start[:-1] + chr(ord(os.sep) + 1)
    return str(root), str(root) + "\0"


def index(
    store: Store, roots: list[Path], workers: int, progress: Progress, cancelled: Cancelled
) -> Indexed:
    """Bring the remembered files of `roots` up to date, committing as it goes.

    Raises CancelledError.
    """
    indexed = Indexed([range_of(root) for root in roots])
    for root, span in zip(roots, indexed.ranges, strict=True):
        known = store.files_under(*span)
        fresh: list[Found] = []
        back: list[int] = []
        seen: set[str] = set()
        for item in _found(root, cancelled):
            if isinstance(item, Trouble):
                indexed.unreadable.append(Unusable(item.path, item.reason, item.remedy))
                seen.add(item.path)
                continue
            row = known.get(item.path)
            seen.add(item.path)
            if row is None or row.digest is None or _differs(row, item):
                fresh.append(item)
                continue
            indexed.files[item.path] = (row.digest, row.media)
            if row.missing:
                back.append(row.id)
        gone = [row.id for path, row in known.items() if path not in seen and not row.missing]
        if gone or back:
            with store.changing():
                store.set_missing(gone, True)
                store.set_missing(back, False)
        indexed.missing += len(gone)
        _read_fresh(store, indexed, fresh, known, workers, progress, cancelled)
    return indexed


def _differs(row: FileRow, item: Found) -> bool:
    return row.size != item.size or row.mtime_ns != item.mtime_ns


def _found(root: Path, cancelled: Cancelled) -> Iterator[Found | Trouble]:
    def tick() -> None:
        if cancelled():
            raise CancelledError("the scan was cancelled")

    if root.is_dir():
        yield from walk(root, tick)
        return
    status = root.stat()
    yield Found(str(root), status.st_size, status.st_mtime_ns)


def _read_fresh(
    store: Store,
    indexed: Indexed,
    fresh: list[Found],
    known: dict[str, FileRow],
    workers: int,
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    """Digest new and changed files in threads (reading and hashing both leave the interpreter)."""
    if not fresh:
        return
    batch: list[tuple[Found, str, str]] = []
    committed = time.monotonic()
    with ThreadPoolExecutor(max_workers=max(1, workers)) as threads:
        under_way: deque[tuple[Found, Future[tuple[str, str] | Trouble]]] = deque()
        waiting = iter(fresh)
        try:
            for done in range(len(fresh)):
                while len(under_way) < 4 * workers and (item := next(waiting, None)) is not None:
                    under_way.append((item, threads.submit(_read, item.path, cancelled)))
                item, future = under_way.popleft()
                answer = future.result()
                if isinstance(answer, Trouble):
                    trouble = Unusable(answer.path, answer.reason, answer.remedy)
                    indexed.unreadable.append(trouble)
                else:
                    batch.append((item, *answer))
                progress(done + 1, len(fresh), f"reading {Path(item.path).name}")
                if cancelled():
                    raise CancelledError("the scan was cancelled; what was read so far is kept")
                if time.monotonic() - committed > COMMIT_SECONDS:
                    _commit(store, indexed, batch, known)
                    committed = time.monotonic()
        finally:
            for _, future in under_way:
                future.cancel()
            _commit(store, indexed, batch, known)


def _commit(
    store: Store,
    indexed: Indexed,
    batch: list[tuple[Found, str, str]],
    known: dict[str, FileRow],
) -> None:
    if not batch:
        return
    with store.changing():
        moved = store.missing_digests(digest for _, digest, _ in batch)
        for item, digest, media in batch:
            store.put_file(item.path, item.size, item.mtime_ns, digest, media)
            indexed.files[item.path] = (digest, media)
            if item.path in known:
                indexed.changed += known[item.path].digest != digest
            elif digest in moved:
                indexed.renamed += 1
            else:
                indexed.new += media == "audio"
    batch.clear()


def _read(path: str, cancelled: Cancelled) -> tuple[str, str] | Trouble:
    """(digest, media) of a file."""
    try:
        with Path(path).open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        digest = file_digest(path, cancelled=cancelled)
    except PermissionError:
        return Trouble(
            path, "may not be read: permission denied", "allow reading it in its file properties"
        )
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        return Trouble(path, f"cannot be read: {words}", "check the disk or remove the file")
    return digest, _media(path, head)


def _media(path: str, head: bytes) -> str:
    suffix = Path(path).suffix.lower()
    if is_midi(head) and (suffix in MIDI_SUFFIXES or suffix not in AUDIO_SUFFIXES):
        return "midi"
    if suffix in AUDIO_SUFFIXES or suffix in MIDI_SUFFIXES or is_sound(head):
        return "audio"
    return "other"
