from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from animatex.conditioning.bundle import Keep
from animatex.conditioning.dropout import drop_conditions
from animatex.config.run import ConditionDropout

MASKS = [f.name for f in fields(Keep)]


def dropout(**chances: float) -> ConditionDropout:
    return ConditionDropout(**({name: 0.0 for name in MASKS} | {"all": 0.0} | chances))


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_without_dropout_everything_acts() -> None:
    keep = drop_conditions(dropout(), 50, seeded())
    assert all(getattr(keep, name).all() for name in MASKS)


@pytest.mark.parametrize("name", MASKS)
def test_each_condition_drops_by_its_own_chance(name: str) -> None:
    keep = drop_conditions(dropout(**{name: 0.3}), 4000, seeded())
    assert float(getattr(keep, name).mean()) == pytest.approx(0.7, abs=0.03)
    assert all(getattr(keep, other).all() for other in MASKS if other != name)


def test_all_conditions_drop_together() -> None:
    keep = drop_conditions(dropout(all=0.4), 4000, seeded())
    masks = torch.stack([getattr(keep, name) for name in MASKS])
    assert ((masks == 0).all(dim=0) | (masks == 1).all(dim=0)).all()
    assert float(masks.mean()) == pytest.approx(0.6, abs=0.03)


def test_a_seed_means_the_same_masks() -> None:
    chances = dropout(image=0.5, motion=0.5)
    one, two = drop_conditions(chances, 64, seeded()), drop_conditions(chances, 64, seeded())
    assert torch.equal(one.motion, two.motion)
    assert not torch.equal(one.motion, one.image)
