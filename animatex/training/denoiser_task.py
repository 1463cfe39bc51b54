"""Training the 3D-UNet: clips to latents and conditions, and the error of its velocity.

Letters: B batch, C latent channels, F frames, h w latent cells.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import tee
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from animatex.checkpoints.load import load_clip, load_retargeter, load_rig, load_unet, load_vae
from animatex.checkpoints.store import halved, save_weights
from animatex.codec.codec import LatentCodec, Scene
from animatex.codec.motion.codec import MotionClip, MotionCodec
from animatex.codec.vae import VaeClip, VaeCodec, build_autoencoder
from animatex.conditioning.bundle import Conditioning, stack
from animatex.conditioning.dropout import drop_conditions
from animatex.conditioning.prepare import pose_frames, prepare_conditioning
from animatex.config.model import MotionCodecConfig
from animatex.config.run import ConditionsConfig, DenoiserStage, RetargetConfig, SyntheticData, TrainConfig
from animatex.diffusion.noise import initial_noise
from animatex.diffusion.objective import velocity_loss
from animatex.diffusion.schedule import alphas_cumprod
from animatex.diffusion.steps import trailing_timesteps
from animatex.encoders.clip import FrozenClip
from animatex.encoders.vision import VisionTower
from animatex.epi.pool import open_pool
from animatex.epi.transform import transform
from animatex.model.build import build_unet
from animatex.pose.placing import correct
from animatex.pose.sequence import PoseSequence
from animatex.reference import put_on_character
from animatex.retargeting.network import RetargetNetwork
from animatex.rig.network import RigNetwork
from animatex.rig.rig import Rig, read_rig
from animatex.runtime import Runtime
from animatex.training.clip_sample import ClipSample, RenderClip
from animatex.training.folder import FolderClips
from animatex.training.loader import grouped, rendered
from animatex.training.shelf import ClipKey, ClipShelf, PreparedClip
from animatex.training.task import StepResult, find_trained
from animatex.video.frames import Size

_ALL = ConditionsConfig(
    image=True, reference_image=True, pose_frames=True, reference_slot=True, motion=True, prior=True
)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingBatch:
    """What a step sees.

    Attributes:
        latents: float32 [B, C, F, h, w], clean.
        conditioning: Of the same B clips, with everything there is.
    """

    latents: Tensor
    conditioning: Conditioning


class DenoiserTask:
    """A denoiser stage of a recipe; see `training.task.Task`.

    Args:
        stage: The stage.
        config: Its recipe.
        runtime: Where passes are computed.
        shelf: Clips that other trainings have made, and room for those of this one; None: each is made anew.
    """

    def __init__(
        self, stage: DenoiserStage, config: TrainConfig, runtime: Runtime, shelf: ClipShelf | None = None
    ) -> None:
        folder = Path(config.out)
        self._shelf = ClipShelf(0) if shelf is None else shelf
        self._made_from = _made_from(stage, config)
        self._stage, self._runtime, self._seed = stage, runtime, config.seed
        if stage.start_from is None:
            self.network: nn.Module = build_unet(stage.network, checkpointing=stage.checkpointing)
        else:
            path = find_trained(stage.start_from, folder)
            self.network = load_unet(path, stage.network, checkpointing=stage.checkpointing)
            self.network.requires_grad_(True)
        self._rig, self._codec = _load_codec(stage, folder)
        self._retargeter = _load_retargeter(stage.retarget, folder)
        self._clip = _load_clip(stage, folder)
        # They look where the network is trained; what they see comes back to the CPU.
        vae = self._codec.autoencoder if isinstance(self._codec, VaeCodec) else None
        for frozen in (self._rig, vae, self._clip):
            if frozen is not None:
                frozen.to(runtime.device)
        self._pool = open_pool(stage.epi.pool, config.seed, Size(stage.data.height, stage.data.width))
        self._schedule = alphas_cumprod(stage.schedule)

    def batches(self, numbers: Iterable[int]) -> Generator[TrainingBatch, None, None]:
        """Make the batches with these numbers: clips by workers, what networks see of them here."""
        stage = self._stage
        size = Size(stage.data.height, stage.data.width)
        if isinstance(stage.data, SyntheticData):
            make = RenderClip(stage.data.seed, size, stage.frames, stage.cross_driven)
        else:
            make = FolderClips.open(Path(stage.data.path), size, stage.frames, stage.data.every, self._seed)
        indices = (number * stage.batch + item for number in numbers for item in range(stage.batch))
        for group in grouped(self._clips(make, indices), stage.batch):
            yield TrainingBatch(torch.cat([x for x, _ in group]), stack([c for _, c in group]))

    def loss(self, network: nn.Module, batch: TrainingBatch, rng: torch.Generator) -> StepResult:
        """Noise the latents, drop conditions, and measure the velocity."""
        stage, device = self._stage, self._runtime.device
        count = len(batch.latents)
        t = draw_timesteps(stage.timesteps, count, stage.schedule.train_steps, rng)
        noise = initial_noise(tuple(batch.latents.shape), stage.offset_noise, rng)  # type: ignore[arg-type]
        given = batch.conditioning.keep
        dropped = drop_conditions(stage.dropout, count, rng)
        keep = replace(dropped, motion=dropped.motion * given.motion)
        conditioning = replace(batch.conditioning, keep=keep).to(device, torch.float32)
        errors = velocity_loss(
            lambda x_t, t: network(x_t, t, conditioning),
            batch.latents.to(device),
            noise.to(device),
            t.to(device),
            self._schedule,
        )
        last = t == stage.schedule.train_steps - 1
        figures = {"latent_power": batch.latents.square().mean()}
        if last.any():
            # With nothing but noise to go by, the velocity is the clean latents themselves.
            figures["one_step_error"] = errors.detach()[last.to(device)].mean()
            figures["one_step_baseline"] = batch.latents[last].square().mean()
        return StepResult(errors.mean(), figures)

    def save(self, weights: Mapping[str, Tensor], path: Path) -> None:
        """Write the UNet's file, in half precision."""
        save_weights(path, halved(weights), kind="unet", config=self._stage.network)

    def _clips(
        self, make: RenderClip | FolderClips, indices: Iterable[int]
    ) -> Generator[tuple[Tensor, Conditioning], None, None]:
        """Give latents [1, C, F, h, w] and conditions of each clip; only what no shelf has is made."""
        keys, asked = tee(map(self._key, indices))
        missing = (key.number for key in asked if key not in self._shelf)
        samples = rendered(make, missing, self._stage.data.workers)
        for key in keys:
            clip = self._shelf.find(key)
            if clip is None:
                clip = self._prepare(next(samples), key)
                self._shelf.keep(key, clip)
            yield clip.latents, self._on_another_body(clip, key.number)

    def _key(self, index: int) -> ClipKey:
        return ClipKey(self._made_from, index, self._stream(index)[1])

    def _stream(self, index: int) -> tuple[np.random.Generator, bool]:
        """Give what is drawn for a clip, and whether the reference's pose helps to read its rig.

        Half of the time it does not, so that mistakes are seen.
        """
        rng = np.random.default_rng([self._seed, index])
        return rng, self._rig is not None and bool(rng.random() < 0.5)

    @torch.no_grad()
    def _prepare(self, sample: ClipSample, key: ClipKey) -> PreparedClip:
        rig, reference_pose = self._take_apart(sample, aided=key.aided)
        scene = _scene(sample, rig, reference_pose, self._stage.retarget, self._retargeter)
        clip = self._codec.open(scene, torch.Generator().manual_seed(self._seed + key.number))
        latents = _latents(clip, sample)
        own = sample.performance is None
        conditioning = prepare_conditioning(
            scene,
            clip,
            self._clip,
            _ALL,
            sample.poses if sample.performance is None else sample.performance,
            sample.frames if own else None,
        )
        return PreparedClip(latents, conditioning, scene.poses)

    def _on_another_body(self, clip: PreparedClip, index: int) -> Conditioning:
        """Draw the poses as the Explicit Pose Indicator changes them; the codec goes by the true ones."""
        rng, _ = self._stream(index)
        poses = transform(clip.poses, self._pool, self._stage.epi, rng).poses
        if poses is clip.poses:
            return clip.conditioning
        height, width = clip.conditioning.reference_image.shape[-2:]
        return replace(clip.conditioning, pose_frames=pose_frames(poses, Size(height, width)))

    def _take_apart(self, sample: ClipSample, *, aided: bool) -> tuple[Rig | None, PoseSequence]:
        """Read the reference's rig and pose."""
        if self._rig is None:
            return None, sample.reference_pose
        if aided:
            return read_rig(sample.reference, self._rig, known=sample.reference_pose), sample.reference_pose
        rig = read_rig(sample.reference, self._rig)
        return rig, rig.pose


def draw_timesteps(choice: str | int, count: int, train_steps: int, rng: torch.Generator) -> Tensor:
    """Draw diffusion steps, int64 [count], as `DenoiserStage.timesteps` says."""
    if not isinstance(choice, int):
        return torch.randint(0, train_steps, (count,), generator=rng)
    visited = torch.tensor(trailing_timesteps(choice, train_steps))
    weights = torch.full((len(visited),), 0.5 / max(1, len(visited) - 1))
    weights[0] = 0.5
    return visited[torch.multinomial(weights, count, replacement=True, generator=rng)]


def _made_from(stage: DenoiserStage, config: TrainConfig) -> str:
    """Say what a stage's clips depend on besides their numbers, so that equal words mean equal clips."""
    named = {"data", "frames", "retarget", "cross_driven", "codec", "clip_encoder", "clip_checkpoint"}
    said = f"{config.out} {stage.model_dump_json(include=named)}"
    # Latents of the VAE are drawn, and so are weights that no file is named for.
    drawn = stage.codec.kind == "vae" or None in (stage.codec.checkpoint, stage.clip_checkpoint)
    return f"{said} {config.seed}" if drawn else said


def _scene(
    sample: ClipSample,
    rig: Rig | None,
    reference_pose: PoseSequence,
    config: RetargetConfig,
    retargeter: RetargetNetwork | None,
) -> Scene:
    """What the codec is told: the motion is the sample's own, or a performer's on the character's body."""
    if sample.performance is not None:
        moved = put_on_character(sample.performance, reference_pose, rig, config, retargeter)
        poses = correct(moved, config)
        return Scene(sample.reference, reference_pose, poses, rig, config.scale)
    return Scene(sample.reference, reference_pose, sample.poses, rig)


def _latents(clip: MotionClip | VaeClip, sample: ClipSample) -> Tensor:
    if isinstance(clip, VaeClip):
        return clip.encode(sample.frames.frames)
    assert sample.truth is not None, "the motion codec is trained on rendered clips"
    return clip.encode(sample.truth)


def _load_codec(stage: DenoiserStage, folder: Path) -> tuple[RigNetwork | None, LatentCodec]:
    """Load the rig network of a motion codec, and the codec; random where no file is named."""
    codec = stage.codec
    path = None if codec.checkpoint is None else find_trained(codec.checkpoint, folder)
    if isinstance(codec, MotionCodecConfig):
        rig = (
            RigNetwork(codec.rig).eval().requires_grad_(False) if path is None else load_rig(path, codec.rig)
        )
        return rig, MotionCodec(codec)
    return None, VaeCodec(codec, build_autoencoder()) if path is None else load_vae(path, codec)


def _load_retargeter(config: RetargetConfig, folder: Path) -> RetargetNetwork | None:
    if config.weights is None or config.network is None:
        return None
    return load_retargeter(find_trained(config.weights, folder), config.network)


def _load_clip(stage: DenoiserStage, folder: Path) -> FrozenClip:
    if stage.clip_checkpoint is None:
        return FrozenClip(stage.clip_encoder, VisionTower(stage.clip_encoder))
    return load_clip(find_trained(stage.clip_checkpoint, folder), stage.clip_encoder)
