"""Settings given beside a preset: "sampler.steps=50"."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from animatex.config.document import MAX_DEPTH, KeyPath, Node, Where, parse_value
from animatex.errors import ConfigError, brief


@dataclass(frozen=True, slots=True)
class Override:
    """One setting that replaces a preset's.

    Attributes:
        key: Key path, "sampler.steps"; a number picks a list's item, from 0.
        value: The value as a preset would write it.
        option: What the user typed; messages name it.
    """

    key: str
    value: str
    option: str


def parse_override(text: str) -> Override:
    """Split "key.path=value".

    Raises:
        ConfigError: There is no "=", or no key in front of it.
    """
    key, equals, value = text.partition("=")
    if not equals or not all(key.strip().split(".")):
        raise ConfigError(f"--set {text}: needs key.path=value", hint="for example --set sampler.steps=50.")
    return Override(key.strip(), value, f"--set {text}")


def apply_override(root: Node, override: Override) -> Node:
    """Put a setting into a preset's tree; sections that are missing on the way are made.

    Raises:
        ConfigError: The value is not YAML, the path leads to no item of a list, or deeper than presets go.
    """
    where = Where(override.option)
    if override.key.count(".") >= MAX_DEPTH:
        raise ConfigError(
            f"{brief(override.option)}: the key is nested deeper than {MAX_DEPTH} levels",
            hint="--print-config shows all keys.",
        )
    value = parse_value(override.value, override.option, root.folder)
    path: KeyPath = tuple(int(step) if step.isdecimal() else step for step in override.key.split("."))
    return _replaced(root, path, value, where, override.key)


def _replaced(node: Node, path: KeyPath, value: Node, where: Where, key: str) -> Node:
    if not path:
        return value
    step, rest = path[0], path[1:]
    missing = Node(None, where, Path())
    if isinstance(node.value, tuple):
        if not isinstance(step, int) or step >= len(node.value):
            done = key.split(".")[: -len(path)]
            raise ConfigError(
                f"{where}: {'.'.join(done)} is a list of {len(node.value)}; {step!r} is no item of it",
                hint=f"items count from 0 to {len(node.value) - 1}." if node.value else None,
            )
        items = list(node.value)
        items[step] = _replaced(items[step], rest, value, where, key)
        return Node(tuple(items), node.where, node.folder)
    entries = node.value if isinstance(node.value, dict) else {}
    child = _replaced(entries.get(str(step), missing), rest, value, where, key)
    place = node.where if isinstance(node.value, dict) else where
    return Node({**entries, str(step): child}, place, node.folder)
