"""Patterns that go on under what hides them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.codec.motion.joints import Joints
from animatex.codec.motion.layers import Layer, PuppetLayers
from animatex.codec.motion.textures import with_textures
from animatex.pose.skeleton import HEAD_PART, PARTS, TORSO_PART
from animatex.rig.fill import push_pull

SIZE = (96, 72)
FOREARM = PARTS.index("left_forearm")


def striped(hidden: np.ndarray, part: int = TORSO_PART) -> tuple[np.ndarray, PuppetLayers]:
    """A striped part of which some is hidden and filled smoothly; and what is really there."""
    stripes = np.where((np.arange(SIZE[0]) // 6 % 2)[:, None, None] == 0, (220, 60, 40), (30, 90, 200))
    truth = np.broadcast_to(stripes, (*SIZE, 3)).astype(np.uint8)
    alpha = np.zeros(SIZE, np.uint8)
    alpha[8:-8, 8:-8] = 255
    shown = (alpha > 0) & ~hidden
    layer = Layer(part, 0, 0, push_pull(truth, shown.astype(np.float32)), alpha, shown)
    joints = Joints(np.zeros((18, 2)), np.zeros(18, bool))
    return truth, PuppetLayers((layer,), joints, np.zeros((*SIZE, 3), np.uint8))


def arm_over_it() -> np.ndarray:
    hidden = np.zeros(SIZE, bool)
    hidden[30:66, 24:48] = True
    return hidden


@pytest.mark.parametrize("part", [TORSO_PART, HEAD_PART])
def test_stripes_come_nearer_to_the_truth_under_an_arm(part: int) -> None:
    hidden = arm_over_it()
    truth, smooth = striped(hidden, part)
    apart = [
        np.abs(puppet.layers[0].colour[hidden].astype(int) - truth[hidden]).mean()
        for puppet in (with_textures(smooth), smooth)
    ]
    assert apart[0] < 0.75 * apart[1]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99))
def test_what_is_shown_and_all_outlines_stay(seed: int) -> None:
    random = np.random.default_rng(seed)
    _, smooth = striped(random.random(SIZE) < random.choice([0.0, 0.1, 1.0]))
    before, after = smooth.layers[0], with_textures(smooth).layers[0]
    still = ~((before.alpha > 0) & ~before.shown)
    assert np.array_equal(after.colour[still], before.colour[still])
    assert after.alpha is before.alpha and after.shown is before.shown


def test_limbs_stay_as_they_are() -> None:
    _, smooth = striped(arm_over_it(), FOREARM)
    assert with_textures(smooth).layers[0] is smooth.layers[0]
