"""Error pages say what to do next, in the surface's own dress, and under which number we find the request again."""

import re
from typing import Any

import pytest

from msp.core.errors import error_types
from msp.core.web.templating import TEMPLATES
from tests.support import world

HINTED = set(re.findall(r'^  "(\w+)": _\(', (TEMPLATES / "error.html").read_text(), re.MULTILINE))


def test_hints_are_of_errors_that_exist(console_app: Any) -> None:
    assert len(HINTED) >= 10
    assert {kind.code for kind in error_types()} >= HINTED


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/nothing", 404, "The address may be mistyped"),
        ("/queue?cursor=x", 400, "Open this one again from its first page."),
    ],
)
def test_a_page_says_what_to_do(console_app: Any, console_of: Any, path: str, status: int, told: str) -> None:
    answer = console_of(world.agent(console_app)[1]).get(path)
    assert (answer.status_code, told in answer.text) == (status, True)
    assert 'data-surface="console"' in answer.text
    assert re.search(r'class="error-no">\w+<', answer.text)


def test_a_fault_of_ours_is_told_as_that(console_app: Any, console_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = console_of(world.agent(console_app)[1])

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setitem(console_app.view_functions, "queue.page", fails)
    answer = client.get("/queue")
    assert answer.status_code == 500
    assert "It is our fault and has been noted" in answer.text
    assert "secret detail" not in answer.text
    assert re.search(r'href="http://[^"]+/queue"[^>]*>(<[^>]+>)*Try again<', answer.text)
    assert re.search(r'class="error-no">error · [0-9a-f-]{36}<', answer.text)
