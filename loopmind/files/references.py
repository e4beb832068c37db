"""Where a referenced sound may lie now: as last seen, or moved along with its project."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def candidate_paths(
    last_seen: str, old_place: str, new_place: Path, known: Iterable[str] = ()
) -> Iterator[Path]:
    """Paths worth a look for a sound, the likeliest first, none twice.

    last_seen: its path (one that is relative lies below the project's folder). old_place: folder
    of the project when it was saved; new_place: where it is now. known: what a library says.
    """
    here = Path(os.path.abspath(new_place))  # noqa: PTH100 - links stay as they are
    places = [here / last_seen]
    if old_place:
        try:
            away = os.path.relpath(last_seen, old_place)
        except ValueError:  # on another drive
            away = ""
        if away and not os.path.isabs(away):  # noqa: PTH117
            places.append(Path(os.path.normpath(here / away)))
    places += [Path(path) for path in known]
    yield from dict.fromkeys(places)
