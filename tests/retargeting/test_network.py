"""What the retargeting network can say at all."""

from __future__ import annotations

import pytest
import torch

from animatex.pose import skeleton as sk
from animatex.retargeting.network import RetargetNetwork
from animatex.retargeting.observation import CLIP_WIDTH, FRAME_WIDTH, NUM_JOINTS
from tests.retargeting.networks import CONFIG, network

GENERATOR = torch.Generator().manual_seed(5)
FRAMES = torch.randn(2, 6, FRAME_WIDTH, generator=GENERATOR)
CLIP = torch.randn(2, CLIP_WIDTH, generator=GENERATOR)


def test_a_fresh_network_moves_nothing() -> None:
    assert torch.equal(RetargetNetwork(CONFIG)(FRAMES, CLIP), torch.zeros(2, 6, NUM_JOINTS, 2))


def test_each_clip_is_its_own() -> None:
    both = network()(FRAMES, CLIP)
    assert torch.allclose(network()(FRAMES[1:], CLIP[1:]), both[1:], atol=1e-6)
    assert not torch.allclose(both[0], both[1], atol=1e-3)


def test_when_a_frame_comes_does_not_matter() -> None:
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    assert torch.allclose(network()(FRAMES[:, order], CLIP), network()(FRAMES, CLIP)[:, order], atol=1e-5)


def test_how_often_frames_come_does_not_matter() -> None:
    twice = network()(FRAMES.repeat_interleave(2, 1), CLIP)
    assert torch.allclose(twice[:, ::2], network()(FRAMES, CLIP), atol=1e-5)


def test_a_clip_of_one_frame_is_a_clip() -> None:
    assert network()(FRAMES[:, :1], CLIP).isfinite().all()


@pytest.mark.parametrize(
    ("end", "carried"),
    [
        (sk.RIGHT_SHOULDER, {sk.RIGHT_SHOULDER, sk.RIGHT_ELBOW, sk.RIGHT_WRIST}),
        (sk.LEFT_ANKLE, {sk.LEFT_ANKLE}),
        (sk.NOSE, {sk.NOSE, sk.RIGHT_EYE, sk.LEFT_EYE, sk.RIGHT_EAR, sk.LEFT_EAR}),
    ],
)
def test_a_longer_bone_carries_along_what_hangs_on_it(end: int, carried: set[int]) -> None:
    made = RetargetNetwork(CONFIG).requires_grad_(False)
    bone = next(i for i in range(17) if made.reach[end, i] and made.reach[:, i].sum() == len(carried))
    made.lasting.bias[bone] = 0.5
    shifts = made(FRAMES, CLIP)
    assert set(shifts.abs().amax((0, 1, 3)).nonzero().flatten().tolist()) == carried
    # All by half of the bone that grows, in each frame.
    assert torch.allclose(shifts[:, :, [end]].expand(-1, -1, len(carried), -1), shifts[:, :, sorted(carried)])


def test_a_place_is_that_of_all_joints_in_all_frames() -> None:
    made = RetargetNetwork(CONFIG).requires_grad_(False)
    made.lasting.bias[-2:] = torch.tensor([0.1, -0.2])
    assert torch.allclose(made(FRAMES, CLIP), torch.tensor([0.1, -0.2]).expand(2, 6, NUM_JOINTS, 2))
