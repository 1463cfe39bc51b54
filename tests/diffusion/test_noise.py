from __future__ import annotations

import torch

from animatex.diffusion.noise import initial_noise


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_seed_means_the_same_noise() -> None:
    shape = (1, 4, 3, 8, 8)
    assert torch.equal(initial_noise(shape, 0.1, seeded(1)), initial_noise(shape, 0.1, seeded(1)))
    assert not torch.equal(initial_noise(shape, 0.1, seeded(1)), initial_noise(shape, 0.1, seeded(2)))


def test_offset_noise_is_one_value_per_frame_and_channel() -> None:
    shape = (2, 4, 3, 8, 8)
    offset = initial_noise(shape, 0.1, seeded(1)) - initial_noise(shape, 0.0, seeded(1))
    torch.testing.assert_close(offset, offset[..., :1, :1].expand(shape), rtol=0, atol=1e-6)
    levels = offset[..., 0, 0]
    assert 0.03 < float(levels.std()) < 0.3
    assert len(levels.unique()) == levels.numel()


def test_noise_without_offset_is_standard_normal() -> None:
    noise = initial_noise((1, 4, 8, 32, 32), 0.0, seeded(0))
    assert abs(float(noise.mean())) < 0.02
    assert abs(float(noise.std()) - 1) < 0.02
