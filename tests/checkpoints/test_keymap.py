from __future__ import annotations

import pytest
import torch

from animatex.checkpoints.keymap import KeyMap, translate, under
from animatex.errors import CheckpointMismatch

MAP = KeyMap(
    modules={"a.conv": "first", "b": "second"},
    tensors={"a.odd_weight": "first.bias"},
    dropped={"table": "computed"},
)
SHAPES = {"first.weight": (2, 3), "first.bias": (2,), "second.weight": (4,)}


def source() -> dict[str, torch.Tensor]:
    return {
        "b.weight": torch.ones(4),
        "a.conv.weight": torch.ones(2, 3, 1, 1),
        "a.odd_weight": torch.zeros(2),
        "table": torch.zeros(9),
    }


def test_names_are_translated_and_convolutions_of_size_one_become_linear() -> None:
    translated = translate(source(), MAP, SHAPES, what="x does not fit")
    assert list(translated) == list(SHAPES)
    assert {name: tuple(t.shape) for name, t in translated.items()} == SHAPES


def test_values_are_not_copied() -> None:
    given = source()
    translated = translate(given, MAP, SHAPES, what="x does not fit")
    assert translated["second.weight"].data_ptr() == given["b.weight"].data_ptr()


def test_prefixes_stand_on_both_sides() -> None:
    assert under("x.0", "y", {"a": "b", "c.d": "e"}) == {"x.0.a": "y.b", "x.0.c.d": "y.e"}


def test_everything_that_does_not_fit_is_reported_at_once() -> None:
    given = source()
    del given["a.odd_weight"]
    given |= {"b.extra": torch.ones(1), "c.weight": torch.ones(1), "d.weight": torch.ones(1)}
    given["a.conv.weight"] = torch.ones(2, 5)
    with pytest.raises(CheckpointMismatch) as caught:
        translate(given, MAP, SHAPES, what="x.pth does not fit this UNet", hint="look closer.")
    assert caught.value.message == (
        "x.pth does not fit this UNet\n"
        "  missing     1  first.bias\n"
        "  unused      3  b.extra, c.weight, …\n"
        "  shapes      1  first.weight [2, 5] instead of [2, 3]"
    )
    assert caught.value.hint == "look closer."


def test_two_names_for_one_target_are_refused() -> None:
    doubling = KeyMap({**MAP.modules, "other": "second"}, MAP.tensors, MAP.dropped)
    with pytest.raises(CheckpointMismatch) as caught:
        translate(source() | {"other.weight": torch.ones(4)}, doubling, SHAPES, what="x does not fit")
    assert caught.value.message == "x does not fit\n  doubled     1  second.weight"
