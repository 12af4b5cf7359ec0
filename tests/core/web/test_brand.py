"""A client's colour: every page stays readable, and the check says what the browser will show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from msp.core.web import brand
from tests.core.web.site import Site


def test_the_grid_of_brands_stays_readable() -> None:
    worst = 21.0
    for hue in range(0, 360, 12):
        for chroma in (0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3):
            for lightness in (0.2, 0.35, 0.45, 0.5, 0.6, 0.75, 0.9):
                pairs = brand._text_pairs(brand.Oklch(lightness, chroma, hue))
                worst = min(worst, *(brand._contrast(brand._clipped(a), brand._clipped(b)) for a, b in pairs))
    assert worst >= 4.7


@given(st.integers(0, 0xFFFFFF))
def test_any_colour_is_judged(number: int) -> None:
    check = brand.brand_check(f"#{number:06x}")
    assert check.contrast >= brand.MIN_CONTRAST
    assert check.ok == (check.moved_by <= brand.MAX_SHIFT)


@pytest.mark.parametrize(
    ("colour", "ok"),
    [
        ("#007a82", True),
        ("#c0562b", True),
        ("#1f5f92", True),
        ("#ffcc00", False),
        ("#ffffff", False),
        ("#000000", False),
    ],
)
def test_what_would_move_too_far_is_refused(colour: str, ok: bool) -> None:
    assert brand.brand_check(colour).ok is ok


@pytest.mark.parametrize("colour", ["teal", "#fff", "#12345g", "#1234567", "", "#123456; } body { display: none"])
def test_only_a_colour_is_a_colour(colour: str) -> None:
    with pytest.raises(ValueError, match="six hexadecimal digits"):
        brand.brand_stylesheet(colour)
    with pytest.raises(ValueError, match="six hexadecimal digits"):
        brand.brand_check(colour)


def test_the_style_sheet_is_one_declaration_named_by_its_content() -> None:
    assert brand.brand_stylesheet("#007A82") == "@layer tokens { :root { --brand: #007a82; } }\n"
    assert brand.brand_hash("#007A82") == brand.brand_hash("#007a82") != brand.brand_hash("#007a83")


@pytest.mark.browser
@pytest.mark.parametrize("colour", ["#007a82", "#ffcc00", "#e0007a", "#101010", "#8fd14f", "#2b2bff"])
def test_the_browser_shows_what_the_check_promised(chromium: Browser, pages: Site, colour: str) -> None:
    page = chromium.new_page(bypass_csp=True, reduced_motion="reduce")
    page.goto(f"{pages.address}/pages/sign_in")
    page.evaluate("colour => document.documentElement.style.setProperty('--brand', colour)", colour)
    shown = page.evaluate(
        """() => {
            const context = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
            context.fillStyle = getComputedStyle(document.querySelector('.btn-primary')).backgroundColor;
            context.fillRect(0, 0, 1, 1);
            return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
        }"""
    )
    promised = bytes.fromhex(brand.brand_check(colour).shown_hex[1:])
    assert max(abs(a - b) for a, b in zip(shown, promised, strict=True)) <= 2
    page.close()


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Harbor Logistics", "HL"),
        ("Pieter de Vries", "PV"),
        ("Dr Samir Rao", "SR"),
        ("Acme", "AC"),
        ("Okafor & Lund", "OL"),
        ("müller", "MÜ"),
        ("", "–"),
        ("  ", "–"),
    ],
)
def test_monogram(name: str, letters: str) -> None:
    assert brand.monogram(name) == letters


def test_hues_are_stable_and_spread() -> None:
    hues = [brand.hue_of(number) for number in range(600)]
    assert brand.hue_of("0192f4c1") == brand.hue_of("0192f4c1")
    assert set(hues) == set(range(1, 13))


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Harbor Logistics", "Harbor"),
        ("Northwind Dental", "Northwind"),
        ("Birch & Co", "Birch & Co"),
        ("Okafor & Lutz Partners", "Okafor"),
        ("Acme", "Acme"),
        ("Donaudampfschifffahrtsgesellschaft", "Donaudampfschifffahrtsgesellschaft"),
        ("Mare Nostrum Shipping", "Mare Nostrum"),
        ("", ""),
    ],
)
def test_short_name(name: str, short: str) -> None:
    assert brand.short_name(name) == short
