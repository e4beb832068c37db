"""Where things lie: the user's library, cache and plugins, and presets and models, shipped or own.

The environment variable LOOPMIND_HOME, where set, holds all of the user's places.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

ACTIVE_NAME = "active.json"
# The model that a file belongs to, where they are called differently. Words point to where the
# tagger in use lays sounds: of another tagger they would mislead.
_MODEL_OF = {"words": "tagger", "notes": "transcriber"}
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


def user_models() -> Path:
    """Folder of the models that the user fine-tuned; `files.own_models` says what lies in it."""
    return _data() / "models"


def own_models_state() -> dict[str, object]:
    """What ACTIVE_NAME in `user_models()` holds; nothing where it cannot be read."""
    try:
        read = json.loads((user_models() / ACTIVE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def models_in_use() -> dict[str, str]:
    """Model name ("tagger") -> folder below `user_models()` of the own one that is in use.

    What cannot be read counts as none in use: then what is shipped works.
    """
    use = own_models_state().get("use")
    if not isinstance(use, dict):
        return {}
    return {str(k): v for k, v in use.items() if isinstance(v, str) and _is_plain(v)}


def _is_plain(folder: str) -> bool:
    return bool(folder) and folder not in (".", "..") and not set(folder) & set("/\\:")


def model_file(name: str) -> Path:
    """Path of the model file `name` ("tagger.onnx"): the user's own if in use, else the shipped.

    What was learned along with another model ("words.npz" with the tagger) is in use with it.
    Raises FileNotFoundError.
    """
    stem = name.partition(".")[0]
    model = _MODEL_OF.get(stem, stem)
    own = models_in_use().get(model)
    if own is not None:
        file = user_models() / model / own / name
        if file.is_file():
            return file
    return shipped_model_file(name)


def shipped_models() -> Path:
    """Folder of the models that LoopMind ships."""
    return _shipped("models")


def shipped_model_file(name: str) -> Path:
    """Path of the model file `name` as LoopMind ships it. Raises FileNotFoundError."""
    file = _shipped("models") / name
    if not file.is_file():
        raise FileNotFoundError(f"the model file {name!r} is missing from {file.parent}")
    return file
