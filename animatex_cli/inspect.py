"""animatex inspect: what a picture or video says of itself, whether that holds, and the run once more."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from animatex.errors import ConfigError, InputError
from animatex_cli import console
from animatex_cli.options import Force, Json, Quiet, Weights, refuse_without

if TYPE_CHECKING:
    from animatex.inspection import Findings

_REPEAT = "The run once more"
_SILENT_OR_WRONG = 1

_CONTENT = {
    "intact": "as they were written",
    "changed": "changed since they were written",
    "unknown": "nothing says what they were",
}
_CREDENTIALS = {
    "trusted": "they hold, signed by {}, for whom a trusted authority vouches",
    "valid": "they hold, signed by {}, for whom nobody vouches here",
    "invalid": "they do not hold, whoever signed",
    "unchecked": "there, and not verified: that needs animatex[c2pa]",
}

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="Pictures, videos, folders of PNG files.", show_default=False),
]
Trust = Annotated[
    Path | None,
    typer.Option(
        "--trust",
        metavar="FILE",
        help="Certificates (PEM) of authorities whose signatures count as trusted.",
        show_default=False,
    ),
]
Settings = Annotated[
    bool,
    typer.Option(
        "--settings",
        help="Write the settings in the file, nothing else: a complete preset.",
        rich_help_panel=_REPEAT,
    ),
]
Repeat = Annotated[
    tuple[Path, Path] | None,
    typer.Option(
        "--repeat",
        metavar="REFERENCE DRIVING",
        help="Make the result again from these files, which have to be those that it was made of.",
        show_default=False,
        rich_help_panel=_REPEAT,
    ),
]
Poses = Annotated[
    Path | None,
    typer.Option(
        "--poses",
        metavar="FILE",
        help="Poses of the driving video, where they were given then.",
        show_default=False,
        rich_help_panel=_REPEAT,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="Where the repeated result goes.",
        show_default=False,
        rich_help_panel=_REPEAT,
    ),
]


def command(
    files: Files,
    trust: Trust = None,
    settings: Settings = False,
    repeat: Repeat = None,
    poses: Poses = None,
    out: Out = None,
    weights: Weights = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show what files say of themselves: generated or not, by what, how; and verify it.

    Ends with 1 where a file says nothing, or where what it says does not hold.
    """
    _check_options(files, settings, repeat, poses, out, json)
    from animatex.inspection import inspect
    from animatex.limits import check_file

    if trust is not None:
        # It is read only where there is something signed.
        check_file(trust)
    found = [inspect(path, trust) for path in files]
    if settings:
        from animatex.repeat import settings_of

        sys.stdout.write(settings_of(found[0]))
        sys.stdout.flush()
        return
    if repeat is not None and out is not None:
        _make_again(found[0], out, repeat, poses, weights, force=force, json=json, quiet=quiet)
        return
    if json:
        console.print_json({"files": [_report(each) for each in found]})
    else:
        for number, each in enumerate(found):
            if number:
                console.print_text("")
            console.print_table(("", ""), _rows(each))
    if not all(each.holds for each in found):
        raise typer.Exit(_SILENT_OR_WRONG)


def _check_options(
    files: list[Path],
    settings: bool,
    repeat: tuple[Path, Path] | None,
    poses: Path | None,
    out: Path | None,
    json: bool,
) -> None:
    for flag in [name for name, given in (("--settings", settings), ("--repeat", repeat)) if given]:
        if len(files) > 1:
            raise ConfigError(f"{flag} is of one file, and {len(files)} are given")
    if settings and (repeat or json):
        raise ConfigError(f"--settings and {'--repeat' if repeat else '--json'} exclude each other")
    if repeat is None:
        refuse_without("--repeat", {"--out": out, "--poses": poses})
    elif out is None:
        raise ConfigError("--repeat needs --out", hint="for example --out again.mp4.")


def _make_again(
    found: Findings,
    out: Path,
    made_of: tuple[Path, Path],
    poses: Path | None,
    weights: Path | None,
    *,
    force: bool,
    json: bool,
    quiet: bool,
) -> None:
    from animatex.files import check_name, claiming
    from animatex.inspection import inspect
    from animatex.record import record_path
    from animatex.repeat import other_versions, repeat, settings_of

    settings_of(found)
    for path in (out, record_path(out)):
        check_name(path)
        if any(path.exists() and path.samefile(read) for read in (found.path, *made_of) if read.exists()):
            raise InputError(f"{path} would be replaced, but it is read too", hint="another --out.")
    for difference in other_versions(found.record) if found.record else ():
        console.note(f"made with {difference}", quiet=quiet)
    with claiming(out, record_path(out), force=force), console.progress(quiet=quiet) as shown:
        repeat(found, out, *made_of, poses=poses, weights=weights, progress=shown)
    same = inspect(out).content_sha256 == found.content_sha256
    alike = "the same pictures, bit for bit, as in" if same else "other pictures than in"
    console.note(f"{alike} {found.path}", quiet=quiet)
    if json:
        console.print_json({"output": str(out), "record": str(record_path(out)), "same_pictures": same})
    elif not quiet:
        console.print_text(str(out))


def _rows(found: Findings) -> list[tuple[str, str]]:
    rows = [("file", str(found.path))]
    if found.marks is None and found.signature is None:
        rows.append(("generated", "it does not say: there are no marks in it"))
    else:
        rows.append(("generated", _generated(found)))
    if found.marks is not None:
        rows += [("tool", found.marks.tool or ""), ("title", found.marks.title or "")]
        rows.append(("pictures", _CONTENT[found.content]))
    if found.signature is not None:
        rows.append(
            ("credentials", _CREDENTIALS[found.signature.state].format(found.signature.signer or "?"))
        )
        rows.append(("signed tool", found.signature.tool or ""))
    if found.record is not None:
        rows.append(("seed", "" if found.seed is None else str(found.seed)))
        rows += found.record.notes.items()
        rows += [(file.role, f"{file.name}, SHA-256 {file.sha256[:12]}...") for file in found.record.used]
    rows += [("problem", problem) for problem in found.problems]
    return [(name, text) for name, text in rows if text]


def _generated(found: Findings) -> str:
    if found.source_type is None:
        return "it does not say"
    from animatex.provenance.marks import source_term

    term = source_term(found.source_type)
    how = "in part" if term.startswith("composite") else "yes"
    return f"{how}, by a trained model ({term})" if found.is_generated else f"no ({term})"


def _report(found: Findings) -> dict[str, object]:
    marks, record, signature = found.marks, found.record, found.signature
    return {
        "file": str(found.path),
        "holds": found.holds,
        "generated": found.is_generated,
        "source_type": found.source_type,
        "tool": marks.tool if marks else None,
        "title": marks.title if marks else None,
        "content": {"state": found.content, "sha256": found.content_sha256},
        "credentials": signature
        and {"state": signature.state, "signer": signature.signer, "tool": signature.tool},
        "seed": found.seed,
        "notes": dict(record.notes) if record else {},
        "used": [
            {"role": file.role, "name": file.name, "sha256": file.sha256}
            for file in (record.used if record else ())
        ],
        "settings": marks.settings if marks else None,
        "problems": list(found.problems),
    }
