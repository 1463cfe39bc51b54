"""What the retargeting network sees has no units, no place and no NaN."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from animatex.pose import skeleton as sk
from animatex.pose.retarget import retarget
from animatex.pose.sequence import PoseSequence
from animatex.retargeting.observation import CLIP_WIDTH, FRAME_WIDTH, Observation, observe
from animatex.video.frames import Size
from tests.pose.figures import SHORT_LEGS, figure, mirrored, random_poses, retargeting

PERFORMER = figure(frames=6, swing=0.6)
CHARACTER = figure(SHORT_LEGS)


def seen_of(performer: PoseSequence, character: PoseSequence, *, neckless: bool = False) -> Observation:
    moved = retarget(performer, character, retargeting(), neckless=neckless)
    return observe(performer, character, moved, neckless=neckless)[0]


def enlarged(poses: PoseSequence, scale: float) -> PoseSequence:
    canvas = Size(round(poses.canvas.height * scale), round(poses.canvas.width * scale))
    return replace(poses.moved(poses.keypoints * scale), canvas=canvas)


def assert_alike(one: Observation, other: Observation, tolerance: float = 1e-3) -> None:
    for field in fields(Observation):
        a, b = getattr(one, field.name), getattr(other, field.name)
        assert a.dtype == b.dtype == np.float32, field.name
        assert np.allclose(a, b, atol=tolerance), field.name


@given(st.sampled_from([0.25, 0.5, 2.0, 3.0]), st.sampled_from([0.25, 0.5, 2.0, 3.0]))
def test_how_large_the_pictures_are_does_not_matter(performers: float, characters: float) -> None:
    larger = seen_of(enlarged(PERFORMER, performers), enlarged(CHARACTER, characters))
    assert_alike(larger, seen_of(PERFORMER, CHARACTER))


@given(st.floats(-40, 40), st.floats(-60, 60))
def test_where_the_performer_stands_does_not_matter(x: float, y: float) -> None:
    shifted = PERFORMER.moved(PERFORMER.keypoints + (x, y))
    assert_alike(seen_of(shifted, CHARACTER), seen_of(PERFORMER, CHARACTER))


def test_it_says_where_the_pictures_edges_are() -> None:
    seen = seen_of(PERFORMER, CHARACTER)
    wider = replace(CHARACTER, canvas=Size(CHARACTER.canvas.height, CHARACTER.canvas.width + 130))
    away = seen_of(PERFORMER, wider).borders - seen.borders
    assert away[1] > 0.1 and not away[[0, 2, 3]].any()
    assert (seen.borders > 0).all()


def test_mirrored_pictures_are_seen_mirrored() -> None:
    performer = figure(frames=6, swing=0.6, neck=(200, 210))
    performer.scores[:, sk.RIGHT_WRIST] = 0
    performer.scores[2, sk.LEFT_EAR] = 0
    seen = seen_of(performer, CHARACTER, neckless=True)
    assert_alike(seen_of(mirrored(performer), mirrored(CHARACTER), neckless=True), seen.mirrored(), 2e-3)
    assert_alike(seen.mirrored().mirrored(), seen, 0)


def test_what_is_not_seen_is_nowhere() -> None:
    performer, character = figure(frames=3), figure(SHORT_LEGS)
    performer.scores[1, sk.LEFT_WRIST] = 0
    character.scores[0, sk.RIGHT_KNEE] = 0.2
    seen = seen_of(performer, character)
    assert seen.performer_seen[:, sk.LEFT_WRIST].tolist() == [1, 0, 1]
    assert not seen.performer[1, sk.LEFT_WRIST].any() and seen.performer[0, sk.LEFT_WRIST].any()
    assert seen.reference_seen[sk.RIGHT_KNEE] == 0 and not seen.reference[sk.RIGHT_KNEE].any()


@given(st.integers(0, 2**32 - 1))
def test_any_poses_become_numbers_of_a_sensible_size(seed: int) -> None:
    rng = np.random.default_rng(seed)
    seen = seen_of(random_poses(rng), random_poses(rng, frames=1), neckless=bool(rng.random() < 0.5))
    assert seen.frames.shape == (5, FRAME_WIDTH) and seen.clip.shape == (CLIP_WIDTH,)
    for values in (seen.frames, seen.clip):
        assert values.dtype == np.float32 and np.abs(values).max() <= 4
