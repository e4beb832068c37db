"""Writes trained torch modules as ONNX files, checked against torch, beside their cards.

A file is only kept if onnxruntime computes what torch computes: for the example inputs and for
others (other lengths), no output differs by more than TOLERANCE.
"""

from __future__ import annotations

import copy
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.models import Model, ModelError, card_of, open_file, signed_card
from loopmind.errors import LoopMindError
from loopmind.files.atomic import atomic_path, atomic_write
from loopmind.files.digest import file_digest

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-4
OPSET = 17
_SMALL = 64


class ExportError(LoopMindError):
    """The exported model does not compute what the trained one computes."""


def export_onnx(
    module: torch.nn.Module,
    example_inputs: Sequence[torch.Tensor],
    names: tuple[Sequence[str], Sequence[str]],
    dynamic: Mapping[str, Mapping[int, str]],
    path: Path,
    card: str | None = None,
    *,
    others: Sequence[Sequence[torch.Tensor]] = (),
    half: bool = False,
    notes: Mapping[str, str] | None = None,
) -> float:
    """Write `module` to `path` and its card beside it; returns the largest difference from torch.

    names: of inputs and of outputs. dynamic: name -> axis -> what varies along it. `others`: more
    inputs to compare on, of other lengths. card: its text without the digest line; None keeps the
    text that lies there (which must exist). half: the weights are rounded to half precision and
    stored so, and torch is asked with the rounded weights, so judge the rounded module
    (`rounded`). notes: strings kept in the file (`Model.notes`).
    Raises ExportError where a difference is above TOLERANCE (relative where outputs exceed 1);
    then nothing is written.
    """
    import torch

    module = rounded(module) if half else copy.deepcopy(module).cpu().eval()
    inputs, outputs = names
    if card is None:
        card = card_of(path).read_text(encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary, torch.no_grad():
        _traced(module, example_inputs, names, dynamic, temporary)
        _finish(temporary, half=half, notes=notes or {})
        model = open_file(temporary)
        worst = max(
            _difference(module, model, inputs, outputs, given)
            for given in (example_inputs, *others)
        )
        if not worst <= TOLERANCE:
            raise ExportError(
                f"{path.name} differs from torch by {worst:.2g} (at most {TOLERANCE:g}); "
                "it was not written"
            )
        text = signed_card(card, file_digest(temporary))
    atomic_write(card_of(path), text.encode())
    return worst


def read_back(
    path: Path,
    module: torch.nn.Module,
    example_inputs: Sequence[torch.Tensor],
    names: tuple[Sequence[str], Sequence[str]],
    dynamic: Mapping[str, Mapping[int, str]],
) -> None:
    """Give `module` the weights of a file that `export_onnx` wrote of a module of its shape.

    The exporter renames and turns weights, so the module is exported with known ones to see where
    each goes. Raises ExportError where the file is of a module of another shape.
    """
    import torch

    onnx = _onnx()
    probe = copy.deepcopy(module).cpu().eval()
    known = probe.state_dict()
    with torch.no_grad(), tempfile.TemporaryDirectory() as place:
        for number, value in enumerate(known.values()):
            value.copy_(torch.rand(value.shape, generator=torch.Generator().manual_seed(number)))
        file = Path(place) / "probe.onnx"
        _traced(probe, example_inputs, names, dynamic, file)
        shown, held = (
            [onnx.numpy_helper.to_array(w) for w in _as_used(onnx.load(str(f)).graph)]
            for f in (file, path)
        )
    if [w.shape for w in shown] != [w.shape for w in held]:
        raise ExportError(f"{path.name} holds the weights of another network")
    found = {}
    for name, value in known.items():
        for there, weights in zip(shown, held, strict=True):
            is_turned = value.ndim == 2 and np.array_equal(there.T, value)
            if is_turned or np.array_equal(there.reshape(-1), value.reshape(-1)):
                found[name] = torch.tensor(weights.T if is_turned else weights).reshape(value.shape)
                break
        else:
            raise ExportError(f"{path.name}: where {name} stands in it cannot be told")
    module.load_state_dict(found)


def _as_used(graph: Any) -> list[Any]:
    """The weights of a graph in the order in which its nodes use them.

    Where a normalisation was folded into them, the exporter lists them after the others; of half
    precision they are widened before anything else.
    """
    named = {weight.name: weight for weight in graph.initializer}
    widened = {
        node.output[0]: named[node.input[0]]
        for node in graph.node
        if node.op_type == "Cast" and node.input[0] in named
    }
    at_hand = named | widened
    names = [name for node in graph.node if node.op_type != "Cast" for name in node.input]
    return list({at_hand[n].name: at_hand[n] for n in names if n in at_hand}.values())


def put_notes(path: Path, notes: Mapping[str, str]) -> None:
    """Replace or add strings that are kept in an exported file (`Model.notes`); signs its card."""
    model = _onnx().load(str(path))
    _note(model, notes)
    _replace(path, model)


def blend(path: Path, other: Path, share: float) -> None:
    """Draw the weights of an exported file towards another's; signs its card.

    share: of the other's weights, 0..1. Between a network and what became of it when it learned
    on lie some that know both (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022).
    Raises ExportError where the files hold different networks.
    """
    onnx = _onnx()
    model = onnx.load(str(path))
    theirs = {w.name: w for w in onnx.load(str(other)).graph.initializer}
    for weight in model.graph.initializer:
        own = onnx.numpy_helper.to_array(weight)
        new = onnx.numpy_helper.to_array(theirs[weight.name]) if weight.name in theirs else own[:0]
        if own.shape != new.shape or own.dtype != new.dtype:
            raise ExportError(f"{other.name} holds the weights of another network than {path.name}")
        if np.issubdtype(own.dtype, np.floating):
            mean = (1.0 - share) * own.astype(np.float64) + share * new.astype(np.float64)
            weight.CopyFrom(onnx.numpy_helper.from_array(mean.astype(own.dtype), weight.name))
    _replace(path, model)


def _replace(path: Path, model: Any) -> None:
    """Write a changed model over its file; signs its card."""
    with atomic_path(path) as temporary:
        _onnx().save(model, str(temporary))
        text = signed_card(card_of(path).read_text(encoding="utf-8"), file_digest(temporary))
    atomic_write(card_of(path), text.encode())


def _traced(
    module: torch.nn.Module,
    example_inputs: Sequence[torch.Tensor],
    names: tuple[Sequence[str], Sequence[str]],
    dynamic: Mapping[str, Mapping[int, str]],
    file: Path,
) -> None:
    import torch

    inputs, outputs = names
    with warnings.catch_warnings():
        # The newer exporter of torch takes thirty times as long and fixes the length of
        # recurrent layers; tracing warns that it is the older one, and of harmless checks.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, tuple(example_inputs), str(file), dynamo=False, opset_version=OPSET,
            input_names=list(inputs), output_names=list(outputs),
            dynamic_axes={name: dict(axes) for name, axes in dynamic.items()},
        )  # fmt: skip


def rounded(module: torch.nn.Module) -> torch.nn.Module:
    """A copy of `module`, on the CPU and not training, whose larger weights are half-precise."""
    module = copy.deepcopy(module).cpu().eval()
    for values in (*module.parameters(), *module.buffers()):
        if values.is_floating_point() and values.numel() > _SMALL:
            values.data = values.data.half().float()
    return module


def _difference(
    module: torch.nn.Module,
    model: Model,
    inputs: Sequence[str],
    outputs: Sequence[str],
    given: Sequence[torch.Tensor],
) -> float:
    """Largest difference over all outputs, relative to the largest value where that exceeds 1."""
    wanted: Any = module(*given)
    wanted = (wanted,) if not isinstance(wanted, (tuple, list)) else wanted
    arrays = {name: tensor.numpy() for name, tensor in zip(inputs, given, strict=True)}
    pairs = zip(wanted, model.run(arrays, outputs), strict=True)
    return max(_apart(tensor, found) for tensor, found in pairs)


def _apart(wanted: torch.Tensor, found: NDArray[Any]) -> float:
    truth = wanted.numpy()
    if truth.shape != found.shape:
        raise ExportError(f"torch gives {truth.shape}, the exported model {found.shape}")
    scale = max(1.0, float(np.abs(truth).max(initial=0.0)))
    return float(np.abs(truth - found).max(initial=0.0)) / scale


def same_as_torch(wanted: torch.Tensor, found: NDArray[Any], what: str) -> float:
    """How far `what`, a network that runs in numpy, is from torch, as `export_onnx` measures it.

    Raises ExportError above TOLERANCE.
    """
    worst = _apart(wanted.detach(), found)
    if not worst <= TOLERANCE:
        raise ExportError(
            f"{what} in numpy differs from torch by {worst:.2g} (at most {TOLERANCE:g})"
        )
    return worst


def _finish(file: Path, *, half: bool, notes: Mapping[str, str]) -> None:
    """Store larger weights in half precision, widened where they are used; add `notes`."""
    onnx = _onnx()
    model = onnx.load(str(file))
    _note(model, notes)
    if half:
        casts = []
        for weight in model.graph.initializer:
            array = onnx.numpy_helper.to_array(weight)
            if array.dtype != np.float32 or array.size <= _SMALL:
                continue
            narrow = array.astype(np.float16)
            if not np.array_equal(narrow.astype(np.float32), array):
                continue  # a constant that the exporter folded; it stays exact
            wide = weight.name
            weight.CopyFrom(onnx.numpy_helper.from_array(narrow, f"{wide}.half"))
            casts.append(
                onnx.helper.make_node("Cast", [f"{wide}.half"], [wide], to=onnx.TensorProto.FLOAT)
            )
        nodes = [*casts, *model.graph.node]
        del model.graph.node[:]
        model.graph.node.extend(nodes)
    onnx.save(model, str(file))


def _note(model: Any, notes: Mapping[str, str]) -> None:
    """Replace or add strings that a model keeps, in the order of their names."""
    held = {entry.key: entry.value for entry in model.metadata_props}
    del model.metadata_props[:]
    for key, value in sorted({**held, **notes}.items()):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value


def sign_card(file: Path) -> None:
    """Write the digest of a model's file into the card beside it, where there is one."""
    card = card_of(file)
    if card.is_file():
        text = signed_card(card.read_text(encoding="utf-8"), file_digest(file))
        atomic_write(card, text.encode())


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise ModelError("the package onnx is missing; pip install onnx") from error
    return onnx
