"""What the rig network promises, whatever its weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from animatex.config.model import RigConfig
from animatex.rig.network import RigMaps, RigNetwork

CONFIG = RigConfig(height=32, widths=(16, 32, 32), blocks=1, attention_blocks=1)


def network(config: RigConfig = CONFIG) -> RigNetwork:
    """A network in which no path is dead: layers that begin at zero are filled."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        made = RigNetwork(config)
        for parameter in made.parameters():
            if not parameter.any():
                torch.nn.init.normal_(parameter, std=0.1)
    return made.eval().requires_grad_(False)


def pictures(batch: int, height: int = 32, width: int = 24) -> Tensor:
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("height", "width"), [(32, 32), (48, 16), (16, 64)])
def test_parts_come_at_half_the_size_and_joints_at_a_quarter(height: int, width: int) -> None:
    maps = network()(pictures(2, height, width))
    assert maps.parts.shape == (2, 11, height // 2, width // 2)
    assert maps.joints.shape == (2, 18, height // 4, width // 4)
    assert maps.present.shape == (2, 18)


@pytest.mark.parametrize("attention_blocks", [0, 2])
@pytest.mark.parametrize("widths", [(16, 16), (8, 16, 32, 64)])
def test_the_stride_is_what_pictures_must_be_multiples_of(
    widths: tuple[int, ...], attention_blocks: int
) -> None:
    widths = (*widths[:-1], 32 * (widths[-1] // 32 or 1))
    config = RigConfig(height=32, widths=widths, blocks=2, attention_blocks=attention_blocks)
    assert config.stride == 2 ** len(widths)
    maps = network(config)(pictures(1, config.stride, 2 * config.stride))
    assert maps.parts.shape == (1, 11, config.stride // 2, config.stride)
    assert maps.joints.shape == (1, 18, config.stride // 4, config.stride // 2)


def fields(maps: RigMaps) -> tuple[Tensor, Tensor, Tensor]:
    return maps.parts, maps.joints, maps.present


def test_a_picture_is_seen_alike_in_any_company() -> None:
    batch = pictures(3, 32, 32)
    together = fields(network()(batch))
    alone = fields(network()(batch[1:2]))
    for all_of_them, one in zip(together, alone, strict=True):
        assert torch.allclose(all_of_them[1:2], one, atol=1e-5)


def test_a_picture_decides_all_maps_and_every_parameter_takes_part() -> None:
    made = network().requires_grad_(True)
    first, second = (fields(made(pictures(2, 32, 32)[i : i + 1])) for i in range(2))
    for one, other in zip(first, second, strict=True):
        assert not torch.allclose(one, other, atol=1e-4)
    sum(map_.square().sum() for map_ in first).backward()
    dead = [name for name, p in made.named_parameters() if p.grad is None or not p.grad.any()]
    assert dead == []


def test_the_same_spot_is_told_apart_by_its_place() -> None:
    grey = torch.full((1, 3, 64, 64), 0.5)
    parts = network()(grey).parts[0]
    assert not torch.allclose(parts[:, 16, 8], parts[:, 16, 24], atol=1e-4)
    assert not torch.allclose(parts[:, 8, 16], parts[:, 24, 16], atol=1e-4)
