"""Colour profiles as cameras and printers put them into pictures."""

from __future__ import annotations

import struct

from PIL import ImageCms

_DISPLAY_P3 = {
    b"rXYZ": (0.51512, 0.24120, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.15710, 0.06657, 0.78407),
}
"""Its primaries, adapted to D50."""


def srgb() -> bytes:
    """Give sRGB's profile, with no date in it."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)
    return bytes(profile)


def display_p3() -> bytes:
    """Give the profile of telephones' pictures: sRGB's curve, but further primaries."""
    profile = bytearray(srgb())
    for entry in range(struct.unpack_from(">I", profile, 128)[0]):
        name, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * entry)
        if name in _DISPLAY_P3:
            fixed = [round(value * 65536) for value in _DISPLAY_P3[name]]
            struct.pack_into(">3i", profile, offset + 8, *fixed)
    return bytes(profile)


def grey(gamma: float) -> bytes:
    """Give a profile of greys that has this curve: ICC.1:2001-04, 6.3.2."""
    white = struct.pack(">4sI3i", b"XYZ ", 0, 0xF6D6, 0x10000, 0xD32D)
    curve = struct.pack(">4sIIHH", b"curv", 0, 1, round(gamma * 256), 0)
    text = b"desc" + struct.pack(">II5s", 0, 5, b"grey\0") + bytes(78)
    text += bytes(-len(text) % 4)
    tags, data = b"", b""
    for name, content in ((b"desc", text), (b"wtpt", white), (b"kTRC", curve)):
        tags += struct.pack(">4sII", name, 128 + 4 + 3 * 12 + len(data), len(content))
        data += content
    header = bytearray(128)
    struct.pack_into(
        ">I4xI4s4s4s", header, 0, 128 + 4 + len(tags) + len(data), 0x02100000, b"mntr", b"GRAY", b"XYZ "
    )
    header[36:40] = b"acsp"
    struct.pack_into(">3i", header, 68, 0xF6D6, 0x10000, 0xD32D)
    return bytes(header) + struct.pack(">I", 3) + tags + data
