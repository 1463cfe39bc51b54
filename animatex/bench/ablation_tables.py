"""An ablation as the paper shows it: rows down, metrics across, the spread over seeds beside each mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from animatex.bench.ablation import Ablation, Judged, Spread, Trained, spread_of
from animatex.bench.compare import as_number
from animatex.bench.scores import Better
from animatex.bench.tables import Cell, Table
from animatex.config.ablate import BODIES, PLACES, Bodies, Place

_ARROWS: dict[Better, str] = {"higher": " ↑", "lower": " ↓", "neither": ""}
_SAID: dict[Bodies, str] = {"self": "poses on its own body", "rescaled": "poses on another body"}


@dataclass(frozen=True, slots=True)
class NamedTable:
    """One of the paper's tables, in one setting.

    Attributes:
        title: Which.
        table: Its rows.
    """

    title: str
    table: Table


def paper_tables(ablation: Ablation) -> tuple[NamedTable, ...]:
    """Lay out each of the paper's tables that has rows to compare, for each setting."""
    return tuple(
        NamedTable(f"{place}, {_SAID[bodies]}", _table(ablation, place, bodies))
        for place in PLACES
        for bodies in BODIES
        if len(ablation.rows(place)) > 1
    )


def claims_table(judged: Sequence[Judged], metric: str) -> Table:
    """Lay out claims: who should be better than whom, by how much it was, and what that proves.

    Pairs of which a row is not measured are left out.
    """
    rows = []
    for one in judged:
        if one.gain is None:
            continue
        gain = as_number(one.gain.mean)
        interval = "–" if one.gain.reach is None else f"± {as_number(one.gain.reach)}"
        pair = f"{one.better} over {one.worse}"
        cells = (one.claim, pair, _SAID[one.bodies], gain, interval, one.verdict)
        rows.append(tuple(map(Cell, cells)))
    return Table(("claim", "rows", "setting", f"gain in {metric}", "95 % interval", "verdict"), tuple(rows))


def missing_reasons(ablation: Ablation) -> tuple[str, ...]:
    """Say why columns are empty; each reason once."""
    values = [value for one in ablation.trained for value in one.values if value.reason is not None]
    return tuple(dict.fromkeys(f"{value.title}: {value.reason}" for value in values))


def how_it_was_made(ablation: Ablation) -> str:
    """Say in a sentence what the numbers come from."""
    seeds = len({one.seed for one in ablation.trained})
    return (
        f"{len(ablation.trained)} of {_count(ablation.wanted, 'training')}, "
        f"{_count(ablation.steps, 'step')} of {_count(ablation.batch, 'clip')} each, "
        f"{_count(seeds, 'seed')}; videos of {ablation.suite}; latents of {_count(ablation.clips, 'clip')}; "
        "mean ± standard deviation over seeds"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _table(ablation: Ablation, place: Place, bodies: Bodies) -> Table:
    names = ablation.rows(place)
    metrics = [value for value in ablation.of(names[0])[0].values if value.bodies == bodies]
    columns = [[spread_of(ablation, name, one.metric, bodies) for name in names] for one in metrics]
    best = [_best(column, one.better) for column, one in zip(columns, metrics, strict=True)]
    rows = []
    for at, name in enumerate(names):
        cells = [_cell(column[at], winner) for column, winner in zip(columns, best, strict=True)]
        rows.append((Cell(name), *cells, Cell(str(len(ablation.of(name))))))
    heads = (f"{one.title}{_ARROWS[one.better]}" for one in metrics)
    return Table(("Method", *heads, "seeds"), tuple(rows))


def _cell(found: Spread | None, best: str | None) -> Cell:
    if found is None:
        return Cell("–")
    mean = as_number(found.mean)
    return Cell(mean if found.deviation is None else f"{mean} ± {as_number(found.deviation)}", mean == best)


def _best(column: Sequence[Spread | None], better: Better) -> str | None:
    """Give the best mean as it is shown; None where all are alike."""
    means = [spread.mean for spread in column if spread is not None]
    if len(set(map(as_number, means))) < 2:
        return None
    return as_number((max if better == "higher" else min)(means))


def curve_points(ablation: Ablation, place: Place) -> tuple[tuple[float, str], ...]:
    """Give where the rows of a curve stand on its axis, ascending, with their names."""
    found: dict[float, str] = {}
    for name in ablation.rows(place):
        x = _x(ablation.of(name)[0], place)
        if x is not None:
            found.setdefault(x, name)
    return tuple(sorted(found.items()))


def _x(one: Trained, place: Place) -> float | None:
    return one.alpha if place == "Figure 13" else one.lambda_
