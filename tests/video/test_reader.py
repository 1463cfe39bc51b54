from __future__ import annotations

import platform
import struct
import sys
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.errors import BackendError, InputError
from animatex.video import reader
from animatex.video.frames import FrameSequence, Size
from animatex.video.image import write_png
from animatex.video.reader import FOLDER_FPS, iterate_frames, probe, read_video
from animatex.video.writer import Sound, write_video


def greys(frames: FrameSequence) -> list[int]:
    """Give back which numbered frame each frame is."""
    return [round((float(frame.mean()) - 20) / 6) for frame in frames.frames]


def encode(
    path: Path,
    pictures: np.ndarray,
    *,
    times: list[int] | None = None,
    aspect: int = 1,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
) -> Path:
    """Write a video with what `write_video` never writes: uneven times, pixels that are not square."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10, options=options)
        stream.height, stream.width, stream.pix_fmt = *pictures.shape[1:3], "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(aspect)
        stream.codec_context.time_base = Fraction(1, 100)
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = (times[index] if times else 10 * index), Fraction(1, 100)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def turn_clockwise(path: Path, height: int) -> None:
    """Set the matrix of an mp4's track header to a quarter turn, as telephones do (ISO 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    matrix = data.find(b"tkhd") + 44
    one = 1 << 16
    struct.pack_into(">9i", data, matrix, 0, one, 0, -one, 0, 0, height * one, 0, 1 << 30)
    path.write_bytes(data)


def test_a_probe_says_what_a_video_has(video: Path) -> None:
    info = probe(video)
    assert (info.size, info.fps, info.num_frames, info.has_audio, info.rotation) == (
        Size(32, 48),
        12.0,
        12,
        False,
        0,
    )
    assert info.seconds == pytest.approx(1.0)


@settings(max_examples=20, deadline=None)
@given(chosen=st.sets(st.integers(0, 11), min_size=1).map(sorted))
def test_the_frames_asked_for_are_the_frames_read(
    chosen: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "numbered.mp4"
    if not path.exists():
        values = np.array([20 + 6 * i for i in range(12)], np.uint8)
        write_video(path, FrameSequence(np.tile(values[:, None, None, None], (1, 32, 48, 3)), 12.0))
    assert greys(read_video(path, chosen)) == chosen


def test_taking_every_third_frame_keeps_the_speed(video: Path) -> None:
    assert read_video(video, range(0, 12, 3)).fps == pytest.approx(4.0)
    assert read_video(video, range(0, 12, 3), fps=8).fps == 8
    assert read_video(video, [5]).fps == 12


def test_one_frame_is_a_video(tmp_path: Path, numbered: FrameSequence) -> None:
    write_video(tmp_path / "still.mp4", numbered.select([3]))
    assert probe(tmp_path / "still.mp4").num_frames == 1
    assert greys(read_video(tmp_path / "still.mp4")) == [3]


@settings(max_examples=20, deadline=None)
@given(cut=st.floats(0, 0.8))
def test_a_recording_that_begins_amid_a_group_of_pictures_has_the_frames_that_decode(
    cut: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole, path = folder / "broadcast.ts", folder / "recording.ts"
    if not whole.exists():
        noise = np.random.default_rng(2).integers(0, 255, (24, 32, 48, 3), dtype=np.uint8)
        encode(whole, noise, options={"g": "6", "bf": "2"})
    packets = whole.stat().st_size // 188
    path.write_bytes(whole.read_bytes()[188 * int(cut * packets) :])
    assert probe(path).num_frames == len(read_video(path)) == sum(1 for _ in iterate_frames(path)) >= 1


def test_frames_out_of_order_are_a_mistake_of_the_caller(video: Path) -> None:
    with pytest.raises(ValueError, match="ascending"):
        next(iterate_frames(video, [4, 2]))


def test_frames_with_uneven_times_come_when_they_are_shown(tmp_path: Path, numbered: FrameSequence) -> None:
    # Ten frames a second, then five, with a pause: 11 steps in 2.31 seconds are one in 0.21.
    times = [0, 10, 20, 30, 40, 50, 60, 80, 100, 120, 200, 231]
    path = encode(tmp_path / "uneven.mkv", numbered.frames, times=times)
    info = probe(path)
    assert (info.num_frames, info.fps) == (12, pytest.approx(1 / 0.21))
    shown = [1, 3, 5, 6, 7, 8, 9, 9, 9, 9, 10, 11]
    assert greys(read_video(path)) == shown == list(info.stored or ())
    assert greys(read_video(path, [1, 7, 8, 10])) == [3, 9, 9, 10]
    for source in (path, info):
        assert len(list(iterate_frames(source))) == len(list(iterate_frames(source, range(12)))) == 12
    with pytest.raises(InputError, match=r"uneven\.mkv ends after 12 frames; frame 12 was asked for"):
        read_video(path, [11, 12])


def test_a_turned_video_is_read_upright(tmp_path: Path) -> None:
    pictures = np.zeros((4, 32, 48, 3), np.uint8)
    pictures[:, :16, :16] = 255
    path = encode(tmp_path / "telephone.mp4", pictures)
    turn_clockwise(path, height=32)
    info, frame = probe(path), read_video(path).frames[0]
    assert (info.size, info.rotation) == (Size(48, 32), 270)
    assert frame.shape == (48, 32, 3)
    # The corner that was at the top left is at the top right after a quarter turn clockwise.
    assert frame[:14, -14:].min() > 240 and frame[:, :14].max() < 20


def test_pixels_become_square(tmp_path: Path, numbered: FrameSequence) -> None:
    path = encode(tmp_path / "anamorphic.mkv", numbered.frames, aspect=2)
    assert probe(path).size == Size(32, 96)
    assert read_video(path, [0]).size == Size(32, 96)


def test_large_frames_are_reduced_on_request_and_small_ones_left_alone(video: Path) -> None:
    assert read_video(video, [0], max_side=24).size == Size(16, 24)
    assert read_video(video, [0], max_side=500).size == Size(32, 48)


def test_colours_follow_the_tag_of_the_file(tmp_path: Path) -> None:
    red = np.zeros((2, 32, 32, 3), np.uint8)
    red[..., 0] = 200
    write_video(tmp_path / "red.mp4", FrameSequence(red, 10))
    tagged = read_video(tmp_path / "red.mp4").frames[0, 16, 16].astype(int)
    assert np.abs(tagged - [200, 0, 0]).max() <= 3
    # The same bytes read as BT.601 are another red; that is the choice made for parity.
    as_opencv = read_video(tmp_path / "red.mp4", colours="bt601").frames[0, 16, 16].astype(int)
    assert np.abs(as_opencv - tagged).max() > 8


def test_a_folder_of_pictures_is_a_video_in_the_order_of_its_numbers(
    tmp_path: Path, numbered: FrameSequence
) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for index, frame in enumerate(numbered.frames):
        write_png(folder / f"frame{index}.png", frame)
    (folder / "notes.txt").write_text("not a picture")
    assert probe(folder).fps == FOLDER_FPS
    assert greys(read_video(folder)) == list(range(12))
    assert read_video(folder, [2, 10], max_side=24).size == Size(16, 24)
    with pytest.raises(InputError, match="ends after 12 frames; frame 12 was asked for"):
        read_video(folder, [12])


@pytest.mark.skipif(
    not (sys.platform == "linux" and platform.machine() == "x86_64"),
    reason="decord has no wheel for this platform",
)
def test_decord_reads_the_same_frames(tmp_path: Path, video: Path, rng: np.random.Generator) -> None:
    path, pictures = tmp_path / "wide.mp4", rng.integers(0, 255, (12, 32, 64, 3), dtype=np.uint8)
    write_video(path, FrameSequence(pictures, 12))
    ours, theirs = read_video(path, [1, 4, 11]), read_video(path, [1, 4, 11], backend="decord")
    assert np.array_equal(ours.frames, theirs.frames)
    with pytest.raises(
        BackendError, match="'decord' reads whole frames of video files in the file's own colours"
    ):
        read_video(path, backend="decord", colours="bt601")
    with pytest.raises(BackendError, match="'decord' cannot read frames 48 pixels wide"):
        read_video(video, backend="decord")


# Bad input: one line that says what, where and what to do.


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.mp4 does not exist"):
        probe(tmp_path / "nowhere.mp4")


@pytest.mark.parametrize(
    "content", [b"", b"just some words\n" * 40, bytes(range(256)) * 16], ids=["empty", "text", "noise"]
)
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "dance.mp4"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"dance\.mp4 is not a video") as caught:
        probe(path)
    assert caught.value.hint is not None and caught.value.hint.startswith("MP4, MOV")


def test_a_picture_in_place_of_a_video_is_called_one(tmp_path: Path) -> None:
    write_png(tmp_path / "hero.mp4", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(InputError, match=r"hero\.mp4 is a picture, not a video"):
        probe(tmp_path / "hero.mp4")


def test_a_playlist_does_not_make_us_open_other_files(tmp_path: Path, video: Path) -> None:
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{video}\n#EXT-X-ENDLIST\n")
    with pytest.raises(InputError, match="is not a video"):
        probe(playlist)


def test_sound_alone_is_not_enough(tune: Path) -> None:
    with pytest.raises(InputError, match=r"tune\.m4a has no video stream, only audio"):
        probe(tune)


def test_a_truncated_video_says_how_much_of_it_there_is(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (12, 32, 48, 3), dtype=np.uint8)
    write_video(tmp_path / "whole.mp4", FrameSequence(noise, 12))
    data = (tmp_path / "whole.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(
        InputError, match=r"cut\.mp4 is truncated: [1-9]\d? of 12 frames can be read"
    ) as caught:
        probe(cut)
    assert caught.value.hint == "copy or download it again, or convert the part that plays."


def test_a_video_cut_before_its_table_of_frames_says_so(tmp_path: Path, numbered: FrameSequence) -> None:
    path = encode(tmp_path / "recording.mp4", numbered.frames)
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(InputError, match=r"recording\.mp4 is truncated: 0 frames can be read"):
        probe(path)


def test_frames_beyond_the_end_are_refused(video: Path) -> None:
    with pytest.raises(InputError, match=r"dance\.mp4 ends after 12 frames; frame 12 was asked for"):
        list(iterate_frames(video, [3, 12]))


def test_a_video_of_which_less_decodes_than_it_has_is_refused(
    monkeypatch: pytest.MonkeyPatch, video: Path
) -> None:
    decode = reader._decode
    monkeypatch.setattr(reader, "_decode", lambda *given: islice(decode(*given), 9))
    with pytest.raises(InputError, match=r"dance\.mp4 ends after 9 frames; frame 9 was asked for"):
        read_video(video)


def test_a_clip_too_large_for_memory_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch, video: Path
) -> None:
    monkeypatch.setenv("ANIMATEX_MAX_CLIP_BYTES", "1000")
    with pytest.raises(
        InputError, match=r"12 frames of .*dance\.mp4 take .* GiB of memory; at most"
    ) as caught:
        read_video(video)
    assert caught.value.hint == (
        "fewer frames (--frames), every 2nd (--every 2), or ANIMATEX_MAX_CLIP_BYTES=55296 in the environment "
        "allows it, if you trust where it comes from."
    )


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder without pictures"):
        probe(tmp_path)


def test_pictures_of_different_sizes_are_no_video(tmp_path: Path) -> None:
    for index, width in enumerate([8, 8, 10]):
        write_png(tmp_path / f"{index}.png", np.zeros((8, width, 3), np.uint8))
    with pytest.raises(InputError, match="changes its size at frame 2: 10x8 after 8x8"):
        read_video(tmp_path)


def test_sound_is_noticed(tmp_path: Path, numbered: FrameSequence, tune: Path) -> None:
    write_video(tmp_path / "loud.mp4", numbered, sound=Sound(tune, 0.0))
    assert probe(tmp_path / "loud.mp4").has_audio


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "frames"), [("dance_1.mp4", 194), ("dance_3.mp4", 153), ("dance_3_right.mp4", 32)]
)
def test_real_footage_decodes_completely(shared: Path, name: str, frames: int) -> None:
    path = shared / "samples" / name
    assert probe(path).num_frames == frames
    assert sum(1 for _ in iterate_frames(path)) == frames


@pytest.mark.shared
def test_bt601_equals_opencv_on_tagged_footage(shared: Path) -> None:
    import cv2

    path = shared / "samples" / "dance_1.mp4"
    capture = cv2.VideoCapture(str(path))
    _, bgr = capture.read()
    capture.release()
    ours = read_video(path, [0], colours="bt601").frames[0].astype(int)
    assert np.abs(ours - bgr[..., ::-1]).mean() < 0.5


def test_a_stream_that_does_not_decode_says_where(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "scratched.mp4"
    write_video(path, FrameSequence(rng.integers(0, 255, (12, 32, 48, 3), dtype=np.uint8), 12))
    data = bytearray(path.read_bytes())
    begin = data.find(b"mdat") + 4
    data[begin:] = b"\xff" * (len(data) - begin)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"scratched\.mp4 is damaged: frame 0 does not decode") as caught:
        probe(path)
    assert caught.value.hint == "copy or download it again, or convert the part that plays."


def test_a_stream_that_shows_nothing_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, video: Path
) -> None:
    monkeypatch.setattr("animatex.video.reader._decode", lambda path, container, stream: iter(()))
    with pytest.raises(InputError, match=r"dance\.mp4 is damaged: 0 of 12 frames decode"):
        probe(video)


@pytest.mark.parametrize(
    ("name", "said"),
    [("empty.mp4", "has no video stream, nor any other"), ("empty.avi", "has a video stream without frames")],
)
def test_a_stream_without_frames_is_no_video(tmp_path: Path, name: str, said: str) -> None:
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.height, stream.width, stream.pix_fmt = 32, 32, "yuv420p"
        container.start_encoding()
    with pytest.raises(InputError, match=f"{name} {said}"):
        probe(tmp_path / name)


def test_frames_too_large_to_unpack_are_refused(monkeypatch: pytest.MonkeyPatch, video: Path) -> None:
    monkeypatch.setenv("ANIMATEX_MAX_PIXELS", "1000")
    with pytest.raises(
        InputError, match=r"dance\.mp4 has frames of 48x32 pixels; at most 1000 pixels are read"
    ):
        probe(video)


def test_a_file_that_may_not_be_read_is_named(monkeypatch: pytest.MonkeyPatch, video: Path) -> None:
    # Permissions do not bind the super-user, who may be running this.
    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(av, "open", refuse)
    with pytest.raises(InputError, match=r"dance\.mp4 cannot be read: Permission denied"):
        probe(video)
