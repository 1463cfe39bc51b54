"""Characters whose own pose in the performer's dance is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animatex.pose.proportions import torso_length
from animatex.pose.retarget import retarget
from animatex.pose.sequence import PoseSequence
from animatex.video.frames import Size
from tests.pose.figures import retargeting

RECORDED = np.load(Path(__file__).parent / "data" / "synthetic_pairs.npz")
COUNT = len(RECORDED["truth"])


def poses(tenths: np.ndarray, seen: np.ndarray) -> PoseSequence:
    keypoints = np.zeros((len(tenths), 134, 2), np.float32)
    keypoints[:, :18] = tenths / np.float32(10)
    scores = np.zeros((len(tenths), 134), np.float32)
    scores[:, :18] = seen
    return PoseSequence(keypoints, scores, Size(192, 128), 12.0)


def errors(method: str) -> np.ndarray:
    """Mean distance from the truth in torso lengths, for each character."""
    result = []
    for i in range(COUNT):
        performer = poses(RECORDED["performer"][i], np.ones((24, 18), bool))
        truth = poses(RECORDED["truth"][i], RECORDED["truth_seen"][i])
        reference = poses(RECORDED["reference"][i], RECORDED["reference_seen"][i])
        ours = retarget(performer, reference, retargeting(method))
        both = (ours.scores > 0) & (truth.scores > 0)
        apart = np.linalg.norm(ours.keypoints - truth.keypoints, axis=2)[both]
        result.append(apart.mean() / torso_length(truth))
    return np.array(result)


@pytest.fixture(scope="module")
def combined() -> np.ndarray:
    return errors("combined")


def test_half_of_all_characters_are_within_a_tenth_of_a_torso(combined: np.ndarray):
    assert np.median(combined) < 0.1


# Wan's needs feet, which these recordings do not have.
@pytest.mark.parametrize("method", ["none", "similarity", "bones", "unianimate", "musepose"])
def test_the_combined_method_is_clearly_nearer_to_the_truth(method: str, combined: np.ndarray):
    other = errors(method)
    assert np.median(combined) < 0.7 * np.median(other)
    assert (combined < other).mean() > 0.7
