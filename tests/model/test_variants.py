"""UniAnimate's network and the paper's ablations: the same classes with other switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest
import torch
from pydantic import ValidationError

from animatex.conditioning.bundle import stack
from animatex.config.model import PoseIndicatorConfig, UNetConfig
from animatex.model.attention import SpatialTransformer
from animatex.model.build import build_unet
from animatex.model.unet import AnimateXUNet
from tests.model.tiny import fill, tiny_conditioning, tiny_config, tiny_noise, tiny_unet

STEP = torch.tensor([500])

SWITCHES: Mapping[str, Mapping[str, object]] = {
    "without a learned query": {"learned_query": False},
    "without a key point query": {"keypoint_query": False},
    "queries and keys swapped": {"asks": "features"},
    "swapped, without a learned query": {"asks": "features", "learned_query": False},
    "parallel to the spatial attention": {"placement": "parallel"},
    "half the weight": {"alpha": 0.5},
}
"""What the paper's Tables 4 and 5 vary in the Implicit Pose Indicator, and its weight."""


def variant(switches: Mapping[str, object] | None) -> UNetConfig:
    """The tiny network with these switches; None: without the indicator."""
    config = tiny_config()
    assert config.pose_indicator is not None
    indicator = switches and config.pose_indicator.model_copy(update=dict(switches))
    return config.model_copy(update={"pose_indicator": indicator or None})


VARIANTS = {name: variant(switches) for name, switches in SWITCHES.items()} | {
    "without the indicator": variant(None)
}
every_variant = pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS.keys())


@cache
def released() -> AnimateXUNet:
    """The released arrangement; nobody changes it."""
    return tiny_unet()


def with_released_weights(config: UNetConfig) -> AnimateXUNet:
    """A variant with those of the released arrangement's weights that it has."""
    unet = build_unet(config).eval()
    theirs = released().state_dict()
    unet.load_state_dict({name: theirs[name] for name in unet.state_dict()})
    return unet


@every_variant
def test_a_variant_predicts_velocities_and_all_of_it_learns(config: UNetConfig) -> None:
    unet = build_unet(config).train()
    fill(unet)
    v = unet(tiny_noise(2), torch.tensor([5, 900]), tiny_conditioning(2))
    assert v.shape == tiny_noise(2).shape
    v.square().mean().backward()
    assert [name for name, p in unet.named_parameters() if p.grad is None or not p.grad.any()] == []


@every_variant
@torch.inference_mode()
def test_a_variant_differs_from_the_released_arrangement(config: UNetConfig) -> None:
    ours, given = with_released_weights(config), tiny_conditioning()
    assert not torch.allclose(ours(tiny_noise(), STEP, given), released()(tiny_noise(), STEP, given))


@every_variant
@torch.inference_mode()
def test_batch_items_of_a_variant_do_not_know_of_each_other(config: UNetConfig) -> None:
    unet = tiny_unet(config)
    mine, other = tiny_conditioning(seed=0), tiny_conditioning(seed=7)
    together = unet(
        torch.cat([tiny_noise(seed=1), tiny_noise(seed=2)]), torch.tensor([500, 3]), stack([mine, other])
    )
    torch.testing.assert_close(together[:1], unet(tiny_noise(seed=1), STEP, mine))


@every_variant
def test_a_variant_starts_like_every_network(config: UNetConfig) -> None:
    assert not build_unet(config)(tiny_noise(), STEP, tiny_conditioning()).any()


@torch.inference_mode()
def test_no_indicator_equals_one_whose_attention_adds_nothing() -> None:
    silent = tiny_unet()
    for module in silent.modules():
        if isinstance(getattr(module, "pose", None), SpatialTransformer):
            module.pose.initialise()
    without = build_unet(variant(None)).eval()
    without.load_state_dict({name: silent.state_dict()[name] for name in without.state_dict()})
    given = tiny_conditioning()
    assert torch.equal(without(tiny_noise(), STEP, given), silent(tiny_noise(), STEP, given))


@torch.inference_mode()
def test_weight_zero_is_no_pose_attention() -> None:
    muted = with_released_weights(variant({"alpha": 0.0}))
    one, other = tiny_conditioning(), tiny_conditioning(seed=9)
    moved = replace(one, keypoints=other.keypoints, driving_embeds=other.driving_embeds)
    assert torch.equal(muted(tiny_noise(), STEP, one), muted(tiny_noise(), STEP, moved))


def test_somebody_has_to_ask_and_somebody_to_answer() -> None:
    released = tiny_config().pose_indicator
    assert released is not None
    with pytest.raises(ValidationError, match="both false; one of them has to ask"):
        PoseIndicatorConfig(**(released.model_dump() | {"keypoint_query": False, "learned_query": False}))
    with pytest.raises(ValidationError, match="with keypoint_query false nothing would answer"):
        PoseIndicatorConfig(**(released.model_dump() | {"keypoint_query": False, "asks": "features"}))
