from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from animatex.metrics.pixel import (
    grey,
    l1_disco,
    mae_255,
    match_size,
    psnr,
    psnr_overflow,
    ssim_disco,
)
from animatex.video.frames import Size
from tests.metrics.conftest import Recorded

FRAMES = arrays(np.uint8, (9, 8, 3))
PUBLISHED = {"PSNR*": psnr, "PSNR_overflow_old_disco": psnr_overflow, "L1": l1_disco, "SSIM": ssim_disco}


@given(FRAMES)
def test_equal_frames_are_perfect(frame: np.ndarray):
    assert (psnr(frame, frame), psnr_overflow(frame, frame)) == (100, 100)
    assert (mae_255(frame, frame), l1_disco(frame, frame)) == (0, 0)
    assert ssim_disco(frame, frame) == pytest.approx(1, abs=1e-12)


@given(FRAMES, FRAMES)
def test_which_frame_is_which_does_not_matter(a: np.ndarray, b: np.ndarray):
    for metric in (psnr, mae_255, ssim_disco):
        assert metric(a, b) == pytest.approx(metric(b, a), abs=1e-12)


@given(st.integers(1, 254), st.integers(1, 100))
def test_more_noise_is_worse(seed: int, level: int):
    rng = np.random.default_rng(seed)
    target = rng.integers(100, 150, (16, 16, 3), dtype=np.uint8)
    noise = rng.choice([-1, 1], target.shape)
    little, much = ((target + noise * size).clip(0, 255).astype(np.uint8) for size in (level, level + 5))
    assert psnr(little, target) > psnr(much, target)
    assert mae_255(little, target) < mae_255(much, target)


@given(arrays(np.uint8, (5, 6, 3)))
def test_greys_are_opencvs_to_the_bit(frame: np.ndarray):
    np.testing.assert_array_equal(grey(frame), cv2.cvtColor(frame[..., ::-1].copy(), cv2.COLOR_BGR2GRAY))


@given(FRAMES, FRAMES)
def test_the_published_l1_shrinks_with_the_number_of_pixels(a: np.ndarray, b: np.ndarray):
    assert l1_disco(a, b) * 9 * 8 == pytest.approx(mae_255(a, b))


@pytest.mark.parametrize("metric", PUBLISHED)
def test_each_frame_scores_as_in_discos_evaluator(metric: str, pixel_values: Recorded):
    for place, name in enumerate(pixel_values.arrays["names"]):
        ours = PUBLISHED[metric](pixel_values.arrays["gen"][place], pixel_values.arrays["gt"][place])
        assert ours == pytest.approx(pixel_values.values["cases"][name][metric], rel=1e-9, abs=1e-12), name


def test_the_mean_absolute_error_is_the_usual_one(pixel_values: Recorded):
    for place, name in enumerate(pixel_values.arrays["names"]):
        ours = mae_255(pixel_values.arrays["gen"][place], pixel_values.arrays["gt"][place])
        peers = pixel_values.values["cases"][name]["peers"]
        assert ours == pytest.approx(peers["mae_255"], rel=1e-9), name


@pytest.mark.parametrize("side", ["gt", "gen"])
def test_greys_are_the_recorded_ones(side: str, pixel_values: Recorded):
    greys = np.stack([grey(frame) for frame in pixel_values.arrays[side]])
    np.testing.assert_array_equal(greys, pixel_values.arrays[f"grey_{side}"])


def test_a_smaller_picture_is_compared_as_discos_evaluator_does(pixel_values: Recorded):
    target = pixel_values.arrays["mismatch_gt"]
    matched = match_size(pixel_values.arrays["mismatch_gen"], Size(48, 64))
    np.testing.assert_array_equal(matched, pixel_values.arrays["mismatch_gen_resized_by_cv2_linear"])
    wanted = pixel_values.values["size_mismatch_gen30x40_gt48x64"]
    for metric in ("PSNR*", "SSIM", "L1"):
        assert PUBLISHED[metric](matched, target) == pytest.approx(wanted[metric], rel=1e-9)


def test_a_picture_of_the_right_size_stays_as_it_is(pixel_values: Recorded):
    frame = pixel_values.arrays["gt"][0]
    assert match_size(frame, Size(48, 64)) is frame
