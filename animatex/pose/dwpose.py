"""DWPose as a pose estimator: a YOLOX person detector and a whole-body network, two ONNX files.

Both see pictures in BGR order without mean subtraction in the detector, as the released pre-processing fed
them. Letters: P people, N candidates of the detector.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from animatex.pose.estimator import DetectedPoses, Device
from animatex.pose.onnx import Network, open_networks
from animatex.pose.skeleton import from_wholebody
from animatex.runtime import Resolved
from animatex.video.frames import Size

_DETECTOR_SIDE = 640
_PADDING = 114
_STRIDES = (8, 16, 32)
_CANDIDATE_SCORE, _PERSON_SCORE, _OVERLAP = 0.1, 0.3, 0.45

_POSE_SIZE = Size(384, 288)
_BOX_GROWTH = 1.25
# The network was trained with these in RGB order; the released pre-processing applies them to BGR.
_MEAN = np.array([123.675, 116.28, 103.53], np.float32)
_STD = np.array([58.395, 57.12, 57.375], np.float32)


class DWPose:
    """Finds all people in a picture and the 134 points of each, best detection first."""

    def __init__(self, detector: Network, model: Network) -> None:
        """Join the two networks.

        Args:
            detector: YOLOX: [1, 3, 640, 640] to [1, 8400, 85].
            model: DWPose: [1, 3, 384, 288] to [1, 133, 576] and [1, 133, 768], one row of bins for x and y.
        """
        self._detector = detector
        self._model = model

    def __call__(self, frame: np.ndarray) -> DetectedPoses:
        """Find the people in one picture, uint8 [H, W, 3], RGB; none if the detector sees nobody."""
        bgr = np.ascontiguousarray(frame[..., ::-1])
        blob, ratio = letterbox(bgr)
        boxes = person_boxes(self._detector(blob)[0], ratio)
        return estimate_people(bgr, boxes, self._model, _POSE_SIZE)


def load_dwpose(detector: Path, model: Path, device: Device) -> Resolved[DWPose]:
    """Load the two ONNX files.

    Returns:
        The estimator, where it runs, and why.

    Raises:
        MissingPackage: ONNX Runtime is not installed.
        BackendError: A file is not a network, or the device was asked for by name and does not work here.
    """
    networks = open_networks((detector, model), device, "DWPose")
    return Resolved(networks.name, networks.reason, DWPose(*networks.value))


def estimate_people(bgr: np.ndarray, boxes: np.ndarray, model: Network, size: Size) -> DetectedPoses:
    """Look at each person with a whole-body network.

    Args:
        bgr: uint8 [H, W, 3].
        boxes: float [P, 5]: left, top, right, bottom, score.
        model: [1, 3, h, w] to two rows of bins for each of 133 points, two bins a pixel: [1, 133, 2 w] and
            [1, 133, 2 h].
        size: h and w.
    """
    keypoints = np.zeros((len(boxes), 133, 2), np.float32)
    scores = np.zeros((len(boxes), 133), np.float32)
    for i, box in enumerate(boxes):
        crop, centre, extent = crop_person(bgr, box, size)
        x_bins, y_bins = model(crop)
        keypoints[i], scores[i] = read_bins(x_bins[0], y_bins[0], centre, extent)
    ours, our_scores = from_wholebody(keypoints, scores)
    return DetectedPoses(ours, our_scores, boxes.astype(np.float32))


def letterbox(bgr: np.ndarray, side: int = _DETECTOR_SIDE) -> tuple[np.ndarray, float]:
    """Shrink or enlarge a picture into the detector's square, at its top left.

    Args:
        bgr: uint8 [H, W, 3].
        side: S, the square's side in pixels.

    Returns:
        float32 [1, 3, S, S], 0..255, and the factor from pixels of the picture to pixels of the square.
    """
    height, width = bgr.shape[:2]
    ratio = min(side / height, side / width)
    fitted = max(1, int(width * ratio)), max(1, int(height * ratio))
    small = cv2.resize(bgr, fitted, interpolation=cv2.INTER_LINEAR)
    square = np.full((side, side, 3), _PADDING, np.uint8)
    square[: small.shape[0], : small.shape[1]] = small
    return square.transpose(2, 0, 1)[None].astype(np.float32), ratio


def person_boxes(raw: np.ndarray, ratio: float) -> np.ndarray:
    """Decode the detector's output and keep the people.

    Args:
        raw: float [1, 8400, 85]: offsets in cells, logarithms of sizes, objectness, and 80 class scores, of
            which the first is *person*.
        ratio: The factor that `letterbox` gave.

    Returns:
        float32 [P, 5]: left, top, right, bottom in pixels of the picture, and score; best first.
    """
    grid, stride = _cells()
    centre = (raw[0, :, :2] + grid) * stride
    half = np.exp(raw[0, :, 2:4]) * stride / 2
    score = raw[0, :, 4] * raw[0, :, 5]
    boxes = np.concatenate([(centre - half) / ratio, (centre + half) / ratio, score[:, None]], axis=1)
    boxes = boxes[score > _CANDIDATE_SCORE]
    boxes = boxes[suppress_overlaps(boxes)]
    kept: np.ndarray = boxes[boxes[:, 4] > _PERSON_SCORE].astype(np.float32)
    return kept


def suppress_overlaps(boxes: np.ndarray) -> list[int]:
    """Choose the boxes that no better box overlaps by more than 45 % of their union.

    Args:
        boxes: float [N, 5]: left, top, right, bottom, score. Both border pixels count, as in YOLOX.

    Returns:
        Indices of the chosen boxes, best first.
    """
    area = (boxes[:, 2] - boxes[:, 0] + 1) * (boxes[:, 3] - boxes[:, 1] + 1)
    order = np.argsort(-boxes[:, 4], kind="stable")
    chosen: list[int] = []
    while len(order):
        best, rest = order[0], order[1:]
        chosen.append(int(best))
        low = np.maximum(boxes[best, :2], boxes[rest, :2])
        high = np.minimum(boxes[best, 2:4], boxes[rest, 2:4])
        common = np.prod(np.maximum(high - low + 1, 0), axis=1)
        order = rest[common / (area[best] + area[rest] - common) <= _OVERLAP]
    return chosen


def crop_person(
    bgr: np.ndarray, box: np.ndarray, size: Size = _POSE_SIZE
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut a person out, enlarged to the pose network's picture.

    Args:
        bgr: uint8 [H, W, 3].
        box: float [>=4]: left, top, right, bottom.
        size: h and w of the pose network's picture.

    Returns:
        float32 [1, 3, h, w], normalised, and the centre and the width and height of what was cut, in
        pixels.
    """
    centre = (box[:2] + box[2:4]) / 2
    width, height = (box[2:4] - box[:2]) * _BOX_GROWTH
    aspect = size.width / size.height
    extent = np.array([max(width, height * aspect), max(height, width / aspect)])
    scale = size.width / extent[0]
    offset = np.array([size.width, size.height]) / 2 - scale * centre
    matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
    crop = cv2.warpAffine(bgr, matrix, (size.width, size.height), flags=cv2.INTER_LINEAR)
    blob = ((crop.astype(np.float32) - _MEAN) / _STD).transpose(2, 0, 1)[None]
    return blob, centre, extent


def read_bins(
    x_bins: np.ndarray, y_bins: np.ndarray, centre: np.ndarray, extent: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Turn the pose network's two rows of bins for each point into places.

    Args:
        x_bins: float [133, 2 w], two bins for each column of the crop.
        y_bins: float [133, 2 h].
        centre: Centre of the crop in pixels of the picture.
        extent: Width and height of the crop in pixels of the picture.

    Returns:
        float32 [133, 2] in pixels of the picture, and scores, float32 [133] in [0, 1]: the lower of the two
        maxima.
    """
    place = np.stack([x_bins.argmax(axis=1), y_bins.argmax(axis=1)], axis=1)
    score = np.minimum(x_bins.max(axis=1), y_bins.max(axis=1))
    pixels = place / [x_bins.shape[1], y_bins.shape[1]] * extent + centre - extent / 2
    return pixels.astype(np.float32), np.clip(score, 0, 1).astype(np.float32)


def _cells() -> tuple[np.ndarray, np.ndarray]:
    """Column and row of each of the detector's 8400 cells, and the size of a cell in pixels."""
    grids, strides = [], []
    for stride in _STRIDES:
        side = _DETECTOR_SIDE // stride
        y, x = np.mgrid[:side, :side]
        grids.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full((side * side, 1), stride))
    return np.concatenate(grids), np.concatenate(strides)
