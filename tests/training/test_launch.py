"""Several processes make one training run."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

_SCRIPT = """
import sys
from pathlib import Path

import torch

from animatex.runtime import Runtime
from animatex.training.launch import Launch
from animatex.training.loop import train_stage
from animatex.training.stop import Stop
from tests.training.toys import toy_plan, toy_task

torch.set_num_threads(1)
launch = Launch(Runtime(torch.device("cpu"), torch.float32, "none", 7))
task = toy_task()
task.network.norm = torch.nn.Identity()
task.network.dropout = torch.nn.Identity()
count = launch.processes
train_stage(task, toy_plan(Path(sys.argv[1]), 3, accumulate=4 // count), launch, Stop(None))
print(launch.is_first, task.seen)
"""


def start(folder: Path, rank: int, count: int, port: int) -> subprocess.Popen[str]:
    world = {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": count,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
    }
    several = {name: str(value) for name, value in world.items()} if count > 1 else {}
    several |= {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, str(folder)],
        env=os.environ | several,
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_two_processes_with_half_the_batches_each_learn_what_one_learns(tmp_path: Path) -> None:
    port = free_port()
    runs = [start(tmp_path / "two", rank, 2, port) for rank in (0, 1)] + [start(tmp_path / "one", 0, 1, port)]
    said = [run.communicate(timeout=120)[0].strip() for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert said == [
        "True [0, 2, 4, 6, 8, 10]",
        "False [1, 3, 5, 7, 9, 11]",
        "True [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]",
    ]
    one, two = (
        load_file(tmp_path / name / "toy" / "step-000003" / "network.safetensors") for name in ("one", "two")
    )
    assert one.keys() == two.keys()
    for name, weights in one.items():
        assert (weights - two[name]).abs().max() < 1e-5
    lines = (tmp_path / "two" / "toy" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2, 3]
