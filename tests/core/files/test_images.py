"""Pictures are written anew: nothing of the sender's bytes and metadata remains, and bombs are refused."""

import io
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from msp.core.files import images
from msp.core.files.images import ImageRefused, reencode


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP"])
def test_every_format_comes_back_as_png_or_jpeg(format: str) -> None:
    picture = reencode(saved(Image.new("RGB", (30, 20), "teal"), format))
    image = opened(picture.data)
    assert (picture.width, picture.height) == image.size == (30, 20)
    assert picture.content_type == f"image/{(image.format or '').lower()}"
    assert picture.content_type in ("image/png", "image/jpeg")


def test_metadata_is_gone() -> None:
    exif = Image.Exif()
    exif[0x010E] = "canary in the description"
    exif[0x8825] = {1: "N", 2: (51.0, 30.0, 0.0)}
    picture = Image.new("RGB", (30, 20), "teal")
    note = PngInfo()
    note.add_text("Comment", "canary in a text chunk")
    for data in (
        saved(picture, "JPEG", exif=exif.tobytes(), comment=b"canary in a comment", icc_profile=b"canary profile"),
        saved(picture, "PNG", pnginfo=note),
        saved(picture, "PNG") + b"canary after the end <script>",
    ):
        assert b"canary" in data
        clean = reencode(data).data
        assert b"canary" not in clean
        assert not opened(clean).getexif()


def test_a_photo_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(Image.new("RGB", (40, 20), "teal"), "JPEG", exif=exif.tobytes())
    assert (reencode(data).width, reencode(data).height) == (20, 40)


def test_transparency_stays() -> None:
    for image in (Image.new("RGBA", (9, 9), (0, 0, 255, 0)), Image.new("LA", (9, 9), (0, 0))):
        picture = reencode(saved(image, "PNG"))
        assert picture.content_type == "image/png"
        assert opened(picture.data).getpixel((4, 4))[3] == 0  # type: ignore[index]  # RGBA gives a tuple
    indexed = Image.new("P", (9, 9), 0)
    assert opened(reencode(saved(indexed, "GIF", transparency=0)).data).getpixel((4, 4))[3] == 0  # type: ignore[index]


def test_odd_modes_are_shown() -> None:
    for mode, format in (("CMYK", "JPEG"), ("1", "PNG"), ("I;16", "PNG"), ("L", "JPEG")):
        assert reencode(saved(Image.new(mode, (9, 9)), format)).width == 9


def test_only_the_first_frame() -> None:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert getattr(opened(reencode(data).data), "n_frames", 1) == 1


def test_large_pictures_become_smaller() -> None:
    picture = reencode(saved(Image.new("RGB", (4000, 1000), "teal"), "JPEG"))
    assert (picture.width, picture.height) == (images.MAX_EDGE, images.MAX_EDGE // 4)


def test_a_photo_is_not_blown_up() -> None:
    noise = Image.effect_noise((600, 600), 80).convert("RGB")
    data = saved(noise, "JPEG", quality=80)
    picture = reencode(data)
    assert picture.content_type == "image/jpeg"
    assert len(picture.data) < 2 * len(data)


def bomb(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds almost nothing."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(7000, 7000), (12_000, 12_000), (60_000, 60_000), (1, 60_000_000)])
def test_bombs_are_refused_before_they_are_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(ImageRefused, match="too many pixels"):
        reencode(bomb(*size))


def test_a_bomb_in_a_text_chunk() -> None:
    note = PngInfo()
    note.add_text("x", "A" * 80_000_000, zip=True)
    with pytest.raises(ImageRefused):
        reencode(saved(Image.new("RGB", (9, 9)), "PNG", pnginfo=note))


OTHER_FORMATS = [saved(Image.new("RGB", (9, 9)), format) for format in ("BMP", "TIFF", "ICO")]


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg/>", b"%PDF-1.7", bomb(50, 50), *OTHER_FORMATS])
def test_what_is_no_picture_of_ours(data: bytes) -> None:
    with pytest.raises(ImageRefused):
        reencode(data)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP"])
def test_damaged_pictures_never_raise_anything_else(format: str) -> None:
    data = saved(Image.effect_noise((64, 64), 60).convert("RGB"), format)
    for at in range(0, len(data), max(1, len(data) // 60)):
        for damaged in (data[:at], data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]):
            try:
                picture = reencode(damaged)
            except ImageRefused:
                continue
            assert opened(picture.data).size == (picture.width, picture.height)
