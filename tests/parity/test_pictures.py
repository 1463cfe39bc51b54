"""The published pre-processing of pictures, against the libraries that it uses and against what it wrote."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from animatex.animate import num_steps, place_motion
from animatex.codec.vae import VaeCodec
from animatex.conditioning.inputs import ClipInputs
from animatex.conditioning.prepare import body_coordinates, pose_pictures
from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.diffusion.steps import timestep_pairs
from animatex.encoders.clip import MEAN, STD, prepare_pictures
from animatex.pose.draw import draw_poses
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import from_wholebody
from animatex.video.fit import plan_fit, resize, to_canvas
from animatex.video.frames import FrameSequence, Size
from animatex.video.image import through_jpeg
from animatex.video.reader import read_video
from animatex.video.writer import write_video
from tests.pose.figures import figure

RELEASED = load_config(AnimateConfig, preset_path("animate-x"))
CANVAS = Size(768, 512)


@pytest.fixture
def picture(rng: np.random.Generator) -> np.ndarray:
    """Soft blobs, as photographs have them, of a size that is none of the network's."""
    coarse = rng.integers(0, 256, (30, 20, 3), np.uint8)
    return cv2.resize(coarse, (692, 1108), interpolation=cv2.INTER_CUBIC)


def test_the_preset_asks_for_all_of_it() -> None:
    pictures, sampler = RELEASED.pictures, RELEASED.sampler
    assert (pictures.colours, pictures.filter, pictures.jpeg) == ("bt601", "bilinear", 95)
    assert (pictures.poses_drawn_at, pictures.clip_sees) == ("driving", "original")
    assert (RELEASED.canvas.height, RELEASED.canvas.width, RELEASED.canvas.fit) == (768, 512, "stretch")
    assert RELEASED.pose.reference_pose == "driving" and RELEASED.retarget.method == "none"
    assert (sampler.guidance_scale, sampler.offset_noise) == (2.5, 0.1)


def test_thirty_steps_are_31_evaluations_from_991_to_1() -> None:
    pairs = timestep_pairs(RELEASED.sampler, RELEASED.schedule.train_steps)
    assert num_steps(RELEASED) == len(pairs) == 31
    assert pairs[0][0] == 991 and pairs[-1][0] == 1


@pytest.mark.parametrize("size", [CANVAS, Size(1216, 832), Size(1000, 300)])
def test_pictures_are_stretched_as_pil_does(picture: np.ndarray, size: Size) -> None:
    theirs = Image.fromarray(picture).resize((size.width, size.height), Image.Resampling.BILINEAR)
    ours = to_canvas(picture, plan_fit(Size(1108, 692), size, "stretch"), filter="bilinear")
    assert np.array_equal(ours, np.asarray(theirs)) and ours.flags.writeable
    assert not np.array_equal(ours, resize(picture, size))


def test_clip_sees_what_torchvisions_transforms_give(picture: np.ndarray) -> None:
    squeezed = Image.fromarray(picture).resize((224, 224), Image.Resampling.BILINEAR)
    theirs = transforms.Normalize(MEAN, STD)(transforms.ToTensor()(squeezed))
    torch.testing.assert_close(prepare_pictures(picture[None], 224)[0], theirs, rtol=0, atol=1e-6)


class Watched(torch.nn.Module):
    """An autoencoder that remembers the pixels it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.pixels: list[torch.Tensor] = []

    def encode(self, pixels: torch.Tensor) -> SimpleNamespace:
        self.pixels.append(pixels)
        latents = torch.zeros(len(pixels), 4, 1, 1)
        return SimpleNamespace(latent_dist=SimpleNamespace(mean=latents, std=latents))


def test_the_autoencoder_sees_what_torchvisions_transforms_give(picture: np.ndarray) -> None:
    theirs = transforms.Normalize([0.5] * 3, [0.5] * 3)(transforms.ToTensor()(picture))
    watched = Watched()
    assert RELEASED.codec.kind == "vae"
    VaeCodec(RELEASED.codec, watched).encode(picture[None], torch.Generator())  # type: ignore[arg-type]
    torch.testing.assert_close(watched.pixels[0][0], theirs, rtol=0, atol=1e-6)


def test_jpeg_is_written_as_opencv_does_and_read_as_pil_does(picture: np.ndarray, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "frame_0000.jpg"), picture[..., ::-1])
    theirs = np.asarray(Image.open(tmp_path / "frame_0000.jpg").convert("RGB"))
    assert np.array_equal(through_jpeg(picture, 95), theirs)
    assert not np.array_equal(theirs, picture)


def test_colours_are_converted_as_opencv_does(tmp_path: Path, rng: np.random.Generator) -> None:
    shades = np.repeat(rng.integers(0, 256, (2, 4, 4, 3), np.uint8), 16, axis=1).repeat(16, axis=2)
    write_video(tmp_path / "dance.mp4", FrameSequence(shades, 8.0), crf=1)
    theirs = cv2.VideoCapture(str(tmp_path / "dance.mp4")).read()[1][..., ::-1].astype(int)
    ours, tagged = (
        read_video(tmp_path / "dance.mp4", colours=colours).frames[0].astype(int)
        for colours in ("bt601", "tagged")
    )
    assert np.abs(ours - theirs).max() <= 2
    assert np.abs(tagged - theirs).max() > 2


def test_pose_pictures_are_drawn_at_the_videos_size_and_shrunk() -> None:
    poses = figure(canvas=Size(1216, 768))
    drawn = pose_pictures(poses, CANVAS, RELEASED.pictures)
    _, stream = cv2.imencode(".jpg", draw_poses(poses)[0][..., ::-1])
    read = Image.open(io.BytesIO(stream.tobytes())).convert("RGB")
    assert np.array_equal(drawn[0], np.asarray(read.resize((512, 768), Image.Resampling.BILINEAR)))


def test_the_reference_entry_is_the_first_driving_pose() -> None:
    poses = figure(canvas=Size(1216, 768))
    blank = np.zeros((*CANVAS, 3), np.uint8)
    inputs = ClipInputs(
        reference=blank, reference_pose=poses.select([0]), rig=None, driving=None, poses=poses
    )
    scene = place_motion(inputs, RELEASED, None)
    assert scene.poses.canvas == Size(1216, 768)
    assert torch.equal(body_coordinates(scene.reference_pose), body_coordinates(poses)[:1])


@pytest.mark.shared
@pytest.mark.parametrize("name", ["hc01_stand_512x768", "hc02_landscape_640x360", "mp_image_zhu"])
def test_pose_pictures_are_those_that_the_published_code_wrote(name: str, shared: Path) -> None:
    recorded = np.load(shared / "pose" / "draw" / f"{name}.npz")
    keypoints, scores = from_wholebody(recorded["keypoints133"][None], recorded["scores133"][None])
    size = Size(int(recorded["height"]), int(recorded["width"]))
    poses = PoseSequence(keypoints.astype(np.float32), scores.astype(np.float32), size, 8.0)
    written = Image.open(shared / "pose" / "draw" / f"{name}.noface.jpg").convert("RGB")
    theirs = written.resize((512, 768), Image.Resampling.BILINEAR)
    assert np.array_equal(pose_pictures(poses, CANVAS, RELEASED.pictures)[0], np.asarray(theirs))
    known = recorded["pose_embedding"]
    np.testing.assert_allclose(body_coordinates(poses)[0].numpy(), known, rtol=0, atol=1e-6)
