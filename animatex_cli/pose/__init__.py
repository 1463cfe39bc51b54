"""animatex pose: key points out of videos and pictures, and onto other bodies."""

from __future__ import annotations

import typer

from animatex_cli.pose import extract, retarget

app = typer.Typer(help="Find key points, and move them onto another body.", no_args_is_help=True)
app.command("extract")(extract.command)
app.command("retarget")(retarget.command)
