"""A small CLIP: captions to numbers, the contrast, and a stage through the real loop."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from animatex.checkpoints.load import load_clip
from animatex.config.model import ClipConfig, ClipTextConfig, ClipVisionConfig
from animatex.config.run import ClipStage, RuntimeConfig, SyntheticData, TrainConfig
from animatex.runtime import make_runtime
from animatex.training.clip_task import ClipTask, contrast, tokenise
from animatex.training.log import read_metrics
from animatex.training.recipe import train
from tests.training.toys import toy_optimizer

TEXT = ClipTextConfig(context_length=8, vocab_size=512, width=16, heads=2, layers=1)
VISION = ClipVisionConfig(image_size=16, patch_size=8, width=16, layers=1, head_width=8, mlp_ratio=2.0)
STAGE = ClipStage(
    kind="clip",
    name="clip",
    network=ClipConfig(embed_dim=8, vision=VISION, text=TEXT, quick_gelu=False),
    data=SyntheticData(kind="synthetic", height=48, width=32, seed=5, workers=0),
    batch=3,
    steps=2,
    optimizer=toy_optimizer(accumulate=1),
)


def config(out: Path) -> TrainConfig:
    runtime = RuntimeConfig(device="cpu", dtype="float32", offload="none", scan="auto")
    return TrainConfig(out=str(out), seed=7, save_every=2, keep=2, runtime=runtime, stages=(STAGE,))


def task(out: Path) -> ClipTask:
    return ClipTask(STAGE, config(out), make_runtime(config(out).runtime, 7))


@given(st.lists(st.text(max_size=60), min_size=1, max_size=4))
def test_any_caption_becomes_numbers_between_begin_and_end(captions: list[str]) -> None:
    tokens = tokenise(captions, TEXT)
    assert tokens.shape == (len(captions), 8)
    assert (tokens[:, 0] == 510).all()
    assert ((tokens == 511).sum(1) == 1).all()
    assert ((tokens >= 0) & (tokens < 512)).all()
    ends = (tokens == 511).int().argmax(1)
    for row, end in zip(tokens, ends, strict=True):
        assert (row[int(end) + 1 :] == 0).all()
        assert ((row[1 : int(end)] > 0) & (row[1 : int(end)] < 510)).all()


def test_the_same_word_has_the_same_number_wherever_it_stands() -> None:
    a, b = tokenise(["a red fox", "Fox, red!"], TEXT)
    assert a.tolist() == [510, a[1], a[2], a[3], 511, 0, 0, 0]
    assert b.tolist() == [510, a[3], a[2], 511, 0, 0, 0, 0]


def test_no_words_are_what_clip_reads_for_the_empty_prompt() -> None:
    assert tokenise([""], TEXT).tolist() == [[510, 511, 0, 0, 0, 0, 0, 0]]


def test_right_pairs_cost_nothing_and_wrong_ones_much() -> None:
    vectors = torch.eye(4)
    captions = ["a", "b", "c", "d"]
    right = contrast(vectors, vectors, torch.tensor(50.0), captions)
    wrong = contrast(vectors, vectors.roll(1, 0), torch.tensor(50.0), captions)
    assert (float(right.loss), float(right.figures["accuracy"])) == (pytest.approx(0, abs=1e-6), 1.0)
    assert (float(wrong.loss), float(wrong.figures["accuracy"])) == (pytest.approx(50, rel=1e-3), 0.0)


def test_equal_captions_share_their_pictures() -> None:
    images = F.normalize(torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), dim=1)
    result = contrast(images, images, torch.tensor(100.0), ["a cat", "a cat", "a dog"])
    assert float(result.figures["accuracy"]) == 1.0
    assert float(result.loss) == pytest.approx(math.log(2) * 2 / 3, rel=1e-3)


def test_the_temperature_has_a_floor() -> None:
    images = F.normalize(torch.randn(3, 4, generator=torch.Generator().manual_seed(0)), dim=1)
    hot, hotter = (
        contrast(images, images.roll(1, 0), torch.tensor(s), ["a", "b", "c"]) for s in (100.0, 1e4)
    )
    assert float(hot.loss) == float(hotter.loss)


def test_batch_n_is_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    several = list(task(tmp_path).batches([0, 3]))
    (alone,) = task(tmp_path).batches([3])
    assert [sample.caption for sample in several[1]] == [sample.caption for sample in alone]
    assert all(np.array_equal(a.picture, b.picture) for a, b in zip(several[1], alone, strict=True))
    assert not np.array_equal(several[0][0].picture, alone[0].picture)
    assert alone[0].picture.shape == (16, 16, 3)


def test_a_stage_leaves_an_image_tower_that_loads(tmp_path: Path) -> None:
    report = train(config(tmp_path), make_runtime(config(tmp_path).runtime, 7))
    assert report.finished
    clip = load_clip(tmp_path / "clip.safetensors", STAGE.network)
    features = clip.embed(np.zeros((2, 20, 10, 3), np.uint8))
    assert features.shape == (2, 8)
    assert torch.equal(features[0], features[1])
    records = read_metrics(tmp_path / "clip" / "metrics.jsonl")
    assert [record["step"] for record in records] == [1, 2]
    assert all(0 <= float(record["accuracy"]) <= 1 for record in records)
    assert float(records[0]["scale"]) == pytest.approx(1 / 0.07, rel=1e-3)
