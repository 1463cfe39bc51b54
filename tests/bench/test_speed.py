from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.bench.machine import Machine, this_machine
from animatex.bench.speed import (
    ALL_STAGES,
    Row,
    Seconds,
    Speed,
    Workload,
    compare,
    differences,
    read_baseline,
    write_speed,
)
from animatex.errors import InputError

WORK = Workload(
    preset="mini",
    frames=10,
    width=512,
    height=768,
    evaluations=4,
    device="cpu",
    dtype="float32",
    threads=2,
    reference="ab" * 32,
    driving="cd" * 32,
)


@pytest.fixture(scope="module")
def here() -> Machine:
    return this_machine()


def measured(machine: Machine, *, sampling: float = 5.0) -> Speed:
    return Speed(
        workload=WORK,
        machine=machine,
        versions={"animatex": "0.1.0"},
        repeats=3,
        loading=2.0,
        stages={"sampling": Seconds(sampling, sampling / 2, sampling * 2)},
        total=Seconds(sampling + 1, sampling, sampling + 2),
        peak_memory_bytes=2**30,
        peak_device_bytes=None,
    )


def row(rows: tuple[Row, ...], name: str) -> Row:
    return next(row for row in rows if row.name == name)


def test_a_measurement_comes_back_from_its_file(here, tmp_path):
    write_speed(tmp_path / "speed.json", measured(here))
    assert read_baseline(tmp_path / "speed.json") == measured(here)


@given(st.floats(0.01, 1e3), st.floats(0.01, 1e3))
def test_a_ratio_is_the_time_now_over_the_time_then(now, then):
    machine = Machine("Linux", "x", 2, 8, None)
    rows = compare(measured(machine, sampling=now), measured(machine, sampling=then))
    assert row(rows, "sampling").value == pytest.approx(now / 10)
    assert row(rows, "sampling").ratio == pytest.approx(now / then)
    assert row(rows, ALL_STAGES).ratio == pytest.approx((now + 1) / (then + 1))


def test_what_was_not_measured_has_no_ratio(here):
    rows = compare(measured(here), replace(measured(here), stages={"decoding": Seconds(1, 1, 1)}))
    assert row(rows, "sampling").baseline is None and row(rows, "sampling").ratio is None
    assert row(rows, "decoding").value is None and row(rows, "decoding").ratio is None
    assert all(row.ratio is None for row in compare(measured(here), None))


def test_other_work_is_told_beside_the_ratios(here):
    before = replace(measured(here), workload=replace(WORK, frames=4, driving="ef" * 32))
    assert differences(measured(here), before) == ("frames 10, then 4", "another driving file")
    assert differences(measured(here), measured(here)) == ()


def test_a_baseline_of_another_machine_is_refused_in_words(here, tmp_path):
    path = tmp_path / "speed.json"
    write_speed(path, measured(replace(here, cores=999, accelerator="A big one")))
    with pytest.raises(InputError) as caught:
        read_baseline(path)
    assert str(caught.value) == (
        f"{path} was measured on another machine: cores 999 there, {here.cores} here; "
        f"accelerator A big one there, {here.accelerator} here"
    )
    assert "measure the baseline here too" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON: "),
        ("[]", "is no speed measurement: its format is None"),
        ('{"format": "animatex-scores/1"}', "is no speed measurement: its format is animatex-scores/1"),
        ('{"format": "animatex-speed/9"}', "is in format animatex-speed/9; this animatex reads animatex-s"),
        ('{"format": "animatex-speed/1"}', "workload: Field required"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_in_words(text, message, tmp_path):
    path = tmp_path / "speed.json"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_baseline(path)
    assert message in str(caught.value)


def test_a_field_of_the_wrong_kind_is_named(here, tmp_path):
    path = tmp_path / "speed.json"
    write_speed(path, measured(here))
    document = json.loads(path.read_text())
    document["stages"]["sampling"]["median"] = "long"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match="stages.sampling.median: Input should be a valid number"):
        read_baseline(path)


def test_a_missing_baseline_is_refused_in_words():
    with pytest.raises(InputError, match="nowhere.json does not exist"):
        read_baseline(Path("nowhere.json"))
