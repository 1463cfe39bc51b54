from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from animatex.bench.catalogue import choose_metrics
from animatex.bench.instruments import Instruments
from animatex.bench.pairs import find_pairs
from animatex.bench.score import ScoreRequest, score_videos
from animatex.bench.scores import (
    FORMAT,
    CaseScores,
    Counts,
    Environment,
    Interval,
    Score,
    Scores,
    WeightsFile,
    read_scores,
    write_scores,
)
from animatex.errors import InputError
from tests.bench.videos import moving, write_pictures

PSNR = Score(
    metric="psnr_star",
    title="PSNR*",
    value=13.5,
    reason=None,
    unit="dB",
    better="higher",
    interval=Interval(12.0, 15.0, 0.95),
    protocol="disco-2024-04",
    weights=(),
    counts=Counts(frames=64, clips=0, videos=2),
    notes=("the targets are MP4 files",),
)
FID = replace(
    PSNR,
    metric="fid",
    value=None,
    reason="unavailable: needs pt_inception.pth",
    interval=None,
    weights=(WeightsFile("other.pth", "ab" * 32),),
)
SCORES = Scores(
    generated="results",
    target="suite",
    provenance={"preset": "mini"},
    scores=(PSNR, FID),
    cases=(CaseScores("a", 32, 768, 512, 8.0, {"psnr_star": 13.5}),),
    environment=Environment({"animatex": "0.1.0"}, "Linux x86_64"),
)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write_scores(tmp_path / "scores.json", SCORES)
    return tmp_path / "scores.json"


def test_scores_come_back_from_their_file(written: Path):
    assert read_scores(written) == SCORES


def test_the_file_says_its_format_first(written: Path):
    assert next(iter(json.loads(written.read_text()).items())) == ("format", FORMAT)


def test_a_metric_is_found_by_its_name():
    assert SCORES.score("fid") is FID
    with pytest.raises(KeyError, match="fvd"):
        SCORES.score("fvd")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_is_a_number_or_absent(value: float):
    with pytest.raises(ValueError, match="needs a finite number"):
        replace(PSNR, value=value)


@pytest.mark.parametrize(("value", "reason"), [(None, None), (1.0, "unavailable")])
def test_a_value_or_a_reason_is_given(value: float | None, reason: str | None):
    with pytest.raises(ValueError, match="and not both"):
        replace(PSNR, value=value, reason=reason)


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"none\.json does not exist"):
        read_scores(tmp_path / "none.json")


def test_a_folder_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="is a folder; needs a file"):
        read_scores(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "is no file of scores: its format is None"),
        ('{"format": "animatex-poses"}', "is no file of scores: its format is animatex-poses"),
        ('{"format": "animatex-scores/2"}', "is in format animatex-scores/2; this animatex reads"),
        (json.dumps({"format": FORMAT}), "generated: Missing required argument|generated: Field required"),
    ],
)
def test_another_file_is_refused_in_words(tmp_path: Path, text: str, message: str):
    (tmp_path / "scores.json").write_text(text)
    with pytest.raises(InputError, match=message):
        read_scores(tmp_path / "scores.json")


def test_the_wrong_field_is_named(written: Path):
    document = json.loads(written.read_text())
    document["cases"][0]["frames"] = "many"
    written.write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"cases\.0\.frames: Input should be a valid integer"):
        read_scores(written)


def test_an_unknown_field_is_refused(written: Path):
    document = json.loads(written.read_text())
    document["scores"][0]["median"] = 1
    written.write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"scores\.0\.median"):
        read_scores(written)


def test_pose_metrics_say_who_found_the_key_points_and_in_how_many_frames(tmp_path: Path):
    for side in ("generated", "target"):
        write_pictures(tmp_path / side / "a", moving(frames=3))
    psnr, akd = choose_metrics(["psnr_star", "akd"])
    found = np.array([2.0, np.nan, 4.0])
    meters = (lambda pair: {"akd": found}, lambda pair: {"psnr_star": np.full(3, 30.0)})
    instruments = Instruments((psnr, akd), meters, (), {}, {}, "toy")
    sides = tmp_path / "generated", tmp_path / "target"
    scores = score_videos(ScoreRequest(*sides, find_pairs(*sides), None, 0, None), instruments)
    score = scores.score("akd")
    assert (score.value, score.counts.frames, score.estimator) == (3.0, 2, "toy")
    assert score.notes == ("key points by toy", "2 of 3 frames have key points to compare")
    assert scores.score("psnr_star").estimator is None
