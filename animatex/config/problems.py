"""From pydantic's findings to lines a user can act on: file, line, key, value, what is needed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from animatex.config.document import Data, KeyPath, Where
from animatex.config.schema import choose, describe, item, kind_of, options, sections
from animatex.config.section import Section

_SHOWN = 50
"""Problems of one file that are listed; who has more has made one mistake many times."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend.

    Attributes:
        where: The line or option to change.
        text: Key, what is wrong with it, and what it needs.
    """

    where: Where
    text: str


def problems_of(
    error: ValidationError, section: type[Section], data: Data, places: Mapping[KeyPath, Where]
) -> list[Problem]:
    """Translate all findings of one validation, in the order of the files.

    Args:
        error: What pydantic found.
        section: The type that was validated.
        data: What was validated.
        places: Where each value stands; the empty path is the file.
    """
    found: dict[tuple[KeyPath, str], Problem] = {}
    details = error.errors()
    for detail in details:
        # A list whose items are wrong is also called too short: pydantic counts the good ones.
        depth = len(detail["loc"])
        if detail["type"] == "too_short" and any(
            len(other["loc"]) > depth and other["loc"][:depth] == detail["loc"] for other in details
        ):
            continue
        path, hint, holder = _follow(section, data, detail["loc"])
        problem = _problem(detail, path, hint, holder, places)
        found.setdefault((path, problem.text), problem)
    order = list(dict.fromkeys(where.file for where in places.values()))
    return sorted(
        found.values(), key=lambda problem: (order.index(problem.where.file), problem.where.line or 0)
    )


def summary(title: str, problems: list[Problem]) -> str:
    """Write one problem on one line, several below a title; of very many, the first."""
    if len(problems) == 1:
        return f"{problems[0].where}: {problems[0].text}"
    lines = [f"{title} cannot be used ({len(problems)} problems)"]
    lines += [f"  {problem.where}: {problem.text}" for problem in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append(f"  and {len(problems) - _SHOWN} more")
    return "\n".join(lines)


def nearest(word: object, known: Iterable[object]) -> str:
    """Suggest the known word that is closest; an empty string where none is close."""
    matches = difflib.get_close_matches(str(word).lower(), [str(entry) for entry in known], n=1, cutoff=0.6)
    return f" Did you mean '{matches[0]}'?" if matches else ""


def _follow(
    section: type[Section], data: Data, loc: tuple[int | str, ...]
) -> tuple[KeyPath, object, type[Section] | None]:
    """Walk from the root along pydantic's location, which names union members besides keys.

    Returns:
        The key path; the field or type that stands there, None for an unknown key; the section that holds it.
    """
    path: KeyPath = ()
    hint: object = section
    holder: type[Section] | None = None
    steps = list(loc)
    while steps:
        alternatives = sections(hint)
        if alternatives:
            kind = data.get("kind") if isinstance(data, dict) else None
            if len(alternatives) > 1:
                steps.pop(0)
                if not steps:
                    break
            chosen = choose(alternatives, kind)
            if chosen is None:
                break
            holder, hint = chosen, chosen.model_fields.get(str(steps[0]))
        elif item(hint) is not None and isinstance(steps[0], int):
            hint = item(hint)
        else:
            break  # what is left names a member of a union of plain values
        step = steps.pop(0)
        path = (*path, step)
        data = _child(data, step)
    return path, hint, holder


def _child(data: Data, step: int | str) -> Data:
    if isinstance(data, dict):
        return data.get(str(step))
    if isinstance(data, tuple) and isinstance(step, int) and step < len(data):
        return data[step]
    return None


def _problem(
    detail: ErrorDetails,
    path: KeyPath,
    hint: object,
    holder: type[Section] | None,
    places: Mapping[KeyPath, Where],
) -> Problem:
    name = ".".join(str(step) for step in path)
    match detail["type"]:
        case "missing":
            return Problem(_place(path[:-1], places), f"{name}: missing; needs {describe(hint)}.")
        case "extra_forbidden":
            known = () if holder is None else tuple(holder.model_fields)
            near = nearest(path[-1], known)
            rest = f".{near}" if near else f"; known here: {', '.join(known)}."
            return Problem(_place(path, places), f"{name}: unknown key{rest}")
        case "union_tag_invalid" | "union_tag_not_found":
            return _wrong_kind(name, path, hint, detail["input"], places)
        case "value_error":
            return _broken_rule(name, path, str(detail["ctx"]["error"]), places)
        case _:
            near = nearest(detail["input"], options(hint)) if isinstance(detail["input"], str) else ""
            got = _shown(detail["input"])
            return Problem(_place(path, places), f"{name}: got {got}; needs {describe(hint)}.{near}")


def _wrong_kind(
    name: str, path: KeyPath, hint: object, given: object, places: Mapping[KeyPath, Where]
) -> Problem:
    kinds = [kind for section in sections(hint) if (kind := kind_of(section))]
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    if not isinstance(given, dict) or "kind" not in given:
        return Problem(_place(path, places), f"{name}: kind is missing; needs one of {listed}.")
    near = nearest(given["kind"], kinds)
    where = _place((*path, "kind"), places)
    return Problem(where, f"{name}: kind is {_shown(given['kind'])}; needs one of {listed}.{near}")


def _broken_rule(name: str, path: KeyPath, rule: str, places: Mapping[KeyPath, Where]) -> Problem:
    """Place a rule across keys at the key its sentence begins with, or at an option that changed it."""
    first = rule.split(maxsplit=1)[0].rstrip(",;:")
    named = (*path, *first.split("."))
    path = named if named in places else path
    changed = (where for key, where in places.items() if key[: len(path)] == path and where.line is None)
    return Problem(next(changed, places[path]), f"{name}: {rule}" if name else rule)


def _place(path: KeyPath, places: Mapping[KeyPath, Where]) -> Where:
    """Find where a value, or what should hold it, stands."""
    while path not in places:
        path = path[:-1]
    return places[path]


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, tuple):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}...'"
