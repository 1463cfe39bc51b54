"""The rig network: one picture of any character, and the joints that are known, to part and joint maps.

Letters: B batch, H W picture pixels, C channels, P parts (11), J joints (18).
A U-Net whose coarsest level sees the whole character through attention; parts come out at half the
picture's size, joints at a quarter, and whether a joint exists at all from the whole picture. Where
somebody knows joints already (a pose file, an estimator of people), they are shown beside the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from animatex.config.model import RigConfig
from animatex.pose.skeleton import PARTS

NUM_JOINTS = 18
_GROUP = 16
"""Channels of a normalisation group."""

_HINT_WIDTH = 1.5
"""Standard deviation of a hint's bell, in cells of two picture pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class RigMaps:
    """What the network says of a batch of pictures.

    Attributes:
        parts: Logits of `PARTS`, [B, P, H/2, W/2].
        joints: Logits over the places of each joint, [B, J, H/4, W/4]; a softmax over the places is a
        distribution.
        present: Logits of "the character has this joint, and the picture shows where", [B, J].
    """

    parts: Tensor
    joints: Tensor
    present: Tensor


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut; [B, in, h, w] → [B, out, h, w]."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm_1 = nn.GroupNorm(max(1, in_channels // _GROUP), in_channels)
        self.conv_1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm_2 = nn.GroupNorm(max(1, out_channels // _GROUP), out_channels)
        self.conv_2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.shortcut = (
            nn.Identity() if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1)
        )
        # Starting as the shortcut alone lets a deep network train at a high rate from the first step.
        nn.init.zeros_(self.conv_2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Add what the two convolutions find."""
        hidden = self.conv_1(F.silu(self.norm_1(x)))
        return self.shortcut(x) + self.conv_2(F.silu(self.norm_2(hidden)))


class AttentionBlock(nn.Module):
    """Self-attention over all places, then a feed-forward layer; [B, C, h, w] → the same."""

    head_dim = 32

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)
        self.norm_2 = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, 4 * channels)
        self.shrink = nn.Linear(4 * channels, channels)
        for layer in (self.out, self.shrink):
            nn.init.zeros_(layer.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Let every place look at every other."""
        batch, channels, height, width = x.shape
        tokens = x.flatten(2).transpose(1, 2)  # [B, hw, C]
        q, k, v = (
            part.unflatten(2, (-1, self.head_dim)).transpose(1, 2)
            for part in self.qkv(self.norm_1(tokens)).chunk(3, 2)
        )  # [B, heads, hw, head_dim]
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        tokens = tokens + self.out(mixed)
        tokens = tokens + self.shrink(F.gelu(self.expand(self.norm_2(tokens))))
        return tokens.transpose(1, 2).unflatten(2, (height, width))


class RigNetwork(nn.Module):
    """A picture to part, joint and presence logits.

    Args:
        config: Sizes; `config.stride` must divide the height and width of every picture.
    """

    def __init__(self, config: RigConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        # Two coordinate channels tell a place in the picture: heads are up, feet are down.
        self.stem = nn.Conv2d(5, widths[0], 3, stride=2, padding=1)
        # Starting at zero, it changes nothing in a network that has learned without hints.
        self.hints = nn.Conv2d(NUM_JOINTS, widths[0], 3, padding=1, bias=False)
        nn.init.zeros_(self.hints.weight)
        # The finest level has most of the pixels and least of the meaning: one block is enough there.
        counts = [1] + [config.blocks] * (len(widths) - 1)
        self.down = nn.ModuleList(
            _blocks(width, width, count) for width, count in zip(widths, counts, strict=True)
        )
        self.shrink = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in zip(widths, widths[1:], strict=False)
        )
        self.middle = nn.Sequential(*(AttentionBlock(widths[-1]) for _ in range(config.attention_blocks)))
        self.grow = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in zip(widths, widths[1:], strict=False))
        self.up = nn.ModuleList(
            _blocks(2 * width, width, count) for width, count in zip(widths[:-1], counts[:-1], strict=True)
        )
        self.parts = _head(widths[0], len(PARTS))
        self.joints = _head(widths[1], NUM_JOINTS)
        self.present = nn.Linear(widths[-1], NUM_JOINTS)

    def forward(self, image: Tensor, hints: Tensor) -> RigMaps:
        """Read pictures.

        Args:
            image: float [B, 3, H, W], RGB in 0..1.
            hints: float [B, J, H/2, W/2], from `joint_hints`; zero where nobody knows the joint.
        """
        x = self.stem(torch.cat([image * 2 - 1, _coordinates(image)], 1)) + self.hints(hints)
        skips = []
        for level, blocks in enumerate(self.down):
            x = blocks(x if level == 0 else self.shrink[level - 1](x))
            skips.append(x)
        x = self.middle(x)
        present = self.present(x.mean((2, 3)))
        joints = x
        for level in reversed(range(len(self.up))):
            if level == 0:
                joints = self.joints(x)
            grown = F.interpolate(self.grow[level](x), scale_factor=2.0, mode="nearest")
            x = self.up[level](torch.cat([grown, skips[level]], 1))
        return RigMaps(self.parts(x), joints, present)


def joint_bells(cells: Tensor, height: int, width: int, sigma: float) -> Tensor:
    """Draw a bell of height 1 around each place.

    Args:
        cells: x and y in cells, whose centres are at halves; float [B, J, 2].
        height: Cells in a column.
        width: Cells in a row.
        sigma: Standard deviation in cells.

    Returns:
        float [B, J, height, width].
    """
    y = torch.arange(height, device=cells.device) + 0.5
    x = torch.arange(width, device=cells.device) + 0.5
    rows = torch.exp(-((y - cells[..., 1:]) ** 2) / (2 * sigma**2))
    columns = torch.exp(-((x - cells[..., :1]) ** 2) / (2 * sigma**2))
    return rows[..., :, None] * columns[..., None, :]


def joint_hints(places: Tensor, known: Tensor, image: Tensor) -> Tensor:
    """Draw what is known of the joints as the network sees it.

    Args:
        places: x and y in pixels of `image`, float [B, J, 2].
        known: Which of them are known, bool [B, J].
        image: float [B, 3, H, W].

    Returns:
        [B, J, H/2, W/2], of the image's dtype and device.
    """
    height, width = image.shape[2] // 2, image.shape[3] // 2
    bells = joint_bells(torch.nan_to_num(places) / 2, height, width, _HINT_WIDTH)
    return (bells * known[..., None, None]).to(image)


def _blocks(in_channels: int, out_channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(
        *(ResidualBlock(in_channels if i == 0 else out_channels, out_channels) for i in range(count))
    )


def _head(channels: int, out_channels: int) -> nn.Sequential:
    norm = nn.GroupNorm(max(1, channels // _GROUP), channels)
    return nn.Sequential(norm, nn.SiLU(), nn.Conv2d(channels, out_channels, 3, padding=1))


def _coordinates(image: Tensor) -> Tensor:
    """X and y of every pixel in -1..1, [B, 2, H, W]."""
    batch, _, height, width = image.shape
    y = torch.linspace(-1, 1, height, dtype=image.dtype, device=image.device)
    x = torch.linspace(-1, 1, width, dtype=image.dtype, device=image.device)
    grid = torch.stack([x.expand(height, width), y[:, None].expand(height, width)])
    return grid.expand(batch, -1, -1, -1)
