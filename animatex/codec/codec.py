"""What every codec offers: a clip is opened with its reference and poses, then encoded and decoded.

Letters: F frames, C latent channels, P prior channels, H W canvas pixels, h w latent cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from animatex.pose.sequence import PoseSequence
from animatex.progress import Progress, silent

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class ClipCodec(Protocol):
    """Frames and latents of one clip.

    Attributes:
        reference_latents: float32 [1, C, h, w], the reference picture's own latents, scaled as the network sees them.
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

    def encode(self, frames: np.ndarray) -> Tensor:
        """Turn frames uint8 [F, H, W, 3], RGB, into latents float32 [1, C, F, h, w]."""

    def decode(self, latents: Tensor, progress: Progress = silent) -> np.ndarray:
        """Turn latents [1, C, F, h, w] into frames uint8 [F, H, W, 3], RGB."""


class LatentCodec(Protocol):
    """Makes a `ClipCodec` for each clip; holds the networks, which stay as they are."""

    @property
    def downsampling(self) -> int:
        """Canvas pixels along a latent cell's side."""

    @property
    def latent_channels(self) -> int:
        """Channels C."""

    @property
    def prior_channels(self) -> int:
        """Channels P."""

    def open(
        self,
        reference: np.ndarray,
        reference_pose: PoseSequence,
        poses: PoseSequence,
        generator: torch.Generator,
    ) -> ClipCodec:
        """Look at a clip's reference and poses; everything that is the same for all its frames happens here.

        Args:
            reference: uint8 [H, W, 3], RGB, on the canvas.
            reference_pose: One frame, on the canvas.
            poses: F frames, on the canvas, already on the character's body.
            generator: For codecs whose latents are drawn; on the CPU.
        """
