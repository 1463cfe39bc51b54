"""Scores of several methods side by side: refused where they do not compare, else one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from animatex.bench.scores import Better, CaseScores, Score, Scores
from animatex.bench.tables import Cell, Table
from animatex.errors import ConfigError, InputError

_ARROWS: dict[Better, str] = {"higher": " ↑", "lower": " ↓", "neither": ""}

_SAME = ("suite", "setting", "split")
"""What has to be equal of how videos were made, where both files say it."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method's scores.

    Attributes:
        name: As the user calls it.
        path: Where the scores were read.
        scores: What scoring yielded.
    """

    name: str
    path: Path
    scores: Scores

    def score(self, metric: str) -> Score | None:
        """Give one metric; None where it was not computed."""
        return next((score for score in self.scores.scores if score.metric == metric), None)

    def case(self, id: str) -> CaseScores:
        """Give the scores of one case, which is there."""
        return next(case for case in self.scores.cases if case.id == id)


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric over all methods.

    Attributes:
        metric: Its name.
        title: Its name in tables, with an arrow to where it is better, and its unit.
        protocol: Who defined it.
        scores: One for each method; None where it was not computed.
        best: Places of the methods that are best; empty where nobody wins, or only one takes part.
    """

    metric: str
    title: str
    protocol: str
    scores: tuple[Score | None, ...]
    best: frozenset[int]


def check_comparable(methods: Sequence[Method]) -> None:
    """Refuse scores that cannot stand side by side.

    Raises:
        InputError: They are of other suites, settings or cases, or a metric was computed in another way.
    """
    # Every two of them: the first may not say what the others differ in.
    for first, other in combinations(methods, 2):
        for fact in _SAME:
            ours, theirs = (one.scores.provenance.get(fact) for one in (first, other))
            if ours is not None and theirs is not None and ours != theirs:
                raise _unlike(f"{first.path} is of {fact} {ours}, {other.path} of {theirs}")
        _check_cases(first, other)
        for score in other.scores.scores:
            ours_too = first.score(score.metric)
            if ours_too is not None and ours_too.value is not None and score.value is not None:
                _check_metric(first, ours_too, other, score)


def _check_cases(first: Method, other: Method) -> None:
    ours, theirs = ({case.id: case for case in one.scores.cases} for one in (first, other))
    for there, id in ((other, id) for id in ours if id not in theirs):
        raise _unlike(f"{there.path} has no case {id}, which {first.path} has")
    for id in theirs:
        if id not in ours:
            raise _unlike(f"{first.path} has no case {id}, which {other.path} has")
        if _extent(ours[id]) != _extent(theirs[id]):
            raise _unlike(
                f"case {id} has {_extent(ours[id])} in {first.path}, {_extent(theirs[id])} in {other.path}"
            )


def _check_metric(first: Method, ours: Score, other: Method, theirs: Score) -> None:
    if ours.protocol != theirs.protocol:
        raise _unlike(
            f"{ours.title} is by protocol {ours.protocol} in {first.path}, "
            f"by {theirs.protocol} in {other.path}"
        )
    if {file.sha256 for file in ours.weights} != {file.sha256 for file in theirs.weights}:
        raise _unlike(f"{ours.title} was computed with other weights in {other.path} than in {first.path}")
    if None not in (ours.estimator, theirs.estimator) and ours.estimator != theirs.estimator:
        raise _unlike(
            f"{ours.title} is of key points by {ours.estimator} in {first.path}, "
            f"by {theirs.estimator} in {other.path}"
        )
    # In how many frames an estimator finds something is a matter of the method.
    if ours.estimator is None and ours.counts != theirs.counts:
        raise _unlike(
            f"{ours.title} is over {ours.counts.frames} frames and {ours.counts.clips} clips "
            f"in {first.path}, over {theirs.counts.frames} and {theirs.counts.clips} in {other.path}"
        )


def metric_rows(methods: Sequence[Method], metrics: Sequence[str] | None = None) -> tuple[MetricRow, ...]:
    """Put methods side by side, metric by metric.

    Args:
        methods: Comparable ones.
        metrics: Names of the metrics that are wanted, in this order; None: all.

    Raises:
        ConfigError: No file has a metric that is wanted.
    """
    known = {score.metric: score for method in reversed(methods) for score in reversed(method.scores.scores)}
    order = list(dict.fromkeys(score.metric for method in methods for score in method.scores.scores))
    for metric in metrics or ():
        if metric not in known:
            raise ConfigError(f"no file has the metric '{metric}'", hint=f"one of {', '.join(order)}")
    rows = []
    for metric in metrics or order:
        scores = tuple(method.score(metric) for method in methods)
        unit = f" ({known[metric].unit})" if known[metric].unit else ""
        title = f"{known[metric].title}{unit}{_ARROWS[known[metric].better]}"
        rows.append(MetricRow(metric, title, known[metric].protocol, scores, _best(scores)))
    return tuple(rows)


def paper_table(methods: Sequence[Method], rows: Sequence[MetricRow]) -> Table:
    """Lay out methods down and metrics across, as papers do; the best of each metric is marked."""
    lines = []
    for place, method in enumerate(methods):
        cells = (Cell(number_of(row.scores[place]), place in row.best) for row in rows)
        lines.append((Cell(method.name), *cells))
    return Table(("Method", *(row.title for row in rows)), tuple(lines))


def terminal_table(methods: Sequence[Method], rows: Sequence[MetricRow]) -> Table:
    """Lay out metrics down and methods across, with intervals; a column names the best."""
    several = len(methods) > 1
    lines = []
    for row in rows:
        cells = [Cell(row.title), *(Cell(_with_interval(score)) for score in row.scores)]
        if several:
            cells.append(Cell(" = ".join(methods[place].name for place in sorted(row.best))))
        lines.append(tuple(cells))
    names = tuple(method.name for method in methods)
    return Table(("metric", *names, "best") if several else ("metric", *names), tuple(lines))


def reasons(methods: Sequence[Method], rows: Sequence[MetricRow]) -> tuple[str, ...]:
    """Say why values are missing, and what else has to be known of them; what holds for all is said once."""
    told: list[str] = []
    for row in rows:
        title = row.title.rstrip(" ↑↓")
        each = [_notes(score) for score in row.scores]
        for note in dict.fromkeys(note for notes in each for note in notes):
            having = [method.name for method, notes in zip(methods, each, strict=True) if note in notes]
            whom = "" if len(having) == len(methods) else f", {', '.join(having)}"
            told.append(f"{title}{whom}: {note}")
    return tuple(told)


def _notes(score: Score | None) -> tuple[str, ...]:
    if score is None:
        return ("not computed",)
    return (*((score.reason,) if score.reason is not None else ()), *score.notes)


def number_of(score: Score | None) -> str:
    """Write a score's value; a dash where there is none."""
    return "–" if score is None or score.value is None else as_number(score.value)


_DECIMALS = ((0.01, 5), (0.1, 4), (1.0, 3), (1000.0, 2))
"""Numbers below this have so many decimals; larger ones have one."""


def as_number(value: float) -> str:
    """Write a number with three or four digits, small ones as papers do: 8.92E-05."""
    size = abs(value)
    if 0 < size < 1e-3:
        return f"{value:.2E}"
    decimals = next((number for limit, number in _DECIMALS if size < limit), 1) if size else 3
    return f"{value:.{decimals}f}"


def _with_interval(score: Score | None) -> str:
    if score is None or score.interval is None:
        return number_of(score)
    return f"{number_of(score)} [{as_number(score.interval.low)}, {as_number(score.interval.high)}]"


def _best(scores: Sequence[Score | None]) -> frozenset[int]:
    taking_part = {
        place: score.value
        for place, score in enumerate(scores)
        if score is not None and score.value is not None and score.better != "neither"
    }
    if len(taking_part) < 2:
        return frozenset()
    higher = any(score.better == "higher" for score in scores if score is not None)
    best = (max if higher else min)(taking_part.values())
    return frozenset(place for place, value in taking_part.items() if value == best)


def _extent(case: CaseScores) -> str:
    return f"{case.frames} frames of {case.width} x {case.height}"


def _unlike(message: str) -> InputError:
    return InputError(f"these scores do not compare: {message}", hint="score both in the same way.")
