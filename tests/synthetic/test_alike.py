"""One seed, the same pixels, whatever the processor can do."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import cv2
import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

from animatex.synthetic.alike import alike_everywhere
from animatex.synthetic.clips import clip, still
from animatex.video.frames import Size

HASHING = """
import hashlib
from animatex.synthetic.clips import clip, still
from animatex.video.frames import Size
stills = b"".join(still(seed, Size(96, 64)).image.tobytes() for seed in range(4000, 4012))
made = clip(4012, Size(96, 64), 3)
print(hashlib.sha256(stills + made.frames.frames.tobytes() + made.motion.tobytes()).hexdigest())
"""


def test_a_processor_that_can_less_paints_the_same_pixels() -> None:
    found = [name for name in __cpu_dispatch__ if __cpu_features__[name]]
    older = {
        "OPENCV_CPU_DISABLE": "AVX512_ICL,AVX512_CLX,AVX512_SKX,AVX2,FMA3,FP16,AVX",
        "NPY_DISABLE_CPU_FEATURES": " ".join(found),
    }
    done = subprocess.run(
        [sys.executable, "-c", HASHING], env=os.environ | older, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    stills = b"".join(still(seed, Size(96, 64)).image.tobytes() for seed in range(4000, 4012))
    made = clip(4012, Size(96, 64), 3)
    here = hashlib.sha256(stills + made.frames.frames.tobytes() + made.motion.tobytes()).hexdigest()
    assert done.stdout.strip() == here


@pytest.mark.parametrize("used", [True, False])
def test_what_others_have_chosen_for_opencv_is_left_as_it_was(used: bool) -> None:
    before = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(used)
    try:
        chosen = cv2.ipp.useIPP()
        with alike_everywhere():
            assert not cv2.ipp.useIPP()
        assert cv2.ipp.useIPP() == chosen
        still(1, Size(48, 32))
        assert cv2.ipp.useIPP() == chosen
    finally:
        cv2.ipp.setUseIPP(before)
