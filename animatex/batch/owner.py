"""Who holds a job: a process of a machine."""

from __future__ import annotations

import os
import uuid

from animatex.process import is_running, name_machine


def name_owner() -> str:
    """Name this process so that no other runner, anywhere and ever, has its name."""
    return f"{process_name(os.getpid())}{uuid.uuid4().hex[:8]}"


def process_name(pid: int) -> str:
    """Give the beginning of the names of a process of this machine."""
    return f"{name_machine()} {pid} "


def is_gone(owner: str) -> bool:
    """Tell whether an owner was a process of this machine that does not run any more.

    False where nobody can tell, such as of other machines; those show by their beat that they live.
    """
    machine, pid, _ = owner.split(" ")
    return machine == name_machine() and not is_running(int(pid))
