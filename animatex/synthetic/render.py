"""Characters to pictures: place the painted pieces in every frame, and know each pixel's origin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby

import cv2
import numpy as np

from animatex.synthetic.motion import Channel
from animatex.synthetic.puppet import Character
from animatex.synthetic.rigging import Pose, limb_maps, plate_maps
from animatex.synthetic.sprites import HEAD_PART, Sprite
from animatex.synthetic.surroundings import Surroundings, settle
from animatex.video.frames import Size

_BEHIND = -2.0


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """Where the ground's origin is in the picture, and how large a unit.

    Attributes:
        scale: Pixels of one unit.
        x: Pixels.
        y: Pixels.
    """

    scale: float
    x: float
    y: float

    def project(self, points: np.ndarray) -> np.ndarray:
        """Ground coordinates to pixels, [..., 2]; whole numbers are the centres of pixels."""
        return points * self.scale + (self.x, self.y)

    def key_points(self, points: np.ndarray) -> np.ndarray:
        """Ground coordinates to key points, float32 [..., 2]; whole numbers are where pixels begin."""
        places: np.ndarray = (self.project(points) + 0.5).astype(np.float32)
        return places


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A drawn frame.

    Attributes:
        image: uint8 [H, W, 3].
        owner: int16 [H, W], index of the sprite seen, -1 for the background.
    """

    image: np.ndarray
    owner: np.ndarray


def placements(character: Character, pose: Pose) -> np.ndarray:
    """Affine maps [F, S, 2, 3] from each sprite's own units to the ground."""
    plates = [
        np.repeat(plate_maps(pose, plate)[:, None], 1 if math.isnan(plate.split) else 2, axis=1)
        for plate in character.plates
    ]
    limbs = [limb_maps(pose, limb) for limb in character.limbs]
    return np.concatenate([*plates, *limbs], axis=1)


def pixel_maps(sprites: tuple[Sprite, ...], maps: np.ndarray, camera: Camera) -> np.ndarray:
    """Turn `placements` into maps from sprite pixels to picture pixels, [F, S, 2, 3]."""
    out = np.empty_like(maps)
    origins = np.array([s.origin for s in sprites])
    out[..., :2] = maps[..., :2]
    out[..., 2] = maps[..., 2] * camera.scale + (camera.x, camera.y)
    out[..., 2] -= (maps[..., :2] @ origins[:, :, None])[..., 0]
    return out


def drawing_order(sprites: tuple[Sprite, ...], pose: Pose, frame: int) -> list[int]:
    """Indices of the sprites from back to front."""
    front = pose.motion.both(Channel.FRONT)[frame]
    leg_front = pose.motion.both(Channel.LEG_FRONT)[frame]
    yaw = pose.motion.one(Channel.YAW)[frame]
    far = 1 if yaw > 0.5 else 0 if yaw < -0.5 else -1

    def depth(index: int) -> float:
        sprite = sprites[index]
        if sprite.arm >= 0:
            behind = front[sprite.arm] < 0 or sprite.arm == far
            own = sprite.depth - np.floor(sprite.depth)
            return _BEHIND + 0.5 * own if behind else sprite.depth
        if sprite.leg >= 0:
            return sprite.depth + 0.4 * leg_front[sprite.leg] - 0.2 * (sprite.leg == far)
        return sprite.depth

    return sorted(range(len(sprites)), key=depth)


def draw(
    backdrop: np.ndarray,
    sprites: tuple[Sprite, ...],
    maps: np.ndarray,
    order: list[int],
    around: Surroundings,
    ground: float,
) -> Picture:
    """Compose one frame.

    Args:
        backdrop: uint8 [H, W, 3], already with contact shadows.
        sprites: The pieces.
        maps: float [S, 2, 3] from sprite pixels to picture pixels.
        order: Back to front.
        around: Light and shadows.
        ground: y of the floor under the character, pixels.
    """
    height, width = backdrop.shape[:2]
    canvas = np.empty((height, width, 4), np.float32)
    canvas[..., :3] = backdrop
    canvas[..., 3] = 0
    owner = np.full((height, width), -1, np.int16)
    boxes = _boxes(sprites, maps, Size(height, width))
    for _, group in groupby(order, key=lambda index: _caster(sprites[index])):
        layer = [
            index
            for index in group
            if boxes[index, 0] < boxes[index, 2] and boxes[index, 1] < boxes[index, 3]
        ]
        if layer:
            _lay(canvas, owner, sprites, maps, boxes, layer, around)
    settle(canvas, around, ground)
    np.clip(canvas, 0, 255, out=canvas)
    return Picture(canvas[..., :3].astype(np.uint8), owner)


def _caster(sprite: Sprite) -> int:
    """Pieces with the same number do not shade each other."""
    if sprite.arm >= 0:
        return 1 + sprite.arm
    return 3 if sprite.leg >= 0 else 4 + (sprite.label == HEAD_PART and sprite.depth > 0.5)


def _boxes(sprites: tuple[Sprite, ...], maps: np.ndarray, size: Size) -> np.ndarray:
    """Pixels that each sprite can touch: int [S, 4], x0, y0, x1, y1, within the picture."""
    extent = np.array([sprite.colour.shape[1::-1] for sprite in sprites])
    sides = maps[:, :, :2] * extent[:, None, :]
    low = np.minimum(sides, 0).sum(axis=2) + maps[:, :, 2]
    high = np.maximum(sides, 0).sum(axis=2) + maps[:, :, 2]
    limit = (size.width, size.height)
    return np.concatenate([np.clip(low - 1, 0, limit), np.clip(high + 2, 0, limit)], axis=1).astype(int)


def _lay(
    canvas: np.ndarray,
    owner: np.ndarray,
    sprites: tuple[Sprite, ...],
    maps: np.ndarray,
    boxes: np.ndarray,
    layer: list[int],
    around: Surroundings,
) -> None:
    """Compose pieces that belong together, and the shade they throw on the character behind them."""
    x0, y0 = boxes[layer, :2].min(axis=0)
    x1, y1 = boxes[layer, 2:].max(axis=0)
    blur = max(len(canvas) / 60, 1.2)
    margin = int(2.5 * blur) + 1
    x0, y0 = max(x0 - margin, 0), max(y0 - margin, 0)
    x1, y1 = min(x1 + margin, canvas.shape[1]), min(y1 + margin, canvas.shape[0])
    under = canvas[y0:y1, x0:x1]
    if around.shade < 0.05 or not under[..., 3].any():
        for index in layer:
            _place(canvas, owner, sprites[index], maps[index], boxes[index], index)
        return
    group = np.zeros_like(under)
    for index in layer:
        _place(group, owner[y0:y1, x0:x1], sprites[index], maps[index], boxes[index], index, (x0, y0))
    shift = np.float32([[1, 0, -0.9 * blur * around.light[0]], [0, 1, 0.9 * blur * abs(around.light[1])]])
    soft = cv2.GaussianBlur(cv2.warpAffine(group[..., 3], shift, group.shape[1::-1]), (0, 0), blur)
    under[..., :3] *= (1 - around.shade * soft * under[..., 3])[..., None]
    under *= (1 - group[..., 3])[..., None]
    under += group


def _place(
    canvas: np.ndarray,
    owner: np.ndarray,
    sprite: Sprite,
    matrix: np.ndarray,
    box: np.ndarray,
    index: int,
    corner: tuple[int, int] = (0, 0),
) -> None:
    """Lay one piece over `canvas`, whose first pixel is the picture's pixel `corner`."""
    x0, y0, x1, y1 = box
    shifted = matrix.copy()
    shifted[:, 2] -= (x0, y0)
    patch = cv2.warpAffine(sprite.colour, shifted, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
    cover = patch[..., 3]
    window = (slice(y0 - corner[1], y1 - corner[1]), slice(x0 - corner[0], x1 - corner[0]))
    under = canvas[window]
    under *= (1 - cover)[..., None]
    under += patch
    owner[window][cover > 0.5] = index


def trace(
    sprites: tuple[Sprite, ...],
    picture: Picture,
    maps: np.ndarray,
    reference: Picture,
    reference_maps: np.ndarray,
) -> np.ndarray:
    """Find for each pixel the reference pixel that shows the same surface point.

    Returns:
        float32 [H, W, 2], (x, y); a background pixel names itself; NaN where the reference does not show it.
    """
    height, width = picture.owner.shape
    motion = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
    ys, xs = np.nonzero(picture.owner >= 0)
    if not len(ys):
        return motion
    back = _between(maps, reference_maps).astype(np.float32)
    owner = picture.owner[ys, xs]
    m = back[owner]
    source = m[:, :, 0] * xs[:, None] + m[:, :, 1] * ys[:, None] + m[:, :, 2]
    nearest = np.round(source).astype(np.int32)
    inside = (nearest >= 0).all(1) & (nearest[:, 0] < width) & (nearest[:, 1] < height)
    nearest[~inside] = 0
    groups = np.array([s.group for s in sprites] + [-1])
    seen = inside & (groups[reference.owner[nearest[:, 1], nearest[:, 0]]] == groups[owner])
    source[~seen] = np.nan
    motion[ys, xs] = source
    return motion


def _between(maps: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Maps [S, 2, 3] from this frame's pixels to the reference's."""
    full = np.zeros((2, len(maps), 3, 3))
    full[:, :, 2, 2] = 1
    full[0, :, :2], full[1, :, :2] = maps, reference
    determinant = np.linalg.det(full[0])
    full[0, np.abs(determinant) < 1e-9, :2, :2] += np.eye(2) * 1e-3
    return (full[1] @ np.linalg.inv(full[0]))[:, :2]
