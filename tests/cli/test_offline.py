"""No command opens a connection, but for `weights pull`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image

import animatex
from animatex.pose.io import write_poses
from animatex_cli.main import app
from tests.bench.ablations import write_preset
from tests.bench.toys import write_results, write_suite
from tests.bench.videos import moving, write_file
from tests.cli.test_animate import hero, waving
from tests.cli.test_train import RECIPE

CHECKOUT = Path(animatex.__file__).parents[1]

# Python loads it first of all, in the processes that a command starts too.
SITE = """\
import os, sys

def no_network(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        if isinstance(arguments[-1], (str, bytes)):
            return  # between processes of this machine
    elif event not in ("socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        return
    with open(os.environ["NETWORK_TRACE"], "a") as trace:
        trace.write(f"{event} {arguments[1:]}\\n")
    raise OSError(101, "Network is unreachable")

sys.addaudithook(no_network)
"""

RUN_ALL = """\
import json, sys
from animatex_cli.main import run

def main():
    codes = [run(arguments) for arguments in json.load(open(sys.argv[1]))]
    json.dump(codes, open(sys.argv[2], "w"))

if __name__ == "__main__":
    main()
"""

# `pose extract` starts MediaPipe; once is enough to know that it opens no connection.
TINY = ["--preset", "tiny", "--set", "pose.reference_pose=rig"]
QUICK: Sequence[Sequence[str]] = (
    ["animate", "hero.png", "dance.npz", *TINY, "--out", "one.mp4"],
    ["animate", "--batch", "hero.png", "--driving", "dance.npz", *TINY, "--out-dir", "many"],
    ["inspect", "one.mp4"],
    ["batch", "status", "many/batch.ledger"],
    ["pose", "extract", "film.mp4", "--frames", "2", "--out", "found.npz"],
    ["pose", "retarget", "dance.npz", "--to", "hero.png", "--out", "placed.npz"],
    ["pose", "convert", "dance.npz", "--out", "dance.jsonl"],
    ["pose", "augment", "dance.npz", "--out", "other.npz"],
    ["weights", "list"],
    ["weights", "verify"],
    ["weights", "convert"],
    ["doctor"],
    ["completions", "bash"],
    ["bench", "prompts", "-n", "2"],
    ["bench", "score", "ours", "theirs", "--metrics", "pixel", "--out", "scores.json"],
    ["bench", "report", "scores.json", "--out", "report.html"],
)
LONG: Sequence[Sequence[str]] = (
    ["train", "small.yaml"],
    ["bench", "make", "--out", "made", "--characters", "1", "--frames", "2", "--size", "64x64"],
    ["bench", "import", "tiktok", "films", "--out", "imported"],
    ["bench", "run", "--suite", "made", *TINY, "--out", "results", "--limit", "1"],
    ["bench", "study", "ours", "theirs", "--suite", "suite", "--side", "48"],
    ["bench", "speed", *TINY, "--reference", "hero.png", "--driving", "dance.npz", "--repeats", "1"],
    ["bench", "ablate", "toy.yaml", "--rows", "whole"],
)
ONLINE = [["weights", "pull", "dwpose"]]
EXPECTED_TO_FAIL = (
    ["pose", "extract", "film.mp4", "--frames", "2", "--out", "found.npz"],
    ["weights", "convert"],
    ["bench", "import", "tiktok", "films", "--out", "imported"],
)
"""Nobody is in the film, nothing is there to convert or of that layout; none of them asks elsewhere."""


@pytest.fixture
def place(tmp_path: Path, rng: np.random.Generator) -> Path:
    Image.fromarray(hero(rng)).save(tmp_path / "hero.png")
    write_poses(waving(), tmp_path / "dance.npz")
    write_file(tmp_path / "film.mp4", moving())
    (tmp_path / "films").mkdir()
    (tmp_path / "small.yaml").write_text(RECIPE)
    write_preset(tmp_path / "toy.yaml")
    write_suite(tmp_path / "suite", ["hen"])
    for number, name in enumerate(("ours", "theirs")):
        write_results(tmp_path / name, ["hen"], seed=number)
    return tmp_path


def traced(folder: Path, commands: Sequence[Sequence[str]]) -> tuple[list[int], str]:
    """Run commands where no connection opens; give their exit codes, and who tried."""
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(SITE)
    (folder / "run_all.py").write_text(RUN_ALL)
    (folder / "commands.json").write_text(json.dumps(commands))
    trace = folder / "trace"
    known = {name: os.environ[name] for name in ("PATH", "OMP_NUM_THREADS") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "run_all.py", "commands.json", "codes.json"],
        cwd=folder,
        env={
            **known,
            "PYTHONPATH": f"{site}{os.pathsep}{CHECKOUT}",
            "NETWORK_TRACE": str(trace),
            "HOME": str(folder),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    codes = json.loads((folder / "codes.json").read_text())
    return codes, trace.read_text() if trace.exists() else ""


def check_offline(folder: Path, commands: Sequence[Sequence[str]]) -> None:
    codes, trace = traced(folder, commands)
    assert trace == ""
    assert codes == [int(command in EXPECTED_TO_FAIL) for command in commands]


def test_short_commands_work_without_network(place: Path) -> None:
    check_offline(place, QUICK)


@pytest.mark.slow
def test_long_commands_work_without_network(place: Path) -> None:
    check_offline(place, LONG)


def test_pulling_weights_is_what_needs_it(place: Path) -> None:
    codes, trace = traced(place, ONLINE)
    assert codes == [1]
    assert "socket.getaddrinfo" in trace


def commands_of(group: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    commands = getattr(group, "commands", None)
    if commands is None:
        yield path
    else:
        for name, each in commands.items():
            yield from commands_of(each, (*path, name))


def test_no_command_is_forgotten() -> None:
    tried = [*QUICK, *LONG, *ONLINE]
    forgotten = [
        " ".join(path)
        for path in commands_of(typer.main.get_command(app))
        if not any(tuple(command[: len(path)]) == path for command in tried)
    ]
    assert forgotten == []


def test_nothing_but_pulling_knows_how_to_download() -> None:
    downloads = re.compile(
        r"from_pretrained|hf_hub|huggingface_hub|torch\.hub|urlopen|urllib\.request|httpx|requests\."
    )
    found = {
        path.relative_to(CHECKOUT).as_posix()
        for package in ("animatex", "animatex_cli")
        for path in (CHECKOUT / package).rglob("*.py")
        if downloads.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"animatex/checkpoints/fetch.py"}
