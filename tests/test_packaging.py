"""What is handed out: wheel and sdist hold what they need and nothing else, and one version names them."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest
from hatchling.builders.plugin.interface import BuilderInterface
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from animatex import __version__

ROOT = Path(__file__).resolve().parents[1]
KINDS = {".py", ".typed", ".yaml", ".md", ".safetensors", ".html", ".css", ".js"}


def held(builder: BuilderInterface) -> set[str]:
    return {file.distribution_path for file in builder.recurse_included_files()}


def lying(*folders: str) -> set[str]:
    """All files below folders of the checkout, but for what Python leaves there."""
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in paths if "__pycache__" not in path.parts}


def test_the_wheel_is_the_two_packages_with_the_presets_inside():
    presets = {f"animatex/{path}" for path in lying("presets")}
    assert held(WheelBuilder(str(ROOT))) == lying("animatex", "animatex_cli") | presets


@pytest.mark.parametrize(
    "name",
    [
        "animatex/py.typed",
        "animatex/presets/mini.yaml",
        "animatex/presets/parts/unet-mini.yaml",
        "animatex/weights/mini-unet.safetensors",
        "animatex/bench/templates/report.html",
    ],
)
def test_what_is_read_while_running_is_in_the_wheel(name: str):
    assert name in held(WheelBuilder(str(ROOT)))


def test_nothing_stray_is_in_the_wheel():
    assert {PurePosixPath(name).suffix for name in held(WheelBuilder(str(ROOT)))} == KINDS


def test_the_sdist_is_the_repository():
    folders = {name.partition("/")[0] for name in held(SdistBuilder(str(ROOT))) if "/" in name}
    assert {"animatex", "docs", "presets", "samples", "tests"} <= folders
    files = {name for name in held(SdistBuilder(str(ROOT))) if "/" not in name}
    assert files >= {"LICENSE", "README.md", "CHANGELOG.md", "Makefile", "constraints.txt"}
    assert held(SdistBuilder(str(ROOT))) == lying(*folders) | files


def test_an_image_is_made_of_all_that_the_wheel_is_made_of():
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert allowed >= {
        "animatex",
        "animatex_cli",
        "presets",
        "docs/man",
        "pyproject.toml",
        "LICENSE",
        "README.md",
    }
    assert all((ROOT / name).exists() for name in allowed)


def test_the_changelogs_newest_version_is_this_one():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)
    assert versions[0] == __version__
    assert versions == sorted(versions, key=lambda text: tuple(map(int, text.split("."))), reverse=True)


@pytest.mark.parametrize("name", ["pyproject.toml", "Dockerfile", "Makefile", ".github/workflows/ci.yml"])
def test_the_version_stands_in_one_place(name: str):
    text = (ROOT / name).read_text("utf-8")
    assert __version__ not in re.findall(r"(?<![\w.])\d+\.\d+\.\d+(?![\w.])", text)
