"""Rename the tensors of a foreign checkpoint, strictly: nothing is guessed, nothing is left over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from torch import Tensor

from animatex.errors import CheckpointMismatch

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyMap:
    """Foreign names to ours.

    Attributes:
        modules: Module path → module path; holds for each of the module's own tensors.
        tensors: Tensor name → tensor name, where a module's tensors are called differently.
        dropped: Tensor name → why it is not needed.
    """

    modules: Mapping[str, str]
    tensors: Mapping[str, str] = field(default_factory=dict)
    dropped: Mapping[str, str] = field(default_factory=dict)

    def target(self, name: str) -> str | None:
        """Translate one name; None for a name that this map does not know."""
        if name in self.tensors:
            return self.tensors[name]
        module, _, leaf = name.rpartition(".")
        return f"{self.modules[module]}.{leaf}" if module in self.modules else None


def under(source: str, target: str, table: Mapping[str, str]) -> dict[str, str]:
    """Put prefixes in front of both sides of a table of module paths."""
    return {f"{source}.{theirs}": f"{target}.{ours}" for theirs, ours in table.items()}


def translate(
    source: Mapping[str, Tensor],
    keymap: KeyMap,
    shapes: Mapping[str, Shape],
    *,
    what: str,
    hint: str | None = None,
) -> dict[str, Tensor]:
    """Rename all tensors of a checkpoint.

    Trailing axes of length 1 are dropped where the target has fewer: a convolution of size 1 becomes a linear
    layer. Values are not copied.

    Args:
        source: The foreign tensors.
        keymap: Their names in ours.
        shapes: Our names and shapes; each must be filled exactly once.
        what: Opens the message: "animate-x.pth does not fit this UNet".
        hint: What to do if it does not.

    Returns:
        Our names → tensors in our shapes, in the order of `shapes`.

    Raises:
        CheckpointMismatch: Names are missing, unused or doubled, or shapes differ.
    """
    found: dict[str, Tensor] = {}
    unused, doubled = [], []
    for name, tensor in source.items():
        if name in keymap.dropped:
            continue
        target = keymap.target(name)
        if target is None or target not in shapes:
            unused.append(name)
        elif target in found:
            doubled.append(target)
        else:
            found[target] = _without_trailing_ones(tensor, len(shapes[target]))
    missing = [name for name in shapes if name not in found]
    differing = [
        f"{name} {list(found[name].shape)} instead of {list(shapes[name])}"
        for name in shapes
        if name in found and tuple(found[name].shape) != tuple(shapes[name])
    ]
    refuse(
        {"missing": missing, "unused": unused, "doubled": doubled, "shapes": differing}, what=what, hint=hint
    )
    return {name: found[name] for name in shapes}


def refuse(problems: Mapping[str, Iterable[str]], *, what: str, hint: str | None = None) -> None:
    """Raise if there is any problem.

    Args:
        problems: Kind of problem → names.
        what: Opens the message.
        hint: What to do.

    Raises:
        CheckpointMismatch: With one line for each kind: how many, and the first names.
    """
    lines = []
    for kind, names in problems.items():
        listed = list(names)
        if listed:
            more = ", …" if len(listed) > 2 else ""
            lines.append(f"  {kind:8} {len(listed):4}  {', '.join(listed[:2])}{more}")
    if lines:
        raise CheckpointMismatch("\n".join([what, *lines]), hint=hint)


def _without_trailing_ones(tensor: Tensor, ndim: int) -> Tensor:
    while tensor.ndim > ndim and tensor.shape[-1] == 1:
        tensor = tensor.squeeze(-1)
    return tensor
