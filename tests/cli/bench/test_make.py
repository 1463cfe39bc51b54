import json
from pathlib import Path

import pytest
from PIL import Image

from animatex.bench.suite import load_suite
from animatex_cli.main import run

SMALL = ("--characters", "1", "--size", "48x72", "--frames", "2")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_suite_is_made_and_its_folder_is_the_result(capsys):
    assert run(["bench", "make", "--out", "suite", *SMALL]) == 0
    shown = capsys.readouterr()
    suite = load_suite(Path("suite"))
    assert shown.out == "suite\n"
    assert "1 character, 2 frames of 48 x 72: about 0 MB" in shown.err
    assert "no hash is published for this split, size and length" in shown.err
    assert f"hash {suite.sha256}" in shown.err
    assert len(suite.cases) == 3


def test_json_names_the_hash_and_quiet_says_nothing(capsys):
    assert run(["bench", "make", "--out", "suite", *SMALL, "--json", "--quiet"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {
        "output": "suite", "name": "open-a2bench", "version": "2", "split": "test",
        "sha256": load_suite(Path("suite")).sha256, "cases": 3,
    }  # fmt: skip
    assert shown.err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "wanted"),
    [
        (["--size", "48"], 2, "error: --size 48: needs WIDTHxHEIGHT in pixels"),
        (["--size", "8x8"], 2, "error: --size 8x8: sides are from 48 to 2048 pixels"),
        (["--split", "train"], 2, "error: Invalid value for '--split'"),
        (["--out", "none/suite"], 1, "error: none/suite/plant-000 cannot be written"),
    ],
)
def test_what_cannot_be_made_is_one_line(arguments, code, wanted, capsys):
    Path("none").touch()
    assert run(["bench", "make", "--out", "suite", *SMALL, *arguments]) == code
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and errors[0].startswith(wanted)


def test_a_data_set_becomes_a_suite(capsys):
    Path("data/00001/images").mkdir(parents=True)
    Image.new("RGB", (16, 24)).save("data/00001/images/0001.png")
    assert run(["bench", "import", "tiktok", "data", "--out", "suite"]) == 0
    assert capsys.readouterr().out == "suite\n"
    assert load_suite(Path("suite")).cases[0].id == "00001"
    assert run(["bench", "import", "a2bench", "data", "--out", "other"]) == 1
    assert capsys.readouterr().err == (
        "error: data is not laid out as a2bench: there are no videos\n"
        "hint: it has images/NAME.png and videos/NAME.mp4.\n"
    )


def test_prompts_are_lines_or_json(capsys):
    assert run(["bench", "prompts", "-n", "3", "--seed", "5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert run(["bench", "prompts", "-n", "3", "--seed", "5", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [prompt["text"] for prompt in document["prompts"]] == lines
    assert run(["bench", "prompts", "-n", "0"]) == 2
    assert capsys.readouterr().err == "error: -n 0: from 1 to 88000 prompts can be written\n"
