from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import typer

from animatex.animate import load_models
from animatex.checkpoints import catalogue
from animatex.checkpoints.catalogue import Group, HandSource, HubSource, KnownFile
from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.runtime import Runtime
from animatex_cli.main import run
from animatex_cli.weights import app
from tests.checkpoints.hub import Hub, serving
from tests.checkpoints.published import CLIP, NO_PRIOR, write_clip, write_unet, write_vae

CONTENT = b"weights" * 1000


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one file, a catalogue that knows it, and one file that nobody serves."""
    from huggingface_hub import constants

    with serving() as server:
        digest = server.put("someone/nets/resolve/main/net.pth", CONTENT)
        template = server.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        files = (
            KnownFile(
                name="net.pth",
                holds="a network",
                source=HubSource("someone/nets"),
                licence="Apache-2.0",
                size=len(CONTENT),
                digest=digest,
            ),
            KnownFile(
                name="lost.pth", holds="a network", source=HandSource("https://example.org"), licence="MIT"
            ),
        )
        monkeypatch.setattr(catalogue, "KNOWN_FILES", files)
        monkeypatch.setattr(catalogue, "GROUPS", (Group("nets", "tests", ("net.pth", "lost.pth")),))
        yield server


FLAGS = {
    "list": ["--weights", "--json"],
    "pull": ["--from", "--weights", "--json", "--quiet", "-q"],
    "verify": ["--weights", "--json", "--quiet", "-q"],
    "convert": ["--preset", "--dtype", "--out", "-o", "--weights", "--force", "--json", "--quiet", "-q"],
}


def test_the_options_are_these_and_no_others() -> None:
    group = typer.main.get_command(app)
    found = {
        name: [flag for param in command.params if param.param_type_name == "option" for flag in param.opts]
        for name, command in getattr(group, "commands", {}).items()
    }
    assert found == FLAGS


def test_pull_says_what_comes_from_where_under_which_licence(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["weights", "pull", "nets", "--weights", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'net.pth'}\n"
    address = f"{hub.address}/someone/nets/resolve/main/net.pth"
    assert err.splitlines() == [
        f"net.pth: 7 kB from {address}; licence: Apache-2.0",
        f"7 kB to fetch into {tmp_path}",
        "lost.pth has no address that can be relied on: get it from its authors (https://example.org), "
        f"put it into {tmp_path}",
        "fetching net.pth, MB: 0",
        "checking net.pth, MB: 0",
    ]


def test_pull_again_fetches_nothing(hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["weights", "pull", "net.pth", "--weights", str(tmp_path)]
    assert run([*arguments, "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    hub.asked.clear()
    assert run(arguments) == 0
    assert "net.pth is there already\n" in capsys.readouterr().err
    assert hub.asked == []


def test_pull_takes_files_that_are_there(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "net.pth").write_bytes(CONTENT)
    (tmp_path / "mine" / "lost.pth").write_bytes(b"found")
    folder = tmp_path / "weights"
    arguments = ["weights", "pull", "nets", "--weights", str(folder), "--from", str(tmp_path / "mine")]
    assert run([*arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "folder": str(folder),
        "present": [],
        "taken": ["net.pth", "lost.pth"],
        "fetched": [],
        "by_hand": [],
    }
    assert f"lost.pth is taken from {tmp_path / 'mine' / 'lost.pth'}; its hash is not known beforehand" in err
    assert (folder / "net.pth").read_bytes() == CONTENT
    assert (folder / "lost.pth.sha256").is_file()


def test_pull_replaces_a_damaged_file_and_says_so(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "net.pth").write_bytes(b"other")
    assert run(["weights", "pull", "net.pth", "--weights", str(tmp_path)]) == 0
    assert "net.pth is another file than it should be, and is replaced" in capsys.readouterr().err
    assert (tmp_path / "net.pth").read_bytes() == CONTENT


def test_pull_names_an_unknown_group(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["weights", "pull", "nothing"]) == 2
    assert "error: no group of weights and no file is called 'nothing'" in capsys.readouterr().err


def test_a_mirror_is_named_by_the_hubs_own_variable(tmp_path: Path) -> None:
    with serving() as server:
        server.refused["yzd-v/DWPose/resolve/main/yolox_l.onnx"] = 503
        pulled = subprocess.run(
            [
                sys.executable,
                "-c",
                "from animatex_cli.main import main; main()",
                *("weights", "pull", "yolox_l.onnx", "--weights", str(tmp_path)),
            ],
            env={**os.environ, "HF_ENDPOINT": server.address},
            capture_output=True,
            text=True,
        )
        assert pulled.returncode == 1
        assert f"{server.address}/yzd-v/DWPose/resolve/main/yolox_l.onnx answers 503" in pulled.stderr


def test_verify_names_what_is_wrong(hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["weights", "verify", "--weights", str(tmp_path), "--quiet"]
    assert run(arguments) == 0
    assert capsys.readouterr() == ("", "")
    (tmp_path / "net.pth").write_bytes(CONTENT)
    assert run(arguments) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["net.pth", "good"]
    (tmp_path / "net.pth").write_bytes(CONTENT + b"!")
    (tmp_path / "lost.pth").write_bytes(b"x")
    assert run(arguments) == 1
    out, err = capsys.readouterr()
    assert [line.split()[1] for line in out.splitlines()[1:]] == ["wrong", "unknown"]
    assert f"error: {tmp_path / 'net.pth'} is another file than it should be: hash " in err
    assert f"hint: animatex weights pull nets --weights '{tmp_path}' replaces it." in err


def test_verify_reports_what_scripts_need(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "net.pth").write_bytes(CONTENT)
    assert run(["weights", "verify", "--weights", str(tmp_path), "--json", "--quiet"]) == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert list(file) == ["name", "path", "state", "found", "expected"]
    assert (file["state"], file["found"]) == ("good", file["expected"])


def test_list_shows_sizes_groups_licences_and_what_is_installed(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lost.pth").write_bytes(b"123")
    assert run(["weights", "list", "--weights", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["file", "holds", "size", "pull", "licence", "installed"]
    assert lines[1].split() == ["net.pth", "a", "network", "7", "kB", "nets", "Apache-2.0", "no"]
    assert lines[2].split() == ["lost.pth", "a", "network", "3", "bytes", "nets", "MIT", "yes"]
    assert lines[4] == f"Files are looked for in {tmp_path}, then in the package."
    assert run(["weights", "list", "--weights", str(tmp_path), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["files"][0]
    assert list(listed) == [
        "name",
        "holds",
        "groups",
        "size",
        "digest",
        "source",
        "licence",
        "installed",
        "path",
    ]
    assert listed["source"] == "https://huggingface.co/someone/nets"
    assert listed["path"] == str(tmp_path / "net.pth")
    assert listed["installed"] is False


def test_convert_makes_one_file_for_each_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    preset, folder = tmp_path / "small.yaml", tmp_path / "weights"
    folder.mkdir()
    released = load_config(AnimateConfig, preset_path("animate-x"))
    small = released.model_copy(update={"unet": NO_PRIOR, "clip_encoder": CLIP})
    preset.write_text(json.dumps(small.model_dump(mode="json")))
    for write in (write_unet, write_clip, write_vae):
        write(folder)
    arguments = ["weights", "convert", "--preset", str(preset), "--weights", str(folder)]
    assert run(arguments) == 0
    made = capsys.readouterr().out.split()
    assert [Path(path).name for path in made] == [
        "animate-x.safetensors",
        "clip-vit-h-14.safetensors",
        "sd-2-1-vae.safetensors",
    ]
    # The toys are not what their names promise; what was made of them is.
    assert run(["weights", "verify", "--weights", str(folder), "--quiet"]) == 1
    assert capsys.readouterr().out.count("good") == 3
    assert run([*arguments, "--quiet"]) == 1
    assert "animate-x.safetensors exists already" in capsys.readouterr().err
    for name in ("animate-x_ckpt.pth", "open_clip_pytorch_model.bin", "v2-1_512-ema-pruned.ckpt"):
        (folder / name).unlink()
    models = load_models(small, Runtime(torch.device("cpu"), torch.bfloat16, "none", 1), folder)
    assert {tensor.dtype for tensor in models.unet.state_dict().values()} == {torch.bfloat16}


def test_convert_refuses_a_file_that_the_preset_does_not_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["weights", "convert", "net.pth"]) == 2
    err = capsys.readouterr().err
    assert "error: the preset animate-x names no file 'net.pth' that can be converted" in err
    assert "hint: it names animate-x_ckpt.pth, open_clip_pytorch_model.bin, v2-1_512-ema-pruned.ckpt." in err


def test_a_preset_without_published_files_has_nothing_to_convert(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["weights", "convert", "--preset", "tiny"]) == 2
    err = capsys.readouterr().err
    assert err == (
        "error: the preset tiny names no files that can be converted\nhint: try --preset animate-x.\n"
    )


def test_convert_names_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["weights", "convert", "--weights", str(tmp_path)]) == 1
    assert "error: weights animate-x_ckpt.pth (7.27 GB), open_clip_" in capsys.readouterr().err


def test_convert_refuses_what_is_converted_already(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "sd-2-1-vae.safetensors"
    made.touch()
    assert run(["weights", "convert", "v2-1_512-ema-pruned.ckpt", "--weights", str(tmp_path)]) == 1
    assert (
        f"error: v2-1_512-ema-pruned.ckpt is not installed itself, only {made}, which is converted already\n"
        in capsys.readouterr().err
    )
