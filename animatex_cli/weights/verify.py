"""animatex weights verify: whether installed files are what they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from animatex.errors import InputError
from animatex_cli import console
from animatex_cli.options import Json, Quiet, Weights

if TYPE_CHECKING:
    from animatex.checkpoints.hashes import Verdict


def command(weights: Weights = None, json: Json = False, quiet: Quiet = False) -> None:
    """Compute the hash of every installed file; a wrong one is named, and the exit code is 1."""
    from animatex.checkpoints.catalogue import KNOWN_FILES, default_folder, pull_command
    from animatex.checkpoints.hashes import verify_folder

    folder = weights or default_folder()
    with console.progress(quiet=quiet) as progress:
        verdicts = verify_folder(folder, KNOWN_FILES, progress)
    if json:
        files = [
            {
                "name": v.name,
                "path": str(v.path),
                "state": _state(v),
                "found": v.found,
                "expected": v.expected,
            }
            for v in verdicts
        ]
        console.print_json({"folder": str(folder), "files": files})
    elif verdicts:
        console.print_table(("file", "is", "hash"), [(v.name, _state(v), v.found) for v in verdicts])
    else:
        console.note(f"no weights files in {folder}", quiet=quiet)
    wrong = [verdict for verdict in verdicts if verdict.is_wrong]
    if wrong:
        command_line = pull_command([verdict.name for verdict in wrong], weights)
        raise InputError(
            "; ".join(
                f"{file.path} is another file than it should be: hash {file.found} instead of {file.expected}"
                for file in wrong
            ),
            hint=f"{command_line} replaces it." if command_line else "fetch it again, or convert it again.",
        )


def _state(verdict: Verdict) -> str:
    if verdict.expected is None:
        return "unknown"
    return "wrong" if verdict.is_wrong else "good"
