"""What is hidden of a trunk or head, painted with the textures around it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from animatex.codec.motion.layers import Layer, PuppetLayers
from animatex.pose.skeleton import HEAD_PART, TORSO_PART
from animatex.rig.inpaint import inpaint

_SHARE = 0.5
"""Of textures, against smooth colours: as with the plate, what goes wrong shall not be loud."""


def with_textures(puppet: PuppetLayers) -> PuppetLayers:
    """Continue the patterns of trunk and head under what hides them, as folded arms do.

    Limbs hide each other at their ends alone, which smooth colours are enough for.
    """
    layers = (
        _textured(layer).without_face(puppet.features) if layer.part in (TORSO_PART, HEAD_PART) else layer
        for layer in puppet.layers
    )
    return replace(puppet, layers=tuple(layers))


def _textured(layer: Layer) -> Layer:
    hidden = (layer.alpha > 0) & ~layer.shown
    painted = inpaint(layer.colour, hidden, ~(layer.shown | hidden))
    mixed = cv2.addWeighted(layer.colour, 1 - _SHARE, painted, _SHARE, 0)
    return replace(layer, colour=np.where(hidden[..., None], mixed, layer.colour))
