"""Training a small CLIP: each picture finds its caption among the batch's, and each caption its picture."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from animatex.checkpoints.store import halved, save_weights
from animatex.config.model import ClipTextConfig
from animatex.config.run import ClipStage, TrainConfig
from animatex.encoders.clip import build_clip, prepare_pictures
from animatex.runtime import Runtime
from animatex.synthetic.clips import still
from animatex.training.loader import grouped, rendered
from animatex.training.task import StepResult
from animatex.video.frames import Size

_TOWER = "visual."
_SHARPEST = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class CaptionedPicture:
    """A picture and what it shows.

    Attributes:
        picture: uint8 [S, S, 3], squeezed to CLIP's square.
        caption: In words.
    """

    picture: np.ndarray
    caption: str


@dataclass(frozen=True, slots=True)
class RenderCaptioned:
    """Sample number → picture with caption; picklable, so that workers can call it."""

    seed: int
    size: Size
    side: int

    def __call__(self, index: int) -> CaptionedPicture:
        """Render a character and squeeze it to CLIP's square, as at inference."""
        made = still(self.seed + index, self.size)
        square = Image.fromarray(made.image).resize((self.side, self.side), Image.Resampling.BILINEAR)
        return CaptionedPicture(np.asarray(square), made.caption)


class ClipTask:
    """The CLIP stage of a recipe; see `training.task.Task`."""

    def __init__(self, stage: ClipStage, config: TrainConfig, runtime: Runtime) -> None:
        self.network: nn.Module = build_clip(stage.network)
        self._stage = stage
        self._device = runtime.device

    def batches(self, numbers: Iterable[int]) -> Generator[list[CaptionedPicture], None, None]:
        """Render the pictures of the batches with these numbers."""
        data, batch = self._stage.data, self._stage.batch
        side = self._stage.network.vision.image_size
        render = RenderCaptioned(data.seed, Size(data.height, data.width), side)
        indices = (number * batch + item for number in numbers for item in range(batch))
        yield from grouped(rendered(render, indices, data.workers), batch)

    def loss(self, network: nn.Module, batch: list[CaptionedPicture], rng: torch.Generator) -> StepResult:
        """Compare every picture with every caption; the stream is not needed."""
        captions = [sample.caption for sample in batch]
        side = self._stage.network.vision.image_size
        pictures = prepare_pictures(np.stack([sample.picture for sample in batch]), side)
        tokens = tokenise(captions, self._stage.network.text)
        images, texts, scale = network(pictures.to(self._device), tokens.to(self._device))
        with torch.autocast(self._device.type, enabled=False):
            return contrast(images.float(), texts.float(), scale.float(), captions)

    def save(self, weights: Mapping[str, Tensor], path: Path) -> None:
        """Write the image tower; the text tower has done its work."""
        tower = {
            name.removeprefix(_TOWER): value for name, value in weights.items() if name.startswith(_TOWER)
        }
        save_weights(path, halved(tower), kind="clip", config=self._stage.network)


def contrast(images: Tensor, texts: Tensor, scale: Tensor, captions: Sequence[str]) -> StepResult:
    """Cross-entropy between similarities and who belongs to whom, in both directions.

    Equal captions share their pictures, so that nobody is pushed away from a description that fits.

    Args:
        images: float32 [N, D], of unit length.
        texts: float32 [N, D], of unit length.
        scale: Inverse temperature, a scalar; counts as 100 at most.
        captions: N texts.
    """
    same = torch.tensor([[a == b for b in captions] for a in captions], device=images.device)
    targets = same.float() / same.sum(1, keepdim=True)
    logits = scale.clamp(max=_SHARPEST) * images @ texts.T
    loss = (F.cross_entropy(logits, targets) + F.cross_entropy(logits.T, targets)) / 2
    found = same.gather(1, logits.argmax(1, keepdim=True)).float().mean()
    return StepResult(loss, {"accuracy": found.detach(), "scale": scale.detach()})


def tokenise(captions: Sequence[str], config: ClipTextConfig) -> Tensor:
    """Number the words of captions: each word by its hash, between CLIP's marks for begin and end.

    The text tower lives only for this training, so it needs no vocabulary that anybody else reads.

    Returns:
        int64 [N, L]; 0 behind the end; what is too long is cut.
    """
    begin, end = config.vocab_size - 2, config.vocab_size - 1
    tokens = torch.zeros(len(captions), config.context_length, dtype=torch.long)
    for row, caption in zip(tokens, captions, strict=True):
        words = re.findall(r"\w+", caption.lower())[: config.context_length - 2]
        numbers = [begin, *(1 + crc32(word.encode()) % (begin - 1) for word in words), end]
        row[: len(numbers)] = torch.tensor(numbers)
    return tokens
