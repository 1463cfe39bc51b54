from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

from animatex.config.model import TemporalMamba as TemporalMambaConfig
from animatex.model.build import build_unet
from animatex.model.mamba import STEP_MAX, STEP_MIN, DirectedScan, TemporalMamba
from animatex.model.scan import resolve_scan, selective_scan
from tests.model.scans import recorded, relative_error
from tests.model.tiny import fill, tiny_conditioning, tiny_config, tiny_noise, tiny_unet

CONFIG = TemporalMambaConfig(kind="mamba", state_dim=4, expand=2, conv_width=3)


@pytest.fixture
def mamba() -> TemporalMamba:
    module = TemporalMamba(32, CONFIG, selective_scan)
    fill(module)
    return module


@torch.inference_mode()
def test_it_starts_as_the_identity() -> None:
    module = TemporalMamba(32, CONFIG, selective_scan)
    for part in module.modules():
        if isinstance(part, (TemporalMamba, DirectedScan)):
            part.initialise()
    x = torch.randn(2, 32, 5, 2, 3)
    assert torch.equal(module(x), x)


@torch.inference_mode()
def test_every_frame_knows_of_those_before_and_behind(mamba: TemporalMamba) -> None:
    x = torch.randn(1, 32, 5, 2, 2)
    changed = x.clone()
    changed[:, :16, 2] += 1
    moved = (mamba(x) != mamba(changed)).any(dim=1).flatten(2).any(dim=2)[0]
    assert moved.all()


@torch.inference_mode()
def test_cells_do_not_know_of_each_other_but_for_the_norm(mamba: TemporalMamba) -> None:
    mamba.norm = nn.Identity()
    x = torch.randn(1, 32, 4, 2, 2)
    changed = x.clone()
    changed[..., 0, 0] += 1
    before, after = mamba(x), mamba(changed)
    torch.testing.assert_close(before[..., 1, 1], after[..., 1, 1])
    assert not torch.allclose(before[..., 0, 0], after[..., 0, 0])


@torch.inference_mode()
def test_unlike_attention_it_sees_the_order_of_frames(mamba: TemporalMamba) -> None:
    x = torch.randn(1, 32, 5, 1, 1)
    assert not torch.allclose(mamba(x.flip(2)), mamba(x).flip(2), atol=1e-3)


def test_a_fresh_scan_has_the_published_starting_point() -> None:
    scan = DirectedScan(64, 2, 4, 3, selective_scan)
    scan.initialise()
    torch.testing.assert_close(scan.decay_log.exp()[7], torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert (scan.passing == 1).all()
    steps = F.softplus(scan.to_step.bias.detach())
    assert STEP_MIN * 0.999 <= float(steps.min()) < float(steps.max()) <= STEP_MAX * 1.001


THEIRS = {
    "in_proj.weight": ("proj_in.weight", (128, 32)),
    "conv1d.weight": ("forwards.conv.weight", (64, 1, 3)),
    "conv1d.bias": ("forwards.conv.bias", (64,)),
    "x_proj.weight": ("forwards.to_selection.weight", (10, 64)),
    "dt_proj.weight": ("forwards.to_step.weight", (64, 2)),
    "dt_proj.bias": ("forwards.to_step.bias", (64,)),
    "A_log": ("forwards.decay_log", (64, 4)),
    "D": ("forwards.passing", (64,)),
    "out_proj.weight": ("proj_out.weight", (32, 64)),
}
"""mamba-ssm's `Mamba(d_model=32, d_state=4, d_conv=3, expand=2)`: its names, and our names and shapes."""


def test_one_direction_has_the_parameters_of_mamba_ssms_module(mamba: TemporalMamba) -> None:
    ours = {name: tuple(p.shape) for name, p in mamba.named_parameters()}
    assert {name: ours[name] for name, _ in THEIRS.values()} == dict(THEIRS.values())
    weights = recorded("module-weight")
    assert {name: tuple(w.shape) for name, w in weights.items()} == {n: s for n, (_, s) in THEIRS.items()}
    directions = {name.replace("backwards", "forwards") for name in ours if not name.startswith("norm")}
    assert directions == {name for name, _ in THEIRS.values()}


@torch.inference_mode()
def test_one_direction_computes_what_mamba_1_does(mamba: TemporalMamba) -> None:
    """Written out once more by mamba-ssm's names, from the paper (Gu & Dao 2023, figure 3)."""
    state = mamba.state_dict()
    w = {theirs: state[ours] for theirs, (ours, _) in THEIRS.items()}
    line = torch.randn(6, 32, generator=torch.Generator().manual_seed(5))
    x, z = (line @ w["in_proj.weight"].T).chunk(2, dim=1)
    padded = torch.cat([torch.zeros(2, 64), x])
    kernel = w["conv1d.weight"][:, 0].T
    x = F.silu(torch.stack([(padded[k : k + 3] * kernel).sum(0) for k in range(6)]) + w["conv1d.bias"])
    step, into, out_of = (x @ w["x_proj.weight"].T).split([2, 4, 4], dim=1)
    step = F.softplus(step @ w["dt_proj.weight"].T + w["dt_proj.bias"])
    memory, said = torch.zeros(64, 4), []
    for k in range(6):
        memory = (step[k, :, None] * -w["A_log"].exp()).exp() * memory
        memory = memory + (step[k] * x[k])[:, None] * into[k]
        said.append(memory @ out_of[k] + w["D"] * x[k])
    theirs = (torch.stack(said) * F.silu(z)) @ w["out_proj.weight"].T
    lines, gate = (line @ mamba.proj_in.weight.T).T[None].chunk(2, dim=1)
    ours = mamba.forwards(lines, gate)[0].T @ mamba.proj_out.weight.T
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_one_direction_and_its_gradients_are_those_of_mamba_ssms_module(mamba: TemporalMamba) -> None:
    mamba.load_state_dict(
        {THEIRS[name][0]: weight for name, weight in recorded("module-weight").items()}, strict=False
    )
    theirs = recorded("module")
    x = theirs["x"].requires_grad_()
    lines, gate = rearrange(mamba.proj_in(x), "l f d -> l d f").chunk(2, dim=1)
    y = mamba.proj_out(rearrange(mamba.forwards(lines, gate), "l d f -> l f d"))
    y.square().sum().backward()
    assert relative_error(y, theirs["y"]) < 1e-5
    assert relative_error(x.grad, theirs["gradient"]) < 1e-5
    for name, gradient in recorded("module-gradient").items():
        assert relative_error(mamba.get_parameter(THEIRS[name][0]).grad, gradient) < 1e-5, name


def test_weights_do_not_depend_on_who_scans() -> None:
    def kernel(*arguments: torch.Tensor) -> torch.Tensor:
        return selective_scan(*arguments)

    trained, loaded = TemporalMamba(32, CONFIG, selective_scan), TemporalMamba(32, CONFIG, kernel)
    fill(trained)
    loaded.load_state_dict(trained.state_dict())
    x = torch.randn(1, 32, 4, 2, 2)
    assert torch.equal(trained(x), loaded(x))


@pytest.mark.kernels
@pytest.mark.gpu
def test_a_module_trained_in_torch_goes_on_with_the_kernel() -> None:
    kernel = resolve_scan("mamba_ssm", torch.device("cuda")).value
    gradients = []
    for scan in (selective_scan, kernel):
        module = TemporalMamba(32, CONFIG, scan)
        fill(module)
        module.cuda()
        x = torch.randn(1, 32, 16, 2, 2, generator=torch.Generator().manual_seed(1)).cuda()
        module(x).square().mean().backward()
        gradients.append([module(x), *(p.grad for p in module.parameters())])
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def test_its_parameters_are_those_of_mamba_1() -> None:
    shapes = {
        name: tuple(p.shape) for name, p in TemporalMamba(32, CONFIG, selective_scan).named_parameters()
    }
    width, rank, states = 64, math.ceil(32 / 16), 4
    assert shapes["proj_in.weight"] == (2 * width, 32)
    assert shapes["proj_out.weight"] == (32, width)
    for direction in ("forwards", "backwards"):
        assert shapes[f"{direction}.conv.weight"] == (width, 1, 3)
        assert shapes[f"{direction}.to_selection.weight"] == (rank + 2 * states, width)
        assert shapes[f"{direction}.to_step.weight"] == (width, rank)
        assert shapes[f"{direction}.to_step.bias"] == (width,)
        assert shapes[f"{direction}.decay_log"] == (width, states)
        assert shapes[f"{direction}.passing"] == (width,)


def test_a_whole_network_runs_and_learns_with_it() -> None:
    unet = build_unet(tiny_config(temporal=CONFIG)).train()
    fill(unet)
    v = unet(tiny_noise(2), torch.tensor([5, 900]), tiny_conditioning(2))
    v.square().mean().backward()
    assert v.shape == tiny_noise(2).shape
    idle = [name for name, p in unet.named_parameters() if p.grad is None or not p.grad.any()]
    assert idle == []


@torch.inference_mode()
def test_a_network_with_it_runs_in_half_precision() -> None:
    unet = tiny_unet(tiny_config(temporal=CONFIG))
    exact = unet(tiny_noise(), torch.tensor([500]), tiny_conditioning())
    rough = unet.bfloat16()(
        tiny_noise().bfloat16(),
        torch.tensor([500]),
        tiny_conditioning().to(torch.device("cpu"), torch.bfloat16),
    )
    assert float((rough.float() - exact).norm() / exact.norm()) < 0.1
