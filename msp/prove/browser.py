"""A browser for the proof and the tests: it calls one host of an application in this process."""

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
