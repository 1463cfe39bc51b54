"""An ablation at toy size, and measurements that were never made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from animatex.bench.ablation import Ablation, Trained, Value
from animatex.config.ablate import BODIES, Bodies, Place
from animatex.config.presets import presets_folder

PRESET = """\
# Two rows, one step each.
out: run
seeds: [1]
save_every: 1
stage:
  kind: denoiser
  name: tiny
  network: {presets}/parts/unet-tiny.yaml
  schedule: {presets}/parts/schedule-zero-snr.yaml
  codec:
    kind: motion
    checkpoint: null
    rig: {{height: 64, widths: [16, 32, 32], blocks: 1, attention_blocks: 1}}
    downsampling: 8
    part_scale: 1.0
    drift_scale: 8.0
    composes: poses
  clip_encoder: {presets}/parts/clip-tiny.yaml
  clip_checkpoint: null
  start_from: null
  trainable: ["*"]
  data: {{kind: synthetic, height: 64, width: 64, seed: 40000000, workers: 0}}
  frames: 2
  batch: 1
  steps: 1
  timesteps: 4
  retarget:
    {{method: combined, network: null, checkpoint: null, strength: 1.0, missing_parts: auto, anchor: ground,
     scale: 1.0, shift: [0.0, 0.0], box: null}}
  cross_driven: 0.0
  offset_noise: 0.0
  dropout:
    {{image: 0.1, reference_image: 0.1, pose_frames: 0.1, reference_slot: 0.1, motion: 0.2, prior: 0.0,
     all: 0.1}}
  epi:
    {{probability: 0.98, realign: 1.0, pool: null, add: 0.3, drop: 0.3, bs: 0.5, nf: 0.5, al: 0.5,
     place: 0.5}}
  optimizer: {{learning_rate: 0.01, warmup: 0, decay: none, weight_decay: 0.0, clip_norm: 1.0,
              accumulate: 1, ema_decay: 0.0}}
  checkpointing: false
animate: {presets}/tiny.yaml
measure: {{characters: 1, frames: 2, height: 64, width: 64, clips: 1}}
decided_by: latent_error
rows:
  - {{name: whole, shown_in: [Table 4, Table 6, Figure 13], changes: []}}
  - {{name: w/o IPI, shown_in: [Table 4], changes: [network.pose_indicator=null]}}
claims:
  - {{text: everything together is best, bodies: rescaled, better: [whole], than: [w/o IPI]}}
"""


def write_preset(path: Path, changes: Mapping[str, str] | None = None) -> Path:
    """Write the toy preset, with pieces of its text replaced."""
    text = PRESET.format(presets=presets_folder())
    for old, new in (changes or {}).items():
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text)
    return path


def measured(
    row: str,
    seed: int,
    error: float | None,
    *,
    psnr: float = 20.0,
    shown_in: tuple[Place, ...] = ("Table 4",),
    lambda_: float = 0.98,
    alpha: float | None = 1.0,
) -> Trained:
    """A row as if it had been trained and measured, alike on all bodies."""

    def values(bodies: Bodies) -> tuple[Value, Value]:
        reason = None if error is not None else "unavailable: needs w.pth"
        return (
            Value("latent_error", "latent error", "lower", bodies, error, reason),
            Value("psnr_star", "PSNR*", "higher", bodies, psnr, None),
        )

    both = tuple(value for bodies in BODIES for value in values(bodies))
    return Trained(row, seed, shown_in, lambda_, alpha, "00", 7, 1.5, 0.5, both)


def ablation(*trained: Trained, wanted: int = 9) -> Ablation:
    """What it came to."""
    return Ablation("toy", 7, 2, "toys 1", 3, wanted, {}, "Linux", trained)
