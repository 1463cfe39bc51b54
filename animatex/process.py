"""Which processes run where: who shares a disk with others must not take one for another."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def name_machine() -> str:
    """Name what process numbers are counted in: a start of a machine, or of a container on it."""
    boot, space = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    parts = [platform.node().replace(" ", "_")]
    if boot.exists() and space.is_symlink():
        parts += [boot.read_text().strip()[:8], space.readlink().name.strip("pid:[]")]
    return "/".join(parts)


def is_running(pid: int) -> bool:
    """Tell whether this machine has a process of that number; True where nobody can tell."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
