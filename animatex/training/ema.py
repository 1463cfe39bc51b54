"""The exponential moving average of a network's weights: what is shipped."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class Average:
    """A second set of weights that follows the first slowly.

    Only floating-point parameters that train are averaged; everything else in the state dict (buffers, frozen
    weights) is taken over as it is.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay = decay
        self._weights = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
        trained = {name for name, parameter in network.named_parameters() if parameter.requires_grad}
        self._averaged = [name for name in self._weights if name in trained]

    @property
    def weights(self) -> Mapping[str, Tensor]:
        """The averages, by the names of the network's state dict, on the network's device."""
        return self._weights

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move towards the network's weights after optimizer step `step`, counted from 1.

        The decay grows to its full value over the first steps, as min(decay, (1 + n) / (10 + n)), so that the
        random initial weights are forgotten.
        """
        current = network.state_dict()
        decay = min(self._decay, (1 + step) / (10 + step))
        averages = [self._weights[name] for name in self._averaged]
        torch._foreach_lerp_(averages, [current[name] for name in self._averaged], 1 - decay)
        followed = set(self._averaged)
        for name, tensor in current.items():
            if name not in followed:
                self._weights[name].copy_(tensor)

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Take over saved averages; every name must be there, in its shape."""
        for name, tensor in self._weights.items():
            tensor.copy_(weights[name])
