"""animatex bench make and import: suites of characters, rendered here or over published data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from animatex_cli import console
from animatex_cli.options import Json, Quiet, parse_size

if TYPE_CHECKING:
    from animatex.bench.suite import Suite

Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="DIR", help="Folder of the suite.", show_default=False)
]


def make(
    out: Out,
    split: Annotated[
        Literal["test", "all"],
        typer.Option("--split", help="test: 100 characters and 10 people; all: 500 and 50."),
    ] = "test",
    characters: Annotated[
        int | None,
        typer.Option("--characters", min=1, metavar="N", help="Only the first N; the kinds take turns."),
    ] = None,
    size: Annotated[str, typer.Option("--size", metavar="WxH", help="Of pictures and videos.")] = "256x384",
    frames: Annotated[int, typer.Option("--frames", min=2, help="Of each video.")] = 16,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Render the open A²Bench: characters, people who drive them, their poses, and the true videos.

    Plants, animals, food, furniture, and people as control. Each character is driven by its own poses (self),
    by these on another body (rescaled) and by a person (cross). A suite that was begun is completed; its hash
    is stated, and compared with the published one where there is one for this split, size and length.
    """
    from animatex.bench.make import SuiteSpec, estimated_bytes, make_suite
    from animatex.video.frames import Size

    width, height = parse_size(size)
    spec = SuiteSpec(split, Size(height, width), frames, characters)
    console.note(
        f"{spec.count} character{'s' if spec.count > 1 else ''}, {frames} frames of {width} x {height}: "
        f"about {estimated_bytes(spec, spec.count) / 1e6:.0f} MB",
        quiet=quiet,
    )
    with console.progress(quiet=quiet) as shown:
        suite = make_suite(out, spec, shown)
    if not quiet and not json and spec.published is None:
        console.note("no hash is published for this split, size and length")
    _show(suite, out, as_json=json, quiet=quiet)


def import_(
    layout: Annotated[
        Literal["a2bench", "tiktok", "ubc-fashion"],
        typer.Argument(metavar="LAYOUT", help="a2bench, tiktok or ubc-fashion.", show_default=False),
    ],
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The data set; it stays as it is.", show_default=False)
    ],
    out: Out,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a suite over a published data set that you have.

    Every case is self-driven: a picture, and its own video as driving video and target.
    """
    from animatex.bench.layouts import import_layout

    with console.progress(quiet=quiet) as shown:
        suite = import_layout(layout, folder, out, shown)
    _show(suite, out, as_json=json, quiet=quiet)


def _show(suite: Suite, out: Path, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        console.print_json(
            {
                "output": str(out),
                "name": suite.name,
                "version": suite.version,
                "split": suite.split,
                "sha256": suite.sha256,
                "cases": len(suite.cases),
            }
        )
    elif not quiet:
        count = "1 case" if len(suite.cases) == 1 else f"{len(suite.cases)} cases"
        console.note(f"{suite.name} {suite.version}, {suite.split}: {count}")
        if suite.sha256:
            console.note(f"hash {suite.sha256}")
        console.print_text(str(out))
