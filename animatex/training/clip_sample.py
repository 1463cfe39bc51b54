"""A clip to train on: what a video file or the renderer gives, before any network has looked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from animatex.codec.motion.codec import MotionTruth
from animatex.pose.sequence import PoseSequence
from animatex.synthetic.clips import clip
from animatex.video.frames import FrameSequence, Size


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClipSample:
    """One clip.

    Attributes:
        reference: Another picture of the character, uint8 [H, W, 3].
        reference_pose: Its joints; one frame.
        frames: The clip, of the same size.
        poses: The character's own poses in it.
        performance: The same motion by somebody else; None where the clip drives itself.
        truth: What only a renderer knows; None for videos.
    """

    reference: np.ndarray
    reference_pose: PoseSequence
    frames: FrameSequence
    poses: PoseSequence
    performance: PoseSequence | None
    truth: MotionTruth | None


@dataclass(frozen=True, slots=True)
class RenderClip:
    """Sample number → rendered clip; picklable, so that workers can call it."""

    seed: int
    size: Size
    frames: int
    cross_driven: float

    def __call__(self, index: int) -> ClipSample:
        """Render a character's dance, at 8 to 15 frames a second."""
        seed = self.seed + index
        rng = np.random.default_rng([seed, 99])
        made = clip(seed, self.size, self.frames, fps=float(rng.uniform(8, 15)))
        return ClipSample(
            reference=made.reference.image,
            reference_pose=made.reference.pose(made.poses.fps),
            frames=made.frames,
            poses=made.poses,
            performance=made.driver_poses if rng.random() < self.cross_driven else None,
            truth=MotionTruth(made.labels, made.motion),
        )
