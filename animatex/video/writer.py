"""Frames to an H.264 video, with the driving video's sound, or to a folder of pictures."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from animatex.errors import InputError
from animatex.files import PICTURE_FRAME, replacing, replacing_folder
from animatex.progress import Progress, silent
from animatex.provenance.boxes import append_xmp, media_sha256
from animatex.provenance.credentials import Credentials, sign
from animatex.provenance.marks import GENERATED, Marks, write_comment, write_packet
from animatex.video.frames import FrameSequence, FrameStream
from animatex.video.image import encode_png
from animatex.video.reader import VideoInfo, open_container
from animatex.video.sampling import ClipPlan

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

VIDEO_SUFFIXES = (".mp4", ".mov")

# x264's output depends on the number of threads, not on their timing; a fixed number gives the same bytes.
_THREADS = 4
_SOUND_RATE = 48_000
_SOUND_BITS = 192_000
# Samples. Times of sound are rounded in some files; to follow them closer would be heard.
_SOUND_SLACK = 480
_BT709, _LIMITED_RANGE = 1, 1


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound of a video, from some moment on.

    Attributes:
        path: A file with an audio stream.
        start_seconds: The moment, by the file's clock, that plays with the first frame; it is silent before
            the sound begins.
    """

    path: Path
    start_seconds: float


def fitting_sound(video: VideoInfo, plan: ClipPlan) -> Sound | None:
    """Give the driving video's sound where it has one and the result moves as fast as the performer."""
    return Sound(video.path, plan.start_seconds) if video.has_audio and plan.keeps_speed else None


def write_video(
    path: Path,
    frames: FrameSequence | FrameStream,
    *,
    crf: int = 16,
    sound: Sound | None = None,
    marks: Marks | None = GENERATED,
    credentials: Credentials | None = None,
    progress: Progress = silent,
) -> None:
    """Write frames as a video that every player shows, or as numbered pictures.

    The same frames and marks give the same bytes, except where they are signed. The file appears under its
    name when it is complete, and not before.

    Args:
        path: A file ending in .mp4 or .mov, or a folder (a name without suffix) for PNG files; replaced if it
            exists.
        frames: What to write; of a stream, one at a time. The format needs even sides; an odd one gets its
            last row or column twice.
        crf: Quality of the H.264 stream, 0 (lossless) to 51; lower is better and larger.
        sound: Played along and cut to the length of the frames; None leaves the video silent.
        marks: What the file, or each picture, says of itself: by default, that a model made it; None:
            nothing.
        credentials: What the file, or each picture, is signed with.
        progress: Told of each frame.

    Raises:
        InputError: It cannot be written there, the sound cannot be read, or the credentials cannot be used.
        MissingPackage: Credentials are given, and c2pa is not installed.
    """
    progress.start("writing", frames.num_frames)
    if not path.suffix:
        _write_folder(path, frames, marks, credentials, progress)
    elif path.suffix.lower() in VIDEO_SUFFIXES:
        with replacing(path) as beside:
            _write_file(beside, frames, crf, sound, marks, progress)
            if marks is not None:
                append_xmp(beside, write_packet(replace(marks, content_sha256=media_sha256(beside))))
            if credentials is not None:
                sign(beside, marks or GENERATED, credentials)
    else:
        raise InputError(
            f"{path} cannot be written: no video format is known for '{path.suffix}'",
            hint=f"{' or '.join(VIDEO_SUFFIXES)}, or a name without suffix for a folder of PNG files.",
        )
    progress.done()


def _write_file(
    path: Path,
    frames: FrameSequence | FrameStream,
    crf: int,
    sound: Sound | None,
    marks: Marks | None,
    progress: Progress,
) -> None:
    import av

    # Bit-exact: no writing library's version and no date, which would make equal videos differ.
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(path), "w", options=options) as container:
        if marks is not None:
            container.metadata["comment"] = write_comment(marks)
            if marks.title:
                container.metadata["title"] = marks.title
        # A container is given all its streams before it is given the first packet.
        picture_stream = _picture_stream(container, frames, crf)
        streams = [_picture_packets(picture_stream, frames, progress)]
        if sound is not None:
            sound_stream = container.add_stream(
                "aac", rate=_SOUND_RATE, bit_rate=_SOUND_BITS, layout="stereo"
            )
            streams.append(_sound_packets(sound_stream, sound, frames.seconds))
        for packet in heapq.merge(*streams, key=_decoding_time):
            container.mux(packet)


def _picture_stream(container: OutputContainer, frames: FrameSequence | FrameStream, crf: int) -> VideoStream:
    stream = container.add_stream(
        "libx264",
        rate=Fraction(frames.fps).limit_denominator(1001),
        # Macroblock trees of small pictures come out differently now and then; without them bytes repeat.
        options={"crf": str(crf), "preset": "medium", "x264-params": "mbtree=0"},
    )
    stream.height, stream.width = (side + side % 2 for side in frames.size)
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.thread_count = _THREADS
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = _LIMITED_RANGE
    return stream


def _picture_packets(
    stream: VideoStream, frames: FrameSequence | FrameStream, progress: Progress
) -> Iterator[Packet]:
    import av

    for index, rgb in enumerate(frames.frames):
        frame = av.VideoFrame.from_ndarray(_even(rgb), format="rgb24")
        picture = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
        picture.pts, picture.time_base = index, 1 / Fraction(stream.codec_context.framerate)
        yield from stream.encode(picture)
        progress.advance()
    yield from stream.encode(None)


def _even(rgb: np.ndarray) -> np.ndarray:
    """Repeat the last row or column of a picture with an odd side."""
    height, width = rgb.shape[:2]
    if height % 2 or width % 2:
        rgb = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(rgb)


def _sound_packets(stream: AudioStream, sound: Sound, seconds: float) -> Iterator[Packet]:
    with open_container(sound.path) as container:
        yield from _encoded(stream, container, sound, seconds)
    yield from stream.encode(None)


def _encoded(
    stream: AudioStream, container: InputContainer, sound: Sound, seconds: float
) -> Iterator[Packet]:
    """Cut the sound to the sample and encode it anew: its own packets begin where they please."""
    import av

    first = position = round(sound.start_seconds * _SOUND_RATE)
    written, wanted = 0, round(seconds * _SOUND_RATE)
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=_SOUND_RATE)
    try:
        for decoded in container.decode(audio=0):
            for frame in resampler.resample(decoded):
                if frame.time is not None:
                    position = round(frame.time * _SOUND_RATE)
                late = position - first - written
                position += frame.samples
                if written and abs(late) <= _SOUND_SLACK:
                    late = 0
                for silence in _silence(min(late, wanted - written)):
                    yield from stream.encode(_audio_frame(silence, written))
                    written += silence.shape[1]
                samples = frame.to_ndarray()[:, max(0, -late) :][:, : wanted - written]
                if samples.shape[1]:
                    yield from stream.encode(_audio_frame(samples, written))
                    written += samples.shape[1]
            if written >= wanted:
                return
    except av.FFmpegError as error:
        raise InputError(
            f"the sound of {sound.path} does not decode", hint="--set video.audio=false writes without sound."
        ) from error


def _silence(samples: int) -> Iterator[np.ndarray]:
    """Give so many samples without a sound, a second at a time; none where the number is negative."""
    for begin in range(0, samples, _SOUND_RATE):
        yield np.zeros((2, min(_SOUND_RATE, samples - begin)), np.float32)


def _audio_frame(samples: np.ndarray, position: int) -> AudioFrame:
    import av

    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
    frame.sample_rate = _SOUND_RATE
    frame.pts, frame.time_base = position, Fraction(1, _SOUND_RATE)
    return frame


def _decoding_time(packet: Packet) -> float:
    assert packet.dts is not None
    return float(packet.dts * packet.time_base)


def _write_folder(
    folder: Path,
    frames: FrameSequence | FrameStream,
    marks: Marks | None,
    credentials: Credentials | None,
    progress: Progress,
) -> None:
    """Write 00000.png and so on; an earlier such folder goes once the new one is complete."""
    with replacing_folder(folder, PICTURE_FRAME) as beside:
        for index, rgb in enumerate(frames.frames):
            path = beside / f"{index:05d}.png"
            path.write_bytes(encode_png(rgb, marks))
            if credentials is not None:
                sign(path, marks or GENERATED, credentials)
            progress.advance()
