"""The light separator's network: spectra of a stereo mix in, a mask per stem, side and bin out.

Bins are gathered into bands, narrow below and wide above, each turned into a few features (as in
Luo and Yu, "Music source separation with band-split RNN", 2023); blocks then mix each band with
its past and future, and the bands with each other. All mixing is by matrices, so that a small
processor is kept busy, and reaches `context_frames` to either side and no further: a long file
in overlapping chunks gives what the whole gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from loopmind.analysis.listening.stft import BINS
from loopmind.learn.sounds.pieces import STEMS

# (bands, bins in each), from the lowest bin on; bins above the last share its mean mask.
BANDS = ((16, 4), (12, 8), (8, 16), (6, 32), (4, 64), (3, 128), (2, 184))
USED_BINS = sum(bands * width for bands, width in BANDS)
BAND_COUNT = sum(bands for bands, _ in BANDS)
INPUTS = 4
_SIDES = 2


@dataclass(frozen=True)
class NetSize:
    """How large the network is. dilations: one block each, in frames."""

    features: int = 64
    hidden: int = 128
    mixed_bands: int = 64
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 1)

    @property
    def context_frames(self) -> int:
        """Frames to either side that one frame's masks depend on."""
        return sum(self.dilations)


class TimeMix(nn.Module):
    """Each band with itself `dilation` frames before and after."""

    def __init__(self, size: NetSize, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.norm = nn.LayerNorm(size.features)
        self.inner = nn.Linear(3 * size.features, size.hidden)
        self.outer = nn.Linear(size.hidden, size.features)

    def forward(self, x: Tensor) -> Tensor:
        d = self.dilation
        y = nn.functional.pad(self.norm(x), (0, 0, 0, 0, d, d))
        y = torch.cat((y[:, : -2 * d], y[:, d:-d], y[:, 2 * d :]), dim=-1)
        return x + self.outer(nn.functional.silu(self.inner(y)))


class BandMix(nn.Module):
    """The bands of each frame with each other, by one matrix for all features."""

    def __init__(self, size: NetSize) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(size.features)
        self.inner = nn.Linear(BAND_COUNT, size.mixed_bands)
        self.outer = nn.Linear(size.mixed_bands, BAND_COUNT)
        self.joint = nn.Linear(size.features, size.features)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x).transpose(2, 3)
        y = self.outer(nn.functional.silu(self.inner(y))).transpose(2, 3)
        return x + self.joint(y)


class BandLinear(nn.Module):
    """A matrix of its own for each of `bands`: (bands, rows, inputs) -> (bands, rows, outputs)."""

    def __init__(self, bands: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(bands, inputs, outputs) * inputs**-0.5)
        self.bias = nn.Parameter(torch.zeros(bands, 1, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x, self.weight)


class Separator(nn.Module):
    """Spectra (batch, frames, 4, BINS) -> masks (batch, STEMS, frames, 2, BINS) that sum to one.

    The four are real and imaginary part left, real and imaginary part right, of a mix whose
    loudness is `level_gain`'s.
    """

    def __init__(self, size: NetSize | None = None) -> None:
        super().__init__()
        self.size = size = size or NetSize()
        width = size.features
        self.scale = nn.Parameter(torch.full((INPUTS, USED_BINS), 1.0))
        self.shift = nn.Parameter(torch.full((INPUTS, USED_BINS), 0.5))
        self.split = nn.ModuleList(BandLinear(n, w * INPUTS, width) for n, w in BANDS)
        self.blocks = nn.ModuleList(
            part for d in size.dilations for part in (TimeMix(size, d), BandMix(size))
        )
        self.norm = nn.LayerNorm(width)
        self.heads = nn.ModuleList(BandLinear(n, width, len(STEMS) * _SIDES * w) for n, w in BANDS)

    def forward(self, spectra: Tensor) -> Tensor:
        batch, frames = spectra.shape[0], spectra.shape[1]
        levels = self.levels(spectra[..., :USED_BINS])
        rows, first = [], 0
        for part, (bands, width) in zip(self.split, BANDS, strict=True):
            piece = levels[..., first : first + bands * width]
            piece = piece.reshape(batch * frames, INPUTS, bands, width).permute(2, 0, 1, 3)
            rows.append(part(piece.reshape(bands, batch * frames, INPUTS * width)))
            first += bands * width
        x = torch.cat(rows).permute(1, 0, 2).reshape(batch, frames, BAND_COUNT, -1)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x).reshape(batch * frames, BAND_COUNT, -1).permute(1, 0, 2)
        masks, first = [], 0
        for head, (bands, width) in zip(self.heads, BANDS, strict=True):
            made = head(x[first : first + bands]).reshape(
                bands, batch, frames, len(STEMS), _SIDES, width
            )
            made = made.permute(1, 3, 2, 4, 0, 5)
            masks.append(made.reshape(batch, len(STEMS), frames, _SIDES, bands * width))
            first += bands
        used = torch.softmax(torch.cat(masks, dim=-1), dim=1)
        above = used[..., -BANDS[-1][1] :].mean(dim=-1, keepdim=True)
        rest = above.expand(batch, len(STEMS), frames, _SIDES, BINS - USED_BINS)
        return torch.cat((used, rest), dim=-1)

    def take(self, known: Separator) -> None:
        """Take over the weights of a network with fewer blocks; those that are new pass on what
        they are given until they learn (Chen et al., "Net2Net", 2016)."""
        for block in self.blocks[len(known.blocks) :]:
            assert isinstance(block, TimeMix | BandMix)
            last = block.outer if isinstance(block, TimeMix) else block.joint
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
        self.load_state_dict({**self.state_dict(), **known.state_dict()})

    def levels(self, spectra: Tensor) -> Tensor:
        """How loud left, right, middle and side are: (batch, frames, 4, bins), compressed."""
        parts = spectra.unbind(dim=2)
        left, left_i, right, right_i = parts
        power = torch.stack(
            (left**2 + left_i**2, right**2 + right_i**2,
             0.5 * ((left + right) ** 2 + (left_i + right_i) ** 2),
             0.5 * ((left - right) ** 2 + (left_i - right_i) ** 2)),
            dim=2,
        )  # fmt: skip
        return 0.25 * torch.log(power + 1e-7) * self.scale + self.shift
