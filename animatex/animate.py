"""The story of inference, top to bottom: from two files to one new video."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from animatex.checkpoints.catalogue import default_folder, find_weights
from animatex.checkpoints.load import (
    load_clip,
    load_empty_prompt,
    load_retargeter,
    load_rig,
    load_unet,
    load_vae,
)
from animatex.checkpoints.store import read_header
from animatex.codec.codec import ClipCodec, LatentCodec, Scene
from animatex.codec.motion.codec import MotionCodec
from animatex.codec.vae import VaeCodec, build_autoencoder
from animatex.conditioning.bundle import Conditioning, stack
from animatex.conditioning.inputs import ClipInputs
from animatex.conditioning.prepare import prepare_conditioning
from animatex.config.model import MotionCodecConfig
from animatex.config.run import AnimateConfig, RetargetConfig
from animatex.diffusion.ddim import Denoiser
from animatex.diffusion.guidance import guided, guided_as_batch
from animatex.diffusion.noise import initial_noise
from animatex.diffusion.sample import sample_latents
from animatex.diffusion.steps import timestep_pairs
from animatex.diffusion.windows import context_windows, windowed
from animatex.encoders.clip import FrozenClip
from animatex.encoders.vision import VisionTower
from animatex.errors import ConfigError
from animatex.limits import check_size
from animatex.model.build import build_unet
from animatex.model.scan import resolve_scan
from animatex.model.unet import AnimateXUNet, bind
from animatex.pose.backends import resolve_estimator
from animatex.pose.estimator import PoseEstimator
from animatex.pose.extract import extract_poses, require_frame_count, require_person
from animatex.pose.io import holds_poses, read_poses
from animatex.pose.placing import correct
from animatex.pose.sequence import PoseSequence
from animatex.progress import Progress, silent
from animatex.reference import (
    CharacterPose,
    find_character,
    look_again,
    place_reference,
    put_on_character,
    read_character,
    stay_in_picture,
)
from animatex.retargeting.network import RetargetNetwork
from animatex.rig.network import RigNetwork
from animatex.rig.rig import read_rig, with_painted_plate
from animatex.runtime import Resolved, Runtime, placed, resolve_device, resolve_dtype
from animatex.video.fit import Fit, plan_fit
from animatex.video.frames import FrameSequence, Size
from animatex.video.image import ReferenceImage
from animatex.video.raw import StreamedClip
from animatex.video.reader import VideoInfo, probe, read_video
from animatex.video.sampling import ClipPlan, plan_clip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnimationPlan:
    """What a run will do: shown by `--dry-run`, and all that `read_inputs` needs beside the configuration.

    Attributes:
        reference: The character's picture as it was read.
        fit: How it lies on the canvas.
        video: The driving video; None where only poses are given.
        held: The clip's frames, where the driving video was a stream; None: they are read from its file.
        poses: All poses of the driving file, where they are given; else None, and an estimator finds them.
        clip: Which frames are used.
        windows: What the network sees at once, as frames of the clip.
        evaluations: Calls of the network: steps, times windows, times two with guidance.
        device: Where networks run, and why there.
        dtype: What the UNet computes in, and why.
        runtime: Both, with the seed.
        weights: Folder of weights beside the package's own; None: only those of the package.
    """

    reference: ReferenceImage
    fit: Fit
    video: VideoInfo | None
    held: FrameSequence | None
    poses: PoseSequence | None
    clip: ClipPlan
    windows: tuple[range, ...]
    evaluations: int
    device: Resolved[torch.device]
    dtype: Resolved[torch.dtype]
    runtime: Runtime
    weights: Path | None

    @property
    def canvas(self) -> Size:
        """Height and width of the result."""
        return self.fit.canvas


@dataclass(frozen=True, slots=True, eq=False)
class AnimateModels:
    """The networks of a run, on the CPU; each is moved to the device for its own stage.

    Attributes:
        unet: The denoiser.
        codec: Latents to frames.
        clip: CLIP's image tower.
        retargeter: Corrects measured poses; None where nothing has been learned of that.
    """

    unet: AnimateXUNet
    codec: LatentCodec
    clip: FrozenClip
    retargeter: RetargetNetwork | None


def plan_animation(
    reference: Path,
    driving: Path | StreamedClip,
    config: AnimateConfig,
    *,
    poses: Path | None = None,
    weights: Path | None = None,
) -> AnimationPlan:
    """Look at the two files and decide everything that needs no network.

    Args:
        reference: A picture of the character.
        driving: A video, a folder of pictures, or poses in any format that `read_poses` knows; or the clip,
            where it came as raw frames.
        config: The preset with its overrides.
        poses: Poses of the driving video that were made before.
        weights: Folder of weights.

    Raises:
        InputError: A file cannot be used, or the clip is too short for what was asked.
        BackendError: The device or scan that was asked for does not work here.
    """
    picture = read_character(reference)
    video, given = _performance(driving, poses, config)
    clip = plan_clip(video or _as_video(driving, given), config.clip, config.video.fps)
    canvas = Size(config.canvas.height, config.canvas.width)
    check_size(Path("the canvas"), *canvas)
    cell = config.codec.downsampling * 2 ** (len(config.unet.multipliers) - 1)
    context = config.context
    windows = (
        (range(clip.num_frames),) if context is None else tuple(context_windows(clip.num_frames, context))
    )
    passes = 1 if config.sampler.guidance_scale == 1 else 2
    device = resolve_device(config.runtime.device)
    dtype = resolve_dtype(config.runtime.dtype, device.value)
    # What does not work is refused now, not when poses have been found.
    resolve_scan(config.runtime.scan, device.value)
    return AnimationPlan(
        reference=picture,
        fit=plan_fit(picture.size, canvas, config.canvas.fit, multiple=cell),
        video=video,
        held=driving.frames if isinstance(driving, StreamedClip) else None,
        poses=given,
        clip=clip,
        windows=windows,
        evaluations=num_steps(config) * passes * len(windows),
        device=device,
        dtype=dtype,
        runtime=Runtime(device.value, dtype.value, config.runtime.offload, config.seed),
        weights=weights,
    )


def read_inputs(
    plan: AnimationPlan,
    config: AnimateConfig,
    progress: Progress = silent,
    *,
    rig_network: RigNetwork | None = None,
    reference_pose: PoseSequence | None = None,
    poses: PoseSequence | None = None,
) -> ClipInputs:
    """Read the clip, find the performer's poses and take the character apart.

    Args:
        plan: What will be done.
        config: The preset with its overrides.
        progress: Told of each stage.
        rig_network: As `load_rig_network` gives it, from who keeps it for several runs; None: loaded here.
        reference_pose: The character's pose in pixels of its picture, one frame, where it is known; None: it
            is found as the preset says.
        poses: The performer's poses in the frames of the clip, as an earlier call found them; None: they are
            found here, or the plan has them.

    Raises:
        InputError: A file cannot be used, or nobody is found in the video.
        BackendError: The pose estimator that was asked for does not work here.
    """
    driving = _read_clip(plan, config, progress)
    poses = _find_performer(plan, config, driving, poses, progress)
    reference, alpha = place_reference(plan.reference, plan.fit, config.pictures.filter)
    given = None if reference_pose is None else on_canvas(reference_pose, plan.fit)
    network = rig = None
    if isinstance(config.codec, MotionCodecConfig):
        progress.start("taking the character apart", 1)
        network = rig_network or load_rig_network(config.codec, config.seed, plan.weights)
        rig = read_rig(reference, network, alpha, known=given)
        progress.done()
    progress.start("looking at the character")
    if given is not None:
        found = CharacterPose(given, "given", is_seen=True)
    else:
        still = _lazy_estimator(config, plan)
        found = find_character(reference, alpha, plan.fit, rig, poses, still, config)
        if rig is not None and network is not None and found.is_seen:
            rig = look_again(rig, found.pose, network, alpha)
    progress.done()
    return ClipInputs(
        reference=reference,
        reference_pose=found.pose,
        rig=None if rig is None else with_painted_plate(rig),
        driving=driving,
        poses=poses,
        portrait=plan.reference.rgb if config.pictures.clip_sees == "original" else None,
        pose_source=found.source,
        pose_is_seen=found.is_seen,
    )


def on_canvas(poses: PoseSequence, fit: Fit) -> PoseSequence:
    """Move poses in pixels of the character's picture to where that picture lies on the canvas."""
    return replace(poses.moved(fit.points_to_canvas(poses.keypoints)), canvas=fit.canvas)


def load_models(config: AnimateConfig, runtime: Runtime, weights: Path | None = None) -> AnimateModels:
    """Load the networks that the preset names; those it names no file for get random weights from the seed.

    Args:
        config: The preset with its overrides.
        runtime: The UNet gets its dtype.
        weights: Folder of weights; None: the user's own.

    Raises:
        InputError: A weights file is not installed.
        CheckpointMismatch: It does not fit the preset.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        unet = _load_unet(config, runtime, weights)
        if config.clip_checkpoint is None:
            clip = FrozenClip(config.clip_encoder, VisionTower(config.clip_encoder))
        else:
            clip = load_clip(find_weights(config.clip_checkpoint, weights), config.clip_encoder)
        codec = _load_codec(config, weights)
        return AnimateModels(unet, codec, clip, load_retargeting_network(config.retarget, weights))


@torch.inference_mode()
def animate(
    inputs: ClipInputs,
    models: AnimateModels,
    config: AnimateConfig,
    runtime: Runtime,
    progress: Progress = silent,
) -> FrameSequence:
    """Animate a character with a performer's motion.

    Args:
        inputs: The character and the performance, from `read_inputs`.
        models: The networks, from `load_models`.
        config: The preset with its overrides.
        runtime: Device, dtype and seed.
        progress: Is told of every stage.

    Returns:
        One frame per pose, of the canvas's size, at the poses' rate.
    """
    clip, latents = _sample(inputs, models, config, runtime, progress)
    with _placed_codec(models.codec, runtime):
        return FrameSequence(clip.decode(latents, progress), inputs.poses.fps)


@torch.inference_mode()
def animate_in_turn(
    inputs: ClipInputs,
    models: AnimateModels,
    config: AnimateConfig,
    runtime: Runtime,
    progress: Progress = silent,
) -> Iterator[np.ndarray]:
    """Do as `animate`, giving the same frames, uint8 [H, W, 3], one after the other and holding none.

    Sampling is of the whole clip, also in windows; it is done before the first frame is painted.
    """
    clip, latents = _sample(inputs, models, config, runtime, progress)
    with _placed_codec(models.codec, runtime):
        yield from clip.paint(latents, progress)


def _sample(
    inputs: ClipInputs, models: AnimateModels, config: AnimateConfig, runtime: Runtime, progress: Progress
) -> tuple[ClipCodec, torch.Tensor]:
    """Open the codec on the clip and find its latents."""
    generator = runtime.generator()
    progress.start("preparing conditions")
    scene = place_motion(inputs, config, models.retargeter)
    with _placed_codec(models.codec, runtime):
        clip = models.codec.open(scene, generator)
    with placed(models.clip, runtime):
        conditioning = prepare_conditioning(
            scene,
            clip,
            models.clip,
            config.conditions,
            inputs.poses,
            inputs.driving,
            config.pictures,
            inputs.portrait,
        )
    progress.done()
    noise = initial_noise(conditioning.latent_shape, config.sampler.offset_noise, generator)
    with placed(models.unet, runtime):
        denoise = build_denoiser(models.unet, conditioning.to(runtime.device, runtime.dtype), config)
        latents = sample_latents(denoise, noise.to(runtime.device), config.sampler, config.schedule, progress)
    return clip, latents


def place_motion(inputs: ClipInputs, config: AnimateConfig, retargeter: RetargetNetwork | None) -> Scene:
    """Put the performer's motion on the character's body, on its canvas, and correct it as was asked for.

    Args:
        inputs: The character and the performance.
        config: The preset with its overrides.
        retargeter: For `retarget.method` learned.
    """
    if config.pictures.poses_drawn_at == "driving":
        poses = correct(inputs.poses, config.retarget)
        return Scene(inputs.reference, inputs.reference_pose, poses, inputs.rig)
    own = inputs.reference_pose.on_canvas(inputs.canvas)
    if config.pose.reference_pose == "driving" and config.retarget.box is None:
        poses = inputs.poses.on_canvas(inputs.canvas)
    else:
        # The performer's own body is nobody else's: there is nothing to correct.
        network = retargeter if inputs.pose_is_seen else None
        poses = put_on_character(inputs.poses, own, inputs.rig, config.retarget, network)
        if inputs.rig is not None and config.retarget.method != "none":
            poses = stay_in_picture(poses, own, inputs.rig)
    poses = correct(poses, config.retarget)
    return Scene(inputs.reference, own, poses, inputs.rig, config.retarget.scale)


def build_denoiser(unet: AnimateXUNet, conditioning: Conditioning, config: AnimateConfig) -> Denoiser:
    """Wrap the network in guidance and windows; the parts that no step changes are computed here, once."""

    def for_clip(part: Conditioning) -> Denoiser:
        scale = config.sampler.guidance_scale
        if scale == 1:
            return bind(unet, part)
        if config.sampler.batch_guidance:
            return guided_as_batch(bind(unet, stack([part, part.unconditional()])), scale)
        return guided(bind(unet, part), bind(unet, part.unconditional()), scale)

    if config.context is None:
        return for_clip(conditioning)
    windows = context_windows(conditioning.num_frames, config.context)
    return windowed(
        [(window, for_clip(conditioning.window(window))) for window in windows], config.context.blend
    )


def num_steps(config: AnimateConfig) -> int:
    """Count the sampler's steps; the released spacing may run more than it is asked for."""
    if config.sampler.solver != "ddim":
        return config.sampler.steps
    return len(timestep_pairs(config.sampler, config.schedule.train_steps))


def load_rig_network(codec: MotionCodecConfig, seed: int, weights: Path | None = None) -> RigNetwork:
    """Load the preset's rig network on the CPU, in float32: it runs once and its edges matter."""
    if codec.checkpoint is not None:
        return load_rig(find_weights(codec.checkpoint, weights), codec.rig)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return RigNetwork(codec.rig).eval().requires_grad_(False)


def load_retargeting_network(config: RetargetConfig, weights: Path | None = None) -> RetargetNetwork | None:
    """Load the network of method learned, where that is the method and it has weights; stays on the CPU."""
    if config.weights is None or config.network is None:
        return None
    return load_retargeter(find_weights(config.weights, weights), config.network)


def _load_unet(config: AnimateConfig, runtime: Runtime, weights: Path | None) -> AnimateXUNet:
    scan = resolve_scan(config.runtime.scan, runtime.device).value
    if config.checkpoint is None:
        return build_unet(config.unet, scan=scan).to(runtime.dtype).eval().requires_grad_(False)
    path = find_weights(config.checkpoint, weights)
    # The published file comes without the empty prompt, about which CLIP's text tower is asked once.
    empty_prompt = None
    if config.clip_checkpoint is not None and read_header(path) is None:
        empty_prompt = load_empty_prompt(find_weights(config.clip_checkpoint, weights), config.clip_encoder)
    return load_unet(path, config.unet, runtime.dtype, empty_prompt, scan)


def _placed_codec(codec: LatentCodec, runtime: Runtime) -> AbstractContextManager[object]:
    """Hold a codec's network on the device, where it has one."""
    return placed(codec.autoencoder, runtime) if isinstance(codec, VaeCodec) else nullcontext()


def _load_codec(config: AnimateConfig, weights: Path | None) -> LatentCodec:
    if isinstance(config.codec, MotionCodecConfig):
        return MotionCodec(config.codec)
    if config.codec.checkpoint is None:
        return VaeCodec(config.codec, build_autoencoder())
    return load_vae(find_weights(config.codec.checkpoint, weights), config.codec)


def _performance(
    driving: Path | StreamedClip, poses: Path | None, config: AnimateConfig
) -> tuple[VideoInfo | None, PoseSequence | None]:
    """Probe the driving video and read the poses, whichever of them there are."""
    if isinstance(driving, StreamedClip):
        video = driving.video
    elif holds_poses(driving):
        if poses is not None:
            raise ConfigError(
                f"{driving} holds poses, and {poses} is given for it",
                hint="poses of a video go with that video; without it, either of the two is enough.",
            )
        # OpenPose's files say neither rate nor size: the rate is that of the result.
        return None, read_poses(driving, fps=config.video.fps, person=config.pose.person)
    else:
        video = probe(driving)
    if poses is None:
        return video, None
    given = read_poses(poses, canvas=video.size, fps=video.fps, person=config.pose.person)
    require_frame_count(given, video.num_frames, poses.name, video.path.name)
    return video, given


def _read_clip(plan: AnimationPlan, config: AnimateConfig, progress: Progress) -> FrameSequence | None:
    """Read the clip's frames, where there is a video that is not held already."""
    if plan.held is not None or plan.video is None:
        return plan.held
    return read_video(
        plan.video.path,
        plan.clip.frames,
        fps=plan.clip.source_fps,
        colours=config.pictures.colours,
        progress=progress,
    )


def _find_performer(
    plan: AnimationPlan,
    config: AnimateConfig,
    driving: FrameSequence | None,
    known: PoseSequence | None,
    progress: Progress,
) -> PoseSequence:
    """Give the performer's poses: those of a file, else those that are known, else what is found now."""
    if plan.poses is not None:
        poses = _chosen(plan.poses, plan.clip)
        require_person(poses, config.pose.max_missing, "the pose file")
        return poses
    if known is not None:
        return known
    assert driving is not None and plan.video is not None
    progress.start("starting the estimator")
    estimator = resolve_estimator(config.pose, _weights_folder(plan), config.runtime.device).value
    progress.done()
    return extract_poses(driving, estimator, config.pose, progress, plan.video.path.name)


def _lazy_estimator(config: AnimateConfig, plan: AnimationPlan) -> PoseEstimator:
    """Give an estimator for one still, started when it is asked: most characters' poses come from the rig."""

    def estimate(frame: np.ndarray):  # noqa: ANN202 - the protocol says it
        folder = _weights_folder(plan)
        return resolve_estimator(config.pose, folder, config.runtime.device, still=True).value(frame)

    return estimate


def _weights_folder(plan: AnimationPlan) -> Path:
    return plan.weights or default_folder()


def _as_video(path: Path, poses: PoseSequence) -> VideoInfo:
    name = Path("the pose stream") if str(path) == "-" else path
    return VideoInfo(name, poses.canvas, poses.fps, len(poses), has_audio=False, rotation=0)


def _chosen(poses: PoseSequence, clip: ClipPlan) -> PoseSequence:
    chosen = poses.select(clip.frames)
    return PoseSequence(chosen.keypoints, chosen.scores, chosen.canvas, clip.source_fps)
