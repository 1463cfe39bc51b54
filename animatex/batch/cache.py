"""What is known of files by their content: hashes, and the poses that were found in a video."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from animatex import __version__
from animatex.checkpoints.catalogue import locate_weights, weights_of
from animatex.config.run import AnimateConfig
from animatex.errors import InputError
from animatex.files import make_folder
from animatex.limits import check_file
from animatex.pose.io import read_poses, write_poses
from animatex.pose.sequence import PoseSequence
from animatex.record import folder_sha256, sha256

if TYPE_CHECKING:
    from animatex.animate import AnimationPlan


_MOST_HASHES = 100_000
"""As many are remembered: those of large batches and of long folders of pictures, some tens of megabytes."""


class Hashes:
    """Hashes of files, each computed once as long as the file stays as it is and is in use."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, int, int, int], str] = OrderedDict()

    def of(self, path: Path) -> str:
        """Hash a file, or a folder's files.

        Raises:
            InputError: It cannot be read.
        """
        try:
            if path.is_dir():
                return folder_sha256(path, self.of)
            check_file(path)
            status = path.stat()
            key = (str(path), status.st_ino, status.st_size, status.st_mtime_ns)
            if key not in self._known:
                self._known[key] = sha256(path)
                if len(self._known) > _MOST_HASHES:
                    self._known.popitem(last=False)
            self._known.move_to_end(key)
            return self._known[key]
        except FileNotFoundError as error:
            raise InputError(f"{path} does not exist") from error
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error


def fingerprint(reference: Path, driving: Path, config: AnimateConfig, weights: Path, hashes: Hashes) -> str:
    """Give one hash for everything a result depends on: two files, settings, weights, this package's version.

    Raises:
        InputError: One of the two files cannot be read.
    """
    return _digest(
        hashes.of(reference),
        hashes.of(driving),
        config.model_dump_json(),
        *_weights_hashes(weights_of(config), weights, hashes),
        *_estimator_hashes(config, weights, hashes),
    )


class PoseCache:
    """Poses of clips in a folder, each named after the video's content and all that decides what is found.

    Args:
        folder: Made when there is something to keep.
        weights: Folder of weights.
        hashes: Of files.
    """

    def __init__(self, folder: Path, weights: Path, hashes: Hashes) -> None:
        self._folder = folder
        self._weights = weights
        self._hashes = hashes

    def find(self, plan: AnimationPlan, config: AnimateConfig) -> PoseSequence | None:
        """Give the poses in the clip's frames; None where they are not known, or come from a file anyway."""
        path = self._path(plan, config)
        if path is None or not path.is_file():
            return None
        try:
            return read_poses(path)
        except InputError:
            # Damaged, or of another version: it is found again and written anew.
            return None

    def keep(self, plan: AnimationPlan, config: AnimateConfig, poses: PoseSequence) -> None:
        """Keep what was found, where that can be written: without it the poses are found again."""
        path = self._path(plan, config)
        if path is None or path.is_file():
            return
        with suppress(InputError):
            make_folder(self._folder)
            write_poses(poses, path)

    def _path(self, plan: AnimationPlan, config: AnimateConfig) -> Path | None:
        if plan.video is None or plan.poses is not None:
            return None
        name = _digest(
            self._hashes.of(plan.video.path),
            config.pose.model_dump_json(),
            config.pictures.colours,
            json.dumps([plan.clip.frames, plan.clip.source_fps]),
            *_estimator_hashes(config, self._weights, self._hashes),
        )
        return self._folder / f"{name}.npz"


def _estimator_hashes(config: AnimateConfig, folder: Path, hashes: Hashes) -> list[str]:
    """Hash what an estimator reads where it is installed; which one runs depends on that."""
    return _weights_hashes((config.pose.detector, config.pose.model), folder, hashes)


def _weights_hashes(names: tuple[str, ...], folder: Path, hashes: Hashes) -> list[str]:
    paths = (locate_weights(name, folder) for name in names)
    return ["none" if path is None else hashes.of(path) for path in paths]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join((__version__, *parts)).encode()).hexdigest()
