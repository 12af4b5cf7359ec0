"""A file's name: anybody's text on its way in, harmless on its way out."""

import re
import unicodedata
from urllib.parse import quote

MAX_LENGTH = 150
MAX_EXTENSION = 16

# Characters that make a name look like another one: controls, direction marks, zero-width characters.
_INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_name(name: str) -> str:
    """A name for the reader's disk: one path component, nothing invisible, nothing a file system refuses."""
    name = unicodedata.normalize("NFC", _INVISIBLE.sub("", name))
    name = re.split(r"[/\\]", name)[-1]
    name = re.sub(r'[<>:"|?*]', "_", name).strip(" .")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    stem, dot, ending = name.rpartition(".")
    if dot and len(ending) <= MAX_EXTENSION:
        name = stem[: MAX_LENGTH - len(ending) - 1].rstrip(" .") + dot + ending
    return name[:MAX_LENGTH].strip(" .") or "file"


def extension(name: str) -> str:
    """What a desktop would go by, in lower case and without the dot; empty if there is none."""
    name = unicodedata.normalize("NFKC", safe_name(name)).casefold().rstrip(" .")
    return name.rpartition(".")[2] if "." in name else ""


def content_disposition(name: str, *, inline: bool = False) -> str:
    """The header's value after RFC 6266: a name in ASCII, and where it differs the full one after RFC 8187."""
    full = safe_name(name)
    value = f'{"inline" if inline else "attachment"}; filename="{_plain(full)}"'
    return value if _plain(full) == full else f"{value}; filename*=UTF-8''{quote(full, safe='')}"


def _plain(name: str) -> str:
    """In ASCII, without what some browsers decode or break at; `file.pdf` where nothing of a name is left."""
    stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
    stem, ending = _ascii(stem), _ascii(ending)
    return (stem if stem.strip(" ._") else "file") + (dot + ending if ending else "")


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9 ._@()\[\]+=,~-]", "_", plain)
