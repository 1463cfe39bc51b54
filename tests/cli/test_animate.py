import io
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from animatex.config.loader import load_config
from animatex.config.run import AnimateConfig
from animatex.files import claiming
from animatex.pose.estimator import DetectedPoses
from animatex.pose.io import write_json_lines, write_poses
from animatex.pose.sequence import PoseSequence
from animatex.runtime import Resolved
from animatex.video.frames import FrameSequence, Size
from animatex.video.reader import open_container, read_video
from animatex.video.writer import write_video
from animatex_cli.main import run

STANDING = {
    0: (32, 12), 1: (32, 20), 2: (26, 20), 3: (24, 30), 4: (23, 38), 5: (38, 20), 6: (40, 30), 7: (41, 38),
    8: (28, 38), 9: (28, 48), 10: (28, 58), 11: (36, 38), 12: (36, 48), 13: (36, 58), 14: (30, 10),
    15: (34, 10),
}  # fmt: skip


def waving(num_frames: int = 6) -> PoseSequence:
    """A stick figure of 64 x 64 pixels that lifts its hands."""
    keypoints = np.zeros((num_frames, 134, 2), np.float32)
    scores = np.zeros((num_frames, 134), np.float32)
    for joint, place in STANDING.items():
        keypoints[:, joint] = place
        scores[:, joint] = 1
    keypoints[:, (4, 7), 1] -= 3 * np.arange(num_frames)[:, None]
    return PoseSequence(keypoints, scores, Size(64, 64), 8.0)


def hero(rng: np.random.Generator) -> np.ndarray:
    """Somebody in a coat of noise on an even ground, uint8 [64, 64, 3].

    Noise all over would be character all over, and most of a run's time would go into painting behind it.
    """
    picture = np.full((64, 64, 3), 220, np.uint8)
    picture[16:52, 24:40] = rng.integers(0, 160, (36, 16, 3))
    return picture


def blind(frame: np.ndarray) -> DetectedPoses:
    """An estimator that sees nobody, as MediaPipe does in such a picture, which takes longer than the run."""
    return DetectedPoses(
        np.zeros((0, 134, 2), np.float32), np.zeros((0, 134), np.float32), np.zeros((0, 5), np.float32)
    )


@pytest.fixture
def place(tmp_path, monkeypatch, rng):
    """A folder to work in, with a picture and a pose file, away from any environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANIMATEX_WEIGHTS", raising=False)
    monkeypatch.setattr(
        "animatex.animate.resolve_estimator", lambda *_, **__: Resolved("told", "a test", blind)
    )
    Image.fromarray(hero(rng)).save("hero.png")
    write_poses(waving(), Path("dance.npz"))
    return tmp_path


def animate(*arguments: str) -> int:
    return run(["animate", "hero.png", "dance.npz", "--preset", "tiny", *arguments])


def test_two_files_give_a_video_and_its_record_in_the_current_folder(place, capsys):
    assert animate() == 0
    shown = capsys.readouterr()
    assert shown.out == "hero-dance.mp4\n"
    assert "sampling" in shown.err
    assert sorted(path.name for path in place.iterdir()) == [
        "dance.npz", "hero-dance.mp4", "hero-dance.yaml", "hero.png",
    ]  # fmt: skip


def test_names_that_are_no_text_end_no_run(place):
    reference = os.fsdecode(b"caf\xe9.png")
    Path("hero.png").rename(reference)
    Path("dance").mkdir()
    for number in range(6):
        Image.open(reference).save(f"dance/{number}.png")
    Path("dance", os.fsdecode(b"caf\xe9.txt")).write_text("notes")
    given = ["--poses", "dance.npz", "--preset", "tiny", "--frames", "2", "--out", "out.mp4"]
    assert run(["animate", reference, "dance", *given]) == 0
    with open_container(Path("out.mp4")) as container:
        assert container.metadata["title"] == r"caf\xe9-dance"


def test_a_default_name_that_is_too_long_is_refused_in_one_line(place, capsys):
    long = "h" * 240
    Path("hero.png").rename(f"{long}.png")
    assert run(["animate", f"{long}.png", "dance.npz", "--preset", "tiny"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: {long}-dance.mp4 cannot be written: its name has 250 bytes; at most 232")
    assert "Traceback" not in error


def test_the_record_repeats_the_run_byte_by_byte(place):
    assert animate("--seed", "5", "--frames", "3", "--size", "128x128", "--out", "first.mp4") == 0
    assert run(["animate", "hero.png", "dance.npz", "--preset", "first.yaml", "--out", "second.mp4"]) == 0
    assert Path("first.mp4").read_bytes() == Path("second.mp4").read_bytes()
    assert load_config(AnimateConfig, Path("first.yaml")) == load_config(AnimateConfig, Path("second.yaml"))


def test_json_is_one_object_with_these_keys(place, capsys):
    assert animate("--json", "--preview", "sheet.png") == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report) == [
        "output", "record", "preview", "frames", "fps", "width", "height", "seed", "preset", "device",
        "dtype", "reference_pose", "missing", "evaluations", "seconds", "peak_memory_bytes",
    ]  # fmt: skip
    assert (report["reference_pose"], report["missing"]) == ("the rig's", [])
    assert (report["output"], report["preview"], report["preset"]) == ("hero-dance.mp4", "sheet.png", "tiny")
    assert (report["frames"], report["fps"], report["width"], report["height"]) == (4, 8.0, 64, 64)
    assert (report["seed"], report["device"], report["dtype"], report["evaluations"]) == (
        13,
        "cpu",
        "float32",
        2,
    )
    assert report["seconds"]["total"] >= report["seconds"]["sampling"] > 0
    assert report["peak_memory_bytes"] > 2**20
    assert Image.open("sheet.png").format == "PNG"


def test_only_the_poses_that_a_contact_sheet_shows_are_drawn_for_it(place, monkeypatch):
    import animatex.pose.draw
    from animatex.video.image import read_image

    assert animate("--quiet", "--preview", "whole.png") == 0
    drawn = []

    def draw(poses):
        drawn.append(len(poses))
        return np.zeros((len(poses), *poses.canvas, 3), np.uint8)

    write_poses(waving(20), Path("dance.npz"))
    # What the network sees is drawn by the name under which it was imported there.
    monkeypatch.setattr(animatex.pose.draw, "draw_poses", draw)
    assert animate("--quiet", "--out", "long.mp4", "--frames", "20", "--preview", "sheet.png") == 0
    assert drawn == [8]
    four, eight = (read_image(Path(name)).size.width for name in ("whole.png", "sheet.png"))
    assert eight - four == 4 * (240 + 8)


def test_quiet_says_nothing(place, capsys):
    assert animate("--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_named_options_win_over_set_and_set_over_the_preset(place, capsys):
    assert animate("--print-config", "--set", "sampler.steps=7", "--set", "seed=3", "--steps", "9") == 0
    lines = {line.split(":")[0].strip(): line for line in capsys.readouterr().out.splitlines()}
    assert lines["steps"].split() == ["steps:", "9", "#", "--steps", "9"]
    assert lines["seed"].split() == ["seed:", "3", "#", "--set", "seed=3"]
    assert lines["spacing"].split()[:2] == ["spacing:", "trailing"]
    assert "presets/tiny.yaml:" in lines["spacing"]


def test_every_named_option_sets_its_key(place, capsys):
    options = {
        "--frames": ("clip.frames", 2),
        "--every": ("clip.every", 3),
        "--start": ("clip.start", 1),
        "--steps": ("sampler.steps", 5),
        "--guidance": ("sampler.guidance_scale", 1.5),
        "--fps": ("video.fps", 12.5),
        "--device": ("runtime.device", "cuda"),
        "--dtype": ("runtime.dtype", "bfloat16"),
        "--seed": ("seed", 99),
    }
    given = [word for flag, (_, value) in options.items() for word in (flag, str(value))]
    assert animate("--print-config", "--json", *given) == 0
    shown = json.loads(capsys.readouterr().out)
    for flag, (key, value) in options.items():
        section = shown["config"]
        for step in key.split("."):
            section = section[step]
        assert section == value
        assert shown["sources"][key] == f"{flag} {value}"


def test_what_print_config_shows_is_a_preset(place, capsys):
    assert animate("--print-config", "--steps", "9") == 0
    Path("mine.yaml").write_text(capsys.readouterr().out)
    assert load_config(AnimateConfig, Path("mine.yaml")).sampler.steps == 9
    assert sorted(path.name for path in place.iterdir()) == ["dance.npz", "hero.png", "mine.yaml"]


def test_a_size_is_width_times_height_and_is_kept_to(place, capsys):
    assert run(["animate", "a.png", "b.mp4", "--size", "512x768", "--print-config", "--json"]) == 0
    canvas = json.loads(capsys.readouterr().out)["config"]["canvas"]
    assert canvas == {"height": 768, "width": 512, "fit": "crop"}
    assert animate("--size", "128x64", "--print-config", "--json") == 0
    canvas = json.loads(capsys.readouterr().out)["config"]["canvas"]
    assert canvas == {"height": 64, "width": 128, "fit": "stretch"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--size", "512"],
            "error: --size 512: needs WIDTHxHEIGHT in pixels\nhint: for example --size 512x768.\n",
        ),
        (
            ["--size", "100x64"],
            "error: --size 100x64: canvas is 100x64; both sides must be multiples of 16.\n",
        ),
        (["--steps", "0"], "error: --steps 0: sampler.steps: got 0; needs a whole number from 1 to 1000.\n"),
        (
            ["--dtype", "bf16"],
            "error: --dtype bf16: runtime.dtype: got 'bf16'; needs one of 'auto', 'float32', 'float16', "
            "'bfloat16'. Did you mean 'bfloat16'?\n",
        ),
        (
            ["--set", "sampler.stesp=5"],
            "error: --set sampler.stesp=5: sampler.stesp: unknown key. Did you mean 'steps'?\n",
        ),
        (
            ["--set", "steps"],
            "error: --set steps: needs key.path=value\nhint: for example --set sampler.steps=50.\n",
        ),
        (
            ["--set", "a." * 2000 + "a=1"],
            f"error: --set {'a.' * 77}…: the key is nested deeper than 32 levels\n"
            "hint: --print-config shows all keys.\n",
        ),
        (
            ["--out", "hero.gif"],
            "error: --out hero.gif: no video format is known for '.gif'\n"
            "hint: .mp4 or .mov, or a name without suffix for a folder of PNG files.\n",
        ),
        (["--fps", "1e9"], "error: --fps 1000000000.0: video: fps is 1e+09; needs 1/1000 to 1000.\n"),
        (["--fps", "0.0001"], "error: --fps 0.0001: video: fps is 0.0001; needs 1/1000 to 1000.\n"),
        (["--preview", "sheet.jpg"], "error: --preview sheet.jpg: a contact sheet is a .png file\n"),
    ],
)
def test_wrong_settings_are_refused_with_exit_code_2(options, message, place, capsys):
    assert animate(*options) == 2
    assert capsys.readouterr() == ("", message)
    assert sorted(path.name for path in place.iterdir()) == ["dance.npz", "hero.png"]


def test_poses_beside_poses_are_refused(place, capsys):
    assert animate("--poses", "hero.png", "--quiet") == 2
    assert capsys.readouterr().err == (
        "error: dance.npz holds poses, and hero.png is given for it\n"
        "hint: poses of a video go with that video; without it, either of the two is enough.\n"
    )


def test_a_picture_that_shows_nothing_is_refused(place, capsys):
    Image.new("RGBA", (64, 96)).save("hero.png")
    assert animate("--quiet") == 1
    assert capsys.readouterr().err == (
        "error: hero.png shows nothing: all of it is transparent\nhint: export its visible layers.\n"
    )


def test_a_canvas_is_as_limited_as_pictures_are(place, capsys):
    assert animate("--size", "2000000x64", "--dry-run", "--quiet") == 1
    assert "ANIMATEX_MAX_PIXELS" in capsys.readouterr().err


def test_an_unknown_preset_is_refused(place, capsys):
    assert run(["animate", "hero.png", "dance.npz", "--preset", "tinny"]) == 2
    assert capsys.readouterr().err.startswith(
        "error: no preset is called 'tinny'. Did you mean 'tiny'?\nhint: there are "
    )


def test_a_misspelt_key_in_a_preset_has_its_line(place, capsys):
    Path("mine.yaml").write_text("sead: 13\n")
    assert run(["animate", "hero.png", "dance.npz", "--preset", "mine.yaml"]) == 2
    assert "\n  mine.yaml:1: sead: unknown key. Did you mean 'seed'?\n" in capsys.readouterr().err


@pytest.mark.parametrize("existing", ["hero-dance.mp4", "hero-dance.yaml", "sheet.png"])
def test_nothing_is_overwritten_without_force(existing, place, capsys):
    Path(existing).write_text("mine")
    assert animate("--preview", "sheet.png") == 1
    assert capsys.readouterr().err == (
        f"error: {existing} exists already\nhint: --force to replace it, or another --out.\n"
    )
    assert Path(existing).read_text() == "mine"
    assert animate("--preview", "sheet.png", "--force", "--quiet") == 0
    assert Path(existing).read_bytes() != b"mine"


def test_an_output_folder_that_does_not_exist_is_named_before_any_work(place, capsys):
    assert animate("--out", "gone/hero.mp4") == 1
    assert capsys.readouterr().err == (
        f"error: gone/hero.mp4 cannot be written: {place / 'gone'} does not exist\n"
        f"hint: mkdir -p '{place / 'gone'}'\n"
    )


def test_an_input_is_never_replaced(place, capsys):
    Path("clip.mp4").write_text("a video")
    assert run(["animate", "hero.png", "clip.mp4", "--preset", "tiny", "--out", "clip.mp4", "--force"]) == 1
    assert (
        capsys.readouterr().err
        == "error: clip.mp4 would be replaced, but it is read too\nhint: another --out.\n"
    )
    assert animate("--preview", "hero.png", "--force") == 1


def test_a_reference_does_not_come_through_a_pipe(place, capsys):
    assert run(["animate", "-", "dance.npz", "--preset", "tiny"]) == 2
    assert capsys.readouterr().err.splitlines()[0] == (
        "error: REFERENCE - cannot be used: only DRIVING may be standard input"
    )


def test_a_missing_reference_is_named_and_nothing_is_left(place, capsys):
    Path("hero.png").unlink()
    assert animate() == 1
    assert "error: hero.png does not exist\n" in capsys.readouterr().err
    assert [path.name for path in place.iterdir()] == ["dance.npz"]


def test_missing_weights_are_named_before_any_work(place, capsys):
    assert run(["animate", "hero.png", "gone.mp4", "--preset", "animate-x", "--weights", str(place)]) == 1
    err = capsys.readouterr().err
    assert (
        "error: weights animate-x_ckpt.pth (7.27 GB), open_clip_pytorch_model.bin (3.94 GB), "
        f"v2-1_512-ema-pruned.ckpt (5.21 GB) are not installed: looked in {place} and "
    ) in err
    assert f"hint: animatex weights pull animate-x --weights '{place}' fetches what is missing" in err


def test_too_few_frames_are_refused_with_what_would_fit(place, capsys):
    assert animate("--frames", "9") == 1
    err = capsys.readouterr().err
    assert "error: dance.npz has 6 frames; 9 frames need 9\nhint: --frames 6.\n" in err
    assert sorted(path.name for path in place.iterdir()) == ["dance.npz", "hero.png"]


def test_a_dry_run_says_everything_and_writes_nothing(place, capsys):
    assert animate("--dry-run", "--frames", "3") == 0
    rows = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    assert list(rows) == [
        "preset", "clip", "canvas", "windows", "evaluations", "device", "dtype", "poses", "weights", "writes",
    ]  # fmt: skip
    assert rows["poses"].strip() == "file (poses are given)"
    assert rows["weights"].strip() == "random, drawn from the seed"
    assert rows["writes"].strip() == "hero-dance.mp4, hero-dance.yaml"
    assert sorted(path.name for path in place.iterdir()) == ["dance.npz", "hero.png"]


def test_a_dry_run_counts_frames_windows_and_evaluations(place, capsys):
    windows = ["--set", "context={size: 4, overlap: 2, blend: uniform}", "--set", "clip.frames=null"]
    assert animate("--dry-run", "--json", "--guidance", "2", "--steps", "3", *windows) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["frames"], plan["windows"], plan["evaluations"]) == (6, 2, 3 * 2 * 2)
    assert set(plan["device"]) == {"name", "reason"}


def test_poses_may_come_through_a_pipe(place, monkeypatch, capsys):
    text = io.StringIO()
    write_json_lines(waving(), text)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.getvalue().encode())))
    assert run(["animate", "hero.png", "-", "--preset", "tiny", "--out", "piped", "--quiet"]) == 0
    assert animate("--out", "read", "--quiet") == 0
    # Their metadata name what they were made of.
    piped, read = (read_video(Path(folder)).frames for folder in ("piped", "read"))
    assert len(piped) == 4
    assert np.array_equal(piped, read)


def test_a_pipe_names_its_video_after_the_poses(place, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"no poses")))
    Path("hero-poses.mp4").touch()
    assert run(["animate", "hero.png", "-", "--preset", "tiny"]) == 1
    assert capsys.readouterr().err.startswith("error: hero-poses.mp4 exists already\n")
    Path("hero-poses.mp4").unlink()
    assert run(["animate", "hero.png", "-", "--preset", "tiny"]) == 1
    assert "error: standard input, line 1" in capsys.readouterr().err


def test_a_name_without_suffix_is_a_folder_of_pictures(place):
    assert animate("--out", "frames", "--quiet") == 0
    assert len(list(Path("frames").glob("*.png"))) == 4
    assert Path("frames.yaml").is_file()


def test_two_runs_do_not_make_the_same_video_at_once(place, capsys):
    with claiming(Path("hero-dance.mp4"), force=False):
        assert animate("--force") == 75
    assert capsys.readouterr() == (
        "",
        f"error: hero-dance.mp4 is being made by another run, process {os.getpid()}, which holds "
        ".hero-dance.lock\nhint: wait until it has ended, or another --out.\n",
    )
    assert animate("--quiet") == 0
    assert sorted(path.name for path in place.iterdir()) == [
        "dance.npz", "hero-dance.mp4", "hero-dance.yaml", "hero.png",
    ]  # fmt: skip


def test_it_is_said_who_found_the_pose_and_where_nobody_dances(place, capsys):
    poses = waving(12)
    gone = np.zeros(poses.scores.shape, bool)
    gone[2:5] = True
    write_poses(poses.hidden(gone), Path("dance.npz"))
    missing = ["--frames", "12", "--set", "pose.max_missing=0.5"]
    assert animate(*missing, "--set", "retarget.box=[0.2,0.2,0.5,0.5]", "--set", "retarget.method=bones") == 0
    said = capsys.readouterr().err.splitlines()
    assert said.count("pose of hero.png: the performer's, in the box that was given") == 1
    assert said.count("driving poses: nobody in frames 2-4, too long to fill") == 1
    assert animate(*missing, "--json", "--force") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["reference_pose"], report["missing"]) == ("the rig's", [[2, 4]])


def test_fps_changes_the_speed_and_not_the_number_of_frames(place, capsys):
    assert animate("--fps", "16", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["frames"], report["fps"]) == (4, 16.0)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.json", b'{"a": 1}', "p.json, frame 0 is not OpenPose JSON: it has no list 'people'"),
        ("p.pkl", pickle.dumps(print), "p.pkl is refused: it is a pickle that calls builtins.print"),
        ("p.npz", b"", "p.npz cannot be read as .npz"),
        ("p.jsonl", b"", "p.jsonl does not begin with a line about our poses"),
    ],
)
def test_bad_poses_are_refused_in_words(name, content, message, place, capsys):
    Path(name).write_bytes(content)
    assert run(["animate", "hero.png", name, "--preset", "tiny", "--out", "made.mp4"]) == 1
    assert f"\nerror: {message}" in capsys.readouterr().err


def test_poses_that_are_not_the_videos_are_refused(place, capsys):
    frames = np.zeros((5, 64, 64, 3), np.uint8)
    write_video(Path("five.mp4"), FrameSequence(frames, 12.0))
    assert run(["animate", "hero.png", "five.mp4", "--poses", "dance.npz", "--preset", "tiny"]) == 1
    shown = capsys.readouterr().err
    assert "error: dance.npz has 6 frames and five.mp4 5\n" in shown
    assert "hint: make them again with: animatex pose extract five.mp4." in shown
