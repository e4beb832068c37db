"""The user's own fine-tuned models: kept, put to use, and taken out of use again.

    models/active.json                    which folder is in use, and what was before it
    models/NAME/DIGEST/NAME.onnx, NAME.md one fine-tuned model and its card, never overwritten

A model is written whole before `active.json` names it, and that file changes in one step: a kill
at any moment leaves the model of before in use. `places.model_file` reads it.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from loopmind.errors import LoopMindError
from loopmind.files.atomic import atomic_write
from loopmind.files.digest import file_digest
from loopmind.files.places import ACTIVE_NAME, models_in_use, own_models_state, user_models

SHIPPED = "shipped"
_KEPT = 5


@dataclass(frozen=True)
class OwnModels:
    """What is known of one model: the folder in use (SHIPPED for none), and what was before it.

    mine: the folders of all that were fine-tuned, the newest first.
    """

    name: str
    use: str
    before: tuple[str, ...]
    mine: tuple[str, ...]


def own_models(name: str) -> OwnModels:
    """What the user has of the model `name` ("tagger")."""
    state = own_models_state()
    folder = user_models() / name
    mine = [entry for entry in _list(state.get("made"), name) if (folder / entry).is_dir()]
    before = [e for e in _list(state.get("before"), name) if e == SHIPPED or e in mine]
    use = models_in_use().get(name, SHIPPED)
    return OwnModels(name, use if use in mine else SHIPPED, tuple(before), tuple(mine))


def keep_model(name: str, files: list[Path]) -> str:
    """Keep `files` (the model first, named as shipped, and its card) as one more own model.

    It is not put to use. Gives its folder's name. Raises OutputError.
    """
    folder = file_digest(files[0])[:16]
    place = user_models() / name / folder
    for file in files:
        atomic_write(place / file.name, file.read_bytes())
    made = [folder, *(entry for entry in own_models(name).mine if entry != folder)]
    state = own_models_state()
    _write(state, "made", name, made)
    return folder


def use_model(name: str, which: str) -> OwnModels:
    """Put the own model in folder `which`, "mine" (the newest) or SHIPPED to use.

    Raises LoopMindError where there is none.
    """
    held = own_models(name)
    if which == "mine":
        if not held.mine:
            raise LoopMindError(
                f"there is no {name} of your own yet; make one: loopmind learn {name} --from FOLDER"
            )
        which = held.mine[0]
    if which != SHIPPED and which not in held.mine:
        known = ", ".join((SHIPPED, *held.mine))
        raise LoopMindError(f"there is no {name} {which!r}; choose from {known}")
    if which != held.use:
        _switch(name, which, (held.use, *held.before)[:_KEPT])
    return own_models(name)


def undo_model(name: str) -> OwnModels:
    """Put to use what was in use before. Raises LoopMindError where nothing was."""
    held = own_models(name)
    if not held.before:
        raise LoopMindError(f"the {name} in use was never changed; there is nothing to undo")
    _switch(name, held.before[0], held.before[1:])
    return own_models(name)


def forget_models(name: str) -> None:
    """Remove what is neither in use nor among the last few that were."""
    held = own_models(name)
    keep = {held.use, *held.before, *held.mine[:_KEPT]}
    state = own_models_state()
    _write(state, "made", name, [entry for entry in held.mine if entry in keep])
    for entry in held.mine:
        if entry not in keep:
            with suppress(OSError):
                shutil.rmtree(user_models() / name / entry)


def _switch(name: str, which: str, before: tuple[str, ...]) -> None:
    state = own_models_state()
    use = {k: v for k, v in models_in_use().items() if k != name}
    if which != SHIPPED:
        use[name] = which
    state["use"] = use
    _write(state, "before", name, list(before))


def _list(table: object, name: str) -> list[str]:
    found = table.get(name) if isinstance(table, dict) else None
    return [str(entry) for entry in found] if isinstance(found, list) else []


def _write(state: dict[str, object], part: str, name: str, entries: list[str]) -> None:
    held = state.get(part)
    table: dict[str, object] = dict(held) if isinstance(held, dict) else {}
    table[name] = entries
    text = json.dumps({**state, part: table}, indent=2, sort_keys=True) + "\n"
    atomic_write(user_models() / ACTIVE_NAME, text.encode())
