"""Security headers: what a browser may load, send and show, for pages, for the API and for stored files."""

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

Surface = Literal["console", "portal", "api"]

_YEAR_SECONDS = 365 * 24 * 60 * 60
_NONCE = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HOST = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-f:.]+\](:[0-9]{1,5})?", re.IGNORECASE)

# Nothing is allowed that is not named; `style-src 'self'` without `unsafe-inline` also forbids style attributes.
_PAGE: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
_API: Mapping[str, str] = {"default-src": "'none'", "frame-ancestors": "'none'"}
# `sandbox` puts a stored file that a browser opens after all into an origin of its own, without script.
_FILE: Mapping[str, str] = {"default-src": "'none'", "sandbox": "", "frame-ancestors": "'none'"}

_PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "serial", "usb")
)


def security_headers(
    surface: Surface,
    *,
    nonce: str | None = None,
    live_origin: str | None = None,
    https: bool = False,
    signed_in: bool = False,
    extra: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The headers of a page or an API answer.

    `nonce` admits one inline script, `live_origin` (an address is cut to its origin) the event stream; `extra` adds
    sources to directives, for one page. ValueError for a nonce or address that would change the policy's meaning.
    """
    sources = dict(_API if surface == "api" else _PAGE)
    if nonce is not None:
        if not _NONCE.fullmatch(nonce):
            raise ValueError("a nonce is at least 16 characters of base64")
        _add(sources, "script-src", f"'nonce-{nonce}'")
    if live_origin and surface != "api":
        _add(sources, "connect-src", _origin(live_origin))
    for directive, source in (extra or {}).items():
        if re.search(r"[;,\r\n]", directive + source):
            raise ValueError("a source holds neither ; nor , nor a line break")
        _add(sources, directive, source)
    return _common(sources, https=https) | ({"Cache-Control": "no-store"} if signed_in else {})


def file_headers(*, disposition: str, https: bool = False) -> dict[str, str]:
    """The headers of a stored file; `disposition` is made by `msp.core.files.names.content_disposition`."""
    return _common(_FILE, https=https) | {
        "Content-Disposition": disposition,
        "Cache-Control": "private, no-store",
    }


def _common(sources: Mapping[str, str], *, https: bool) -> dict[str, str]:
    policy = "; ".join(f"{directive} {source}".strip() for directive, source in sources.items())
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": _PERMISSIONS,
    }
    if https:
        # Without includeSubDomains: a client's portal may lie above hosts that are none of ours.
        headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
    return headers


def _add(sources: dict[str, str], directive: str, source: str) -> None:
    """Append a source; a directive that allowed nothing now allows just this."""
    known = sources.get(directive, "'none'")
    sources[directive] = source if known == "'none'" else f"{known} {source}"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(parts.netloc):
        raise ValueError(f"not the address of a live stream: {address!r}")
    return f"{parts.scheme}://{parts.netloc}"
