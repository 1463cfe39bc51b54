"""How the parts of a picture get to their places in one frame: a map each, some bend, and faces look about.

A map is float64 [2, 3] and takes reference pixels (x, y, 1) to frame pixels; whole numbers are the centres of
pixels. P parts (11), N points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ROUNDS = 8
"""How often a slide is gone back to find where it ends: a face's leaves three fifths of what was missing."""

_FIRM = 0.3
"""The share of a feature's radius within which all of it moves; from there on it fades into the skin."""

_UNCOVERING = 0.5
"""How far a feature goes, as a share of its radius, until the skin where it was is wholly bare."""

IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """A part's far end that moves by a map of its own, such as the hand at the end of a forearm.

    Attributes:
        part: Index in `PARTS`.
        beyond: The far end's map.
        start, end: Places in the reference, float64 [2]: from one to the other, the part's own map passes
            smoothly into `beyond`.
    """

    part: int
    beyond: np.ndarray
    start: np.ndarray
    end: np.ndarray

    def share(self, points: np.ndarray) -> np.ndarray:
        """How much of `beyond` holds at reference points [..., 2]: 0..1, [...]."""
        axis = self.end - self.start
        along = ((points - self.start) @ axis / max(float(axis @ axis), 1e-9)).clip(0, 1)
        smooth: np.ndarray = along * along * (3 - 2 * along)
        return smooth


@dataclass(frozen=True, slots=True, eq=False)
class Slide:
    """A round patch of a part that slides over it with the skin around it, as a face does that looks aside.

    Attributes:
        parts: Indices in `PARTS`: all that the patch lies on.
        centre: Of the patch in the reference, float64 [2].
        radius: Where it has faded into what stays, reference pixels.
        shift: How far the centre slides before the part's map, float64 [2], reference pixels. Less than half
            the radius, or the patch would fold.
    """

    parts: tuple[int, ...]
    centre: np.ndarray
    radius: float
    shift: np.ndarray

    def before(self, points: np.ndarray) -> np.ndarray:
        """Where the reference has what lies at points [..., 2] after sliding."""
        # Halfway between both places the patch is pressed together as much on one side as it is stretched on
        # the other.
        away = ((points - self.centre - self.shift / 2) ** 2).sum(-1) / self.radius**2
        near = (1 - away).clip(0)
        slid: np.ndarray = points - (near * near * (3 - 2 * near))[..., None] * self.shift
        return slid

    def after(self, points: np.ndarray) -> np.ndarray:
        """Where reference points [..., 2] lie after sliding."""
        slid = points
        for _ in range(_ROUNDS):
            slid = slid + points - self.before(slid)
        return slid

    def scaled(self, scale: float) -> Slide:
        """The same in pictures of `scale` times the size."""
        centre = scaled_places(self.centre, scale)
        return Slide(self.parts, centre, scale * self.radius, scale * self.shift)


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """A round spot of a face, such as an eye, that moves over a head which looks aside, up or down.

    Attributes:
        centre: In the reference, float64 [2].
        radius: Where it has faded into the skin, reference pixels.
        shift: How far it moves before the part's map, float64 [2], reference pixels.
    """

    centre: np.ndarray
    radius: float
    shift: np.ndarray

    def share(self, points: np.ndarray) -> np.ndarray:
        """How much of the feature the reference has at points [..., 2]: 0..1, [...]."""
        away = np.linalg.norm(points - self.centre, axis=-1) / self.radius
        near = ((1 - away) / (1 - _FIRM)).clip(0, 1)
        smooth: np.ndarray = near * near * (3 - 2 * near)
        return smooth

    def scaled(self, scale: float) -> Feature:
        """The same in pictures of `scale` times the size."""
        return Feature(scaled_places(self.centre, scale), scale * self.radius, scale * self.shift)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """Features that move over parts, each on its own; the skin between them stays.

    Attributes:
        parts: Indices in `PARTS`: all that the face lies on.
        features: At least one.
    """

    parts: tuple[int, ...]
    features: tuple[Feature, ...]

    def after(self, points: np.ndarray) -> np.ndarray:
        """Where reference points [..., 2] lie after the features have moved."""
        shift, share = self._together([feature.share(points) for feature in self.features])
        moved: np.ndarray = points + share[..., None] * shift
        return moved

    def arrived(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What has moved to reference points [..., 2]: how far [..., 2], and its share there [...]."""
        return self._together([feature.share(points - feature.shift) for feature in self.features])

    def bared(self, points: np.ndarray) -> np.ndarray:
        """How much of the skin at reference points [..., 2] features have left: 0..1, [...]."""
        left = [
            min(1.0, float(np.linalg.norm(feature.shift)) / (_UNCOVERING * feature.radius))
            * feature.share(points)
            for feature in self.features
        ]
        return np.max(left, axis=0)

    def reaches(self, points: np.ndarray) -> np.ndarray:
        """Whether reference points [..., 2] are near where a feature was or has moved to: bool [...]."""
        ends = np.stack([one.centre + way * one.shift for one in self.features for way in (0, 1)])
        margin = max(one.radius for one in self.features)
        near: np.ndarray = ((points > ends.min(0) - margin) & (points < ends.max(0) + margin)).all(-1)
        return near

    def _together(self, shares: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The mean shift [..., 2] of features by their shares [...], and the largest share [...]."""
        weights = np.stack(shares, -1)
        total = np.maximum(weights.sum(-1, keepdims=True), 1e-9)
        return (weights / total) @ np.stack([feature.shift for feature in self.features]), weights.max(-1)

    def scaled(self, scale: float) -> Face:
        """The same in pictures of `scale` times the size."""
        return Face(self.parts, tuple(feature.scaled(scale) for feature in self.features))


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where one frame has the parts of the reference.

    Attributes:
        maps: float64 [P, 2, 3].
        bends: At most one for each part.
        slide: What slides over the head, if anything does.
        face: What moves over the head, if anything does; instead of a slide.
    """

    maps: np.ndarray
    bends: tuple[Bend, ...] = ()
    slide: Slide | None = None
    face: Face | None = None

    def slide_on(self, part: int) -> Slide | None:
        """What slides over the part."""
        return self.slide if self.slide is not None and part in self.slide.parts else None

    def face_on(self, part: int) -> Face | None:
        """What moves over the part."""
        return self.face if self.face is not None and part in self.face.parts else None

    def bend_of(self, part: int) -> Bend | None:
        """The part's bend, if it has one."""
        return next((bend for bend in self.bends if bend.part == part), None)

    def to_frame(self, part: int, points: np.ndarray) -> np.ndarray:
        """Send a part's points [..., 2] from the reference to the frame, a face's with its features."""
        slide, face, bend = self.slide_on(part), self.face_on(part), self.bend_of(part)
        if slide is not None:
            points = slide.after(points)
        if face is not None:
            points = face.after(points)
        placed = apply(self.maps[part], points)
        if bend is None:
            return placed
        share = bend.share(points)[..., None]
        return (1 - share) * placed + share * apply(bend.beyond, points)

    def to_reference(self, part: int, points: np.ndarray) -> np.ndarray:
        """Send a part's points [..., 2] from the frame to the reference, as if no feature of a face moved."""
        slide, bend = self.slide_on(part), self.bend_of(part)
        source = apply(inverse(self.maps[part]), points)
        if bend is not None:
            share = bend.share(source)[..., None]
            source = (1 - share) * source + share * apply(inverse(bend.beyond), points)
        return source if slide is None else slide.before(source)

    def of_enlarged(self, scale: float) -> Placement:
        """The same from the reference itself, where this is from one `scale` times as large."""
        first = np.array([scale, scale, 1.0])
        bends = (
            Bend(bend.part, bend.beyond * first, bend.start / scale, bend.end / scale) for bend in self.bends
        )
        # Places of the enlarged one are the reference's times the scale, without half pixels.
        slide = self.slide and Slide(
            self.slide.parts, self.slide.centre / scale, self.slide.radius / scale, self.slide.shift / scale
        )
        features = (
            Feature(feature.centre / scale, feature.radius / scale, feature.shift / scale)
            for feature in (self.face.features if self.face else ())
        )
        face = self.face and Face(self.face.parts, tuple(features))
        return Placement(self.maps * first, tuple(bends), slide, face)

    def scaled(self, scale: float) -> Placement:
        """The same in pictures of `scale` times the size."""
        bends = (
            Bend(
                bend.part,
                scaled_map(bend.beyond, scale),
                scaled_places(bend.start, scale),
                scaled_places(bend.end, scale),
            )
            for bend in self.bends
        )
        maps = np.stack([scaled_map(affine, scale) for affine in self.maps])
        slide, face = self.slide and self.slide.scaled(scale), self.face and self.face.scaled(scale)
        return Placement(maps, tuple(bends), slide, face)


def apply(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Send points [..., 2] through a map [2, 3]."""
    return points @ affine[:, :2].T + affine[:, 2]


def inverse(affine: np.ndarray) -> np.ndarray:
    """Undo a map [2, 3]."""
    linear = np.linalg.inv(affine[:, :2])
    return np.concatenate([linear, -linear @ affine[:, 2:]], 1)


def around(linear: np.ndarray, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The map with a linear part [2, 2] that takes the point `source` to `target`."""
    return np.concatenate([linear, (target - linear @ source)[:, None]], 1)


def scaled_places(places: np.ndarray, scale: float) -> np.ndarray:
    """Where places [..., 2] are in a picture of `scale` times the size."""
    return (places + 0.5) * scale - 0.5


def scaled_map(affine: np.ndarray, scale: float) -> np.ndarray:
    """Make a map [2, 3] of pixels that of pictures of `scale` times the size."""
    centre = np.full(2, scaled_places(np.zeros(()), scale))
    linear = affine[:, :2]
    return around(linear, centre, affine[:, 2] * scale + centre)
