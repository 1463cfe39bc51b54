"""What the embedded model's results are measured by, against the procedural world's exact truth.

Letters: F frames, H W pixels. Pictures are uint8 RGB, labels uint8 indices of `pose.skeleton.PARTS`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from animatex.pose.skeleton import PARTS
from animatex.rig.rig import Rig
from animatex.synthetic.clips import SyntheticStill

_RIM = 0.02
"""How far around the character counts as its region, as a part of the picture's height."""

_SMALLEST_PIECE = 5e-4
"""What covers less of the picture is an edge's crumb, not a piece of the character."""

_STILL = 4
"""Levels (0..255) by which a pixel of the truth may change and still count as not moving: grain."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How good one clip is; means over its frames. NaN where a clip does not let it be measured.

    Attributes:
        psnr, ssim: Of whole frames; dB, and up to 1.
        sharpness: Gradient energy relative to the truth's; 1 is right, less is blurred.
        own_psnr, own_ssim, own_sharpness: The same where the truth shows the character, and a rim around it.
        part_iou: Overlap of the parts that are shown with the true ones, mean over the parts there are, 0..1.
        pieces: Pieces of the character that hang in the air, beyond those of the truth.
        left_behind: Mean error where the character stood in the reference and does not stand now, levels.
        flicker: Change from frame to frame where nothing of the truth changes, levels.
    """

    psnr: float
    ssim: float
    sharpness: float
    own_psnr: float
    own_ssim: float
    own_sharpness: float
    part_iou: float
    pieces: float
    left_behind: float
    flicker: float


@dataclass(frozen=True, slots=True)
class RigScores:
    """How well one picture was understood.

    Attributes:
        joint_error: Mean distance of the joints that the picture has, percent of its height.
        part_accuracy: Share of the character's pixels that got their part, 0..1.
        mask_iou: Overlap of the mask with the true one, 0..1.
        plate_psnr: Of the background plate where the character hides it, dB.
    """

    joint_error: float
    part_accuracy: float
    mask_iou: float
    plate_psnr: float


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A clip as it is, and where the character was in its reference.

    Attributes:
        frames: uint8 [F, H, W, 3].
        labels: uint8 [F, H, W].
        reference_labels: uint8 [H, W].
    """

    frames: np.ndarray
    labels: np.ndarray
    reference_labels: np.ndarray


def score_clip(frames: np.ndarray, labels: np.ndarray, truth: Truth) -> Scores:
    """Measure frames uint8 [F, H, W, 3], and the parts they are made of, uint8 [F, H, W]."""
    rows = [
        _score_frame(frame, parts, true_frame, true_parts, truth.reference_labels)
        for frame, parts, true_frame, true_parts in zip(
            frames, labels, truth.frames, truth.labels, strict=True
        )
    ]
    means = (_mean(column) for column in zip(*rows, strict=True))
    return Scores(*means, flicker(frames, truth))


def score_rig(rig: Rig, truth: SyntheticStill) -> RigScores:
    """Measure what was understood of a picture."""
    inside = truth.labels > 0
    places = rig.pose.keypoints[0, : len(truth.keypoints)]
    distances = np.linalg.norm(places - truth.keypoints, axis=1)[truth.present]
    found = rig.mask > 0.5
    return RigScores(
        joint_error=100 * _mean(distances) / len(truth.labels),
        part_accuracy=_mean((rig.parts[1:].argmax(0) + 1 == truth.labels)[inside]),
        mask_iou=float((found & inside).sum() / max((found | inside).sum(), 1)),
        plate_psnr=psnr(rig.plate, truth.plate, inside),
    )


def psnr(a: np.ndarray, b: np.ndarray, region: np.ndarray | None = None) -> float:
    """Peak signal-to-noise ratio, dB; 108 where two pictures are the same, NaN where there is no region."""
    squares = (a.astype(np.float32) - b.astype(np.float32)) ** 2
    chosen = squares if region is None else squares[region]
    return float(10 * np.log10(255**2 / max(float(chosen.mean()), 1e-6))) if chosen.size else float("nan")


def ssim_map(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Structural similarity (Wang et al. 2004, Gaussian of sigma 1.5) of each pixel: float32 [H, W]."""

    def blur(x: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(x, (11, 11), 1.5)

    a, b = a.astype(np.float32), b.astype(np.float32)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    top = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    similarity: np.ndarray = (top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean(2)
    return similarity


def gradient_energy(frame: np.ndarray) -> np.ndarray:
    """How steep the grey picture is at each pixel: float32 [H, W]."""
    grey = frame.astype(np.float32).mean(2)
    steep: np.ndarray = np.abs(np.diff(grey, axis=0, append=grey[-1:])) + np.abs(
        np.diff(grey, axis=1, append=grey[:, -1:])
    )
    return steep


def part_iou(labels: np.ndarray, truth: np.ndarray) -> float:
    """Overlap of each part with the true one, uint8 [H, W] both, mean over the parts that either has."""
    scores = []
    for part in range(1, len(PARTS)):
        mine, true = labels == part, truth == part
        either = np.count_nonzero(mine | true)
        if either >= _SMALLEST_PIECE * labels.size:
            scores.append(np.count_nonzero(mine & true) / either)
    return _mean(scores)


def count_pieces(labels: np.ndarray) -> int:
    """Count the connected pieces of a character, uint8 [H, W]."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((labels > 0).astype(np.uint8))
    return int((stats[1:, cv2.CC_STAT_AREA] >= _SMALLEST_PIECE * labels.size).sum())


def around(labels: np.ndarray) -> np.ndarray:
    """The character's pixels and a rim around them, bool [H, W], from labels uint8 [H, W]."""
    reach = 2 * max(1, round(_RIM * len(labels))) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    grown: np.ndarray = cv2.dilate((labels > 0).astype(np.uint8), disc) > 0
    return grown


def flicker(frames: np.ndarray, truth: Truth) -> float:
    """Mean change from frame to frame where the true background stands still, levels; NaN for one frame."""
    changes = []
    for now in range(1, len(frames)):
        pair = truth.frames[now - 1 : now + 1].astype(np.int16)
        still = np.abs(pair[1] - pair[0]).max(2) <= _STILL
        still &= ~around(np.maximum(truth.labels[now - 1], truth.labels[now]))
        mine = frames[now - 1 : now + 1].astype(np.int16)
        changes.append(_mean(np.abs(mine[1] - mine[0])[still]))
    return _mean(changes)


def _score_frame(
    frame: np.ndarray,
    parts: np.ndarray,
    true_frame: np.ndarray,
    true_parts: np.ndarray,
    reference_labels: np.ndarray,
) -> tuple[float, ...]:
    """All of `Scores` but flicker, in its order."""
    everywhere, region = np.ones(parts.shape, bool), around(true_parts)
    similar = ssim_map(frame, true_frame)
    mine, true = gradient_energy(frame), gradient_energy(true_frame)
    uncovered = around(reference_labels) & ~region
    error = np.abs(frame.astype(np.int16) - true_frame).mean(2)
    whole, own = (
        (
            psnr(frame, true_frame, area),
            _mean(similar[area]),
            _mean(mine[area]) / max(_mean(true[area]), 1e-6),
        )
        for area in (everywhere, region)
    )
    extra = max(0, count_pieces(parts) - count_pieces(true_parts))
    return (*whole, *own, part_iou(parts, true_parts), extra, _mean(error[uncovered]))


def _mean(values: np.ndarray | list[float] | tuple[float, ...]) -> float:
    """Mean of what there is; NaN of nothing."""
    array = np.asarray(values, np.float64)
    array = array[np.isfinite(array)]
    return float(array.mean()) if array.size else float("nan")
