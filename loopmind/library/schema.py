"""The library's database file: opening, migrations, and what happens when it is damaged.

One SQLite file in WAL mode, which several processes may use at once. `PRAGMA user_version`
numbers the schema; each migration below runs once, in one transaction with its number.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from loopmind.errors import LoopMindError

DATABASE_NAME = "library.sqlite"
_BUSY_SECONDS = 30.0

# files: what lies where. digest is NULL until read; media is audio, midi or other.
#   missing: it was not there when its folder was last scanned.
#   stamp: what the merged row (and kind, bpm, key, labels) was made from; NULL where it is stale.
# merged: what is believed of a file. A table of its own, because reading past blobs is slow.
# heard: what each content sounds like, by sound alone; of unusable content, why.
# labels: what search filters by, weights 0..1, from merged rows.
# corrections: what the user said, by content; also kept in corrections.json.
# naming: what words in this user's names mean (label, weight).
# uses: which content plays in which song (its project file), and when that was last made.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE files (
        id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL, digest TEXT, media TEXT NOT NULL,
        missing INTEGER NOT NULL DEFAULT 0, stamp TEXT,
        kind TEXT, bpm REAL, musical_key TEXT
    );
    CREATE TABLE merged (file_id INTEGER PRIMARY KEY, loop BLOB NOT NULL);
    CREATE INDEX files_by_digest ON files (digest);
    CREATE TABLE heard (
        digest TEXT PRIMARY KEY, version TEXT NOT NULL, loop BLOB, embedding BLOB,
        reason TEXT, remedy TEXT
    ) WITHOUT ROWID;
    CREATE TABLE labels (
        label TEXT NOT NULL, file_id INTEGER NOT NULL, weight REAL NOT NULL,
        PRIMARY KEY (label, file_id)
    ) WITHOUT ROWID;
    CREATE INDEX labels_by_file ON labels (file_id);
    CREATE TABLE corrections (
        digest TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (digest, field)
    ) WITHOUT ROWID;
    CREATE TABLE naming (
        token TEXT NOT NULL, label TEXT NOT NULL, weight REAL NOT NULL, support REAL NOT NULL,
        PRIMARY KEY (token, label)
    ) WITHOUT ROWID;
    CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO facts VALUES ('revision', 0), ('naming', 0), ('naming_files', 0),
        ('corrections', 0), ('naming_corrections', 0);
    """,
    """
    CREATE TABLE uses (
        digest TEXT NOT NULL, song TEXT NOT NULL, used_s REAL NOT NULL,
        PRIMARY KEY (song, digest)
    ) WITHOUT ROWID;
    """,
)
SCHEMA_VERSION = len(MIGRATIONS)


class LibraryError(LoopMindError):
    """The library cannot be used as asked; the message says why and what to do."""


class DamagedDatabaseError(LibraryError):
    """The database file is damaged."""


def connect(file: Path) -> sqlite3.Connection:
    """Open `file`, made or migrated to SCHEMA_VERSION. Autocommit; use BEGIN IMMEDIATE to write.

    Raises DamagedDatabaseError, or LibraryError for a file of a newer LoopMind or a place that
    cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
    except (OSError, sqlite3.OperationalError) as error:
        words = getattr(error, "strerror", None) or str(error)
        if isinstance(error, (FileExistsError, NotADirectoryError)):
            words = "it is a file, or lies in one"
        raise LibraryError(
            f"the library folder {file.parent} cannot be used ({words.lower()}); "
            "name another with --library or allow writing to it"
        ) from None
    try:
        _prepare(connection, file)
    except sqlite3.Error as error:
        connection.close()
        raise explained(file, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


_REMEDIES = (
    ("locked", "wait until other programs are done with it"),
    ("busy", "wait until other programs are done with it"),
    ("full", "free some space, or name another library with --library"),
    ("disk i/o", "free some space or check the disk, or name another library with --library"),
    ("", "allow writing to it, or name another library with --library"),
)


def explained(file: Path, error: sqlite3.Error) -> LibraryError:
    """What `error` of the database in `file` means for the user."""
    if is_damage(error):
        return DamagedDatabaseError(
            f"the library database {file} is damaged; analyse your folders again to make it anew"
        )
    words = str(error).lower()
    remedy = next(remedy for part, remedy in _REMEDIES if part in words)
    return LibraryError(f"the library database {file} cannot be used ({words}); {remedy}")


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite reports a damaged file, rather than a busy or forbidden one."""
    words = str(error)
    return isinstance(error, sqlite3.DatabaseError) and (
        "malformed" in words or "not a database" in words or "disk image" in words
    )


def _prepare(connection: sqlite3.Connection, file: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise LibraryError(
            f"the library {file.parent} was written by a newer LoopMind (format {version}, "
            f"this one knows {SCHEMA_VERSION}); update LoopMind or name another with --library"
        )
    _log_ahead(connection)
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA cache_size=-16000")
    connection.execute("PRAGMA mmap_size=268435456")
    if version < SCHEMA_VERSION:
        _migrate(connection)


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging, which SQLite does not wait for where another does so too."""
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for the lock.
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for number in range(version, SCHEMA_VERSION):
            for statement in MIGRATIONS[number].split(";"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version={number + 1}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def set_aside(file: Path) -> Path:
    """Move a damaged database (with its log files) out of the way and return where it went."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    backup = file.with_name(f"{file.name}.damaged-{stamp}-{os.getpid()}")
    for tail in ("", "-wal", "-shm"):  # another process may have moved them already
        with suppress(FileNotFoundError):
            file.with_name(file.name + tail).replace(backup.with_name(backup.name + tail))
    return backup
