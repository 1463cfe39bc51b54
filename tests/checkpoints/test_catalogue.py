from pathlib import Path

import pytest

from animatex.checkpoints.catalogue import (
    KNOWN_FILES,
    default_folder,
    find_weights,
    locate_weights,
    weights_of,
)
from animatex.config.loader import load_config
from animatex.config.presets import animation_presets, preset_path
from animatex.config.run import AnimateConfig
from animatex.errors import InputError


@pytest.fixture
def folders(tmp_path):
    mine, embedded = tmp_path / "mine", tmp_path / "embedded"
    mine.mkdir()
    embedded.mkdir()
    return mine, embedded


def test_a_file_in_the_weights_folder_wins_over_the_packages(folders):
    mine, embedded = folders
    (embedded / "mini-unet.safetensors").touch()
    assert find_weights("mini-unet.safetensors", mine, embedded) == embedded / "mini-unet.safetensors"
    (mine / "mini-unet.safetensors").touch()
    assert find_weights("mini-unet.safetensors", mine, embedded) == mine / "mini-unet.safetensors"


def test_a_name_with_a_folder_in_it_is_a_path(folders, monkeypatch):
    mine, embedded = folders
    monkeypatch.chdir(mine.parent)
    (mine / "x.safetensors").touch()
    assert find_weights("mine/x.safetensors", embedded, embedded) == Path("mine/x.safetensors")
    assert find_weights(str(mine / "x.safetensors"), None, embedded) == mine / "x.safetensors"


def test_what_is_not_installed_is_nowhere(folders):
    assert locate_weights("x.safetensors", *folders) is None


def test_a_missing_published_file_is_named_with_its_source(folders):
    mine, embedded = folders
    with pytest.raises(InputError) as caught:
        find_weights("animate-x_ckpt.pth", mine, embedded)
    assert caught.value.message == (
        f"weights animate-x_ckpt.pth are not installed: looked in {mine} and {embedded}"
    )
    assert caught.value.hint == (
        f"put it into {mine}, from https://huggingface.co/Shuaishuai0219/Animate-X (Apache-2.0)."
    )


def test_a_missing_embedded_file_says_how_to_get_it_back(folders):
    with pytest.raises(InputError) as caught:
        find_weights("mini-rig.safetensors", *folders)
    assert caught.value.hint == (
        "it ships with animatex: install animatex again, or train it with presets/mini-train.yaml."
    )


def test_a_missing_unknown_file_says_where_it_would_go(folders):
    with pytest.raises(InputError) as caught:
        find_weights("mine.safetensors", *folders)
    assert caught.value.hint == "put the file there, or name its folder with --weights."
    with pytest.raises(InputError, match="weights runs/x.safetensors are not installed: looked in runs$"):
        find_weights("runs/x.safetensors", *folders)


def test_the_default_folder_is_the_users():
    assert default_folder().parts[-2:] == ("animatex", "weights")


def test_every_file_that_a_shipped_preset_names_is_known():
    known = {file.name for file in KNOWN_FILES}
    for name in animation_presets():
        config = load_config(AnimateConfig, preset_path(name))
        assert {*weights_of(config), config.pose.detector, config.pose.model} <= known, name


def test_a_preset_with_random_weights_needs_no_files():
    assert weights_of(load_config(AnimateConfig, preset_path("tiny"))) == ()
    assert weights_of(load_config(AnimateConfig, preset_path("animate-x"))) == (
        "animate-x_ckpt.pth",
        "open_clip_pytorch_model.bin",
        "v2-1_512-ema-pruned.ckpt",
    )
