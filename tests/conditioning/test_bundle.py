from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from animatex.conditioning.bundle import Conditioning, Keep, stack
from tests.model.tiny import tiny_conditioning

TENSORS = [f.name for f in fields(Conditioning) if f.name != "keep"]
MASKS = [f.name for f in fields(Keep)]


@given(frames=st.integers(1, 6), data=st.data())
def test_a_window_takes_its_frames_and_the_references_slot(frames: int, data: st.DataObject) -> None:
    whole = tiny_conditioning(2, frames)
    start = data.draw(st.integers(0, frames - 1))
    chosen = range(start, data.draw(st.integers(start + 1, frames)))
    part = whole.window(chosen)
    assert part.num_frames == len(chosen)
    slots = [0, *(frame + 1 for frame in chosen)]
    assert torch.equal(part.pose_frames, whole.pose_frames[:, :, list(chosen)])
    assert torch.equal(part.prior, whole.prior[:, :, list(chosen)])
    assert torch.equal(part.keypoints, whole.keypoints[:, slots])
    assert torch.equal(part.driving_embeds, whole.driving_embeds[:, slots])
    assert part.reference_latents is whole.reference_latents


def test_the_latents_shape_follows_from_the_conditions() -> None:
    assert tiny_conditioning(2, 5).latent_shape == (2, 4, 5, 4, 2)


def test_the_unconditional_half_differs_in_its_masks_only() -> None:
    given = tiny_conditioning(2)
    without = given.unconditional()
    assert all(not getattr(without.keep, name).any() for name in MASKS)
    assert all(getattr(without, name) is getattr(given, name) for name in TENSORS)


def test_stacking_joins_along_the_batch_in_order() -> None:
    one, two = tiny_conditioning(1, seed=0), tiny_conditioning(2, seed=1).unconditional()
    both = stack([one, two])
    assert both.batch == 3
    for name in TENSORS:
        assert torch.equal(getattr(both, name), torch.cat([getattr(one, name), getattr(two, name)]))
    for name in MASKS:
        assert getattr(both.keep, name).tolist() == [1, 0, 0]


def test_moving_takes_masks_along() -> None:
    moved = tiny_conditioning().to(torch.device("cpu"), torch.bfloat16)
    assert all(getattr(moved, name).dtype == torch.bfloat16 for name in TENSORS)
    assert all(getattr(moved.keep, name).dtype == torch.bfloat16 for name in MASKS)


@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_that_does_not_fit_is_named(name: str) -> None:
    given = tiny_conditioning()
    wrong = getattr(given, name)[..., :-1]
    with pytest.raises(ValueError, match=r"is \[.*\]; needs \["):
        replace(given, **{name: wrong})


def test_the_message_says_what_a_wrong_tensor_is_and_should_be() -> None:
    with pytest.raises(ValueError) as caught:
        replace(tiny_conditioning(frames=3), keypoints=torch.zeros(1, 3, 2, 18))
    assert str(caught.value) == "keypoints is [1, 3, 2, 18]; needs [1, 4, 2, 18] to fit the other conditions."


def test_a_mask_of_another_batch_is_named() -> None:
    with pytest.raises(ValueError) as caught:
        replace(tiny_conditioning(batch=2), keep=Keep.same(1))
    assert str(caught.value) == "keep.image is [1]; needs [2]."


def test_pictures_without_frames_are_refused() -> None:
    with pytest.raises(ValueError) as caught:
        replace(tiny_conditioning(), pose_frames=torch.zeros(1, 3, 32, 16))
    assert str(caught.value) == "pose_frames is [1, 3, 32, 16]; needs [B, 3, F, H, W]."
