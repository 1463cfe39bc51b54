"""Single pictures: read by what is in the file, not by what it is called; written as PNG."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from animatex.errors import InputError, brief
from animatex.files import replacing
from animatex.limits import PICTURE_BYTES, PIXELS, check_bytes, check_file, check_size
from animatex.provenance.marks import PNG_KEYWORD, Marks, picture_sha256, write_packet
from animatex.video.frames import Size

WHITE = (255, 255, 255)

# What character pictures come as. Others are left out on purpose: some of Pillow's readers start programs.
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM")
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".ppm")

_PROFILED = {
    "RGB": ("RGB", ("RGB", "RGBA", "P", "PA")),
    "GRAY": ("L", ("L", "LA", "1")),
    "CMYK": ("CMYK", ("CMYK",)),
}
"""Of each kind of colour profile: the mode in which Pillow converts, and the modes of its pictures."""

_ROUNDING = 2
"""Levels of 255 by which sRGB's own profiles, of several makers, differ from each other."""

_SRGB_GAMMA, _GAMMA_SLACK = 1 / 2.2, 0.05
"""What PNG files of sRGB say, and by how much others may differ and mean the same, as libpng has it."""

_GAMMAS = (0.1, 10.0)
"""Exponents that a PNG file can mean."""

_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, OverflowError, MemoryError)
"""What Pillow's readers raise, depending on where a file is broken."""


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceImage:
    """A picture as people see it: upright, in sRGB.

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


def read_image(path: Path, *, background: tuple[int, int, int] = WHITE) -> ReferenceImage:
    """Read a picture, whatever its suffix says; of an animation the first frame.

    Colours are converted to sRGB where the picture has a profile, or a PNG file an exponent (gAMA), that says
    otherwise. What a PNG file says by cICP, such as HDR, is not read.

    Args:
        path: A PNG, JPEG, WebP, BMP, TIFF, GIF or PPM file.
        background: Colour behind transparent parts, RGB, 0..255.

    Raises:
        InputError: The file is missing, unreadable, damaged, too large or not a picture.
    """
    with _opened(path) as picture:
        picture.load()
        return _as_seen(ImageOps.exif_transpose(picture), background)


def is_image(path: Path) -> bool:
    """Tell a picture from a video by the first bytes of the file; an animated GIF counts as a video."""
    try:
        check_bytes(path, check_file(path), PICTURE_BYTES, "has")
        with _pillow_limited(path), Image.open(path, formats=_FORMATS) as picture:
            return not (picture.format == "GIF" and _is_animated(picture))
    except (InputError, Image.DecompressionBombError, *_DAMAGE):
        return False


def is_meant_as_picture(path: Path) -> bool:
    """Tell whether a file is a picture, or is called like one and may be damaged."""
    return path.suffix.lower() in _SUFFIXES or is_image(path)


def write_png(path: Path, rgb: np.ndarray, marks: Marks | None = None) -> None:
    """Write one picture.

    Args:
        path: File to write; replaced if it exists.
        rgb: uint8 [H, W, 3].
        marks: What it says of itself.

    Raises:
        InputError: It cannot be written there.
    """
    with replacing(path) as beside:
        beside.write_bytes(encode_png(rgb, marks))


def encode_png(rgb: np.ndarray, marks: Marks | None = None) -> bytes:
    """Give what `write_png` writes."""
    said = PngInfo()
    if marks is not None:
        packet = write_packet(replace(marks, content_sha256=picture_sha256(rgb)))
        said.add_itxt(PNG_KEYWORD, packet.decode())
    written = io.BytesIO()
    Image.fromarray(rgb).save(written, format="PNG", pnginfo=said)
    return written.getvalue()


def read_packet_of(path: Path) -> bytes | None:
    """Give a picture's XMP packet, undecoded; None where it has none.

    Raises:
        InputError: The file is missing, unreadable or no picture.
    """
    with _opened(path) as picture:
        # In PNG files it may lie behind the pixels, where other tools put it.
        picture.load()
        said = picture.info.get(PNG_KEYWORD) or picture.info.get("xmp")
    return said.encode("utf-8", "surrogateescape") if isinstance(said, str) else said


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


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture within the limits, and say in words what is wrong with it, now or later."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; needs a picture")
    check_bytes(path, check_file(path), PICTURE_BYTES, "has")
    try:
        with _pillow_limited(path), Image.open(path, formats=_FORMATS) as picture:
            check_size(path, picture.height, picture.width)
            yield picture
    except UnidentifiedImageError as error:
        raise InputError(f"{path} is not a picture", hint=f"{', '.join(_FORMATS)} can be read.") from error
    except Image.DecompressionBombError as error:
        limit = PIXELS.value()
        raise InputError(
            f"{path} has a frame of far more than {limit} pixels",
            hint=f"make it smaller, or {PIXELS.raise_to(10 * limit)}",
        ) from error
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        raise InputError(f"{path} is damaged: {brief(error)}", hint="copy or export it again.") from error


@contextmanager
def _pillow_limited(path: Path) -> Iterator[None]:
    """Replace the limit that Pillow has for a whole process while we read; ours is checked by who opens.

    A GIF's frames may be larger than the GIF, and take memory before anybody sees their size: for them Pillow
    has our limit, of which it refuses the double.
    """
    with path.open("rb") as file:
        is_gif = file.read(4) == b"GIF8"
    theirs, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, PIXELS.value() if is_gif else None
    try:
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = theirs


def _is_animated(picture: Image.Image) -> bool:
    """Tell whether there is a second frame, without counting all of them."""
    try:
        picture.seek(1)
    except EOFError:
        return False
    return True


def _as_seen(picture: Image.Image, background: tuple[int, int, int]) -> ReferenceImage:
    profile, gamma = picture.info.get("icc_profile"), _stated_gamma(picture)
    if picture.mode.startswith("I;16") or picture.mode == "I":
        # Pillow would cut 16-bit greys off at 255 instead of scaling them.
        picture = Image.fromarray((np.asarray(picture) >> 8).clip(0, 255).astype(np.uint8))
    rgb = np.array(_in_srgb(picture, profile, gamma))
    if not picture.has_transparency_data:
        return ReferenceImage(rgb, None)
    alpha = np.array(picture.convert("RGBA").getchannel("A"))
    if alpha.min() == 255:
        return ReferenceImage(rgb, None)
    cover = alpha[..., None].astype(np.float32) / 255
    mixed = rgb * cover + np.asarray(background, np.float32) * (1 - cover)
    return ReferenceImage(np.rint(mixed).astype(np.uint8), alpha)


def _stated_gamma(picture: Image.Image) -> float | None:
    """Give the exponent that a PNG file says it was coded with; None where that is sRGB's, or absurd.

    A profile, and the statement that it is sRGB, count before it.
    """
    gamma = picture.info.get("gamma")
    if gamma is None or "srgb" in picture.info or not _GAMMAS[0] <= gamma <= _GAMMAS[1]:
        return None
    return None if abs(gamma / _SRGB_GAMMA - 1) < _GAMMA_SLACK else float(gamma)


def _in_srgb(picture: Image.Image, profile: bytes | None, gamma: float | None) -> Image.Image:
    """Convert colours as their profile says, or else their exponent.

    A broken profile, or one of another kind of picture, says nothing.
    """
    plain = (
        picture.convert("RGBA").convert("RGB") if picture.has_transparency_data else picture.convert("RGB")
    )
    if not profile:
        return plain if gamma is None else plain.point(_srgb_levels(gamma) * 3)
    try:
        theirs = ImageCms.getOpenProfile(io.BytesIO(profile))
        mode, kinds = _PROFILED.get(theirs.profile.xcolor_space.strip(), ("", ()))
        if picture.mode not in kinds:
            return plain
        to_srgb = ImageCms.buildTransform(theirs, ImageCms.createProfile("sRGB"), mode, "RGB")
        if mode == "RGB" and _keeps_colours(to_srgb):
            return plain
        return to_srgb.apply(plain if mode == "RGB" else picture.convert(mode))
    except (ImageCms.PyCMSError, *_DAMAGE):
        return plain


def _srgb_levels(gamma: float) -> list[int]:
    """Give for each of 256 levels that were coded with an exponent the level in sRGB."""
    light = np.linspace(0, 1, 256) ** (1 / gamma)
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return [int(level) for level in np.rint(255 * coded)]


def _keeps_colours(transform: ImageCms.ImageCmsTransform) -> bool:
    """Tell whether a transform from RGB to RGB does no more than round: the profile is sRGB, by any name."""
    levels = np.linspace(0, 255, 16).round().astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(16, -1, 3)
    converted = np.asarray(transform.apply(Image.fromarray(colours)))
    return bool(np.abs(converted.astype(int) - colours).max() <= _ROUNDING)
