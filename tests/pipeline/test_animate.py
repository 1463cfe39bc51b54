"""The tiny preset from files to frames, with poses from a file and weights from the seed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from animatex.animate import (
    AnimateModels,
    AnimationPlan,
    animate,
    animate_in_turn,
    load_models,
    plan_animation,
    read_inputs,
)
from animatex.conditioning.inputs import ClipInputs
from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.errors import BackendError, InputError
from animatex.pose.io import write_poses
from animatex.pose.openpose import openpose_frames
from animatex.progress import SilentProgress
from animatex.retargeting.network import RetargetNetwork
from animatex.video.frames import FrameSequence, Size
from animatex.video.writer import write_video
from tests.retargeting.networks import saying
from tests.rig.puppets import dancing, puppet

POSES = 12

RELEASED_PICTURES = {
    "colours": "bt601",
    "filter": "bilinear",
    "jpeg": 95,
    "poses_drawn_at": "driving",
    "clip_sees": "original",
}


def tiny(**changes: object) -> AnimateConfig:
    """The tiny preset with keys like `sampler__steps` replaced; the rig decides the reference's pose."""
    settings = load_config(AnimateConfig, preset_path("tiny")).model_dump()
    for key, value in ({"pose__reference_pose": "rig"} | changes).items():
        *path, last = key.split("__")
        section = settings
        for step in path:
            section = section[step]
        section[last] = value
    return AnimateConfig.model_validate(settings)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn character, with and without its own mask, and the poses of a dancer in a landscape video."""
    folder = tmp_path_factory.mktemp("animate")
    drawn = puppet(Size(128, 128))
    Image.fromarray(drawn.image).save(folder / "hero.png")
    alpha = np.where(drawn.labels > 0, 255, 0).astype(np.uint8)
    Image.fromarray(np.dstack([drawn.image, alpha])).save(folder / "cutout.png")
    Image.fromarray(puppet(Size(80, 160)).image).save(folder / "wide.png")
    write_poses(dancing(Size(90, 160), POSES, fps=24.0), folder / "dance.npz")
    return folder


@dataclass(frozen=True)
class Run:
    """One animation and everything on the way."""

    plan: AnimationPlan
    inputs: ClipInputs
    models: AnimateModels
    result: FrameSequence
    calls: list[int]

    @property
    def frames(self) -> np.ndarray:
        return self.result.frames

    @property
    def evaluations(self) -> int:
        return len(self.calls)


def fill(models: AnimateModels) -> None:
    """Wake up what begins at zero; a fresh network predicts nothing, whatever it is told."""
    rng = torch.Generator().manual_seed(0)
    for parameter in models.unet.parameters():
        if not parameter.any():
            parameter.copy_(0.05 * torch.randn(parameter.shape, generator=rng))


@contextmanager
def counting(models: AnimateModels) -> Iterator[list[int]]:
    """Collect the batch of each evaluation of the network, slots included."""
    calls: list[int] = []
    handle = models.unet.conv_out.register_forward_hook(lambda _, inputs, __: calls.append(len(inputs[0])))
    yield calls
    handle.remove()


def run(place: Path, config: AnimateConfig, reference: str = "hero.png") -> Run:
    plan = plan_animation(place / reference, place / "dance.npz", config)
    inputs = read_inputs(plan, config)
    models = load_models(config, plan.runtime)
    fill(models)
    with counting(models) as calls:
        result = animate(inputs, models, config, plan.runtime)
    return Run(plan, inputs, models, result, calls)


def again(place: Path, made: Run, config: AnimateConfig) -> Run:
    """Animate the same clip with the same networks; the settings may differ in how is sampled."""
    plan = plan_animation(place / "hero.png", place / "dance.npz", config)
    assert plan.clip == made.plan.clip
    with counting(made.models) as calls:
        result = animate(made.inputs, made.models, config, plan.runtime)
    return Run(plan, made.inputs, made.models, result, calls)


@pytest.fixture(scope="module")
def usual(place: Path) -> Run:
    return run(place, tiny())


@pytest.fixture(scope="module")
def long(place: Path) -> Run:
    return run(place, tiny(clip__frames=11))


def test_a_picture_and_poses_become_a_video(usual: Run) -> None:
    assert usual.frames.shape == (4, 64, 64, 3) and usual.frames.dtype == np.uint8
    assert usual.result.fps == 24.0
    assert usual.plan.canvas == usual.inputs.canvas == Size(64, 64)
    assert usual.inputs.driving is None and len(usual.inputs.poses) == 4
    assert usual.inputs.rig is not None
    assert usual.inputs.reference_pose is usual.inputs.rig.pose


def test_the_same_seed_gives_the_same_bytes(place: Path, usual: Run, tmp_path: Path) -> None:
    again = run(place, tiny())
    assert np.array_equal(again.frames, usual.frames)
    for name, made in (("one.mp4", usual), ("two.mp4", again)):
        write_video(tmp_path / name, made.result, crf=18)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_frames_one_after_the_other_are_those_of_the_clip_and_none_is_painted_too_early(usual: Run) -> None:
    painted = []

    class Listening(SilentProgress):
        def start(self, stage: str, total: int | None = None) -> None:
            self.stage = stage

        def advance(self, n: int = 1) -> None:
            if self.stage == "painting":
                painted.append(n)

    frames = animate_in_turn(usual.inputs, usual.models, tiny(), usual.plan.runtime, Listening())
    for number, wanted in enumerate(usual.frames):
        assert np.array_equal(next(frames), wanted)
        assert len(painted) == number
    assert list(frames) == []


def test_the_same_models_may_be_used_again(usual: Run) -> None:
    again = animate(usual.inputs, usual.models, tiny(), usual.plan.runtime)
    assert np.array_equal(again.frames, usual.frames)


def test_another_seed_gives_another_video_and_leaves_pytorchs_own_stream_alone(
    place: Path, usual: Run
) -> None:
    before = torch.get_rng_state()
    assert not np.array_equal(run(place, tiny(seed=14)).frames, usual.frames)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_network_decides_the_picture(place: Path, usual: Run) -> None:
    bias = usual.models.unet.conv_out.bias
    before = bias.detach().clone()
    with torch.no_grad():
        bias += 1.0
        other = animate(usual.inputs, usual.models, tiny(), usual.plan.runtime)
        bias.copy_(before)
    assert not np.array_equal(other.frames, usual.frames)


def context(size: int, overlap: int, blend: str = "uniform") -> dict[str, object]:
    return {"size": size, "overlap": overlap, "blend": blend}


@pytest.mark.parametrize("size", [4, 9])
@pytest.mark.parametrize("blend", ["uniform", "triangular"])
def test_one_window_is_no_window_bit_for_bit(place: Path, usual: Run, size: int, blend: str) -> None:
    windowed = again(place, usual, tiny(context=context(size, 2, blend)))
    assert windowed.plan.windows == (range(4),)
    assert np.array_equal(windowed.frames, usual.frames)


@pytest.mark.parametrize("blend", ["uniform", "triangular"])
def test_a_clip_may_be_longer_than_a_window(place: Path, long: Run, blend: str) -> None:
    made = again(place, long, tiny(context=context(4, 2, blend), clip__frames=11))
    assert made.plan.windows == (range(0, 4), range(2, 6), range(4, 8), range(6, 10), range(7, 11))
    assert made.frames.shape == (11, 64, 64, 3)
    assert made.evaluations == made.plan.evaluations == 2 * 5
    assert not np.array_equal(made.frames, long.frames)


def test_one_frame_is_a_clip(place: Path) -> None:
    made = run(place, tiny(clip__frames=1, context=context(4, 2)))
    assert made.frames.shape == (1, 64, 64, 3)
    assert made.evaluations == 2


def test_all_frames_are_made_where_the_preset_says_so(place: Path) -> None:
    made = run(place, tiny(clip__frames=None, clip__every=3, clip__start=1, sampler__steps=1))
    assert made.plan.clip.frames == (1, 4, 7, 10)
    assert len(made.frames) == 4 and made.result.fps == 8.0


@pytest.mark.parametrize(
    ("fit", "size"),
    [("stretch", (48, 96)), ("letterbox", (48, 96)), ("crop", (48, 96)), ("keep", (48, 96))],
)
def test_landscapes_are_animated_too(place: Path, fit: str, size: tuple[int, int]) -> None:
    made = run(place, tiny(canvas__height=48, canvas__width=96, canvas__fit=fit, clip__frames=2), "wide.png")
    assert made.frames.shape == (2, *size, 3)
    assert made.plan.canvas == size


def test_a_canvas_that_keeps_proportions_takes_them_from_the_picture(place: Path) -> None:
    made = run(place, tiny(canvas__fit="keep", clip__frames=1), "wide.png")
    assert made.plan.canvas == Size(48, 96)
    assert made.frames.shape == (1, 48, 96, 3)


def test_a_picture_that_brings_its_mask_is_cut_out_along_it(place: Path) -> None:
    made = run(place, tiny(canvas__height=128, canvas__width=128, clip__frames=2), "cutout.png")
    labels = puppet(Size(128, 128)).labels
    assert made.inputs.rig is not None
    assert np.array_equal(made.inputs.rig.mask > 0.5, labels > 0)
    assert (made.inputs.reference[labels == 0] == 255).all()
    # Behind the character there is nothing but the white that transparency is painted with.
    assert made.inputs.rig.plate.min() == 255
    corner = made.frames[:, :8, :8]
    assert made.frames.shape == (2, 128, 128, 3) and corner.dtype == np.uint8


@pytest.mark.parametrize(
    ("guidance", "batched", "evaluations", "slots"),
    [(1.0, False, 2, 5), (2.0, False, 4, 5), (2.0, True, 2, 10)],
)
def test_guidance_costs_a_second_pass_and_none_when_it_is_off(
    place: Path, usual: Run, guidance: float, batched: bool, evaluations: int, slots: int
) -> None:
    config = tiny(sampler__guidance_scale=guidance, sampler__batch_guidance=batched)
    made = again(place, usual, config)
    assert made.calls == [slots] * evaluations
    assert made.plan.evaluations == (4 if guidance > 1 else 2)


def test_a_scan_that_does_not_work_is_refused_before_anything_is_looked_for(place: Path) -> None:
    config = tiny(runtime__device="cpu", runtime__scan="mamba_ssm")
    with pytest.raises(BackendError, match="^scan 'mamba_ssm' does not work here: "):
        plan_animation(place / "hero.png", place / "dance.npz", config)


def test_guidance_in_one_batch_is_guidance_in_two(place: Path, usual: Run) -> None:
    one, two = (
        again(place, usual, tiny(sampler__guidance_scale=2.0, sampler__batch_guidance=batched)).frames
        for batched in (True, False)
    )
    assert (np.abs(one.astype(int) - two) > 1).mean() < 0.01
    assert not np.array_equal(two, usual.frames)


@pytest.mark.parametrize("solver", ["ddim", "dpm", "unipc"])
def test_every_solver_makes_a_video(place: Path, solver: str) -> None:
    made = run(place, tiny(sampler__solver=solver, sampler__steps=3, clip__frames=2))
    assert made.frames.shape == (2, 64, 64, 3)
    assert made.evaluations == made.plan.evaluations == 3


@pytest.mark.parametrize("pose", ["driving", "auto", "detect"])
def test_the_reference_pose_may_come_from_elsewhere(place: Path, pose: str) -> None:
    made = run(place, tiny(pose__reference_pose=pose, clip__frames=2))
    assert made.frames.shape == (2, 64, 64, 3)
    if pose == "driving":
        assert np.array_equal(made.inputs.reference_pose.keypoints[0], made.inputs.poses.keypoints[0])


def test_a_performer_who_stands_still_moves_nobody(place: Path, tmp_path: Path) -> None:
    (tmp_path / "hero.png").write_bytes((place / "hero.png").read_bytes())
    write_poses(dancing(Size(90, 160), 4).select([2, 2, 2, 2]), tmp_path / "dance.npz")
    still = tiny(conditions__motion=False)
    plan = plan_animation(tmp_path / "hero.png", tmp_path / "dance.npz", still)
    inputs, models = read_inputs(plan, still), load_models(still, plan.runtime)
    clip = models.codec.open(_scene(inputs, still), plan.runtime.generator())
    frames = clip.decode(torch.zeros(1, 13, 4, 8, 8))
    assert all(np.array_equal(frames[0], frame) for frame in frames)


def _scene(inputs: ClipInputs, config: AnimateConfig):
    from animatex.animate import place_motion

    return place_motion(inputs, config, None)


def test_only_a_pose_that_was_seen_is_corrected() -> None:
    from animatex.animate import place_motion

    config = load_config(AnimateConfig, preset_path("mini"))
    poses, hero = dancing(Size(90, 160), 4), dancing(Size(96, 64), 1)
    down = saying(torch.tensor([[0.0, 0.3]]).expand(18, 2))

    def placed(*, seen: bool, retargeter: RetargetNetwork | None) -> np.ndarray:
        blank = np.zeros((96, 64, 3), np.uint8)
        inputs = ClipInputs(
            reference=blank, reference_pose=hero, rig=None, driving=None, poses=poses, pose_is_seen=seen
        )
        return place_motion(inputs, config, retargeter).poses.keypoints

    measured = placed(seen=True, retargeter=None)
    assert (placed(seen=True, retargeter=down) - measured)[:, :18, 1].min() > 1
    assert np.array_equal(placed(seen=False, retargeter=down), measured)


def test_the_codec_is_told_how_large_the_character_shall_be(place: Path) -> None:
    config = tiny(retarget__scale=0.5)
    plan = plan_animation(place / "hero.png", place / "dance.npz", config)
    assert _scene(read_inputs(plan, config), config).scale == 0.5


def test_weights_that_are_not_there_are_named(place: Path) -> None:
    config = tiny(codec__checkpoint="nobodys-rig.safetensors")
    plan = plan_animation(place / "hero.png", place / "dance.npz", config, weights=place)
    with pytest.raises(InputError) as caught:
        read_inputs(plan, config)
    assert caught.value.message.startswith("weights nobodys-rig.safetensors are not installed: looked in ")
    assert str(place) in caught.value.message


def test_poses_that_are_too_few_are_refused_before_anything_is_loaded(place: Path) -> None:
    with pytest.raises(InputError) as caught:
        plan_animation(place / "hero.png", place / "dance.npz", tiny(clip__frames=7, clip__every=2))
    assert caught.value.message == "dance.npz has 12 frames; 7 frames taken every 2nd need 13"
    assert caught.value.hint == "--every 1, or --frames 6."


@pytest.mark.parametrize(("person", "who"), [("largest", 1), ("first", 0), (0, 1), (1, 0)])
def test_one_of_several_people_in_a_pose_file_dances(place: Path, person: str | int, who: int) -> None:
    dancer = dancing(Size(90, 160), 4)
    shift = np.array([60, 0], np.float32)
    couple = dancer.moved(dancer.keypoints * 0.5 + shift), dancer.moved(dancer.keypoints * 0.8 - shift)
    both = []
    for left, right in zip(*map(openpose_frames, couple), strict=True):
        both.append({**left, "people": left["people"] + right["people"]})
    (place / "couple.json").write_text(json.dumps(both))
    config = tiny(video__fps=24.0, pose__person=person)
    write_video(place / "couple.mp4", FrameSequence(np.zeros((4, 48, 64, 3), np.uint8), 24.0))
    for driving, poses in (("couple.json", None), ("couple.mp4", place / "couple.json")):
        plan = plan_animation(place / "hero.png", place / driving, config, poses=poses)
        assert plan.poses is not None
        assert np.array_equal(plan.poses.scores, couple[who].scores)
        there = couple[who].scores > 0
        assert np.array_equal(plan.poses.keypoints[there], couple[who].keypoints[there])


def test_poses_of_other_programs_have_the_rate_of_their_video_or_of_the_result(place: Path) -> None:
    write_poses(dancing(Size(90, 160), 4), place / "dance.json")
    plan = plan_animation(place / "hero.png", place / "dance.json", tiny(video__fps=15.0))
    assert plan.poses is not None
    assert plan.poses.fps == plan.clip.fps == 15.0
    frames = np.stack([np.full((48, 64, 3), 60 * shade, np.uint8) for shade in range(4)])
    write_video(place / "dance.mp4", FrameSequence(frames, 10.0))
    with_video = plan_animation(place / "hero.png", place / "dance.mp4", tiny(), poses=place / "dance.json")
    assert with_video.poses is not None
    assert with_video.poses.fps == 10.0
    inputs = read_inputs(with_video, tiny())
    assert inputs.driving is not None and np.abs(inputs.driving.frames.astype(int) - frames).max() < 8
    with pytest.raises(InputError, match="does not say how many frames a second it has"):
        plan_animation(place / "hero.png", place / "dance.json", tiny())


def test_a_network_without_an_indicator_animates(place: Path) -> None:
    """UniAnimate's conditions, its alignment, and its way with pictures."""
    config = tiny(
        clip__frames=2,
        unet__pose_indicator=None,
        conditions__motion=False,
        conditions__reference_image=False,
        retarget__method="unianimate",
        pictures=RELEASED_PICTURES | {"poses_drawn_at": "canvas"},
    )
    made = run(place, config)
    assert made.frames.shape == (2, 64, 64, 3)
    assert made.inputs.portrait is not None and made.inputs.portrait.shape == (128, 128, 3)
    assert made.frames.std() > 0


@pytest.mark.slow
def test_pixels_instead_of_motion(place: Path) -> None:
    """The codec of the published model and its way with pictures, with random weights."""
    settings = tiny(clip__frames=2, conditions__prior=False, pose__reference_pose="driving").model_dump()
    settings["pictures"] = RELEASED_PICTURES
    settings["codec"] = {"kind": "vae", "checkpoint": None, "latent_scale": 0.18215, "chunk": 2}
    settings["unet"] |= {"latent_channels": 4, "prior_channels": 0}
    made = run(place, AnimateConfig.model_validate(settings))
    assert made.inputs.rig is None
    assert made.frames.shape == (2, 64, 64, 3)
    assert np.array_equal(run(place, AnimateConfig.model_validate(settings)).frames, made.frames)
    in_turn = animate_in_turn(
        made.inputs, made.models, AnimateConfig.model_validate(settings), made.plan.runtime
    )
    assert np.array_equal(np.stack(list(in_turn)), made.frames)
