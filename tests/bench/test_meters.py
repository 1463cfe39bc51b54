import numpy as np
import pytest

from animatex.bench.meters import LpipsMeter
from animatex.bench.pairs import FramePair
from animatex.errors import InputError
from animatex.metrics.perceptual import VGG_SIDE, Lpips
from animatex.video.frames import FrameSequence


@pytest.fixture(scope="module")
def meter() -> LpipsMeter:
    return LpipsMeter(("lpips_disco", "lpips_vgg"), Lpips("vgg"))


def pair(height: int, width: int) -> FramePair:
    frames = FrameSequence(np.full((1, height, width, 3), 90, np.uint8), 8.0)
    return FramePair("hen", frames, frames, (0,))


def test_lpips_looks_at_frames_of_its_smallest_size(meter: LpipsMeter):
    assert {name: list(values) for name, values in meter(pair(VGG_SIDE, VGG_SIDE)).items()} == {
        "lpips_disco": [0.0],
        "lpips_vgg": [0.0],
    }


@pytest.mark.parametrize(("height", "width"), [(VGG_SIDE - 1, 40), (40, 7)])
def test_frames_too_small_for_lpips_are_one_line(meter: LpipsMeter, height: int, width: int):
    with pytest.raises(InputError) as caught:
        meter(pair(height, width))
    assert caught.value.message == (
        f"pair hen: frames of {width}x{height} pixels; LPIPS needs at least 16 on each side"
    )
    assert caught.value.hint is not None and "--metrics" in caught.value.hint
