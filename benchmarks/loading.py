"""What loading the published network's shape costs: seconds and memory, each case in a process of its own.

    python -m benchmarks.loading

A file with random weights is written into a temporary folder, as `animatex weights convert` writes one: 3.6
GB in bfloat16, 7.3 GB in float32. It is read once, so that it is warm. Printed are the seconds that
`load_unet` takes by the clock and of the processor, those of touching every value once, and by how much the
process grew meanwhile: in all, and without the pages of the file itself, which the system may drop at any
time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from animatex.checkpoints.load import load_unet
from animatex.checkpoints.store import save_weights
from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.model.build import build_unet

GB = 1e9


@dataclass
class Peak:
    """The most memory that was seen, in bytes."""

    all: int = 0
    own: int = 0


def main() -> None:
    """Write the files and print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="animate-x")
    parser.add_argument("--stored", nargs="*", default=["bfloat16"], choices=["bfloat16", "float32"])
    parser.add_argument("--folder", type=Path, default=None, help="where there is room for the file")
    args = parser.parse_args()

    headings = ("stored", "loaded as", "file GB", "load s", "cpu s", "touch s", "grew GB", "own GB")
    print(" ".join(f"{heading:>9}" for heading in headings))
    for stored in args.stored:
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            path = Path(folder) / "unet.safetensors"
            write(path, args.preset, getattr(torch, stored))
            for wanted in ("bfloat16", "float32"):
                context = multiprocessing.get_context("spawn")
                process = context.Process(target=measure, args=(path, args.preset, stored, wanted))
                process.start()
                process.join()


def write(path: Path, preset: str, dtype: torch.dtype) -> None:
    """Write a file of the preset's shapes with random values."""
    config = load_config(AnimateConfig, preset_path(preset))
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in build_unet(config.unet).state_dict().items()}
    tensors = {name: torch.empty(shape, dtype=dtype).uniform_(-0.02, 0.02) for name, shape in shapes.items()}
    save_weights(path, tensors, kind="unet", config=config.unet)


def measure(path: Path, preset: str, stored: str, wanted: str) -> None:
    """Load the file and print the line."""
    torch.set_num_threads(2)
    config = load_config(AnimateConfig, preset_path(preset))
    with path.open("rb") as file:
        while file.read(2**24):
            pass
    with watched() as peak:
        start, cpu = time.perf_counter(), time.process_time()
        unet = load_unet(path, config.unet, getattr(torch, wanted))
        loaded, cpu = time.perf_counter(), time.process_time() - cpu
        for tensor in unet.state_dict().values():
            tensor.view(-1).sum()
        touched = time.perf_counter()
    size = path.stat().st_size
    numbers = (size / GB, loaded - start, cpu, touched - loaded, peak.all / GB, peak.own / GB)
    print(f"{stored:>9} {wanted:>9} " + " ".join(f"{number:9.2f}" for number in numbers), flush=True)


@contextmanager
def watched() -> Iterator[Peak]:
    """Look at this process's memory fifty times a second."""
    before, peak, over = memory(), Peak(), threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            now = memory()
            peak.all = max(peak.all, now.all - before.all)
            peak.own = max(peak.own, now.own - before.own)

    watcher = threading.Thread(target=look)
    watcher.start()
    yield peak
    over.set()
    watcher.join()


def memory() -> Peak:
    """Read how much memory this process has, and how much of it is no file's; Linux only."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    kilobytes = {name: int(lines[name].split()[0]) for name in ("VmRSS", "RssAnon")}
    return Peak(kilobytes["VmRSS"] * 1024, kilobytes["RssAnon"] * 1024)


if __name__ == "__main__":
    main()
