"""How good the embedded model is on characters and motions it has never seen, against exact ground truth.

    python benchmarks/embedded_model.py --characters 32

Each held-out character dances; its own poses drive it ("self"), or those of a person of other proportions
doing the same ("cross"). The pose of the reference picture is known, or found by the rig ("unknown"). Printed
is the mean over all frames of PSNR (dB), SSIM and sharpness (gradient energy relative to the truth's) of

    repeat     the reference picture, held still
    rig        the rigid composition: rig and retargeting, no learned motion
    network    what `animatex animate` gives
    ceiling    the codec given the true latents
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch

from animatex.animate import AnimateModels, animate, load_models, load_rig_network, place_motion
from animatex.codec.motion.codec import MotionClip, MotionTruth
from animatex.conditioning.inputs import ClipInputs
from animatex.config.loader import load_config
from animatex.config.model import MotionCodecConfig
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.rig.rig import Rig, read_rig
from animatex.runtime import make_runtime
from animatex.synthetic.clips import SyntheticClip, clip
from animatex.video.frames import Size

HELD_OUT = 900_001_000
"""First seed of the held-out characters; training begins at 1,000,000 and never gets there, and the
codec's thresholds were chosen on characters before it."""

SIZE = Size(384, 256)
SETTINGS = ("--set", "canvas.height=384", "canvas.width=256", "codec.downsampling=16")


@dataclass(frozen=True)
class Scores:
    """Means over the frames of one clip."""

    psnr: float
    ssim: float
    sharpness: float


def main() -> None:
    """Score characters one after the other and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--characters", type=int, default=32)
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--first", type=int, default=HELD_OUT, help="seed of the first character")
    parser.add_argument("--preset", default="mini")
    parser.add_argument(
        "--weights", type=Path, default=None, help="folder of weights instead of the package's own"
    )
    parser.add_argument(
        "--set", dest="settings", nargs="*", default=[], help="further settings of the preset"
    )
    args = parser.parse_args()

    torch.set_num_threads(2)
    config = load_config(AnimateConfig, preset_path(args.preset), [*SETTINGS[1:], *args.settings])
    models = load_models(config, make_runtime(config.runtime, config.seed), args.weights)
    assert isinstance(config.codec, MotionCodecConfig), "this benchmark is for the motion codec"
    rig_network = load_rig_network(config.codec, config.seed, args.weights)
    rows: dict[tuple[str, str], list[Scores]] = {}
    for seed in range(args.first, args.first + args.characters):
        made = clip(seed, SIZE, args.frames, fps=8.0)
        rig = read_rig(made.reference.image, rig_network)
        for setting, inputs in situations(made, rig).items():
            for name, frames in results(inputs, made, models, config).items():
                rows.setdefault((setting, name), []).append(score(frames, made.frames.frames))
    print(f"{args.characters} characters, {args.frames} frames of {SIZE}, preset {args.preset}")
    for (setting, name), scores in rows.items():
        mean = [np.mean([getattr(s, field) for s in scores]) for field in ("psnr", "ssim", "sharpness")]
        print(f"{setting:16} {name:8} {mean[0]:6.2f} dB  {mean[1]:.3f}  {mean[2]:.2f}")


def situations(made: SyntheticClip, rig: Rig) -> dict[str, ClipInputs]:
    """The same character driven in three ways."""
    known = made.reference.pose(made.frames.fps)
    inputs = ClipInputs(
        reference=made.reference.image, reference_pose=known, rig=rig, driving=made.frames, poses=made.poses
    )
    cross = replace(inputs, driving=None, poses=made.driver_poses)
    return {"self": inputs, "cross": cross, "cross, unknown": replace(cross, reference_pose=rig.pose)}


def results(
    inputs: ClipInputs, made: SyntheticClip, models: AnimateModels, config: AnimateConfig
) -> dict[str, np.ndarray]:
    """Frames of every method, uint8 [F, H, W, 3]."""
    runtime = make_runtime(config.runtime, config.seed)
    if inputs.driving is not None:
        # The character's own poses are already on its body.
        config = config.model_copy(update={"retarget": config.retarget.model_copy(update={"method": "none"})})
    opened = models.codec.open(place_motion(inputs, config), runtime.generator())
    assert isinstance(opened, MotionClip)
    small = (opened.sketch.plate.shape[1], opened.sketch.plate.shape[0])
    true_latents = opened.encode(_truth(made, small))
    return {
        "repeat": np.repeat(inputs.reference[None], len(made.frames), 0),
        "rig": opened.decode(torch.zeros_like(true_latents)),
        "network": animate(inputs, models, config, runtime).frames,
        "ceiling": opened.decode(true_latents),
    }


def score(frames: np.ndarray, truth: np.ndarray) -> Scores:
    """Compare a clip with the truth, both uint8 [F, H, W, 3]."""
    pairs = list(zip(frames.astype(np.float32), truth.astype(np.float32), strict=True))
    return Scores(
        psnr=float(np.mean([10 * np.log10(255**2 / max(np.mean((a - b) ** 2), 1e-6)) for a, b in pairs])),
        ssim=float(np.mean([ssim(a, b) for a, b in pairs])),
        sharpness=float(np.mean([_energy(a) / max(_energy(b), 1e-6) for a, b in pairs])),
    )


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004) with a Gaussian window of sigma 1.5, averaged."""

    def blur(x: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(x, (11, 11), 1.5)

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    top = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float(np.mean(top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))))


def _energy(frame: np.ndarray) -> float:
    grey = frame.mean(2)
    return float(np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean())


def _truth(made: SyntheticClip, size: tuple[int, int]) -> MotionTruth:
    """The renderer's knowledge at the size that the network is shown, (width, height)."""
    scale = np.float32(size[0] / SIZE.width)
    labels = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_NEAREST) for frame in made.labels])
    motion = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_NEAREST) for frame in made.motion])
    return MotionTruth(labels, motion * scale)


if __name__ == "__main__":
    main()
