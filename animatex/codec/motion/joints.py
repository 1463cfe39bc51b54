"""The joints that say where a character's parts are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from animatex.pose import skeleton as sk


@dataclass(frozen=True, slots=True, eq=False)
class Joints:
    """The 18 body joints of one frame.

    Attributes:
        places: float64 [18, 2], pixels; whole numbers are the centres of pixels.
        seen: bool [18].
    """

    places: np.ndarray
    seen: np.ndarray

    @property
    def ear_to_ear(self) -> np.ndarray:
        """Vector from the right ear to the left one."""
        across: np.ndarray = self.places[sk.LEFT_EAR] - self.places[sk.RIGHT_EAR]
        return across
