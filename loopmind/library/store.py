"""Every statement that LoopMind sends to its database, as methods that say what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopmind.library.hearing import HeardRow
from loopmind.library.schema import connect

_CHUNK = 500


@dataclass(frozen=True)
class FileRow:
    """A remembered file; `digest` is None where it has not been read yet."""

    id: int
    path: str
    size: int
    mtime_ns: int
    digest: str | None
    media: str
    missing: bool


class Store:
    """The open database. Writing happens inside `changing()`, reading anywhere."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._connection = connect(file)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def changing(self, *, quietly: bool = False) -> Iterator[None]:
        """One transaction; raises `revision` by one when anything was written.

        quietly: what is written changes no answer of scan or search, so the revision stays.
        """
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        before = connection.total_changes
        try:
            yield
            if connection.total_changes > before and not quietly:
                self.raise_fact("revision")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    # facts

    def fact(self, name: str) -> int:
        row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return int(row[0])

    def set_fact(self, name: str, value: int) -> None:
        self._connection.execute("UPDATE facts SET value = ? WHERE name = ?", (value, name))

    def raise_fact(self, name: str) -> None:
        self._connection.execute("UPDATE facts SET value = value + 1 WHERE name = ?", (name,))

    # files

    def files_under(self, folder: str, after: str) -> dict[str, FileRow]:
        """Files with paths from `folder` up to, but not including, `after`, by path."""
        rows = self._connection.execute(
            "SELECT id, path, size, mtime_ns, digest, media, missing FROM files "
            "WHERE path >= ? AND path < ?",
            (folder, after),
        )
        return {row[1]: FileRow(*row) for row in rows}

    def put_file(self, path: str, size: int, mtime_ns: int, digest: str | None, media: str) -> None:
        """Remember a file as it is now; what was merged for it is stale if its digest changed."""
        self._connection.execute(
            "INSERT INTO files (path, size, mtime_ns, digest, media) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (path) DO UPDATE SET size = excluded.size, missing = 0, "
            "mtime_ns = excluded.mtime_ns, media = excluded.media, digest = excluded.digest, "
            "stamp = CASE WHEN digest IS excluded.digest THEN stamp END",
            (path, size, mtime_ns, digest, media),
        )

    def set_missing(self, ids: Iterable[int], missing: bool) -> None:
        self._connection.executemany(
            "UPDATE files SET missing = ? WHERE id = ?", [(int(missing), id_) for id_ in ids]
        )

    def digest_of_path(self, path: str) -> str | None:
        row = self._connection.execute(
            "SELECT digest FROM files WHERE path = ?", (path,)
        ).fetchone()
        return row[0] if row else None

    def paths_of(self, digests: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Remembered paths of each of `digests`, those that are not missing first."""
        found: dict[str, tuple[str, ...]] = {}
        for at in range(0, len(digests), _CHUNK):
            part = digests[at : at + _CHUNK]
            for digest, path in self._connection.execute(
                f"SELECT digest, path FROM files WHERE digest IN ({','.join('?' * len(part))}) "
                "ORDER BY missing, path",
                part,
            ):
                found[digest] = (*found.get(digest, ()), path)
        return found

    def missing_digests(self, digests: Iterable[str]) -> set[str]:
        """Those of `digests` that belong to a remembered file that is missing now."""
        wanted = set(digests)
        rows = self._connection.execute("SELECT digest FROM files WHERE missing = 1")
        return {row[0] for row in rows if row[0] in wanted}

    # heard

    def heard_digests(self, version: str) -> set[str]:
        """Contents that need not be heard again by analysis `version`."""
        rows = self._connection.execute("SELECT digest FROM heard WHERE version = ?", (version,))
        return {row[0] for row in rows}

    def put_heard(self, digest: str, version: str, heard: HeardRow) -> None:
        known_as = "" if heard.again else version  # no version: the next scan tries again
        self._connection.execute(
            "INSERT OR REPLACE INTO heard VALUES (?, ?, ?, ?, ?, ?)",
            (digest, known_as, heard.loop, heard.embedding, heard.reason, heard.remedy),
        )
        self._connection.execute("UPDATE files SET stamp = NULL WHERE digest = ?", (digest,))

    def heard(self, digests: Sequence[str]) -> dict[str, HeardRow]:
        """What is remembered of each of `digests`."""
        found: dict[str, HeardRow] = {}
        for at in range(0, len(digests), _CHUNK):
            part = digests[at : at + _CHUNK]
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                "SELECT digest, loop, embedding, reason, remedy FROM heard "
                f"WHERE digest IN ({marks})",
                part,
            )
            found.update((row[0], HeardRow(*row[1:])) for row in rows)
        return found

    def unusable(self, digests: set[str]) -> dict[str, tuple[str, str]]:
        """Reason and remedy of those of `digests` that cannot be used."""
        rows = self._connection.execute(
            "SELECT digest, reason, remedy FROM heard WHERE reason IS NOT NULL"
        )
        return {row[0]: (row[1], row[2]) for row in rows if row[0] in digests}

    # merged rows

    def merged(self, folder: str, after: str, stamp: str) -> Iterator[tuple[str, bytes]]:
        """(path, row) of the present files in a range whose merged row is up to date."""
        yield from self._connection.execute(
            "SELECT path, loop FROM files JOIN merged ON file_id = id "
            "WHERE path >= ? AND path < ? AND missing = 0 AND stamp = ?",
            (folder, after, stamp),
        )

    def put_merged(
        self,
        path: str,
        stamp: str,
        row: bytes,
        facts: tuple[str, float | None, str | None],
        labels: dict[str, float],
    ) -> None:
        """Remember the merged row of `path`, its (kind, bpm, key) and its labels."""
        found = self._connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
        if found is None:
            return
        self._connection.execute(
            "UPDATE files SET stamp = ?, kind = ?, bpm = ?, musical_key = ? WHERE id = ?",
            (stamp, *facts, found[0]),
        )
        self._connection.execute("INSERT OR REPLACE INTO merged VALUES (?, ?)", (found[0], row))
        self._connection.execute("DELETE FROM labels WHERE file_id = ?", found)
        self._connection.executemany(
            "INSERT INTO labels VALUES (?, ?, ?)",
            [(label, found[0], weight) for label, weight in labels.items()],
        )

    def paths_stamped(self, stamp: str) -> set[str]:
        """Paths whose merged row is up to date."""
        rows = self._connection.execute("SELECT path FROM files WHERE stamp = ?", (stamp,))
        return {row[0] for row in rows}

    def heard_files(self) -> list[tuple[str, str]]:
        """(path, digest) of all present files whose content is usable, by path."""
        return self.query(
            "SELECT path, files.digest FROM files JOIN heard USING (digest) "
            "WHERE missing = 0 AND heard.reason IS NULL ORDER BY path"
        )

    def count_heard_files(self) -> int:
        return int(
            self.query(
                "SELECT COUNT(*) FROM files JOIN heard USING (digest) "
                "WHERE missing = 0 AND heard.reason IS NULL"
            )[0][0]
        )

    # corrections and naming

    def corrections(self) -> dict[str, dict[str, str]]:
        """All corrections: field and value by digest."""
        found: dict[str, dict[str, str]] = {}
        for digest, field, value in self._connection.execute(
            "SELECT digest, field, value FROM corrections ORDER BY digest, field"
        ):
            found.setdefault(digest, {})[field] = value
        return found

    def put_correction(self, digest: str, field: str, value: str | None) -> None:
        """Remember what the user said; None takes it back. Merged rows become stale."""
        if value is None:
            self._connection.execute(
                "DELETE FROM corrections WHERE digest = ? AND field = ?", (digest, field)
            )
        else:
            self._connection.execute(
                "INSERT OR REPLACE INTO corrections VALUES (?, ?, ?)", (digest, field, value)
            )
        self._connection.execute("UPDATE files SET stamp = NULL WHERE digest = ?", (digest,))
        self.raise_fact("corrections")

    def naming(self) -> list[tuple[str, str, float, float]]:
        """(token, label, weight, support) of the learned naming style."""
        return list(
            self._connection.execute(
                "SELECT token, label, weight, support FROM naming ORDER BY token, label"
            )
        )

    def put_naming(self, rows: Iterable[tuple[str, str, float, float]]) -> None:
        self._connection.execute("DELETE FROM naming")
        self._connection.executemany("INSERT INTO naming VALUES (?, ?, ?, ?)", rows)

    # uses

    def put_song(self, song: str, digests: Iterable[str], used_s: float) -> None:
        """Remember what plays in `song`, in place of what was remembered of it."""
        self._connection.execute("DELETE FROM uses WHERE song = ?", (song,))
        self._connection.executemany(
            "INSERT OR IGNORE INTO uses VALUES (?, ?, ?)",
            [(digest, song, used_s) for digest in digests],
        )

    def uses(self) -> list[tuple[str, str, float]]:
        """(song, digest, time) of all uses, the latest song first."""
        return self.query(
            "SELECT song, digest, used_s FROM uses ORDER BY used_s DESC, song, digest"
        )

    # searching

    def query(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a reading statement of the search."""
        return self._connection.execute(statement, values).fetchall()
