from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from animatex import __version__
from animatex.config.run import ClipSelection
from animatex.errors import InputError
from animatex.provenance.boxes import media_sha256, read_xmp
from animatex.provenance.marks import GENERATED, PNG_KEYWORD, picture_sha256, read_packet
from animatex.video.frames import FrameSequence, FrameStream, Size
from animatex.video.reader import probe, read_video
from animatex.video.sampling import plan_clip
from animatex.video.writer import Sound, fitting_sound, write_video


def sound_of(path: Path) -> np.ndarray:
    """Decode the first channel of a file's sound, at 48 kHz."""
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def test_the_same_frames_give_the_same_bytes(tmp_path: Path, numbered: FrameSequence, tune: Path) -> None:
    for name in ("one.mp4", "two.mp4"):
        write_video(tmp_path / name, numbered, sound=Sound(tune, 0.0))
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


@pytest.mark.parametrize("name", ["out.mp4", "out"])
def test_frames_one_by_one_give_the_same_bytes(tmp_path: Path, numbered: FrameSequence, name: str) -> None:
    stream = FrameStream(iter(numbered.frames), len(numbered), numbered.size, numbered.fps)
    for place, frames in (("held", numbered), ("taken", stream)):
        (tmp_path / place).mkdir()
        write_video(tmp_path / place / name, frames)
    held, taken = (
        [path.read_bytes() for path in sorted((tmp_path / place).rglob("*")) if path.is_file()]
        for place in ("held", "taken")
    )
    assert held == taken


@settings(max_examples=15, deadline=None)
@given(
    colour=st.tuples(*[st.integers(0, 255)] * 3),
    fps=st.sampled_from([7.5, 8.0, 24.0, 24000 / 1001, 30000 / 1001, 60.0]),
    frames=st.integers(1, 5),
)
def test_colours_rate_and_length_survive(
    colour: tuple[int, int, int], fps: float, frames: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("video") / "flat.mp4"
    write_video(path, FrameSequence(np.full((frames, 32, 32, 3), colour, np.uint8), fps))
    read = read_video(path)
    assert len(read) == frames
    assert read.fps == pytest.approx(fps, rel=1e-4)
    assert np.abs(read.frames.astype(int) - colour).max() <= 4


def test_a_lower_crf_is_closer_to_the_frames(tmp_path: Path, rng: np.random.Generator) -> None:
    noise = FrameSequence(rng.integers(0, 255, (4, 32, 32, 3), dtype=np.uint8), 12)
    sizes = []
    for crf in (1, 30):
        write_video(tmp_path / f"{crf}.mp4", noise, crf=crf)
        sizes.append((tmp_path / f"{crf}.mp4").stat().st_size)
    assert sizes[0] > sizes[1]


@pytest.mark.parametrize(("height", "width"), [(33, 48), (32, 47), (33, 47), (1, 1)])
def test_odd_sides_are_padded_with_their_own_edge(tmp_path: Path, height: int, width: int) -> None:
    write_video(tmp_path / "odd.mp4", FrameSequence(np.full((2, height, width, 3), 180, np.uint8), 12))
    read = read_video(tmp_path / "odd.mp4")
    assert read.size == Size(height + height % 2, width + width % 2)
    assert np.abs(read.frames.astype(int) - 180).max() <= 3


def test_the_file_is_what_every_player_shows_and_says_who_made_it(
    tmp_path: Path, numbered: FrameSequence
) -> None:
    write_video(tmp_path / "out.mp4", numbered, marks=replace(GENERATED, title="hero dances"))
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.colorspace, context.color_range) == (1, 1)
        assert container.metadata["title"] == "hero dances"
        assert container.metadata["comment"] == (
            f"made with animatex {__version__}; digital source type: "
            "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
        )
        assert "creation_time" not in container.metadata
    data = (tmp_path / "out.mp4").read_bytes()
    assert data.find(b"moov") < data.find(b"mdat")


@pytest.mark.parametrize("name", ["out.mp4", "out.mov"])
def test_a_video_says_what_it_is_whatever_the_frames(
    tmp_path: Path, numbered: FrameSequence, name: str
) -> None:
    marks = replace(GENERATED, title="<hero> & Söhne", settings="seed: 13\n")
    write_video(tmp_path / name, numbered, marks=marks)
    packet = read_xmp(tmp_path / name)
    said = read_packet(packet, name)
    assert said == replace(marks, content_sha256=media_sha256(tmp_path / name))
    assert (tmp_path / name).read_bytes().endswith(packet)
    assert len(read_video(tmp_path / name)) == len(numbered)


def test_every_picture_of_a_folder_says_what_it_is(tmp_path: Path, numbered: FrameSequence) -> None:
    write_video(tmp_path / "frames", numbered, marks=replace(GENERATED, settings="seed: 13\n"))
    for number, path in enumerate(sorted((tmp_path / "frames").iterdir())):
        with Image.open(path) as picture:
            said = read_packet(picture.info[PNG_KEYWORD].encode(), path.name)
        assert said.settings == "seed: 13\n"
        assert said.source_type == GENERATED.source_type
        assert said.content_sha256 == picture_sha256(numbered.frames[number])


def test_a_video_without_marks_says_nothing(tmp_path: Path, numbered: FrameSequence) -> None:
    write_video(tmp_path / "out.mp4", numbered, marks=None)
    assert read_xmp(tmp_path / "out.mp4") is None
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert not {"title", "comment"} & set(container.metadata)


def test_sound_is_cut_to_the_sample_and_to_the_length_of_the_frames(
    tmp_path: Path, numbered: FrameSequence, tune: Path
) -> None:
    # The tone begins half a second into the tune; from 0.25 s on, it begins 0.25 s into the video.
    half = numbered.select(range(6))
    write_video(tmp_path / "loud.mp4", half, sound=Sound(tune, 0.25))
    heard = sound_of(tmp_path / "loud.mp4")
    loud = np.flatnonzero(np.abs(heard) > 0.3)
    assert loud[0] / 48_000 == pytest.approx(0.25, abs=0.005)
    with av.open(str(tmp_path / "loud.mp4")) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.name == "aac"
        assert float(stream.duration * stream.time_base) == pytest.approx(0.5, abs=0.001)


def test_sound_that_ends_early_leaves_the_rest_silent(
    tmp_path: Path, numbered: FrameSequence, tune: Path
) -> None:
    slow = FrameSequence(numbered.frames, 4.0)
    write_video(tmp_path / "long.mp4", slow, sound=Sound(tune, 0.0))
    assert probe(tmp_path / "long.mp4").num_frames == 12
    assert len(sound_of(tmp_path / "long.mp4")) / 48_000 == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("start", [0, 5])
@pytest.mark.parametrize(
    ("name", "picture_late", "sound_late", "steps"),
    [
        ("plain.mp4", 0, 0, (40,)),
        ("broadcast.ts", 0, 0, (40,)),
        ("late-sound.mp4", 0, 500, (40,)),
        ("late-sound.mkv", 0, 500, (40,)),
        ("late-picture.mp4", 500, 0, (40,)),
        ("late-picture.mkv", 500, 0, (40,)),
        ("uneven.mp4", 0, 0, (33, 33, 33, 66)),
        ("slower.mkv", 250, 100, (20,) * 40 + (80,) * 10),
    ],
)
def test_sound_and_picture_stay_in_step(
    tmp_path: Path, name: str, picture_late: int, sound_late: int, steps: tuple[int, ...], start: int
) -> None:
    path = tmp_path / name
    shown_at = np.cumsum([picture_late, *np.resize(steps, 49)])
    write_flash_and_beep(path, shown_at, sound_late)
    info = probe(path)
    plan = plan_clip(info, ClipSelection(frames=None, every=1, start=start))
    frames = read_video(path, plan.frames, fps=plan.source_fps)
    write_video(tmp_path / "out.mp4", frames, sound=fitting_sound(info, plan))
    flash = int((frames.frames.mean((1, 2, 3)) > 128).argmax()) / frames.fps
    assert flash == pytest.approx((shown_at[30] - shown_at[0]) / 1000 - start / info.fps, abs=1 / info.fps)
    beep = np.flatnonzero(np.abs(sound_of(tmp_path / "out.mp4")) > 0.3)[0] / 48_000
    assert beep == pytest.approx(flash, abs=1 / info.fps)


def write_flash_and_beep(path: Path, shown_at: np.ndarray, sound_late: int) -> None:
    """Write 50 frames, black but for the 31st, and a beep when that is shown; times in milliseconds."""
    rate, unit = 48_000, Fraction(1, 1000)
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=30)
        pictures.height, pictures.width, pictures.pix_fmt = 32, 32, "yuv420p"
        pictures.codec_context.time_base = unit
        sound = container.add_stream("aac", rate=rate, layout="mono")
        packets = []
        for number, time in enumerate(shown_at.tolist()):
            picture = np.full((32, 32, 3), 255 * (number == 30), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = time, unit
            packets += pictures.encode(frame)
        moments = np.arange(int(shown_at[-1]) * 48, dtype=np.float32) / 48 + sound_late
        beeps = (moments >= shown_at[30]) & (moments < shown_at[30] + 100)
        samples = (0.8 * beeps * np.sin(moments * 10)).astype(np.float32)
        heard = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        heard.sample_rate, heard.pts, heard.time_base = rate, sound_late * 48, Fraction(1, rate)
        packets += [*pictures.encode(None), *sound.encode(heard), *sound.encode(None)]
        for packet in sorted(packets, key=lambda packet: float(packet.dts * packet.time_base)):
            container.mux(packet)


def test_sound_is_kept_where_the_motion_keeps_its_speed(
    tmp_path: Path, numbered: FrameSequence, tune: Path, video: Path
) -> None:
    path = tmp_path / "loud.mp4"
    write_video(path, numbered, sound=Sound(tune, 0.0))
    info = probe(path)
    every_second = ClipSelection(frames=None, every=2, start=3)
    assert fitting_sound(info, plan_clip(info, every_second)) == Sound(path, 0.25)
    assert fitting_sound(info, plan_clip(info, every_second, fps=12)) is None
    assert fitting_sound(probe(video), plan_clip(probe(video), every_second)) is None


def test_a_name_without_suffix_is_a_folder_of_pictures(tmp_path: Path, numbered: FrameSequence) -> None:
    for frames in (numbered, numbered.select([4, 5])):
        write_video(tmp_path / "frames", frames)
        assert [p.name for p in sorted((tmp_path / "frames").iterdir())] == [
            f"{i:05d}.png" for i in range(len(frames))
        ]
        assert np.array_equal(read_video(tmp_path / "frames").frames, frames.frames)
    assert [p.name for p in tmp_path.iterdir()] == ["frames"]


def test_a_folder_with_other_peoples_files_is_never_replaced(tmp_path: Path, numbered: FrameSequence) -> None:
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "beach.png").write_bytes(b"precious")
    with pytest.raises(InputError, match=r"holiday is not replaced: it holds beach\.png") as caught:
        write_video(tmp_path / "holiday", numbered)
    assert caught.value.hint == "another --out, or an empty folder."
    assert (tmp_path / "holiday" / "beach.png").read_bytes() == b"precious"


def test_an_unknown_format_is_refused(tmp_path: Path, numbered: FrameSequence) -> None:
    with pytest.raises(InputError, match=r"no video format is known for '\.avi'") as caught:
        write_video(tmp_path / "out.avi", numbered)
    assert caught.value.hint == ".mp4 or .mov, or a name without suffix for a folder of PNG files."


@pytest.mark.parametrize("name", ["out.mp4", "frames"])
def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path, numbered: FrameSequence, name: str) -> None:
    with pytest.raises(InputError, match="cannot be written: No such file or directory"):
        write_video(tmp_path / "nowhere" / name, numbered)


def test_nothing_half_written_is_left_behind(tmp_path: Path, numbered: FrameSequence, video: Path) -> None:
    class Interrupted:
        def start(self, stage: str, total: int | None = None) -> None: ...

        def advance(self, n: int = 1) -> None:
            raise KeyboardInterrupt

        def done(self) -> None: ...

    before = video.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        write_video(video, numbered, crf=40, progress=Interrupted())
    assert video.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [video.name]


def test_sound_that_does_not_decode_is_named(tmp_path: Path, numbered: FrameSequence, tune: Path) -> None:
    data = bytearray(tune.read_bytes())
    begin = data.find(b"mdat") + 4
    end = data.find(b"moov") if data.find(b"moov") > begin else len(data)
    data[begin : end - 8] = b"\xff" * (end - 8 - begin)
    (tmp_path / "noise.m4a").write_bytes(data)
    with pytest.raises(InputError, match=r"the sound of .*noise\.m4a does not decode") as caught:
        write_video(tmp_path / "out.mp4", numbered, sound=Sound(tmp_path / "noise.m4a", 0.0))
    assert caught.value.hint == "--set video.audio=false writes without sound."
    assert not (tmp_path / "out.mp4").exists()


def test_a_file_is_not_replaced_by_a_folder(tmp_path: Path, numbered: FrameSequence) -> None:
    (tmp_path / "frames").write_text("a file")
    with pytest.raises(InputError, match="frames is a file; a folder is needed"):
        write_video(tmp_path / "frames", numbered)
