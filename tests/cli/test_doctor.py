import json

import pytest

from animatex.errors import MissingPackage
from animatex_cli import doctor
from animatex_cli.main import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def report(folder):
    return doctor.examine(folder)


def test_json_has_these_keys(report, folder, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", lambda weights: report)
    assert run(["doctor", "--json", "--weights", str(folder)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert list(shown) == [
        "animatex",
        "python",
        "platform",
        "packages",
        "device",
        "dtype",
        "estimator",
        "scan",
        "video",
        "weights_folder",
        "weights",
        "presets",
        "advice",
        "ok",
        "bench",
    ]
    assert shown["bench"] == []
    for choice in ("device", "dtype", "estimator", "scan", "video"):
        assert list(shown[choice]) == ["name", "reason", "hint"]
    assert list(shown["presets"][0]) == ["name", "ready", "missing"]


def test_everything_that_animate_needs_works_here(report):
    assert report["ok"]
    assert report["device"]["name"] in ("cpu", "cuda", "mps")
    assert report["dtype"]["name"] in ("float32", "float16", "bfloat16")
    assert report["video"]["name"] == "pyav"
    assert report["packages"]["torch"]


def test_every_choice_has_a_reason(report):
    assert all(report[choice]["reason"] for choice in ("device", "dtype", "estimator", "scan", "video"))


def test_an_empty_weights_folder_leads_to_advice(report, folder):
    assert report["weights_folder"] == str(folder)
    presets = {preset["name"]: preset for preset in report["presets"]}
    assert presets["tiny"] == {"name": "tiny", "ready": True, "missing": []}
    assert presets["animate-x"]["missing"] == [
        "animate-x_ckpt.pth",
        "open_clip_pytorch_model.bin",
        "v2-1_512-ema-pruned.ckpt",
    ]
    assert (
        f"animate-x, animate-x-long: animatex weights pull animate-x --weights '{folder}'" in report["advice"]
    )
    assert f"DWPose: animatex weights pull dwpose --weights '{folder}'" in report["advice"]


def test_the_table_says_the_same(report, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", lambda weights: report)
    assert run(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert f"\ndevice    {report['device']['name']}: {report['device']['reason']}\n" in shown
    assert f"\ndtype     {report['dtype']['name']}: {report['dtype']['reason']}\n" in shown
    assert "\ntiny            yes\n" in shown
    assert "\nto install\n  animate-x, animate-x-long: animatex weights pull animate-x" in shown


def test_one_call_of_the_networks_is_timed_when_asked(report, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", lambda weights: {**report, "bench": []})
    monkeypatch.setattr(doctor, "_BENCH_PRESETS", ("tiny",))
    assert run(["doctor", "--bench", "--bench-frames", "2"]) == 0
    shown = capsys.readouterr()
    assert "one call of tiny's network, 2 frames" in shown.err
    header, row = [
        line.split() for line in shown.out.splitlines() if line.startswith(("one call", "tiny  "))
    ][-2:]
    assert header[:3] == ["one", "call", "frames"]
    assert row[:3] == ["tiny", "2", "64x64"]
    assert "about" in row
    assert run(["doctor", "--bench", "--bench-frames", "32", "--json"]) == 0
    timed = json.loads(capsys.readouterr().out)["bench"]
    assert timed[0]["seconds"] == timed[0]["seconds_32"] > 0


def test_frames_of_calls_that_are_not_timed_are_refused(capsys):
    assert run(["doctor", "--bench-frames", "2"]) == 2
    assert capsys.readouterr().err == "error: --bench-frames is for --bench, which is missing\n"


def test_what_does_not_work_is_reported_with_its_remedy(monkeypatch, folder):
    def broken(package, *, for_):
        raise MissingPackage(f"{for_} needs the package {package}", hint=f"pip install {package}")

    monkeypatch.setattr(doctor, "require", broken)
    report = doctor.examine(folder)
    assert not report["ok"]
    assert report["video"] == {
        "name": None,
        "reason": "reading and writing videos needs the package av",
        "hint": "pip install av",
    }
    assert report["device"]["name"] is None
    assert "device: pip install torch" in report["advice"]
    assert "video: pip install av" in report["advice"]


def test_a_pyav_without_h264_is_reported(monkeypatch):
    class Av:
        __version__ = "99"
        codecs_available = frozenset({"h264"})

    monkeypatch.setattr(doctor, "require", lambda package, *, for_: Av)
    assert doctor._video() == {
        "name": None,
        "reason": "PyAV 99 is built without libx264, which writes H.264",
        "hint": "pip install --force-reinstall av",
    }
