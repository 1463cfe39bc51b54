"""The open A²Bench: procedural characters of the paper's kinds, people who drive them, and what is true.

Every picture is rendered from a seed, so the suite is made wherever it is needed instead of downloaded, and
the hash over its decoded pictures says whether it came out the same.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from animatex.bench.digest import case_digests, suite_digest
from animatex.bench.suite import SETTINGS, SUITE_FILE, BenchCase, Suite, load_suite, write_suite
from animatex.checkpoints.catalogue import show_size
from animatex.epi.realign import realign
from animatex.errors import ConfigError, InputError
from animatex.files import in_words
from animatex.pose.io import write_poses
from animatex.pose.sequence import PoseSequence
from animatex.progress import Progress, silent
from animatex.provenance.marks import DRAWN
from animatex.synthetic.character import Family
from animatex.synthetic.clips import SyntheticClip, character_of, clip
from animatex.video.frames import Size
from animatex.video.image import write_png
from animatex.video.reader import probe
from animatex.video.writer import write_video

NAME, VERSION = "open-a2bench", "2"
FPS = 8.0
"""Frames per second of all clips."""

Split = Literal["test", "all"]

PUBLISHED: dict[tuple[Split, Size, int], str] = {
    ("test", Size(384, 256), 16): "43810f4e6925e871315fba2375c1a7adca2e8599879aee1c00e7a876632e903a",
}
"""Hash of the whole suite by split, size and number of frames."""

FIRST_CHARACTER, FIRST_DRIVER = 910_000_000, 920_000_000
"""Seeds. Training begins at 1,000,000 and never gets near; tuning used 900,000,000 to 900,001,100."""

_EVERY = 5
_SIDES = range(48, 2049)
_BYTES_PER_PIXEL = 0.95
_PRECISION = 256


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of characters.

    Attributes:
        name: As in the paper.
        family: Of the procedural world.
        count: How many there are in all splits together.
        unfit: Words of captions that say that a character of the family is none of this kind.
    """

    name: str
    family: Family
    count: int
    unfit: tuple[str, ...] = ()


KINDS = (
    Kind("plant", "plant", 125, unfit=("carrot", "pear")),
    Kind("animal", "beast", 125),
    Kind("food", "food", 125),
    Kind("furniture", "furniture", 125, unfit=("can", "carton", "cone", "cup", "ghost", "star")),
    Kind("human", "human", 50),
)
"""The paper's four kinds, 500 characters, and people as control; every fifth is in the test split."""


@dataclass(frozen=True, slots=True)
class BenchCharacter:
    """One character and who drives it.

    Attributes:
        id: Such as "plant-005".
        kind: Its kind.
        seed: What it looks like and how it dances.
        driver: Seed of the person who dances the same.
    """

    id: str
    kind: Kind
    seed: int
    driver: int


@dataclass(frozen=True, slots=True)
class SuiteSpec:
    """What to make.

    Attributes:
        split: "test" for 100 characters and 10 people, "all" for 500 and 50.
        size: Of pictures and videos.
        frames: Of each video; at least 2.
        characters: Only so many of them, kinds taking turns; None: all.

    Raises:
        ConfigError: Pictures of that size are not rendered.
    """

    split: Split
    size: Size
    frames: int
    characters: int | None = None

    def __post_init__(self) -> None:
        if not all(_SIDES.start <= side < _SIDES.stop for side in self.size):
            raise ConfigError(
                f"--size {self.size}: sides are from {_SIDES.start} to {_SIDES.stop - 1} pixels"
            )

    @property
    def count(self) -> int:
        """How many characters that is."""
        return len(_places(self.split, self.characters))

    @property
    def published(self) -> str | None:
        """Hash that the suite should have; None where nobody has said."""
        return PUBLISHED.get((self.split, self.size, self.frames)) if self.characters is None else None


def bench_characters(split: Split, limit: int | None = None) -> tuple[BenchCharacter, ...]:
    """List the characters of a split, or the first of them; the kinds take turns."""
    return tuple(_character(kind, place) for kind, place in _places(split, limit))


def estimated_bytes(spec: SuiteSpec, characters: int) -> int:
    """Say about how much disk space characters take: a reference, a target and a driving video each."""
    pictures = characters * (2 * spec.frames + 1)
    return round(pictures * spec.size.height * spec.size.width * _BYTES_PER_PIXEL)


def make_suite(out: Path, spec: SuiteSpec, progress: Progress = silent) -> Suite:
    """Render what is missing of a suite, and state its hash in `suite.yaml`.

    Args:
        out: Folder; a suite that was begun there is completed.
        spec: What to make.
        progress: Told of each character.

    Raises:
        InputError: The folder holds something else or cannot be written, the disk is too full; or, when all
            is written, the suite is not the published one.
    """
    _check_folder(out)
    characters = bench_characters(spec.split, spec.characters)
    missing = [character for character in characters if not (out / character.id).is_dir()]
    _check_room(out, estimated_bytes(spec, len(missing)))
    cases: list[BenchCase] = []
    progress.start("making characters", len(characters))
    for character in characters:
        folder = out / character.id
        if folder.is_dir():
            _check_alike(folder, spec)
        else:
            _write_character(folder, character, spec)
        made = _cases(folder, character)
        cases += [replace(case, sha256=digest) for case, digest in zip(made, case_digests(made), strict=True)]
        progress.advance()
    progress.done()
    suite = Suite(NAME, VERSION, spec.split, suite_digest(cases), tuple(cases))
    write_suite(out, suite)
    if spec.published not in (None, suite.sha256):
        raise InputError(
            f"{out} has the hash {suite.sha256}, not the published {spec.published}: "
            "some pictures came out differently here",
            hint="another processor or version of OpenCV can do that; name this hash with every number.",
        )
    return suite


def render(character: BenchCharacter, spec: SuiteSpec) -> tuple[SyntheticClip, SyntheticClip]:
    """Render a character's dance, and the person who dances the same."""
    own = clip(character.seed, spec.size, spec.frames, FPS, family=character.kind.family, whole=True)
    driver = clip(
        character.driver, spec.size, spec.frames, FPS, family="human", dance_of=character.seed, whole=True
    )
    return own, driver


def on_another_body(own: SyntheticClip, driver: SyntheticClip) -> PoseSequence:
    """Put a character's own poses on the body of the person who drives it, where that person stands."""
    return realign(own.poses, driver.reference.pose(own.frames.fps), move=True)


def _places(split: Split, limit: int | None) -> list[tuple[Kind, int]]:
    """Give kind and number of each character, in order."""
    numbers = range(0, max(kind.count for kind in KINDS), _EVERY if split == "test" else 1)
    return [(kind, number) for number in numbers for kind in KINDS if number < kind.count][:limit]


def _character(kind: Kind, number: int) -> BenchCharacter:
    order = KINDS.index(kind)
    seed = FIRST_CHARACTER + 1_000_000 * order + 1_000 * number
    while any(word in character_of(seed, kind.family).caption.split() for word in kind.unfit):
        seed += 1
    return BenchCharacter(f"{kind.name}-{number:03d}", kind, seed, FIRST_DRIVER + 1_000 * order + number)


def _check_folder(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise InputError(f"{out} is a file; a suite is a folder")
    names = "|".join(kind.name for kind in KINDS)
    for entry in sorted(out.iterdir()):
        if not re.fullmatch(rf"suite\.yaml|\..*|({names})-\d{{3}}", entry.name):
            raise InputError(
                f"{out} holds {entry.name}, which is no part of a suite",
                hint="--out with a folder of its own.",
            )
    if (out / SUITE_FILE).exists():
        there = load_suite(out)
        if (there.name, there.version) != (NAME, VERSION):
            raise InputError(
                f"{out} is {there.name} {there.version}; this animatex makes {NAME} {VERSION}",
                hint="--out with another folder.",
            )


def _check_room(out: Path, needed: int) -> None:
    around = next(folder for folder in (out, *out.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(around).free
    if needed > free:
        raise InputError(
            f"the suite takes about {show_size(needed)}; {around} has {show_size(free)} left",
            hint="fewer --characters, or --out on another disk.",
        )


def _check_alike(folder: Path, spec: SuiteSpec) -> None:
    info = probe(folder / "target")
    if (info.size, info.num_frames) != (spec.size, spec.frames):
        raise InputError(
            f"{folder} holds {info.num_frames} frames of {info.size}, not {spec.frames} of {spec.size}",
            hint="--out with another folder, or the same --size and --frames as before.",
        )


def _write_character(folder: Path, character: BenchCharacter, spec: SuiteSpec) -> None:
    own, driver = render(character, spec)
    beside = folder.with_name(f".{folder.name}.part")
    with in_words(folder):
        shutil.rmtree(beside, ignore_errors=True)
        try:
            beside.mkdir(parents=True)
            write_png(beside / "reference.png", own.reference.image, DRAWN)
            write_video(beside / "target", own.frames, marks=DRAWN)
            write_video(beside / "driver", driver.frames, marks=DRAWN)
            for name, poses in (
                ("reference", own.reference.pose(FPS)),
                ("target", own.poses),
                ("rescaled", on_another_body(own, driver)),
                ("driver", driver.poses),
            ):
                write_poses(_rounded(poses), beside / f"{name}.npz")
            beside.rename(folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _rounded(poses: PoseSequence) -> PoseSequence:
    """Cut off digits in which processors differ."""
    return poses.moved(np.round(poses.keypoints * _PRECISION) / _PRECISION)


def _cases(folder: Path, character: BenchCharacter) -> list[BenchCase]:
    driving = {
        "self": ("target", "target"),
        "rescaled": ("target", "rescaled"),
        "cross": ("driver", "driver"),
    }
    return [
        BenchCase(
            id=f"{character.id}-{setting}",
            kind=character.kind.name,
            setting=setting,
            reference=folder / "reference.png",
            reference_poses=folder / "reference.npz",
            driving=folder / driving[setting][0],
            driving_poses=folder / f"{driving[setting][1]}.npz",
            target=folder / "target",
            fps=FPS,
            seed=character.seed,
            sha256=None,
        )
        for setting in SETTINGS
    ]
