from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from animatex.model import attention
from animatex.model.attention import SpatialTransformer, attend
from animatex.model.blocks import ResBlock, StageInputs, Upsample, over_frames
from animatex.model.conditions import FrameMixer, LatentEncoder, PictureEncoder
from animatex.model.embeddings import position_sinusoids, step_sinusoids
from animatex.model.pose_indicator import KeypointEncoder, MotionResampler
from animatex.model.temporal import TemporalConv, TemporalTransformer
from tests.devices import META, WithoutDoubles
from tests.model.tiny import fill


@given(step=st.floats(0, 999), half=st.integers(1, 40))
def test_step_sinusoids_are_cosines_then_sines(step: float, half: int) -> None:
    row = step_sinusoids(torch.tensor([step]), 2 * half)[0]
    torch.testing.assert_close(row[:half] ** 2 + row[half:] ** 2, torch.ones(half))
    assert float(row[0]) == pytest.approx(math.cos(step), abs=1e-4)


def test_position_sinusoids_alternate_sines_and_cosines() -> None:
    table = position_sinusoids(3, 4)
    expected = [math.sin(2), math.cos(2), math.sin(0.02), math.cos(0.02)]
    torch.testing.assert_close(table[2], torch.tensor(expected))
    torch.testing.assert_close(table[0], torch.tensor([0.0, 1.0, 0.0, 1.0]))


@given(slots=st.integers(1, 6))
def test_positions_do_not_depend_on_the_clips_length(slots: int) -> None:
    assert torch.equal(position_sinusoids(slots, 8), position_sinusoids(9, 8)[:slots])


@pytest.mark.parametrize("module", [TemporalTransformer(32, 2, 16), TemporalConv(32)])
def test_temporal_modules_start_as_the_identity(module: TemporalTransformer | TemporalConv) -> None:
    x = torch.randn(2, 32, 3, 2, 2)
    module.initialise()
    assert torch.equal(module(x), x)


def test_temporal_attention_does_not_mix_cells_but_for_the_norm() -> None:
    module = TemporalTransformer(32, 2, 16).eval()
    fill(module)
    module.norm = nn.Identity()
    x = torch.randn(1, 32, 3, 2, 2)
    changed = x.clone()
    changed[..., 0, 0] += 1
    before, after = module(x), module(changed)
    assert torch.equal(before[..., 1, 1], after[..., 1, 1])
    assert not torch.allclose(before[..., 0, 0], after[..., 0, 0])


def test_temporal_attention_is_blind_to_order() -> None:
    module = TemporalTransformer(32, 2, 16).eval()
    fill(module)
    x = torch.randn(1, 32, 4, 2, 2)
    torch.testing.assert_close(module(x.flip(2)), module(x).flip(2), rtol=1e-4, atol=1e-5)


@given(queries=st.integers(1, 9), keys=st.integers(1, 9), heads=st.integers(1, 3))
def test_both_ways_to_attend_agree(queries: int, keys: int, heads: int) -> None:
    generator = torch.Generator().manual_seed(queries)
    q = torch.randn(2, queries, 8 * heads, generator=generator).bfloat16()
    k, v = (torch.randn(2, keys, 8 * heads, generator=generator).bfloat16() for _ in range(2))
    exact = attend(q.float(), k.float(), v.float(), heads)
    torch.testing.assert_close(attend(q, k, v, heads).float(), exact, rtol=0.02, atol=0.02)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention, "PLAIN_ATTENTION_LIMIT", 0)
        torch.testing.assert_close(attend(q, k, v, heads).float(), exact, rtol=0.02, atol=0.02)


def test_spatial_attention_keeps_frames_apart() -> None:
    module = SpatialTransformer(32, 2, 16, 24).eval()
    fill(module)
    x, context = torch.randn(6, 32, 3, 2), torch.randn(2, 5, 24)
    changed = x.clone()
    changed[1] += 1
    before, after = module(x, context), module(changed, context)
    torch.testing.assert_close(before[[0, 2, 3, 4, 5]], after[[0, 2, 3, 4, 5]])
    assert not torch.allclose(before[1], after[1])


def test_one_context_per_clip_equals_the_same_context_for_each_frame() -> None:
    module = SpatialTransformer(32, 2, 16, 24).eval()
    fill(module)
    x, context = torch.randn(6, 32, 3, 2), torch.randn(2, 5, 24)
    torch.testing.assert_close(module(x, context), module(x, context.repeat_interleave(3, dim=0)))


def test_spatial_attention_starts_as_the_identity() -> None:
    module = SpatialTransformer(32, 2, 16, 24)
    module.initialise()
    x = torch.randn(2, 32, 3, 2)
    assert torch.equal(module(x, torch.randn(2, 5, 24)), x)


def test_a_fresh_residual_block_passes_its_input_on() -> None:
    block = ResBlock(32, 32, 8)
    block.initialise()
    block.temporal_conv.initialise()
    x = torch.randn(4, 32, 3, 3)
    inputs = StageInputs(torch.randn(2, 8), torch.empty(0), torch.empty(0), num_slots=2)
    assert torch.equal(block(x, inputs), x)


def test_frames_are_unfolded_for_modules_over_frames() -> None:
    seen = []

    class Remember(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(x)
            return x

    x = torch.randn(6, 4, 2, 2)
    assert torch.equal(over_frames(Remember(), x, 3), x)
    assert torch.equal(seen[0][1, :, 2], x[5])


def test_upsampling_doubles_both_sides() -> None:
    assert Upsample(4)(torch.randn(2, 4, 3, 5)).shape == (2, 4, 6, 10)


@pytest.mark.parametrize(("height", "width"), [(64, 32), (24, 40), (8, 8)])
def test_pictures_are_encoded_eight_times_smaller(height: int, width: int) -> None:
    encoder = PictureEncoder(8, 6)
    assert encoder(torch.rand(2, 3, 4, height, width)).shape == (2, 6, 4, height // 8, width // 8)


def test_one_frame_encodes_as_many_equal_frames_do() -> None:
    encoder = PictureEncoder(8, 6).eval()
    one = torch.rand(1, 3, 1, 32, 16)
    torch.testing.assert_close(encoder(one.expand(-1, -1, 4, -1, -1)), encoder(one).expand(-1, -1, 4, -1, -1))


def test_reference_latents_are_encoded_at_their_own_size() -> None:
    assert LatentEncoder(4, 8, 10)(torch.randn(2, 4, 5, 3)).shape == (2, 10, 1, 5, 3)


def test_frames_are_mixed_cell_by_cell() -> None:
    mixer = FrameMixer(6).eval()
    fill(mixer)
    x = torch.randn(1, 6, 3, 2, 2)
    changed = x.clone()
    changed[:, :, 2, 0, 0] += torch.arange(6.0)
    before, after = mixer(x), mixer(changed)
    assert not torch.allclose(before[:, :, 0, 0, 0], after[:, :, 0, 0, 0])
    assert torch.equal(before[..., 1, 1], after[..., 1, 1])


def test_key_points_of_other_clips_do_not_leak_in() -> None:
    encoder = KeypointEncoder(16, 24, layers=2, heads=2, tokens=3).eval()
    keypoints = torch.rand(2, 4, 2, 18)
    tokens = encoder(keypoints)
    assert tokens.shape == (2, 4, 3, 24)
    torch.testing.assert_close(encoder(keypoints[:1]), tokens[:1])


def test_key_points_are_encoded_where_there_is_no_float64() -> None:
    encoder = KeypointEncoder(8, 16, 1, 2, 3).to(META)
    with WithoutDoubles():
        assert encoder(torch.zeros(1, 4, 2, 18, device=META)).shape == (1, 4, 3, 16)


def test_motion_tokens_depend_on_queries_and_features() -> None:
    resampler = MotionResampler(20, 24, depth=2, heads=2, head_dim=8, learned=3).eval()
    queries, features = torch.randn(5, 3, 24), torch.randn(5, 1, 20)
    tokens = resampler(queries, features)
    assert tokens.shape == (5, 3, 24)
    assert not torch.allclose(resampler(queries + 1, features), tokens)
    assert not torch.allclose(resampler(queries, features + torch.randn(20)), tokens)
