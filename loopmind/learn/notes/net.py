"""The network that finds notes, in torch: layers and losses. Trained by model.py.

Input is `note_spectrogram`: (batch, CHANNELS, frames, 104). A few small filters look at what is
near each semitone; then the channels of a note's harmonics are laid over its fundamental (harmonic
stacking, after Bittner et al., "A lightweight instrument-agnostic model for polyphonic note
transcription", ICASSP 2022), two frames share one step, and residual blocks look along time and
across the intervals at which notes are mistaken for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from loopmind.analysis.listening.pitched_model import FAMILIES, FOLD
from loopmind.analysis.listening.spectrogram import CHANNELS, KEYS, SEMITONES

# Semitones from a note to what tells of it: its octave below, and its harmonics 1 to 8.
HARMONICS = (-12, 0, 12, 19, 24, 28, 31, 34, 36)
INTERVALS = (-24, -19, -12, -7, -5, -2, -1, 0, 1, 2, 5, 7, 12, 19, 24)
_HEAD_BIAS = -4.0


@dataclass(frozen=True)
class NetSize:
    """How wide the network is: filters at the input, channels of the body, dilations of blocks."""

    filters: int = 16
    channels: int = 48
    mixed: int = 12
    fold: int = FOLD
    dilations: Sequence[int] = (1, 2, 4, 8, 1)


class Mix(nn.Module):
    """Every output channel a sum of the input channels: (in, ...) -> (out, ...).

    Channels lie first and all else is one long row, so that this is a single matrix product:
    several times as fast on a processor as a convolution layer of the same sums.
    """

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) * (2.0 / inputs) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(outputs, 1)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        y = self.weight @ x.reshape(x.shape[0], -1)
        if self.bias is not None:
            y = y + self.bias
        return y.reshape(-1, *x.shape[1:])


class Norm(nn.Module):
    """Batch normalisation of channels that lie first."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(x.reshape(1, x.shape[0], -1))
        return y.reshape(x.shape)


def across(x: Tensor, shifts: Sequence[int], keys: int) -> Tensor:
    """(channels, ..., at least keys) -> (shifts * channels, ..., keys): what lies that far off."""
    below = max(0, -min(shifts))
    above = max(0, max(shifts) + keys - x.shape[-1])
    padded = functional.pad(x, (below, above))
    return torch.cat([padded[..., below + s : below + s + keys] for s in shifts])


def along(x: Tensor, dilation: int) -> Tensor:
    """(channels, batch, time, keys) -> (3 * channels, ...): before, now and after."""
    padded = functional.pad(x, (0, 0, dilation, dilation))
    time = x.shape[2]
    return torch.cat([padded[:, :, d : d + time] for d in (0, dilation, 2 * dilation)])


class Block(nn.Module):
    """Along time, then across intervals; added to what came in."""

    def __init__(self, size: NetSize, dilation: int) -> None:
        super().__init__()
        width = size.channels
        self.dilation = dilation
        self.time = Mix(3 * width, width, bias=False)
        self.norm = Norm(width)
        self.squeeze = Mix(width, size.mixed)
        self.across = Mix(size.mixed * len(INTERVALS), width)
        with torch.no_grad():
            self.across.weight *= 0.3

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.norm(self.time(along(x, self.dilation))))
        z: Tensor = self.across(across(self.squeeze(y), INTERVALS, KEYS))
        return functional.relu(x + y + z)


class NotesNet(nn.Module):
    """(batch, CHANNELS, frames, 104), frames a multiple of `fold` -> logits of OUTPUTS.

    seen: how many of the picture's channels it looks at; earlier networks know four.

    onset, frame and velocity are (batch, frames, 88); family is (batch, 9, frames / fold, 88).
    """

    def __init__(self, size: NetSize, seen: int = CHANNELS) -> None:
        super().__init__()
        self.size = size
        width = size.channels
        self.local = nn.Conv2d(seen, size.filters, (5, 3), padding=(2, 1), bias=False)
        self.local_norm = nn.BatchNorm2d(size.filters)
        self.stack = Mix(size.fold * size.filters * len(HARMONICS), width, bias=False)
        self.stack_norm = Norm(width)
        self.blocks = nn.ModuleList(Block(size, d) for d in size.dilations)
        self.whole = nn.Linear(width, width)
        self.notes = Mix(3 * width, 3 * size.fold)
        self.family_time = Mix(3 * width, width)
        self.family = Mix(width, len(FAMILIES))
        with torch.no_grad():
            for head in (self.notes, self.family):
                assert head.bias is not None
                head.weight *= 0.2
                head.bias[: 2 * size.fold] = _HEAD_BIAS

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        x = functional.relu(self.local_norm(self.local(picture)))
        batch, filters, frames, semitones = x.shape
        fold = self.size.fold
        # Frames side by side as channels: the body runs at a lower rate, onsets at the full one.
        x = x.reshape(batch, filters, frames // fold, fold, semitones).permute(1, 3, 0, 2, 4)
        x = x.reshape(filters * fold, batch, frames // fold, semitones)
        x = functional.relu(self.stack_norm(self.stack(across(x, HARMONICS, KEYS))))
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number == len(self.blocks) - 2:
                # What the whole stretch sounds like helps to tell who plays.
                whole = self.whole(x.amax(dim=3).mean(dim=2).T)
                x = x + whole.T[:, :, None, None]
        beside = along(x, 1)
        heads = self.notes(beside).reshape(3, fold, batch, frames // fold, KEYS)
        heads = heads.permute(0, 2, 3, 1, 4).reshape(3, batch, frames, KEYS)
        family = self.family(functional.relu(self.family_time(beside)))
        return heads[0], heads[1], heads[2], family.permute(1, 0, 2, 3)


def widened(old: NotesNet, size: NetSize) -> NotesNet:
    """A network of another `size` that answers as `old` does: what was learned is kept.

    New filters and channels begin at random, but nothing known listens to them yet; a new block
    (where `size.dilations` has one more before the last) adds nothing at first. After Chen et al.,
    "Net2Net: Accelerating Learning via Knowledge Transfer", ICLR 2016.
    """
    net = NotesNet(size)
    was, now = old.size, size
    groups = {"time": (3, was.channels), "squeeze": (1, was.channels),
              "across": (len(INTERVALS), was.mixed), "stack": (len(HARMONICS), -1),
              "notes": (3, was.channels), "family_time": (3, was.channels),
              "family": (1, was.channels), "whole": (1, was.channels)}  # fmt: skip
    places = _block_places(was.dilations, now.dilations)
    state = net.state_dict()
    for name, values in old.state_dict().items():
        parts = name.split(".")
        if parts[0] == "blocks":
            parts[1] = str(places[int(parts[1])])
        target = state[".".join(parts)]
        if name == "local.weight":
            target[: was.filters] = 0.0
            target[: was.filters, : values.shape[1]] = values
        elif values.ndim == 2 and values.shape[1] > 1:
            many = groups[parts[-2]][0]
            inner, outer = values.shape[1] // many, target.shape[1] // many
            grouped = target.reshape(target.shape[0], many, outer)
            grouped[: values.shape[0]] = 0.0
            grouped[: values.shape[0], :, :inner] = values.reshape(values.shape[0], many, inner)
            target.copy_(grouped.reshape(target.shape))
        elif values.ndim:
            target[: values.shape[0]] = values
        else:
            target.copy_(values)
    for number, block in enumerate(net.blocks):
        if number not in places:
            prefix = f"blocks.{number}."
            state[prefix + "norm.norm.weight"].zero_()
            state[prefix + "norm.norm.bias"].zero_()
            assert isinstance(block, Block)
    net.load_state_dict(state)
    return net


def _block_places(was: Sequence[int], now: Sequence[int]) -> list[int]:
    """Where each old block stands in the new row: the last one last, the others first."""
    return [*range(len(was) - 1), len(now) - 1]


def losses(
    outputs: tuple[Tensor, Tensor, Tensor, Tensor], truth: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """The parts of the loss; `truth` holds OUTPUTS, and `struck`, where velocity is known."""
    onset, frame, velocity, family = outputs
    parts = {
        "onset": functional.binary_cross_entropy_with_logits(onset, truth["onset"]),
        "frame": functional.binary_cross_entropy_with_logits(frame, truth["frame"]),
    }
    struck = truth["struck"]
    off = (torch.sigmoid(velocity) - truth["velocity"]) ** 2
    parts["velocity"] = (off * struck).sum() / (struck.sum() + 1.0)
    sounding = truth["sounding"]
    who = functional.binary_cross_entropy_with_logits(family, truth["family"], reduction="none")
    parts["family"] = (who * sounding).sum() / (sounding.sum() * len(FAMILIES) + 1.0)
    return parts


assert SEMITONES >= KEYS
