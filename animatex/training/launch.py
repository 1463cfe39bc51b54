"""Processes, device, precision and gradient exchange; one process is the simple case."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

import torch
from torch import Tensor, nn

from animatex.errors import AnimateXError, InUse
from animatex.files import locked_within, make_folder
from animatex.runtime import Runtime


class Launch:
    """How this process takes part in a training run.

    Started plainly there is one process. Started through `accelerate launch` there are several, each with a
    share of the batches; gradients are averaged between them, and the first alone writes files. Weights and
    optimizer are held whole, in float32, by every process; `runtime.dtype` is what forward passes compute in.
    """

    def __init__(self, runtime: Runtime) -> None:
        from accelerate import Accelerator

        self._accelerator = Accelerator(cpu=runtime.device.type == "cpu", mixed_precision="no")
        self._dtype = runtime.dtype
        self.device: torch.device = self._accelerator.device
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=runtime.dtype == torch.float16)

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and says how far it is."""
        return bool(self._accelerator.is_main_process)

    @property
    def processes(self) -> int:
        """How many processes share each step."""
        return int(self._accelerator.num_processes)

    @contextmanager
    def alone_in(self, folder: Path) -> Iterator[None]:
        """Make a folder and keep other runs out of it; the first process holds the lock for all.

        Raises:
            InUse: Another run is at it; in all processes, so that none waits for one that has ended.
            InputError: It cannot be written.
        """
        with ExitStack() as stack:
            refused: AnimateXError | None = None
            if self.is_first:
                try:
                    make_folder(folder)
                    stack.enter_context(locked_within(folder))
                except AnimateXError as error:
                    refused = error
            if self.anywhere(refused is not None):
                raise refused or InUse(f"{folder} was refused to the first process, which says why")
            yield

    def share(self, numbers: range) -> range:
        """Give this process's batch numbers, where every process makes `len(numbers)` batches."""
        count, rank = self.processes, int(self._accelerator.process_index)
        return range(numbers.start * count + rank, numbers.stop * count, count)

    def prepare(self, network: nn.Module) -> nn.Module:
        """Put a network on the device; with several processes, wrap it so that gradients are averaged."""
        prepared: nn.Module = self._accelerator.prepare_model(network.to(self.device))
        return prepared

    def precision(self) -> AbstractContextManager[None]:
        """Run forward passes in the runtime's dtype."""
        lower = self._dtype != torch.float32
        return torch.autocast(self.device.type, self._dtype if lower else torch.bfloat16, enabled=lower)

    def exchange(self, network: nn.Module, *, now: bool) -> AbstractContextManager[None]:
        """Average gradients between processes in this backward pass, or add them up until a later one."""
        return nullcontext() if now else self._accelerator.no_sync(network)

    def backward(self, loss: Tensor) -> None:
        """Add the loss's gradients; in float16 scaled, so that small ones do not vanish."""
        self._accelerator.backward(self.scaler.scale(loss))

    def clip(self, network: nn.Module, optimizer: torch.optim.Optimizer, longest: float) -> Tensor:
        """Shorten the gradients to `longest` where they are longer; returns their norm before."""
        self.scaler.unscale_(optimizer)
        return nn.utils.clip_grad_norm_([p for p in network.parameters() if p.grad is not None], longest)

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """Step and clear the gradients."""
        self.scaler.step(optimizer)
        self.scaler.update()
        optimizer.zero_grad(set_to_none=True)

    def anywhere(self, here: bool) -> bool:
        """Tell whether something is so in any process; all of them must ask."""
        if self.processes == 1:
            return here
        votes = self._accelerator.reduce(torch.tensor(float(here), device=self.device), reduction="sum")
        return bool(votes.item() > 0)

    def wait(self) -> None:
        """Wait until every process is here."""
        self._accelerator.wait_for_everyone()
