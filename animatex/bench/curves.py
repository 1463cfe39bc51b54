"""Curves over lambda and alpha as one SVG picture that needs no style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from animatex.bench.ablation import Ablation, Spread, spread_of
from animatex.bench.ablation_tables import curve_points
from animatex.bench.compare import as_number
from animatex.config.ablate import BODIES, Bodies, Place

_WIDTH, _HEIGHT = 360, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 34, 44
_COLOURS: dict[Bodies, str] = {"self": "#2563a8", "rescaled": "#c2571a"}
_LABELS: dict[Bodies, str] = {"self": "own body", "rescaled": "another body"}
_AXES: tuple[tuple[Place, str], ...] = (("Table 6", "λ"), ("Figure 13", "α"))


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One point.

    Attributes:
        x: Where it stands.
        spread: Its mean, and how far seeds are apart.
    """

    x: float
    spread: Spread


@dataclass(frozen=True, slots=True)
class Curve:
    """Points that belong together, ascending in x.

    Attributes:
        label: What the key calls them.
        colour: Of the line, as SVG writes it.
        points: At least one.
    """

    label: str
    colour: str
    points: tuple[CurvePoint, ...]


def curves_picture(ablation: Ablation, metric: str) -> str | None:
    """Draw a metric over lambda and over alpha; None while no axis has two points."""
    panels = list[str]()
    for place, axis in _AXES:
        curves = tuple(_curve(ablation, place, metric, bodies) for bodies in BODIES)
        if all(len(curve.points) > 1 for curve in curves):
            panels.append(_panel(f"{metric} over {axis}", axis, curves, len(panels) * _WIDTH))
    if not panels:
        return None
    width = len(panels) * _WIDTH
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" width="{width}" '
        f'height="{_HEIGHT}" font-family="sans-serif" font-size="12">'
        f'<rect width="{width}" height="{_HEIGHT}" fill="white"/>{"".join(panels)}</svg>\n'
    )


def _curve(ablation: Ablation, place: Place, metric: str, bodies: Bodies) -> Curve:
    found = ((x, spread_of(ablation, name, metric, bodies)) for x, name in curve_points(ablation, place))
    points = tuple(CurvePoint(x, spread) for x, spread in found if spread is not None)
    return Curve(_LABELS[bodies], _COLOURS[bodies], points)


def _panel(title: str, axis: str, curves: Sequence[Curve], left: float) -> str:
    """Draw one pair of axes with its curves, shifted to the right."""
    points = [point for curve in curves for point in curve.points]
    xs = _Axis.over([point.x for point in points], left + _LEFT, left + _WIDTH - _RIGHT)
    ends = [p.spread.mean + sign * (p.spread.deviation or 0.0) for p in points for sign in (-1, 1)]
    ys = _Axis.over(ends, _HEIGHT - _BOTTOM, _TOP)
    parts = [_text(left + _LEFT, 20, title.replace("_", " "), "start", bold=True)]
    for tick in (ys.low, (ys.low + ys.high) / 2, ys.high):
        y = ys.at(tick)
        parts.append(_line(left + _LEFT, y, left + _WIDTH - _RIGHT, y, "#ddd"))
        parts.append(_text(left + _LEFT - 6, y + 4, as_number(tick), "end"))
    for x in sorted({point.x for point in points}):
        parts.append(_text(xs.at(x), _HEIGHT - _BOTTOM + 16, f"{x:g}", "middle"))
    parts.append(_text(left + (_LEFT + _WIDTH) / 2, _HEIGHT - 8, axis, "middle"))
    for place, curve in enumerate(curves):
        parts += _drawn(curve, xs, ys)
        parts.append(_text(left + _WIDTH - _RIGHT, 14 + 14 * place, curve.label, "end", colour=curve.colour))
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class _Axis:
    """Numbers from low to high, and where they are in the picture."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, numbers: Sequence[float], start: float, end: float) -> _Axis:
        low, high = min(numbers), max(numbers)
        margin = 0.06 * (high - low) or max(abs(high), 1.0) * 0.1
        return cls(low - margin, high + margin, start, end)

    def at(self, number: float) -> float:
        return self.start + (number - self.low) / (self.high - self.low) * (self.end - self.start)


def _drawn(curve: Curve, xs: _Axis, ys: _Axis) -> list[str]:
    corners = " ".join(f"{xs.at(p.x):.1f},{ys.at(p.spread.mean):.1f}" for p in curve.points)
    parts = [f'<polyline points="{corners}" fill="none" stroke="{curve.colour}" stroke-width="2"/>']
    for point in curve.points:
        x, mean = xs.at(point.x), point.spread.mean
        reach = point.spread.deviation or 0.0
        parts.append(_line(x, ys.at(mean - reach), x, ys.at(mean + reach), curve.colour))
        parts.append(f'<circle cx="{x:.1f}" cy="{ys.at(mean):.1f}" r="3.5" fill="{curve.colour}"/>')
    return parts


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str, *, colour: str = "#333", bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{weight}>{escape(text)}</text>'
    )
