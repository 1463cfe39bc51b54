"""Everything that was read from files, before any large network has run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from animatex.pose.sequence import PoseSequence
from animatex.rig.rig import Rig
from animatex.video.frames import FrameSequence, Size


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClipInputs:
    """A character and a performance.

    Attributes:
        reference: The character on the canvas, uint8 [H, W, 3], RGB.
        reference_pose: Its joints on the canvas; one frame.
        rig: The character taken apart; None where the codec does without.
        driving: The performer, already sampled to the clip; None where only poses were given.
        poses: The performer's poses in pixels of its own video, one per frame.
        portrait: What CLIP sees of the character, uint8 [h, w, 3]; None: the canvas.
        pose_source: Who says so of the reference's pose, in words.
        pose_is_seen: Whether that pose is the picture's; else it is the performer's own, put where the
            character should be.

    Raises:
        ValueError: Frames and poses are not equally many.
    """

    reference: np.ndarray
    reference_pose: PoseSequence
    rig: Rig | None
    driving: FrameSequence | None
    poses: PoseSequence
    portrait: np.ndarray | None = None
    pose_source: str = "given"
    pose_is_seen: bool = True

    def __post_init__(self) -> None:
        if self.driving is not None and len(self.driving) != len(self.poses):
            raise ValueError(f"{len(self.driving)} driving frames and {len(self.poses)} poses.")

    @property
    def canvas(self) -> Size:
        """Height and width of the reference."""
        return Size(*self.reference.shape[:2])
