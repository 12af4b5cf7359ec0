"""Pictures shown inline: decoded and encoded anew, so that what a browser gets was written by us."""

import io
import warnings
from typing import NamedTuple

from PIL import Image, ImageOps

from msp.core.errors import UnsupportedType

# Decoding takes about six bytes a pixel, at worst, for a moment.
MAX_PIXELS = 32_000_000
MAX_EDGE = 2_560
# Only decoders that are read by everybody every day; the others have the longest lists of faults.
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")


class ImageRefused(UnsupportedType):
    """Damaged, of another format, or too many pixels: offered for download only."""

    code, title = "image_refused", "This picture cannot be shown"


class Picture(NamedTuple):
    """What may be shown, and its size for the page's layout."""

    content_type: str
    data: bytes
    width: int
    height: int


def reencode(data: bytes, *, max_edge: int = MAX_EDGE, max_pixels: int = MAX_PIXELS) -> Picture:
    """The first frame, upright, at most `max_edge` wide and high, without any metadata (places, names, thumbnails)."""
    try:
        with warnings.catch_warnings():
            # Pillow only warns where it should refuse.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > max_pixels:
                    raise ImageRefused("This picture has too many pixels.", width=image.width, height=image.height)
                return _encoded(_prepared(image, max_edge))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageRefused("This picture has too many pixels.") from error
    # Decoders of damaged data raise what they happen to trip over.
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise ImageRefused from error


def _prepared(image: Image.Image, max_edge: int) -> Image.Image:
    """Small first: a JPEG is then decoded at a fraction of its size."""
    image.thumbnail((max_edge, max_edge))
    upright = ImageOps.exif_transpose(image)
    has_alpha = upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info
    # A fresh picture takes pixels over and nothing else.
    plain = Image.new("RGBA" if has_alpha else "RGB", upright.size)
    plain.paste(upright.convert(plain.mode))
    return plain


def _encoded(image: Image.Image) -> Picture:
    """Screenshots stay sharp as PNG; what PNG cannot pack becomes JPEG, unless it is transparent."""
    png = _saved(image, "PNG", optimize=False)
    if image.mode == "RGB":
        jpeg = _saved(image, "JPEG", quality=85)
        if len(jpeg) * 2 < len(png):
            return Picture("image/jpeg", jpeg, image.width, image.height)
    return Picture("image/png", png, image.width, image.height)


def _saved(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()
