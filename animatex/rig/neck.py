"""Whether a character has a neck: a carton's head and body are one block."""

from __future__ import annotations

import cv2
import numpy as np

from animatex.pose.skeleton import HEAD_PART, TORSO_PART
from animatex.rig.rig import Rig

_NECKLESS, _STRAIGHT = 0.55, 0.12
"""Head and torso that meet along more of the wider one's width, in a seam no thicker for its length, have no
neck between them: hair that falls on shoulders meets them in a crooked one."""


def is_neckless(rig: Rig) -> bool:
    """Tell a carton from a person: head and torso meet in a straight seam as wide as themselves."""
    owner = rig.parts.argmax(0)
    head, torso = owner == HEAD_PART, owner == TORSO_PART
    meeting = cv2.dilate(head.astype(np.uint8), np.ones((5, 3), np.uint8)).astype(bool) & torso
    rows, columns = np.nonzero(meeting)
    if len(rows) < 3:
        return False
    widths = [np.count_nonzero(shape.any(0)) for shape in (head, torso)]
    thickness, length = np.sqrt(np.linalg.eigvalsh(np.cov(columns, rows)).clip(0))
    meets = np.count_nonzero(meeting.any(0))
    return bool(meets > _NECKLESS * max(widths) and thickness < _STRAIGHT * length)
