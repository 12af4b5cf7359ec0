"""A program that calls the API."""

from typing import Any

from tenants.identity import api_tokens
from tests.support import world


class Caller:
    """A program with a token on one host."""

    def __init__(self, app: Any, host: str, by: Any, *scopes: str) -> None:
        with world.acting(app, by) as actor:
            self.token = api_tokens.create("Test", scopes or ["tickets:write"], days=1, by=actor)
        self.client, self.base = app.test_client(), f"http://{host}/"

    def __call__(self, method: str, path: str, headers: Any = None, **options: Any) -> Any:
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self.client.open(f"/api/v1{path}", method=method, base_url=self.base, headers=sent, **options)
