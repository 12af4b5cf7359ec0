"""The documents: every link leads somewhere, every page is linked, and the canned replies' variables are the real ones."""

import re
from pathlib import Path

import pytest

from msp.itsm.macros.variables import VARIABLES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def links(page: Path) -> list[Path]:
    """What a page points to inside the repository."""
    found = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    return [(page.parent / target).resolve() for target in found if "://" not in target]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    assert [str(target) for target in links(page) if not target.exists()] == []


def test_the_readme_leads_to_every_page() -> None:
    linked = set(links(ROOT / "README.md"))
    assert [page.name for page in PAGES[1:] if page.resolve() not in linked] == []


def test_the_variables_of_canned_replies_are_listed() -> None:
    rows = re.findall(r"^\| `\{([a-z_.]+)\}` \| (.+?) \|$", (ROOT / "docs/agents.md").read_text(), re.M)
    assert dict(rows) == {name: words for name, (words, _) in VARIABLES.items()}
