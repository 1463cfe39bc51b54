"""From a clip's pictures and poses to everything the UNet is told, in training as in inference.

Letters: F frames, H W pixels of the pictures that the network is shown, D CLIP width.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from animatex.codec.codec import NETWORK_CELL, ClipCodec, Scene
from animatex.conditioning.bundle import Conditioning, Keep
from animatex.config.run import ConditionsConfig, PicturesConfig
from animatex.encoders.clip import FrozenClip
from animatex.pose.draw import draw_poses
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import BODY
from animatex.video.fit import resize
from animatex.video.frames import FrameSequence, Size
from animatex.video.image import through_jpeg

CLEAN = PicturesConfig(
    colours="tagged", filter="smooth", jpeg=None, poses_drawn_at="canvas", clip_sees="canvas"
)
"""Pictures as they are: what networks are trained on here."""


def prepare_conditioning(
    scene: Scene,
    clip: ClipCodec,
    encoder: FrozenClip,
    conditions: ConditionsConfig,
    performance: PoseSequence,
    driving: FrameSequence | None,
    pictures: PicturesConfig = CLEAN,
    portrait: np.ndarray | None = None,
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
        pictures: How pictures are drawn, scaled and compressed; in training they are clean.
        portrait: What CLIP sees of the reference, uint8 [h, w, 3]; None: the canvas.
    """
    latents = clip.reference_latents
    size = Size(latents.shape[-2] * NETWORK_CELL, latents.shape[-1] * NETWORK_CELL)
    portrait = scene.reference if portrait is None else portrait
    reference_embed = encoder.embed(portrait[None])[None]  # [1, 1, D]
    if driving is None or not conditions.motion:
        driving_embeds = torch.zeros(1, len(scene.poses), reference_embed.shape[-1])
    else:
        driving_embeds = encoder.embed(_compressed(driving.frames, pictures.jpeg))[None]
    return Conditioning(
        image_embed=reference_embed,
        reference_image=_pixels(resize(scene.reference, size, pictures.filter)),
        pose_frames=pose_frames(scene.poses, size, pictures),
        reference_pose=_pixels(pose_pictures(scene.reference_pose, size, pictures)[0]),
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


def pose_frames(poses: PoseSequence, size: Size, pictures: PicturesConfig = CLEAN) -> Tensor:
    """Draw skeletons as `Conditioning` holds them, float32 [1, 3, F, H, W] in 0..1."""
    return _pixels(pose_pictures(poses, size, pictures)).transpose(1, 2)


def pose_pictures(poses: PoseSequence, size: Size, pictures: PicturesConfig = CLEAN) -> np.ndarray:
    """Draw skeletons for the network, uint8 [F, H, W, 3].

    They are drawn at the poses' own size, compressed if the preset says so, and stretched. A network that
    works on a fraction of its canvas has them drawn at its own size instead, where the stretched lines would
    vanish.
    """
    if 2 * size.height < poses.canvas.height and pictures.poses_drawn_at == "canvas":
        return draw_poses(poses.on_canvas(size))
    # One by one: a long video's pictures at its own size would not fit into memory.
    drawn = (_compressed(draw_poses(poses.select([frame])), pictures.jpeg)[0] for frame in range(len(poses)))
    return np.stack([resize(picture, size, pictures.filter) for picture in drawn])


def body_coordinates(poses: PoseSequence) -> Tensor:
    """Lay the body joints out for the pose indicator: float32 [F, 2, 18], 0..1, -1 where not seen."""
    places = np.where(poses.visible(0.3)[:, BODY, None], poses.normalised()[:, BODY], np.float32(-1))
    return torch.from_numpy(np.ascontiguousarray(places.transpose(0, 2, 1)))


def _compressed(pictures: np.ndarray, quality: int | None) -> np.ndarray:
    """Send pictures uint8 [F, H, W, 3] through JPEG; None leaves them."""
    return pictures if quality is None else np.stack([through_jpeg(picture, quality) for picture in pictures])


def _pixels(pictures: np.ndarray) -> Tensor:
    """uint8 [..., H, W, 3] to float32 [1, ..., 3, H, W] in 0..1."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(pictures, -1, -3)))[None].float() / 255
