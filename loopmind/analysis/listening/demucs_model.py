"""Demucs as a separator, where its weights lie at hand: by name, by path, or fetched on request.

Its named models are Meta's (Rouard et al., "Hybrid transformers for music source separation",
2023; weights for research and personal use, see their page). torch and demucs are imported here
alone. Weights are checked by the hash in their names and are read without running what is in them.
"""

from __future__ import annotations

import hashlib
import http.client
import importlib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.separation import Level, wait_for
from loopmind.analysis.listening.stft import RATE_HZ
from loopmind.analysis.models import ModelError
from loopmind.files.atomic import atomic_path

F32 = NDArray[np.float32]

# Model name: the hashes of its parts' names and the size of all in MB, as published.
NAMES: dict[str, tuple[tuple[str, ...], int]] = {
    "htdemucs": (("955717e8-8726e21a",), 84),
    "htdemucs_ft": (
        ("f7e0c4bc-ba3fe64a", "d12395a8-e57c48e6", "92cfc3b6-ef3bcb9c", "04573f0d-f3cf25b2"), 336,
    ),
    "htdemucs_6s": (("5c90dfd2-34c22ccb",), 55),
}  # fmt: skip
WEIGHTS_URL = "https://dl.fbaipublicfiles.com/demucs/hybrid_transformer/"
SUFFIXES = (".th", ".yaml", ".yml", ".safetensors")
_OURS = {"piano": "keys"}
_OVERLAP = 0.25
_BLOCK_BYTES = 1 << 18

_NO_NETWORK = (
    urllib.error.URLError, TimeoutError, ConnectionError, ssl.SSLError, http.client.HTTPException,
)  # fmt: skip

Fetching = Callable[[int, int], None]
"""Called with (bytes done, bytes in all) while weights are fetched; where it raises, it stops."""


class DemucsSeparator:
    """A Demucs model: `model` is a name of NAMES, or the path of its weights or of a bag (.yaml).

    Raises ModelError naming the file and the remedy: weights that are missing (named models are
    looked for in the caches of torch hub and Hugging Face), cut off, altered or of another kind.
    """

    def __init__(self, model: str | Path, *, gpu: bool = True, threads: int = 2) -> None:
        torch = _torch()
        self.label = Path(model).name
        self._models, self._weights = _named(model) if isinstance(model, str) else _at(model)
        first = self._models[0]
        if any((m.samplerate, m.audio_channels) != (RATE_HZ, 2) for m in self._models):
            raise ModelError(f"{model} does not take stereo at {RATE_HZ} Hz; name another model")
        if any(list(m.sources) != list(first.sources) for m in self._models):
            raise ModelError(f"the models of {model} have different stems; name another model")
        self.stems = tuple(_OURS.get(name, name) for name in first.sources)
        self._device = "cuda" if gpu and torch.cuda.is_available() else "cpu"
        self._threads = threads
        self._segment = round(RATE_HZ * float(min(m.segment for m in self._models)))

    def stream(
        self, blocks: Iterator[F32], wanted: Sequence[str], level: Level, look: Callable[[], None]
    ) -> Iterator[F32]:
        """As `Separator.stream`: segments that overlap by a quarter, faded into each other."""
        rows = [self.stems.index(name) for name in wanted]
        size, stride = self._segment, round(self._segment * (1 - _OVERLAP))
        rise = np.arange(1, size // 2 + 1, dtype=np.float32)
        fade = np.concatenate((rise, np.arange(size - size // 2, 0, -1, dtype=np.float32)))
        fade /= fade.max()
        sums = np.zeros((len(rows), 2, size), np.float32)
        shares = np.zeros(size, np.float32)
        pool = ThreadPoolExecutor(1, "demucs")
        try:
            for part, ready in _segments(blocks, size, stride):
                made = wait_for(pool.submit(self._apply, part, rows, level), look)
                length = part.shape[1]
                sums[..., :length] += fade[:length] * made
                shares[:length] += fade[:length]
                yield sums[..., :ready] / shares[:ready]
                sums = np.concatenate((sums[..., ready:], np.zeros_like(sums[..., :ready])), -1)
                shares = np.concatenate((shares[ready:], np.zeros_like(shares[:ready])))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _apply(self, part: F32, rows: Sequence[int], level: Level) -> F32:
        """Stems `rows` of one segment (2, n), by all models that have a say in them."""
        torch = _torch()
        if level.gain == 0.0 or not rows:
            return np.zeros((len(rows), *part.shape), np.float32)
        if self._device == "cpu":
            torch.set_num_threads(self._threads)
        scale = np.float32(max(level.deviation, 1e-8))
        padded = np.zeros((1, 2, self._segment), np.float32)
        padded[0, :, : part.shape[1]] = (part - np.float32(level.mean)) / scale
        out = np.zeros((len(rows), *part.shape), np.float32)
        total = np.zeros(len(rows), np.float32)
        for model, weights in zip(self._models, self._weights, strict=True):
            own = np.array([weights[row] for row in rows], np.float32)
            if not own.any():
                continue
            model.to(self._device)
            with torch.no_grad():
                found = model(torch.from_numpy(padded).to(self._device))[0].cpu().numpy()
            out += own[:, None, None] * found[list(rows)][..., : part.shape[1]]
            total += own
        out /= np.maximum(total, np.float32(1e-9))[:, None, None]
        return np.asarray(out * scale + np.float32(level.mean), np.float32)


def _segments(blocks: Iterator[F32], size: int, stride: int) -> Iterator[tuple[F32, int]]:
    """Parts of `size` samples every `stride`, and how many samples are done after each."""
    held = np.zeros((2, 0), np.float32)
    for block in blocks:
        held = np.concatenate((held, block), axis=1)
        while held.shape[1] > size:
            yield held[:, :size], stride
            held = held[:, stride:]
    if held.shape[1]:
        yield held, held.shape[1]


def cached(name: str) -> bool:
    """Whether all weights of the named model lie in one of the caches."""
    return all(file.is_file() for file in _hub_files(name)) or bool(_hugging_face(name))


def fetch(name: str, progress: Fetching | None = None) -> None:
    """Download what is missing of the named model into torch hub's cache, checked by its hash.

    Raises ModelError without a network or where the files are others; what `progress` raises.
    """
    files = [file for file in _hub_files(name) if not file.is_file()]
    size = NAMES[name][1] * 1_000_000
    done = 0
    for file in files:
        digest = hashlib.sha256()
        url = WEIGHTS_URL + file.name
        with atomic_path(file) as temporary:
            try:
                with urllib.request.urlopen(url, timeout=30) as answer, temporary.open("wb") as out:
                    known = int(answer.headers.get("Content-Length") or 0)
                    size = max(size, known * len(files))
                    while block := answer.read(_BLOCK_BYTES):
                        digest.update(block)
                        out.write(block)
                        done += len(block)
                        if progress is not None:
                            progress(done, size)
            except _NO_NETWORK as error:
                reason = getattr(error, "reason", error)
                raise ModelError(
                    f"the weights of {name} cannot be fetched from {url} ({reason}); check the "
                    f"network, or put {file.name} into {file.parent}"
                ) from error
            if not digest.hexdigest().startswith(file.stem.split("-")[1]):
                raise ModelError(f"{url} gave other weights than its name says; try again")


def _hub_files(name: str) -> list[Path]:
    folder = Path(_torch().hub.get_dir()) / "checkpoints"
    return [folder / f"{part}.th" for part in NAMES[name][0]]


def _hugging_face(name: str) -> list[Path]:
    """The weights in Hugging Face's cache, all of them or none."""
    from demucs.hf import DEFAULT_NAMESPACE, hf_repo_name
    from huggingface_hub import try_to_load_from_cache

    repo = f"{DEFAULT_NAMESPACE}/{hf_repo_name(name)}"
    found = [
        try_to_load_from_cache(repo, f"{part.split('-')[0]}.safetensors") for part in NAMES[name][0]
    ]
    files = [Path(file) for file in found if isinstance(file, str)]
    return files if len(files) == len(found) else []


def _named(name: str) -> tuple[list[Any], list[list[float]]]:
    files = _hub_files(name)
    if not all(file.is_file() for file in files):
        files = _hugging_face(name)
    if not files:
        raise ModelError(
            f"the weights of {name} ({NAMES[name][1]} MB) are not on this computer; fetch them "
            f"from {WEIGHTS_URL} with: loopmind separate FILE --model {name} --download; "
            f"or name the path of the file"
        )
    models = [_load(file) for file in files]
    count = len(models[0].sources)
    if len(models) == 1:
        return models, [[1.0] * count]
    # The fine-tuned bag: one model for each stem.
    return models, [[float(row == stem) for stem in range(count)] for row in range(len(models))]


def _at(path: Path) -> tuple[list[Any], list[list[float]]]:
    """The models of a file of weights or a bag, with the weight of each for each stem."""
    if not path.is_file():
        raise ModelError(f"there is no model file {path}; check the path")
    if path.suffix not in (".yaml", ".yml"):
        model = _load(path)
        return [model], [[1.0] * len(model.sources)]
    yaml: Any = importlib.import_module("yaml")
    try:
        bag = yaml.safe_load(path.read_text(encoding="utf-8"))
        parts = [str(part) for part in bag["models"]]
        weights = bag.get("weights")
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path} is no bag of Demucs models ({type(error).__name__}); name another file"
        ) from error
    models = []
    for part in parts:
        files = sorted(
            file for file in path.parent.iterdir()
            if file.stem.split("-")[0] == part and file.suffix in (".th", ".safetensors")
        )  # fmt: skip
        if not files:
            raise ModelError(
                f"the weights {part} of {path.name} are missing; put them into {path.parent}"
            )
        models.append(_load(files[0]))
    count = len(models[0].sources)
    rows = (
        [[float(w) for w in row] for row in weights] if weights else [[1.0] * count] * len(models)
    )
    if len(rows) != len(models) or any(len(row) != count for row in rows):
        raise ModelError(f"the weights in {path} do not fit its models; name another file")
    return models, rows


def _load(path: Path) -> Any:
    """The model in a file of Demucs' own format, checked by the hash in its name."""
    torch = _torch()
    from demucs.demucs import Demucs
    from demucs.hdemucs import HDemucs
    from demucs.htdemucs import HTDemucs
    from demucs.states import set_state

    kinds = (HTDemucs, HDemucs, Demucs)
    _check_hash(path)
    try:
        if path.suffix == ".safetensors":
            from demucs.hf import load_safetensors_model

            model = load_safetensors_model(path)
        else:
            # Only these names may be made of what is in the file: it is data, not a program.
            with torch.serialization.safe_globals([*kinds, Fraction]):
                package = torch.load(path, map_location="cpu", weights_only=True)
            if package["klass"] not in kinds:
                raise ValueError("another kind of model")
            model = package["klass"](*package["args"], **package["kwargs"])
            state = {key: value.float() if value.is_floating_point() else value
                     for key, value in package["state"].items()}  # fmt: skip
            set_state(model, state)
    except Exception as error:  # torch, pickle and safetensors have no common base of their errors
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)[:160]
        raise ModelError(
            f"{path} holds no weights of Demucs that can be used ({reason}); fetch it again, or "
            "name another model"
        ) from error
    model.eval()
    with suppress(AttributeError):
        model.float()
    return model


def _check_hash(path: Path) -> None:
    """Raise ModelError where a file is not the one that the hash in its name was made of."""
    _, dash, wanted = path.stem.rpartition("-")
    if not dash or len(wanted) < 8 or any(c not in "0123456789abcdef" for c in wanted):
        return
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    if not digest.hexdigest().startswith(wanted):
        raise ModelError(
            f"the model {path} is not the one its name says: it was cut off or altered; "
            "fetch it again"
        )


def _torch() -> Any:
    try:
        import demucs  # noqa: F401
        import torch
    except ImportError as error:
        raise ModelError(
            f"Demucs cannot be run ({error}); pip install demucs torch, or use the light model"
        ) from error
    return torch
