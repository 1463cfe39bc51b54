"""The recorded values of other people's evaluators, and weights that follow from their names."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

DATA = Path(__file__).with_name("data")


@dataclass(frozen=True)
class Recorded:
    """One pair of files: arrays and the values computed from them."""

    arrays: dict[str, np.ndarray]
    values: Any


def recorded(folder: Path, name: str) -> Recorded:
    arrays = folder / f"{name}.npz"
    return Recorded(
        dict(np.load(arrays)) if arrays.exists() else {}, json.loads((folder / f"{name}.json").read_text())
    )


@pytest.fixture(scope="session")
def pixel_values() -> Recorded:
    return recorded(DATA, "pixel")


@pytest.fixture(scope="session")
def numbers(shared: Path) -> Path:
    return shared / "metrics"


@pytest.fixture(scope="session")
def write_formula_weights(numbers: Path):
    return formula_weights_writer(numbers)


def formula_weights_writer(numbers: Path):
    """Give a function that writes a weights file with values that follow from the names of its tensors."""
    spec = importlib.util.spec_from_file_location("formula", numbers / "formula.py")
    formula = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(formula)

    def write(path: Path, network: nn.Module, prefix: str, *, renamed: str = "", wrapper: str = "") -> Path:
        tensors = {
            renamed + name: torch.from_numpy(formula.tensor(f"{prefix}/{name}", tensor.shape))
            for name, tensor in network.state_dict().items()
        }
        torch.save({wrapper: tensors} if wrapper else tensors, path)
        return path

    return write
