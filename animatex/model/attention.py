"""Attention over tokens, and the transformer that spatial and motion attention share.

Letters: B batch, N = B x frames, L tokens, S context tokens, D token width, C channels, h w latent cells.
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

NORM_GROUPS = 32
"""Groups of every group norm; all widths are multiples of it."""

PLAIN_ATTENTION_LIMIT = 1 << 26
"""Attention weights that may be held in memory at once, where that is faster."""

_SIXTEEN_BITS = (torch.float16, torch.bfloat16)

ENTRANCE_EPS = 1e-6
"""Group norms at a transformer's entrance; the residual blocks use 1e-5."""


def attend(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Scaled dot-product attention, `heads` heads at once.

    Args:
        q: [B, L, D] queries.
        k: [B, S, D] keys.
        v: [B, S, D] values.
        heads: Divides D.

    Returns:
        [B, L, D].
    """
    q, k, v = (rearrange(x, "b l (heads d) -> b heads l d", heads=heads) for x in (q, k, v))
    answer = _plain_attention(q, k, v) if _plain_is_faster(q, k) else F.scaled_dot_product_attention(q, k, v)
    return rearrange(answer, "b heads l d -> b l (heads d)")


def _plain_is_faster(q: Tensor, k: Tensor) -> bool:
    """On processors PyTorch's fused kernel in 16 bits takes 2 to 20 times as long as matrix products do."""
    size = q.shape[0] * q.shape[1] * q.shape[2] * k.shape[2]
    return q.device.type == "cpu" and q.dtype in _SIXTEEN_BITS and size <= PLAIN_ATTENTION_LIMIT


def _plain_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return (q * q.shape[-1] ** -0.5 @ k.transpose(-1, -2)).softmax(dim=-1) @ v


class Attention(nn.Module):
    """Multi-head attention without bias on queries, keys and values.

    Args:
        dim: Width of the tokens that ask, and of the result.
        heads: Number of heads.
        head_dim: Width of one head.
        context_dim: Width of the tokens that answer; `dim` for self-attention.
    """

    def __init__(self, dim: int, heads: int, head_dim: int, context_dim: int | None = None) -> None:
        super().__init__()
        inner = heads * head_dim
        self.heads = heads
        self.to_q = nn.Linear(dim, inner, bias=False)
        self.to_k = nn.Linear(context_dim or dim, inner, bias=False)
        self.to_v = nn.Linear(context_dim or dim, inner, bias=False)
        self.to_out = nn.Linear(inner, dim)

    def forward(self, tokens: Tensor, context: Tensor | None = None) -> Tensor:
        """Attend from `tokens` [B, L, D] to `context` [B, S, context_dim], or to themselves.

        Returns:
            [B, L, D].
        """
        source = tokens if context is None else context
        return self.to_out(attend(self.to_q(tokens), self.to_k(source), self.to_v(source), self.heads))


class GatedFeedForward(nn.Module):
    """GEGLU feed-forward (Shazeer 2020), four times as wide inside."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.expand = nn.Linear(dim, 8 * dim)
        self.contract = nn.Linear(4 * dim, dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Transform tokens [B, L, D] one by one."""
        value, gate = self.expand(tokens).chunk(2, dim=-1)
        return self.contract(value * F.gelu(gate))


class TransformerBlock(nn.Module):
    """Self-attention, attention to a context, feed-forward; each normalised before and added.

    Args:
        dim: Token width.
        heads: Number of heads.
        head_dim: Width of one head.
        context_dim: Width of the context tokens; None makes the second attention a self-attention too.
    """

    def __init__(self, dim: int, heads: int, head_dim: int, context_dim: int | None = None) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(dim)
        self.attention_1 = Attention(dim, heads, head_dim)
        self.norm_2 = nn.LayerNorm(dim)
        self.attention_2 = Attention(dim, heads, head_dim, context_dim)
        self.norm_3 = nn.LayerNorm(dim)
        self.feed_forward = GatedFeedForward(dim)

    def forward(self, tokens: Tensor, context: Tensor | None = None) -> Tensor:
        """Transform tokens [N, L, D] given context [N or B, S, context_dim].

        With one context per clip (B < N) the clip's frames ask it together, so that its keys and values
        are made once and not once per frame.
        """
        tokens = tokens + self.attention_1(self.norm_1(tokens))
        queries = self.norm_2(tokens)
        if context is not None and len(context) != len(tokens):
            frames = len(tokens) // len(context)
            together = rearrange(queries, "(b f) l d -> b (f l) d", f=frames)
            answer = rearrange(self.attention_2(together, context), "b (f l) d -> (b f) l d", f=frames)
        else:
            answer = self.attention_2(queries, context)
        tokens = tokens + answer
        return tokens + self.feed_forward(self.norm_3(tokens))


class SpatialTransformer(nn.Module):
    """Attention among the cells of one frame, and from them to context tokens.

    Serves as spatial attention (context: empty prompt and reference tokens, one set per clip) and as motion
    attention (context: the Pose Indicator's tokens, one set per slot).

    Args:
        channels: Channels C of the feature map.
        heads: Number of heads.
        head_dim: Width of one head.
        context_dim: Width of the context tokens.
    """

    def __init__(self, channels: int, heads: int, head_dim: int, context_dim: int) -> None:
        super().__init__()
        inner = heads * head_dim
        self.norm = nn.GroupNorm(NORM_GROUPS, channels, eps=ENTRANCE_EPS)
        self.proj_in = nn.Linear(channels, inner)
        self.block = TransformerBlock(inner, heads, head_dim, context_dim)
        self.proj_out = nn.Linear(inner, channels)

    def initialise(self) -> None:
        """Zero `proj_out`, so that a fresh module leaves its input unchanged."""
        nn.init.zeros_(self.proj_out.weight)
        nn.init.zeros_(self.proj_out.bias)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Transform x [N, C, h, w] given context [N or B, S, context_dim]."""
        return x + self.change(x, context)

    def change(self, x: Tensor, context: Tensor) -> Tensor:
        """Compute what `forward` adds to x."""
        tokens = self.proj_in(rearrange(self.norm(x), "n c h w -> n (h w) c"))
        tokens = self.proj_out(self.block(tokens, context))
        return rearrange(tokens, "n (h w) c -> n c h w", h=x.shape[-2])
