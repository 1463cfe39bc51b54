from __future__ import annotations

from pathlib import Path

import pytest
import torch

from animatex import runtime
from animatex.config.run import RuntimeConfig
from animatex.errors import BackendError
from animatex.runtime import Runtime, cpu_flags, make_runtime, placed, resolve_device, resolve_dtype

CPU = torch.device("cpu")


def test_a_seed_means_the_same_numbers_every_time() -> None:
    one = Runtime(CPU, torch.float32, "none", seed=7)
    assert torch.equal(torch.randn(4, generator=one.generator()), torch.randn(4, generator=one.generator()))
    other = Runtime(CPU, torch.float32, "none", seed=8)
    assert not torch.equal(
        torch.randn(4, generator=one.generator()), torch.randn(4, generator=other.generator())
    )


def test_random_numbers_come_from_the_processor_whatever_the_device() -> None:
    assert Runtime(torch.device("meta"), torch.float32, "none", seed=7).generator().device == CPU


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen", "reason"),
    [
        (True, False, "cuda", "NVIDIA Something"),
        (False, True, "mps", "Apple's GPU"),
        (False, False, "cpu", "no CUDA device and no Apple GPU here"),
    ],
)
def test_auto_takes_the_fastest_device_and_says_why(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, chosen: str, reason: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA Something")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    resolved = resolve_device("auto")
    assert (resolved.name, resolved.reason, resolved.value.type) == (chosen, reason, chosen)
    assert resolve_device("cpu").reason == "asked for"


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("cuda", "device 'cuda' does not work here: PyTorch .* (sees no CUDA device|is built without CUDA)"),
        ("mps", "device 'mps' does not work here: PyTorch .* sees no Apple GPU"),
    ],
)
def test_a_device_asked_for_by_name_is_never_replaced(
    monkeypatch: pytest.MonkeyPatch, choice: runtime.DeviceChoice, message: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(BackendError, match=message) as caught:
        resolve_device(choice)
    assert caught.value.hint == "--device cpu, or --device auto."


@pytest.mark.parametrize(
    ("unit", "chosen", "reason"),
    [
        ("AMX", "bfloat16", "this processor multiplies in it (AMX), faster than float32"),
        (None, "float32", "this processor would only emulate bfloat16"),
    ],
)
def test_a_processor_computes_in_bfloat16_only_where_it_does_that_well(
    monkeypatch: pytest.MonkeyPatch, unit: str | None, chosen: str, reason: str
) -> None:
    monkeypatch.setattr(runtime, "bfloat16_unit", lambda: unit)
    resolved = resolve_dtype("auto", CPU)
    assert (resolved.name, resolved.reason, resolved.value) == (chosen, reason, getattr(torch, chosen))


@pytest.mark.parametrize(
    ("capability", "chosen"), [((9, 0), "bfloat16"), ((8, 0), "bfloat16"), ((7, 5), "float16")]
)
def test_a_gpu_computes_in_what_it_does_natively(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], chosen: str
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert resolve_dtype("auto", torch.device("cuda")).name == chosen


def test_a_dtype_asked_for_by_name_is_taken() -> None:
    resolved = resolve_dtype("float16", CPU)
    assert (resolved.name, resolved.reason, resolved.value) == ("float16", "asked for", torch.float16)


@pytest.mark.parametrize(
    ("flags", "unit"),
    [
        (("amx_tile", "amx_bf16", "avx512_bf16"), "AMX"),
        (("amx_tile", "avx512_bf16"), "AVX512_BF16"),
        (("amx_tile", "amx_int8"), None),
        ((), None),
    ],
)
def test_the_unit_that_multiplies_is_named(
    monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], unit: str | None
) -> None:
    monkeypatch.setattr(runtime, "cpu_flags", lambda: frozenset(flags))
    monkeypatch.setattr(runtime.platform, "machine", lambda: "x86_64")
    assert runtime.bfloat16_unit() == unit
    monkeypatch.setattr(runtime.platform, "machine", lambda: "arm64")
    assert runtime.bfloat16_unit() is None


def test_what_a_processor_can_do_is_read_from_its_flags(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nflags\t\t: fpu amx_tile amx_bf16\n\nprocessor\t: 1\n")
    assert cpu_flags(tmp_path / "cpuinfo") == {"fpu", "amx_tile", "amx_bf16"}
    (tmp_path / "arm").write_text("processor\t: 0\nFeatures\t: asimd\n")
    assert cpu_flags(tmp_path / "arm") == cpu_flags(tmp_path / "nowhere") == frozenset()


def test_a_runtime_follows_its_section() -> None:
    config = RuntimeConfig(device="cpu", dtype="float32", offload="stages", scan="auto")
    assert make_runtime(config, seed=13) == Runtime(CPU, torch.float32, "stages", 13)


@pytest.mark.parametrize(("offload", "after"), [("stages", "cpu"), ("none", "meta")])
def test_a_module_is_on_the_device_for_its_stage(offload: runtime.Offload, after: str) -> None:
    class Moves(torch.nn.Module):
        """Remembers where it is; nothing can be copied back from the meta device."""

        place = "cpu"

        def to(self, device: torch.device | str) -> Moves:
            self.place = torch.device(device).type
            return self

    module = Moves()
    with placed(module, Runtime(torch.device("meta"), torch.float32, offload, 0)) as moved:
        assert moved is module and module.place == "meta"
    assert module.place == after


def test_a_module_goes_back_even_when_its_stage_fails() -> None:
    module = torch.nn.Linear(2, 2)
    with (
        pytest.raises(RuntimeError, match="broken"),
        placed(module, Runtime(CPU, torch.float32, "stages", 0)),
    ):
        raise RuntimeError("broken")
    assert module.weight.device == CPU
