from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.pose import skeleton as sk
from animatex.pose.placing import correct
from animatex.pose.proportions import EYE_WIDTH, FACE_WIDTH, LIMBS, NECK_NOSE, full_lengths, limb_lengths
from animatex.pose.retarget import Box, default_box, fit_to_box, retarget
from animatex.pose.sequence import PoseSequence
from animatex.video.frames import Size
from tests.pose.figures import (
    CANVAS,
    DANCER,
    SHORT_LEGS,
    Body,
    figure,
    length,
    mirrored,
    random_poses,
    retargeting,
)

seeds = st.integers(0, 2**32 - 1)
OURS = ["similarity", "bones", "combined"]
ARMS = [3, 4, 6, 7]
LEGS = [9, 10, 12, 13, *range(18, 24)]

bodies = st.builds(
    Body,
    torso=st.floats(80, 300),
    shoulder=st.floats(20, 120),
    hip=st.floats(15, 80),
    neck=st.floats(30, 120),
    ear=st.floats(10, 120),
    upper_arm=st.floats(30, 150),
    forearm=st.floats(30, 150),
    thigh=st.floats(30, 200),
    calf=st.floats(30, 200),
    foot=st.floats(10, 60),
)


def without(poses: PoseSequence, points: list[int], frames: list[int] | None = None) -> PoseSequence:
    lost = np.zeros(poses.scores.shape, bool)
    lost[np.ix_(range(len(poses)) if frames is None else frames, points)] = True
    return poses.hidden(lost)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, method=st.sampled_from(OURS), unseen=st.floats(0, 0.95))
def test_a_pose_onto_itself_is_itself(seed: int, method: str, unseen: float):
    pose = random_poses(np.random.default_rng(seed), frames=1, unseen=unseen)
    result = retarget(pose, pose, retargeting(method))
    seen = result.scores > 0
    np.testing.assert_array_equal(result.scores, pose.scores)
    np.testing.assert_allclose(result.keypoints[seen], pose.keypoints[seen], atol=0.02)


@pytest.mark.parametrize("method", OURS)
def test_a_rigid_clip_onto_its_first_frame_is_itself(method: str):
    clip = figure(frames=12, swing=0.3)
    config = retargeting(method, anchor="neck")
    np.testing.assert_allclose(retarget(clip, clip.select([0]), config).keypoints, clip.keypoints, atol=0.02)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, method=st.sampled_from(OURS), unseen=st.floats(0, 0.95))
def test_anything_onto_anything_is_finite_and_invents_nothing(seed: int, method: str, unseen: float):
    rng = np.random.default_rng(seed)
    poses, reference = random_poses(rng, unseen=unseen), random_poses(rng, frames=1, unseen=unseen)
    result = retarget(poses, reference, retargeting(method))
    assert np.isfinite(result.keypoints).all()
    assert ((result.scores == poses.scores) | (result.scores == 0)).all()
    assert (result.canvas, result.fps) == (reference.canvas, poses.fps)


@settings(max_examples=40, deadline=None)
@given(performer=bodies, character=bodies)
def test_limbs_take_the_characters_length_in_every_frame(performer: Body, character: Body):
    clip = figure(performer, frames=6, swing=0.4)
    result = retarget(clip, figure(character), retargeting())
    wanted, overall = full_lengths(figure(character)), full_lengths(figure(character)) / full_lengths(clip)
    typical = np.median(overall)
    for i, limb in enumerate(LIMBS):
        lengths = limb_lengths(result)[:, i]
        np.testing.assert_allclose(lengths, lengths[0], rtol=1e-3, err_msg=limb.name)
        # Limits hold around an overall scale that the test does not know; far inside them nothing is clamped.
        if 0.5 < overall[i] / typical < 1.8 and np.ptp(np.log(overall)) < 1.2:
            np.testing.assert_allclose(lengths[0], wanted[i], rtol=1e-3, err_msg=limb.name)


@settings(max_examples=30, deadline=None)
@given(character=bodies, method=st.sampled_from(OURS))
def test_limbs_keep_the_performers_direction(character: Body, method: str):
    clip = figure(frames=6, swing=0.5)
    result = retarget(clip, figure(character), retargeting(method))
    for start, end in ((2, 3), (3, 4), (5, 6), (6, 7), (8, 9), (9, 10), (11, 12), (12, 13), (1, 0), (8, 11)):
        before, after = (p.keypoints[:, end] - p.keypoints[:, start] for p in (clip, result))
        cosine = (before * after).sum(1) / np.linalg.norm(before, axis=1) / np.linalg.norm(after, axis=1)
        np.testing.assert_allclose(cosine, 1, atol=1e-4)


def test_a_limb_that_points_at_the_camera_stays_as_short_as_it_looks():
    clip = figure(frames=10)
    keypoints = clip.keypoints.copy()
    keypoints[4, sk.LEFT_WRIST] = keypoints[4, [sk.LEFT_ELBOW, sk.LEFT_WRIST]].mean(axis=0)
    forearm = length(
        retarget(clip.moved(keypoints), figure(SHORT_LEGS), retargeting()), sk.LEFT_ELBOW, sk.LEFT_WRIST
    )
    np.testing.assert_allclose(forearm, np.where(np.arange(10) == 4, 0.5, 1) * SHORT_LEGS.forearm, rtol=1e-3)


def test_one_foreshortened_first_frame_does_not_stretch_the_clip():
    clip = figure(frames=10)
    keypoints = clip.keypoints.copy()
    keypoints[0, sk.LEFT_WRIST] = keypoints[0, sk.LEFT_ELBOW] + 3
    result = retarget(clip.moved(keypoints), figure(), retargeting())
    assert length(result, sk.LEFT_ELBOW, sk.LEFT_WRIST).max() == pytest.approx(DANCER.forearm, rel=1e-3)


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_right_and_left_are_treated_alike(seed: int):
    rng = np.random.default_rng(seed)
    poses, reference = random_poses(rng, unseen=0.15), random_poses(rng, frames=1, unseen=0.15)
    config = retargeting(missing_parts="keep")
    one = mirrored(retarget(poses, reference, config))
    other = retarget(mirrored(poses), mirrored(reference), config)
    seen = one.scores > 0
    scale = 1 + np.abs(one.keypoints[seen]).max(initial=0)
    # Where the neck is unseen a neighbour stands in, and the nearer of two equal ones is the right one.
    if (poses.scores[:, sk.NECK] > 0).all() and reference.scores[0, sk.NECK] > 0:
        np.testing.assert_allclose(one.keypoints[seen], other.keypoints[seen], atol=1e-3 * scale)


@pytest.mark.parametrize("method", OURS)
def test_a_character_that_faces_the_other_way_does_not_mirror_the_motion(method: str):
    clip = figure(frames=4, swing=0.4)
    away = mirrored(figure()).keypoints[:, list(sk.MIRROR)]
    result = retarget(clip, figure().moved(away), retargeting(method))
    assert (result.keypoints[:, sk.LEFT_SHOULDER, 0] > result.keypoints[:, sk.RIGHT_SHOULDER, 0]).all()


def test_the_first_frame_stands_where_the_character_stands():
    reference = figure(SHORT_LEGS, neck=(180, 300))
    result = retarget(figure(frames=8, swing=0.3), reference, retargeting())
    ankles = [sk.RIGHT_ANKLE, sk.LEFT_ANKLE]
    below = [sk.RIGHT_HIP, sk.LEFT_HIP, *ankles]
    assert result.keypoints[0, below, 0].mean() == pytest.approx(180, abs=0.5)
    lowest = reference.keypoints[0, ankles, 1].max()
    assert result.keypoints[0, ankles, 1].max() == pytest.approx(lowest, abs=2)


def crouching(frames: int) -> PoseSequence:
    """Feet on the ground, everything above the ankles 60 pixels lower half-way through, knees outwards."""
    clip = figure(frames=frames)
    keypoints = clip.keypoints.copy()
    drop = 60 * np.sin(np.pi * np.arange(frames) / (frames - 1))
    down = [i for i in range(134) if i not in (10, 13, *range(18, 24))]
    keypoints[:, down, 1] += drop[:, None]
    for knee, ankle, hip, side in ((9, 10, 8, -1), (12, 13, 11, 1)):
        apart = keypoints[:, ankle] - keypoints[:, hip]
        half = np.linalg.norm(apart, axis=1) / 2
        out = np.sqrt(np.maximum(((DANCER.thigh + DANCER.calf) / 2) ** 2 - half**2, 0))
        keypoints[:, knee] = (keypoints[:, ankle] + keypoints[:, hip]) / 2 + np.stack(
            [side * out, 0 * out], 1
        )
    return clip.moved(keypoints)


def test_feet_that_stand_keep_standing_on_short_legs():
    clip = crouching(48)
    ankles = [sk.RIGHT_ANKLE, sk.LEFT_ANKLE]
    grounded = retarget(clip, figure(SHORT_LEGS), retargeting(anchor="ground")).keypoints[:, ankles]
    hanging = retarget(clip, figure(SHORT_LEGS), retargeting(anchor="neck")).keypoints[:, ankles]
    assert np.ptp(grounded[..., 1], axis=0).max() < 3
    assert np.ptp(hanging[..., 1], axis=0).max() > 15


def test_feet_that_stand_do_not_slide_while_the_body_sways():
    clip = figure(frames=48)
    keypoints = clip.keypoints.copy()
    sway = 50 * np.sin(np.linspace(0, 4 * np.pi, 48))[:, None]
    above = [i for i in range(134) if i not in (9, 10, 12, 13, *range(18, 24))]
    keypoints[:, above, 0] += sway
    keypoints[:, [9, 12], 0] += sway / 2
    swaying = clip.moved(keypoints)
    ankles = [sk.RIGHT_ANKLE, sk.LEFT_ANKLE]
    slides = {
        anchor: np.ptp(
            retarget(swaying, figure(SHORT_LEGS), retargeting(anchor=anchor)).keypoints[:, ankles, 0], axis=0
        )
        for anchor in ("ground", "neck")
    }
    assert slides["ground"].max() < 0.15 * slides["neck"].min()


@pytest.mark.parametrize("side", [-1, 1])
def test_a_clip_that_begins_and_ends_in_a_sway_has_its_feet_where_the_character_stands(side: int):
    clip = figure(frames=8)
    keypoints = clip.keypoints.copy()
    hips, ankles = [sk.RIGHT_HIP, sk.LEFT_HIP], [sk.RIGHT_ANKLE, sk.LEFT_ANKLE]
    above = [i for i in range(134) if i not in (9, 10, 12, 13, *range(18, 24))]
    keypoints[:, above, 0] += 60 * side
    keypoints[:, [9, 12], 0] += 30 * side
    there, same = figure(neck=(300, 200)), retargeting("similarity", missing_parts="keep")
    moved = retarget(clip.moved(keypoints), there, same).keypoints[..., 0]
    still = there.keypoints[0, :, 0]
    # Feet count for more than half: they are nearer to home than the hips are, which lean the other way.
    assert np.allclose(side * (moved[:, ankles] - still[ankles]), -24, atol=0.1)
    assert np.allclose(side * (moved[:, hips] - still[hips]), 36, atol=0.1)
    # Whom the picture cuts off at the hips stands where these are.
    upper = without(there, LEGS)
    assert np.allclose(retarget(clip.moved(keypoints), upper, same).keypoints[..., 0], moved, atol=0.1)
    # Who sways to one side in the picture too sways as far.
    swaying = retarget(clip.moved(keypoints), clip.moved(keypoints).select([0]), same).keypoints
    assert np.allclose(swaying, keypoints, atol=0.1)


def test_a_crouch_bends_short_legs_as_much_as_long_ones():
    result = retarget(crouching(48), figure(SHORT_LEGS), retargeting())
    sinks = np.ptp(result.keypoints[:, sk.NECK, 1])
    legs = (SHORT_LEGS.thigh + SHORT_LEGS.calf) / (DANCER.thigh + DANCER.calf)
    assert sinks == pytest.approx(60 * legs, rel=0.1)


def test_a_walk_across_the_picture_stays_in_the_picture():
    clip = figure(frames=20)
    path = np.linspace(-180, 180, 20)[:, None, None] * [1, 0]
    large = figure(
        Body(torso=300, shoulder=90, upper_arm=150, forearm=140, thigh=210, calf=200), neck=(400, 100)
    )
    result = retarget(clip.moved(clip.keypoints + path), large, retargeting())
    neck = result.keypoints[:, sk.NECK, 0]
    assert np.median(neck) == pytest.approx(400, abs=1)
    assert 0.9 * CANVAS.width - 10 < neck.max() <= 0.9 * CANVAS.width + 1
    assert (np.diff(neck) > 0).all()


def test_strength_zero_keeps_the_performers_proportions():
    clip = figure(frames=3, swing=0.3)
    none = retarget(clip, figure(SHORT_LEGS), retargeting(strength=0.0))
    ratios = limb_lengths(none) / limb_lengths(clip)
    np.testing.assert_allclose(ratios, ratios[0, 0], rtol=1e-3)
    similar = retarget(clip, figure(SHORT_LEGS), retargeting("similarity"))
    np.testing.assert_array_equal(none.keypoints, similar.keypoints)


def test_strength_goes_from_one_to_the_other():
    clip = figure(frames=3)
    thighs = [
        length(retarget(clip, figure(SHORT_LEGS), retargeting(strength=s)), 8, 9)[0] for s in (0.0, 0.5, 1.0)
    ]
    assert thighs[0] > thighs[1] > thighs[2]
    assert thighs[1] == pytest.approx((thighs[0] * thighs[2]) ** 0.5, rel=1e-3)


@given(
    scale=st.floats(0.1, 5),
    x=st.floats(-1, 1),
    y=st.floats(-1, 1),
    anchor=st.sampled_from(["neck", "ground"]),
    body=bodies,
)
def test_a_correction_by_hand_scales_and_moves_the_whole_body(
    scale: float, x: float, y: float, anchor: str, body: Body
):
    clip = figure(body, frames=4, swing=0.3)
    moved = correct(clip, retargeting(scale=scale, shift=(x, y), anchor=anchor))
    shift = np.array([x * CANVAS.width, y * CANVAS.height])
    fixed = (moved.keypoints[0] - shift - scale * clip.keypoints[0]) / (1 - scale) if scale != 1 else None
    lengths = limb_lengths(moved) / limb_lengths(clip)
    np.testing.assert_allclose(lengths[np.isfinite(lengths)], scale, rtol=1e-2)
    if fixed is not None and abs(scale - 1) > 0.1:
        np.testing.assert_allclose(fixed, np.broadcast_to(fixed[0], fixed.shape), atol=0.1)
        lowest = clip.keypoints[:, [10, 13], 1].max()
        assert fixed[0, 1] == pytest.approx(200 if anchor == "neck" else lowest, abs=3)
    np.testing.assert_array_equal(moved.scores, clip.scores)


def test_no_correction_changes_nothing_and_nobody_cannot_be_corrected():
    clip = figure(frames=2)
    assert correct(clip, retargeting()) is clip
    nobody = clip.hidden(np.ones(134, bool))
    assert np.isfinite(correct(nobody, retargeting(scale=2.0)).keypoints).all()
    hands = clip.hidden(np.arange(134) < sk.LEFT_HAND.start)
    assert np.isfinite(correct(hands, retargeting(scale=2.0)).keypoints).all()


@settings(max_examples=30, deadline=None)
@given(character=bodies, method=st.sampled_from(OURS))
def test_hands_and_feet_and_face_are_scaled_with_their_limb(character: Body, method: str):
    clip = figure(frames=3, swing=0.3)
    ratios = limb_lengths(retarget(clip, figure(character), retargeting(method))) / limb_lengths(clip)
    result = retarget(clip, figure(character), retargeting(method)).keypoints
    for hand, wrist, forearm in ((sk.LEFT_HAND, 7, 9), (sk.RIGHT_HAND, 4, 8)):
        grown = np.linalg.norm(result[:, hand] - result[:, [wrist]], axis=2)[:, 1:]
        grown /= np.linalg.norm(clip.keypoints[:, hand] - clip.keypoints[:, [wrist]], axis=2)[:, 1:]
        np.testing.assert_allclose(grown, np.sqrt(ratios[0, forearm] * ratios[0, 1]), rtol=1e-2)
    for toes, ankle, foot in ((sk.LEFT_FOOT, 13, 15), (sk.RIGHT_FOOT, 10, 14)):
        grown = np.linalg.norm(result[:, list(toes)] - result[:, [ankle]], axis=2)
        grown /= np.linalg.norm(clip.keypoints[:, list(toes)] - clip.keypoints[:, [ankle]], axis=2)
        np.testing.assert_allclose(grown, ratios[0, foot], rtol=1e-2)
    face = np.ptp(result[:, sk.FACE], axis=1) / np.ptp(clip.keypoints[:, sk.FACE], axis=1)
    np.testing.assert_allclose(face, ratios[0, 4], rtol=1e-2)


@settings(max_examples=30, deadline=None)
@given(grown=st.floats(0.3, 3), method=st.sampled_from(OURS), right=st.floats(-60, 60))
def test_the_path_grows_with_the_character(grown: float, method: str, right: float):
    clip = figure(frames=24)
    path = right * np.sin(np.linspace(0, 3, 24))[:, None, None] * [1, 0]
    small = figure(
        Body(**{name: grown * value for name, value in vars(DANCER).items()}),
        canvas=Size(4000, 4000),
        neck=(2000, 1000),
    )
    result = retarget(clip.moved(clip.keypoints + path), small, retargeting(method))
    reach = np.ptp(result.keypoints[:, sk.NECK, 0])
    assert reach == pytest.approx(grown * np.ptp(path[..., 0]), rel=0.05, abs=0.5)


@settings(max_examples=30, deadline=None)
@given(wide=st.integers(100, 2000), high=st.integers(100, 2000))
def test_canvases_of_any_shape_do_not_bend_a_body(wide: int, high: int):
    clip = figure(frames=3, swing=0.3)
    result = retarget(clip, replace(figure(), canvas=Size(high, wide)), retargeting())
    np.testing.assert_allclose(limb_lengths(result), limb_lengths(clip), rtol=1e-3)


@settings(max_examples=30, deadline=None)
@given(seed=seeds)
def test_joints_of_low_confidence_do_not_measure_a_body(seed: int):
    rng = np.random.default_rng(seed)
    clip, reference = figure(frames=12, swing=0.3), figure(SHORT_LEGS)
    keypoints, scores = reference.keypoints.copy(), reference.scores.copy()
    # The right limbs are guesses; the left ones are sure.
    guessed = [3, 4, 9, 10]
    keypoints[0, guessed] = rng.uniform(0, 500, (4, 2))
    scores[0, guessed] = 0.2
    result = retarget(clip, replace(reference, keypoints=keypoints, scores=scores), retargeting())
    lengths = limb_lengths(result)[0]
    for limb, wanted in ((8, SHORT_LEGS.forearm), (10, SHORT_LEGS.thigh), (12, SHORT_LEGS.calf)):
        assert lengths[limb] == pytest.approx(wanted, rel=1e-3)


def turning(frames: int) -> PoseSequence:
    """A head that tilts and turns."""
    clip = figure(frames=frames)
    keypoints = clip.keypoints.copy()
    tilt = 0.4 * np.sin(np.linspace(0, 6, frames))
    head = [sk.NOSE, *range(14, 18)]
    for t in range(frames):
        keypoints[t, sk.NOSE, 0] += 12 * np.sin(t)
        turn = np.array([[np.cos(tilt[t]), -np.sin(tilt[t])], [np.sin(tilt[t]), np.cos(tilt[t])]])
        keypoints[t, head] = (keypoints[t, head] - keypoints[t, 1]) @ turn.T + keypoints[t, 1]
    return clip.moved(keypoints)


def test_a_head_tilts_as_the_performers_does_with_the_characters_face():
    giant = figure(Body(ear=110, neck=120))
    result = retarget(turning(30), giant, retargeting())
    ears, others = (p.keypoints[:, 17] - p.keypoints[:, 16] for p in (turning(30), result))
    np.testing.assert_allclose(np.arctan2(*ears.T), np.arctan2(*others.T), atol=0.03)
    np.testing.assert_allclose(length(result, 16, 17), 220, rtol=0.02)


def test_an_ear_that_comes_and_goes_does_not_shake_the_head():
    clip = turning(30)
    seen = retarget(clip, figure(SHORT_LEGS), retargeting())
    hidden = retarget(without(clip, [sk.LEFT_EAR], [3, 4, 5, 11, 20]), figure(SHORT_LEGS), retargeting())
    jumps = np.linalg.norm(seen.keypoints - hidden.keypoints, axis=2)[:, [0, 14, 15, 16]]
    assert jumps.max() < 0.05 * SHORT_LEGS.torso


def test_somebody_seen_from_behind_keeps_the_head_upright():
    clip = turning(12)
    back = clip.keypoints.copy()
    back[6:, 14:18] = back[6:, [15, 14, 17, 16]]
    result = retarget(clip.moved(back), figure(SHORT_LEGS), retargeting())
    assert (result.keypoints[:, 14:16, 1].mean(1) < result.keypoints[:, sk.NECK, 1]).all()
    assert (result.keypoints[:, sk.NOSE, 1] < result.keypoints[:, sk.NECK, 1]).all()


def test_bent_knees_do_not_lower_a_character_without_legs():
    ghost = without(figure(neck=(256, 150)), LEGS)
    necks = retarget(crouching(24), ghost, retargeting()).keypoints[:, sk.NECK, 1]
    assert np.ptp(necks) < 6


def test_a_character_without_arms_gets_none():
    armless = without(figure(), [*ARMS, *range(92, 134)])
    assert (retarget(figure(frames=3), armless, retargeting()).scores[:, ARMS] == 0).all()


@given(strength=st.floats(0, 1), character=bodies)
@settings(max_examples=30, deadline=None)
def test_strength_lies_between_the_two_proportions(strength: float, character: Body):
    clip, reference = figure(frames=2), figure(character)
    none, some, full = (
        np.log(limb_lengths(retarget(clip, reference, retargeting(strength=s)))[0]) for s in (0, strength, 1)
    )
    # What lies where in a face is mixed in straight lines.
    limbs = ~np.isin(np.arange(16), [NECK_NOSE, FACE_WIDTH, EYE_WIDTH])
    between = (1 - strength) * none + strength * full
    np.testing.assert_allclose(some[limbs], between[limbs], atol=1e-3)


def test_a_huge_head_stays_on_its_neck():
    giant = figure(Body(ear=150, neck=140))
    result = retarget(figure(frames=4, swing=0.3), giant, retargeting())
    assert length(result, sk.RIGHT_EAR, sk.LEFT_EAR)[0] == pytest.approx(300, rel=1e-3)
    np.testing.assert_allclose(length(result, sk.NECK, sk.NOSE), 140, rtol=1e-3)


def test_legs_that_the_picture_shows_to_be_missing_are_hidden():
    ghost = without(figure(neck=(256, 150)), LEGS)
    hidden = retarget(figure(frames=3), ghost, retargeting())
    assert (hidden.scores[:, LEGS] == 0).all()
    assert (hidden.scores[:, [8, 11]] > 0).all()
    kept = retarget(figure(frames=3), ghost, retargeting(missing_parts="keep"))
    assert (kept.scores > 0).all()
    np.testing.assert_allclose(length(kept, 8, 9), DANCER.thigh, rtol=1e-3)


def test_legs_that_the_picture_cuts_off_are_kept():
    portrait = without(figure(neck=(256, 500)), LEGS)
    result = retarget(figure(frames=3), portrait, retargeting())
    assert (result.scores > 0).all()
    assert (retarget(figure(), portrait, retargeting(missing_parts="hide")).scores[:, LEGS] == 0).all()


def test_one_arm_behind_the_back_takes_the_other_arms_length():
    shown = figure(SHORT_LEGS)
    result = retarget(figure(frames=3), without(shown, [3, 4, *range(113, 134)]), retargeting())
    np.testing.assert_allclose(
        result.keypoints, retarget(figure(frames=3), shown, retargeting()).keypoints, atol=0.01
    )
    assert (result.scores > 0).all()


def test_joints_missing_in_the_first_frame_do_not_matter():
    clip = figure(frames=8, swing=0.3)
    reference = figure(SHORT_LEGS)
    whole, broken = (retarget(p, reference, retargeting()) for p in (clip, without(clip, ARMS, [0])))
    np.testing.assert_allclose(broken.keypoints[1:], whole.keypoints[1:], atol=0.5)
    assert (broken.scores[0, ARMS] == 0).all()


def test_an_arm_missing_for_a_while_changes_nothing_else():
    clip = figure(frames=8, swing=0.3)
    reference = figure(SHORT_LEGS)
    whole, broken = (retarget(p, reference, retargeting()) for p in (clip, without(clip, [6, 7], [3])))
    seen = broken.scores > 0
    arm = [*range(92, 113)]
    rest = np.ones(134, bool)
    rest[arm] = False
    np.testing.assert_allclose(
        broken.keypoints[:, rest][seen[:, rest]], whole.keypoints[:, rest][seen[:, rest]], atol=0.5
    )


def test_a_frame_without_a_neck_stays_in_its_place():
    clip = figure(frames=6)
    whole = retarget(clip, figure(SHORT_LEGS), retargeting())
    broken = retarget(without(clip, [sk.NECK], [0, 3]), figure(SHORT_LEGS), retargeting())
    seen = broken.scores > 0
    np.testing.assert_allclose(broken.keypoints[seen], whole.keypoints[seen], atol=0.5)


def test_a_frame_without_anybody_stays_empty():
    result = retarget(without(figure(frames=5), list(range(134)), [2]), figure(SHORT_LEGS), retargeting())
    assert (result.scores[2] == 0).all()
    assert np.isfinite(result.keypoints).all()


def test_method_none_stretches_the_picture():
    result = retarget(figure(), figure(canvas=Size(100, 300)), retargeting("none"))
    np.testing.assert_allclose(result.normalised(), figure().normalised(), rtol=1e-5)
    assert result.canvas == (100, 300)


@pytest.mark.parametrize("method", ["none", "combined", "wan"])
def test_a_character_of_several_poses_is_refused(method: str):
    with pytest.raises(ValueError, match=r"the character has 3 poses; needs 1\."):
        retarget(figure(frames=3), figure(SHORT_LEGS, frames=3), retargeting(method))


@pytest.mark.parametrize("method", OURS)
def test_without_a_reference_pose_the_performer_is_fitted_into_the_picture(method: str):
    nobody = figure(canvas=Size(600, 400)).hidden(np.ones(134, bool))
    result = retarget(figure(frames=3, swing=0.2), nobody, retargeting(method))
    box = default_box(Size(600, 400))
    body = result.keypoints[0, :18]
    assert body[:, 1].max() == pytest.approx(box.bottom, abs=0.1)
    assert body[:, 1].min() >= box.top - 0.1
    assert body[:, 0].min() >= box.left - 0.1
    assert body[:, 0].max() <= box.right + 0.1


@given(left=st.floats(0, 500), top=st.floats(0, 500), width=st.floats(5, 500), height=st.floats(5, 500))
def test_a_fitted_body_touches_its_box_and_keeps_its_proportions(
    left: float, top: float, width: float, height: float
):
    box = Box(left, top, left + width, top + height)
    result = fit_to_box(figure(frames=2), box, Size(1000, 1000))
    body = result.keypoints[0, :18]
    spans = np.ptp(body, axis=0) / [width, height]
    assert spans.max() == pytest.approx(1, abs=1e-2)
    ratios = limb_lengths(result) / limb_lengths(figure(frames=2))
    np.testing.assert_allclose(ratios[np.isfinite(ratios)], np.nanmedian(ratios), rtol=1e-2)


@given(shown=st.sets(st.integers(0, 17), max_size=9), method=st.sampled_from(OURS))
def test_who_enters_joint_by_joint_is_as_large_as_later(shown: set[int], method: str):
    clip = figure(frames=4, swing=0.2)
    entering = without(clip, [point for point in range(134) if point not in shown], [0, 1])
    nobody = figure(canvas=Size(600, 400)).hidden(np.ones(134, bool))
    there, whole = (retarget(each, nobody, retargeting(method)) for each in (entering, clip.select([2])))
    np.testing.assert_array_equal(there.keypoints[2], whole.keypoints[0])


@given(joint=st.integers(0, 17))
def test_a_lone_joint_is_not_taken_for_a_whole_body(joint: int):
    clip = figure(frames=12, swing=0.5)
    lone = without(clip, [point for point in range(134) if point != joint], list(range(12)))
    path = fit_to_box(lone, default_box(CANVAS), CANVAS).keypoints[:, joint]
    np.testing.assert_allclose(
        np.ptp(path, axis=0), 0.8 * np.ptp(clip.keypoints[:, joint], axis=0), atol=0.01
    )


def test_nobody_fits_any_box():
    nobody = figure().hidden(np.ones(134, bool))
    assert fit_to_box(nobody, Box(0, 0, 9, 9), Size(9, 9)).canvas == (9, 9)
