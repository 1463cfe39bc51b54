"""Characters of the procedural world, whose own pose in the performer's dance is known."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from animatex.pose.proportions import torso_length
from animatex.pose.retarget import retarget
from animatex.pose.skeleton import BODY
from animatex.synthetic.clips import performance
from animatex.video.frames import Size
from tests.pose.figures import retargeting

CHARACTERS = [performance(seed, Size(192, 128), 24) for seed in range(500, 560)]


@cache
def errors(method: str) -> np.ndarray:
    """Mean distance from the truth in torso lengths, for each character."""
    result = []
    for made in CHARACTERS:
        neckless = made.body.stiff == 1
        ours = retarget(made.driver_poses, made.reference, retargeting(method), neckless=neckless)
        both = ((ours.scores > 0) & (made.poses.scores > 0))[:, BODY]
        apart = np.linalg.norm(ours.keypoints - made.poses.keypoints, axis=2)[:, BODY][both]
        result.append(apart.mean() / torso_length(made.poses))
    return np.array(result)


def test_half_of_all_characters_are_within_a_twentieth_of_a_torso():
    assert np.median(errors("combined")) < 1 / 20


@pytest.mark.parametrize("method", ["none", "similarity", "unianimate", "musepose", "wan"])
def test_the_combined_method_is_clearly_nearer_to_the_truth(method: str):
    assert np.median(errors("combined")) < 0.5 * np.median(errors(method))
    assert (errors("combined") < errors(method)).mean() > 0.85


def test_one_frame_says_less_than_the_clip_does():
    assert np.median(errors("combined")) < 0.75 * np.median(errors("bones"))


def test_limbs_that_a_character_lacks_are_not_shown():
    limbless = [made for made in CHARACTERS if not any(made.body.arms) and (made.reference.scores[0, 2] > 0)]
    assert len(limbless) > 1
    for made in limbless:
        hidden = retarget(made.driver_poses, made.reference, retargeting()).scores[:, [3, 4, 6, 7]] == 0
        inside = made.reference.keypoints[0, [2, 5], 1].max() < 0.6 * made.reference.canvas.height
        assert hidden.all() or not inside
