"""The bundle: a project and the sounds that it plays in one file, which opens on any machine.

A zip archive, uncompressed: song.loopmind, and sounds/DIGEST/NAME for each sound by its content.
In the bundled project every path is relative, so nothing of the sender's folders goes along.
Unpacking trusts nothing: other names are refused, contents are checked by their digests.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import IO

from loopmind.files.atomic import atomic_path, output_error
from loopmind.files.digest import DIGEST_BYTES
from loopmind.files.project import (
    PROJECT_NAME,
    Project,
    ProjectDamagedError,
    ProjectError,
    Reference,
    pack_project,
    read_project,
)
from loopmind.music.edit import Edit, SetMacro
from loopmind.music.history import Revision

SOUNDS = "sounds"
_MEMBER = re.compile(r"sounds/([0-9a-f]{32})/([^/\\:]{1,120})")
_TIME = (1980, 1, 1, 0, 0, 0)  # the same contents make the same bytes
_BLOCK_BYTES = 1 << 20
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def write_bundle(
    out: Path,
    project: Project,
    sounds: Mapping[str, Path],
    *,
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[str, ...]:
    """Write `project` with `sounds` (by digest) to `out`, whole or not at all.

    Gives the digests of those whose files no longer hold what they should; they are left out.
    Raises OutputError.
    """
    changed: list[str] = []
    inside: dict[str, str] = {}
    with atomic_path(out) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for number, digest in enumerate(sorted(sounds)):
            path = sounds[digest]
            if progress is not None:
                progress(number, len(sounds), path.name)
            name = f"{SOUNDS}/{digest}/{_safe_name(path.name)}"
            if _add(archive, name, path, digest):
                inside[digest] = name
            else:
                changed.append(digest)
        data = pack_project(_without_places(project, inside))
        archive.writestr(_info(PROJECT_NAME), data)
    return tuple(changed)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _TIME)
    info.external_attr = 0o644 << 16
    info.create_system = 3
    return info


def _add(archive: zipfile.ZipFile, name: str, path: Path, digest: str) -> bool:
    """Add a file if it still holds what it should."""
    try:
        with path.open("rb") as source:
            if _digest(source) != digest:
                return False
            source.seek(0)
            with archive.open(_info(name), "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, _BLOCK_BYTES)
            return True
    except FileNotFoundError:
        return False


def _digest(stream: IO[bytes]) -> str:
    state = blake2b(digest_size=DIGEST_BYTES)
    while block := stream.read(_BLOCK_BYTES):
        state.update(block)
    return state.hexdigest()


def _safe_name(name: str) -> str:
    """A file name that every system takes, with its extension."""
    stem, dot, suffix = name.rpartition(".")
    clean = re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", stem if dot else name).strip(". ") or "sound"
    if _RESERVED.fullmatch(clean):
        clean = f"_{clean}"
    tail = re.sub(r"[^A-Za-z0-9]", "", suffix)[:8] if dot else ""
    while len(clean.encode()) > 100:
        clean = clean[:-1]
    return f"{clean}.{tail}" if tail else clean


def _without_places(project: Project, inside: Mapping[str, str]) -> Project:
    """The project with paths within the bundle, and none of the sender's."""
    paths = {r.digest: inside.get(r.digest, Path(r.path).name) for r in project.references}
    heard = project.heard_loops()
    made = replace(
        project,
        references=tuple(Reference(r.digest, paths[r.digest]) for r in project.references),
        place="",
    )
    made = made.with_sounds(replace(loop, path=paths[d]) for d, loop in heard.items())
    for revision in project.graphs:
        document = project.graph(revision)
        macros = {
            name: _without_place(name, macro) for name, macro in document.get("macros", {}).items()
        }
        made = made.with_graph(revision, {**document, "macros": macros})
    steps = tuple(_without_own_paths(project, step) for step in project.history.revisions)
    return replace(made, history=replace(project.history, revisions=steps))


def _without_own_paths(project: Project, step: Revision) -> Revision:
    """A revision whose edits and words name no folder of the sender's, but the bundle's own."""
    edits: list[Edit] = []
    words = step.words
    for edit in step.edits:
        if isinstance(edit, SetMacro):
            macro = project.graph(step.id).get("macros", {}).get(edit.name, {})
            if str(macro.get("type")).startswith("path"):
                paths = edit.value if isinstance(edit.value, tuple) else (edit.value,)
                for path in paths:
                    if isinstance(path, str) and path:
                        words = words.replace(path, Path(path).name)
                own = (SOUNDS,) if macro["type"] == "path[]" else None
                edit = replace(edit, value=own)
        edits.append(edit)
    return replace(step, edits=tuple(edits), words=words)


def _without_place(name: str, macro: dict[str, object]) -> dict[str, object]:
    if macro.get("type") == "path[]":
        return {**macro, "value": [SOUNDS]}
    if macro.get("type") == "path":
        kept = {key: value for key, value in macro.items() if key != "value"}
        return {**kept, "value": "."} if name == "out" else kept
    return macro


def unpack_bundle(path: Path) -> Path:
    """The project of a bundle, unpacked into the folder of its name beside it.

    What was unpacked there before is opened again, not overwritten. Raises ProjectError for what
    is no bundle, damaged, or holds what a bundle does not; OutputError.
    """
    folder = path.with_suffix("")
    if (folder / PROJECT_NAME).is_file():
        return folder / PROJECT_NAME
    number = 2
    while folder.exists():
        folder = path.with_name(f"{path.stem}-{number}")
        if (folder / PROJECT_NAME).is_file():
            return folder / PROJECT_NAME
        number += 1
    try:
        with zipfile.ZipFile(path) as archive:
            _unpack(archive, path, folder)
    except zipfile.BadZipFile as error:
        raise ProjectDamagedError(
            f"{path} is damaged or no bundle ({error}); ask for it again"
        ) from error
    except (NotImplementedError, RuntimeError, EOFError) as error:  # encrypted, odd, cut
        raise ProjectError(f"{path} cannot be unpacked ({error}); ask for it again") from error
    except FileNotFoundError as error:
        raise ProjectError(f"cannot read {path}: {error.strerror}; check the path") from error
    except OSError as error:
        raise output_error(folder, error) from error
    return folder / PROJECT_NAME


def _unpack(archive: zipfile.ZipFile, path: Path, folder: Path) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    if PROJECT_NAME not in names or len(set(names)) != len(names):
        raise ProjectError(f"{path} is no bundle: it holds no project; choose another file")
    for member in members:
        found = _MEMBER.fullmatch(member.filename)
        good = member.filename == PROJECT_NAME or (
            found is not None and found.group(2) == _safe_name(found.group(2))
        )
        kind = member.external_attr >> 28  # the file type of Unix: 0 unsaid, 8 a plain file
        if not good or kind not in (0, 8) or member.compress_type != zipfile.ZIP_STORED:
            raise ProjectError(
                f"{path} holds {member.filename!r}, which no bundle of LoopMind does; "
                "nothing was unpacked; do not use it"
            )
    space = shutil.disk_usage(path.parent).free
    needed = sum(member.file_size for member in members)
    if needed > space:
        raise ProjectError(
            f"{path} needs {needed >> 20} MB, and {space >> 20} MB are free; free some space"
        )
    temporary = Path(tempfile.mkdtemp(prefix=".loopmind-unpack-", dir=path.parent))
    try:
        for member in members:
            _extract(archive, member, path, temporary)
        read_project(temporary / PROJECT_NAME)
        temporary.chmod(0o755)
        os.rename(temporary, folder)  # noqa: PTH104 - as a whole or not at all
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, folder: Path) -> None:
    target = folder / PurePosixPath(member.filename)
    target.parent.mkdir(parents=True, exist_ok=True)
    state = blake2b(digest_size=DIGEST_BYTES)
    with archive.open(member) as source, target.open("xb") as stream:
        while block := source.read(_BLOCK_BYTES):
            state.update(block)
            stream.write(block)
    found = _MEMBER.fullmatch(member.filename)
    if found is not None and state.hexdigest() != found.group(1):
        raise ProjectDamagedError(
            f"{path} is damaged: {member.filename} is not what was packed; ask for it again"
        )
