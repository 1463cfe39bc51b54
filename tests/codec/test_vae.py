from __future__ import annotations

import numpy as np
import pytest
import torch

from animatex.codec.codec import Scene
from animatex.codec.vae import VaeCodec, build_autoencoder
from animatex.config.model import VaeCodecConfig
from animatex.pose.sequence import PoseSequence
from animatex.video.frames import Size
from tests.model.tiny import fill


@pytest.fixture(scope="module")
def codec() -> VaeCodec:
    autoencoder = build_autoencoder()
    fill(autoencoder)
    return VaeCodec(VaeCodecConfig(kind="vae", checkpoint="-", latent_scale=0.18215, chunk=2), autoencoder)


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def poses(frames: int) -> PoseSequence:
    return PoseSequence(
        np.zeros((frames, 134, 2), np.float32), np.zeros((frames, 134), np.float32), Size(16, 24), 10.0
    )


def pictures(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.integers(0, 256, (count, 16, 24, 3), dtype=np.uint8)


def test_frames_keep_their_size_and_number(codec: VaeCodec, rng: np.random.Generator) -> None:
    latents = codec.encode(pictures(rng, 3), seeded())
    assert latents.shape == (1, 4, 3, 2, 3)
    scene = Scene(pictures(rng, 1)[0], poses(1), poses(3))
    decoded = codec.open(scene, seeded()).decode(latents)
    assert decoded.shape == (3, 16, 24, 3)
    assert decoded.dtype == np.uint8


def test_chunks_do_not_show(codec: VaeCodec, rng: np.random.Generator) -> None:
    whole = VaeCodec(codec.config.model_copy(update={"chunk": 8}), codec.autoencoder)
    frames = pictures(rng, 3)
    latents = codec.encode(frames, seeded())
    torch.testing.assert_close(latents, whole.encode(frames, seeded()), rtol=1e-3, atol=1e-4)
    decoded, at_once = (np.stack(list(each.paint(latents))) for each in (codec, whole))
    difference = decoded.astype(int) - at_once
    assert abs(difference).max() <= 1


def test_latents_are_scaled_draws_from_the_posterior(codec: VaeCodec, rng: np.random.Generator) -> None:
    frames = pictures(rng, 1)
    pixels = torch.from_numpy(frames).permute(0, 3, 1, 2) / 127.5 - 1
    posterior = codec.autoencoder.encode(pixels).latent_dist
    draw = torch.randn(posterior.mean.shape, generator=seeded())
    expected = (posterior.mean + posterior.std * draw) * 0.18215
    torch.testing.assert_close(codec.encode(frames, seeded())[:, :, 0], expected)


def test_a_scene_implies_nothing_but_the_references_latents(
    codec: VaeCodec, rng: np.random.Generator
) -> None:
    reference = pictures(rng, 1)[0]
    clip = codec.open(Scene(reference, poses(1), poses(5)), seeded())
    assert clip.prior.shape == (1, 0, 5, 2, 3)
    assert clip.reference_prior.shape == (1, 0, 2, 3)
    assert torch.equal(clip.reference_latents, codec.encode(reference[None], seeded())[:, :, 0])


def test_decoding_reports_every_frame(codec: VaeCodec) -> None:
    told: list[object] = []

    class Listening:
        def start(self, stage: str, total: int | None = None) -> None:
            told.append((stage, total))

        def advance(self, n: int = 1) -> None:
            told.append(n)

        def done(self) -> None:
            told.append("done")

    assert len(list(codec.paint(torch.zeros(1, 4, 3, 2, 3), Listening()))) == 3
    assert told[-1] == "done"
    assert sum(n for n in told if isinstance(n, int)) == 3
