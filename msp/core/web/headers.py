"""Security headers (placeholder until the real module lands)."""


def security_headers(surface: str, *, nonce: str | None = None, live_origin: str | None = None, https: bool = False, extra: dict[str, str] | None = None) -> dict[str, str]:
    return {}
