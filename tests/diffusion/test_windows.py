from __future__ import annotations

from typing import Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from animatex.config.run import ContextConfig
from animatex.diffusion.windows import context_windows, windowed

BLENDS = st.sampled_from(["uniform", "triangular"])


@st.composite
def contexts(draw: st.DrawFn) -> ContextConfig:
    size = draw(st.integers(1, 40))
    overlap = draw(st.integers(0, size - 1))
    return ContextConfig(size=size, overlap=overlap, blend=draw(BLENDS))


@given(frames=st.integers(1, 300), context=contexts())
def test_windows_cover_every_frame_in_order(frames: int, context: ContextConfig) -> None:
    windows = context_windows(frames, context)
    assert sorted({frame for window in windows for frame in window}) == list(range(frames))
    assert all(len(window) == min(frames, context.size) for window in windows)
    assert [w.start for w in windows] == sorted({w.start for w in windows})


@given(frames=st.integers(1, 300), context=contexts())
def test_neighbouring_windows_overlap_at_least_as_asked(frames: int, context: ContextConfig) -> None:
    windows = context_windows(frames, context)
    for one, two in zip(windows, windows[1:], strict=False):
        assert one.stop - two.start >= context.overlap


def test_the_last_window_is_moved_back_to_end_with_the_clip() -> None:
    context = ContextConfig(size=32, overlap=8, blend="uniform")
    assert context_windows(80, context) == [range(0, 32), range(24, 56), range(48, 80)]
    assert context_windows(70, context) == [range(0, 32), range(24, 56), range(38, 70)]
    assert context_windows(32, context) == [range(0, 32)]
    assert context_windows(5, context) == [range(0, 5)]


@given(frames=st.integers(1, 60), context=contexts())
def test_a_denoiser_that_sees_frames_alone_does_not_notice_windows(
    frames: int, context: ContextConfig
) -> None:
    x = torch.randn(1, 2, frames, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def denoise(x_t: Tensor, t: Tensor) -> Tensor:
        return torch.sin(x_t) * t[:, None, None, None, None]

    parts = [(window, denoise) for window in context_windows(frames, context)]
    t = torch.tensor([7])
    torch.testing.assert_close(windowed(parts, context.blend)(x, t), denoise(x, t), rtol=0, atol=1e-12)


@pytest.mark.parametrize("blend", ["uniform", "triangular"])
def test_a_single_window_changes_no_bit(blend: Literal["uniform", "triangular"]) -> None:
    def denoise(x_t: Tensor, t: Tensor) -> Tensor:
        return x_t / 3

    x = torch.randn(1, 2, 7, 2, 2)
    assert torch.equal(windowed([(range(7), denoise)], blend)(x, torch.tensor([1])), x / 3)


@pytest.mark.parametrize(
    ("blend", "expected"), [("uniform", [0, 0, 0.5, 0.5, 1, 1]), ("triangular", [0, 0, 1 / 3, 2 / 3, 1, 1])]
)
def test_overlaps_are_averaged_with_weights(
    blend: Literal["uniform", "triangular"], expected: list[float]
) -> None:
    def constant(value: float) -> object:
        return lambda x_t, t: torch.full_like(x_t, value)

    parts = [(range(0, 4), constant(0.0)), (range(2, 6), constant(1.0))]
    v = windowed(parts, blend)(torch.zeros(1, 1, 6, 1, 1), torch.tensor([1]))
    torch.testing.assert_close(v.flatten(), torch.tensor(expected))
