from __future__ import annotations

import errno
from pathlib import Path

import pytest
import torch

from animatex.checkpoints.convert import convert_clip, convert_unet, convert_vae
from animatex.checkpoints.hashes import digest_of, noted_digest
from animatex.checkpoints.load import load_clip, load_empty_prompt, load_unet, load_vae
from animatex.checkpoints.store import read_header
from animatex.errors import CheckpointMismatch, InputError
from tests.checkpoints.published import CLIP, NO_PRIOR, VAE, write_clip, write_unet, write_vae
from tests.model.tiny import tiny_unet

DTYPES = [torch.float32, torch.bfloat16, torch.float16]


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_converted_unet_needs_nothing_else(tmp_path: Path, dtype: torch.dtype) -> None:
    published, clip = write_unet(tmp_path), write_clip(tmp_path)
    out = tmp_path / "animate-x.safetensors"
    convert_unet(published, clip, NO_PRIOR, CLIP, out, dtype)
    loaded = load_unet(out, NO_PRIOR, dtype)
    assert torch.equal(loaded.conv_in.weight, tiny_unet(NO_PRIOR).conv_in.weight.to(dtype))
    assert torch.equal(loaded.empty_prompt, load_empty_prompt(clip, CLIP).to(dtype))
    assert {tensor.dtype for tensor in loaded.state_dict().values()} == {dtype}
    header = read_header(out)
    assert header is not None
    assert (header.kind, header.source) == ("unet", digest_of(published))


def test_a_converted_clip_holds_the_image_tower_alone(tmp_path: Path) -> None:
    published, out = write_clip(tmp_path), tmp_path / "clip.safetensors"
    convert_clip(published, CLIP, out)
    ours, theirs = (load_clip(path, CLIP).visual.state_dict() for path in (out, published))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert out.stat().st_size < published.stat().st_size


def test_a_converted_clip_cannot_be_asked_about_text(tmp_path: Path) -> None:
    out = tmp_path / "clip.safetensors"
    convert_clip(write_clip(tmp_path), CLIP, out)
    with pytest.raises(CheckpointMismatch) as caught:
        load_empty_prompt(out, CLIP)
    assert caught.value.message == (
        "clip.safetensors has no text tower, which the published UNet needs once: it was converted"
    )
    assert caught.value.hint == (
        "convert the UNet too, with open_clip_pytorch_model.bin at hand: animatex weights convert"
    )


def test_a_converted_autoencoder_fits_whatever_the_preset_calls_it(tmp_path: Path) -> None:
    out = tmp_path / "vae.safetensors"
    convert_vae(write_vae(tmp_path), VAE, out, torch.bfloat16)
    loaded = load_vae(out, VAE.model_copy(update={"checkpoint": str(out), "chunk": 7}))
    assert {tensor.dtype for tensor in loaded.autoencoder.state_dict().values()} == {torch.float32}
    header = read_header(out)
    assert header is not None
    assert header.config == {"widths": [128, 256, 512, 512], "blocks_per_level": 2, "latent_channels": 4}


def test_the_hash_of_what_was_made_is_noted(tmp_path: Path) -> None:
    out = tmp_path / "vae.safetensors"
    convert_vae(write_vae(tmp_path), VAE, out)
    assert noted_digest(out) == digest_of(out)


def test_where_there_is_no_room_for_the_hash_there_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, before = write_vae(tmp_path), sorted(tmp_path.iterdir())

    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(InputError, match=r"vae\.safetensors cannot be written: No space left on device"):
        convert_vae(source, VAE, tmp_path / "vae.safetensors")
    assert sorted(tmp_path.iterdir()) == before
