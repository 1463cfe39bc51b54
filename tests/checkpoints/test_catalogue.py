from pathlib import Path

import pytest

from animatex.checkpoints.catalogue import (
    GROUPS,
    KNOWN_FILES,
    WebSource,
    default_folder,
    files_of,
    find_all_weights,
    find_weights,
    known_file,
    locate_weights,
    pull_command,
    show_size,
    weights_of,
)
from animatex.config.loader import load_config
from animatex.config.overrides import parse_override
from animatex.config.presets import animation_presets, preset_path
from animatex.config.run import AnimateConfig
from animatex.errors import ConfigError, InputError


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


def test_missing_published_files_are_named_with_their_sizes_and_the_command_that_fetches_them(folders):
    mine, embedded = folders
    with pytest.raises(InputError) as caught:
        find_all_weights(["animate-x_ckpt.pth", "v2-1_512-ema-pruned.ckpt"], mine, embedded)
    assert caught.value.message == (
        "weights animate-x_ckpt.pth (7.27 GB), v2-1_512-ema-pruned.ckpt (5.21 GB) are not installed: "
        f"looked in {mine} and {embedded}"
    )
    assert caught.value.hint == (
        f"animatex weights pull animate-x --weights '{mine}' fetches what is missing into {mine}."
    )


def test_the_users_own_folder_needs_no_option():
    assert pull_command(["yolox_l.onnx"], default_folder()) == "animatex weights pull dwpose"
    assert pull_command(["yolox_l.onnx"], None) == "animatex weights pull dwpose"
    assert pull_command(["vgg16-397923af.pth", "yolox_l.onnx"], None) is None


def test_what_was_converted_stands_in_for_what_is_not_there(folders):
    mine, embedded = folders
    (mine / "animate-x.safetensors").touch()
    assert find_weights("animate-x_ckpt.pth", mine, embedded) == mine / "animate-x.safetensors"
    (mine / "animate-x_ckpt.pth").touch()
    assert find_weights("animate-x_ckpt.pth", mine, embedded) == mine / "animate-x_ckpt.pth"


def test_a_missing_embedded_file_says_how_to_get_it_back(folders):
    with pytest.raises(InputError) as caught:
        find_weights("mini-rig.safetensors", *folders)
    assert caught.value.hint == (
        "they ship with animatex: install it again, or train them with presets/mini-train.yaml."
    )


def test_a_missing_unknown_file_says_where_it_would_go(folders):
    with pytest.raises(InputError) as caught:
        find_weights("mine.safetensors", *folders)
    assert caught.value.hint == f"put them into {folders[0]}, or name their folder with --weights."
    with pytest.raises(InputError, match="weights runs/x.safetensors are not installed: looked in runs$"):
        find_weights("runs/x.safetensors", *folders)


def test_the_default_folder_is_the_users():
    assert default_folder().parts[-2:] == ("animatex", "weights")


def test_every_file_that_a_shipped_preset_names_is_known():
    known = {file.name for file in KNOWN_FILES}
    for name in animation_presets():
        config = load_config(AnimateConfig, preset_path(name))
        assert {*weights_of(config), config.pose.detector, config.pose.model} <= known, name


def test_a_method_that_measures_needs_no_network():
    learned = load_config(AnimateConfig, preset_path("mini"))
    measured = load_config(AnimateConfig, preset_path("mini"), [parse_override("retarget.method=combined")])
    assert {*weights_of(learned)} - {*weights_of(measured)} == {"mini-retarget.safetensors"}


def test_a_preset_with_random_weights_needs_no_files():
    assert weights_of(load_config(AnimateConfig, preset_path("tiny"))) == ()
    assert weights_of(load_config(AnimateConfig, preset_path("animate-x"))) == (
        "animate-x_ckpt.pth",
        "open_clip_pytorch_model.bin",
        "v2-1_512-ema-pruned.ckpt",
    )


def test_groups_are_of_known_files_from_somewhere():
    for group in GROUPS:
        files = files_of(group.name)
        assert {file.name for file in files} == set(group.files)
        assert all(file.source is not None and file.licence for file in files)
    assert files_of("yolox_l.onnx") == (known_file("yolox_l.onnx"),)


def test_what_is_fetched_from_a_plain_address_has_a_hash():
    for file in KNOWN_FILES:
        assert file.digest is None or len(file.digest) in (40, 64)
        assert not isinstance(file.source, WebSource) or file.digest


def test_an_unknown_group_is_named_with_those_there_are():
    with pytest.raises(ConfigError) as caught:
        files_of("animate-y")
    assert caught.value.message == "no group of weights and no file is called 'animate-y'"
    assert caught.value.hint == (
        "groups are animate-x, unianimate, dwpose, metrics; animatex weights list shows the files."
    )


@pytest.mark.parametrize(
    ("size", "shown"),
    [(5_214_865_159, "5.21 GB"), (216_746_733, "217 MB"), (7_289, "7 kB"), (12, "12 bytes")],
)
def test_sizes_are_written_for_people(size, shown):
    assert show_size(size) == shown
