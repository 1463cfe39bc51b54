"""Which piece of a character goes with which part: what the network's maps leave in the wrong hands."""

from __future__ import annotations

import cv2
import numpy as np

from animatex.pose.skeleton import (
    HEAD,
    HEAD_PART,
    LEFT_HIP,
    LEFT_KNEE,
    LIMB_PARTS,
    PARTS,
    RIGHT_HIP,
    RIGHT_KNEE,
    TORSO_PART,
)

_LEGS = [limb for limb in LIMB_PARTS if limb.start in (RIGHT_HIP, RIGHT_KNEE, LEFT_HIP, LEFT_KNEE)]
_LEG_PARTS = [limb.part for limb in _LEGS]
_LEG_ENDS = [limb.end for limb in _LEGS]
_THIGHS = [limb for limb in _LEGS if limb.parent == TORSO_PART]
_CALF_PARTS = {limb.part for limb in _LEGS if limb.parent != TORSO_PART}

_BONE = 3
"""How thick a bone is drawn, pixels."""


def without_strays(parts: np.ndarray, mask: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Give pieces of a limb that lie away from its joints to whichever part comes second there.

    Torso and head stay in pieces: folded arms divide them. But what touches nothing but the head is an ear or
    a hat, whatever it was taken for; a leg that only the torso surrounds is a skirt's fold, and a thigh
    beside the torso that neither lies on its bone nor meets a calf, a skirt's side.

    Args:
        parts: Probabilities of all parts but the background, float32 [10, H, W].
        mask: The character, float32 [H, W].
        joints: float32 [18, 2], pixels.
    """
    owner = np.where(mask > 0.5, parts.argmax(0) + 1, 0)
    kept = parts.copy()
    legs = np.isin(owner, _LEG_PARTS)
    folds = _surrounded_by_torso(owner, legs) | _sides_of_a_skirt(owner, joints)
    kept[[part - 1 for part in _LEG_PARTS]] *= ~folds
    kept[HEAD_PART - 1][_nearer_to_the_legs(owner == HEAD_PART, joints)] = 0
    owner[folds] = TORSO_PART
    for limb in LIMB_PARTS:
        count, regions, _, centres = cv2.connectedComponentsWithStats((owner == limb.part).astype(np.uint8))
        if count > 2:
            middle = joints[[limb.start, limb.end]].mean(0)
            sizes = np.bincount(regions.ravel(), minlength=count)[1:]
            # A few pixels on the bone are not the limb.
            away = np.linalg.norm(centres[1:] + 0.5 - middle, axis=1) / np.sqrt(sizes)
            kept[limb.part - 1][(regions > 0) & (regions != 1 + away.argmin())] = 0
    tips = _only_beside_the_head(np.where(mask > 0.5, kept.argmax(0) + 1, 0))
    kept[:, tips] = 0
    kept[HEAD_PART - 1, tips] = 1
    return kept


def _only_beside_the_head(owner: np.ndarray) -> np.ndarray:
    """Pieces, none a part's largest, that touch the head and no third part: bool [H, W]."""
    found = np.zeros(owner.shape, bool)
    for part in range(1, len(PARTS)):
        count, regions, stats, _ = cv2.connectedComponentsWithStats((owner == part).astype(np.uint8))
        areas = stats[1:, cv2.CC_STAT_AREA]
        if part == HEAD_PART or count <= 2:
            continue
        for piece in set(range(1, count)) - {1 + int(areas.argmax())}:
            here = regions == piece
            if _beside(owner, here) - {0} == {HEAD_PART}:
                found |= here
    return found


def _surrounded_by_torso(owner: np.ndarray, legs: np.ndarray) -> np.ndarray:
    """Pieces of the legs that touch nothing but the torso, not even the background: bool [H, W]."""
    count, regions = cv2.connectedComponents(legs.astype(np.uint8))
    alone = [p for p in range(1, count) if _beside(owner, regions == p) == {TORSO_PART}]
    return np.isin(regions, alone)


def _sides_of_a_skirt(owner: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Pieces of the thighs that touch the torso, but neither a calf nor their own bone: bool [H, W]."""
    found = np.zeros(owner.shape, bool)
    for limb in _THIGHS:
        start, end = np.rint(joints[[limb.start, limb.end]]).astype(int).tolist()
        bone = cv2.line(np.zeros(owner.shape, np.uint8), start, end, 1, _BONE) > 0
        count, regions = cv2.connectedComponents((owner == limb.part).astype(np.uint8))
        for here in (regions == piece for piece in range(1, count)):
            beside = _beside(owner, here)
            if TORSO_PART in beside and not beside & _CALF_PARTS and not (here & bone).any():
                found |= here
    return found


def _nearer_to_the_legs(head: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Pieces of the head, but for the largest, whose middle is nearer to a knee or foot than to the face."""
    _, regions, stats, centres = cv2.connectedComponentsWithStats(head.astype(np.uint8))
    apart = np.linalg.norm(centres[:, None] - joints, axis=2)
    low = apart[:, _LEG_ENDS].min(1) < apart[:, list(HEAD)].min(1)
    low[0] = False
    low[1:] &= stats[1:, cv2.CC_STAT_AREA] < stats[1:, cv2.CC_STAT_AREA].max(initial=0)
    return np.isin(regions, np.flatnonzero(low))


def _beside(owner: np.ndarray, here: np.ndarray) -> set[int]:
    """The parts that a region, bool [H, W], touches."""
    rim = (cv2.dilate(here.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & ~here
    return set(np.unique(owner[rim]).tolist())
