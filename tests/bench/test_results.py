from __future__ import annotations

from pathlib import Path

import pytest

from animatex.bench.results import RUN_FILE, RunFacts, read_run_facts
from animatex.errors import InputError


def test_a_folder_without_a_record_has_nothing_to_say(tmp_path: Path):
    assert read_run_facts(tmp_path) == RunFacts(None, {})


def test_scoring_reads_rate_and_provenance_and_nothing_else(tmp_path: Path):
    (tmp_path / RUN_FILE).write_text('{"fps": 8, "provenance": {"preset": "mini"}, "cases": [1, 2]}')
    assert read_run_facts(tmp_path) == RunFacts(8.0, {"preset": "mini"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ("[]", "it holds no object"),
        ('{"fps": "fast"}', "fps: Input should be a valid number"),
        ('{"provenance": {"preset": 3}}', r"provenance\.preset: Input should be a valid string"),
    ],
)
def test_a_broken_record_is_refused_in_words(tmp_path: Path, text: str, message: str):
    (tmp_path / RUN_FILE).write_text(text)
    with pytest.raises(InputError, match=message):
        read_run_facts(tmp_path)
