from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from animatex.config.loader import load_config
from animatex.config.model import ClipConfig, ClipTextConfig, ClipVisionConfig
from animatex.config.presets import presets_folder
from animatex.encoders.clip import (
    MEAN,
    STD,
    FrozenClip,
    build_clip,
    empty_prompt_context,
    prepare_pictures,
)
from tests.model.tiny import fill

CONFIG = ClipConfig(
    embed_dim=20,
    vision=ClipVisionConfig(image_size=16, patch_size=8, width=16, layers=2, head_width=8, mlp_ratio=2.0),
    text=ClipTextConfig(context_length=5, vocab_size=30, width=24, heads=2, layers=2),
    quick_gelu=False,
)


@pytest.fixture
def encoder() -> FrozenClip:
    clip = build_clip(CONFIG)
    fill(clip)
    return FrozenClip(CONFIG, clip.visual)


def pictures(rng: np.random.Generator, count: int, height: int = 40, width: int = 24) -> np.ndarray:
    return rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def test_pictures_are_squeezed_by_pil_and_normalised(rng: np.random.Generator) -> None:
    given = pictures(rng, 2)
    prepared = prepare_pictures(given, 16)
    assert prepared.shape == (2, 3, 16, 16)
    square = np.asarray(Image.fromarray(given[1]).resize((16, 16), Image.Resampling.BILINEAR))
    expected = (square.astype(np.float32) / 255 - MEAN) / STD
    np.testing.assert_allclose(prepared[1].permute(1, 2, 0).numpy(), expected, atol=1e-6)


def test_each_picture_has_an_embedding_of_its_own(encoder: FrozenClip, rng: np.random.Generator) -> None:
    given = pictures(rng, 19)
    together = encoder.embed(given)
    assert together.shape == (19, 20)
    assert together.dtype == torch.float32
    torch.testing.assert_close(encoder.embed(given[17:18]), together[17:18], rtol=1e-4, atol=1e-5)
    assert len(together.unique(dim=0)) == 19


def test_embeddings_are_the_towers_projected_output_not_of_unit_length(
    encoder: FrozenClip, rng: np.random.Generator
) -> None:
    given = pictures(rng, 3)
    expected = encoder.visual(prepare_pictures(given, 16))
    torch.testing.assert_close(encoder.embed(given), expected)
    assert not torch.allclose(expected.norm(dim=1), torch.ones(3))


def test_it_is_frozen(encoder: FrozenClip) -> None:
    assert not encoder.visual.training
    assert not any(parameter.requires_grad for parameter in encoder.parameters())


def test_half_precision_answers_in_full(rng: np.random.Generator, encoder: FrozenClip) -> None:
    given = pictures(rng, 2)
    exact = encoder.embed(given)
    rough = encoder.bfloat16().embed(given)
    assert rough.dtype == torch.float32
    assert float((rough - exact).norm() / exact.norm()) < 0.05


def test_the_empty_prompt_is_the_normalised_penultimate_layer() -> None:
    clip = build_clip(CONFIG)
    fill(clip)
    context = empty_prompt_context(clip.eval())
    assert context.shape == (5, 24)
    tokens = torch.tensor([[28, 29, 0, 0, 0]])
    layers = clip.forward_intermediates(
        text=tokens, text_indices=[0], intermediates_only=True, normalize_intermediates=True
    )
    torch.testing.assert_close(context, layers["text_intermediates"][0][0])


def test_the_released_preset_is_vit_h_14() -> None:
    config = load_config(ClipConfig, presets_folder() / "parts" / "clip-vit-h-14.yaml")
    with torch.device("meta"):
        clip = build_clip(config)
    assert sum(parameter.numel() for parameter in clip.parameters()) == 986_109_441
    assert clip.visual.proj.shape == (1280, 1024)
    assert clip.visual.positional_embedding.shape == (257, 1280)
    assert (config.text.context_length, config.text.width) == (77, 1024)
