"""mamba-ssm's kernels, compiled for the processor from their own source, against our scan in PyTorch.

They need mamba-ssm's source distribution, unpacked, in $MAMBA_SSM_SOURCE, and g++, ninja and triton. What
nvcc and a GPU add, their rounding above all, is for the tests marked `kernels`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from animatex.checkpoints.load import load_unet
from animatex.checkpoints.store import save_weights
from animatex.config.model import TemporalMamba as TemporalMambaConfig
from animatex.model.build import build_unet
from animatex.model.scan import ScanFn, _kernel, kernel_problem, selective_scan
from animatex.model.unet import AnimateXUNet
from tests.model.kernel_source.build import mamba_ssm
from tests.model.scans import inputs, outcome, relative_error
from tests.model.tiny import fill, tiny_conditioning, tiny_config, tiny_noise

pytestmark = pytest.mark.kernel_source

UNET = tiny_config(temporal=TemporalMambaConfig(kind="mamba", state_dim=2, expand=1, conv_width=3))


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScanFn]:
    source = os.environ.get("MAMBA_SSM_SOURCE")
    if source is None:
        pytest.fail("tests marked 'kernel_source' need mamba-ssm's source in $MAMBA_SSM_SOURCE.")
    with mamba_ssm(Path(source), tmp_path_factory.mktemp("selective_scan_cuda")):
        yield _kernel()


def test_the_trial_run_accepts_the_kernel(kernel: ScanFn) -> None:
    assert kernel_problem(kernel, torch.device("cpu")) is None


# A length chooses the block, 32 to 128 threads of 4 to 16 slots; beyond 2,048 slots it takes several chunks.
@pytest.mark.parametrize("length", [1, 16, 33, 128, 200, 512, 700, 1024, 1025, 2048, 2049, 4100])
def test_the_kernel_equals_torch_forward_and_backward(kernel: ScanFn, length: int) -> None:
    arguments = inputs(2, 6, 5, length, seed=length)
    theirs = outcome(kernel, arguments)
    for name, ours in outcome(selective_scan, arguments).items():
        assert relative_error(ours, theirs[name]) < 1e-5, name


def test_in_bfloat16_they_differ_by_its_rounding(kernel: ScanFn) -> None:
    arguments = inputs(2, 6, 5, 33)
    for at in (0, 1, 3, 4, 6):  # The rest is float32 for the kernel, and in our module, always.
        arguments[at] = arguments[at].bfloat16()
    theirs = outcome(kernel, arguments)
    for name, ours in outcome(selective_scan, arguments).items():
        assert ours.dtype == theirs[name].dtype
        assert relative_error(ours.float(), theirs[name].float()) < 1e-2, name


def test_the_reference_of_mamba_ssm_equals_our_scan(kernel: ScanFn) -> None:
    from mamba_ssm.ops.selective_scan_interface import selective_scan_ref

    def reference(*arguments: Tensor) -> Tensor:
        y: Tensor = selective_scan_ref(*arguments, delta_softplus=True)
        return y

    arguments = inputs(2, 6, 5, 33)
    theirs = outcome(reference, arguments)
    for name, ours in outcome(selective_scan, arguments).items():
        assert relative_error(ours, theirs[name]) < 1e-5, name


@pytest.fixture(scope="module")
def trained(kernel: ScanFn) -> dict[str, AnimateXUNet]:
    """The same network after three steps of training, with each scan; it holds the gradients of the last."""
    return {"kernel": train(kernel), "torch": train(selective_scan)}


def train(scan: ScanFn) -> AnimateXUNet:
    unet = build_unet(UNET, scan=scan).train()
    fill(unet)
    optimiser = torch.optim.SGD(unet.parameters(), lr=0.01)
    for _ in range(3):
        optimiser.zero_grad()
        predict(unet).square().mean().backward()
        optimiser.step()
    return unet.eval()


def predict(unet: AnimateXUNet) -> Tensor:
    v: Tensor = unet(tiny_noise(), torch.tensor([500]), tiny_conditioning())
    return v


def test_training_with_one_is_training_with_the_other(trained: dict[str, AnimateXUNet]) -> None:
    ours, theirs = (
        torch.cat([p.grad.flatten() for p in trained[name].parameters()]) for name in ("torch", "kernel")
    )
    # Other rounding inside the scan changes the third step's gradient as much: by 1e-4.
    assert relative_error(ours, theirs) < 1e-3


@torch.inference_mode()
def test_a_checkpoint_trained_with_one_loads_in_the_other(
    kernel: ScanFn, trained: dict[str, AnimateXUNet], tmp_path: Path
) -> None:
    for name, other in (("kernel", selective_scan), ("torch", kernel)):
        unet, file = trained[name], tmp_path / f"{name}.safetensors"
        save_weights(file, unet.state_dict(), kind="unet", config=UNET)
        assert relative_error(predict(load_unet(file, UNET, scan=other)), predict(unet)) < 1e-5
