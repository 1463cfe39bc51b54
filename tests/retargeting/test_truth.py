"""The shipped network on characters that training never reaches, whose own pose in the dance is known."""

from __future__ import annotations

from functools import cache

import numpy as np

from animatex.animate import load_retargeting_network
from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.pose.proportions import torso_length
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import BODY
from animatex.retargeting.learned import put_on
from animatex.synthetic.clips import performance
from animatex.training.retarget_task import as_estimated
from animatex.video.frames import Size

CONFIG = load_config(AnimateConfig, preset_path("mini")).retarget
NETWORK = load_retargeting_network(CONFIG)
MADE = [performance(seed, Size(192, 128), 24) for seed in range(500, 580)]


@cache
def errors(*, learned: bool, estimated: bool) -> np.ndarray:
    """Mean distance from the truth in torso lengths, for each character."""
    rng = np.random.default_rng(3)
    result = []
    for made in MADE:
        performer = as_estimated(made.driver_poses, rng) if estimated else made.driver_poses
        result.append(
            _error(
                made.poses,
                put_on(
                    performer,
                    made.reference,
                    CONFIG,
                    NETWORK if learned else None,
                    neckless=made.body.stiff == 1,
                ),
            )
        )
    return np.array(result)


def _error(truth: PoseSequence, ours: PoseSequence) -> float:
    both = ((ours.scores > 0) & (truth.scores > 0))[:, BODY]
    apart = np.linalg.norm(ours.keypoints - truth.keypoints, axis=2)[:, BODY][both]
    return float(apart.mean()) / torso_length(truth)


def test_it_is_nearer_to_the_truth_than_measuring() -> None:
    measured, learned = (errors(learned=each, estimated=False) for each in (False, True))
    assert np.median(learned) < 0.85 * np.median(measured)
    assert np.mean(learned) < 0.8 * np.mean(measured)
    assert (learned < measured).mean() > 0.7


def test_also_where_the_performer_trembles() -> None:
    measured, learned = (errors(learned=each, estimated=True) for each in (False, True))
    assert np.mean(learned) < 0.8 * np.mean(measured)


def test_it_does_not_make_a_calm_dance_tremble() -> None:
    def unrest(poses: PoseSequence) -> float:
        joints = poses.keypoints[:, BODY]
        return float(np.median(np.linalg.norm(np.diff(joints, n=2, axis=0), axis=2))) / torso_length(poses)

    pairs = [
        tuple(
            unrest(put_on(made.driver_poses, made.reference, CONFIG, network)) for network in (None, NETWORK)
        )
        for made in MADE[:30]
    ]
    before, after = np.array(pairs).T
    assert np.median(after / before) < 1.1
