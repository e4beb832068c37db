"""The network of the tagger: two small picture readers and the analyser's features, joined.

    near, far, features -> readers -> members -> embedding, instrument, role, kind

The readers look at the pictures of `analysis.listening.tagger`. Each member is a small network on
all that was read; members are averaged, and their embeddings stand side by side, so that the dot
product of two embeddings is the mean over the members. A wide member, whose first layer is drawn
and whose second is solved for, tells instruments alone.
"""

from __future__ import annotations

import torch
from torch import nn

from loopmind.analysis.listening.tagger import BANDS, FAR_STEPS, NEAR_FRAMES
from loopmind.learn.tagger.data import KINDS
from loopmind.music.loop import INSTRUMENTS, ROLES

FEATURES = 239
WIDTHS = (32, 64, 96, 128)
READ = 256
_POOLED = 2 * 2 * 3 * WIDTHS[-1]
_DROPOUT = 0.4
_READER_DROPOUT = 0.2
_PLAIN = 0.2


class Reader(nn.Module):
    """A picture (n, frames, BANDS) -> what stands where in pitch, (n, half of _POOLED).

    Four convolutions that halve both axes; then mean and maximum over time, so that what counts
    is what sounds and not when.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 1
        for width in WIDTHS:
            layers += [nn.Conv2d(before, width, 3, stride=2, padding=1, bias=False),
                       nn.BatchNorm2d(width), nn.ReLU()]  # fmt: skip
            before = width
        # Processors convolve faster where the channels of one cell lie side by side.
        self.layers = nn.Sequential(*layers).to(memory_format=torch.channels_last)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        seen = self.layers(picture.unsqueeze(1))
        return torch.cat([seen.mean(dim=2), seen.amax(dim=2)], 1).flatten(1)


class Readers(nn.Module):
    """Both pictures -> (n, READ)."""

    def __init__(self) -> None:
        super().__init__()
        self.near, self.far = Reader(), Reader()
        self.join = nn.Sequential(nn.Dropout(_READER_DROPOUT), nn.Linear(_POOLED, READ), nn.ReLU())

    def forward(self, near: torch.Tensor, far: torch.Tensor) -> torch.Tensor:
        joined: torch.Tensor = self.join(torch.cat([self.near(near), self.far(far)], 1))
        return joined


class Member(nn.Module):
    """What was read and the features -> unit embedding (n, size) and scores of every question.

    A member of size 0 only answers questions.
    """

    def __init__(self, size: int, *, pictures: bool = True, features: bool = True) -> None:
        super().__init__()
        self.pictures, self.features, self.size = pictures, features, size
        inputs = (READ if pictures else 0) + (FEATURES if features else 0)
        self.first = nn.Sequential(nn.Linear(inputs, 192), nn.ReLU(), nn.Dropout(_DROPOUT))
        self.second = nn.Sequential(nn.Linear(192, 160), nn.ReLU(), nn.Dropout(_DROPOUT))
        self.heads = nn.Linear(160, len(INSTRUMENTS) + len(ROLES) + len(KINDS))
        if size:
            self.project = nn.Linear(160, size)

    def forward(
        self, read: torch.Tensor, features: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        given = [read] * self.pictures + [features] * self.features
        hidden = self.second(self.first(torch.cat(given, 1)))
        if not self.size:
            return hidden[:, :0], self.heads(hidden)
        place = self.project(hidden)
        place = place / place.norm(dim=1, keepdim=True).clamp_min(1e-6)
        return place, self.heads(hidden)


class Wide(nn.Module):
    """What was read and the features -> scores of the instruments.

    The first layer is drawn and the second solved for. What the drawn layer makes of two sounds is
    alike as an arc-cosine kernel says it (Cho and Saul, "Kernel methods for deep learning",
    NeurIPS 2009); so the best second layer is a matter of linear equations and takes seconds where
    other members take minutes.
    """

    pictures, size = True, 0

    def __init__(self, width: int, seed: int) -> None:
        super().__init__()
        inputs = READ + FEATURES
        random = torch.Generator().manual_seed(seed)
        drawn = torch.randn(width, inputs, generator=random) / inputs**0.5
        # Half precision already, so that what is solved for is what is shipped.
        self.register_buffer("drawn", drawn.half().float())
        offset = 0.5 * torch.randn(width, generator=random)
        self.register_buffer("offset", offset.half().float())
        self.last = nn.Linear(width + inputs, len(INSTRUMENTS))

    def lifted(self, read: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """What the second layer sees, (n, width + inputs)."""
        given = torch.cat([read, features], 1)
        wide = torch.relu(given @ self.drawn.T + self.offset)
        return torch.cat([wide, _PLAIN * given], 1)

    def forward(
        self, read: torch.Tensor, features: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return features[:, :0], self.last(self.lifted(read, features))


Members = list[Member | Wide]


def weights_of(members: Members) -> tuple[list[float], list[float]]:
    """How much each member's answers count: (of instruments, of roles and kinds).

    Of instruments all members count the same. Of roles and kinds those that see and those that
    don't do, and the wide one is not asked.
    """
    sorts = [None if isinstance(member, Wide) else member.pictures for member in members]
    asked = set(sorts) - {None}
    others = [0.0 if s is None else 1.0 / len(asked) / sorts.count(s) for s in sorts]
    return [1.0 / len(members)] * len(members), others


def together(
    members: Members, told: list[tuple[torch.Tensor, torch.Tensor]]
) -> tuple[torch.Tensor, ...]:
    """(embedding, probabilities of instruments, roles, kinds) of what all members told."""
    places = [place for member, (place, _) in zip(members, told, strict=True) if member.size]
    answers = []
    sizes = [len(INSTRUMENTS), len(ROLES), len(KINDS)]
    of_instruments, of_others = weights_of(members)
    for number, weights in enumerate((of_instruments, of_others, of_others)):
        first = sum(sizes[:number])
        answers.append(sum(
            weight * scores[:, first : first + sizes[number]].softmax(1)
            for weight, (_, scores) in zip(weights, told, strict=True) if weight
        ))  # fmt: skip
    return (torch.cat(places, 1) / len(places) ** 0.5, *answers)


class Tagger(nn.Module):
    """The shipped network; outputs are (n, EMBEDDING) of unit length and probabilities."""

    def __init__(self, readers: Readers, members: Members, scaling: Scaling) -> None:
        super().__init__()
        self.readers, self.scaling = readers, scaling
        self.members = nn.ModuleList(members)

    def forward(
        self, near: torch.Tensor, far: torch.Tensor, features: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        read, standard = self.scaling(self.readers(near, far), features)
        members: Members = list(self.members)
        return together(members, [member(read, standard) for member in members])


class Scaling(nn.Module):
    """Brings what was read and the features to about unit spread, held within -4..4."""

    def __init__(self, read: torch.Tensor, features: torch.Tensor) -> None:
        """From the examples (n, READ) and (n, FEATURES) that will be learned from."""
        super().__init__()
        for name, values in (("read", read), ("features", features)):
            self.register_buffer(f"{name}_mean", values.mean(0))
            self.register_buffer(f"{name}_scale", 1.0 / (values.std(0) + 1e-3))

    def forward(
        self, read: torch.Tensor, features: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        seen = ((read - self.read_mean) * self.read_scale).clamp(-4.0, 4.0)
        return seen, self.standard(features)

    def standard(self, features: torch.Tensor) -> torch.Tensor:
        """The features alone, so brought."""
        return ((features - self.features_mean) * self.features_scale).clamp(-4.0, 4.0)


def example_inputs(count: int = 1) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Random inputs of the right shapes, to export and compare with."""
    random = torch.Generator().manual_seed(5)
    return (
        torch.rand(count, NEAR_FRAMES, BANDS, generator=random) * 2.0 - 1.0,
        torch.rand(count, FAR_STEPS, BANDS, generator=random) * 2.0 - 1.0,
        torch.randn(count, FEATURES, generator=random),
    )
