from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, model_validator

from animatex.config.loader import dump_config, load_config, load_with_sources, parse_config
from animatex.config.overrides import Override
from animatex.config.presets import preset_path
from animatex.config.run import AnimateConfig, TrainConfig
from animatex.config.section import Section
from animatex.errors import ConfigError


class Small(Section):
    kind: Literal["small"]
    size: Annotated[int, Field(ge=1, le=1000)]


class Large(Section):
    kind: Literal["large"]
    size: int
    names: tuple[str, ...]


class Window(Section):
    size: int
    overlap: int

    @model_validator(mode="after")
    def _fits(self) -> "Window":
        if self.overlap >= self.size:
            raise ValueError(f"overlap is {self.overlap}; needs 0 <= overlap < size ({self.size}).")
        return self


class Toy(Section):
    thing: Annotated[Small | Large, Field(discriminator="kind")]
    things: tuple[Annotated[Small | Large, Field(discriminator="kind")], ...] = ()
    window: Window | None
    scale: Annotated[float, Field(gt=0)]
    mode: Literal["uniform", "trailing"]
    person: Literal["largest", "first"] | Annotated[int, Field(ge=0)]
    name: str
    flag: bool

    @model_validator(mode="after")
    def _agree(self) -> "Toy":
        if self.window and self.thing.size % self.window.size:
            raise ValueError(f"thing.size is {self.thing.size}; needs a multiple of {self.window.size}.")
        return self


GOOD = """\
thing: {kind: small, size: 8}
window: null
scale: 1
mode: uniform
person: first
name: hello
flag: true
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str) -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


def problem(path: Path, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(Toy, path, overrides)
    return caught.value.message


def test_a_good_preset_loads(write):
    toy = load_config(Toy, write("mine.yaml", GOOD))
    assert toy.thing == Small(kind="small", size=8)
    assert toy.scale == 1.0
    assert toy.person == "first"


@pytest.mark.parametrize(
    ("line", "replacement", "message"),
    [
        (1, "thing: {kind: small, size: 0}", "thing.size: got 0; needs a whole number from 1 to 1000."),
        (
            1,
            "thing: {kind: smal, size: 8}",
            "thing: kind is 'smal'; needs one of 'small', 'large'. Did you mean 'small'?",
        ),
        (1, "thing: {size: 8}", "thing: kind is missing; needs one of 'small', 'large'."),
        (1, "thing: 5", "thing: got 5; needs a section or a part file."),
        (1, "thing: {kind: large, size: 8}", "thing.names: missing; needs a list, each text."),
        (1, "thing: {kind: large, size: 8, names: [a, 5]}", "thing.names.1: got 5; needs text."),
        (1, "thing: {kind: large, size: 8, names: a}", "thing.names: got 'a'; needs a list, each text."),
        (1, "thing: {kind: small, size: 8, kine: 5}", "thing.kine: unknown key. Did you mean 'kind'?"),
        (1, "thing: {kind: small, size: 8, qqq: 5}", "thing.qqq: unknown key; known here: kind, size."),
        (
            1,
            "thing: {kind: small, size: [8]}",
            "thing.size: got a list; needs a whole number from 1 to 1000.",
        ),
        (
            1,
            "thing: {kind: small, size: {a: 8}}",
            "thing.size: got a section; needs a whole number from 1 to 1000.",
        ),
        (1, "thing: {kind: small, size: 8.0}", "thing.size: got 8.0; needs a whole number from 1 to 1000."),
        (1, "thing: {kind: small, size: true}", "thing.size: got true; needs a whole number from 1 to 1000."),
        (1, "thing: {kind: small, size: null}", "thing.size: got null; needs a whole number from 1 to 1000."),
        (2, "window: {size: 8, overlap: 16}", "window: overlap is 16; needs 0 <= overlap < size (8)."),
        (2, "window: {size: 3, overlap: 1}", None),
        (2, "window: {siz: 3, overlap: 1}", None),
        (3, "scale: high", "scale: got 'high'; needs a number above 0."),
        (3, "scale: 0", "scale: got 0; needs a number above 0."),
        (3, "scale: .nan", "scale: got '.nan'; needs a number above 0."),
        (3, "scale: true", "scale: got true; needs a number above 0."),
        (
            4,
            "mode: trailling",
            "mode: got 'trailling'; needs one of 'uniform', 'trailing'. Did you mean 'trailing'?",
        ),
        (4, "mode: 7", "mode: got 7; needs one of 'uniform', 'trailing'."),
        (
            5,
            "person: -1",
            "person: got -1; needs one of 'largest', 'first', or a whole number of at least 0.",
        ),
        (
            5,
            "person: frist",
            "person: got 'frist'; needs one of 'largest', 'first', or a whole number of at least 0. "
            "Did you mean 'first'?",
        ),
        (6, "name: 5", "name: got 5; needs text."),
        (6, f"name: [{'x' * 80}]", "name: got a list; needs text."),
        (7, "flag: yes", "flag: got 'yes'; needs true or false."),
        (7, "flag: 1", "flag: got 1; needs true or false."),
    ],
)
def test_a_problem_is_shown_with_file_line_and_what_is_needed(write, line, replacement, message):
    lines = GOOD.splitlines()
    lines[line - 1] = replacement
    found = problem(write("mine.yaml", "\n".join(lines)))
    if message is not None:
        assert found == f"mine.yaml:{line}: {message}"
    elif "siz:" in replacement:
        assert "mine.yaml:2: window.siz: unknown key. Did you mean 'size'?" in found
        assert "mine.yaml:2: window.size: missing; needs a whole number." in found
    else:
        assert found == "mine.yaml:1: thing.size is 8; needs a multiple of 3."


def test_all_problems_are_shown_at_once_in_the_order_of_the_file(write):
    path = write(
        "mine.yaml",
        "# a comment\nthing: parts/large.yaml\nwindow:\n  size: 8\n  overlap: 16\nscale: high\n"
        "moode: uniform\nperson: first\nflag: yes\n",
    )
    write("parts/large.yaml", "# the large one\nkind: large\nsize: x\nnames: []\n")
    assert problem(path) == (
        "mine.yaml cannot be used (7 problems)\n"
        "  mine.yaml:2: mode: missing; needs one of 'uniform', 'trailing'.\n"
        "  mine.yaml:2: name: missing; needs text.\n"
        "  mine.yaml:5: window: overlap is 16; needs 0 <= overlap < size (8).\n"
        "  mine.yaml:6: scale: got 'high'; needs a number above 0.\n"
        "  mine.yaml:7: moode: unknown key. Did you mean 'mode'?\n"
        "  mine.yaml:9: flag: got 'yes'; needs true or false.\n"
        "  parts/large.yaml:3: thing.size: got 'x'; needs a whole number."
    )


def test_a_section_may_be_a_part_file_beside_the_preset(write):
    write("deep/parts/small.yaml", "kind: small\nsize: 9\n")
    path = write("deep/mine.yaml", GOOD.replace("{kind: small, size: 8}", "parts/small.yaml"))
    loaded = load_with_sources(Toy, path)
    assert loaded.config.thing.size == 9
    assert str(loaded.sources[("thing", "size")]) == "deep/parts/small.yaml:2"


def test_items_of_a_list_may_be_part_files(write):
    write("small.yaml", "kind: small\nsize: 9\n")
    toy = load_config(Toy, write("mine.yaml", GOOD + "things: [small.yaml, {kind: small, size: 3}]\n"))
    assert [thing.size for thing in toy.things] == [9, 3]


def test_a_problem_in_a_list_names_the_item(write):
    path = write("mine.yaml", GOOD + "things:\n  - {kind: small, size: 3}\n  - {kind: small, size: 0}\n")
    assert problem(path) == "mine.yaml:10: things.1.size: got 0; needs a whole number from 1 to 1000."


def test_a_missing_part_file_is_named_with_the_line_that_names_it(write):
    path = write("mine.yaml", GOOD.replace("{kind: small, size: 8}", "parts/gone.yaml"))
    with pytest.raises(ConfigError) as caught:
        load_config(Toy, path)
    assert caught.value.message == "mine.yaml:1: parts/gone.yaml does not exist"
    assert caught.value.hint == (
        "a part file lies beside the file that names it; --print-config shows a preset without parts."
    )


def test_a_list_of_wrong_items_is_not_called_short_too(write):
    class Few(Section):
        things: Annotated[tuple[Small, ...], Field(min_length=1)]

    with pytest.raises(ConfigError) as caught:
        load_config(Few, write("few.yaml", "things: [{kind: small, size: 0}]\n"))
    assert caught.value.message == ("few.yaml:1: things.0.size: got 0; needs a whole number from 1 to 1000.")
    with pytest.raises(ConfigError) as caught:
        load_config(Few, write("few.yaml", "things: []\n"))
    assert caught.value.message == (
        "few.yaml:1: things: got a list; needs a list of at least 1, each a section or a part file."
    )


def test_text_is_no_part_file_where_text_is_expected(write):
    assert load_config(Toy, write("mine.yaml", GOOD.replace("hello", "parts/x.yaml"))).name == "parts/x.yaml"


def test_overrides_replace_values_and_the_last_one_wins(write):
    path = write("mine.yaml", GOOD)
    toy = load_config(Toy, path, ["thing.size=5", "thing.size=6", "person=3", "mode=trailing"])
    assert (toy.thing.size, toy.person, toy.mode) == (6, 3, "trailing")


def test_overrides_make_sections_that_are_not_there(write):
    toy = load_config(Toy, write("mine.yaml", GOOD), ["window.size=8", "window.overlap=2"])
    assert toy.window == Window(size=8, overlap=2)


def test_an_override_may_be_a_section_or_null_or_a_part_file(write):
    write("small.yaml", "kind: small\nsize: 9\n")
    path = write("mine.yaml", GOOD)
    assert load_config(Toy, path, ["window={size: 4, overlap: 1}"]).window == Window(size=4, overlap=1)
    assert load_config(Toy, path, ["window={size: 4, overlap: 1}", "window=null"]).window is None
    assert load_config(Toy, path, ["thing=small.yaml"]).thing.size == 9


def test_an_override_reaches_items_of_lists(write):
    path = write("mine.yaml", GOOD + "things: [{kind: small, size: 3}]\n")
    assert load_config(Toy, path, ["things.0.size=5"]).things[0].size == 5
    assert problem(path, "things.1.size=5") == (
        "--set things.1.size=5: things is a list of 1; 1 is no item of it"
    )
    assert problem(path, "things.size=5") == (
        "--set things.size=5: things is a list of 1; 'size' is no item of it"
    )


def test_problems_of_overrides_name_the_option(write):
    path = write("mine.yaml", GOOD)
    assert problem(path, "thing.siz=5") == "--set thing.siz=5: thing.siz: unknown key. Did you mean 'size'?"
    assert problem(path, "scale=high") == "--set scale=high: scale: got 'high'; needs a number above 0."
    assert problem(path, "window.size=8") == (
        "--set window.size=8: window.overlap: missing; needs a whole number."
    )
    assert problem(path, "scale.x=1") == "--set scale.x=1: scale: got a section; needs a number above 0."


def test_a_rule_that_an_override_broke_names_the_option(write):
    path = write("mine.yaml", GOOD.replace("window: null", "window: {size: 8, overlap: 1}"))
    assert problem(path, "thing.size=5") == "--set thing.size=5: thing.size is 5; needs a multiple of 8."
    assert problem(path, "window={size: 3, overlap: 9}").startswith(
        "--set window={size: 3, overlap: 9}: window: "
    )


@pytest.mark.parametrize("text", ["sampler.steps", "=5", "a..b=5", ".a=5", ""])
def test_an_override_needs_a_key_and_a_value(write, text):
    with pytest.raises(ConfigError) as caught:
        load_config(Toy, write("mine.yaml", GOOD), [text])
    assert caught.value.message == f"--set {text}: needs key.path=value"
    assert caught.value.hint == "for example --set sampler.steps=50."


def test_each_value_knows_where_it_was_written_last(write):
    path = write("mine.yaml", GOOD)
    flag = Override("scale", "3", "--scale 3")
    loaded = load_with_sources(Toy, path, ["thing.size=5", "scale=2", flag])
    assert loaded.config.scale == 3
    assert str(loaded.sources[("scale",)]) == "--scale 3"
    assert str(loaded.sources[("thing", "size")]) == "--set thing.size=5"
    assert str(loaded.sources[("mode",)]) == "mine.yaml:4"


@pytest.mark.parametrize("name", ["tiny", "mini", "animate-x", "animate-x-long"])
def test_what_is_dumped_is_a_preset_that_repeats_it(name, tmp_path):
    config = load_config(AnimateConfig, preset_path(name))
    path = tmp_path / "again.yaml"
    path.write_text(dump_config(config))
    assert load_config(AnimateConfig, path) == config


def test_text_loads_like_a_file():
    assert parse_config(Toy, GOOD, "header", ["scale=2"]).scale == 2
    with pytest.raises(ConfigError, match="^header:1: name: missing"):
        parse_config(Toy, GOOD.replace("name: hello\n", ""), "header")


def test_a_training_preset_is_no_animation_preset(write):
    with pytest.raises(ConfigError, match="tiny.yaml:3: out: missing; needs text."):
        load_config(TrainConfig, preset_path("tiny"))
