"""Small files that are as they should be, one for each reader, and what reads them."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial
from itertools import islice
from pathlib import Path

import av
import numpy as np
import torch
from PIL import Image

from animatex.batch.ledger import Asked, Ledger
from animatex.batch.manifest import read_manifest
from animatex.bench.results import read_run_facts
from animatex.bench.scores import read_scores
from animatex.bench.suite import load_suite
from animatex.checkpoints.hashes import noted_digest
from animatex.checkpoints.store import read_foreign, read_header, read_weights, save_weights
from animatex.config.loader import load_config
from animatex.config.model import ScheduleConfig
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.inspection import inspect
from animatex.pose.io import read_poses, write_poses
from animatex.pose.onnx import open_networks
from animatex.provenance.credentials import sign
from animatex.provenance.marks import GENERATED, write_comment
from animatex.training.folder import FolderClips
from animatex.training.state import Identity, saved_step
from animatex.video.frames import FrameSequence, Size
from animatex.video.image import is_image, read_image, write_png
from animatex.video.reader import iterate_frames, probe, read_comment
from animatex.video.writer import write_video
from tests.cli.test_animate import waving
from tests.pose.tiny_onnx import write_constant_network
from tests.provenance.chain import write_chain
from tests.video.profiles import display_p3

SCHEDULE = ScheduleConfig(train_steps=10, beta_start=0.1, beta_end=0.2, zero_terminal_snr=True)
FRAMES = 40
"""Frames that are read of a video: a changed one may claim, and have, very many."""


@dataclass(frozen=True)
class Target:
    """A file and its reader.

    Attributes:
        file: Its name.
        content: What it holds.
        read: Reads it; may only succeed, or raise an AnimateXError.
    """

    file: str
    content: bytes
    read: Callable[[Path], object]


@cache
def targets() -> dict[str, Target]:
    """Everything that is read, by a short name."""
    folder = Path(tempfile.mkdtemp(prefix="animatex-seeds-"))
    try:
        found = (
            *_pictures(),
            *_videos(folder),
            *_poses(folder),
            *_texts(),
            *_weights(folder),
            *_results(folder),
            *_others(folder),
        )
    finally:
        shutil.rmtree(folder)
    return {target.file: target for target in found}


def _pictures() -> list[Target]:
    rgba = np.random.default_rng(13).integers(0, 256, (9, 11, 4), np.uint8)
    made = []
    for kind in ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM"):
        stream = io.BytesIO()
        picture = Image.fromarray(rgba if kind in ("PNG", "WEBP", "TIFF") else rgba[..., :3])
        exif = Image.Exif()
        exif[0x0112] = 6
        options: dict[str, object] = {"exif": exif} if kind in ("PNG", "JPEG", "WEBP") else {}
        if kind in ("JPEG", "TIFF"):
            options["icc_profile"] = display_p3()
        picture.save(stream, kind, **options)
        made.append(Target(f"hero.{kind.lower()}", stream.getvalue(), _look))
    return made


def _look(path: Path) -> None:
    is_image(path)
    read_image(path)


def _videos(folder: Path) -> list[Target]:
    made = []
    for suffix, codec in (
        *(("mp4", "libx264"), ("mov", "mjpeg"), ("mkv", "libx264"), ("webm", "libvpx-vp9")),
        *(("avi", "mpeg4"), ("gif", "gif"), ("ts", "mpeg2video")),
    ):
        path = folder / f"dance.{suffix}"
        write_small_video(path, codec)
        made.append(Target(path.name, path.read_bytes(), _watch))
    return made


def write_small_video(path: Path, codec: str, size: tuple[int, int] = (32, 32), frames: int = 4) -> None:
    """Write noise at 10 frames a second, with a comment."""
    rng = np.random.default_rng(13)
    with av.open(str(path), "w") as container:
        container.metadata["comment"] = write_comment(GENERATED)
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = {"gif": "rgb8", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
        for index in range(frames):
            rgb = rng.integers(0, 256, (size[1], size[0], 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=stream.pix_fmt)
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _watch(path: Path) -> None:
    probe(path)
    read_comment(path)
    for _ in islice(iterate_frames(path), FRAMES):
        pass


def _poses(folder: Path) -> list[Target]:
    poses, made = waving(2), []
    for suffix in ("npz", "jsonl", "json"):
        write_poses(poses, folder / f"poses.{suffix}")
        made.append(Target(f"poses.{suffix}", (folder / f"poses.{suffix}").read_bytes(), _take))
    content = {
        "bodies": np.zeros((2, 18, 2)),
        "body_indices": np.zeros((2, 18)),
        "faces": np.zeros((2, 68, 2)),
        "hands": np.zeros((2, 2, 21, 2)),
        "size": (64, 64, 3),
        "fps": 24,
    }
    made += [
        Target(f"poses{protocol}.pkl", pickle.dumps(content, protocol), _take) for protocol in (0, 2, 4, 5)
    ]
    return made


def _take(path: Path) -> None:
    read_poses(path, canvas=Size(64, 64), fps=24.0)


def _texts() -> list[Target]:
    preset = preset_path("tiny").read_bytes()
    config = load_config(AnimateConfig, preset_path("tiny"))

    def batch(path: Path) -> None:
        read_manifest(path, path.parent / "out", "tiny", lambda name, own: config)

    suite = "name: a\nversion: '1'\nsplit: test\nfps: 8\ncases:\n- {id: a, kind: b, setting: self, "
    scores = {"format": "animatex-scores/1"}
    state = {
        "format": "animatex-training/1",
        "step": 3,
        "seconds": 1.0,
        "sha256": "a",
        "settings": {"a": [1]},
    }
    identity = Identity("mini", {"a": [2]})
    return [
        Target("preset.yaml", preset, partial(load_config, AnimateConfig)),
        Target("jobs.yaml", b"jobs:\n- {reference: a.png, driving: b.mp4, out: c.mp4, seed: 3}\n", batch),
        Target("jobs.csv", b"reference,driving,out,seed,set\na.png,b.mp4,c.mp4,3,a=1;b=2\n", batch),
        Target("jobs.jsonl", b'{"reference": "a.png", "driving": "b.mp4", "set": ["a=1"]}\n', batch),
        Target("suite.yaml", f"{suite}reference: suite.yaml, driving: suite.yaml}}\n".encode(), load_suite),
        Target(
            "index.jsonl",
            b'{"video": "index.jsonl", "poses": "index.jsonl"}\n',
            lambda path: FolderClips.open(path.parent, Size(8, 8), 2, 1, 13),
        ),
        Target("scores.json", json.dumps(scores).encode(), read_scores),
        Target(
            "run.json", b'{"fps": 8.0, "provenance": {"a": "b"}}', lambda path: read_run_facts(path.parent)
        ),
        Target("state.json", json.dumps(state).encode(), lambda path: saved_step(path.parent, identity)),
        Target("w.safetensors.sha256", b"a" * 64 + b"  w\n", lambda path: noted_digest(path.with_suffix(""))),
    ]


def _weights(folder: Path) -> list[Target]:
    tensors = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2, dtype=torch.bfloat16)}
    save_weights(folder / "w.safetensors", tensors, kind="unet", config=SCHEDULE, source="abc")
    torch.save({"state_dict": tensors}, folder / "new.pth")
    torch.save({"state_dict": tensors}, folder / "old.ckpt", _use_new_zipfile_serialization=False)
    names = ("w.safetensors", "new.pth", "old.ckpt")
    return [Target(name, (folder / name).read_bytes(), _load) for name in names]


def _load(path: Path) -> None:
    if path.suffix == ".safetensors":
        read_header(path)
        read_weights(path, kind="unet", config=SCHEDULE)
    read_foreign(path)


def _results(folder: Path) -> list[Target]:
    rgb = np.random.default_rng(13).integers(0, 256, (2, 16, 16, 3), np.uint8)
    marks = replace(GENERATED, title="hero-dance", settings="# device: cpu (asked for)\nseed: 13\n")
    write_png(folder / "marked.png", rgb[0], marks)
    write_video(folder / "marked.mp4", FrameSequence(rgb, 8.0), marks=marks)
    write_png(folder / "signed.png", rgb[0], marks)
    sign(folder / "signed.png", marks, write_chain(folder))
    names = ("marked.png", "marked.mp4", "signed.png")
    return [Target(name, (folder / name).read_bytes(), inspect) for name in names]


def _others(folder: Path) -> list[Target]:
    with Ledger(folder / "batch.ledger") as ledger:
        ledger.add([Asked("a.mp4", "a.png", "b.mp4", "mini", "seed: 1")])
    network = write_constant_network(folder / "n.onnx", (8, 8), np.ones((1, 4), np.float32))
    return [
        Target("batch.ledger", (folder / "batch.ledger").read_bytes(), _consult),
        Target("n.onnx", network.read_bytes(), _ask),
    ]


def _consult(path: Path) -> None:
    with Ledger(path, create=False) as ledger:
        for entry in ledger.entries().values():
            ledger.claim(entry, "me", "x")


def _ask(path: Path) -> None:
    for network in open_networks([path], "cpu", "it").value:
        network(np.zeros((1, 3, 8, 8), np.float32))
