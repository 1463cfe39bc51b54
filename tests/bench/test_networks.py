"""Every metric that needs weights, from published file formats to the table."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from animatex.bench.catalogue import I3D, INCEPTION, LPIPS_HEADS, METRICS, RESNET3D, VGG
from animatex.bench.scores import read_scores
from animatex.metrics.networks.i3d import I3d
from animatex.metrics.networks.inception import FidInception
from animatex.metrics.networks.resnet3d import ResNet3d
from animatex.metrics.perceptual import Lpips
from animatex_cli.main import run
from tests.bench.videos import moving, noisy, write_pictures
from tests.metrics.conftest import DATA, formula_weights_writer


@pytest.mark.shared
@pytest.mark.slow
def test_with_its_weights_every_metric_has_a_value(shared: Path, tmp_path: Path):
    write = formula_weights_writer(shared / "metrics")
    weights = tmp_path / "weights"
    weights.mkdir()
    write(weights / INCEPTION, FidInception(), "pt_inception-2015-12-05")
    write(weights / RESNET3D, ResNet3d(), "resnet-50-kinetics", renamed="module.", wrapper="state_dict")
    write(weights / I3D, I3d(), "i3d_pretrained_400")
    write(weights / VGG, Lpips("vgg").trunk, "vgg16")
    shutil.copy(DATA / LPIPS_HEADS, weights)
    video = moving(17)
    generated, target = (
        write_pictures(tmp_path / name, frames)
        for name, frames in (("generated", noisy(video, 20)), ("target", video))
    )
    asked = [metric for metric in METRICS if metric.needs]
    names = ",".join(metric.name for metric in asked)
    out = tmp_path / "scores.json"
    command = ["bench", "score", generated, target, "--metrics", names, "--weights", weights, "-o", out]
    assert run([str(part) for part in command]) == 0
    scores = read_scores(out)
    for metric in asked:
        found = scores.score(metric.name)
        if metric.name.endswith("_files"):
            assert found.reason == "too few: 1 videos; at least 2 are needed"
        else:
            assert found.value is not None and found.value > 0, metric.name
        for file in found.weights:
            if file.name != "mini-clip.safetensors":
                assert file.sha256 == hashlib.sha256((weights / file.name).read_bytes()).hexdigest()
    assert scores.score("lpips_disco").value < scores.score("lpips_vgg").value
    assert scores.score("fvd").counts.clips == 2
    assert "too few: 17 frames for 2048 dimensions" in scores.score("fid_pytorch").notes
