from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from animatex.errors import BackendError
from animatex.pose import skeleton as sk
from animatex.pose.dwpose import (
    DWPose,
    crop_person,
    letterbox,
    load_dwpose,
    person_boxes,
    read_bins,
    suppress_overlaps,
)
from tests.pose.tiny_onnx import write_constant_network

CELLS = 80 * 80 + 40 * 40 + 20 * 20


def raw_detection(*seen: tuple[int, float, float, float, int]) -> np.ndarray:
    """The detector's output for boxes of 64x64 pixels: cell, score, x and y offset in cells, class."""
    raw = np.zeros((1, CELLS, 85), np.float32)
    for cell, score, x, y, kind in seen:
        stride = 8 if cell < 6400 else 16 if cell < 8000 else 32
        raw[0, cell, :4] = x, y, np.log(64 / stride), np.log(64 / stride)
        raw[0, cell, 4] = score
        raw[0, cell, 5 + kind] = 1
    return raw


def test_a_box_is_decoded_with_its_cells_stride():
    row, column = 10, 20
    boxes = person_boxes(raw_detection((row * 80 + column, 0.9, 0.5, 0.25, 0)), ratio=0.5)
    np.testing.assert_allclose(
        boxes[0, :4] * 0.5, [20.5 * 8 - 32, 10.25 * 8 - 32, 20.5 * 8 + 32, 10.25 * 8 + 32]
    )
    boxes = person_boxes(raw_detection((6400 + 1600 + 3, 0.9, 0, 0, 0)), ratio=1.0)
    np.testing.assert_allclose(boxes[0, :4], [96 - 32, -32, 96 + 32, 32], atol=1e-4)


def test_only_people_are_kept_best_first():
    raw = raw_detection(
        (100, 0.5, 0, 0, 0), (3000, 0.95, 0, 0, 56), (5000, 0.8, 0, 0, 0), (6000, 0.25, 0, 0, 0)
    )
    np.testing.assert_allclose(person_boxes(raw, 1.0)[:, 4], [0.8, 0.5])


def test_nobody_is_no_box():
    assert person_boxes(raw_detection(), 1.0).shape == (0, 5)


def test_overlapping_boxes_leave_the_best():
    boxes = np.array([[0, 0, 10, 10, 0.5], [1, 1, 11, 11, 0.9], [40, 40, 50, 50, 0.3]], float)
    assert suppress_overlaps(boxes) == [1, 2]


@given(height=st.integers(1, 2000), width=st.integers(1, 2000))
@example(height=641, width=1)
@example(height=1, width=2000)
def test_the_detector_sees_the_whole_picture_at_its_top_left(height: int, width: int):
    blob, ratio = letterbox(np.full((height, width, 3), 7, np.uint8))
    assert blob.shape == (1, 3, 640, 640)
    rows, columns = max(1, int(height * ratio)), max(1, int(width * ratio))
    assert max(rows, columns) in (639, 640)
    assert blob[0, 0, 0, 0] == 7
    filled = (blob[0, 0] == 7).sum()
    assert filled == rows * columns
    assert (blob[0, 0] == 114).sum() == 640 * 640 - filled


def test_a_person_is_cut_out_with_room_around_and_not_distorted():
    picture = np.zeros((400, 400, 3), np.uint8)
    picture[190:210, 190:210] = 255
    blob, centre, extent = crop_person(picture, np.array([150, 150, 250, 250, 0.9]))
    assert centre.tolist() == [200, 200]
    np.testing.assert_allclose(extent, [125, 125 * 384 / 288])
    rows, columns = np.nonzero(blob[0, 0] > 1)
    np.testing.assert_allclose([rows.mean(), columns.mean()], [192, 144], atol=1.5)
    np.testing.assert_allclose(np.ptp(rows), np.ptp(columns), atol=2)


def test_bins_become_places_and_the_lower_maximum_the_score():
    x_bins, y_bins = np.zeros((133, 576), np.float32), np.zeros((133, 768), np.float32)
    x_bins[:, 288], y_bins[:, 192] = 0.9, 0.4
    x_bins[5] = -1.0
    places, scores = read_bins(x_bins, y_bins, np.array([100.0, 50.0]), np.array([288.0, 384.0]))
    np.testing.assert_allclose(places[0], [100, 50 - 96])
    assert scores[0] == np.float32(0.4)
    assert scores[5] == 0


def test_scores_above_one_are_one():
    x_bins, y_bins = np.full((133, 576), 1.7, np.float32), np.full((133, 768), 1.2, np.float32)
    assert (read_bins(x_bins, y_bins, np.zeros(2), np.ones(2))[1] == 1).all()


def test_both_networks_see_blue_first_and_the_pose_is_ours():
    seen = {}

    def detector(picture: np.ndarray) -> list[np.ndarray]:
        seen["detector"] = picture
        return [raw_detection((20 * 80 + 20, 0.9, 0, 0, 0))]

    def model(picture: np.ndarray) -> list[np.ndarray]:
        seen["model"] = picture
        x_bins, y_bins = np.zeros((1, 133, 576), np.float32), np.zeros((1, 133, 768), np.float32)
        x_bins[0, np.arange(133), 2 * np.arange(133)] = 1
        y_bins[0, :, 384] = 1
        return [x_bins, y_bins]

    red = np.zeros((640, 640, 3), np.uint8)
    red[..., 0] = 200
    found = DWPose(detector, model)(red)
    assert seen["detector"][0, :, 320, 320].tolist() == [0, 0, 200]
    assert seen["model"][0, 2].max() > seen["model"][0, 0].max()
    assert len(found) == 1
    # Right wrist, 10th of the 133: bin 20, pixel 10 of 288, in a crop 80 pixels wide around x = 160.
    assert found.keypoints[0, sk.RIGHT_WRIST, 0] == pytest.approx(160 + (10 / 288 - 0.5) * 80, abs=0.01)
    assert found.scores[0, sk.NECK] == 1


def test_nobody_found_means_the_pose_network_is_not_asked():
    def model(picture: np.ndarray) -> list[np.ndarray]:
        raise AssertionError("asked")

    assert len(DWPose(lambda _: [raw_detection()], model)(np.zeros((64, 64, 3), np.uint8))) == 0


def test_two_files_are_a_working_estimator(tmp_path: Path):
    detector = write_constant_network(
        tmp_path / "d.onnx", (640, 640), raw_detection((20 * 80 + 20, 0.9, 0, 0, 0))
    )
    x_bins, y_bins = np.zeros((1, 133, 576), np.float32), np.zeros((1, 133, 768), np.float32)
    x_bins[..., 288], y_bins[..., 384] = 0.9, 0.8
    model = write_constant_network(tmp_path / "m.onnx", (384, 288), x_bins, y_bins)
    loaded = load_dwpose(detector, model, "auto")
    assert loaded.reason == "runs on the CPU (CPUExecutionProvider)"
    found = loaded.value(np.zeros((640, 640, 3), np.uint8))
    assert len(found) == 1
    np.testing.assert_allclose(found.keypoints[0, 3:], np.full((131, 2), 160.0), atol=1e-3)
    np.testing.assert_allclose(found.scores[0, 3:], 0.8, atol=1e-6)


def test_a_file_that_is_no_network_is_refused(tmp_path: Path):
    file = tmp_path / "yolox_l.onnx"
    file.write_bytes(b"not a network")
    with pytest.raises(BackendError, match=r"yolox_l\.onnx is not a network that ONNX Runtime"):
        load_dwpose(file, file, "cpu")
