"""Shipped networks, trainable again: an ONNX file as a torch module, and back into the same file.

The graph itself is run in torch (`ops`), its weights being the module's parameters, so
nothing but the shipped file is needed; what training had as normalisation layers is already part
of the weights and stays as it is. Written back, the graph is the same and only weights differ.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from loopmind.analysis.models import ModelError, open_file
from loopmind.errors import LoopMindError
from loopmind.files.atomic import atomic_path
from loopmind.learn.judging import Progress
from loopmind.learn.tuning.course import Budget
from loopmind.learn.tuning.ops import OPS

TOLERANCE = 1e-3
_WEIGHT_SIZE = 2
_SAVED_EVERY_S = 60.0


def _onnx() -> Any:
    try:
        return importlib.import_module("onnx")
    except ImportError as error:
        raise ModelError("the package onnx is missing; pip install onnx") from error


class GraphNet(nn.Module):
    """An ONNX graph in torch. Called with a mapping input -> tensor, it gives output -> tensor.

    Weights are parameters: floating-point initialisers of at least two numbers that some node
    other than a normalisation's statistics uses. frozen: names (parts of them) that stay.
    """

    def __init__(self, path: Path, frozen: Sequence[str] = ()) -> None:
        super().__init__()
        onnx = _onnx()
        try:
            model = onnx.load(str(path))
        except Exception as error:  # protobuf has no common base of its own errors
            raise ModelError(f"{path} is no ONNX model ({error})") from error
        unknown = sorted({n.op_type for n in model.graph.node} - set(OPS))
        if unknown:
            raise ModelError(f"{path} cannot be trained on: unknown parts {', '.join(unknown)}")
        statistics = {
            name for node in model.graph.node if node.op_type == "BatchNormalization"
            for name in node.input[3:5]
        }  # fmt: skip
        self.weights = nn.ParameterDict()
        self._names: dict[str, str] = {}
        self._fixed: dict[str, Tensor] = {}
        for item in model.graph.initializer:
            array = np.array(onnx.numpy_helper.to_array(item))
            trained = (
                array.dtype in (np.float32, np.float16)
                and array.size >= _WEIGHT_SIZE
                and item.name not in statistics
                and not any(part in item.name for part in frozen)
            )
            if trained:
                key = f"w{len(self._names)}"
                self._names[item.name] = key
                self.weights[key] = nn.Parameter(torch.from_numpy(array.astype(np.float32)))
            else:
                exact = array.astype(np.float32) if array.dtype == np.float16 else array
                self._fixed[item.name] = torch.from_numpy(exact)
        self._nodes = [
            (node.op_type, list(node.input), list(node.output),
             {a.name: _plain(onnx, a) for a in node.attribute} | {"outputs": len(node.output)})
            for node in model.graph.node
        ]  # fmt: skip
        held = {item.name for item in model.graph.initializer}
        self.inputs = tuple(i.name for i in model.graph.input if i.name not in held)
        self.outputs = tuple(o.name for o in model.graph.output)
        self._last_use: dict[str, int] = {}
        for number, (_, inputs, _, _) in enumerate(self._nodes):
            self._last_use.update(dict.fromkeys(inputs, number))

    def forward(self, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        values: dict[str, Any] = dict(self._fixed)
        values |= {name: self.weights[key] for name, key in self._names.items()}
        values |= dict(given)
        for number, (kind, inputs, outputs, attributes) in enumerate(self._nodes):
            made = OPS[kind]([values[name] if name else None for name in inputs], attributes)
            made = made if isinstance(made, tuple) else (made,)
            values |= {name: one for name, one in zip(outputs, made, strict=False) if name}
            for name in inputs:  # what nobody reads any more is freed, unless training keeps it
                if self._last_use.get(name) == number and name not in self.outputs:
                    values.pop(name, None)
        return {name: values[name] for name in self.outputs}

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """The weights by their names in the file."""
        return {n: self.weights[k].detach().numpy() for n, k in self._names.items()}


def _plain(onnx: Any, attribute: Any) -> Any:
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, onnx.TensorProto):
        return np.array(onnx.numpy_helper.to_array(value))
    return list(value) if not isinstance(value, (int, float, bytes)) else value


def trainable(path: Path, frozen: Sequence[str] = ()) -> GraphNet:
    """The network in `path`, ready to be trained on. Raises ModelError where it cannot be."""
    return GraphNet(path, frozen)


def write_back(
    net: GraphNet, source: Path, target: Path, example: Mapping[str, np.ndarray[Any, Any]]
) -> float:
    """Write `source` with the weights of `net` to `target`; returns the difference from torch.

    For the inputs `example`, onnxruntime must give what torch gives, within TOLERANCE (half
    precision where `source` stores it). Raises LoopMindError, and then writes nothing.
    """
    onnx = _onnx()
    model = onnx.load(str(source))
    arrays = net.arrays()
    for item in model.graph.initializer:
        if item.name in arrays:
            kind = onnx.numpy_helper.to_array(item).dtype
            item.CopyFrom(onnx.numpy_helper.from_array(arrays[item.name].astype(kind), item.name))
    with atomic_path(target) as temporary:
        onnx.save(model, str(temporary))
        worst = difference(GraphNet(temporary), temporary, example)
        if not worst <= TOLERANCE:
            raise LoopMindError(
                f"the trained model computes something else in onnxruntime ({worst:.2g} apart); "
                "nothing was changed; report this model"
            )
    return worst


def difference(net: GraphNet, path: Path, example: Mapping[str, np.ndarray[Any, Any]]) -> float:
    """Largest difference of `net` from `path` in onnxruntime, relative where values exceed 1."""
    found = open_file(path).run(example)
    with torch.no_grad():
        wanted = net({name: torch.from_numpy(array) for name, array in example.items()})
    worst = 0.0
    for name, array in zip(net.outputs, found, strict=True):
        scale = max(1.0, float(np.abs(array).max(initial=0.0)))
        worst = max(worst, float(np.abs(wanted[name].numpy() - array).max(initial=0.0)) / scale)
    return worst


def tune(
    net: nn.Module,
    loss_of: Callable[[np.random.Generator], Tensor],
    budget: Budget,
    progress: Progress,
    *,
    rate: float = 3e-4,
    stay: float = 1e-2,
    steps: int = 2000,
) -> list[float]:
    """Train `net` until the time or `steps` are up; returns the losses of this run.

    loss_of(rng) draws a batch and gives its loss. stay: how strongly weights are drawn back to
    where they began (Li et al., "Explicit inductive bias for transfer learning", ICML 2018), so
    that little material teaches a little and what was known is kept. The learning rate falls to
    nothing over the whole course, counted by time or steps, whichever is further. A run that was
    cut short goes on from `budget.work`; seconds count over both.
    """
    import time

    start = {name: value.detach().clone() for name, value in net.named_parameters()}
    optimiser = torch.optim.Adam(net.parameters(), rate)
    saved = budget.work / "checkpoint.pt"
    step, spent = 0, 0.0
    if saved.is_file():
        state = torch.load(saved, weights_only=True)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        start = state["start"]
        step, spent = int(state["step"]), float(state["spent"])
    losses: list[float] = []
    begun = kept = time.monotonic()
    net.train()
    while True:
        share = max(step / steps, (spent + time.monotonic() - begun) / max(budget.seconds, 1e-3))
        told = f"loss {np.mean(losses[-20:]):.3f}" if losses else ""
        try:
            progress(min(round(1000 * share), 1000), 1000, told)
        except BaseException:
            _save(saved, net, optimiser, start, step, spent + time.monotonic() - begun)
            raise
        if share >= 1.0:
            break
        rng = np.random.default_rng([budget.seed, step])
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 20) * (1.0 - share)
        loss = loss_of(rng)
        near = sum(((v - start[n]) ** 2).sum() for n, v in net.named_parameters())
        optimiser.zero_grad()
        (loss + stay * near).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        step += 1
        if time.monotonic() - kept > _SAVED_EVERY_S:
            _save(saved, net, optimiser, start, step, spent + time.monotonic() - begun)
            kept = time.monotonic()
    net.eval()
    saved.unlink(missing_ok=True)
    return losses


def _save(
    path: Path, net: nn.Module, optimiser: Any, start: Mapping[str, Tensor], step: int,
    spent: float,
) -> None:  # fmt: skip
    with atomic_path(path) as temporary:
        torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(),
                    "start": dict(start), "step": step, "spent": spent}, temporary)  # fmt: skip
