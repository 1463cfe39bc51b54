"""Sets of features: what networks see in each video, kept on disk until all videos were looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from animatex.config.model import ClipVisionConfig
from animatex.encoders.clip import FrozenClip
from animatex.metrics.clips import CLIP_FRAMES, clip_starts, whole_segments
from animatex.metrics.networks.i3d import FEATURES as I3D_FEATURES
from animatex.metrics.networks.i3d import I3d, i3d_clip
from animatex.metrics.networks.inception import FidInception, inception_pictures
from animatex.metrics.networks.resnet3d import FEATURES as RESNET_FEATURES
from animatex.metrics.networks.resnet3d import ResNet3d, resnet_clip

FRAMES_AT_ONCE = 8


class Extractor(Protocol):
    """Looks at one video."""

    def __call__(self, frames: np.ndarray, numbers: Sequence[int]) -> Mapping[str, np.ndarray]:
        """Give feature sets by name: float32 [rows, D].

        Args:
            frames: uint8 [F, H, W, 3].
            numbers: The frames' numbers; clips do not cross gaps.
        """


@dataclass(frozen=True, slots=True, eq=False)
class InceptionFeatures:
    """A row for each frame.

    Attributes:
        network: With weights, where it shall run.
    """

    network: FidInception

    def __call__(self, frames: np.ndarray, numbers: Sequence[int]) -> Mapping[str, np.ndarray]:
        """Give the set "inception"."""
        batches = (frames[i : i + FRAMES_AT_ONCE] for i in range(0, len(frames), FRAMES_AT_ONCE))
        return {"inception": np.concatenate([_run(self.network, inception_pictures(b)) for b in batches])}


@dataclass(frozen=True, slots=True, eq=False)
class ResNetFeatures:
    """A row for each clip, and one for the whole video: the mean over segments.

    Attributes:
        network: With weights, where it shall run.
    """

    network: ResNet3d

    def __call__(self, frames: np.ndarray, numbers: Sequence[int]) -> Mapping[str, np.ndarray]:
        """Give the sets "resnet" and "resnet_files"."""
        video = resnet_clip(frames)
        clips = [_run(self.network, video[None, :, i : i + CLIP_FRAMES]) for i in clip_starts(numbers)]
        segments = [_run(self.network, video[None, :, indices]) for indices in whole_segments(len(frames))]
        whole = np.concatenate(segments).mean(axis=0, keepdims=True)
        return {"resnet": _rows(clips, RESNET_FEATURES), "resnet_files": whole}


@dataclass(frozen=True, slots=True, eq=False)
class I3dFeatures:
    """A row for each clip, and one for the whole video in one pass.

    Attributes:
        network: With weights, where it shall run; DisCo's form, which is the original's for clips.
    """

    network: I3d

    def __call__(self, frames: np.ndarray, numbers: Sequence[int]) -> Mapping[str, np.ndarray]:
        """Give the sets "i3d" and "i3d_files"."""
        video = i3d_clip(frames)[None]
        clips = [_run(self.network, video[:, :, i : i + CLIP_FRAMES]) for i in clip_starts(numbers)]
        return {"i3d": _rows(clips, I3D_FEATURES), "i3d_files": _run(self.network, video)}


@dataclass(frozen=True, slots=True, eq=False)
class MiniFeatures:
    """The embedded model's picture encoder: a row for each frame, and one for each clip.

    A frame's row is the mean over four views half a patch apart: what lies where on the grid of patches would
    count more than how far something moved.

    A clip's row is the mean of its frames and the mean size of the change from frame to frame.

    Attributes:
        encoder: The embedded CLIP.
    """

    encoder: FrozenClip

    def __call__(self, frames: np.ndarray, numbers: Sequence[int]) -> Mapping[str, np.ndarray]:
        """Give the sets "mini_frames" and "mini_clips"."""
        views = [self.encoder.embed(view).numpy() for view in _views(frames, self.encoder.config.vision)]
        rows = np.mean(views, axis=0)
        clips = [_clip_row(rows[i : i + CLIP_FRAMES]) for i in clip_starts(numbers)]
        return {"mini_frames": rows, "mini_clips": _rows(clips, 2 * rows.shape[1])}


class FeatureStore:
    """Rows of features in a file, video by video, so that their number costs no memory.

    Args:
        path: A file that does not exist yet.
        dimensions: Width of a row.
    """

    def __init__(self, path: Path, dimensions: int) -> None:
        self.path = path
        self.dimensions = dimensions
        self._ends = [0]

    def append(self, rows: np.ndarray) -> None:
        """Add a video's rows, float32 [rows, D]; possibly none."""
        with self.path.open("ab") as file:
            file.write(np.ascontiguousarray(rows, np.float32).tobytes())
        self._ends.append(self._ends[-1] + len(rows))

    @property
    def rows(self) -> int:
        """Rows of all videos."""
        return self._ends[-1]

    @property
    def videos_without_rows(self) -> int:
        """Number of videos that had none."""
        return sum(a == b for a, b in zip(self._ends, self._ends[1:], strict=False))

    def read(self, videos: Sequence[int] | None = None) -> Iterator[np.ndarray]:
        """Give the rows of some videos, float32 [rows, D] each; of all by default.

        Args:
            videos: Their places, in any order, repeated or not.
        """
        if self.rows == 0:
            return
        held = np.memmap(self.path, np.float32, "r", shape=(self.rows, self.dimensions))
        for video in range(len(self._ends) - 1) if videos is None else videos:
            first, last = self._ends[video], self._ends[video + 1]
            if last > first:
                yield np.asarray(held[first:last])


@torch.inference_mode()
def _run(network: torch.nn.Module, inputs: torch.Tensor) -> np.ndarray:
    device = next(network.parameters()).device
    rows: torch.Tensor = network(inputs.to(device))
    return rows.float().cpu().numpy()


def _views(frames: np.ndarray, sizes: ClipVisionConfig) -> Iterator[np.ndarray]:
    """Cut four windows out of frames, which leave out one patch in all: uint8 [F, H', W', 3]."""
    height, width = frames.shape[1:3]
    patch = sizes.patch_size / sizes.image_size
    left_out = round(height * patch), round(width * patch)
    for y in (0, left_out[0] // 2):
        for x in (0, left_out[1] // 2):
            bottom, right = height - left_out[0] + y, width - left_out[1] + x
            yield np.ascontiguousarray(frames[:, y:bottom, x:right])


def _clip_row(rows: np.ndarray) -> np.ndarray:
    change = np.abs(np.diff(rows, axis=0)).mean(axis=0)
    row: np.ndarray = np.concatenate([rows.mean(axis=0), change])[None]
    return row


def _rows(parts: Sequence[np.ndarray], dimensions: int) -> np.ndarray:
    """Join rows, of which there may be none."""
    return np.concatenate([np.empty((0, dimensions), np.float32), *parts])
