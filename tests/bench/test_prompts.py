from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animatex.bench.prompts import SEASONS, write_prompts
from animatex.errors import ConfigError


@given(st.integers(1, 300), st.integers(0, 2**40))
@settings(max_examples=20)
def test_prompts_differ_and_longer_lists_begin_with_shorter_ones(count: int, seed: int):
    prompts = write_prompts(count, seed)
    assert len({prompt.text for prompt in prompts}) == count
    assert write_prompts(count + 5, seed)[:count] == prompts


def test_every_prompt_names_what_the_template_asks_for():
    prompts = write_prompts(500, 0)
    assert set(Counter(prompt.kind for prompt in prompts).values()) == {125}
    for prompt in prompts:
        assert prompt.season in SEASONS
        for word in (prompt.object, prompt.season, prompt.province, prompt.location):
            assert word.lower() in prompt.text.lower()
    assert len({prompt.object for prompt in prompts}) >= 90


def test_more_prompts_than_there_are_is_refused():
    with pytest.raises(ConfigError, match="-n 0: from 1 to 88000 prompts can be written"):
        write_prompts(0, 0)
    with pytest.raises(ConfigError, match="-n 99999"):
        write_prompts(99999, 0)
