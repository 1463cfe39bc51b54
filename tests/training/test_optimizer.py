"""Which parameters train, at what rate, and what their average is."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from animatex.errors import ConfigError
from animatex.training.ema import Average
from animatex.training.optimizer import choose_trainable, learning_rate, make_optimizer
from tests.training.toys import ToyNetwork, toy_optimizer


def test_patterns_say_what_trains() -> None:
    network = ToyNetwork()
    assert choose_trainable(network, ("outer.*", "*.bias")) == 16 + 1 + 16 + 16
    training = [name for name, parameter in network.named_parameters() if parameter.requires_grad]
    assert training == ["inner.bias", "norm.bias", "outer.weight", "outer.bias"]


def test_a_pattern_that_matches_nothing_is_an_error() -> None:
    with pytest.raises(ConfigError) as caught:
        choose_trainable(ToyNetwork(), ("outer.*", "motion.*"))
    assert caught.value.message == "trainable pattern 'motion.*' matches none of the network's 6 parameters"
    assert caught.value.hint == "names look like 'inner.weight' and 'outer.bias'."


def test_no_pattern_at_all_is_an_error() -> None:
    with pytest.raises(ConfigError, match="trainable is empty"):
        choose_trainable(ToyNetwork(), ())


def test_vectors_are_not_decayed_and_frozen_weights_are_left_out() -> None:
    network = ToyNetwork()
    choose_trainable(network, ("inner.*", "norm.*"))
    decayed, kept = make_optimizer(network, toy_optimizer(weight_decay=0.1)).param_groups
    assert (decayed["weight_decay"], [tuple(p.shape) for p in decayed["params"]]) == (0.1, [(16, 4)])
    assert (kept["weight_decay"], len(kept["params"])) == (0.0, 3)


@given(st.integers(1, 500), st.integers(0, 400), st.sampled_from(["none", "cosine"]))
def test_the_rate_rises_then_never_rises_again(steps: int, warmup: int, decay: str) -> None:
    config = toy_optimizer(warmup=warmup, decay=decay, learning_rate=0.01)
    rates = [learning_rate(step, steps, config) for step in range(steps)]
    assert all(0 < rate <= 0.01 * (1 + 1e-9) for rate in rates)
    peak = min(warmup, steps)
    assert all(a < b for a, b in zip(rates[:peak], rates[1:peak], strict=False))
    assert all(a >= b for a, b in zip(rates[peak:], rates[peak + 1 :], strict=False))


def test_the_last_rate_is_a_twentieth_of_the_first() -> None:
    config = toy_optimizer(warmup=0, learning_rate=0.01)
    assert learning_rate(0, 100, config) == pytest.approx(0.01)
    assert learning_rate(99, 100, config) == pytest.approx(0.0005)


def test_the_average_follows_what_trains_and_copies_the_rest() -> None:
    network = ToyNetwork()
    choose_trainable(network, ("outer.*",))
    average = Average(network, decay=0.5)
    with torch.no_grad():
        for tensor in [*network.parameters(), *network.buffers()]:
            tensor.add_(2)
    started = average.weights["outer.weight"].clone()
    average.update(network, step=1000)
    assert torch.allclose(average.weights["outer.weight"], started + 1)
    assert torch.equal(average.weights["inner.weight"], network.inner.weight)
    assert torch.equal(average.weights["norm.num_batches_tracked"], torch.tensor(2))


def test_the_first_steps_of_an_average_forget_the_start() -> None:
    network = nn.Linear(1, 1, bias=False)
    average = Average(network, decay=0.999)
    with torch.no_grad():
        network.weight.fill_(1.0)
    for step in range(1, 30):
        average.update(network, step)
    assert average.weights["weight"].item() == pytest.approx(1.0, abs=0.01)
