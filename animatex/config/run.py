"""Settings of one run: animate, train, extract poses, retarget."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from animatex.config.model import (
    ClipConfig,
    CodecConfig,
    Fraction,
    Positive,
    RetargetNetworkConfig,
    RigConfig,
    ScheduleConfig,
    UNetConfig,
)
from animatex.config.section import Section
from animatex.limits import FPS

NonNegative = Annotated[int, Field(ge=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
Offset = Annotated[float, Field(ge=-10, le=10)]
Side = Annotated[float, Field(gt=0, le=1)]


class CanvasConfig(Section):
    """The picture that is made."""

    height: Positive
    width: Positive

    fit: Literal["stretch", "letterbox", "crop", "keep"]
    """How the reference fills the canvas. keep: the canvas takes the reference's proportions and keeps its
    area."""


class ClipSelection(Section):
    """Which frames of the driving video are used."""

    frames: Positive | None
    """Frames to make; null: all there are."""

    every: Positive
    """Take every n-th frame of the driving video."""

    start: NonNegative
    """First frame of the driving video that is used."""


class SmoothConfig(Section):
    """Smoothing of key points over time, at the clip's true frame rate."""

    method: Literal["none", "one_euro"]

    min_cutoff: PositiveFloat
    """Cut-off of the One-Euro filter at rest, in Hz."""

    beta: Annotated[float, Field(ge=0)]
    """How fast that cut-off rises with speed, in Hz per torso length a second."""

    max_gap: NonNegative
    """Frames without a joint that are bridged by interpolation; longer gaps stay empty."""


class PoseConfig(Section):
    """From frames to poses."""

    estimator: Literal[
        "auto", "mediapipe", "dwpose", "rtmlib:lightweight", "rtmlib:balanced", "rtmlib:performance"
    ]
    """auto: dwpose where its two files are installed, else mediapipe. rtmlib: that package's models, from the
    weights folder."""

    detector: str
    """DWPose's person detector, an ONNX file in the weights folder."""

    model: str
    """DWPose's pose network, an ONNX file in the weights folder."""

    person: Literal["largest", "centre", "first"] | NonNegative
    """Who is followed where there are several, in videos and in pose files; a number counts from the left in
    the first frame with people, from 0."""

    score_threshold: Fraction
    """A key point with a lower score is not seen."""

    max_missing: Fraction
    """Share of frames that may be without a person."""

    smooth: SmoothConfig

    reference_pose: Literal["detect", "driving", "rig", "auto"]
    """Where the reference's pose comes from. detect: the estimator; rig: the rig network, which knows any
    character; driving: the first driving pose, as released; auto: the estimator where it finds a whole
    person, else the rig."""


class RetargetConfig(Section):
    """From the performer's body to the character's."""

    method: Literal["none", "similarity", "bones", "combined", "learned", "unianimate", "musepose", "wan"]
    """learned: combined, and then corrected by a network."""

    network: RetargetNetworkConfig | None
    """The network of method learned; the others need none."""

    checkpoint: str | None
    """Its weights file; null: it corrects nothing."""

    strength: Fraction
    """0: the performer's own proportions, moved and scaled; 1: the reference's limb lengths, and all of the
    network's corrections."""

    missing_parts: Literal["keep", "hide", "auto"]
    """What becomes of limbs the reference does not have."""

    anchor: Literal["neck", "ground"]
    """What stays where the character has it. ground: feet stand where the character stands; neck: the body
    hangs on its neck, as always with method bones. `scale` is about the same point."""

    scale: Annotated[float, Field(gt=0, le=100)]
    """Correction by hand, after everything else: makes the body larger or smaller; 1 leaves it."""

    shift: tuple[Offset, Offset]
    """Correction by hand, after `scale`: moves the body right and down, in fractions of the canvas's width
    and height; [0, 0] leaves it."""

    box: tuple[Fraction, Fraction, Side, Side] | None
    """Where the character is, for pictures in which no pose is found or a wrong one: left, top, width and
    height in fractions of the picture. The performer's pose is fitted into it. null: look for a pose; where
    there is none, the box is that of the alpha channel, else most of the picture."""

    @model_validator(mode="after")
    def _a_box_is_used(self) -> RetargetConfig:
        if self.box is not None and self.method == "none":
            raise ValueError("box says where the character is; method 'none' does not ask, choose another.")
        return self

    @model_validator(mode="after")
    def _the_network_is_there(self) -> RetargetConfig:
        if self.method == "learned" and self.network is None:
            raise ValueError("method 'learned' needs a network; presets/mini.yaml has one.")
        return self

    @property
    def weights(self) -> str | None:
        """Weights file of the method, if it has one."""
        return self.checkpoint if self.method == "learned" else None


class PicturesConfig(Section):
    """How pictures reach the networks; as released bt601, bilinear, 95, driving, original.

    The released pre-processing leaves traces, and its network was trained with them.
    """

    colours: Literal["tagged", "bt601"]
    """How the driving video's colours become RGB. tagged: as the file says; bt601: as OpenCV converts
    everything."""

    filter: Literal["smooth", "bilinear"]
    """How pictures are scaled to the canvas and for the network. smooth: averaging where they shrink, cubic
    where they grow; bilinear: PIL's bilinear filter."""

    jpeg: Annotated[int, Field(ge=1, le=100)] | None
    """Quality at which pose pictures, and the driving frames that CLIP sees, are compressed and read again;
    null: they are not."""

    poses_drawn_at: Literal["canvas", "driving"]
    """Size at which pose pictures are drawn before they are scaled: the canvas's, or the driving video's,
    which needs the performer's own poses (`pose.reference_pose: driving`)."""

    clip_sees: Literal["canvas", "original"]
    """What CLIP is shown of the reference: the canvas, or the picture as it was read."""


class ConditionsConfig(Section):
    """Which conditions act; see `Keep`."""

    image: bool
    reference_image: bool
    pose_frames: bool
    reference_slot: bool
    motion: bool
    prior: bool


class SamplerConfig(Section):
    """From noise to latents."""

    solver: Literal["ddim", "dpm", "unipc"]
    """ddim: the released sampler; dpm (DPM-Solver++) and unipc need fewer steps."""

    steps: Annotated[int, Field(ge=1, le=1000)]
    """Nominal steps; see `spacing` for how many evaluations that means."""

    spacing: Literal["uniform", "trailing"]
    """uniform: the released rule, which may run more evaluations than `steps`. trailing: exactly `steps`,
    from the last timestep."""

    guidance_scale: Annotated[float, Field(ge=1.0)]
    """Classifier-free guidance; 1 turns it off and halves the work."""

    offset_noise: Annotated[float, Field(ge=0.0)]
    """Strength of the per-frame, per-channel noise added to the initial noise."""

    batch_guidance: bool
    """Run both guidance passes as one batch: faster, twice the activation memory."""

    @model_validator(mode="after")
    def _spacing_fits_the_solver(self) -> SamplerConfig:
        if self.solver != "ddim" and self.spacing != "trailing":
            raise ValueError(f"spacing is '{self.spacing}'; solver '{self.solver}' needs 'trailing'.")
        return self


class ContextConfig(Section):
    """Windows over a clip longer than the network was trained on."""

    size: Positive
    """Frames the network sees at once."""

    overlap: NonNegative
    """Frames that neighbouring windows share."""

    blend: Literal["uniform", "triangular"]
    """How overlapping predictions are averaged; uniform as released."""

    @model_validator(mode="after")
    def _overlap_leaves_a_stride(self) -> ContextConfig:
        if self.overlap >= self.size:
            raise ValueError(f"overlap is {self.overlap}; needs 0 <= overlap < size ({self.size}).")
        return self


class VideoConfig(Section):
    """How the result is written."""

    fps: PositiveFloat | None
    """Frames per second of the result; null: those of the driving frames used, so that the motion keeps its
    speed."""

    crf: Annotated[int, Field(ge=0, le=51)]
    """Quality of the H.264 stream: lower is better and larger."""

    audio: bool
    """Keep the driving video's sound where the motion keeps its speed."""

    embed_settings: bool
    """Keep the run's settings, and the names and hashes of what it read, in the result's metadata. That a
    trained model made it is said in any case."""

    @model_validator(mode="after")
    def _rate_can_be_read_again(self) -> VideoConfig:
        most = FPS.value()
        if self.fps is not None and not 1 / most <= self.fps <= most:
            raise ValueError(f"fps is {self.fps:g}; needs 1/{most} to {most}.")
        return self


class RuntimeConfig(Section):
    """Where and how precisely networks run; changes pixels only within rounding."""

    device: Literal["auto", "cpu", "cuda", "mps"]
    dtype: Literal["auto", "float32", "float16", "bfloat16"]

    offload: Literal["none", "stages"]
    """stages: each network is on the device only while it works."""

    scan: Literal["auto", "mamba_ssm", "torch"]
    """Which implementation of Mamba's selective scan runs."""


class AnimateConfig(Section):
    """Everything that `animatex animate` needs to know."""

    unet: UNetConfig
    checkpoint: str | None
    """Weights file of the UNet; null: random weights drawn from the seed, for trying the pipeline out."""

    schedule: ScheduleConfig
    clip_encoder: ClipConfig
    clip_checkpoint: str | None
    """Weights file of the CLIP encoder; null as above."""

    codec: CodecConfig
    canvas: CanvasConfig
    clip: ClipSelection
    pose: PoseConfig
    retarget: RetargetConfig
    pictures: PicturesConfig
    conditions: ConditionsConfig
    sampler: SamplerConfig
    context: ContextConfig | None
    video: VideoConfig
    runtime: RuntimeConfig
    seed: NonNegative

    @model_validator(mode="after")
    def _sections_agree(self) -> AnimateConfig:
        _check_network(self.unet, self.codec, self.clip_encoder, "unet")
        if self.sampler.steps > self.schedule.train_steps:
            raise ValueError(
                f"sampler.steps is {self.sampler.steps}; schedule.train_steps is "
                f"{self.schedule.train_steps}, and a sampler has no more to visit."
            )
        if self.pictures.poses_drawn_at == "driving" and (
            self.pose.reference_pose != "driving" or self.codec.kind != "vae"
        ):
            raise ValueError(
                f"pictures.poses_drawn_at is 'driving', pose.reference_pose '{self.pose.reference_pose}' and "
                f"codec.kind '{self.codec.kind}'; it needs 'driving' and 'vae'."
            )
        cell = self.codec.downsampling * 2 ** (len(self.unet.multipliers) - 1)
        if self.canvas.height % cell or self.canvas.width % cell:
            raise ValueError(
                f"canvas is {self.canvas.width}x{self.canvas.height}; both sides must be multiples of {cell}."
            )
        return self


def _check_network(unet: UNetConfig, codec: CodecConfig, clip: ClipConfig, name: str) -> None:
    """Refuse a UNet that cannot take what codec and CLIP give it; `name` is its key."""
    for key in ("latent_channels", "prior_channels"):
        has, needs = getattr(unet, key), getattr(codec, key)
        if has != needs:
            raise ValueError(f"{name}.{key} is {has}; codec.kind '{codec.kind}' needs {needs}.")
    if unet.image_embed_dim != clip.embed_dim:
        raise ValueError(
            f"{name}.image_embed_dim is {unet.image_embed_dim}; clip_encoder.embed_dim is "
            f"{clip.embed_dim}; they must agree."
        )


class OptimizerConfig(Section):
    """AdamW and what surrounds it."""

    learning_rate: PositiveFloat
    warmup: NonNegative
    """Steps over which the learning rate rises from zero."""

    decay: Literal["none", "cosine"]
    """cosine: the rate falls to a twentieth by the last step."""

    weight_decay: Annotated[float, Field(ge=0)]
    clip_norm: PositiveFloat
    """Gradients longer than this are shortened to it."""

    accumulate: Positive
    """Batches whose gradients are added before a step."""

    ema_decay: Annotated[float, Field(ge=0, lt=1)]
    """Exponential moving average of the weights; the average is what is shipped."""


class EpiConfig(Section):
    """The Explicit Pose Indicator (paper Sec. 3.3): how poses are transformed in training."""

    probability: Fraction
    """Lambda: how often anything is transformed at all."""

    realign: Fraction
    """How often, then, the motion is put on the body of an anchor pose."""

    pool: str | None
    """Folder of pose files whose bodies are the anchors; null: synthetic people."""

    add: Fraction
    """How often a missing limb is added."""

    drop: Fraction
    """How often a part is hidden."""

    bs: Fraction
    """How often the torso, and how often the width of the shoulders, is rescaled."""

    nf: Fraction
    """How often the neck, and how often the face."""

    al: Fraction
    """How often the arms, and how often the legs."""

    place: Fraction
    """How often the whole body is resized and moved aside. Not in the paper."""


class ConditionDropout(Section):
    """How often each condition is left out of a training sample, and all of them together."""

    image: Fraction
    reference_image: Fraction
    pose_frames: Fraction
    reference_slot: Fraction
    motion: Fraction
    prior: Fraction
    all: Fraction


class SyntheticData(Section):
    """Clips of procedural characters, rendered as they are needed."""

    kind: Literal["synthetic"]
    height: Positive
    width: Positive

    seed: NonNegative
    """First character; the n-th sample of a run is character `seed + n`."""

    workers: NonNegative
    """Processes that render; 0: the training process itself."""


class PerformanceData(Section):
    """Poses of people and of procedural characters that dance the same; nothing is painted."""

    kind: Literal["performances"]
    seed: NonNegative
    """First character; every performance has one of its own."""

    performances: Positive
    """How many there are; each is made once, kept (6 kB in memory with 16 frames) and comes round again."""

    frames: Positive
    """Frames of a performance that a step looks at."""

    workers: NonNegative
    """Processes that make performances; 0: the training process itself."""


class FolderData(Section):
    """Clips of a folder with `index.jsonl`: one video and one pose file a line."""

    kind: Literal["folder"]
    path: str
    height: Positive
    width: Positive
    every: Positive
    workers: NonNegative


ClipData = Annotated[SyntheticData | FolderData, Field(discriminator="kind")]


class RigStage(Section):
    """Trains the rig network on single pictures."""

    kind: Literal["rig"]
    name: str
    network: RigConfig
    start_from: str | None
    """Weights to start from: an earlier stage's file, or an installed one; null: random ones."""

    data: SyntheticData
    batch: Positive
    steps: Positive
    optimizer: OptimizerConfig


class RetargetStage(Section):
    """Trains the retargeting network on performances of procedural characters; only their poses are made."""

    kind: Literal["retarget"]
    name: str
    network: RetargetNetworkConfig
    data: PerformanceData
    retarget: RetargetConfig
    """What is corrected."""

    batch: Positive
    steps: Positive
    optimizer: OptimizerConfig


class ClipStage(Section):
    """Trains a small CLIP on pictures and their captions, by contrast."""

    kind: Literal["clip"]
    name: str
    network: ClipConfig
    data: SyntheticData
    batch: Positive
    steps: Positive
    optimizer: OptimizerConfig


class DenoiserStage(Section):
    """Trains the 3D-UNet on clips; a clip of one frame is a picture."""

    kind: Literal["denoiser"]
    name: str
    network: UNetConfig
    schedule: ScheduleConfig
    codec: CodecConfig
    clip_encoder: ClipConfig
    clip_checkpoint: str | None
    start_from: str | None
    """Weights to start from: an earlier stage's file, or a published one; null: random ones."""

    trainable: tuple[str, ...]
    """Name patterns of the parameters that are trained; one that matches nothing is an error."""

    data: ClipData
    frames: Positive
    batch: Positive
    steps: Positive
    timesteps: Literal["uniform"] | Annotated[int, Field(ge=1, le=1000)]
    """uniform: all of them alike. A number: only those that a sampler with so many trailing steps visits, the
    noisiest half of the time."""

    retarget: RetargetConfig
    """How a performer's motion gets onto the character, where the two differ."""

    cross_driven: Fraction
    """How often the motion comes from a performer of another body."""

    offset_noise: Annotated[float, Field(ge=0)]
    dropout: ConditionDropout
    epi: EpiConfig
    optimizer: OptimizerConfig
    checkpointing: bool
    """Recompute activations in the backward pass: less memory, a third more time."""

    @model_validator(mode="after")
    def _sections_agree(self) -> DenoiserStage:
        _check_network(self.network, self.codec, self.clip_encoder, "network")
        if self.timesteps != "uniform" and self.timesteps > self.schedule.train_steps:
            raise ValueError(
                f"timesteps is {self.timesteps}; schedule.train_steps is {self.schedule.train_steps}, and a "
                "sampler has no more to visit."
            )
        if self.codec.kind == "motion" and self.data.kind != "synthetic":
            raise ValueError(
                f"data.kind is '{self.data.kind}'; codec.kind 'motion' learns from what only a renderer "
                "knows and needs 'synthetic'."
            )
        if self.codec.kind == "motion" and self.codec.downsampling != 8:
            raise ValueError(
                f"codec.downsampling is {self.codec.downsampling}; codec.kind 'motion' is trained at the "
                "size its network sees, with 8."
            )
        cell = self.codec.downsampling * 2 ** (len(self.network.multipliers) - 1)
        if self.data.height % cell or self.data.width % cell:
            raise ValueError(
                f"data is {self.data.width}x{self.data.height}; both sides must be multiples of {cell}."
            )
        return self


Stage = Annotated[RigStage | RetargetStage | ClipStage | DenoiserStage, Field(discriminator="kind")]


class TrainConfig(Section):
    """A training recipe: stages, one after the other, each resumable at any step."""

    out: str
    """Folder of the run: checkpoints, logs, results."""

    seed: NonNegative
    save_every: Positive
    """Steps between checkpoints."""

    keep: Positive
    """Checkpoints that are kept; older ones are removed."""

    runtime: RuntimeConfig
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_differ(self) -> TrainConfig:
        names = [stage.name for stage in self.stages]
        if len(set(names)) != len(names):
            raise ValueError(f"stages are named {names}; each needs a name of its own.")
        for name in names:
            if not re.fullmatch(r"\w[\w.-]*", name):
                raise ValueError(
                    f"a stage is named {name!r}; its files are called so: letters, digits, '_', '-', '.'."
                )
        return self
