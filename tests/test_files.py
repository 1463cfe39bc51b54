from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TextIO

import pytest

from animatex.errors import InputError, InUse
from animatex.files import check_output, claiming, replacing


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


def test_an_output_that_is_claimed_is_kept_from_other_runs(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with claiming(path, force=False), pytest.raises(InUse) as caught, claiming(path, force=False):
        pass
    assert caught.value.message == (
        f"{path} is being made by another run, process {os.getpid()}, which holds {tmp_path / '.out.lock'}"
    )
    assert caught.value.hint == "wait until it has ended, or another --out."
    with claiming(path, force=False):
        pass
    assert list(tmp_path.iterdir()) == []


def test_outputs_that_would_share_a_record_share_a_lock_and_others_do_not(tmp_path: Path) -> None:
    with claiming(tmp_path / "out.mp4", force=False):
        with pytest.raises(InUse), claiming(tmp_path / "out.mov", force=False):
            pass
        with claiming(tmp_path / "other.mp4", force=False):
            pass


HOLD = """
import sys, time
from pathlib import Path
from animatex.files import claiming
with claiming(Path(sys.argv[1]), force=False):
    Path(sys.argv[1]).with_name(".out.99.part.mp4").touch()
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(InUse, match=f"process {process.pid}, which"), claiming(path, force=False):
            pass
        process.kill()
    assert len(list(tmp_path.iterdir())) == 2
    with claiming(path, force=False):
        pass
    # What the killed run had begun is gone, too.
    assert list(tmp_path.iterdir()) == []


def test_what_another_run_has_just_made_is_not_replaced_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.mp4"
    monkeypatch.setattr("animatex.files._take", lambda _: path.touch())
    with pytest.raises(InputError, match=r"out\.mp4 exists already"), claiming(path, force=False):
        pass
    assert list(tmp_path.iterdir()) == [path]


def test_a_lock_whose_file_was_removed_meanwhile_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / ".out.lock"
    taken = []

    def take(file: TextIO) -> None:
        taken.append(file)
        if len(taken) == 1:
            lock.unlink()

    monkeypatch.setattr("animatex.files._take", take)
    with claiming(tmp_path / "out.mp4", force=False):
        assert lock.read_text() == str(os.getpid())
    assert len(taken) == 2


def test_a_folder_in_which_no_lock_can_be_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".out.lock").mkdir()
    with pytest.raises(InputError, match=r"out\.mp4 cannot be written: Is a directory"):
        with claiming(tmp_path / "out.mp4", force=False):
            pass
