from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from animatex.checkpoints.catalogue import HandSource, HubSource, KnownFile, WebSource
from animatex.checkpoints.fetch import plan_pull, pull
from animatex.checkpoints.hashes import noted_digest
from animatex.errors import InputError, InUse
from animatex.progress import SilentProgress
from tests.checkpoints.hub import Hub, serving

CONTENT = bytes(range(256)) * 4096
DIGEST = hashlib.sha256(CONTENT).hexdigest()
PATH = "someone/nets/resolve/main/net.pth"
FILE = KnownFile(
    name="net.pth",
    holds="a network",
    source=HubSource("someone/nets"),
    licence="Apache-2.0",
    size=len(CONTENT),
    digest=DIGEST,
    aliases=("old-name.pth",),
)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The hub, reached as through a mirror."""
    from huggingface_hub import constants

    with serving() as server:
        server.put(PATH, CONTENT)
        monkeypatch.setattr(constants, "ENDPOINT", server.address)
        monkeypatch.setattr(
            constants,
            "HUGGINGFACE_CO_URL_TEMPLATE",
            server.address + "/{repo_id}/resolve/{revision}/{filename}",
        )
        yield server


def fetch(folder: Path, file: KnownFile = FILE, given: Path | None = None) -> list[Path]:
    return pull(plan_pull([file], folder, given))


def refused(folder: Path, file: KnownFile = FILE, given: Path | None = None) -> InputError:
    """Try to fetch; nothing may lie under the file's own name afterwards."""
    with pytest.raises(InputError) as caught:
        fetch(folder, file, given)
    assert not (folder / file.name).exists()
    assert "\n" not in caught.value.message
    return caught.value


def parts(folder: Path) -> list[int]:
    return [path.stat().st_size for path in folder.glob(".*.part")]


def test_a_file_arrives_whole_in_a_new_folder(hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "weights"
    assert fetch(folder) == [folder / "net.pth"]
    assert (folder / "net.pth").read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir()] == ["net.pth"]


def test_a_good_file_is_not_fetched_again(hub: Hub, tmp_path: Path) -> None:
    fetch(tmp_path)
    hub.asked.clear()
    plan = plan_pull([FILE], tmp_path)
    assert plan.present == (FILE,)
    assert pull(plan) == []
    assert hub.asked == []


def test_a_damaged_file_is_replaced(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_bytes(CONTENT[:-1])
    plan = plan_pull([FILE], tmp_path)
    assert plan.damaged == (FILE,)
    pull(plan)
    assert (tmp_path / "net.pth").read_bytes() == CONTENT


def test_a_connection_that_is_cut_is_taken_up_where_it_was(hub: Hub, tmp_path: Path) -> None:
    hub.cut_after = [300_000, 200_000]
    fetch(tmp_path)
    assert (tmp_path / "net.pth").read_bytes() == CONTENT
    assert hub.bodies() == ["-", "300000-", "500000-"]


def test_a_server_that_goes_silent_is_named_and_the_next_call_goes_on(hub: Hub, tmp_path: Path) -> None:
    hub.cut_after = [300_000, 0]
    error = refused(tmp_path)
    assert error.message.startswith(f"net.pth cannot be fetched: {hub.address}/{PATH} cannot be reached: ")
    assert error.hint == (
        "check the connection; the same command goes on where it stopped. "
        "--from DIR takes files that you have already."
    )
    assert parts(tmp_path) == [300_000]
    plan = plan_pull([FILE], tmp_path)
    assert plan.bytes_to_fetch == len(CONTENT) - 300_000
    pull(plan)
    assert (tmp_path / "net.pth").read_bytes() == CONTENT
    assert hub.bodies()[-1] == "300000-"
    assert parts(tmp_path) == []


def test_a_server_that_cannot_begin_in_the_middle_begins_anew(hub: Hub, tmp_path: Path) -> None:
    hub.cut_after, hub.knows_ranges = [300_000], False
    fetch(tmp_path)
    assert (tmp_path / "net.pth").read_bytes() == CONTENT


def test_a_file_that_is_shorter_than_promised_is_named(hub: Hub, tmp_path: Path) -> None:
    hub.sends = CONTENT[:1000]
    error = refused(tmp_path)
    assert error.message == (
        f"net.pth broke off after 1000 of {len(CONTENT)} bytes: {hub.address}/{PATH} sends no more"
    )
    assert error.hint == "the same command goes on where it stopped."
    hub.sends = None
    fetch(tmp_path)
    assert (tmp_path / "net.pth").read_bytes() == CONTENT


@pytest.mark.parametrize("sent", [CONTENT[::-1], CONTENT + b"more"], ids=["other", "longer"])
def test_wrong_content_is_named_and_removed(hub: Hub, tmp_path: Path, sent: bytes) -> None:
    hub.sends = sent
    error = refused(tmp_path)
    assert error.message == (
        f"net.pth came with the wrong content from {hub.address}/{PATH} and was removed: "
        f"{len(sent)} bytes, hash {hashlib.sha256(sent).hexdigest()[:12]}… instead of {DIGEST[:12]}…"
    )
    assert error.hint == "try again; a proxy or a mirror (HF_ENDPOINT) may be at fault."
    assert list(tmp_path.iterdir()) == []
    hub.sends = None
    fetch(tmp_path)
    assert (tmp_path / "net.pth").read_bytes() == CONTENT


def test_another_file_on_the_hub_is_refused_before_it_is_fetched(hub: Hub, tmp_path: Path) -> None:
    hub.says_digest = "f" * 64
    error = refused(tmp_path)
    assert error.message == (
        f"{hub.address}/{PATH} is another file than the published net.pth: "
        f"hash ffffffffffff… instead of {DIGEST[:12]}…"
    )
    assert error.hint == "look at its page; a mirror named by HF_ENDPOINT may be at fault."
    assert hub.bodies() == []


def test_a_file_without_any_hash_is_refused(hub: Hub, tmp_path: Path) -> None:
    hub.says_digest = "weak"
    error = refused(tmp_path, replace(FILE, digest=None))
    assert error.message == f"{hub.address}/{PATH} says nothing of the file's hash"


def test_a_hash_that_only_the_hub_knows_is_noted(hub: Hub, tmp_path: Path) -> None:
    file = replace(FILE, digest=None)
    fetch(tmp_path, file)
    assert noted_digest(tmp_path / "net.pth") == DIGEST
    assert plan_pull([file], tmp_path).present == (file,)


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "accept the terms on https://huggingface.co/someone/nets, then log in with: hf auth login"),
        (
            404,
            "it may have moved: look at https://huggingface.co/someone/nets, "
            "and give the file with --from DIR.",
        ),
        (503, "the server has a problem; the same command goes on where it stopped."),
    ],
)
def test_what_the_server_refuses_is_said(hub: Hub, tmp_path: Path, status: int, hint: str) -> None:
    hub.refused[PATH] = status
    error = refused(tmp_path)
    assert error.message == f"net.pth cannot be fetched: {hub.address}/{PATH} answers {status}"
    assert error.hint == hint
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_nothing_is_left(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", "http://127.0.0.1:9/{repo_id}/{revision}/{filename}"
    )
    error = refused(tmp_path)
    assert error.message.startswith(
        "net.pth cannot be fetched: http://127.0.0.1:9/someone/nets/main/net.pth "
    )
    assert "cannot be reached" in error.message
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_too_small_is_said_beforehand(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("animatex.checkpoints.fetch.shutil.disk_usage", lambda folder: Usage(free=1_000_000))
    error = refused(tmp_path)
    assert error.message == f"{tmp_path} has 1 MB free; 1 MB are needed"
    assert error.hint == "make room, or --weights DIR for a folder on another disk."
    assert hub.bodies() == []


class Usage:
    """What shutil says of a disk."""

    def __init__(self, free: int) -> None:
        self.free = free


def test_a_disk_that_fills_up_is_named_and_the_next_call_goes_on(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, count: int) -> None:
        if count == 0:
            return
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as until_room_is_made:
        until_room_is_made.setattr("animatex.checkpoints.hashes.Megabytes.advance", full)
        error = refused(tmp_path)
    part = tmp_path / f".net.pth.{DIGEST[:12]}.part"
    assert error.message == f"{part} cannot be written: No space left on device"
    assert error.hint == "make room; the same command goes on where it stopped."
    assert 0 < parts(tmp_path)[0] < len(CONTENT)
    fetch(tmp_path)
    assert (tmp_path / "net.pth").read_bytes() == CONTENT
    assert hub.bodies()[-1] != "-"


def test_a_folder_that_cannot_be_written_is_named(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Permissions do not bind the super-user, who may be running this.
    monkeypatch.setattr("animatex.checkpoints.fetch.os.access", lambda path, mode: False)
    error = refused(tmp_path)
    assert error.message == f"the weights folder {tmp_path} cannot be written"
    assert error.hint == "--weights DIR for another."


def test_a_folder_that_cannot_be_made_is_named(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError) as caught:
        fetch(tmp_path / "file" / "weights")
    assert caught.value.message == (
        f"the weights folder {tmp_path / 'file' / 'weights'} cannot be made: Not a directory"
    )


def test_a_part_that_cannot_be_written_is_named(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_pull([FILE], tmp_path)
    (tmp_path / f".net.pth.{DIGEST[:12]}.part").mkdir()
    with pytest.raises(InputError, match=r"\.part cannot be written: Is a directory") as caught:
        pull(plan)
    assert caught.value.hint == "--weights DIR for another folder."


@pytest.mark.parametrize("name", ["net.pth", "old-name.pth"])
def test_files_that_the_user_has_are_taken_without_a_network(hub: Hub, tmp_path: Path, name: str) -> None:
    mine, folder = tmp_path / "mine", tmp_path / "weights"
    mine.mkdir()
    (mine / name).write_bytes(CONTENT)
    assert fetch(folder, given=mine) == [folder / "net.pth"]
    assert (folder / "net.pth").samefile(mine / name)
    assert hub.asked == []


def test_files_on_another_disk_are_copied(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other_disk(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", other_disk)
    mine, folder = tmp_path / "mine", tmp_path / "weights"
    mine.mkdir()
    (mine / "net.pth").write_bytes(CONTENT)
    fetch(folder, given=mine)
    assert (folder / "net.pth").read_bytes() == CONTENT
    assert not (folder / "net.pth").samefile(mine / "net.pth")


def test_what_the_user_does_not_have_is_fetched(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    fetch(tmp_path / "weights", given=tmp_path / "mine")
    assert hub.bodies() == ["-"]


def test_a_users_file_that_is_another_one_is_refused(hub: Hub, tmp_path: Path) -> None:
    mine, folder = tmp_path / "mine", tmp_path / "weights"
    mine.mkdir()
    (mine / "net.pth").write_bytes(b"cut short")
    error = refused(folder, given=mine)
    assert error.message.startswith(f"{mine / 'net.pth'} is another file than the published net.pth: hash ")
    assert error.hint == "it may be cut short; without it in that folder it is fetched."


def test_a_users_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path, given=tmp_path / "none")
    assert error.message == f"{tmp_path / 'none'} is not a folder"
    assert error.hint == "--from DIR names the folder with your files."


def test_of_two_calls_at_once_the_second_is_told_and_spoils_nothing(hub: Hub, tmp_path: Path) -> None:
    hub.cut_after = [5000]
    second = plan_pull([FILE], tmp_path)
    told: list[InUse] = []

    class Meanwhile(SilentProgress):
        def advance(self, n: int = 1) -> None:
            if not told:
                with pytest.raises(InUse) as caught:
                    pull(second)
                told.append(caught.value)

    pull(plan_pull([FILE], tmp_path), Meanwhile())
    assert told[0].message.startswith(f"{tmp_path / 'net.pth'} is being made by another run, process ")
    assert told[0].hint == "the same command, when that has ended."
    assert (tmp_path / "net.pth").read_bytes() == CONTENT
    asked = len(hub.bodies())
    assert pull(second) == [tmp_path / "net.pth"]
    assert len(hub.bodies()) == asked, "what another call has fetched meanwhile is not fetched again"
    assert [path.name for path in tmp_path.iterdir()] == ["net.pth"]


def test_an_address_outside_the_hub_is_fetched_by_the_same_rules(hub: Hub, tmp_path: Path) -> None:
    hub.cut_after = [300_000]
    file = replace(FILE, source=WebSource(f"{hub.address}/cdn/{PATH}"))
    fetch(tmp_path, file)
    assert (tmp_path / "net.pth").read_bytes() == CONTENT
    assert hub.bodies() == ["-", "300000-"]


def test_a_file_of_a_git_repository_is_known_by_gits_hash(hub: Hub, tmp_path: Path) -> None:
    blob = hashlib.sha1(f"blob {len(CONTENT)}\0".encode() + CONTENT).hexdigest()
    hub.says_digest = blob
    fetch(tmp_path, replace(FILE, digest=blob))
    assert (tmp_path / "net.pth").read_bytes() == CONTENT


def test_the_hash_that_is_known_counts_where_the_hub_says_another_kind(hub: Hub, tmp_path: Path) -> None:
    hub.says_digest, hub.sends = "f" * 40, CONTENT[::-1]
    assert f"instead of {DIGEST[:12]}…" in refused(tmp_path).message
    hub.sends = None
    fetch(tmp_path)


def test_a_file_without_an_address_is_left_to_people(tmp_path: Path) -> None:
    file = replace(FILE, source=HandSource("https://example.org"), digest=None)
    plan = plan_pull([file], tmp_path)
    assert plan.by_hand == (file,)
    assert pull(plan) == []


def test_files_of_the_package_are_passed_over(tmp_path: Path) -> None:
    plan = plan_pull([KnownFile(name="mini.safetensors", holds="a network")], tmp_path)
    assert not (plan.present or plan.fetched or plan.by_hand)
