"""animatex pose: key points out of videos and pictures, onto other bodies, and into other formats."""

from __future__ import annotations

import typer

from animatex_cli.pose import augment, convert, extract, retarget

app = typer.Typer(help="Find key points, and move them onto another body.", no_args_is_help=True)
app.command("extract")(extract.command)
app.command("retarget")(retarget.command)
app.command("convert")(convert.command)
app.command("augment")(augment.command)
