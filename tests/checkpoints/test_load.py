from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from animatex.checkpoints.load import load_clip, load_unet, load_vae
from animatex.checkpoints.store import read_header, save_weights
from animatex.codec.vae import build_autoencoder
from animatex.encoders.clip import build_clip
from animatex.errors import CheckpointMismatch, InputError
from tests.checkpoints.published import (
    CLIP,
    NO_PRIOR,
    VAE,
    published_names,
    write_clip,
    write_unet,
    write_vae,
)
from tests.model.tiny import fill, tiny_conditioning, tiny_config, tiny_noise, tiny_unet


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return write_unet(tmp_path)


@pytest.fixture
def clip_file(tmp_path: Path) -> Path:
    return write_clip(tmp_path)


@pytest.fixture
def vae_file(tmp_path: Path) -> Path:
    return write_vae(tmp_path)


def same(one: dict[str, Tensor], two: dict[str, Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_our_file_gives_the_same_network_ready_to_sample(tmp_path: Path) -> None:
    unet = tiny_unet()
    save_weights(tmp_path / "u.safetensors", unet.state_dict(), kind="unet", config=unet.config)
    loaded = load_unet(tmp_path / "u.safetensors", tiny_config())
    assert same(loaded.state_dict(), unet.state_dict())
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    x, t, given = tiny_noise(), torch.tensor([3]), tiny_conditioning()
    torch.testing.assert_close(loaded(x, t, given), unet(x, t, given))


def test_weights_are_cast_to_what_the_network_shall_compute_in(tmp_path: Path) -> None:
    unet = tiny_unet()
    save_weights(tmp_path / "u.safetensors", unet.state_dict(), kind="unet", config=unet.config)
    loaded = load_unet(tmp_path / "u.safetensors", tiny_config(), torch.bfloat16)
    assert {tensor.dtype for tensor in loaded.state_dict().values()} == {torch.bfloat16}


def test_the_published_file_loads_with_an_empty_prompt(published: Path) -> None:
    unet = tiny_unet(NO_PRIOR)
    loaded = load_unet(published, NO_PRIOR, empty_prompt=unet.empty_prompt)
    assert same(loaded.state_dict(), unet.state_dict())


def test_the_published_file_alone_is_refused_with_the_line_that_helps(published: Path) -> None:
    with pytest.raises(CheckpointMismatch) as caught:
        load_unet(published, NO_PRIOR)
    assert caught.value.message == (
        "animate-x_ckpt.pth has no empty prompt: the published file comes without CLIP's text context"
    )
    assert caught.value.hint == (
        "set clip_checkpoint to open_clip_pytorch_model.bin, whose text tower knows it."
    )


def test_another_network_of_ours_is_refused_with_what_differs(tmp_path: Path) -> None:
    save_weights(tmp_path / "u.safetensors", tiny_unet().state_dict(), kind="unet", config=tiny_config())
    with pytest.raises(CheckpointMismatch) as caught:
        load_unet(tmp_path / "u.safetensors", NO_PRIOR)
    assert caught.value.message == (
        "u.safetensors was made for other sizes of UNet\n  prior_channels: the file has 3; the preset has 0"
    )


def test_a_file_whose_header_promises_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    tensors = tiny_unet().state_dict()
    del tensors["conv_out.bias"]
    save_weights(tmp_path / "u.safetensors", tensors, kind="unet", config=tiny_config())
    with pytest.raises(CheckpointMismatch) as caught:
        load_unet(tmp_path / "u.safetensors", tiny_config())
    assert caught.value.message == "u.safetensors does not fit this network\n  missing     1  conv_out.bias"


def test_clips_image_tower_is_taken_from_a_file_with_both(clip_file: Path) -> None:
    clip = build_clip(CLIP)
    fill(clip)
    assert same(load_clip(clip_file, CLIP).visual.state_dict(), clip.visual.state_dict())


def test_clip_loads_from_a_file_of_ours(clip_file: Path, tmp_path: Path) -> None:
    encoder = load_clip(clip_file, CLIP)
    save_weights(tmp_path / "c.safetensors", encoder.visual.state_dict(), kind="clip", config=CLIP)
    again = load_clip(tmp_path / "c.safetensors", CLIP)
    assert same(again.visual.state_dict(), encoder.visual.state_dict())


def test_a_clip_of_another_size_is_refused(clip_file: Path) -> None:
    other = CLIP.model_copy(update={"embed_dim": 21})
    with pytest.raises(CheckpointMismatch) as caught:
        load_clip(clip_file, other)
    assert caught.value.message == (
        "open_clip_pytorch_model.bin does not fit this network\n"
        "  shapes      1  proj [16, 20] instead of [16, 21]"
    )


def test_the_autoencoder_is_found_inside_stable_diffusion(vae_file: Path) -> None:
    codec = load_vae(vae_file, VAE)
    assert not any(tensor.any() for tensor in codec.autoencoder.state_dict().values())
    assert codec.autoencoder.state_dict().keys() == build_autoencoder().state_dict().keys()


def test_files_of_the_wrong_kind_are_recognised(published: Path, clip_file: Path, vae_file: Path) -> None:
    cases = [
        (
            lambda: load_vae(published, VAE),
            "the published Animate-X network",
            "Stable Diffusion's autoencoder",
        ),
        (
            lambda: load_unet(vae_file, NO_PRIOR),
            "Stable Diffusion's autoencoder",
            "the published Animate-X network",
        ),
        (lambda: load_clip(vae_file, CLIP), "Stable Diffusion's autoencoder", "open_clip's CLIP"),
        (lambda: load_unet(clip_file, NO_PRIOR), "open_clip's CLIP", "the published Animate-X network"),
    ]
    for load, found, needed in cases:
        with pytest.raises(CheckpointMismatch, match=f"holds {found}; {needed} is needed here"):
            load()


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("Conv2d_1a_3x3.conv.weight", "Inception-v3, a metric's network"),
        ("features.28.weight", "VGG-16, a metric's network"),
        ("lin0.model.1.weight", "LPIPS's weights of layers, a metric's"),
        ("Conv3d_1a_7x7.conv3d.weight", "I3D, a metric's network"),
        ("module.layer4.0.conv1.weight", "a 3D ResNet, a metric's network"),
    ],
)
def test_the_metrics_networks_are_recognised(tmp_path: Path, name: str, what: str) -> None:
    torch.save({name: torch.zeros(1)}, tmp_path / "net.pth")
    with pytest.raises(CheckpointMismatch) as caught:
        load_clip(tmp_path / "net.pth", CLIP)
    assert caught.value.message == f"net.pth holds {what}; open_clip's CLIP is needed here"


def test_a_converted_network_of_another_kind_is_named(tmp_path: Path) -> None:
    save_weights(tmp_path / "u.safetensors", tiny_unet().state_dict(), kind="unet", config=tiny_config())
    with pytest.raises(CheckpointMismatch) as caught:
        load_vae(tmp_path / "u.safetensors", VAE)
    assert caught.value.message == "u.safetensors holds a UNet; an autoencoder is needed here"


def test_a_unianimate_network_is_recognised(tmp_path: Path) -> None:
    tensors = {"input_blocks.0.0.weight": torch.zeros(1), "dwpose_embedding.0.weight": torch.zeros(1)}
    torch.save(tensors, tmp_path / "unianimate.pth")
    with pytest.raises(CheckpointMismatch) as caught:
        load_unet(tmp_path / "unianimate.pth", NO_PRIOR)
    assert caught.value.message == (
        "unianimate.pth holds the published UniAnimate network (it has no pose indicator); "
        "the published Animate-X network is needed here"
    )
    assert caught.value.hint == "check which file the preset names for what."


def test_a_unianimate_file_fills_a_network_without_an_indicator(tmp_path: Path) -> None:
    config = NO_PRIOR.model_copy(update={"pose_indicator": None})
    unet = tiny_unet(config)
    tensors = {theirs: unet.state_dict()[ours] for ours, theirs in published_names(config).items()}
    torch.save({"state_dict": tensors, "step": 223000}, tmp_path / "unianimate.pth")
    loaded = load_unet(tmp_path / "unianimate.pth", config, empty_prompt=unet.empty_prompt)
    assert same(loaded.state_dict(), unet.state_dict())


def test_an_animate_x_file_is_not_taken_for_unianimate(published: Path) -> None:
    config = NO_PRIOR.model_copy(update={"pose_indicator": None})
    with pytest.raises(CheckpointMismatch) as caught:
        load_unet(published, config, empty_prompt=torch.zeros(5, 24))
    assert caught.value.message == (
        "animate-x_ckpt.pth holds the published Animate-X network; the published UniAnimate network "
        "(it has no pose indicator) is needed here"
    )


def test_a_file_of_the_first_version_says_nothing_of_later_switches(tmp_path: Path) -> None:
    unet = tiny_unet()
    indicator = unet.config.pose_indicator
    assert indicator is not None
    later = {"learned_query", "keypoint_query", "asks", "placement", "alpha"}
    old = indicator.model_construct(**indicator.model_dump(exclude=later))
    first = unet.config.model_copy(update={"pose_indicator": old})
    save_weights(tmp_path / "old.safetensors", unet.state_dict(), kind="unet", config=first)
    written = read_header(tmp_path / "old.safetensors")
    assert written is not None
    assert written.config == unet.config.model_dump(mode="json")
    assert same(load_unet(tmp_path / "old.safetensors", tiny_config()).state_dict(), unet.state_dict())


def test_an_unknown_file_is_called_unknown(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "x.pth")
    with pytest.raises(CheckpointMismatch, match="x.pth holds something this program does not know; "):
        load_clip(tmp_path / "x.pth", CLIP)


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load_unet(tmp_path / "none.safetensors", NO_PRIOR)
