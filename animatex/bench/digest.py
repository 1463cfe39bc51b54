"""Whether two suites are the same: hashes over decoded pictures and joints, whatever encoder wrote them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from animatex.bench.suite import BenchCase
from animatex.errors import InputError
from animatex.pose.io import read_poses
from animatex.video.image import read_image
from animatex.video.reader import iterate_frames


def case_digests(cases: Iterable[BenchCase]) -> tuple[str, ...]:
    """Hash what each case consists of; files that several of them share are read once.

    Returns:
        For each case, SHA-256 in hexadecimal of its reference, driving frames, target and poses.

    Raises:
        InputError: A file cannot be read.
    """
    known: dict[Path, str] = {}
    readers: dict[str, Callable[[Path], Iterable[np.ndarray]]] = {
        "picture": _picture,
        "video": iterate_frames,
        "poses": _joints,
    }

    def digest(path: Path | None, how: str) -> str:
        if path is None:
            return "none"
        if path not in known:
            known[path] = _digest(readers[how](path))
        return known[path]

    return tuple(
        _join(
            digest(case.reference, "picture"),
            digest(case.reference_poses, "poses"),
            digest(case.driving, "video"),
            digest(case.driving_poses, "poses"),
            "none" if case.target is None else digest(case.target, "video"),
        )
        for case in cases
    )


def suite_digest(cases: Iterable[BenchCase]) -> str:
    """Hash cases that know their own hash, with their names and rates: SHA-256 in hexadecimal."""
    return _join(
        *(f"{case.id} {case.kind} {case.setting} {case.fps:g} {case.seed} {case.sha256}" for case in cases)
    )


def check_case(case: BenchCase) -> None:
    """Refuse a case whose files are not what its suite says; one that says nothing passes.

    Raises:
        InputError: They are not, or cannot be read.
    """
    if case.sha256 is not None and case_digests([case]) != (case.sha256,):
        raise InputError(
            f"case {case.id}: its files are not those of which the suite states the hash",
            hint="animatex bench make writes them anew into another folder.",
        )


def _picture(path: Path) -> Iterable[np.ndarray]:
    return (read_image(path).rgb,)


def _joints(path: Path) -> Iterable[np.ndarray]:
    poses = read_poses(path)
    return poses.keypoints, poses.scores, np.array([*poses.canvas, poses.fps], np.float32)


def _digest(arrays: Iterable[np.ndarray]) -> str:
    whole = hashlib.sha256()
    for array in arrays:
        whole.update(f"{array.dtype.str}{list(array.shape)}".encode())
        whole.update(np.ascontiguousarray(array).data)
    return whole.hexdigest()


def _join(*lines: str) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
