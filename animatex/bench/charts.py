"""Small charts as SVG: for each method its cases, its value, and the value's interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from animatex.bench.compare import as_number

_WIDTH, _ROW, _TOP, _LEFT, _RIGHT, _AXIS = 340, 26, 6, 92, 10, 22
_NAME_LETTERS = 13
_WIDE, _TOTAL = 1040, 110
_STAGES = 5


@dataclass(frozen=True, slots=True)
class ChartRow:
    """One method on a chart.

    Attributes:
        name: Its name.
        value: Over all cases; None where there is none.
        interval: Low and high; None where there is none.
        cases: Name of a case and its value; empty for metrics of whole sets.
    """

    name: str
    value: float | None
    interval: tuple[float, float] | None
    cases: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class StageBar:
    """What one method spent.

    Attributes:
        name: Its name.
        parts: Stage and seconds a frame, in the order of a run.
    """

    name: str
    parts: tuple[tuple[str, float], ...]

    @property
    def seconds(self) -> float:
        """All stages together, a frame."""
        return sum(seconds for _, seconds in self.parts)


def metric_chart(title: str, rows: Sequence[ChartRow]) -> str:
    """Draw one metric: a faint dot for each case, a strong one for the whole, a line for its interval.

    Colours are those of the page: `--c0` and so on, one for each row.
    """
    numbers = [number for row in rows for number in _numbers(row)]
    low, high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
    if low == high:
        low, high = low - abs(low) * 0.1 - 1e-9, high + abs(high) * 0.1 + 1e-9
    height = _TOP + _ROW * len(rows) + _AXIS

    def x(value: float) -> float:
        return _LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    parts = [_opening(title, _WIDTH, height)]
    bottom = height - _AXIS
    for tick, anchor in ((low, "start"), ((low + high) / 2, "middle"), (high, "end")):
        parts.append(f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{_TOP}" y2="{bottom}" class="grid"/>')
        parts.append(_text(x(tick), bottom + 15, as_number(tick), "tick", anchor))
    for place, row in enumerate(rows):
        y = _TOP + _ROW * (place + 0.5)
        parts.append(_text(_LEFT - 10, y + 4, _short(row.name), "name", "end"))
        parts += _marks(row, y, x, f"var(--c{place % 6})")
    return "".join((*parts, "</svg>"))


def stage_chart(title: str, bars: Sequence[StageBar]) -> str:
    """Draw what each method spent a frame as one bar of its stages; the shortest are one part, "other"."""
    bars = _with_few_stages(bars)
    longest = max(bar.seconds for bar in bars) or 1.0
    stages = list(dict.fromkeys(stage for bar in bars for stage, _ in bar.parts))
    bottom = _TOP + _ROW * len(bars)
    parts = [_opening(title, _WIDE, bottom + _AXIS)]
    for place, bar in enumerate(bars):
        left, y = float(_LEFT), _TOP + _ROW * place + 4
        parts.append(_text(_LEFT - 10, y + 13, _short(bar.name), "name", "end"))
        for stage, seconds in bar.parts:
            width = seconds / longest * (_WIDE - _LEFT - _TOTAL)
            colour = f"var(--c{stages.index(stage)})"
            parts.append(
                f'<rect x="{left:.1f}" y="{y}" width="{width:.1f}" height="18" style="fill:{colour}">'
                f"<title>{escape(stage)}: {as_number(seconds)} s a frame</title></rect>"
            )
            left += width
        parts.append(_text(left + 8, y + 13, f"{as_number(bar.seconds)} s a frame", "tick", "start"))
    for place, stage in enumerate(stages):
        x = _LEFT + place * (_WIDE - _LEFT) / _STAGES
        parts.append(f'<circle cx="{x + 4:.1f}" cy="{bottom + 14}" r="4" style="fill:var(--c{place})"/>')
        parts.append(_text(x + 13, bottom + 18, stage, "tick", "start"))
    return "".join((*parts, "</svg>"))


def _with_few_stages(bars: Sequence[StageBar]) -> list[StageBar]:
    totals: dict[str, float] = {}
    for bar in bars:
        for stage, seconds in bar.parts:
            totals[stage] = totals.get(stage, 0.0) + seconds
    if len(totals) <= _STAGES:
        return list(bars)
    kept = sorted(totals, key=totals.__getitem__, reverse=True)[: _STAGES - 1]
    few = []
    for bar in bars:
        parts = [part for part in bar.parts if part[0] in kept]
        rest = sum(seconds for stage, seconds in bar.parts if stage not in kept)
        few.append(StageBar(bar.name, (*parts, ("other", rest))))
    return few


def _marks(row: ChartRow, y: float, x: Callable[[float], float], colour: str) -> list[str]:
    marks = [
        f'<circle cx="{x(value):.1f}" cy="{y:.1f}" r="3" style="fill:{colour}" class="case">'
        f"<title>{escape(case)}: {as_number(value)}</title></circle>"
        for case, value in row.cases
    ]
    if row.interval is not None:
        low, high = row.interval
        marks.append(
            f'<line x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{y:.1f}" y2="{y:.1f}" '
            f'style="stroke:{colour}" class="interval"/>'
        )
    if row.value is None:
        return [*marks, _text(_LEFT + 4, y + 4, "no value", "tick", "start")]
    whole = f"{escape(row.name)}: {as_number(row.value)}"
    return [
        *marks,
        f'<circle cx="{x(row.value):.1f}" cy="{y:.1f}" r="5.5" style="fill:{colour}" class="whole">'
        f"<title>{whole}</title></circle>",
    ]


def _numbers(row: ChartRow) -> list[float]:
    whole = [] if row.value is None else [row.value]
    return [*whole, *(row.interval or ()), *(value for _, value in row.cases)]


def _opening(title: str, width: float, height: float) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title, quote=True)}">'


def _text(x: float, y: float, text: str, kind: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LETTERS else f"{name[: _NAME_LETTERS - 1]}…"
