"""Frames and an estimator to the poses of one person."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from animatex.config.run import PoseConfig
from animatex.errors import InputError
from animatex.pose.estimator import DetectedPoses, PoseEstimator
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import BODY, NUM_KEYPOINTS
from animatex.pose.smooth import jitter, smooth_poses
from animatex.progress import Progress, silent
from animatex.video.frames import FrameSequence, Size

Person = Literal["largest", "centre", "first"] | int

# Between two frames a person moves by less than this part of its box's diagonal, or of the picture's where
# only little of the person is seen.
_REACH = 0.5
_LEAST_REACH = 0.05


def extract_poses(
    frames: FrameSequence,
    estimator: PoseEstimator,
    config: PoseConfig,
    progress: Progress = silent,
    source: str = "the video",
) -> PoseSequence:
    """Find one person in every frame and follow it.

    Args:
        frames: The clip.
        estimator: Finds people, see `resolve_estimator`.
        config: Whom to follow, what counts as seen, how many frames may be without a person, and smoothing.
        progress: Told about every frame.
        source: What error messages call the clip.

    Returns:
        One pose per frame, in pixels of the frames; points that were not seen have score 0.

    Raises:
        InputError: Too many frames are without a person.
    """
    poses = estimate_poses(frames.frames, frames.fps, estimator, config.person, progress, total=len(frames))
    return finish_poses(poses, config, source)


def estimate_poses(
    frames: Iterable[np.ndarray],
    fps: float,
    estimator: PoseEstimator,
    person: Person = "largest",
    progress: Progress = silent,
    total: int | None = None,
) -> PoseSequence:
    """Run an estimator over frames, one at a time, so that a long video need not be in memory.

    Args:
        frames: uint8 [H, W, 3], RGB, all of one size.
        fps: Their rate.
        estimator: Finds people.
        person: Whom to follow: the largest, the most central, the estimator's first, or the n-th from the
            left in the first frame with people, from 0.
        progress: Told about every frame.
        total: Number of frames, where it is known.

    Returns:
        What the estimator saw; a frame without the person has only scores of 0.

    Raises:
        InputError: There are no frames, or there is no such person.
    """
    sizes: list[Size] = []

    def detections() -> Iterator[DetectedPoses]:
        for frame in frames:
            sizes.append(Size(frame.shape[0], frame.shape[1]))
            yield estimator(frame)
            progress.advance()

    progress.start("finding poses", total)
    followed = list(follow_person(detections(), sizes, fps, person))
    progress.done()
    if not followed:
        raise InputError("there are no frames to find poses in")
    keypoints, scores = (np.stack(arrays) for arrays in zip(*followed, strict=True))
    return PoseSequence(keypoints, scores, sizes[0], fps)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackReport:
    """How well a person was followed through a clip; frames are ranges, without their stop.

    Attributes:
        frames: Length of the clip.
        detected: Frames in which the person was found.
        filled: Gaps that were bridged.
        missing: Gaps that were too long for it, and those at the clip's ends.
        jitter: What `pose.smooth.jitter` measures, of the poses as they were found, in torso lengths a second
            squared.
        smoothed_jitter: The same of the same points after gap filling and smoothing.
    """

    frames: int
    detected: int
    filled: tuple[range, ...]
    missing: tuple[range, ...]
    jitter: float
    smoothed_jitter: float

    def __str__(self) -> str:
        """Say it in a line."""
        said = [f"a person in {self.detected} of {self.frames} frames"]
        if self.filled:
            said.append(f"filled {_frames_of(self.filled)}")
        if self.missing:
            said.append(say_missing(self.missing))
        if self.jitter != self.smoothed_jitter:
            said.append(f"jitter {self.jitter:.1f} before smoothing, {self.smoothed_jitter:.1f} after")
        elif self.frames > 2:
            said.append(f"jitter {self.jitter:.1f}, not smoothed")
        return "; ".join(said)


def track_report(found: PoseSequence, finished: PoseSequence, threshold: float) -> TrackReport:
    """Compare what an estimator found with what became of it.

    Args:
        found: Of `estimate_poses`.
        finished: Of `finish_poses`.
        threshold: Key points with a lower score were not seen.
    """
    sure = found.hidden(~found.visible(threshold))
    before, after = detected_frames(sure), detected_frames(finished)
    return TrackReport(
        frames=len(found),
        detected=int(before.sum()),
        filled=_runs(~before & after),
        missing=missing_frames(finished),
        jitter=jitter(sure),
        smoothed_jitter=jitter(finished.hidden(sure.scores == 0)),
    )


def missing_frames(poses: PoseSequence) -> tuple[range, ...]:
    """Find the gaps of a clip, the ranges of frames in which nobody is."""
    return _runs(~detected_frames(poses))


def say_missing(gaps: tuple[range, ...]) -> str:
    """Say in which frames of finished poses nobody is."""
    return f"nobody in {_frames_of(gaps)}, too long to fill"


def _runs(marked: np.ndarray) -> tuple[range, ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]])))
    return tuple(range(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True))


def _frames_of(gaps: tuple[range, ...]) -> str:
    named = [str(gap[0]) if len(gap) == 1 else f"{gap[0]}-{gap[-1]}" for gap in gaps]
    return f"frame{'s' if sum(map(len, gaps)) > 1 else ''} {', '.join(named)}"


def finish_poses(poses: PoseSequence, config: PoseConfig, source: str = "the video") -> PoseSequence:
    """Hide what the estimator was not sure of, check that somebody is there, fill gaps and smooth.

    Raises:
        InputError: More frames are without a person than `config.max_missing` allows.
    """
    sure = poses.hidden(~poses.visible(config.score_threshold))
    require_person(sure, config.max_missing, source)
    return smooth_poses(sure, config.smooth)


def detected_frames(poses: PoseSequence) -> np.ndarray:
    """Tell which frames have a person, bool [F]: at least one joint of the body is seen."""
    return np.asarray((poses.scores[:, BODY] > 0).any(axis=1))


def require_person(poses: PoseSequence, max_missing: float, source: str) -> None:
    """Check that enough frames have a person.

    Args:
        poses: Poses as the estimator found them.
        max_missing: Share of frames that may be without, 0..1.
        source: What the message calls the clip.

    Raises:
        InputError: Fewer have.
    """
    missing = np.flatnonzero(~detected_frames(poses))
    total = len(poses)
    if len(missing) == total == 1:
        raise InputError(
            f"no person in {source}: nobody was found in it",
            hint="for a character that is no human this is common, and `animate` does without.",
        )
    if len(missing) == total:
        raise InputError(
            f"no person in {source}: nobody was found in any of its {total} frames",
            hint="one person should fill at least a third of the picture's height; "
            "lower pose.score_threshold, or pass poses made elsewhere.",
        )
    if len(missing) > max_missing * total:
        allowed = math.floor(max_missing * total)
        raise InputError(
            f"no person in {len(missing)} of {total} frames of {source} (first: frame {missing[0]}); "
            f"pose.max_missing={max_missing:g} allows {allowed}",
            hint="choose another part of the video, lower pose.score_threshold, raise pose.max_missing, "
            "or pass poses made elsewhere.",
        )


def require_frame_count(poses: PoseSequence, num_frames: int, poses_name: str, video_name: str) -> None:
    """Check that poses from a file can be those of a video.

    Args:
        poses: What was read.
        num_frames: Frames of the video.
        poses_name: What the message calls the pose file.
        video_name: What it calls the video.

    Raises:
        InputError: There is not one pose for each frame.
    """
    if len(poses) != num_frames:
        raise InputError(
            f"{poses_name} has {len(poses)} frames and {video_name} {num_frames}",
            hint=f"make them again with: animatex pose extract {video_name}.",
        )


@dataclass(frozen=True, slots=True)
class _Track:
    """Where the followed person was last, how far it may go in a frame, and how many frames ago that was."""

    centre: np.ndarray
    reach: float
    age: int


def follow_person(
    detections: Iterable[DetectedPoses],
    sizes: list[Size],
    fps: float,
    person: Person,
    *,
    alone: bool = False,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Choose one person among those detected, and stay with it.

    The choice is made in the first frame with people. Later the detection nearest to the person's last place
    is taken, if it is near enough to be the same person; who was lost for a second is chosen afresh, or where
    that number is missing then, the nearest is taken.

    Args:
        detections: The people of each frame.
        sizes: Size of each frame; filled no later than the frame's detections arrive.
        fps: Frames per second.
        person: Whom to follow, as in `estimate_poses`.
        alone: No frame has more than one person, and that is the same one wherever it appears.

    Yields:
        float32 [134, 2] and float32 [134] for each frame; scores of 0 where the person is missing.

    Raises:
        InputError: `person` is a number, and there are not so many people in the first frame with any.
    """
    track: _Track | None = None
    for number, people in enumerate(detections):
        if track is not None and track.age <= fps:
            chosen = _find_again(people, track)
        elif track is not None and isinstance(person, int) and person >= len(people):
            chosen = _find_again(people, replace(track, reach=math.inf))
        else:
            chosen = _choose(people, sizes[number], person, number)
        if chosen is None:
            track = None if track is None else replace(track, age=track.age + 1)
            yield np.zeros((NUM_KEYPOINTS, 2), np.float32), np.zeros(NUM_KEYPOINTS, np.float32)
            continue
        box = people.boxes[chosen]
        reach = max(_REACH * math.hypot(*(box[2:4] - box[:2])), _LEAST_REACH * math.hypot(*sizes[number]))
        track = _Track((box[:2] + box[2:4]) / 2, math.inf if alone else reach, 1)
        yield people.keypoints[chosen], people.scores[chosen]


def _choose(people: DetectedPoses, size: Size, person: Person, frame: int) -> int | None:
    if len(people) == 0:
        return None
    centres = (people.boxes[:, :2] + people.boxes[:, 2:4]) / 2
    if person == "largest":
        return int(np.prod(people.boxes[:, 2:4] - people.boxes[:, :2], axis=1).argmax())
    if person == "centre":
        return int(np.linalg.norm(centres - [size.width / 2, size.height / 2], axis=1).argmin())
    if person == "first":
        return 0
    if person >= len(people):
        raise InputError(
            f"person {person} was asked for, but frame {frame} shows {len(people)}",
            hint="people count from the left, from 0, and MediaPipe finds one only; or --person largest.",
        )
    return int(np.argsort(centres[:, 0], kind="stable")[person])


def _find_again(people: DetectedPoses, track: _Track) -> int | None:
    if len(people) == 0:
        return None
    centres = (people.boxes[:, :2] + people.boxes[:, 2:4]) / 2
    distance = np.linalg.norm(centres - track.centre, axis=1)
    nearest = int(distance.argmin())
    return nearest if distance[nearest] <= track.reach * track.age else None
