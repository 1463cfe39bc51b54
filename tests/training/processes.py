"""Processes that make one training run, started as `accelerate launch` does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path


def start(script: str, *arguments: str, rank: int, count: int, port: int) -> subprocess.Popen[str]:
    """Start one of `count` processes that run a script on the CPU; what it writes and says is kept apart."""
    world = {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": count,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
    }
    several = {name: str(value) for name, value in world.items()} if count > 1 else {}
    several |= {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    root = str(Path(__file__).resolve().parents[2])
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env=os.environ | several | {"PYTHONPATH": root},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def free_port() -> int:
    """Find a port at which processes can meet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
