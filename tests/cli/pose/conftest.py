from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import animatex.pose.backends
from animatex.runtime import Resolved
from animatex.video.image import write_png
from tests.cli.pose.seeing import Seeing, video


@pytest.fixture(autouse=True)
def seeing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen = Resolved("told", "a test", Seeing())
    monkeypatch.setattr(animatex.pose.backends, "resolve_estimator", lambda *_, **__: chosen)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def dance(tmp_path: Path) -> Path:
    return video(tmp_path / "dance.mp4", [200, 180, 200, 180, 200, 180])


@pytest.fixture
def hero(tmp_path: Path) -> Path:
    write_png(tmp_path / "hero.png", np.full((120, 80, 3), 220, np.uint8))
    return tmp_path / "hero.png"
