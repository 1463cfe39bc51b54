from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from animatex.checkpoints.load import convert_unet, load_clip, load_empty_prompt, load_unet, load_vae
from animatex.checkpoints.official_unet import official_keymap
from animatex.checkpoints.store import file_hash, read_header, save_weights
from animatex.codec.vae import build_autoencoder
from animatex.config.model import ClipConfig, ClipTextConfig, ClipVisionConfig, UNetConfig, VaeCodecConfig
from animatex.encoders.clip import build_clip
from animatex.errors import CheckpointMismatch, InputError
from tests.model.tiny import fill, tiny_conditioning, tiny_config, tiny_noise, tiny_unet
from tests.parity.recipe import manifest

NO_PRIOR = tiny_config(prior_channels=0)
CLIP = ClipConfig(
    embed_dim=20,
    vision=ClipVisionConfig(image_size=16, patch_size=8, width=16, layers=1, head_width=8, mlp_ratio=2.0),
    text=ClipTextConfig(context_length=5, vocab_size=30, width=24, heads=2, layers=2),
    quick_gelu=False,
)
VAE = VaeCodecConfig(kind="vae", checkpoint="-", latent_scale=0.18215, chunk=1)


def published_names(config: UNetConfig) -> dict[str, str]:
    """Our names to the published ones."""
    modules = {ours: theirs for theirs, ours in official_keymap(config).modules.items()}
    names = {ours: theirs for theirs, ours in official_keymap(config).tensors.items()}
    for ours in tiny_unet(config).state_dict():
        module, _, leaf = ours.rpartition(".")
        if ours != "empty_prompt" and ours not in names:
            names[ours] = f"{modules[module]}.{leaf}"
    return names


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A tiny network in the published form."""
    names = published_names(NO_PRIOR)
    tensors = {names[n]: t for n, t in tiny_unet(NO_PRIOR).state_dict().items() if n != "empty_prompt"}
    torch.save({"state_dict": tensors}, tmp_path / "animate-x_ckpt.pth")
    return tmp_path / "animate-x_ckpt.pth"


@pytest.fixture
def clip_file(tmp_path: Path) -> Path:
    clip = build_clip(CLIP)
    fill(clip)
    torch.save(clip.state_dict(), tmp_path / "open_clip_pytorch_model.bin")
    return tmp_path / "open_clip_pytorch_model.bin"


@pytest.fixture
def vae_file(tmp_path: Path) -> Path:
    """The autoencoder's names and shapes; every tensor is one stored zero."""
    zero = torch.zeros(1)
    tensors = {f"first_stage_model.{n}": zero.expand(shape) for n, shape in manifest("vae").items()}
    torch.save({"state_dict": tensors}, tmp_path / "v2-1_512-ema-pruned.ckpt")
    return tmp_path / "v2-1_512-ema-pruned.ckpt"


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


def test_a_converted_file_needs_nothing_else(published: Path, clip_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "animate-x.safetensors"
    convert_unet(published, clip_file, NO_PRIOR, CLIP, out)
    loaded = load_unet(out, NO_PRIOR)
    assert torch.equal(loaded.conv_in.weight, tiny_unet(NO_PRIOR).conv_in.weight)
    assert torch.equal(loaded.empty_prompt, load_empty_prompt(clip_file, CLIP))
    header = read_header(out)
    assert header is not None
    assert header.source == file_hash(published)


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


def test_a_unianimate_network_is_recognised(tmp_path: Path) -> None:
    tensors = {"input_blocks.0.0.weight": torch.zeros(1), "dwpose_embedding.0.weight": torch.zeros(1)}
    torch.save(tensors, tmp_path / "unianimate.pth")
    with pytest.raises(CheckpointMismatch) as caught:
        load_unet(tmp_path / "unianimate.pth", NO_PRIOR)
    assert caught.value.message == (
        "unianimate.pth holds a UniAnimate network, which has no pose indicator; "
        "the published Animate-X network is needed here"
    )
    assert caught.value.hint == "check which file the preset names for what."


def test_an_unknown_file_is_called_unknown(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "x.pth")
    with pytest.raises(CheckpointMismatch, match="x.pth holds something this program does not know; "):
        load_clip(tmp_path / "x.pth", CLIP)


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load_unet(tmp_path / "none.safetensors", NO_PRIOR)
