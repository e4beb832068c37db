"""Folders that a command writes to: beside what is not its own, and none left empty by a failure.

What is LoopMind's own, only those know who write it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def folder_beside(
    base: Path, taken: Collection[Path], in_the_way: Callable[[Path], Path | None]
) -> tuple[Path, Path | None]:
    """`base`, or BASE-2, BASE-3, ...: the first that is not `taken` and has nothing in the way.

    in_the_way: folder -> a file in it that must not be replaced, None if there is none. The other
    value is the first such file that was met.
    """
    folder, number = base, 2
    met: Path | None = None
    while folder in taken or (found := in_the_way(folder)) is not None:
        if folder not in taken:
            met = met or found
        folder = base.with_name(f"{base.name}-{number}")
        number += 1
    return folder, met


@contextmanager
def no_empty_folder(folder: Path) -> Iterator[None]:
    """Where the block fails, `folder` and those it lies in go if they are new and empty."""
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        yield
    except BaseException:
        for place in made:
            with suppress(OSError):
                place.rmdir()  # only where it is empty
        raise
