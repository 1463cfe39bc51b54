"""What a field may hold, read off its type: for messages, for the reference, and to find part files."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.fields import FieldInfo

from animatex.config.section import Section


def sections(hint: object) -> tuple[type[Section], ...]:
    """List the sections that may stand in a field; none for a plain value or a list."""
    hint, _ = _bare(hint)
    if isinstance(hint, type) and issubclass(hint, Section):
        return (hint,)
    if get_origin(hint) in (Union, UnionType):
        return tuple(section for part in get_args(hint) for section in sections(part))
    return ()


def item(hint: object) -> object | None:
    """Give the type of a list's items; None where a field holds no list."""
    hint, _ = _bare(hint)
    return get_args(hint)[0] if get_origin(hint) is tuple else None


def kind_of(section: type[Section]) -> str | None:
    """Give the name that tells alternatives apart: the value of `kind`."""
    field = section.model_fields.get("kind")
    return str(get_args(field.annotation)[0]) if field is not None else None


def choose(alternatives: tuple[type[Section], ...], kind: object) -> type[Section] | None:
    """Pick the section that a value with this `kind` is; None where there is no such one."""
    if len(alternatives) == 1:
        return alternatives[0]
    return next((section for section in alternatives if kind_of(section) == kind), None)


def describe(hint: object) -> str:
    """Say in words what a field needs: "a whole number from 1 to 1000"."""
    bare, limits = _bare(hint)
    origin = get_origin(bare)
    if origin in (Union, UnionType):
        parts = [describe(part) for part in get_args(bare)]
        return ", or ".join(dict.fromkeys(parts))
    if origin is Literal:
        return _one_of(get_args(bare))
    if origin is tuple:
        return f"a list{_length(limits)}, each {describe(get_args(bare)[0])}"
    if sections(bare):
        return "a section or a part file"
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text", NoneType: "null"}
    return words[bare] + _range(limits) if isinstance(bare, type) and bare in words else str(bare)


def options(hint: object) -> tuple[object, ...]:
    """List the values that a field names one by one."""
    bare, _ = _bare(hint)
    if get_origin(bare) in (Union, UnionType):
        return tuple(value for part in get_args(bare) for value in options(part))
    return get_args(bare) if get_origin(bare) is Literal else ()


def _one_of(values: tuple[object, ...]) -> str:
    listed = ", ".join(repr(value) for value in values)
    return listed if len(values) == 1 else f"one of {listed}"


def _bare(hint: object) -> tuple[object, list[object]]:
    """Split a field, or an annotated type, into the type and its limits."""
    if isinstance(hint, FieldInfo):
        bare, limits = _bare(hint.annotation)
        return bare, [*limits, *hint.metadata]
    if get_origin(hint) is Annotated:
        inner, *metadata = get_args(hint)
        bare, limits = _bare(inner)
        for entry in metadata:
            limits = [*limits, *(entry.metadata if isinstance(entry, FieldInfo) else (entry,))]
        return bare, limits
    return hint, []


def _range(limits: list[object]) -> str:
    low = next((limit for limit in limits if isinstance(limit, Ge | Gt)), None)
    high = next((limit for limit in limits if isinstance(limit, Le | Lt)), None)
    if isinstance(low, Ge) and isinstance(high, Le):
        return f" from {_plain(low.ge)} to {_plain(high.le)}"
    words = []
    if low is not None:
        words.append(f"of at least {_plain(low.ge)}" if isinstance(low, Ge) else f"above {_plain(low.gt)}")
    if high is not None:
        words.append(f"at most {_plain(high.le)}" if isinstance(high, Le) else f"below {_plain(high.lt)}")
    return f" {' and '.join(words)}" if words else ""


def _length(limits: list[object]) -> str:
    shortest = next((limit.min_length for limit in limits if isinstance(limit, MinLen)), 0)
    return f" of at least {shortest}" if shortest else ""


def _plain(number: object) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)
