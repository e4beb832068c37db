"""The arrows between rooms: who may import whom, and which packages stay behind closed doors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "loopmind"

MAY_IMPORT: dict[str, set[str]] = {
    "music": set(),
    "dsp": set(),
    "files": {"music"},
    "analysis": {"music", "dsp", "files"},
    "library": {"music", "analysis", "files"},
    "compose": {"music", "dsp", "files"},
    "assistant": {"music", "compose", "files"},
    "graph": {"music", "files"},
    "runtime": {"graph", "music", "dsp", "files"},
    "learn": {"music", "dsp", "analysis", "files", "compose", "assistant"},
    "present": {"music", "files"},
    "nodes": {
        "music", "dsp", "files", "analysis", "library", "compose", "graph", "runtime", "present",
        "learn",
    },
    "commands": {
        "music", "dsp", "files", "analysis", "library", "compose", "graph", "runtime", "nodes",
        "assistant", "learn", "present", "gui", "cli",
    },
    "gui": {"graph", "runtime", "library", "music", "files"},
}  # fmt: skip
ONLY_IN = {
    "dearpygui": {"gui"},
    "sounddevice": {"runtime"},
    "torch": {"learn", "nodes"},
    "demucs": {"learn", "nodes"},
    "librosa": {"learn"},
    "numba": {"dsp", "runtime", "analysis"},
}
# The one file outside learn/ and nodes/ that runs models of torch.
ALSO_IN = {"analysis/listening/demucs_model.py": {"torch", "demucs"}}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str | None:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else None


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """(imported module, at module level?) for every import statement in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in top
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module, id(node) in top


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_follow_the_arrows(path: Path) -> None:
    room = room_of(path)
    for name, at_top in imports(path):
        parts = name.split(".")
        if parts[0] == "loopmind" and len(parts) > 1 and room is not None:
            target = parts[1]
            if target != room and (PACKAGE / target).is_dir():
                assert target in MAY_IMPORT[room], f"{room} must not import {target} ({path})"
        place = path.relative_to(PACKAGE).as_posix()
        if parts[0] in ONLY_IN and parts[0] not in ALSO_IN.get(place, set()):
            assert room in ONLY_IN[parts[0]], f"{parts[0]} belongs to {ONLY_IN[parts[0]]}: {path}"
        if parts[0] in ("torch", "demucs", "dearpygui"):
            assert not at_top or room in ("learn", "gui"), f"{name} must be imported lazily: {path}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_every_file_says_what_it_holds(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring and docstring.splitlines()[0].endswith((".", ":", "?")), path
