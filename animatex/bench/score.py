"""Scoring: pairs of videos in, one pair in memory at a time; values of the set, and of every case, out."""

from __future__ import annotations

import csv
import platform
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from animatex.bench.catalogue import Metric
from animatex.bench.features import FeatureStore
from animatex.bench.instruments import Instruments
from animatex.bench.pairs import FramePair, Pair, Pairs, is_compressed, read_pair
from animatex.bench.scores import CaseScores, Counts, Environment, Interval, Score, Scores
from animatex.errors import InputError
from animatex.files import replacing
from animatex.metrics.frechet import frechet_distance, moments_of
from animatex.metrics.kernel import kernel_distance
from animatex.progress import Progress, silent
from animatex.record import versions
from animatex.video.frames import Size

LEVEL = 0.95
"""Share of the resampled values that an interval holds."""

_SEED = 20240410
_BIASED = "interval biased upwards: a resampled set holds some videos twice"
_MINI = "seen by the embedded model's own small picture encoder: comparable with itself alone"
_OF_CLIPS = frozenset(("resnet", "i3d", "mini_clips"))
_OF_VIDEOS = frozenset(("resnet_files", "i3d_files"))


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """What shall be scored, and how.

    Attributes:
        generated: As the user named it.
        target: Likewise.
        pairs: From `find_pairs`.
        size: Frames are compared at this size; None: at their own.
        resamples: Sets of videos drawn for an interval; 0 for no intervals.
        frames_csv: Where every frame's values go; None for nowhere.
    """

    generated: Path
    target: Path
    pairs: Pairs
    size: Size | None
    resamples: int
    frames_csv: Path | None


def score_videos(request: ScoreRequest, instruments: Instruments, progress: Progress = silent) -> Scores:
    """Score pairs of videos.

    Args:
        request: What, and how.
        instruments: From `open_instruments`.
        progress: Told about every pair.

    Raises:
        InputError: A pair cannot be read or does not match, or its features are not finite; the message
            names it.
    """
    frame_metrics = [m.name for m in instruments.metrics if m.features is None]
    computed = [name for name in frame_metrics if name not in instruments.missing]
    sets = {m.features for m in instruments.metrics if m.features and m.name not in instruments.missing}
    cases: list[CaseScores] = []
    sums = _Sums(computed)
    with tempfile.TemporaryDirectory() as folder, _frame_table(request.frames_csv, computed) as write:
        stores = _Stores(Path(folder))
        progress.start("scoring", len(request.pairs.pairs))
        for pair in request.pairs.pairs:
            frames = read_pair(pair, request.size)
            values = {name: v for meter in instruments.meters for name, v in meter(frames).items()}
            write(frames, values)
            cases.append(_case(pair, frames, sums.add(values)))
            for extractor in instruments.extractors:
                for side, video in (("generated", frames.generated), ("target", frames.target)):
                    for name, rows in extractor(video.frames, frames.numbers).items():
                        if name in sets:
                            stores.add(side, name, rows, pair.id)
            progress.advance()
        progress.done()
        frame_count = sum(case.frames for case in cases)
        progress.start("comparing", len(instruments.metrics))
        scores = []
        for metric in instruments.metrics:
            counts = Counts(frame_count, 0, len(cases))
            if metric.name in instruments.missing:
                scores.append(_score(metric, instruments, counts, None, instruments.missing[metric.name]))
            elif metric.features is None:
                scores.append(_frame_score(metric, instruments, counts, sums, request.resamples))
            else:
                scores.append(_set_score(metric, instruments, counts, stores, request.resamples))
            progress.advance()
        progress.done()
    return Scores(
        generated=str(request.generated),
        target=str(request.target),
        provenance=dict(request.pairs.provenance),
        scores=tuple(scores),
        cases=tuple(cases),
        environment=Environment(versions(), f"{platform.system()} {platform.machine()}"),
        notes=tuple(_notes(request)),
    )


class _Sums:
    """For each metric, the sum and the number of values of each video."""

    def __init__(self, metrics: Sequence[str]) -> None:
        self.metrics = tuple(metrics)
        self.sums: dict[str, list[float]] = {name: [] for name in metrics}
        self.counts: dict[str, list[int]] = {name: [] for name in metrics}

    def add(self, values: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Add a video; give its own means, of what it has."""
        means = {}
        for name in self.metrics:
            there = values[name][np.isfinite(values[name])]
            self.sums[name].append(float(there.sum()))
            self.counts[name].append(len(there))
            if len(there):
                means[name] = float(there.mean())
        return means


class _Stores:
    """The features of all videos, on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stores: dict[tuple[str, str], FeatureStore] = {}

    def add(self, side: str, name: str, rows: np.ndarray, pair: str) -> None:
        if not np.isfinite(rows).all():
            raise InputError(
                f"pair {pair}: the features '{name}' of the {side} video are not finite",
                hint="the weights file is damaged, perhaps.",
            )
        store = self._stores.setdefault(
            (side, name), FeatureStore(self._folder / f"{side}-{name}", rows.shape[1])
        )
        store.append(rows)

    def both(self, name: str) -> tuple[FeatureStore, FeatureStore]:
        return self._stores["generated", name], self._stores["target", name]


def _case(pair: Pair, frames: FramePair, means: Mapping[str, float]) -> CaseScores:
    size = frames.target.size
    return CaseScores(pair.id, len(frames), size.height, size.width, frames.target.fps, dict(means))


def _score(
    metric: Metric,
    instruments: Instruments,
    counts: Counts,
    value: float | None,
    reason: str | None,
    interval: Interval | None = None,
    notes: Sequence[str] = (),
) -> Score:
    return Score(
        metric=metric.name,
        title=metric.title,
        value=value,
        reason=reason,
        unit=metric.unit,
        better=metric.better,
        interval=interval,
        protocol=metric.protocol,
        weights=tuple(instruments.weights[name] for name in metric.needs if name in instruments.weights),
        counts=counts,
        notes=tuple(notes),
        estimator=instruments.pose if metric.group == "pose" else None,
    )


def _frame_score(
    metric: Metric, instruments: Instruments, counts: Counts, sums: _Sums, resamples: int
) -> Score:
    """Average over all frames of all videos, as the evaluator does: longer videos weigh more."""
    total, number = (np.array(parts[metric.name]) for parts in (sums.sums, sums.counts))
    frames = counts.frames
    counts = Counts(int(number.sum()), 0, int((number > 0).sum()))
    if counts.frames == 0:
        return _score(metric, instruments, counts, None, _nothing(metric))
    notes = [f"key points by {instruments.pose}"] if metric.group == "pose" else []
    if metric.group == "pose" and counts.frames < frames:
        notes.append(f"{counts.frames} of {frames} frames have key points to compare")

    def mean(videos: np.ndarray) -> float | None:
        return float(total[videos].sum() / number[videos].sum()) if number[videos].any() else None

    everything = np.arange(len(total))
    interval = _interval(mean, len(total), resamples)
    return _score(metric, instruments, counts, mean(everything), None, interval, notes)


def _nothing(metric: Metric) -> str:
    if metric.group == "pose":
        return "unavailable: nobody was found in any frame"
    return "unavailable: needs videos of at least 2 frames"


def _set_score(
    metric: Metric, instruments: Instruments, counts: Counts, stores: _Stores, resamples: int
) -> Score:
    name = metric.features
    assert name is not None
    generated, target = stores.both(name)
    unit = "clips" if name in _OF_CLIPS else "videos" if name in _OF_VIDEOS else "frames"
    clips = generated.rows if name in _OF_CLIPS else 0
    counts = Counts(counts.frames, clips, counts.videos)
    rows, dimensions = generated.rows, generated.dimensions
    if rows < 2:
        return _score(metric, instruments, counts, None, f"too few: {rows} {unit}; at least 2 are needed")
    notes = [_MINI] if metric.group == "mini" else []
    if generated.videos_without_rows:
        notes.append(f"{generated.videos_without_rows} of {counts.videos} videos have no clip of 16 frames")
    if metric.group != "kernel" and rows <= dimensions:
        notes.append(f"too few: {rows} {unit} for {dimensions} dimensions")

    def distance(videos: np.ndarray) -> float | None:
        chosen = [int(video) for video in videos]
        if sum(map(len, generated.read(chosen))) < 2:
            return None
        if metric.group == "kernel":
            return kernel_distance(lambda: generated.read(chosen), lambda: target.read(chosen))
        a, b = (moments_of(store.read(chosen)) for store in (generated, target))
        return frechet_distance(a, b)

    interval = _interval(distance, counts.videos, resamples)
    notes += [_BIASED] if interval else []
    value = distance(np.arange(counts.videos))
    return _score(metric, instruments, counts, value, None, interval, notes)


def _interval(
    statistic: Callable[[np.ndarray], float | None], videos: int, resamples: int
) -> Interval | None:
    """Compute the statistic of sets of as many videos, drawn with repetition."""
    if videos < 2 or resamples < 1:
        return None
    rng = np.random.default_rng(_SEED)
    drawn = (statistic(rng.integers(videos, size=videos)) for _ in range(resamples))
    found = [value for value in drawn if value is not None]
    if not found:
        return None
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high), LEVEL)


def _notes(request: ScoreRequest) -> Iterator[str]:
    if len(request.pairs.pairs) < 2 and request.resamples:
        yield "one video: no intervals, for they come from drawing other sets of videos"
    left_out = request.pairs.left_out
    if left_out:
        more = f" and {len(left_out) - 3} more" if len(left_out) > 3 else ""
        yield f"cases without a result: {', '.join(left_out[:3])}{more}"
    if request.size is not None:
        yield f"frames were brought to {request.size} pixels, bilinear without antialiasing"
    for side, paths in (
        ("generated", [pair.generated for pair in request.pairs.pairs]),
        ("target", [pair.target for pair in request.pairs.pairs]),
    ):
        lossy = sum(is_compressed(path) for path in paths)
        if lossy:
            yield f"{lossy} of {len(paths)} {side} videos are files: what their codec lost is measured too"


@contextmanager
def _frame_table(
    path: Path | None, metrics: Collection[str]
) -> Iterator[Callable[[FramePair, Mapping[str, np.ndarray]], None]]:
    """Open a table with a row for each frame; what is given is written at once."""
    if path is None:
        yield lambda pair, values: None
        return
    with replacing(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "frame", *metrics])

        def write(pair: FramePair, values: Mapping[str, np.ndarray]) -> None:
            for place, number in enumerate(pair.numbers):
                row = (values[name][place] for name in metrics)
                writer.writerow([pair.id, number, *("" if np.isnan(v) else repr(float(v)) for v in row)])

        yield write
