from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from benchmarks.temporal_cost import KINDS, Cost, draw, kept_bytes, make_module, measure, table


@pytest.mark.parametrize("kind", KINDS)
def test_longer_clips_keep_more(kind: str) -> None:
    module = make_module(kind, torch.device("cpu"))
    short, long = (measure(kind, module, frames, 1) for frames in (4, 8))
    assert 0 < short.mebibytes < long.mebibytes
    assert short.seconds > 0


def test_what_is_kept_is_counted_once() -> None:
    x = torch.ones(256, requires_grad=True)
    assert kept_bytes(lambda: (x * x).sum()) == 1024


def test_figures_become_ratios_and_a_picture(tmp_path: Path) -> None:
    costs = [Cost("attention", 16, 0.4, 8.0), Cost("mamba", 16, 0.2, 2.0)]
    assert table(costs)[1].split() == ["16", "0.4000", "0.2000", "2.00", "8.0", "2.0", "4.00"]
    draw(costs, tmp_path / "cost.png")
    with Image.open(tmp_path / "cost.png") as picture:
        assert picture.size[0] > 1000
