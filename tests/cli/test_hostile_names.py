"""Names of files that would steer a terminal, forge a line, or become an option of another program."""

from __future__ import annotations

from pathlib import Path

import pytest

from animatex.errors import InputError
from animatex.files import named_after
from animatex_cli.console import visible
from animatex_cli.main import run


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_control_characters_are_shown_and_not_obeyed() -> None:
    assert visible("\x1b]0;owned\x07\x9b2J\u202egnp.exe") == r"\x1b]0;owned\x07\x9b2J\x202egnp.exe"
    assert visible("plain \udcff é 漢") == "plain \udcff é 漢"


def test_a_line_break_in_a_name_forges_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(["animate", "a\nerror: all is lost\n.png", "dance.npz", "--preset", "tiny", "--out", "x.mp4"])
        == 1
    )
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith("error: ")] == ["error: a"]
    assert "  error: all is lost" in lines


def test_lists_below_a_message_keep_their_indent() -> None:
    assert visible("two problems\n  one\n  two") == "two problems\n  one\n  two"


@pytest.mark.parametrize("title", ["-rf", ".hidden", "a\nb", "a\x1b[2Jb", "a\x00"])
def test_no_result_is_named_so_unasked(title: str) -> None:
    with pytest.raises(InputError) as caught:
        named_after(title, ".mp4")
    assert caught.value.message == f"the result would be called {title + '.mp4'!r}"
    assert caught.value.hint == "--out with another name."
    assert named_after("hero-dance", ".mp4") == Path("hero-dance.mp4")


def test_a_picture_that_looks_like_an_option_gives_no_such_video(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["animate", "./-hero.png", "dance.npz", "--preset", "tiny"]) == 1
    assert "error: the result would be called '-hero-dance.mp4'" in capsys.readouterr().err
    assert run(["pose", "convert", "./-p.json"]) == 1
    assert "error: the result would be called '-p.npz'" in capsys.readouterr().err
