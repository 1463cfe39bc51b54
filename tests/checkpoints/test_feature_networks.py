from __future__ import annotations

from pathlib import Path

import pytest
import torch

from animatex.checkpoints.feature_networks import load_inception, load_lpips
from animatex.errors import CheckpointMismatch, InputError
from animatex.metrics.perceptual import Features
from tests.metrics.conftest import DATA

HEADS = DATA / "lpips-alex.pth"


@pytest.fixture
def tensors() -> dict[str, torch.Tensor]:
    """AlexNet as torchvision's file has it, classifier included."""
    state = {name: torch.zeros_like(value) for name, value in Features("alex").state_dict().items()}
    return {**state, "classifier.1.weight": torch.zeros(3, 3)}


def written(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    torch.save(tensors, tmp_path / "alexnet.pth")
    return tmp_path / "alexnet.pth"


def test_the_published_files_load_as_they_are(tmp_path: Path, tensors: dict[str, torch.Tensor]):
    network = load_lpips(written(tmp_path, tensors), HEADS, "alex")
    assert [len(weights) for weights in network.heads.weights()] == [64, 192, 384, 256, 256]
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_a_missing_tensor_is_named(tmp_path: Path, tensors: dict[str, torch.Tensor]):
    del tensors["features.0.bias"]
    with pytest.raises(
        CheckpointMismatch, match=r"(?s)alexnet.pth is not AlexNet.*missing.*features\.0\.bias"
    ):
        load_lpips(written(tmp_path, tensors), HEADS, "alex")


def test_a_strange_tensor_is_named(tmp_path: Path, tensors: dict[str, torch.Tensor]):
    tensors["features.99.bias"] = torch.zeros(2)
    with pytest.raises(CheckpointMismatch, match=r"(?s)unused.*features\.99\.bias"):
        load_lpips(written(tmp_path, tensors), HEADS, "alex")


def test_another_networks_heads_are_refused(tmp_path: Path, tensors: dict[str, torch.Tensor]):
    with pytest.raises(CheckpointMismatch, match="lpips-vgg.pth is not LPIPS's heads for AlexNet"):
        load_lpips(written(tmp_path, tensors), DATA / "lpips-vgg.pth", "alex")


def test_another_network_is_refused():
    with pytest.raises(CheckpointMismatch, match="lpips-alex.pth is not Inception-v3 as FID uses it"):
        load_inception(HEADS)


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="none.pth does not exist"):
        load_inception(tmp_path / "none.pth")
