"""What an ablation has measured, and what can be said of it: means, spreads, and whether claims hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Literal

from animatex.bench.documents import read_document, write_document
from animatex.bench.scores import Better
from animatex.config.ablate import AblateClaim, Bodies, Place

FORMAT = "animatex-ablation/1"

_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Quantiles 0.975 of Student's t with 1 to 10 degrees of freedom; with more the last is a little too wide."""

Verdict = Literal["holds", "the opposite", "within the spread", "one seed", "not measured"]


@dataclass(frozen=True, slots=True)
class Value:
    """One metric of one trained row.

    Attributes:
        metric: Its name: "psnr_star", or "latent_error".
        title: Its name in tables.
        better: Which direction is better.
        bodies: On whose body the driving poses were.
        value: None where it could not be computed, and then `reason` says why.
        reason: None where there is a value.
    """

    metric: str
    title: str
    better: Better
    bodies: Bodies
    value: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Trained:
    """A row, trained with one seed and measured.

    Attributes:
        row: Its name.
        seed: Of its training.
        shown_in: Tables that it is in.
        lambda_: How often its training transformed poses.
        alpha: Weight of its Implicit Pose Indicator; None without one.
        settings: SHA-256 of all settings and weights that made these values, in hexadecimal.
        steps: Of its training.
        seconds: That these took.
        loss: Mean of the last hundred steps, or of as many as there were.
        values: What was measured.
    """

    row: str
    seed: int
    shown_in: tuple[Place, ...]
    lambda_: float
    alpha: float | None
    settings: str
    steps: int
    seconds: float
    loss: float
    values: tuple[Value, ...]

    def value(self, metric: str, bodies: Bodies) -> float | None:
        """Look up one metric; None where there is no value."""
        for value in self.values:
            if (value.metric, value.bodies) == (metric, bodies):
                return value.value
        return None


@dataclass(frozen=True, slots=True)
class Ablation:
    """All that an ablation has come to.

    Attributes:
        preset: As the user named it.
        steps: Of each row's training.
        batch: Clips a step.
        suite: On which videos were made: name, version and hash.
        clips: On how many clips the networks alone were measured.
        wanted: How many trainings the preset asks for.
        versions: Package → version.
        machine: Operating system and processor.
        trained: What is finished.
    """

    preset: str
    steps: int
    batch: int
    suite: str
    clips: int
    wanted: int
    versions: Mapping[str, str]
    machine: str
    trained: tuple[Trained, ...]

    def rows(self, place: Place) -> tuple[str, ...]:
        """Name the rows of a table that have values, in the order of training."""
        return tuple(dict.fromkeys(one.row for one in self.trained if place in one.shown_in))

    def of(self, row: str) -> tuple[Trained, ...]:
        """Give all trainings of a row."""
        return tuple(one for one in self.trained if one.row == row)


@dataclass(frozen=True, slots=True)
class Spread:
    """A quantity over seeds.

    Attributes:
        mean: Over seeds.
        deviation: Sample standard deviation; None with one seed.
        count: Number of seeds.
    """

    mean: float
    deviation: float | None
    count: int

    @property
    def reach(self) -> float | None:
        """Half of the 95 % interval of the mean, by Student's t; None with one seed."""
        if self.deviation is None:
            return None
        return _STUDENT[min(self.count - 1, len(_STUDENT)) - 1] * self.deviation / sqrt(self.count)


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim about two rows, and what was measured.

    Attributes:
        claim: The sentence.
        bodies: On whose body the poses were.
        better: The row that should be better.
        worse: The other.
        gain: By how much it was better, seed by seed; None where no seed has both.
        verdict: Whether it holds.
    """

    claim: str
    bodies: Bodies
    better: str
    worse: str
    gain: Spread | None
    verdict: Verdict


def spread(values: Sequence[float]) -> Spread | None:
    """Sum values of different seeds up; None of none."""
    if not values:
        return None
    return Spread(fmean(values), stdev(values) if len(values) > 1 else None, len(values))


def spread_of(ablation: Ablation, row: str, metric: str, bodies: Bodies) -> Spread | None:
    """Sum a metric of a row up over its seeds."""
    found = (one.value(metric, bodies) for one in ablation.of(row))
    return spread([value for value in found if value is not None])


def judge(ablation: Ablation, claims: Sequence[AblateClaim], metric: str) -> tuple[Judged, ...]:
    """Compare the rows that claims speak of, seed by seed.

    A claim holds where the 95 % interval of the gain is above 0, and its opposite where it is below.
    """
    judged = []
    for claim in claims:
        for better, worse in product(claim.better, claim.than):
            gain = spread(_gains(ablation, better, worse, metric, claim.bodies))
            judged.append(Judged(claim.text, claim.bodies, better, worse, gain, verdict(gain)))
    return tuple(judged)


def verdict(gain: Spread | None) -> Verdict:
    """Say what a gain proves."""
    if gain is None:
        return "not measured"
    if gain.reach is None:
        return "one seed"
    if abs(gain.mean) <= gain.reach:
        return "within the spread"
    return "holds" if gain.mean > 0 else "the opposite"


def _gains(ablation: Ablation, better: str, worse: str, metric: str, bodies: Bodies) -> list[float]:
    others = {one.seed: one.value(metric, bodies) for one in ablation.of(worse)}
    lower = any(v.better == "lower" for one in ablation.trained for v in one.values if v.metric == metric)
    gains = []
    for one in ablation.of(better):
        mine, theirs = one.value(metric, bodies), others.get(one.seed)
        if mine is not None and theirs is not None:
            gains.append(theirs - mine if lower else mine - theirs)
    return gains


def write_ablation(path: Path, ablation: Ablation) -> None:
    """Write what was measured; an existing file is replaced, and never half written.

    Raises:
        InputError: The file cannot be written.
    """
    write_document(path, FORMAT, ablation)


def read_ablation(path: Path) -> Ablation:
    """Read what `write_ablation` wrote.

    Raises:
        InputError: The file is missing, not such a file, of another version, or damaged.
    """
    return read_document(path, FORMAT, Ablation, what="ablation", again="animatex bench ablate writes it.")
