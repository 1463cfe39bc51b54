from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import typer

from animatex.bench.catalogue import METRICS
from animatex.bench.scores import read_scores
from animatex.metrics.pixel import l1_disco, psnr, ssim_disco
from animatex.video.image import write_png
from animatex_cli.main import app, run
from tests.bench.videos import moving, noisy, write_file, write_pictures


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANIMATEX_WEIGHTS", str(tmp_path / "weights"))


@pytest.fixture
def pairs() -> None:
    """Three targets, and a worse copy of each."""
    for place, name in enumerate(("a", "b", "c")):
        video = moving(seed=place)
        write_pictures(Path("target") / name, video)
        write_pictures(Path("generated") / name, noisy(video, 5 * (place + 1)))


def score(*argv: object, metrics: str = "pixel") -> int:
    return run(["bench", "score", *map(str, argv), "--metrics", metrics])


def fails(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    assert score(*argv) in (1, 2)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    return next(line for line in shown.err.splitlines() if line.startswith("error: "))


def test_a_table_goes_to_standard_output_and_talk_does_not(pairs, capsys: pytest.CaptureFixture[str]):
    assert score("generated", "target") == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0].split() == ["metric", "value", "95", "%", "interval", "better", "protocol", "from"]
    assert [line.split()[0] for line in lines[1:]] == ["PSNR*", "SSIM", "L1", "MAE"]
    assert all("54 frames of 3 videos" in line and " to " in line for line in lines[1:])
    assert "frames of 24x32 pixels" in shown.err


def test_values_are_means_over_all_frames_of_all_videos(pairs):
    assert score("generated", "target", "-o", "scores.json") == 0
    scores = read_scores(Path("scores.json"))
    both = [
        (generated, target)
        for place in range(3)
        for generated, target in zip(
            noisy(moving(seed=place), 5 * (place + 1)), moving(seed=place), strict=True
        )
    ]
    for name, metric in {"psnr_star": psnr, "ssim_disco": ssim_disco, "l1_disco": l1_disco}.items():
        found = scores.score(name)
        assert found.value == pytest.approx(np.mean([metric(a, b) for a, b in both]))
        assert found.protocol == "disco-2024-04"
        assert found.interval.low < found.value < found.interval.high
        assert (found.counts.frames, found.counts.videos) == (54, 3)
    assert [case.id for case in scores.cases] == ["a", "b", "c"]
    assert scores.cases[0].values["psnr_star"] > scores.cases[2].values["psnr_star"]


def test_json_is_what_the_file_holds(pairs, capsys: pytest.CaptureFixture[str]):
    assert score("generated", "target", "--json", "-q", "-o", "scores.json") == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert json.loads(shown.out) == json.loads(Path("scores.json").read_text())


def test_every_frame_has_a_row(pairs):
    assert score("generated", "target", "--csv", "frames.csv", metrics="pixel,temporal") == 0
    with Path("frames.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 54
    assert (rows[0]["case"], rows[0]["frame"], rows[0]["dtssd"]) == ("a", "0", "")
    assert float(rows[1]["dtssd"]) > 0


def test_a_metric_without_its_weights_says_what_it_needs(pairs, capsys: pytest.CaptureFixture[str]):
    assert score("generated", "target", "--json", metrics="frechet,perceptual,kernel") == 0
    found = {score["metric"]: score for score in json.loads(capsys.readouterr().out)["scores"]}
    assert len(found) == 9
    assert all(score["value"] is None for score in found.values())
    assert found["fvd"]["reason"] == "unavailable: needs i3d_pretrained_400.pt"
    assert found["lpips_vgg"]["reason"] == "unavailable: needs vgg16-397923af.pth and lpips-vgg.pth"
    assert score("generated", "target", metrics="fvd") == 0
    assert "unavailable: needs i3d_pretrained_400.pt" in capsys.readouterr().out


def test_a_distance_between_sets_says_what_it_was_computed_from(pairs, capsys: pytest.CaptureFixture[str]):
    assert score("generated", "target", "-o", "scores.json", "--resamples", 5, metrics="mini") == 0
    scores = read_scores(Path("scores.json"))
    frames, clips = scores.score("fd_mini_frames"), scores.score("fd_mini_clips")
    assert (frames.counts.frames, clips.counts.clips, clips.counts.videos) == (54, 9, 3)
    assert frames.value > 0 and clips.value > 0
    assert "too few: 9 clips for 512 dimensions" in clips.notes
    assert "FD-mini (clips): too few: 9 clips for 512 dimensions" in capsys.readouterr().err
    assert [file.name for file in frames.weights] == ["mini-clip.safetensors"]
    assert len(frames.weights[0].sha256) == 64


def test_one_clip_is_too_few_for_a_distance():
    write_pictures(Path("short"), moving(16))
    assert score("short", "short", "-o", "scores.json", metrics="mini") == 0
    clips = read_scores(Path("scores.json")).score("fd_mini_clips")
    assert (clips.value, clips.reason) == (None, "too few: 1 clips; at least 2 are needed")


def test_a_video_too_short_for_a_clip_is_counted_and_named():
    for side in ("generated", "target"):
        write_pictures(Path(side) / "long", moving(20))
        write_pictures(Path(side) / "short", moving(5))
    assert score("generated", "target", "-o", "s.json", "--resamples", 20, metrics="mini") == 0
    clips = read_scores(Path("s.json")).score("fd_mini_clips")
    assert clips.counts.clips == 5
    assert "1 of 2 videos have no clip of 16 frames" in clips.notes


def test_the_same_video_has_perfect_scores():
    video = write_file(Path("dance.mp4"), moving())
    assert score(video, video, "-o", "s.json", metrics="pixel,temporal,mini,legacy") == 0
    scores = read_scores(Path("s.json"))
    perfect = {"psnr_star": 100, "psnr_overflow": 100, "ssim_disco": 1, "l1_disco": 0, "mae_255": 0}
    for name, value in {**perfect, "flicker_gap": 0, "dtssd": 0, "fd_mini_frames": 0}.items():
        assert scores.score(name).value == pytest.approx(value, abs=1e-9), name
    assert scores.cases[0].fps == 12
    assert "1 of 1 target videos are files: what their codec lost is measured too" in scores.notes
    assert scores.score("psnr_star").interval is None


def test_a_file_is_compared_with_pictures():
    video = write_file(Path("dance.mp4"), moving())
    assert score(video, write_pictures(Path("truth"), moving()), "-o", "s.json") == 0
    assert 20 < read_scores(Path("s.json")).score("psnr_star").value < 100


def test_a_results_folder_says_how_its_videos_were_made(pairs):
    Path("generated/run.json").write_text('{"fps": 8, "provenance": {"preset": "mini"}, "cases": []}')
    assert score("generated", "target", "-o", "s.json") == 0
    scores = read_scores(Path("s.json"))
    assert scores.provenance == {"preset": "mini"}
    assert {case.fps for case in scores.cases} == {8.0}


SUITE = """
name: ours
version: '1'
split: test
fps: 24.0
cases:
  - {id: a, kind: thing, setting: self, reference: a.png, driving: ../target/a, target: ../target/a}
  - {id: b, kind: thing, setting: self, reference: a.png, driving: ../target/b, target: ../target/b}
  - {id: c, kind: thing, setting: rescaled, reference: a.png, driving: ../target/c, target: ../target/c}
"""


@pytest.fixture
def suite(pairs) -> None:
    Path("suite").mkdir()
    Path("suite/suite.yaml").write_text(SUITE)
    write_png(Path("suite/a.png"), moving(1)[0])


def test_a_suite_names_the_targets(suite):
    assert score("generated", "suite", "-o", "s.json") == 0
    scores = read_scores(Path("s.json"))
    assert [(case.id, case.fps) for case in scores.cases] == [("a", 24), ("b", 24), ("c", 24)]


def test_results_know_the_setting_that_they_were_made_for(suite):
    Path("generated/c").rename("elsewhere")
    Path("generated/run.json").write_text('{"provenance": {"setting": "self"}}')
    assert score("generated", "suite", "-o", "s.json") == 0
    assert [case.id for case in read_scores(Path("s.json")).cases] == ["a", "b"]


def test_a_part_of_a_suite_is_scored_when_asked(suite, capsys: pytest.CaptureFixture[str]):
    Path("generated/b").rename("elsewhere")
    assert fails(capsys, "generated", "suite") == "error: 'b' of suite has no counterpart in generated"
    assert score("generated", "suite", "--partial", "-o", "s.json") == 0
    assert "cases without a result: b" in read_scores(Path("s.json")).notes


def test_results_of_something_else_are_refused(suite, capsys: pytest.CaptureFixture[str]):
    write_pictures(Path("others/x"), moving(3))
    assert score("others", "suite", "--partial") == 1
    assert "error: others has no result of suite" in capsys.readouterr().err


def test_one_video_against_a_suite_is_refused(suite, capsys: pytest.CaptureFixture[str]):
    assert "generated/a is one video and suite a suite of 3" in fails(capsys, "generated/a", "suite")


def test_a_case_without_target_is_refused(suite, capsys: pytest.CaptureFixture[str]):
    Path("suite/suite.yaml").write_text(SUITE.replace(", target: ../target/c", ""))
    assert "suite, case c: it has no target" in fails(capsys, "generated", "suite")


def test_other_sizes_are_compared_at_one_size_when_asked():
    write_pictures(Path("small"), moving(3))
    write_pictures(Path("large"), moving(3, height=64, width=48))
    assert score("small", "large", "--size", "24x32", "-o", "s.json") == 0
    scores = read_scores(Path("s.json"))
    assert (scores.cases[0].height, scores.cases[0].width) == (32, 24)
    assert any("brought to 24x32" in note for note in scores.notes)


def test_only_what_a_protocol_defines(pairs, capsys: pytest.CaptureFixture[str]):
    assert run(["bench", "score", "generated", "target", "--protocol", "disco-2024-04", "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert {score["protocol"] for score in scores} == {"disco-2024-04"}
    assert {score["metric"] for score in scores} == {
        metric.name
        for metric in METRICS
        if metric.protocol == "disco-2024-04" and metric.name != "psnr_overflow"
    }


def test_the_options_are_these_and_no_others():
    command = typer.main.get_command(app).commands["bench"].commands["score"]
    flags = {flag for param in command.params if param.param_type_name == "option" for flag in param.opts}
    assert flags == {
        *("--out", "-o", "--csv", "--force", "--json", "--quiet", "-q"),
        *("--metrics", "--protocol", "--size", "--setting", "--partial", "--resamples"),
        *("--weights", "--device"),
    }


# What cannot be scored.


def test_a_missing_folder_is_refused(pairs, capsys: pytest.CaptureFixture[str]):
    assert fails(capsys, "generated", "nowhere") == "error: nowhere does not exist"


def test_an_empty_folder_is_refused(pairs, capsys: pytest.CaptureFixture[str]):
    Path("empty").mkdir()
    assert "empty is a folder without videos and pictures" in fails(capsys, "empty", "target")


def test_an_empty_folder_among_others_is_refused(pairs, capsys: pytest.CaptureFixture[str]):
    for side in ("generated", "target"):
        (Path(side) / "d").mkdir()
    assert "pair d: generated/d is a folder without pictures" in fails(capsys, "generated", "target")


@pytest.mark.parametrize(("one", "many"), [("generated/a", "target"), ("generated", "target/a")])
def test_one_video_against_a_folder_is_refused(pairs, one, many, capsys: pytest.CaptureFixture[str]):
    assert "is one video and" in fails(capsys, one, many)


def test_names_without_counterpart_are_refused(pairs, capsys: pytest.CaptureFixture[str]):
    Path("generated/b").rename("generated/x")
    message = "error: 'b' of target has no counterpart in generated"
    assert fails(capsys, "generated", "target") == message
    Path("target/b").rename("other")
    Path("target/c").rename("another")
    message = "error: 'c' of generated has no counterpart in target, nor have 1 others"
    assert fails(capsys, "generated", "target") == message


def test_two_entries_of_one_name_are_refused(pairs, capsys: pytest.CaptureFixture[str]):
    write_file(Path("generated/a.mp4"), moving())
    assert "generated has two entries for 'a': a and a.mp4" in fails(capsys, "generated", "target")


def test_pictures_beside_videos_are_refused(pairs, capsys: pytest.CaptureFixture[str]):
    write_png(Path("generated/stray.png"), moving(1)[0])
    assert "generated holds both stray.png and a" in fails(capsys, "generated", "target")


def test_unequal_counts_are_refused(pairs, capsys: pytest.CaptureFixture[str]):
    Path("generated/b/000017.png").unlink()
    message = "error: pair b: 17 generated frames and 18 target frames"
    assert fails(capsys, "generated", "target") == message


def test_unequal_sizes_are_refused(capsys: pytest.CaptureFixture[str]):
    write_pictures(Path("small"), moving(3))
    write_pictures(Path("large"), moving(3, height=64, width=48))
    message = "error: pair small: generated frames of 24x32 pixels and target frames of 48x64"
    assert fails(capsys, "small", "large") == message


def test_tiny_frames_are_refused(capsys: pytest.CaptureFixture[str]):
    write_pictures(Path("tiny"), moving(3)[:, :6, :6])
    assert "pair tiny: frames of 6x6 pixels; needs at least 7" in fails(capsys, "tiny", "tiny")


def test_frames_that_count_differently_are_refused(pairs, capsys: pytest.CaptureFixture[str]):
    Path("generated/b/000017.png").rename("generated/b/000027.png")
    message = "error: pair b: frame 17 is 000027.png and 000017.png, which do not count alike"
    assert fails(capsys, "generated", "target") == message


def test_the_pictures_of_several_videos_in_one_folder_are_refused(capsys: pytest.CaptureFixture[str]):
    folder = write_pictures(Path("flat"), moving(3))
    (folder / "000002.png").rename(folder / "other_000002.png")
    assert "flat holds the pictures of several videos" in fails(capsys, folder, folder)


def test_an_unreadable_picture_is_refused(pairs, capsys: pytest.CaptureFixture[str]):
    Path("generated/b/000003.png").write_bytes(b"")
    message = "error: pair b: generated/b/000003.png is not a picture"
    assert fails(capsys, "generated", "target") == message


def test_a_damaged_picture_is_refused(pairs, capsys: pytest.CaptureFixture[str]):
    picture = Path("target/c/000003.png")
    picture.write_bytes(picture.read_bytes()[:200])
    assert "error: pair c: target/c/000003.png is damaged" in fails(capsys, "generated", "target")


def test_a_truncated_video_is_refused(capsys: pytest.CaptureFixture[str]):
    video = write_file(Path("whole.mp4"), moving())
    Path("cut.mp4").write_bytes(video.read_bytes()[:1500])
    assert "error: pair cut: cut.mp4" in fails(capsys, "cut.mp4", "whole.mp4")


def test_a_stray_file_is_not_overlooked(capsys: pytest.CaptureFixture[str]):
    for side in ("generated", "target"):
        write_file(Path(side) / "a.mp4", moving(3))
        (Path(side) / "b.bin").write_bytes(b"what is this")
    assert "error: pair b: generated/b.bin is not a video" in fails(capsys, "generated", "target")


def test_features_that_are_no_numbers_are_refused(pairs, monkeypatch, capsys: pytest.CaptureFixture[str]):
    import animatex.encoders.clip

    monkeypatch.setattr(
        animatex.encoders.clip.FrozenClip, "embed", lambda _, p: torch.full((len(p), 4), torch.nan)
    )
    assert score("generated", "target", metrics="mini") == 1
    message = "error: pair a: the features 'mini_frames' of the generated video are not finite"
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--metrics", "psnr"], "there is no metric 'psnr'"),
        (["--metrics", " , "], "--metrics ' , ' names nothing"),
        (["--weights", __file__], "is a file"),
        (
            ["--metrics", "x"],
            "or a group of them: pixel, perceptual, frechet, kernel, mini, temporal, pose, leg",
        ),
        (["--protocol", "disco"], "there is no protocol 'disco'"),
        (
            ["--metrics", "mini", "--protocol", "disco-2024-04"],
            "has none of the metrics mini",
        ),
        (["--size", "huge"], "--size huge: needs WIDTHxHEIGHT in pixels"),
        (["--setting", "self"], "--setting self: target is no suite"),
        (["--partial"], "--partial: target is no suite"),
        (["--setting", "both"], "--setting both: needs self or rescaled or cross"),
        (["--device", "tpu"], "--device tpu: needs auto or cpu or cuda or mps"),
        (["--out", "nowhere/scores.json"], "nowhere/scores.json cannot be written"),
        (["--out", "target"], "target exists already"),
        (["--csv", "target"], "target exists already"),
    ],
)
def test_options_that_make_no_sense_are_refused(pairs, options, message, capsys: pytest.CaptureFixture[str]):
    assert run(["bench", "score", "generated", "target", *options]) in (1, 2)
    shown = capsys.readouterr()
    assert message in shown.err and shown.out == ""
