"""One page about scores: tables, charts, and the videos of the worst and best cases side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from animatex import __version__
from animatex.bench.charts import ChartRow, StageBar, metric_chart, stage_chart
from animatex.bench.compare import Method, MetricRow, as_number, metric_rows, number_of, reasons
from animatex.bench.documents import is_foreign
from animatex.bench.pages import embed_picture, embed_video, render_page
from animatex.bench.results import RUN_FILE, find_result
from animatex.bench.run import read_run
from animatex.bench.suite import Suite
from animatex.errors import ConfigError
from animatex.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class Shown:
    """Which cases a report shows, and how.

    Attributes:
        suite: Where pictures, performers and targets come from; None: they are not shown.
        results: Method → folder of its videos; empty: no case is shown.
        by: Metric that orders the cases; None: the first that has a value for each.
        count: Cases shown, half of them the worst, half the best; 0 for all.
        side: Longer side of a video in pixels, at most.
    """

    suite: Suite | None
    results: Mapping[str, Path]
    by: str | None
    count: int
    side: int


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    below: str
    is_best: bool


@dataclass(frozen=True, slots=True)
class _Row:
    title: str
    metric: str
    protocol: str
    cells: tuple[_Cell, ...]


@dataclass(frozen=True, slots=True)
class _Chart:
    title: str
    svg: str


@dataclass(frozen=True, slots=True)
class _Clip:
    title: str
    uri: str
    is_picture: bool
    place: int | None
    value: str


@dataclass(frozen=True, slots=True)
class _Case:
    id: str
    kind: str
    clips: tuple[_Clip, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    title: str
    cases: tuple[_Case, ...]


@dataclass(frozen=True, slots=True)
class _Facts:
    name: str
    place: int | None
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Page:
    title: str
    lead: str
    version: str
    methods: tuple[str, ...]
    rows: tuple[_Row, ...]
    notes: tuple[str, ...]
    charts: tuple[_Chart, ...]
    speed: str
    ordered_by: str
    groups: tuple[_Group, ...]
    facts: tuple[_Facts, ...]


def render_report(
    methods: Sequence[Method],
    shown: Shown,
    metrics: Sequence[str] | None = None,
    progress: Progress = silent,
) -> str:
    """Make the page.

    Args:
        methods: Comparable ones, at least one; cases are ordered by the first one's values.
        shown: The videos on the page.
        metrics: Which are on it; None: all.
        progress: Told of each case.

    Raises:
        ConfigError: A metric is asked for that no file has, or that has no values of single cases.
        InputError: A video is missing or cannot be read; nothing is left out.
    """
    rows = metric_rows(methods, metrics)
    by = _order_metric(methods[0], rows, shown.by)
    groups = _groups(methods, shown, by, progress) if shown.results else ()
    first = methods[0].scores
    frames = sum(case.frames for case in first.cases)
    suite = first.provenance.get("suite") or (shown.suite.name if shown.suite else first.target)
    page = _Page(
        title=", ".join(method.name for method in methods),
        lead=f"{suite}: {len(first.cases)} videos, {frames} frames",
        version=__version__,
        methods=tuple(method.name for method in methods),
        rows=tuple(_row(row) for row in rows),
        notes=reasons(methods, rows),
        charts=tuple(_chart(methods, row) for row in rows if any(_has_value(row))),
        speed=_speed(methods, shown),
        ordered_by=next((row.title for row in rows if row.metric == by), by),
        groups=groups,
        facts=_all_facts(methods),
    )
    return render_page("report.html", page)


def order_cases(method: Method, metric: str) -> tuple[str, ...]:
    """Give the cases of a method from the worst to the best by one metric."""
    score = method.score(metric)
    sign = 1 if score is not None and score.better == "higher" else -1
    return tuple(
        case.id
        for case in sorted(method.scores.cases, key=lambda case: (sign * case.values[metric], case.id))
    )


def worst_and_best(ordered: Sequence[str], count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Cut an order into what is shown.

    Args:
        ordered: Cases, the worst first.
        count: How many to show, the larger half of them from the front; 0 for all.

    Returns:
        The worst, the worst of them first; and the best, the best first. No case is in both.
    """
    count = min(count or len(ordered), len(ordered))
    worst = (count + 1) // 2
    return tuple(ordered[:worst]), tuple(reversed(ordered[len(ordered) - (count - worst) :]))


def _order_metric(method: Method, rows: Sequence[MetricRow], by: str | None) -> str:
    """Choose what orders the cases."""
    cases = method.scores.cases
    usable = [
        score.metric
        for score in method.scores.scores
        if score.better != "neither" and cases and all(score.metric in case.values for case in cases)
    ]
    if by is None:
        wanted = [row.metric for row in rows if row.metric in usable]
        return next(iter(wanted or usable), "")
    if by not in usable:
        raise ConfigError(
            f"cases cannot be ordered by '{by}': it has no value for each case",
            hint=f"--by {' or '.join(usable)}" if usable else None,
        )
    return by


def _row(row: MetricRow) -> _Row:
    cells = []
    for place, score in enumerate(row.scores):
        interval = score.interval if score else None
        below = "not computed" if score is None else score.reason or ""
        if interval is not None:
            below = f"{as_number(interval.low)} to {as_number(interval.high)}"
        cells.append(_Cell(number_of(score), below, place in row.best))
    return _Row(row.title, row.metric, row.protocol, tuple(cells))


def _has_value(row: MetricRow) -> list[bool]:
    return [score is not None and score.value is not None for score in row.scores]


def _chart(methods: Sequence[Method], row: MetricRow) -> _Chart:
    lines = []
    for method, score in zip(methods, row.scores, strict=True):
        cases = method.scores.cases
        values = tuple((case.id, case.values[row.metric]) for case in cases if row.metric in case.values)
        interval = (score.interval.low, score.interval.high) if score and score.interval else None
        lines.append(ChartRow(method.name, score.value if score else None, interval, values))
    return _Chart(row.title, metric_chart(row.title, lines))


def _speed(methods: Sequence[Method], shown: Shown) -> str:
    """Draw what the runs took, of those whose folders say it."""
    bars = []
    for method in methods:
        folder = shown.results.get(method.name)
        if folder is None or not (folder / RUN_FILE).is_file() or is_foreign(folder / RUN_FILE):
            continue
        runs = read_run(folder).cases.values()
        frames = sum(run.frames for run in runs)
        stages = dict.fromkeys(stage for run in runs for stage in run.seconds if stage != "total")
        spent = {stage: sum(run.seconds.get(stage, 0.0) for run in runs) for stage in stages}
        if frames:
            bars.append(StageBar(method.name, tuple((stage, spent[stage] / frames) for stage in stages)))
    return stage_chart("seconds a frame", bars) if bars else ""


def _groups(methods: Sequence[Method], shown: Shown, by: str, progress: Progress) -> tuple[_Group, ...]:
    ordered = order_cases(methods[0], by) if by else tuple(case.id for case in methods[0].scores.cases)
    worst, best = worst_and_best(ordered, shown.count)
    for method in methods:
        for id in (*worst, *best):
            find_result(shown.results[method.name], id)
    progress.start("embedding cases", len(worst) + len(best))
    groups = []
    for title, ids in (("Worst cases", worst), ("Best cases", best)):
        cases = []
        for id in ids:
            cases.append(_case(methods, shown, by, id))
            progress.advance()
        if cases:
            groups.append(_Group(title, tuple(cases)))
    progress.done()
    return tuple(groups)


def _case(methods: Sequence[Method], shown: Shown, by: str, id: str) -> _Case:
    side, fps = shown.side, methods[0].case(id).fps
    clips, kind = [], ""
    if shown.suite is not None:
        case = shown.suite.case(id)
        kind, fps = case.kind, case.fps
        clips.append(_Clip("reference", embed_picture(case.reference, side), True, None, ""))
        clips.append(_Clip("driving", embed_video(case.driving, side, fps), False, None, ""))
        if case.target is not None:
            clips.append(_Clip("target", embed_video(case.target, side, fps), False, None, ""))
    for place, method in enumerate(methods):
        path = find_result(shown.results[method.name], id)
        value = method.case(id).values.get(by)
        told = "" if value is None else as_number(value)
        clips.append(_Clip(method.name, embed_video(path, side, fps), False, place, told))
    return _Case(id, kind, tuple(clips))


def _all_facts(methods: Sequence[Method]) -> tuple[_Facts, ...]:
    """Say how everything was made; what holds for all methods is said once."""
    each = [_facts(method) for method in methods]
    common = tuple(fact for fact in each[0] if all(fact in facts for facts in each))
    own = (
        _Facts(method.name, place, tuple(fact for fact in facts if fact not in common))
        for place, (method, facts) in enumerate(zip(methods, each, strict=True))
    )
    if len(methods) == 1:
        return (_Facts(methods[0].name, 0, common),)
    return (*(facts for facts in own if facts.facts), _Facts("All of them", None, common))


def _facts(method: Method) -> tuple[tuple[str, str], ...]:
    scores = method.scores
    weights = {file.name: file.sha256 for score in scores.scores for file in score.weights}
    versions = ", ".join(f"{name} {number}" for name, number in scores.environment.versions.items())
    return (
        ("generated", scores.generated),
        ("target", scores.target),
        *scores.provenance.items(),
        *((f"weights {name}", digest) for name, digest in weights.items()),
        ("scored on", scores.environment.machine),
        ("scored with", versions),
    )
