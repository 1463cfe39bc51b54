"""One call of a preset's network at its full size, with random weights: what this machine takes for it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from animatex.measure import peak_memory
from animatex.video.frames import Size

if TYPE_CHECKING:
    import torch

    from animatex.conditioning.bundle import Conditioning
    from animatex.config.run import AnimateConfig
    from animatex.model.unet import AnimateXUNet


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one call of the denoiser took.

    Attributes:
        frames: Frames that the network saw at once, the reference's slot not counted.
        size: Of the frames.
        dtype: What it computed in.
        threads: Of PyTorch on the processor.
        seconds: Of the call; conditions are encoded before, once per clip.
        memory: The most main memory that the process has held, in bytes; None where the system does not say.
    """

    frames: int
    size: Size
    dtype: str
    threads: int
    seconds: float
    memory: int | None

    def seconds_for(self, frames: int) -> float:
        """Scale to another number of frames: by slots, for nearly all work is done slot by slot."""
        return self.seconds * (1 + frames) / (1 + self.frames)


def measure_evaluation(
    config: AnimateConfig, frames: int, device: torch.device, dtype: torch.dtype
) -> Evaluation:
    """Call a preset's network once.

    Its weights are drawn, not read: how long it takes does not depend on them.

    Args:
        config: The preset.
        frames: Frames that it sees at once.
        device: Where it runs.
        dtype: What it computes in.
    """
    import torch

    unet = _random_unet(config, device, dtype)
    given = _random_conditions(config, frames).to(device, dtype)
    with torch.inference_mode():
        encoded = unet.encode(given)
        noise = torch.randn(given.latent_shape).to(device, dtype)
        step = torch.tensor([config.schedule.train_steps // 2], device=device)
        start = time.perf_counter()
        # Reading one value waits for the device.
        float(unet.denoise(noise, step, encoded).sum())
        seconds = time.perf_counter() - start
    return Evaluation(
        frames=frames,
        size=Size(config.canvas.height, config.canvas.width),
        dtype=str(dtype).removeprefix("torch."),
        threads=torch.get_num_threads(),
        seconds=seconds,
        memory=peak_memory(),
    )


def _random_unet(config: AnimateConfig, device: torch.device, dtype: torch.dtype) -> AnimateXUNet:
    import torch

    from animatex.model.build import build_unet

    with torch.device("meta"):
        unet = build_unet(config.unet).to(dtype)
    unet = unet.to_empty(device=device).eval().requires_grad_(False)
    for tensor in unet.state_dict().values():
        tensor.uniform_(-0.02, 0.02)
    return unet


def _random_conditions(config: AnimateConfig, frames: int) -> Conditioning:
    import torch

    from animatex.codec.codec import NETWORK_CELL
    from animatex.conditioning.bundle import Conditioning, Keep

    unet, cell = config.unet, config.codec.downsampling
    rows, columns = config.canvas.height // cell, config.canvas.width // cell
    height, width = rows * NETWORK_CELL, columns * NETWORK_CELL
    return Conditioning(
        image_embed=torch.randn(1, 1, unet.image_embed_dim),
        reference_image=torch.rand(1, 3, height, width),
        pose_frames=torch.rand(1, 3, frames, height, width),
        reference_pose=torch.rand(1, 3, height, width),
        reference_latents=torch.randn(1, unet.latent_channels, rows, columns),
        keypoints=torch.rand(1, 1 + frames, 2, 18),
        driving_embeds=torch.randn(1, 1 + frames, unet.image_embed_dim),
        prior=torch.zeros(1, unet.prior_channels, frames, rows, columns),
        reference_prior=torch.zeros(1, unet.prior_channels, rows, columns),
        keep=Keep.same(1, **config.conditions.model_dump()),
    )
