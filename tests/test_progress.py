from __future__ import annotations

import pytest

from animatex.progress import Progress, TqdmProgress, silent


def work(progress: Progress) -> None:
    progress.start("reading frames", 3)
    for _ in range(3):
        progress.advance()
    progress.done()


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    work(silent)
    assert capsys.readouterr() == ("", "")


def test_tqdm_shows_each_stage_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    progress = TqdmProgress()
    work(progress)
    progress.start("sampling")
    progress.start("writing", 1)
    progress.done()
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "reading frames" in shown.err and "3/3" in shown.err
    assert "sampling" in shown.err and "writing" in shown.err


def test_steps_without_a_stage_go_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    TqdmProgress().advance()
    TqdmProgress().done()
    assert capsys.readouterr() == ("", "")
