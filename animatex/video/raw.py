"""Raw frames: pixels without any header, as `ffmpeg -f rawvideo` writes and reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from animatex.config.run import ClipSelection
from animatex.errors import InputError
from animatex.limits import CLIP_BYTES, FPS, FRAMES, check_size
from animatex.progress import Progress, silent
from animatex.video.frames import FrameSequence, Size
from animatex.video.reader import VideoInfo
from animatex.video.sampling import plan_clip

PixelFormat = Literal["rgb24", "bgr24", "gray", "yuv420p"]
"""FFmpeg's names. yuv420p is BT.601 in limited range, as FFmpeg takes raw frames that do not say."""

_BYTES_PER_PIXEL: dict[PixelFormat, float] = {"rgb24": 3, "bgr24": 3, "gray": 1, "yuv420p": 1.5}


@dataclass(frozen=True, slots=True)
class RawFormat:
    """What raw frames do not say about themselves.

    Attributes:
        pix: How the pixels lie.
        size: Height and width of every frame.
        fps: Frames per second.

    Raises:
        InputError: The format does not have that size, or nobody believes that rate.
    """

    pix: PixelFormat
    size: Size
    fps: float

    def __post_init__(self) -> None:
        if not 1 / FPS.value() <= self.fps <= FPS.value():
            raise InputError(
                f"raw frames come at {self.fps:g} a second; 1/{FPS.value()} to {FPS.value()} are believed"
            )
        if self.pix == "yuv420p" and (self.size.height % 2 or self.size.width % 2):
            raise InputError(
                f"raw frames of {self.size} pixels cannot be yuv420p: both sides must be even",
                hint="rgb24 has every size.",
            )

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame."""
        return int(self.size.height * self.size.width * _BYTES_PER_PIXEL[self.pix])

    def __str__(self) -> str:
        """Say it as people do."""
        return f"{self.pix} frames of {self.size}"


@dataclass(frozen=True, slots=True, eq=False)
class StreamedClip:
    """A clip of a stream, which passes once and is held in memory.

    Attributes:
        video: What the stream was, all its frames counted.
        frames: Those of the clip.
    """

    video: VideoInfo
    frames: FrameSequence


class RawStream:
    """Raw frames as they arrive; one at a time is held.

    Args:
        stream: Bytes, such as standard input's.
        form: What they are.
        name: What messages call the stream.

    Raises:
        InputError: Frames are larger than pictures may be.
    """

    def __init__(self, stream: BinaryIO, form: RawFormat, name: str = "standard input") -> None:
        check_size(Path(name), *form.size, "has frames of")
        self._stream = stream
        self._form = form
        self._name = name
        self._count = 0

    def choose(self, selection: ClipSelection) -> Iterator[np.ndarray]:
        """Give the frames of a clip; what lies between and behind them is read too, and dropped.

        Args:
            selection: How many frames, taken how often, from where.

        Yields:
            uint8 [H, W, 3], RGB.

        Raises:
            InputError: The stream is empty, ends within a frame, never ends, or is too short for the clip.
        """
        end = selection.start + (selection.frames or 2**60) * selection.every
        wanted = range(selection.start, end, selection.every)
        for data in self._frames():
            if self._count - 1 in wanted:
                yield _to_rgb(data, self._form)
        # Too few frames are said in the words of files.
        plan_clip(self._info(), selection)

    def read_clip(self, selection: ClipSelection, progress: Progress = silent) -> StreamedClip:
        """Read a clip into memory.

        Args:
            selection: How many frames, taken how often, from where.
            progress: Told of each frame.

        Raises:
            InputError: As `choose`, or the clip is too large for memory.
        """
        # How many will come nobody knows, and a list made an array at the end would take all of it twice.
        held = bytearray()
        progress.start("reading frames", selection.frames)
        for frame in self.choose(selection):
            held += frame.tobytes()
            if len(held) > CLIP_BYTES.value():
                raise InputError(
                    f"the clip on {self._name} takes more than {CLIP_BYTES.value() / 2**30:g} GiB of memory",
                    hint="fewer frames (--frames), every 2nd (--every 2), "
                    f"or {CLIP_BYTES.raise_to(10 * len(held))}",
                )
            progress.advance()
        progress.done()
        frames = np.frombuffer(held, np.uint8).reshape(-1, *self._form.size, 3)
        return StreamedClip(self._info(), FrameSequence(frames, self._form.fps / selection.every))

    def _frames(self) -> Iterator[bytes]:
        needed = self._form.frame_bytes
        while data := self._stream.read(needed):
            if len(data) < needed:
                raise InputError(
                    f"{self._name} ends within frame {self._count}: "
                    f"{needed - len(data)} of its {needed} bytes are missing",
                    hint=f"{self._form} were to come: is that what is sent, and to its end?",
                )
            self._count += 1
            if self._count > FRAMES.value():
                raise InputError(
                    f"{self._name} has more than {FRAMES.value()} frames",
                    hint=FRAMES.raise_to(10 * self._count),
                )
            yield data
        if self._count == 0:
            raise InputError(
                f"{self._name} is empty: {self._form} were to come",
                hint="the command in front of the pipe may have said why.",
            )

    def _info(self) -> VideoInfo:
        form = self._form
        return VideoInfo(Path(self._name), form.size, form.fps, self._count, has_audio=False, rotation=0)


def write_raw(stream: BinaryIO, frames: Iterable[np.ndarray], form: RawFormat) -> None:
    """Write raw frames, each as soon as it is there and whoever reads has room for it.

    Args:
        stream: Takes bytes.
        frames: What to write: uint8 [H, W, 3], RGB, of the format's size.
        form: How the pixels lie.

    Raises:
        OSError: Of `stream`: nobody reads any more, for instance.
    """
    for frame in frames:
        stream.write(_from_rgb(frame, form))
        stream.flush()


def _to_rgb(data: bytes, form: RawFormat) -> np.ndarray:
    import cv2

    pixels = np.frombuffer(data, np.uint8)
    if form.pix == "yuv420p":
        planes = pixels.reshape(form.size.height * 3 // 2, form.size.width)
        return np.asarray(cv2.cvtColor(planes, cv2.COLOR_YUV2RGB_I420))
    if form.pix == "gray":
        return np.repeat(pixels.reshape(*form.size, 1), 3, axis=2)
    picture = pixels.reshape(*form.size, 3)
    return np.array(picture if form.pix == "rgb24" else picture[..., ::-1])


def _from_rgb(frame: np.ndarray, form: RawFormat) -> bytes:
    import cv2

    if form.pix == "yuv420p":
        return bytes(cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420))
    if form.pix == "gray":
        return bytes(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY))
    return (frame if form.pix == "rgb24" else frame[..., ::-1]).tobytes()
