"""The conditions of a clip and the masks that say which of them act.

Letters: B batch, F frames, C latent channels, P prior channels, D CLIP width, H W pixels, h w latent cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Keep:
    """Which conditions act, per batch item: float [B] each, 1 acts, 0 is absent.

    Attributes:
        image: CLIP feature of the reference.
        reference_image: The reference picture in pixels.
        pose_frames: The skeleton pictures.
        reference_slot: Reference latents and the reference's skeleton picture together.
        motion: Key points and CLIP features of the driving frames together.
        prior: What the codec already implies.
    """

    image: Tensor
    reference_image: Tensor
    pose_frames: Tensor
    reference_slot: Tensor
    motion: Tensor
    prior: Tensor

    @classmethod
    def same(
        cls,
        batch: int,
        *,
        image: bool = True,
        reference_image: bool = True,
        pose_frames: bool = True,
        reference_slot: bool = True,
        motion: bool = True,
        prior: bool = True,
    ) -> Keep:
        """Make masks that are the same for all `batch` items."""
        return cls(
            image=torch.full((batch,), float(image)),
            reference_image=torch.full((batch,), float(reference_image)),
            pose_frames=torch.full((batch,), float(pose_frames)),
            reference_slot=torch.full((batch,), float(reference_slot)),
            motion=torch.full((batch,), float(motion)),
            prior=torch.full((batch,), float(prior)),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conditioning:
    """Everything the network is told besides the noisy latents; B clips of F frames.

    Attributes:
        image_embed: [B, 1, D], CLIP feature of the reference image, not normalised.
        reference_image: [B, 3, H, W], reference image, 0..1.
        pose_frames: [B, 3, F, H, W], skeleton pictures, 0..1.
        reference_pose: [B, 3, H, W], skeleton picture of the reference, 0..1.
        reference_latents: [B, C, h, w], latents of the reference, scaled as the network sees them.
        keypoints: [B, 1+F, 2, 18], x row and y row; 0..1, -1 unseen; slot 0 is the reference.
        driving_embeds: [B, 1+F, D], CLIP features of the driving frames; slot 0 is the reference.
        prior: [B, P, F, h, w], what the codec already implies for each frame; P may be 0.
        reference_prior: [B, P, h, w], the same for the reference's slot.
        keep: Which of these act.

    Raises:
        ValueError: A shape does not fit the others; the message names the field.
    """

    image_embed: Tensor
    reference_image: Tensor
    pose_frames: Tensor
    reference_pose: Tensor
    reference_latents: Tensor
    keypoints: Tensor
    driving_embeds: Tensor
    prior: Tensor
    reference_prior: Tensor
    keep: Keep

    def __post_init__(self) -> None:
        batch, channels, frames, height, width = _five(self.pose_frames)
        clip_dim = self.image_embed.shape[-1]
        latent_channels, rows, columns = self.reference_latents.shape[1:]
        prior_channels = self.prior.shape[1]
        expected: dict[str, tuple[int, ...]] = {
            "pose_frames": (batch, 3, frames, height, width),
            "image_embed": (batch, 1, clip_dim),
            "reference_image": (batch, 3, height, width),
            "reference_pose": (batch, 3, height, width),
            "reference_latents": (batch, latent_channels, rows, columns),
            "keypoints": (batch, 1 + frames, 2, 18),
            "driving_embeds": (batch, 1 + frames, clip_dim),
            "prior": (batch, prior_channels, frames, rows, columns),
            "reference_prior": (batch, prior_channels, rows, columns),
        }
        for name, shape in expected.items():
            actual = tuple(getattr(self, name).shape)
            if actual != shape:
                raise ValueError(
                    f"{name} is {list(actual)}; needs {list(shape)} to fit the other conditions."
                )
        for mask in fields(Keep):
            actual = tuple(getattr(self.keep, mask.name).shape)
            if actual != (batch,):
                raise ValueError(f"keep.{mask.name} is {list(actual)}; needs [{batch}].")

    @property
    def batch(self) -> int:
        """Number of clips B."""
        return self.pose_frames.shape[0]

    @property
    def num_frames(self) -> int:
        """Frames F of each clip, the reference's slot not counted."""
        return self.pose_frames.shape[2]

    @property
    def latent_shape(self) -> tuple[int, int, int, int, int]:
        """Shape [B, C, F, h, w] of the latents that these conditions describe."""
        batch, channels, rows, columns = self.reference_latents.shape
        return batch, channels, self.num_frames, rows, columns

    def window(self, frames: Sequence[int]) -> Conditioning:
        """Select frames; the reference's slot always comes along.

        Args:
            frames: Indices of frames, 0..F-1, in order.
        """
        chosen = torch.as_tensor(list(frames), dtype=torch.long)
        slots = torch.cat([torch.zeros(1, dtype=torch.long), chosen + 1])
        return replace(
            self,
            pose_frames=_take(self.pose_frames, 2, chosen),
            keypoints=_take(self.keypoints, 1, slots),
            driving_embeds=_take(self.driving_embeds, 1, slots),
            prior=_take(self.prior, 2, chosen),
        )

    def unconditional(self) -> Conditioning:
        """Leave out every condition: the other half of classifier-free guidance."""
        return replace(
            self, keep=Keep(**{f.name: torch.zeros_like(getattr(self.keep, f.name)) for f in fields(Keep)})
        )

    def to(self, device: torch.device, dtype: torch.dtype) -> Conditioning:
        """Move every tensor to a device and a floating-point dtype."""
        keep = Keep(**{f.name: getattr(self.keep, f.name).to(device, dtype) for f in fields(Keep)})
        return replace(self, keep=keep, **{name: getattr(self, name).to(device, dtype) for name in _TENSORS})


_TENSORS = tuple(f.name for f in fields(Conditioning) if f.name != "keep")


def stack(parts: Sequence[Conditioning]) -> Conditioning:
    """Join conditions of clips of the same size along the batch."""
    keeps = [part.keep for part in parts]
    keep = Keep(**{f.name: torch.cat([getattr(k, f.name) for k in keeps]) for f in fields(Keep)})
    tensors = {name: torch.cat([getattr(part, name) for part in parts]) for name in _TENSORS}
    return Conditioning(keep=keep, **tensors)


def _take(tensor: Tensor, dim: int, indices: Tensor) -> Tensor:
    return tensor.index_select(dim, indices.to(tensor.device))


def _five(pose_frames: Tensor) -> tuple[int, int, int, int, int]:
    if pose_frames.ndim != 5:
        raise ValueError(f"pose_frames is {list(pose_frames.shape)}; needs [B, 3, F, H, W].")
    batch, channels, frames, height, width = pose_frames.shape
    return batch, channels, frames, height, width
