"""Everything that other people's evaluators were asked, asked again."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import torch

from animatex.checkpoints.feature_networks import load_i3d, load_inception, load_lpips, load_resnet3d
from animatex.metrics.clips import clip_starts, whole_segments
from animatex.metrics.frechet import frechet_distance, moments, moments_of
from animatex.metrics.kernel import kernel_distance
from animatex.metrics.networks.i3d import I3d, i3d_clip
from animatex.metrics.networks.inception import FidInception, inception_pictures
from animatex.metrics.networks.resnet3d import MEAN, ResNet3d, resnet_clip
from animatex.metrics.perceptual import Lpips, lpips
from animatex.metrics.pose import pose_accuracy
from animatex.metrics.resize import resize_clip, resize_float
from animatex.metrics.temporal import dtssd, flicker
from animatex.video.frames import Size
from tests.metrics.conftest import DATA, Recorded, recorded

pytestmark = pytest.mark.shared

NO_ROOTS = "reference_nuclear_norm_ddof1"
KID = "KID poly3 unbiased, one subset = first min(N) rows (torch_fidelity.mmd2)"
# Those that take a matrix root lose digits where covariances are singular.
PEERS = (
    "pytorch_fid.calculate_frechet_distance (np.cov ddof=1)",
    "DisCo.fid_from_feats (float32 features in)",
    "VideoGPT/TATS frechet_distance (torch.svd, float64)",
)


@pytest.fixture(scope="module")
def video(numbers: Path) -> Recorded:
    return recorded(numbers, "video")


def off(ours: torch.Tensor, theirs: np.ndarray) -> float:
    """Largest difference, relative to how much the features vary."""
    return float(np.abs(ours.numpy() - theirs).max() / theirs.std())


def test_the_pixel_numbers_in_the_tests_are_the_recorded_ones(numbers: Path):
    for name in ("pixel.npz", "pixel.json"):
        assert (DATA / name).read_bytes() == (numbers / name).read_bytes()


def test_frechet_distances(numbers: Path):
    sets = recorded(numbers, "frechet")
    assert len(sets.values["sets"]) == 8
    for name, values in sets.values["sets"].items():
        a, b = (sets.arrays[f"{name}/{side}"] for side in "ab")
        whole = frechet_distance(moments(a), moments(b))
        streamed = frechet_distance(moments_of(np.array_split(a, 2)), moments_of(np.array_split(b, 2)))
        for ours in (whole, streamed):
            assert ours == pytest.approx(values[NO_ROOTS]["value"], rel=1e-9, abs=1e-12), name
            for peer in PEERS:
                assert ours == pytest.approx(values[peer]["value"], rel=2e-6, abs=1e-6), (name, peer)


def test_kernel_distances(numbers: Path):
    sets = recorded(numbers, "frechet")
    asked = {name: values[KID]["value"] for name, values in sets.values["sets"].items() if KID in values}
    assert len(asked) > 5
    for name, theirs in asked.items():
        a, b = (sets.arrays[f"{name}/{side}"] for side in "ab")
        rows = min(len(a), len(b))
        ours = kernel_distance(lambda a=a, n=rows: [a[:n]], lambda b=b, n=rows: [b[:n]])
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9), name


def test_clip_windows(video: Recorded):
    listed = video.values["windowing"]
    strange = {re.search("'(.+?)'", message)[1] for message in listed["ignored_messages"]}
    numbered = sorted(
        (match[1], int(match[2]), name)
        for name in set(listed["files"]) - strange
        if (match := re.match(r"(.*_)(\d+)\D*$", name))
    )
    clips = []
    for _, group in groupby(numbered, key=lambda entry: entry[0]):
        frames = list(group)
        for start in clip_starts([number for _, number, _ in frames]):
            clips.append([name for _, _, name in frames[start : start + 16]])
    assert sorted(clips) == sorted(listed["clips"])


def test_what_the_video_networks_are_shown(video: Recorded):
    frames = video.arrays["video_uint8_rgb"]
    second = frames[1:17]
    fid_vid, fvd = (video.arrays[f"{name}_clip1_size28"][0] for name in ("fidvid", "fvd"))
    assert np.abs(resnet_clip(second, 28).numpy() - fid_vid).max() < 1e-3
    assert np.abs(i3d_clip(second, 28).numpy() - fvd).max() < 1e-5
    segments = torch.stack([resnet_clip(frames[indices], 28) for indices in whole_segments(len(frames))])
    assert list(segments.shape) == video.values["raw_video_18frames_fidvid_shape"]
    assert list(i3d_clip(frames, 28)[None].shape) == video.values["raw_video_18frames_fvd_shape"]


def test_resizing(video: Recorded):
    picture = video.arrays["resize_in"]
    small = resize_float(picture, Size(28, 28))
    assert np.abs(small - video.arrays["disco_pil_bicubic_28x28_float_noclip"]).max() < 1e-3
    clipped = video.arrays["cleanfid_pil_bicubic_28x28_float_clip"]
    assert np.abs(small.clip(0, 255) - clipped).max() < 1e-3
    large = (inception_pictures(picture[None])[0] + 1) / 2
    step = video.values["pytorchfid_bilinear_299"]["stride_of_stored_subgrid"]
    stored = video.arrays["pytorchfid_bilinear_299_noantialias_sub"]
    assert np.abs(large[:, ::step, ::step].numpy() - stored).max() < 1e-5


def test_inception(video: Recorded, write_formula_weights, tmp_path: Path):
    file = write_formula_weights(tmp_path / "inception.pth", FidInception(), "pt_inception-2015-12-05")
    pictures = inception_pictures(video.arrays["clip_uint8_rgb_20x96x128"][[0, 7]])
    names = ("inception_dim64", "inception_dim192", "inception_dim768", "inception_pool3")
    with torch.inference_mode():
        network = load_inception(file)
        for stage, name in zip(network.stages(pictures), names, strict=True):
            assert off(stage, video.arrays[f"{name}_features"]) < 1e-3, name


def test_resnet(video: Recorded, write_formula_weights, tmp_path: Path):
    file = tmp_path / "resnet.pth"
    write_formula_weights(file, ResNet3d(), "resnet-50-kinetics", renamed="module.", wrapper="state_dict")
    clip = resnet_clip(video.arrays["clip_uint8_rgb_20x96x128"][:16])
    assert float(clip.mean()) == pytest.approx(video.values["resnet3d50"]["input"]["mean"], abs=1e-4)
    with torch.inference_mode():
        found = load_resnet3d(file)(clip[None])
    assert off(found, video.arrays["resnet3d50_features"]) < 1e-3


@pytest.fixture(scope="module")
def i3d_file(write_formula_weights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_formula_weights(tmp_path_factory.mktemp("i3d") / "i3d.pt", I3d(), "i3d_pretrained_400")


@pytest.mark.parametrize("frames", [16, 20])
@torch.inference_mode()
def test_i3d_as_disco_has_it(frames: int, video: Recorded, i3d_file: Path):
    clip = i3d_clip(video.arrays["clip_uint8_rgb_20x96x128"][:frames])[None]
    found = load_i3d(i3d_file, disco=True)(clip)
    assert off(found, video.arrays[f"i3d_disco_logits_T{frames}"]) < 1e-3


@pytest.mark.parametrize("frames", [16, 20])
@torch.inference_mode()
def test_i3d_as_the_original_graph_has_it(frames: int, video: Recorded, i3d_file: Path):
    network = load_i3d(i3d_file)
    clip = i3d_clip(video.arrays["clip_uint8_rgb_20x96x128"][:frames])[None]
    if frames == 16:
        assert off(network(clip), video.arrays["i3d_disco_logits_T16"]) < 1e-3
    # The recorded copy differs from the graph in the epsilon of its normalisation alone.
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.eps = 1e-5
    assert off(network(clip), video.arrays[f"i3d_videogpt_logits_T{frames}"]) < 1e-3


@pytest.mark.parametrize(("kind", "prefix"), [("vgg", "vgg16"), ("alex", "alexnet")])
def test_lpips(kind, prefix: str, numbers: Path, write_formula_weights, tmp_path: Path):
    trunk = write_formula_weights(tmp_path / "trunk.pth", Lpips(kind).trunk, prefix)
    network = load_lpips(trunk, DATA / f"lpips-{kind}.pth", kind)
    pairs, values = recorded(numbers, "pixel"), recorded(numbers, "lpips").values["nets"][kind]
    inputs = {"disco": "input_0_1_unscaled (DisCo)", "signed": "input_-1_1 (as documented)"}
    for place, name in enumerate(pairs.arrays["names"]):
        for range_, key in inputs.items():
            ours = lpips(pairs.arrays["gen"][place], pairs.arrays["gt"][place], network, range_)
            assert ours == pytest.approx(values[name][key], rel=1e-4, abs=1e-6), (name, range_)


def test_the_mean_of_discos_lpips(numbers: Path, write_formula_weights, tmp_path: Path):
    trunk = write_formula_weights(tmp_path / "trunk.pth", Lpips("vgg").trunk, "vgg16")
    network = load_lpips(trunk, DATA / "lpips-vgg.pth")
    pairs, values = recorded(numbers, "pixel"), recorded(numbers, "lpips").values
    ours = [
        lpips(a, b, network, "disco") for a, b in zip(pairs.arrays["gen"], pairs.arrays["gt"], strict=True)
    ]
    mean = values["DisCo.compute_lpips_mean_over_frames (formula-weight vgg)"]
    assert np.mean(ours) == pytest.approx(mean, rel=1e-4)


def test_extras(numbers: Path):
    extras = recorded(numbers, "extras")
    gen, gt = extras.arrays["gen_video"], extras.arrays["gt_video"]
    for side, frames in (("gt", gt), ("gen", gen)):
        theirs = extras.values[f"vbench_temporal_flickering_{side}"]
        assert np.mean(flicker(frames)) == pytest.approx(theirs, abs=1e-6)
    theirs = extras.values["disco_dtssd_resize256"]
    assert np.mean(dtssd(gen, gt)) == pytest.approx(theirs, rel=1e-6)
    compared = [
        pose_accuracy(a.astype(float), (a != -1).all(-1), b.astype(float), (b != -1).all(-1))
        for a, b in zip(extras.arrays["kp_gen"], extras.arrays["kp_gt"], strict=True)
    ]
    akd = [each.akd for each in compared if each.akd is not None]
    mkr = [each.mkr for each in compared if each.mkr is not None]
    assert np.mean(akd) == pytest.approx(extras.values["pose_eval_AKD"], abs=1e-6)
    assert np.mean(mkr) == pytest.approx(extras.values["pose_eval_MKR"], abs=1e-6)


def test_colours_are_taken_off_in_the_right_order(video: Recorded):
    frame = video.arrays["video_uint8_rgb"][:1]
    plain = resize_clip(frame, Size(28, 28))[0].reshape(-1, 3).mean(axis=0)
    shown = resnet_clip(frame, 28).mean(dim=(1, 2, 3)).numpy()
    np.testing.assert_allclose(plain - shown, MEAN, atol=1e-2)
