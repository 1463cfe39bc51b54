"""Which generated video belongs to which target, and the frames of one such pair."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from animatex.bench.results import RunFacts, read_run_facts
from animatex.bench.suite import SETTINGS, SUITE_FILE, BenchCase, Setting, load_suite
from animatex.errors import InputError
from animatex.metrics.pixel import SSIM_WINDOW, match_size
from animatex.video.frames import FrameSequence, Size
from animatex.video.image import is_image
from animatex.video.reader import list_pictures, probe, read_video

COMPANIONS = frozenset((".yaml", ".yml", ".json", ".jsonl", ".csv", ".txt", ".md", ".npz", ".html", ".log"))
"""What lies beside videos without being one: records, captions, poses, scores."""

_CONTENTS = "videos, folders of pictures, or the pictures of one video can be scored."
_SAME_NAMES = "give both sides one entry for each case, with the same name."


@dataclass(frozen=True, slots=True)
class Pair:
    """A generated video and what it should have been.

    Attributes:
        id: Its name.
        generated: Video file, or folder of pictures.
        target: Likewise.
        fps: Frames per second, where a suite or a run says so; None: as the target's file has it.
    """

    id: str
    generated: Path
    target: Path
    fps: float | None


@dataclass(frozen=True, slots=True)
class Pairs:
    """All that belongs together.

    Attributes:
        pairs: In the order of their names.
        left_out: Cases of a suite that have no result, where that was allowed.
        provenance: How the generated videos were made, as their `run.json` says.
    """

    pairs: tuple[Pair, ...]
    left_out: tuple[str, ...]
    provenance: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class FramePair:
    """The frames of a pair.

    Attributes:
        id: Its name.
        generated: As many frames as the target, of the same size.
        target: The target's frames.
        numbers: Numbers of the frames, ascending; gaps where the pictures' names have them.
    """

    id: str
    generated: FrameSequence
    target: FrameSequence
    numbers: tuple[int, ...]

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.target)


def find_pairs(
    generated: Path, target: Path, setting: Setting | None = None, *, partial: bool = False
) -> Pairs:
    """Match generated videos and targets by their names.

    Args:
        generated: A video; or a folder of videos, of folders of pictures, or of one video's pictures.
        target: Likewise, or a suite, whose cases name the targets.
        setting: Of a suite, only its cases of this setting; None: those of the setting that the results'
            `run.json` names, or all.
        partial: Cases of a suite may be without a result.

    Raises:
        ConfigError: The suite cannot be read.
        InputError: Something is missing, left over, or of another kind on the other side, and named.
    """
    facts = read_run_facts(generated)
    if (target / SUITE_FILE).is_file() or target.name == SUITE_FILE:
        made_for = next((name for name in SETTINGS if name == facts.provenance.get("setting")), None)
        return _pairs_of_suite(generated, target, setting or made_for, partial, facts)
    if setting is not None or partial:
        flag = f"--setting {setting}" if setting is not None else "--partial"
        raise InputError(f"{flag}: {target} is no suite", hint=f"name a folder with {SUITE_FILE}.")
    mine, theirs = _entries(generated), _entries(target)
    if isinstance(mine, Path) and isinstance(theirs, Path):
        pair = Pair(generated.resolve().stem, mine, theirs, facts.fps)
        return Pairs((pair,), (), facts.provenance)
    if isinstance(mine, Path) or isinstance(theirs, Path):
        one, many = (generated, target) if isinstance(mine, Path) else (target, generated)
        raise InputError(f"{one} is one video and {many} a folder of videos", hint=_SAME_NAMES)
    _check_names(generated, mine, target, theirs)
    pairs = (Pair(id, mine[id], theirs[id], facts.fps) for id in sorted(mine))
    return Pairs(tuple(pairs), (), facts.provenance)


def read_pair(pair: Pair, size: Size | None = None) -> FramePair:
    """Read both videos of a pair.

    Args:
        pair: Which.
        size: Both are brought to it; None: they have to be of the same size.

    Raises:
        InputError: A video cannot be read, or the two do not match; the message names the pair.
    """
    try:
        mine, theirs = (_read(path, pair.fps, size) for path in (pair.generated, pair.target))
        found = FramePair(pair.id, mine, theirs, _numbers(pair))
        _check_match(found)
    except InputError as error:
        raise InputError(f"pair {pair.id}: {error.message}", hint=error.hint) from error
    return found


def is_compressed(path: Path) -> bool:
    """Tell whether a video has lost something to a codec, by its being a file rather than pictures."""
    return path.is_file()


def _pairs_of_suite(
    generated: Path, suite: Path, setting: Setting | None, partial: bool, facts: RunFacts
) -> Pairs:
    cases, entries = _suite_cases(suite, setting), _entries(generated)
    if isinstance(entries, Path):
        raise InputError(f"{generated} is one video and {suite} a suite of {len(cases)}", hint=_SAME_NAMES)
    left_out = tuple(sorted(set(cases) - set(entries))) if partial else ()
    targets = {
        id: case.target for id, case in cases.items() if case.target is not None and id not in left_out
    }
    if not targets:
        raise InputError(f"{generated} has no result of {suite}", hint="animatex bench run makes them.")
    _check_names(generated, entries, suite, targets)
    pairs = (Pair(id, entries[id], targets[id], cases[id].fps) for id in sorted(targets))
    return Pairs(tuple(pairs), left_out, facts.provenance)


def _suite_cases(path: Path, setting: Setting | None) -> Mapping[str, BenchCase]:
    suite = load_suite(path)
    cases = (suite if setting is None else suite.of(setting)).cases
    for case in cases:
        if case.target is None:
            raise InputError(
                f"{path}, case {case.id}: it has no target, so nothing can be compared with it",
                hint="--setting chooses cases that have one.",
            )
    return {case.id: case for case in cases}


def _entries(path: Path) -> Path | dict[str, Path]:
    """Give the one video that this is, or the videos in it by name."""
    if not path.exists():
        raise InputError(f"{path} does not exist")
    if not path.is_dir():
        return path
    media = _media(path)
    pictures = [entry for entry in media if entry.is_file() and is_image(entry)]
    if not media:
        raise InputError(f"{path} is a folder without videos and pictures", hint=_CONTENTS)
    if len(pictures) == len(media):
        return path
    if pictures:
        other = next(entry for entry in media if entry not in pictures)
        raise InputError(f"{path} holds both {pictures[0].name} and {other.name}", hint=_CONTENTS)
    entries: dict[str, Path] = {}
    for entry in media:
        id = entry.name if entry.is_dir() else entry.stem
        if id in entries:
            raise InputError(
                f"{path} has two entries for '{id}': {entries[id].name} and {entry.name}", hint=_SAME_NAMES
            )
        entries[id] = entry
    return entries


def _media(folder: Path) -> list[Path]:
    visible = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    return [entry for entry in visible if entry.is_dir() or entry.suffix.lower() not in COMPANIONS]


def _check_names(generated: Path, mine: Mapping[str, Path], target: Path, theirs: Mapping[str, Path]) -> None:
    for left, names, right, others in ((target, theirs, generated, mine), (generated, mine, target, theirs)):
        lost = sorted(set(names) - set(others))
        if lost:
            more = f", nor have {len(lost) - 1} others" if len(lost) > 1 else ""
            raise InputError(f"'{lost[0]}' of {left} has no counterpart in {right}{more}", hint=_SAME_NAMES)


def _read(path: Path, fps: float | None, size: Size | None) -> FrameSequence:
    if path.is_dir():
        strange = set(_media(path)) - set(list_pictures(path))
        if strange:
            raise InputError(
                f"{min(strange)} is not a picture", hint="copy or export it again, or remove it."
            )
    # A folder of pictures has no rate of its own, so what a suite says is not contradicted.
    frames = read_video(path, fps=fps if path.is_dir() else None)
    if size is None or frames.size == size:
        return frames
    return FrameSequence(np.stack([match_size(frame, size) for frame in frames.frames]), frames.fps)


def _check_match(pair: FramePair) -> None:
    mine, theirs = pair.generated, pair.target
    if len(mine) != len(theirs):
        raise InputError(
            f"{len(mine)} generated frames and {len(theirs)} target frames",
            hint="cut them to the same frames; which ones belong together is not guessed.",
        )
    if mine.size != theirs.size:
        raise InputError(
            f"generated frames of {mine.size} pixels and target frames of {theirs.size}",
            hint=f"--size {str(theirs.size)} brings both to one size.",
        )
    if min(theirs.size) < SSIM_WINDOW:
        raise InputError(f"frames of {theirs.size} pixels; needs at least {SSIM_WINDOW} on each side")


def _numbers(pair: Pair) -> tuple[int, ...]:
    """Number the frames as the pictures' names do, and make sure that both sides do it alike."""
    named = [_picture_numbers(path) for path in (pair.generated, pair.target) if path.is_dir()]
    if not named:
        return tuple(range(probe(pair.target).num_frames))
    first = named[0]
    for other in named[1:]:
        steps = ([number - numbers[0] for number in numbers] for numbers in (first, other))
        for place, (mine, theirs) in enumerate(zip(*steps, strict=False)):
            if mine != theirs:
                names = (list_pictures(path)[place].name for path in (pair.generated, pair.target))
                raise InputError(
                    f"frame {place} is {' and '.join(names)}, which do not count alike",
                    hint="one side lacks a picture, or its pictures are numbered in another way.",
                )
    return tuple(first)


def _picture_numbers(folder: Path) -> list[int]:
    pictures = list_pictures(folder)
    parts = [re.fullmatch(r"(.*?)(\d+)\D*", picture.stem) for picture in pictures]
    if any(part is None for part in parts):
        return list(range(len(pictures)))
    found = [(part[1], int(part[2])) for part in parts if part is not None]
    for picture, (prefix, _) in zip(pictures, found, strict=True):
        if prefix != found[0][0]:
            raise InputError(
                f"{folder} holds the pictures of several videos: {pictures[0].name} and {picture.name}",
                hint="give each video a folder of its own.",
            )
    return [number for _, number in found]
