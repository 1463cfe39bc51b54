"""What stands in docs/security.md is what happens."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from animatex.batch.cache import Hashes
from animatex.errors import InputError
from animatex.limits import LIMITS
from animatex.training.folder import FolderClips
from animatex.video.frames import Size
from tests.fuzz.bounds import bounded
from tests.fuzz.hostile import table

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
TELLING = 24
"""Characters of a message that are ours; further on it may quote a package, whose words change."""


def rows(text: str) -> list[tuple[str, str, str]]:
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if " | `" in line]
    return [(what, message[:TELLING], limit.strip()) for what, message, limit in map(padded, cells)]


def padded(cells: list[str]) -> list[str]:
    return [*cells, *[""] * (3 - len(cells))][:3]


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Every input's verdict, reached in bounded time and memory."""
    with bounded(seconds=120, gigabytes=3):
        return table(tmp_path_factory.mktemp("hostile"))


def test_every_hostile_input_gets_what_the_page_says(page: str, found: str) -> None:
    _, _, after = page.partition("## Hostile inputs")
    assert rows(found) == rows(after)


def test_every_line_says_one_thing(found: str) -> None:
    assert all(len(line) < 300 for line in found.splitlines())


def test_the_page_has_every_limit(page: str) -> None:
    documented = dict(re.findall(r"\| `(ANIMATEX_MAX_\w+)` \| ([\d,]+) \|", page))
    assert documented == {limit.variable: f"{limit.default:,}" for limit in LIMITS}


def test_a_job_with_a_pipe_fails_and_waits_for_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hero.png")
    with bounded(seconds=10), pytest.raises(InputError, match=r"hero\.png is a pipe; needs a file"):
        Hashes().of(tmp_path / "hero.png")


@pytest.mark.parametrize("line", ["[" * 100_000, "9" * 10_000, '{"video": 1}', "\x00"])
def test_an_index_of_clips_is_refused_in_a_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "index.jsonl").write_text(line)
    with pytest.raises(InputError, match=r"index\.jsonl, line 1") as caught:
        FolderClips.open(tmp_path, Size(64, 64), 2, 1, 13)
    assert len(caught.value.message) < 400
