from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from animatex import __version__
from animatex.config.loader import load_config, parse_config
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.errors import ConfigError
from animatex.record import (
    Record,
    UsedFile,
    read_record,
    record_path,
    record_text,
    sha256,
    used_file,
    versions,
)


@pytest.fixture
def config() -> AnimateConfig:
    return load_config(AnimateConfig, preset_path("tiny"), ["seed=4711", "sampler.steps=3"])


def test_a_record_is_a_preset_that_says_the_same(tmp_path: Path, config: AnimateConfig) -> None:
    (tmp_path / "out.yaml").write_text(record_text(config), encoding="utf-8")
    assert load_config(AnimateConfig, tmp_path / "out.yaml") == config


def test_a_record_says_what_else_the_run_used(tmp_path: Path, config: AnimateConfig) -> None:
    (tmp_path / "hero.png").write_bytes(b"hero")
    text = record_text(
        config,
        command="animatex animate hero.png dance.mp4 --preset out.yaml",
        used=[used_file("reference", tmp_path / "hero.png")],
        choices={"device": "cpu (asked for)", "dtype": "float32 (no AMX)"},
    )
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert comments[0] == "# repeat: animatex animate hero.png dance.mp4 --preset out.yaml"
    assert comments[1].startswith(f"# with: animatex {__version__}, python 3.")
    assert "torch " in comments[1]
    assert "# device: cpu (asked for)" in comments and "# dtype: float32 (no AMX)" in comments
    assert comments[-1] == f"# reference: hero.png sha256 {hashlib.sha256(b'hero').hexdigest()}"


def test_what_a_record_says_can_be_read(config: AnimateConfig) -> None:
    used = (UsedFile("reference", "hero sha256.png", "a" * 64), UsedFile("weights", "w: x", "b" * 64))
    record = read_record(record_text(config, used=used, choices={"device": "cpu (asked for)"}))
    assert record.used == used
    assert list(record.notes) == ["with", "on", "device"]
    assert record.notes["device"] == "cpu (asked for)"
    assert read_record("seed: 13\n# device: cpu\n") == Record({}, ())


def test_a_record_may_leave_folders_out() -> None:
    settings = ["checkpoint=/home/jane/runs/a/unet.safetensors", "pose.model=C:\\Users\\jane\\dw.onnx"]
    config = load_config(AnimateConfig, preset_path("tiny"), settings)
    text = record_text(config, folders=False)
    assert "jane" in record_text(config) and "jane" not in text
    read = parse_config(AnimateConfig, text, "record")
    assert (read.checkpoint, read.pose.model) == ("unet.safetensors", "dw.onnx")
    assert read.model_dump(exclude={"checkpoint": True, "pose": {"model"}}) == config.model_dump(
        exclude={"checkpoint": True, "pose": {"model"}}
    )


def test_equal_runs_write_equal_records(config: AnimateConfig) -> None:
    assert record_text(config) == record_text(config)


def test_a_name_that_is_no_line_of_text_stays_in_the_comment(tmp_path: Path, config: AnimateConfig) -> None:
    for name in ("a\nseed: 1.png", "a\udcff.png"):
        text = record_text(config, command=f"animatex animate '{name}' dance.mp4")
        (tmp_path / "out.yaml").write_text(text, encoding="utf-8")
        assert load_config(AnimateConfig, tmp_path / "out.yaml") == config


def test_a_record_lies_beside_its_output() -> None:
    assert record_path(Path("runs/hero.mp4")) == Path("runs/hero.yaml")
    assert record_path(Path("runs/frames")) == Path("runs/frames.yaml")


@pytest.mark.parametrize("path", [".", "..", "/"])
def test_beside_what_has_no_name_nothing_lies(path):
    with pytest.raises(ConfigError, match="is no name for an output"):
        record_path(Path(path))


def test_versions_name_what_computes() -> None:
    found = versions()
    assert found["animatex"] == __version__
    assert {"python", "torch", "numpy", "av"} <= set(found)


def test_a_folder_is_hashed_whatever_its_files_are_called(tmp_path: Path) -> None:
    content = hashlib.sha256(b"a").hexdigest().encode()
    (tmp_path / "0.png").write_bytes(b"a")
    assert sha256(tmp_path) == hashlib.sha256(b"0.png " + content + b"\n").hexdigest()
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"a")
    names = b"0.png " + content + b"\ncaf\xe9.txt " + content + b"\n"
    assert sha256(tmp_path) == hashlib.sha256(names).hexdigest()


def test_a_folder_is_hashed_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "0.png").write_bytes(b"a")
    before = sha256(tmp_path)
    assert sha256(tmp_path) == before
    (tmp_path / "0.png").rename(tmp_path / "1.png")
    assert sha256(tmp_path) != before
