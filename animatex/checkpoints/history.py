"""What files of earlier versions leave unsaid."""

from __future__ import annotations

from collections.abc import Mapping

_POSE_INDICATOR = {
    "learned_query": True,
    "keypoint_query": True,
    "asks": "keypoints",
    "placement": "after",
    "alpha": 1.0,
}
"""Keys that came with the paper's ablations; networks of animatex 0.1 were all built as released."""


def completed_unet(config: Mapping[str, object]) -> Mapping[str, object]:
    """Add to a UNet's section what version 0.1 did not write down.

    Args:
        config: The section as a weights file holds it.
    """
    indicator = config.get("pose_indicator")
    if not isinstance(indicator, Mapping):
        return config
    return {**config, "pose_indicator": {**_POSE_INDICATOR, **indicator}}
