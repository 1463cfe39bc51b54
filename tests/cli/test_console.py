import os
import pty
import subprocess
import sys

import pytest

from animatex_cli import console

PROGRAM = [sys.executable, "-c", "from animatex_cli.main import main; main()"]


def on_a_terminal(code: str, **environment: str) -> str:
    """Run Python code whose three streams are a terminal, and give what appears on it."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **environment},
    ):
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
    os.close(ours)
    return shown.decode()


WORK = """
import time
from animatex_cli import console
with console.progress(quiet=False) as progress:
    progress.start("sampling", 3)
    for _ in range(3):
        progress.advance()
        time.sleep(0.2)
    console.note("half way")
    progress.done()
    progress.start("writing")
"""


def test_a_terminal_gets_bars_and_talk_between_them():
    shown = on_a_terminal(WORK)
    assert "sampling" in shown
    assert "3 of 3" in shown
    assert "half way" in shown


def test_one_of_many_runs_shows_how_far_all_are():
    one_of_many = "quiet=False, turn=console.Turn(3, 12, time.monotonic() - 600)"
    shown = on_a_terminal(WORK.replace("quiet=False", one_of_many))
    assert "job 3 of 12" in shown
    assert "0:10:00" in shown
    assert "3 of 3" in shown


def test_elsewhere_each_stage_is_a_plain_line(capsys):
    exec(compile(WORK, "work", "exec"), {})
    assert capsys.readouterr() == ("", "sampling: 3\nhalf way\nwriting\n")


def test_quiet_progress_is_silent(capsys):
    with console.progress(quiet=True) as progress:
        progress.start("sampling", 3)
        progress.done()
    console.note("talk", quiet=True)
    assert capsys.readouterr() == ("", "")


def test_errors_are_coloured_on_a_terminal_and_nowhere_else(capsys):
    code = "from animatex_cli import console; console.show_error('no [red] thing', 'look.')"
    assert "\x1b[1;31merror: \x1b[0mno [red] thing" in on_a_terminal(code)
    console.show_error("no [red] thing", "look.")
    assert capsys.readouterr().err == "error: no [red] thing\nhint: look.\n"


def test_no_color_is_obeyed():
    code = "from animatex_cli import console; console.show_error('no thing', None)"
    shown = on_a_terminal(code, NO_COLOR="1")
    assert "error: " in shown
    assert "31m" not in shown


def test_tables_keep_a_row_on_a_line_outside_a_terminal(capsys):
    console.print_table(("name", "where"), [("a", "x" * 300), ("long name", "[y]")])
    assert capsys.readouterr().out == f"name       where\na          {'x' * 300}\nlong name  [y]\n"
    console.print_table(("", ""), [("a", "b")])
    assert capsys.readouterr().out == "a  b\n"


def test_tables_on_a_terminal_show_brackets_as_they_are():
    code = "from animatex_cli import console; console.print_table(('name', '[/red]'), [('a', '[bold]')])"
    shown = on_a_terminal(code)
    assert "[bold]" in shown and "[/red]" in shown


def test_headings_do_not_steer_the_terminal(capsys):
    console.print_table(("name", "ours\x1b[2J\n"), [("a", "b")])
    steering, talk = capsys.readouterr()
    assert "\x1b" not in steering and steering.count("\n") == 2 and talk == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only here may a file's name be any bytes")
def test_a_name_that_is_no_text_is_printed_as_it_is(tmp_path):
    name = b"\xff.npz"
    done = subprocess.run(
        [*PROGRAM, b"pose", b"convert", name],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert b"error: \xff.npz does not exist\n" in done.stderr
    assert done.stdout == b""
