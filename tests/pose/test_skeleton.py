from __future__ import annotations

import numpy as np

from animatex.pose import skeleton as sk


def test_every_key_point_has_a_name_of_its_own():
    assert len(set(sk.KEYPOINT_NAMES)) == sk.NUM_KEYPOINTS


def test_groups_cover_all_key_points_once():
    groups = [sk.BODY, sk.FEET, sk.FACE, sk.LEFT_HAND, sk.RIGHT_HAND]
    assert [i for group in groups for i in range(group.start, group.stop)] == list(range(sk.NUM_KEYPOINTS))


def test_mirroring_twice_changes_nothing():
    assert [sk.MIRROR[i] for i in sk.MIRROR] == list(range(sk.NUM_KEYPOINTS))


def test_mirroring_swaps_right_and_left_names():
    for i, name in enumerate(sk.KEYPOINT_NAMES):
        if name.startswith("right_"):
            assert sk.KEYPOINT_NAMES[sk.MIRROR[i]] == "left_" + name[6:]


def test_points_on_the_middle_line_are_their_own_mirror_image():
    middle = {sk.KEYPOINT_NAMES[i] for i in range(sk.NUM_KEYPOINTS) if sk.MIRROR[i] == i}
    chin_bridge_nose_lips = {f"face_{i}" for i in (8, 27, 28, 29, 30, 33, 51, 57, 62, 66)}
    assert middle == {"nose", "neck"} | chin_bridge_nose_lips


def test_bones_are_a_tree_that_hangs_on_the_neck():
    reached = {sk.NECK}
    for bone in sk.BONES:
        assert bone.parent in reached
        assert bone.child not in reached
        reached.add(bone.child)
    assert reached == set(range(18))


def test_neck_lies_between_the_shoulders_and_is_seen_with_both():
    points = np.zeros((133, 2))
    points[5], points[6] = (30, 10), (10, 20)
    scores = np.full(133, 0.9)
    ours, our_scores = sk.from_wholebody(points, scores)
    assert ours[sk.NECK].tolist() == [20, 15]
    assert our_scores[sk.NECK] == 1
    scores[6] = 0.3
    assert sk.from_wholebody(points, scores)[1][sk.NECK] == 0


def test_wholebody_points_find_their_place():
    index = np.repeat(np.arange(133.0)[:, None], 2, axis=1)
    ours, _ = sk.from_wholebody(index, np.ones(133))
    assert ours[[sk.RIGHT_WRIST, sk.LEFT_WRIST, sk.LEFT_BIG_TOE, sk.RIGHT_HEEL], 0].tolist() == [
        10,
        9,
        17,
        22,
    ]
    assert ours[[sk.FACE.start, sk.LEFT_HAND.start, sk.RIGHT_HAND.start, 133], 0].tolist() == [
        23,
        91,
        112,
        132,
    ]
