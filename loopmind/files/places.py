"""Where things lie: the user's library, cache and plugins, and the presets and models that ship.

The environment variable LOOPMIND_HOME, where set, holds all of the user's places.
"""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def _home() -> Path | None:
    home = os.environ.get("LOOPMIND_HOME", "").strip()
    return Path(home).expanduser() if home else None


def default_library() -> Path:
    """Folder of the library that is used where none is named."""
    return _data() / "library"


def user_plugins() -> Path:
    """Folder in which a user's own node plugins are looked for."""
    return _data() / "plugins"


def user_presets() -> Path:
    """Folder in which a user's own presets are kept."""
    return _data() / "presets"


def settings_file(name: str) -> Path:
    """The user's own settings of that name, NAME.json; it need not exist."""
    return _data() / f"{name}.json"


def default_cache() -> Path:
    """Folder of what can be made again: fitted loops, separated stems."""
    home = _home()
    if home is not None:
        return home / "cache"
    import platformdirs

    return Path(platformdirs.user_cache_dir("LoopMind", appauthor=False))


def _data() -> Path:
    home = _home()
    if home is not None:
        return home
    import platformdirs

    return Path(platformdirs.user_data_dir("LoopMind", appauthor=False))


def _shipped(kind: str) -> Path:
    """Folder of shipped `kind`: in the installed package, else at the top of the checkout."""
    inside = _PACKAGE / kind
    return inside if inside.is_dir() else _PACKAGE.parent / kind


def presets() -> tuple[str, ...]:
    """Names of the shipped presets, sorted."""
    return tuple(sorted(file.stem for file in _shipped("presets").glob("*.json")))


def preset_file(name: str) -> Path:
    """Path of the shipped preset `name`. Raises FileNotFoundError naming those that exist."""
    file = _shipped("presets") / f"{name.removesuffix('.json')}.json"
    if not file.is_file():
        raise FileNotFoundError(f"there is no preset {name!r}; choose from {', '.join(presets())}")
    return file


def model_file(name: str) -> Path:
    """Path of the shipped model file `name`. Raises FileNotFoundError."""
    file = _shipped("models") / name
    if not file.is_file():
        raise FileNotFoundError(f"the model file {name!r} is missing from {file.parent}")
    return file
