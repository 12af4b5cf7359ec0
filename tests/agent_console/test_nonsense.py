"""Nonsense sent to every form of the console is answered in words, never by an error of ours."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.pages import words

NAMES = (
    "act", "status", "version", "assignee", "team", "priority", "impact", "urgency", "category", "site", "kind", "subject",
    "tags", "contact", "agent", "client", "requester", "body", "reason", "then", "name", "query", "for", "e_mail", "roles",
    "clients", "client_ids", "members", "leads", "turns", "starts_on", "starts_at", "ends_at", "from_at", "to_at", "swap",
    "absence", "period_days", "hand_over", "time_zone", "key", "host", "colour", "language", "level", "audience", "title",
    "density", "message_id", "ticket_id", "parent", "choices", "label", "type", "position", "then_status", "folder",
    "to", "topic", "readers", "owner_id", "review_on",
)  # fmt: skip
NONSENSE = {"blank": "", "long": "x" * 5000, "signs": "\u0000\ud7ff'\"<script>&%\u202e", "number": "-99999999999999999999"}


@pytest.mark.parametrize("kind", list(NONSENSE))
def test_every_form_answers_nonsense_in_words(console_app: Any, sit: Any, acme: Any, ticket: Any, kind: str) -> None:
    lead = sit(roles=("lead",))
    sent = dict.fromkeys(NAMES, NONSENSE[kind])
    asked = 0
    for rule in console_app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.rule.startswith(("/api/", "/live", "/sign-", "/account")):
            continue
        known = {"ref": ticket.ref, "tenant_id": acme.id, "agent_id": lead.actor.id}
        filled = {name: known.get(name) or uuid4() for name in rule.arguments}
        with console_app.test_request_context():
            path = rule.build(filled, append_unknown=False)
        if path is None:
            continue
        answer = lead.post(path[1], **sent)
        asked += 1
        assert answer.status_code < 500, (rule.rule, answer.status_code)
        if answer.status_code >= 400:
            assert len(words(answer)) > 20, rule.rule
        elif answer.status_code == 303:
            assert answer.headers["Location"], rule.rule
    assert asked > 40
