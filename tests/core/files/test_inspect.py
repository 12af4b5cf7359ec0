"""The type of a file by its content, and what is refused."""

import io
import zipfile

import pytest
from PIL import Image

from msp.core.files.inspect import FileRefused, Rules, inspect


def picture(format: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(out, format)
    return out.getvalue()


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return out.getvalue()


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (picture("PNG"), "a.png", "image/png"),
        (picture("JPEG"), "a.JPG", "image/jpeg"),
        (picture("JPEG"), "a.jpeg", "image/jpeg"),
        (picture("GIF"), "a.gif", "image/gif"),
        (picture("WEBP"), "a.webp", "image/webp"),
        (PDF, "a.pdf", "application/pdf"),
        (b"{\\rtf1 x", "a.rtf", "application/rtf"),
        (archive("a.txt"), "a.zip", "application/zip"),
        (archive("[Content_Types].xml", "word/document.xml"), "a.docx", DOCX),
        (OLE, "a.doc", "application/msword"),
        (b"a,b\n1,2\n", "a.csv", "text/csv"),
        (b'{"a": 1}', "a.json", "application/json"),
        (b"From: a@b.example\n\nx", "a.eml", "message/rfc822"),
        (b"2027-03-31 ERROR", "a.log", "text/plain"),
        ("Grüße".encode("utf-16"), "a.txt", "text/plain"),
        ("Grüße".encode()[:3], "cut.txt", "text/plain"),
        (b"BM is how this note begins", "a.txt", "text/plain"),
        (b"MZ is how this note begins", "a.txt", "text/plain"),
        (b"", "empty.txt", "text/plain"),
        (b"\x00\x01\x02\x03rubbish", "a.bin", "application/octet-stream"),
        (b"\x00\x01\x02\x03rubbish", "noname", "application/octet-stream"),
    ],
)
def test_types_that_agree_with_the_name(head: bytes, name: str, expected: str) -> None:
    assert inspect(head, name=name) == (expected, True)


@pytest.mark.parametrize(
    ("head", "name"),
    [(b"<!doctype html><script>alert(1)</script>", "a.html"), (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a.svg"),
     (b'<?xml version="1.0"?><svg/>', "a.xml"), (b"  <HTML>", "a.htm")],
)
def test_markup_is_text(head: bytes, name: str) -> None:
    assert inspect(head, name=name) == ("text/plain", True)


@pytest.mark.parametrize(
    ("head", "name", "declared", "expected"),
    [
        (b"<script>alert(1)</script>", "a.png", "image/png", "text/plain"),
        (picture("PNG"), "a.pdf", "application/pdf", "image/png"),
        (PDF, "a.png", None, "application/pdf"),
        (archive("x"), "a.png", None, "application/zip"),
        (OLE, "a.png", None, "application/x-ole-storage"),
        (b"just text", "a.pdf", None, "text/plain"),
        (b"just text", "a.zip", None, "text/plain"),
        (b"\x00\x01\x02rubbish", "a.jpg", "image/jpeg", "application/octet-stream"),
        (b"just text", "a.txt", "image/png", "text/plain"),
    ],
)
def test_content_wins_over_name_and_declaration(head: bytes, name: str, declared: str | None, expected: str) -> None:
    assert inspect(head, name=name, declared=declared) == (expected, False)


def test_a_browsers_odd_declaration_is_no_contradiction() -> None:
    assert inspect(b"a,b\n", name="a.csv", declared="application/vnd.ms-excel").agrees
    assert inspect(PDF, name="a.pdf", declared="application/octet-stream").agrees


WINDOWS = b"MZ\x90\x00\x03" + bytes(100)


@pytest.mark.parametrize(
    "head",
    [WINDOWS, b"\x7fELF\x02\x01\x01" + bytes(9), b"\xcf\xfa\xed\xfe\x07", b"\xfe\xed\xfa\xce",
     b"\xca\xfe\xba\xbe\0\0\0\x34", b"dex\n035\0", b"L\0\0\0\x01\x14\x02\0\0"],
)
def test_a_program_is_refused_whatever_its_name(head: bytes) -> None:
    for name in ("a.txt", "photo.jpg", "noname"):
        with pytest.raises(FileRefused, match="program"):
            inspect(head, name=name, declared="image/jpeg")


@pytest.mark.parametrize(
    "name",
    ["a.exe", "A.EXE", "a.exe.", "a.exe ", "photo.jpg.scr", "a.\uff45xe", "a.e\u200bxe", "x/../a.js", "a.lnk", "a.hta"],
)
def test_a_refused_name_is_refused_whatever_the_content(name: str) -> None:
    with pytest.raises(FileRefused, match=r"end in \."):
        inspect(b"harmless text", name=name)


def test_the_rules_are_the_operators() -> None:
    assert inspect(b"Write-Host", name="a.ps1", rules=Rules(frozenset())).content_type == "text/plain"
    assert inspect(WINDOWS, name="a.exe", rules=Rules(frozenset(), refuses_programs=False)).content_type
    with pytest.raises(FileRefused):
        inspect(b"x", name="a.docm", rules=Rules(refused_extensions=frozenset({"docm"})))
