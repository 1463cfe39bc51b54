"""Which machine this is: what has to be equal before two times can be compared."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """What decides how fast a program can be.

    Attributes:
        system: Operating system and architecture: "Linux x86_64".
        processor: Its model, as the system names it.
        cores: How many of them this process may use.
        memory_gib: Main memory, rounded; None where the system does not say.
        accelerator: The graphics processor that PyTorch sees; None where there is none.
    """

    system: str
    processor: str
    cores: int
    memory_gib: int | None
    accelerator: str | None

    def differences(self, other: Machine) -> tuple[str, ...]:
        """Say in what another machine differs from this one; nothing where they are the same."""
        return tuple(
            f"{field.name} {getattr(other, field.name)} there, {getattr(self, field.name)} here"
            for field in fields(self)
            if getattr(self, field.name) != getattr(other, field.name)
        )


def this_machine() -> Machine:
    """Look at the machine that this runs on."""
    import torch

    accelerator = None
    if torch.cuda.is_available():
        accelerator = torch.cuda.get_device_name()
    elif torch.backends.mps.is_available():
        accelerator = "Apple's GPU"
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_gib=_memory_gib(),
        accelerator=accelerator,
    )


def _processor() -> str:
    """Give the processor's model: Python itself knows only its architecture on Linux."""
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        for line in facts.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> int | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    except (AttributeError, ValueError, OSError):
        return None
