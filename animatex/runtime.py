"""Where networks run and how precisely: device, dtype, seed, and moving a module there for one stage."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from animatex.config.run import RuntimeConfig
from animatex.errors import BackendError

if TYPE_CHECKING:
    import torch

DeviceChoice = Literal["auto", "cpu", "cuda", "mps"]
DtypeChoice = Literal["auto", "float32", "float16", "bfloat16"]
Offload = Literal["none", "stages"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Resolved(Generic[T]):
    """A choice that was made once, and why.

    Attributes:
        name: What was chosen, as a preset would name it.
        reason: Why, in words a user understands.
        value: The thing itself.
    """

    name: str
    reason: str
    value: T


@dataclass(frozen=True, slots=True)
class Runtime:
    """Where and how precisely one run works.

    Attributes:
        device: Networks run there.
        dtype: What the denoiser computes in.
        offload: "stages": each network is on the device only while it works.
        seed: All randomness of the run comes from it.
    """

    device: torch.device
    dtype: torch.dtype
    offload: Offload
    seed: int

    def generator(self) -> torch.Generator:
        """Make a fresh random stream from the seed.

        It lives on the CPU, so that a seed means the same numbers on every device.
        """
        import torch

        return torch.Generator("cpu").manual_seed(self.seed)


def make_runtime(config: RuntimeConfig, seed: int) -> Runtime:
    """Resolve a preset's `runtime` section on this machine.

    Raises:
        BackendError: The device that was asked for does not work here.
    """
    device = resolve_device(config.device).value
    return Runtime(device, resolve_dtype(config.dtype, device).value, config.offload, seed)


def resolve_device(choice: DeviceChoice) -> Resolved[torch.device]:
    """Choose the device that networks run on.

    Args:
        choice: A device by name, or "auto": a CUDA device, else Apple's GPU, else the processor.

    Raises:
        BackendError: The device that was asked for does not work here.
    """
    import torch

    cuda = torch.cuda.is_available()
    mps = torch.backends.mps.is_available()
    if choice == "cuda" and not cuda:
        why = "sees no CUDA device" if torch.version.cuda else "is built without CUDA"
        raise BackendError(
            f"device 'cuda' does not work here: PyTorch {torch.__version__} {why}", hint=_CPU_HINT
        )
    if choice == "mps" and not mps:
        raise BackendError(
            f"device 'mps' does not work here: PyTorch {torch.__version__} sees no Apple GPU", hint=_CPU_HINT
        )
    name = choice if choice != "auto" else "cuda" if cuda else "mps" if mps else "cpu"
    if choice != "auto":
        reason = "asked for"
    elif name == "cuda":
        reason = torch.cuda.get_device_name()
    elif name == "mps":
        reason = "Apple's GPU"
    else:
        reason = "no CUDA device and no Apple GPU here"
    return Resolved(name, reason, torch.device(name))


_CPU_HINT = "--device cpu, or --device auto."


def resolve_dtype(choice: DtypeChoice, device: torch.device) -> Resolved[torch.dtype]:
    """Choose what the denoiser computes in.

    Args:
        choice: A dtype by name, or "auto": what the device does well. On a processor that is bfloat16 only
            where it multiplies in it (AMX, AVX512_BF16); elsewhere bfloat16 is emulated, slower than float32.
        device: Where it will run.
    """
    import torch

    if choice != "auto":
        return Resolved(choice, "asked for", getattr(torch, choice))
    if device.type == "cuda":
        if torch.cuda.get_device_capability(device) >= (8, 0):
            return Resolved("bfloat16", "this GPU computes in it natively", torch.bfloat16)
        return Resolved("float16", "this GPU does not compute in bfloat16", torch.float16)
    if device.type == "mps":
        return Resolved("float32", "the one dtype all operators have on Apple's GPU", torch.float32)
    unit = bfloat16_unit()
    if unit is not None:
        return Resolved(
            "bfloat16", f"this processor multiplies in it ({unit}), faster than float32", torch.bfloat16
        )
    return Resolved("float32", "this processor would only emulate bfloat16", torch.float32)


def bfloat16_unit() -> str | None:
    """Name the processor's instructions that multiply bfloat16 matrices: AMX, AVX512_BF16, or None."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return None
    flags = cpu_flags()
    if {"amx_tile", "amx_bf16"} <= flags:
        return "AMX"
    return "AVX512_BF16" if "avx512_bf16" in flags else None


def cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Read what the processor can do, in Linux's words; empty on systems without such a file."""
    if not cpuinfo.is_file():
        return frozenset()
    for line in cpuinfo.read_text(errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "flags":
            return frozenset(value.split())
    return frozenset()


@contextmanager
def placed(module: torch.nn.Module, runtime: Runtime) -> Iterator[torch.nn.Module]:
    """Hold a module on the runtime's device for one stage.

    Afterwards it goes back to main memory if `runtime.offload` is "stages". Reading, sampling and decoding
    never overlap, so this is all that offloading needs.
    """
    module.to(runtime.device)
    try:
        yield module
    finally:
        if runtime.offload == "stages" and runtime.device.type != "cpu":
            module.to("cpu")
