"""The node that measures how somebody makes songs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from loopmind.analysis import reference
from loopmind.analysis.hear import LONGEST_S
from loopmind.analysis.models import MODELS
from loopmind.compose.style import style_of_audio, style_of_project
from loopmind.errors import LoopMindError
from loopmind.files.decode import AudioFileError, read_audio
from loopmind.files.digest import file_digest
from loopmind.files.project import PROJECT_NAME, read_project
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.music.reference import Reference
from loopmind.music.style import SongStyle, Style

_PROJECT_SUFFIX = Path(PROJECT_NAME).suffix


def _content(controls: Mapping[str, Any]) -> str:
    """The digests of the files, so that equal ones are not heard again."""
    files = [Path(file) for file in controls.get("songs") or ()]
    return " ".join(file_digest(file) if file.is_file() else "missing" for file in files)


@node(
    id="loopmind.hear_style",
    category="Analysis",
    output="style",
    cache="disk",
    touches_files=True,
    fingerprint=_content,
    models=MODELS,
)
def hear_style(
    songs: Annotated[tuple[Path, ...], "Finished songs: audio files or LoopMind projects."],
    context: Context,
) -> Style:
    """Measure finished songs: tempo, key, form, tone, loudness; of projects also who plays where.

    Files that cannot be used are told of and left out. Errors: no file that can be used.
    """
    found: list[SongStyle] = []
    problems: list[str] = []
    for number, song in enumerate(songs):
        context.step(number, len(songs), song.name)
        try:
            found.append(_style_of(song, context))
        except (LoopMindError, AudioFileError) as error:
            problems.append(str(error))
    if not found:
        why = problems[0] if problems else "no song was named"
        raise LoopMindError(f"there is nothing to measure a style of: {why}")
    for problem in problems:
        context.note(problem)
    return Style(tuple(found))


def _style_of(song: Path, context: Context) -> SongStyle:
    if not song.is_file():
        raise LoopMindError(f"there is no file {song}; check the path")
    if song.suffix == _PROJECT_SUFFIX:
        return style_of_project(song.parent.name or song.stem, read_project(song).draft())
    digest = file_digest(song)

    def hear() -> Reference:
        audio = read_audio(song, max_seconds=LONGEST_S)
        return reference.hear_reference(audio, name=song.name, digest=digest)

    return style_of_audio(context.remember((digest, song.name), "reference", hear))
