"""One held-out character, animated in every way that the embedded model is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch

from animatex.animate import AnimateModels, build_denoiser, place_motion
from animatex.codec.codec import Scene
from animatex.codec.motion.codec import MotionClip, MotionTruth, joints_of
from animatex.codec.motion.joints import Joints
from animatex.conditioning.inputs import ClipInputs
from animatex.conditioning.prepare import prepare_conditioning
from animatex.config.run import AnimateConfig
from animatex.diffusion.noise import initial_noise
from animatex.diffusion.sample import sample_latents
from animatex.pose.skeleton import PARTS
from animatex.reference import look_again
from animatex.rig.network import RigNetwork
from animatex.rig.rig import Rig, with_painted_plate
from animatex.runtime import Runtime
from animatex.synthetic.clips import SyntheticClip
from benchmarks.skinning import skinned_frame

SETTINGS = ("self", "cross", "cross, unknown")
"""Driven by its own poses; by a person of other proportions; the same, with its own pose found by the rig."""

METHODS = (
    "repeat",
    "skinned warp",
    "rig alone",
    "rig, learned poses",
    "network",
    "true latents",
    "true rig",
    "true rig, latents",
)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What a method makes of a clip.

    Attributes:
        frames: uint8 [F, H, W, 3].
        parts: Which of `PARTS` each pixel shows, uint8 [F, H, W].
    """

    frames: np.ndarray
    parts: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What animates: networks, preset, device and seed."""

    models: AnimateModels
    config: AnimateConfig
    runtime: Runtime


def situations(made: SyntheticClip, rig: Rig, network: RigNetwork) -> dict[str, ClipInputs]:
    """The same character driven in the three ways of `SETTINGS`.

    Args:
        made: The clip.
        rig: What the network says of the reference on its own.
        network: Looks again where the reference's pose is known, as `animate` does.
    """
    known = made.reference.pose(made.frames.fps)
    own = ClipInputs(
        reference=made.reference.image,
        reference_pose=known,
        rig=with_painted_plate(look_again(rig, known, network, None)),
        driving=made.frames,
        poses=made.poses,
    )
    cross = replace(own, driving=None, poses=made.driver_poses)
    return dict(zip(SETTINGS, (own, cross, replace(cross, reference_pose=rig.pose, rig=rig)), strict=True))


@torch.inference_mode()
def results(inputs: ClipInputs, made: SyntheticClip, model: Model) -> Iterator[tuple[str, Result]]:
    """Animate with each of `METHODS`."""
    config = model.config
    if inputs.driving is not None:
        # The character's own poses are already on its body.
        config = config.model_copy(update={"retarget": config.retarget.model_copy(update={"method": "none"})})
    measured = place_motion(inputs, config, None)
    scene = place_motion(inputs, config, model.models.retargeter)
    count = len(made.frames)
    still = Result(*(np.repeat(x[None], count, 0) for x in (inputs.reference, made.reference.labels)))
    yield "repeat", still
    yield "skinned warp", _skinned(measured)
    opened = _open(scene, model)
    nothing = torch.zeros(1, model.config.codec.latent_channels, count, *opened.prior.shape[3:])
    yield "rig alone", _painted(_open(measured, model), nothing)
    yield "rig, learned poses", _painted(opened, nothing)
    yield "network", _painted(opened, _predicted(inputs, scene, opened, replace(model, config=config)))
    yield "true latents", _painted(opened, opened.encode(_truth(made, opened)))
    opened = _open(replace(scene, rig=true_rig(made)), model)
    yield "true rig", _painted(opened, nothing)
    yield "true rig, latents", _painted(opened, opened.encode(_truth(made, opened)))


def true_rig(made: SyntheticClip) -> Rig:
    """What a perfect rig network would say of the reference."""
    still = made.reference
    parts = (still.labels[None] == np.arange(len(PARTS))[:, None, None]).astype(np.float32)
    return Rig(still.image, parts, still.pose(made.frames.fps), still.plate)


def _open(scene: Scene, model: Model) -> MotionClip:
    opened = model.models.codec.open(scene, model.runtime.generator())
    assert isinstance(opened, MotionClip), "this benchmark is for the motion codec"
    return opened


def _painted(opened: MotionClip, latents: torch.Tensor) -> Result:
    return Result(opened.decode(latents), opened.parts(latents))


def _predicted(inputs: ClipInputs, scene: Scene, opened: MotionClip, model: Model) -> torch.Tensor:
    """The latents that `animatex animate` would paint."""
    config, runtime = model.config, model.runtime
    conditioning = prepare_conditioning(
        scene, opened, model.models.clip, config.conditions, inputs.poses, inputs.driving
    )
    noise = initial_noise(conditioning.latent_shape, config.sampler.offset_noise, runtime.generator())
    denoise = build_denoiser(model.models.unet, conditioning.to(runtime.device, runtime.dtype), config)
    return sample_latents(denoise, noise, config.sampler, config.schedule)


def _skinned(scene: Scene) -> Result:
    reference: Joints = joints_of(scene.reference_pose, 0)
    frames = [
        skinned_frame(scene.reference, reference, joints_of(scene.poses, frame))
        for frame in range(len(scene.poses))
    ]
    return Result(*(np.stack(column) for column in zip(*frames, strict=True)))


def _truth(made: SyntheticClip, opened: MotionClip) -> MotionTruth:
    """The renderer's knowledge at the size that the network is shown."""
    height, width = opened.sketch.plate.shape[:2]
    scale = height / made.labels.shape[1]

    def shrunk(frames: np.ndarray) -> np.ndarray:
        return np.stack([cv2.resize(x, (width, height), interpolation=cv2.INTER_NEAREST) for x in frames])

    return MotionTruth(shrunk(made.labels), shrunk(made.motion) * np.float32(scale))
