from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TextIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from animatex.errors import ConfigError, InputError, InUse
from animatex.files import (
    check_apart,
    check_name,
    check_output,
    claiming,
    in_words,
    locked,
    remove_leftovers,
    replacing,
    replacing_folder,
)

PAGES = re.compile(r"\d\.txt")


def test_a_free_name_in_a_folder_that_exists_is_accepted(tmp_path: Path) -> None:
    check_output(tmp_path / "out.mp4", force=False)


def test_an_existing_output_needs_force(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_text("earlier")
    with pytest.raises(InputError, match=r"out\.mp4 exists already") as caught:
        check_output(path, force=False)
    assert caught.value.hint == "--force to replace it, or another --out."
    check_output(path, force=True)


@pytest.mark.parametrize("name", ["", ".", "..", "/", "sub/.."])
def test_an_output_without_a_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="is no name for an output"):
        check_output(Path(name), force=True)


@pytest.mark.parametrize("frame", ["00000.png", "000000000000_keypoints.json"])
def test_a_folder_is_replaced_only_if_nobody_elses_files_are_in_it(tmp_path: Path, frame: str) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / frame).touch()
    check_output(tmp_path / "made", force=True)
    (tmp_path / "made" / "notes.txt").touch()
    with pytest.raises(InputError, match=r"made is not replaced: it holds notes\.txt"):
        check_output(tmp_path / "made", force=True)


def test_a_folder_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "hero.mp4").mkdir()
    with pytest.raises(InputError, match=r"hero\.mp4 is a folder; a file is needed"):
        check_output(tmp_path / "hero.mp4", force=True)


def test_two_outputs_under_one_name_are_refused() -> None:
    check_apart(Path("a"), None, Path("b"), None)
    with pytest.raises(ConfigError, match="a is asked for twice"):
        check_apart(Path("a"), Path("b"), Path("a").absolute())


def test_a_folder_that_does_not_exist_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with pytest.raises(InputError) as caught:
        check_output(folder / "out.mp4", force=True)
    assert caught.value.message == f"{folder / 'out.mp4'} cannot be written: {folder} does not exist"
    assert caught.value.hint == f"mkdir -p '{folder}'"


@given(
    stem=st.text("aé漢", min_size=60, max_size=300).filter(lambda stem: len(stem.encode()) < 300),
    suffix=st.sampled_from(["", ".mp4", ".yaml"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
def test_a_name_that_is_not_refused_can_be_written_and_claimed(
    tmp_path: Path, stem: str, suffix: str
) -> None:
    path = tmp_path / f"{stem}{suffix}"
    length = len(path.name.encode())
    if length > 255 - len(".." + "0123abcd-1234567" + ".part"):
        with pytest.raises(InputError) as caught:
            check_output(path, force=False)
        assert caught.value.message == (
            f"{path} cannot be written: its name has {length} bytes; "
            "at most 232 leave room for a temporary one"
        )
        assert caught.value.hint == "a shorter name for it, or for what it is named after."
    else:
        check_name(path)
        with claiming(path, force=True), replacing(path) as beside:
            beside.write_text("complete")
        assert path.read_text() == "complete"


def test_a_folder_that_no_disk_can_have_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300) / "out.mp4"
    with pytest.raises(InputError) as caught:
        check_output(path, force=False)
    assert caught.value.message == f"{path} cannot be written: {os.strerror(errno.ENAMETOOLONG)}"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file is not a folder") as caught:
        check_output(tmp_path / "file" / "out.mp4", force=True)
    assert caught.value.hint == "another --out."


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
    Path(sys.argv[1]).with_name(".out.0123abcd-99.part.mp4").touch()
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
    monkeypatch.setattr("animatex.files._take", lambda _, **__: path.touch())
    with pytest.raises(InputError, match=r"out\.mp4 exists already"), claiming(path, force=False):
        pass
    assert list(tmp_path.iterdir()) == [path]


def test_a_lock_whose_file_was_removed_meanwhile_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / ".out.lock"
    taken = []

    def take(file: TextIO, **_: bool) -> None:
        taken.append(file)
        if len(taken) == 1:
            lock.unlink()

    monkeypatch.setattr("animatex.files._take", take)
    with claiming(tmp_path / "out.mp4", force=False):
        assert lock.read_text() == str(os.getpid())
        assert len(taken) == 2


def test_who_shares_a_lock_keeps_out_only_those_who_do_not(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with locked(path, shared=True):
        with locked(path, shared=True):
            pass
        # The one that remains has it still.
        with pytest.raises(InUse), claiming(path, force=False):
            pass
    assert list(tmp_path.iterdir()) == []
    with claiming(path, force=False), pytest.raises(InUse), locked(path, shared=True):
        pass


def test_a_folder_in_which_no_lock_can_be_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".out.lock").mkdir()
    with pytest.raises(InputError, match=r"out\.mp4 cannot be written: Is a directory"):
        with claiming(tmp_path / "out.mp4", force=False):
            pass


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "make room there, or another --out."),
        (errno.EDQUOT, "make room there, or another --out."),
        (errno.EFBIG, "a larger limit (ulimit -f), or another --out."),
        (errno.EROFS, "another --out: that disk may only be read."),
        (errno.EACCES, "another --out, or other permissions there."),
    ],
)
def test_the_hint_is_of_what_the_system_said(number: int, hint: str) -> None:
    with pytest.raises(InputError) as caught, in_words(Path("out.txt")):
        raise OSError(number, os.strerror(number))
    assert caught.value.message == f"out.txt cannot be written: {os.strerror(number)}"
    assert caught.value.hint == hint


def test_a_disk_that_is_full_is_said_in_words() -> None:
    with (
        pytest.raises(InputError, match=r"/dev/full cannot be written: No space left"),
        in_words(Path("/dev/full")),
    ):
        Path("/dev/full").write_text("x")


def killed_writing(path: Path) -> None:
    """Begin to write `path` in a process that is killed meanwhile."""
    begin = (
        "from animatex.files import replacing, replacing_folder; from pathlib import Path; import os, re, sys"
    )
    file = "with replacing(Path(sys.argv[1])) as beside: beside.write_text('half'); os.kill(os.getpid(), 9)"
    folder = "with replacing_folder(Path(sys.argv[1]), re.compile('')): os.kill(os.getpid(), 9)"
    writes = file if path.suffix else folder
    subprocess.run([sys.executable, "-c", f"{begin}\n{writes}", str(path)])


def test_what_killed_processes_have_left_does_not_pile_up(tmp_path: Path) -> None:
    path, folder, other = tmp_path / "out.txt", tmp_path / "pages", tmp_path / "out.other.txt"
    for _ in range(3):
        killed_writing(path)
        killed_writing(folder)
        assert len(list(tmp_path.iterdir())) == 2
    killed_writing(other)
    with replacing(path) as beside, replacing_folder(folder, PAGES) as pages:
        beside.write_text("whole")
        (pages / "1.txt").write_text("one")
    (left,) = set(tmp_path.iterdir()) - {path, folder}
    assert left.name.startswith(".out.other.")


def test_what_others_are_writing_is_left_to_them(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    killed_writing(path)
    (left,) = tmp_path.iterdir()
    tag, pid = re.fullmatch(r"\.out\.([\da-f]{8})-(\d+)\.part\.txt", left.name).groups()
    ours = left.rename(tmp_path / f".out.{tag}-{os.getppid()}.part.txt")
    elsewhere = tmp_path / f".out.{'0' * 8}-{pid}.part.txt"
    elsewhere.write_text("half")
    with replacing(path) as beside:
        beside.write_text("whole")
    assert set(tmp_path.iterdir()) == {path, ours, elsewhere}
    remove_leftovers(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_appears_when_it_is_complete(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    with pytest.raises(InputError, match=r"pages cannot be written: No space left on device"):
        with replacing_folder(folder, PAGES) as pages:
            (pages / "1.txt").write_text("one")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []
