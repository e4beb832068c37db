"""Finding nodes: lazily, singly, visibly, and never two of one name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from graph_nodes import add

from loopmind.graph.errors import DuplicateNodeError, UnknownNodeError
from loopmind.graph.registry import Registry

NODE = '''
"""A node."""
from loopmind.graph.node import node
{extra}
@node(id="{id}", category="Test")
def {name}(value: float = 0.0) -> float:
    """Doubles."""
    return 2 * value
'''


def write_node(file: Path, id: str, extra: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(NODE.format(id=id, name=id.rpartition(".")[2], extra=extra))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An importable package with the nodes `first` and `second` and a broken one."""
    name = f"plugin_{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / "site" / name
    write_node(folder / "first.py", "plug.first")
    write_node(folder / "second.py", "plug.second", "from ._shared import HALF")
    write_node(folder / "broken.py", "plug.broken", "import not_installed_anywhere")
    (folder / "_shared.py").write_text("HALF = 0.5")
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return name


def test_nothing_is_imported_before_it_is_asked_for(package: str) -> None:
    registry = Registry(entry_points=[("plug", package)], folder="none")
    assert registry.known() == ("broken", "first", "second")
    assert f"{package}.first" not in sys.modules
    assert registry.get("plug.first").function(2.0) == 4.0
    assert f"{package}.first" in sys.modules
    assert f"{package}.second" not in sys.modules
    assert registry.problems == ()


def test_a_broken_file_is_reported_and_the_rest_works(package: str) -> None:
    points = [("plug", package), ("gone", "no_such_module_at_all"), ("half", "no.such.module")]
    registry = Registry(entry_points=points, folder="none")
    assert [spec.id for spec in registry.all()] == ["plug.first", "plug.second"]
    reasons = {problem.name: problem.reason for problem in registry.problems}
    assert "not_installed_anywhere" in reasons[f"plug ({package}.broken)"]
    assert "not installed" in reasons["gone"]
    assert "half" in reasons
    assert registry.find("plug.broken") is None
    with pytest.raises(UnknownNodeError, match="loopmind nodes"):
        registry.get("plug.third")


def test_the_user_folder_takes_files_and_packages(tmp_path: Path) -> None:
    write_node(tmp_path / "single.py", "mine.single")
    write_node(tmp_path / "pack" / "inside.py", "mine.inside", "from .helper import HALF")
    (tmp_path / "pack" / "helper.py").write_text("HALF = 0.5")
    (tmp_path / "pack" / "__init__.py").write_text("")
    (tmp_path / "exits.py").write_text("import sys; sys.exit(3)")
    (tmp_path / "empty.py").write_text("x = 1")
    (tmp_path / "notes.txt").write_text("not a plugin")
    registry = Registry(entry_points=(), folder=tmp_path)
    assert registry.get("mine.inside").function(1.0) == 2.0
    assert {spec.id for spec in registry.all()} == {"mine.single", "mine.inside"}
    reasons = "; ".join(f"{p.name}: {p.reason}" for p in registry.problems)
    assert "SystemExit: 3" in reasons and "empty.py" in reasons and "no node" in reasons


def test_duplicate_ids_raise_and_name_both(package: str, tmp_path: Path) -> None:
    write_node(tmp_path / "user" / "first.py", "plug.first")
    registry = Registry(entry_points=[("plug", package)], folder=tmp_path / "user")
    with pytest.raises(DuplicateNodeError, match=rf"{package}\.first.*loopmind_user_plugin"):
        registry.get("plug.first")
    registry = Registry(entry_points=[("plug", package)], folder=tmp_path / "user")
    with pytest.raises(DuplicateNodeError):
        registry.all()


def test_a_node_seen_twice_is_no_duplicate(package: str) -> None:
    registry = Registry(entry_points=[("plug", package), ("again", package)], folder="none")
    assert len(registry.all()) == 2
    assert len(Registry(entry_points=(), folder="none").add(add, add).all()) == 1
    with pytest.raises(UnknownNodeError, match="not declared"):
        Registry(entry_points=(), folder="none").add(len)


def test_built_in_nodes_come_through_the_same_door() -> None:
    registry = Registry(folder="none")
    shipped = Path(__file__).parent.parent / "loopmind" / "nodes"
    stems = {file.stem for file in shipped.glob("*.py") if not file.stem.startswith("_")}
    assert stems <= set(registry.known())
