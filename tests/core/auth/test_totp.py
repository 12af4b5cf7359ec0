"""Second factor: the codes of RFC 6238, once each, and a QR code that fits the content security policy."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pyotp
import pytest

from msp.core.auth import totp

# The key and the times of RFC 6238, appendix B; six digits are the last six of its eight.
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_CODES = [
    (59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")
]


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "code"), RFC_CODES)
def test_codes_of_the_standard(seconds: int, code: str) -> None:
    assert totp.verify(RFC_SECRET, code, last_step=None, now=at(seconds)) == seconds // 30


def test_a_code_counts_once() -> None:
    now = at(1111111109)
    step = totp.verify(RFC_SECRET, "081804", last_step=None, now=now)
    assert step is not None
    assert totp.verify(RFC_SECRET, "081804", last_step=step, now=now) is None
    assert totp.verify(RFC_SECRET, "050471", last_step=step, now=now) == step + 1
    assert totp.verify(RFC_SECRET, "081804", last_step=step + 1, now=now) is None


def test_one_step_of_drift_is_forgiven_either_way() -> None:
    step = 1234567890 // 30
    for drift, expected in ((-60, None), (-30, step), (0, step), (30, step), (60, None)):
        now = at(1234567890) + timedelta(seconds=drift)
        assert totp.verify(RFC_SECRET, "005924", last_step=None, now=now) == expected


@pytest.mark.parametrize(
    "code",
    ["", "28708", "2870822", "28708a", "\uff12\uff18\uff17\uff10\uff18\uff12", "-87082", "287082\x00",
     "\u0662\u0668\u0667\u0660\u0668\u0662"],
)
def test_only_six_ascii_digits_are_a_code(code: str) -> None:
    assert totp.verify(RFC_SECRET, code, last_step=None, now=at(59)) is None


def test_a_code_may_be_typed_in_groups() -> None:
    assert totp.verify(RFC_SECRET, " 287 082 ", last_step=None, now=at(59)) == 1


def test_the_address_is_read_back_by_an_authenticator() -> None:
    secret = totp.new_secret()
    assert len(base64.b32decode(secret)) == 20
    uri = totp.provisioning_uri(secret, account="a.hart@northwind.example", issuer="Northwind & Söhne")
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parse_qs(parts.query)["secret"] == [secret]
    assert parse_qs(parts.query)["issuer"] == ["Northwind & Söhne"]
    authenticator = pyotp.parse_uri(uri)
    now = at(1_800_000_000)
    assert isinstance(authenticator, pyotp.TOTP)
    assert totp.verify(secret, authenticator.at(now), last_step=None, now=now) == 60_000_000


def test_the_picture_needs_neither_style_nor_script() -> None:
    svg = totp.qr_svg(totp.provisioning_uri(totp.new_secret(), account="a@b.example", issuer="B"), title="A <b> & c")
    root = ElementTree.fromstring(svg)  # noqa: S314  # what we have just written ourselves
    assert root.find("{http://www.w3.org/2000/svg}title").text == "A <b> & c"  # type: ignore[union-attr]  # None fails too
    for element in root.iter():
        assert "style" not in element.attrib
        assert not any(name.startswith("on") for name in element.attrib)
    assert svg.startswith('<svg role="img"')
