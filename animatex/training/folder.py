"""Clips of real footage: a folder of videos and the poses that were found in them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from animatex.errors import InputError, brief
from animatex.limits import TEXT_BYTES, read_bytes
from animatex.pose.extract import detected_frames
from animatex.pose.io import read_poses
from animatex.pose.sequence import PoseSequence
from animatex.training.clip_sample import ClipSample
from animatex.video.fit import Fit, plan_fit, to_canvas
from animatex.video.frames import FrameSequence, Size
from animatex.video.reader import VideoInfo, iterate_frames, probe

INDEX = "index.jsonl"
_LINE = 'each line is like {"video": "a.mp4", "poses": "a.npz"}, with paths inside the folder.'


@dataclass(frozen=True, slots=True)
class ListedClip:
    """One line of the index, checked.

    Attributes:
        where: File and line, for messages.
        video: What the video has.
        poses: File with the pose of each of its frames.
    """

    where: str
    video: VideoInfo
    poses: Path


@dataclass(frozen=True, slots=True)
class FolderClips:
    """Sample number → clip of a folder; picklable, so that workers can call it.

    Attributes:
        clips: In the order of the index; at least one.
        size: Of the samples.
        frames: Frames of a sample.
        every: A sample takes every n-th frame of its video.
        seed: Decides, with the sample's number, what is taken.
    """

    clips: tuple[ListedClip, ...]
    size: Size
    frames: int
    every: int
    seed: int

    @classmethod
    def open(cls, path: Path, size: Size, frames: int, every: int, seed: int) -> FolderClips:
        """Read a folder's index and check every file it names, so that no run stops at its last clip.

        Args:
            path: Folder with `index.jsonl`; each line names a video and its poses, one pose per frame.
            size: See the class, as the others.
            frames: Frames of a sample.
            every: Stride.
            seed: Of the choices.

        Raises:
            InputError: The index is missing or empty, or a line of it cannot be used; the message names it.
        """
        index = path / INDEX
        if not index.is_file():
            raise InputError(f"{path} has no {INDEX}", hint=f"write one: {_LINE}")
        text = read_bytes(index, TEXT_BYTES).decode("utf-8", errors="replace")
        lines = enumerate(text.splitlines(), start=1)
        needed = max((frames - 1) * every + 1, frames + 1)
        clips = tuple(_listed(path, line, f"{index}, line {n}", needed) for n, line in lines if line.strip())
        if not clips:
            raise InputError(f"{index} names no clips", hint=_LINE)
        return cls(clips, size, frames, every, seed)

    def __call__(self, index: int) -> ClipSample:
        """Take a clip and another picture of whom it shows; each epoch has every clip once, in its own order.

        Raises:
            InputError: A frame does not decode.
        """
        epoch, place = divmod(index, len(self.clips))
        number = int(np.random.default_rng([self.seed, epoch]).permutation(len(self.clips))[place])
        listed, rng = self.clips[number], np.random.default_rng([self.seed, epoch, 1 + number])
        poses = read_poses(listed.poses).on_canvas(listed.video.size)
        chosen, reference = self._choose(poses, rng)
        taken = poses.select([*chosen, reference])
        fit = _around_person(taken, self.size)
        pictures = _read(listed, {*chosen, reference}, fit)
        placed = replace(_placed(taken, fit), fps=listed.video.fps / self.every)
        return ClipSample(
            reference=pictures[reference],
            reference_pose=placed.select([self.frames]),
            frames=FrameSequence(np.stack([pictures[frame] for frame in chosen]), placed.fps),
            poses=placed.select(range(self.frames)),
            performance=None,
            truth=None,
        )

    def _choose(self, poses: PoseSequence, rng: np.random.Generator) -> tuple[list[int], int]:
        """Choose a sample's frames, and one apart from them, at best from outside and with somebody in it."""
        span = (self.frames - 1) * self.every + 1
        start = int(rng.integers(len(poses) - span + 1))
        chosen = list(range(start, start + span, self.every))
        every = np.arange(len(poses))
        shown = detected_frames(poses)
        outside = (every < start) | (every >= start + span)
        other = ~np.isin(every, chosen)
        candidates = next(each for each in (outside & shown, other & shown, other) if each.any())
        return chosen, int(rng.choice(np.flatnonzero(candidates)))


def _listed(folder: Path, line: str, where: str, needed: int) -> ListedClip:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is not JSON: {brief(error)}", hint=_LINE) from error
    if not isinstance(content, dict):
        raise InputError(f"{where} is {type(content).__name__}, not an object", hint=_LINE)
    video, poses = (_inside(folder, content.get(key), key, where) for key in ("video", "poses"))
    try:
        info, found = probe(video), read_poses(poses)
    except InputError as error:
        raise InputError(f"{where}: {error.message}", hint=error.hint) from error
    _check(where, info, poses.name, found, needed)
    return ListedClip(where, info, poses)


def _inside(folder: Path, name: object, key: str, where: str) -> Path:
    if not isinstance(name, str) or not name:
        raise InputError(f"{where}: '{key}' is {brief(json.dumps(name))}; needs a path", hint=_LINE)
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"{where}: {name} leads out of {folder}", hint=_LINE)
    return path


def _check(where: str, video: VideoInfo, name: str, poses: PoseSequence, needed: int) -> None:
    """Refuse a video and poses that do not belong together, or are too short to train on."""
    again = f"make them again: animatex pose extract {video.path.name} --out {name}."
    if len(poses) != video.num_frames:
        raise InputError(
            f"{where}: {video.path.name} has {video.num_frames} frames, {name} has {len(poses)} poses",
            hint=again,
        )
    shapes = [size.width / size.height for size in (video.size, poses.canvas)]
    if not np.isclose(*shapes, rtol=0.02):
        raise InputError(
            f"{where}: {video.path.name} is {video.size}, {name} was made for {poses.canvas}", hint=again
        )
    if not detected_frames(poses).any():
        raise InputError(f"{where}: nobody is seen in any of the {len(poses)} poses of {name}")
    if len(poses) < needed:
        raise InputError(
            f"{where}: {video.path.name} has {len(poses)} frames; a sample and its reference need {needed}",
            hint="take the line out, or lower the stage's frames or data.every.",
        )


def _around_person(poses: PoseSequence, size: Size) -> Fit:
    """Fill the canvas, and cut off where nobody is."""
    fit = plan_fit(poses.canvas, size, "crop")
    seen = fit.points_to_canvas(poses.keypoints[poses.scores > 0])
    if len(seen) == 0:
        return fit
    middle = (seen.min(0) + seen.max(0)) / 2 - (fit.left, fit.top)
    left, top = (
        min(0, max(side - whole, round(side / 2 - float(at))))
        for side, whole, at in (
            (size.width, fit.placed.width, middle[0]),
            (size.height, fit.placed.height, middle[1]),
        )
    )
    return replace(fit, left=left, top=top)


def _placed(poses: PoseSequence, fit: Fit) -> PoseSequence:
    """Poses on the canvas; what was cut off is not seen."""
    points = fit.points_to_canvas(poses.keypoints)
    inside = ((points >= 0) & (points < (fit.canvas.width, fit.canvas.height))).all(2)
    return replace(poses, keypoints=points, canvas=fit.canvas).hidden(~inside)


def _read(listed: ListedClip, frames: set[int], fit: Fit) -> dict[int, np.ndarray]:
    wanted = sorted(frames)
    try:
        pictures = iterate_frames(listed.video, wanted)
        return {frame: to_canvas(picture, fit) for frame, picture in zip(wanted, pictures, strict=True)}
    except InputError as error:
        raise InputError(f"{listed.where}: {error.message}", hint=error.hint) from error
