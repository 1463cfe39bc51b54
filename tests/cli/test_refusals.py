"""What the system refuses to single commands: a disk that is really full, weights that may only be read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from animatex.checkpoints.store import read_tensors
from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.pose.io import write_poses
from animatex.video.image import write_png
from animatex_cli.main import run
from tests.checkpoints.published import CLIP, NO_PRIOR, write_clip, write_unet
from tests.cli.test_animate import hero, waving
from tests.cli.test_train import RECIPE
from tests.crowding import forked, room_for, small_disk, without_privileges

CONVERT = ["weights", "convert", "--preset", "small.yaml", "--weights", "weights"]
SUITE = ["bench", "make", "--characters", "1", "--size", "48x72", "--frames", "3", "--out"]
RESULTS = ["bench", "run", "--suite", "suite", "--preset", "tiny", "--out"]
# MediaPipe does not outlive a fork.
RIG = ["--set", "pose.reference_pose=rig"]
ANIMATE = ["animate", "hero.png", "dance.npz", "--preset", "tiny", "--quiet", *RIG]


@pytest.fixture
def place(tmp_path, monkeypatch, rng):
    """A picture, poses, a recipe and small files of published networks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANIMATEX_WEIGHTS", raising=False)
    write_png(Path("hero.png"), hero(rng))
    write_poses(waving(), Path("dance.npz"))
    Path("recipe.yaml").write_text(RECIPE.replace("steps: 2", "steps: 3"))
    released = load_config(AnimateConfig, preset_path("animate-x"))
    small = released.model_copy(update={"unet": NO_PRIOR, "clip_encoder": CLIP})
    Path("small.yaml").write_text(json.dumps(small.model_dump(mode="json")))
    Path("weights").mkdir()
    write_unet(Path("weights"))
    write_clip(Path("weights"))
    return tmp_path


@pytest.fixture
def disk(place):
    folder = place / "disk"
    folder.mkdir()
    with small_disk(folder):
        yield folder


def lying(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.mount
@pytest.mark.parametrize(
    ("command", "room", "unwritten"),
    [
        ([*ANIMATE, "--out", "disk/made.mp4"], 4, "disk/made."),
        (["pose", "extract", "dance", "--out", "disk/poses.npz"], 0, "disk/poses.npz"),
        (["pose", "extract", "dance", "--out", "disk/poses.json"], 4, "disk/poses.json"),
        ([*CONVERT, "animate-x_ckpt.pth", "--out", "disk"], 400, "disk/animate-x.safetensors"),
        ([*SUITE, "disk/suite"], 44, "disk/suite/"),
        ([*RESULTS, "disk/results"], 0, "disk/results/run.json"),
    ],
)
def test_a_full_disk_is_said_in_a_line_and_leaves_nothing(
    command, room, unwritten, disk, monkeypatch, capsys
):
    from animatex.runtime import Resolved
    from tests.cli.pose.seeing import Seeing

    seeing = Resolved("told", "a test", Seeing())
    monkeypatch.setattr("animatex.pose.backends.resolve_estimator", lambda *_, **__: seeing)
    Path("dance").mkdir()
    for number in range(40):
        write_png(Path(f"dance/{number:02}.png"), torch.full((64, 64, 3), 180, dtype=torch.uint8).numpy())
    if "suite" in command:
        assert run([*SUITE, "suite"]) == 0
    capsys.readouterr()
    with room_for(room, disk):
        assert run(command) == 1
        assert lying(disk) == {"filler"}
    said = capsys.readouterr()
    errors = [line for line in said.err.splitlines() if line.startswith(("error: ", "hint: "))]
    assert errors[0].startswith(f"error: {unwritten}")
    assert errors[0].endswith(" cannot be written: No space left on device")
    assert errors[1:] == ["hint: make room there, or another --out."]
    assert said.out == ""
    assert run(command) == 0


@pytest.mark.mount
@pytest.mark.parametrize("room", [0, 300, 2100])
def test_training_goes_on_from_the_last_checkpoint_when_there_is_room_again(room, disk, capsys):
    assert run(["train", "recipe.yaml", "--out", "calm", "--quiet"]) == 0
    command = ["train", "recipe.yaml", "--out", "disk/run", "--quiet"]
    assert run([*command, "--set", "stages.0.steps=1"]) == 0
    whole = {path.name for path in Path("disk/run/rig/step-000001").iterdir()}
    with room_for(room, disk):
        assert run(command) == 1
        (last,) = Path("disk/run/rig").glob("step-*")
        assert {path.name for path in last.iterdir()} == whole
        assert {path.name for path in last.parent.iterdir()} == {last.name, "metrics.jsonl"}
    assert capsys.readouterr().err.splitlines()[0].endswith(" cannot be written: No space left on device")
    assert run(command) == 0
    calm, resumed = (read_tensors(Path(folder, "rig.safetensors")) for folder in ("calm", "disk/run"))
    assert all(torch.equal(calm[name], resumed[name]) for name in calm)


def bound(*arguments: str) -> int | None:
    """Run a command that permissions bind."""

    def work() -> None:
        without_privileges()
        sys.exit(run(arguments))

    return forked(work)


@pytest.mark.slow
def test_weights_that_may_only_be_read_are_enough_for_all_but_those_who_write_there(
    place, monkeypatch, capfd
):
    weights = place / "weights"
    monkeypatch.setenv("ANIMATEX_WEIGHTS", str(weights))
    Path("mine").mkdir()
    Path("mine/resnet-50-kinetics.pth").write_bytes(b"some network")
    weights.chmod(0o555)
    before = lying(weights)
    for command, code, line in (
        (["weights", "list"], 0, ""),
        (["weights", "verify", "--quiet"], 1, "error: {}/animate-x_ckpt.pth is another file than it should"),
        (
            ["weights", "pull", "resnet-50-kinetics.pth", "--from", "mine"],
            1,
            "error: the weights folder {} cannot be written\nhint: --weights DIR for another.\n",
        ),
        (
            [*CONVERT, "animate-x_ckpt.pth"],
            1,
            "error: weights/animate-x.safetensors cannot be written: {} may not be changed by this user\n",
        ),
        ([*CONVERT, "open_clip_pytorch_model.bin", "--out", ".", "--quiet"], 0, ""),
        (ANIMATE, 0, ""),
    ):
        assert bound(*command) == code
        assert capfd.readouterr().err.startswith(line.replace("{}", str(weights)))
    assert lying(weights) == before


@pytest.mark.slow
def test_a_home_that_may_only_be_read_is_not_spoken_of(place):
    for name in ("home", "tmp"):
        Path(name).mkdir()
    Path("home").chmod(0o555)
    code = (
        "from tests.crowding import without_privileges; without_privileges()\n"
        "from animatex_cli.main import main; main()"
    )
    dance = Path(__file__).resolve().parents[2] / "samples" / "dance.mp4"
    command = [*(sys.executable, "-c", code), "pose", "extract", dance, "--frames", "2", "--quiet"]
    variables = os.environ | {"HOME": str(place / "home"), "TMPDIR": str(place / "tmp")}
    variables |= {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert lying(place / "tmp") == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("unread", "command"),
    [
        ("mini-rig.safetensors", [*ANIMATE, "--preset", "mini", "--weights", "weights"]),
        ("open_clip_pytorch_model.bin", [*CONVERT, "open_clip_pytorch_model.bin", "--out", "."]),
        ("open_clip_pytorch_model.bin", ["weights", "verify", "--weights", "weights", "--quiet"]),
    ],
)
def test_weights_that_may_not_be_read_are_named(unread, command, place, capfd):
    Path("weights", unread).touch()
    Path("weights", unread).chmod(0)
    assert bound(*command) == 1
    assert f"error: weights/{unread} cannot be read: Permission denied\n" in capfd.readouterr().err
