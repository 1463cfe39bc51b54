"""From a clip's pictures and poses to everything the UNet is told, in training as in inference.

Letters: F frames, H W pixels of the pictures that the network is shown, D CLIP width.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from animatex.codec.codec import NETWORK_CELL, ClipCodec, Scene
from animatex.conditioning.bundle import Conditioning, Keep
from animatex.config.run import ConditionsConfig
from animatex.encoders.clip import FrozenClip
from animatex.pose.draw import draw_poses
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import BODY
from animatex.video.fit import resize
from animatex.video.frames import FrameSequence, Size


def prepare_conditioning(
    scene: Scene,
    clip: ClipCodec,
    encoder: FrozenClip,
    conditions: ConditionsConfig,
    performance: PoseSequence,
    driving: FrameSequence | None,
) -> Conditioning:
    """Gather what the network is told of one clip.

    Args:
        scene: The reference, its pose, and the poses on the character's body, of which the pictures are
        drawn.
        clip: The scene as the codec opened it.
        encoder: CLIP's image tower.
        conditions: Which conditions act.
        performance: The performer's own poses in its own pixels: the pose indicator sees them untouched.
        driving: The performer; None where there are only poses, and then the pose indicator is told nothing.
    """
    latents = clip.reference_latents
    size = Size(latents.shape[-2] * NETWORK_CELL, latents.shape[-1] * NETWORK_CELL)
    reference_embed = encoder.embed(scene.reference[None])[None]  # [1, 1, D]
    if driving is None:
        driving_embeds = torch.zeros(1, len(scene.poses), reference_embed.shape[-1])
    else:
        driving_embeds = encoder.embed(driving.frames)[None]
    return Conditioning(
        image_embed=reference_embed,
        reference_image=_pixels(resize(scene.reference, size)),
        pose_frames=_pixels(pose_pictures(scene.poses, size)).transpose(1, 2),
        reference_pose=_pixels(pose_pictures(scene.reference_pose, size)[0]),
        reference_latents=latents,
        keypoints=torch.cat([body_coordinates(scene.reference_pose), body_coordinates(performance)])[None],
        driving_embeds=torch.cat([reference_embed, driving_embeds], 1),
        prior=clip.prior,
        reference_prior=clip.reference_prior,
        keep=Keep.same(
            1,
            image=conditions.image,
            reference_image=conditions.reference_image,
            pose_frames=conditions.pose_frames,
            reference_slot=conditions.reference_slot,
            motion=conditions.motion and driving is not None,
            prior=conditions.prior,
        ),
    )


def pose_pictures(poses: PoseSequence, size: Size) -> np.ndarray:
    """Draw skeletons for the network, uint8 [F, H, W, 3].

    As released, they are drawn at the poses' own size and stretched. A network that works on a fraction of
    that size has them drawn at its own instead, where the stretched lines would vanish.
    """
    if 2 * size.height < poses.canvas.height:
        return draw_poses(poses.on_canvas(size))
    return np.stack([resize(picture, size) for picture in draw_poses(poses)])


def body_coordinates(poses: PoseSequence) -> Tensor:
    """Lay the body joints out for the pose indicator: float32 [F, 2, 18], 0..1, -1 where not seen."""
    places = np.where(poses.visible(0.3)[:, BODY, None], poses.normalised()[:, BODY], np.float32(-1))
    return torch.from_numpy(np.ascontiguousarray(places.transpose(0, 2, 1)))


def _pixels(pictures: np.ndarray) -> Tensor:
    """uint8 [..., H, W, 3] to float32 [1, ..., 3, H, W] in 0..1."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(pictures, -1, -3)))[None].float() / 255
