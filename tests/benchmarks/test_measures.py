"""The measures of the embedded model: perfect is perfect, and each planted fault moves its own figure."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.codec.motion.codec import joints_of
from animatex.errors import InputError
from animatex.synthetic.clips import SyntheticStill
from benchmarks.embedded_model import refresh
from benchmarks.measures import (
    Truth,
    around,
    count_pieces,
    flicker,
    gradient_energy,
    part_iou,
    psnr,
    score_clip,
    score_rig,
    ssim_map,
)
from benchmarks.skinning import skinned_frame
from tests.rig.puppets import dancing, puppet

SEEDS = st.integers(0, 2**32 - 1)


def noise(seed: int, height: int = 24, width: int = 20) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def truth(frames: int = 3) -> Truth:
    drawn = puppet()
    moved = [np.roll(drawn.labels, 2 * frame, 1) for frame in range(frames)]
    pictures = [
        np.where(labels[..., None] > 0, np.roll(drawn.image, 2 * frame, 1), drawn.plate)
        for frame, labels in enumerate(moved)
    ]
    return Truth(np.stack(pictures), np.stack(moved), drawn.labels)


def test_the_truth_itself_has_perfect_scores() -> None:
    true = truth()
    scores = score_clip(true.frames, true.labels, true)
    assert scores.psnr == scores.own_psnr > 100
    assert scores.ssim == scores.own_ssim == scores.sharpness == scores.own_sharpness == pytest.approx(1)
    assert scores.part_iou == 1
    assert scores.pieces == scores.left_behind == scores.flicker == 0


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_psnr_and_ssim_are_symmetric_and_fall_with_more_noise(seed: int) -> None:
    picture, grain = noise(seed).astype(np.float32), noise(seed + 1).astype(np.float32) - 128
    little, much = picture + 0.05 * grain, picture + 0.5 * grain
    assert psnr(picture, much) == psnr(much, picture)
    assert np.allclose(ssim_map(picture, much), ssim_map(much, picture))
    assert psnr(picture, little) > psnr(picture, much)
    assert ssim_map(picture, little).mean() > ssim_map(picture, much).mean()
    assert (ssim_map(picture, much) <= 1 + 1e-6).all()


def test_psnr_is_the_definition() -> None:
    grey = np.full((8, 8, 3), 100, np.uint8)
    assert psnr(grey, grey + np.uint8(10)) == pytest.approx(20 * np.log10(25.5))
    assert isnan(psnr(grey, grey, np.zeros((8, 8), bool)))


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_blur_lowers_the_gradient_energy(seed: int) -> None:
    picture = noise(seed)
    assert gradient_energy(cv2.blur(picture, (3, 3))).mean() < gradient_energy(picture).mean()


def test_a_detached_piece_is_counted() -> None:
    true = truth()
    parts = true.labels.copy()
    parts[:, :6, :6] = 1
    assert score_clip(true.frames, parts, true).pieces == 1
    assert count_pieces(parts[0]) == count_pieces(true.labels[0]) + 1


def test_a_crumb_is_no_piece() -> None:
    parts = np.zeros((100, 100), np.uint8)
    parts[50:60, 50:60] = 3
    parts[0, 0] = 4
    assert count_pieces(parts) == 1


def test_swapped_parts_cost_overlap_and_nothing_else() -> None:
    true = truth()
    swapped = true.labels.copy()
    swapped[true.labels == 1], swapped[true.labels == 2] = 2, 1
    scores = score_clip(true.frames, swapped, true)
    assert scores.part_iou == pytest.approx(0.8)  # two of ten parts have none
    assert scores.psnr > 100 and scores.pieces == 0


def test_part_iou_of_half_a_part_is_one_half() -> None:
    whole, half = np.zeros((2, 20, 20), np.uint8)
    whole[5:15, 5:15] = half[5:15, 5:10] = 3
    assert part_iou(half, whole) == 0.5


def test_what_the_character_left_behind_is_seen_only_where_it_stood() -> None:
    true = truth()
    far = replace(true, labels=np.roll(true.labels, 30, 2))
    uncovered = around(far.reference_labels) & ~around(far.labels[0])
    stained = far.frames.copy()
    stained[:, uncovered] ^= 128
    assert score_clip(stained, far.labels, far).left_behind > 50
    elsewhere = ~around(far.reference_labels)
    beside = far.frames.copy()
    beside[:, elsewhere] ^= 128
    assert score_clip(beside, far.labels, far).left_behind == 0


def test_a_flashing_background_flickers_and_a_moving_character_does_not() -> None:
    true = truth()
    assert flicker(true.frames, true) == 0
    flashing = true.frames.copy()
    flashing[1] = np.clip(flashing[1].astype(int) - 10, 0, 255)
    assert flicker(flashing, true) == pytest.approx(10, abs=1)
    assert isnan(flicker(true.frames[:1], replace(true, frames=true.frames[:1])))


def test_a_perfect_rig_is_perfect_and_a_shifted_joint_is_measured_in_percent_of_the_height() -> None:
    drawn = puppet()
    pose = drawn.pose
    still = SyntheticStill(
        image=drawn.image,
        labels=drawn.labels,
        plate=drawn.plate,
        keypoints=pose.keypoints[0, :18],
        present=pose.scores[0, :18] > 0,
        caption="",
        kind="human",
    )
    perfect = score_rig(drawn.rig, still)
    assert perfect.joint_error == 0 and perfect.part_accuracy == perfect.mask_iou == 1
    assert perfect.plate_psnr > 100
    shifted = replace(pose, keypoints=pose.keypoints + np.float32(0.1 * len(drawn.image)))
    off = score_rig(replace(drawn.rig, pose=shifted), still)
    assert off.joint_error == pytest.approx(10 * 2**0.5, rel=1e-4)


def test_the_skinned_warp_of_the_same_pose_is_the_picture() -> None:
    drawn = puppet()
    joints = joints_of(drawn.pose, 0)
    assert np.array_equal(skinned_frame(drawn.image, joints, joints)[0], drawn.image)


def test_the_skinned_warp_moves_the_arm_and_leaves_what_is_far_away() -> None:
    drawn = puppet()
    poses = dancing(drawn.pose.canvas, 8)
    bent, parts = skinned_frame(drawn.image, joints_of(drawn.pose, 0), joints_of(poses, 2))
    wrist = poses.keypoints[2, 4].astype(int)
    colour = drawn.image[drawn.labels == 4].mean(0)
    assert np.abs(bent[wrist[1], wrist[0]] - colour).max() < 60
    assert parts[wrist[1], wrist[0]] == 4
    assert np.abs(bent[-4:, :4].astype(int) - drawn.image[-4:, :4]).max() < 12


def test_figures_of_a_page_are_replaced_and_its_words_kept(tmp_path) -> None:
    page = tmp_path / "mini.md"
    page.write_text("before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n")
    for _ in range(2):
        refresh(page, "| new |")
    assert page.read_text() == "before\n<!-- figures -->\n\n| new |\n\n<!-- end of figures -->\nafter\n"


def test_a_page_without_a_place_for_figures_stays_as_it_is(tmp_path) -> None:
    page = tmp_path / "mini.md"
    page.write_text("words\n")
    with pytest.raises(InputError, match="has no place for figures"):
        refresh(page, "| new |")
    assert page.read_text() == "words\n"
