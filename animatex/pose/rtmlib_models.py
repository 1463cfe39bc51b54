"""The whole-body models of the rtmlib package, by the names it gives them, run without that package.

A YOLOX person detector that removes overlaps itself, and an RTMW pose network. The files are looked for in
the weights folder and never downloaded. Two things differ from rtmlib 0.0.16: a point's score is the lower of
its two maxima, as where these networks come from (rtmlib takes their mean), and where nobody is found, nobody
is returned (rtmlib looks at the whole picture then).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from animatex.errors import BackendError
from animatex.pose.dwpose import estimate_people, letterbox
from animatex.pose.estimator import DetectedPoses, Device
from animatex.pose.onnx import Network, open_networks
from animatex.runtime import Resolved
from animatex.video.frames import Size

_PERSON_SCORE = 0.3
_SITE = "https://download.openmmlab.com/mmpose/v1/projects"


@dataclass(frozen=True, slots=True)
class RtmModels:
    """A pair of networks.

    Attributes:
        detector: Name of its archive, without suffix; with .onnx, of its file.
        detector_side: Side of the picture it sees, in pixels.
        pose: The same of the pose network.
        pose_size: Height and width of the picture it sees.
    """

    detector: str
    detector_side: int
    pose: str
    pose_size: Size


_YOLOX_M = "yolox_m_8xb8-300e_humanart-c2c7a14a"
RTMLIB_MODELS = {
    "lightweight": RtmModels(
        "yolox_tiny_8xb8-300e_humanart-6f3252f9",
        416,
        "rtmw-dw-l-m_simcc-cocktail14_270e-256x192_20231122",
        Size(256, 192),
    ),
    "balanced": RtmModels(
        _YOLOX_M, 640, "rtmw-dw-x-l_simcc-cocktail14_270e-256x192_20231122", Size(256, 192)
    ),
    "performance": RtmModels(
        _YOLOX_M, 640, "rtmw-dw-x-l_simcc-cocktail14_270e-384x288_20231122", Size(384, 288)
    ),
}
"""By rtmlib's word for them, `mode`."""


class RtmWholeBody:
    """Finds all people in a picture and the 134 points of each, best detection first."""

    def __init__(self, detector: Network, side: int, model: Network, size: Size) -> None:
        """Join the two networks.

        Args:
            detector: [1, 3, side, side] to boxes [1, N, 5]: left, top, right, bottom, score.
            side: Side of its picture, in pixels.
            model: [1, 3, h, w] to two rows of bins for each point, see `pose.dwpose.estimate_people`.
            size: h and w.
        """
        self._detector, self._side = detector, side
        self._model, self._size = model, size

    def __call__(self, frame: np.ndarray) -> DetectedPoses:
        """Find the people in one picture, uint8 [H, W, 3], RGB; none if the detector sees nobody."""
        bgr = np.ascontiguousarray(frame[..., ::-1])
        blob, ratio = letterbox(bgr, self._side)
        boxes = self._detector(blob)[0][0]
        boxes = boxes[boxes[:, 4] > _PERSON_SCORE]
        boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")] / np.array([*[ratio] * 4, 1], np.float32)
        return estimate_people(bgr, boxes, self._model, self._size)


def load_rtmlib(name: str, folder: Path, device: Device) -> Resolved[RtmWholeBody]:
    """Load one of `RTMLIB_MODELS` from the weights folder.

    Returns:
        The estimator, where it runs, and why.

    Raises:
        MissingPackage: ONNX Runtime is not installed.
        BackendError: A file is missing or not a network, or the device does not work here.
    """
    models = RTMLIB_MODELS[name]
    files = [folder / f"{archive}.onnx" for archive in (models.detector, models.pose)]
    for file, project in zip(files, ("rtmposev1", "rtmw"), strict=True):
        if not file.is_file():
            raise BackendError(
                f"pose estimator 'rtmlib:{name}' does not work here: there is no file {file}",
                hint=f"put end2end.onnx of {_SITE}/{project}/onnx_sdk/{file.stem}.zip there, so named.",
            )
    networks = open_networks(files, device, f"rtmlib's {name} model")
    detector, model = networks.value
    whole_body = RtmWholeBody(detector, models.detector_side, model, models.pose_size)
    return Resolved(networks.name, networks.reason, whole_body)
