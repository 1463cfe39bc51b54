"""What the worker processes of the loader's tests run; torch is not imported here."""

from __future__ import annotations

import os
import time

import numpy as np


def squares(index: int) -> np.ndarray:
    return np.full((64, 64, 3), index * index, np.int64)


def slow_when_even(index: int) -> int:
    time.sleep(0.05 if index % 2 == 0 else 0)
    return index


def fails_at_three(index: int) -> int:
    if index == 3:
        raise ValueError("sample 3 cannot be made")
    return index


def dies(index: int) -> int:
    os._exit(9)


def process_id(index: int) -> int:
    return os.getpid()
