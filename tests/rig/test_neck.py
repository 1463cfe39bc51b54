from __future__ import annotations

import numpy as np

from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import HEAD_PART, NUM_KEYPOINTS, PARTS, TORSO_PART
from animatex.rig.neck import is_neckless
from animatex.rig.rig import Rig
from animatex.video.frames import Size

SIZE = Size(192, 160)


def made_of(labels: np.ndarray) -> Rig:
    image = np.zeros((*SIZE, 3), np.uint8)
    parts = (labels == np.arange(len(PARTS))[:, None, None]).astype(np.float32)
    nobody = PoseSequence(
        np.zeros((1, NUM_KEYPOINTS, 2), np.float32), np.zeros((1, NUM_KEYPOINTS), np.float32), SIZE, 1.0
    )
    return Rig(image, parts, nobody, image)


def carton() -> np.ndarray:
    labels = np.zeros(SIZE, np.uint8)
    labels[30:80, 40:120], labels[80:150, 40:120] = HEAD_PART, TORSO_PART
    return labels


def test_head_and_body_of_one_block_are_told_from_head_and_body_with_a_neck() -> None:
    labels = carton()
    assert is_neckless(made_of(labels))
    labels[70:80, 40:70], labels[70:80, 90:120] = 0, 0
    assert not is_neckless(made_of(labels))


def test_hair_that_falls_on_the_shoulders_makes_nobody_neckless() -> None:
    labels = carton()
    labels[80:130, 40:60] = labels[80:130, 100:120] = HEAD_PART
    assert not is_neckless(made_of(labels))


def test_a_slightly_wavy_seam_is_a_seam_and_a_collar_is_none() -> None:
    for depth, block in ((4, True), (24, False)):
        labels = carton()
        rounded = 80 + depth * (1 - ((np.arange(40, 120) - 79.5) / 40) ** 2)
        for column, row in zip(range(40, 120), rounded, strict=True):
            labels[80 : round(row), column] = HEAD_PART
        assert is_neckless(made_of(labels)) == block, depth


def test_who_has_no_head_has_no_block_of_head_and_body() -> None:
    labels = carton()
    labels[labels == HEAD_PART] = 0
    assert not is_neckless(made_of(labels))
