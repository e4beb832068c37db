"""`loopmind new-node`: starts a plugin package with one working node and a test that passes."""

from __future__ import annotations

import argparse
import keyword
import re
from pathlib import Path

from loopmind.commands import _stream_template
from loopmind.errors import LoopMindError, UsageError

_PYPROJECT = """\
[build-system]
requires = ["setuptools>=64"]
build-backend = "setuptools.build_meta"

[project]
name = "{project}"
version = "0.1.0"
description = "A LoopMind plugin with the node '{title}'."
requires-python = ">=3.10"
dependencies = ["loopmind"]

[project.entry-points."loopmind.nodes"]
{name} = "{package}"

[tool.setuptools]
packages = ["{package}"]
"""

_INIT = '''\
"""LoopMind nodes of this plugin, one file each; the file is called like the node."""
'''

_NODE = '''\
"""The node '{title}'."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.audio import Audio


@node(id="{package}.{name}", category="Plugins")
def {name}(
    sound: Audio,
    gain_db: Annotated[float, Range(-24.0, 24.0, unit="dB"), "How loud."] = 0.0,
) -> Audio:
    """Make a sound louder or softer: every sample times 10 ** (gain_db / 20)."""
    factor = np.float32(10.0 ** (gain_db / 20.0))
    return Audio(sound.samples * factor, sound.rate_hz)
'''

_TEST = '''\
"""The node keeps its word, and LoopMind finds it."""

from __future__ import annotations

import numpy as np
import pytest
from loopmind.graph.document import Graph
from loopmind.graph.registry import Registry
from loopmind.graph.testing import check_node
from loopmind.music.audio import Audio

from {package}.{name} import {name}


def test_six_decibels_double_the_samples() -> None:
    sound = Audio(np.linspace(-0.5, 0.5, 64, dtype=np.float32).reshape(2, 32), 44100)
    outputs = check_node({name}, sound=sound, gain_db=20.0 * float(np.log10(2.0)))
    assert outputs["out"].samples == pytest.approx(2.0 * sound.samples, abs=1e-6)


def test_the_package_brings_the_node() -> None:
    id = "{package}.{name}"
    registry = Registry(entry_points=[("plugin", "{package}")], folder="none")
    assert registry.get(id).schema.title == "{title}"
    assert registry.problems == ()
    graph = Graph(registry=registry).with_node("first", id, gain_db=-6.0)
    assert graph.control_value("first", "gain_db") == -6.0
'''

_README = """\
# {title}

A plugin for LoopMind with one node, `{package}.{name}`.

    pip install -e .
    loopmind nodes {name}
    python -m pytest

The node is the function in `{package}/{name}.py`: its parameters are inputs and controls, its
return annotation is the output, its docstring the help. A further node is a further file in
`{package}/`, called like its function. Raise `version` in `@node(...)` whenever the same inputs
give another result, so that remembered results are made again.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", metavar="NAME", help="name of the node, such as soft_clip")
    parser.add_argument(
        "--out", metavar="DIR", default=".", help="make the package's folder in here (default: .)"
    )
    parser.add_argument(
        "--stream", action="store_true",
        help="a node that sounds: with a kernel that runs while playing",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Write the package and say what to do next."""
    folder = scaffold(args.name, Path(args.out), stream=args.stream)
    print(f"made {folder}")
    print(f"next: cd {folder} && pip install -e . && python -m pytest")
    return 0


def scaffold(name: str, out: Path, *, stream: bool = False) -> Path:
    """Write a plugin package for the node `name` below `out`; gives its folder.

    stream: a node with a kernel of its own instead of one that makes values.

    Raises UsageError for a name that cannot be a function's, LoopMindError where the folder
    exists already or cannot be written.
    """
    name = name.strip().replace("-", "_").lower()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise UsageError(
            f"{name!r} cannot be the name of a node; use small letters, digits and '_', "
            "beginning with a letter, such as soft_clip"
        )
    package = f"loopmind_{name}"
    words = {
        "name": name,
        "package": package,
        "project": package.replace("_", "-"),
        "title": name.replace("_", " ").capitalize(),
        "unit": name.upper(),
    }
    folder = out / words["project"]
    files = {
        "pyproject.toml": _PYPROJECT,
        "README.md": _README,
        f"{package}/__init__.py": _INIT,
        f"{package}/{name}.py": _NODE,
        f"tests/test_{name}.py": _TEST,
    }
    if stream:
        files |= {
            "README.md": _stream_template.README,
            "hear.json": _stream_template.GRAPH,
            f"{package}/{name}.py": _stream_template.NODE,
            f"tests/test_{name}.py": _stream_template.TEST,
        }
    if folder.exists():
        raise LoopMindError(f"{folder} exists already; choose another name or --out")
    try:
        for relative, text in files.items():
            file = folder / relative
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.format(**words), encoding="utf-8")
    except OSError as error:
        raise LoopMindError(
            f"cannot write {folder}: {error.strerror or error}; choose another --out"
        ) from error
    return folder
