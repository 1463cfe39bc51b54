"""CLIP as the networks are told of it: embeddings of pictures, and the context of the empty prompt.

open_clip is imported here only, to train both towers and to ask the text tower.

Letters: N pictures, D embedding width, L text tokens, W text width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from animatex.config.model import ClipConfig
from animatex.encoders.vision import VisionTower
from animatex.errors import require

if TYPE_CHECKING:
    import open_clip

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
"""Of CLIP's training pictures, in 0..1; every CLIP expects its pictures normalised by them."""

PICTURES_AT_ONCE = 16


def build_clip(config: ClipConfig) -> open_clip.CLIP:
    """Build both towers, open_clip's own, with fresh weights; to look only, `VisionTower` is enough.

    Raises:
        MissingPackage: open_clip is not installed.
    """
    model = require("open_clip", for_="CLIP").model
    vision = model.CLIPVisionCfg(**config.vision.model_dump())
    text = model.CLIPTextCfg(**config.text.model_dump())
    clip: open_clip.CLIP = model.CLIP(config.embed_dim, vision, text, quick_gelu=config.quick_gelu)
    return clip


def prepare_pictures(pictures: np.ndarray, side: int) -> Tensor:
    """Make pictures what CLIP expects: squeezed to a square with PIL's bilinear filter, then normalised.

    Args:
        pictures: uint8 [N, H, W, 3], RGB.
        side: Side of the square in pixels.

    Returns:
        float32 [N, 3, side, side].
    """
    squares = [
        np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR))
        for picture in pictures
    ]
    pixels = torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    return (pixels - mean) / std


class FrozenClip(nn.Module):
    """CLIP's image tower, for looking only.

    Args:
        config: Sizes; the text tower's are not used.
        visual: The tower, with weights in it; its parameters decide dtype and device.
    """

    def __init__(self, config: ClipConfig, visual: VisionTower) -> None:
        super().__init__()
        self.config = config
        self.visual = visual.eval().requires_grad_(False)

    @torch.inference_mode()
    def embed(self, pictures: np.ndarray) -> Tensor:
        """Embed pictures of any one size.

        Args:
            pictures: uint8 [N, H, W, 3], RGB.

        Returns:
            float32 [N, D] on the CPU, projected, not normalised to unit length.
        """
        weight = next(self.visual.parameters())
        features = []
        for start in range(0, len(pictures), PICTURES_AT_ONCE):
            pixels = prepare_pictures(
                pictures[start : start + PICTURES_AT_ONCE], self.config.vision.image_size
            )
            features.append(self.visual(pixels.to(weight.device, weight.dtype)).float().cpu())
        return torch.cat(features)


@torch.inference_mode()
def empty_prompt_context(clip: open_clip.CLIP) -> Tensor:
    """Compute what the text tower says about the empty string: penultimate layer, then the final norm.

    Args:
        clip: Both towers, with weights.

    Returns:
        float32 [L, W] on the CPU.
    """
    tokens = torch.zeros(1, clip.context_length, dtype=torch.long, device=clip.positional_embedding.device)
    # The last two entries of CLIP's vocabulary open and close a text.
    tokens[0, 0], tokens[0, 1] = clip.vocab_size - 2, clip.vocab_size - 1
    x = clip.token_embedding(tokens) + clip.positional_embedding
    # The network's own mask is no weight, so a network that was built without memory has none.
    mask = torch.full((clip.context_length, clip.context_length), float("-inf"), device=x.device).triu(1)
    for block in clip.transformer.resblocks[:-1]:
        x = block(x, attn_mask=mask)
    context: Tensor = clip.ln_final(x)[0].float().cpu()
    return context
