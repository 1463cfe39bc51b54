"""animatex animate --batch, and animatex batch: many runs as one."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from animatex.errors import ConfigError, InputError, InUse
from animatex.progress import Progress
from animatex_cli import console
from animatex_cli.options import Json

if TYPE_CHECKING:
    from animatex.batch.job import BatchOptions, Job
    from animatex.batch.ledger import Entry
    from animatex.batch.manifest import LoadPreset
    from animatex.provenance.credentials import Credentials

_PANEL = "Batch"
_DONE, _SOME_FAILED = 0, 1

Manifest = Annotated[
    str | None,
    typer.Option(
        "--batch",
        metavar="MANIFEST|PATTERN",
        help="Make many videos: of a list of jobs (.yaml, .csv, .jsonl), or of every picture 'refs/*.png' "
        "with every performance of --driving. Run again, it makes what is missing or out of date.",
        rich_help_panel=_PANEL,
    ),
]
Driving = Annotated[
    Path | None,
    typer.Option(
        "--driving",
        metavar="DIR",
        help="For pictures: folder of videos, pose files and folders of pictures; or one of these.",
        rich_help_panel=_PANEL,
    ),
]
OutDir = Annotated[
    Path | None,
    typer.Option(
        "--out-dir", metavar="DIR", help=r"Folder of the results.  \[default: here]", rich_help_panel=_PANEL
    ),
]
LedgerFile = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        metavar="FILE",
        help=r"What became of each job; several runners may share it.  \[default: batch.ledger in --out-dir]",
        rich_help_panel=_PANEL,
    ),
]
RetryFailed = Annotated[
    bool,
    typer.Option(
        "--retry-failed",
        help="Try again what failed before, though nothing has changed.",
        rich_help_panel=_PANEL,
    ),
]
WatchFolder = Annotated[
    Path | None,
    typer.Option(
        "--watch",
        metavar="DIR",
        help="Instead of --batch: make what arrives in a folder, until stopped. With --driving, pictures; "
        "without, lists of jobs.",
        rich_help_panel=_PANEL,
    ),
]
Poll = Annotated[
    float | None,
    typer.Option(
        "--poll",
        metavar="SECONDS",
        help=r"With --watch: how long to wait before looking again.  \[default: 2]",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Do the I-th of N parts only, from 1: for several machines.",
        rich_help_panel=_PANEL,
    ),
]

EngineName = Annotated[
    Literal["local", "ray"] | None,
    typer.Option(
        "--engine",
        help="Where jobs are done: by a process here, or by several on the Ray cluster that is found "
        r"(RAY_ADDRESS names another).  \[default: local]",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
Runners = Annotated[
    int | None,
    typer.Option(
        "--runners",
        metavar="N",
        min=1,
        help=r"With --engine ray: how many processes.  \[default: one for each GPU, or each node]",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]

app = typer.Typer(help="Look at batches of `animate --batch`.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Look at batches of `animate --batch`."""


@dataclass(frozen=True, slots=True)
class BatchOnly:
    """The options that mean nothing without --batch or --watch; attributes are named as they are."""

    driving: Path | None
    out_dir: Path | None
    ledger: Path | None
    retry_failed: bool
    shard: str | None
    poll: float | None
    engine: Literal["local", "ray"] | None
    runners: int | None


@dataclass(frozen=True, slots=True)
class BatchCommand:
    """The options of a batch; attributes are named as they are."""

    batch: str | None
    watch: Path | None
    only: BatchOnly
    force: bool
    weights: Path | None
    preset: str
    credentials: Credentials | None
    dry_run: bool
    json: bool
    quiet: bool


_INSTEAD = {
    "REFERENCE": "the pattern after --batch, or the jobs of a manifest, say which pictures.",
    "--out": "--out-dir for the folder; the jobs of a manifest may name their outputs.",
    "--poses": "a pose file as --driving, or as a job's driving.",
}
"""What serves many videos in place of an option for one."""


def refuse_beside_batch(option: str, given: Mapping[str, object]) -> None:
    """Refuse what is said of one video beside --batch or --watch."""
    for name, value in given.items():
        if value:
            raise ConfigError(f"{name} is of one video, {option} of many", hint=_INSTEAD.get(name))


def refuse_without_batch(only: BatchOnly) -> None:
    """Refuse what is said of a batch where there is none."""
    for field in fields(only):
        given = getattr(only, field.name)
        if given is not None and given is not False:
            raise ConfigError(f"--{field.name.replace('_', '-')} is of a batch, and needs --batch or --watch")


def run_batch(command: BatchCommand, load: LoadPreset) -> None:
    """Work a batch off; ends with exit code 1 where jobs failed, and with --watch only when it is stopped.

    Args:
        command: The options.
        load: Reads a preset, with a job's settings and those of the command line; other processes get it too.
    """
    shard = _shard(command.only.shard)
    if command.batch is not None and command.watch is not None:
        raise ConfigError(
            f"--watch {command.watch} and --batch {command.batch}: a folder is watched, or a list worked off"
        )
    poll = command.only.poll
    if poll is not None and command.watch is None:
        raise ConfigError("--poll is of --watch; a batch looks once")
    if poll is not None and not 0.1 <= poll <= 3600:
        raise ConfigError(f"--poll {poll:g}: needs seconds from 0.1 to 3600")
    if command.watch is not None and command.json:
        raise ConfigError(
            "--json is one object at the end, and --watch has none",
            hint="animatex batch status LEDGER --json shows at any time what became of each job.",
        )
    if command.watch is not None and command.dry_run:
        raise ConfigError(
            "--dry-run looks once, and --watch has no end", hint="--batch with the same pictures or lists."
        )
    if command.watch is not None and command.only.engine == "ray":
        raise ConfigError(
            "--engine ray works a list off, and --watch has no end",
            hint="--watch on each machine, with one --ledger, shares what arrives.",
        )
    if command.only.runners is not None and command.only.engine != "ray":
        raise ConfigError("--runners is of --engine ray")
    out = command.only.out_dir or Path()
    ledger = command.only.ledger or out / "batch.ledger"
    if command.batch is None:
        _watch(command, load, shard, out, ledger)
    elif command.dry_run:
        _forecast(command, load, shard, out, ledger)
    else:
        _work_off(command, load, shard, out, ledger)


def _work_off(
    command: BatchCommand, load: LoadPreset, shard: tuple[int, int], out: Path, ledger_file: Path
) -> None:
    from animatex.batch.cluster import run_on_ray
    from animatex.batch.job import asked, check_names, check_outputs
    from animatex.batch.ledger import Ledger
    from animatex.batch.manifest import shard_of
    from animatex.batch.supervisor import supervise
    from animatex.files import make_folder

    jobs = shard_of(_jobs(command, out, load), *shard)
    check_names(jobs)
    make_folder(out)
    options = _options(command, ledger_file)
    with Ledger(options.ledger) as ledger:
        before = ledger.outcomes()
        if not command.force:
            check_outputs(jobs, before)
        ledger.add(asked(jobs))
        if command.only.retry_failed:
            ledger.retry([job.name for job in jobs])
        # Until the first job shows its bars, networks are imported for many seconds.
        started = f"{_count(jobs)}, written down in {options.ledger}"
        console.note(started, quiet=command.quiet or not sys.stderr.isatty())
        talk = _Talk(command.json, command.quiet)
        if command.only.engine == "ray":
            run_on_ray(jobs, options, talk, command.only.runners)
        else:
            supervise(jobs, options, talk)
        after = ledger.entries()
    entries = [after[job.name] for job in jobs]
    made = sum(after[job.name].tries > (before[job.name].tries if job.name in before else 0) for job in jobs)
    if command.json:
        console.print_json(_report(entries))
    console.note(_summary(entries, len(entries) - made), quiet=command.quiet)
    if any(entry.state in ("failed", "poison") for entry in entries):
        raise typer.Exit(_SOME_FAILED)
    if any(entry.state == "waiting" for entry in entries):
        raise typer.Exit(InUse.exit_code)


def _forecast(
    command: BatchCommand, load: LoadPreset, shard: tuple[int, int], out: Path, ledger_file: Path
) -> None:
    """Say what would be made and what would be left, and do nothing."""
    from animatex.batch.due import forecast
    from animatex.batch.manifest import shard_of

    jobs = shard_of(_jobs(command, out, load), *shard)
    if not out.is_dir() and out.exists():
        raise InputError(f"{out} cannot be made a folder: there is a file of that name")
    told = forecast(jobs, _options(command, ledger_file), retry_failed=command.only.retry_failed)
    counts = Counter(each.would for each in told)
    if command.json:
        listed = [
            {
                "output": each.job.name,
                "reference": str(each.job.reference),
                "driving": str(each.job.driving),
                "preset": each.job.preset,
                "would": each.would,
                "reason": each.reason,
            }
            for each in told
        ]
        console.print_json({"counts": counts, "jobs": listed})
        return
    console.print_table(
        ("output", "would", "reason"), [(each.job.name, each.would, each.reason) for each in told]
    )
    said = [f"{counts[would]} to {would}" for would in ("make", "leave", "fail") if counts[would]]
    console.note(f"{_count(told)}: {', '.join(said) or 'nothing to do'}", quiet=command.quiet)


def _watch(
    command: BatchCommand, load: LoadPreset, shard: tuple[int, int], out: Path, ledger_file: Path
) -> None:
    from animatex.batch.ledger import Ledger
    from animatex.batch.supervisor import supervise
    from animatex.batch.watch import POLL_SECONDS, Watch
    from animatex.files import make_folder

    assert command.watch is not None
    poll = command.only.poll or POLL_SECONDS
    driving = command.only.driving
    watch = Watch(command.watch, driving, out, command.preset, load, shard, poll_seconds=poll)
    watch.check()
    make_folder(out)
    options = _options(command, ledger_file)
    with Ledger(options.ledger) as ledger:
        if command.only.retry_failed:
            ledger.retry(list(ledger.outcomes()))
    what = "lists of jobs" if watch.driving is None else "pictures"
    console.note(f"{watch.folder} is watched for {what}; Ctrl-C ends that", quiet=command.quiet)
    supervise(watch, options, _Talk(command.json, command.quiet))


@app.command("status")
def status(
    ledger: Annotated[
        Path, typer.Argument(metavar="LEDGER", help="The ledger of a batch.", show_default=False)
    ],
    json: Json = False,
) -> None:
    """Show what became of every job."""
    from animatex.batch.ledger import Ledger

    with Ledger(ledger, create=False) as opened:
        entries = list(opened.entries().values())
    if json:
        console.print_json(_report(entries))
        return
    rows = [
        (
            entry.name,
            entry.state,
            str(entry.tries),
            f"{entry.seconds:.1f}" if entry.state == "done" else "",
            entry.reason,
        )
        for entry in entries
    ]
    console.print_table(("output", "state", "tries", "seconds", "reason"), rows)
    console.note(_summary(entries, 0))


def _options(command: BatchCommand, ledger: Path) -> BatchOptions:
    from animatex.batch.job import BatchOptions
    from animatex.checkpoints.catalogue import default_folder

    weights = command.weights or default_folder()
    return BatchOptions(ledger, weights, credentials=command.credentials, force=command.force)


class _Talk:
    """Says how a batch goes: bars on a terminal, a line for each job, results on standard output.

    Args:
        json: Standard output is for one document at the end.
        quiet: Errors only.
    """

    def __init__(self, json: bool, quiet: bool) -> None:
        self._json = json
        self._quiet = quiet
        self._began: float | None = None

    @contextmanager
    def listening(self, number: int, total: int) -> Iterator[Progress]:
        """Show how far all jobs and the stages of this one are as bars; as lines they would be too many."""
        quiet = self._quiet or not sys.stderr.isatty()
        self._began = self._began or time.monotonic()
        with console.progress(quiet=quiet, turn=console.Turn(number, total, self._began)) as shown:
            yield shown

    def noticed(self, text: str, *, wrong: bool) -> None:
        """Say what no job is made of."""
        if wrong:
            console.show_error(text, None)
        else:
            console.note(text, quiet=self._quiet)

    def ended(self, job: Job, number: int, total: int, reason: str | None, seconds: float) -> None:
        """Say how a job went."""
        place = f"{number} of {total}"
        if reason is not None:
            console.show_error(f"{place}, {job.name}: {reason}", None)
            return
        console.note(f"{place}, {job.name}: {seconds:.1f} s", quiet=self._quiet)
        if not (self._json or self._quiet):
            try:
                console.print_text(str(job.output))
            except BrokenPipeError:
                # Nobody listens any more, and the videos are wanted all the same.
                console.drop_output()


def _jobs(command: BatchCommand, out: Path, load: LoadPreset) -> Sequence[Job]:
    from animatex.batch.manifest import MANIFEST_SUFFIXES, pair_up, read_manifest

    assert command.batch is not None
    manifest, driving = Path(command.batch), command.only.driving
    if manifest.suffix.lower() in MANIFEST_SUFFIXES:
        if driving:
            raise ConfigError(f"--driving {driving}: the jobs of {manifest} name their own performances")
        return read_manifest(manifest, out, command.preset, load)
    if driving is None:
        raise ConfigError(
            f"--batch {manifest}: pictures need --driving",
            hint=f"--driving with a folder of videos; or a manifest ({', '.join(MANIFEST_SUFFIXES)}).",
        )
    return pair_up(command.batch, driving, out, command.preset, load)


def _shard(text: str | None) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,5})/(\d{1,5})", text or "1/1")
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise ConfigError(f"--shard {text}: needs I/N with I from 1 to N", hint="for example --shard 1/4.")
    return int(found[1]), int(found[2])


def _summary(entries: Sequence[Entry], untouched: int) -> str:
    counts = Counter(entry.state for entry in entries)
    said = [
        f"{counts[state]} {state}"
        for state in ("done", "failed", "poison", "running", "waiting")
        if counts[state]
    ]
    kept = f" ({untouched} left as they were)" if untouched else ""
    return f"{_count(entries)}: {', '.join(said) or 'nothing to do'}{kept}"


def _count(jobs: Sequence[object]) -> str:
    return f"{len(jobs)} job{'' if len(jobs) == 1 else 's'}"


def _report(entries: Sequence[Entry]) -> dict[str, object]:
    counts = Counter(entry.state for entry in entries)
    return {
        "counts": dict(counts),
        "jobs": [
            {
                "output": entry.name,
                "reference": entry.reference,
                "driving": entry.driving,
                "preset": entry.preset,
                "state": entry.state,
                "reason": entry.reason or None,
                "tries": entry.tries,
                "crashes": entry.crashes,
                "seconds": entry.seconds,
                "output_sha256": entry.output_sha256 or None,
                "settings": entry.settings,
            }
            for entry in entries
        ],
    }
