"""Motion latents: nothing is the rigid composition, and the truth survives the way there and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from animatex.codec.codec import Scene
from animatex.codec.motion.codec import MotionClip, MotionCodec, MotionTruth, scaled_rig
from animatex.codec.motion.compose import compose
from animatex.codec.motion.textures import with_textures
from animatex.config.model import MotionCodecConfig, RigConfig
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import LEFT_ANKLE, NUM_KEYPOINTS, PARTS, RIGHT_ANKLE, RIGHT_KNEE
from animatex.rig.rig import Rig
from animatex.synthetic.clips import SyntheticClip, clip
from animatex.video.frames import Size
from tests.rig.puppets import dancing, one_hot, puppet

SIZE = Size(128, 96)
FRAMES = 3


def config(downsampling: int = 8, composes: str = "poses") -> MotionCodecConfig:
    rig = RigConfig(height=64, widths=(16, 32), blocks=1, attention_blocks=0)
    return MotionCodecConfig.model_validate(
        {
            "kind": "motion",
            "checkpoint": None,
            "rig": rig,
            "downsampling": downsampling,
            "part_scale": 1.0,
            "drift_scale": 8.0,
            "composes": composes,
        }
    )


def opened(downsampling: int = 8, size: Size = SIZE, frames: int = FRAMES) -> MotionClip:
    drawn = puppet(size)
    scene = Scene(drawn.image, drawn.pose, dancing(size, 8).select(range(1, 1 + frames)), drawn.rig)
    return MotionCodec(config(downsampling)).open(scene, torch.Generator())


@pytest.mark.parametrize(("downsampling", "cells"), [(8, (16, 12)), (16, (8, 6)), (32, (4, 3))])
def test_latents_get_fewer_as_cells_get_larger(downsampling: int, cells: tuple[int, int]) -> None:
    made = opened(downsampling)
    assert made.reference_latents.shape == (1, 13, *cells)
    assert made.prior.shape == (1, 14, FRAMES, *cells)
    assert made.reference_prior.shape == (1, 14, *cells)
    assert made.prior.dtype == made.reference_prior.dtype == torch.float32
    assert made.prior.abs().max() <= 1 + 1e-5
    assert made.decode(torch.zeros(1, 13, FRAMES, *cells)).shape == (FRAMES, *SIZE, 3)


@pytest.mark.parametrize("scale", [0.5, 0.75])
def test_a_smaller_character_is_smaller_all_over(scale: float) -> None:
    drawn, poses = puppet(SIZE), dancing(SIZE, 8).select([1, 2])
    areas = []
    for times in (1.0, scale):
        smaller = poses.moved((poses.keypoints - 48) * times + 48)
        scene = Scene(drawn.image, drawn.pose, smaller, drawn.rig, times)
        made = MotionCodec(config()).open(scene, torch.Generator())
        parts = made.parts(torch.zeros(1, 13, 2, 16, 12))
        areas.append(np.array([(parts == part).sum() for part in range(1, len(PARTS))]))
    assert areas[1].sum() == pytest.approx(scale**2 * areas[0].sum(), rel=0.08)
    large = areas[0] > 100
    assert areas[1][large] == pytest.approx(scale**2 * areas[0][large], rel=0.4)


@pytest.mark.parametrize("downsampling", [8, 16])
def test_zero_latents_are_the_rigid_composition_exactly(downsampling: int) -> None:
    made = opened(downsampling)
    frames = made.decode(torch.zeros(1, 13, FRAMES, *made.prior.shape[3:]))
    for frame, placement in zip(frames, made.placements, strict=True):
        assert np.array_equal(frame, compose(with_textures(made.puppet), placement).picture)


def test_latents_near_zero_change_nothing_either() -> None:
    made = opened()
    still = made.decode(torch.zeros(1, 13, FRAMES, 16, 12))
    noise = 0.01 * torch.randn(1, 13, FRAMES, 16, 12, generator=torch.Generator().manual_seed(1)).clamp(-1, 1)
    assert np.array_equal(made.decode(noise), still)


def test_corrections_that_tear_a_character_are_left_out() -> None:
    made = opened()
    nothing = torch.zeros(1, 13, FRAMES, 16, 12)
    whole = made.parts(nothing)
    torn = nothing.clone()
    # A band across the picture where no part is any more, and a piece of arm where nothing was.
    torn[:, 0, 1, 7:9], torn[:, 3, 2, 1, 1] = 3.0, 3.0
    assert np.array_equal(made.parts(torn), whole)
    swollen = nothing.clone()
    head = PARTS.index("head")
    rows, columns = np.nonzero(whole[0] == head)
    top, left, right = rows.min() // 8 - 1, columns.min() // 8, columns.max() // 8 + 1
    swollen[:, head, 0, top : top + 2, left:right] = 3.0
    assert (made.parts(swollen)[0] == head).sum() > len(rows)


def test_the_prior_is_what_the_composition_shows() -> None:
    made = opened()
    for frame, placement in enumerate(made.placements):
        shares, colours = made.prior[0, :11, frame].numpy(), made.prior[0, 11:, frame].numpy()
        rigid = compose(made.puppet, placement)
        assert np.allclose((shares + 1) / 2, _cells(rigid.shares.transpose(1, 2, 0)), atol=1e-5)
        assert np.allclose((colours + 1) / 2, _cells(rigid.picture / 255), atol=1e-5)
        assert np.allclose(((shares + 1) / 2).sum(0), 1, atol=1e-4)


def _cells(picture: np.ndarray) -> np.ndarray:
    """[H, W, C] to averages over 8 x 8 pixels, [C, h, w]."""
    height, width = picture.shape[:2]
    return picture.reshape(height // 8, 8, width // 8, 8, -1).mean((1, 3)).transpose(2, 0, 1)


def test_a_reference_in_its_own_pose_implies_itself() -> None:
    drawn = puppet(SIZE)
    scene = Scene(drawn.image, drawn.pose, drawn.pose, drawn.rig)
    made = MotionCodec(config()).open(scene, torch.Generator())
    assert not made.reference_latents.any()
    assert (made.prior[:, :, 0] - made.reference_prior).abs().mean() < 0.02


def rigid_truth(made: MotionClip) -> MotionTruth:
    """What a renderer would say had the character moved as the rig does."""
    labels, motion = [], []
    for placement in made.sketch_placements:
        owner = compose(made.sketch, placement).shares.argmax(0).astype(np.uint8)
        rows, columns = np.mgrid[: owner.shape[0], : owner.shape[1]]
        places = np.stack([columns, rows], 2).astype(np.float64)
        back = np.stack([placement.to_reference(part, places) for part in range(len(PARTS))])
        labels.append(owner)
        motion.append(np.take_along_axis(back, owner[None, ..., None], 0)[0].astype(np.float32))
    return MotionTruth(np.stack(labels), np.stack(motion))


@pytest.mark.parametrize("downsampling", [8, 16])
def test_a_character_that_moves_rigidly_needs_no_latents(downsampling: int) -> None:
    made = opened(downsampling)
    latents = made.encode(rigid_truth(made))
    assert latents.shape == (1, 13, FRAMES, *made.prior.shape[3:])
    # Shares are soft at edges and labels are not: a cell differs by the edge's share of it.
    assert latents[:, :11].abs().max() < 0.2
    assert latents[:, :11].abs().mean() < 0.01
    assert latents[:, 11:].abs().max() < 3e-3


def test_composing_the_reference_leaves_all_motion_to_the_latents() -> None:
    drawn, poses = puppet(SIZE), dancing(SIZE, 8).select(range(1, 1 + FRAMES))
    scene = Scene(drawn.image, drawn.pose, poses, drawn.rig)
    made = MotionCodec(config(composes="reference")).open(scene, torch.Generator())
    nothing = torch.zeros(1, 13, FRAMES, 16, 12)
    still, target = made.decode(nothing), opened().decode(nothing).astype(int)
    assert np.array_equal(still[0], still[-1])
    assert np.abs(still[0].astype(int) - drawn.image).mean() < 4
    latents = made.encode(rigid_truth(opened()))
    # The dance swings limbs further than a rigid composition may drift.
    assert latents[:, 11:].abs().max() > 8.0 * 0.05
    assert np.abs(made.decode(latents) - target).mean() < 0.7 * np.abs(still - target).mean()


def test_a_calf_that_the_picture_cuts_off_turns_on_its_knee() -> None:
    drawn, poses = puppet(SIZE), dancing(SIZE, 8)
    shin = round(float(drawn.pose.keypoints[0, [RIGHT_KNEE, RIGHT_ANKLE], 1] @ [0.3, 0.7]))
    rig = replace(
        drawn.rig, image=drawn.image[:shin], parts=drawn.rig.parts[:, :shin], plate=drawn.plate[:shin]
    )
    size = Size(shin, SIZE.width)
    lost = np.zeros(drawn.pose.scores.shape, bool)
    lost[:, [RIGHT_ANKLE, LEFT_ANKLE]] = True
    cut_off = replace(drawn.pose.hidden(lost), canvas=size)
    swinging = replace(poses, canvas=size)
    made = MotionCodec(config()).open(Scene(rig.image, cut_off, swinging, rig), torch.Generator())
    whole = opened(frames=7)
    calf = PARTS.index("right_calf")
    turns = [
        [np.arctan2(*placement.maps[calf, :2, 0][::-1]) for placement in clip.placements]
        for clip in (made, whole)
    ]
    assert np.ptp(turns[1]) > 0.1
    assert turns[0][1:8] == pytest.approx(turns[1], abs=0.1)


def test_surfaces_that_are_nowhere_in_the_reference_say_nothing_of_drift() -> None:
    made = opened()
    truth = rigid_truth(made)
    unknown = MotionTruth(truth.labels, np.full_like(truth.motion, np.nan))
    latents = made.encode(unknown)
    assert torch.isfinite(latents).all()
    assert not latents[:, 11:].any()


def test_drift_is_in_heights_of_the_picture_and_comes_back() -> None:
    made = opened()
    truth = rigid_truth(made)
    shifted = MotionTruth(truth.labels, truth.motion + np.float32([0, -4]))
    moved = made.encode(shifted)
    torso = (truth.labels == PARTS.index("torso")).reshape(FRAMES, 16, 8, 12, 8).all((2, 4))
    drift = moved[0, 12].numpy()[torso]
    # The surface of four pixels further up is seen here: it is four pixels below where it would be.
    assert torso.sum() > 3
    assert np.allclose(drift, 8.0 * 4 / SIZE.height, atol=0.05)


def as_rig(made: SyntheticClip) -> tuple[Rig, PoseSequence]:
    """What a perfect rig network would say of a rendered reference."""
    still = made.reference
    keypoints = np.zeros((1, NUM_KEYPOINTS, 2), np.float32)
    scores = np.zeros((1, NUM_KEYPOINTS), np.float32)
    keypoints[0, :18], scores[0, :18] = still.keypoints, still.present
    pose = PoseSequence(keypoints, scores, made.poses.canvas, made.poses.fps)
    return Rig(still.image, one_hot(still.labels), pose, still.plate), pose


def errors(seed: int) -> tuple[float, float]:
    """Squared error of the rigid composition, and of the truth after its way through the latents."""
    made = clip(seed, SIZE, 3)
    rig, pose = as_rig(made)
    codec = MotionCodec(config()).open(Scene(rig.image, pose, made.poses, rig), torch.Generator())
    latents = codec.encode(MotionTruth(made.labels, made.motion))
    assert torch.isfinite(latents).all()
    truth = made.frames.frames.astype(float)
    rigid, corrected = (np.square(codec.decode(x) - truth).mean() for x in (0 * latents, latents))
    return float(rigid), float(corrected)


def test_the_truth_of_a_clip_comes_back_better_than_the_rig_alone() -> None:
    pairs = [errors(seed) for seed in (1, 4, 11)]
    assert all(corrected < rigid for rigid, corrected in pairs)
    assert sum(corrected for _, corrected in pairs) < 0.98 * sum(rigid for rigid, _ in pairs)


def test_the_canvas_may_be_larger_than_what_the_network_sees() -> None:
    # The same latents mean the same on a canvas of twice the size.
    small, large = opened(8, SIZE), opened(16, Size(2 * SIZE.height, 2 * SIZE.width))
    assert small.prior.shape == large.prior.shape
    assert (small.prior - large.prior).abs().mean() < 0.05
    latents = small.encode(MotionTruth(np.roll(rigid_truth(small).labels, 6, 2), rigid_truth(small).motion))
    frames, fine = small.decode(latents), large.decode(latents)
    shrunk = fine.reshape(FRAMES, SIZE.height, 2, SIZE.width, 2, 3).mean((2, 4))
    assert np.abs(shrunk - frames).mean() < 8


def test_a_rig_shrinks_with_its_joints() -> None:
    rig = puppet(SIZE).rig
    assert scaled_rig(rig, 1.0) is rig
    half = scaled_rig(rig, 0.5)
    assert half.image.shape == half.plate.shape == (64, 48, 3)
    assert half.parts.shape == (11, 64, 48) and half.parts.dtype == np.float32
    assert np.allclose(half.parts.sum(0), 1, atol=1e-5)
    assert half.pose.canvas == Size(64, 48)
    assert np.allclose(half.pose.keypoints * 2, rig.pose.keypoints)
