"""animatex bench prompts: text for those who build characters with a text-to-image model."""

from __future__ import annotations

from typing import Annotated

import typer

from animatex_cli import console
from animatex_cli.options import Json


def command(
    count: Annotated[int, typer.Option("--count", "-n", help="How many prompts.")] = 500,
    seed: Annotated[int, typer.Option("--seed", help="Of the choices.")] = 0,
    json: Json = False,
) -> None:
    """Write text prompts of the paper's template, one a line.

    Each names an object, a season, a province and a location; plants, animals, food and furniture take turns.
    """
    from animatex.bench.prompts import write_prompts

    prompts = write_prompts(count, seed)
    if json:
        from dataclasses import asdict

        console.print_json({"seed": seed, "prompts": [asdict(prompt) for prompt in prompts]})
        return
    console.print_text("\n".join(prompt.text for prompt in prompts))
