from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from animatex.config.run import PoseConfig, SmoothConfig
from animatex.errors import InputError
from animatex.pose.estimator import DetectedPoses
from animatex.pose.extract import (
    detected_frames,
    estimate_poses,
    extract_poses,
    finish_poses,
    require_frame_count,
    track_report,
)
from animatex.video.frames import FrameSequence, Size
from tests.pose.figures import figure


def people(*places: tuple[float, float], size: float = 40) -> DetectedPoses:
    """People as small boxes around these places, recognisable by where their nose is."""
    keypoints = np.zeros((len(places), 134, 2), np.float32)
    keypoints[:] = np.array(places, np.float32).reshape(-1, 1, 2)
    boxes = [[x - size / 2, y - size, x + size / 2, y + size, 0.9] for x, y in places]
    scores = np.full((len(places), 134), 0.8, np.float32)
    return DetectedPoses(keypoints, scores, np.array(boxes, np.float32).reshape(-1, 5))


class Told:
    """An estimator that was told what to see."""

    def __init__(self, *seen: DetectedPoses):
        self.seen = list(seen)

    def __call__(self, frame: np.ndarray) -> DetectedPoses:
        return self.seen.pop(0)


def follow(*seen: DetectedPoses, person="largest", fps: float = 24.0) -> list[float]:
    frames = np.zeros((len(seen), 100, 400, 3), np.uint8)
    poses = estimate_poses(frames, fps, Told(*seen), person)
    return [
        float(x) if score else None
        for x, score in zip(poses.keypoints[:, 0, 0], poses.scores[:, 0], strict=True)
    ]


def config(**changes) -> PoseConfig:
    smooth = SmoothConfig(method="none", min_cutoff=1.0, beta=0.0, max_gap=0)
    values = dict(
        estimator="auto",
        detector="d.onnx",
        model="m.onnx",
        person="largest",
        score_threshold=0.3,
        max_missing=0.25,
        smooth=smooth,
        reference_pose="detect",
    )
    return PoseConfig(**{**values, **changes})


def test_the_chosen_person_is_followed_past_others():
    first = people((100, 50), (300, 50))
    assert follow(first, people((290, 50), (110, 50)), people((120, 50), (280, 50)), person="first") == [
        100,
        110,
        120,
    ]


@pytest.mark.parametrize(
    ("person", "place"), [("largest", 300), ("centre", 180), ("first", 100), (0, 100), (1, 180), (2, 300)]
)
def test_a_person_is_chosen_by_size_place_or_number(person: str | int, place: float):
    seen = people((100, 50), (300, 50), (180, 50))
    boxes = seen.boxes.copy()
    boxes[1, :4] += [-20, -20, 20, 20]
    assert follow(DetectedPoses(seen.keypoints, seen.scores, boxes), person=person) == [place]


def test_nobody_takes_the_place_of_a_person_who_left():
    assert follow(people((50, 50)), people((350, 50)), people((60, 50)))[:2] == [50, None]


def test_who_was_chosen_by_number_may_come_back_among_fewer():
    seen = [people((50, 50), (300, 50)), *[people()] * 6]
    assert follow(*seen, people((100, 50)), people((105, 50), (280, 50)), fps=5.0, person=1)[-2:] == [
        100,
        105,
    ]
    assert follow(*seen, people((280, 50)), fps=5.0, person=1)[-1] == 280
    three = people((50, 50), (180, 50), (300, 50))
    assert follow(three, *[people()] * 6, people((100, 50), (280, 50)), fps=5.0, person=2)[-1] == 280


def test_who_shows_only_a_hand_may_move_it():
    assert follow(*(people((x, 50), size=1) for x in (50, 60, 70))) == [50, 60, 70]


def test_a_person_lost_for_a_second_is_chosen_afresh():
    seen = [people((50, 50)), *[people() for _ in range(6)], people((350, 50))]
    assert follow(*seen, fps=5.0)[-1] == 350


def test_a_frame_without_a_person_has_scores_of_zero():
    poses = estimate_poses(np.zeros((2, 9, 9, 3), np.uint8), 24.0, Told(people(), people((4, 4))))
    assert detected_frames(poses).tolist() == [False, True]


def test_frames_are_taken_one_at_a_time():
    held = []

    def frames() -> Iterator[np.ndarray]:
        for i in range(3):
            held.append(i)
            yield np.zeros((10, 20, 3), np.uint8)

    class Watching(Told):
        def __call__(self, frame: np.ndarray) -> DetectedPoses:
            assert len(held) == 4 - len(self.seen)
            return super().__call__(frame)

    poses = estimate_poses(frames(), 24.0, Watching(*[people((5, 5))] * 3))
    assert poses.canvas == Size(10, 20)


def test_progress_hears_of_every_frame():
    class Counter:
        def __init__(self):
            self.heard = []

        def start(self, stage: str, total: int | None = None) -> None:
            self.heard.append((stage, total))

        def advance(self, n: int = 1) -> None:
            self.heard.append(n)

        def done(self) -> None:
            self.heard.append("done")

    counter = Counter()
    estimate_poses(
        np.zeros((2, 9, 9, 3), np.uint8), 24.0, Told(people((4, 4)), people((4, 4))), "largest", counter, 2
    )
    assert counter.heard == [("finding poses", 2), 1, 1, "done"]


def test_unsure_points_are_hidden_and_the_rest_is_kept():
    frames = FrameSequence(np.zeros((1, 100, 100, 3), np.uint8), 12.0)
    seen = people((50, 50))
    scores = seen.scores.copy()
    scores[0, 3] = 0.29
    poses = extract_poses(frames, Told(DetectedPoses(seen.keypoints, scores, seen.boxes)), config())
    assert poses.scores[0, 3] == 0
    assert (poses.scores > 0).sum() == 133
    assert poses.fps == 12.0


def test_too_many_frames_without_a_person_are_named():
    poses = figure(frames=8)
    lost = np.zeros((8, 134), bool)
    lost[[3, 4, 6]] = True
    with pytest.raises(InputError) as error:
        finish_poses(poses.hidden(lost), config(), "dance.mp4")
    assert error.value.message == (
        "no person in 3 of 8 frames of dance.mp4 (first: frame 3); pose.max_missing=0.25 allows 2"
    )
    assert "pose.score_threshold" in error.value.hint
    finish_poses(poses.hidden(lost), config(max_missing=0.4))


@pytest.mark.parametrize(
    ("frames", "which", "hint"),
    [(1, "it", "a character that is no human"), (5, "any of its 5 frames", "lower pose.score_threshold")],
)
def test_a_video_without_a_person_is_refused_whatever_is_allowed(frames: int, which: str, hint: str):
    nobody = figure(frames=frames).hidden(np.ones(134, bool))
    with pytest.raises(InputError) as error:
        finish_poses(nobody, config(max_missing=1.0), "sea.mp4")
    assert error.value.message == f"no person in sea.mp4: nobody was found in {which}"
    assert hint in error.value.hint


def test_a_number_nobody_has_is_refused():
    with pytest.raises(InputError, match="person 2 was asked for, but frame 0 shows 2"):
        follow(people((100, 50), (300, 50)), person=2)


def test_no_frames_are_refused():
    with pytest.raises(InputError, match="there are no frames to find poses in"):
        estimate_poses([], 24.0, Told())


def test_detections_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="keypoints, scores and boxes are"):
        DetectedPoses(np.zeros((1, 134, 2)), np.zeros((2, 134)), np.zeros((1, 5)))


def test_poses_of_another_clip_are_refused():
    require_frame_count(figure(frames=3), 3, "p.npz", "dance.mp4")
    with pytest.raises(InputError, match=r"p\.npz has 3 frames and dance\.mp4 5") as error:
        require_frame_count(figure(frames=3), 5, "p.npz", "dance.mp4")
    assert error.value.hint == "make them again with: animatex pose extract dance.mp4."


def test_a_report_says_which_gaps_were_filled_and_which_were_too_long():
    found = figure(frames=30, swing=0.3)
    lost = np.zeros((30, 134), bool)
    lost[[3, 8, 9, *range(14, 20), 29]] = True
    found = found.hidden(lost)
    smooth = SmoothConfig(method="one_euro", min_cutoff=2, beta=5, max_gap=2)
    settings = config(max_missing=0.5, smooth=smooth)
    report = track_report(found, finish_poses(found, settings), settings.score_threshold)
    assert (report.frames, report.detected) == (30, 20)
    assert report.filled == (range(3, 4), range(8, 10))
    assert report.missing == (range(14, 20), range(29, 30))
    assert "a person in 20 of 30 frames; filled frames 3, 8-9; nobody in frames 14-19, 29" in str(report)


def test_a_report_compares_the_trembling_of_what_was_seen():
    noise = np.random.default_rng(0).normal(0, 2, (24, 134, 2))
    still = figure(frames=24)
    found = still.moved(still.keypoints + noise)
    smooth = SmoothConfig(method="one_euro", min_cutoff=2, beta=5, max_gap=2)
    settings = config(smooth=smooth)
    report = track_report(found, finish_poses(found, settings), settings.score_threshold)
    assert report.smoothed_jitter < 0.6 * report.jitter
    assert f"jitter {report.jitter:.1f} before smoothing, {report.smoothed_jitter:.1f} after" in str(report)
    assert str(track_report(found, found, 0.3)).endswith(f"jitter {report.jitter:.1f}, not smoothed")
