"""Record what mamba-ssm gives, for tests that have neither its source nor a GPU.

`python -m tests.model.kernel_source.record MAMBA_SSM_SOURCE`
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from animatex.model.scan import _kernel
from tests.model.kernel_source.build import mamba_ssm
from tests.model.scans import NAMES, RECORDED, inputs, outcome
from tests.model.tiny import fill


def scan_numbers() -> dict[str, Tensor]:
    arguments = inputs(2, 3, 4, 33)
    given = {f"scan-input/{name}": t for name, t in zip(NAMES, arguments, strict=True)}
    return given | {f"scan/{name}": t for name, t in outcome(_kernel(), arguments).items()}


def module_numbers() -> dict[str, Tensor]:
    from mamba_ssm.modules.mamba_simple import Mamba

    # Its fast path is the same in one piece, with a convolution from another package.
    module = Mamba(d_model=32, d_state=4, d_conv=3, expand=2, use_fast_path=False)
    fill(module)
    x = torch.randn(2, 17, 32, generator=torch.Generator().manual_seed(1)).requires_grad_()
    y = module(x)
    y.square().sum().backward()
    parameters = dict(module.named_parameters())
    return {
        **{f"module-weight/{name}": p for name, p in parameters.items()},
        **{f"module-gradient/{name}": p.grad for name, p in parameters.items()},
        "module/x": x,
        "module/y": y,
        "module/gradient": x.grad,
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, mamba_ssm(Path(sys.argv[1]), Path(folder)):
        numbers = {**scan_numbers(), **module_numbers()}
    np.savez_compressed(RECORDED, **{name: t.detach().numpy() for name, t in numbers.items()})
