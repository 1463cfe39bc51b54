"""From the network's coarse mask to one whose edge is the picture's own."""

from __future__ import annotations

import cv2
import numpy as np

from animatex.rig.fill import guided_upsample

_WORKING_HEIGHT = 384
_BAND = 0.025
"""How far from the network's edge the true one may be, as a part of the picture's height."""

_SURE = 0.95
"""Of pixels farther from the edge the network is believed, where it is at least as sure as this."""

_OWN, _FOREIGN = 0.7, 0.1
"""What is above the first teaches the character's colours, what is below the second those of the
background; what lies between may be anything, as ears that were half missed."""

_CLUSTERS = 5
"""Of GrabCut, for either side's colours; fewer pixels than that cannot teach it."""


def refine_mask(mask: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Move a mask's edge to where the colours change, soften it, and drop specks.

    Within a band around the coarse edge, and wherever the network is not sure, each pixel goes to whichever
    side its colour belongs to (GrabCut: Rother et al. 2004, with colours learned once, where the network is
    rather sure); then the edge is enlarged along those of the picture.

    Args:
        mask: The network's opinion, float32 [H, W] in 0..1.
        image: uint8 [H, W, 3].

    Returns:
        float32 [H, W] in 0..1.
    """
    scale = min(1.0, _WORKING_HEIGHT / image.shape[0])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(mask, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
    decided = _by_colour(coarse, small)
    fine = np.clip(guided_upsample(decided, image, radius=2, eps=1e-4), 0, 1)
    # The filter leaves haze on textured grounds: only certainty near one half is moved.
    fine = np.clip((fine - 0.5) * 2 + 0.5, 0, 1)
    return _largest(fine)


def _by_colour(mask: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Decide by colour what the mask leaves open, float32 [h, w] in 0..1: float32 [h, w], 0 or 1."""
    band, sure = max(2.0, _BAND * image.shape[0]), np.abs(mask - 0.5) > _SURE - 0.5
    coarse = mask > 0.5
    inside = cv2.distanceTransform(coarse.astype(np.uint8), cv2.DIST_L2, 3)
    outside = cv2.distanceTransform((~coarse).astype(np.uint8), cv2.DIST_L2, 3)
    trimap = np.where(coarse, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    trimap[sure & (inside > band)] = cv2.GC_FGD
    trimap[sure & (outside > band)] = cv2.GC_BGD
    if not ((trimap == cv2.GC_FGD).any() and (trimap == cv2.GC_BGD).any()):
        return coarse.astype(np.float32)
    own, foreign = mask > _OWN, mask < _FOREIGN
    if min(own.sum(), foreign.sum()) < _CLUSTERS:
        return coarse.astype(np.float32)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    # Its colour clusters start at random; a fixed start makes the same picture give the same mask.
    cv2.setRNGSeed(0)
    told = own | foreign
    cv2.grabCut(image[told][None], own[told][None].astype(np.uint8), None, *models, 1, cv2.GC_INIT_WITH_MASK)
    cv2.grabCut(image, trimap, None, *models, 1, cv2.GC_EVAL_FREEZE_MODEL)
    return np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)


def _largest(mask: np.ndarray) -> np.ndarray:
    """Drop what is far smaller than the character and not connected to it."""
    count, regions, stats, _ = cv2.connectedComponentsWithStats((mask > 0.5).astype(np.uint8))
    if count <= 2:
        return mask
    areas = stats[1:, cv2.CC_STAT_AREA]
    small = 1 + np.flatnonzero(areas < 0.08 * areas.max())
    specks = cv2.dilate(np.isin(regions, small).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return np.where(specks & ~np.isin(regions, 1 + np.flatnonzero(areas >= 0.08 * areas.max())), 0, mask)
