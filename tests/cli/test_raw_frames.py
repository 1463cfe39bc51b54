"""Raw frames from and to pipes, by the real command line."""

import io
import json
import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from animatex.codec.motion.codec import MotionClip
from animatex.config.loader import load_config
from animatex.config.run import AnimateConfig
from animatex.pose.io import read_poses, write_poses
from animatex.video.frames import Size
from animatex.video.image import read_image, write_png
from animatex.video.raw import RawFormat, write_raw
from animatex.video.reader import probe, read_video
from animatex_cli.main import run
from tests.cli.pose.seeing import Seeing, video
from tests.cli.test_animate import hero, waving

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
PROGRAM = [sys.executable, "-c", "from animatex_cli.main import main; main()"]
FRAMES = np.full((6, 64, 64, 3), 180, np.uint8)
STREAM = ["animate", "hero.png", "-", "--preset", "tiny", "--pix", "rgb24", "--size", "64x64", "--fps", "24"]


@pytest.fixture
def place(tmp_path, monkeypatch, rng):
    """A folder with a picture and poses, and an estimator that sees somebody in every bright frame."""
    from animatex.runtime import Resolved

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "animatex.animate.resolve_estimator", lambda *_, **__: Resolved("told", "a test", Seeing())
    )
    write_png(Path("hero.png"), hero(rng))
    write_poses(waving(), Path("dance.npz"))
    return tmp_path


@pytest.fixture
def send(monkeypatch):
    """Put bytes on standard input."""

    def put(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    return put


def as_raw(frames: np.ndarray) -> bytes:
    stream = io.BytesIO()
    write_raw(stream, frames, RawFormat("rgb24", Size(*frames.shape[1:3]), 24.0))
    return stream.getvalue()


def test_raw_frames_go_in_and_come_out_and_nothing_else_does(place, send, capsysbinary):
    send(as_raw(FRAMES))
    assert run([*STREAM, "--frames", "5", "--out", "-"]) == 0
    shown = capsysbinary.readouterr()
    assert len(shown.out) == 5 * 64 * 64 * 3
    assert b"ffmpeg -f rawvideo -pixel_format rgb24 -video_size 64x64 -framerate 24 -i -\n" in shown.err
    assert sorted(path.name for path in place.iterdir()) == ["dance.npz", "hero.png"]


def test_frames_from_a_pipe_are_animated_as_those_of_a_folder_are(place, send):
    Path("clip").mkdir()
    for number, frame in enumerate(FRAMES):
        write_png(Path(f"clip/{number}.png"), frame)
    assert run(["animate", "hero.png", "clip", "--preset", "tiny", "--size", "64x64", "--out", "files"]) == 0
    send(as_raw(FRAMES))
    assert run([*STREAM, "--out", "piped"]) == 0
    files, piped = (read_video(Path(folder)).frames for folder in ("files", "piped"))
    assert len(files) == 4
    assert np.array_equal(piped, files)


def test_raw_frames_out_are_the_frames_of_the_folder(place, capsysbinary):
    given = ["animate", "hero.png", "dance.npz", "--preset", "tiny"]
    assert run([*given, "--out", "-", "--pix", "bgr24"]) == 0
    raw = np.frombuffer(capsysbinary.readouterr().out, np.uint8).reshape(4, 64, 64, 3)
    assert run([*given, "--out", "frames"]) == 0
    assert np.array_equal(raw[..., ::-1], read_video(Path("frames")).frames)


def test_each_frame_leaves_before_the_next_is_painted(place, monkeypatch):
    left, paint = [], MotionClip.paint
    stream = io.TextIOWrapper(io.BytesIO())

    def watched(*given):
        for frame in paint(*given):
            left.append(stream.buffer.tell() // frame.size)
            yield frame

    monkeypatch.setattr(MotionClip, "paint", watched)
    monkeypatch.setattr("sys.stdout", stream)
    assert run(["animate", "hero.png", "dance.npz", "--preset", "tiny", "--out", "-"]) == 0
    assert left == [0, 1, 2, 3]


def test_a_contact_sheet_may_go_with_raw_frames(place, capsysbinary):
    given = ["animate", "hero.png", "dance.npz", "--preset", "tiny", "--out", "-", "--quiet"]
    assert run([*given, "--preview", "sheet.png"]) == 0
    whole = capsysbinary.readouterr().out
    assert read_image(Path("sheet.png")).rgb.std() > 0
    assert run(given) == 0
    assert capsysbinary.readouterr().out == whole


def test_poses_on_standard_input_may_become_raw_frames(place, send, capsysbinary):
    assert run(["pose", "convert", "dance.npz", "--out", "-", "--quiet"]) == 0
    send(capsysbinary.readouterr().out)
    assert run(["animate", "hero.png", "-", "--preset", "tiny", "--out", "-", "--quiet"]) == 0
    shown = capsysbinary.readouterr()
    assert (len(shown.out), shown.err) == (4 * 64 * 64 * 3, b"")


def test_raw_frames_say_size_and_rate_of_both_ends_unless_something_else_does(place, capsys):
    def config(*more: str) -> dict:
        words = ["animate", "hero.png", "-", "--pix", "rgb24", "--size", "512x768", "--fps", "30", *more]
        assert run([*words, "--print-config", "--json"]) == 0
        return json.loads(capsys.readouterr().out)["config"]

    plain = config()
    assert plain["canvas"] == {"width": 512, "height": 768, "fit": "crop"}
    # The result keeps the motion's speed: each incoming frame is one that goes out.
    assert (plain["clip"]["every"], plain["video"]["fps"]) == (1, None)
    other = config("--set", "canvas.width=256", "--set", "canvas.height=256", "--every", "3")
    assert (other["canvas"]["width"], other["canvas"]["height"], other["clip"]["every"]) == (256, 256, 3)


def test_the_record_of_piped_frames_repeats_the_run(place, send, capsys):
    send(as_raw(FRAMES))
    assert run([*STREAM, "--every", "2", "--frames", "3", "--quiet"]) == 0
    first = Path("hero-frames.yaml").read_text().splitlines()[0].removeprefix("# repeat: animatex ")
    send(as_raw(FRAMES))
    assert run([*shlex.split(first), "--out", "again.mp4", "--quiet"]) == 0
    assert Path("again.mp4").read_bytes() == Path("hero-frames.mp4").read_bytes()
    records = [load_config(AnimateConfig, Path(name)) for name in ("again.yaml", "hero-frames.yaml")]
    assert records[0] == records[1]


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        (
            ["-", "--pix", "rgb24", "--size", "64x64"],
            "--pix rgb24: raw frames do not say their size and rate",
            "--size and --fps do: for example --size 512x768 --fps 24.",
        ),
        (["dance.npz", "--pix", "rgb24"], "--pix rgb24 is of raw frames: DRIVING or --out is -", None),
        (
            ["dance.npz", "--out", "-", "--json"],
            "--json and --out - both write to standard output",
            "use one of them.",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(options, message, hint, place, capsys):
    assert run(["animate", "hero.png", *options, "--preset", "tiny"]) == 2
    assert capsys.readouterr() == ("", f"error: {message}\n" + (f"hint: {hint}\n" if hint else ""))


def test_a_stream_that_is_cut_off_ends_the_run_and_leaves_nothing(place, send, capsys):
    send(as_raw(FRAMES)[:-5])
    assert run([*STREAM, "--out", "made.mp4"]) == 1
    assert "\nerror: standard input ends within frame 5: 5 of its 12288 bytes" in capsys.readouterr().err
    assert sorted(path.name for path in place.iterdir()) == ["dance.npz", "hero.png"]


def test_a_terminal_is_no_place_for_raw_frames(place):
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [*PROGRAM, "animate", "hero.png", "dance.npz", "--preset", "tiny", "--out", "-"],
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2
    assert done.stderr == (
        "error: --out - writes raw frames, and standard output is a terminal\n"
        "hint: | ffmpeg -f rawvideo ..., or > frames.rgb, or --out with a file's name.\n"
    )


SENDER = "import sys; frame = bytes([180]) * 64 * 64 * 3\nfor _ in range(6): sys.stdout.buffer.write(frame)"
# Their subject is the pipe: MediaPipe, which looks for people, would be most of what they take.
RIG = ["--set", "pose.reference_pose=rig"]
COUNTER = "import sys; print(len(sys.stdin.buffer.read()))"


def shell(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=False, timeout=300
    )


def python(code: str) -> str:
    return shlex.join([sys.executable, "-c", code])


def test_whoever_stops_reading_ends_the_run_quietly(place):
    # More than a pipe holds.
    make = shlex.join(
        [*PROGRAM, "animate", "hero.png", "dance.npz", "--preset", "tiny", "--size", "128x128", *RIG]
    )
    done = shell(f"{make} --out - --quiet | head -c 10 | wc -c")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "10", "")


def test_processes_form_a_pipe_of_raw_frames(place):
    animate = shlex.join(
        [*PROGRAM, *STREAM, *RIG, "--poses", "dance.npz", "--frames", "3", "--out", "-", "--quiet"]
    )
    done = shell(f"{python(SENDER)} | {animate} | {python(COUNTER)}")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{3 * 64 * 64 * 3}\n", "")


@pytest.mark.ffmpeg
def test_a_pipe_from_ffmpeg_through_three_commands_to_ffmpeg(tmp_path):
    character, made = SAMPLES / "character.png", tmp_path / "made.mp4"
    frames = ["-f", "rawvideo", "-pix_fmt", "rgb24"]
    steps = [
        ["ffmpeg", "-v", "error", "-i", SAMPLES / "dance.mp4", "-frames:v", "4", *frames, "-"],
        [
            *PROGRAM,
            "pose",
            "extract",
            "-",
            "--pix",
            "rgb24",
            "--size",
            str(probe(SAMPLES / "dance.mp4").size),
        ],
        [*PROGRAM, "pose", "retarget", "-", "--to", character, "--out", "-", "--quiet"],
        [*PROGRAM, "animate", character, "-", "--preset", "tiny", "--out", "-", "--quiet"],
        ["ffmpeg", "-v", "error", *frames, "-s", "64x64", "-r", "24", "-i", "-", made],
    ]
    steps[1] += ["--fps", "24", "--out", "-", "--quiet"]
    done = shell(" | ".join(shlex.join(map(str, step)) for step in steps))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert (probe(made).num_frames, probe(made).size, probe(made).fps) == (4, Size(64, 64), 24.0)


@pytest.mark.ffmpeg
@pytest.mark.parametrize("pix", ["rgb24", "bgr24", "gray", "yuv420p"])
def test_ffmpeg_reads_the_colours_that_we_write(pix, tmp_path):
    # One colour a frame: the codec and the halved resolution of colours change nothing then.
    colours = np.array([[200, 60, 40], [30, 160, 90], [90, 90, 220]], np.uint8)
    frames = np.repeat(colours, 32 * 32, axis=0).reshape(3, 32, 32, 3)
    with (tmp_path / "raw").open("wb") as file:
        write_raw(file, frames, RawFormat(pix, Size(32, 32), 24.0))
    read = ["-f", "rawvideo", "-pix_fmt", pix, "-s", "32x32", "-r", "24", "-i", str(tmp_path / "raw")]
    write = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run(["ffmpeg", "-v", "error", *read, *write], capture_output=True, check=True)
    shown = np.frombuffer(done.stdout, np.uint8).reshape(3, 32, 32, 3)[:, 16, 16].astype(int)
    expected = np.repeat(colours @ [0.299, 0.587, 0.114], 3).reshape(3, 3) if pix == "gray" else colours
    assert np.abs(shown - expected).max() <= 3


def test_poses_are_found_in_raw_frames_as_in_the_folder(place, send, monkeypatch, capsys):
    from animatex.runtime import Resolved

    seeing = Resolved("told", "a test", Seeing())
    monkeypatch.setattr("animatex.pose.backends.resolve_estimator", lambda *_, **__: seeing)
    video(Path("clip.mp4"), [200, 180, 200, 180, 200, 180])
    frames = read_video(Path("clip.mp4"))
    send(as_raw(frames.frames))
    words = ["pose", "extract", "-", "--pix", "rgb24", "--size", str(frames.size), "--fps", "24"]
    assert run([*words, "--every", "2"]) == 0
    assert capsys.readouterr().out == "frames-poses.npz\n"
    assert run(["pose", "extract", "clip.mp4", "--every", "2", "--quiet"]) == 0
    piped, read = read_poses(Path("frames-poses.npz")), read_poses(Path("clip-poses.npz"))
    assert np.array_equal(piped.keypoints, read.keypoints)
    assert piped.fps == 12.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-"], "- is raw frames on standard input, and needs --pix, --size and --fps"),
        (["a.mp4", "--fps", "3"], "--fps is of raw frames on standard input; a.mp4 says it itself"),
        (
            ["-", "--pix", "gray", "--size", "4x4", "--fps", "9", "--preview", "p.png"],
            "--preview shows frames once their poses are known; those on standard input are gone by then",
        ),
    ],
)
def test_raw_frames_for_poses_that_are_said_wrongly_are_refused(options, message, place, capsys):
    assert run(["pose", "extract", *options]) == 2
    assert capsys.readouterr().err.splitlines()[0] == f"error: {message}"
