"""`.ci/run` with programs in place of make and Python that only say what they were asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

MAKE = '#!/bin/sh\necho "make $1"; case " $FAIL " in *" $1 "*) exit 1;; esac\n'
PYTHON = '#!/bin/sh\ncase "$*" in *pypi.org*) exit "$PYPI";; esac\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in {"bin/make": MAKE, ".venv/bin/python": PYTHON}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    return tmp_path


def run_ci(checkout: Path, *, answers: bool, fail: str) -> subprocess.CompletedProcess[str]:
    path = f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "FAIL": fail, "PYPI": "0" if answers else "1"}
    return subprocess.run([checkout / ".ci/run"], env=environment, capture_output=True, text=True)


def test_a_known_vulnerability_fails_the_run_where_the_service_answers(checkout: Path) -> None:
    done = run_ci(checkout, answers=True, fail="audit")
    assert done.returncode != 0 and "make dist" not in done.stdout
    assert done.stdout.endswith("audit: KNOWN VULNERABILITIES, OR NOT FINISHED\n")


def test_the_run_goes_on_where_none_is_known(checkout: Path) -> None:
    done = run_ci(checkout, answers=True, fail="dist")
    assert "make audit\n" in done.stdout and "make dist\n" in done.stdout
    assert done.stdout.endswith("audit: no known vulnerabilities\n")


def test_the_run_says_last_that_nobody_could_be_asked(checkout: Path) -> None:
    done = run_ci(checkout, answers=False, fail="audit dist")
    assert "make audit" not in done.stdout and "make dist\n" in done.stdout
    assert done.stdout.endswith("audit: LEFT OUT: PyPI's vulnerability service does not answer from here\n")


@pytest.mark.parametrize("step", ["test", "gates"])
def test_what_fails_before_fails_the_run(checkout: Path, step: str) -> None:
    done = run_ci(checkout, answers=True, fail=step)
    assert done.returncode != 0 and "make audit" not in done.stdout
