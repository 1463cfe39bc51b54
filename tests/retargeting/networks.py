"""Retargeting networks for tests: random ones, and one that says what it is told to."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from animatex.config.model import RetargetNetworkConfig
from animatex.retargeting.network import RetargetNetwork

CONFIG = RetargetNetworkConfig(width=16)


def network(seed: int = 3) -> RetargetNetwork:
    """Random weights, also where a fresh network has zeros."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = RetargetNetwork(CONFIG)
        for last in (made.lasting, made.passing[-1]):
            assert isinstance(last, nn.Linear)
            nn.init.normal_(last.weight, std=0.05)
            nn.init.normal_(last.bias, std=0.05)
    return made.eval().requires_grad_(False)


def saying(shifts: Tensor) -> RetargetNetwork:
    """Says the same shifts [18, 2] of every frame, of pictures and of mirror images."""
    made = RetargetNetwork(CONFIG).eval().requires_grad_(False)
    last = made.passing[-1]
    assert isinstance(last, nn.Linear)
    last.bias.copy_(shifts.flatten())
    return made
