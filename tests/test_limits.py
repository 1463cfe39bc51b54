from __future__ import annotations

import os
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from animatex.errors import ConfigError, InputError, brief
from animatex.limits import FPS, LIMITS, PIXELS, SIDE, check_file, check_size, read_bytes
from animatex.video.image import read_image


def test_a_limit_holds_until_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [limit.value() for limit in LIMITS] == [limit.default for limit in LIMITS]
    for limit in LIMITS:
        monkeypatch.setenv(limit.variable, "7")
        assert limit.value() == 7


@pytest.mark.parametrize("text", ["", "0", "-1", "1e9", "64M", "٣", "9" * 30])
def test_a_limit_that_is_no_number_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PIXELS.variable, text)
    with pytest.raises(ConfigError) as caught:
        PIXELS.value()
    assert (
        caught.value.message
        == f"ANIMATEX_MAX_PIXELS={text!r} in the environment: needs a whole number above 0"
    )
    assert caught.value.hint == "without it the limit is 64000000."


def test_what_the_hint_says_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(np.zeros((1, 100_000, 3), np.uint8)).save(tmp_path / "long.png")
    with pytest.raises(InputError) as caught:
        read_image(tmp_path / "long.png")
    assert caught.value.hint == (
        "make it smaller, or ANIMATEX_MAX_SIDE=100000 in the environment allows it, "
        "if you trust where it comes from."
    )
    monkeypatch.setenv("ANIMATEX_MAX_SIDE", "100000")
    assert read_image(tmp_path / "long.png").size == (1, 100_000)


def test_pillows_own_limit_does_not_come_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").size == (8, 8)
    assert Image.MAX_IMAGE_PIXELS == 10


def test_sizes_at_the_limit_pass() -> None:
    check_size(Path("a"), 8000, 8000)
    check_size(Path("a"), 1, SIDE.default)
    with pytest.raises(InputError, match="a is 8001x8000 pixels; at most 64000000 pixels are read"):
        check_size(Path("a"), 8000, 8001)


@pytest.fixture
def strange(tmp_path: Path) -> dict[str, Path]:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
    return {
        "a pipe": tmp_path / "pipe",
        "a socket": tmp_path / "socket",
        "a folder": tmp_path,
        "a device": Path("/dev/zero"),
    }


def test_what_is_no_file_is_called_what_it_is(strange: dict[str, Path], tmp_path: Path) -> None:
    for kind, path in strange.items():
        with pytest.raises(InputError) as caught:
            check_file(path)
        assert caught.value.message == f"{path} is {kind}; needs a file"
    (tmp_path / "text").write_text("abc")
    assert check_file(tmp_path / "text") == 3
    with pytest.raises(InputError, match=r"a\.txt does not exist"):
        check_file(tmp_path / "a.txt")
    with pytest.raises(InputError, match="cannot be read: embedded null byte"):
        check_file(tmp_path / "a\0")
    with pytest.raises(InputError, match="cannot be read: File name too long"):
        check_file(tmp_path / ("a" * 1000))


def test_a_file_is_read_up_to_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    monkeypatch.setenv(FPS.variable, "5")
    assert read_bytes(tmp_path / "a", FPS) == b"12345"
    monkeypatch.setenv(FPS.variable, "4")
    with pytest.raises(InputError, match="a has 5 bytes; at most 4 are read"):
        read_bytes(tmp_path / "a", FPS)


def test_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    monkeypatch.setenv(FPS.variable, "4")
    monkeypatch.setattr("animatex.limits.check_file", lambda path: 4)
    with pytest.raises(InputError, match="a has 5 bytes; at most 4 are read"):
        read_bytes(tmp_path / "a", FPS)


def test_what_others_say_is_cut_to_a_few_words() -> None:
    assert brief(ValueError("one\ntwo")) == "one"
    assert brief("x" * 1000) == "x" * 160 + "…"
    assert brief(ValueError()) == "ValueError"
    assert brief([10**5000]) == "list"
    nested: list[object] = []
    for _ in range(100):
        nested = [nested, nested]
    assert len(brief(nested)) <= 161
