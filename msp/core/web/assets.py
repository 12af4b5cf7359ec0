"""Addresses of static files: one content hash of the whole tree stands in the path.

The hash is a folder, not a query, because modules name each other by relative address and so inherit it: everything
under `/static/<version>/` may be cached for ever. `/static/<file>` without a version is the same file, uncached.
"""

import hashlib
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"


@cache
def static_version() -> str:
    """Twelve hex digits over names and contents of all static files; read once per process."""
    digest = hashlib.sha256()
    for file in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(STATIC).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


@cache
def asset_url(path: str) -> str:
    """The cacheable address of a static file; FileNotFoundError where there is none, so that a slip shows at once."""
    if not (STATIC / path).is_file():
        raise FileNotFoundError(f"no static file {path}: run python -m msp.core.web.vendor, or mend the name")
    return f"/static/{static_version()}/{path}"
