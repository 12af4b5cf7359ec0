"""Notifications: the bell, the list, opening one, reading them all; each agent's own alone."""

from typing import Any
from uuid import uuid4

import pytest

from msp.core import clock
from msp.core.notify import queries, services
from msp.core.notify.services import News
from tests.agent_console.conftest import TEN
from tests.support import world
from tests.support.pages import words
from tests.support.statements import counted


@pytest.fixture
def told(console_app: Any, desk: Any, ticket: Any) -> Any:
    def tell(number: int, agent_id: Any = None) -> None:
        with clock.at(TEN), world.as_staff(console_app):
            services.tell(
                News(ticket.tenant_id, agent_id or desk.actor.id, "assignment", "ticket", ticket.id, ticket.ref, f"Word {n}")
                for n in range(number)
            )

    return tell


def rows(app: Any, desk: Any) -> list[Any]:
    from msp.core.app import settings
    from msp.core.paging import Cursors

    with world.acting(app, desk.actor) as by:
        return queries.notifications(by=by, cursors=Cursors(settings().secret_keys)).rows


def test_the_bell_counts_and_the_list_opens_the_subject(console_app: Any, desk: Any, ticket: Any, told: Any) -> None:
    told(2)
    assert 'aria-label="Notifications, 2 unread"' in desk.get("/queue").text
    page = desk.get("/notifications?show=unread")
    assert "Word 0" in words(page)
    first = rows(console_app, desk)[0]
    opened = desk.post(f"/notifications/{first.id}")
    assert (opened.status_code, opened.headers["Location"]) == (303, f"/tickets/{ticket.ref}")
    bell = desk.get("/notifications/bell")
    assert 'aria-label="Notifications, 1 unread"' in bell.text
    assert 'id="bell"' in bell.text
    assert first.text not in words(desk.get("/notifications?show=unread"))
    assert first.text in words(desk.get("/notifications"))


def test_all_are_read_at_once_by_post_alone(desk: Any, told: Any) -> None:
    told(3)
    assert desk.get("/notifications/read").status_code in (404, 405)
    assert desk.post("/notifications/read").status_code == 303
    assert "3 notifications marked as read." in words(desk.get("/notifications"))
    assert 'aria-label="Notifications, 0 unread"' in desk.get("/queue").text
    assert "Nothing unread" in words(desk.get("/notifications?show=unread"))


def test_those_of_others_are_not_there(console_app: Any, desk: Any, sit: Any, acme: Any, birch: Any, told: Any) -> None:
    told(1)
    mine = rows(console_app, desk)[0]
    for stranger in (sit(acme), sit(birch)):
        assert stranger.post(f"/notifications/{mine.id}").status_code == 404
        assert "Word 0" not in words(stranger.get("/notifications"))
    assert desk.post(f"/notifications/{uuid4()}").status_code == 404
    assert rows(console_app, desk)[0].read_at is None


def test_the_list_is_paged_and_asks_as_often_for_many(console_app: Any, desk: Any, told: Any) -> None:
    def asked() -> int:
        with counted(console_app) as sent:
            desk.get("/notifications")
        return len(sent)

    told(1)
    asked()
    few = asked()
    told(60)
    assert asked() == few
    page = desk.get("/notifications")
    assert page.text.count("/notifications/") > 50
    assert "Next" in words(page)
    assert desk.get("/notifications?cursor=nonsense").status_code == 400
