from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from animatex.errors import BackendError
from animatex.pose.backends import resolve_estimator
from animatex.pose.rtmlib_models import RTMLIB_MODELS, RtmWholeBody
from animatex.pose.skeleton import from_wholebody
from animatex.video.frames import Size
from tests.pose.test_extract import config
from tests.pose.tiny_onnx import write_constant_network

RECORDED = np.load(Path(__file__).parent / "data" / "rtmlib.npz")


def bins(size: Size) -> tuple[np.ndarray, np.ndarray]:
    points = np.arange(133)
    x_bins = np.zeros((1, 133, 2 * size.width), np.float32)
    y_bins = np.zeros((1, 133, 2 * size.height), np.float32)
    x_bins[0, points, 3 * points % x_bins.shape[2]] = 0.9
    y_bins[0, points, 5 * points % y_bins.shape[2]] = 0.5
    return x_bins, y_bins


def test_pictures_and_places_are_those_of_rtmlib():
    seen: dict[str, list[np.ndarray]] = {"detector": [], "pose": []}

    def detector(picture: np.ndarray) -> list[np.ndarray]:
        seen["detector"].append(picture)
        return [RECORDED["boxes"][None]]

    def model(picture: np.ndarray) -> list[np.ndarray]:
        seen["pose"].append(picture)
        return list(bins(Size(256, 192)))

    found = RtmWholeBody(detector, 640, model, Size(256, 192))(RECORDED["picture"])
    assert len(found) == 2
    square = seen["detector"][0][0].transpose(1, 2, 0)
    np.testing.assert_array_equal(square[::16, ::16], RECORDED["detector"])
    # The best comes first here; rtmlib keeps the detector's order, in which it is the second.
    for ours, theirs in zip(seen["pose"], RECORDED["crops"][::-1], strict=True):
        np.testing.assert_allclose(ours[0].transpose(1, 2, 0)[::8, ::8], theirs, atol=0.05)
    expected, _ = from_wholebody(RECORDED["keypoints"][::-1], np.ones((2, 133), np.float32))
    np.testing.assert_allclose(found.keypoints, expected, atol=1e-3)
    assert found.boxes[:, 4].tolist() == [np.float32(0.9), np.float32(0.55)]
    # Ours is the lower of the two maxima, which rtmlib averages.
    assert set(found.scores[0, 2:].tolist()) == {0.5}


@pytest.mark.parametrize("name", RTMLIB_MODELS)
def test_every_model_works_from_its_two_files(name: str, tmp_path: Path):
    models = RTMLIB_MODELS[name]
    side, size = models.detector_side, models.pose_size
    boxes = np.array([[[10, 20, 110, 220, 0.8]]], np.float32)
    write_constant_network(tmp_path / f"{models.detector}.onnx", (side, side), boxes)
    write_constant_network(tmp_path / f"{models.pose}.onnx", tuple(size), *bins(size))
    chosen = resolve_estimator(config(estimator=f"rtmlib:{name}"), tmp_path, "cpu")
    assert chosen.name == f"rtmlib:{name}"
    assert chosen.reason == "asked for; runs on the CPU (CPUExecutionProvider), as asked for"
    found = chosen.value(np.zeros((side, side, 3), np.uint8))
    np.testing.assert_allclose(found.boxes[0], boxes[0, 0])
    nobody = RtmWholeBody(lambda _: [boxes * 0], side, lambda _: pytest.fail("asked"), size)
    assert len(nobody(np.zeros((64, 64, 3), np.uint8))) == 0


def test_a_missing_file_is_named_with_where_it_comes_from_and_nothing_is_downloaded(tmp_path: Path):
    with pytest.raises(BackendError) as error:
        resolve_estimator(config(estimator="rtmlib:balanced"), tmp_path)
    file = tmp_path / "yolox_m_8xb8-300e_humanart-c2c7a14a.onnx"
    assert error.value.message == (
        f"pose estimator 'rtmlib:balanced' does not work here: there is no file {file}"
    )
    assert error.value.hint == (
        "put end2end.onnx of https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/onnx_sdk/"
        "yolox_m_8xb8-300e_humanart-c2c7a14a.zip there, so named."
    )
    file.write_bytes(b"")
    with pytest.raises(BackendError, match=r"there is no file .*rtmw-dw-x-l_simcc-cocktail14_270e-256x192"):
        resolve_estimator(config(estimator="rtmlib:balanced"), tmp_path)
