"""Which separator a name means: the light model, another of its kind, or a Demucs model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from loopmind.analysis.listening.separation import LIGHT, LightSeparator, Separator
from loopmind.analysis.models import ModelError
from loopmind.errors import UsageError

DEMUCS_NAMES = ("htdemucs", "htdemucs_ft", "htdemucs_6s")
_DEMUCS_SUFFIXES = (".th", ".yaml", ".yml", ".safetensors")


def open_separator(
    model: str = LIGHT,
    *,
    threads: int = 2,
    gpu: bool = True,
    download: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Separator:
    """The separator that `model` names: "light", one of DEMUCS_NAMES, or the path of a file.

    download: may fetch the weights of a named model that are not there; `progress` is then
    called with (bytes done, bytes in all). Raises UsageError for a name that is none, ModelError.
    """
    if model == LIGHT:
        return LightSeparator(threads=threads, gpu=gpu)
    if model in DEMUCS_NAMES:
        from loopmind.analysis.listening import demucs_model

        if download and not demucs_model.cached(model):
            demucs_model.fetch(model, progress)
        return demucs_model.DemucsSeparator(model, threads=threads, gpu=gpu)
    path = Path(model)
    if path.suffix == ".onnx":
        return LightSeparator(path, threads=threads, gpu=gpu)
    if path.suffix in _DEMUCS_SUFFIXES:
        from loopmind.analysis.listening.demucs_model import DemucsSeparator

        return DemucsSeparator(path, threads=threads, gpu=gpu)
    if path.exists():
        raise ModelError(
            f"{model} is no model that LoopMind knows; name an .onnx file of its own, or a .th, "
            ".safetensors or .yaml file of Demucs"
        )
    known = ", ".join((LIGHT, *DEMUCS_NAMES))
    raise UsageError(f"there is no model {model!r}; choose from {known}, or name a model file")
