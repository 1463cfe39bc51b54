"""Characters by seed: which families there are, and how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

from animatex.synthetic.creatures import beast
from animatex.synthetic.humans import human
from animatex.synthetic.puppet import Character
from animatex.synthetic.stalks import plant
from animatex.synthetic.things import blob, food, furniture
from animatex.synthetic.toys import robot, snowman

Family = Literal["human", "beast", "food", "plant", "furniture", "blob", "snowman", "robot"]

FAMILIES: tuple[tuple[Callable[[np.random.Generator], Character], float], ...] = (
    (human, 0.38),
    (beast, 0.24),
    (food, 0.14),
    (plant, 0.08),
    (furniture, 0.07),
    (blob, 0.03),
    (snowman, 0.03),
    (robot, 0.03),
)
"""What a character can be, and how often it is; the shares add up to 1."""


def sample_character(rng: np.random.Generator, family: Family | None = None) -> Character:
    """Draw one character, of any family or of one."""
    if family is not None:
        return dict(zip(get_args(Family), (build for build, _ in FAMILIES), strict=True))[family](rng)
    shares = np.array([share for _, share in FAMILIES])
    build, _ = FAMILIES[int(rng.choice(len(FAMILIES), p=shares / shares.sum()))]
    return build(rng)
