"""Pickles read without running them: plain containers, numbers and numpy arrays, and nothing else.

A pickle is a program: it names functions and has them called. Here every name stands for an inert class of
this module, so nothing from outside is imported or called, whatever the file says.
"""

from __future__ import annotations

import io
import math
import pickle  # nosec B403 # names are looked up in this module alone
import pickletools  # nosec B403 # counts steps and runs none
import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeGuard

import numpy as np

from animatex.errors import InputError, brief
from animatex.limits import POSE_BYTES, read_bytes

_NUMBERS = re.compile(r"b1|[iu][1248]|f[248]")
_MAX_STEPS = 100_000
"""A pickle of poses has a few hundred; each of them may take a hundred times its own memory."""
_MAX_AXES = 64
"""Numpy's arrays have no more."""

_NOT_RUN = "nothing in it was run; save the poses as .npz or OpenPose JSON where they were made."


class _StandIn:
    """What a pickle may name. The state it sets must fit; on the classes themselves none can be set."""

    def __setstate__(self, state: object) -> None:
        raise ValueError(f"{type(self).__name__} takes no state")


class _Anything(_StandIn):
    """numpy.ndarray, which is only passed on."""


class _Dtype(_StandIn):
    """A type of numbers: numpy.dtype("f4", False, True) and its byte order."""

    def __init__(self, name: object, *_options: object) -> None:
        if not (isinstance(name, str) and _NUMBERS.fullmatch(name)):
            raise ValueError(f"arrays of {brief(name)} are not read, only numbers")
        self.dtype = np.dtype(name)

    def __setstate__(self, state: object) -> None:
        if not (isinstance(state, tuple) and len(state) >= 2 and state[1] in ("<", ">", "|", "=")):
            raise ValueError(f"a type of numbers has the state {brief(state)}")
        self.dtype = self.dtype.newbyteorder(state[1])


class PickledArray(_StandIn):
    """A numpy array as a pickle holds it; `to_numpy` makes it one."""

    def __init__(self, *_maker: object) -> None:
        self._parts: tuple[object, object, object, str] = ((0,), None, b"", "C")

    def __setstate__(self, state: object) -> None:
        if not (isinstance(state, tuple) and len(state) == 5):
            raise ValueError("an array's state has other parts than numpy's")
        _, shape, dtype, is_fortran, data = state
        self._parts = (shape, dtype, data, "F" if is_fortran else "C")

    def to_numpy(self) -> np.ndarray:
        """Make the array.

        Raises:
            ValueError: Its parts do not belong together.
        """
        shape, dtype, data, order = self._parts
        if not _is_shape(shape):
            raise ValueError(f"an array has the shape {brief(shape)}")
        if isinstance(data, _Encoded):
            data = data.text.encode("latin1")
        if not (isinstance(dtype, _Dtype) and isinstance(data, bytes | bytearray)):
            raise ValueError("an array is not stored as numbers")
        if len(data) != math.prod(shape) * dtype.dtype.itemsize:
            raise ValueError(f"an array of shape {brief(shape)} has {len(data)} bytes of {dtype.dtype}")
        return np.frombuffer(data, dtype.dtype).reshape(shape, order="F" if order == "F" else "C")


class _BufferArray(PickledArray):
    """An array as newer pickles hold it: bytes, type, shape and order in one call."""

    def __init__(self, data: object, dtype: object, shape: object, order: object) -> None:
        self._parts = (shape, dtype, data, "F" if order == "F" else "C")


class _Scalar(PickledArray):
    """One number of numpy's."""

    def __init__(self, dtype: object, data: object) -> None:
        self._parts = ((), dtype, data, "C")


class _Encoded(_StandIn):
    """Bytes as older pickles hold them: text to be encoded, and nothing for none.

    It stays text until an array is made of it: a pickle may ask for the same bytes a thousand times.
    """

    def __init__(self, text: object = "", _encoding: object = None) -> None:
        if not isinstance(text, str):
            raise ValueError(f"bytes are stored as {type(text).__name__}")
        self.text = text


_KNOWN: dict[tuple[str, str], type[_StandIn]] = {
    ("numpy", "ndarray"): _Anything,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _Encoded,
    ("__builtin__", "bytes"): _Encoded,
    # numpy 2 gave its inner packages another name.
    **{(f"numpy.{core}.multiarray", "_reconstruct"): PickledArray for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _Scalar for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _BufferArray for core in ("core", "_core")},
}


class _Refused(Exception):
    """A pickle names something that is no data."""


class _Reader(pickle._Unpickler):
    """Reads a pickle whose every name is one of `_KNOWN`, and whose every key is text.

    Keys are hashed, and a hundred bytes can describe a tuple of tuples whose hash takes a year. Only the
    standard library's reader in Python has a place for that check.
    """

    stack: list[object]
    # Sets hash their items as well.
    dispatch: ClassVar[dict[int, Any]] = {
        code: load
        for code, load in pickle._Unpickler.dispatch.items()
        if bytes([code]) not in (pickle.ADDITEMS, pickle.FROZENSET)
    }

    def load_setitem(self) -> None:
        """Put one value into a dictionary."""
        _check_keys(self.stack[-2:-1])
        super().load_setitem()  # type: ignore[misc]

    def load_setitems(self) -> None:
        """Put several values into a dictionary."""
        _check_keys(self.stack[::2])
        super().load_setitems()  # type: ignore[misc]

    def load_dict(self) -> None:
        """Begin a dictionary."""
        _check_keys(self.stack[::2])
        super().load_dict()  # type: ignore[misc]

    dispatch[pickle.SETITEM[0]] = load_setitem
    dispatch[pickle.SETITEMS[0]] = load_setitems
    dispatch[pickle.DICT[0]] = load_dict

    def find_class(self, module: str, name: str) -> type[_StandIn]:
        """Give the inert class for a name.

        Raises:
            _Refused: The name is not one of numpy's arrays and numbers.
        """
        if (module, name) not in _KNOWN:
            raise _Refused(f"{module}.{name}")
        return _KNOWN[module, name]


def read_plain_pickle(path: Path) -> object:
    """Read a pickle of plain data.

    Args:
        path: The file.

    Returns:
        Containers, text and numbers; in place of arrays `PickledArray`s.

    Raises:
        InputError: It cannot be read, or names anything but numpy's arrays and numbers.
    """
    content = read_bytes(path, POSE_BYTES)
    try:
        _check_steps(content)
        return _Reader(io.BytesIO(content)).load()
    except _Refused as error:
        raise InputError(
            f"{path} is refused: it is a pickle that calls {brief(error)}, and only numpy arrays and plain "
            "containers are read",
            hint=_NOT_RUN,
        ) from None
    except (
        *(pickle.UnpicklingError, EOFError, AttributeError, IndexError, KeyError, TypeError, AssertionError),
        *(ValueError, struct.error, OverflowError, MemoryError, RecursionError),
    ) as error:
        raise InputError(
            f"{path} cannot be read as a pickle of plain data: {brief(error)}", hint=_NOT_RUN
        ) from error


def _is_shape(shape: object) -> TypeGuard[tuple[int, ...]]:
    """Tell whether numpy could have written it: multiplying longer or more numbers may take hours."""
    return (
        isinstance(shape, tuple)
        and len(shape) <= _MAX_AXES
        and all(type(side) is int and 0 <= side < 2**63 for side in shape)
    )


def _check_steps(content: bytes) -> None:
    for number, _ in enumerate(pickletools.genops(content)):
        if number == _MAX_STEPS:
            raise ValueError(f"it has more than {_MAX_STEPS} steps")


def _check_keys(keys: Sequence[object]) -> None:
    if any(type(key) is not str for key in keys):
        raise ValueError("a key is no text")
