"""Muon: momentum whose update is orthogonalised (Keller Jordan, 2024), in float32 and batched over equal shapes.

PyTorch ships one that works in bfloat16 a matrix at a time; processors without bfloat16 units crawl on that.
"""

from __future__ import annotations

from collections import defaultdict

import torch


class Muon(torch.optim.Optimizer):
    """For the weight matrices of hidden layers only; the rest belongs to AdamW."""

    def __init__(self, matrices, lr: float, momentum: float = 0.95, weight_decay: float = 0.0):
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            by_shape = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None:
                    by_shape[weight.shape].append(weight)
            for weights in by_shape.values():
                self._update(weights, group)

    def _update(self, weights: list[torch.Tensor], group: dict) -> None:
        steps = []
        for weight in weights:
            state = self.state[weight]
            if not state:
                state["momentum"] = torch.zeros_like(weight)
            state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
            steps.append(weight.grad.lerp(state["momentum"], group["momentum"]))
        rows, columns = weights[0].shape
        # The update's root mean square is then that of a usual Adam step (Moonlight, 2025).
        scale = 0.2 * max(rows, columns) ** 0.5
        for weight, step in zip(weights, orthogonalised(torch.stack(steps))):
            weight.mul_(1 - group["lr"] * group["weight_decay"]).add_(step, alpha=-group["lr"] * scale)


def orthogonalised(matrices: torch.Tensor) -> torch.Tensor:
    """The nearest orthogonal matrices, roughly: five quintic Newton–Schulz steps, [batch, rows, columns]."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        gram = x @ x.mT
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.mT if tall else x
