"""A rig cut into layers that can be moved apart: every part with what is hidden of it filled in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from animatex.codec.motion.bones import BACK_TO_FRONT
from animatex.codec.motion.cropped import is_inside
from animatex.codec.motion.face import without_features
from animatex.codec.motion.joints import Joints
from animatex.codec.motion.placement import Feature, apply
from animatex.codec.motion.symmetry import hidden_shape, limb_reflection, opposite, with_other_side
from animatex.pose.skeleton import (
    HEAD_PART,
    LEFT_EAR,
    LEFT_ELBOW,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LIMB_PARTS,
    NECK,
    PARTS,
    RIGHT_EAR,
    RIGHT_ELBOW,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    TORSO_PART,
    LimbPart,
)
from animatex.rig.fill import push_pull
from animatex.rig.rig import Rig

_MIN_SHARE = 2e-4
"""A part that covers less of the picture is not there."""


_SCRAPS = 0.15
"""A thigh that is smaller against its calf is hidden; what was taken for it is something else."""

_HIDDEN = 0.5
"""A limb that shows less than this part of its area, going by the other side's, is taken from there."""

_KNEE = 0.05
"""How far around the joint a knee reaches, as a part of the picture's height."""

_ON_THE_TRUNK = [limb.part for limb in LIMB_PARTS if limb.parent == TORSO_PART]

_ARM_JOINTS = (RIGHT_SHOULDER, RIGHT_ELBOW, LEFT_SHOULDER, LEFT_ELBOW)

_BEYOND = 0.25
"""How far a cropped part goes on behind the picture's edge, as a part of the picture's height."""

_GOING_ON = {HEAD_PART: cv2.BORDER_REPLICATE}
"""How colours go on there: mirrored, so that textures do; but a face would have more than two eyes."""

_LONGEST = 1.2
"""How far a limb and its hand or foot can go on, as a share of its bone's length."""

_NECK, _NECK_WIDTH = 0.7, 0.5
"""How far a neck goes on under the head, as a share of the way to the ears, and how wide it is at most, as a
share of the way from ear to ear."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One part on its own.

    Attributes:
        part: Index in `PARTS`.
        left, top: Where its box lies in the reference picture.
        colour: uint8 [h, w, 3], filled beyond the part's edge.
        alpha: uint8 [h, w].
        shown: Where the picture, or its mirror image, shows the part, bool [h, w].
        guessed: Whether it is the mirror image of the other side's limb, because the picture hides this one.
        bare: `colour` without the features of a face, uint8 [h, w, 3]; None where there is no face.
    """

    part: int
    left: int
    top: int
    colour: np.ndarray
    alpha: np.ndarray
    shown: np.ndarray
    guessed: bool = False
    bare: np.ndarray | None = None

    def without_face(self, features: tuple[Feature, ...]) -> Layer:
        """The same, knowing what is behind the features of a face, which lie in the reference picture."""
        if self.part not in (HEAD_PART, TORSO_PART) or not features:
            return self
        here = tuple(replace(one, centre=one.centre - (self.left, self.top)) for one in features)
        return replace(self, bare=without_features(self.colour, self.shown, here))

    def moved(self, affine: np.ndarray, part: int) -> Layer:
        """The same seen elsewhere in the picture, as another part: a guess."""
        height, width = self.alpha.shape
        offset = np.array([self.left, self.top])
        corners = apply(affine, np.array([[0, 0], [width, 0], [0, height], [width, height]]) + offset)
        low, high = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int) + 1
        place = np.concatenate([affine[:, :2], (apply(affine, offset) - low)[:, None]], 1)
        width, height = (high - low).tolist()
        return Layer(
            part,
            int(low[0]),
            int(low[1]),
            cv2.warpAffine(self.colour, place, (width, height), borderMode=cv2.BORDER_REPLICATE),
            cv2.warpAffine(self.alpha, place, (width, height)),
            cv2.warpAffine(self.shown.astype(np.uint8), place, (width, height), flags=cv2.INTER_NEAREST) > 0,
            guessed=True,
        )


@dataclass(frozen=True, slots=True, eq=False)
class PuppetLayers:
    """A character cut out.

    Attributes:
        layers: Those parts the character has, back to front.
        joints: Its joints in the reference picture.
        plate: What is behind it, uint8 [H, W, 3].
        features: Of its face, if they come off.
    """

    layers: tuple[Layer, ...]
    joints: Joints
    plate: np.ndarray
    features: tuple[Feature, ...] = ()


def cut_layers(rig: Rig, joints: Joints, features: tuple[Feature, ...] = ()) -> PuppetLayers:
    """Cut a rig into layers.

    Each limb reaches from joint to joint, with a round end under the part it hangs on, so that no motion
    tears it off, and the neck goes on under the head; each part is continued under the parts in front of it
    as far as its own outline suggests; a leg goes on up to its hip under a skirt that covers its thigh; and
    what the picture's edge cuts off goes on a little beyond it, to be seen when the character moves.

    Args:
        rig: The character.
        joints: Its joints; those of `rig.pose`, or better ones.
        features: Of its face, if they come off; the head is filled in behind them.
    """
    mask = rig.mask
    owner = _with_whole_arms(rig.parts.argmax(0).astype(np.uint8), mask, joints)
    shapes = [owner == part for part in range(len(PARTS))]
    covered = _covered_thighs(shapes, joints)
    for thigh in covered:
        shapes[thigh][:] = False
    threshold = _MIN_SHARE * owner.size
    present = [part for part in BACK_TO_FRONT if part in covered or shapes[part].sum() >= threshold]
    layers: list[Layer] = []
    for depth, part in enumerate(present):
        in_front = np.isin(owner, present[depth + 1 :])
        shape = shapes[part] | (_closed(shapes[part]) & in_front)
        ends = _round_ends(part, shapes, joints)
        shape |= hidden_shape(part, shape, in_front, joints) | ends
        seen = covered.get(part, shapes[part])
        shape |= seen | (_along_bone(part, seen, joints) & (mask > 0.5))
        # Around a knee the picture shows one limb, whichever side of it a pixel is counted to.
        own = seen | (shape & np.isin(owner, _next_on_limb(part)))
        if part == TORSO_PART:
            # So it does of a sleeve around a shoulder.
            own |= ends & np.isin(owner, _ON_THE_TRUNK)
            shape |= _neck(shapes[HEAD_PART], shapes[TORSO_PART], joints) & (owner == HEAD_PART)
        image, own = with_other_side(part, rig.image, own, shape & (mask > 0.9), joints)
        layer = _cut(part, shape, own, image, mask)
        if _is_cropped(part, joints, owner.shape):
            layer = _up_to_its_end(_beyond_the_picture(layer, owner.shape), joints, owner.shape)
        layers.append(layer)
    layers = _with_hidden_limbs(
        layers, [limb for limb in LIMB_PARTS if limb.part not in covered], shapes, joints
    )
    return PuppetLayers(tuple(layer.without_face(features) for layer in layers), joints, rig.plate, features)


def _with_whole_arms(owner: np.ndarray, mask: np.ndarray, joints: Joints) -> np.ndarray:
    """Give an arm what lies on its bone beside the trunk, where a sleeve was taken for skirt or leg."""
    trunk = [joint for joint in (RIGHT_SHOULDER, LEFT_SHOULDER, LEFT_HIP, RIGHT_HIP) if joints.seen[joint]]
    if len(trunk) < 4:
        return owner
    inside = np.zeros(owner.shape, np.uint8)
    cv2.fillConvexPoly(inside, cv2.convexHull(np.rint(joints.places[trunk]).astype(np.int32)), 1)
    arms = [limb for limb in LIMB_PARTS if limb.start in _ARM_JOINTS]
    takeable = (inside == 0) & (mask > 0.5) & ~np.isin(owner, [0, HEAD_PART, *(arm.part for arm in arms)])
    whole = owner.copy()
    for arm in arms:
        whole[_along_bone(arm.part, owner == arm.part, joints) & takeable] = arm.part
    return whole


def _covered_thighs(shapes: list[np.ndarray], joints: Joints) -> dict[int, np.ndarray]:
    """Thighs of which a skirt leaves no more than scraps, each with what the picture shows of its knee."""
    found = {}
    for calf in LIMB_PARTS:
        if calf.start not in (RIGHT_KNEE, LEFT_KNEE):
            continue
        hip = RIGHT_HIP if calf.start == RIGHT_KNEE else LEFT_HIP
        scraps, below = shapes[calf.parent], shapes[calf.part]
        if scraps.sum() < _SCRAPS * below.sum() and joints.seen[hip] and joints.seen[calf.start]:
            around = np.zeros(below.shape, np.uint8)
            cv2.circle(around, _pixel(joints.places[calf.start]), round(_KNEE * len(below)), 1, -1)
            knee = below & (around > 0)
            if knee.any():
                found[calf.parent] = knee
    return found


def _with_hidden_limbs(
    layers: list[Layer], limbs: list[LimbPart], shapes: list[np.ndarray], joints: Joints
) -> list[Layer]:
    """Put mirror images in the place of those limbs that the picture hides and whose other side it shows."""
    drawn = {layer.part: layer for layer in layers}
    for limb in limbs:
        other = opposite(limb)
        across = limb_reflection(other, limb, joints)
        if other.part not in drawn or across is None:
            continue
        there, expected = (
            shapes[limb.part].sum(),
            shapes[other.part].sum() * abs(np.linalg.det(across[:, :2])),
        )
        if there < _HIDDEN * expected:
            drawn[limb.part] = drawn[other.part].moved(across, limb.part)
    return [drawn[part] for part in BACK_TO_FRONT if part in drawn]


def _next_on_limb(part: int) -> list[int]:
    """The part of the same arm or leg that a part is joined to."""
    pairs = [(limb.part, limb.parent) for limb in LIMB_PARTS if limb.parent != TORSO_PART]
    return [other for pair in pairs if part in pair for other in pair if other != part]


def _cut(part: int, shape: np.ndarray, own: np.ndarray, image: np.ndarray, mask: np.ndarray) -> Layer:
    margin = max(4, round(0.02 * image.shape[0]))
    rows, columns = np.flatnonzero(shape.any(1)), np.flatnonzero(shape.any(0))
    top, bottom = max(0, rows[0] - margin), min(image.shape[0], rows[-1] + margin + 1)
    left, right = max(0, columns[0] - margin), min(image.shape[1], columns[-1] + margin + 1)
    box = np.s_[top:bottom, left:right]
    # Edge pixels mix the character with its background; colours are taken from well inside.
    sure = (own[box] & (mask[box] > 0.9)).astype(np.float32)
    if sure.sum() < 16:
        sure = own[box].astype(np.float32)
    # Between parts the edge is where the label changes; against the background it is as soft as the mask.
    inner = cv2.GaussianBlur(shape[box].astype(np.float32), (0, 0), 0.7)
    outline = cv2.dilate(shape[box].astype(np.uint8), np.ones((3, 3), np.uint8)) * mask[box]
    alpha = np.where(shape[box], np.maximum(inner, outline), np.minimum(outline, inner * 2))
    alpha = np.where(shape[box] & ~own[box], inner, alpha)
    return Layer(
        part,
        int(left),
        int(top),
        push_pull(image[box], sure),
        np.rint(255 * alpha.clip(0, 1)).astype(np.uint8),
        own[box],
    )


def _is_cropped(part: int, joints: Joints, size: tuple[int, int]) -> bool:
    """Whether a part at the picture's edge goes on behind it: a limb does if its end is not seen inside."""
    ends = [limb.end for limb in LIMB_PARTS if limb.part == part and joints.seen[limb.end]]
    return not any(is_inside(joints.places[end], size) for end in ends)


def _beyond_the_picture(layer: Layer, size: tuple[int, int]) -> Layer:
    """Continue a layer straight on behind those edges of the picture that it touches."""
    height, width = size
    h, w = layer.alpha.shape
    solid, reach = layer.alpha > 127, round(_BEYOND * height)
    top = reach * bool(layer.top == 0 and solid[0].any())
    bottom = reach * bool(layer.top + h == height and solid[-1].any())
    left = reach * bool(layer.left == 0 and solid[:, 0].any())
    right = reach * bool(layer.left + w == width and solid[:, -1].any())
    sides = top, bottom, left, right
    if not any(sides):
        return layer
    return Layer(
        layer.part,
        layer.left - left,
        layer.top - top,
        # Colours are known beyond the part's outline, so a mirror image keeps its texture and no background.
        cv2.copyMakeBorder(layer.colour, *sides, _GOING_ON.get(layer.part, cv2.BORDER_REFLECT)),
        cv2.copyMakeBorder(layer.alpha, *sides, cv2.BORDER_REPLICATE),
        cv2.copyMakeBorder(layer.shown.astype(np.uint8), *sides, cv2.BORDER_REPLICATE) > 0,
    )


def _up_to_its_end(layer: Layer, joints: Joints, size: tuple[int, int]) -> Layer:
    """The same limb, going on behind the picture's edges as far as its bone and a hand or foot."""
    limb = next((limb for limb in LIMB_PARTS if limb.part == layer.part), None)
    if limb is None or not (joints.seen[limb.start] and joints.seen[limb.end]):
        return layer
    start, bone = joints.places[limb.start], joints.places[limb.end] - joints.places[limb.start]
    places = np.moveaxis(np.indices(layer.alpha.shape)[::-1], 0, 2) + (layer.left, layer.top)
    outside = ((places < 0) | (places >= size[::-1])).any(2)
    too_far = (places - start) @ bone > _LONGEST * float(bone @ bone)
    return replace(layer, alpha=np.where(outside & too_far, 0, layer.alpha).astype(np.uint8))


def _closed(shape: np.ndarray) -> np.ndarray:
    """The shape with its notches filled, as where an arm lies across it."""
    # An eighth of the picture is about an arm's width; closing at a quarter of the size is sixteen times
    # cheaper.
    small = shape[::4, ::4].astype(np.uint8)
    reach = max(3, round(small.shape[0] / 8)) | 1
    padded = cv2.copyMakeBorder(small, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)[reach:-reach, reach:-reach]
    return cv2.resize(closed, shape.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0


def _round_ends(part: int, shapes: list[np.ndarray], joints: Joints) -> np.ndarray:
    """Discs around the joints that a part in front of this one turns on, so that no bend opens a gap."""
    ends = np.zeros(shapes[part].shape, np.uint8)
    for limb in LIMB_PARTS:
        behind = min(limb.part, limb.parent, key=BACK_TO_FRONT.index)
        if part != behind or not joints.seen[limb.start]:
            continue
        centre = joints.places[limb.start]
        radius = _half_width(shapes[limb.part], centre)
        cv2.circle(ends, _pixel(centre), round(radius), 1, -1)
    return ends > 0


def _neck(head: np.ndarray, torso: np.ndarray, joints: Joints) -> np.ndarray:
    """A neck as wide as the seam of head and torso that goes on towards the ears, bool [H, W]."""
    column = np.zeros(head.shape, np.uint8)
    meeting = (cv2.dilate(head.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & torso
    if not (meeting.any() and joints.seen[[NECK, RIGHT_EAR, LEFT_EAR]].all()):
        return column > 0
    neck, right, left = joints.places[[NECK, RIGHT_EAR, LEFT_EAR]]
    up = (right + left) / 2 - neck
    sideways = np.array([-up[1], up[0]]) / max(float(np.linalg.norm(up)), 1e-9)
    aside = np.abs((np.argwhere(meeting)[:, ::-1] - neck) @ sideways)
    width = min(2 * float(np.quantile(aside, 0.9)), _NECK_WIDTH * float(np.linalg.norm(left - right)))
    cv2.line(column, _pixel(neck), _pixel(neck + _NECK * up), 1, max(1, round(width)))
    return column > 0


def _along_bone(part: int, shape: np.ndarray, joints: Joints) -> np.ndarray:
    """A limb as thick as its part is on average, from joint to joint, whatever hides it in the picture."""
    bone = np.zeros(shape.shape, np.uint8)
    if not shape.any():
        return bone > 0
    for limb in LIMB_PARTS:
        if limb.part == part and joints.seen[limb.start] and joints.seen[limb.end]:
            start, end = (_pixel(joints.places[joint]) for joint in (limb.start, limb.end))
            cv2.line(bone, start, end, 1, max(1, round(2 * _mean_half_width(shape))))
    return bone > 0


def _mean_half_width(shape: np.ndarray) -> float:
    """Half the thickness of a strip with this mean distance to the outline, in pixels."""
    return 2 * float(cv2.distanceTransform(shape.astype(np.uint8), cv2.DIST_L2, 3)[shape].mean())


def _pixel(place: np.ndarray) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))


def _half_width(shape: np.ndarray, centre: np.ndarray) -> float:
    """How thick a limb is near a joint, in pixels: the largest distance to the outline around there."""
    height, width = shape.shape
    reach = max(4, round(0.05 * height))
    x, y = (int(v) for v in np.rint(centre))
    box = np.s_[
        max(0, y - 2 * reach) : min(height, y + 2 * reach), max(0, x - 2 * reach) : min(width, x + 2 * reach)
    ]
    if not shape[box].any():
        return 0.0
    distance = cv2.distanceTransform(shape[box].astype(np.uint8), cv2.DIST_L2, 3)
    top, left = box[0].start, box[1].start
    near = distance[
        max(0, y - top - reach // 2) : y - top + reach // 2 + 1,
        max(0, x - left - reach // 2) : x - left + reach // 2 + 1,
    ]
    return float(min(near.max() if near.size else 0.0, reach * 1.5))
