"""ONNX files that give the same answer to every picture, written byte by byte without any package."""

from __future__ import annotations

from pathlib import Path

import numpy as np

_FLOAT = 1


def write_constant_network(path: Path, side: tuple[int, int], *answers: np.ndarray) -> Path:
    """A network with one picture [1, 3, *side] that gives these float32 arrays."""
    nodes, values, outputs = b"", b"", b""
    for i, answer in enumerate(answers):
        nodes += _field(1, _field(1, f"answer{i}") + _field(2, f"output{i}") + _field(4, "Identity"))
        data = b"".join(_number(1, length) for length in answer.shape) + _number(2, _FLOAT)
        values += _field(5, data + _field(8, f"answer{i}") + _field(9, answer.astype("<f4").tobytes()))
        outputs += _field(12, _value(f"output{i}", answer.shape))
    graph = nodes + _field(2, "tiny") + values + _field(11, _value("picture", (1, 3, *side))) + outputs
    path.write_bytes(_number(1, 8) + _field(8, _field(1, "") + _number(2, 13)) + _field(7, graph))
    return path


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    dimensions = b"".join(_field(1, _number(1, length)) for length in shape)
    return _field(1, name) + _field(2, _field(1, _number(1, _FLOAT) + _field(2, dimensions)))


def _field(number: int, content: bytes | str) -> bytes:
    content = content.encode() if isinstance(content, str) else content
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    groups = []
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])
