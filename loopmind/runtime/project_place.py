"""Which file a project is in, and whether that file is still the one that was read."""

from __future__ import annotations

from pathlib import Path

from loopmind.files.project import BUNDLE_SUFFIX, PROJECT_NAME


def project_path(path: str | Path) -> Path:
    """The project file that `path` means: itself, the one in that folder, or in that bundle.

    A bundle is unpacked beside itself, once. Raises ProjectError, OutputError.
    """
    place = Path(path)
    if place.is_dir():
        return place / PROJECT_NAME
    if place.suffix.lower() != BUNDLE_SUFFIX:
        return place
    from loopmind.files.bundle import unpack_bundle

    return unpack_bundle(place)


def file_stamp(path: Path) -> tuple[int, int, int] | None:
    """Time, size and number of a file, by which a change of it is seen."""
    try:
        status = path.stat()
    except OSError:  # it was taken away; saving puts it back
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def is_project(path: str | Path) -> bool:
    """Does `path` name a project file, or a folder with one?"""
    place = Path(path)
    return place.suffix.lower() == Path(PROJECT_NAME).suffix or (place / PROJECT_NAME).is_file()
