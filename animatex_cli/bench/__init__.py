"""animatex bench: suites, results and scores; each command is a module of its own."""

from __future__ import annotations

import typer

from animatex_cli.bench import ablate, make, prompts, report, run, score, speed, study

app = typer.Typer(help="Measure how good results are.", no_args_is_help=True)
app.command("make")(make.make)
app.command("import")(make.import_)
app.command("run")(run.command)
app.command("score")(score.command)
app.command("ablate")(ablate.command)
app.command("report")(report.command)
app.command("study")(study.command)
app.command("prompts")(prompts.command)
app.command("speed")(speed.command)


@app.callback()
def _group() -> None:
    """Measure how good results are."""
