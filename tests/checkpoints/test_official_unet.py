from __future__ import annotations

import pytest
import torch

from animatex.checkpoints.official_unet import POSITION_TABLE, official_keymap, translate_official
from animatex.config.loader import load_config
from animatex.config.model import UNetConfig
from animatex.config.presets import presets_folder
from animatex.errors import CheckpointMismatch
from animatex.model.build import build_unet
from tests.parity.recipe import manifest, released_config, small_config


def shapes_of(config: UNetConfig) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        unet = build_unet(config)
    shapes = {name: tuple(tensor.shape) for name, tensor in unet.state_dict().items()}
    del shapes["empty_prompt"]
    return shapes


NETWORKS = {
    "small": small_config(),
    "full": released_config(),
    "unianimate": load_config(UNetConfig, presets_folder() / "parts" / "unet-unianimate.yaml"),
}


@pytest.mark.parametrize(("size", "config"), NETWORKS.items(), ids=NETWORKS.keys())
def test_every_published_name_goes_to_a_place_of_its_own(size: str, config: UNetConfig) -> None:
    keymap = official_keymap(config)
    targets = [keymap.target(name) for name in manifest(size) if name not in keymap.dropped]
    assert None not in targets
    assert sorted(map(str, targets)) == sorted(shapes_of(config))


def test_attention_on_other_levels_is_said_in_the_presets_words() -> None:
    config = released_config().model_copy(update={"attention_levels": (1, 2, 3)})
    published = {name: torch.empty(shape, device="meta") for name, shape in manifest("full").items()}
    with pytest.raises(CheckpointMismatch) as caught:
        translate_official(published, config, shapes_of(config), file="animate-x.pth")
    lines = caught.value.message.splitlines()
    assert lines[0] == "animate-x.pth does not fit this UNet"
    assert lines[1].split()[:2] == ["missing", "392"]
    assert lines[2].split()[:2] == ["unused", "392"]
    assert caught.value.hint == (
        "the file has attention on levels 0, 1, 2; unet.attention_levels is 1, 2, 3."
    )


def test_a_table_of_other_positions_is_refused() -> None:
    config = small_config()
    published = {name: torch.empty(shape, device="meta") for name, shape in manifest("small").items()}
    published[POSITION_TABLE] = torch.zeros(1, 5, 1024)
    with pytest.raises(CheckpointMismatch) as caught:
        translate_official(published, config, shapes_of(config), file="other.pth")
    assert caught.value.message == (
        f"other.pth: {POSITION_TABLE} differs by up to 1 from the sinusoids computed here"
    )
    assert caught.value.hint == "it was trained with other positions; this network cannot represent them."
