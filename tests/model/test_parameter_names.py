"""Names and shapes of the released configuration are a contract: weights files hold them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import torch

from animatex.config.loader import load_config
from animatex.config.model import UNetConfig
from animatex.config.presets import presets_folder
from animatex.model.build import build_unet

NAMES = Path(__file__).with_name("data") / "parameter_names.json.gz"


def test_names_and_shapes_are_those_that_weights_files_hold() -> None:
    with torch.device("meta"):
        unet = build_unet(load_config(UNetConfig, presets_folder() / "parts" / "unet-animate-x.yaml"))
    promised = json.loads(gzip.decompress(NAMES.read_bytes()))
    assert {name: list(tensor.shape) for name, tensor in unet.state_dict().items()} == promised
