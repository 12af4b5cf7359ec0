"""What a page makes a browser fetch stays small: the style sheet, and the modules that each surface loads, packed."""

import gzip
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from msp.core.web.assets import STATIC
from msp.core.web.vendor import ROOT

KB = 1024
_IMPORT = re.compile(r"""^import\s+(?:[^'"]*\sfrom\s+)?['"](\.[^'"]+)['"]""", re.MULTILINE)
_SCRIPT = re.compile(r"asset_url\('(js/[\w-]+\.js)'\)")


def packed(files: Iterable[Path]) -> int:
    return sum(len(gzip.compress(file.read_bytes(), 6, mtime=0)) for file in files)


def with_imports(entry: Path, found: set[Path] | None = None) -> set[Path]:
    """A module and everything that it loads."""
    found = set() if found is None else found
    if entry not in found:
        found.add(entry)
        for path in _IMPORT.findall(entry.read_text(encoding="utf-8")):
            with_imports((entry.parent / path).resolve(), found)
    return found


def scripts(*folders: str) -> dict[str, set[Path]]:
    """The modules that each template of these folders names beside its frame's."""
    pages = [page for folder in folders for page in (ROOT / folder).rglob("*.html")]
    return {page.name: {STATIC / name for name in _SCRIPT.findall(page.read_text(encoding="utf-8"))} for page in pages}


def test_the_style_sheet() -> None:
    assert packed([STATIC / "vendor/app.css"]) <= 25 * KB


@pytest.mark.parametrize(
    ("frame", "folders", "limit"),
    [
        ("js/console.js", ("agent_console", "tenants/templates/account"), 60 * KB),
        ("js/portal.js", ("portal", "tenants/templates"), 25 * KB),
    ],
)
def test_the_modules_of_every_page(frame: str, folders: tuple[str, ...], limit: int) -> None:
    """What the frame loads together with what a page names itself."""
    for page, named in scripts(*folders).items():
        modules = set[Path]().union(*(with_imports(entry) for entry in {STATIC / frame, *named}))
        assert len(modules) > 5, "the imports were not followed"
        assert STATIC / "vendor/htmx.js" in modules
        assert packed(modules) <= limit, f"{page}: {packed(modules)} bytes: {sorted(module.name for module in modules)}"
