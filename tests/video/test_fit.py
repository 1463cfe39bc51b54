from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.video.fit import Method, plan_fit, resize, to_canvas, to_source
from animatex.video.frames import Size

METHODS: tuple[Method, ...] = ("stretch", "letterbox", "crop", "keep")
sizes = st.builds(Size, st.integers(8, 90), st.integers(8, 90))
methods = st.sampled_from(METHODS)


@settings(deadline=None)
@given(source=sizes, canvas=sizes, method=methods)
def test_a_picture_fills_its_canvas_and_comes_back_at_its_size(
    source: Size, canvas: Size, method: Method
) -> None:
    fit = plan_fit(source, canvas, method)
    picture = np.full((*source, 3), 90, np.uint8)
    laid = to_canvas(picture, fit)
    assert laid.shape == (*fit.canvas, 3) and laid.dtype == np.uint8
    back = to_source(laid, fit)
    assert back.shape == picture.shape
    if method != "crop":
        assert np.abs(back.astype(int) - 90).max() <= (1 if method != "letterbox" else 90)


@given(source=sizes, canvas=sizes, method=methods, x=st.floats(0, 1), y=st.floats(0, 1))
def test_points_there_and_back_stay_where_they_are(
    source: Size, canvas: Size, method: Method, x: float, y: float
) -> None:
    fit = plan_fit(source, canvas, method)
    points = np.array([[x * source.width, y * source.height]])
    assert np.allclose(fit.points_to_source(fit.points_to_canvas(points)), points, atol=1e-9)
    assert fit.points_to_canvas(points.astype(np.float32)).dtype == np.float32


@given(source=sizes, canvas=sizes)
def test_letterbox_shows_all_of_the_picture_and_crop_fills_all_of_the_canvas(
    source: Size, canvas: Size
) -> None:
    inside, outside = plan_fit(source, canvas, "letterbox"), plan_fit(source, canvas, "crop")
    assert inside.placed.height <= canvas.height and inside.placed.width <= canvas.width
    assert inside.placed.height == canvas.height or inside.placed.width == canvas.width
    assert outside.placed.height >= canvas.height and outside.placed.width >= canvas.width
    for fit in (inside, outside):
        # Centred, to half a pixel.
        assert abs(2 * fit.left + fit.placed.width - canvas.width) <= 1
        assert abs(2 * fit.top + fit.placed.height - canvas.height) <= 1


@given(
    source=st.builds(Size, st.integers(100, 3000), st.integers(100, 3000)),
    canvas=st.builds(Size, st.integers(256, 1024), st.integers(256, 1024)),
)
def test_keep_takes_the_proportions_of_the_picture_and_the_area_of_the_canvas(
    source: Size, canvas: Size
) -> None:
    fit = plan_fit(source, canvas, "keep", multiple=16)
    assert fit.canvas.height % 16 == fit.canvas.width % 16 == 0
    wanted = np.sqrt(canvas.height * canvas.width / (source.height * source.width))
    assert abs(fit.canvas.height - source.height * wanted) <= max(8, 16 - source.height * wanted)
    assert abs(fit.canvas.width - source.width * wanted) <= max(8, 16 - source.width * wanted)
    assert fit.placed == fit.canvas


def test_a_point_lies_where_its_pixel_lies() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[30:34, 10:14] = 255
    for method in METHODS:
        fit = plan_fit(Size(40, 60), Size(120, 120), method)
        laid = to_canvas(picture, fit)
        rows, columns = np.nonzero(laid[..., 0] > 128)
        centre = np.array([columns.mean() + 0.5, rows.mean() + 0.5])
        assert np.abs(centre - fit.points_to_canvas(np.array([12.0, 32.0]))).max() < 1, method


def test_the_border_takes_the_colour_it_is_given() -> None:
    fit = plan_fit(Size(10, 10), Size(10, 20), "letterbox")
    laid = to_canvas(np.full((10, 10, 3), 200, np.uint8), fit, fill=(1, 2, 3))
    assert laid[0, 0].tolist() == laid[0, 19].tolist() == [1, 2, 3]
    assert (laid[:, 5:15] == 200).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_picture_that_fits_is_left_alone(method: Method, rng: np.random.Generator) -> None:
    picture = rng.integers(0, 255, (16, 24, 3), dtype=np.uint8)
    fit = plan_fit(Size(16, 24), Size(16, 24), method)
    assert np.array_equal(to_canvas(picture, fit), picture)
    assert np.array_equal(to_source(picture, fit), picture)


def test_shrinking_averages() -> None:
    checks = (np.indices((8, 8)).sum(0) % 2 * 200).astype(np.uint8)
    assert (resize(checks, Size(4, 4)) == 100).all()
