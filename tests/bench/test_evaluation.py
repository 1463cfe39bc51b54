import pytest
import torch

from animatex.bench.evaluation import Evaluation, measure_evaluation
from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.video.frames import Size


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_one_call_of_a_presets_network_is_timed(dtype):
    config = load_config(AnimateConfig, preset_path("tiny"))
    measured = measure_evaluation(config, 2, torch.device("cpu"), dtype)
    assert (measured.frames, measured.size) == (2, Size(64, 64))
    assert measured.dtype == str(dtype).removeprefix("torch.")
    assert measured.seconds > 0
    assert measured.threads == torch.get_num_threads()


def test_another_number_of_frames_is_scaled_by_slots():
    measured = Evaluation(1, Size(768, 512), "bfloat16", 2, 10.0, None)
    assert measured.seconds_for(1) == 10.0
    assert measured.seconds_for(32) == pytest.approx(165.0)
