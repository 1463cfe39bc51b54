from dataclasses import replace

import cv2
import numpy as np
import pytest

from animatex.synthetic.backdrop import FAMILIES, paint_backdrop
from animatex.synthetic.finish import sample_finish
from animatex.synthetic.lighting import sample_lighting
from animatex.synthetic.noise import draw
from animatex.synthetic.palette import sample_palette
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.overlay import overlay
from animatex.video.frames import Size

SMALL = Size(96, 64)
SCENES = [scene for scene, _ in FAMILIES]


def backdrop(seed: int, size: Size = SMALL) -> np.ndarray:
    return paint_backdrop(np.random.default_rng(seed), size)


def thumbnail(image: np.ndarray) -> np.ndarray:
    return cv2.resize(image, (16, 24), interpolation=cv2.INTER_AREA).astype(np.float64)


def name(scene) -> str:
    return scene.__name__


def test_the_same_seed_paints_the_same_pixels():
    for seed in range(12):
        assert np.array_equal(backdrop(seed), backdrop(seed))


def test_other_seeds_paint_other_pictures():
    pictures = [backdrop(seed) for seed in range(12)]
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


def test_what_is_drawn_after_a_backdrop_does_not_depend_on_its_size():
    small, large = np.random.default_rng(5), np.random.default_rng(5)
    paint_backdrop(small, SMALL)
    paint_backdrop(large, Size(192, 128))
    assert small.random() == large.random()


@pytest.mark.parametrize("size", [Size(48, 32), Size(64, 64), Size(40, 90), Size(33, 17)])
def test_every_family_paints_rgb_bytes_at_any_size(size):
    for index, scene in enumerate(SCENES):
        for seed in range(2):
            rng = np.random.default_rng(100 * index + seed)
            canvas = Canvas(size, rng)
            scene(canvas, sample_palette(rng))
            assert canvas.image.shape == (*size, 3)
            assert canvas.image.dtype == np.uint8


@pytest.mark.parametrize("scene", SCENES, ids=name)
def test_the_same_seed_gives_about_the_same_scene_at_twice_the_size(scene):
    def paint(seed: int, size: Size) -> np.ndarray:
        rng = np.random.default_rng(seed)
        canvas = Canvas(size, rng)
        scene(canvas, sample_palette(rng))
        return thumbnail(canvas.image)

    alike = []
    for seed in range(6):
        small, large = paint(seed, SMALL), paint(seed, Size(192, 128))
        if small.std() > 4.0:
            alike.append(np.corrcoef(small.ravel(), large.ravel())[0, 1])
        assert np.abs(small - large).mean() < 20.0
    assert np.median(alike) > 0.93


def test_every_family_is_reached_by_seeds():
    reached = {draw(np.random.default_rng(seed), FAMILIES) for seed in range(300)}
    assert reached == set(SCENES)


def test_backdrops_together_cover_dark_and_bright_grey_and_colourful_smooth_and_detailed():
    pictures = [backdrop(seed) for seed in range(90)]
    brightness = np.array([picture.mean() for picture in pictures])
    colour = np.array([np.ptp(picture.astype(int), axis=2).mean() for picture in pictures])
    detail = np.array(
        [cv2.Laplacian(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), cv2.CV_64F).std() for p in pictures]
    )
    assert brightness.min() < 50 and brightness.max() > 200
    assert colour.min() < 12 and colour.max() > 120
    assert detail.min() < 2 and detail.max() > 40


def test_a_finish_is_the_same_for_each_frame_of_a_clip():
    frames = [backdrop(seed) for seed in range(2)]
    for seed in range(40):
        finish = sample_finish(np.random.default_rng(seed), SMALL)
        first, again = finish.apply(frames[0]), finish.apply(frames[0])
        assert first.shape == (*SMALL, 3) and first.dtype == np.uint8
        assert np.array_equal(first, again)


def test_a_finish_leaves_its_input_alone():
    frame = backdrop(3)
    before = frame.copy()
    for seed in range(40):
        sample_finish(np.random.default_rng(seed), SMALL).apply(frame)
    assert np.array_equal(frame, before)


def test_finishes_differ_and_keep_the_picture_recognisable():
    frame = backdrop(1)
    results = [sample_finish(np.random.default_rng(seed), SMALL).apply(frame) for seed in range(60)]
    assert len({result.tobytes() for result in results}) > 55
    alike = [
        np.corrcoef(thumbnail(r).mean(2).ravel(), thumbnail(frame).mean(2).ravel())[0, 1] for r in results
    ]
    assert np.median(alike) > 0.9


def test_a_scene_takes_on_the_colours_it_is_given():
    def colourfulness(harmony: str) -> float:
        palettes = (sample_palette(np.random.default_rng(seed)) for seed in range(300))
        palette = next(p for p in palettes if p.harmony == harmony)
        pictures = [paint_backdrop(np.random.default_rng(s), SMALL, palette=palette) for s in range(15)]
        return float(np.mean([np.ptp(picture.astype(int), axis=2).mean() for picture in pictures]))

    assert colourfulness("neon") > colourfulness("grey") + 15


def test_contours_are_inked_only_into_drawings_with_outlines():
    light = sample_lighting(np.random.default_rng(0))
    drawn = replace(light, style="cel", outline=True)
    plain = replace(light, style="cel", outline=False)
    differ = [
        not np.array_equal(
            paint_backdrop(np.random.default_rng(seed), SMALL, drawn),
            paint_backdrop(np.random.default_rng(seed), SMALL, plain),
        )
        for seed in range(30)
    ]
    assert 5 < sum(differ) < 30


def test_what_sticks_out_of_the_picture_is_cut_off():
    canvas = Canvas(SMALL, np.random.default_rng(0))
    layer, mask = np.full((20, 20, 3), 200, np.uint8), np.full((20, 20), 255, np.uint8)
    for left, top in ((-10, -10), (60, 90), (-30, 5), (5, 200)):
        canvas.stamp(layer, mask, left, top)
    assert (canvas.image[:10, :10] == 200).all() and (canvas.image[90:, 60:] == 200).all()
    assert (canvas.image == 200).sum() == 3 * (10 * 10 + 6 * 4)


def test_a_box_outside_of_the_picture_has_no_view():
    canvas = Canvas(SMALL, np.random.default_rng(0))
    assert canvas.cut(2.0, 0.0, 3.0, 1.0) is None
    assert canvas.cut(-1.0, -1.0, 3.0, 3.0).shape == (*SMALL, 3)


def test_an_overlay_leaves_most_of_the_picture_visible():
    for seed in range(30):
        rng = np.random.default_rng(seed)
        canvas = Canvas(SMALL, rng)
        canvas.fill((1, 2, 3))
        overlay(canvas, sample_palette(rng))
        changed = (canvas.image != (1, 2, 3)).any(axis=2).mean()
        assert 0.0 < changed < 0.6
