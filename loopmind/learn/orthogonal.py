"""An optimiser that learns fast from few steps: every matrix moves by an orthogonal step.

The running mean of a matrix's gradient is replaced by the nearest orthogonal matrix, found by a
few Newton-Schulz iterations (Jordan et al., "Muon", 2024), so that all directions are learned at
the same pace. For hidden layers' matrices; all else is better served by AdamW.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """Nearly the orthogonal matrix nearest to `matrix` (rows, columns): singular values near 1."""
    a, b, c = _COEFFICIENTS
    x = matrix / (matrix.norm() + 1e-7)
    wide = x.shape[0] <= x.shape[1]
    x = x if wide else x.T
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x if wide else x.T


class Orthogonal(torch.optim.Optimizer):  # type: ignore[misc, unused-ignore]
    """Steps of `lr` times an orthogonal matrix, scaled by the matrix's shape."""

    def __init__(
        self, matrices: Iterable[Tensor], lr: float, momentum: float = 0.95, decay: float = 0.0
    ) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        """Move every matrix that has a gradient."""
        for group in self.param_groups:
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                state = self.state[matrix]
                if "mean" not in state:
                    state["mean"] = torch.zeros_like(matrix)
                state["mean"].lerp_(matrix.grad, 1.0 - group["momentum"])
                ahead = matrix.grad.lerp(state["mean"], group["momentum"])
                rows, columns = matrix.shape
                scale = max(rows / columns, columns / rows) ** 0.5
                matrix.mul_(1.0 - group["lr"] * group["decay"])
                matrix.add_(orthogonal(ahead), alpha=-group["lr"] * scale)
