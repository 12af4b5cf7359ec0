"""HEAD acts nowhere: each view is asked as by GET, without what the request carries, and its answer has no body."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask import request

from msp.core.app import MspFlask
from msp.core.db import db
from msp.itsm.tickets.models import Ticket
from tests.support import world

ROOT = Path(__file__).parents[2]
FORM = {"subject": "By HEAD", "body": "It acted.", "impact": "2", "urgency": "1"}


@pytest.mark.parametrize("surface", ["console_app", "portal_app"])
def test_no_route_sees_a_head(surface: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    app, seen = request.getfixturevalue(surface), []
    monkeypatch.setattr(MspFlask, "full_dispatch_request", lambda self: _seen(self, seen))
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    for rule in rules:
        path = re.sub(r"<[^>]+>", "1", rule.rule)
        answer = app.test_client().open(path, method="HEAD", data=FORM, headers={"X-HTTP-Method-Override": "POST"})
        assert (answer.status_code, answer.data, answer.content_length) == (200, b"", 5), rule.rule
    assert seen == [("GET", {}, b"", {})] * len(rules)
    assert len(rules) > 20
    app.test_client().post("/", data=FORM)
    assert seen[-1][0] == "POST", "the control: a POST is seen with its form"
    assert seen[-1][1] == FORM


def _seen(app: MspFlask, seen: list[Any]) -> Any:
    seen.append((request.method, request.form.to_dict(), request.get_data(), request.files.to_dict()))
    return app.make_response("shown")


def test_a_head_with_a_form_opens_no_ticket(console_app: Any, acme: Any, portal_of: Any) -> None:
    browser = portal_of(acme)
    for path in ("/report", "/request"):
        shown = browser.get(path)
        answer = browser.open(path, method="HEAD", data=FORM)
        assert (answer.status_code, answer.data, answer.mimetype) == (200, b"", shown.mimetype)
    with world.as_staff(console_app):
        assert db.session.query(Ticket).filter_by(tenant_id=acme.id).count() == 0


def test_a_view_acts_on_post_alone() -> None:
    """A page with a form asks whether it is a POST, never whether it is no GET."""
    pages = [path for part in ("agent_console", "portal", "tenants", "msp/itsm", "billing") for path in (ROOT / part).rglob("*.py")]
    wrong = re.compile(r"""request\.method\s*(==\s*["']GET|!=\s*["']GET|in\b)""")
    assert [str(path.relative_to(ROOT)) for path in pages if wrong.search(path.read_text())] == []
