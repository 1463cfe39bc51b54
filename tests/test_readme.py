"""The documentation is so: its commands parse, its options and keys exist, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest
import typer

from animatex_cli.main import app, run

ROOT = Path(__file__).resolve().parents[1]
PAGES = tuple(sorted(page for folder in (".", "docs", "presets") for page in (ROOT / folder).glob("*.md")))
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)

OTHERS_OPTIONS = {
    *("--help", "--no-binary", "--no-build-isolation", "--no-deps"),
    *("--build-arg", "--gpus", "--network", "--read-only", "--rm", "--user", "--volume"),
}
"""Of pip and docker."""


class Line(NamedTuple):
    """A command line of a page."""

    page: str
    text: str


def blocks(language: str) -> list[tuple[Path, str]]:
    found = [(page, match) for page in PAGES for match in _BLOCK.finditer(page.read_text("utf-8"))]
    return [(page, match[2]) for page, match in found if match[1] == language]


def console_lines() -> list[Line]:
    return [
        Line(page.name, command.split("  #")[0].strip())
        for page, block in blocks("console")
        for line in block.replace("\\\n", " ").splitlines()
        for command in line.split(" | ")
        if command.strip()
    ]


PROGRAM = typer.main.get_command(app)
COMMANDS = [line for line in console_lines() if line.text.startswith("animatex ")]


def parsed(words: list[str]) -> typer.Context:
    """Parse a command line as the program would, down to the last command, and run nothing."""
    command, context, name = PROGRAM, None, "animatex"
    while True:
        context = command.make_context(name, list(words), parent=context)
        if not hasattr(command, "resolve_command"):
            return context
        name, command, words = command.resolve_command(context, context._protected_args + context.args)


@pytest.mark.parametrize("line", COMMANDS, ids=lambda line: f"{line.page}: {line.text}")
def test_every_command_of_the_documentation_parses(line: Line):
    context = parsed(shlex.split(line.text)[1:])
    assert context.command_path.split()[0] == "animatex"


@pytest.mark.parametrize(
    "line",
    [line for line in COMMANDS if line.text.split()[1] in ("animate", "train")],
    ids=lambda line: f"{line.page}: {line.text}",
)
def test_its_presets_and_settings_are_accepted(line: Line, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(ROOT)
    assert run([*shlex.split(line.text)[1:], "--print-config"]) == 0, capsys.readouterr().err


def test_the_readme_has_its_commands():
    texts = [line.text for line in console_lines() if line.page == "README.md"]
    assert {"make demo", "make test", "animatex doctor"} <= set(texts)
    assert any(text.startswith("animatex animate samples/character.png samples/dance.mp4") for text in texts)


def test_every_make_target_of_the_documentation_exists():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = {
        name for names in re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE) for name in names.split()
    }
    named = {line.text.split()[1] for line in console_lines() if line.text.startswith("make ")}
    assert named <= targets
    assert "demo" in named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_picture_leads_somewhere(page: Path):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "presets.md"], ids=lambda page: page.name
)
def test_every_option_that_is_mentioned_exists(page: Path):
    known = {option for option in _options(PROGRAM)} | OTHERS_OPTIONS
    for benchmark in (ROOT / "benchmarks").glob("*.py"):
        known |= set(re.findall(r'add_argument\("(--[a-z-]+)"', benchmark.read_text("utf-8")))
    mentioned = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", page.read_text("utf-8")))
    assert mentioned <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_mentioned_exists(page: Path):
    named = re.findall(
        r"`((?:animatex|animatex_cli|benchmarks|docs|presets|samples|tests)/[\w./-]+)`",
        page.read_text("utf-8"),
    )
    # The platform's cache folder has a folder of this name too.
    missing = [name for name in named if name != "animatex/weights" and not (ROOT / name).exists()]
    assert not missing


def test_the_tours_snippets_are_python():
    snippets = blocks("python")
    assert len(snippets) > 8
    for page, code in snippets:
        compile(code, page.name, "exec")


@pytest.mark.parametrize(
    "module",
    sorted(
        {
            line
            for _, block in blocks("python")
            for line in block.splitlines()
            if line.startswith("from animatex")
        }
    ),
)
def test_what_the_snippets_import_is_there(module: str):
    exec(compile(module, "docs", "exec"), {})


def _options(command: object) -> list[str]:
    own = [option for parameter in command.params for option in parameter.opts]  # type: ignore[attr-defined]
    inner = getattr(command, "commands", {}).values()
    return own + [option for each in inner for option in _options(each)]
