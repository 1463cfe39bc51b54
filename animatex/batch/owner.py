"""Who holds a job: a process of a machine."""

from __future__ import annotations

import os
import platform
import uuid
from pathlib import Path


def name_owner() -> str:
    """Name this process so that no other runner, anywhere and ever, has its name."""
    return f"{process_name(os.getpid())}{uuid.uuid4().hex[:8]}"


def process_name(pid: int) -> str:
    """Give the beginning of the names of a process of this machine."""
    return f"{_machine()} {pid} "


def is_gone(owner: str) -> bool:
    """Tell whether an owner was a process of this machine that does not run any more.

    False where nobody can tell, such as of other machines; those show by their beat that they live.
    """
    machine, pid, _ = owner.split(" ")
    if machine != _machine() or os.name != "posix":
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _machine() -> str:
    """Name what process numbers are counted in: a start of a machine, or of a container on it."""
    boot, space = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    parts = [platform.node().replace(" ", "_")]
    if boot.exists() and space.is_symlink():
        parts += [boot.read_text().strip()[:8], space.readlink().name.strip("pid:[]")]
    return "/".join(parts)
