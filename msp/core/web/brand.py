"""A client's colour: derived as `tokens.css` derives it, checked when it is saved, served as its own style sheet.

OKLCH after Björn Ottosson (https://bottosson.github.io/posts/oklab/), contrast after WCAG 2.2, both as browsers do it:
colours outside sRGB are clipped channel by channel.
"""

import hashlib
import math
import re
from dataclasses import dataclass

MIN_CONTRAST = 4.5
MAX_SHIFT = 0.25
HUES = 12

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_TITLES = frozenset({"dr", "mr", "mrs", "ms", "miss", "prof", "sir", "the"})

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Oklch:
    """Lightness 0..1, chroma, hue in degrees."""

    lightness: float
    chroma: float
    hue: float


@dataclass(frozen=True)
class BrandCheck:
    """The verdict on a colour: how far lightness must move, what would be shown, and the worst contrast on any page."""

    ok: bool
    moved_by: float
    shown_hex: str
    contrast: float


def brand_check(colour: str) -> BrandCheck:
    """Judge a colour `#rrggbb`; ValueError for anything else. Refused: under 4.5:1, or moved by more than 0.25."""
    brand = _oklch(_rgb(colour))
    solid = _solid(brand)
    moved_by = abs(solid.lightness - brand.lightness)
    contrast = min(_contrast(_clipped(a), _clipped(b)) for a, b in _text_pairs(brand))
    return BrandCheck(contrast >= MIN_CONTRAST and moved_by <= MAX_SHIFT, moved_by, _hex(_clipped(solid)), contrast)


def brand_stylesheet(colour: str) -> str:
    """What `/brand/<hash>.css` holds: the one input from which the tokens derive all the rest."""
    _rgb(colour)
    return f"@layer tokens {{ :root {{ --brand: {colour.lower()}; }} }}\n"


def brand_hash(colour: str) -> str:
    """Names the style sheet of a colour, so that it may be cached for ever."""
    return hashlib.sha256(brand_stylesheet(colour).encode()).hexdigest()[:12]


def hue_of(key: object) -> int:
    """One of the twelve hues (`data-hue`) for a company or person, the same everywhere and for ever."""
    return hashlib.sha256(str(key).encode()).digest()[0] % HUES + 1


def monogram(name: str) -> str:
    """Two letters for a name: `Harbor Logistics` HL, `Pieter de Vries` PV, `Acme` AC."""
    words = [word for word in re.findall(r"\w+", name) if word.lower() not in _TITLES]
    weighty = [word for word in words if not word[0].islower()] or words
    if not weighty:
        return "–"
    letters = weighty[0][:2] if len(weighty) == 1 else weighty[0][0] + weighty[-1][0]
    return letters.upper()


def short_name(name: str, most: int = 12) -> str:
    """A company's name where there is little room, without its last words: `Harbor Logistics` Harbor, `Birch & Co` as it is."""
    words = name.split()
    while len(words) > 1 and (len(" ".join(words)) > most or not words[-1][0].isalnum()):
        words.pop()
    return " ".join(words)


# --- The derivation of tokens.css ------------------------------------------------------------------------------------


def _clamp(low: float, value: float, high: float) -> float:
    return max(low, min(value, high))


def _solid(brand: Oklch) -> Oklch:
    return Oklch(_clamp(0.38, brand.lightness, 0.51), min(brand.chroma, 0.16), brand.hue)


def _text_pairs(brand: Oklch) -> list[tuple[Oklch, Oklch]]:
    """Every pair of text and ground that takes part of its colour from the brand, light scheme first."""
    light = Oklch(_clamp(0.36, brand.lightness, 0.48), min(brand.chroma, 0.15), brand.hue)
    dark = Oklch(_clamp(0.76, brand.lightness, 0.84), min(brand.chroma, 0.11), brand.hue)
    return [
        (Oklch(0.995, 0.002, 85), _solid(brand)),
        (light, Oklch(0.962, min(brand.chroma * 0.17, 0.017), brand.hue)),
        (light, Oklch(0.974, 0.0045, 85)),
        (dark, Oklch(0.268, min(brand.chroma * 0.32, 0.032), brand.hue)),
        (dark, Oklch(0.246, 0.0055, 70)),
    ]


# --- Colour arithmetic -----------------------------------------------------------------------------------------------


def _rgb(colour: str) -> Rgb:
    """Linear light of `#rrggbb`."""
    if not _HEX.fullmatch(colour):
        raise ValueError("a colour is # and six hexadecimal digits")
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _encoded(channel: float) -> float:
    return channel * 12.92 if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _oklch(rgb: Rgb) -> Oklch:
    r, g, b = rgb
    long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    medium = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b_axis = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return Oklch(lightness, math.hypot(a, b_axis), math.degrees(math.atan2(b_axis, a)) % 360)


def _clipped(colour: Oklch) -> Rgb:
    """Linear light inside sRGB."""
    a = colour.chroma * math.cos(math.radians(colour.hue))
    b = colour.chroma * math.sin(math.radians(colour.hue))
    long = (colour.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (colour.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (colour.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _clamp(0, 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short, 1),
        _clamp(0, -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short, 1),
        _clamp(0, -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short, 1),
    )


def _hex(rgb: Rgb) -> str:
    return "#" + "".join(f"{round(_encoded(channel) * 255):02x}" for channel in rgb)


def _luminance(rgb: Rgb) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def _contrast(one: Rgb, other: Rgb) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
