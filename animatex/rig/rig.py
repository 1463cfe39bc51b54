"""What is understood of one picture of a character: the value, and how the rig network's maps become it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch import Tensor

from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import MIRROR_PAIRS, NUM_KEYPOINTS, PARTS
from animatex.rig.fill import push_pull
from animatex.rig.inpaint import inpaint
from animatex.rig.matte import refine_mask
from animatex.rig.network import NUM_JOINTS, RigMaps, RigNetwork, joint_hints
from animatex.rig.pieces import without_strays
from animatex.video.fit import resize
from animatex.video.frames import Size

MIRRORED_PARTS = (0, 1, 2, 5, 6, 3, 4, 9, 10, 7, 8)
"""Label of each part in the mirrored picture."""

_swap = {a: b for pair in MIRROR_PAIRS for a, b in (pair, pair[::-1])}
MIRRORED_JOINTS = tuple(_swap.get(joint, joint) for joint in range(NUM_JOINTS))
"""Number of each joint in the mirrored picture."""

_DISTANCES = (0.92, 1.12, 1.3, 1.6)
"""Sides of the boxes that are looked at besides the character's own, relative to it. Edges are seen best from
nearby; long ears from afar."""


@dataclass(frozen=True, slots=True, eq=False)
class Unaided:
    """What the network saw of a character that nobody had told it of.

    Attributes:
        box: Left, top, right, bottom of where it looked closely.
        background: How much of each pixel it took for background, float32 [H, W] in 0..1.
    """

    box: tuple[int, int, int, int]
    background: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Rig:
    """A character taken apart.

    Attributes:
        image: The picture, uint8 [H, W, 3], RGB.
        parts: How much of each pixel belongs to each of `PARTS`, float32 [11, H, W] in 0..1; sums to 1.
        pose: Its joints, one frame on the picture's own canvas; score: how sure it is that the joint exists.
        plate: The picture without the character, uint8 [H, W, 3].
        unaided: What the network saw without being told of joints; None where it has not looked so.
    """

    image: np.ndarray
    parts: np.ndarray
    pose: PoseSequence
    plate: np.ndarray
    unaided: Unaided | None = None

    @property
    def mask(self) -> np.ndarray:
        """How much of each pixel is character, float32 [H, W] in 0..1."""
        return 1 - self.parts[0]


@torch.no_grad()
def read_rig(
    image: np.ndarray,
    network: RigNetwork,
    alpha: np.ndarray | None = None,
    known: PoseSequence | None = None,
    unaided: Unaided | None = None,
) -> Rig:
    """Find the parts, joints, mask and background of the character in a picture.

    The network looks at the whole picture, and then closely at where the character is, from five distances
    whose answers about parts are averaged, and of whose joints the median counts; each time also at the
    mirrored picture, whose answer is mirrored back and averaged in. Joints that are known say which part is
    which; if none are, it is told those of which it is sure itself, and looks again. Where the character ends
    they may mislead about, so half of the mask comes from looking without them.

    Args:
        image: uint8 [H, W, 3], RGB.
        network: In evaluation mode, on the device and in the type it shall work in.
        alpha: uint8 [H, W], 255 where the character is, where the picture brings its own mask.
        known: Joints that somebody else found, one frame on the picture's own canvas; those of score 0
            are looked for as if nothing were known.
        unaided: What it saw of this picture before anything was known; None: that is looked at too.
    """
    size = Size(*image.shape[:2])
    box = _find_box(image, network, alpha) if unaided is None else unaided.box
    parts, joints, present = _look_closely(image, box, network, _hints(known))
    if known is None:
        unaided = Unaided(box, parts[0])
        # What exists was seen before it was told.
        parts, joints, _ = _look_closely(image, box, network, _sure(joints, present))
    elif unaided is None and alpha is None:
        unaided = Unaided(box, _look_closely(image, box, network, _hints(None))[0][0])
    if alpha is not None:
        mask = alpha.astype(np.float32) / 255
    else:
        assert unaided is not None
        mask = refine_mask(1 - (parts[0] + unaided.background) / 2, image)
    inside = np.maximum(without_strays(parts[1:], mask, joints), 1e-6)
    parts = np.concatenate([1 - mask[None], inside / inside.sum(0) * mask], 0).astype(np.float32)
    return Rig(image, parts, _as_pose(joints, present, size), background_plate(image, mask), unaided)


def with_painted_plate(rig: Rig) -> Rig:
    """Give the smooth background behind the character the textures around it, by half.

    Copied textures alone look sharper but go wrong loudly; the mean of both goes on with shelves and floors,
    is no farther from the truth than smoothness alone, and keeps quiet where nothing fits.
    """
    textured = inpaint(rig.image, _hidden(rig.mask))
    return replace(rig, plate=cv2.addWeighted(rig.plate, 0.5, textured, 0.5, 0))


def background_plate(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fill in the character smoothly: uint8 [H, W, 3] from the picture and its mask, float [H, W] in 0..1."""
    hidden = _hidden(mask)
    known = 1 - cv2.GaussianBlur(hidden.astype(np.float32), (0, 0), _rim(mask) / 8)
    known[hidden] = 0
    return push_pull(image, known)


def _hidden(mask: np.ndarray) -> np.ndarray:
    """Where the picture does not show its background, bool [H, W].

    A rim around the mask still has the character's colours and shadow; it must not be smeared over the hole.
    """
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_rim(mask), _rim(mask)))
    hidden: np.ndarray = cv2.dilate((mask > 0.1).astype(np.uint8), disc) > 0
    return hidden


def _rim(mask: np.ndarray) -> int:
    return max(3, round(0.035 * mask.shape[0])) | 1


def _hints(known: PoseSequence | None) -> tuple[Tensor, Tensor]:
    """Places [1, 18, 2] of the known joints in picture pixels, and which are known [1, 18]."""
    if known is None:
        return torch.zeros(1, NUM_JOINTS, 2), torch.zeros(1, NUM_JOINTS, dtype=torch.bool)
    return (
        torch.from_numpy(known.keypoints[:1, :NUM_JOINTS]).float(),
        torch.from_numpy(known.scores[:1, :NUM_JOINTS] > 0),
    )


def _sure(joints: np.ndarray, present: np.ndarray) -> tuple[Tensor, Tensor]:
    """The same of joints [18, 2] that the network found, and that are more likely there than not."""
    return torch.from_numpy(joints)[None].float(), torch.from_numpy(present > 0.5)[None]


def _find_box(image: np.ndarray, network: RigNetwork, alpha: np.ndarray | None) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of where the character is; of the picture, if there is none."""
    size = Size(*image.shape[:2])
    whole = (0, 0, size.width, size.height)
    found = _look(image, whole, network, _hints(None))[0][0] < 0.5 if alpha is None else alpha > 127
    return _character_box(found, size) or whole


def _look_closely(
    image: np.ndarray,
    box: tuple[int, int, int, int],
    network: RigNetwork,
    hints: tuple[Tensor, Tensor],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Look at a box, from nearer and farther: what `_look` returns.

    The parts are the mean of what it saw, the joints the median; whether they exist is seen best in the box
    itself.
    """
    parts, joints, present = _look(image, box, network, hints)
    places = [joints]
    for distance in _DISTANCES:
        seen, joints, _ = _look(image, _scaled_box(box, distance), network, hints)
        parts = parts + seen
        places.append(joints)
    parts[0] += parts.sum(0) == 0
    return parts / parts.sum(0), np.median(places, axis=0), present


def _scaled_box(box: tuple[int, int, int, int], scale: float) -> tuple[int, int, int, int]:
    """A box of the same centre; it may reach beyond the picture."""
    left, top, right, bottom = box
    across, down = (right - left) * (scale - 1) / 2, (bottom - top) * (scale - 1) / 2
    return (
        math.floor(left - across),
        math.floor(top - down),
        math.ceil(right + across),
        math.ceil(bottom + down),
    )


def _look(
    image: np.ndarray,
    box: tuple[int, int, int, int],
    network: RigNetwork,
    hints: tuple[Tensor, Tensor],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run the network on a box of the picture.

    Returns:
        Part probabilities [11, H, W] (all of them 0 outside of the box), joints [18, 2] in pixels of the
        whole picture, probabilities [18] that they exist.
    """
    left, top, right, bottom = box
    crop = _cut_out(image, box)
    size = working_size(Size(*crop.shape[:2]), network.config.height, network.config.stride)
    small = resize(crop, size)
    weight = network.stem.weight
    pixels = torch.from_numpy(small).permute(2, 0, 1)[None].to(weight.device, weight.dtype) / 255
    scale = np.array([crop.shape[1] / size.width, crop.shape[0] / size.height], np.float32)
    places = (hints[0] - torch.tensor([left, top])) / torch.from_numpy(scale)
    shown = joint_hints(places.to(weight.device), hints[1].to(weight.device), pixels)
    mirrored = shown[:, list(MIRRORED_JOINTS)].flip(3)
    maps = network(torch.cat([pixels, pixels.flip(3)]), torch.cat([shown, mirrored]))
    parts, joints, present = _merged(maps)

    enlarged = cv2.resize(
        parts.transpose(1, 2, 0), (crop.shape[1], crop.shape[0]), interpolation=cv2.INTER_LINEAR
    )
    everywhere = np.zeros((len(PARTS), *image.shape[:2]), np.float32)
    inside = everywhere[:, max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    above, before = max(0, -top), max(0, -left)
    inside[:] = enlarged[above:, before:][: inside.shape[1], : inside.shape[2]].transpose(2, 0, 1)
    return everywhere, joints * scale + np.array([left, top], np.float32), present


def _cut_out(image: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """A box of the picture, uint8 [h, w, 3]; beyond the picture's edges its colours go on smoothly."""
    left, top, right, bottom = box
    height, width = image.shape[:2]
    inside = image[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    beyond = ((max(0, -top), max(0, bottom - height)), (max(0, -left), max(0, right - width)))
    known = np.pad(np.ones(inside.shape[:2], np.float32), beyond)
    return inside if known.all() else push_pull(np.pad(inside, (*beyond, (0, 0))), known)


def _merged(maps: RigMaps) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Average a picture's maps (item 0) with those of its mirror image (item 1); joints in network pixels."""
    parts = maps.parts.float().softmax(1)
    parts = (parts[0] + parts[1, list(MIRRORED_PARTS)].flip(2)) / 2
    heat = maps.joints.float().flatten(2).softmax(2).view_as(maps.joints)
    heat = (heat[0] + heat[1, list(MIRRORED_JOINTS)].flip(2)) / 2
    present = maps.present.float().sigmoid()
    present = (present[0] + present[1, list(MIRRORED_JOINTS)]) / 2
    return parts.cpu().numpy(), joint_places(heat).cpu().numpy(), present.cpu().numpy()


def joint_places(heat: Tensor, cell: int = 4, reach: int = 2) -> Tensor:
    """Read joints off their distributions: the centre of mass around the highest place.

    Args:
        heat: Probabilities, float [J, h, w].
        cell: Picture pixels along a cell's side.
        reach: Cells around the peak that count.

    Returns:
        float32 [J, 2], x and y in picture pixels.
    """
    joints, height, width = heat.shape
    peak = heat.flatten(1).argmax(1)
    rows, columns = torch.arange(height, device=heat.device), torch.arange(width, device=heat.device)
    near_row = (rows[None] - (peak // width)[:, None]).abs() <= reach
    near_column = (columns[None] - (peak % width)[:, None]).abs() <= reach
    local = heat.float() * near_row[:, :, None] * near_column[:, None, :]
    total = local.sum((1, 2)).clamp_min(1e-12)
    y = (local.sum(2) * (rows + 0.5)).sum(1) / total
    x = (local.sum(1) * (columns + 0.5)).sum(1) / total
    return torch.stack([x, y], 1) * cell


def working_size(picture: Size, height: int, stride: int) -> Size:
    """Choose the size at which the network sees a picture.

    Its area is that of a 2:3 portrait of the given height, whatever the picture's proportions (at most 1:2
    to 2:1), so that characters appear about as large as in training.
    """
    area = height * height * 2 / 3
    ratio = min(max(picture.width / picture.height, 0.5), 2.0)
    tall = (area / ratio) ** 0.5
    return Size(max(1, round(tall / stride)) * stride, max(1, round(tall * ratio / stride)) * stride)


def _character_box(found: np.ndarray, size: Size) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom around the largest connected region, with a margin; None if empty."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8))
    if count < 2:
        return None
    x, y, width, height, _ = stats[1 + stats[1:, cv2.CC_STAT_AREA].argmax()]
    margin = round(0.15 * max(width, height))
    return (
        int(max(0, x - margin)),
        int(max(0, y - margin)),
        int(min(size.width, x + width + margin)),
        int(min(size.height, y + height + margin)),
    )


def _as_pose(joints: np.ndarray, present: np.ndarray, size: Size) -> PoseSequence:
    """Put 18 joints into a one-frame PoseSequence."""
    keypoints = np.zeros((1, NUM_KEYPOINTS, 2), np.float32)
    scores = np.zeros((1, NUM_KEYPOINTS), np.float32)
    keypoints[0, :NUM_JOINTS], scores[0, :NUM_JOINTS] = joints, np.clip(present, 0, 1)
    return PoseSequence(keypoints, scores, size, fps=1.0)
