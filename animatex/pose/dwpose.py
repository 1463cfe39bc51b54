"""DWPose as a pose estimator: a YOLOX person detector and a whole-body network, two ONNX files.

Both see pictures in BGR order without mean subtraction in the detector, as the released pre-processing fed
them. Letters: P people, N candidates of the detector.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

import cv2
import numpy as np

from animatex.errors import BackendError, require
from animatex.pose.estimator import DetectedPoses, Device
from animatex.pose.skeleton import from_wholebody
from animatex.runtime import Resolved

Network = Callable[[np.ndarray], list[np.ndarray]]
"""A network with one input picture batch, float32 [1, 3, H, W]."""

_DETECTOR_SIDE = 640
_PADDING = 114
_STRIDES = (8, 16, 32)
_CANDIDATE_SCORE, _PERSON_SCORE, _OVERLAP = 0.1, 0.3, 0.45

_POSE_HEIGHT, _POSE_WIDTH = 384, 288
_BOX_GROWTH = 1.25
_BINS_PER_PIXEL = 2
# The network was trained with these in RGB order; the released pre-processing applies them to BGR.
_MEAN = np.array([123.675, 116.28, 103.53], np.float32)
_STD = np.array([58.395, 57.12, 57.375], np.float32)


class _Session(Protocol):
    """What is used of ONNX Runtime's session, which has no types of its own."""

    def run(self, outputs: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]: ...

    def get_inputs(self) -> list[_Named]: ...

    def get_providers(self) -> list[str]: ...


class _Named(Protocol):
    """Something with a name."""

    name: str


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
        keypoints = np.zeros((len(boxes), 133, 2), np.float32)
        scores = np.zeros((len(boxes), 133), np.float32)
        for i, box in enumerate(boxes):
            crop, centre, extent = crop_person(bgr, box)
            x_bins, y_bins = self._model(crop)
            keypoints[i], scores[i] = read_bins(x_bins[0], y_bins[0], centre, extent)
        ours, our_scores = from_wholebody(keypoints, scores)
        return DetectedPoses(ours, our_scores, boxes)


def load_dwpose(detector: Path, model: Path, device: Device) -> Resolved[DWPose]:
    """Load the two ONNX files.

    Returns:
        The estimator, where it runs, and why.

    Raises:
        MissingPackage: ONNX Runtime is not installed.
        BackendError: A file is not a network, or the device was asked for by name and does not work here.
    """
    runtime = require("onnxruntime", for_="running DWPose")
    provider, reason = choose_provider(device, runtime.get_available_providers())
    sessions = [_open_session(runtime, path, provider) for path in (detector, model)]
    running = {session.get_providers()[0] for session in sessions}
    if provider not in running:
        reason = f"ONNX Runtime could not start {provider} and fell back to {running.pop()}"
        if device not in ("auto", "cpu"):
            raise BackendError(f"DWPose does not run on '{device}' here: {reason}", hint="--device cpu.")
    networks = [_as_network(session) for session in sessions]
    return Resolved(provider, reason, DWPose(*networks))


def choose_provider(device: Device, available: list[str]) -> tuple[str, str]:
    """Choose ONNX Runtime's provider for a device, and say why.

    Raises:
        BackendError: The installed ONNX Runtime has none for it.
    """
    names = {"cuda": "CUDAExecutionProvider", "mps": "CoreMLExecutionProvider", "cpu": "CPUExecutionProvider"}
    if device == "auto":
        cuda = names["cuda"] in available
        return names["cuda" if cuda else "cpu"], f"runs on the {'GPU' if cuda else 'CPU'}"
    if names[device] not in available:
        raise BackendError(
            f"DWPose does not run on '{device}' here: ONNX Runtime offers {', '.join(available)}",
            hint="pip install onnxruntime-gpu instead of onnxruntime, or --device cpu.",
        )
    return names[device], f"runs on {device}, as asked for"


def letterbox(bgr: np.ndarray) -> tuple[np.ndarray, float]:
    """Shrink or enlarge a picture into the detector's square, at its top left.

    Args:
        bgr: uint8 [H, W, 3].

    Returns:
        float32 [1, 3, 640, 640], 0..255, and the factor from pixels of the picture to pixels of the square.
    """
    height, width = bgr.shape[:2]
    ratio = min(_DETECTOR_SIDE / height, _DETECTOR_SIDE / width)
    small = cv2.resize(bgr, (int(width * ratio), int(height * ratio)), interpolation=cv2.INTER_LINEAR)
    square = np.full((_DETECTOR_SIDE, _DETECTOR_SIDE, 3), _PADDING, np.uint8)
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


def crop_person(bgr: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut a person out, enlarged to the pose network's picture.

    Args:
        bgr: uint8 [H, W, 3].
        box: float [>=4]: left, top, right, bottom.

    Returns:
        float32 [1, 3, 384, 288], normalised, and the centre and the width and height of what was cut, in
        pixels.
    """
    centre = (box[:2] + box[2:4]) / 2
    width, height = (box[2:4] - box[:2]) * _BOX_GROWTH
    aspect = _POSE_WIDTH / _POSE_HEIGHT
    extent = np.array([max(width, height * aspect), max(height, width / aspect)])
    scale = _POSE_WIDTH / extent[0]
    offset = np.array([_POSE_WIDTH, _POSE_HEIGHT]) / 2 - scale * centre
    matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
    crop = cv2.warpAffine(bgr, matrix, (_POSE_WIDTH, _POSE_HEIGHT), flags=cv2.INTER_LINEAR)
    blob = ((crop.astype(np.float32) - _MEAN) / _STD).transpose(2, 0, 1)[None]
    return blob, centre, extent


def read_bins(
    x_bins: np.ndarray, y_bins: np.ndarray, centre: np.ndarray, extent: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Turn the pose network's two rows of bins for each point into places.

    Args:
        x_bins: float [133, 576], two bins for each column of the crop.
        y_bins: float [133, 768].
        centre: Centre of the crop in pixels of the picture.
        extent: Width and height of the crop in pixels of the picture.

    Returns:
        float32 [133, 2] in pixels of the picture, and scores, float32 [133] in [0, 1]: the lower of the two
        maxima.
    """
    place = np.stack([x_bins.argmax(axis=1), y_bins.argmax(axis=1)], axis=1) / _BINS_PER_PIXEL
    score = np.minimum(x_bins.max(axis=1), y_bins.max(axis=1))
    pixels = place / [_POSE_WIDTH, _POSE_HEIGHT] * extent + centre - extent / 2
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


def _open_session(runtime: ModuleType, path: Path, provider: str) -> _Session:
    providers = [provider] if provider == "CPUExecutionProvider" else [provider, "CPUExecutionProvider"]
    problems = runtime.capi.onnxruntime_pybind11_state
    try:
        return cast(_Session, runtime.InferenceSession(str(path), providers=providers))
    except (
        problems.InvalidProtobuf,
        problems.InvalidGraph,
        problems.Fail,
        problems.InvalidArgument,
    ) as error:
        raise BackendError(
            f"{path} is not a network that ONNX Runtime {runtime.__version__} can run: {error}",
            hint="download the file again, or set pose.estimator=mediapipe.",
        ) from error


def _as_network(session: _Session) -> Network:
    name = session.get_inputs()[0].name
    return lambda picture: session.run(None, {name: picture})
