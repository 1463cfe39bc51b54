"""How good the embedded model is on characters and motions it has never seen, against exact ground truth.

    python -m benchmarks.embedded_model --characters 24 --sheet sheet.png

Each held-out character dances. Its own poses drive it ("self"), or those of a person of other proportions
doing the same ("cross"), and the pose of its picture is known, or found by the rig ("cross, unknown"):

    repeat             the reference picture, held still
    skinned warp       the reference bent along its bones, nothing learned: see benchmarks/skinning.py
    rig alone          the rigid composition of what the rig network found, no learned motion
    network            what `animatex animate` gives
    true latents       the codec, on the found rig, given latents made from the truth
    true rig           the rigid composition, given the true parts and the true background
    true rig, latents  both

benchmarks/measures.py says what is measured. A blurred frame can have more decibels than a sharp one that is
nearly right, so read several columns together, and look at the sheet.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

import numpy as np
import torch

from animatex.animate import load_models, load_rig_network
from animatex.config.loader import load_config
from animatex.config.model import MotionCodecConfig
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig
from animatex.errors import InputError
from animatex.files import replacing
from animatex.rig.rig import read_rig, with_painted_plate
from animatex.runtime import make_runtime
from animatex.synthetic.clips import clip
from animatex.video.frames import Size
from benchmarks.embedded_rows import METHODS, SETTINGS, Model, results, situations
from benchmarks.measures import RigScores, Scores, Truth, score_clip, score_rig
from benchmarks.sheet import Page, Portrait, draw_page

HELD_OUT = 900_001_000
"""First seed of the held-out characters; training begins at 1,000,000 and never gets there, and the
codec's thresholds were chosen on characters before it."""

SIZE = Size(384, 256)
PRESET_SETTINGS = ("canvas.height=384", "canvas.width=256", "codec.downsampling=16")

HEADINGS = (
    *("PSNR", "SSIM", "sharp", "own PSNR", "own SSIM", "own sharp"),
    *("part IoU", "pieces", "left behind", "flicker"),
)
RIG_HEADINGS = ("joint error %", "part accuracy", "mask IoU", "plate PSNR")
_SHOWN = ("repeat", "skinned warp", "rig alone", "network", "true rig, latents")
"""Methods on the sheet."""


@dataclass(frozen=True)
class Report:
    """Everything that was measured, as means over characters."""

    settings: str
    rig: RigScores
    clips: dict[tuple[str, str], Scores]


def main() -> None:
    """Score characters one after the other and print the tables."""
    options = _options()
    torch.set_num_threads(2)
    report, page = measure(options)
    tables = as_markdown(report)
    if options.json:
        rows = [
            {"setting": setting, "method": method, **asdict(scores)}
            for (setting, method), scores in report.clips.items()
        ]
        print(json.dumps({"settings": report.settings, "rig": asdict(report.rig), "clips": rows}, indent=2))
    else:
        print(tables)
    if options.sheet:
        draw_page(page, options.sheet)
    if options.page:
        refresh(options.page, tables)


def measure(options: argparse.Namespace) -> tuple[Report, Page]:
    """Animate every character in every way; progress goes to standard error."""
    config = load_config(AnimateConfig, preset_path(options.preset), [*PRESET_SETTINGS, *options.set])
    runtime = make_runtime(config.runtime, config.seed)
    model = Model(load_models(config, runtime, options.weights), config, runtime)
    assert isinstance(config.codec, MotionCodecConfig), "this benchmark is for the motion codec"
    network = load_rig_network(config.codec, config.seed, options.weights)
    clips: dict[tuple[str, str], list[Scores]] = {(s, m): [] for s in SETTINGS for m in METHODS}
    rigs, portraits = [], []
    for seed in range(options.first, options.first + options.characters):
        made = clip(seed, SIZE, options.frames, fps=8.0)
        rig = with_painted_plate(read_rig(made.reference.image, network))
        rigs.append(score_rig(rig, made.reference))
        truth = Truth(made.frames.frames, made.labels, made.reference.labels)
        shown: dict[str, np.ndarray] = {"reference": made.reference.image, "truth": truth.frames[-1]}
        for setting, inputs in situations(made, rig, network).items():
            for method, result in results(inputs, made, model):
                clips[setting, method].append(score_clip(result.frames, result.parts, truth))
                if setting == options.sheet_setting and method in _SHOWN:
                    shown[method] = result.frames[-1]
        portraits.append(Portrait(f"{seed} {made.kind}", shown))
        print(f"{len(rigs)} of {options.characters}: {seed} {made.kind}", file=sys.stderr)
    settings = f"{options.characters} characters, {options.frames} frames of {SIZE}, preset {options.preset}"
    means = {key: Scores(*_means(scores)) for key, scores in clips.items()}
    return Report(settings, RigScores(*_means(rigs)), means), Page(
        tuple(portraits[: options.sheet_characters]), options.sheet_columns
    )


def as_markdown(report: Report) -> str:
    """Lay the figures out as tables that can be read as they are and pasted into a page."""
    tables = [report.settings]
    for setting in SETTINGS:
        rows = [(method, *_texts(report.clips[setting, method])) for method in METHODS]
        tables.append(_table((setting, *HEADINGS), rows))
    tables.append(_table(("the rig", *RIG_HEADINGS), [("", *_texts(report.rig))]))
    return "\n\n".join(tables)


def refresh(page: Path, tables: str) -> None:
    """Put new figures between the two marks of a page.

    Raises:
        InputError: The page has no such marks.
    """
    start, end = "<!-- figures -->\n", "<!-- end of figures -->"
    before, found, rest = page.read_text("utf-8").partition(start)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise InputError(f"{page} has no place for figures", hint=f"add the lines {start.strip()} and {end}")
    with replacing(page) as temporary:
        temporary.write_text(f"{before}{start}\n{tables}\n\n{end}{after}", "utf-8")


def _means(rows: Sequence[Scores | RigScores]) -> list[float]:
    """Means of each field over those clips that let it be measured."""
    table = np.array([astuple(row) for row in rows], np.float64)
    known = np.isfinite(table)
    return [
        float(column[there].mean()) if there.any() else float("nan")
        for column, there in zip(table.T, known.T, strict=True)
    ]


def _texts(scores: Scores | RigScores) -> list[str]:
    digits = {
        "psnr": 2,
        "own_psnr": 2,
        "plate_psnr": 2,
        "ssim": 3,
        "own_ssim": 3,
        "part_iou": 3,
        "mask_iou": 3,
    }
    return [f"{getattr(scores, f.name):.{digits.get(f.name, 2)}f}" for f in fields(scores)]


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[place]) for row in (headings, *rows)) for place in range(len(headings))]
    lines = [headings, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--characters", type=int, default=24)
    parser.add_argument("--frames", type=int, default=6)
    parser.add_argument("--first", type=int, default=HELD_OUT, help="seed of the first character")
    parser.add_argument("--preset", default="mini")
    parser.add_argument("--weights", type=Path, help="folder of weights instead of the package's own")
    parser.add_argument("--set", nargs="*", default=[], help="further settings of the preset")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    parser.add_argument("--sheet", type=Path, help="contact sheet to write (.png or .jpg)")
    parser.add_argument("--sheet-setting", choices=SETTINGS, default="cross")
    parser.add_argument("--sheet-characters", type=int, default=8, help="how many of them the sheet shows")
    parser.add_argument("--sheet-columns", type=int, default=2, help="characters side by side")
    parser.add_argument("--page", type=Path, help="page whose figures to replace, between its two marks")
    return parser.parse_args()


if __name__ == "__main__":
    main()
