"""Which frames make a clip."""

from __future__ import annotations

from collections.abc import Sequence

CLIP_FRAMES = 16


def clip_starts(numbers: Sequence[int], length: int = CLIP_FRAMES) -> list[int]:
    """List where clips begin: at every frame that is followed by enough consecutively numbered ones.

    A video of N frames without gaps has N - 15 clips, overlapping.

    Args:
        numbers: The frames' numbers, ascending.
        length: Frames of a clip.

    Returns:
        Places in `numbers`.

    Source: DisCo, tool/metrics, DatasetFVDVideoFromFramesResize.
    """
    last = len(numbers) - length
    return [i for i in range(last + 1) if numbers[i + length - 1] - numbers[i] == length - 1]


def whole_segments(frames: int, length: int = CLIP_FRAMES) -> list[list[int]]:
    """Cut a video into clips that do not overlap; the last one is filled with the last frame.

    Args:
        frames: Length of the video.
        length: Frames of a clip.

    Returns:
        Indices of each clip's frames.

    Source: DisCo, tool/metrics, for video files.
    """
    return [[min(i, frames - 1) for i in range(start, start + length)] for start in range(0, frames, length)]
