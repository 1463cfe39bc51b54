from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from animatex.errors import BackendError
from animatex.model.scan import kernel_problem, resolve_scan, selective_scan
from tests.model.scans import NAMES, inputs, outcome, recorded, relative_error

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
INSTALL = "build mamba-ssm for your GPU as docs/temporal-modules.md says, or set runtime.scan=auto."


def by_the_definition(arguments: list[Tensor]) -> np.ndarray:
    """One number at a time, in float64."""
    u, delta, A, B, C, D, z, bias = (t.double().numpy() for t in arguments)
    y = np.zeros_like(u)
    for item, channel in np.ndindex(*u.shape[:2]):
        state = np.zeros(A.shape[1])
        for k in range(u.shape[2]):
            step = np.log1p(np.exp(delta[item, channel, k] + bias[channel]))
            state = np.exp(step * A[channel]) * state + step * B[item, :, k] * u[item, channel, k]
            value = state @ C[item, :, k] + D[channel] * u[item, channel, k]
            gate = z[item, channel, k]
            y[item, channel, k] = value * gate / (1 + np.exp(-gate))
    return y


@given(b=st.integers(1, 3), d=st.integers(1, 4), n=st.integers(1, 4), length=st.integers(1, 8))
def test_the_scan_follows_its_definition(b: int, d: int, n: int, length: int) -> None:
    arguments = inputs(b, d, n, length, seed=length)
    np.testing.assert_allclose(
        selective_scan(*arguments).numpy(), by_the_definition(arguments), rtol=1e-4, atol=1e-5
    )


def test_the_scan_looks_back_only() -> None:
    arguments = inputs()
    before = selective_scan(*arguments)
    arguments[0][:, :, 3] += 1
    after = selective_scan(*arguments)
    assert torch.equal(before[:, :, :3], after[:, :, :3])
    assert not torch.allclose(before[:, :, 4], after[:, :, 4])


def test_gradients_are_those_of_finite_differences() -> None:
    arguments = [t.double().requires_grad_() for t in inputs(1, 2, 2, 3)]
    # The scan computes in float32, so steps and tolerances are those of float32.
    assert torch.autograd.gradcheck(
        selective_scan, arguments, eps=1e-2, atol=2e-2, rtol=2e-2, nondet_tol=1e-6
    )


def test_the_scan_and_its_gradients_are_those_of_mamba_ssms_kernels() -> None:
    given, theirs = recorded("scan-input"), recorded("scan")
    for name, ours in outcome(selective_scan, [given[name] for name in NAMES]).items():
        assert relative_error(ours, theirs[name]) < 1e-5, name


def test_half_precision_comes_back_in_half_precision() -> None:
    arguments = inputs()
    rough = selective_scan(*(t.bfloat16() for t in arguments))
    assert rough.dtype == torch.bfloat16
    torch.testing.assert_close(rough.float(), selective_scan(*arguments), rtol=0.1, atol=0.1)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_autocast_leaves_the_scan_and_its_gradients_in_float32(dtype: torch.dtype) -> None:
    plain, cast = ([t.requires_grad_() for t in inputs(2, 8, 4, 6)] for _ in range(2))
    expected = selective_scan(*plain)
    with torch.autocast("cpu", dtype):
        made = selective_scan(*cast)
    assert torch.equal(made, expected)
    for scanned in (made, expected):
        scanned.sum().backward()
    assert all(torch.equal(a.grad, b.grad) for a, b in zip(cast, plain, strict=True))


def test_the_scan_works_on_devices_without_autocast() -> None:
    arguments = [t.to("meta") for t in inputs(2, 8, 4, 6)]
    assert selective_scan(*arguments).shape == (2, 8, 6)


def test_torch_by_name_is_asked_for() -> None:
    resolved = resolve_scan("torch", CPU)
    assert (resolved.name, resolved.reason, resolved.value) == ("torch", "asked for", selective_scan)


def test_without_a_gpu_auto_takes_torch_and_says_why() -> None:
    resolved = resolve_scan("auto", CPU)
    assert (resolved.name, resolved.value) == ("torch", selective_scan)
    assert resolved.reason == "its kernel needs a CUDA device"


def test_without_the_package_auto_takes_torch_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mamba_ssm", None)
    resolved = resolve_scan("auto", CUDA)
    assert resolved.name == "torch"
    assert resolved.reason.startswith("the scan 'mamba_ssm' needs the package mamba_ssm")


def test_the_kernel_by_name_is_refused_where_there_is_no_gpu() -> None:
    with pytest.raises(BackendError) as caught:
        resolve_scan("mamba_ssm", CPU)
    assert caught.value.message == "scan 'mamba_ssm' does not work here: its kernel needs a CUDA device"
    assert caught.value.hint == "set runtime.scan=auto."


def test_the_kernel_by_name_is_refused_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mamba_ssm", None)
    with pytest.raises(BackendError, match="^scan 'mamba_ssm' does not work here: .* needs the package") as e:
        resolve_scan("mamba_ssm", CUDA)
    assert e.value.hint == INSTALL


def test_a_kernel_that_agrees_has_no_problem() -> None:
    assert kernel_problem(selective_scan, CPU) is None


def test_a_kernel_that_differs_is_found_out() -> None:
    def wrong(*arguments: Tensor) -> Tensor:
        return selective_scan(*arguments) + 0.5

    assert kernel_problem(wrong, CPU) == "its kernel differs from PyTorch by 0.5"


def test_a_package_without_its_extension_is_found_out() -> None:
    extension: ModuleType | None = None

    def lacking(*arguments: Tensor) -> Tensor:
        return extension.fwd(*arguments)  # type: ignore[union-attr]

    assert kernel_problem(lacking, CPU) == (
        "its kernel fails with AttributeError: 'NoneType' object has no attribute 'fwd'"
    )


def test_a_kernel_for_another_card_is_found_out_in_one_line() -> None:
    def foreign(*arguments: Tensor) -> Tensor:
        raise RuntimeError("CUDA error: no kernel image is available\nFor debugging consider")

    assert kernel_problem(foreign, CPU) == (
        "its kernel fails with RuntimeError: CUDA error: no kernel image is available"
    )


@pytest.mark.kernels
@pytest.mark.gpu
def test_the_kernel_equals_torch_forward_and_backward() -> None:
    resolved = resolve_scan("mamba_ssm", CUDA)
    arguments = [t.cuda() for t in inputs(4, 16, 8, 32)]
    theirs = outcome(resolved.value, arguments)
    for name, ours in outcome(selective_scan, arguments).items():
        torch.testing.assert_close(ours, theirs[name], rtol=1e-3, atol=1e-3)
