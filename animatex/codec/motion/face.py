"""Faces that look aside, up and down: eyes, nose and mouth move over the head, or slide with its skin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from animatex.codec.motion.joints import Joints
from animatex.codec.motion.placement import Face, Feature, Slide, apply, inverse
from animatex.pose import skeleton as sk
from animatex.rig.fill import push_pull

_EARS = (sk.RIGHT_EAR, sk.LEFT_EAR)
_LOOKS = (sk.RIGHT_EYE, sk.LEFT_EYE, sk.NOSE)
_EYE, _NOSE, _MOUTH = 0.2, 0.22, 0.25
"""Radii of the features, as shares of the way from ear to ear."""

_LARGER = (1.0, 1.25, 1.5, 1.8, 2.2)
"""How much larger a feature may be: a wide smile, manga eyes."""

_BELOW = 0.6
"""Where a mouth is below its nose, as a share of the way from the eyes to there."""

_RIM, _SEEN = (0.8, 1.05), 0.25
"""Where a feature ends, in radii, and how much of that must be seen to tell whether it is skin."""

_PLAIN, _MOST = 80.0, 0.97
"""Skin is plain where most of its pixels differ by less than this from its own colour, in levels of 255."""

_FARTHEST = 0.2
"""How far a feature can move, as a share of the way from ear to ear: farther out, skin may end."""

_PATCH, _SLIDING = 0.55, 0.12
"""Half the width of a face that slides, and how far it can, as shares of the way from ear to ear."""

_SMALLEST = 2.0
"""Ears nearer to each other than this, in pixels, have no face between them."""


def has_face(joints: Joints) -> bool:
    """Whether a pose knows eyes, nose and ears."""
    return (
        bool(joints.seen[[*_LOOKS, *_EARS]].all()) and float(np.linalg.norm(joints.ear_to_ear)) >= _SMALLEST
    )


def facial_features(image: np.ndarray, head: np.ndarray, reference: Joints) -> tuple[Feature, ...]:
    """Find right eye, left eye, nose and mouth, where they can be taken off.

    Each is as large as it must be to end on plain skin. Where eyes or nose never do, as behind glasses, under
    a fringe or in markings, cutting them out would show.

    Args:
        image: uint8 [H, W, 3].
        head: What the face lies on, bool [H, W].
        reference: Joints in the picture.

    Returns:
        All four, resting; nothing where there is no face or it does not come off.
    """
    if not has_face(reference):
        return ()
    width = float(np.linalg.norm(reference.ear_to_ear))
    right, left, nose = reference.places[list(_LOOKS)]
    mouth = nose + _BELOW * (nose - (right + left) / 2)
    found = []
    for centre, radius in ((right, _EYE), (left, _EYE), (nose, _NOSE), (mouth, _MOUTH)):
        smallest = Feature(centre, radius * width, np.zeros(2))
        sizes = (replace(smallest, radius=larger * radius * width) for larger in _LARGER)
        fitting = next((feature for feature in sizes if _ends_on_skin(feature, image, head)), None)
        if fitting is None and centre is not mouth:
            return ()
        found.append(fitting or smallest)
    return tuple(found)


def _ends_on_skin(feature: Feature, image: np.ndarray, head: np.ndarray) -> bool:
    """Whether the picture shows enough of a feature's rim, and it is plain."""
    # Joints may come from a file, and lie anywhere.
    reach = _RIM[1] * feature.radius
    low = np.clip(np.floor(feature.centre - reach), 0, head.shape[::-1]).astype(int)
    high = np.clip(np.ceil(feature.centre + reach) + 1, 0, head.shape[::-1]).astype(int)
    rows, columns = np.mgrid[low[1] : high[1], low[0] : high[0]]
    away = np.hypot(columns - feature.centre[0], rows - feature.centre[1]) / feature.radius
    rim = (away > _RIM[0]) & (away < _RIM[1]) & head[low[1] : high[1], low[0] : high[0]]
    colours = image[rows[rim], columns[rim]].astype(np.float32)
    whole = np.pi * (_RIM[1] ** 2 - _RIM[0] ** 2) * feature.radius**2
    if len(colours) < max(1.0, _SEEN * whole):
        return False
    apart = np.abs(colours - np.median(colours, 0)).mean(1)
    return float(np.quantile(apart, _MOST)) <= _PLAIN


def without_features(colour: np.ndarray, shown: np.ndarray, features: tuple[Feature, ...]) -> np.ndarray:
    """Fill the features of a face with the skin around them.

    Args:
        colour: Of the part that they lie on, uint8 [h, w, 3].
        shown: Where the picture shows that part, bool [h, w].
        features: In pixels of `colour`.
    """
    rows, columns = np.indices(shown.shape)
    places = np.stack([columns, rows], -1).astype(np.float64)
    on_skin = shown & ~np.any([one.share(places) > 0 for one in features], axis=0)
    return push_pull(colour, on_skin.astype(np.float32)) if on_skin.any() else colour


def face_between(
    reference: Joints, frame: Joints, head: np.ndarray, parts: tuple[int, ...], features: tuple[Feature, ...]
) -> Face | None:
    """Say how a face's features leave the places where the head's own map has them.

    Args:
        reference: The character's joints in its picture.
        frame: Where they shall be.
        head: The head's map, float64 [2, 3].
        parts: What the face lies on, indices in `PARTS`.
        features: Those of `facial_features`.

    Returns:
        None where nothing comes off, the frame does not know all of a face, or the head is turned away.
    """
    if not features or not _both_show(reference, frame):
        return None
    shifts = _looked(reference, frame, head)
    longest = _FARTHEST * float(np.linalg.norm(reference.ear_to_ear))
    shifts *= np.minimum(1, longest / np.maximum(np.linalg.norm(shifts, axis=1, keepdims=True), 1e-9))
    # Nobody says where mouths are; they go along with their noses.
    shifts = [*shifts, shifts[-1]]
    return Face(parts, tuple(replace(one, shift=shift) for one, shift in zip(features, shifts, strict=True)))


def slide_between(reference: Joints, frame: Joints, head: np.ndarray, parts: tuple[int, ...]) -> Slide | None:
    """Say how far a face slides with the skin around it; arguments and None as for `face_between`."""
    if not _both_show(reference, frame):
        return None
    width = float(np.linalg.norm(reference.ear_to_ear))
    shift = _looked(reference, frame, head).mean(0)
    length, longest = float(np.linalg.norm(shift)), _SLIDING * width
    if length < 1e-6:
        return None
    centre = reference.places[list(_LOOKS)].mean(0)
    return Slide(parts, centre, _PATCH * width, shift * min(1.0, longest / length))


def turned_away(reference: Joints, frame: Joints) -> bool:
    """Whether ears have changed sides: the picture has no back of a head, and no face belongs there."""
    known = bool(reference.seen[list(_EARS)].all() and frame.seen[list(_EARS)].all())
    return known and float(reference.ear_to_ear @ frame.ear_to_ear) < 0


def _both_show(reference: Joints, frame: Joints) -> bool:
    """Whether both poses know a face, and the frame's looks this way."""
    known = has_face(reference) and bool(frame.seen[[*_LOOKS, *_EARS]].all())
    return known and not turned_away(reference, frame)


def _looked(reference: Joints, frame: Joints, head: np.ndarray) -> np.ndarray:
    """How far eyes and nose have left where the head's own map has them, reference pixels [3, 2]."""
    places = list(_LOOKS)
    looked: np.ndarray = apply(inverse(head), frame.places[places]) - reference.places[places]
    return looked
