from pathlib import Path

import pytest
import torch

from animatex.config.ablate import AblateConfig
from animatex.config.document import read_document
from animatex.config.loader import load_config
from animatex.config.presets import animation_presets, preset_names, preset_path, presets_folder
from animatex.config.reference import preset_reference
from animatex.config.run import AnimateConfig, TrainConfig
from animatex.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
ABLATIONS = ["ablate"]
TRAINING = [name for name in preset_names() if name not in (*animation_presets(), *ABLATIONS)]


@pytest.mark.parametrize("name", animation_presets())
def test_each_animation_preset_loads_and_its_parts_fit_together(name):
    config = load_config(AnimateConfig, preset_path(name))
    prior = getattr(config.codec, "prior_channels", 0)
    assert config.unet.prior_channels == prior
    assert config.conditions.prior == (prior > 0)
    assert config.unet.text_tokens == config.clip_encoder.text.context_length
    assert config.unet.context_dim >= config.clip_encoder.text.width


@pytest.mark.parametrize("name", preset_names())
def test_each_preset_loads(name):
    kind = TrainConfig if name in TRAINING else AblateConfig if name in ABLATIONS else AnimateConfig
    load_config(kind, preset_path(name))


@pytest.mark.parametrize("name", preset_names())
def test_each_preset_begins_by_saying_what_it_is(name):
    assert preset_path(name).read_text().startswith("# ")


def test_every_part_is_used_by_a_preset():
    folder = presets_folder()
    named = "\n".join(path.read_text() for path in folder.rglob("*.yaml"))
    assert [part.name for part in (folder / "parts").glob("*.yaml") if part.name not in named] == []


def test_a_part_file_is_a_section():
    for part in (presets_folder() / "parts").glob("*.yaml"):
        assert isinstance(read_document(part).value, dict), part


def test_animate_x_is_the_released_network():
    from animatex.model.build import build_unet

    config = load_config(AnimateConfig, preset_path("animate-x"))
    with torch.device("meta"):
        unet = build_unet(config.unet)
    assert round(sum(parameter.numel() for parameter in unet.parameters()) / 1e6) == 1818
    assert (config.canvas.width, config.canvas.height, config.clip.frames) == (512, 768, 32)


def test_the_long_preset_differs_from_the_short_one_in_clip_and_context_only():
    short = load_config(AnimateConfig, preset_path("animate-x")).model_dump()
    long = load_config(AnimateConfig, preset_path("animate-x-long")).model_dump()
    assert {key for key in short if short[key] != long[key]} == {"clip", "context"}


def test_tiny_is_tiny_and_needs_no_weights():
    from animatex.model.build import build_unet

    config = load_config(AnimateConfig, preset_path("tiny"))
    with torch.device("meta"):
        unet = build_unet(config.unet)
    assert sum(parameter.numel() for parameter in unet.parameters()) < 1e6
    assert (config.checkpoint, config.clip_checkpoint, config.codec.checkpoint) == (None, None, None)


def test_the_clip_of_animate_x_is_the_one_of_open_clip():
    import open_clip

    theirs = open_clip.get_model_config("ViT-H-14")
    ours = load_config(AnimateConfig, preset_path("animate-x")).clip_encoder
    vision, text = theirs["vision_cfg"], theirs["text_cfg"]
    assert ours.embed_dim == theirs["embed_dim"]
    assert {key: getattr(ours.vision, key) for key in vision} == vision
    assert {key: getattr(ours.text, key) for key in text} == text
    assert not ours.quick_gelu


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "unet.multipliers=[]",
            "unet.multipliers: got a list; needs a list of at least 1, each a whole number of at least 1.",
        ),
        (
            "codec.rig.widths=[]",
            "codec.rig.widths: got a list; needs a list of at least 2, each a whole number of at least 1.",
        ),
        ("codec.rig.widths=[16,50]", "codec.rig: widths is [16, 50]; the norms need multiples of 16."),
        ("unet.base_width=40", "unet: base_width is 40; the norms need a multiple of 32."),
        ("unet.head_dim=64", "unet: head_dim is 64; a level that attends is 32 wide."),
        (
            "unet.pose_indicator.keypoint_heads=5",
            "unet: context_dim is 32; needs a multiple of pose_indicator.keypoint_heads (5).",
        ),
        (
            "clip_encoder.vision.head_width=5",
            "clip_encoder.vision: width is 32; cannot be cut into heads of 5.",
        ),
        (
            "clip_encoder.vision.head_width=64",
            "clip_encoder.vision: width is 32; cannot be cut into heads of 64.",
        ),
        ("clip_encoder.vision.patch_size=17", "clip_encoder.vision: patch_size is 17; image_size is 16."),
        ("clip_encoder.text.heads=5", "clip_encoder.text: width is 32; needs a multiple of heads (5)."),
    ],
)
def test_sizes_that_make_no_network_are_refused_in_words(setting, message):
    with pytest.raises(ConfigError) as caught:
        load_config(AnimateConfig, preset_path("tiny"), [setting])
    assert caught.value.message.endswith(message)


def test_presets_lie_in_an_installed_package(tmp_path):
    (tmp_path / "site" / "animatex" / "presets").mkdir(parents=True)
    (tmp_path / "site" / "presets").mkdir()
    assert presets_folder(tmp_path / "site" / "animatex") == tmp_path / "site" / "animatex" / "presets"


def test_presets_lie_beside_the_package_in_a_checkout(tmp_path):
    assert presets_folder(tmp_path / "animatex") == tmp_path / "presets"


def test_a_preset_is_found_by_name_and_by_path(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("seed: 1\n")
    assert preset_path("tiny").name == "tiny.yaml"
    assert preset_path(str(mine)) == mine


def test_recipes_and_ablations_are_no_animation_presets(tmp_path):
    (tmp_path / "one.yaml").write_text("seed: 1\n")
    (tmp_path / "two.yaml").write_text("stages: []\n")
    (tmp_path / "six.yaml").write_text("rows: []\n")
    assert preset_names(tmp_path) == ("one", "six", "two")
    assert animation_presets(tmp_path) == ("one",)


def test_an_unknown_preset_suggests_the_nearest_one():
    with pytest.raises(ConfigError) as caught:
        preset_path("animatex")
    assert caught.value.message == "no preset is called 'animatex'. Did you mean 'animate-x'?"
    assert caught.value.hint.startswith("there are ablate, animate-x, animate-x-long, ")
    assert caught.value.hint.endswith("; or the path of a YAML file.")


def test_a_preset_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(ConfigError, match="gone.yaml does not exist$"):
        preset_path(str(tmp_path / "gone.yaml"))
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(ConfigError, match="folder.yaml is a folder$"):
        preset_path(str(tmp_path / "folder.yaml"))


def test_the_reference_is_up_to_date():
    stale = "docs/presets.md is stale: python -m animatex.config.reference > docs/presets.md"
    assert (ROOT / "docs" / "presets.md").read_text() == preset_reference(), stale


def test_the_reference_explains_every_section_once():
    reference = preset_reference()
    headings = [line for line in reference.splitlines() if line.startswith("### ")]
    assert len(headings) == len(set(headings))
    assert "### SamplerConfig" in headings
    assert "| `steps` | a whole number from 1 to 1000 |" in reference
