"""What a run leaves behind: the video, and beside it the record that repeats the run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from animatex.animate import AnimationPlan
from animatex.config.run import AnimateConfig
from animatex.files import replacing
from animatex.progress import Progress, silent
from animatex.provenance.credentials import Credentials
from animatex.provenance.marks import GENERATED
from animatex.record import (
    HashFile,
    UsedFile,
    one_line,
    record_path,
    record_text,
    result_title,
    sha256,
    used_file,
)
from animatex.runtime import Resolved
from animatex.video.frames import FrameSequence
from animatex.video.raw import RawFormat
from animatex.video.writer import fitting_sound, write_video


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that a run was made of, as its record names them.

    Attributes:
        reference: The character's picture.
        driving: The performance; "-": standard input.
        poses: Poses of the driving video, where they were given beside it.
        weights: Weights files.
        raw: What standard input held; None: poses.
    """

    reference: Path
    driving: Path
    poses: Path | None = None
    weights: Sequence[Path] = ()
    raw: RawFormat | None = None

    def used(self, hash_file: HashFile = sha256) -> list[UsedFile]:
        """Hash all of them that are files."""
        given = {"reference": self.reference, "driving": self.driving, "poses": self.poses}
        files = [(role, path) for role, path in given.items() if path and str(path) != "-"]
        files += [("weights", path) for path in self.weights]
        return [used_file(role, path, hash_file) for role, path in files]

    @property
    def title(self) -> str:
        """What the result is called, in one line."""
        return one_line(result_title(self.reference, self.driving, "frames" if self.raw else "poses"))


def write_result(
    path: Path,
    frames: FrameSequence,
    plan: AnimationPlan,
    config: AnimateConfig,
    sources: Sources,
    progress: Progress = silent,
    *,
    credentials: Credentials | None = None,
    hash_file: HashFile = sha256,
) -> None:
    """Write a run's video and its record; each appears under its name when it is complete.

    Args:
        path: As for `write_video`.
        frames: What `animate` made.
        plan: What was to be done.
        config: The preset with its overrides.
        sources: What it was made of.
        progress: Told of each frame.
        credentials: What the video is signed with.
        hash_file: Gives the hashes of `sources`.

    Raises:
        InputError: They cannot be written there, the sound cannot be read, or the credentials cannot be used.
        MissingPackage: Credentials are given, and c2pa is not installed.
    """
    record = record_path(path)
    used = sources.used(hash_file)
    choices = {"device": said(plan.device), "dtype": said(plan.dtype)}
    # The video may go anywhere, so it names nobody's folders; the record lies where the folders are.
    settings = record_text(config, used=used, choices=choices, folders=False)
    marks = replace(
        GENERATED,
        title=sources.title,
        settings=settings if config.video.embed_settings else None,
    )
    sound = fitting_sound(plan.video, plan.clip) if plan.video and config.video.audio else None
    shown = replace(frames, fps=plan.clip.fps)
    text = record_text(config, command=_repeat(sources, record, config), used=used, choices=choices)
    # Where there is no room for one of the two, there is neither.
    with replacing(record) as beside:
        beside.write_text(text, encoding="utf-8")
        write_video(
            path,
            shown,
            crf=config.video.crf,
            sound=sound,
            marks=marks,
            credentials=credentials,
            progress=progress,
        )


def said(chosen: Resolved[Any]) -> str:
    """Say what was chosen, and why."""
    return f"{chosen.name} ({chosen.reason})"


def _repeat(sources: Sources, record: Path, config: AnimateConfig) -> str:
    words = ["animatex", "animate", str(sources.reference), str(sources.driving), "--preset", str(record)]
    if sources.poses:
        words += ["--poses", str(sources.poses)]
    if sources.raw:
        raw, canvas = sources.raw, config.canvas
        words += ["--pix", raw.pix, "--size", str(raw.size), "--fps", f"{raw.fps:.12g}"]
        # Beside raw frames these would follow from them, and not from the record.
        words += ["--every", str(config.clip.every)]
        words += ["--set", f"canvas.width={canvas.width}", "--set", f"canvas.height={canvas.height}"]
    return shlex.join(words)
