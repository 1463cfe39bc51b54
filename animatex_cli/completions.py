"""animatex completions: the shell fills in commands, options and names of presets."""

from __future__ import annotations

import os
from typing import Annotated, Literal

import typer
from typer.completion import completion_init, get_completion_script  # type: ignore[attr-defined]

from animatex_cli import console

_VARIABLE = "_ANIMATEX_COMPLETE"


def command(
    shell: Annotated[
        Literal["bash", "zsh", "fish"], typer.Argument(help="Whose script to write.", show_default=False)
    ],
) -> None:
    """Write the script with which a shell completes `animatex`.

    bash: eval "$(animatex completions bash)" in ~/.bashrc.

    zsh: eval "$(animatex completions zsh)" in ~/.zshrc, behind compinit.

    fish: animatex completions fish > ~/.config/fish/completions/animatex.fish
    """
    script = get_completion_script(prog_name="animatex", complete_var=_VARIABLE, shell=shell)  # nosec B604 # a name
    console.print_text(script)


def prepare() -> None:
    """Make ready to answer the shell, where it is a completion that is asked for."""
    if _VARIABLE in os.environ:
        completion_init()
