"""A browser for the proof and the tests: it calls one host of an application in this process."""

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient


class HostClient(FlaskClient):
    """A browser that calls one host."""

    host = "localhost"

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], str):
            kwargs.setdefault("base_url", f"http://{self.host}/")
        return super().open(*args, **kwargs)


def browser(app: Flask, host: str, token: str | None = None) -> HostClient:
    """A browser on `host`, signed in where a session's token is given."""
    client = HostClient(app, app.response_class, use_cookies=True)
    client.host = host
    if token is not None:
        client.set_cookie("msp", token, domain=host)
    return client


def csrf_token(client: HostClient) -> str:
    """What an unsafe request must carry: read off the first page that the browser is shown."""
    page = client.get("/", follow_redirects=True).get_data(as_text=True)
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    if found is None:
        raise RuntimeError("a page carries no CSRF token: the proof cannot ask anything unsafe")
    return found.group(1)
