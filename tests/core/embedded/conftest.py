"""Homes that PostgreSQL's user can reach, and the end of all that runs from them."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from msp.core.embedded import clean


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that does not exist yet; short, since the path of a socket has a limit, and open, unlike tmp_path."""
    above = Path(tempfile.mkdtemp(prefix="msp-"))
    above.chmod(0o755)
    yield above / "home"
    clean.clean(above / "home")
    shutil.rmtree(above)
