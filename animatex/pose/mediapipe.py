"""MediaPipe's bundled models as a pose estimator: works offline, on any CPU, for one person."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from animatex.errors import BackendError, require
from animatex.pose.estimator import DetectedPoses
from animatex.pose.skeleton import (
    FACE,
    LEFT_ANKLE,
    LEFT_FOOT,
    LEFT_HAND,
    LEFT_KNEE,
    LEFT_WRIST,
    NUM_KEYPOINTS,
    RIGHT_ANKLE,
    RIGHT_FOOT,
    RIGHT_HAND,
    RIGHT_KNEE,
    RIGHT_WRIST,
    from_wholebody,
)

# MediaPipe's 33 body landmarks in the order of the first 23 points of COCO-WholeBody; its one
# toe serves as both.
_BODY = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28, 31, 31, 29, 32, 32, 30)

# Its 468 face landmarks in the order of the usual 68: jaw, brows, bridge, base of the nose, eyes, outer and
# inner lip.
_FACE = (
    *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
    *(71, 63, 105, 66, 107, 336, 296, 334, 293, 301, 168, 197, 5, 4, 75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87),
)

_LEGS = ((RIGHT_KNEE, RIGHT_ANKLE, RIGHT_FOOT), (LEFT_KNEE, LEFT_ANKLE, LEFT_FOOT))
_SURE_LEG = 0.5
_SURE_WRIST = 0.3
# Toes without their ankle would be a dot beside the figure.
_SEEN = 0.3
_MARGIN = 0.02


class MediaPipe:
    """MediaPipe Holistic with its full body model: body, hands and face of the most conspicuous person.

    It invents legs that are cut off by the picture's border, so points outside it and unsure points of
    such legs count as not seen. Its own smoothing assumes 30 frames a second and lags; it is off, see
    `pose.smooth`.
    """

    def __init__(self, *, still: bool) -> None:
        """Start the models.

        Args:
            still: Look at every picture afresh, instead of following the person of the last one.

        Raises:
            MissingPackage: MediaPipe is not installed.
            BackendError: Its version has no bundled models.
        """
        # Its import brings Matplotlib's, which complains where this user has no folder for it.
        with _quiet():
            package = require("mediapipe", for_="finding poses")
        if not hasattr(package, "solutions"):
            raise BackendError(
                f"pose estimator 'mediapipe' does not work here: "
                f"mediapipe {package.__version__} comes without models",
                hint="pip install 'mediapipe==0.10.14' 'protobuf<5'.",
            )
        with _quiet():
            # Only complexity 1 is bundled; the other models would be downloaded into the package's folder.
            self._holistic = package.solutions.holistic.Holistic(
                static_image_mode=still, model_complexity=1, smooth_landmarks=False
            )
            # Its networks announce themselves at the first picture; an empty one leaves nothing behind.
            self._holistic.process(np.zeros((64, 64, 3), np.uint8))

    def __call__(self, frame: np.ndarray) -> DetectedPoses:
        """Find the most conspicuous person in a picture, uint8 [H, W, 3], RGB."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="SymbolDatabase")
            found = self._holistic.process(np.ascontiguousarray(frame))
        if found.pose_landmarks is None:
            return DetectedPoses(
                np.zeros((0, NUM_KEYPOINTS, 2), np.float32),
                np.zeros((0, NUM_KEYPOINTS), np.float32),
                np.zeros((0, 5), np.float32),
            )
        fractions, scores = _assemble(found)
        scores = believable(fractions, scores)
        height, width = frame.shape[:2]
        keypoints = (fractions * [width, height]).astype(np.float32)
        seen = keypoints[scores > 0]
        if len(seen) == 0:
            seen = np.array([[0, 0], [width, height]], np.float32)
        box = [*seen.min(axis=0), *seen.max(axis=0), scores[:18].mean()]
        return DetectedPoses(keypoints[None], scores[None].astype(np.float32), np.array([box], np.float32))


def believable(fractions: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Take away the scores of points that MediaPipe only guessed.

    Args:
        fractions: float [134, 2], x and y as fractions of the picture.
        scores: float [134], MediaPipe's visibility.

    Returns:
        float [134]: 0 for points more than 2 % outside the picture, for the unsure points (below 0.5) of a
        leg that leaves the picture, and for whatever hangs on a point that is not seen; the others as they
        were.
    """
    outside = np.asarray(((fractions < -_MARGIN) | (fractions > 1 + _MARGIN)).any(axis=1))
    sure = np.clip(scores, 0.0, 1.0)
    for knee, ankle, foot in _LEGS:
        leg = [knee, ankle, *foot]
        if outside[leg].any():
            sure[leg] = np.where(sure[leg] < _SURE_LEG, 0.0, sure[leg])
    sure = np.where(outside, 0.0, sure)
    for knee, ankle, foot in _LEGS:
        if sure[knee] == 0:
            sure[ankle] = 0
        if sure[ankle] < _SEEN:
            sure[list(foot)] = 0
    return sure


def _assemble(found: Any) -> tuple[np.ndarray, np.ndarray]:  # noqa: ANN401 - a type that MediaPipe makes at run time
    """Landmarks of body, hands and face as 134 fractions of the picture and scores."""
    body = np.array([(p.x, p.y, p.visibility) for p in found.pose_landmarks.landmark])
    whole, whole_scores = np.zeros((133, 2)), np.zeros(133)
    whole[:23], whole_scores[:23] = body[list(_BODY), :2], body[list(_BODY), 2]
    fractions, scores = from_wholebody(whole, whole_scores)
    for landmarks, where, order in (
        (found.face_landmarks, FACE, _FACE),
        (found.left_hand_landmarks, LEFT_HAND, range(21)),
        (found.right_hand_landmarks, RIGHT_HAND, range(21)),
    ):
        if landmarks is not None:
            fractions[where] = [(landmarks.landmark[i].x, landmarks.landmark[i].y) for i in order]
            scores[where] = 1.0
    for wrist, hand in ((LEFT_WRIST, LEFT_HAND), (RIGHT_WRIST, RIGHT_HAND)):
        # Body and hand come from different networks; unless joined, the hand floats beside the forearm.
        if scores[hand.start] > 0 and scores[wrist] < _SURE_WRIST:
            fractions[wrist], scores[wrist] = fractions[hand.start], scores[hand.start]
        fractions[hand] += fractions[wrist] - fractions[hand.start]
    return fractions, scores


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what the C++ side writes to standard error while its networks start."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="SymbolDatabase")
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
