"""Demucs by path, by cache and by download, with small untrained weights in its own format."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loopmind.analysis.listening.separation import separate
from loopmind.analysis.listening.separators import open_separator
from loopmind.analysis.models import ModelError
from loopmind.errors import CancelledError, UsageError
from loopmind.music.audio import Audio

FOUR = ["drums", "bass", "other", "vocals"]
SIX = [*FOUR, "guitar", "piano"]


@pytest.fixture(scope="module", autouse=True)
def demucs_there() -> None:
    pytest.importorskip("demucs")


def write_weights(folder: Path, signature: str, sources: list[str], seed: int = 0) -> Path:
    """A tiny HTDemucs as Demucs itself saves one, the hash in its name."""
    import torch
    from demucs.htdemucs import HTDemucs
    from demucs.states import get_state, save_with_checksum

    torch.manual_seed(seed)
    args: tuple[Any, ...] = (sources,)
    kwargs = {"channels": 8, "nfft": 512, "depth": 3, "t_layers": 1, "t_heads": 2,
              "t_hidden_scale": 1.0, "segment": 1, "dconv_depth": 1}  # fmt: skip
    model = HTDemucs(*args, **kwargs)
    package = {"klass": HTDemucs, "args": args, "kwargs": kwargs,
               "state": get_state(model, None, half=True), "training_args": {}}  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    save_with_checksum(package, folder / f"{signature}.th")
    return next(folder.glob(f"{signature}-*.th"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_weights(tmp_path_factory.mktemp("demucs"), "aaaaaaaa", FOUR)


def noise(seconds: float) -> Audio:
    rng = np.random.default_rng(1)
    samples = 0.1 * rng.standard_normal((2, round(44_100 * seconds)))
    return Audio(samples.astype(np.float32), 44_100)


@pytest.mark.slow
def test_weights_by_path_give_stems_that_add_up(weights: Path) -> None:
    audio = noise(2.6)
    separator = open_separator(str(weights), threads=1)
    assert separator.stems == ("drums", "bass", "other", "vocals")
    stems = separate(audio, separator)
    total = np.sum([sound.samples for sound in stems.sounds], axis=0)
    assert np.abs(total - audio.samples).max() < 1e-5
    only = separate(audio, separator, ("bass",)).sounds[0]
    assert np.abs(only.samples - stems.sounds[1].samples).max() < 1e-5
    assert np.abs(only.samples).max() > 1e-6


def test_it_computes_what_demucs_computes(weights: Path) -> None:
    """But for the end of a sound, which it pads in another way."""
    import torch
    from demucs.apply import apply_model
    from demucs.repo import LocalRepo

    audio = noise(1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LocalRepo(weights.parent).get_model("aaaaaaaa").float().eval()
    mix = torch.from_numpy(audio.samples.copy())
    middle = mix.mean(0)
    scale = middle.std(unbiased=False)
    theirs = apply_model(model, ((mix - middle.mean()) / scale)[None], shifts=0)[0]
    ours = separate(audio, open_separator(str(weights), threads=1), ("vocals",)).sounds[0]
    wanted = (theirs[3] * scale + middle.mean()).numpy()
    assert np.abs(ours.samples - wanted)[:, :30_000].max() < 1e-4


@pytest.mark.slow
def test_a_piano_is_keys_and_a_bag_weighs_its_models(tmp_path: Path) -> None:
    write_weights(tmp_path, "bbbbbbbb", SIX, seed=1)
    write_weights(tmp_path, "cccccccc", SIX, seed=2)
    bag = tmp_path / "six.yaml"
    bag.write_text(
        "models: ['bbbbbbbb', 'cccccccc']\nweights: [[1, 0, 0, 0, 0, 0], [0, 1, 1, 1, 1, 1]]\n"
    )
    separator = open_separator(str(bag), threads=1)
    assert separator.stems == ("drums", "bass", "other", "vocals", "guitar", "keys")
    audio = noise(1.2)
    first = open_separator(str(next(tmp_path.glob("bbbbbbbb-*"))), threads=1)
    drums = separate(audio, separator, ("drums",)).sounds[0].samples
    assert np.abs(drums - separate(audio, first, ("drums",)).sounds[0].samples).max() < 1e-5
    bag.write_text("models: ['dddddddd']\n")
    with pytest.raises(ModelError, match=r"weights dddddddd of six\.yaml are missing"):
        open_separator(str(bag))
    bag.write_text("nothing: here\n")
    with pytest.raises(ModelError, match="no bag of Demucs models"):
        open_separator(str(bag))


def test_damaged_weights_and_programs_in_disguise_are_refused(
    tmp_path: Path, weights: Path
) -> None:
    cut = tmp_path / weights.name
    cut.write_bytes(weights.read_bytes()[:-500])
    with pytest.raises(ModelError, match="cut off or altered"):
        open_separator(str(cut))
    unnamed = tmp_path / "unnamed.th"
    unnamed.write_bytes(weights.read_bytes()[:-500])
    with pytest.raises(ModelError, match="holds no weights of Demucs"):
        open_separator(str(unnamed))

    import torch

    evil = tmp_path / "evil.th"
    torch.save({"klass": Path, "args": ["/"], "kwargs": {}, "state": {}}, evil)
    with pytest.raises(ModelError, match="holds no weights of Demucs"):
        open_separator(str(evil))
    with pytest.raises(ModelError, match="there is no model file"):
        open_separator(str(tmp_path / "gone.th"))
    with pytest.raises(UsageError, match="no model 'spleeter'; choose from light, htdemucs"):
        open_separator("spleeter")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty torch hub, no Hugging Face cache, and a "network" that is a folder."""
    from loopmind.analysis.listening import demucs_model

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr(demucs_model, "_hugging_face", lambda name: [])
    made = write_weights(tmp_path / "network", "eeeeeeee", FOUR)
    monkeypatch.setitem(demucs_model.NAMES, "htdemucs", ((made.stem,), 84))
    monkeypatch.setattr(demucs_model, "WEIGHTS_URL", f"{(tmp_path / 'network').as_uri()}/")
    return tmp_path


def test_nothing_is_fetched_unasked(hub: Path) -> None:
    with pytest.raises(ModelError, match=r"htdemucs \(84 MB\) are not on this computer.*download"):
        open_separator("htdemucs")
    assert not list((hub / "hub").rglob("*.th"))


def test_weights_are_fetched_once_with_progress(hub: Path) -> None:
    told: list[tuple[int, int]] = []
    separator = open_separator(
        "htdemucs", threads=1, download=True, progress=lambda *now: told.append(now)
    )
    size = sum(file.stat().st_size for file in (hub / "network").iterdir())
    assert told[-1][0] == size and separator.label == "htdemucs"
    told.clear()
    for file in (hub / "network").iterdir():
        file.unlink()
    open_separator("htdemucs", download=True, progress=lambda *now: told.append(now))
    assert not told


def test_a_broken_download_leaves_nothing(hub: Path) -> None:
    file = next((hub / "network").iterdir())
    whole = file.read_bytes()
    assert hashlib.sha256(whole).hexdigest().startswith(file.stem.split("-")[1])

    def stop(done: int, size: int) -> None:
        raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        open_separator("htdemucs", download=True, progress=stop)
    file.write_bytes(whole[:-1] + b"x")
    with pytest.raises(ModelError, match="gave other weights than its name says"):
        open_separator("htdemucs", download=True)
    file.unlink()
    with pytest.raises(ModelError, match="cannot be fetched"):
        open_separator("htdemucs", download=True)
    assert not [path for path in (hub / "hub").rglob("*") if path.is_file()]
