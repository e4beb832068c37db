"""What to say when a scan found nothing that can be used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from loopmind.library.schema import LibraryError
from loopmind.music.loop import Crate


def check_usable(folders: Sequence[str | Path], crate: Crate, midi: int) -> None:
    """Raise LibraryError, with the reason and the remedy, where `crate` holds no usable sound.

    midi: how many MIDI files were found beside.
    """
    if crate.loops:
        return
    where = ", ".join(str(folder) for folder in folders)
    if crate.unusable:
        count = len(crate.unusable)
        first = crate.unusable[0]
        raise LibraryError(
            f"no usable sound in {where}: {count} file{'s' * (count > 1)} cannot be used "
            f"({first.path} {first.reason}); {first.remedy}"
        )
    if midi:
        raise LibraryError(
            f"only MIDI files in {where}; render them to WAV, or name a folder with recordings"
        )
    raise LibraryError(
        f"no sound files in {where}; name a folder that holds WAV, AIFF, FLAC, OGG or MP3 files"
    )
