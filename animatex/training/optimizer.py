"""Which parameters train, AdamW's groups, and the learning rate as a function of the step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fnmatch import fnmatchcase

import torch
from torch import nn

from animatex.config.run import OptimizerConfig
from animatex.errors import ConfigError

_LAST_RATE = 1 / 20
_BETAS = (0.9, 0.99)


def choose_trainable(network: nn.Module, patterns: Sequence[str]) -> int:
    """Freeze every parameter that no pattern names.

    Args:
        network: Its parameters' `requires_grad` is set.
        patterns: Shell patterns over parameter names: "*", "pose_indicator.*", "*.temporal.*".

    Returns:
        How many numbers train.

    Raises:
        ConfigError: A pattern matches no parameter, or there is no pattern.
    """
    names = [name for name, _ in network.named_parameters()]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise ConfigError(
                f"trainable pattern '{pattern}' matches none of the network's {len(names)} parameters",
                hint=f"names look like '{names[0]}' and '{names[-1]}'.",
            )
    if not patterns:
        raise ConfigError(
            "trainable is empty, so nothing would train", hint='name patterns, or "*" for everything.'
        )
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(any(fnmatchcase(name, pattern) for pattern in patterns))
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def make_optimizer(network: nn.Module, config: OptimizerConfig) -> torch.optim.AdamW:
    """Build AdamW over what trains; vectors and scalars (biases, norms, gains) are not decayed."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=config.learning_rate, betas=_BETAS, foreach=True
    )


def learning_rate(step: int, steps: int, config: OptimizerConfig) -> float:
    """Give the rate of one optimizer step.

    Args:
        step: Which one, counted from 0.
        steps: How many there are in all.
        config: Peak rate, warm-up and decay.
    """
    if step < config.warmup:
        return config.learning_rate * (step + 1) / config.warmup
    if config.decay == "none":
        return config.learning_rate
    done = min(1.0, (step - config.warmup) / max(1, steps - 1 - config.warmup))
    return config.learning_rate * (_LAST_RATE + (1 - _LAST_RATE) * (1 + math.cos(math.pi * done)) / 2)
