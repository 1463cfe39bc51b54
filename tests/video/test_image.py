from __future__ import annotations

import io
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from animatex.errors import InputError
from animatex.video.frames import Size
from animatex.video.image import ReferenceImage, is_image, read_image, write_png
from tests.video import profiles


@pytest.fixture
def picture(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 255, (20, 30, 3), dtype=np.uint8)


def test_a_picture_comes_back_as_it_was_written(tmp_path: Path, picture: np.ndarray) -> None:
    write_png(tmp_path / "hero.png", picture)
    read = read_image(tmp_path / "hero.png")
    assert np.array_equal(read.rgb, picture)
    assert read.alpha is None and read.size == Size(20, 30)


def test_the_content_decides_and_not_the_suffix(tmp_path: Path, picture: np.ndarray) -> None:
    write_png(tmp_path / "hero.png", picture)
    (tmp_path / "hero.png").rename(tmp_path / "hero.jpeg")
    assert np.array_equal(read_image(tmp_path / "hero.jpeg").rgb, picture)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_undone(tmp_path: Path, picture: np.ndarray, orientation: int) -> None:
    # What a camera stores, so that turning it as the tag says gives the picture (EXIF 2.3, 4.6.4).
    stored = {
        1: picture,
        2: picture[:, ::-1],
        3: picture[::-1, ::-1],
        4: picture[::-1],
        5: picture.transpose(1, 0, 2),
        6: np.rot90(picture, 1),
        7: np.rot90(picture.transpose(1, 0, 2), 2),
        8: np.rot90(picture, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "held.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "held.png").rgb, picture)


def test_transparent_parts_are_painted_over_the_background_and_alpha_is_kept(tmp_path: Path) -> None:
    rgba = np.zeros((4, 6, 4), np.uint8)
    rgba[..., 0] = 200
    rgba[:, 2:4, 3], rgba[:, 4:, 3] = 128, 255
    Image.fromarray(rgba).save(tmp_path / "cutout.png")
    read = read_image(tmp_path / "cutout.png", background=(0, 0, 100))
    assert read.alpha is not None and np.array_equal(read.alpha, rgba[..., 3])
    assert read.rgb[0, 0].tolist() == [0, 0, 100]
    assert read.rgb[0, 3].tolist() == [100, 0, 50]
    assert read.rgb[0, 5].tolist() == [200, 0, 0]
    assert read_image(tmp_path / "cutout.png").rgb[0, 0].tolist() == [255, 255, 255]


def test_an_alpha_that_hides_nothing_is_no_alpha(tmp_path: Path, picture: np.ndarray) -> None:
    Image.fromarray(np.dstack([picture, np.full((20, 30), 255, np.uint8)])).save(tmp_path / "opaque.png")
    read = read_image(tmp_path / "opaque.png")
    assert read.alpha is None and np.array_equal(read.rgb, picture)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "LA", "YCbCr"])
def test_every_kind_of_picture_becomes_rgb(tmp_path: Path, picture: np.ndarray, mode: str) -> None:
    suffix = "jpg" if mode in ("CMYK", "YCbCr") else "png"
    source = Image.fromarray(picture)
    source = source.convert("L").convert("LA") if mode == "LA" else source.convert(mode)
    source.save(tmp_path / f"kind.{suffix}")
    assert read_image(tmp_path / f"kind.{suffix}").rgb.shape == (20, 30, 3)


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 30, dtype=np.uint16)[None].repeat(4, 0)
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    grey = read_image(tmp_path / "deep.png").rgb[0, :, 0].astype(int)
    assert grey[0] == 0 and grey[-1] == 255 and np.abs(grey - ramp[0] / 257).max() <= 1


@pytest.mark.parametrize("alpha", [None, 128])
@pytest.mark.parametrize(
    ("stored", "seen"), [((234, 51, 35), (255, 0, 0)), ((117, 251, 76), (0, 255, 0)), ((90, 90, 90),) * 2]
)
def test_colours_are_converted_as_the_profile_says(
    tmp_path: Path, stored: tuple[int, int, int], seen: tuple[int, int, int], alpha: int | None
) -> None:
    # Red and green of sRGB as they are in Display P3 (CSS Color 4, 10.4).
    colour = stored if alpha is None else (*stored, alpha)
    picture = Image.new("RGB" if alpha is None else "RGBA", (4, 3), colour)
    picture.save(tmp_path / "telephone.png", icc_profile=profiles.display_p3())
    read = read_image(tmp_path / "telephone.png", background=(0, 0, 0))
    cover = 1 if alpha is None else alpha / 255
    assert np.abs(read.rgb - np.array(seen) * cover).max() <= 3
    assert (read.alpha is None) if alpha is None else (read.alpha == alpha).all()


def test_greys_are_converted_as_the_profile_says(tmp_path: Path) -> None:
    for mode, colour in (("L", 128), ("LA", (128, 255))):
        Image.new(mode, (4, 3), colour).save(tmp_path / "scan.png", icc_profile=profiles.grey(gamma=1.0))
        # Half of the light is 188 of 255 in sRGB (IEC 61966-2-1).
        assert np.abs(read_image(tmp_path / "scan.png").rgb.astype(int) - 188).max() <= 1


def test_a_profile_of_srgb_changes_nothing(tmp_path: Path, picture: np.ndarray) -> None:
    Image.fromarray(picture).save(tmp_path / "hero.png", icc_profile=profiles.srgb())
    assert np.array_equal(read_image(tmp_path / "hero.png").rgb, picture)


def with_gamma(gamma: int, *, srgb: bool = False) -> PngInfo:
    """A PNG file's gAMA, in hundred thousandths, and perhaps its sRGB."""
    said = PngInfo()
    said.add(b"gAMA", struct.pack(">I", gamma))
    if srgb:
        said.add(b"sRGB", b"\0")
    return said


@pytest.mark.parametrize(
    ("mode", "colour"), [("RGB", (128,) * 3), ("RGBA", (128, 128, 128, 200)), ("L", 128)]
)
def test_a_gamma_of_its_own_is_converted(tmp_path: Path, mode: str, colour: object) -> None:
    Image.new(mode, (4, 3), colour).save(tmp_path / "render.png", pnginfo=with_gamma(100_000))
    read = read_image(tmp_path / "render.png", background=(188,) * 3)
    # Half of the light is 188 of 255 in sRGB (IEC 61966-2-1).
    assert np.abs(read.rgb.astype(int) - 188).max() <= 1
    assert (read.alpha is None) is (mode != "RGBA")


@pytest.mark.parametrize("said", [with_gamma(45_455), with_gamma(100_000, srgb=True), with_gamma(0)])
def test_a_gamma_that_means_srgb_or_nothing_changes_nothing(
    tmp_path: Path, picture: np.ndarray, said: PngInfo
) -> None:
    Image.fromarray(picture).save(tmp_path / "hero.png", pnginfo=said)
    assert np.array_equal(read_image(tmp_path / "hero.png").rgb, picture)


def test_a_profile_counts_before_a_gamma(tmp_path: Path, picture: np.ndarray) -> None:
    Image.fromarray(picture).save(
        tmp_path / "hero.png", icc_profile=profiles.srgb(), pnginfo=with_gamma(100_000)
    )
    assert np.array_equal(read_image(tmp_path / "hero.png").rgb, picture)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_profile_of_another_kind_of_picture_changes_nothing(tmp_path: Path, mode: str) -> None:
    for name, options in (("plain.tif", {}), ("odd.tif", {"icc_profile": profiles.display_p3()})):
        Image.new("RGB", (4, 3), (200, 60, 30)).convert(mode).save(tmp_path / name, **options)
    plain, odd = (read_image(tmp_path / name).rgb for name in ("plain.tif", "odd.tif"))
    assert np.array_equal(plain, odd)


@given(data=st.data())
def test_a_broken_profile_is_no_obstacle(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([profiles.display_p3(), profiles.grey(1.8), b"", b"words"]))
    broken = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for place in data.draw(st.lists(st.integers(0, max(0, len(broken) - 1)), max_size=8)) if broken else []:
        broken[place] = data.draw(st.integers(0, 255))
    for picture in (Image.new("RGB", (4, 3), (200, 60, 30)), Image.new("LA", (4, 3), (90, 40))):
        stored = io.BytesIO()
        picture.save(stored, "PNG", icc_profile=bytes(broken))
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            Path(file.name).write_bytes(stored.getvalue())
            assert read_image(Path(file.name)).size == Size(3, 4)


def test_shapes_are_checked_once() -> None:
    with pytest.raises(ValueError, match=r"rgb is float64 \[4, 4, 3\]; needs uint8 \[H, W, 3\]"):
        ReferenceImage(np.zeros((4, 4, 3)), None)
    with pytest.raises(ValueError, match=r"alpha is uint8 \[4, 5\]; needs uint8"):
        ReferenceImage(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.uint8))


def test_pictures_are_told_from_videos(tmp_path: Path, picture: np.ndarray, video: Path) -> None:
    write_png(tmp_path / "hero.dat", picture)
    pages = [Image.fromarray(picture), Image.fromarray(255 - picture)]
    pages[0].save(tmp_path / "loop.gif", save_all=True, append_images=pages[1:])
    (tmp_path / "words.png").write_text("words")
    assert is_image(tmp_path / "hero.dat")
    assert not is_image(tmp_path / "loop.gif")
    assert not is_image(tmp_path / "words.png")
    assert not is_image(video)
    assert not is_image(tmp_path / "nowhere.png")


# Bad input.


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"hero\.png does not exist"):
        read_image(tmp_path / "hero.png")


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder; needs a picture"):
        read_image(tmp_path)


def test_what_is_no_picture_is_refused_with_what_would_be(tmp_path: Path) -> None:
    (tmp_path / "hero.png").write_text("words")
    with pytest.raises(InputError, match=r"hero\.png is not a picture") as caught:
        read_image(tmp_path / "hero.png")
    assert caught.value.hint == "PNG, JPEG, WEBP, BMP, TIFF, GIF, PPM can be read."


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_half_a_picture_is_refused(tmp_path: Path, picture: np.ndarray, kind: str) -> None:
    whole = io.BytesIO()
    Image.fromarray(picture).resize((300, 200)).save(whole, kind)
    (tmp_path / "half.png").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    with pytest.raises(InputError, match=r"half\.png is (damaged|not a picture)"):
        read_image(tmp_path / "half.png")


def test_a_few_bytes_that_claim_gigabytes_are_refused_unopened(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for side, said in (
        (12_000, "is 12000x12000 pixels; at most 64000000 pixels are read"),
        (60_000, "is 60000x60000 pixels; at most 64000000 pixels are read"),
    ):
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        (tmp_path / "bomb.png").write_bytes(
            b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
        )
        with pytest.raises(InputError, match=said):
            read_image(tmp_path / "bomb.png")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["bear.jpeg", "juice.png", "maid.jpeg", "rabbit.jpeg"])
def test_real_pictures_are_read(shared: Path, name: str) -> None:
    assert min(read_image(shared / "samples" / name).size) > 200


def test_a_picture_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Permissions do not bind the super-user, who may be running this.
    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Image, "open", refuse)
    (tmp_path / "hero.png").touch()
    with pytest.raises(InputError, match=r"hero\.png cannot be read: Permission denied"):
        read_image(tmp_path / "hero.png")
