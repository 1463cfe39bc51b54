"""Self-contained HTML pages: templates filled in, pictures and videos inside, nothing fetched."""

from __future__ import annotations

import base64
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic_core import to_json

from animatex.errors import InputError, require
from animatex.files import replacing

_CRF = 26
_JPEG_QUALITY = 88


def render_page(template: str, page: object) -> str:
    """Fill in a template of this package; everything that is put in is escaped.

    Args:
        template: Its file name.
        page: What the template knows as `page`.
    """
    jinja2 = require("jinja2", for_="HTML pages")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("animatex.bench"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_function"] = _as_json
    return str(environment.get_template(template).render(page=page))


def write_page(path: Path, text: str, max_mb: float) -> int:
    """Write a page unless it is too large to be opened with pleasure.

    Returns:
        Its size in bytes.

    Raises:
        InputError: It is larger than `max_mb` million bytes, or cannot be written.
    """
    written = text.encode("utf-8")
    if len(written) > max_mb * 1e6:
        raise InputError(
            f"{path} would have {len(written) / 1e6:.3g} MB; at most {max_mb:g} are written",
            hint="fewer or smaller videos, or a larger --max-mb.",
        )
    with replacing(path) as beside:
        beside.write_bytes(written)
    return len(written)


def embed_picture(path: Path, side: int) -> str:
    """Give a picture as a data URI: a JPEG with a longer side of at most `side` pixels.

    Raises:
        InputError: It is no picture.
    """
    import cv2

    from animatex.video.image import read_image

    rgb = read_image(path).rgb
    scale = side / max(rgb.shape[:2])
    if scale < 1:
        rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return _data_uri("image/jpeg", encoded.tobytes())


def embed_video(path: Path, side: int, fps: float | None = None) -> str:
    """Give a video as a data URI: H.264, which every common browser plays, without sound, names or marks.

    Pages show recordings beside generated videos, and a blind study must not tell them apart.

    Args:
        path: A video file or a folder of pictures.
        side: Its longer side in pixels, at most.
        fps: Frames per second; None: as the file says.

    Raises:
        InputError: It is no video.
    """
    from animatex.video.reader import read_video
    from animatex.video.writer import write_video

    frames = read_video(path, max_side=side, fps=fps)
    with TemporaryDirectory(prefix="animatex-") as folder:
        small = Path(folder) / "clip.mp4"
        write_video(small, frames, crf=_CRF, marks=None)
        return _data_uri("video/mp4", small.read_bytes())


def _as_json(value: object, **_: object) -> str:
    """Write what a script of the page reads; dataclasses become objects."""
    return to_json(value).decode("utf-8")


def _data_uri(media: str, data: bytes) -> str:
    return f"data:{media};base64,{base64.b64encode(data).decode('ascii')}"
