"""Security headers, as a browser reads them."""

import pytest

from msp.core.web.headers import Surface, file_headers, security_headers

PAGES: list[Surface] = ["console", "portal"]


def policy(headers: dict[str, str]) -> dict[str, list[str]]:
    directives = [directive.split() for directive in headers["Content-Security-Policy"].split(";")]
    assert len({directive[0] for directive in directives}) == len(directives), "a repeated directive is ignored"
    return {name: sources for name, *sources in directives}


@pytest.mark.parametrize("surface", PAGES)
def test_a_page_loads_from_its_own_origin_only(surface: Surface) -> None:
    headers = security_headers(surface)
    assert policy(headers) == {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "unsafe" not in str(headers)


def test_the_live_stream_is_the_only_other_origin() -> None:
    for address in ("http://console.localhost:8001", "http://console.localhost:8001/live?x=1"):
        headers = security_headers("console", live_origin=address)
        assert policy(headers)["connect-src"] == ["'self'", "http://console.localhost:8001"]
    assert policy(security_headers("console", live_origin=""))["connect-src"] == ["'self'"]


@pytest.mark.parametrize(
    "address", ["*", "javascript:x", "http://", "https://a; script-src *", "https://a b", "https://*.b", "https://u@b"]
)
def test_an_address_cannot_widen_the_policy(address: str) -> None:
    with pytest.raises(ValueError, match="live stream"):
        security_headers("console", live_origin=address)


def test_one_inline_script_by_nonce() -> None:
    nonce = "b64+/_-b64b64b64=="
    assert policy(security_headers("console", nonce=nonce))["script-src"] == ["'self'", f"'nonce-{nonce}'"]
    for bad in ("", "short", "x' 'unsafe-inline' 'y" * 2, "a" * 20 + ";"):
        with pytest.raises(ValueError, match="nonce"):
            security_headers("console", nonce=bad)


def test_a_page_may_need_more() -> None:
    sources = policy(security_headers("console", extra={"img-src": "blob:", "worker-src": "'self'"}))
    assert sources["img-src"] == ["'self'", "data:", "blob:"]
    assert sources["worker-src"] == ["'self'"]
    assert sources["script-src"] == ["'self'"]
    assert policy(security_headers("console", extra={"object-src": "'self'"}))["object-src"] == ["'self'"]
    with pytest.raises(ValueError, match="source"):
        security_headers("console", extra={"img-src": "blob:; script-src *"})


def test_the_api_is_no_page() -> None:
    headers = security_headers("api", live_origin="https://live.example")
    assert policy(headers) == {"default-src": ["'none'"], "frame-ancestors": ["'none'"]}


def test_hsts_on_https_only() -> None:
    assert "Strict-Transport-Security" not in security_headers("portal")
    assert security_headers("portal", https=True)["Strict-Transport-Security"] == "max-age=31536000"


def test_signed_in_pages_are_not_kept() -> None:
    assert security_headers("portal", signed_in=True)["Cache-Control"] == "no-store"
    assert "Cache-Control" not in security_headers("portal")


def test_a_stored_file_is_harmless_when_opened() -> None:
    headers = file_headers(disposition='attachment; filename="a.html"', https=True)
    assert policy(headers) == {"default-src": ["'none'"], "sandbox": [], "frame-ancestors": ["'none'"]}
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"] == 'attachment; filename="a.html"'
    assert "no-store" in headers["Cache-Control"]
    assert "Strict-Transport-Security" in headers
