"""The pictures of the README and the tour, made by the library itself: `make pictures`.

One run of `animate` on the samples, stopped at every stage to draw what is there.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from animatex.animate import animate, load_models, place_motion, plan_animation, read_inputs
from animatex.bench.make import SuiteSpec, bench_characters, on_another_body, render
from animatex.codec.codec import Scene
from animatex.codec.motion.codec import MotionClip
from animatex.config.loader import load_config
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.pose.draw import draw_poses, overlay_poses
from animatex.pose.skeleton import PARTS
from animatex.rig.rig import Rig
from animatex.video.contact_sheet import Row, contact_sheet, spread
from animatex.video.fit import resize
from animatex.video.frames import FrameSequence, Size

COLUMNS = 6
HEIGHT = 260
GAP = 8
PAPER = 24

_PART_COLOURS = np.array(
    [(40, 40, 44), (226, 87, 76), (247, 201, 72), (76, 175, 80), (139, 195, 74), (33, 150, 243)]
    + [(79, 195, 247), (171, 71, 188), (206, 147, 216), (255, 112, 67), (255, 171, 145)],
    np.uint8,
)


def main() -> None:
    """Animate the samples and draw each stage."""
    options = _options()
    config = load_config(AnimateConfig, preset_path("mini"), options.set)
    samples, out = options.samples, options.out
    plan = plan_animation(
        samples / "character.png",
        samples / "dance.mp4",
        config,
        poses=samples / "dance.npz",
        weights=options.weights,
    )
    inputs = read_inputs(plan, config)
    models = load_models(config, plan.runtime, plan.weights)
    scene = place_motion(inputs, config, models.retargeter)
    clip = models.codec.open(scene, plan.runtime.generator())
    result = animate(inputs, models, config, plan.runtime)
    assert inputs.driving is not None and inputs.rig is not None and isinstance(clip, MotionClip)

    driving = Row("driving", inputs.driving)
    found = Row("poses", overlay_poses(inputs.driving, inputs.poses.on_canvas(inputs.driving.size)))
    drawn = Row("on the character's body", FrameSequence(draw_poses(scene.poses), result.fps))
    made = Row("result", result)
    _save(out / "demo.jpg", _sheet(inputs.reference, driving, made))
    _save(out / "tour-poses.jpg", _strip(*_shown(found.frames)))
    _save(out / "tour-rig.jpg", _strip(*_taken_apart(inputs.rig, scene)))
    _save(out / "tour-retarget.jpg", _strip(*_shown(drawn.frames)))
    _save(out / "tour-prior.jpg", _strip(*_rigid(clip)))
    _save(out / "tour-result.jpg", _strip(*_shown(made.frames)))
    _save_bench(out)


def _save_bench(out: Path) -> None:
    """Two characters of each kind of the open A²Bench, and all that the cases of one of them have."""
    spec = SuiteSpec("test", Size(384, 256), 16, characters=10)
    characters = bench_characters(spec.split, spec.characters)
    rendered = {character.id: render(character, spec) for character in characters}
    _save(out / "bench-characters.jpg", _strip(*(own.reference.image for own, _ in rendered.values())))
    own, driver = rendered["plant-005"]
    rescaled = on_another_body(own, driver)
    rows = (
        Row("target, with the character's poses", overlay_poses(own.frames, own.poses)),
        Row("the person, with their poses", overlay_poses(driver.frames, driver.poses)),
        Row("the character's poses on that body", FrameSequence(draw_poses(rescaled), rescaled.fps)),
    )
    _save(out / "bench-case.jpg", _sheet(own.reference.image, *rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make the documentation's pictures.")
    parser.add_argument("--samples", type=Path, default=Path("samples"))
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--set", action="append", default=[], metavar="KEY.PATH=VALUE")
    return parser.parse_args()


def _taken_apart(rig: Rig, scene: Scene) -> tuple[np.ndarray, ...]:
    """The reference, its parts, its joints and its background plate."""
    colours = np.tensordot(rig.parts, _PART_COLOURS[: len(PARTS)].astype(np.float32), axes=(0, 0))
    parts = np.rint(0.35 * rig.image + 0.65 * colours).astype(np.uint8)
    joints = overlay_poses(FrameSequence(rig.image[None], 1.0), scene.reference_pose).frames[0]
    return rig.image, parts, joints, rig.plate


def _rigid(clip: MotionClip) -> np.ndarray:
    """What the codec paints where no latent corrects it, of the frames that are shown, uint8 [N, H, W, 3]."""
    import torch

    shown = list(spread(len(clip.placements), COLUMNS))
    placements, sketched = (
        tuple(all_of_them[frame] for frame in shown)
        for all_of_them in (clip.placements, clip.sketch_placements)
    )
    part = replace(clip, placements=placements, sketch_placements=sketched)
    return part.decode(torch.zeros(1, clip.config.latent_channels, len(shown), *clip.prior.shape[-2:]))


def _sheet(reference: np.ndarray, *rows: Row) -> np.ndarray:
    return contact_sheet(reference, rows, columns=COLUMNS, cell_height=HEIGHT)


def _shown(frames: FrameSequence) -> tuple[np.ndarray, ...]:
    return tuple(frames.frames[index] for index in spread(len(frames), COLUMNS))


def _strip(*pictures: np.ndarray) -> np.ndarray:
    """Pictures beside each other, uint8 [HEIGHT, W, 3]."""
    gap = np.full((HEIGHT, GAP, 3), PAPER, np.uint8)
    row: list[np.ndarray] = []
    for picture in pictures:
        height, width = picture.shape[:2]
        row += [resize(picture, Size(HEIGHT, round(width * HEIGHT / height))), gap]
    return np.concatenate(row[:-1], axis=1)


def _save(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, quality=88, optimize=True)


if __name__ == "__main__":
    main()
