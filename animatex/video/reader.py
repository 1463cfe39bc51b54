"""Videos, and folders of pictures, to frames. PyAV reads; decord can, where somebody prefers it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from animatex.errors import BackendError, InputError, require
from animatex.limits import CLIP_BYTES, FPS, FRAMES, PIXELS, check_file, check_size
from animatex.progress import Progress, silent
from animatex.video.frames import FrameSequence, Size
from animatex.video.image import is_image, read_image
from animatex.video.timing import time_frames

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Colours = Literal["tagged", "bt601"]
"""tagged: as the file says, which is right. bt601: as OpenCV converts everything; for parity."""

Backend = Literal["pyav", "decord"]

FOLDER_FPS = 24.0
"""Frame rate of a folder of pictures, which has none of its own."""

# Containers that hold videos. FFmpeg would also read playlists that name other files, and text as a screen.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,apng,mpegts,mpeg,mpegvideo,"
    "asf,flv,ogg,h264,hevc,m4v,nut,mxf"
)
_READABLE = "MP4, MOV, MKV, WebM, AVI, GIF and MPEG files and folders of pictures can be read."


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a driving video has.

    Attributes:
        path: The file or folder.
        size: Height and width of a frame as shown: upright, with square pixels.
        fps: Frames per second.
        num_frames: Number of frames that are shown, at least 1.
        has_audio: Whether there is sound.
        rotation: Degrees, counter-clockwise, by which stored frames are turned upright: 0, 90, 180 or 270.
        start_seconds: When the first frame is shown, by the file's clock, which is its sound's too.
        stored: For each frame the stored one that is shown then, ascending; None where the stored rate is
            constant and each is its own.
    """

    path: Path
    size: Size
    fps: float
    num_frames: int
    has_audio: bool
    rotation: int
    start_seconds: float = 0.0
    stored: tuple[int, ...] | None = None

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return self.num_frames / self.fps


def probe(path: Path) -> VideoInfo:
    """Look at a video without decoding more than its first frame.

    Args:
        path: A video file, or a folder of pictures in the order of the numbers in their names.

    Raises:
        InputError: It is missing, unreadable, truncated, too large, or not a video.
    """
    if path.is_dir():
        pictures = list_pictures(path)
        return VideoInfo(path, read_image(pictures[0]).size, FOLDER_FPS, len(pictures), False, 0)
    with _opened(path) as (container, stream):
        has_audio = bool(container.streams.audio)
        claimed = float(stream.average_rate or stream.guessed_rate or 0)
        times = _packet_times(path, container, stream)
    if not times:
        raise InputError(f"{path} has a video stream without frames")
    with _opened(path) as (container, stream):
        first = next(_decode(path, container, stream), None)
        if first is None:
            raise InputError(f"{path} is damaged: 0 of {len(times)} frames decode", hint=_AGAIN)
        size, rotation = _shown(first, stream.sample_aspect_ratio), _rotation(first)
        start, unit = first.pts, stream.time_base or Fraction(1)
    # A recording cut out of a longer one begins with frames whose reference was cut off: they do not decode.
    decoding = [time for time in times if time is None or start is None or time >= start]
    timing = time_frames(decoding, start, unit, claimed)
    fps = timing.fps
    if not 1 / FPS.value() <= fps <= FPS.value():
        needed = math.ceil(max(fps, 1 / max(fps, 1e-9)))
        raise InputError(
            f"{path} claims {fps:g} frames a second; 1/{FPS.value()} to {FPS.value()} are believed",
            hint=f"convert it to a constant rate, or {FPS.raise_to(needed)}",
        )
    return VideoInfo(
        path, size, fps, timing.num_frames, has_audio, rotation, timing.start_seconds, timing.stored
    )


def read_comment(path: Path) -> str | None:
    """Give the comment in a video's metadata; None where it has none.

    Raises:
        InputError: It is missing, unreadable or not a video.
    """
    with _opened(path) as (container, _):
        tags = {key.lower(): text for key, text in container.metadata.items()}
    return tags.get("comment")


def iterate_frames(
    video: Path | VideoInfo,
    frames: Sequence[int] | None = None,
    *,
    colours: Colours = "tagged",
    max_side: int | None = None,
) -> Iterator[np.ndarray]:
    """Read a video frame by frame, holding one frame at a time.

    Frames come at a constant rate: where the stored rate varies, some are repeated and some left out.

    Args:
        video: A video file or a folder of pictures, or what `probe` says of it.
        frames: Indices to read, ascending; None reads all.
        colours: How YUV becomes RGB.
        max_side: Frames with a longer side are reduced to it, in proportion; None keeps them as they are.

    Yields:
        uint8 [H, W, 3], RGB, upright, one for each index.

    Raises:
        InputError: As `probe`; or fewer frames decode than were asked for, or they change their size.
    """
    wanted = None if frames is None else list(frames)
    if wanted is not None and any(b <= a for a, b in zip(wanted, wanted[1:], strict=False)):
        raise ValueError(f"frames are {wanted[:8]}; needs ascending indices.")
    info = video if isinstance(video, VideoInfo) else probe(video)
    if info.path.is_dir():
        return _of_one_size(info.path, wanted, _picture_frames(info.path, wanted, max_side))
    if wanted is None and info.stored is not None:
        wanted = list(range(info.num_frames))
    return _of_one_size(info.path, wanted, _video_frames(info, wanted, colours, max_side))


def read_video(
    path: Path,
    frames: Sequence[int] | None = None,
    *,
    fps: float | None = None,
    colours: Colours = "tagged",
    max_side: int | None = None,
    backend: Backend = "pyav",
    progress: Progress = silent,
) -> FrameSequence:
    """Read frames of a video into memory.

    Args:
        path: A video file or a folder of pictures.
        frames: Indices to read, ascending; None reads all.
        fps: Frames per second of the chosen frames; None: as the first two of them lie in the video.
        colours: How YUV becomes RGB.
        max_side: Frames with a longer side are reduced to it, in proportion; None keeps them as they are.
        backend: Who decodes; both give the same frames.
        progress: Told of each frame.

    Raises:
        InputError: The video cannot be read, or the clip is too large for memory.
        MissingPackage: decord was asked for and is not installed.
        BackendError: decord was asked for something it cannot do.
    """
    info = probe(path)
    wanted = range(info.num_frames) if frames is None else frames
    size = info.size.within(max_side)
    needed = len(wanted) * size.height * size.width * 3
    if needed > CLIP_BYTES.value():
        raise InputError(
            f"{len(wanted)} frames of {path} take {needed / 2**30:.1f} GiB of memory; "
            f"at most {CLIP_BYTES.value() / 2**30:g} are used",
            hint=f"fewer frames (--frames), every 2nd (--every 2), or {CLIP_BYTES.raise_to(needed)}",
        )
    if backend == "decord":
        source = _decord_frames(info, list(wanted), colours, max_side)
    else:
        source = iterate_frames(info, wanted, colours=colours, max_side=max_side)
    held = np.empty((len(wanted), *size, 3), np.uint8)
    progress.start("reading frames", len(wanted))
    for place, frame in enumerate(_of_one_size(path, wanted, source, size)):
        held[place] = frame
        progress.advance()
    progress.done()
    step = wanted[1] - wanted[0] if len(wanted) > 1 else 1
    return FrameSequence(held, info.fps / step if fps is None else fps)


_AGAIN = "copy or download it again, or convert the part that plays."


def open_container(path: Path) -> InputContainer:
    """Open a file with pictures or sound, and none that would have FFmpeg open others.

    Raises:
        InputError: It is missing, no file, or no such container.
    """
    import av

    check_file(path)
    try:
        return av.open(
            # Without it, names with a colon in them would be addresses.
            f"file:{path}",
            container_options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"},
            # FFmpeg decodes a little already to find out what it has.
            options={"max_pixels": str(PIXELS.value())},
        )
    except PermissionError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (av.FFmpegError, UnicodeError) as error:
        raise _not_a_video(path) from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    from av.stream import Disposition

    with open_container(path) as container:
        streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not streams:
            raise InputError(f"{path} has no video stream, {_what_else(container)}")
        stream = streams[0]
        # The types do not know that there is none for a codec that FFmpeg does not know.
        if cast(object, stream.codec_context) is None:
            raise InputError(f"{path} has a video stream of an unknown kind", hint=_READABLE)
        check_size(path, stream.height, stream.width, "has frames of")
        stream.thread_type = "AUTO"
        stream.codec_context.options = {"max_pixels": str(PIXELS.value())}
        yield container, stream


def _not_a_video(path: Path) -> InputError:
    if is_image(path):
        return InputError(f"{path} is a picture, not a video", hint=_READABLE)
    with path.open("rb") as file:
        start = file.read(64)
    if start[4:8] == b"ftyp":
        return InputError(
            f"{path} is truncated: 0 frames can be read, its table of frames is missing", hint=_AGAIN
        )
    return InputError(f"{path} is not a video", hint=_READABLE)


def _what_else(container: InputContainer) -> str:
    kinds = {"a cover picture" if stream.type == "video" else stream.type for stream in container.streams}
    return f"only {' and '.join(sorted(kinds))}" if kinds else "nor any other"


def _packet_times(path: Path, container: InputContainer, stream: VideoStream) -> list[int | None]:
    """Give the time of each frame's packet, as stored; what an edit list hides is not shown and left out."""
    import av

    stored = 0
    times = []
    try:
        for packet in container.demux(stream):
            if packet.size:
                stored += 1
                if not packet.is_discard:
                    times.append(packet.pts)
            if stored > FRAMES.value():
                raise InputError(
                    f"{path} has more than {FRAMES.value()} frames",
                    hint=FRAMES.raise_to(max(stream.frames, 10 * stored)),
                )
    except av.FFmpegError:
        # The packets so far are what can be read; the header says below whether that is all.
        pass
    if stored < stream.frames:
        raise InputError(f"{path} is truncated: {stored} of {stream.frames} frames can be read", hint=_AGAIN)
    return times


def _decode(path: Path, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    import av

    decoded = 0
    try:
        for frame in container.decode(stream):
            check_size(path, *_shown(frame, stream.sample_aspect_ratio), "has frames of")
            yield frame
            decoded += 1
    except av.FFmpegError as error:
        raise InputError(f"{path} is damaged: frame {decoded} does not decode", hint=_AGAIN) from error


def _of_one_size(
    path: Path, wanted: Sequence[int] | None, frames: Iterator[np.ndarray], first: Size | None = None
) -> Iterator[np.ndarray]:
    for place, frame in enumerate(frames):
        size = Size(*frame.shape[:2])
        first = first or size
        if size != first:
            number = place if wanted is None else wanted[place]
            raise InputError(
                f"{path} changes its size at frame {number}: {size} after {first}",
                hint="convert it to one size first.",
            )
        yield frame


def _video_frames(
    info: VideoInfo, wanted: list[int] | None, colours: Colours, max_side: int | None
) -> Iterator[np.ndarray]:
    remaining = None if wanted is None else iter(wanted)
    following = None if remaining is None else next(remaining, None)
    index = -1
    with _opened(info.path) as (container, stream):
        aspect = stream.sample_aspect_ratio
        for index, frame in enumerate(_decode(info.path, container, stream)):
            if remaining is None:
                yield _upright(frame, aspect, colours, max_side)
                continue
            if following is None:
                return
            if index != _stored(info, following):
                continue
            upright = _upright(frame, aspect, colours, max_side)
            while following is not None and index == _stored(info, following):
                yield upright
                following = next(remaining, None)
    if following is not None:
        raise InputError(
            f"{info.path} ends after {index + 1} frames; frame {following} was asked for", hint=_AGAIN
        )


def _stored(info: VideoInfo, frame: int) -> int:
    """Give the place of a frame among those that decode."""
    return frame if info.stored is None or frame >= info.num_frames else info.stored[frame]


def _upright(
    frame: VideoFrame, aspect: Fraction | None, colours: Colours, max_side: int | None
) -> np.ndarray:
    """Convert one decoded frame to RGB as it is meant to be seen."""
    reduced = _shown(frame, aspect).within(max_side)
    target = Size(*reversed(reduced)) if _rotation(frame) % 180 else reduced
    same = target == (frame.height, frame.width)
    rgb = frame.reformat(
        width=target.width,
        height=target.height,
        format="rgb24",
        src_colorspace="ITU601" if colours == "bt601" else None,
        interpolation=None if same else "AREA",
    ).to_ndarray()
    return np.ascontiguousarray(np.rot90(rgb, _rotation(frame) // 90))


def _shown(frame: VideoFrame, aspect: Fraction | None) -> Size:
    """Give a frame's size as people see it: with square pixels, and upright."""
    width = round(frame.width * aspect) if aspect else frame.width
    return Size(width, frame.height) if _rotation(frame) % 180 else Size(frame.height, width)


def _rotation(frame: VideoFrame) -> int:
    return round(frame.rotation / 90) * 90 % 360


def _decord_frames(
    info: VideoInfo, wanted: list[int], colours: Colours, max_side: int | None
) -> Iterator[np.ndarray]:
    if colours != "tagged" or max_side is not None or info.path.is_dir():
        raise BackendError(
            "reader 'decord' reads whole frames of video files in the file's own colours, nothing else",
            hint="read with 'pyav'.",
        )
    reader = require("decord", for_="reading videos with it").VideoReader(str(info.path), num_threads=1)
    for index in wanted:
        frame = reader[_stored(info, index)].asnumpy()
        if frame.shape[2] != 3:
            # It takes the padding behind rows that are not a multiple of 64 bytes for a fourth channel.
            raise BackendError(
                f"reader 'decord' cannot read frames {frame.shape[1]} pixels wide ({info.path})",
                hint="read with 'pyav'.",
            )
        yield np.ascontiguousarray(np.rot90(frame, info.rotation // 90))


def list_pictures(folder: Path) -> list[Path]:
    """List the pictures of a folder in the order of the numbers in their names.

    Raises:
        InputError: There are none.
    """
    pictures = [entry for entry in folder.iterdir() if entry.is_file() and is_image(entry)]
    if not pictures:
        raise InputError(f"{folder} is a folder without pictures", hint=_READABLE)
    return sorted(pictures, key=_natural)


def _natural(path: Path) -> list[tuple[int, str]]:
    """Order frame2 before frame10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.name)]


def _picture_frames(folder: Path, wanted: list[int] | None, max_side: int | None) -> Iterator[np.ndarray]:
    pictures = list_pictures(folder)
    for index in range(len(pictures)) if wanted is None else wanted:
        if index >= len(pictures):
            raise InputError(f"{folder} ends after {len(pictures)} frames; frame {index} was asked for")
        rgb = read_image(pictures[index]).rgb
        size = Size(*rgb.shape[:2])
        reduced = size.within(max_side)
        if reduced != size:
            import cv2

            rgb = cv2.resize(rgb, (reduced.width, reduced.height), interpolation=cv2.INTER_AREA)
        yield rgb
