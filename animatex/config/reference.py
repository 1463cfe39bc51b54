"""The preset reference, generated: `python -m animatex.config.reference > docs/presets.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from animatex.config.ablate import AblateConfig
from animatex.config.run import AnimateConfig, TrainConfig
from animatex.config.schema import describe, item, kind_of, sections
from animatex.config.section import Section

_HEAD = """\
# Presets

<!-- Generated from the configuration classes: python -m animatex.config.reference > docs/presets.md -->

A preset is a YAML file that says everything about a run: no key has a default. A section may be given as the
path of a part file beside the preset; that is the only composition. `--set key.path=value` and named options
replace single values, and `--print-config` shows the result and where each value came from.

Unquoted text follows YAML 1.2: `yes` is text, `1e-5` a number, and a key stands once.
"""

_ROOTS: tuple[tuple[type[Section], str], ...] = (
    (AnimateConfig, "animatex animate"),
    (TrainConfig, "animatex train"),
    (AblateConfig, "animatex bench ablate"),
)


def preset_reference() -> str:
    """Write the reference of all presets, in Markdown."""
    known: list[type[Section]] = []
    lines = [_HEAD]
    for root, title in _ROOTS:
        lines.append(f"## `{title}`\n")
        for section in _reachable(root):
            if section not in known:
                known.append(section)
                lines.append(_section(section, top=section is root))
    return "\n".join(lines)


def _reachable(section: type[Section]) -> Iterator[type[Section]]:
    """Walk from a section to those inside it, in the order of their keys."""
    yield section
    for field in section.model_fields.values():
        for inner in sections(field) or sections(item(field)):
            yield from _reachable(inner)


def _section(section: type[Section], *, top: bool) -> str:
    lines = [] if top else [f"### {section.__name__}\n"]
    lines += [f"{_one_line(section.__doc__)}\n", "| key | holds | meaning |", "| --- | --- | --- |"]
    for name, field in section.model_fields.items():
        inner = sections(field) or sections(item(field))
        links = ", ".join(f"[{part.__name__}](#{part.__name__.lower()})" for part in inner)
        holds = links or describe(field)
        if inner and item(field) is not None:
            holds = f"a list of {links}"
        if inner and "null" in describe(field):
            holds += ", or null"
        text = _one_line(field.description) or (
            f"Picks this section: `{kind_of(section)}`." if name == "kind" else ""
        )
        lines.append(f"| `{name}` | {_cell(holds)} | {_cell(text)} |")
    return "\n".join(lines) + "\n"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(preset_reference())
