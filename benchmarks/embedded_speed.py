"""How fast the procedural world and the embedded model are, and how much memory they take.

    python -m benchmarks.embedded_speed

Three things: how many clips and frames a second the procedural world makes on one core; how large the shipped
weights are and how long they take to load; and how long `animatex animate` takes from command to file, as a
process of its own, with the default preset and the samples, the performer's poses found in the video.
Beside the seconds on the clock stand those that processors worked: on a machine that does other things too,
the first grow and the second do not.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from animatex.animate import load_models, load_rig_network
from animatex.checkpoints.catalogue import EMBEDDED_FOLDER
from animatex.config.loader import load_config
from animatex.config.model import MotionCodecConfig
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.runtime import make_runtime
from animatex.synthetic.clips import clip
from animatex.video.frames import Size

WORLD_SIZE, CLIP_SECONDS, CLIP_FPS = Size(192, 128), 2, 12
RUN_FRAMES = 16
SAMPLES = Path(__file__).resolve().parents[1] / "samples"
FIRST = 900_001_000


@dataclass(frozen=True)
class Report:
    """What was measured; seconds, MiB.

    Attributes:
        clips_per_second, frames_per_second: Of the procedural world at 128 x 192, labels and motion included,
            in a second of one processor's work.
        weights_size, weights_seconds, weights_work: Of all that the preset `mini` loads.
        run_seconds, run_work, run_memory: From command to file, 16 frames of 512 x 768; the process's largest
            memory.
        cores: Cores that the run might use.
    """

    clips_per_second: float
    frames_per_second: float
    weights_size: float
    weights_seconds: float
    weights_work: float
    run_seconds: float
    run_work: float
    run_memory: float
    cores: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=24, help="clips of the procedural world to make")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
    options = parser.parse_args()
    clips_per_second = measure_world(options.clips)
    report = Report(
        clips_per_second,
        clips_per_second * CLIP_SECONDS * CLIP_FPS,
        *measure_weights(),
        *measure_run(),
        cores=len(os.sched_getaffinity(0)),
    )
    if options.json:
        print(json.dumps(asdict(report), indent=2))
        return
    print(
        f"procedural world  {report.clips_per_second:.1f} clips/s, {report.frames_per_second:.0f} frames/s "
        f"at {WORLD_SIZE}, one core"
    )
    print(
        f"weights           {report.weights_size:.1f} MiB, loaded in {report.weights_seconds:.1f} s "
        f"({report.weights_work:.1f} s of work)"
    )
    print(
        f"animatex animate  {report.run_seconds:.1f} s ({report.run_work:.1f} s of work) and "
        f"{report.run_memory:.0f} MiB for {RUN_FRAMES} frames of 512x768, {report.cores} cores"
    )


def measure_world(count: int) -> float:
    """Make clips on one core: clips per second of work."""
    import cv2

    cv2.setNumThreads(1)
    clip(FIRST, WORLD_SIZE, 2)  # what happens only once
    start = time.process_time()
    for seed in range(FIRST + 1, FIRST + 1 + count):
        clip(seed, WORLD_SIZE, CLIP_SECONDS * CLIP_FPS, CLIP_FPS)
    return count / (time.process_time() - start)


def measure_weights() -> tuple[float, float, float]:
    """Size of the package's weights, MiB; seconds, and of work, until all networks of `mini` stand ready."""
    config = load_config(AnimateConfig, preset_path("mini"), [])
    assert isinstance(config.codec, MotionCodecConfig)
    size = sum(path.stat().st_size for path in EMBEDDED_FOLDER.glob("*.safetensors")) / 2**20
    start, worked = time.perf_counter(), time.process_time()
    load_models(config, make_runtime(config.runtime, config.seed))
    load_rig_network(config.codec, config.seed)
    return size, time.perf_counter() - start, time.process_time() - worked


def measure_run() -> tuple[float, float, float]:
    """Measure `animatex animate` on the samples: seconds, seconds of work, the largest memory in MiB."""
    program = [sys.executable, "-c", "from animatex_cli.main import main; main()"]
    with tempfile.TemporaryDirectory() as folder:
        command = ["animate", SAMPLES / "character.png", SAMPLES / "dance.mp4", "--frames", str(RUN_FRAMES)]
        start = time.perf_counter()
        subprocess.run(
            [*program, *command, "--out", Path(folder) / "out.mp4"], check=True, capture_output=True
        )
        seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 2**10


if __name__ == "__main__":
    main()
