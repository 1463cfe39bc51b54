"""Networks in ONNX files, run by ONNX Runtime: on which provider, and whether it is the one meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

import numpy as np

from animatex.errors import BackendError, brief, require
from animatex.limits import check_file
from animatex.pose.estimator import Device
from animatex.runtime import Resolved

Network = Callable[[np.ndarray], list[np.ndarray]]
"""A network with one input picture batch, float32 [1, 3, H, W]."""

_PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "mps": "CoreMLExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
_PROBLEMS = (
    "InvalidProtobuf",
    "InvalidGraph",
    "InvalidArgument",
    "NotImplemented",
    "RuntimeException",
    "Fail",
)
"""What ONNX Runtime raises."""

_NAMES = {provider: name for name, provider in _PROVIDERS.items()}


class _Named(Protocol):
    """Something with a name."""

    name: str


class _Session(Protocol):
    """What is used of ONNX Runtime's session, which has no types of its own."""

    def run(self, outputs: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]: ...

    def get_inputs(self) -> list[_Named]: ...

    def get_providers(self) -> list[str]: ...


def open_networks(paths: Sequence[Path], device: Device, who: str) -> Resolved[tuple[Network, ...]]:
    """Open networks on one provider.

    Args:
        paths: ONNX files.
        device: Where they shall run; "auto": CUDA where ONNX Runtime offers it, else the CPU.
        who: What messages call them.

    Returns:
        The networks, and in words the provider they run on. ONNX Runtime falls back to the CPU without a
        word where a provider does not start; that is in the words too.

    Raises:
        MissingPackage: ONNX Runtime is not installed.
        BackendError: A file is not a network, or the device was asked for by name and does not work here.
    """
    runtime = require("onnxruntime", for_=f"running {who}")
    provider, asked = choose_provider(device, runtime.get_available_providers(), who)
    for path in paths:
        check_file(path)
    sessions = [_open_session(runtime, path, provider) for path in paths]
    running = [session.get_providers()[0] for session in sessions]
    fallen = [name for name in running if name != provider]
    reason = f"runs on {_described(provider)}{asked}"
    if fallen:
        reason = f"ONNX Runtime could not start {provider} and fell back to {_described(fallen[0])}"
        if device != "auto":
            raise BackendError(f"{who} does not run on '{device}' here: {reason}", hint="--device cpu.")
    networks = tuple(
        _as_network(runtime, session, path) for session, path in zip(sessions, paths, strict=True)
    )
    return Resolved(_NAMES.get(running[0], running[0]), reason, networks)


def choose_provider(device: Device, available: Sequence[str], who: str) -> tuple[str, str]:
    """Choose ONNX Runtime's provider for a device, and say whether the device was asked for.

    Raises:
        BackendError: The installed ONNX Runtime has none for it.
    """
    if device == "auto":
        cuda = _PROVIDERS["cuda"]
        return (cuda if cuda in available else _PROVIDERS["cpu"]), ""
    if _PROVIDERS[device] not in available:
        raise BackendError(
            f"{who} does not run on '{device}' here: ONNX Runtime offers {', '.join(available)}",
            hint="pip install onnxruntime-gpu instead of onnxruntime, or --device cpu.",
        )
    return _PROVIDERS[device], ", as asked for"


def _described(provider: str) -> str:
    return f"the {'CPU' if provider == _PROVIDERS['cpu'] else 'GPU'} ({provider})"


def _open_session(runtime: ModuleType, path: Path, provider: str) -> _Session:
    providers = [provider] if provider == "CPUExecutionProvider" else [provider, "CPUExecutionProvider"]
    with _problems_explained(runtime, path):
        return cast(_Session, runtime.InferenceSession(str(path), providers=providers))


@contextmanager
def _problems_explained(runtime: ModuleType, path: Path) -> Iterator[None]:
    problems = runtime.capi.onnxruntime_pybind11_state
    # A complaint that quotes a damaged file may be no text.
    kinds = (UnicodeDecodeError, *(getattr(problems, name) for name in _PROBLEMS))
    try:
        yield
    except kinds as error:
        raise BackendError(
            f"{path} is not a network that ONNX Runtime {runtime.__version__} can run: {brief(error)}",
            hint="download the file again, or set pose.estimator=mediapipe.",
        ) from error


def _as_network(runtime: ModuleType, session: _Session, path: Path) -> Network:
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise BackendError(f"{path} is a network with {len(inputs)} inputs; needs one, a picture")

    def network(picture: np.ndarray) -> list[np.ndarray]:
        with _problems_explained(runtime, path):
            return session.run(None, {inputs[0].name: picture})

    return network
