"""What a file is, by its content and not by what it is called."""

import codecs
import mimetypes
import re
from dataclasses import dataclass
from typing import NamedTuple

import puremagic

from msp.core.errors import UnsupportedType
from msp.core.files.names import extension

HEAD_BYTES = 8192
UNKNOWN, TEXT = "application/octet-stream", "text/plain"

# What runs when it is opened: close to the list by which large mail providers refuse attachments.
REFUSED_EXTENSIONS = frozenset({
    "ade", "adp", "apk", "appx", "appxbundle", "bat", "cab", "chm", "cmd", "com", "cpl", "dll", "dmg", "exe", "hta",
    "ins", "iso", "isp", "jar", "js", "jse", "lib", "lnk", "mde", "mjs", "msc", "msi", "msix", "msp", "mst", "nsh",
    "pif", "ps1", "reg", "scf", "scr", "sct", "shb", "sys", "url", "vb", "vbe", "vbs", "vhd", "vhdx", "vxd", "wsc",
    "wsf", "wsh", "xll",
})
_PROGRAMS = (
    b"\x7fELF",
    b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",  # Mach-O
    b"\xca\xfe\xba\xbe",  # Mach-O for several processors, and Java classes
    b"dex\n",
    b"L\x00\x00\x00\x01\x14\x02\x00",  # a Windows shortcut
)
# Many formats begin alike: without a name that says which, they are no more than what they lie in.
_CONTAINERS = {b"PK\x03\x04": "application/zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "application/x-ole-storage"}
# Texts that other programs read. Markup (HTML, SVG, XML) stays plain text: no browser should be told to interpret it.
_TEXT_TYPES = {
    "csv": "text/csv", "eml": "message/rfc822", "ics": "text/calendar", "json": "application/json", "vcf": "text/vcard"
}
_TEXTUAL = {*_TEXT_TYPES.values(), "application/xml", "image/svg+xml", "application/x-sh", "application/x-python"}
# The table of the standard library alone, not the machine's: the same answer everywhere.
_NAMED = mimetypes.MimeTypes(filenames=())


class FileRefused(UnsupportedType):
    """A program, by its name or by its content."""

    code, title = "file_refused", "Files of this kind are not accepted"


@dataclass(frozen=True)
class Rules:
    """What is not taken in."""

    refused_extensions: frozenset[str] = REFUSED_EXTENSIONS
    refuses_programs: bool = True


class Finding(NamedTuple):
    """The type by content, and whether the name and the declared type say the same."""

    content_type: str
    agrees: bool


def inspect(head: bytes, *, name: str, declared: str | None = None, rules: Rules | None = None) -> Finding:
    """Judge a file by its first `HEAD_BYTES`; FileRefused if the rules do not take it."""
    rules = rules or Rules()
    ending = extension(name)
    if ending in rules.refused_extensions:
        raise FileRefused(f"Files that end in .{ending} are not accepted.", extension=ending)
    if rules.refuses_programs and _is_program(head):
        raise FileRefused("This file is a program, whatever its name says.")
    found, endings = _type_of(head, ending)
    return Finding(found, _agrees(found, endings, ending, declared))


def _is_program(head: bytes) -> bool:
    # A text may begin with the letters MZ; a program for Windows has zero bytes after them.
    return head.startswith(_PROGRAMS) or (head.startswith(b"MZ") and b"\x00" in head[:1024])


def _type_of(head: bytes, ending: str) -> tuple[str, set[str]]:
    """The type, and every extension that such a content may have."""
    if head.startswith(b"%PDF-"):
        return "application/pdf", {"pdf"}
    if head.startswith(b"{\\rtf"):
        return "application/rtf", {"rtf"}
    # Before any signature: a note may begin with BM or ID3.
    if _is_text(head):
        return _TEXT_TYPES.get(ending, TEXT), set()
    try:
        guesses = puremagic.magic_string(head, filename=f"file.{ending}")
    except (puremagic.PureError, ValueError):
        return UNKNOWN, set()
    # What matched no byte was guessed by the name.
    guesses = [guess for guess in guesses if guess.byte_match and guess.confidence >= 0.3]
    by_name = [guess for guess in guesses if guess.extension == f".{ending}"]
    container = [type for start, type in _CONTAINERS.items() if head.startswith(start)]
    types = [*(guess.mime_type for guess in by_name), *container, *(guess.mime_type for guess in guesses)]
    return next(filter(None, types), UNKNOWN), {guess.extension.removeprefix(".") for guess in guesses}


def _is_text(head: bytes) -> bool:
    encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        # Incremental, because the last character may be cut.
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return not re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", text)


def _agrees(found: str, endings: set[str], ending: str, declared: str | None) -> bool:
    """Whether a reader who trusts the name and the declared type would be right about what opens."""
    kind = (declared or "").partition("/")[0].strip().lower()
    if kind in {"image", "audio", "video"} and kind != found.partition("/")[0]:
        return False
    named, _ = _NAMED.guess_type(f"file.{ending}")
    if named is None or named == found or ending in endings:
        return True
    return all(type.startswith("text/") or type in _TEXTUAL for type in (named, found))
