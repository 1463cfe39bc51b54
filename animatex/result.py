"""What a run leaves behind: the video, and beside it the record that repeats the run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from animatex.animate import AnimationPlan
from animatex.config.run import AnimateConfig
from animatex.progress import Progress, silent
from animatex.record import record_path, result_title, write_record
from animatex.runtime import Resolved
from animatex.video.frames import FrameSequence
from animatex.video.writer import fitting_sound, write_video


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that a run was made of, as its record names them.

    Attributes:
        reference: The character's picture.
        driving: The performance; "-": poses on standard input.
        poses: Poses of the driving video, where they were given beside it.
        weights: Weights files.
    """

    reference: Path
    driving: Path
    poses: Path | None = None
    weights: Sequence[Path] = ()

    @property
    def files(self) -> list[Path]:
        """All of them that are files."""
        given = (self.reference, self.driving, self.poses)
        return [*(path for path in given if path and str(path) != "-"), *self.weights]


def write_result(
    path: Path,
    frames: FrameSequence,
    plan: AnimationPlan,
    config: AnimateConfig,
    sources: Sources,
    progress: Progress = silent,
) -> None:
    """Write a run's video and its record; each appears under its name when it is complete.

    Args:
        path: As for `write_video`.
        frames: What `animate` made.
        plan: What was to be done.
        config: The preset with its overrides.
        sources: What it was made of.
        progress: Told of each frame.

    Raises:
        InputError: They cannot be written there, or the sound cannot be read.
    """
    sound = fitting_sound(plan.video, plan.clip) if plan.video and config.video.audio else None
    title = result_title(sources.reference, sources.driving)
    shown = replace(frames, fps=plan.clip.fps)
    write_video(path, shown, crf=config.video.crf, sound=sound, title=title, progress=progress)
    write_record(
        record_path(path),
        config,
        command=_repeat(sources, record_path(path)),
        files=sources.files,
        choices={"device": said(plan.device), "dtype": said(plan.dtype)},
    )


def said(chosen: Resolved[Any]) -> str:
    """Say what was chosen, and why."""
    return f"{chosen.name} ({chosen.reason})"


def _repeat(sources: Sources, record: Path) -> str:
    words = ["animatex", "animate", str(sources.reference), str(sources.driving), "--preset", str(record)]
    return shlex.join([*words, "--poses", str(sources.poses)] if sources.poses else words)
