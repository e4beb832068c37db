"""The node that takes a sound apart into its stems."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from loopmind.analysis.listening.separation import LIGHT, LIGHT_MODEL, separate
from loopmind.analysis.listening.separators import open_separator
from loopmind.files.digest import file_digest
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.music.audio import Audio
from loopmind.music.stems import Stems


def _model_file(controls: Mapping[str, Any]) -> str:
    path = Path(controls.get("model") or LIGHT)
    return file_digest(path) if path.is_file() else ""


@node(
    id="loopmind.separate_stems",
    category="Analysis",
    output="stems",
    cache="disk",
    touches_files=True,
    fingerprint=_model_file,
    models=(LIGHT_MODEL,),
)
def separate_stems(
    audio: Audio,
    context: Context,
    stems: Annotated[tuple[str, ...], "drums, bass, vocals, other; none named: all."] = (),
    model: Annotated[
        str, "light, htdemucs, htdemucs_ft, htdemucs_6s, or the path of a model file."
    ] = LIGHT,
    gpu: Annotated[bool, "Use an NVIDIA GPU where one works."] = True,
) -> Stems:
    """Take a mix apart into drums, bass, vocals and other (with htdemucs_6s also guitar, keys).

    sum of all stems = mix, at the rate and with the channels of the mix. "other" is what the
    rest leaves. Errors: an unknown stem or model, weights that are missing, cut off or altered.
    """
    separator = open_separator(model, gpu=gpu)

    def progress(done: int, total: int) -> None:
        context.step(done // audio.rate_hz, max(1, total // audio.rate_hz), separator.label)

    return separate(audio, separator, stems, progress)
