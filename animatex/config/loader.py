"""YAML → typed configuration: strict, all problems at once, each with its file and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from animatex.config.document import KeyPath, Node, Where, dump_document, parse_document, read_document
from animatex.config.overrides import Override, apply_override, parse_override
from animatex.config.problems import problems_of, summary
from animatex.config.schema import choose, item, sections
from animatex.config.section import Section
from animatex.errors import ConfigError

S = TypeVar("S", bound=Section)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[S]):
    """A configuration and where each of its values was written.

    Attributes:
        config: The configuration.
        sources: By key path, the file and line, or the option, that has the last word on a value.
    """

    config: S
    sources: Mapping[KeyPath, Where]


def load_config(kind: type[S], path: Path, overrides: Sequence[str | Override] = ()) -> S:
    """Read a preset.

    Args:
        kind: What the preset describes: `AnimateConfig`, `TrainConfig`.
        path: The YAML file; see `preset_path` for presets by name. A section in it may be the path of a part
            file that lies beside it.
        overrides: Settings that replace the preset's, "sampler.steps=50"; a later one wins.

    Raises:
        ConfigError: The file or an override cannot be used; the message lists every problem with file and
            line.
    """
    return load_with_sources(kind, path, overrides).config


def load_with_sources(kind: type[S], path: Path, overrides: Sequence[str | Override] = ()) -> Loaded[S]:
    """Do as `load_config`, and keep where each value was written."""
    return _checked(kind, read_document(path), str(path), overrides)


def parse_config(kind: type[S], text: str, name: str, overrides: Sequence[str | Override] = ()) -> S:
    """Read a preset that is text, such as the one in a video; no section of it may be a part file.

    Args:
        kind: What the text describes.
        text: The YAML document.
        name: What messages call it.
        overrides: As in `load_config`.
    """
    # It may be anybody's text, and is not to have files read.
    return _checked(kind, parse_document(text, name, Path()), name, overrides, parts=False).config


def dump_config(config: Section, notes: Mapping[KeyPath, str] | None = None) -> str:
    """Write a configuration as a complete preset: `load_config` of the text gives it back.

    Args:
        config: What to write.
        notes: Comments behind values, by key path.
    """
    return dump_document(config.model_dump(), notes)


def _checked(
    kind: type[S], root: Node, title: str, overrides: Sequence[str | Override], *, parts: bool = True
) -> Loaded[S]:
    if parts:
        root = _with_parts(root, kind)
    for override in overrides:
        entry = parse_override(override) if isinstance(override, str) else override
        root = _with_parts(apply_override(root, entry), kind)
    data, places = root.data(), dict(root.places())
    try:
        config = kind.model_validate(data)
    except ValidationError as error:
        raise ConfigError(summary(title, problems_of(error, kind, data, places))) from error
    return Loaded(config, places)


def _with_parts(node: Node, hint: object) -> Node:
    """Read the part files that stand where sections are expected."""
    alternatives = sections(hint)
    if alternatives and isinstance(node.value, str):
        node = read_document(node.folder / node.value, named_in=node.where)
    value = node.value
    if isinstance(value, dict):
        kind = value.get("kind")
        section = choose(alternatives, kind.value if kind else None)
        fields = section.model_fields if section else {}
        return Node({k: _with_parts(v, fields.get(k)) for k, v in value.items()}, node.where, node.folder)
    if isinstance(value, tuple):
        return Node(tuple(_with_parts(v, item(hint)) for v in value), node.where, node.folder)
    return node
