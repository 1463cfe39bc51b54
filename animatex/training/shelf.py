"""Clips that were made once, kept for the next training that sees the same ones."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from animatex.conditioning.bundle import Conditioning
from animatex.pose.sequence import PoseSequence


@dataclass(frozen=True, slots=True)
class ClipKey:
    """Everything that a prepared clip depends on.

    Attributes:
        made_from: Settings and weights; equal for trainings whose clips are the same.
        number: Which sample of the data.
        aided: Whether the rig network was told the reference's pose.
    """

    made_from: str
    number: int
    aided: bool


@dataclass(frozen=True, slots=True, eq=False)
class PreparedClip:
    """A clip as networks see it, before its poses are put on another body.

    Attributes:
        latents: float32 [1, C, F, h, w], clean.
        conditioning: Of this one clip, with pictures of the poses as they are.
        poses: Those that the pictures are drawn of.
    """

    latents: Tensor
    conditioning: Conditioning
    poses: PoseSequence


class ClipShelf:
    """Prepared clips, in memory.

    The first `limit` stay and later ones are not kept: every training goes through its clips in the same
    order, so giving up the oldest would always give up the one that is needed next.

    Args:
        limit: Clips at most; 0 keeps none.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._clips: dict[ClipKey, PreparedClip] = {}

    def __contains__(self, key: ClipKey) -> bool:
        return key in self._clips

    def __len__(self) -> int:
        return len(self._clips)

    def find(self, key: ClipKey) -> PreparedClip | None:
        """Give the clip; None where it has to be made."""
        return self._clips.get(key)

    def keep(self, key: ClipKey, clip: PreparedClip) -> None:
        """Put a clip on the shelf, if there is room; nobody may change its tensors from now on."""
        if len(self._clips) < self._limit:
            self._clips[key] = clip
