"""From a clip to everything the network is told."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from animatex.codec.codec import Scene
from animatex.conditioning.bundle import Conditioning
from animatex.conditioning.inputs import ClipInputs
from animatex.conditioning.prepare import body_coordinates, pose_pictures, prepare_conditioning
from animatex.config.model import ClipConfig, ClipTextConfig, ClipVisionConfig
from animatex.config.run import ConditionsConfig
from animatex.encoders.clip import FrozenClip
from animatex.encoders.vision import VisionTower
from animatex.pose.draw import draw_poses
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import NECK, RIGHT_WRIST
from animatex.video.frames import FrameSequence, Size
from tests.rig.puppets import dancing, puppet, standing

SIZE = Size(64, 48)
FRAMES = 3
ALL = {name: True for name in ConditionsConfig.model_fields}


@dataclass(frozen=True)
class Opened:
    """What a codec says of a clip: two latent channels, three of prior, cells of 16 pixels."""

    reference_latents: Tensor
    prior: Tensor
    reference_prior: Tensor


@pytest.fixture(scope="module")
def clip_codec() -> Opened:
    rng = torch.Generator().manual_seed(1)
    shapes = ((1, 2, 4, 3), (1, 3, FRAMES, 4, 3), (1, 3, 4, 3))
    return Opened(*(torch.randn(shape, generator=rng) for shape in shapes))


@pytest.fixture(scope="module")
def encoder() -> FrozenClip:
    vision = ClipVisionConfig(image_size=16, patch_size=8, width=32, layers=1, head_width=16, mlp_ratio=2.0)
    text = ClipTextConfig(context_length=8, vocab_size=64, width=32, heads=2, layers=1)
    config = ClipConfig(embed_dim=8, vision=vision, text=text, quick_gelu=False)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return FrozenClip(config, VisionTower(config))


def performer() -> tuple[PoseSequence, FrameSequence]:
    frames = np.random.default_rng(2).integers(0, 256, (FRAMES, 30, 40, 3), np.uint8)
    return dancing(Size(30, 40), FRAMES), FrameSequence(frames, 12.0)


def told(clip_codec: Opened, encoder: FrozenClip, *, watched: bool = True, **off: bool) -> Conditioning:
    drawn = puppet(SIZE)
    performance, driving = performer()
    scene = Scene(drawn.image, drawn.pose, dancing(SIZE, FRAMES))
    conditions = ConditionsConfig.model_validate(ALL | off)
    return prepare_conditioning(
        scene, clip_codec, encoder, conditions, performance, driving if watched else None
    )


def test_pictures_have_eight_pixels_for_each_latent_cell(clip_codec: Opened, encoder: FrozenClip) -> None:
    made = told(clip_codec, encoder)
    assert made.reference_image.shape == made.reference_pose.shape == (1, 3, 32, 24)
    assert made.pose_frames.shape == (1, 3, FRAMES, 32, 24)
    assert made.latent_shape == (1, 2, FRAMES, 4, 3)
    for pictures in (made.reference_image, made.reference_pose, made.pose_frames):
        assert 0 <= pictures.min() and 0.3 < pictures.max() <= 1


def test_the_codec_says_latents_and_prior(clip_codec: Opened, encoder: FrozenClip) -> None:
    made = told(clip_codec, encoder)
    assert made.reference_latents is clip_codec.reference_latents
    assert made.prior is clip_codec.prior
    assert made.reference_prior is clip_codec.reference_prior


def test_slot_zero_is_the_reference_and_the_others_are_the_performer(
    clip_codec: Opened, encoder: FrozenClip
) -> None:
    made = told(clip_codec, encoder)
    performance, driving = performer()
    assert torch.equal(made.image_embed[:, 0], made.driving_embeds[:, 0])
    assert torch.equal(made.driving_embeds[0, 1:], encoder.embed(driving.frames))
    assert torch.equal(made.keypoints[0, :1], body_coordinates(puppet(SIZE).pose))
    assert torch.equal(made.keypoints[0, 1:], body_coordinates(performance))


def test_without_a_video_nothing_is_said_of_the_performer(clip_codec: Opened, encoder: FrozenClip) -> None:
    made = told(clip_codec, encoder, watched=False)
    assert made.keep.motion.tolist() == [0]
    assert not made.driving_embeds[:, 1:].any()
    assert made.keep.prior.tolist() == made.keep.image.tolist() == [1]


@pytest.mark.parametrize("name", list(ALL))
def test_the_preset_says_which_conditions_act(name: str, clip_codec: Opened, encoder: FrozenClip) -> None:
    keep = told(clip_codec, encoder, **{name: False}).keep
    masks = {each: getattr(keep, each).item() for each in ALL}
    assert masks == {each: float(each != name) for each in ALL}


def test_pose_pictures_are_drawn_large_and_stretched_or_at_their_own_size() -> None:
    poses = standing(Size(128, 96))
    assert np.array_equal(pose_pictures(poses, Size(128, 96)), draw_poses(poses))
    half = pose_pictures(poses, Size(64, 48))
    assert np.array_equal(half[0].mean() > 0, True) and half.shape == (1, 64, 48, 3)
    assert not np.array_equal(half, draw_poses(poses.on_canvas(Size(64, 48))))
    small = pose_pictures(poses, Size(32, 24))
    assert np.array_equal(small, draw_poses(poses.on_canvas(Size(32, 24))))
    # Lines that were stretched to a quarter would have faded.
    assert small.max() > 250


@given(threshold=st.floats(0, 1, width=32), x=st.floats(-20, 80), y=st.floats(-20, 80))
def test_coordinates_are_fractions_and_minus_one_where_nothing_was_seen(
    threshold: float, x: float, y: float
) -> None:
    poses = standing(SIZE)
    poses.keypoints[0, RIGHT_WRIST] = x, y
    poses.scores[0, RIGHT_WRIST] = threshold
    poses = replace(poses, scores=np.where(np.arange(134) == NECK, np.float32(0), poses.scores))
    told_of = body_coordinates(poses)
    assert told_of.shape == (1, 2, 18) and told_of.dtype == torch.float32
    assert told_of[0, :, NECK].tolist() == [-1, -1]
    expected = (x / SIZE.width, y / SIZE.height) if threshold >= np.float32(0.3) else (-1, -1)
    assert told_of[0, :, RIGHT_WRIST].tolist() == pytest.approx(expected, abs=1e-5)


def test_inputs_need_a_pose_for_each_frame() -> None:
    performance, driving = performer()
    drawn = puppet(SIZE)
    inputs = ClipInputs(
        reference=drawn.image, reference_pose=drawn.pose, rig=None, driving=driving, poses=performance
    )
    assert inputs.canvas == SIZE
    with pytest.raises(ValueError, match=r"3 driving frames and 2 poses\."):
        replace(inputs, poses=performance.select([0, 1]))
