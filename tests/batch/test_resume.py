"""A batch of four references with three performances, interrupted, killed, and resumed."""

import os
import signal
import subprocess
import time

import pytest

from tests.batch.test_faults import COMMAND, leftovers, outputs
from tests.batch.tiny import entries, write_samples


@pytest.mark.slow
def test_four_by_three_interrupted_and_killed_are_all_made_and_none_twice(tmp_path):
    write_samples(tmp_path, references=4, dances=3)
    for stop, code in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
        done = len(outputs(tmp_path))
        running = subprocess.Popen(COMMAND, cwd=tmp_path, start_new_session=True)
        while running.poll() is None and len(outputs(tmp_path)) < done + 3:
            time.sleep(0.05)
        os.killpg(running.pid, stop)
        assert running.wait() == code
    there = outputs(tmp_path)
    assert 6 <= len(there) < 12
    assert subprocess.run(COMMAND, cwd=tmp_path).returncode == 0
    found = entries(tmp_path)
    assert len(found) == 12
    assert {entry.state for entry in found.values()} == {"done"}
    assert sum(entry.tries for entry in found.values()) <= 14, "only what was held has been begun twice"
    everything = outputs(tmp_path)
    assert len(everything) == 12
    assert {name: everything[name] for name in there} == there
    assert leftovers(tmp_path) == []
