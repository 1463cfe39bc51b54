"""Manners that every command has, completion, and the manual page."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from animatex.pose.io import write_poses
from animatex_cli.main import app, run
from animatex_cli.manual import EXIT_CODES, manual_page
from tests.cli.test_animate import waving
from tests.cli.test_main import commands

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {
    name.removeprefix("animatex "): command
    for name, command in commands(typer.main.get_command(app))
    if not hasattr(command, "commands")
}

# For each command a line that names something that is not there.
MISSING = {
    "animate": "none.png none.mp4 --preset tiny",
    "train": "none",
    "doctor": "--bench-frames none",
    "inspect": "none.mp4",
    "completions": "none",
    "pose extract": "none.mp4",
    "pose retarget": "none.npz --to none.png",
    "pose convert": "none.npz",
    "pose augment": "none.npz --preview sheet.png",
    "batch status": "none.ledger",
    "bench make": "--out none/there --size none",
    "bench import": "tiktok none --out suite",
    "bench run": "--suite none --out results",
    "bench score": "none none",
    "bench ablate": "none --out rows",
    "bench report": "none.json",
    "bench study": "none --suite none --out page.html",
    "bench prompts": "--count none",
    "bench speed": "--preset none",
    "weights list": "--weights",
    "weights pull": "none",
    "weights verify": "none",
    "weights convert": "none",
}

# Commands that take no time, with what --json gives.
QUICK = {
    "animate hero.png dance.npz --print-config": dict,
    "train mini-train --print-config": dict,
    "pose convert dance.npz --out other.npz": dict,
    "weights list": dict,
    "bench prompts": (dict, list),
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANIMATEX_WEIGHTS", raising=False)
    write_poses(waving(), Path("dance.npz"))
    return tmp_path


def test_the_table_names_every_command():
    assert set(MISSING) == set(COMMANDS)


@pytest.mark.parametrize("name", MISSING)
def test_what_is_not_there_is_said_on_standard_error_alone_and_leaves_nothing(name, place, capsys):
    assert run([*name.split(), *MISSING[name].split()]) in (1, 2)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.search(r"^error: ", shown.err, re.MULTILINE)
    assert "\x1b" not in shown.err
    assert [path.name for path in place.iterdir()] == ["dance.npz"]


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"completions"}))
def test_every_command_has_json_for_machines(name):
    assert "--json" in {flag for param in COMMANDS[name].params for flag in param.opts}


@pytest.mark.parametrize(("line", "kind"), QUICK.items())
def test_json_is_one_document_and_nothing_else(line, kind, place, capsys):
    assert run([*line.split(), "--json"]) == 0
    assert isinstance(json.loads(capsys.readouterr().out), kind)


@pytest.mark.parametrize("code", EXIT_CODES)
def test_the_page_and_the_manual_say_every_exit_code(code):
    assert f"\n| {code} | " in (ROOT / "docs" / "shell.md").read_text("utf-8")
    assert f"\n.B {code}\n" in manual_page()


def test_the_manual_page_is_current():
    assert (ROOT / "docs" / "man" / "animatex.1").read_text("utf-8") == manual_page(), (
        "make it anew: python -m animatex_cli.manual > docs/man/animatex.1"
    )


def test_the_manual_page_has_every_command_and_option():
    page = manual_page().replace("\\-", "-")
    for name, command in COMMANDS.items():
        section = page.split(f"\n.SS animatex {name}\n")[1].split("\n.S")[0]
        for param in command.params:
            assert param.param_type_name == "argument" or all(flag in section for flag in param.opts)
            assert param.help.partition("\\[")[0].strip()[:20] in section, (name, param.name)


@pytest.mark.skipif(shutil.which("man") is None, reason="nothing here shows manual pages")
def test_the_manual_page_is_shown_without_complaint():
    done = subprocess.run(
        ["man", "--warnings", "-l", str(ROOT / "docs" / "man" / "animatex.1")],
        env={**os.environ, "MANPAGER": "cat", "MANWIDTH": "90", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "animatex [options] command [arguments]" in done.stdout


@pytest.mark.parametrize(
    ("words", "place", "offered"),
    [
        ("animatex po", 1, ["pose"]),
        ("animatex pose ", 2, ["extract", "retarget", "convert", "augment"]),
        ("animatex animate --pi", 2, ["--pix"]),
        ("animatex animate --pix ", 3, ["rgb24", "bgr24", "gray", "yuv420p"]),
        ("animatex animate --preset animate-x-", 3, ["animate-x-long"]),
        ("animatex train mini-", 2, ["mini-train"]),
        # The shell completes files where nothing is offered.
        ("animatex animate hero", 2, []),
    ],
)
def test_commands_options_words_and_presets_are_completed(words, place, offered, monkeypatch, capsys):
    # As bash asks what may stand at a place of a line.
    monkeypatch.setenv("_ANIMATEX_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(place))
    assert run([]) == 0
    shown = capsys.readouterr()
    assert (shown.out.split(), shown.err) == (offered, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_it_understands(shell, capsys, tmp_path):
    assert run(["completions", shell]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    assert "_ANIMATEX_COMPLETE=complete_" + shell in script.read_text()
    if shutil.which(shell):
        assert subprocess.run([shell, "-n", str(script)], check=False).returncode == 0


def test_completion_loads_nothing_heavy(tmp_path):
    code = (
        "import sys\nfrom animatex_cli.main import run\nassert run([]) == 0\n"
        "sys.exit(str({'torch', 'numpy', 'av', 'cv2'} & set(sys.modules)) if "
        "{'torch', 'numpy', 'av', 'cv2'} & set(sys.modules) else 0)"
    )
    variables = {
        "_ANIMATEX_COMPLETE": "complete_bash",
        "COMP_WORDS": "animatex animate --preset ",
        "COMP_CWORD": "3",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "mini" in done.stdout.split()
