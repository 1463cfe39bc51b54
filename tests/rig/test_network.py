"""What the rig network promises, whatever its weights."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from animatex.config.model import RigConfig
from animatex.rig.network import RigMaps, RigNetwork, joint_hints

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
    maps = read(pictures(2, height, width))
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
    maps = read(pictures(1, config.stride, 2 * config.stride), config)
    assert maps.parts.shape == (1, 11, config.stride // 2, config.stride)
    assert maps.joints.shape == (1, 18, config.stride // 4, config.stride // 2)


def nothing(image: Tensor) -> Tensor:
    """Hints where nobody knows anything."""
    return image.new_zeros(len(image), 18, image.shape[2] // 2, image.shape[3] // 2)


def read(image: Tensor, config: RigConfig = CONFIG) -> RigMaps:
    return network(config)(image, nothing(image))


def fields(maps: RigMaps) -> tuple[Tensor, Tensor, Tensor]:
    return maps.parts, maps.joints, maps.present


def test_a_picture_is_seen_alike_in_any_company() -> None:
    batch = pictures(3, 32, 32)
    together = fields(read(batch))
    alone = fields(read(batch[1:2]))
    for all_of_them, one in zip(together, alone, strict=True):
        assert torch.allclose(all_of_them[1:2], one, atol=1e-5)


def test_a_picture_decides_all_maps_and_every_parameter_takes_part() -> None:
    made = network().requires_grad_(True)
    hints = torch.rand(1, 18, 16, 16, generator=torch.Generator().manual_seed(2))
    first, second = (fields(made(pictures(2, 32, 32)[i : i + 1], hints)) for i in range(2))
    for one, other in zip(first, second, strict=True):
        assert not torch.allclose(one, other, atol=1e-4)
    sum(map_.square().sum() for map_ in first).backward()
    dead = [name for name, p in made.named_parameters() if p.grad is None or not p.grad.any()]
    assert dead == []


def test_the_same_spot_is_told_apart_by_its_place() -> None:
    grey = torch.full((1, 3, 64, 64), 0.5)
    parts = read(grey).parts[0]
    assert not torch.allclose(parts[:, 16, 8], parts[:, 16, 24], atol=1e-4)
    assert not torch.allclose(parts[:, 8, 16], parts[:, 24, 16], atol=1e-4)


def test_hints_change_nothing_before_they_are_learned_and_matter_after() -> None:
    image = pictures(1, 32, 32)
    hints = torch.rand(1, 18, 16, 16, generator=torch.Generator().manual_seed(2))
    fresh = RigNetwork(CONFIG).eval()
    with torch.no_grad():
        assert torch.equal(fresh(image, hints).parts, fresh(image, nothing(image)).parts)
    assert not torch.allclose(network()(image, hints).parts, read(image).parts, atol=1e-4)


@given(x=st.floats(0, 48), y=st.floats(0, 64), joint=st.integers(0, 17))
def test_a_hint_is_a_bell_around_its_joint_in_its_own_channel(x: float, y: float, joint: int) -> None:
    places, known = torch.full((1, 18, 2), torch.nan), torch.zeros(1, 18, dtype=torch.bool)
    places[0, joint], known[0, joint] = torch.tensor([x, y]), True
    hints = joint_hints(places, known, torch.zeros(1, 3, 64, 48))
    assert hints.shape == (1, 18, 32, 24)
    assert hints[0, joint].max() > 0.7 and 0 <= hints.min() and hints.max() <= 1
    assert not hints[0, [other for other in range(18) if other != joint]].any()
    row, column = divmod(int(hints[0, joint].argmax()), 24)
    assert abs(2 * column + 1 - x) <= 1.01 and abs(2 * row + 1 - y) <= 1.01
