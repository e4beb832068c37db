"""The library: all sounds that were ever scanned, what they sound like and what the user said."""

from __future__ import annotations

import gc
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.models import check_models
from loopmind.files.digest import file_digest
from loopmind.files.places import default_library
from loopmind.library.corrections import check_correction, check_field, read_sidecar, write_sidecar
from loopmind.library.hearing import HeardRow, hear_file
from loopmind.library.index import (
    COMMIT_SECONDS,
    Cancelled,
    Indexed,
    Progress,
    index,
    resolve,
)
from loopmind.library.merging import Merger, analysis_version
from loopmind.library.pool import default_workers, hear_all, hear_here
from loopmind.library.rows import unpack_loop
from loopmind.library.schema import (
    DATABASE_NAME,
    DamagedDatabaseError,
    LibraryError,
    explained,
    set_aside,
)
from loopmind.library.store import Store
from loopmind.library.wear import SongUse, by_song
from loopmind.music.key import Key
from loopmind.music.loop import Crate, Loop, Unusable

if TYPE_CHECKING:
    from loopmind.library.search import Match, Searcher

__all__ = ["Library", "LibraryError", "ScanReport"]


@dataclass(frozen=True)
class ScanReport:
    """What the last scan found and did. midi: paths of MIDI files, noted for later.

    found: files that hold sound. new, changed, renamed, missing: against what was remembered.
    heard: contents that had to be analysed. notes: what else the user should know.
    """

    found: int = 0
    new: int = 0
    changed: int = 0
    renamed: int = 0
    missing: int = 0
    heard: int = 0
    duplicates: int = 0
    midi: tuple[str, ...] = ()
    seconds: float = 0.0


class Library:
    """One library folder, safe to use from several processes and threads at once.

    A damaged database is set aside (`notes` says where) and made anew; the user's corrections
    come back from corrections.json. Raises LibraryError where the folder cannot be used.
    """

    def __init__(self, directory: str | Path | None = None) -> None:
        self.directory = Path(directory) if directory is not None else default_library()
        self.report = ScanReport()
        self.notes: tuple[str, ...] = ()
        self._lock = threading.RLock()
        self._searcher: Searcher | None = None
        file = self.directory / DATABASE_NAME
        try:
            self._open(file)
        except DamagedDatabaseError:
            self._rebuild(file)

    def _open(self, file: Path) -> None:
        self._store = Store(file)
        try:
            self._restore_corrections()
        except BaseException:
            self._store.close()
            raise

    def _rebuild(self, file: Path) -> None:
        backup = set_aside(file)
        self._open(file)
        self.notes += (
            f"the library database was damaged; it was kept as {backup.name} and is made anew "
            "(your corrections are kept), so sounds are analysed again",
        )

    def _restore_corrections(self) -> None:
        """Bring back corrections from the sidecar where the database has none."""
        with self._explaining():
            if self._store.fact("corrections"):
                return
            saved = read_sidecar(self.directory)
            if saved:
                with self._store.changing():
                    for digest, said in saved.items():
                        for field, value in said.items():
                            self._store.put_correction(digest, field, value)

    def close(self) -> None:
        """Close the database; the library is not used after that."""
        self._store.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def revision(self) -> int:
        """A number that rises whenever anything remembered changes."""
        with self._lock:
            return self._store.fact("revision")

    @property
    def size(self) -> int:
        """How many usable sounds are remembered and were there when last looked for."""
        with self._lock, self._explaining():
            return self._store.count_heard_files()

    def where(self, digests: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Paths at which each of `digests` was last seen, those that were there last first."""
        with self._lock, self._explaining():
            return self._store.paths_of(list(digests))

    # scanning

    def scan(
        self,
        folders: str | Path | Iterable[str | Path],
        *,
        use_names: bool = True,
        workers: int | None = None,
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
    ) -> Crate:
        """Every sound under `folders` (files may be named too), sorted by path.

        Indexes first, then hears new contents in `workers` processes (default: one a core, at
        most 8; 0 hears in this one), committing twice a second, so that a killed scan goes on
        where it stopped. `progress(done, total, item)` is called from this thread. `report`
        tells more. Raises LibraryError for a folder that is not there, and CancelledError within
        .2 s of `cancelled()`.
        """
        asked = [folders] if isinstance(folders, (str, Path)) else list(folders)
        cores = workers if workers is not None else default_workers()
        with self._lock:
            roots = resolve([Path(f) for f in asked])
            more = (roots, use_names, cores, progress or _say_nothing, cancelled or _never)
            try:
                with self._explaining():
                    return self._scan(*more)
            except DamagedDatabaseError:  # deeper than opening it could see
                self._rebuild(self._store.file)
                self._searcher = None
                with self._explaining():
                    return self._scan(*more)

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """What SQLite reports, in the user's words: LibraryError or DamagedDatabaseError."""
        try:
            yield
        except sqlite3.Error as error:
            raise explained(self._store.file, error) from error

    def _scan(
        self, roots: list[Path], use_names: bool, cores: int, tell: Progress, stop: Cancelled
    ) -> Crate:
        started = time.monotonic()
        indexed = index(self._store, roots, max(1, cores), tell, stop)
        audio = {p: digest for p, (digest, media) in indexed.files.items() if media == "audio"}
        heard = self._hear_new(audio, cores, tell, stop)
        with _without_collection():
            crate = self._assemble(indexed, audio, use_names, stop)
        self.report = ScanReport(
            found=len(audio),
            new=indexed.new,
            changed=indexed.changed,
            renamed=indexed.renamed,
            missing=indexed.missing,
            heard=heard,
            duplicates=len(audio) - len(set(audio.values())),
            midi=tuple(sorted(p for p, (_, media) in indexed.files.items() if media == "midi")),
            seconds=time.monotonic() - started,
        )
        return crate

    def _hear_new(
        self, audio: dict[str, str], workers: int, tell: Progress, stop: Cancelled
    ) -> int:
        version = analysis_version()
        known = self._store.heard_digests(version)
        path_of: dict[str, str] = {}
        for path in sorted(audio):
            if audio[path] not in known:
                path_of.setdefault(audio[path], path)
        jobs = [(path, digest) for digest, path in path_of.items()]
        if not jobs:
            return 0
        check_models()  # one fault of LoopMind's own, not one of every file
        tell(0, len(jobs), "")
        rows = hear_all(jobs, workers, stop) if workers else hear_here(jobs, stop)
        batch: list[tuple[str, HeardRow]] = []
        committed = time.monotonic()
        done = 0
        try:
            with closing(rows):
                for number, row in rows:
                    batch.append((jobs[number][1], row))
                    done += 1
                    tell(done, len(jobs), Path(jobs[number][0]).name)
                    if time.monotonic() - committed > COMMIT_SECONDS:
                        self._commit_heard(batch, version)
                        batch = []
                        committed = time.monotonic()
        finally:
            self._commit_heard(batch, version)
        return len(jobs)

    def _commit_heard(self, batch: Sequence[tuple[str, HeardRow]], version: str) -> None:
        if batch:
            with self._store.changing():
                for digest, row in batch:
                    self._store.put_heard(digest, version, row)

    def _assemble(
        self, indexed: Indexed, audio: dict[str, str], use_names: bool, stop: Cancelled
    ) -> Crate:
        merger = Merger(self._store, stop)
        loops: list[Loop]
        if use_names:
            stamp = merger.refresh(audio)
            loops = []
            for span in indexed.ranges:
                for path, row in self._store.merged(*span, stamp):
                    if path in audio:
                        loops.append(unpack_loop(row, path))
        else:
            loops = merger.by_sound(audio)
        reasons = self._store.unusable(set(audio.values()))
        unusable = list(indexed.unreadable)
        for path, digest in audio.items():
            if digest in reasons:
                unusable.append(Unusable(path, *reasons[digest]))
        loops.sort(key=lambda loop: loop.path)
        unusable.sort(key=lambda bad: bad.path)
        return Crate(tuple(loops), tuple(unusable))

    # uses

    def note_song(self, song: str | Path, digests: Iterable[str], used_s: float) -> None:
        """Remember what plays in the project `song`, made at `used_s`, in place of what did."""
        path = os.path.abspath(song)  # noqa: PTH100 - links stay as they are
        with self._lock, self._explaining(), self._store.changing(quietly=True):
            self._store.put_song(path, sorted(set(digests)), used_s)

    def songs(self) -> tuple[SongUse, ...]:
        """What was used in which song and when, the latest song first."""
        with self._lock, self._explaining():
            return by_song(self._store.uses())

    # searching

    def search(
        self,
        query: str | Path | Loop | Sequence[float] | NDArray[Any],
        k: int = 10,
        *,
        kind: str | None = None,
        role: str | None = None,
        instrument: str | None = None,
        bpm: tuple[float, float] | None = None,
        key: Key | str | None = None,
        tags: Iterable[str] = (),
    ) -> list[Match]:
        """The `k` remembered sounds that best fit `query`, best first.

        A path of a file, a Loop or an embedding finds what sounds like it (the file itself is
        left out, and heard first if it is new); any other text is words: "warm pad 90 bpm".
        Raises UsageError, AudioFileError, LibraryError.
        """
        from loopmind.library.search import Filters, Searcher, as_embedding

        wanted = Key.parse(key) if isinstance(key, str) else key
        filters = Filters(kind, role, instrument, bpm, wanted, tuple(tags))
        with self._lock, self._explaining():
            if self._searcher is None:
                self._searcher = Searcher(self._store, self.directory, analysis_version())
            if isinstance(query, str) and not Path(query).is_file():
                return self._searcher.by_words(query, k, filters)
            without = ""
            if isinstance(query, (str, Path)):
                without, numbers = self._embedding_of(Path(query))
            elif isinstance(query, Loop):
                without, numbers = query.digest, query.embedding
            else:
                numbers = query
            return self._searcher.similar(as_embedding(numbers), k, filters, without=without)

    def _embedding_of(self, path: Path) -> tuple[str, Sequence[float] | NDArray[Any]]:
        if not path.is_file():
            raise LibraryError(f"the file {path} does not exist; check the path")
        digest = file_digest(path)
        remembered = self._store.heard([digest]).get(digest)
        if remembered is not None and remembered.embedding is not None:
            return digest, np.frombuffer(remembered.embedding, np.float32)
        return digest, hear_file(str(path), digest).embedding

    # corrections

    def correct(self, target: str | Path, field: str, value: object) -> None:
        """Remember for ever what the user says of a sound; None takes it back.

        `target` is a path or a content digest, `field` one of corrections.FIELDS (bpm, key,
        instrument, role, kind, tags), `value` as musicians write it. Raises UsageError for an
        impossible value and LibraryError for a file that cannot be read.
        """
        name, text = (check_field(field), None) if value is None else check_correction(field, value)
        with self._lock, self._explaining():
            digest = self._digest(target)
            with self._store.changing():
                self._store.put_correction(digest, name, text)
                # While the database is locked: two processes never write the file crosswise.
                write_sidecar(self.directory, self._store.corrections())

    def corrections(self) -> dict[str, dict[str, str]]:
        """All corrections: value by field, by content digest."""
        with self._lock:
            return self._store.corrections()

    def _digest(self, target: str | Path) -> str:
        text = str(target)
        path = Path(os.path.abspath(text))  # noqa: PTH100 - links stay as they are
        if path.is_file():
            try:
                return file_digest(path)
            except OSError as error:
                raise LibraryError(f"{target} cannot be read: {error.strerror}") from None
        remembered = self._store.digest_of_path(str(path))
        if remembered is not None:
            return remembered
        if len(text) == 32 and all(letter in "0123456789abcdef" for letter in text):
            return text
        raise LibraryError(f"{target} is neither a file nor a known digest; check the path")


@contextmanager
def _without_collection() -> Iterator[None]:
    """No cyclic garbage collection while many small values are made; they hold no cycles.

    Freezing and thawing afterwards counts them as old at once, which saves walking them all.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()
        if enabled:
            gc.enable()


def _say_nothing(done: int, total: int, item: str) -> None:
    pass


def _never() -> bool:
    return False
