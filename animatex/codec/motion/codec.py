"""The motion codec: latents that correct what a rig and a pose already imply.

Letters: F frames, H W canvas pixels, h w latent cells, P parts (11).
Latents are [1, P + 2, F, h, w]. The first P channels say by how much of a cell each part gains or loses
against the rigid composition; the last two how far the visible surface is from where rigid motion puts it
(x, y). Zero latents are the rigid composition itself, so a network that knows nothing does no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch import Tensor

from animatex.codec.codec import NETWORK_CELL, Scene, gather
from animatex.codec.motion.absent import with_bridged_gaps
from animatex.codec.motion.bones import place_parts
from animatex.codec.motion.compose import compose, recompose
from animatex.codec.motion.cropped import with_cropped_ends
from animatex.codec.motion.face import facial_features
from animatex.codec.motion.joints import Joints
from animatex.codec.motion.layers import PuppetLayers, cut_layers
from animatex.codec.motion.placement import IDENTITY, Placement, scaled_places
from animatex.codec.motion.textures import with_textures
from animatex.config.model import MotionCodecConfig
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import HEAD_PART, PARTS, TORSO_PART
from animatex.progress import Progress, silent
from animatex.rig.neck import is_neckless
from animatex.rig.rig import Rig
from animatex.video.frames import Size

NUM_JOINTS = 18
_SHARPNESS = 12.0
"""How decidedly a corrected pixel belongs to one part: one source for each pixel leaves no ghosts."""

_FARTHEST = 0.05
"""Drift beyond this part of the canvas's height is a pose that was missed, which no latent can know; where
poses are not composed at all it is motion."""

_UNTOUCHED = 0.35
"""Corrections smaller than this share of a cell leave a pixel as the rigid composition has it."""

_CRUMB, _SCRAP = 5e-4, 4e-3
"""Pieces that cover no more of the picture are no part of the character, and nothing that will be missed."""

_STILL = 0.015
"""Drift of less than this part of the canvas's height is left out: it would only blur."""


@dataclass(frozen=True, slots=True, eq=False)
class MotionTruth:
    """What a renderer knows of a clip, at the size of the pictures that the network is shown.

    Attributes:
        labels: Part of each pixel, uint8 [F, H, W].
        motion: The reference pixel (x, y) that shows the same surface, float32 [F, H, W, 2]; NaN where
        none does.
    """

    labels: np.ndarray
    motion: np.ndarray


@dataclass(frozen=True, slots=True)
class MotionCodec:
    """Corrections of rigid motion, to and from latents."""

    config: MotionCodecConfig

    def open(self, scene: Scene, generator: torch.Generator) -> MotionClip:
        """Cut the character out and find where each frame wants its parts; draws nothing."""
        rig = scene.rig
        assert rig is not None, "the motion codec works on a rig"
        reference = joints_of(scene.reference_pose, 0)
        frames = [joints_of(scene.poses, frame) for frame in range(len(scene.poses))]
        frames = with_bridged_gaps(reference, frames)
        reference = with_cropped_ends(reference, rig.parts.argmax(0), frames, scene.scale)
        on = (HEAD_PART, TORSO_PART) if is_neckless(rig) else (HEAD_PART,)
        features = facial_features(rig.image, np.isin(rig.parts.argmax(0), on), reference)
        puppet = cut_layers(rig, reference, features)
        placements = self._placements(puppet, frames, is_neckless(rig), scene.scale)
        scale = NETWORK_CELL / self.config.downsampling
        if scale == 1:
            return MotionClip(self.config, rig, puppet, placements, puppet, placements)
        small = scaled_rig(rig, scale)
        sketch = cut_layers(
            small,
            Joints(scaled_places(reference.places, scale), reference.seen),
            tuple(feature.scaled(scale) for feature in features),
        )
        sketched = tuple(placement.scaled(scale) for placement in placements)
        return MotionClip(self.config, small, puppet, placements, sketch, sketched)

    def _placements(
        self, puppet: PuppetLayers, frames: list[Joints], neckless: bool, scale: float
    ) -> tuple[Placement, ...]:
        """Say where each frame has its parts before any correction."""
        if self.config.composes == "reference":
            return (Placement(np.repeat(IDENTITY[None], len(PARTS), 0)),) * len(frames)
        return tuple(place_parts(puppet.joints, frame, neckless, scale, puppet.features) for frame in frames)


@dataclass(frozen=True, slots=True, eq=False)
class MotionClip:
    """A character cut out, and where each frame wants its parts.

    Attributes:
        config: Scales of the latents.
        rig: The character at the size of the pictures that the network is shown.
        puppet: Its layers at the canvas's size.
        placements: Where each frame has them, canvas pixels.
        sketch, sketch_placements: The same at the size of the pictures that the network is shown.
    """

    config: MotionCodecConfig
    rig: Rig
    puppet: PuppetLayers
    placements: tuple[Placement, ...]
    sketch: PuppetLayers
    sketch_placements: tuple[Placement, ...]

    @property
    def reference_latents(self) -> Tensor:
        """Zeros: the reference is its own rigid composition."""
        return torch.zeros(1, self.config.latent_channels, *self.reference_prior.shape[2:])

    @property
    def prior(self) -> Tensor:
        """The rigid composition of each frame: shares of the parts, then colours, in -1..1."""
        frames = [compose(self.sketch, placement) for placement in self.sketch_placements]
        return torch.from_numpy(np.stack([_shown(made.shares, made.picture) for made in frames], 1))[None]

    @property
    def reference_prior(self) -> Tensor:
        """The reference in the same terms."""
        return torch.from_numpy(_shown(self.rig.parts, self.rig.image))[None]

    def encode(self, truth: MotionTruth) -> Tensor:
        """Say how the truth differs from the rigid composition: float32 [1, P + 2, F, h, w]."""
        frames = [
            self._encode_frame(truth.labels[frame], truth.motion[frame], placement)
            for frame, placement in enumerate(self.sketch_placements)
        ]
        return torch.from_numpy(np.stack(frames, 1))[None]

    def paint(self, latents: Tensor, progress: Progress = silent) -> Iterator[np.ndarray]:
        """Paint frames uint8 [H, W, 3] from latents [1, P + 2, F, h, w], one after the other."""
        values = latents[0].float().cpu().numpy()
        progress.start("painting", len(self.placements))
        puppet = with_textures(self.puppet)
        for frame, placement in enumerate(self.placements):
            yield self._decode_frame(values[:, frame], puppet, placement)
            progress.advance()
        progress.done()

    def decode(self, latents: Tensor, progress: Progress = silent) -> np.ndarray:
        """Paint frames uint8 [F, H, W, 3] from latents [1, P + 2, F, h, w]."""
        return gather(self.paint(latents, progress), len(self.placements))

    def parts(self, latents: Tensor) -> np.ndarray:
        """Say which of `PARTS` each pixel of the frames that `decode` paints shows, uint8 [F, H, W]."""
        values = latents[0].float().cpu().numpy()
        frames = [
            self._corrected(values[:, frame], self.puppet, where)
            for frame, where in enumerate(self.placements)
        ]
        return np.stack([frame.shares.argmax(0).astype(np.uint8) for frame in frames])

    def _encode_frame(self, labels: np.ndarray, motion: np.ndarray, placement: Placement) -> np.ndarray:
        height, width = labels.shape
        truth = (labels[None] == np.arange(len(PARTS))[:, None, None]).astype(np.float32)
        gain = _cells(truth) - _cells(compose(self.sketch, placement).shares)
        known = (labels > 0) & np.isfinite(motion).all(2)
        drift = np.zeros((2, height, width), np.float32)
        for part in np.unique(labels[known]):
            rows, columns = np.nonzero(known & (labels == part))
            rigid = placement.to_frame(part, motion[rows, columns].astype(np.float64))
            drift[:, rows, columns] = (np.stack([columns, rows], 1) - rigid).T
        weight = _cells(known[None].astype(np.float32))
        drift = _cells(drift) / np.maximum(weight, 1 / NETWORK_CELL) / height
        if self.config.composes == "poses":
            drift = drift.clip(-_FARTHEST, _FARTHEST)
        return np.concatenate([gain * self.config.part_scale, drift * self.config.drift_scale]).astype(
            np.float32
        )

    def _decode_frame(self, values: np.ndarray, puppet: PuppetLayers, placement: Placement) -> np.ndarray:
        made = self._corrected(values, puppet, placement)
        if made.drift is None:
            return made.picture
        return recompose(puppet, placement, made.shares, -made.drift)

    def _corrected(self, values: np.ndarray, puppet: PuppetLayers, placement: Placement) -> _Corrected:
        """Lay the layers over each other and correct what each pixel shows.

        What corrections tear off, where a pose holds it together, comes of a network that is not sure.
        """
        made = compose(puppet, placement)
        height, width = made.picture.shape[:2]
        gain = values[: len(PARTS)] / self.config.part_scale
        drift = values[len(PARTS) :] / self.config.drift_scale
        drift = np.where(np.hypot(*drift) > _STILL, drift, 0) * height
        if np.abs(gain).max() < _UNTOUCHED and not drift.any():
            return _Corrected(made.picture, made.shares, None)
        gain, drift = _enlarged(gain, height, width), _enlarged(drift, height, width)
        shares = _decided(made.shares, gain)
        if self.config.composes == "poses":
            shares = _held_together(shares, made.shares)
        return _Corrected(made.picture, shares, drift)


@dataclass(frozen=True, slots=True, eq=False)
class _Corrected:
    """A rigid composition with its corrected shares [P, H, W], and the drift [2, H, W] if it is painted."""

    picture: np.ndarray
    shares: np.ndarray
    drift: np.ndarray | None


def scaled_rig(rig: Rig, scale: float) -> Rig:
    """Shrink a rig: all of its maps, and its joints with them."""
    if scale == 1:
        return rig
    height, width = (round(side * scale) for side in rig.image.shape[:2])
    size = (width, height)
    parts = cv2.resize(rig.parts.transpose(1, 2, 0), size, interpolation=cv2.INTER_AREA).transpose(2, 0, 1)
    return replace(
        rig,
        image=cv2.resize(rig.image, size, interpolation=cv2.INTER_AREA),
        parts=np.ascontiguousarray(parts),
        pose=rig.pose.on_canvas(Size(height, width)),
        plate=cv2.resize(rig.plate, size, interpolation=cv2.INTER_AREA),
        unaided=None,
    )


def joints_of(poses: PoseSequence, frame: int) -> Joints:
    """Take one frame's body joints out of a pose sequence; those it is unsure of count as not seen.

    A key point at 10.0 is where pixel 10 begins, so that it scales with its canvas; pixels are moved by their
    centres.
    """
    places = poses.keypoints[frame, :NUM_JOINTS].astype(np.float64) - 0.5
    return Joints(places, poses.scores[frame, :NUM_JOINTS] > 0.3)


def _channels(picture: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] to float32 [3, H, W] in 0..1."""
    return picture.transpose(2, 0, 1).astype(np.float32) / 255


def _shown(shares: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Shares [P, H, W] and a picture [H, W, 3] as the network sees them: float32 [P + 3, h, w] in -1..1."""
    return np.concatenate([_cells(shares), _cells(_channels(picture))]) * 2 - 1


def _cells(maps: np.ndarray) -> np.ndarray:
    """Average over cells: float32 [C, H, W] to [C, h, w]."""
    channels, height, width = maps.shape
    blocks = maps.reshape(channels, height // NETWORK_CELL, NETWORK_CELL, width // NETWORK_CELL, NETWORK_CELL)
    return blocks.mean((2, 4), dtype=np.float32)


def _enlarged(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """[C, h, w] to [C, H, W], smoothly."""
    whole = cv2.resize(maps.transpose(1, 2, 0), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(whole.transpose(2, 0, 1))


def _held_together(shares: np.ndarray, rigid: np.ndarray) -> np.ndarray:
    """Corrected shares [P, H, W] without what they tear off: scraps are dropped, limbs are as they were."""
    pieces, sizes = _pieces(shares)
    extra = np.argsort(-sizes, kind="stable")[np.count_nonzero(_pieces(rigid)[1] > _CRUMB) :]
    if (sizes[extra] > _SCRAP).any():
        return rigid
    torn = np.isin(pieces, 1 + extra)
    shares[:, torn] = 0
    shares[0, torn] = 1
    return shares


def _pieces(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Connected pieces of the character: int [H, W], 0 is none, and each one's part of the picture [N]."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats((shares[0] < 0.5).astype(np.uint8))
    return pieces, stats[1:, cv2.CC_STAT_AREA] / pieces.size


def _decided(shares: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Correct the shares and give each corrected pixel to one part, [P, H, W]."""
    touched = np.abs(gain).max(0) > _UNTOUCHED
    rows, columns = np.nonzero(touched)
    corrected = (shares[:, rows, columns] + gain[:, rows, columns]) * _SHARPNESS
    weights = np.exp(corrected - corrected.max(0))
    result = shares.copy()
    result[:, rows, columns] = weights / weights.sum(0)
    return result
