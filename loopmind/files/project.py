"""The project file, song.loopmind: what a song was made from and how, so that it can be made again.

A project is msgpack: the graph document with its controls, the arrangement and mix that it
computed, the sounds used (by content digest, so that a moved file is found again), and the
versions of nodes and digests of models that made it. Audio stays where the user keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack

from loopmind.errors import LoopMindError
from loopmind.files.atomic import atomic_write
from loopmind.music.codec import CodecError, from_plain, to_plain
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song

FORMAT = "loopmind-project"
VERSION = 1
PROJECT_NAME = "song.loopmind"


class ProjectError(LoopMindError):
    """A project file cannot be read or written; the message names the file and the remedy."""


@dataclass(frozen=True)
class Reference:
    """One sound that the song uses: its content digest and where it was last seen."""

    digest: str
    path: str


@dataclass(frozen=True, eq=False)
class Project:
    """Everything needed to make the song again, or to go on working on it.

    graph: the graph document as plain data. node_versions: version by node type.
    model_digests: content digest by model file name.
    """

    graph: dict[str, Any]
    song: Song
    palette: Palette
    mix: Mix
    references: tuple[Reference, ...]
    node_versions: dict[str, int]
    model_digests: dict[str, str]


def write_project(path: Path, project: Project) -> Path:
    """Write `project` to `path`, whole or not at all. Raises OutputError where the disk refuses."""
    packed = msgpack.packb(
        {
            "format": FORMAT,
            "version": VERSION,
            "graph": project.graph,
            "song": to_plain(project.song),
            "palette": to_plain(project.palette),
            "mix": to_plain(project.mix),
            "references": to_plain(project.references),
            "node_versions": dict(sorted(project.node_versions.items())),
            "model_digests": dict(sorted(project.model_digests.items())),
        }
    )
    atomic_write(path, packed)
    return path


def read_project(path: Path) -> Project:
    """Read the project at `path`. Raises ProjectError where it is missing, cut or too new."""
    try:
        data = msgpack.unpackb(Path(path).read_bytes(), strict_map_key=False)
    except OSError as error:
        raise ProjectError(f"cannot read {path}: {error.strerror}; check the path") from error
    except ValueError as error:
        raise ProjectError(
            f"{path} is damaged or no LoopMind project; use an older copy of it"
        ) from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ProjectError(f"{path} is no LoopMind project; choose a file ending in .loopmind")
    if data["version"] > VERSION:
        raise ProjectError(
            f"{path} was written by a newer LoopMind (project version {data['version']}, "
            f"this one reads up to {VERSION}); update LoopMind to open it"
        )
    try:
        return Project(
            graph=data["graph"],
            song=from_plain(Song, data["song"]),
            palette=from_plain(Palette, data["palette"]),
            mix=from_plain(Mix, data["mix"]),
            references=tuple(from_plain(Reference, item) for item in data["references"]),
            node_versions=dict(data["node_versions"]),
            model_digests=dict(data["model_digests"]),
        )
    except (KeyError, TypeError, CodecError) as error:
        raise ProjectError(f"{path} is damaged ({error}); use an older copy of it") from error
