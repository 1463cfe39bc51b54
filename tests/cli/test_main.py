import json
import os
import resource
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from animatex import __version__
from animatex.errors import AnimateXError, ConfigError, InputError, MissingPackage
from animatex.pose.io import write_poses
from animatex_cli import main
from animatex_cli.main import app, run
from tests.cli.test_animate import waving


@pytest.fixture
def failing(monkeypatch):
    """Make `animatex doctor` end with an exception."""

    def fail_with(error: BaseException) -> None:
        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr("animatex_cli.doctor.examine", fail)

    return fail_with


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_the_version_is_one_line(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"animatex {__version__}\n"


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["animate", "--help"], ["pose", "--help"]])
def test_nothing_heavy_is_imported_to_show_help(arguments):
    heavy = ("torch", "numpy", "yaml", "av", "cv2", "mediapipe", "PIL", "animatex.config")
    done = python(
        f"import sys\nfrom animatex_cli.main import run\ncode = run({arguments!r})\n"
        f"found = [name for name in {heavy!r} if name in sys.modules]\n"
        "sys.exit(f'{code} {found}' if code or found else 0)"
    )
    assert done.returncode == 0, done.stderr


def test_help_takes_less_than_half_a_second_of_processor_time():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    python("from animatex_cli.main import run; run(['--help'])")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


@pytest.mark.parametrize("arguments", [[], ["weights"], ["pose"]])
def test_a_group_without_a_command_shows_its_help_once(arguments, capsys):
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert (shown.out + shown.err).count("Usage:") == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["dance"], "error: No such command 'dance'."),
        (["animate", "a.png"], "error: Missing argument 'DRIVING'."),
        (["animate", "a.png", "b.mp4", "--stepz", "3"], "error: No such option: --stepz"),
        (
            ["animate", "a.png", "b.mp4", "--steps", "x"],
            "error: Invalid value for '--steps': ",
        ),
        (["completions", "tcsh"], "error: Invalid value for 'shell': 'tcsh' is not one of 'bash', "),
    ],
)
def test_wrong_usage_is_one_line_and_a_hint(arguments, problem, capsys):
    assert run(arguments) == 2
    shown = capsys.readouterr()
    first, second = shown.err.splitlines()
    assert first.startswith(problem)
    assert second.startswith("hint: animatex ")
    assert second.endswith(" --help shows how it is used.")
    assert shown.out == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [(InputError("no such thing", hint="look elsewhere."), 1), (ConfigError("no such key"), 2)],
)
def test_an_explained_problem_is_a_line_a_hint_and_an_exit_code(error, code, failing, capsys):
    failing(error)
    assert run(["doctor"]) == code
    hint = f"hint: {error.hint}\n" if error.hint else ""
    assert capsys.readouterr() == ("", f"error: {error.message}\n{hint}")


@pytest.mark.parametrize("arguments", [["--debug", "doctor"], ["doctor", "--debug"]])
def test_debug_shows_the_traceback(arguments, failing):
    failing(AnimateXError("explained"))
    with pytest.raises(AnimateXError):
        run(arguments)


def test_a_bug_looks_like_one(failing):
    failing(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        run(["doctor"])


@pytest.mark.parametrize(("request_", "code"), [(KeyboardInterrupt(), 130), (SystemExit(143), 143)])
@pytest.mark.parametrize("explained", [True, False])
def test_an_interruption_that_becomes_a_failed_import_is_one(request_, code, explained, failing, capsys):
    # So do modules that are written with pybind11.
    failed = ImportError("initialization failed")
    failed.__cause__ = request_
    error: Exception = failed
    if explained:
        error = MissingPackage("it cannot be imported")
        error.__cause__ = failed
    failing(error)
    assert run(["doctor"]) == code
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (typer.Abort(), 130), (SystemExit(143), 143)]
)
def test_an_interruption_has_its_exit_code(error, code, failing):
    failing(error)
    assert run(["doctor"]) == code


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_a_run_quietly_and_removes_what_is_unfinished(number, code, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", _SLEEPING, str(tmp_path / "video.mp4")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert len(list(tmp_path.iterdir())) == 1
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err, list(tmp_path.iterdir())) == (code, "", [])


_SLEEPING = """
import signal
import sys
import time
from pathlib import Path
from animatex.files import replacing
from animatex_cli import doctor, main

def nap(path):
    with replacing(Path(path)) as beside:
        beside.touch()
        print("ready", flush=True)
        time.sleep(60)

# Shells have what they run in the background ignore interruptions, and so would this.
signal.signal(signal.SIGINT, signal.default_int_handler)
doctor.examine = lambda weights: nap(sys.argv.pop())
main.run = lambda run=main.run: run(["doctor"])
main.main()
"""


PROGRAM = [sys.executable, "-c", "from animatex_cli.main import main; main()"]
PRINT = [*PROGRAM, "animate", "a.png", "b.mp4", "--print-config"]


SEND = [*PROGRAM, "pose", "convert", "poses.npz", "--out", "-", "--quiet"]


@pytest.fixture
def one_pose(tmp_path, monkeypatch):
    """So little that it is all held back until the end."""
    monkeypatch.chdir(tmp_path)
    write_poses(waving(1), Path("poses.npz"))


@pytest.mark.parametrize("command", [PRINT, SEND])
def test_a_reader_that_goes_away_has_what_it_wanted(command, one_pose):
    reading, writing = os.pipe()
    process = subprocess.Popen(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(reading)
    os.close(writing)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("command", [PRINT, SEND])
def test_a_full_disk_behind_standard_output_is_told_in_words(command, one_pose):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "error: standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize("redirection", ["2>&1 >&-", "2>&1 <&- >&-", "2>/dev/full"])
def test_closed_streams_and_talk_that_nobody_hears_stop_nothing(redirection, tmp_path):
    poses = Path(__file__).resolve().parents[2] / "samples" / "dance.npz"
    line = shlex.join([*PROGRAM, "pose", "convert", str(poses), "--out", "copy.npz"])
    done = subprocess.run(["bash", "-c", f"{line} {redirection}"], cwd=tmp_path, check=False)
    assert done.returncode == 0
    assert (tmp_path / "copy.npz").is_file()


def test_standard_input_that_is_closed_or_no_text_is_a_line():
    for redirection in ("<&-", "< <(head -c 500 /dev/urandom)"):
        line = shlex.join([*PROGRAM, "pose", "convert", "-", "--out", "-", "--quiet"])
        done = subprocess.run(
            ["bash", "-c", f"{line} {redirection}"], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("error: standard input")


FLAGS = {
    "animatex": ["--version", "--debug"],
    "animatex animate": [
        "--out",
        "-o",
        "--preview",
        "--force",
        "--preset",
        "--set",
        "--weights",
        "--device",
        "--dtype",
        "--seed",
        "--poses",
        "--frames",
        "--every",
        "--start",
        "--steps",
        "--guidance",
        "--fps",
        "--size",
        "--pix",
        "--anchor",
        "--scale",
        "--shift",
        "--box",
        "--batch",
        "--driving",
        "--out-dir",
        "--watch",
        "--poll",
        "--ledger",
        "--retry-failed",
        "--shard",
        "--engine",
        "--runners",
        "--c2pa-cert",
        "--c2pa-key",
        "--c2pa-timestamp",
        "--dry-run",
        "--print-config",
        "--json",
        "--quiet",
        "-q",
    ],
    "animatex batch": [],
    "animatex batch status": ["--json"],
    "animatex train": [
        "--out",
        "-o",
        "--minutes",
        "--set",
        "--device",
        "--dtype",
        "--seed",
        "--print-config",
        "--json",
        "--quiet",
        "-q",
    ],
    "animatex bench": [],
    "animatex weights": [],
    "animatex inspect": [
        "--trust",
        "--settings",
        "--repeat",
        "--poses",
        "--out",
        "-o",
        "--weights",
        "--force",
        "--json",
        "--quiet",
        "-q",
    ],
    "animatex doctor": ["--weights", "--json", "--bench", "--bench-frames"],
    "animatex completions": [],
}


def commands(command, name="animatex"):
    yield name, command
    for child_name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{name} {child_name}")


def test_the_options_are_these_and_no_others():
    found = {
        name: [flag for param in command.params if param.param_type_name == "option" for flag in param.opts]
        for name, command in commands(typer.main.get_command(app))
    }
    # What the groups' commands take is tested beside them.
    groups = ("animatex pose", "animatex bench ", "animatex weights ")
    assert {name: flags for name, flags in found.items() if not name.startswith(groups)} == FLAGS


@pytest.mark.parametrize(("name", "command"), list(commands(typer.main.get_command(app))))
def test_every_command_and_option_says_what_it_is(name, command, capsys):
    for param in command.params:
        assert param.help, f"{name} {param.name}"
        assert param.help.endswith((".", "]")), f"{name} {param.name}: {param.help}"
    assert run([*name.split()[1:], "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"Usage: {name}" in shown
    assert command.help.split("\n")[0][:40] in " ".join(shown.split())


def test_options_that_set_a_key_name_it():
    from animatex.config.loader import load_with_sources
    from animatex.config.presets import preset_path
    from animatex.config.run import AnimateConfig

    keys = {".".join(map(str, key)) for key in load_with_sources(AnimateConfig, preset_path("mini")).sources}
    animate = dict(commands(typer.main.get_command(app)))["animatex animate"]
    named = {
        param.opts[0]: param.help.split("[")[-1].rstrip("]").replace("\\", "").split(", ")
        for param in animate.params
        if r"\[" in param.help and "default" not in param.help
    }
    assert set(named) == {
        "--device",
        "--dtype",
        "--seed",
        "--frames",
        "--every",
        "--start",
        "--steps",
        "--guidance",
        "--fps",
        "--size",
        "--anchor",
        "--scale",
        "--shift",
        "--box",
    }
    assert {key for some in named.values() for key in some} <= keys


def test_the_weights_folder_may_come_from_the_environment(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ANIMATEX_WEIGHTS", str(tmp_path))
    assert run(["weights", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["folder"] == str(tmp_path)


def test_the_program_ends_with_the_exit_code_of_the_run(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["animatex", "dance"])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(main.console, "prepare_streams", lambda: None)
    with pytest.raises(SystemExit) as caught:
        main.main()
    assert caught.value.code == 2
