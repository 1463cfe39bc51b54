"""A run made again from what its result says of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from animatex.animate import animate, load_models, plan_animation, read_inputs
from animatex.checkpoints.catalogue import default_folder, find_all_weights, weights_of
from animatex.config.loader import parse_config
from animatex.config.run import AnimateConfig
from animatex.errors import InputError
from animatex.inspection import Findings
from animatex.progress import Progress, silent
from animatex.record import HashFile, Record, sha256, versions
from animatex.result import Sources, write_result


def settings_of(findings: Findings) -> str:
    """Give the settings in a file: the record of the run that made it, a complete preset.

    Raises:
        InputError: There are none.
    """
    if findings.marks is None or findings.marks.settings is None or findings.record is None:
        why = f": {findings.problems[0]}" if findings.problems else ""
        raise InputError(
            f"{findings.path} holds no settings of a run{why}",
            hint="a record beside it, REFERENCE-DRIVING.yaml, is a preset too.",
        )
    return findings.marks.settings


def other_versions(record: Record) -> list[str]:
    """Say which packages have another version here than in a record: "torch 2.11.0, here 2.12.1"."""
    here = versions()
    recorded = [entry.partition(" ") for entry in record.notes.get("with", "").split(", ") if entry]
    return [
        f"{name} {number}, here {here.get(name, 'none')}"
        for name, _, number in recorded
        if here.get(name) != number
    ]


def repeat(
    findings: Findings,
    out: Path,
    reference: Path,
    driving: Path,
    *,
    poses: Path | None = None,
    weights: Path | None = None,
    progress: Progress = silent,
) -> None:
    """Make a result again from its settings and the files that it was made of.

    On the same machine, with the same versions, the pictures come out the same, bit for bit.

    Args:
        findings: What `inspect` found in the result.
        out: As for `write_video`; the record is written beside it.
        reference: The character's picture.
        driving: The performance.
        poses: Poses of the driving video, where they were given then.
        weights: Folder of weights; None: the user's own.
        progress: Told of every stage.

    Raises:
        ConfigError: The settings are not of this version.
        InputError: There are no settings, a file is not the one that was used, or cannot be used.
        CheckpointMismatch: Weights do not fit.
    """
    config = parse_config(AnimateConfig, settings_of(findings), f"the settings in {findings.path}")
    assert findings.record is not None
    if poses is not None and all(file.role != "poses" for file in findings.record.used):
        raise InputError(f"{findings.path} was made without poses; {poses.name} would change it")
    folder = weights or default_folder()
    sources = Sources(reference, driving, poses, find_all_weights(weights_of(config), folder))
    plan = plan_animation(reference, driving, config, poses=poses, weights=folder)
    hash_file = cache(sha256)
    _check(findings, findings.record, sources, hash_file)
    inputs = read_inputs(plan, config, progress)
    progress.start("loading networks")
    models = load_models(config, plan.runtime, plan.weights)
    progress.done()
    frames = animate(inputs, models, config, plan.runtime, progress)
    write_result(out, frames, plan, config, sources, progress, hash_file=hash_file)


def _check(findings: Findings, record: Record, sources: Sources, hash_file: HashFile) -> None:
    """Refuse files that are not those of the record."""
    used = sources.used(hash_file)
    given = {(file.role, file.name if file.role == "weights" else ""): file for file in used}
    recorded = {(file.role, file.name if file.role == "weights" else ""): file for file in record.used}
    for role in ("reference", "driving"):
        if (role, "") not in recorded:
            raise InputError(
                f"{findings.path} does not say which {role} it was made of",
                hint="--settings gives a preset; animatex animate --preset runs it with any files.",
            )
    for key, was in recorded.items():
        if key not in given:
            hint = "--poses with it." if was.role == "poses" else None
            raise InputError(
                f"{findings.path} was made with {was.role} {was.name}, which is missing", hint=hint
            )
        if given[key].sha256 != was.sha256:
            raise InputError(
                f"{given[key].name} is not the {was.role} that {findings.path} was made of: that was "
                f"{was.name}, SHA-256 {was.sha256[:12]}..., this is {given[key].sha256[:12]}..."
            )
    if extra := next((file for key, file in given.items() if key not in recorded), None):
        raise InputError(f"{findings.path} was made without {extra.role}; {extra.name} would change it")
