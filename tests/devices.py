"""A device that is not there: computations run on PyTorch's `meta`, under the rules of another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

META = torch.device("meta")


class WithoutDoubles(TorchDispatchMode):
    """Refuses float64 on `meta`, as Apple's GPU does everywhere."""

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: Sequence[type],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        result = func(*args, **(kwargs or {}))
        for made in tree_leaves(result):
            if isinstance(made, torch.Tensor) and made.device == META and made.dtype == torch.float64:
                raise TypeError(f"{func} makes a float64 tensor on the device")
        return result
