"""What each kind of node in an ONNX graph computes, in torch, so that gradients flow through it.

The kinds that torch's exporter makes of LoopMind's networks (operator set 17); sizes that a graph
computes from its input are whole-number tensors here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Given = Sequence[Any]
Attributes = Mapping[str, Any]
Op = Callable[[Given, Attributes], Any]

_TYPES = {1: torch.float32, 6: torch.int32, 7: torch.int64, 9: torch.bool, 10: torch.float32,
          11: torch.float64, 2: torch.uint8, 3: torch.int8}  # fmt: skip


def _ints(value: Any) -> list[int]:
    return [int(x) for x in value.reshape(-1).tolist()]


def _at(given: Given, number: int) -> Any:
    return given[number] if len(given) > number else None


def _axes(given: Given, attributes: Attributes) -> list[int]:
    if "axes" in attributes:
        return list(attributes["axes"])
    axes = _at(given, 1)
    return _ints(axes) if axes is not None else []


def _padded(x: Tensor, pads: Sequence[int], spatial: int) -> tuple[Tensor, list[int]]:
    """Symmetric padding is left to the operation; anything else is put on first."""
    begins, ends = list(pads[:spatial]), list(pads[spatial:])
    if begins == ends:
        return x, begins
    flat = [side for pair in zip(reversed(begins), reversed(ends), strict=True) for side in pair]
    return functional.pad(x, flat), [0] * spatial


def _conv(given: Given, attributes: Attributes) -> Tensor:
    x, weight = given[0], given[1]
    spatial = weight.dim() - 2
    x, padding = _padded(x, attributes.get("pads", [0] * 2 * spatial), spatial)
    call = (functional.conv1d, functional.conv2d, functional.conv3d)[spatial - 1]
    return call(
        x, weight, _at(given, 2), attributes.get("strides", [1] * spatial), padding,
        attributes.get("dilations", [1] * spatial), attributes.get("group", 1),
    )  # fmt: skip


def _conv_transpose(given: Given, attributes: Attributes) -> Tensor:
    weight = given[1]
    spatial = weight.dim() - 2
    call = (functional.conv_transpose1d, functional.conv_transpose2d)[spatial - 1]
    pads = attributes.get("pads", [0] * 2 * spatial)
    return call(
        given[0], weight, _at(given, 2), attributes.get("strides", [1] * spatial),
        list(pads[:spatial]), attributes.get("output_padding", [0] * spatial),
        attributes.get("group", 1), attributes.get("dilations", [1] * spatial),
    )  # fmt: skip


def _pool(call: str) -> Op:
    def op(given: Given, attributes: Attributes) -> Any:
        kernel = attributes["kernel_shape"]
        spatial = len(kernel)
        pads = list(attributes.get("pads", [0] * 2 * spatial))
        function = getattr(functional, f"{call}_pool{spatial}d")
        more: dict[str, Any] = {"ceil_mode": bool(attributes.get("ceil_mode", 0))}
        if call == "avg":
            more["count_include_pad"] = bool(attributes.get("count_include_pad", 0))
        return function(given[0], kernel, attributes.get("strides", kernel), pads[:spatial], **more)

    return op


def _gemm(given: Given, attributes: Attributes) -> Tensor:
    a = given[0].T if attributes.get("transA", 0) else given[0]
    b = given[1].T if attributes.get("transB", 0) else given[1]
    made = attributes.get("alpha", 1.0) * (a @ b)
    if _at(given, 2) is not None:
        made = made + attributes.get("beta", 1.0) * given[2]
    return made


def _batch_norm(given: Given, attributes: Attributes) -> Tensor:
    x, scale, bias, mean, var = given[:5]
    return functional.batch_norm(
        x, mean, var, scale, bias, False, 0.0, attributes.get("epsilon", 1e-5)
    )


def _layer_norm(given: Given, attributes: Attributes) -> Tensor:
    x, axis = given[0], attributes.get("axis", -1)
    shape = list(x.shape[axis:])
    return functional.layer_norm(x, shape, given[1], _at(given, 2), attributes.get("epsilon", 1e-5))


def _reduce(call: Callable[..., Any]) -> Op:
    def op(given: Given, attributes: Attributes) -> Any:
        axes = _axes(given, attributes) or list(range(given[0].dim()))
        return call(given[0], axes, bool(attributes.get("keepdims", 1)))

    return op


def _squeeze(given: Given, attributes: Attributes) -> Tensor:
    axes = _axes(given, attributes)
    x = given[0]
    for axis in sorted((a % x.dim() for a in axes), reverse=True):
        x = x.squeeze(axis)
    return x if axes else x.squeeze()


def _unsqueeze(given: Given, attributes: Attributes) -> Tensor:
    x, axes = given[0], _axes(given, attributes)
    rank = x.dim() + len(axes)
    for axis in sorted(a % rank for a in axes):
        x = x.unsqueeze(axis)
    return x


def _reshape(given: Given, attributes: Attributes) -> Tensor:
    x = given[0]
    sizes = _ints(given[1])
    return x.reshape([x.shape[i] if s == 0 else s for i, s in enumerate(sizes)])


def _slice(given: Given, attributes: Attributes) -> Tensor:
    x, starts, ends = given[0], _ints(given[1]), _ints(given[2])
    axes = _ints(given[3]) if _at(given, 3) is not None else list(range(len(starts)))
    steps = _ints(given[4]) if _at(given, 4) is not None else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        length = x.shape[axis]
        index = (
            torch.arange(length)[slice(start, end if abs(end) < 2**31 - 1 else None, step)]
            if step > 0
            else torch.tensor(list(range(length))[_backwards(start, end, step, length)])
        )
        x = x.index_select(axis, index)
    return x


def _backwards(start: int, end: int, step: int, length: int) -> slice:
    first = min(start, length - 1)
    return slice(first, None if end < -length else end, step)


def _gather(given: Given, attributes: Attributes) -> Tensor:
    x, index = given[0], given[1].long()
    axis = attributes.get("axis", 0) % x.dim()
    index = torch.where(index < 0, index + x.shape[axis], index)
    picked = x.index_select(axis, index.reshape(-1))
    return picked.reshape([*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]])


def _pad(given: Given, attributes: Attributes) -> Tensor:
    x, pads = given[0], _ints(given[1])
    value = float(given[2]) if _at(given, 2) is not None else 0.0
    rank = len(pads) // 2
    flat = [side for axis in reversed(range(rank)) for side in (pads[axis], pads[axis + rank])]
    mode = attributes.get("mode", b"constant").decode()
    if mode == "constant":
        return functional.pad(x, flat, value=value)
    while len(flat) > 2 and flat[-2:] == [0, 0]:
        flat = flat[:-2]
    return functional.pad(x, flat, mode={"edge": "replicate"}.get(mode, mode))


def _expand(given: Given, attributes: Attributes) -> Tensor:
    shape = torch.broadcast_shapes(given[0].shape, tuple(_ints(given[1])))
    return given[0].expand(shape)


def _split(given: Given, attributes: Attributes) -> tuple[Tensor, ...]:
    axis = attributes.get("axis", 0)
    if _at(given, 1) is not None:
        return tuple(torch.split(given[0], _ints(given[1]), axis))
    return tuple(torch.chunk(given[0], attributes["outputs"], axis))


def _constant(given: Given, attributes: Attributes) -> Tensor:
    for key in ("value", "value_int", "value_ints", "value_float", "value_floats"):
        if key in attributes:
            return torch.as_tensor(np.array(attributes[key]))
    raise NotImplementedError("a Constant without a number")


def _constant_of_shape(given: Given, attributes: Attributes) -> Tensor:
    value = torch.as_tensor(np.array(attributes.get("value", np.zeros(1, np.float32))))
    return torch.full(_ints(given[0]), value.reshape(-1)[0].item(), dtype=value.dtype)


def _resize(given: Given, attributes: Attributes) -> Tensor:
    x = given[0]
    mode = attributes.get("mode", b"nearest").decode()
    sizes = _at(given, 3)
    size = (
        _ints(sizes)[2:]
        if sizes is not None and sizes.numel()
        else [int(n * s) for n, s in zip(x.shape[2:], given[2].tolist()[2:], strict=True)]
    )
    if mode == "nearest":
        return functional.interpolate(x, size=size, mode="nearest")
    half = attributes.get("coordinate_transformation_mode", b"half_pixel").decode()
    kind = {1: "linear", 2: "bilinear"}[x.dim() - 2]
    return functional.interpolate(x, size=size, mode=kind, align_corners=half == "align_corners")


def _recurrent(kind: str) -> Op:
    """GRU or LSTM; the gates lie in another order in ONNX than in torch."""
    order = {"gru": (1, 0, 2), "lstm": (0, 2, 3, 1)}[kind]

    def op(given: Given, attributes: Attributes) -> Any:
        x, w, r, b = given[0], given[1], given[2], _at(given, 3)
        hidden, directions = r.shape[-1], w.shape[0]
        if kind == "gru" and not attributes.get("linear_before_reset", 0):
            raise NotImplementedError("a GRU that resets before its matrix")
        rows = torch.cat([torch.arange(g * hidden, (g + 1) * hidden) for g in order])
        flat: list[Tensor] = []
        for d in range(directions):
            flat += [w[d][rows], r[d][rows]]
            if b is not None:
                half = b.shape[-1] // 2
                flat += [b[d][:half][rows], b[d][half:][rows]]
        start = _at(given, 5)
        if start is None:
            start = torch.zeros(directions, x.shape[1], hidden)
        more = (b is not None, 1, 0.0, False, directions == 2, False)
        if kind == "gru":
            made, last = torch.gru(x, start, flat, *more)
            ends: tuple[Tensor, ...] = (last,)
        else:
            cell = _at(given, 6)
            cell = torch.zeros_like(start) if cell is None else cell
            made, *states = torch.lstm(x, (start, cell), flat, *more)
            ends = tuple(states)
        steps, batch = made.shape[0], made.shape[1]
        return (made.reshape(steps, batch, directions, hidden).permute(0, 2, 1, 3), *ends)

    return op


def _clip(given: Given, attributes: Attributes) -> Tensor:
    low, high = _at(given, 1), _at(given, 2)
    return torch.clamp(
        given[0], None if low is None else float(low), None if high is None else float(high)
    )


def _many(call: Callable[[Tensor, Tensor], Tensor]) -> Op:
    def op(given: Given, attributes: Attributes) -> Any:
        made = given[0]
        for other in given[1:]:
            made = call(made, other)
        return made

    return op


def _one(call: Callable[[Tensor], Tensor]) -> Op:
    return lambda given, attributes: call(given[0])


def _divide(a: Tensor, b: Tensor) -> Tensor:
    whole = not a.is_floating_point() and not b.is_floating_point()
    return torch.div(a, b, rounding_mode="trunc") if whole else a / b


OPS: dict[str, Op] = {
    "Abs": _one(torch.abs), "Add": _many(torch.add), "And": _many(torch.logical_and),
    "AveragePool": _pool("avg"), "BatchNormalization": _batch_norm,
    "Cast": lambda g, a: g[0].to(_TYPES[a["to"]]), "Ceil": _one(torch.ceil), "Clip": _clip,
    "Concat": lambda g, a: torch.cat(list(g), a["axis"]), "Constant": _constant,
    "ConstantOfShape": _constant_of_shape, "Conv": _conv, "ConvTranspose": _conv_transpose,
    "Cos": _one(torch.cos), "Div": _many(_divide), "Dropout": _one(lambda x: x),
    "Einsum": lambda g, a: torch.einsum(a["equation"].decode(), *g),
    "Elu": lambda g, a: functional.elu(g[0], a.get("alpha", 1.0)),
    "Equal": _many(torch.eq), "Erf": _one(torch.erf), "Exp": _one(torch.exp), "Expand": _expand,
    "Flatten": lambda g, a: g[0].reshape(
        int(np.prod(g[0].shape[: a.get("axis", 1)], dtype=int)), -1),
    "Floor": _one(torch.floor), "GRU": _recurrent("gru"), "Gather": _gather, "Gemm": _gemm,
    "GlobalAveragePool": _one(lambda x: x.mean(dim=tuple(range(2, x.dim())), keepdim=True)),
    "GlobalMaxPool": _one(lambda x: x.amax(dim=tuple(range(2, x.dim())), keepdim=True)),
    "Greater": _many(torch.gt), "GreaterOrEqual": _many(torch.ge),
    "HardSigmoid": lambda g, a: torch.clamp(a.get("alpha", 0.2) * g[0] + a.get("beta", 0.5), 0, 1),
    "HardSwish": _one(functional.hardswish), "Identity": _one(lambda x: x),
    "InstanceNormalization": lambda g, a: functional.instance_norm(
        g[0], None, None, g[1], g[2], True, 0.0, a.get("epsilon", 1e-5)),
    "LSTM": _recurrent("lstm"), "LayerNormalization": _layer_norm,
    "LeakyRelu": lambda g, a: functional.leaky_relu(g[0], a.get("alpha", 0.01)),
    "Less": _many(torch.lt), "LessOrEqual": _many(torch.le), "Log": _one(torch.log),
    "LogSoftmax": lambda g, a: torch.log_softmax(g[0], a.get("axis", -1)),
    "MatMul": _many(torch.matmul), "Max": _many(torch.maximum), "MaxPool": _pool("max"),
    "Mean": lambda g, a: torch.stack(list(g)).mean(0), "Min": _many(torch.minimum),
    "Mul": _many(torch.mul), "Neg": _one(torch.neg), "Not": _one(torch.logical_not),
    "Or": _many(torch.logical_or), "PRelu": lambda g, a: torch.where(g[0] > 0, g[0], g[1] * g[0]),
    "Pad": _pad, "Pow": _many(torch.pow),
    "Range": lambda g, a: torch.arange(g[0].item(), g[1].item(), g[2].item()),
    "Reciprocal": _one(torch.reciprocal),
    "ReduceL2": _reduce(lambda x, d, k: torch.sqrt((x * x).sum(d, k))),
    "ReduceMax": _reduce(lambda x, d, k: x.amax(d, k)),
    "ReduceMean": _reduce(lambda x, d, k: x.mean(d, k)),
    "ReduceMin": _reduce(lambda x, d, k: x.amin(d, k)),
    "ReduceLogSumExp": _reduce(lambda x, d, k: torch.logsumexp(x, d, k)),
    "ReduceSum": _reduce(lambda x, d, k: x.sum(d, k)), "Relu": _one(torch.relu),
    "Reshape": _reshape, "Resize": _resize,
    "Shape": lambda g, a: torch.tensor(list(g[0].shape)), "Sigmoid": _one(torch.sigmoid),
    "Sin": _one(torch.sin), "Slice": _slice,
    "Softmax": lambda g, a: torch.softmax(g[0], a.get("axis", -1)),
    "Softplus": _one(functional.softplus), "Split": _split, "Sqrt": _one(torch.sqrt),
    "Squeeze": _squeeze, "Sub": _many(torch.sub), "Sum": _many(torch.add),
    "Tanh": _one(torch.tanh), "Tile": lambda g, a: g[0].repeat(_ints(g[1])),
    "Transpose": lambda g, a: g[0].permute(
        a.get("perm", list(reversed(range(g[0].dim()))))),
    "Unsqueeze": _unsqueeze, "Where": lambda g, a: torch.where(g[0], g[1], g[2]),
}  # fmt: skip
"""Kind of node -> what it computes of its inputs (None where one is left out) and attributes."""
