"""Names of files: what a reader's disk and browser get."""

import re
from email.message import EmailMessage
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from msp.core.files.names import MAX_LENGTH, content_disposition, extension, safe_name


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("report.pdf", "report.pdf"),
        ("Größe – 東京.pdf", "Größe – 東京.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\amelia\\photo.jpg", "photo.jpg"),
        ("/", "file"),
        ("", "file"),
        ("...", "file"),
        (" . hidden.txt . ", "hidden.txt"),
        ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie_ x=1.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u200bb\ufeff.txt", "ab.txt"),
        ('a"b<c>d|e?f*.txt', "a_b_c_d_e_f_.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("console.txt", "console.txt"),
        ("100% sure.txt", "100% sure.txt"),
        ("\ud800.txt", "txt"),
    ],
)
def test_safe_names(given_name: str, expected: str) -> None:
    assert safe_name(given_name) == expected


def test_a_long_name_keeps_its_ending() -> None:
    name = safe_name("x" * 400 + ".pdf")
    assert len(name) == MAX_LENGTH
    assert name.endswith("x.pdf")
    assert len(safe_name("x." + "y" * 400)) == MAX_LENGTH


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.PDF", "pdf"), ("a.tar.gz", "gz"), ("a", ""), ("a.exe. ", "exe"), ("a.e\u200bxe", "exe"), ("a.\uff45xe", "exe"),
     ("dir.d/a", ""), ("a.exe\x00.txt", "txt"), ("\u202ea.EXE", "exe")],
)
def test_extensions(name: str, expected: str) -> None:
    assert extension(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report.pdf", 'attachment; filename="report.pdf"'),
        ("Größe.pdf", "attachment; filename=\"Groe.pdf\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf"),
        ("東京.pdf", "attachment; filename=\"file.pdf\"; filename*=UTF-8''%E6%9D%B1%E4%BA%AC.pdf"),
        ("50%.txt", "attachment; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt"),
        ("a;b'c.txt", "attachment; filename=\"a_b_c.txt\"; filename*=UTF-8''a%3Bb%27c.txt"),
        ("", 'attachment; filename="file"'),
    ],
)
def test_dispositions(name: str, expected: str) -> None:
    assert content_disposition(name) == expected


def test_inline() -> None:
    assert content_disposition("a.png", inline=True) == 'inline; filename="a.png"'


@settings(max_examples=400, deadline=None)
@given(st.text(st.characters(), max_size=300))
def test_any_name_makes_one_harmless_header(name: str) -> None:
    value = content_disposition(name)
    assert re.fullmatch(r"[ -~]+", value)
    kind, options = parse_options_header(value)
    assert kind == "attachment"
    assert options["filename"] == safe_name(name)
    assert not re.search(r"[/\\\x00-\x1f]", options["filename"])
    mail = EmailMessage()
    mail["Content-Disposition"] = value
    plain = re.search(r'filename="([^"]+)"', value)
    assert plain is not None
    assert "%" not in plain[1]
    if "filename*" in value:
        assert unquote(value.rpartition("''")[2]) == safe_name(name)
