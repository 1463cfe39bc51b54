"""What stands behind the characters: a scene of some family, by seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from animatex.synthetic.lighting import Lighting
from animatex.synthetic.noise import child, draw
from animatex.synthetic.palette import Palette, sample_palette
from animatex.synthetic.scenes.bokeh import paint_bokeh
from animatex.synthetic.scenes.brush import ink, repaint
from animatex.synthetic.scenes.canvas import Canvas
from animatex.synthetic.scenes.hall import paint_hall
from animatex.synthetic.scenes.nature import paint_forest, paint_garden, paint_nature
from animatex.synthetic.scenes.overlay import overlay
from animatex.synthetic.scenes.poster import paint_poster
from animatex.synthetic.scenes.room import paint_room
from animatex.synthetic.scenes.shore import paint_shore
from animatex.synthetic.scenes.stage import paint_stage
from animatex.synthetic.scenes.street import paint_street
from animatex.synthetic.scenes.studio import paint_paper, paint_strokes, paint_studio
from animatex.synthetic.scenes.table import paint_clutter, paint_shelves, paint_table
from animatex.video.frames import Size

ScenePainter = Callable[[Canvas, Palette], None]

FAMILIES: tuple[tuple[ScenePainter, float], ...] = (
    (paint_studio, 0.08),
    (paint_paper, 0.05),
    (paint_strokes, 0.04),
    (paint_poster, 0.05),
    (paint_bokeh, 0.1),
    (paint_room, 0.16),
    (paint_hall, 0.07),
    (paint_stage, 0.06),
    (paint_nature, 0.08),
    (paint_shore, 0.05),
    (paint_forest, 0.05),
    (paint_garden, 0.07),
    (paint_street, 0.07),
    (paint_table, 0.09),
    (paint_shelves, 0.03),
    (paint_clutter, 0.04),
)


def paint_backdrop(
    rng: np.random.Generator, size: Size, lighting: Lighting | None = None, palette: Palette | None = None
) -> np.ndarray:
    """Paint a background.

    Args:
        rng: Decides the family of scenes and everything in it.
        size: Height and width in pixels; the same seed gives about the same scene at any size of one aspect.
        lighting: The characters' light, where the scene shall share its style; drawn by `rng` without.
        palette: The characters' colours, where the scene shall hide them; drawn by `rng` without.

    Returns:
        uint8 [height, width, 3], RGB.
    """
    own = child(rng)
    scene = draw(own, FAMILIES)
    canvas = Canvas(size, own, lighting)
    palette = palette or sample_palette(own)
    scene(canvas, palette)
    style, chance = canvas.lighting.style, float(own.random())
    if chance < (0.4 if style == "painterly" else 0.04):
        repaint(canvas)
    elif chance < 0.45 and style in ("flat", "cel") and canvas.lighting.outline:
        ink(canvas)
    if own.random() < 0.07:
        overlay(canvas, palette)
    return canvas.image
