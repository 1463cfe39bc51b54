"""mamba-ssm's scan on a processor: its Python, and its extension compiled from its own source."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
SHIM = HERE / "cuda_on_a_processor.h"
REPLACED = (
    "ATen/cuda/Atomic.cuh",
    "c10/cuda/CUDAException.h",
    "c10/cuda/CUDAGuard.h",
    "c10/cuda/CUDAStream.h",
    "cub/block/block_load.cuh",
    "cub/block/block_raking_layout.cuh",
    "cub/block/block_reduce.cuh",
    "cub/block/block_scan.cuh",
    "cub/block/block_store.cuh",
    "cub/config.cuh",
    "cub/util_ptx.cuh",
    "cub/util_type.cuh",
    "cuda/std/type_traits",
    "cuda_bf16.h",
    "cuda_fp16.h",
)
"""Headers in whose place the shim stands."""


@contextmanager
def mamba_ssm(source: Path, folder: Path) -> Iterator[None]:
    """Let `mamba_ssm` be imported from its source, module by module; its extension takes tensors on the CPU.

    Args:
        source: mamba-ssm's source distribution, unpacked.
        folder: Where the extension is built, which takes a minute or two.
    """
    package = ModuleType("mamba_ssm")
    # Its own __init__ imports every network it has, and with them packages that the scan does not need.
    package.__path__ = [str(source / "mamba_ssm")]
    sys.modules.update(mamba_ssm=package, selective_scan_cuda=build(source, folder))
    try:
        yield
    finally:
        for name in [name for name in sys.modules if re.match(r"(mamba_ssm|selective_scan_cuda)\b", name)]:
            del sys.modules[name]


def build(source: Path, folder: Path) -> ModuleType:
    """Compile the extension as it is, but for the one expression that no C++ compiler reads: a launch."""
    # Looks for CUDA and setuptools when it is imported; tests that are left out need neither.
    from torch.utils.cpp_extension import load

    for name in REPLACED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    for file in (source / "csrc" / "selective_scan").iterdir():
        launched = re.sub(r"kernel<<<(.+), stream>>>\(", r"launch(kernel, \1, ", file.read_text("utf-8"))
        (folder / file.name).write_text(launched, "utf-8")
    return load(
        "selective_scan_cuda",
        [str(HERE / "extension.cpp")],
        extra_include_paths=[str(folder)],
        # nvcc lets a member take the name of the class that it instantiates; so does g++ if told.
        extra_cflags=["-O1", "-w", "-fpermissive", "-include", str(SHIM)],
        build_directory=str(folder),
    )
