from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from animatex.errors import BackendError
from animatex.pose.onnx import _PROBLEMS, choose_provider, open_networks
from tests.pose.tiny_onnx import write_constant_network

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


def test_a_network_answers(tmp_path: Path):
    answers = np.arange(6, dtype=np.float32).reshape(1, 2, 3), np.ones((1, 4), np.float32)
    path = write_constant_network(tmp_path / "n.onnx", (8, 8), *answers)
    opened = open_networks([path], "cpu", "it")
    assert (opened.name, opened.reason) == ("cpu", f"runs on the CPU ({CPU}), as asked for")
    given = opened.value[0](np.zeros((1, 3, 8, 8), np.float32))
    assert len(given) == 2
    for answer, expected in zip(given, answers, strict=True):
        np.testing.assert_array_equal(answer, expected)


@pytest.mark.parametrize(
    ("device", "available", "provider"),
    [
        ("auto", [CUDA, CPU], CUDA),
        ("auto", [CPU], CPU),
        ("cpu", [CUDA, CPU], CPU),
        ("cuda", [CUDA, CPU], CUDA),
    ],
)
def test_the_provider_follows_the_device(device: str, available: list[str], provider: str):
    assert choose_provider(device, available, "it")[0] == provider


def test_a_device_that_onnx_runtime_lacks_is_refused():
    with pytest.raises(BackendError) as error:
        choose_provider("cuda", [CPU], "DWPose")
    assert (
        error.value.message == "DWPose does not run on 'cuda' here: ONNX Runtime offers CPUExecutionProvider"
    )
    assert "onnxruntime-gpu" in error.value.hint


class Session:
    """A session of an ONNX Runtime whose CUDA does not start for some networks."""

    def __init__(self, path: str, providers: list[str]):
        self.providers = providers[1:] if "broken" in path else providers

    def get_providers(self) -> list[str]:
        return self.providers

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="picture")]


@pytest.fixture
def onnx_runtime_with_cuda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.onnx", "b.onnx", "broken.onnx"):
        Path(name).touch()
    problems = SimpleNamespace(**dict.fromkeys(_PROBLEMS, OSError))
    package = SimpleNamespace(
        get_available_providers=lambda: [CUDA, CPU],
        capi=SimpleNamespace(onnxruntime_pybind11_state=problems),
        InferenceSession=Session,
    )
    monkeypatch.setattr("animatex.pose.onnx.require", lambda name, for_: package)


@pytest.mark.usefixtures("onnx_runtime_with_cuda")
def test_cuda_is_stated():
    opened = open_networks([Path("a.onnx"), Path("b.onnx")], "auto", "DWPose")
    assert (opened.name, opened.reason) == ("cuda", f"runs on the GPU ({CUDA})")


@pytest.mark.usefixtures("onnx_runtime_with_cuda")
@pytest.mark.parametrize("files", [("broken.onnx", "b.onnx"), ("a.onnx", "broken.onnx")])
def test_a_silent_fall_back_is_reported_even_of_one_network(files: tuple[str, str]):
    paths = [Path(file) for file in files]
    opened = open_networks(paths, "auto", "DWPose")
    assert opened.reason == f"ONNX Runtime could not start {CUDA} and fell back to the CPU ({CPU})"
    with pytest.raises(BackendError) as error:
        open_networks(paths, "cuda", "DWPose")
    assert error.value.message == f"DWPose does not run on 'cuda' here: {opened.reason}"
    assert error.value.hint == "--device cpu."
