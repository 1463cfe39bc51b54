"""Training the retargeting network: poses of people, and of characters that dance the same."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from animatex.checkpoints.store import halved, save_weights
from animatex.config.run import RetargetConfig, RetargetStage
from animatex.pose import skeleton as sk
from animatex.pose.proportions import torso_length
from animatex.pose.retarget import retarget
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import BODY
from animatex.retargeting.network import RetargetNetwork
from animatex.retargeting.observation import MIRRORED_JOINTS, NUM_JOINTS, mirrored, observe
from animatex.runtime import Runtime
from animatex.synthetic.clips import SyntheticPerformance, performance
from animatex.training.loader import rendered
from animatex.training.task import StepResult
from animatex.video.frames import Size

_HEIGHT = 384
_RATIOS = (2 / 3, 2 / 3, 2 / 3, 1.0, 3 / 2)
"""Height in pixels, and width by height of the pictures: most are portraits. Nothing is painted."""

_CLIPS = ((6, 8.0), (8, 8.0), (16, 12.0), (32, 12.0), (64, 10.0))
"""Frames, and frames a second: from gestures to whole figures of a dance."""

_ESTIMATED, _READ = 0.5, 0.5
"""How often the performer is as an estimator sees people, and the character as the rig network reads it."""

_TREMBLING, _BESIDE, _MISREAD = 0.02, 0.02, 0.05
"""The most that a performer's joints err in each frame, and in all of them, and a character's, as standard
deviations in torso lengths."""

_MISJUDGED = 0.05
"""How often a head and body that are one block are taken for two, or two for one."""

_CUT_OFF, _FLICKERING, _OVERLOOKED = 0.2, 0.3, 0.3
"""How often a video does not show a performer's legs, an estimator loses joints in single frames, and a
network overlooks joints of a character."""

_LOSSES = ((sk.RIGHT_KNEE, sk.RIGHT_ANKLE, sk.LEFT_KNEE, sk.LEFT_ANKLE), (sk.RIGHT_ANKLE, sk.LEFT_ANKLE))
_LIMBS = (
    (sk.RIGHT_SHOULDER, sk.RIGHT_ELBOW), (sk.RIGHT_ELBOW, sk.RIGHT_WRIST),
    (sk.LEFT_SHOULDER, sk.LEFT_ELBOW), (sk.LEFT_ELBOW, sk.LEFT_WRIST),
    (sk.RIGHT_HIP, sk.RIGHT_KNEE), (sk.RIGHT_KNEE, sk.RIGHT_ANKLE),
    (sk.LEFT_HIP, sk.LEFT_KNEE), (sk.LEFT_KNEE, sk.LEFT_ANKLE),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class RetargetSample:
    """One performance as the network sees it, and where the character has its joints; float16 to keep many.

    Attributes:
        frames: `Observation.frames`, float16 [F, 110].
        clip: `Observation.clip`, float16 [59].
        shifts: From the measured joints to the true ones, torso lengths, float16 [F, 18, 2].
        known: Where both are in the picture, bool [F, 18].
    """

    frames: np.ndarray
    clip: np.ndarray
    shifts: np.ndarray
    known: np.ndarray


@dataclass(frozen=True, slots=True)
class MakeRetargetSample:
    """Sample number → performance; picklable, so that workers can call it.

    Attributes:
        seed: First character.
        frames: Of each performance.
        config: How it is measured.
    """

    seed: int
    frames: int
    config: RetargetConfig

    def __call__(self, index: int) -> RetargetSample:
        """Make a performance; every other one is mirrored."""
        rng = np.random.default_rng([self.seed, index])
        count, fps = _CLIPS[rng.integers(len(_CLIPS))]
        size = Size(_HEIGHT, round(_HEIGHT * _RATIOS[rng.integers(len(_RATIOS))]))
        made = performance(self.seed + index, size, count, fps)
        performer = as_estimated(made.driver_poses, rng) if rng.random() < _ESTIMATED else made.driver_poses
        character, truth = misread(made, rng) if rng.random() < _READ else (made.reference, made.poses)
        neckless = (made.body.stiff == 1) != (rng.random() < _MISJUDGED)
        sample = self._observed(performer, character, truth, neckless=neckless, mirror=index % 2 == 1)
        return _some_frames(sample, self.frames, rng)

    def _observed(
        self,
        performer: PoseSequence,
        character: PoseSequence,
        truth: PoseSequence,
        *,
        neckless: bool,
        mirror: bool,
    ) -> RetargetSample:
        moved = retarget(performer, character, self.config, neckless=neckless)
        observation, scale = observe(performer, character, moved, neckless=neckless)
        places = truth.keypoints[:, BODY]
        known = (truth.scores[:, BODY] > 0) & (moved.scores[:, BODY] > 0)
        known &= ((places >= 0) & (places < (truth.canvas.width, truth.canvas.height))).all(axis=2)
        shifts = (places - moved.keypoints[:, BODY]) / scale * known[..., None]
        if mirror:
            observation, shifts, known = observation.mirrored(), mirrored(shifts), known[:, MIRRORED_JOINTS]
        frames, clip = observation.frames.astype(np.float16), observation.clip.astype(np.float16)
        return RetargetSample(frames, clip, shifts.astype(np.float16), known)


class RetargetTask:
    """The retargeting stage of a recipe; see `training.task.Task`."""

    def __init__(self, stage: RetargetStage, runtime: Runtime) -> None:
        self.network = RetargetNetwork(stage.network)
        self._stage = stage
        self._device = runtime.device
        self._made: dict[int, RetargetSample] = {}

    def batches(self, numbers: Iterable[int]) -> Generator[list[RetargetSample], None, None]:
        """Take the performances of the batches with these numbers, and make those that are not there yet."""
        data, numbers = self._stage.data, list(numbers)
        make = MakeRetargetSample(data.seed, data.frames, self._stage.retarget)
        with closing(rendered(make, self._missing(numbers), data.workers)) as made:
            for number in numbers:
                for index in self._indices(number):
                    if index not in self._made:
                        self._made[index] = next(made)
                yield [self._made[index] for index in self._indices(number)]

    def _indices(self, number: int) -> list[int]:
        """Which performances a batch consists of."""
        first = number * self._stage.batch
        return [(first + item) % self._stage.data.performances for item in range(self._stage.batch)]

    def _missing(self, numbers: Iterable[int]) -> Iterator[int]:
        """Which performances have to be made for these batches, in the order in which they are needed."""
        there = set(self._made)
        for number in numbers:
            for index in self._indices(number):
                if index not in there:
                    there.add(index)
                    yield index

    def loss(self, network: nn.Module, batch: list[RetargetSample], rng: torch.Generator) -> StepResult:
        """Measure how far the corrected joints are from the true ones; the stream is not needed."""
        frames, clip, shifts, known = (
            torch.from_numpy(np.stack(arrays)).to(self._device).float()
            for arrays in zip(*((s.frames, s.clip, s.shifts, s.known) for s in batch), strict=True)
        )
        count = known.sum().clamp_min(1)
        # Distances, not their squares: a few performances cannot be known and would decide everything.
        away = ((network(frames, clip).float() - shifts).square().sum(3) + 1e-6).sqrt()
        loss = (away * known).sum() / count
        measured = (shifts.norm(dim=3) * known).sum() / count
        return StepResult(loss, {"joint_error": loss.detach(), "measured": measured})

    def save(self, weights: Mapping[str, Tensor], path: Path) -> None:
        """Write the retargeting network's file, in half precision."""
        save_weights(path, halved(weights), kind="retarget", config=self._stage.network)


def as_estimated(poses: PoseSequence, rng: np.random.Generator) -> PoseSequence:
    """Show a performer as an estimator of people does: trembling, a little off, and not always whole."""
    torso = torso_length(poses)
    joints = poses.keypoints[:, BODY]
    error = rng.normal(size=joints.shape) * rng.uniform(0, _TREMBLING)
    error += rng.normal(size=joints.shape[1:]) * rng.uniform(0, _BESIDE)
    scores = poses.scores.copy()
    if rng.random() < _CUT_OFF:
        scores[:, list(_LOSSES[rng.integers(len(_LOSSES))])] = 0
    if rng.random() < _FLICKERING:
        scores[:, BODY] *= rng.random(joints.shape[:2]) > rng.uniform(0, 0.08)
    return replace(poses, keypoints=_with_body(poses, joints + torso * error), scores=scores)


def misread(made: SyntheticPerformance, rng: np.random.Generator) -> tuple[PoseSequence, PoseSequence]:
    """Show a character's joints as a network reads them off its picture, and the truth in the same terms.

    A joint that is found beside its place is another point of the same limb. That point is what moves, so the
    error turns with the limb.
    """
    reference, truth = made.reference, made.poses
    error = rng.normal(size=(NUM_JOINTS, 2)) * rng.uniform(0, _MISREAD) * torso_length(truth)
    carried = np.repeat(error[None], len(truth), 0)
    for start, end in _LIMBS:
        turn = _angles(truth, start, end) - _angles(reference, start, end)
        x, y = error[end]
        carried[:, end, 0] = np.cos(turn) * x - np.sin(turn) * y
        carried[:, end, 1] = np.sin(turn) * x + np.cos(turn) * y
    scores = reference.scores.copy()
    if rng.random() < _OVERLOOKED:
        scores[:, BODY] *= rng.random(NUM_JOINTS) > rng.uniform(0, 0.15)
    found = replace(reference, keypoints=_with_body(reference, reference.keypoints[:, BODY] + error))
    moved = truth.moved(_with_body(truth, truth.keypoints[:, BODY] + carried))
    return replace(found, scores=scores), moved


def _angles(poses: PoseSequence, start: int, end: int) -> np.ndarray:
    """Direction of a limb in each frame, radians [F]."""
    x, y = (poses.keypoints[:, end] - poses.keypoints[:, start]).T
    angles: np.ndarray = np.arctan2(y, x)
    return angles


def _with_body(poses: PoseSequence, joints: np.ndarray) -> np.ndarray:
    """All key points, with the body's at other places [F, 18, 2]."""
    keypoints = poses.keypoints.copy()
    keypoints[:, BODY] = joints
    return keypoints


def _some_frames(sample: RetargetSample, count: int, rng: np.random.Generator) -> RetargetSample:
    """Look at `count` frames: some of a long clip, those of a short one more than once."""
    total = len(sample.frames)
    some = (
        np.sort(rng.choice(total, count, replace=False))
        if total > count
        else np.arange(count) * total // count
    )
    return RetargetSample(sample.frames[some], sample.clip, sample.shifts[some], sample.known[some])
