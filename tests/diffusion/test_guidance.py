from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from animatex.diffusion.guidance import guided, guided_as_batch

X, T = torch.randn(2, 1, 2, 3, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([5, 5])


def conditional(x_t: Tensor, t: Tensor) -> Tensor:
    return x_t * 2 + 1


def unconditional(x_t: Tensor, t: Tensor) -> Tensor:
    return -x_t


@given(scale=st.floats(1, 10))
def test_guidance_goes_beyond_the_conditional_prediction(scale: float) -> None:
    expected = unconditional(X, T) + scale * (conditional(X, T) - unconditional(X, T))
    torch.testing.assert_close(guided(conditional, unconditional, scale)(X, T), expected)


def test_without_guidance_the_unconditional_half_is_never_run() -> None:
    def never(x_t: Tensor, t: Tensor) -> Tensor:
        pytest.fail("the unconditional denoiser was called")

    assert torch.equal(guided(conditional, never, 1.0)(X, T), conditional(X, T))


@given(scale=st.floats(1, 10))
def test_one_batch_equals_two_passes(scale: float) -> None:
    def both(x_t: Tensor, t: Tensor) -> Tensor:
        assert len(t) == len(x_t) == 4
        return torch.cat([conditional(x_t[:2], t[:2]), unconditional(x_t[2:], t[2:])])

    torch.testing.assert_close(
        guided_as_batch(both, scale)(X, T), guided(conditional, unconditional, scale)(X, T)
    )
