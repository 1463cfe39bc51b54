"""The published files of the networks that metrics look through, to those networks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from animatex.checkpoints.keymap import KeyMap, translate
from animatex.checkpoints.store import read_foreign
from animatex.metrics.networks.i3d import I3d
from animatex.metrics.networks.inception import FidInception
from animatex.metrics.networks.resnet3d import ResNet3d
from animatex.metrics.perceptual import Lpips, Trunk

Network = TypeVar("Network", bound=nn.Module)


def load_inception(path: Path) -> FidInception:
    """Load FID's Inception-v3.

    Raises:
        CheckpointMismatch: The file holds another network.
        InputError: The file cannot be read.
    """
    with torch.device("meta"):
        network = FidInception()
    return _frozen(_filled(network, path, "Inception-v3 as FID uses it", unused=("fc.", "AuxLogits.")))


def load_resnet3d(path: Path) -> ResNet3d:
    """Load FID-VID's 3D ResNet-50; raises as `load_inception`."""
    with torch.device("meta"):
        network = ResNet3d()
    return _frozen(_filled(network, path, "the 3D ResNet-50 of FID-VID", unused=("fc.",)))


def load_i3d(path: Path, *, disco: bool = False) -> I3d:
    """Load FVD's I3D; raises as `load_inception`.

    Args:
        path: Weights file.
        disco: As for `I3d`.
    """
    with torch.device("meta"):
        network = I3d(disco=disco)
    return _frozen(_filled(network, path, "the I3D of FVD"))


def load_lpips(trunk: Path, heads: Path, kind: Trunk = "vgg") -> Lpips:
    """Load LPIPS from its two files; raises as `load_inception`.

    Args:
        trunk: torchvision's VGG-16 or AlexNet.
        heads: lpips' file of version 0.1 for that network.
        kind: Which network.
    """
    with torch.device("meta"):
        network = Lpips(kind)
    name = "VGG-16" if kind == "vgg" else "AlexNet"
    _filled(network.trunk, trunk, name, unused=("classifier.",))
    _filled(network.heads, heads, f"LPIPS's heads for {name}")
    return _frozen(network)


def _filled(network: Network, path: Path, what: str, unused: Sequence[str] = ()) -> Network:
    """Give a network its tensors; only what belongs to layers that are not computed may be left over."""
    source = read_foreign(path)
    state = network.state_dict()
    # Some files have this counter and some do not; nothing is computed from it.
    counters = {name for name in {*state, *source} if name.endswith("num_batches_tracked")}
    dropped = {name for name in source if name.startswith(tuple(unused)) or name in counters}
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items() if name not in counters}
    keymap = KeyMap({}, {name: name for name in shapes}, dict.fromkeys(dropped, "not computed with"))
    tensors = translate(source, keymap, shapes, what=f"{path.name} is not {what}")
    tensors |= {name: torch.zeros((), dtype=torch.long) for name in counters & set(state)}
    network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, assign=True)
    return network


def _frozen(network: Network) -> Network:
    return network.eval().requires_grad_(False)
