from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from animatex.config.model import ScheduleConfig
from animatex.diffusion.objective import add_noise, clean_latents, velocity, velocity_loss
from animatex.diffusion.schedule import alphas_cumprod
from tests.devices import META, WithoutDoubles

SCHEDULE = alphas_cumprod(
    ScheduleConfig(train_steps=1000, beta_start=0.00085, beta_end=0.012, zero_terminal_snr=True)
)
SHAPE = (2, 3, 2, 4, 4)


def pair(seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x0 = torch.randn(SHAPE, generator=generator)
    return x0, torch.randn(SHAPE, generator=generator)


@given(one=st.integers(0, 999), two=st.integers(0, 999))
def test_noised_latents_and_velocity_give_the_clean_latents_back(one: int, two: int) -> None:
    x0, noise = pair()
    t = torch.tensor([one, two])
    x_t, v = add_noise(x0, noise, t, SCHEDULE), velocity(x0, noise, t, SCHEDULE)
    torch.testing.assert_close(clean_latents(x_t, v, t, SCHEDULE), x0, rtol=0, atol=1e-5)


def test_at_the_last_step_latents_are_noise_and_velocity_is_minus_the_latents() -> None:
    x0, noise = pair()
    t = torch.tensor([999, 999])
    assert torch.equal(add_noise(x0, noise, t, SCHEDULE), noise)
    assert torch.equal(velocity(x0, noise, t, SCHEDULE), -x0)


def test_the_loss_is_zero_for_a_perfect_denoiser_and_item_by_item_else() -> None:
    x0, noise = pair()
    t = torch.tensor([100, 800])
    target = velocity(x0, noise, t, SCHEDULE)

    def perfect(x_t: Tensor, t: Tensor) -> Tensor:
        return target

    def wrong_on_the_second(x_t: Tensor, t: Tensor) -> Tensor:
        return target + torch.tensor([0.0, 2.0])[:, None, None, None, None]

    assert not velocity_loss(perfect, x0, noise, t, SCHEDULE).any()
    loss = velocity_loss(wrong_on_the_second, x0, noise, t, SCHEDULE)
    torch.testing.assert_close(loss, torch.tensor([0.0, 4.0]))


def test_a_denoiser_in_half_precision_gets_its_loss_in_full() -> None:
    x0, noise = pair()

    def half(x_t: Tensor, t: Tensor) -> Tensor:
        return torch.zeros_like(x_t, dtype=torch.bfloat16)

    assert velocity_loss(half, x0, noise, torch.tensor([1, 2]), SCHEDULE).dtype == torch.float32


def test_latents_are_noised_where_there_is_no_float64() -> None:
    x0, noise = (x.to(META) for x in pair())
    with WithoutDoubles():
        assert add_noise(x0, noise, torch.tensor([0, 999]), SCHEDULE).device == META
