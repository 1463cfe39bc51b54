"""PoseSequence to the skeleton pictures that the network sees.

Letters: F frames, H and W pixels, 20 body points (eighteen joints, then the left and the right foot).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat

import cv2
import numpy as np

from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import (
    BODY,
    BONES,
    FACE,
    HAND_BONES,
    LEFT_ANKLE,
    LEFT_BIG_TOE,
    LEFT_HAND,
    LEFT_SMALL_TOE,
    RIGHT_ANKLE,
    RIGHT_BIG_TOE,
    RIGHT_HAND,
    RIGHT_SMALL_TOE,
    Bone,
)
from animatex.video.frames import FrameSequence, FrameStream

_LEFT_FOOT, _RIGHT_FOOT = 18, 19
_STICKS: tuple[Bone, ...] = (*BONES, Bone(LEFT_ANKLE, _LEFT_FOOT), Bone(RIGHT_ANKLE, _RIGHT_FOOT))

# Colours are RGB as the network reads them. The released pictures were written through an image writer that
# takes blue first, so these are the usual OpenPose colours backwards; changing their order changes what the
# network sees.
_BODY_COLOURS = (
    *((0, 0, 255), (0, 85, 255), (0, 170, 255), (0, 255, 255), (0, 255, 170), (0, 255, 85), (0, 255, 0)),
    *((85, 255, 0), (170, 255, 0), (255, 255, 0), (255, 170, 0), (255, 85, 0), (255, 0, 0), (255, 0, 85)),
    *((255, 0, 170), (255, 0, 255), (170, 0, 255), (85, 0, 255), (255, 255, 170), (0, 255, 255)),
)
_HAND_COLOURS = (
    *((0, 0, 255), (0, 77, 255), (0, 153, 255), (0, 229, 255), (0, 255, 204), (0, 255, 128), (0, 255, 51)),
    *((25, 255, 0), (102, 255, 0), (179, 255, 0), (255, 255, 0), (255, 178, 0), (255, 102, 0), (255, 25, 0)),
    *((255, 0, 51), (255, 0, 128), (255, 0, 204), (230, 0, 255), (153, 0, 255), (77, 0, 255)),
)
_HAND_DISC_COLOUR = (255, 0, 0)
_FACE_COLOUR = (255, 255, 255)

# OpenCV's rasteriser works in fixed point; points further out than this change no pixel.
_FAR = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawStyle:
    """How skeletons are painted.

    Attributes:
        threshold: Key points must score more than this to be painted.
        stick_radius: Half the thickness of a body stick, in pixels, whatever the size of the picture.
        stick_brightness: Sticks are this fraction as bright as the discs on the joints.
        disc_radius: Radius of the discs on body joints and hand points, in pixels.
        hand_thickness: Thickness of a finger's lines, in pixels.
        hands: Whether hands are painted.
        face: Whether the 68 points of the face are painted, as white discs.
    """

    threshold: float
    stick_radius: int
    stick_brightness: float
    disc_radius: int
    hand_thickness: int
    hands: bool
    face: bool


RELEASED = DrawStyle(
    threshold=0.3,
    stick_radius=4,
    stick_brightness=0.6,
    disc_radius=4,
    hand_thickness=2,
    hands=True,
    face=False,
)
"""The pictures that the released model was trained on."""


def draw_poses(poses: PoseSequence, style: DrawStyle = RELEASED) -> np.ndarray:
    """Paint skeletons the way the network was trained to see them.

    Args:
        poses: Poses on the canvas to paint; unseen key points and bones with an unseen end are left out.
        style: Line widths and what is painted; `RELEASED` gives the released model's pictures to the pixel.

    Returns:
        uint8 [F, H, W, 3], RGB on black.
    """
    return stream_drawings(poses, style).collect().frames


def stream_drawings(poses: PoseSequence, style: DrawStyle = RELEASED) -> FrameStream:
    """Paint what `draw_poses` does, one picture after the other, at the poses' rate."""
    black = (np.zeros((*poses.canvas, 3), np.uint8) for _ in range(len(poses)))
    return FrameStream(_painted(black, poses, style), len(poses), poses.canvas, poses.fps)


def overlay_poses(
    frames: FrameSequence | FrameStream, poses: PoseSequence, dim: float = 0.5
) -> FrameSequence:
    """Paint skeletons over the frames they belong to, for looking at them.

    Args:
        frames: The pictures; one picture serves for all poses.
        poses: As many poses as there are frames, on any canvas of the same proportions.
        dim: How bright the pictures stay under the skeletons, 0..1.

    Returns:
        One frame per pose, at the frames' size and the poses' rate, with lines as thick as it is large.

    Raises:
        ValueError: There is more than one frame, and not one per pose.
    """
    return stream_overlay(frames, poses, dim).collect()


def stream_overlay(frames: FrameSequence | FrameStream, poses: PoseSequence, dim: float = 0.5) -> FrameStream:
    """Paint what `overlay_poses` does, one frame after the other."""
    if frames.num_frames not in (1, len(poses)):
        raise ValueError(f"{frames.num_frames} frames for {len(poses)} poses.")
    thick = max(2, round(min(frames.size) / 128))
    style = DrawStyle(
        threshold=RELEASED.threshold,
        stick_radius=thick,
        stick_brightness=RELEASED.stick_brightness,
        disc_radius=thick,
        hand_thickness=max(1, thick // 2),
        hands=True,
        face=False,
    )
    dimmed = np.clip(np.arange(256, dtype=np.uint8) * np.float32(dim), 0, 255).astype(np.uint8)
    pictures = repeat(next(iter(frames.frames)), len(poses)) if frames.num_frames == 1 else frames.frames
    painted = _painted((dimmed[picture] for picture in pictures), poses.on_canvas(frames.size), style)
    return FrameStream(painted, len(poses), frames.size, poses.fps)


def _painted(pictures: Iterable[np.ndarray], poses: PoseSequence, style: DrawStyle) -> Iterator[np.ndarray]:
    """Paint skeletons over pictures of the size of the poses' canvas, in place, and pass them on."""
    width_height = np.array([poses.canvas.width, poses.canvas.height], np.float64)
    # The released code stores fractions of the picture and multiplies them again, and the rounding of that
    # decides which pixel a key point on a pixel's edge falls into.
    fractions = np.nan_to_num(poses.keypoints.astype(np.float64)) / width_height
    scores = poses.scores.astype(np.float64)
    body, body_seen = _body20(fractions, scores, style.threshold)
    body, points = (np.clip(xy * width_height, -_FAR, _FAR) for xy in (body, fractions))
    present = (scores > 0) & (scores >= style.threshold)
    for frame, picture in enumerate(pictures):
        _paint_sticks(picture, body[frame], body_seen[frame], style)
        _paint_joints(picture, body[frame], body_seen[frame], style)
        if style.hands:
            for hand in (LEFT_HAND, RIGHT_HAND):
                _paint_hand(picture, points[frame, hand], present[frame, hand], style)
        if style.face:
            _paint_discs(picture, points[frame, FACE], present[frame, FACE], 3, _FACE_COLOUR)
        yield picture


def _body20(fractions: np.ndarray, scores: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Eighteen joints and two feet; a foot lies between its toes and is seen where both of them are."""
    seen = (scores > 0) & (scores > threshold)
    body, body_seen = [fractions[:, BODY]], [seen[:, BODY]]
    for big, small in ((LEFT_BIG_TOE, LEFT_SMALL_TOE), (RIGHT_BIG_TOE, RIGHT_SMALL_TOE)):
        body.append((fractions[:, [big]] + fractions[:, [small]]) / 2)
        body_seen.append(seen[:, [big]] & seen[:, [small]])
    return np.concatenate(body, axis=1), np.concatenate(body_seen, axis=1)


def _paint_sticks(picture: np.ndarray, body: np.ndarray, seen: np.ndarray, style: DrawStyle) -> None:
    for (parent, child), colour in zip(_STICKS, _BODY_COLOURS, strict=False):
        if not (seen[parent] and seen[child]):
            continue
        (xa, ya), (xb, yb) = body[parent].tolist(), body[child].tolist()
        centre = int((xa + xb) / 2), int((ya + yb) / 2)
        axes = int(((ya - yb) ** 2 + (xa - xb) ** 2) ** 0.5 / 2), style.stick_radius
        angle = int(math.degrees(math.atan2(ya - yb, xa - xb)))
        outline = cv2.ellipse2Poly(centre, axes, angle, 0, 360, 1)
        cv2.fillConvexPoly(picture, np.asarray(outline), [int(c * style.stick_brightness) for c in colour])


def _paint_joints(picture: np.ndarray, body: np.ndarray, seen: np.ndarray, style: DrawStyle) -> None:
    for (x, y), is_seen, colour in zip(body.tolist(), seen.tolist(), _BODY_COLOURS, strict=True):
        if is_seen:
            cv2.circle(picture, (int(x), int(y)), style.disc_radius, colour, thickness=-1)


def _paint_hand(picture: np.ndarray, hand: np.ndarray, present: np.ndarray, style: DrawStyle) -> None:
    # Unlike the body, hands and faces are painted only right of and below the first pixel.
    pixels = hand.astype(int)
    inside = (present & (pixels > 0).all(axis=1)).tolist()
    points = pixels.tolist()
    for (a, b), colour in zip(HAND_BONES, _HAND_COLOURS, strict=True):
        if inside[a] and inside[b]:
            cv2.line(picture, points[a], points[b], colour, thickness=style.hand_thickness)
    _paint_discs(picture, hand, present, style.disc_radius, _HAND_DISC_COLOUR)


def _paint_discs(
    picture: np.ndarray, points: np.ndarray, present: np.ndarray, radius: int, colour: tuple[int, int, int]
) -> None:
    pixels = points.astype(int)
    for x, y in pixels[present & (pixels > 0).all(axis=1)].tolist():
        cv2.circle(picture, (x, y), radius, colour, thickness=-1)
