"""animatex weights: which weights files are known, where they lie, and how to get them."""

from __future__ import annotations

import typer

from animatex_cli.weights import convert, listing, pull, verify

app = typer.Typer(help="List, fetch, check and convert weights files.", no_args_is_help=True)
app.command("list")(listing.command)
app.command("pull")(pull.command)
app.command("verify")(verify.command)
app.command("convert")(convert.command)
