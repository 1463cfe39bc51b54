from __future__ import annotations

from pathlib import Path

import pytest
import torch

from animatex.config.loader import load_config
from animatex.config.model import ClipConfig
from animatex.config.presets import presets_folder
from animatex.encoders.clip import build_clip
from animatex.encoders.vision import VisionTower
from tests.encoders.test_clip import CONFIG
from tests.model.tiny import fill

SHIPPED = sorted((presets_folder() / "parts").glob("clip-*.yaml"))


@pytest.mark.parametrize("quick_gelu", [False, True])
def test_it_computes_what_open_clips_tower_does(quick_gelu: bool) -> None:
    config = CONFIG.model_copy(update={"quick_gelu": quick_gelu})
    theirs = build_clip(config).visual.eval()
    fill(theirs)
    ours = VisionTower(config)
    ours.load_state_dict(theirs.state_dict())
    pictures = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(ours(pictures), theirs(pictures), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("part", SHIPPED, ids=lambda part: part.stem)
def test_its_parameters_are_those_of_open_clips_tower(part: Path) -> None:
    config = load_config(ClipConfig, part)
    with torch.device("meta"):
        ours, theirs = VisionTower(config), build_clip(config).visual
    shapes = {name: tensor.shape for name, tensor in theirs.state_dict().items()}
    assert {name: tensor.shape for name, tensor in ours.state_dict().items()} == shapes


def test_fresh_weights_tell_pictures_apart() -> None:
    torch.manual_seed(0)
    embeddings = VisionTower(CONFIG)(torch.randn(5, 3, 16, 16))
    assert embeddings.shape == (5, 20)
    assert embeddings.isfinite().all()
    assert float(embeddings.detach().var(0).min()) > 0
