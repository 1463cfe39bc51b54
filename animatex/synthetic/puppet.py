"""What a character is: proportions, and pieces of painted card that hang on its bones.

Lengths are in character units: about 1 from the soles to the top of the head. x points to the picture's
right, y down. The pelvis is the torso's origin. "Right" is the character's own right, on the picture's left;
arrays that hold both sides have the right one first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from animatex.synthetic.palette import Colour, Palette
from animatex.synthetic.surface import Material


class Frame(IntEnum):
    """What a plate hangs on."""

    PELVIS = 0
    TORSO = 1
    HEAD = 2
    RIGHT_HAND = 3
    LEFT_HAND = 4
    RIGHT_FOOT = 5
    LEFT_FOOT = 6


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One patch of colour.

    Attributes:
        outline: float [N, 2], a closed polygon in part units.
        fill: A material, or a flat colour.
        clip: Paint only where the part already is, and in the light that falls on the whole part.
        opacity: 0..1.
        shaded_as: Outline that light and contour lines follow instead, so that an end may stay open.
    """

    outline: np.ndarray
    fill: Material | Colour
    clip: bool = False
    opacity: float = 1.0
    shaded_as: np.ndarray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    """A rigid piece.

    Attributes:
        frame: What it hangs on.
        shapes: Its paint, in order, around its own origin.
        label: Body part, an index of `PARTS`.
        depth: Larger is nearer to the viewer.
        at: Where its origin sits in the frame, units.
        z: How far it stands out of the body, units; it shifts sideways when the body turns.
        swing: How far it lags behind its frame's movement, 0 for rigid things.
        flare: How much of the legs' spread widens it (skirts), 0..1.
        split: Above this y it is the head, whatever `label` says; NaN for none.
    """

    frame: Frame
    shapes: tuple[Shape, ...]
    label: int
    depth: float
    at: tuple[float, float] = (0.0, 0.0)
    z: float = 0.0
    swing: float = 0.0
    flare: float = 0.0
    split: float = math.nan


@dataclass(frozen=True, slots=True, eq=False)
class Limb:
    """An arm or a leg, painted straight down from its root at the origin, then bent.

    Attributes:
        arm: An arm, else a leg.
        side: 0 right, 1 left.
        shapes: Its paint, in order.
        radius: Half its width at the joint; how far pieces overlap.
        bend: How much of the shorter half takes part in the curve: 0.2 is an elbow, 0.9 a noodle.
        depth: Larger is nearer to the viewer.
        merged: Its root fades into the body, as a sleeve does into a shirt.
    """

    arm: bool
    side: int
    shapes: tuple[Shape, ...]
    radius: float
    bend: float
    depth: float
    merged: bool

    @property
    def labels(self) -> tuple[int, int]:
        """Body parts of the upper and the lower half."""
        first = (3 if self.arm else 7) + 2 * self.side
        return first, first + 1


@dataclass(frozen=True, slots=True)
class Body:
    """Lengths of a skeleton, in units.

    Attributes:
        torso: Pelvis to the middle between the shoulders.
        shoulder: Half the distance of the shoulders.
        hip: Half the distance of the hips.
        hip_drop: How far the hips lie below the pelvis.
        upper_arm, forearm, thigh, calf: Limbs.
        foot: Ankle to the ground.
        base: Pelvis to the body's lowest point, for those without legs.
        neck: Between the shoulders to the head's pivot.
        nose: x, y, z from the head's pivot.
        eyes: Half distance, y, z.
        ears: Half distance, y, z.
        arms: Which arms there are.
        legs: Which legs there are.
        stiff: 0 for a head that moves freely, 1 for one that is part of the torso.
        arm_bend, leg_bend: `Limb.bend`.
        mobility: How far the character moves at all, 0..1.
    """

    torso: float
    shoulder: float
    hip: float
    hip_drop: float
    upper_arm: float
    forearm: float
    thigh: float
    calf: float
    foot: float
    base: float
    neck: float
    nose: tuple[float, float, float]
    eyes: tuple[float, float, float]
    ears: tuple[float, float, float]
    arms: tuple[bool, bool] = (True, True)
    legs: tuple[bool, bool] = (True, True)
    stiff: float = 0.0
    arm_bend: float = 0.25
    leg_bend: float = 0.25
    mobility: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Character:
    """Everything about one character's looks.

    Attributes:
        kind: Its family, such as "human" or "food".
        caption: What it is, in words.
        body: Its skeleton.
        plates: Rigid pieces.
        limbs: Arms and legs.
        shade: How dark near pieces shade the ones behind, 0..1.
        palette: Its colours.
    """

    kind: str
    caption: str
    body: Body
    plates: tuple[Plate, ...]
    limbs: tuple[Limb, ...]
    shade: float
    palette: Palette

    def extent(self) -> tuple[float, float]:
        """Highest and lowest point of the standing character, y in units from the pelvis."""
        body = self.body
        frames = {Frame.TORSO: 0.0, Frame.PELVIS: 0.0, Frame.HEAD: -body.torso - body.neck}
        tops = [
            frames[plate.frame] + plate.at[1] + float(shape.outline[:, 1].min())
            for plate in self.plates
            if plate.frame in frames and plate.depth > -4
            for shape in plate.shapes
        ]
        legs = body.hip_drop + body.thigh + body.calf + body.foot
        return min(tops), legs if any(body.legs) else body.base
