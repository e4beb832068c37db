"""The trained models that hearing uses: found, checked against their cards, opened once.

Every model file lies beside its card: `tagger.onnx` and `tagger.md`. A card holds the line
`| blake2b | HEX |`, the digest of the file as it was judged; weights that were cut off or altered
are refused, because a damaged model fails silently, by hearing nonsense.
"""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from loopmind.errors import LoopMindError
from loopmind.files.digest import file_digest
from loopmind.files.places import model_file, shipped_models, user_models

TAGGER_MODEL = "tagger.onnx"
WORDS_MODEL = "words.npz"
KEY_MODEL = "key.npz"
TEMPO_MODEL = "tempo.npz"
MOODS_MODEL = "moods.npz"
MODELS = (TAGGER_MODEL, KEY_MODEL, TEMPO_MODEL, MOODS_MODEL)

_DIGEST_LINE = re.compile(r"^\|[ \t]*blake2b[ \t]*\|[ \t]*([0-9a-f]+)[ \t]*\|[ \t]*$", re.MULTILINE)
_QUIET = 4  # onnxruntime's severity "fatal": what goes wrong is raised, and told by ModelError
_AGAIN = "install LoopMind again, or name another model"
_sessions: dict[tuple[str, int, int, int, bool], Model] = {}
_opening = threading.Lock()


class ModelError(LoopMindError):
    """A model file cannot be used; the message names it and the remedy."""


class Model:
    """An opened ONNX model. Safe to run from several threads at once.

    inputs, outputs: names in order. notes: what its exporter wrote into the file (str -> str).
    """

    def __init__(self, session: Any, file: Path) -> None:
        self._session = session
        self.file = file
        self.inputs: tuple[str, ...] = tuple(item.name for item in session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(item.name for item in session.get_outputs())
        self.notes: dict[str, str] = dict(session.get_modelmeta().custom_metadata_map)

    def run(
        self, inputs: Mapping[str, NDArray[Any]], outputs: Sequence[str] | None = None
    ) -> list[NDArray[Any]]:
        """The outputs (all, in the model's order, or those named) for `inputs` by name.

        Raises ModelError for inputs that the model does not take: another model's file.
        """
        try:
            found: list[NDArray[Any]] = self._session.run(
                list(outputs) if outputs is not None else None, dict(inputs)
            )
        except Exception as error:  # onnxruntime has no common base of its own errors
            raise ModelError(
                f"the model {self.file} does not fit its use ({_first_line(error)}); "
                f"{_remedy(self.file)}"
            ) from error
        return found


def open_model(name: str | Path, *, threads: int = 1, gpu: bool = False) -> Model:
    """The model `name` ("notes.onnx": the user's own where activated, else the shipped), or a file.

    Of a name, the file must be the one that the card beside it was written for; of a Path, that
    is checked where a card lies beside it. The same file is opened once per process, and again
    where it has changed. `threads`: processor threads of one run. `gpu`: use an NVIDIA GPU where
    one works. Raises ModelError.
    """
    file = name if isinstance(name, Path) else found_model(name)
    try:
        now = file.stat()
    except OSError:
        remedy = "check the path" if isinstance(name, Path) else _AGAIN
        raise ModelError(f"there is no model file {file}; {remedy}") from None
    key = (str(file.resolve()), now.st_mtime_ns, now.st_size, threads, gpu)
    with _opening:
        model = _sessions.get(key)
        if model is None:
            check_digest(file, card_needed=not isinstance(name, Path))
            model = _sessions[key] = open_file(file, threads=threads, gpu=gpu)
    return model


def open_file(file: Path, *, threads: int = 1, gpu: bool = False) -> Model:
    """The model in `file`, unchecked and not kept. Raises ModelError where it is no ONNX model."""
    return Model(_session(file, threads, gpu), file)


def found_model(name: str) -> Path:
    """Path of the model `name`. Raises ModelError where it is missing."""
    try:
        return model_file(name)
    except FileNotFoundError as error:
        raise ModelError(f"{error}; {_AGAIN}") from None


def check_digest(file: Path, *, card_needed: bool = True) -> str:
    """The digest of `file`, once it is known to be what its card says. Raises ModelError."""
    remedy = _remedy(file, ours=card_needed)
    try:
        digest = file_digest(file)
        card = card_of(file)
        text = card.read_text(encoding="utf-8") if card.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"the model {file} cannot be read ({error}); {remedy}") from None
    line = _DIGEST_LINE.search(text) if text is not None else None
    if line is None:
        if card_needed:
            raise ModelError(
                f"the model {file} has no card {card} that it was checked by; {remedy}"
            )
    elif line.group(1) != digest:
        raise ModelError(
            f"the model {file} is not the one that {card.name} describes: it was cut off or "
            f"altered; {remedy}"
        )
    return digest


def check_models() -> None:
    """Raise ModelError where one of the models that all hearing needs is missing or altered."""
    for name in MODELS:
        check_digest(found_model(name))


def _remedy(file: Path, *, ours: bool = False) -> str:
    """What to do about a file that cannot be used. ours: known to be LoopMind's, or the user's."""
    folder = user_models()
    if folder in file.parents:
        own = file.relative_to(folder).parts[0]
        return f"go back to the one that LoopMind came with: loopmind learn {own} --use shipped"
    if ours or file.resolve().parent == shipped_models():
        return _AGAIN
    return "copy it again, or name another ONNX file (docs/listening.md tells which)"


def card_of(file: Path) -> Path:
    """Where the card of a model file lies."""
    return file.with_suffix(".md")


def signed_card(text: str, digest: str) -> str:
    """The text of a card with `digest` in its line for it, which is added where there is none."""
    line = f"| blake2b | {digest} |"
    if _DIGEST_LINE.search(text):
        return _DIGEST_LINE.sub(line, text, count=1)
    rows = list(re.finditer(r"^\|.*\|[ \t]*$(?!\n\|)", text, re.MULTILINE))
    if not rows:
        return f"{text.rstrip()}\n\n| | |\n|---|---|\n{line}\n"
    end = rows[0].end()
    return f"{text[:end]}\n{line}{text[end:]}"


def _session(file: Path, threads: int, gpu: bool) -> Any:
    runtime: Any = importlib.import_module("onnxruntime")
    runtime.set_default_logger_severity(_QUIET)
    options = runtime.SessionOptions()
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads sleep: spinning ones would take the cores of the engine that plays.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = ["CPUExecutionProvider"]
    if gpu and _gpu_works():
        runtime.preload_dlls()
        providers.insert(0, "CUDAExecutionProvider")
    try:
        return runtime.InferenceSession(str(file), options, providers=providers)
    except Exception as error:  # onnxruntime has no common base of its own errors
        raise ModelError(
            f"the model {file} is no ONNX model that can be run ({_first_line(error)}); "
            f"{_remedy(file)}"
        ) from error


@lru_cache(maxsize=1)
def _gpu_works() -> bool:
    """Whether onnxruntime was built for CUDA and the driver finds a device."""
    import ctypes
    import os

    runtime: Any = importlib.import_module("onnxruntime")
    if "CUDAExecutionProvider" not in runtime.get_available_providers():
        return False
    try:
        driver = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
        count = ctypes.c_int(0)
        return (
            driver.cuInit(0) == 0
            and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
            and count.value > 0
        )
    except (OSError, AttributeError):
        return False


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return " ".join(lines[0].split())[:200] if lines else type(error).__name__


def read_arrays(name: str) -> dict[str, NDArray[np.float32]]:
    """The arrays of the model file `name` as float32, by name; nothing is unpickled.

    Raises ModelError where it is missing, or not the one that its card was written for.
    """
    file = found_model(name)
    check_digest(file)
    return arrays_of(file)


def arrays_of(file: Path) -> dict[str, NDArray[np.float32]]:
    """The arrays in `file`, unchecked, as float32. Raises ModelError where it holds none."""
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {key: archive[key].astype(np.float32) for key in archive.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise ModelError(
            f"the model {file} cannot be read ({_first_line(error)}); {_remedy(file)}"
        ) from error
