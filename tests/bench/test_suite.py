from pathlib import Path

import pytest

from animatex.bench.suite import SETTINGS, load_suite
from animatex.errors import AnimateXError, ConfigError, InputError

HEAD = "name: toys\nversion: '1'\nsplit: test\nfps: 8.0\ncases:\n"


def write(folder: Path, *cases: str, head: str = HEAD) -> Path:
    for name in ("a.png", "b.mp4", "c.npz"):
        (folder / name).touch()
    (folder / "suite.yaml").write_text(head + "".join(f"- {{{case}}}\n" for case in cases))
    return folder


def case(id: str, setting: str = "self", more: str = "") -> str:
    return f"id: {id}, kind: plant, setting: {setting}, reference: a.png, driving: b.mp4{more}"


def test_what_a_suite_says_is_what_is_loaded(tmp_path: Path):
    more = ", driving_poses: c.npz, reference_poses: c.npz, target: b.mp4, seed: 3, sha256: ff"
    suite = load_suite(write(tmp_path, case("one", more=more), case("two", "cross")))
    assert (suite.name, suite.version, suite.split, suite.sha256) == ("toys", "1", "test", None)
    one, two = suite.cases
    assert (one.id, one.kind, one.setting, one.fps, one.seed, one.sha256) == (
        "one", "plant", "self", 8.0, 3, "ff",
    )  # fmt: skip
    assert one.reference == tmp_path / "a.png" and one.driving == one.target == tmp_path / "b.mp4"
    assert one.driving_poses == one.reference_poses == tmp_path / "c.npz"
    assert two.driving_poses is two.reference_poses is two.target is two.seed is None
    assert load_suite(tmp_path / "suite.yaml") == suite


def test_a_suite_is_divided_by_setting_and_searched_by_name(tmp_path: Path):
    suite = load_suite(write(tmp_path, case("one"), case("two", "cross"), case("three")))
    assert suite.settings == ("self", "cross")
    assert [each.id for each in suite.of("self").cases] == ["one", "three"]
    assert suite.case("two").setting == "cross"
    with pytest.raises(InputError, match="suite toys has no case 'four'"):
        suite.case("four")
    with pytest.raises(InputError, match="suite toys has no cases of setting 'rescaled'") as caught:
        suite.of("rescaled")
    assert caught.value.hint == "--setting self or cross"
    assert set(SETTINGS) == {"self", "rescaled", "cross"}


def message(path: Path, kind: type[AnimateXError]) -> str:
    with pytest.raises(kind) as caught:
        load_suite(path)
    return caught.value.message


def test_a_missing_picture_is_named_with_its_case(tmp_path: Path):
    write(tmp_path, case("one"), case("two", more=", target: d.mp4"))
    assert message(tmp_path, InputError) == (
        f"{tmp_path / 'suite.yaml'}, case two: {tmp_path / 'd.mp4'} does not exist"
    )
    (tmp_path / "a.png").unlink()
    assert message(tmp_path, InputError) == (
        f"{tmp_path / 'suite.yaml'}, case one: {tmp_path / 'a.png'} does not exist, nor do 2 more files"
    )


@pytest.mark.parametrize(
    ("cases", "wanted"),
    [
        ([case("one"), case("One")], "{file}:7: case One stands here again; first on {file}:6"),
        ([case("../one")], "{file}:6: cases.0: id is '../one'; needs letters"),
        (
            [case("one", "own")],
            "{file}:6: cases.0.setting: got 'own'; needs one of 'self', 'rescaled', 'cross'.",
        ),
        (["id: one"], "{file} cannot be used (4 problems)"),
    ],
)
def test_what_no_suite_says_is_named_with_its_line(tmp_path: Path, cases: list[str], wanted: str):
    write(tmp_path, *cases)
    assert message(tmp_path, ConfigError).startswith(wanted.format(file=tmp_path / "suite.yaml"))


def test_a_suite_without_cases_is_refused(tmp_path: Path):
    write(tmp_path, head=HEAD.replace("cases:\n", "cases: []\n"))
    assert "cases" in message(tmp_path, ConfigError)


def test_a_folder_without_a_suite_is_refused(tmp_path: Path):
    assert message(tmp_path, ConfigError) == f"{tmp_path} has no suite.yaml"
    assert message(tmp_path / "none", ConfigError) == f"{tmp_path / 'none'} does not exist"
