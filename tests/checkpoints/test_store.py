from __future__ import annotations

import os
import pickle
import resource
import signal
import stat
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from animatex.checkpoints.store import AT_ONCE, read_foreign, read_header, read_weights, save_weights
from animatex.config.model import ScheduleConfig
from animatex.errors import CheckpointMismatch, InputError
from tests.crowding import files_of_at_most, forked

# Any section will do; this one is the smallest.
CONFIG = ScheduleConfig(train_steps=10, beta_start=0.1, beta_end=0.2, zero_terminal_snr=True)
TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2, dtype=torch.bfloat16)}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "some.safetensors"
    save_weights(path, TENSORS, kind="unet", config=CONFIG, source="abc")
    return path


def test_what_is_saved_comes_back_bit_by_bit(weights: Path) -> None:
    tensors = read_weights(weights, kind="unet", config=CONFIG)
    assert tensors.keys() == TENSORS.keys()
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)
    assert tensors["b"].dtype == torch.bfloat16


def test_a_file_says_what_it_is(weights: Path) -> None:
    header = read_header(weights)
    assert header is not None
    assert (header.kind, header.source) == ("unet", "abc")
    assert header.config == CONFIG.model_dump()


def test_saving_leaves_one_file_and_replaces_the_old_one(weights: Path) -> None:
    save_weights(weights, {"c": torch.zeros(1)}, kind="unet", config=CONFIG)
    assert list(weights.parent.iterdir()) == [weights]
    assert list(read_weights(weights, kind="unet", config=CONFIG)) == ["c"]


@pytest.mark.skipif(os.name != "posix", reason="without limits and signals")
def test_what_killed_savers_have_left_goes_with_the_next_save(tmp_path: Path) -> None:
    path = tmp_path / "some.safetensors"

    def save() -> None:
        """Is ended by the system in the midst of writing."""
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with files_of_at_most(50_000):
            save_weights(path, {"a": torch.zeros(100_000)}, kind="rig", config=CONFIG)

    assert forked(save) == -signal.SIGXFSZ
    assert list(tmp_path.iterdir())
    save_weights(path, TENSORS, kind="unet", config=CONFIG)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="without permissions of this kind")
@given(st.integers(0, 0o77))
def test_the_umask_says_who_may_read_a_file(umask: int) -> None:
    before = os.umask(umask)
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "some.safetensors"
            save_weights(path, TENSORS, kind="unet", config=CONFIG)
            assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    finally:
        os.umask(before)


def test_transposed_tensors_can_be_saved(tmp_path: Path) -> None:
    base = torch.arange(6.0).reshape(2, 3)
    save_weights(tmp_path / "x.safetensors", {"t": base.T}, kind="rig", config=CONFIG)
    assert torch.equal(read_weights(tmp_path / "x.safetensors", kind="rig", config=CONFIG)["t"], base.T)


def test_weights_of_another_network_are_named(weights: Path) -> None:
    with pytest.raises(CheckpointMismatch) as caught:
        read_weights(weights, kind="rig", config=CONFIG)
    assert caught.value.message == "some.safetensors holds a UNet; a rig network is needed here"


def test_other_sizes_are_listed(weights: Path) -> None:
    other = CONFIG.model_copy(update={"train_steps": 11, "zero_terminal_snr": False})
    with pytest.raises(CheckpointMismatch) as caught:
        read_weights(weights, kind="unet", config=other)
    assert caught.value.message == (
        "some.safetensors was made for other sizes of UNet\n"
        "  train_steps: the file has 10; the preset has 11\n"
        "  zero_terminal_snr: the file has True; the preset has False"
    )
    assert caught.value.hint == (
        "take the preset that belongs to the file, or the file that belongs to the preset."
    )


def test_a_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file(
        {"a": torch.zeros(1)}, tmp_path / "new.safetensors", {"format": "animatex-unet/2", "config": "{}"}
    )
    with pytest.raises(InputError) as caught:
        read_header(tmp_path / "new.safetensors")
    assert caught.value.message == (
        "new.safetensors is in format animatex-unet/2; this version of animatex reads /1"
    )
    assert caught.value.hint == "update animatex, or take weights made with this version."


def test_somebody_elses_safetensors_is_not_ours(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    path = tmp_path / "theirs.safetensors"
    save_file({"a": torch.ones(1)}, path)
    assert read_header(path) is None
    assert read_foreign(path)["a"] == 1
    with pytest.raises(InputError) as caught:
        read_weights(path, kind="unet", config=CONFIG)
    assert caught.value.message == "theirs.safetensors is not a weights file of animatex"
    assert caught.value.hint == "animatex weights list shows which files are known."


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_header(tmp_path / "none.safetensors")
    assert caught.value.message == f"{tmp_path / 'none.safetensors'} does not exist"
    assert caught.value.hint == "animatex weights list shows what is installed."


def test_a_truncated_file_is_named(weights: Path) -> None:
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-3])
    with pytest.raises(InputError) as caught:
        read_header(weights)
    assert caught.value.message == (
        f"some.safetensors is damaged or cut short: {len(whole) - 3} of {len(whole)} bytes"
    )
    assert caught.value.hint == "download it again."


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none" / "x.safetensors"
    with pytest.raises(InputError) as caught:
        save_weights(path, TENSORS, kind="unet", config=CONFIG)
    assert caught.value.message == f"{path} cannot be written: its folder does not exist"


def test_weights_for_which_there_is_no_room_leave_nothing(tmp_path: Path) -> None:
    with (
        files_of_at_most(100),
        pytest.raises(InputError, match=r"x\.safetensors cannot be written: File too"),
    ):
        save_weights(tmp_path / "x.safetensors", TENSORS, kind="unet", config=CONFIG)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_training_states_are_unwrapped(tmp_path: Path, wrapper: str | None, prefix: str) -> None:
    tensors: dict[str, object] = {f"{prefix}a": torch.ones(2), f"{prefix}b": torch.zeros(1)}
    state = {wrapper: tensors, "step": 7} if wrapper else tensors
    torch.save(state, tmp_path / "x.pth")
    assert list(read_foreign(tmp_path / "x.pth")) == ["a", "b"]


def test_the_old_pickle_format_is_read_too(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "x.pth", _use_new_zipfile_serialization=False)
    assert read_foreign(tmp_path / "x.pth")["a"].tolist() == [1, 1]


class Runs:
    """Would make a folder when unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("protocol", [5, 63, 212])
def test_a_damaged_old_file_is_refused_in_one_line_and_nothing_else_is_said(
    tmp_path: Path, protocol: int, recwarn: pytest.WarningsRecorder
) -> None:
    path = tmp_path / "old.ckpt"
    torch.save({"a": torch.ones(3)}, path, _use_new_zipfile_serialization=False)
    whole = bytearray(path.read_bytes())
    whole[1] = protocol
    path.write_bytes(bytes(whole[:-20]))
    with pytest.raises(InputError, match="old.ckpt"):
        read_foreign(path)
    assert not recwarn.list


def test_a_pickle_that_wants_to_run_code_is_refused_by_name(tmp_path: Path) -> None:
    torch.save({"a": Runs(tmp_path / "ran")}, tmp_path / "evil.pth")
    with pytest.raises(InputError) as caught:
        read_foreign(tmp_path / "evil.pth")
    assert caught.value.message == (
        "evil.pth wants to run code when it is read, which a checkpoint has no need to: "
        f"{os.mkdir.__module__}.mkdir"
    )
    assert (
        caught.value.hint == "do not open it with other tools either, unless you trust where it comes from."
    )
    assert not (tmp_path / "ran").exists()


def test_a_plain_pickle_that_wants_to_run_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "evil.bin").write_bytes(pickle.dumps(Runs(tmp_path / "ran"), protocol=2))
    with pytest.raises(InputError, match="evil.bin wants to run code when it is read"):
        read_foreign(tmp_path / "evil.bin")
    assert not (tmp_path / "ran").exists()


def test_a_program_is_not_run(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
        archive.writestr("net/data.pkl", b"")
        archive.writestr("net/constants.pkl", b"")
    with pytest.raises(InputError) as caught:
        read_foreign(tmp_path / "net.pt")
    assert caught.value.message == (
        "net.pt is a program in TorchScript, not named tensors; its code is not run"
    )
    assert caught.value.hint == "take the file with the weights alone."


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_are_read_as_they_are_wanted(tmp_path: Path, dtype: torch.dtype) -> None:
    tensors = {f"t{n}": torch.full((3,), n, dtype=torch.bfloat16) for n in range(AT_ONCE + 3)}
    save_weights(tmp_path / "x.safetensors", tensors, kind="unet", config=CONFIG)
    read = read_weights(tmp_path / "x.safetensors", kind="unet", config=CONFIG, dtype=dtype)
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[name], tensors[name].to(dtype)) for name in tensors)


@pytest.mark.parametrize(
    "content", [b"", b"x", b"<html>not found</html>", b"\x09" + b"\0" * 7 + b"{not json}"]
)
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_foreign(tmp_path / "x.pth")
    assert caught.value.message == "x.pth is not a checkpoint"
    assert caught.value.hint == "a web page saved in its place, perhaps."


@given(keep=st.floats(0.02, 0.98), new_format=st.booleans())
def test_a_checkpoint_cut_short_anywhere_is_refused(
    tmp_path_factory: pytest.TempPathFactory, keep: float, new_format: bool
) -> None:
    path = tmp_path_factory.mktemp("cut") / "x.pth"
    torch.save({"a": torch.ones(200)}, path, _use_new_zipfile_serialization=new_format)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    # Cut inside the name of a class, it looks as if it wanted another class, which is refused as code.
    with pytest.raises(InputError, match=r"^x\.pth (is damaged or cut short|wants to run code)"):
        read_foreign(path)


def test_a_checkpoint_cut_short_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    torch.save({"a": torch.ones(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError) as caught:
        read_foreign(path)
    assert caught.value.message == "x.pth is damaged or cut short"
    assert caught.value.hint == "download it again."


@pytest.mark.parametrize(
    ("value", "message"),
    [([1, 2], "x.pth holds a list; needs named tensors"), ({}, "x.pth holds no tensors")],
)
def test_a_checkpoint_without_tensors_is_refused(tmp_path: Path, value: object, message: str) -> None:
    torch.save(value, tmp_path / "x.pth")
    with pytest.raises(InputError) as caught:
        read_foreign(tmp_path / "x.pth")
    assert caught.value.message == message
