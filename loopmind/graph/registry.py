"""Which nodes exist: found through entry points and the user's plugin folder, imported when used.

A node is declared in a file of its own name, so a package of nodes is known by listing its files;
nothing of it is imported before one of its nodes is asked for.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType

from loopmind.graph.errors import DuplicateNodeError, UnknownNodeError
from loopmind.graph.node import NodeSpec, spec_of

GROUP = "loopmind.nodes"
BUILT_IN = "loopmind.nodes"
PRIVATE_PREFIX = "loopmind_user_plugin_"


@dataclass(frozen=True)
class PluginProblem:
    """A plugin, or one file of it, that could not be used; everything else works on."""

    name: str
    reason: str


@dataclass
class _Source:
    """One importable module that holds nodes. `stem` is the node name it is known to hold."""

    name: str
    stem: str | None
    module: str
    file: Path | None = None
    loaded: bool = False


class Registry:
    """All nodes of an installation. Thread-safe; asks nothing of a plugin before it is needed.

    entry_points: (name, module) pairs, by default those installed in the group `loopmind.nodes`.
    folder: the user's plugin folder, by default `files.places.user_plugins()`.
    """

    def __init__(
        self,
        *,
        entry_points: Iterable[tuple[str, str]] | None = None,
        folder: str | Path | None = None,
    ) -> None:
        self._entry_points = None if entry_points is None else tuple(entry_points)
        self._folder = None if folder is None else Path(folder)
        self._lock = threading.RLock()
        self._sources: list[_Source] | None = None
        self._specs: dict[str, NodeSpec] = {}
        self._problems: list[PluginProblem] = []

    def add(self, *functions: object) -> Registry:
        """Register node functions that are already at hand (tests, scripts). Returns itself."""
        for function in functions:
            spec = spec_of(function)
            if spec is None:
                raise UnknownNodeError(f"{function!r} is not declared with @node")
            self._register(spec)
        return self

    def get(self, id: str) -> NodeSpec:
        """The node `id`. Raises UnknownNodeError, or DuplicateNodeError naming both sources."""
        with self._lock:
            spec = self._specs.get(id)
            if spec is not None:
                return spec
            stem = id.rpartition(".")[2]
            for source in self._list():
                if source.stem == stem:
                    self._load(source)
            if id not in self._specs:
                self._load_all()
            spec = self._specs.get(id)
        if spec is None:
            raise UnknownNodeError(
                f"there is no node {id!r}; install the plugin that brings it, "
                "or see 'loopmind nodes' for those that exist"
            )
        return spec

    def find(self, id: str) -> NodeSpec | None:
        """The node `id`, or None where no plugin brings it."""
        try:
            return self.get(id)
        except UnknownNodeError:
            return None

    def all(self) -> tuple[NodeSpec, ...]:
        """Every node, by category and title. Imports all plugins."""
        with self._lock:
            self._load_all()
            specs = self._specs.values()
            return tuple(sorted(specs, key=lambda s: (s.schema.category, s.schema.title, s.id)))

    def known(self) -> tuple[str, ...]:
        """Names of nodes that are known without importing anything, sorted."""
        with self._lock:
            stems = {source.stem for source in self._list() if source.stem is not None}
        return tuple(sorted(stems))

    @property
    def problems(self) -> tuple[PluginProblem, ...]:
        """What could not be used so far; complete after `all()`."""
        with self._lock:
            self._list()
            return tuple(self._problems)

    def problem_of(self, id: str) -> PluginProblem | None:
        """Why the file that is called like the node `id` could not be loaded, if it was tried."""
        stem = id.rpartition(".")[2]
        with self._lock:
            for problem in self._problems:
                if problem.name.endswith((f".{stem})", f"{stem}.py)")):
                    return problem
        return None

    def _register(self, spec: NodeSpec) -> None:
        known = self._specs.get(spec.id)
        if known is not None and known.function is not spec.function:
            raise DuplicateNodeError(
                f"two nodes are called {spec.id!r}: {known.source} and {spec.source}; "
                "remove one of the plugins or rename its node"
            )
        self._specs[spec.id] = spec

    def _list(self) -> list[_Source]:
        if self._sources is None:
            self._sources = []
            pairs = self._entry_points
            for name, module in _installed() if pairs is None else pairs:
                self._sources += self._sources_of_module(name, module)
            self._sources += self._sources_of_folder()
        return self._sources

    def _sources_of_module(self, name: str, module: str) -> list[_Source]:
        try:
            spec = importlib.util.find_spec(module)
        except Exception as error:  # a plugin's own parent package may fail in any way
            self._report(name, error)
            return []
        if spec is None:
            self._problems.append(PluginProblem(name, f"the module {module!r} is not installed"))
            return []
        if spec.submodule_search_locations is None:
            return [_Source(name, None, module)]
        stems = sorted(
            file.stem
            for location in spec.submodule_search_locations
            for file in Path(location).glob("*.py")
            if not file.stem.startswith("_")
        )
        if not stems:
            return [_Source(name, None, module)]
        return [_Source(name, stem, f"{module}.{stem}") for stem in stems]

    def _sources_of_folder(self) -> list[_Source]:
        if self._folder is None:
            from loopmind.files.places import user_plugins

            self._folder = user_plugins()
        if not self._folder.is_dir():
            return []
        found = []
        for entry in sorted(self._folder.iterdir()):
            if entry.name.startswith(("_", ".")):
                continue
            if entry.suffix == ".py":
                found.append(_Source(entry.name, entry.stem, _private_name(entry), entry))
            elif (entry / "__init__.py").is_file():
                for file in sorted(entry.glob("*.py")):
                    if not file.stem.startswith("_"):
                        name = f"{entry.name}/{file.name}"
                        module = f"{_private_name(entry)}.{file.stem}"
                        found.append(_Source(name, file.stem, module, file))
        return found

    def _load_all(self) -> None:
        for source in self._list():
            self._load(source)

    def _load(self, source: _Source) -> None:
        if source.loaded:
            return
        source.loaded = True
        try:
            module = _import(source)
        except (Exception, SystemExit) as error:  # whatever a plugin does on import
            self._report(f"{source.name} ({source.module})", error)
            return
        specs = [
            spec
            for value in vars(module).values()
            if (spec := spec_of(value)) is not None and spec.function.__module__ == module.__name__
        ]
        if not specs and source.module != BUILT_IN:
            reason = "it declares no node; decorate a function with @node"
            self._problems.append(PluginProblem(f"{source.name} ({source.module})", reason))
        for spec in specs:
            self._register(spec)

    def _report(self, name: str, error: BaseException) -> None:
        text = str(error).strip() or "no message"
        self._problems.append(PluginProblem(name, f"{type(error).__name__}: {text}"))


def _installed() -> tuple[tuple[str, str], ...]:
    found = {(point.name, point.value) for point in metadata.entry_points(group=GROUP)}
    if BUILT_IN not in {module for _, module in found}:
        found.add(("builtin", BUILT_IN))  # a checkout on the path without its metadata
    return tuple(sorted(found, key=lambda pair: (pair[1] != BUILT_IN, pair)))


def _private_name(file: Path) -> str:
    digest = hashlib.blake2b(str(file).encode(), digest_size=4).hexdigest()
    return f"{PRIVATE_PREFIX}{digest}_{file.stem if file.suffix == '.py' else file.name}"


def _import(source: _Source) -> ModuleType:
    if source.file is not None:
        return import_file(source.module, source.file)
    return importlib.import_module(source.module)


def import_file(module: str, file: Path) -> ModuleType:
    """Import `file` under the name `module`; "package.name" makes its folder the package."""
    package, _, _ = module.rpartition(".")
    if package:
        if package not in sys.modules:
            _execute(package, file.parent / "__init__.py", [str(file.parent)])
        return importlib.import_module(module)
    return _execute(module, file, None)


def _execute(name: str, file: Path, search: list[str] | None) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=search)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@functools.cache
def default_registry() -> Registry:
    """The registry of this installation, made once."""
    return Registry()
