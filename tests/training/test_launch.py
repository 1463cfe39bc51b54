"""Several processes make one training run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.training.processes import free_port, start

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


@pytest.mark.slow
def test_two_processes_with_half_the_batches_each_learn_what_one_learns(tmp_path: Path) -> None:
    port = free_port()
    runs = [start(_SCRIPT, str(tmp_path / "two"), rank=rank, count=2, port=port) for rank in (0, 1)]
    runs.append(start(_SCRIPT, str(tmp_path / "one"), rank=0, count=1, port=port))
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
