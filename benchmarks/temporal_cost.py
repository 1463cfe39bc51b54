"""What temporal attention and the Mamba scan cost over frames: time, and memory kept for a training step.

    python -m benchmarks.temporal_cost --plot docs/images/temporal-cost.png

One temporal module of each kind, of equal width, runs forwards and backwards over clips of 16 to 1,024
frames. On a processor, time is that of one thread's own work, so that what else the machine does is not in
it; on a CUDA device it is the clock. Memory is what autograd keeps of the forward pass: the sum over distinct
storages.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from animatex.config.model import TemporalMamba as TemporalMambaConfig
from animatex.model.mamba import DirectedScan, TemporalMamba
from animatex.model.scan import resolve_scan
from animatex.model.temporal import TemporalTransformer

FRAMES = (16, 32, 64, 128, 256, 512, 1024)
CHANNELS, CELLS, HEAD_DIM = 64, 8, 32
KINDS = ("attention", "mamba")
_LABELS = {"attention": "attention", "mamba": "Mamba scan"}
_COLOURS = {"attention": "#c2541b", "mamba": "#1b6ac2"}


@dataclass(frozen=True)
class Cost:
    """One module at one length.

    Attributes:
        kind: "attention" or "mamba".
        frames: Slots that it sees.
        seconds: Of a forward and a backward pass.
        mebibytes: Kept between the two.
    """

    kind: str
    frames: int
    seconds: float
    mebibytes: float


def main() -> None:
    """Measure, print a table, and draw it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3, help="the fastest of so many passes counts")
    parser.add_argument("--longest", type=int, default=FRAMES[-1], help="most frames")
    parser.add_argument("--plot", type=Path, help="PNG or SVG file to draw")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    options = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    scan = resolve_scan("auto", device)
    costs = [
        measure(kind, make_module(kind, device), frames, options.repeats)
        for frames in FRAMES
        if frames <= options.longest
        for kind in KINDS
    ]
    if options.json:
        print(json.dumps([asdict(cost) for cost in costs], indent=2))
    else:
        print(f"{device.type}, scan: {scan.name} ({scan.reason})")
        print("\n".join(table(costs)))
    if options.plot:
        draw(costs, options.plot)


def make_module(kind: str, device: torch.device) -> nn.Module:
    """Build a temporal module of the kind, all of it awake."""
    if kind == "attention":
        module: nn.Module = TemporalTransformer(CHANNELS, CHANNELS // HEAD_DIM, HEAD_DIM)
    else:
        config = TemporalMambaConfig(kind="mamba", state_dim=16, expand=2, conv_width=4)
        module = TemporalMamba(CHANNELS, config, resolve_scan("auto", device).value)
        for part in module.modules():
            if isinstance(part, DirectedScan):
                part.initialise()
    return module.to(device)


def measure(kind: str, module: nn.Module, frames: int, repeats: int) -> Cost:
    """Run a module over random features of so many frames."""
    device = next(module.parameters()).device
    x = torch.randn(1, CHANNELS, frames, 1, CELLS, device=device, requires_grad=True)
    kept = kept_bytes(lambda: module(x))
    seconds = min(_seconds(lambda: module(x).square().mean().backward(), device) for _ in range(repeats))
    return Cost(kind, frames, seconds, kept / 2**20)


def kept_bytes(forward: Callable[[], Tensor]) -> int:
    """Add up the storages that autograd keeps of a forward pass."""
    sizes: dict[int, int] = {}
    held: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        sizes[storage.data_ptr()] = storage.nbytes()
        held.append(tensor)  # so that no address is used twice
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        forward()
    return sum(sizes.values())


def table(costs: list[Cost]) -> list[str]:
    """Lay the figures out in lines: each module's, and attention's as a multiple of the scan's."""
    lines = ["frames  attention s  mamba s  ratio  attention MiB  mamba MiB  ratio"]
    for attention, mamba in zip(costs[::2], costs[1::2], strict=True):
        lines.append(
            f"{attention.frames:6d}  {attention.seconds:11.4f}  {mamba.seconds:7.4f}"
            f"  {attention.seconds / mamba.seconds:5.2f}"
            f"  {attention.mebibytes:13.1f}  {mamba.mebibytes:9.1f}"
            f"  {attention.mebibytes / mamba.mebibytes:5.2f}"
        )
    return lines


def draw(costs: list[Cost], path: Path) -> None:
    """Draw time and memory over frames, both axes logarithmic."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.8), layout="constrained")
    panels = zip(
        figure.subplots(1, 2),
        ("seconds", "mebibytes"),
        ("seconds, forwards and backwards", "MiB kept for the backward pass"),
        strict=True,
    )
    for axes, attribute, title in panels:
        for kind in KINDS:
            mine = [cost for cost in costs if cost.kind == kind]
            frames, values = [c.frames for c in mine], [getattr(c, attribute) for c in mine]
            axes.loglog(frames, values, "o-", color=_COLOURS[kind], label=_LABELS[kind], base=2)
        axes.set_title(title, fontsize=11)
        axes.set_xlabel("frames")
        axes.set_yscale("log")
        axes.set_xticks(frames, [str(count) for count in frames])
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=130)


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    if device.type == "cpu":
        start = time.process_time()
        work()
        return time.process_time() - start
    torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
