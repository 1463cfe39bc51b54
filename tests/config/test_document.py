import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from animatex.config.document import (
    MAX_DEPTH,
    dump_document,
    parse_document,
    parse_value,
    read_document,
)
from animatex.errors import ConfigError

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12) | st.sampled_from(
    [
        "yes",
        "no",
        "1e5",
        "010",
        "1_000",
        "~",
        "null",
        "true",
        "on",
        "2024-01-01",
        "=",
        "<<",
        "0x1F",
        "1:30",
        ".5",
        "- a",
    ]
)
NUMBERS = st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT | st.sampled_from(["a\nb", "\t", " x ", "#", "é", "😀"])
KEYS = st.from_regex(r"[a-z][a-z_0-9]{0,8}", fullmatch=True)
DOCUMENTS = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=12,
    ),
    min_size=1,
    max_size=4,
)


def read(text: str) -> object:
    return parse_document(text, "mine.yaml", Path()).data()


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return caught.value.message


@given(DOCUMENTS)
def test_what_is_written_is_read_back(document):
    assert read(dump_document(document)) == document


@given(DOCUMENTS)
def test_comments_change_nothing(document):
    places = dict(parse_document(dump_document(document), "mine.yaml", Path()).places())
    assert read(dump_document(document, {path: str(where) for path, where in places.items()})) == document


@given(st.text())
def test_any_text_is_read_or_refused_in_words(text):
    try:
        read(text)
    except ConfigError as error:
        assert error.message.startswith("mine.yaml")


@pytest.mark.parametrize(
    "text", ["yes", "no", "on", "off", "Yes", "010", "1_000", "0x1F", "1:30", "2024-01-01", ".inf"]
)
def test_yaml_1_1_surprises_are_text(text):
    assert read(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-3", -3),
        ("+3", 3),
        ("2E3", 2000.0),
        ("~", None),
        ("True", True),
    ],
)
def test_plain_scalars_follow_yaml_1_2(text, value):
    read_value = read(f"a: {text}")["a"]
    assert read_value == value
    assert type(read_value) is type(value)


@pytest.mark.parametrize("text", ["1e999", "-1e999", "9" * 5000, str(2**63)])
def test_numbers_too_large_to_mean_anything_are_text(text):
    assert read(f"a: {text}") == {"a": text}


def test_quotes_make_text():
    assert read("a: '5'\nb: \"true\"\nc: !!str 7") == {"a": "5", "b": "true", "c": "7"}


def test_each_value_knows_its_line():
    document = parse_document("a: 1\nb:\n  c: [2, 3]\n\n  d:\n    - e: 4\n", "mine.yaml", Path())
    places = {path: str(where) for path, where in document.places()}
    assert places[("a",)] == "mine.yaml:1"
    assert places[("b", "c")] == "mine.yaml:3"
    assert places[("b", "d", 0, "e")] == "mine.yaml:6"


def test_a_key_that_stands_twice_is_refused():
    assert problem("a: 1\nb:\n  c: 1\n  c: 2\n") == "mine.yaml:4: c stands here again; first on mine.yaml:3"


def test_an_alias_is_refused():
    message = problem("a: &x [1, 2]\nb: *x\n")
    assert message == "mine.yaml:2: *x refers to another value; write the value out"


def test_an_alias_bomb_is_refused_before_it_grows():
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert problem("\n".join(lines)).startswith("mine.yaml:2: *a0 refers to another value")


def test_deep_nesting_is_refused():
    assert problem("a: " + "[" * 5000) == f"mine.yaml:1: nested deeper than {MAX_DEPTH} levels"


def test_more_values_than_anybody_writes_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("animatex.config.document.MAX_VALUES", 5)
    assert read("a: {b: 1}") == {"a": {"b": 1}}
    assert problem("a:\n  b: 1\n  c: 1\n") == "mine.yaml:3: more than 5 values"


def test_a_merge_key_is_a_key_like_any_other():
    assert read("<<: {a: 1}") == {"<<": {"a": 1}}


def test_tags_of_other_programs_are_refused():
    message = problem("a: !!python/name:os.system ''\n")
    assert message.startswith("mine.yaml:1: '' is tagged tag:yaml.org,2002:python/name:os.system")


def test_a_tag_that_does_not_fit_its_value_is_refused():
    assert problem("a: !!int five") == (
        "mine.yaml:1: 'five' is tagged tag:yaml.org,2002:int; presets hold plain values only"
    )


def test_a_key_that_is_a_list_is_refused():
    assert problem("a: 1\n[b, c]: 2\n") == "mine.yaml:2: a key is a list or a section; needs a name"


def test_a_syntax_error_has_its_line():
    assert problem("a: 1\nb: [1, 2\nc: 3\n").startswith("mine.yaml:3: ")


def test_a_second_document_is_refused():
    assert problem("a: 1\n---\nb: 2\n").startswith("mine.yaml:2: ")


def test_control_characters_are_refused():
    assert problem("a: 1\nb: \x07\n") == "mine.yaml:2: holds the character U+0007, which text does not have"


@pytest.mark.parametrize(("text", "kind"), [("[1, 2]", "a list"), ("hello", "a single value")])
def test_a_document_that_is_no_section_is_refused(text, kind):
    assert problem(text) == f"mine.yaml:1: holds {kind}; needs keys and values"


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_document_is_refused(text):
    assert problem(text) == "mine.yaml is empty; a preset has a section for each part of a run"


def test_an_options_value_reads_like_a_presets():
    assert parse_value("[1, 2]", "--set a=[1, 2]", Path()).data() == (1, 2)
    assert parse_value("", "--set a=", Path()).data() is None
    with pytest.raises(ConfigError) as caught:
        parse_value("[1", "--set a=[1", Path())
    assert caught.value.message.startswith("--set a=[1: ")


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(ConfigError) as caught:
        read_document(tmp_path / "gone.yaml")
    assert caught.value.message == f"{tmp_path / 'gone.yaml'} does not exist"
    assert caught.value.hint == "name a preset, or a YAML file that exists."


def test_a_folder_is_no_preset(tmp_path):
    with pytest.raises(ConfigError, match="is a folder; needs a file"):
        read_document(tmp_path)


def test_a_large_file_is_refused_unread(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(ConfigError) as caught:
        read_document(path)
    assert caught.value.message == f"{path} has 1048577 bytes; at most 1048576 are read"


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "picture.yaml"
    path.write_bytes(b"a: 1\nb: \xff\xd8\n")
    with pytest.raises(ConfigError) as caught:
        read_document(path)
    assert caught.value.message == f"{path}:2: not UTF-8 text; is this a preset?"


def test_a_byte_order_mark_is_not_seen(tmp_path):
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert read_document(path).data() == {"a": 1, "b": 2}


def test_small_numbers_keep_their_value():
    assert math.isclose(read(dump_document({"a": 1e-5}))["a"], 1e-5, rel_tol=0)
