"""Mamba's selective scan: the operator in plain PyTorch, its kernel, and the choice between them.

Letters: b sequences, d channels, l positions (the slots of a window), n state size.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from animatex.errors import BackendError, MissingPackage, brief, require
from animatex.runtime import Resolved

ScanFn = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]
"""Signature of `selective_scan`, arguments by position."""

_INSTALL = "build mamba-ssm for your GPU as docs/temporal-modules.md says, or set runtime.scan=auto."


def selective_scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, z: Tensor, delta_bias: Tensor
) -> Tensor:
    """Scan sequences with an input-dependent linear recurrence (Gu & Dao 2023, eq. 2 and section 3.2).

    With step = softplus(delta + delta_bias), the state follows
    x_k = exp(step_k A) x_(k-1) + step_k B_k u_k, and the result is (C_k x_k + D u_k) silu(z_k).

    Only one state is kept while walking over l, which is short here; materialising all of them would need
    gigabytes at the finest level. The state is float32 whatever the inputs are, as in the kernel.

    Args:
        u: [b, d, l], the input.
        delta: [b, d, l], step sizes before bias and softplus.
        A: [d, n], how fast states decay; negative.
        B: [b, n, l], how the input enters the state.
        C: [b, n, l], how the state is read.
        D: [d], how much of the input passes by.
        z: [b, d, l], the gate.
        delta_bias: [d].

    Returns:
        [b, d, l] in `u`'s dtype.
    """
    step = F.softplus(delta.float() + delta_bias.float()[:, None])
    entering = step * u.float()
    decay, into, out_of = A.float(), B.float(), C.float()
    state = u.new_zeros(u.shape[0], u.shape[1], A.shape[1], dtype=torch.float32)
    read = []
    with _without_autocast(u.device):
        for k in range(u.shape[2]):
            decayed = torch.exp(step[:, :, k, None] * decay) * state
            state = decayed + entering[:, :, k, None] * into[:, None, :, k]
            read.append(torch.einsum("bdn,bn->bd", state, out_of[:, :, k]))
    y = torch.stack(read, dim=2) + D.float()[:, None] * u.float()
    return (y * F.silu(z.float())).to(u.dtype)


def _without_autocast(device: torch.device) -> AbstractContextManager[None]:
    """Keep matrix products in float32, which autocast, as in training, would make in 16 bits."""
    known = torch.amp.is_autocast_available(device.type)
    return torch.autocast(device.type, enabled=False) if known else nullcontext()


def resolve_scan(choice: Literal["auto", "mamba_ssm", "torch"], device: torch.device) -> Resolved[ScanFn]:
    """Choose the implementation of the selective scan.

    Args:
        choice: One by name, or "auto": the kernel where it works, else PyTorch.
        device: Where it will run.

    Raises:
        BackendError: The kernel was asked for and does not work here.
    """
    if choice == "torch":
        return Resolved("torch", "asked for", selective_scan)
    try:
        problem = (
            "its kernel needs a CUDA device" if device.type != "cuda" else kernel_problem(_kernel(), device)
        )
    except MissingPackage as error:
        problem = error.message
    if problem is None:
        return Resolved("mamba_ssm", "its kernel gives the same result as PyTorch here", _kernel())
    if choice == "mamba_ssm":
        hint = _INSTALL if device.type == "cuda" else "set runtime.scan=auto."
        raise BackendError(f"scan 'mamba_ssm' does not work here: {problem}", hint=hint)
    return Resolved("torch", problem, selective_scan)


def kernel_problem(kernel: ScanFn, device: torch.device) -> str | None:
    """Run a kernel on a small input and compare it with `selective_scan`.

    That a package can be imported says little: mamba-ssm may come without its compiled extension, or with one
    built for another PyTorch.

    Returns:
        What is wrong with it; None if nothing is.
    """
    inputs = _small_inputs(device)
    try:
        ours, theirs = selective_scan(*inputs), kernel(*inputs)
    except (ImportError, RuntimeError, TypeError, AttributeError) as error:
        return f"its kernel fails with {type(error).__name__}: {brief(error)}"
    difference = float((ours - theirs).abs().max())
    if difference > 1e-3:
        return f"its kernel differs from PyTorch by {difference:.2g}"
    return None


def _kernel() -> ScanFn:
    package = require("mamba_ssm.ops.selective_scan_interface", for_="the scan 'mamba_ssm'")

    def scan(
        u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, z: Tensor, delta_bias: Tensor
    ) -> Tensor:
        y: Tensor = package.selective_scan_fn(
            u, delta, A, B, C, D, z=z, delta_bias=delta_bias, delta_softplus=True
        )
        return y

    return scan


def _small_inputs(device: torch.device) -> tuple[Tensor, ...]:
    b, d, n, length = 1, 8, 4, 4
    generator = torch.Generator().manual_seed(0)
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
    drawn = [torch.randn(shape, generator=generator).to(device) for shape in shapes]
    drawn[2] = -drawn[2].abs()
    return tuple(drawn)
