"""What is written near a sound file of its licence: in a table of labels, or in a licence file.

A table names its files, so it is looked for up to five folders above a sound; a licence file only
beside it and up to two folders above, so that the licence of something else (a program, a whole
disk) is not taken for that of a sound. What the user says of a sound goes before all of this.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

_TABLE_FOLDERS_UP, _FILE_FOLDERS_UP = 5, 2
_MOST_BYTES = 8 << 20
_SHOWN = 80
_NAMES = re.compile(r"^(licen[cs]e|copying|copyright|terms|credits)\b.*$", re.I)
_PLAIN_SUFFIXES = ("", ".txt", ".md", ".rtf")
_TABLES = ("labels.csv", "licences.csv", "licenses.csv")
_COLUMNS = ("licence", "license")
# Words by which a licence is known, the more exact first.
_KNOWN: tuple[tuple[str, str], ...] = (
    (r"cc0|creative commons zero|public domain dedication", "CC0"),
    (r"public domain", "public domain"),
    (r"cc[ -]by[ -]nc[ -]sa|attribution-noncommercial-sharealike", "CC BY-NC-SA"),
    (r"cc[ -]by[ -]nc|attribution-noncommercial", "CC BY-NC"),
    (r"cc[ -]by[ -]sa|attribution-sharealike", "CC BY-SA"),
    (r"cc[ -]by\b|creative commons attribution", "CC BY"),
    (r"gnu general public licen[cs]e|\bgpl", "GPL"),
    (r"permission is hereby granted, free of charge|\bmit licen[cs]e", "MIT"),
    (r"apache licen[cs]e", "Apache"),
    (r"royalty[ -]free", "royalty free"),
    (r"all rights reserved", "all rights reserved"),
)


@dataclass(frozen=True)
class LicenceNote:
    """A licence in a few words, and where that is written."""

    text: str
    source: str


class Licences:
    """Looks for licence notes; every folder and table is read once."""

    def __init__(self) -> None:
        self._of_folder: dict[Path, LicenceNote | None] = {}
        self._of_table: dict[Path, dict[str, str]] = {}

    def near(self, path: str | Path) -> LicenceNote | None:
        """What is written near the file at the absolute `path`; None where nothing is."""
        file = Path(path)
        if not file.is_absolute():
            return None  # near what it was depends on where it was
        folders = [file.parent, *file.parent.parents]
        for folder in folders[: _TABLE_FOLDERS_UP + 1]:
            note = self._in_tables(folder, file)
            if note is not None:
                return note
        for folder in folders[: _FILE_FOLDERS_UP + 1]:
            if folder not in self._of_folder:
                self._of_folder[folder] = _licence_file(folder)
            if (found := self._of_folder[folder]) is not None:
                return found
        return None

    def _in_tables(self, folder: Path, file: Path) -> LicenceNote | None:
        relative = file.relative_to(folder).as_posix()
        for name in _TABLES:
            table = folder / name
            if table not in self._of_table:
                self._of_table[table] = _read_table(table)
            if text := self._of_table[table].get(relative):
                return LicenceNote(text, str(table))
        return None


def _read_table(table: Path) -> dict[str, str]:
    """Licence by path, relative to the table; empty for what is no such table."""
    try:
        if not table.is_file() or table.stat().st_size > _MOST_BYTES:
            return {}
        with table.open(encoding="utf-8", errors="replace", newline="") as stream:
            rows = csv.DictReader(stream)
            columns = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
            licence = next((columns[name] for name in _COLUMNS if name in columns), None)
            path = columns.get("path") or columns.get("file")
            if licence is None or path is None:
                return {}
            return {
                str(row[path]).replace("\\", "/"): _short(row[licence])
                for row in rows
                if row[path] and row[licence]
            }
    except (OSError, csv.Error):  # a note that cannot be read is no note
        return {}


def _licence_file(folder: Path) -> LicenceNote | None:
    try:
        files = sorted(
            item for item in folder.iterdir()
            if _NAMES.match(item.name) and item.suffix.lower() in _PLAIN_SUFFIXES
            and item.is_file() and item.stat().st_size <= _MOST_BYTES
        )  # fmt: skip
        for file in files:
            text = file.read_text(encoding="utf-8", errors="replace")
            if said := licence_name(text):
                return LicenceNote(said, str(file))
    except OSError:
        return None
    return None


def licence_name(text: str) -> str:
    """The licence that a text states: by its usual name, else the text's first line.

    >>> licence_name("MIT License\\n\\nPermission is hereby granted, free of charge, to any person")
    'MIT'
    >>> licence_name("\\nFree for my friends.\\nAsk me.")
    'Free for my friends.'
    """
    plain = " ".join(text[:20000].lower().split())
    for pattern, name in _KNOWN:
        if re.search(pattern, plain):
            return name
    return _short(next((line for line in text.splitlines() if line.strip()), ""))


def _short(text: str) -> str:
    """One line of at most _SHOWN letters; never the beginning of a spreadsheet formula."""
    line = " ".join(text.split()).lstrip("=+-@ ")
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
