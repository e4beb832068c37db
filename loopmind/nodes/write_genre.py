"""The node that writes a style as a genre brain of the user's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, NamedTuple

from loopmind.compose import genres
from loopmind.compose.style import genre_data
from loopmind.errors import LoopMindError
from loopmind.files.atomic import atomic_write
from loopmind.files.places import preset_file, user_presets
from loopmind.graph.node import node
from loopmind.music.style import Style

_NAME = re.compile(r"[a-z0-9][a-z0-9 _&+-]{0,39}")


class Written(NamedTuple):
    """The genre's file, what of it was measured, and what it takes over unmeasured."""

    file: Path
    measured: tuple[str, ...]
    kept: tuple[str, ...]


@node(id="loopmind.write_genre", category="Output", writes_files=True, cache="none")
def write_genre(
    style: Style,
    name: Annotated[str, "What the genre is to be called."],
    like: Annotated[str, "The genre that lends what cannot be measured; empty: the base."] = "",
    replace: Annotated[bool, "Write over a genre of your own with this name."] = False,
) -> Written:
    """Write the style into the user's presets, where it works as any genre brain.

    Errors: a name that a shipped genre has, or one of the user's own where `replace` is off.
    """
    wanted = name.strip().lower()
    if not _NAME.fullmatch(wanted):
        raise LoopMindError(
            f"{name!r} will not do as a name; use up to 40 letters, digits, spaces and hyphens"
        )
    file = user_presets() / "genres" / f"{wanted.replace(' ', '_')}.json"
    if genres.find(wanted) is not None and not file.is_file():
        raise LoopMindError(f"there is a genre {wanted!r} already; choose another name")
    if file.is_file() and not replace:
        raise LoopMindError(f"your genre {wanted!r} is there already; replace it, or rename this")
    base = json.loads(preset_file("genres/default").read_text("utf-8"))
    start = genres.file_data(like) if like else {}
    lent = genres.read_profile({"name": wanted, **start}, base, like or "default")
    data, measured, kept = genre_data(style, wanted, lent, start)
    genres.read_profile(data, base, str(file))  # what would be refused later is refused now
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    written = atomic_write(file, text.encode("utf-8"))
    genres.fingerprint({})  # what was read of the files before is forgotten
    return Written(written, measured, kept)
