"""Exported models equal torch and are signed; damaged, altered and missing ones are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from loopmind.analysis import models
from loopmind.analysis.models import ModelError, open_model, signed_card
from loopmind.learn.export import (
    TOLERANCE,
    ExportError,
    blend,
    export_onnx,
    read_back,
    rounded,
)

CARD = "# small.onnx\n\n| | |\n|---|---|\n| size | little |\n\n## Limits\nMany.\n"


def network():  # type: ignore[no-untyped-def]
    import torch

    torch.manual_seed(1)
    return torch.nn.Sequential(
        torch.nn.Conv1d(3, 16, 5, padding=2), torch.nn.BatchNorm1d(16), torch.nn.ReLU(),
        torch.nn.Conv1d(16, 8, 5, padding=2),
    ).eval()  # fmt: skip


def exported(folder: Path, *, half: bool = False) -> Path:
    import torch

    file = folder / "small.onnx"
    dynamic = {"x": {2: "frames"}, "y": {2: "frames"}}
    worst = export_onnx(
        network(), [torch.randn(1, 3, 20)], (["x"], ["y"]), dynamic,
        file, CARD, others=[[torch.randn(1, 3, 33)]], half=half, notes={"classes": "a b"},
    )  # fmt: skip
    assert worst <= TOLERANCE
    return file


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(tmp_path_factory.mktemp("model"))


def test_it_computes_what_torch_computes_at_any_length(small: Path) -> None:
    import torch

    model = open_model(small)
    assert model.inputs == ("x",) and model.outputs == ("y",) and model.notes == {"classes": "a b"}
    x = np.random.default_rng(0).standard_normal((1, 3, 57)).astype(np.float32)
    wanted = network()(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(model.run({"x": x})[0], wanted, atol=TOLERANCE)
    assert open_model(small) is model


def test_half_precision_is_that_of_the_rounded_module(tmp_path: Path, small: Path) -> None:
    import torch

    file = exported(tmp_path, half=True)
    x = np.random.default_rng(0).standard_normal((1, 3, 57)).astype(np.float32)
    wanted = rounded(network())(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(open_model(file).run({"x": x})[0], wanted, atol=TOLERANCE)
    assert file.stat().st_size < 0.8 * small.stat().st_size


@pytest.mark.parametrize("half", [False, True])
def test_an_exported_file_gives_its_weights_back(tmp_path: Path, half: bool) -> None:
    import torch

    def fresh(seed: int) -> torch.nn.Module:
        torch.manual_seed(seed)
        return torch.nn.Sequential(
            torch.nn.Linear(12, 32), torch.nn.LayerNorm(32), torch.nn.Linear(32, 32),
            torch.nn.GELU(), torch.nn.Linear(32, 5, bias=False),
        ).eval()  # fmt: skip

    file = tmp_path / "small.onnx"
    given = (torch.randn(1, 7, 12),), (["x"], ["y"]), {"x": {1: "n"}, "y": {1: "n"}}
    learned, other = fresh(1), fresh(2)
    export_onnx(learned, *given, file, CARD, half=half)
    read_back(file, other, *given)
    kept = rounded(learned) if half else learned
    for name, value in kept.state_dict().items():
        assert torch.equal(other.state_dict()[name], value), name
    wider = torch.nn.Sequential(torch.nn.Linear(12, 33), torch.nn.Linear(33, 5))
    with pytest.raises(ExportError, match="another network"):
        read_back(file, wider, *given)


def test_weights_lie_between_those_of_two_files(tmp_path: Path) -> None:
    import torch

    def fresh(seed: int, width: int = 32) -> torch.nn.Module:
        torch.manual_seed(seed)
        return torch.nn.Sequential(torch.nn.Linear(12, width), torch.nn.Linear(width, 5)).eval()

    given = (torch.randn(1, 7, 12),), (["x"], ["y"]), {}
    one, other, wide = (tmp_path / f"{name}.onnx" for name in ("one", "other", "wide"))
    for file, net in ((one, fresh(1)), (other, fresh(2)), (wide, fresh(3, 40))):
        export_onnx(net, *given, file, CARD, half=True, notes={"kept": file.stem})
    blend(one, other, 0.25)
    assert open_model(one).notes["kept"] == "one", "opened, so its card is signed"
    found = fresh(0)
    read_back(one, found, *given)
    first, second = (rounded(fresh(seed)).state_dict() for seed in (1, 2))
    for name, value in found.state_dict().items():
        wanted = 0.75 * first[name] + 0.25 * second[name]
        torch.testing.assert_close(value, wanted, atol=1e-3, rtol=0.0)
    before = one.read_bytes()
    with pytest.raises(ExportError, match="another network"):
        blend(one, wide, 0.5)
    assert one.read_bytes() == before


def test_the_card_is_signed_once(small: Path) -> None:
    text = small.with_suffix(".md").read_text(encoding="utf-8")
    assert text.count("| blake2b |") == 1
    assert text.index("| size |") < text.index("| blake2b |") < text.index("## Limits")
    again = signed_card(text, "00")
    assert again.count("| blake2b |") == 1 and "| 00 |\n\n## Limits" in again
    assert "| blake2b | 00 |" in signed_card("# No table\n", "00")


def test_a_module_that_the_file_does_not_equal_is_not_written(tmp_path: Path) -> None:
    import torch

    class Moody(torch.nn.Module):
        def forward(self, x):  # type: ignore[no-untyped-def]
            return x * 0.0 + torch.rand(1)

    with pytest.raises(ExportError, match="differs from torch"):
        export_onnx(Moody(), [torch.zeros(1, 3)], (["x"], ["y"]), {}, tmp_path / "m.onnx", CARD)
    assert not list(tmp_path.iterdir())


def damaged(small: Path, folder: Path, data: bytes) -> Path:
    file = folder / "small.onnx"
    file.write_bytes(data)
    file.with_suffix(".md").write_bytes(small.with_suffix(".md").read_bytes())
    return file


@pytest.mark.parametrize("cut", [0, 1, 100, 1500])
def test_cut_off_weights_are_refused(small: Path, tmp_path: Path, cut: int) -> None:
    file = damaged(small, tmp_path, small.read_bytes()[:cut])
    with pytest.raises(ModelError, match=r"small\.onnx .*cut off or altered; copy it again"):
        open_model(file)


def test_altered_weights_are_refused(small: Path, tmp_path: Path) -> None:
    data = bytearray(small.read_bytes())
    data[len(data) // 2] ^= 1
    with pytest.raises(ModelError, match="altered"):
        open_model(damaged(small, tmp_path, bytes(data)))


def test_what_is_no_model_is_refused(small: Path, tmp_path: Path) -> None:
    for data in (b"", b"RIFF....WAVEfmt ", np.zeros(999).tobytes()):
        file = tmp_path / "other.onnx"
        file.write_bytes(data)
        with pytest.raises(ModelError, match=r"other\.onnx is no ONNX model.*; copy it again"):
            open_model(file)
    with pytest.raises(ModelError, match=r"there is no model file .*none\.onnx; check the path"):
        open_model(tmp_path / "none.onnx")
    with pytest.raises(ModelError):
        open_model(tmp_path)


def test_another_models_file_is_refused_when_it_runs(small: Path) -> None:
    with pytest.raises(ModelError, match="does not fit its use"):
        open_model(small).run({"sound": np.zeros((1, 2), np.float32)})


def test_a_shipped_model_needs_its_card(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = damaged(small, tmp_path, small.read_bytes())
    monkeypatch.setattr(models, "model_file", lambda name: file)
    assert open_model("small.onnx").inputs == ("x",)
    file.with_suffix(".md").unlink()
    file.touch()
    models._sessions.clear()
    with pytest.raises(ModelError, match="no card"):
        open_model("small.onnx")


def test_a_missing_model_is_named() -> None:
    with pytest.raises(ModelError, match=r"nothing\.onnx.* is missing .*install LoopMind again"):
        open_model("nothing.onnx")
