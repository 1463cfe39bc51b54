from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.bench.catalogue import choose_metrics
from animatex.bench.features import Extractor, FeatureStore
from animatex.bench.instruments import open_instruments
from animatex.metrics.frechet import frechet_distance, moments
from animatex.synthetic.clips import clip
from animatex.video.frames import Size
from tests.bench.videos import noisy


@pytest.fixture(scope="module")
def mini() -> Extractor:
    (extractor,) = open_instruments(choose_metrics(["mini"]), device="cpu").extractors
    return extractor


@pytest.fixture(scope="module")
def dance() -> np.ndarray:
    return clip(3, Size(96, 64), 18, fps=12.0).frames.frames


@pytest.fixture(scope="module")
def truth(mini: Extractor, dance: np.ndarray) -> dict[str, np.ndarray]:
    return mini(dance, range(len(dance)))


def blurred(frames: np.ndarray, sigma: float) -> np.ndarray:
    return np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in frames])


def shifted(frames: np.ndarray, pixels: float) -> np.ndarray:
    move = np.float32([[1, 0, pixels], [0, 1, 0]])
    size = frames.shape[2], frames.shape[1]
    return np.stack([cv2.warpAffine(f, move, size, borderMode=cv2.BORDER_REPLICATE) for f in frames])


@pytest.mark.parametrize(
    ("spoil", "sizes"),
    [(blurred, (0.5, 1, 2, 4)), (noisy, (5, 10, 20, 40, 80)), (shifted, (1, 2, 4, 8, 16))],
    ids=["blur", "noise", "shift"],
)
def test_the_distance_grows_with_a_distortion(spoil, sizes, mini: Extractor, dance: np.ndarray, truth):
    spoilt = [mini(spoil(dance, size), range(len(dance))) for size in sizes]
    for name in ("mini_frames", "mini_clips"):
        distances = [frechet_distance(moments(each[name]), moments(truth[name])) for each in spoilt]
        assert np.all(np.diff([0, *distances]) > 0), (name, distances)


def test_a_frozen_video_is_far_and_one_played_backwards_is_not(mini: Extractor, dance: np.ndarray, truth):
    frozen, backwards = (
        mini(np.ascontiguousarray(frames), range(len(dance)))
        for frames in (np.repeat(dance[:1], len(dance), axis=0), dance[::-1])
    )
    for name in ("mini_frames", "mini_clips"):
        reference = moments(truth[name])
        assert frechet_distance(moments(frozen[name]), reference) > 1e-3
        assert frechet_distance(moments(backwards[name]), reference) < 1e-6


def test_a_video_with_a_gap_has_fewer_clips(mini: Extractor, dance: np.ndarray, truth):
    gap = [*range(16), 20, 21]
    assert truth["mini_clips"].shape == (3, 512)
    assert mini(dance, gap)["mini_clips"].shape == (1, 512)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_a_store_gives_back_every_videos_rows(tmp_path_factory, lengths: list[int]):
    store = FeatureStore(tmp_path_factory.mktemp("store") / "rows", 3)
    rng = np.random.default_rng(0)
    videos = [rng.normal(size=(length, 3)).astype(np.float32) for length in lengths]
    for rows in videos:
        store.append(rows)
    assert store.rows == sum(lengths)
    assert store.videos_without_rows == lengths.count(0)
    again = np.concatenate([np.empty((0, 3)), *store.read()])
    np.testing.assert_array_equal(again, np.concatenate(videos))


def test_a_store_gives_some_videos_in_any_order(tmp_path: Path):
    store = FeatureStore(tmp_path / "rows", 1)
    for value in (1, 2, 3):
        store.append(np.full((value, 1), value, np.float32))
    assert [rows.ravel().tolist() for rows in store.read([2, 0, 2])] == [[3, 3, 3], [1], [3, 3, 3]]
