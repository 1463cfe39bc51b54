"""Inputs for the selective scan, what it and its gradients give, and what mamba-ssm gave for the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from animatex.model.scan import ScanFn

RECORDED = Path(__file__).parent / "data" / "mamba_ssm.npz"
NAMES = ("u", "delta", "A", "B", "C", "D", "z", "delta_bias")
"""The scan's arguments, as mamba-ssm calls them too."""


def inputs(b: int = 2, d: int = 3, n: int = 4, length: int = 5, seed: int = 0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shapes = [
        (b, d, length),
        (b, d, length),
        (d, n),
        (b, n, length),
        (b, n, length),
        (d,),
        (b, d, length),
        (d,),
    ]
    drawn = [torch.randn(shape, generator=generator) for shape in shapes]
    drawn[2] = -drawn[2].abs()
    return drawn


def outcome(scan: ScanFn, arguments: Sequence[Tensor]) -> dict[str, Tensor]:
    """What a scan gives, and the gradient of the sum of its squares by each argument's name."""
    leaves = [t.detach().requires_grad_() for t in arguments]
    y = scan(*leaves)
    y.float().square().sum().backward()
    return {"y": y.detach(), **{name: t.grad for name, t in zip(NAMES, leaves, strict=True)}}


def relative_error(ours: Tensor, theirs: Tensor) -> float:
    """Relative L2 error; 0 where both are 0."""
    difference = float((ours - theirs).detach().norm())
    return difference and difference / float(theirs.norm())


def recorded(kind: str) -> dict[str, Tensor]:
    """Numbers of one kind by name: `kernel_source/record.py` says which there are."""
    with np.load(RECORDED) as numbers:
        return {
            name.removeprefix(f"{kind}/"): torch.from_numpy(numbers[name])
            for name in numbers.files
            if name.startswith(f"{kind}/")
        }
