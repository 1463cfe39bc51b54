"""A preset on a suite: one case after the other, resumable, with what it took beside the results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from animatex.animate import (
    AnimateModels,
    animate,
    load_models,
    load_rig_network,
    on_canvas,
    plan_animation,
    read_inputs,
)
from animatex.bench.digest import check_case
from animatex.bench.documents import read_document, write_document
from animatex.bench.results import RUN_FILE
from animatex.bench.suite import BenchCase, Setting, Suite
from animatex.checkpoints.catalogue import find_weights, weights_of
from animatex.conditioning.inputs import ClipInputs
from animatex.config.loader import dump_config
from animatex.config.model import MotionCodecConfig
from animatex.config.run import AnimateConfig, ClipSelection
from animatex.errors import AnimateXError, InputError
from animatex.files import locked
from animatex.measure import StageTimer
from animatex.pose.io import read_poses
from animatex.progress import Progress, silent
from animatex.record import sha256, versions
from animatex.rig.network import RigNetwork
from animatex.runtime import Runtime, make_runtime
from animatex.video.fit import Fit, to_source
from animatex.video.frames import FrameSequence
from animatex.video.writer import write_video

FORMAT = "animatex-run/1"

ReferencePose = Literal["suite", "found"]
"""Where the pose of a character in its picture comes from: the suite, or the preset finds it."""


@dataclass(frozen=True, slots=True)
class SuiteName:
    """Which suite was run.

    Attributes:
        name: See `Suite`, as the others.
        version: Likewise.
        split: Likewise.
        sha256: Likewise.
    """

    name: str
    version: str
    split: str
    sha256: str | None

    def __str__(self) -> str:
        known = f"hash {self.sha256[:12]}" if self.sha256 else "no hash"
        return f"{self.name} {self.version}, {self.split}, {known}"


@dataclass(frozen=True, slots=True)
class CaseRun:
    """What one case took.

    Attributes:
        frames: Frames made.
        seconds: By stage, and "total".
    """

    frames: int
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What `run.json` says.

    Attributes:
        suite: What was run.
        setting: Which of its settings.
        preset: What the user called the preset.
        reference_pose: Where characters' poses came from.
        settings: The preset with all changes, as YAML.
        weights: File name → SHA-256.
        fps: Frames per second of the results; None where cases differ.
        seed: Of all randomness, for each case anew.
        versions: Package → version, of the last run in this folder.
        provenance: The above in words, for tables and reports.
        cases: What each finished case took, by its name.
        failed: Why the others have no result, by their names.
    """

    suite: SuiteName
    setting: Setting
    preset: str
    reference_pose: ReferencePose
    settings: str
    weights: Mapping[str, str]
    fps: float | None
    seed: int
    versions: Mapping[str, str]
    provenance: Mapping[str, str]
    cases: Mapping[str, CaseRun]
    failed: Mapping[str, str]


def run_suite(
    suite: Suite,
    config: AnimateConfig,
    out: Path,
    *,
    preset: str,
    setting: Setting,
    reference_pose: ReferencePose = "suite",
    weights: Path | None = None,
    progress: Progress = silent,
) -> RunRecord:
    """Make a video of every case of a setting, as a folder of pictures, and write down how.

    Cases that are finished already are kept. A case that cannot be made is noted and does not stop others.

    Args:
        suite: The cases; those of other settings are left out.
        config: The preset. Its `clip` section does not count: every frame of a driving video is used. Where
            the poses are the character's own, its `retarget` section does not either.
        out: Folder of results; one that the same run has begun is completed.
        preset: What the user calls the preset.
        setting: What drives the characters.
        reference_pose: "suite": as the suite says, where it does.
        weights: Folder of weights.
        progress: Told of each case.

    Raises:
        InputError: The suite has no such cases, the folder holds other results, or weights are missing.
        InUse: Another run is making results in that folder.
        CheckpointMismatch: Weights do not fit the preset.
    """
    suite = suite.of(setting)
    config = _for_suite(config, setting)
    if not out.absolute().parent.is_dir():
        raise InputError(f"{out} cannot be written: {out.absolute().parent} does not exist")
    with locked(out.absolute()):
        record = _begin(suite, config, out, preset, setting, reference_pose, weights)
        return _complete(record, suite, config, out, reference_pose, weights, progress)


def _complete(
    record: RunRecord,
    suite: Suite,
    config: AnimateConfig,
    out: Path,
    reference_pose: ReferencePose,
    weights: Path | None,
    progress: Progress,
) -> RunRecord:
    """Make the videos that are not there yet."""
    missing = [case for case in suite.cases if case.id not in record.cases]
    if missing:
        runtime = make_runtime(config.runtime, config.seed)
        models = load_models(config, runtime, weights)
        maker = _Maker(config, runtime, models, _rig_network(config, weights), reference_pose, weights)
    progress.start("making videos", len(suite.cases))
    progress.advance(len(suite.cases) - len(missing))
    for case in missing:
        try:
            frames, seconds = maker.make(case)
            write_video(out / case.id, frames)
            cases = {**record.cases, case.id: CaseRun(len(frames), seconds)}
            record = replace(record, cases=cases)
        except AnimateXError as error:
            record = replace(record, failed={**record.failed, case.id: error.message})
        write_document(out / RUN_FILE, FORMAT, record)
        progress.advance()
    progress.done()
    return record


@dataclass(frozen=True, slots=True)
class _Maker:
    """What all cases share."""

    config: AnimateConfig
    runtime: Runtime
    models: AnimateModels
    rig_network: RigNetwork | None
    reference_pose: ReferencePose
    weights: Path | None

    def make(self, case: BenchCase) -> tuple[FrameSequence, dict[str, float]]:
        """Make one video, at the size of the character's picture, and say what each stage took in seconds."""
        check_case(case)
        timer = StageTimer(silent)
        inputs, fit = self._read(case, timer)
        frames = animate(inputs, self.models, self.config, self.runtime, timer)
        sized = np.stack([to_source(frame, fit) for frame in frames.frames])
        return FrameSequence(sized, case.fps), timer.seconds()

    def _read(self, case: BenchCase, timer: StageTimer) -> tuple[ClipInputs, Fit]:
        """Read a case's files, and say how its picture lies on the canvas."""
        plan = plan_animation(
            case.reference, case.driving, self.config, poses=case.driving_poses, weights=self.weights
        )
        plan = replace(plan, clip=replace(plan.clip, fps=case.fps, source_fps=case.fps))
        known = case.reference_poses if self.reference_pose == "suite" else None
        pose = None
        if known is not None:
            whom = self.config.pose.person
            given = read_poses(known, canvas=plan.reference.size, fps=case.fps, person=whom)
            pose = given.select([given.most_complete()])
        inputs = read_inputs(plan, self.config, timer, rig_network=self.rig_network, reference_pose=pose)
        if case.setting == "self" and inputs.poses.canvas == plan.fit.source:
            # Its own video lies on the canvas as its picture does, cut off or not.
            inputs = replace(inputs, poses=on_canvas(inputs.poses, plan.fit))
        return inputs, plan.fit


def _begin(
    suite: Suite,
    config: AnimateConfig,
    out: Path,
    preset: str,
    setting: Setting,
    reference_pose: ReferencePose,
    weights: Path | None,
) -> RunRecord:
    """Start a results folder, or take up one of the same run."""
    rates = {case.fps for case in suite.cases}
    name = SuiteName(suite.name, suite.version, suite.split, suite.sha256)
    record = RunRecord(
        suite=name,
        setting=setting,
        preset=preset,
        reference_pose=reference_pose,
        settings=dump_config(config),
        weights={file: sha256(find_weights(file, weights)) for file in weights_of(config)},
        fps=rates.pop() if len(rates) == 1 else None,
        seed=config.seed,
        versions=versions(),
        provenance={
            "suite": str(name),
            "setting": setting,
            "preset": preset,
            "reference pose": reference_pose,
            "seed": str(config.seed),
        },
        cases={},
        failed={},
    )
    if not (out / RUN_FILE).exists():
        _check_empty(out)
        out.mkdir(exist_ok=True)
        # Before the first case, so that a run that is killed in it can go on.
        write_document(out / RUN_FILE, FORMAT, record)
        return record
    there = read_run(out)
    _check_alike(out, there, record)
    kept = {id: case for id, case in there.cases.items() if (out / id).is_dir()}
    return replace(record, cases=kept)


def read_run(out: Path) -> RunRecord:
    """Read the `run.json` of a results folder.

    Raises:
        InputError: It is missing or damaged.
    """
    return read_document(
        out / RUN_FILE, FORMAT, RunRecord, what="record of a run", again="animatex bench run makes it."
    )


def _check_empty(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            f"{out} exists already, and is no folder of results: it has no {RUN_FILE}",
            hint="--out with another folder.",
        )


def _check_alike(out: Path, there: RunRecord, here: RunRecord) -> None:
    """Refuse to put results of two runs into one folder."""
    lines = zip(there.settings.splitlines(), here.settings.splitlines(), strict=False)
    settings = next(((a.strip(), b.strip()) for a, b in lines if a != b), (there.settings, here.settings))
    pairs = (
        ("suite", str(there.suite), str(here.suite)),
        ("setting", there.setting, here.setting),
        ("reference pose", there.reference_pose, here.reference_pose),
        ("setting of the preset", *settings),
        ("weights", dict(there.weights), dict(here.weights)),
    )
    for what, old, new in pairs:
        if old != new:
            raise InputError(
                f"{out} holds results of another run: {what} {old}, not {new}",
                hint="--out with another folder, or the same settings as before.",
            )


def _rig_network(config: AnimateConfig, weights: Path | None) -> RigNetwork | None:
    if not isinstance(config.codec, MotionCodecConfig):
        return None
    return load_rig_network(config.codec, config.seed, weights)


def _for_suite(config: AnimateConfig, setting: Setting) -> AnimateConfig:
    changes: dict[str, object] = {"clip": ClipSelection(frames=None, every=1, start=0)}
    if setting == "self":
        # The character's own poses are on its body already.
        changes["retarget"] = config.retarget.model_copy(update={"method": "none"})
    return config.model_copy(update=changes)
