"""What the training loop asks of a stage: a network, batches by number, a loss, a file to ship."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from animatex.checkpoints.catalogue import find_weights

Batch = TypeVar("Batch")


@dataclass(frozen=True, slots=True, eq=False)
class StepResult:
    """What one batch says.

    Attributes:
        loss: float32 scalar, the mean over the batch, attached to the graph.
        figures: Numbers for the log, by name; scalar tensors are detached and read once a step. The log has
            each one's mean over those of the step's batches that give it.
    """

    loss: Tensor
    figures: Mapping[str, float | Tensor]


class Task(Protocol[Batch]):
    """One stage of a recipe, without its loop.

    The loop owns the optimizer, the average of the weights, precision and the checkpoints; a task owns what
    is particular to its network. Tasks do not inherit from this; they have these members.
    """

    @property
    def network(self) -> nn.Module:
        """What trains; nothing else is optimised, averaged or saved."""

    def batches(self, numbers: Iterable[int]) -> Generator[Batch, None, None]:
        """Make the batches with these numbers, in this order.

        Batch `n` is a function of the seed and of `n` alone, so that a resumed run sees what an unbroken one
        would. A generator, because the loop closes it, and with it the processes that render.
        """

    def loss(self, network: nn.Module, batch: Batch, rng: torch.Generator) -> StepResult:
        """Measure the network on one batch.

        Args:
            network: `self.network`, perhaps wrapped for several processes: call it, do not reach into it.
            batch: One of `batches`; moving it to the network's device is up to the task.
            rng: A stream on the CPU that is a function of the seed and of the batch's number.
        """

    def save(self, weights: Mapping[str, Tensor], path: Path) -> None:
        """Write the file that is shipped.

        Args:
            weights: The averaged weights, by the names of `network.state_dict()`, on the CPU.
            path: A safetensors file; replaced, whole, if it exists.
        """


def find_trained(name: str, folder: Path) -> Path:
    """Find weights that a stage builds on: an earlier stage's file in `folder`, or an installed one.

    Raises:
        InputError: There is neither.
    """
    own = folder / name
    return own if own.is_file() else find_weights(name, None)
