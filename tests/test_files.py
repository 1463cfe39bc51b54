from __future__ import annotations

from pathlib import Path

import pytest

from animatex.errors import InputError
from animatex.files import check_output, replacing


def test_a_free_name_in_a_folder_that_exists_is_accepted(tmp_path: Path) -> None:
    check_output(tmp_path / "out.mp4", force=False)


def test_an_existing_output_needs_force(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_text("earlier")
    with pytest.raises(InputError, match=r"out\.mp4 exists already") as caught:
        check_output(path, force=False)
    assert caught.value.hint == "--force to replace it, or another --out."
    check_output(path, force=True)


def test_a_folder_that_does_not_exist_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with pytest.raises(InputError) as caught:
        check_output(folder / "out.mp4", force=True)
    assert caught.value.message == f"{folder / 'out.mp4'} cannot be written: {folder} does not exist"
    assert caught.value.hint == f"mkdir -p '{folder}'"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file is not a folder"):
        check_output(tmp_path / "file" / "out.mp4", force=True)


def test_a_folder_that_may_not_be_changed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Permissions do not bind the super-user, who may be running this.
    monkeypatch.setattr("animatex.files.os.access", lambda path, mode: False)
    with pytest.raises(InputError, match="may not be changed by this user") as caught:
        check_output(tmp_path / "out.mp4", force=True)
    assert caught.value.hint == "another --out, or other permissions on that folder."


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with replacing(path) as beside:
        assert beside.parent == path.parent and beside.suffix == ".txt"
        beside.write_text("complete")
        assert not path.exists()
    assert path.read_text() == "complete"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("problem", [KeyboardInterrupt, RuntimeError])
def test_whatever_goes_wrong_the_earlier_file_stays(tmp_path: Path, problem: type[BaseException]) -> None:
    path = tmp_path / "out.txt"
    path.write_text("earlier")
    with pytest.raises(problem), replacing(path) as beside:
        beside.write_text("half")
        raise problem
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_what_the_system_refuses_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"out\.txt cannot be written: No such file or directory"):
        with replacing(tmp_path / "nowhere" / "out.txt") as beside:
            beside.write_text("x")
