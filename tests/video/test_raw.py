import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.config.run import ClipSelection
from animatex.errors import InputError
from animatex.video.frames import Size
from animatex.video.raw import PixelFormat, RawFormat, RawStream, write_raw

ALL = ClipSelection(frames=None, every=1, start=0)
SIZE = Size(4, 6)
SELECTIONS = st.builds(
    ClipSelection, frames=st.none() | st.integers(1, 6), every=st.integers(1, 4), start=st.integers(0, 6)
)


class Endless(io.RawIOBase):
    """Bytes without an end."""

    def read(self, size: int = -1) -> bytes:
        return bytes(size)


def pictures(num_frames: int, size: Size = SIZE) -> np.ndarray:
    return np.random.default_rng(num_frames).integers(0, 256, (num_frames, *size, 3), np.uint8)


def raw(frames: np.ndarray, pix: PixelFormat = "rgb24") -> bytes:
    stream = io.BytesIO()
    write_raw(stream, frames, RawFormat(pix, Size(*frames.shape[1:3]), 24.0))
    return stream.getvalue()


def stream(data: bytes, pix: PixelFormat = "rgb24", size: Size = SIZE) -> RawStream:
    return RawStream(io.BytesIO(data), RawFormat(pix, size, 24.0), "the pipe")


@pytest.mark.parametrize("pix", ["rgb24", "bgr24"])
@given(num_frames=st.integers(1, 5))
def test_what_is_written_is_read_again(pix, num_frames):
    frames = pictures(num_frames)
    clip = stream(raw(frames, pix), pix).read_clip(ALL)
    assert np.array_equal(clip.frames.frames, frames)
    assert (clip.frames.fps, clip.video.num_frames, clip.video.size) == (24.0, num_frames, SIZE)


def test_bytes_lie_as_the_formats_name_says():
    frames = np.full((1, 2, 2, 3), (10, 20, 30), np.uint8)
    assert raw(frames, "rgb24") == bytes((10, 20, 30) * 4)
    assert raw(frames, "bgr24") == bytes((30, 20, 10) * 4)
    assert raw(frames, "gray") == bytes([round(0.299 * 10 + 0.587 * 20 + 0.114 * 30)] * 4)
    # BT.601 in limited range: black is 16, white 235, colourless 128.
    white = np.full((1, 2, 2, 3), 255, np.uint8)
    assert raw(white, "yuv420p") == bytes((235, 235, 235, 235, 128, 128))


@given(level=st.integers(0, 255))
def test_grey_frames_are_read_as_such(level):
    read = stream(bytes([level] * 24), "gray").read_clip(ALL)
    assert (read.frames.frames == level).all()


def test_even_colours_survive_the_halved_resolution_of_yuv():
    frames = np.repeat(pictures(3, Size(1, 1)), 4, 1).repeat(6, 2)
    read = stream(raw(frames, "yuv420p"), "yuv420p").read_clip(ALL)
    assert np.abs(read.frames.frames.astype(int) - frames).max() <= 6


@given(selection=SELECTIONS, num_frames=st.integers(1, 12))
def test_a_clip_has_the_frames_that_a_files_would_have(selection, num_frames):
    frames = pictures(num_frames)
    chosen = frames[selection.start :: selection.every]
    wanted = len(chosen) if selection.frames is None else selection.frames
    opened = stream(raw(frames))
    if not len(chosen) or wanted > len(chosen):
        with pytest.raises(InputError, match=f"the pipe has {num_frames} frame"):
            opened.read_clip(selection)
        return
    clip = opened.read_clip(selection)
    assert np.array_equal(clip.frames.frames, chosen[:wanted])
    assert clip.frames.fps == 24.0 / selection.every
    assert clip.video.num_frames == num_frames


def test_frames_are_given_as_they_arrive_and_one_is_held():
    frames = RawStream(Endless(), RawFormat("rgb24", SIZE, 24.0)).choose(ALL)
    assert [next(frames).shape for _ in range(3)] == [(4, 6, 3)] * 3


def test_a_stream_is_read_to_its_end_so_that_its_writer_ends_in_peace():
    data = io.BytesIO(raw(pictures(9)))
    RawStream(data, RawFormat("rgb24", SIZE, 24.0)).read_clip(ClipSelection(frames=2, every=1, start=0))
    assert data.read() == b""


@given(missing=st.integers(1, 71))
def test_a_last_frame_that_is_cut_off_is_refused_with_the_bytes_that_are_missing(missing):
    with pytest.raises(InputError) as caught:
        stream(raw(pictures(3))[:-missing]).read_clip(ClipSelection(frames=1, every=1, start=0))
    assert caught.value.message == f"the pipe ends within frame 2: {missing} of its 72 bytes are missing"
    assert caught.value.hint == "rgb24 frames of 6x4 were to come: is that what is sent, and to its end?"


def test_an_empty_stream_is_refused():
    with pytest.raises(InputError) as caught:
        stream(b"").read_clip(ALL)
    assert caught.value.message == "the pipe is empty: rgb24 frames of 6x4 were to come"
    assert caught.value.hint == "the command in front of the pipe may have said why."


def test_a_clip_that_is_too_large_for_memory_is_refused_while_it_comes(monkeypatch):
    monkeypatch.setenv("ANIMATEX_MAX_CLIP_BYTES", "144")
    with pytest.raises(
        InputError, match="the clip on the pipe takes more than 1.34.* GiB of memory"
    ) as caught:
        RawStream(Endless(), RawFormat("rgb24", SIZE, 24.0), "the pipe").read_clip(ALL)
    assert caught.value.hint.startswith(
        "fewer frames (--frames), every 2nd (--every 2), or ANIMATEX_MAX_CLIP_BYTES=2160 in the environment"
    )


def test_a_stream_that_never_ends_is_refused_though_little_of_it_is_used(monkeypatch):
    monkeypatch.setenv("ANIMATEX_MAX_FRAMES", "20")
    endless = RawStream(Endless(), RawFormat("rgb24", SIZE, 24.0), "the pipe")
    with pytest.raises(InputError, match="the pipe has more than 20 frames"):
        endless.read_clip(ClipSelection(frames=2, every=1, start=0))


def test_sizes_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="the pipe has frames of 9999x9999 pixels; at most 64000000 pixels"):
        stream(b"", "gray", Size(9999, 9999))
    with pytest.raises(InputError, match="raw frames come at 0 a second; 1/1000 to 1000 are believed"):
        RawFormat("gray", SIZE, 0.0)
    with pytest.raises(
        InputError, match="raw frames of 3x2 pixels cannot be yuv420p: both sides must be even"
    ):
        RawFormat("yuv420p", Size(2, 3), 24.0)
