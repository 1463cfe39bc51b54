"""What every codec offers: it opens a clip, and turns latents into the clip's frames.

Letters: F frames, C latent channels, P prior channels, H W canvas pixels, h w latent cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from animatex.pose.sequence import PoseSequence
from animatex.progress import Progress, silent
from animatex.rig.rig import Rig

if TYPE_CHECKING:
    import torch
    from torch import Tensor


NETWORK_CELL = 8
"""Pixels along a latent cell's side in the pictures that the network is shown."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What a codec may look at before any frame is made.

    Attributes:
        reference: The character on the canvas, uint8 [H, W, 3], RGB.
        reference_pose: Its joints on the canvas; one frame.
        poses: Where the joints shall be, on the canvas, already on the character's body; F frames. Where
            `pictures.poses_drawn_at` says so, both are in the driving video's own pixels.
        rig: The character taken apart; None where no rig network is at work.
        scale: How many times as large as in its picture the character shall be.
    """

    reference: np.ndarray
    reference_pose: PoseSequence
    poses: PoseSequence
    rig: Rig | None = None
    scale: float = 1.0


class ClipCodec(Protocol):
    """Latents and frames of one clip.

    Attributes:
        reference_latents: float32 [1, C, h, w], the reference picture's own latents, scaled as the network
        sees them.
        prior: float32 [1, P, F, h, w], what reference and poses already imply for each frame; P may be 0.
        reference_prior: float32 [1, P, h, w], the same for the reference itself.
    """

    @property
    def reference_latents(self) -> Tensor:
        """The reference's latents."""

    @property
    def prior(self) -> Tensor:
        """What is implied for each frame."""

    @property
    def reference_prior(self) -> Tensor:
        """What is implied for the reference."""

    def paint(self, latents: Tensor, progress: Progress = silent) -> Iterator[np.ndarray]:
        """Turn latents [1, C, F, h, w] into frames uint8 [H, W, 3], RGB, each as soon as it is asked for."""

    def decode(self, latents: Tensor, progress: Progress = silent) -> np.ndarray:
        """Turn latents [1, C, F, h, w] into frames uint8 [F, H, W, 3], RGB."""


class LatentCodec(Protocol):
    """Makes a `ClipCodec` for each clip."""

    def open(self, scene: Scene, generator: torch.Generator) -> ClipCodec:
        """Look at a clip's reference and poses; everything that is the same for all its frames happens here.

        Args:
            scene: The clip.
            generator: For codecs whose latents are drawn; on the CPU.
        """


def gather(frames: Iterator[np.ndarray], count: int) -> np.ndarray:
    """Put frames [H, W, 3] into one array [F, H, W, 3], holding none of them twice."""
    first = next(frames)
    whole = np.empty((count, *first.shape), first.dtype)
    whole[0] = first
    for index, frame in enumerate(frames, start=1):
        whole[index] = frame
    return whole
