"""Bones, angles and outlines that characters are made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.pose.skeleton import LEFT_ANKLE, LEFT_WRIST, RIGHT_ANKLE, RIGHT_SHOULDER, RIGHT_WRIST
from animatex.synthetic import outlines as ol
from animatex.synthetic.character import FAMILIES, sample_character
from animatex.synthetic.gestures import touch
from animatex.synthetic.humans import driver_body
from animatex.synthetic.motion import Channel, Motion, neutral, sample_dance, sample_pose
from animatex.synthetic.puppet import Character
from animatex.synthetic.rigging import limb_knots, limb_maps, plate_maps, solve
from animatex.synthetic.surroundings import Surroundings, cast_shadow, settle

seeds = st.integers(0, 2**31)


def characters(count: int) -> list[Character]:
    return [sample_character(np.random.default_rng(seed)) for seed in range(count)]


def test_shares_of_families_add_up_to_one():
    assert sum(share for _, share in FAMILIES) == pytest.approx(1)


@given(seeds)
def test_hanging_arms_and_straight_legs_have_their_full_length(seed):
    body = driver_body(np.random.default_rng(seed))
    pose = solve(body, Motion(neutral()[None]))
    root, _, wrist = pose.limbs[0, 0]
    assert np.linalg.norm(wrist - root) == pytest.approx(body.upper_arm + body.forearm)
    assert wrist[0] == pytest.approx(root[0])
    assert pose.joints[0, RIGHT_SHOULDER, 0] < 0 < pose.joints[0, LEFT_WRIST, 0]


@given(seeds)
def test_the_lowest_sole_is_on_the_ground_unless_it_jumps(seed):
    rng = np.random.default_rng(seed)
    body, dance = driver_body(rng), sample_dance(rng, 10, 12.0)
    lowest = solve(body, dance).joints[:, [RIGHT_ANKLE, LEFT_ANKLE], 1].max(axis=1) + body.foot
    jumps = dance.one(Channel.JUMP) > 0
    assert np.allclose(lowest[~jumps], 0, atol=1e-6)
    assert (lowest[jumps] < 0).all()


@given(seeds)
def test_all_bodies_keep_the_angles_of_one_dance(seed):
    rng = np.random.default_rng(seed)
    dance = sample_dance(rng, 6, 12.0)
    first, second = (solve(driver_body(rng), dance).limbs for _ in range(2))
    for limbs in (first, second):
        assert np.isfinite(limbs).all()
    forearms = [limbs[:, :2, 2] - limbs[:, :2, 1] for limbs in (first, second)]
    angles = [np.arctan2(arm[..., 0], arm[..., 1]) for arm in forearms]
    assert np.allclose(np.cos(angles[0] - angles[1]), 1, atol=1e-6)


@given(seeds, st.integers(1, 30))
def test_dances_have_their_length_and_stay_within_the_joints_limits(seed, frames):
    dance = sample_dance(np.random.default_rng(seed), frames, 12.0)
    assert len(dance) == frames and np.isfinite(dance.values).all()
    assert dance.both(Channel.ARM).max() <= 3.06 and dance.both(Channel.ARM).min() >= -0.41
    assert dance.both(Channel.THIGH_REACH).min() >= 0.34


@given(seeds)
def test_hands_that_reach_for_the_body_arrive_near_it(seed):
    rng = np.random.default_rng(seed)
    body = driver_body(rng)
    pose = solve(body, Motion(touch(rng, body, sample_pose(rng, calm=True))[None]))
    wrists = pose.joints[0, [RIGHT_WRIST, LEFT_WRIST], 0] - pose.frames[0, 0, 0, 2]
    assert np.abs(wrists).min() < 2.2 * body.shoulder


def test_the_stretches_of_a_bent_limb_meet_at_its_knots():
    for character in characters(25):
        pose = solve(character.body, sample_dance(np.random.default_rng(1), 3, 12.0))
        for limb in character.limbs:
            knots, maps = limb_knots(limb, character.body), limb_maps(pose, limb)
            for index in range(1, len(knots) - 1):
                place = np.array([0.0, knots[index], 1.0])
                assert np.allclose(maps[:, index - 1] @ place, maps[:, index] @ place, atol=1e-9)


def test_plates_are_placed_by_finite_maps_that_do_not_collapse():
    for character in characters(25):
        pose = solve(character.body, sample_dance(np.random.default_rng(2), 3, 12.0))
        for plate in character.plates:
            maps = plate_maps(pose, plate)
            assert np.isfinite(maps).all()
            assert (np.abs(np.linalg.det(maps[:, :, :2])) > 0.05).all()


def test_characters_stand_about_one_unit_tall():
    for character in characters(60):
        top, bottom = character.extent()
        assert 0.7 < bottom - top < 2.6, character.caption


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=3, max_size=8))
def test_a_smooth_outline_passes_through_its_points(points):
    outline = ol.closed(points, 4)
    for point in points:
        assert np.abs(outline - np.array(point)).sum(axis=1).min() < 1e-9


@given(st.floats(0.1, 2), st.floats(0.1, 2), st.floats(1.5, 9))
def test_ellipses_fill_their_box(rx, ry, power):
    outline = ol.ellipse(0.3, -0.2, rx, ry, power=power)
    assert outline[:, 0].max() == pytest.approx(0.3 + rx) and outline[:, 1].min() == pytest.approx(-0.2 - ry)


@given(seeds, st.floats(0.02, 0.2))
def test_fur_only_grows_outwards(seed, length):
    disc = ol.ellipse(0, 0, 1, 1)
    ragged = np.linalg.norm(ol.fuzzed(np.random.default_rng(seed), disc, length), axis=1)
    assert ragged.min() > 0.97 and ragged.max() < 1 + 1.6 * length


def test_mirrored_and_turned_outlines_keep_their_size():
    outline = ol.leaf(0.1, 0.2, 1.0, 0.5, 0.4)
    assert np.allclose(ol.mirrored(ol.mirrored(outline)), outline)
    assert np.allclose(np.linalg.norm(ol.turned(outline, 1.1), axis=1), np.linalg.norm(outline, axis=1))


def test_a_hem_hangs_lower_in_the_middle():
    straight, hanging = (ol.profile([(0, 0.5), (1, 1)], flat=True, sag=sag) for sag in (0.0, 0.2))
    assert straight[:, 1].max() == pytest.approx(1)
    assert hanging[:, 1].max() == pytest.approx(1.2)


def plain(**changes: float) -> Surroundings:
    quiet = Surroundings(
        (0.5, -0.7, 0.5), shade=0.0, ground=0.0, wall=0.0, away=0.1, mirror=0.0, falloff=(0, 0)
    )
    return replace(quiet, **changes)


def standing() -> np.ndarray:
    canvas = np.full((40, 30, 4), 200.0, np.float32)
    canvas[..., 3] = 0
    canvas[10:30, 10:20] = (50, 60, 70, 1)
    return canvas


def test_a_quiet_scene_leaves_the_picture_as_it_is():
    canvas = standing()
    settle(canvas, plain(), 30.0)
    assert np.array_equal(canvas, standing())


def test_a_shadow_on_the_wall_darkens_the_background_away_from_the_light_only():
    canvas = standing()
    settle(canvas, plain(wall=0.5), 30.0)
    assert np.array_equal(canvas[canvas[..., 3] == 1], standing()[standing()[..., 3] == 1])
    assert canvas[20, 8, 0] < 150 and canvas[20, 25, 0] > 195


def test_a_floor_mirrors_the_character_below_its_feet():
    canvas = standing()
    settle(canvas, plain(mirror=0.5), 30.0)
    assert canvas[31, 15, 0] < 150
    assert np.array_equal(canvas[:30], standing()[:30])


def test_falling_light_changes_the_character_and_not_the_background():
    canvas = standing()
    settle(canvas, plain(falloff=(0.8, 0.0)), 30.0)
    assert canvas[20, 19, 0] > 50 > canvas[20, 10, 0]
    assert (canvas[canvas[..., 3] == 0][:, :3] == 200).all()


def test_shadows_at_the_feet_are_darkest_where_the_feet_are():
    floor = np.full((40, 60, 3), 180, np.uint8)
    shaded = cast_shadow(floor, np.array([[30.0, 20.0]]), 8.0, 0.5)
    assert shaded[20, 30, 0] == shaded.min() < 100
    assert (shaded[:8] == 180).all() and (floor == 180).all()


def test_shadows_far_outside_of_the_picture_do_no_harm():
    floor = np.full((20, 20, 3), 180, np.uint8)
    assert np.array_equal(cast_shadow(floor, np.array([[-500.0, 900.0]]), 5.0, 0.5), floor)
