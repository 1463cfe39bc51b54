"""Means, spreads and verdicts of an ablation, and how they are shown."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.bench.ablation import judge, read_ablation, spread, spread_of, verdict, write_ablation
from animatex.bench.ablation_tables import (
    claims_table,
    curve_points,
    how_it_was_made,
    missing_reasons,
    paper_tables,
)
from animatex.bench.curves import curves_picture
from animatex.bench.tables import as_latex, as_markdown
from animatex.config.ablate import AblateClaim
from animatex.errors import InputError
from tests.bench.ablations import ablation, measured

numbers = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=15)
CLAIM = AblateClaim(text="all is best", bodies="rescaled", better=("whole",), than=("part",))


@given(numbers)
def test_a_spread_is_the_mean_and_the_sample_deviation(values):
    found = spread(values)
    assert found is not None and found.count == len(values)
    assert found.mean == pytest.approx(np.mean(values), abs=1e-9)
    assert found.deviation == pytest.approx(np.std(values, ddof=1), abs=1e-9)


@given(numbers, st.floats(-1e3, 1e3), st.floats(0.5, 4))
def test_a_spread_moves_and_grows_with_its_values(values, shift, scale):
    before, after = spread(values), spread([scale * value + shift for value in values])
    assert before is not None and after is not None
    assert after.mean == pytest.approx(scale * before.mean + shift, abs=1e-6)
    assert after.deviation == pytest.approx(scale * before.deviation, abs=1e-6)
    assert after.reach == pytest.approx(scale * before.reach, abs=1e-5)


@given(numbers, st.randoms())
def test_the_order_of_seeds_does_not_matter(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    one, other = spread(values), spread(shuffled)
    assert one is not None and other is not None
    assert (one.mean, one.deviation) == pytest.approx((other.mean, other.deviation), abs=1e-9)


def test_the_interval_of_few_seeds_is_as_wide_as_students():
    two, four = spread([1.0, 3.0]), spread([1.0, 3.0, 1.0, 3.0])
    assert two is not None and two.reach == pytest.approx(12.706)  # s = sqrt 2, over sqrt 2
    assert four is not None and four.reach == pytest.approx(3.182 * np.sqrt(4 / 3) / 2)


def test_without_a_second_seed_there_is_no_spread():
    one = spread([3.0])
    assert one is not None and one.deviation is None and one.reach is None
    assert spread([]) is None
    assert (verdict(one), verdict(None)) == ("one seed", "not measured")


@given(numbers)
def test_the_opposite_of_what_holds_is_the_opposite(values):
    swapped = {"holds": "the opposite", "the opposite": "holds", "within the spread": "within the spread"}
    assert verdict(spread([-value for value in values])) == swapped[verdict(spread(values))]


def test_claims_are_judged_seed_by_seed_however_far_seeds_are_apart():
    apart = [
        measured(row, seed, seed + worse) for row, worse in (("whole", 0.0), ("part", 0.5)) for seed in (1, 5)
    ]
    (one,) = judge(ablation(*apart), [CLAIM], "latent_error")
    assert one.gain is not None and one.gain.mean == pytest.approx(0.5)
    assert one.gain.deviation == pytest.approx(0) and one.verdict == "holds"
    noisy = [
        measured("part", 2, 0.9),
        measured("whole", 2, 0.8),
        measured("part", 3, 0.7),
        measured("whole", 3, 0.8),
    ]
    assert judge(ablation(*noisy), [CLAIM], "latent_error")[0].verdict == "within the spread"


def test_higher_is_a_gain_where_higher_is_better():
    rows = [measured("whole", 1, 1.0, psnr=21.0), measured("part", 1, 1.0, psnr=20.0)]
    (one,) = judge(ablation(*rows), [CLAIM], "psnr_star")
    assert one.gain is not None and one.gain.mean == 1.0


def test_seeds_that_only_one_row_has_prove_nothing():
    rows = [measured("whole", 1, 0.1), measured("part", 2, 0.9)]
    (one,) = judge(ablation(*rows), [CLAIM], "latent_error")
    assert (one.gain, one.verdict) == (None, "not measured")
    assert claims_table([one], "latent_error").rows == ()


def test_tables_show_rows_down_metrics_across_and_the_best_in_bold():
    rows = [measured("whole", 1, 0.5), measured("whole", 2, 0.7), measured("part", 1, 0.8)]
    own, other = paper_tables(ablation(*rows))
    assert own.title == "Table 4, poses on its own body" and other.title == "Table 4, poses on another body"
    assert own.table.columns == ("Method", "latent error ↓", "PSNR* ↑", "seeds")
    assert own.table.texts() == [
        ("whole", "0.600 ± 0.141", "20.00 ± 0.000", "2"),
        ("part", "0.800", "20.00", "1"),
    ]
    assert own.table.rows[0][1].is_best and not own.table.rows[1][1].is_best
    assert "**0.600 ± 0.141**" in as_markdown(own.table)
    assert r"\textbf{0.600 $\pm$ 0.141}" in as_latex(own.table)


def test_nobody_wins_where_rows_differ_in_no_digit_that_is_shown():
    rows = [measured("whole", 1, 0.5, psnr=20.0), measured("part", 1, 0.6, psnr=20.0 + 1e-9)]
    table = paper_tables(ablation(*rows))[0].table
    assert [row[2].is_best for row in table.rows] == [False, False]
    assert [row[1].is_best for row in table.rows] == [True, False]


def test_a_table_of_one_row_is_not_shown():
    assert paper_tables(ablation(measured("whole", 1, 0.5))) == ()


def test_what_is_missing_has_a_dash_and_a_reason():
    rows = ablation(measured("whole", 1, None), measured("part", 1, None))
    assert spread_of(rows, "whole", "latent_error", "self") is None
    assert paper_tables(rows)[0].table.texts()[0][1] == "–"
    assert missing_reasons(rows) == ("latent error: unavailable: needs w.pth",)


def test_how_it_was_made_says_steps_and_seeds():
    said = how_it_was_made(ablation(measured("whole", 1, 0.5), measured("whole", 2, 0.5)))
    assert said.startswith(
        "2 of 9 trainings, 7 steps of 2 clips each, 2 seeds; videos of toys 1; latents of 3 clips"
    )


def curve(*points: tuple[float, float]) -> list:
    return [measured(f"λ {x}", 1, error, shown_in=("Table 6",), lambda_=x) for x, error in points]


def test_a_curve_ascends_and_has_a_point_for_each_row():
    rows = ablation(*curve((0.98, 0.5), (0.8, 0.7), (0.9, 0.6)))
    assert curve_points(rows, "Table 6") == ((0.8, "λ 0.8"), (0.9, "λ 0.9"), (0.98, "λ 0.98"))
    picture = curves_picture(rows, "latent_error")
    assert picture is not None
    root = ET.fromstring(picture)
    kinds = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert kinds.count("polyline") == 2 and kinds.count("circle") == 6
    for circle in root.iter("{http://www.w3.org/2000/svg}circle"):
        assert 0 < float(circle.get("cx", "")) < 360 and 0 < float(circle.get("cy", "")) < 240


def test_a_better_value_is_lower_in_the_picture_where_lower_is_better():
    picture = curves_picture(ablation(*curve((0.8, 0.7), (0.9, 0.6))), "latent_error")
    assert picture is not None
    circles = list(ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}circle"))
    assert float(circles[0].get("cy", "")) < float(circles[1].get("cy", ""))


def test_equal_values_are_drawn_too_and_a_single_point_is_no_curve():
    assert curves_picture(ablation(*curve((0.8, 0.5), (0.9, 0.5))), "latent_error") is not None
    assert curves_picture(ablation(*curve((0.8, 0.5))), "latent_error") is None


def test_a_row_without_an_indicator_is_no_point_over_its_weight():
    rows = ablation(
        measured("whole", 1, 0.5, shown_in=("Figure 13",)),
        measured("w/o IPI", 1, 0.6, shown_in=("Figure 13",), alpha=None),
    )
    assert curve_points(rows, "Figure 13") == ((1.0, "whole"),)


def test_a_written_ablation_is_read_again_the_same(tmp_path: Path):
    there = ablation(measured("whole", 1, 0.5), measured("part", 1, None))
    write_ablation(tmp_path / "ablation.json", there)
    assert read_ablation(tmp_path / "ablation.json") == there
    with pytest.raises(InputError, match="other.json does not exist"):
        read_ablation(tmp_path / "other.json")
