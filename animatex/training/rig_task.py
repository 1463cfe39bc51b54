"""Training the rig network: pictures of procedural characters, of which the renderer knows everything."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from animatex.checkpoints.load import load_rig
from animatex.checkpoints.store import halved, save_weights
from animatex.config.run import RigStage, TrainConfig
from animatex.rig.network import RigMaps, RigNetwork, joint_bells, joint_hints
from animatex.rig.rig import MIRRORED_JOINTS, MIRRORED_PARTS, joint_places, working_size
from animatex.runtime import Runtime
from animatex.synthetic.clips import still
from animatex.training.loader import grouped, rendered
from animatex.training.task import StepResult, find_trained
from animatex.video.frames import Size

_PART_WEIGHTS = (1.0, 1.0, 1.0, *(2.0,) * 8)
"""Limbs are a few hundred pixels of many thousand, and the whole point of a rig."""

_RATIOS = (2 / 3, 2 / 3, 2 / 3, 1.0, 3 / 2)
"""Width by height of successive batches: most pictures of characters are portraits."""


_WITHOUT_HINTS = 0.5
"""How often nobody knows anything of a picture's joints, as with most characters."""

_HINT_ERROR, _WRONG_HINTS, _WRONG_BY = 0.012, 0.04, 0.08
"""Hints are off by up to the first (standard deviation, in heights of the picture); some, by the third."""

_WET_FLOORS = 0.25
"""How often the floor reflects the character."""


@dataclass(frozen=True, slots=True, eq=False)
class RigSample:
    """One picture and what is known of it.

    Attributes:
        image: uint8 [H, W, 3].
        labels: uint8 [H, W], indices of `PARTS`.
        joints: float32 [18, 2], in pixels.
        present: bool [18].
        hints: What the network is told of the joints, float32 [18, 2], in pixels.
        hinted: Of which joints it is told, bool [18].
    """

    image: np.ndarray
    labels: np.ndarray
    joints: np.ndarray
    present: np.ndarray
    hints: np.ndarray
    hinted: np.ndarray

    def mirrored(self) -> RigSample:
        """The same picture, left and right exchanged."""
        order = list(MIRRORED_JOINTS)
        joints, hints = self.joints[order], self.hints[order]
        for places in (joints, hints):
            places[:, 0] = self.image.shape[1] - places[:, 0]
        return RigSample(
            np.ascontiguousarray(self.image[:, ::-1]),
            np.array(MIRRORED_PARTS, np.uint8)[self.labels[:, ::-1]],
            joints,
            self.present[order],
            hints,
            self.hinted[order],
        )


@dataclass(frozen=True, slots=True)
class RenderRigSample:
    """Sample number → picture; picklable, so that workers can call it."""

    seed: int
    height: int
    stride: int
    batch: int

    def __call__(self, index: int) -> RigSample:
        """Render a character at the proportions of its batch, mirrored every other time."""
        ratio = _RATIOS[index // self.batch % len(_RATIOS)]
        size = working_size(Size(1000, round(1000 * ratio)), self.height, self.stride)
        made = still(self.seed + index, size)
        rng = np.random.default_rng([self.seed, index])
        hints, hinted = draw_hints(made.keypoints, made.present, size.height, rng)
        image = made.image
        if rng.random() < _WET_FLOORS:
            image = on_wet_floor(image, made.labels > 0, rng)
        sample = RigSample(image, made.labels, made.keypoints, made.present, hints, hinted)
        return sample.mirrored() if index % 2 else sample


def draw_hints(
    joints: np.ndarray, present: np.ndarray, height: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw what an estimator might say of a picture's joints: often nothing, mostly right, never exact.

    Args:
        joints: float32 [18, 2], in pixels.
        present: bool [18].
        height: Of the picture, pixels.
        rng: Random stream.

    Returns:
        float32 [18, 2] in pixels, and bool [18]; only joints that are present are hinted at.
    """
    if rng.random() < _WITHOUT_HINTS:
        return joints.copy(), np.zeros_like(present)
    spread = np.full((len(joints), 1), rng.uniform(0, _HINT_ERROR) * height)
    spread[rng.random(len(joints)) < _WRONG_HINTS] = _WRONG_BY * height
    hints = joints + rng.normal(size=joints.shape) * spread
    return hints.astype(np.float32), present & (rng.random(len(joints)) < rng.uniform(0.5, 1))


def on_wet_floor(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Let the floor below a character reflect it: what hangs under feet is not always legs.

    Args:
        image: uint8 [H, W, 3].
        mask: Where the character is, bool [H, W].
        rng: Random stream.

    Returns:
        uint8 [H, W, 3]; the picture itself where the character reaches its lower edge.
    """
    rows = np.flatnonzero(mask.any(1))
    depth = 0 if len(rows) == 0 else min(len(image) - 1 - rows[-1], int(rows[-1]))
    if depth < 4:
        return image
    above, below = np.s_[rows[-1] - depth : rows[-1]], np.s_[rows[-1] + 1 : rows[-1] + 1 + depth]
    blur = rng.uniform(0.5, 0.02 * len(image) + 1)
    strength = rng.uniform(0.3, 0.95) * np.linspace(1, rng.uniform(0, 1), depth)[:, None]
    alpha = cv2.GaussianBlur(mask[above][::-1].astype(np.float32), (0, 0), blur) * strength
    colour = cv2.GaussianBlur(image[above][::-1], (0, 0), blur) * rng.uniform(0.2, 0.9)
    result = image.astype(np.float32)
    result[below] += alpha[..., None] * (colour - result[below])
    return np.rint(result).astype(np.uint8)


class RigTask:
    """The rig stage of a recipe; see `training.task.Task`."""

    def __init__(self, stage: RigStage, config: TrainConfig, runtime: Runtime) -> None:
        network = RigNetwork(stage.network)
        if stage.start_from is not None:
            file = find_trained(stage.start_from, Path(config.out))
            network = load_rig(file, stage.network).train().requires_grad_(True)
        self.network = network.to(memory_format=torch.channels_last)
        self._stage = stage
        self._device = runtime.device

    def batches(self, numbers: Iterable[int]) -> Generator[list[RigSample], None, None]:
        """Render the pictures of the batches with these numbers."""
        stage, data = self._stage, self._stage.data
        # Pictures of all proportions have the area that the recipe names, as in `read_rig`.
        height = round((1.5 * data.height * data.width) ** 0.5)
        render = RenderRigSample(data.seed, height, stage.network.stride, stage.batch)
        indices = (number * stage.batch + item for number in numbers for item in range(stage.batch))
        yield from grouped(rendered(render, indices, stage.data.workers), stage.batch)

    def loss(self, network: nn.Module, batch: list[RigSample], rng: torch.Generator) -> StepResult:
        """Compare the maps with what the renderer knows; the stream is not needed."""
        images = np.stack([sample.image for sample in batch])
        pixels = torch.from_numpy(images).to(self._device).permute(0, 3, 1, 2).float() / 255
        places = torch.from_numpy(np.stack([sample.hints for sample in batch])).to(self._device)
        known = torch.from_numpy(np.stack([sample.hinted for sample in batch])).to(self._device)
        maps = network(
            pixels.contiguous(memory_format=torch.channels_last), joint_hints(places, known, pixels)
        )
        return rig_loss(maps, batch)

    def save(self, weights: Mapping[str, Tensor], path: Path) -> None:
        """Write the rig network's file, in half precision."""
        save_weights(path, halved(weights), kind="rig", config=self._stage.network)


def rig_loss(maps: RigMaps, batch: list[RigSample]) -> StepResult:
    """Cross-entropies of parts, joint places and joint presence, and Dice of the parts.

    Args:
        maps: The network's answer for the batch.
        batch: What is true; all pictures of one size.
    """
    device = maps.parts.device
    height, width = maps.parts.shape[2:]
    parts = maps.parts.float()
    labels = torch.from_numpy(np.stack([_shrunk(sample.labels, width, height) for sample in batch])).to(
        device
    )
    present = torch.from_numpy(np.stack([sample.present for sample in batch])).to(device)
    joints = torch.from_numpy(np.stack([sample.joints for sample in batch])).float().to(device)

    weights = torch.tensor(_PART_WEIGHTS, device=device)
    part_loss = F.cross_entropy(parts, labels, weight=weights)
    dice_loss = _dice(parts.softmax(1), labels)
    heat = maps.joints.float()
    target = joint_targets(joints / 4, heat.shape[2], heat.shape[3])
    place = -(target.flatten(2) * heat.flatten(2).log_softmax(2)).sum(2)
    place_loss = (place * present).sum() / present.sum().clamp_min(1)
    present_loss = F.binary_cross_entropy_with_logits(maps.present.float(), present.float())
    loss = part_loss + 0.5 * dice_loss + 0.3 * place_loss + 0.5 * present_loss
    with torch.no_grad():
        figures = _figures(parts, labels, heat, joints, present)
    return StepResult(loss, {"parts": part_loss.detach(), "joints": place_loss.detach(), **figures})


def joint_targets(cells: Tensor, height: int, width: int, sigma: float = 1.0) -> Tensor:
    """Distributions around the true places: [B, J, h, w] from places in cells, [B, J, 2]."""
    bell = joint_bells(cells, height, width, sigma)
    return bell / bell.sum((2, 3), keepdim=True).clamp_min(1e-12)


def _shrunk(labels: np.ndarray, width: int, height: int) -> np.ndarray:
    return cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST).astype(np.int64)


def _dice(probabilities: Tensor, labels: Tensor) -> Tensor:
    """One minus the overlap of each part that is there, averaged."""
    truth = F.one_hot(labels, probabilities.shape[1]).movedim(3, 1).float()
    overlap = (probabilities * truth).sum((2, 3))
    areas = (probabilities + truth).sum((2, 3))
    there = truth.sum((2, 3)) > 0
    return ((1 - (2 * overlap + 1) / (areas + 1)) * there).sum() / there.sum().clamp_min(1)


def _figures(
    parts: Tensor, labels: Tensor, heat: Tensor, joints: Tensor, present: Tensor
) -> dict[str, Tensor]:
    """Right labels on the character, overlap of the masks, joint error in percent of the picture's height."""
    found, body = parts.argmax(1), labels > 0
    accuracy = (found == labels)[body].float().mean()
    mask_iou = ((found > 0) & body).sum() / ((found > 0) | body).sum().clamp_min(1)
    places = torch.stack([joint_places(item) for item in heat.flatten(2).softmax(2).view_as(heat)])
    error = (places - joints).norm(dim=2) / (4 * heat.shape[2]) * 100
    joint_error = (error * present).sum() / present.sum().clamp_min(1)
    return {"part_accuracy": accuracy, "mask_iou": mask_iou, "joint_error": joint_error}
