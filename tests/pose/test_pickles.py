from __future__ import annotations

import collections
import datetime
import io
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from animatex.errors import InputError
from animatex.pose.pickles import PickledArray, read_plain_pickle

numbers = npst.arrays(
    st.sampled_from(["<f4", ">f8", "<i8", "|u1", "?"]), npst.array_shapes(min_dims=0, min_side=0, max_side=4)
)


def stored(content: object, folder: Path, protocol: int = 4) -> Path:
    path = folder / "p.pkl"
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


@given(array=numbers, protocol=st.integers(0, 5), fortran=st.booleans())
def test_arrays_come_back_whatever_the_protocol(
    array: np.ndarray, protocol: int, fortran: bool, tmp_path_factory: pytest.TempPathFactory
):
    array = np.asfortranarray(array) if fortran else array
    path = stored({"a": array, "n": 3}, tmp_path_factory.mktemp("p"), protocol)
    back = read_plain_pickle(path)
    assert back["n"] == 3
    np.testing.assert_array_equal(back["a"].to_numpy(), array)
    assert back["a"].to_numpy().dtype == array.dtype


def test_plain_containers_and_numpys_numbers_come_back(tmp_path: Path):
    content = {"list": [1, 2.5, None, True], "tuple": ("text", b"bytes"), "set": np.float32(0.25)}
    back = read_plain_pickle(stored(content, tmp_path))
    assert (back["list"], back["tuple"]) == (content["list"], content["tuple"])
    assert back["set"].to_numpy() == 0.25


def test_a_pickle_of_the_older_numpy_is_read(tmp_path: Path):
    path = stored(np.arange(3.0), tmp_path)
    text = path.read_bytes()
    older = text.replace(b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray")
    # The frame's length, in front of everything, is one less too.
    path.write_bytes(
        older[:3] + (int.from_bytes(older[3:11], "little") - 1).to_bytes(8, "little") + older[11:]
    )
    np.testing.assert_array_equal(read_plain_pickle(path).to_numpy(), [0, 1, 2])


class Calls:
    """Pickled as a call of something."""

    def __init__(self, function: object, *arguments: object) -> None:
        self._call = (function, arguments)

    def __reduce__(self):
        return self._call


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (Calls(os.system, "touch ran"), r"\w+\.system"),
        (Calls(eval, "open('ran', 'w')"), r"\w*builtin\w*\.eval"),
        (Calls(getattr, "text", "upper"), r"\w*builtin\w*\.getattr"),
        (Calls(np.load, "ran"), r"numpy\.load"),
        (Calls(io.open, "ran", "w"), r"io\.open"),
        (Calls(collections.Counter, "ab"), r"collections\.Counter"),
        (datetime.date(2020, 1, 1), r"datetime\.date"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_whatever_a_pickle_calls_is_named_and_not_called(
    call: object, name: str, protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    path = stored({"bodies": call}, tmp_path, protocol)
    with pytest.raises(InputError, match=rf"p\.pkl is refused: it is a pickle that calls {name}, and only"):
        read_plain_pickle(path)
    assert not Path("ran").exists()


@pytest.mark.parametrize(
    "program",
    [
        # Names a dotted attribute of something that is allowed: numpy.ndarray's __reduce__.
        b"\x80\x04\x8c\x05numpy\x8c\x12ndarray.__reduce__\x93.",
        # The oldest way to call: INST.
        b"(S'touch ran'\nios\nsystem\n.",
        # By an extension's number.
        b"\x80\x02\x82\x01.",
        # By a persistent id.
        b"Pnumpy\n.",
        # Sets the state of the class itself, where everything later would find it.
        b"\x80\x04\x8c\x05numpy\x8c\x05dtype\x93N}\x8c\x08__init__K\x01s\x86b.",
        b"\x80\x04\x8c\x05numpy\x8c\x07ndarray\x93}\x8c\x01aK\x01sb.",
        b"\x80\x04\x8c\x07_codecs\x8c\x06encode\x93N}\x8c\x07__new__K\x01s\x86b.",
        # Bytes made of something that is no text.
        b"\x80\x04\x8c\x07_codecs\x8c\x06encode\x93K\x01\x8c\x06latin1\x86R.",
        b"",
        b"not a pickle",
        b"\x80\x04.",
    ],
)
def test_tricks_are_refused_in_words(program: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("p.pkl").write_bytes(program)
    with pytest.raises(InputError, match=r"p\.pkl (is refused|cannot be read as a pickle of plain data)"):
        read_plain_pickle(Path("p.pkl"))
    assert not Path("ran").exists()


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, program: bytes):
    path = tmp_path_factory.mktemp("p") / "p.pkl"
    path.write_bytes(b"\x80\x04" + program + b".")
    try:
        read_plain_pickle(path)
    except InputError as error:
        assert str(path) in error.message


@pytest.mark.parametrize("array", [np.array([{}], object), np.array(["text"]), np.zeros(2, "f4,i4")])
def test_arrays_of_anything_but_numbers_are_refused(array: np.ndarray, tmp_path: Path):
    with pytest.raises(InputError, match="cannot be read as a pickle of plain data"):
        read_plain_pickle(stored(array, tmp_path))


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ((1, (3,), None, False, b"xyz"), "not stored as numbers"),
        ((1, (-1,), None, False, b""), r"has the shape \(-1,\)"),
        ((1, 3, None, False, b""), "has the shape 3"),
    ],
)
def test_arrays_whose_parts_do_not_fit_are_refused(state: tuple, message: str):
    array = PickledArray()
    array.__setstate__(state)
    with pytest.raises(ValueError, match=message):
        array.to_numpy()


def test_an_array_with_too_few_bytes_is_refused(tmp_path: Path):
    path = stored({"a": np.zeros(4, np.uint8)}, tmp_path)
    path.write_bytes(path.read_bytes().replace(b"K\x04\x85", b"K\x05\x85"))
    with pytest.raises(ValueError, match=r"an array of shape \(5,\) has 4 bytes of uint8"):
        read_plain_pickle(path)["a"].to_numpy()
