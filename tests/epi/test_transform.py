"""Anchors, realignment, and the policy as a whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.config.run import EpiConfig
from animatex.epi.pool import PosePool, collect_pool, open_pool, synthetic_pool
from animatex.epi.realign import realign
from animatex.epi.transform import transform
from animatex.errors import InputError
from animatex.pose.io import write_poses
from animatex.pose.proportions import LIMBS, full_lengths
from animatex.pose.sequence import PoseSequence
from animatex.pose.skeleton import BODY, LEFT_HIP, LEFT_SHOULDER, NECK, NOSE, RIGHT_HIP, RIGHT_SHOULDER
from animatex.video.frames import Size
from tests.epi.conftest import CANVAS, dancer

POOL = synthetic_pool(1, CANVAS, count=64)
seeds = st.integers(0, 10_000)


def epi(**changes: float) -> EpiConfig:
    usual = {"realign": 1.0, "add": 0.3, "drop": 0.3, "bs": 0.5, "nf": 0.5, "al": 0.5, "place": 0.5}
    return EpiConfig(**({"probability": 1.0, "pool": None} | usual | changes))


OFF = dict.fromkeys(("realign", "add", "drop", "bs", "nf", "al", "place"), 0.0)


def same(a: PoseSequence, b: PoseSequence) -> bool:
    return np.array_equal(a.keypoints, b.keypoints) and np.array_equal(a.scores, b.scores)


def test_a_pool_repeats_itself_and_holds_many_builds() -> None:
    again = synthetic_pool(1, CANVAS, count=64)
    assert all(same(a, b) for a, b in zip(POOL.anchors, again.anchors, strict=True))
    lengths = np.stack([full_lengths(anchor) for anchor in POOL.anchors])
    relative = lengths / lengths[:, :1]
    assert (relative[:, 1:].max(axis=0) > 1.3 * relative[:, 1:].min(axis=0)).all()
    for anchor in POOL.anchors:
        body = anchor.keypoints[0, BODY]
        assert ((body > 0) & (body < (CANVAS.width, CANVAS.height))).mean() > 0.9
        assert body[NOSE, 1] < body[NECK, 1]


def test_an_anchor_comes_undistorted_onto_any_canvas() -> None:
    canvas = Size(512, 512)
    anchor = PosePool(POOL.anchors[:1]).draw(np.random.default_rng(0), canvas)
    assert anchor.canvas == canvas
    before, after = full_lengths(POOL.anchors[0]), full_lengths(anchor)
    assert np.allclose(after, before * 512 / 768, rtol=1e-4)


def test_anchors_of_like_proportions_go_first() -> None:
    wide = synthetic_pool(2, Size(512, 1024), count=3)
    pool = PosePool(POOL.anchors + wide.anchors)
    rng = np.random.default_rng(0)
    drawn = [pool.draw(rng, Size(256, 512)) for _ in range(20)]
    expected = [anchor.keypoints / 2 for anchor in wide.anchors]
    assert all(any(np.allclose(pose.keypoints, e, atol=1e-3) for e in expected) for pose in drawn)


def test_a_pool_is_made_of_frames_that_show_somebody_whole_and_from_the_front(
    rng: np.random.Generator,
) -> None:
    clip = dancer(rng, num_frames=20)
    hidden = np.zeros((20, 134), bool)
    hidden[:8, 3:8] = True  # 13 joints left
    points = clip.keypoints.copy()
    points[8:14, RIGHT_SHOULDER] = points[8:14, LEFT_SHOULDER]  # from the side
    pool = collect_pool([clip.moved(points).hidden(hidden), clip.select([0])])
    assert len(pool.anchors) == 5 + 1
    found = [
        int(np.argmin(np.abs(points - anchor.keypoints).sum(axis=(1, 2)))) for anchor in pool.anchors[:5]
    ]
    assert found == sorted(set(found))
    assert (min(found), max(found)) == (14, 19)


def test_a_folder_of_pose_files_is_a_pool(rng: np.random.Generator, tmp_path: Path) -> None:
    clips = [dancer(rng, num_frames=2), dancer(rng, num_frames=1)]
    write_poses(clips[0], tmp_path / "a.npz")
    write_poses(clips[1], tmp_path / "b.jsonl")
    (tmp_path / "notes.txt").write_text("mine")
    found, asked = open_pool(str(tmp_path), 0, CANVAS), collect_pool(clips)
    assert len(found.anchors) == 3
    assert all(same(a, b) for a, b in zip(found.anchors, asked.anchors, strict=True))
    assert len(open_pool(None, 1, CANVAS).anchors) == 256


def test_a_pool_that_is_no_folder_of_poses_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere is no folder of pose files"):
        open_pool(str(tmp_path / "nowhere"), 0, CANVAS)
    with pytest.raises(InputError, match="has no pose files") as caught:
        open_pool(str(tmp_path), 0, CANVAS)
    assert ".npz" in caught.value.hint


def test_an_empty_pool_is_an_error_in_words(poses: PoseSequence) -> None:
    with pytest.raises(InputError) as caught:
        collect_pool([poses.hidden(np.ones(134, bool))])
    assert caught.value.message == (
        "the pose pool is empty: no frame shows a person from the front with at least 14 of 18 body joints"
    )
    assert caught.value.hint == "use clips in which somebody is seen whole, or the synthetic pool."


@given(seeds)
def test_realigned_poses_have_the_anchors_limbs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    poses, anchor = dancer(rng, num_frames=1), POOL.draw(rng, CANVAS)
    aligned = realign(poses, anchor, move=True)
    theirs, ours = full_lengths(anchor), full_lengths(aligned)
    ratios = np.log(theirs / full_lengths(poses))
    usual = np.abs(ratios - np.median(ratios)) < np.log(3)  # extremes are softened
    # A head's turn and tilt are the dancer's.
    within = usual & np.array([limb.name not in ("eyes", "neck", "face") for limb in LIMBS])
    assert within.sum() > 8
    assert np.allclose(ours[within], theirs[within], rtol=0.02)


def test_realigned_poses_stand_where_the_anchor_does_or_where_they_did(poses: PoseSequence) -> None:
    anchor = POOL.anchors[3]
    there, here = (realign(poses, anchor, move=move) for move in (True, False))
    hips, anchor_hips = (p.keypoints[:, [RIGHT_HIP, LEFT_HIP], 0].mean(1) for p in (there, anchor))
    assert np.median(hips) == pytest.approx(anchor_hips[0], abs=0.01)
    assert np.median(there.keypoints[:, NECK, 1]) == pytest.approx(anchor.keypoints[0, NECK, 1], abs=0.01)
    assert np.allclose(here.keypoints[0, NECK], poses.keypoints[0, NECK], atol=0.01)
    shift = there.keypoints[0, NECK] - here.keypoints[0, NECK]
    assert np.allclose(there.keypoints, here.keypoints + shift, atol=0.01)


@given(seeds)
def test_the_same_seed_gives_the_same_poses(seed: int) -> None:
    poses = dancer(np.random.default_rng(seed))
    a, b = (transform(poses, POOL, epi(), np.random.default_rng(seed)) for _ in range(2))
    assert same(a.poses, b.poses)
    assert a.words() == b.words()


def test_lambda_says_how_often_anything_happens(poses: PoseSequence) -> None:
    rng = np.random.default_rng(0)
    untouched = [same(transform(poses, POOL, epi(probability=0.8), rng).poses, poses) for _ in range(200)]
    assert np.mean(untouched) == pytest.approx(0.2, abs=0.08)
    never = transform(poses, POOL, epi(probability=0.0), rng)
    assert same(never.poses, poses)
    assert never.words() == ()


def test_with_every_change_off_nothing_changes(poses: PoseSequence) -> None:
    rng = np.random.default_rng(0)
    assert all(same(transform(poses, POOL, epi(**OFF), rng).poses, poses) for _ in range(20))


@given(seeds)
def test_nothing_that_was_hidden_is_seen_unless_limbs_are_added(seed: int) -> None:
    rng = np.random.default_rng(seed)
    poses = dancer(rng).hidden(rng.random((6, 134)) < 0.2)
    changed = transform(poses, POOL, epi(add=0.0), rng).poses
    assert not ((changed.scores > 0) & (poses.scores == 0)).any()
    assert (changed.canvas, changed.fps, len(changed)) == (poses.canvas, poses.fps, len(poses))
    assert np.isfinite(changed.keypoints).all()


@given(seeds)
def test_somebody_stays_in_the_picture(seed: int) -> None:
    rng = np.random.default_rng(seed)
    changed = transform(dancer(rng), POOL, epi(), rng).poses
    body, seen = changed.keypoints[:, BODY], changed.scores[:, BODY] > 0
    inside = ((body >= 0) & (body < (CANVAS.width, CANVAS.height))).all(axis=2)
    assert inside[seen].mean() >= 0.5


def test_motion_stays_what_it_was_in_direction(poses: PoseSequence) -> None:
    rng = np.random.default_rng(5)
    upper = poses.keypoints[:, 3] - poses.keypoints[:, 2]
    for _ in range(30):
        changed = transform(poses, POOL, epi(drop=0.0), rng).poses
        now = changed.keypoints[:, 3] - changed.keypoints[:, 2]
        turned = np.arctan2(upper[:, 0] * now[:, 1] - upper[:, 1] * now[:, 0], (upper * now).sum(axis=1))
        assert np.abs(turned).max() < np.radians(6)  # placing may widen a body by a tenth


@given(seeds, st.sampled_from(sorted(OFF)))
def test_a_switch_that_is_off_never_acts(seed: int, switch: str) -> None:
    rng = np.random.default_rng(seed)
    legless = np.isin(np.arange(134), (9, 10, 12, 13, *range(18, 24)))
    poses = dancer(rng).hidden(legless)
    always = dict.fromkeys(OFF, 1.0) | {"place": 0.0}
    changed = transform(poses, POOL, epi(**(always | {switch: 0.0})), rng)
    acted = {
        "realign": changed.realigned,
        "add": bool(changed.added),
        "drop": changed.dropped is not None,
        "bs": bool((changed.factors[:3] != 1).any()),
        "nf": bool((changed.factors[3:6] != 1).any()),
        "al": bool((changed.factors[6:] != 1).any()),
        "place": False,
    }
    assert acted == {name: name not in (switch, "place") for name in OFF}


@given(seeds)
def test_a_change_holds_for_the_whole_clip(seed: int) -> None:
    rng = np.random.default_rng(seed)
    still = dancer(rng, num_frames=1)
    clip = still.select([0] * 5)
    changed = transform(clip, POOL, epi(), np.random.default_rng(seed)).poses
    assert np.allclose(changed.keypoints, changed.keypoints[:1], atol=1e-3)
    assert np.array_equal(changed.scores, np.repeat(changed.scores[:1], 5, axis=0))


def test_what_was_done_is_said(poses: PoseSequence) -> None:
    rng = np.random.default_rng(2)
    only = {name: transform(poses, POOL, epi(**(OFF | {name: 1.0})), rng).words() for name in OFF}
    assert only["realign"] == ("realigned",)
    assert only["place"] == ("placed anew",)
    assert [word[:3] for word in only["drop"]] == ["no "]
    for group, names in (("bs", "torso shoulders"), ("nf", "neck face"), ("al", "arms legs")):
        assert [word.split(" x")[0] for word in only[group]] == names.split()
    armless = poses.hidden(np.isin(np.arange(134), (3, 4)))
    assert transform(armless, POOL, epi(**(OFF | {"add": 1.0})), rng).words() == ("with a right arm",)


def test_half_bodies_gain_legs_some_time(poses: PoseSequence) -> None:
    legless = np.zeros(134, bool)
    legless[[9, 10, 12, 13, *range(18, 24)]] = True
    rng = np.random.default_rng(0)
    half = poses.hidden(legless)
    gained = [
        bool((transform(half, POOL, epi(drop=0.0), rng).poses.scores[:, 9] > 0).any()) for _ in range(150)
    ]
    assert 0.1 < np.mean(gained) < 0.3


def test_nobody_and_lost_points_are_no_trouble(poses: PoseSequence) -> None:
    rng = np.random.default_rng(0)
    nobody = poses.hidden(np.ones(134, bool))
    assert same(transform(nobody, POOL, epi(), rng).poses, nobody)
    lost = poses.keypoints.copy()
    lost[:, 5:8] = np.nan
    scores = poses.scores.copy()
    scores[:, 5:8] = 0
    for _ in range(20):
        changed = transform(replace(poses, keypoints=lost, scores=scores), POOL, epi(), rng).poses
        assert np.isfinite(changed.keypoints[changed.scores > 0]).all()
