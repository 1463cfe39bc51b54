"""Three public alignment algorithms, for comparison: UniAnimate's, MusePose's and Wan2.2-Animate's.

Each measures the performer in its first frame only and knows nothing of unseen joints: the released code
computes with their coordinates of -1. That is kept, so results equal the public ones where those are sound;
what becomes infinite is hidden. Letters: F frames; 20 body points: eighteen joints and
two feet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    BODY,
    BONES,
    FACE,
    LEFT_ANKLE,
    LEFT_BIG_TOE,
    LEFT_EAR,
    LEFT_ELBOW,
    LEFT_EYE,
    LEFT_HAND,
    LEFT_HEEL,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_SMALL_TOE,
    LEFT_WRIST,
    NECK,
    NOSE,
    NUM_KEYPOINTS,
    RIGHT_ANKLE,
    RIGHT_BIG_TOE,
    RIGHT_EAR,
    RIGHT_ELBOW,
    RIGHT_EYE,
    RIGHT_HAND,
    RIGHT_HEEL,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_SMALL_TOE,
    RIGHT_WRIST,
    Bone,
)
from animatex.video.frames import Size

Published = Literal["unianimate", "musepose", "wan"]

_THRESHOLD = 0.3
_LEFT_FOOT, _RIGHT_FOOT = 18, 19
_TOES = ((_LEFT_FOOT, LEFT_BIG_TOE, LEFT_SMALL_TOE), (_RIGHT_FOOT, RIGHT_BIG_TOE, RIGHT_SMALL_TOE))

# UniAnimate: a limb, and the body points and the hand that move with its far end.
_UNIANIMATE: tuple[tuple[Bone, tuple[int, ...], int | None], ...] = (
    (Bone(NECK, NOSE), (NOSE, RIGHT_EYE, LEFT_EYE, RIGHT_EAR, LEFT_EAR), None),
    (Bone(NECK, RIGHT_SHOULDER), (RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST), 1),
    (Bone(NECK, LEFT_SHOULDER), (LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST), 0),
    (Bone(RIGHT_SHOULDER, RIGHT_ELBOW), (RIGHT_ELBOW, RIGHT_WRIST), 1),
    (Bone(RIGHT_ELBOW, RIGHT_WRIST), (RIGHT_WRIST,), 1),
    (Bone(LEFT_SHOULDER, LEFT_ELBOW), (LEFT_ELBOW, LEFT_WRIST), 0),
    (Bone(LEFT_ELBOW, LEFT_WRIST), (LEFT_WRIST,), 0),
    (Bone(NOSE, RIGHT_EYE), (RIGHT_EYE, RIGHT_EAR), None),
    (Bone(NOSE, LEFT_EYE), (LEFT_EYE, LEFT_EAR), None),
    (Bone(RIGHT_EYE, RIGHT_EAR), (RIGHT_EAR,), None),
    (Bone(LEFT_EYE, LEFT_EAR), (LEFT_EAR,), None),
    (Bone(RIGHT_HIP, RIGHT_KNEE), (RIGHT_KNEE, RIGHT_ANKLE, _RIGHT_FOOT), None),
    (Bone(RIGHT_KNEE, RIGHT_ANKLE), (RIGHT_ANKLE, _RIGHT_FOOT), None),
    (Bone(LEFT_HIP, LEFT_KNEE), (LEFT_KNEE, LEFT_ANKLE, _LEFT_FOOT), None),
    (Bone(LEFT_KNEE, LEFT_ANKLE), (LEFT_ANKLE, _LEFT_FOOT), None),
)

_HAND_ROOTS = [1, 5, 9, 13, 17]
_WAN_LIMBS = (*BONES, Bone(LEFT_ANKLE, _LEFT_FOOT), Bone(RIGHT_ANKLE, _RIGHT_FOOT))
_WAN_LONGER = ((0, 1), (2, 4), (3, 5), (6, 9), (7, 10), (8, 11), (17, 18))
_WAN_MEAN = ((13, 15), (14, 16))
_WAN_SHOULDERS = [0, 1]
_WAN_CALVES = {17: 11, 18: 8}


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Poses as the three algorithms hold them: fractions of the picture, or pixels; -1 where not seen.

    Attributes:
        body: float64 [F, 20, 2].
        hands: float64 [F, 2, 21, 2], the left one first.
        face: float64 [F, 68, 2].
    """

    body: np.ndarray
    hands: np.ndarray
    face: np.ndarray


def retarget_as_published(poses: PoseSequence, to: PoseSequence, method: Published) -> PoseSequence:
    """Align a performer to a character as a public system does.

    Args:
        poses: The performer.
        to: The character's pose; its first frame counts.
        method: Whose algorithm.

    Returns:
        Poses on the character's canvas with the performer's scores; 0 where no finite place comes out.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if method == "unianimate":
            moved = _unianimate(_fractions(poses), _fractions(to))
            return _finish(poses, moved, to.canvas, np.array([to.canvas.width, to.canvas.height]))
        if method == "musepose":
            moved = _musepose(_fractions(poses), _fractions(to), _aspect(poses), _aspect(to))
            return _finish(poses, moved, to.canvas, np.array([to.canvas.width, to.canvas.height]))
        return _finish(poses, _wan(poses, to), to.canvas, np.ones(2))


def _unianimate(driving: _Layout, reference: _Layout) -> _Layout:
    """Scale both axes about the origin, then limb by limb; put the first frame's neck on the reference's."""
    first, target = driving.body[0], reference.body[0]

    def trunk(body: np.ndarray) -> float:
        hips = (body[RIGHT_HIP, 1] + body[LEFT_HIP, 1]) / 2
        return float(hips - (body[RIGHT_SHOULDER, 1] + body[LEFT_SHOULDER, 1]) / 2)

    across = np.float64(target[LEFT_SHOULDER, 0] - target[RIGHT_SHOULDER, 0])
    scale = np.array(
        [
            across / (first[LEFT_SHOULDER, 0] - first[RIGHT_SHOULDER, 0]),
            np.float64(trunk(target)) / trunk(first),
        ]
    )
    body, hands, face = driving.body * scale, driving.hands * scale, driving.face * scale
    ratios = [_length(target, bone) / _length(body[0], bone) for bone, _, _ in _UNIANIMATE]
    for ratio, (bone, subtree, hand) in zip(ratios, _UNIANIMATE, strict=True):
        shift = (ratio - 1) * (body[:, bone.child] - body[:, bone.parent])
        body[:, subtree] += shift[:, None]
        if hand is not None:
            hands[:, hand] += shift[:, None]
    offset = target[NECK] - body[0, NECK]
    return _Layout(body + offset, hands + offset, face + offset)


def _musepose(driving: _Layout, reference: _Layout, aspect: float, reference_aspect: float) -> _Layout:
    """Scale groups of limbs about the neck, in units of the picture's height; feet go with their ankles."""
    old = driving.body * [aspect, 1]
    old_hands = driving.hands * [aspect, 1]
    first, target = old[0], reference.body[0] * [reference_aspect, 1]

    def ratio(*bones: Bone) -> float:
        return float(np.mean([_length(target, bone) / _length(first, bone) for bone in bones]))

    trunk = _trunk(target) / _trunk(first)
    neck, face = ratio(Bone(NECK, NOSE)), ratio(Bone(RIGHT_EAR, LEFT_EAR))
    shoulder = ratio(Bone(RIGHT_SHOULDER, LEFT_SHOULDER))
    upper_arm = ratio(Bone(RIGHT_SHOULDER, RIGHT_ELBOW), Bone(LEFT_SHOULDER, LEFT_ELBOW))
    forearm = ratio(Bone(RIGHT_ELBOW, RIGHT_WRIST), Bone(LEFT_ELBOW, LEFT_WRIST))
    thigh = ratio(Bone(RIGHT_HIP, RIGHT_KNEE), Bone(LEFT_HIP, LEFT_KNEE))
    calf = ratio(Bone(RIGHT_KNEE, RIGHT_ANKLE), Bone(LEFT_KNEE, LEFT_ANKLE))
    hand = _hand_ratio(old_hands[0], reference.hands[0] * [reference_aspect, 1], upper_arm, forearm)
    new = old.copy()
    for parent, children, factor in (
        (NECK, (NOSE,), neck),
        (NOSE, (RIGHT_EYE, LEFT_EYE, RIGHT_EAR, LEFT_EAR), face),
        (NECK, (RIGHT_SHOULDER, LEFT_SHOULDER), shoulder),
        (RIGHT_SHOULDER, (RIGHT_ELBOW,), upper_arm),
        (LEFT_SHOULDER, (LEFT_ELBOW,), upper_arm),
        (RIGHT_ELBOW, (RIGHT_WRIST,), forearm),
        (LEFT_ELBOW, (LEFT_WRIST,), forearm),
        (NECK, (RIGHT_HIP, LEFT_HIP), trunk),
        (RIGHT_HIP, (RIGHT_KNEE,), thigh),
        (LEFT_HIP, (LEFT_KNEE,), thigh),
        (RIGHT_KNEE, (RIGHT_ANKLE,), calf),
        (LEFT_KNEE, (LEFT_ANKLE,), calf),
        (RIGHT_ANKLE, (_RIGHT_FOOT,), 1.0),
        (LEFT_ANKLE, (_LEFT_FOOT,), 1.0),
    ):
        scale = 1.0 if np.isnan(factor) else factor
        new[:, children] = new[:, [parent]] + scale * (old[:, children] - old[:, [parent]])
    wrists = [LEFT_WRIST, RIGHT_WRIST]
    hands = new[:, wrists, None] + hand * (old_hands - old[:, wrists, None])
    offset = target[NECK] - first[NECK]
    to_fractions = np.array([reference_aspect, 1])
    placed = (new + offset, hands + offset, driving.face * [aspect, 1] + offset)
    return _Layout(*(points / to_fractions for points in placed))


def _hand_ratio(old: np.ndarray, target: np.ndarray, upper_arm: float, forearm: float) -> float:
    """MusePose's size of the hands: mean ratio of palms and of both arm segments."""
    palms = [
        np.linalg.norm(goal[_HAND_ROOTS] - goal[0], axis=1)
        / np.linalg.norm(own[_HAND_ROOTS] - own[0], axis=1)
        for own, goal in zip(old, target, strict=True)
    ]
    ratios = np.concatenate(palms)
    ratios = ratios[np.isfinite(ratios)]
    arms = [upper_arm, forearm]
    return float(np.nan_to_num(np.mean([ratios.mean(), *arms] if len(ratios) else arms), nan=1.0))


def _wan(poses: PoseSequence, to: PoseSequence) -> _Layout:
    """Scale each limb by the longer side's ratio, and stand the body on the reference's ground."""
    driving, scores = _pixels(poses)
    reference, reference_scores = _pixels(to)
    first, own = driving.body[0], reference.body[0]
    enlarge = _wan_enlargement(poses, to, first, own, scores[0], reference_scores[0])
    # Rounded first, because key points in float32 must not make 639 of 640.
    enlarged = np.floor(np.round(np.array([to.canvas.width, to.canvas.height]) * enlarge, 3))
    target = own / [to.canvas.width, to.canvas.height] * enlarged
    ratios = _wan_ratios(first, target)
    body = _wan_rebuild(driving.body, ratios, clamp=True)
    anchor = _wan_rebuild(driving.body[:1], ratios, clamp=False)[0]
    if _is_whole(first, scores[0], poses.canvas) and _is_whole(own, reference_scores[0], to.canvas):
        across = (anchor[[RIGHT_HIP, LEFT_HIP], 0].mean()) - target[[RIGHT_HIP, LEFT_HIP], 0].mean()
        feet = target[[RIGHT_ANKLE, LEFT_ANKLE], 1] + target[[_RIGHT_FOOT, _LEFT_FOOT], 1]
        shift = np.array([across, anchor[[RIGHT_ANKLE, LEFT_ANKLE], 1].max() - feet.max() / 2])
    else:
        shift = anchor[NECK] - target[NECK]
    wrists = [LEFT_WRIST, RIGHT_WRIST]
    size = ratios[_WAN_SHOULDERS].max()
    hands = body[:, wrists, None] + size * (driving.hands - driving.body[:, wrists, None])
    face = body[:, [NOSE]] + ratios[12] * (driving.face - driving.body[:, [NOSE]])
    return _Layout(*((points - shift) / enlarge for points in (body, hands, face)))


def _wan_enlargement(
    poses: PoseSequence,
    to: PoseSequence,
    first: np.ndarray,
    own: np.ndarray,
    scores: np.ndarray,
    reference_scores: np.ndarray,
) -> float:
    """How much larger the performer appears than the character: by height, else by the pictures' areas."""
    for low in ((RIGHT_ANKLE, LEFT_ANKLE), (RIGHT_HIP, LEFT_HIP)):
        needed = [NOSE, *low]
        if (scores[needed] > 0.5).all() and (reference_scores[needed] > 0.5).all():
            heights = [abs(float(body[list(low), 1].mean() - body[NOSE, 1])) for body in (first, own)]
            return heights[0] / heights[1]
    areas = [canvas.height * canvas.width for canvas in (poses.canvas, to.canvas)]
    return float((areas[0] / areas[1]) ** 0.5)


def _wan_ratios(first: np.ndarray, target: np.ndarray) -> np.ndarray:
    ratios = np.array([_length(target, limb) / _length(first, limb) for limb in _WAN_LIMBS])
    ratios = np.where(np.isfinite(ratios), ratios, ratios[_WAN_SHOULDERS].mean())
    for pair in _WAN_LONGER:
        ratios[list(pair)] = ratios[list(pair)].max()
    for pair in _WAN_MEAN:
        ratios[list(pair)] = ratios[list(pair)].mean()
    return ratios


def _wan_rebuild(body: np.ndarray, ratios: np.ndarray, clamp: bool) -> np.ndarray:
    new = body.copy()
    vectors = {}
    for i, limb in enumerate(_WAN_LIMBS):
        vector = ratios[i] * (body[:, limb.child] - body[:, limb.parent])
        vectors[i] = vector
        if clamp and i in _WAN_CALVES:
            longest = np.linalg.norm(vectors[_WAN_CALVES[i]], axis=1) / 2
            length = np.linalg.norm(vector, axis=1)
            vector = vector * np.where(length > longest, longest / length, 1)[:, None]
        new[:, limb.child] = new[:, limb.parent] + vector
    return new


def _is_whole(body: np.ndarray, scores: np.ndarray, canvas: Size) -> bool:
    low = [RIGHT_HIP, LEFT_HIP, RIGHT_ANKLE, LEFT_ANKLE]
    return bool((scores[low] >= 0.4).all() and (body[low, 1] <= canvas.height).all())


def _fractions(poses: PoseSequence) -> _Layout:
    """Fractions of the picture with -1 for points below the released threshold."""
    size = np.array([poses.canvas.width, poses.canvas.height], np.float64)
    points = np.nan_to_num(poses.keypoints).astype(np.float64) / size
    hidden = (poses.scores == 0) | (poses.scores.astype(np.float64) < _THRESHOLD)
    points = np.where(hidden[..., None], -1.0, points)
    feet = []
    for _, big, small in _TOES:
        lost = np.asarray((points[:, [big, small]] == -1).any(axis=(1, 2)))
        feet.append(np.where(lost[:, None], -1.0, points[:, [big, small]].mean(axis=1)))
    return _layout(points, feet)


def _pixels(poses: PoseSequence) -> tuple[_Layout, np.ndarray]:
    """Pixels of all points, seen or not, and the scores of the 20 body points, float64 [F, 20]."""
    points, scores = np.nan_to_num(poses.keypoints).astype(np.float64), poses.scores.astype(np.float64)
    feet = [points[:, [big, small]].mean(axis=1) for _, big, small in _TOES]
    foot_scores = [scores[:, [big, small]].mean(axis=1, keepdims=True) for _, big, small in _TOES]
    return _layout(points, feet), np.concatenate([scores[:, BODY], *foot_scores], axis=1)


def _layout(points: np.ndarray, feet: list[np.ndarray]) -> _Layout:
    body = np.concatenate([points[:, BODY], np.stack(feet, axis=1)], axis=1)
    return _Layout(body, np.stack([points[:, LEFT_HAND], points[:, RIGHT_HAND]], axis=1), points[:, FACE])


def _finish(poses: PoseSequence, moved: _Layout, canvas: Size, scale: np.ndarray) -> PoseSequence:
    """Back to 134 points: both toes at the foot's place, the heel as far from the ankle as it was."""
    points = np.zeros((len(poses), NUM_KEYPOINTS, 2))
    points[:, BODY] = moved.body[:, BODY]
    points[:, LEFT_HAND], points[:, RIGHT_HAND] = moved.hands[:, 0], moved.hands[:, 1]
    points[:, FACE] = moved.face
    points[:, [LEFT_BIG_TOE, LEFT_SMALL_TOE]] = moved.body[:, [_LEFT_FOOT]]
    points[:, [RIGHT_BIG_TOE, RIGHT_SMALL_TOE]] = moved.body[:, [_RIGHT_FOOT]]
    points *= scale
    for ankle, heel in ((LEFT_ANKLE, LEFT_HEEL), (RIGHT_ANKLE, RIGHT_HEEL)):
        points[:, heel] = points[:, ankle] + np.nan_to_num(
            poses.keypoints[:, heel] - poses.keypoints[:, ankle]
        )
    limit = 1e6
    sound = np.asarray((np.abs(points) < limit).all(axis=2))
    keypoints = np.where(sound[..., None], points, 0).astype(np.float32)
    return PoseSequence(keypoints, np.where(sound, poses.scores, np.float32(0)), canvas, poses.fps)


def _length(body: np.ndarray, bone: Bone) -> np.float64:
    return np.float64(np.linalg.norm(body[bone.child] - body[bone.parent]))


def _trunk(body: np.ndarray) -> np.float64:
    return np.float64(np.linalg.norm((body[RIGHT_HIP] + body[LEFT_HIP]) / 2 - body[NECK]))


def _aspect(poses: PoseSequence) -> float:
    return poses.canvas.width / poses.canvas.height
