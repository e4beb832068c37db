"""A small encoder and decoder that copies: sentence in, plain commands out.

Attention as in Vaswani et al. 2017, with what a word means (static vectors), how it is written
(runs of letters) and the word itself as input; each word of the answer is one of the commands'
words or one of the sentence's (a pointer, See et al. 2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from loopmind.assistant.wording import LONGEST_COMMAND, LONGEST_SAID, PIECES


@dataclass(frozen=True)
class Size:
    """Widths and depths of a network."""

    said: int
    command: int
    vector: int = 80
    width: int = 160
    heads: int = 4
    hidden: int = 480
    encoder: int = 3
    decoder: int = 2
    longest_said: int = LONGEST_SAID + 2
    longest_command: int = LONGEST_COMMAND + 2
    dropout: float = 0.2
    backwards: bool = False
    """Whether it writes the last word of the commands first."""


class Attention(nn.Module):
    """Heads of attention; `hidden` true where a place must not be looked at."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads = size.heads
        self.ask = nn.Linear(size.width, size.width)
        self.keep = nn.Linear(size.width, 2 * size.width)
        self.give = nn.Linear(size.width, size.width)

    def forward(self, x: Tensor, y: Tensor, hidden: Tensor) -> Tensor:
        batch, there, width = y.shape
        here = x.shape[1]
        q = self.ask(x).view(batch, here, self.heads, -1).transpose(1, 2)
        k, v = self.keep(y).view(batch, there, 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        weights = q @ k.transpose(2, 3) * (width // self.heads) ** -0.5
        weights = weights.masked_fill(hidden, -1e4).softmax(-1)
        out = (weights @ v).transpose(1, 2).reshape(batch, here, width)
        return self.give(out)


class Layer(nn.Module):
    """Attention to itself, to the sentence (decoder only), and a layer for each place."""

    def __init__(self, size: Size, *, looks: bool) -> None:
        super().__init__()
        self.own = Attention(size)
        self.look = Attention(size) if looks else None
        self.norms = nn.ModuleList(nn.LayerNorm(size.width) for _ in range(3))
        self.up = nn.Linear(size.width, size.hidden)
        self.down = nn.Linear(size.hidden, size.width)
        self.drop = nn.Dropout(size.dropout)

    def forward(self, x: Tensor, hidden: Tensor, seen: Tensor | None = None,
                unseen: Tensor | None = None) -> Tensor:  # fmt: skip
        normed = self.norms[0](x)
        x = x + self.drop(self.own(normed, normed, hidden))
        if self.look is not None:
            assert seen is not None and unseen is not None
            x = x + self.drop(self.look(self.norms[1](x), seen, unseen))
        inner = torch.nn.functional.gelu(self.up(self.norms[2](x)))
        return x + self.drop(self.down(inner))


class Translator(nn.Module):
    """Log chances of the next word for every place of an answer that has begun.

    vectors (batch, said, size.vector), words and (batch, said, pieces) numbers of the sentence;
    goes_on (batch, 1): 1 where something was said before; answer (batch, places) numbers, of the
    commands' words, or size.command + place for a word that was copied. Result
    (batch, places, size.command + said).
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        width = size.width
        self.meaning = nn.Linear(size.vector, width)
        self.said = nn.Embedding(size.said, width, padding_idx=0)
        self.pieces = nn.Embedding(PIECES, width, padding_idx=0)
        self.context = nn.Embedding(2, width)
        self.place = nn.Embedding(size.longest_said, width)
        self.command = nn.Embedding(size.command, width)
        self.step = nn.Embedding(size.longest_command, width)
        self.encoder = nn.ModuleList(Layer(size, looks=False) for _ in range(size.encoder))
        self.decoder = nn.ModuleList(Layer(size, looks=True) for _ in range(size.decoder))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.point_from = nn.Linear(width, width)
        self.point_to = nn.Linear(width, width)
        self.gate = nn.Linear(width, 1)
        self.drop = nn.Dropout(size.dropout)
        for table in (self.said, self.pieces, self.context, self.place, self.command, self.step):
            nn.init.normal_(table.weight, std=0.5 * width**-0.5)

    def forward(self, vectors: Tensor, words: Tensor, pieces: Tensor, there: Tensor,
                goes_on: Tensor, answer: Tensor) -> Tensor:  # fmt: skip
        seen = self.read(vectors, words, pieces, there, goes_on)
        return self.write(seen, there, answer)

    def read(self, vectors: Tensor, words: Tensor, pieces: Tensor, there: Tensor,
             goes_on: Tensor) -> Tensor:  # fmt: skip
        """The sentence, place by place; there (batch, said): 1 where a word is."""
        real = pieces.gt(0)[..., None]
        letters = (self.pieces(pieces) * real).sum(2) / real.sum(2).clamp(min=1)
        at = torch.arange(words.shape[1], device=words.device)
        x = self.meaning(vectors) + self.said(words) + letters
        x = self.drop(x + self.place(at) + self.context(goes_on))
        hidden = there.eq(0)[:, None, None, :]
        for layer in self.encoder:
            x = layer(x, hidden)
        return self.norms[0](x)

    def write(self, seen: Tensor, there: Tensor, answer: Tensor) -> Tensor:
        known = self.size.command
        copied = (answer - known).clamp(min=0)
        own = self.command(torch.where(answer < known, answer, torch.zeros_like(answer)))
        taken = torch.gather(seen, 1, copied[..., None].expand(-1, -1, seen.shape[2]))
        at = torch.arange(answer.shape[1], device=answer.device)
        x = torch.where((answer < known)[..., None], own, taken)
        x = self.drop(x + self.step(at))
        later = at[None, :] > at[:, None]
        unseen = there.eq(0)[:, None, None, :]
        for layer in self.decoder:
            x = layer(x, later, seen, unseen)
        x = self.norms[1](x)
        words = (x @ self.command.weight.T).log_softmax(-1)
        point = self.point_from(x) @ self.point_to(self.norms[2](seen)).transpose(1, 2)
        point = point * self.size.width**-0.5
        point = point.masked_fill(unseen[:, 0], -1e4).log_softmax(-1)
        gate = self.gate(x)
        own_share = torch.nn.functional.logsigmoid(gate)
        copy_share = torch.nn.functional.logsigmoid(-gate)
        return torch.cat([words + own_share, point + copy_share], -1)
