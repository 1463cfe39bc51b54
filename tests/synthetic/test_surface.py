from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.synthetic.palette import HARMONIES
from animatex.synthetic.pattern import PATTERNS, paint_pattern
from animatex.synthetic.surface import (
    STYLES,
    Lighting,
    Material,
    paint,
    sample_lighting,
    sample_material,
    sample_palette,
)
from animatex.video.frames import Size

SEEDS = st.integers(0, 2**32 - 1)


def ellipse(height: int = 48, width: int = 40) -> np.ndarray:
    alpha = np.zeros((height, width), np.uint8)
    cv2.ellipse(alpha, (width // 2, height // 2), (width // 3, height // 3), 0, 0, 360, 255, -1, cv2.LINE_AA)
    return alpha


def dressed(seed: int) -> tuple[Material, Lighting]:
    rng = np.random.default_rng(seed)
    return sample_material(rng), sample_lighting(rng)


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, height=st.integers(1, 70), width=st.integers(1, 70))
def test_any_material_in_any_light_paints_rgb_bytes_of_the_silhouettes_size(seed, height, width):
    material, lighting = dressed(seed)
    alpha = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    picture = paint(material, alpha, lighting, np.random.default_rng(seed))
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_the_same_seed_paints_the_same_pixels(seed):
    assert dressed(seed) == dressed(seed)
    one, two = (paint(*reorder(seed), np.random.default_rng(seed)) for _ in range(2))
    assert np.array_equal(one, two)


def reorder(seed: int) -> tuple[Material, np.ndarray, Lighting]:
    material, lighting = dressed(seed)
    return material, ellipse(), lighting


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_outside_of_the_silhouette_its_nearest_colours_go_on(seed):
    material, lighting = dressed(seed)
    alpha = ellipse()
    picture = paint(material, alpha, lighting, np.random.default_rng(seed))
    inside = {tuple(colour) for colour in picture[alpha > 127]}
    outside = {tuple(colour) for colour in picture[alpha <= 127]}
    assert outside <= inside


def test_an_empty_silhouette_is_the_materials_colour():
    material, lighting = dressed(1)
    picture = paint(material, np.zeros((5, 4), np.uint8), lighting, np.random.default_rng(0))
    assert (picture == material.base).all()


def test_light_from_the_left_brightens_the_left():
    material, lighting = dressed(0)
    plain = replace(
        material, pattern="plain", base=(150, 150, 150), roughness=1.0, bulge=1.0, folds=0.0, translucent=0.0
    )
    for style in ("cel", "soft", "glossy", "painterly"):
        light = replace(
            lighting,
            direction=(-0.8, 0.0, 0.6),
            colour=(1.0, 1.0, 1.0),
            shadow=(1.0, 1.0, 1.0),
            ambient=0.4,
            rim=0.0,
            style=style,
            outline=False,
        )
        picture = paint(plain, ellipse(60, 60), light, np.random.default_rng(0)).astype(float)
        assert picture[20:40, 14:24].mean() > picture[20:40, 36:46].mean() + 15


def test_flat_style_without_pattern_is_one_colour():
    material, lighting = dressed(0)
    plain = replace(material, pattern="plain", base=(10, 120, 200))
    light = replace(lighting, style="flat", outline=False)
    assert (paint(plain, ellipse(), light, np.random.default_rng(0)) == (10, 120, 200)).all()


def test_an_outline_lies_along_the_edge_and_not_in_the_middle():
    material, lighting = dressed(0)
    drawn = replace(material, pattern="plain", base=(200, 180, 160), outline=(5, 5, 5), outline_width=0.03)
    light = replace(lighting, style="flat", outline=True)
    alpha = ellipse()
    picture = paint(drawn, alpha, light, np.random.default_rng(0), unit=100.0)
    depth = cv2.distanceTransform((alpha > 127).astype(np.uint8), cv2.DIST_L2, 3)
    assert (picture[(depth > 0) & (depth <= 2)] == 5).all()
    assert (picture[depth > 5] == (200, 180, 160)).all()


@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_is_finite_and_in_range(name):
    for seed in range(6):
        rng = np.random.default_rng(seed)
        share, tone = paint_pattern(
            rng, name, Size(50, 37), float(rng.uniform(1, 30)), float(rng.uniform(0, 3))
        )
        for picture in (share, tone):
            assert picture.shape == (50, 37) and picture.dtype == np.float32
            assert np.isfinite(picture).all()
        assert share.min() >= -0.3 and share.max() <= 1.3
        assert np.abs(tone).max() <= 2.5


def test_all_patterns_styles_and_harmonies_are_reached_by_seeds():
    drawn = [dressed(seed) for seed in range(600)]
    assert {material.pattern for material, _ in drawn} == set(PATTERNS)
    assert {lighting.style for _, lighting in drawn} == set(STYLES)
    harmonies = {sample_palette(np.random.default_rng(seed)).harmony for seed in range(300)}
    assert harmonies == set(HARMONIES)


def test_light_comes_from_a_unit_direction_on_the_viewers_side():
    for seed in range(50):
        direction = np.array(dressed(seed)[1].direction)
        assert np.linalg.norm(direction) == pytest.approx(1.0)
        assert direction[2] > 0


def test_surfaces_together_cover_dark_and_bright_dull_and_colourful():
    pictures = [paint(*reorder(seed), np.random.default_rng(seed)) for seed in range(120)]
    brightness = np.array([picture.mean() for picture in pictures])
    colour = np.array([np.ptp(picture.astype(int), axis=2).mean() for picture in pictures])
    assert brightness.min() < 35 and brightness.max() > 190
    assert colour.min() < 12 and colour.max() > 130
