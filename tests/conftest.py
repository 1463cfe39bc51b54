"""Fixtures that every test may use; small, synthetic, seeded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# No deadlines: the machine may be busy, and the first call of an operator pays for its set-up.
settings.register_profile("animatex", deadline=None, derandomize=True)
settings.load_profile("animatex")

# One thread, set before anything computes: sums come out the same everywhere, and two cores stay usable.
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with recorded numbers and real footage, beside the checkout; only for tests marked `shared`."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.fail(f"tests marked 'shared' need the folder {folder}; deselect them with -m 'not shared'.")
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    """A random stream of its own for each test, always the same."""
    return np.random.default_rng(13)


@pytest.fixture(scope="session")
def deterministic_torch() -> Iterator[None]:
    """PyTorch with deterministic operators; for tests that compare bits."""
    import torch

    was = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(was)
