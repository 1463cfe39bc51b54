"""The retargeting network: how far each joint of the measured result is from where the character has it.

Measuring gives each limb one scale. It cannot know how long a limb is that points at the camera in the
character's picture, how a huge head hangs on a turning neck, or how far a body without legs sways. What is
likely can be learned from characters of which everything is known.

Letters: B clips, F frames, J joints (18), W width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from animatex.config.model import RetargetNetworkConfig
from animatex.pose import skeleton as sk
from animatex.retargeting.observation import CLIP_WIDTH, FRAME_WIDTH, NUM_JOINTS

_BONES = (
    (sk.NECK, sk.RIGHT_SHOULDER), (sk.RIGHT_SHOULDER, sk.RIGHT_ELBOW), (sk.RIGHT_ELBOW, sk.RIGHT_WRIST),
    (sk.NECK, sk.LEFT_SHOULDER), (sk.LEFT_SHOULDER, sk.LEFT_ELBOW), (sk.LEFT_ELBOW, sk.LEFT_WRIST),
    (sk.NECK, sk.RIGHT_HIP), (sk.RIGHT_HIP, sk.RIGHT_KNEE), (sk.RIGHT_KNEE, sk.RIGHT_ANKLE),
    (sk.NECK, sk.LEFT_HIP), (sk.LEFT_HIP, sk.LEFT_KNEE), (sk.LEFT_KNEE, sk.LEFT_ANKLE),
    (sk.NECK, sk.NOSE), (sk.NOSE, sk.RIGHT_EYE), (sk.RIGHT_EYE, sk.RIGHT_EAR),
    (sk.NOSE, sk.LEFT_EYE), (sk.LEFT_EYE, sk.LEFT_EAR),
)  # fmt: skip


class RetargetNetwork(nn.Module):
    """Each frame by itself and what all of them have in common, to shifts of the joints.

    A limb's length is the same in all frames, so the network says once by how much each bone is longer than
    measured, once where the whole clip happens, and for each frame only what is left.
    """

    def __init__(self, config: RetargetNetworkConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.frame = _layers(FRAME_WIDTH + CLIP_WIDTH, width, nn.Linear(width, width))
        self.clip = _layers(2 * width, width, nn.Linear(width, width))
        self.lasting = nn.Linear(width, len(_BONES) + 2)
        last = nn.Linear(width, 2 * NUM_JOINTS)
        self.passing = _layers(2 * width, width, last)
        # Knowing nothing leaves what was measured.
        for layer in (self.lasting, last):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.reach: Tensor
        self.register_buffer("reach", _reach(), persistent=False)

    def forward(self, frames: Tensor, clip: Tensor) -> Tensor:
        """Say how far to move each joint.

        Args:
            frames: float [B, F, 110], `Observation.frames`.
            clip: float [B, 59], `Observation.clip`.

        Returns:
            float [B, F, J, 2], torso lengths.
        """
        batch, count = frames.shape[:2]
        seen = self.frame(torch.cat([frames, clip[:, None].expand(-1, count, -1)], 2))
        spread = seen.var(1, correction=0).clamp_min(1e-6).sqrt()
        common = self.clip(torch.cat([seen.mean(1), spread], 1))
        lasting = self.lasting(common)
        growth, place = lasting[:, :-2], lasting[:, None, None, -2:]
        joints = frames[..., : 2 * NUM_JOINTS].reshape(batch, count, NUM_JOINTS, 2)
        starts, ends = zip(*_BONES, strict=True)
        bones = growth[:, None, :, None] * (joints[:, :, ends] - joints[:, :, starts])
        passing = self.passing(torch.cat([seen, common[:, None].expand(-1, count, -1)], 2))
        shifts: Tensor = place + self.reach @ bones + passing.reshape(batch, count, NUM_JOINTS, 2)
        return shifts


def _layers(inputs: int, width: int, last: nn.Linear) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), last)


def _reach() -> Tensor:
    """Which bones carry which joint, float32 [J, 17]: all between it and the neck."""
    reach = torch.zeros(NUM_JOINTS, len(_BONES))
    for bone, (start, end) in enumerate(_BONES):
        reach[end] = reach[start]
        reach[end, bone] = 1
    return reach
