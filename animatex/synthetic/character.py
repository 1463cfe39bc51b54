"""Characters by seed: which families there are, and how often."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.creatures import beast
from animatex.synthetic.humans import human
from animatex.synthetic.puppet import Character
from animatex.synthetic.stalks import plant
from animatex.synthetic.things import blob, food, furniture
from animatex.synthetic.toys import robot, snowman

FAMILIES = (
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


def sample_character(rng: np.random.Generator) -> Character:
    """Draw one character."""
    shares = np.array([share for _, share in FAMILIES])
    build, _ = FAMILIES[int(rng.choice(len(FAMILIES), p=shares / shares.sum()))]
    return build(rng)
