"""What the retargeting network sees: a performer, a character, and what measuring alone makes of them.

Everything is in the character's own units, torso lengths about its neck, so that neither the pictures' sizes
nor where the two stand in them matter. Letters: F frames, J joints (18).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from animatex.pose.placing import find_neck
from animatex.pose.proportions import torso_length, trace
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import BODY, MIRROR

NUM_JOINTS = 18
MIRRORED_JOINTS = list(MIRROR[:NUM_JOINTS])
"""Number of each joint in the mirrored picture."""

FRAME_WIDTH = 6 * NUM_JOINTS + 2
CLIP_WIDTH = 3 * NUM_JOINTS + 5
_SURE = 0.3
_FLIP = np.array([-1, 1], np.float32)
_FARTHEST = 4.0
"""Torso lengths; what is farther away is as far."""


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """A performance, a character and the measured result, without units.

    Attributes:
        moved: The result of measuring: its joints about its own middle neck, float32 [F, J, 2].
        moved_seen: Which of them it has, float32 [F, J], 0 or 1.
        performer: The performer's joints about its neck in each frame, in its own torso lengths, [F, J, 2].
        performer_seen: Which of them are seen, [F, J].
        path: Where the performer's neck is, about its middle, in its torso lengths, [F, 2].
        reference: The character's joints in its picture, in the same terms as `moved`, [J, 2].
        reference_seen: Which of them are sure, [J].
        borders: How far the picture's left, right, top and bottom are from there, in four torso lengths, [4].
        neckless: 1 where head and body are one block, [1].
    """

    moved: np.ndarray
    moved_seen: np.ndarray
    performer: np.ndarray
    performer_seen: np.ndarray
    path: np.ndarray
    reference: np.ndarray
    reference_seen: np.ndarray
    borders: np.ndarray
    neckless: np.ndarray

    @property
    def frames(self) -> np.ndarray:
        """What changes over time, float32 [F, 110]; first the joints that are corrected."""
        count = len(self.moved)
        return np.concatenate(
            [
                self.moved.reshape(count, -1),
                self.moved_seen,
                self.performer.reshape(count, -1),
                self.performer_seen,
                self.path,
            ],
            axis=1,
        )

    @property
    def clip(self) -> np.ndarray:
        """What does not, float32 [59]."""
        return np.concatenate([self.reference.ravel(), self.reference_seen, self.borders, self.neckless])

    def mirrored(self) -> Observation:
        """The same in mirrored pictures."""
        return Observation(
            moved=mirrored(self.moved),
            moved_seen=self.moved_seen[:, MIRRORED_JOINTS],
            performer=mirrored(self.performer),
            performer_seen=self.performer_seen[:, MIRRORED_JOINTS],
            path=self.path * _FLIP,
            reference=mirrored(self.reference),
            reference_seen=self.reference_seen[MIRRORED_JOINTS],
            borders=self.borders[[1, 0, 2, 3]],
            neckless=self.neckless,
        )


def mirrored(joints: np.ndarray) -> np.ndarray:
    """Joints or their shifts [..., J, 2] as a mirror shows them."""
    return joints[..., MIRRORED_JOINTS, :] * _FLIP


def observe(
    poses: PoseSequence, to: PoseSequence, moved: PoseSequence, *, neckless: bool
) -> tuple[Observation, float]:
    """Put a performer, a character and the measured result into the character's units.

    Args:
        poses: The performer.
        to: The character in its picture, one frame.
        moved: The performer's motion on the character's body, as `pose.retarget` has it.
        neckless: The character's head and body are one block.

    Returns:
        What the network sees, and how many pixels such a unit has.
    """
    scale, own = torso_length(moved), torso_length(poses)
    neck, performers = find_neck(trace(moved)), find_neck(trace(poses))
    origin = np.median(neck, axis=0)
    height, width = moved.canvas
    borders = np.array([origin[0], width - origin[0], origin[1], height - origin[1]]) / scale / 4
    seen, theirs = _there(moved), _there(poses)
    sure = to.scores[0, BODY] > _SURE
    observation = Observation(
        moved=_about(moved.keypoints[:, BODY], origin, scale, seen),
        moved_seen=seen.astype(np.float32),
        performer=_about(poses.keypoints[:, BODY], performers[:, None], own, theirs),
        performer_seen=theirs.astype(np.float32),
        path=_clipped((performers - np.median(performers, axis=0)) / own),
        reference=_about(to.keypoints[0, BODY], origin, scale, sure),
        reference_seen=sure.astype(np.float32),
        borders=_clipped(borders),
        neckless=np.array([neckless], np.float32),
    )
    return observation, scale


def _there(poses: PoseSequence) -> np.ndarray:
    seen: np.ndarray = poses.scores[:, BODY] > 0
    return seen


def _about(joints: np.ndarray, origin: np.ndarray, scale: float, seen: np.ndarray) -> np.ndarray:
    """Joints [..., J, 2] in units; 0 where unseen."""
    return _clipped(np.where(seen[..., None], (np.nan_to_num(joints) - origin) / scale, 0))


def _clipped(values: np.ndarray) -> np.ndarray:
    return values.clip(-_FARTHEST, _FARTHEST).astype(np.float32)
