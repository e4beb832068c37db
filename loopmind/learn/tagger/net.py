"""The network of the tagger: two small picture readers and the analyser's features, joined.

    near, far, features -> readers -> members -> embedding, instrument, role, kind

The readers look at the pictures of `analysis.listening.tagger`. Each member is a small network on
all that was read; members are averaged, and their embeddings stand side by side, so that the dot
product of two embeddings is the mean over the members. A wide member, whose first layer is drawn
and whose second is solved for, tells instruments by the features alone.
"""

from __future__ import annotations

import torch
from torch import nn

from loopmind.analysis.listening.tagger import BANDS, FAR_STEPS, NEAR_FRAMES
from loopmind.learn.tagger.data import KINDS
from loopmind.music.loop import INSTRUMENTS, ROLES

FEATURES = 239
WIDTHS = (16, 32, 64, 64)
READ = 2 * 2 * 3 * WIDTHS[-1]
_DROPOUT = 0.4
_PLAIN = 0.2
INSTRUMENT_SHARES = {"seeing": 0.1, "blind": 0.45, "wide": 0.45}
"""What each sort of member says of instruments, chosen on a soundfont that none has met."""


class Reader(nn.Module):
    """A picture (n, frames, BANDS) -> what stands where in pitch, (n, READ // 2).

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
        self.layers = nn.Sequential(*layers)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        seen = self.layers(picture.unsqueeze(1))
        return torch.cat([seen.mean(dim=2), seen.amax(dim=2)], 1).flatten(1)


class Readers(nn.Module):
    """Both pictures -> (n, READ)."""

    def __init__(self) -> None:
        super().__init__()
        self.near, self.far = Reader(), Reader()

    def forward(self, near: torch.Tensor, far: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.near(near), self.far(far)], 1)


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
    """The features -> scores of the instruments, by a layer that was drawn and one solved for.

    What the drawn layer makes of two sounds is alike as an arc-cosine kernel says it (Cho and
    Saul, "Kernel methods for deep learning", NeurIPS 2009); so the best second layer is a matter
    of linear equations and takes seconds where other members take minutes.
    """

    pictures, size = False, 0

    def __init__(self, width: int, seed: int) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        drawn = torch.randn(width, FEATURES, generator=random) / FEATURES**0.5
        # Half precision already, so that what is solved for is what is shipped.
        self.register_buffer("drawn", drawn.half().float())
        offset = 0.5 * torch.randn(width, generator=random)
        self.register_buffer("offset", offset.half().float())
        self.last = nn.Linear(width + FEATURES, len(INSTRUMENTS))

    def lifted(self, features: torch.Tensor) -> torch.Tensor:
        """What the second layer sees, (n, width + FEATURES)."""
        wide = torch.relu(features @ self.drawn.T + self.offset)
        return torch.cat([wide, _PLAIN * features], 1)

    def forward(
        self, read: torch.Tensor, features: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return features[:, :0], self.last(self.lifted(features))


Members = list[Member | Wide]


def weights_of(members: Members) -> tuple[list[float], list[float]]:
    """How much each member's answers count: (of instruments, of roles and kinds).

    Pictures tell less of unseen sources than features: see the card. Of roles and kinds those that
    see and those that don't count the same, and the wide one is not asked.
    """
    sorts = [
        "wide" if isinstance(m, Wide) else "seeing" if m.pictures else "blind" for m in members
    ]
    asked = [sort for sort in sorts if sort != "wide"]

    def shares(given: list[str], of: dict[str, float]) -> list[float]:
        total = sum(of[sort] for sort in set(given))
        return [of[sort] / given.count(sort) / total for sort in given]

    others = iter(shares(asked, {"seeing": 0.5, "blind": 0.5}))
    return (
        shares(sorts, INSTRUMENT_SHARES),
        [0.0 if sort == "wide" else next(others) for sort in sorts],
    )


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
