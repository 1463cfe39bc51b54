"""YAML text ↔ a tree that remembers where each value stands.

What is read is the core of YAML 1.2: `yes` is text, `1e-5` a number, and a key stands once. Aliases are
refused: a preset says everything where it is used, and nobody can hide a gigabyte in a hundred bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import yaml

from animatex.errors import ConfigError, InputError, brief
from animatex.limits import PRESET_BYTES, read_bytes

Scalar: TypeAlias = str | int | float | bool | None
Data: TypeAlias = "Scalar | dict[str, Data] | tuple[Data, ...]"
KeyPath: TypeAlias = tuple[str | int, ...]

MAX_DEPTH = 32
MAX_VALUES = 200_000
"""Names included. A batch of 10000 jobs has fewer, and PyYAML needs seconds for so many."""

_LARGEST = 2**63 - 1
_PRESET_HINT = "name a preset, or a YAML file that exists."
_PART_HINT = "a part file lies beside the file that names it; --print-config shows a preset without parts."


@dataclass(frozen=True, slots=True)
class Where:
    """Where a value was written.

    Attributes:
        file: The file as the user knows it, or the option: "--set sampler.steps=50".
        line: Line in the file, from 1; None for an option.
    """

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a document and where it stands.

    Attributes:
        value: A scalar, the entries of a section by key, or the items of a list.
        where: The line of its key, or of its own start.
        folder: Paths inside it are relative to this.
    """

    value: Scalar | dict[str, Node] | tuple[Node, ...]
    where: Where
    folder: Path

    def data(self) -> Data:
        """Give the values without their places; lists become tuples."""
        if isinstance(self.value, dict):
            return {key: child.data() for key, child in self.value.items()}
        if isinstance(self.value, tuple):
            return tuple(child.data() for child in self.value)
        return self.value

    def places(self, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Where]]:
        """Walk over all values, outer ones first, with their key path."""
        yield path, self.where
        if isinstance(self.value, dict):
            for key, child in self.value.items():
                yield from child.places((*path, key))
        elif isinstance(self.value, tuple):
            for index, child in enumerate(self.value):
                yield from child.places((*path, index))


def read_document(path: Path, *, named_in: Where | None = None) -> Node:
    """Read one YAML file.

    Args:
        path: The file.
        named_in: Where a preset names it, for the message when it cannot be read.

    Raises:
        ConfigError: It is not there, not text, not YAML, or uses what presets do without.
    """
    place = f"{named_in}: " if named_in else ""
    try:
        content = read_bytes(path, PRESET_BYTES)
    except InputError as error:
        hint = error.hint or (_PART_HINT if named_in else _PRESET_HINT)
        raise ConfigError(f"{place}{error.message}", hint=hint) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text; is this a preset?") from error
    return parse_document(text, str(path), path.parent)


def parse_document(text: str, file: str, folder: Path) -> Node:
    """Read YAML text whose top is a section.

    Args:
        text: The document.
        file: What messages call it.
        folder: Paths inside it are relative to this.

    Raises:
        ConfigError: See `read_document`; with file and line.
    """
    root = _parse(text, file)
    node = _convert(root, file, folder, None) if root else None
    if node is None or node.value is None:
        raise ConfigError(f"{file} is empty; a preset has a section for each part of a run")
    if not isinstance(node.value, dict):
        raise ConfigError(f"{node.where}: holds {_kind(node.value)}; needs keys and values")
    return node


def parse_value(text: str, option: str, folder: Path) -> Node:
    """Read the value of an option as a preset would: a number, true, text, [1, 2], {key: value}.

    Raises:
        ConfigError: The text is not YAML.
    """
    root = _parse(text, option, option=True)
    where = Where(option)
    return Node(None, where, folder) if root is None else _at(_convert(root, option, folder, where), where)


def _at(node: Node, where: Where) -> Node:
    """Say that a value and everything in it was written at one place."""
    value = node.value
    if isinstance(value, dict):
        value = {key: _at(child, where) for key, child in value.items()}
    elif isinstance(value, tuple):
        value = tuple(_at(child, where) for child in value)
    return Node(value, where, node.folder)


def dump_document(data: Mapping[str, object], notes: Mapping[KeyPath, str] | None = None) -> str:
    """Write a document: a section to an indented block, a list of plain values to one line.

    Args:
        data: Scalars, sections and lists, nested.
        notes: Comments behind values, by key path.
    """
    lines = [(f"{'  ' * depth}{text}", path) for depth, text, path in _lines(data)]
    if not notes:
        return "".join(f"{text}\n" for text, _ in lines)
    column = min(max(len(text) for text, _ in lines), 56)
    return "".join(
        f"{text:<{column}}  # {notes[path]}\n" if path and path in notes else f"{text}\n"
        for text, path in lines
    )


def _lines(data: object, path: KeyPath = (), depth: int = 0) -> Iterator[tuple[int, str, KeyPath]]:
    """Yield (depth, text, key path of the value that stands on this line, empty for a header)."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if _is_block(value):
                yield depth, f"{key}:", ()
                yield from _lines(value, (*path, key), depth + 1)
            else:
                yield depth, f"{key}: {_flow(value)}", (*path, key)
    elif isinstance(data, list | tuple):
        for index, value in enumerate(data):
            if not _is_block(value):
                yield depth, f"- {_flow(value)}", (*path, index)
                continue
            for number, (level, text, place) in enumerate(_lines(value, (*path, index), depth + 1)):
                yield (depth, f"- {text}", place) if number == 0 else (level, text, place)


def _is_block(value: object) -> bool:
    if isinstance(value, Mapping):
        return bool(value)
    return isinstance(value, list | tuple) and any(_is_block(item) for item in value)


def _flow(value: object) -> str:
    plain = list(value) if isinstance(value, tuple) else value
    text = yaml.dump(plain, Dumper=_Dumper, default_flow_style=True, width=math.inf, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("...").rstrip()


_TAG = "tag:yaml.org,2002:"
_DIGITS = "0123456789"
_NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z")
_PLAIN = (
    ("null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ("~", "n", "N", "")),
    ("bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), tuple("tTfF")),
    ("int", re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z"), tuple("-+" + _DIGITS)),
    ("float", _NUMBER, tuple("-+." + _DIGITS)),
)


def _resolvers(
    known: Mapping[str, list[tuple[str, re.Pattern[str]]]],
) -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """Put our rules for unquoted scalars, by first character, in front of known ones."""
    table: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for name, pattern, first in _PLAIN:
        for character in first:
            table.setdefault(character, []).append((_TAG + name, pattern))
    return {key: table.get(key, []) + list(known.get(key, [])) for key in {*table, *known}}


class _Loader(yaml.SafeLoader):
    """Reads nodes only, by YAML 1.2's rules for unquoted scalars."""

    yaml_implicit_resolvers = _resolvers({})
    depth = 0
    values = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        mark: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            raise yaml.composer.ComposerError(
                None, None, f"*{event.anchor} refers to another value; write the value out", mark
            )
        self.values += 1
        if self.values > MAX_VALUES:
            raise yaml.composer.ComposerError(None, None, f"more than {MAX_VALUES} values", mark)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.composer.ComposerError(None, None, f"nested deeper than {MAX_DEPTH} levels", mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Dumper(yaml.SafeDumper):
    """Quotes text that we, or a reader of YAML 1.1, would take for something else."""

    yaml_implicit_resolvers = _resolvers(yaml.SafeDumper.yaml_implicit_resolvers)

    def represent_str(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar(_TAG + "str", data, style=None if data.isprintable() else '"')

    yaml_representers: ClassVar[dict[type, Any]] = {**yaml.SafeDumper.yaml_representers, str: represent_str}


def _parse(text: str, file: str, *, option: bool = False) -> yaml.Node | None:
    try:
        loader = _Loader(text)
        try:
            node: yaml.Node | None = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        where = Where(file, None if option else line)
        raise ConfigError(
            f"{where}: holds the character U+{_code(error.character):04X}, which text does not have"
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Where(file, None if option or mark is None else mark.line + 1)
        problem = " ".join(filter(None, (error.problem, error.context and f"({error.context})")))
        raise ConfigError(f"{where}: {problem}") from error
    return node


def _code(character: int | str | bytes) -> int:
    """Give a character's number; PyYAML says one thing in its types and another at run time."""
    return character if isinstance(character, int) else ord(character)


def _convert(node: yaml.Node, file: str, folder: Path, where: Where | None) -> Node:
    """Turn PyYAML's nodes into ours; `where` is the place of the key."""
    where = where or Where(file, node.start_mark.line + 1)
    if not isinstance(node, yaml.ScalarNode) and node.tag not in (f"{_TAG}map", f"{_TAG}seq"):
        raise ConfigError(f"{where}: a value is tagged {brief(node.tag)}; presets hold plain values only")
    if isinstance(node, yaml.MappingNode):
        return Node(_entries(node, file, folder), where, folder)
    if isinstance(node, yaml.SequenceNode):
        return Node(tuple(_convert(item, file, folder, None) for item in node.value), where, folder)
    return Node(_scalar(node, where), where, folder)


def _entries(node: yaml.MappingNode, file: str, folder: Path) -> dict[str, Node]:
    entries: dict[str, Node] = {}
    for key, value in node.value:
        where = Where(file, key.start_mark.line + 1)
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"{where}: a key is a list or a section; needs a name")
        if key.value in entries:
            raise ConfigError(f"{where}: {key.value} stands here again; first on {entries[key.value].where}")
        entries[key.value] = _convert(value, file, folder, where)
    return entries


def _scalar(node: yaml.Node, where: Where) -> Scalar:
    text: str = node.value
    kind = str(node.tag).removeprefix(_TAG)
    if kind == "str" or node.tag == "!":
        return text
    pattern = next((pattern for name, pattern, _ in _PLAIN if name == kind), None)
    if pattern is None or not pattern.match(text):
        raise ConfigError(f"{where}: {text!r} is tagged {node.tag}; presets hold plain values only")
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    # Numbers too large to mean anything stay text, so that the field they stand in refuses them.
    if kind == "int":
        return int(text) if len(text) <= 20 and abs(int(text)) <= _LARGEST else text
    return float(text) if math.isfinite(float(text)) else text


def _kind(value: object) -> str:
    return "a list" if isinstance(value, tuple) else "a single value"
