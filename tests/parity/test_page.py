"""Every claim of docs/parity.md names a test, and every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "parity.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)))


def claims() -> list[str]:
    """Rows of the tables that claim something."""
    tables = PAGE.split("## Deliberate differences")[0]
    return [
        line
        for line in tables.splitlines()
        if line.startswith("| ") and not line.startswith(("| ---", "| component"))
    ]


@pytest.mark.parametrize(("file", "test"), NAMED, ids=lambda value: value)
def test_a_test_that_is_named_exists(file: str, test: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    assert re.search(rf"^def {test or 'test_'}", text, re.MULTILINE)


@pytest.mark.parametrize("claim", claims())
def test_a_claim_names_its_test(claim: str) -> None:
    assert re.search(r"`tests/[\w/]+\.py::test_\w+`", claim)


def test_every_difference_has_its_reason() -> None:
    table = PAGE.split("## Deliberate differences")[1]
    rows = [line for line in table.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) > 10
    assert all(row.split("|")[3].strip() for row in rows)
