"""The drum transcriber's network and the batches it learns from; how long to train is not here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.signal
import torch
from numpy.typing import NDArray
from torch import nn

from loopmind.analysis.listening.drums_frontend import BANDS, HOP_S, drum_features
from loopmind.learn.drums.data import LINE, Clip, from_steps
from loopmind.learn.drums.patterns import VOICES

if TYPE_CHECKING:
    from torch import Tensor

F32 = NDArray[np.float32]

_WIDTH_FRAMES = 2.0
_ALONE, _RESIDUE = 0.4, 0.6
_LOUD = 0.98
_LAID_OVER = 0.35
_SHIFTED, _WIDEST_SHIFT = 0.5, 2.5
_STRETCHED, _WIDEST_STRETCH = 0.4, 0.15
_ROOM = 0.25
_ADDED = 0.1


@dataclass(frozen=True)
class Config:
    """Sizes of the network and of its training; `frames` of 10 ms in an example."""

    channels: tuple[int, int, int]
    hidden: int
    dilations: tuple[int, ...]
    frames: int
    batch: int
    steps: int
    learning_rate: float
    seed: int = 1


SMALL = Config((12, 24, 24), 96, (1, 2, 4, 8, 16, 32, 64, 128), 800, 10, 6000, 3e-3)
"""For one core of a laptop: about an hour."""
FULL = Config((24, 48, 48), 160, (1, 2, 4, 8, 16, 32, 64, 128), 1000, 32, 60000, 1.5e-3)
"""For a GPU."""


class DrumNet(nn.Module):
    """Features (batch, frames, BANDS) -> activations and velocities, each (batch, frames, VOICES).

    Three convolutions over time and pitch that halve the pitch axis, then dilated convolutions
    over time with residuals (van den Oord et al., "WaveNet", 2016). All values lie in 0..1.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        first, second, third = config.channels
        self.front = nn.Sequential(
            nn.Conv2d(1, first, (3, 5), (1, 2), (1, 2)), nn.BatchNorm2d(first), nn.ReLU(),
            nn.Conv2d(first, second, 3, (1, 2), 1), nn.BatchNorm2d(second), nn.ReLU(),
            nn.Conv2d(second, third, 3, (1, 2), 1), nn.BatchNorm2d(third), nn.ReLU(),
        )  # fmt: skip
        hidden = config.hidden
        self.gather = nn.Sequential(
            nn.Conv1d(third * (BANDS // 8), hidden, 1), nn.BatchNorm1d(hidden), nn.ReLU()
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(hidden, hidden, 3, padding=d, dilation=d), nn.BatchNorm1d(hidden),
                nn.ReLU(),
            )
            for d in config.dilations
        )  # fmt: skip
        self.drop = nn.Dropout(0.1)
        self.out = nn.Conv1d(hidden, 2 * len(VOICES), 1)
        nn.init.constant_(self.out.bias[: len(VOICES)], -3.5)

    def take(self, other: DrumNet) -> None:
        """The weights of a network with fewer blocks; blocks that it has not add little at first.

        Raises RuntimeError for one of other sizes.
        """
        self.load_state_dict({**self.state_dict(), **other.state_dict()})
        for _, norm, _ in list(self.blocks)[len(other.blocks) :]:
            nn.init.constant_(norm.weight, _ADDED)

    def logits(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Activations and velocities before their sigmoids."""
        maps = self.front(features.unsqueeze(1))
        # Sizes are read from the tensor, so that any length can be exported.
        flat = maps.permute(0, 1, 3, 2).flatten(1, 2)
        hidden = self.gather(flat)
        for block in self.blocks:
            hidden = hidden + block(hidden)
        found = self.out(self.drop(hidden)).transpose(1, 2)
        return found[..., : len(VOICES)], found[..., len(VOICES) :]

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        active, strong = self.logits(features)
        return torch.sigmoid(active), torch.sigmoid(strong)


def loss_of(net: DrumNet, features: Tensor, active: Tensor, strong: Tensor) -> Tensor:
    """Cross entropy of activations, weighted towards attacks, and of velocities where one is."""
    found, velocity = net.logits(features)
    entropy = nn.functional.binary_cross_entropy_with_logits(found, active, reduction="none")
    onsets = (entropy * (1.0 + 2.0 * active)).mean() * 20.0
    near = (active > 0.5).float()
    off = nn.functional.binary_cross_entropy_with_logits(velocity, strong, reduction="none")
    return onsets + 0.5 * (off * near).sum() / near.sum().clamp(min=1.0)


def targets(hits: F32, frames: int, start_s: float = 0.0) -> tuple[F32, F32]:
    """Activations and velocities, each (frames, VOICES).

    An activation falls from 1 at the very time of the hit to 0 two frames away, so that its place
    between frames can be read from its shape (Kong et al., "High-resolution piano transcription",
    2021).
    """
    active = np.zeros((frames, len(VOICES)), np.float32)
    strong = np.zeros((frames, len(VOICES)), np.float32)
    for at, voice, velocity in hits:
        place = (at - start_s) / HOP_S
        middle = round(float(place))
        for frame in range(middle - 2, middle + 3):
            height = 1.0 - abs(frame - place) / _WIDTH_FRAMES
            if 0 <= frame < frames and height > active[frame, int(voice)]:
                active[frame, int(voice)] = height
                strong[frame, int(voice)] = velocity
    return active, strong


class Batches:
    """Draws examples: drums alone, with a residue of other instruments, or in a mix.

    Drums and what is beside them may come from different clips. Each is equalised at random,
    shifted in pitch, stretched, put into a room, dulled, compressed and drowned in noise now and
    then. A clip of one line (`data.LINE`) may be laid over another clip's drums: whatever hats,
    cymbals or percussion play there, both are to be heard.
    """

    def __init__(self, clips: Sequence[Clip], config: Config) -> None:
        self._clips = list(clips)
        self._beside = [clip for clip in self._clips if clip.rest.any()]
        self._lines = [clip for clip in self._clips if clip.name.startswith(LINE)]
        self._config = config
        self._rng = np.random.default_rng(config.seed)

    def draw(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """The batch of a step: features, activations, velocities. A step's batch never changes."""
        self._rng = np.random.default_rng([self._config.seed, step])
        rows = [self._example() for _ in range(self._config.batch)]
        features, active, strong = (np.stack(column) for column in zip(*rows, strict=True))
        return torch.from_numpy(features), torch.from_numpy(active), torch.from_numpy(strong)

    def _example(self) -> tuple[F32, F32, F32]:
        rng, frames = self._rng, self._config.frames
        clip = self._clips[int(rng.integers(len(self._clips)))]
        first = int(rng.integers(max(1, len(clip.drums) - frames)))
        power, active, strong = _drums(clip, first, frames, rng)
        if self._lines and rng.random() < _LAID_OVER:
            line = self._lines[int(rng.integers(len(self._lines)))]
            begin = int(rng.integers(max(1, len(line.drums) - frames)))
            over, also, how = _drums(line, begin, frames, rng)
            louder_db = _level_db(power, over)
            gain_db = rng.uniform(-20.0, 0.0) + (louder_db or 0.0)
            power = power + over * np.float32(10.0 ** (gain_db / 10.0))
            strong = np.where(also > active, how, strong)
            active = np.maximum(active, also)
        kind = rng.random()
        if kind > _ALONE and self._beside:
            other = clip if clip.rest.any() and rng.random() < 0.4 else None
            if other is None:
                other = self._beside[int(rng.integers(len(self._beside)))]
            begin = first if other is clip else int(rng.integers(max(1, len(other.rest) - frames)))
            rest = _coloured(_cut(other.rest, begin, frames), rng)
            level_db = _level_db(power, rest)
            # A mix holds drums somewhat below or above the rest; a separator leaves little of it.
            wanted = rng.uniform(8.0, 30.0) if kind < _RESIDUE else rng.uniform(-12.0, 8.0)
            if level_db is not None:
                power = power + rest * np.float32(10.0 ** ((level_db - wanted) / 10.0))
            else:
                power = power + rest
        power = _worn(power, rng)
        reference = float(np.quantile(power.mean(axis=1), _LOUD))
        reference = max(reference, 1e-9) * 10.0 ** (float(rng.normal(0.0, 2.5)) / 10.0)
        return drum_features(power, reference), active, strong


def _drums(clip: Clip, first: int, frames: int, rng: np.random.Generator) -> tuple[F32, F32, F32]:
    """Power, activations and velocities of a clip's drums from frame `first` on, made another."""
    speed = 1.0
    if rng.random() < _STRETCHED:
        speed = 1.0 + float(rng.uniform(-_WIDEST_STRETCH, _WIDEST_STRETCH))
    power = _cut(clip.drums, first, int(np.ceil(frames * speed)) + 1)
    if speed != 1.0:
        power = _between(power, np.arange(frames) * speed)
    power = power[:frames]
    if rng.random() < _SHIFTED:
        shift = float(rng.uniform(-_WIDEST_SHIFT, _WIDEST_SHIFT))
        at = np.clip(np.arange(BANDS, dtype=np.float64) + shift, 0.0, BANDS - 1.0)
        power = np.ascontiguousarray(_between(power.T, at).T)
    hits = clip.hits.copy()
    hits[:, 0] = (hits[:, 0] - np.float32(first * HOP_S)) / np.float32(speed)
    active, strong = targets(hits, frames)
    return _roomy(_coloured(power, rng), rng), active, strong


def _between(power: F32, at: NDArray[np.floating]) -> F32:
    """Rows of `power` at places `at` between rows, by the geometric mean of their neighbours."""
    below = np.minimum(at.astype(np.int64), len(power) - 2)
    share = (at - below).astype(np.float32)[:, None]
    levels = np.log(power + np.float32(1e-12))
    return np.asarray(np.exp(levels[below] * (1.0 - share) + levels[below + 1] * share), np.float32)


def _roomy(power: F32, rng: np.random.Generator) -> F32:
    """A tail of sound after everything, as a room gives it, shorter above than below."""
    if rng.random() >= _ROOM:
        return power
    fall_s = float(np.exp(rng.uniform(np.log(0.02), np.log(0.25))))
    keep = float(np.exp(-HOP_S / fall_s))
    level = 10.0 ** (float(rng.uniform(-22.0, -4.0)) / 10.0) * (1.0 - keep)
    tail = scipy.signal.lfilter([0.0, level], [1.0, -keep], power, axis=0)
    damped = np.linspace(1.0, float(rng.uniform(0.1, 1.0)), BANDS, dtype=np.float32)
    return np.asarray(power + tail.astype(np.float32) * damped, np.float32)


def _cut(steps: NDArray[np.uint8], first: int, frames: int) -> F32:
    part = from_steps(steps[first : first + frames])
    if len(part) == frames:
        return part
    whole = np.zeros((frames, BANDS), np.float32)
    whole[: len(part)] = part
    return whole


def _level_db(drums: F32, rest: F32) -> float | None:
    """How much louder the drums are than the rest; None where either is silent."""
    ours, theirs = float(drums.mean()), float(rest.mean())
    if ours < 1e-10 or theirs < 1e-10:
        return None
    return float(10.0 * np.log10(ours / theirs))


def _coloured(power: F32, rng: np.random.Generator) -> F32:
    """Equalised by a tilt and two broad bells, up to some 10 dB."""
    place = np.linspace(-1.0, 1.0, BANDS)
    gain = rng.normal(0.0, 3.0) * place
    for _ in range(2):
        width = rng.uniform(0.1, 0.5)
        gain += rng.normal(0.0, 3.0) * np.exp(-0.5 * ((place - rng.uniform(-1, 1)) / width) ** 2)
    coloured: F32 = power * (10.0 ** (gain / 10.0)).astype(np.float32)
    return coloured


def _worn(power: F32, rng: np.random.Generator) -> F32:
    """Dulled, compressed or noisy, as recordings are."""
    if rng.random() < 0.12:
        edge = int(rng.integers(BANDS // 2, BANDS))
        power = power.copy()
        power[:, edge:] *= np.float32(1e-5)
    if rng.random() < 0.3:
        level = np.maximum(power.mean(axis=1), 1e-10)
        smooth = np.convolve(level, np.full(9, 1.0 / 9.0), mode="same")
        over = np.maximum(smooth / max(float(np.quantile(smooth, 0.6)), 1e-10), 1.0)
        power = power * (over ** -float(rng.uniform(0.2, 0.7)))[:, None].astype(np.float32)
    if rng.random() < 0.3:
        loud = float(np.quantile(power.mean(axis=1), _LOUD))
        noise = rng.exponential(1.0, power.shape).astype(np.float32)
        power = power + noise * np.float32(loud * 10.0 ** (rng.uniform(-60.0, -30.0) / 10.0))
    return power
