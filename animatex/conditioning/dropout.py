"""Which conditions act in a training sample.

Letters: B batch.
"""

from __future__ import annotations

import torch
from torch import Tensor

from animatex.conditioning.bundle import Keep
from animatex.config.run import ConditionDropout


def drop_conditions(config: ConditionDropout, batch: int, generator: torch.Generator) -> Keep:
    """Draw masks for a batch; items are independent.

    Each condition is left out with its own probability, and, independently, all of an item's at once with
    `all`, which is what classifier-free guidance needs to have seen.

    Args:
        config: Probabilities.
        batch: Items B.
        generator: On the CPU.

    Returns:
        Masks on the CPU, each float [B] of zeros and ones.
    """
    any_left = _keep(config.all, batch, generator)
    return Keep(
        image=any_left * _keep(config.image, batch, generator),
        reference_image=any_left * _keep(config.reference_image, batch, generator),
        pose_frames=any_left * _keep(config.pose_frames, batch, generator),
        reference_slot=any_left * _keep(config.reference_slot, batch, generator),
        motion=any_left * _keep(config.motion, batch, generator),
        prior=any_left * _keep(config.prior, batch, generator),
    )


def _keep(probability_of_dropping: float, batch: int, generator: torch.Generator) -> Tensor:
    return (torch.rand(batch, generator=generator) >= probability_of_dropping).float()
