"""A task as small as tasks get, and plans for it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from animatex.config.run import OptimizerConfig
from animatex.training.loop import StagePlan
from animatex.training.state import Identity
from animatex.training.task import StepResult


class ToyNetwork(nn.Module):
    """A layer, batch statistics as a buffer, dropout, and a layer: everything a checkpoint must carry."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 16)
        self.norm = nn.BatchNorm1d(16)
        self.dropout = nn.Dropout(0.3)
        self.outer = nn.Linear(16, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Regress one number: float [B, 4] to [B, 1]."""
        return self.outer(self.dropout(torch.relu(self.norm(self.inner(x)))))


@dataclass(eq=False)
class ToyTask:
    """Learns the sum of four numbers, with noise on the inputs; `poison` is the batch whose loss is NaN."""

    network: nn.Module
    poison: int | None = None
    seen: list[int] = field(default_factory=list)

    def batches(self, numbers: Iterable[int]) -> Generator[tuple[int, Tensor], None, None]:
        for number in numbers:
            self.seen.append(number)
            yield number, torch.randn(8, 4, generator=torch.Generator().manual_seed(number))

    def loss(self, network: nn.Module, batch: tuple[int, Tensor], rng: torch.Generator) -> StepResult:
        number, x = batch
        noise = torch.randn(x.shape, generator=rng)
        error = (network(x + 0.1 * noise)[:, 0] - x.sum(1)).square().mean()
        if number == self.poison:
            error = error * float("nan")
        return StepResult(error, {"noise": noise.abs().mean()})

    def save(self, weights: Mapping[str, Tensor], path: Path) -> None:
        save_file(dict(weights), path, metadata={"format": "toy"})


def toy_task(poison: int | None = None) -> ToyTask:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return ToyTask(ToyNetwork(), poison)


def toy_optimizer(**changes: object) -> OptimizerConfig:
    settings = {
        "learning_rate": 0.01,
        "warmup": 2,
        "decay": "cosine",
        "weight_decay": 0.01,
        "clip_norm": 1.0,
        "accumulate": 2,
        "ema_decay": 0.9,
    }
    return OptimizerConfig.model_validate(settings | changes)


def toy_plan(
    folder: Path, steps: int, *, save_every: int = 100, keep: int = 2, **optimizer: object
) -> StagePlan:
    settings = toy_optimizer(**optimizer)
    return StagePlan(
        identity=Identity("toy", {"optimizer": settings.model_dump(mode="json")}),
        folder=folder / "toy",
        file=folder / "toy.safetensors",
        steps=steps,
        trainable=("*",),
        optimizer=settings,
        save_every=save_every,
        keep=keep,
        seed=7,
    )
