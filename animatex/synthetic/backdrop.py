"""What stands behind the characters: a scene of some family, by seed."""

from __future__ import annotations

import numpy as np

from animatex.synthetic.noise import child
from animatex.synthetic.palette import sample_palette
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.studio import paint_paper, paint_strokes, paint_studio
from animatex.video.frames import Size

FAMILIES = (
    (paint_studio, 0.4),
    (paint_paper, 0.3),
    (paint_strokes, 0.3),
)


def paint_backdrop(rng: np.random.Generator, size: Size) -> np.ndarray:
    """Paint a background.

    Args:
        rng: Decides the family of scenes and everything in it.
        size: Height and width in pixels; the same seed gives about the same scene at any size of one aspect.

    Returns:
        uint8 [height, width, 3], RGB.
    """
    own = child(rng)
    canvas = Canvas(size, own)
    palette = sample_palette(own)
    shares = np.array([share for _, share in FAMILIES])
    scene, _ = FAMILIES[int(own.choice(len(FAMILIES), p=shares / shares.sum()))]
    scene(canvas, palette)
    return canvas.image
