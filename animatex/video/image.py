"""Single pictures: read by what is in the file, not by what it is called; written as PNG."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from animatex.errors import InputError
from animatex.files import replacing
from animatex.provenance.marks import PNG_KEYWORD, Marks, picture_sha256, write_packet
from animatex.video.frames import Size

MAX_PIXELS = 64_000_000
"""Larger pictures are refused before they are unpacked: a few kilobytes of PNG can claim gigabytes."""

WHITE = (255, 255, 255)

# What character pictures come as. Others are left out on purpose: some of Pillow's readers start programs.
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM")


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceImage:
    """A picture as people see it: upright, in RGB.

    Attributes:
        rgb: uint8 [H, W, 3]; transparent parts are already painted over the background colour.
        alpha: uint8 [H, W], 0 transparent to 255 opaque; None where the whole picture is opaque.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None

    def __post_init__(self) -> None:
        if self.rgb.dtype != np.uint8 or self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or 0 in self.rgb.shape:
            raise ValueError(f"rgb is {self.rgb.dtype} {list(self.rgb.shape)}; needs uint8 [H, W, 3].")
        if self.alpha is not None and (
            self.alpha.dtype != np.uint8 or self.alpha.shape != self.rgb.shape[:2]
        ):
            raise ValueError(
                f"alpha is {self.alpha.dtype} {list(self.alpha.shape)}; needs uint8 {list(self.size)}."
            )

    @property
    def size(self) -> Size:
        """Height and width of the upright picture."""
        return Size(int(self.rgb.shape[0]), int(self.rgb.shape[1]))


def read_image(
    path: Path, *, background: tuple[int, int, int] = WHITE, max_pixels: int = MAX_PIXELS
) -> ReferenceImage:
    """Read a picture, whatever its suffix says; of an animation the first frame.

    Args:
        path: A PNG, JPEG, WebP, BMP, TIFF, GIF or PPM file.
        background: Colour behind transparent parts, RGB, 0..255.
        max_pixels: Largest height times width that is accepted.

    Raises:
        InputError: The file is missing, unreadable, damaged, too large or not a picture.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder; needs a picture")
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures on its own scale; ours is checked below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(path, formats=_FORMATS)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist") from error
    except UnidentifiedImageError as error:
        raise InputError(f"{path} is not a picture", hint=f"{', '.join(_FORMATS)} can be read.") from error
    except Image.DecompressionBombError as error:
        raise InputError(f"{path} is too large: {error}", hint="make it smaller first.") from error
    except OSError as error:
        if error.errno is None:
            raise _damaged(path, error) from error
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    with picture:
        width, height = picture.size
        if width * height > max_pixels:
            raise InputError(
                f"{path} is {width}x{height} pixels; at most {max_pixels / 1e6:g} million are read",
                hint="make it smaller first.",
            )
        try:
            picture.load()
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise _damaged(path, error) from error
        return _as_seen(ImageOps.exif_transpose(picture), background)


def is_image(path: Path) -> bool:
    """Tell a picture from a video by the first bytes of the file; an animated GIF counts as a video."""
    try:
        with Image.open(path, formats=_FORMATS) as picture:
            return not (picture.format == "GIF" and getattr(picture, "n_frames", 1) > 1)
    except (OSError, Image.DecompressionBombError):
        return False


def write_png(path: Path, rgb: np.ndarray, marks: Marks | None = None) -> None:
    """Write one picture.

    Args:
        path: File to write; replaced if it exists.
        rgb: uint8 [H, W, 3].
        marks: What it says of itself.

    Raises:
        InputError: It cannot be written there.
    """
    said = PngInfo()
    if marks is not None:
        packet = write_packet(replace(marks, content_sha256=picture_sha256(rgb)))
        said.add_itxt(PNG_KEYWORD, packet.decode())
    with replacing(path) as beside:
        Image.fromarray(rgb).save(beside, format="PNG", pnginfo=said)


def through_jpeg(rgb: np.ndarray, quality: int) -> np.ndarray:
    """Compress a picture as OpenCV writes it and read it as PIL does: the released pre-processing's way.

    Args:
        rgb: uint8 [H, W, 3].
        quality: 1..100; 95 is OpenCV's own.

    Returns:
        uint8 [H, W, 3], with the traces of compression.
    """
    import cv2

    _, stream = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    with Image.open(io.BytesIO(stream.tobytes())) as picture:
        return np.array(picture.convert("RGB"))


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"{path} is damaged: {error}", hint="copy or export it again.")


def _as_seen(picture: Image.Image, background: tuple[int, int, int]) -> ReferenceImage:
    if picture.mode.startswith("I;16") or picture.mode == "I":
        # Pillow would cut 16-bit greys off at 255 instead of scaling them.
        picture = Image.fromarray((np.asarray(picture) >> 8).clip(0, 255).astype(np.uint8))
    if not picture.has_transparency_data:
        return ReferenceImage(np.array(picture.convert("RGB")), None)
    rgba = np.array(picture.convert("RGBA"))
    alpha = np.ascontiguousarray(rgba[..., 3])
    if alpha.min() == 255:
        return ReferenceImage(np.ascontiguousarray(rgba[..., :3]), None)
    cover = alpha[..., None].astype(np.float32) / 255
    mixed = rgba[..., :3] * cover + np.asarray(background, np.float32) * (1 - cover)
    return ReferenceImage(np.rint(mixed).astype(np.uint8), alpha)
