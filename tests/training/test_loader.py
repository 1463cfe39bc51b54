"""Samples ahead of time: the same ones, in order, and no process left behind."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
import time

import numpy as np
import pytest

from animatex.errors import AnimateXError
from animatex.training.loader import grouped, rendered
from tests.training import workers


def test_workers_and_none_give_the_same_samples_in_order() -> None:
    indices = [5, 3, 8, 1, 1, 9, 0]
    inline = list(rendered(workers.squares, indices, 0))
    pooled = list(rendered(workers.squares, indices, 2))
    assert len(pooled) == len(indices)
    for a, b in zip(inline, pooled, strict=True):
        assert np.array_equal(a, b)


def test_slow_samples_do_not_change_the_order_and_closing_ends_an_endless_stream() -> None:
    stream = rendered(workers.slow_when_even, itertools.count(), 2)
    assert list(itertools.islice(stream, 8)) == list(range(8))
    stream.close()


def test_what_a_sample_raises_comes_through() -> None:
    stream = rendered(workers.fails_at_three, range(9), 1)
    assert [next(stream) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="sample 3 cannot be made"):
        next(stream)


def test_a_worker_that_dies_is_an_error_in_words() -> None:
    with pytest.raises(AnimateXError) as caught:
        list(rendered(workers.dies, range(3), 1))
    assert caught.value.message == "one of 1 rendering processes died"
    assert caught.value.hint == "memory may be short; lower data.workers."


@pytest.mark.skipif(os.name != "posix", reason="without signals to a group of processes")
def test_workers_outlive_signals_to_the_group_from_their_first_moment_on() -> None:
    met: set[int] = set()
    done = threading.Event()

    def meet() -> None:
        while not done.is_set():
            for child in multiprocessing.active_children():
                if child.pid is not None and child.pid not in met:
                    met.add(child.pid)
                    os.kill(child.pid, signal.SIGINT)
                    os.kill(child.pid, signal.SIGTERM)

    meeting = threading.Thread(target=meet)
    meeting.start()
    try:
        assert len(list(rendered(workers.squares, range(5), 2))) == 5
    finally:
        done.set()
        meeting.join()
    assert len(met) == 2


def test_no_process_is_left_behind() -> None:
    stream = rendered(workers.process_id, itertools.count(), 1)
    process = next(stream)
    assert process != os.getpid()
    stream.close()
    for _ in range(100):
        if not _runs(process):
            return
        time.sleep(0.05)
    pytest.fail(f"process {process} still runs")


def test_a_rest_that_fills_no_group_is_left_out() -> None:
    assert list(grouped(range(7), 3)) == [[0, 1, 2], [3, 4, 5]]


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
