"""Which frames of a driving video make the clip."""

from __future__ import annotations

from dataclasses import dataclass

from animatex.config.run import ClipSelection
from animatex.errors import InputError
from animatex.video.reader import VideoInfo


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """The frames of one run.

    Attributes:
        frames: Indices into the driving video, from 0, evenly spaced and ascending; at least one.
        fps: Frames per second of the result.
        source_fps: Frames per second at which the driving video shows these frames.
        start_seconds: When the first of them is shown in the driving video, by its own clock.
        reason: The choice in one sentence, for people.
    """

    frames: tuple[int, ...]
    fps: float
    source_fps: float
    start_seconds: float
    reason: str

    @property
    def num_frames(self) -> int:
        """Number of frames, at least 1."""
        return len(self.frames)

    @property
    def keeps_speed(self) -> bool:
        """Whether the result moves as fast as the performer, so that the sound still fits."""
        return abs(self.fps / self.source_fps - 1) < 1e-3


def plan_clip(video: VideoInfo, selection: ClipSelection, fps: float | None = None) -> ClipPlan:
    """Choose the frames of a clip; never fewer than were asked for, never another stride.

    Args:
        video: What the driving video has; for a pose file, its frame rate and number of frames.
        selection: How many frames, taken how often, from where.
        fps: Frames per second of the result; None keeps the speed of the motion.

    Raises:
        InputError: The video is too short for it.
    """
    start, every = selection.start, selection.every
    available = len(range(start, video.num_frames, every))
    if available == 0:
        raise InputError(
            f"{video.path.name} has {_count(video.num_frames)}; the clip would start at frame {start}",
            hint=f"clip.start is at most {video.num_frames - 1}.",
        )
    count = available if selection.frames is None else selection.frames
    if count > available:
        raise InputError(_too_short(video, selection, count), hint=_would_fit(video, selection, available))
    source_fps = video.fps / every
    return ClipPlan(
        frames=tuple(range(start, start + (count - 1) * every + 1, every)),
        fps=source_fps if fps is None else fps,
        source_fps=source_fps,
        start_seconds=video.start_seconds + start / video.fps,
        reason=_reason(video, start, every, count),
    )


def _too_short(video: VideoInfo, selection: ClipSelection, count: int) -> str:
    taken = "" if selection.every == 1 else f" taken every {_ordinal(selection.every)}"
    begun = "" if selection.start == 0 else f" from frame {selection.start} on"
    needed = selection.start + (count - 1) * selection.every + 1
    return f"{video.path.name} has {_count(video.num_frames)}; {_count(count)}{taken}{begun} need {needed}"


def _would_fit(video: VideoInfo, selection: ClipSelection, available: int) -> str:
    assert selection.frames is not None
    span = video.num_frames - 1 - selection.start
    every = span // (selection.frames - 1) if selection.frames > 1 else selection.every
    fewer = f"--frames {available}."
    return f"--every {every}, or {fewer}" if 1 <= every < selection.every else fewer


def _reason(video: VideoInfo, start: int, every: int, count: int) -> str:
    last = start + (count - 1) * every
    rate = f"{video.fps:g} a second" + ("" if video.stored is None else ", of a rate that varies")
    if every == 1 and count == video.num_frames:
        return f"{video.path.name}: all {_count(count)}, {rate}"
    taken = "" if every == 1 else f", every {_ordinal(every)}"
    chosen = f"{_count(count)} of {video.num_frames} ({start} to {last}{taken})"
    return f"{video.path.name}: {chosen}, {rate}"


def _count(frames: int) -> str:
    return f"{frames} frame" if frames == 1 else f"{frames} frames"


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 <= number % 100 <= 20 else ending}"
