"""What the whole package promises: a quick start, no work on import, packages kept to their place."""

from __future__ import annotations

import ast
import functools
import json
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

import animatex
from animatex.pose.io import write_poses
from tests.pose.figures import figure

PACKAGE = Path(animatex.__file__).parent
CHECKOUT = PACKAGE.parent
HEAVY = ("torch", "numpy", "cv2", "av", "mediapipe", "onnxruntime", "open_clip", "diffusers", "PIL")

# Packages that somebody may not have, or that take long to import, and the files whose functions import them.
HOMES = {
    "accelerate": {"training/launch.py"},
    "av": {"video/reader.py", "video/writer.py"},
    "c2pa": {"provenance/credentials.py"},
    "cryptography": {"provenance/credentials.py"},
    "decord": {"video/reader.py"},
    "diffusers": {"codec/vae.py", "diffusion/fewstep.py"},
    "jinja2": {"bench/pages.py"},
    "mamba_ssm": {"model/scan.py"},
    "mediapipe": {"pose/mediapipe.py"},
    "onnxruntime": {"pose/onnx.py"},
    "open_clip": {"encoders/clip.py"},
    "tqdm": {"progress.py"},
}


def modules_after(statements: str) -> set[str]:
    """Run statements in a fresh Python; give the top-level modules that are loaded afterwards."""
    report = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    command = [sys.executable, "-c", f"{statements}\n{report}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@functools.cache
def sources() -> tuple[tuple[str, ast.Module], ...]:
    paths = sorted(PACKAGE.rglob("*.py"))
    return tuple((path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text())) for path in paths)


@functools.cache
def importers() -> dict[str, set[str]]:
    """Give for each package the files of ours that import it."""
    found: dict[str, set[str]] = {}
    for path, tree in sources():
        for node in ast.walk(tree):
            for package in imported(node):
                found.setdefault(package, set()).add(path)
    return found


def imported(node: ast.AST) -> list[str]:
    """Give the packages that one statement or call imports, `require("decord", ...)` included."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0]]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "require":
        return [ast.literal_eval(node.args[0]).partition(".")[0]]
    return []


def test_measuring_between_pose_files_needs_no_networks(tmp_path: Path):
    write_poses(figure(frames=2), tmp_path / "dance.npz")
    command = ["pose", "retarget", str(tmp_path / "dance.npz"), "--to", str(tmp_path / "dance.npz")]
    command += ["--out", str(tmp_path / "on.npz"), "--method", "combined", "--quiet"]
    loaded = modules_after(f"from animatex_cli.main import run\nassert run({command!r}) == 0")
    assert "numpy" in loaded and not {"torch", "cv2", "onnxruntime", "mediapipe"} & loaded


def test_help_needs_nothing_heavy() -> None:
    lines = ("--help", "--version", "animate --help", "pose --help", "doctor --help")
    loaded = modules_after(
        f"from animatex_cli.main import run\nfor line in {lines}: assert run(line.split()) == 0, line"
    )
    assert "animatex_cli" in loaded
    assert not loaded & set(HEAVY)


@pytest.mark.slow
def test_help_is_there_in_half_a_second() -> None:
    command = [sys.executable, "-c", "from animatex_cli.main import run; run(['--help'])"]
    taken = []
    for _ in range(5):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=CHECKOUT)
        taken.append(time.perf_counter() - begin)
    assert min(taken) < 0.5


def test_configuration_video_and_poses_do_not_load_torch() -> None:
    names = [
        f"animatex.{path.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}"
        for path, _ in sources()
        if path.partition("/")[0] in ("config", "video", "pose", "provenance")
    ]
    assert len(names) > 20
    loaded = modules_after("\n".join(f"import {name}" for name in names))
    assert "animatex" in loaded
    assert not loaded & {"torch", "av", "mediapipe", "onnxruntime", "decord", "typer"}


def test_loading_networks_loads_neither_what_trains_them_nor_a_compiler() -> None:
    loaded = modules_after(
        "from animatex.animate import load_models, load_rig_network\n"
        "from animatex.config.loader import load_config\n"
        "from animatex.config.presets import preset_path\n"
        "from animatex.config.run import AnimateConfig\n"
        "from animatex.runtime import make_runtime\n"
        "config = load_config(AnimateConfig, preset_path('mini'), ['runtime.device=cpu'])\n"
        "load_models(config, make_runtime(config.runtime, config.seed))\n"
        "load_rig_network(config.codec, config.seed)"
    )
    assert "torch" in loaded
    # sympy comes with PyTorch's compiler, which takes longer to import than all weights to read.
    assert not loaded & {"open_clip", "torchvision", "timm", "accelerate", "diffusers", "sympy"}


@pytest.mark.parametrize("package", HOMES)
def test_every_optional_package_is_imported_in_its_place_alone(package: str) -> None:
    assert importers()[package] <= HOMES[package]


def test_optional_packages_are_imported_when_they_are_needed() -> None:
    on_import = [
        f"{path}: {package}"
        for path, tree in sources()
        for statement in tree.body
        for package in imported(statement)
        if package in HOMES
    ]
    assert on_import == []


def test_the_library_never_prints() -> None:
    calls = [
        f"{path}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert calls == []


def test_every_part_of_the_library_has_its_layer() -> None:
    contracts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [
        name
        for layer in contracts[0]["layers"]
        for name in layer.replace("(", "").replace(")", "").split(" | ")
    ]
    parts = {path.partition("/")[0].removesuffix(".py") for path, _ in sources()} - {"__init__"}
    assert {f"animatex.{part}" for part in parts} <= set(layers)


def test_constraints_pin_everything_that_is_required() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    lines = (CHECKOUT / "constraints.txt").read_text().splitlines()
    pinned = {line.partition("==")[0].replace("_", "-").lower() for line in lines if "==" in line}
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.match(r"[\w.-]+", line)[0].replace("_", "-").lower() for line in wanted}
    assert names <= pinned
